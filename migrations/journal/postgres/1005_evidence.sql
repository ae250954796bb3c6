-- Why: the leaf hashes of events become one Merkle tree whose roots are signed, so that whoever holds a
-- root can prove what the journal held. See docs/decisions/0012-evidence.md.
--
-- The tree's hashes, as C2SP tlog-tiles. A full tile never changes; the one at the right edge of each
-- level grows with every checkpoint, so that its beginning is the tile of every older checkpoint.
CREATE TABLE evidence_tiles (
    level      integer NOT NULL CHECK (level BETWEEN 0 AND 7),
    tile_index bigint  NOT NULL CHECK (tile_index >= 0),
    hashes     bytea   NOT NULL CHECK (octet_length(hashes) BETWEEN 32 AND 8192),
    PRIMARY KEY (level, tile_index)
);

-- Every checkpoint that was ever signed. The key is the size: two of one size cannot both be.
CREATE TABLE evidence_checkpoints (
    size      bigint      NOT NULL PRIMARY KEY CHECK (size >= 1),
    note      text        NOT NULL,
    signed_at timestamptz NOT NULL
);

-- What witnesses signed of them.
CREATE TABLE evidence_cosignatures (
    size        bigint      NOT NULL,
    witness     text        NOT NULL,
    line        text        NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (size, witness)
);

-- Who signs: one process at a time. This saves work; what forbids two checkpoints of one size is the key
-- above.
CREATE TABLE evidence_signer (
    id       integer NOT NULL PRIMARY KEY CHECK (id = 1),
    holder   text    NOT NULL,
    until_ms bigint  NOT NULL
);

-- Keys are introduced by events, looked for at every start.
CREATE INDEX events_signing_keys ON events (position) WHERE event_type = 'SigningKeyIntroduced';

CREATE FUNCTION refuse_evidence_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was signed is never changed: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER checkpoint_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_evidence_change();
CREATE TRIGGER cosignature_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_cosignatures
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_evidence_change();
