-- Why: the leaf hashes of events become one Merkle tree whose roots are signed, so that whoever holds a
-- root can prove what the journal held. See docs/decisions/0012-evidence.md.
--
-- The tree's hashes, as C2SP tlog-tiles. A full tile never changes; the one at the right edge of each
-- level grows with every checkpoint, so that its beginning is the tile of every older checkpoint.
CREATE TABLE evidence_tiles (
    level      integer NOT NULL CHECK (level BETWEEN 0 AND 7),
    tile_index integer NOT NULL CHECK (tile_index >= 0),
    hashes     blob    NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192),
    PRIMARY KEY (level, tile_index)
) STRICT;

-- Every checkpoint that was ever signed. The key is the size: two of one size cannot both be.
CREATE TABLE evidence_checkpoints (
    size      integer NOT NULL PRIMARY KEY CHECK (size >= 1),
    note      text    NOT NULL,
    signed_at text    NOT NULL
) STRICT;

-- What witnesses signed of them.
CREATE TABLE evidence_cosignatures (
    size        integer NOT NULL,
    witness     text    NOT NULL,
    line        text    NOT NULL,
    received_at text    NOT NULL,
    PRIMARY KEY (size, witness)
) STRICT;

-- Who signs: one process at a time. This saves work; what forbids two checkpoints of one size is the key
-- above.
CREATE TABLE evidence_signer (
    id       integer NOT NULL PRIMARY KEY CHECK (id = 1),
    holder   text    NOT NULL,
    until_ms integer NOT NULL
) STRICT;

-- Keys are introduced by events, looked for at every start.
CREATE INDEX events_signing_keys ON events (position) WHERE event_type = 'SigningKeyIntroduced';

CREATE TRIGGER checkpoint_is_not_changed BEFORE UPDATE ON evidence_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'what was signed is never changed: UPDATE refused');
END;

CREATE TRIGGER checkpoint_is_not_removed BEFORE DELETE ON evidence_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'what was signed is never changed: DELETE refused');
END;

CREATE TRIGGER cosignature_is_not_changed BEFORE UPDATE ON evidence_cosignatures
BEGIN
    SELECT RAISE(ABORT, 'what was signed is never changed: UPDATE refused');
END;

CREATE TRIGGER cosignature_is_not_removed BEFORE DELETE ON evidence_cosignatures
BEGIN
    SELECT RAISE(ABORT, 'what was signed is never changed: DELETE refused');
END;
