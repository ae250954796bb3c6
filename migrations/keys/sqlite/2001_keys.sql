-- Why: the key store. It holds one wrapped data key for each person (and spare ones that seal nothing
-- yet), apart from the journal, so that destroying a key empties every copy of what it sealed.

-- What the store is: its `id`, the `check` value sealed under the master key, and one row
-- `rewrite/<uuid>` for each destruction whose old bytes are not yet known to be gone.
CREATE TABLE key_store (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- `wrapped` is nonce, cipher text and tag: 24 + 32 + 16 bytes. Destroyed: it is NULL, and the row stays,
-- so that a destroyed key is told apart from one that never was.
CREATE TABLE person_keys (
    key_id       TEXT NOT NULL PRIMARY KEY CHECK (length(key_id) = 32),
    wrapped      BLOB CHECK (length(wrapped) = 72),
    created_at   TEXT NOT NULL,
    destroyed_at TEXT,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
) STRICT;
