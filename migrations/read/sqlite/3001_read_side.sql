-- Why: the read side. Everything here is computed from the journal's events and can be computed again.
-- A projection's rows and its checkpoint change in one transaction, so they always agree.

-- How far each projection has come. It moves by compare-and-set on `position`: of two runners that
-- apply the same batch, one finds that it has moved, and takes back what it did.
CREATE TABLE projection_checkpoints (
    journal    TEXT    NOT NULL,
    projection TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    position   INTEGER NOT NULL CHECK (position >= 0),
    PRIMARY KEY (journal, projection)
) STRICT;

-- Who stands in the journal. `identity` is the sealed text of the event, under the person's own key:
-- destroying that key empties this table as well. `position` is that of the event that last told it.
CREATE TABLE case_identity (
    aggregate_id TEXT    NOT NULL PRIMARY KEY,
    programme    TEXT    NOT NULL,
    reference    TEXT    NOT NULL,
    office       TEXT    NOT NULL,
    region       TEXT    NOT NULL,
    birth_year   INTEGER NOT NULL,
    identity     TEXT    NOT NULL,
    position     INTEGER NOT NULL
) STRICT;

-- The region in which each office of a programme stands: whose reach a path is in.
CREATE TABLE offices (
    programme TEXT    NOT NULL,
    office    TEXT    NOT NULL,
    region    TEXT    NOT NULL,
    PRIMARY KEY (programme, office)
) STRICT, WITHOUT ROWID;

-- What people are looked up by, each a keyed hash that says nothing without the key.
-- kind: 1 national id, 2 phone, 3 two words of the name with birth year and place.
CREATE TABLE blind_index (
    token        BLOB    NOT NULL CHECK (length(token) = 16),
    aggregate_id TEXT    NOT NULL,
    kind         INTEGER NOT NULL,
    PRIMARY KEY (token, aggregate_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX blind_index_person ON blind_index (aggregate_id);

-- Two registrations that may be of one person; `one` is the lesser id. `reasons` are words with a
-- comma between them.
CREATE TABLE duplicate_candidates (
    one              TEXT    NOT NULL,
    other            TEXT    NOT NULL,
    score            INTEGER NOT NULL CHECK (score BETWEEN 0 AND 100),
    reasons          TEXT    NOT NULL,
    found_position   INTEGER NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('open', 'linked', 'unlinked')),
    decided_position INTEGER,
    PRIMARY KEY (one, other),
    CHECK (one < other),
    CHECK ((state = 'open') = (decided_position IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX duplicate_candidates_other ON duplicate_candidates (other);
CREATE INDEX duplicate_candidates_worklist ON duplicate_candidates (state, score DESC, one, other);
