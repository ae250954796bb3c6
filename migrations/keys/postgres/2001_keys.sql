-- Why: the key store. It holds one wrapped data key for each person (and spare ones that seal nothing
-- yet), apart from the journal, so that destroying a key empties every copy of what it sealed.
-- Everything here lives in schema `keys`, which the connection's search path names.

-- What the store is: its `id`, the `check` value sealed under the master key, and one row
-- `rewrite/<uuid>` for each destruction whose old bytes are not yet known to be gone.
CREATE TABLE key_store (
    name  text NOT NULL PRIMARY KEY,
    value text NOT NULL
);

-- `wrapped` is nonce, cipher text and tag: 24 + 32 + 16 bytes. Destroyed: it is NULL, and the row stays,
-- so that a destroyed key is told apart from one that never was.
CREATE TABLE person_keys (
    key_id       text        NOT NULL PRIMARY KEY CHECK (length(key_id) = 32),
    wrapped      bytea       CHECK (octet_length(wrapped) = 72),
    created_at   timestamptz NOT NULL,
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

-- ANALYZE would copy wrapped keys into pg_statistic, as sample values that outlive the row.
ALTER TABLE person_keys ALTER COLUMN wrapped SET STATISTICS 0;
