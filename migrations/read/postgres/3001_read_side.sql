-- Why: the read side. Everything here is computed from the journal's events and can be computed again.
-- A projection's rows and its checkpoint change in one transaction, so they always agree.
-- Schema `read` holds what an analyst may see, schema `identity` what only Sira may.

CREATE SCHEMA IF NOT EXISTS identity;

-- How far each projection has come. It moves by compare-and-set on `position`: of two runners that
-- apply the same batch, one finds that it has moved, and takes back what it did.
CREATE TABLE read.projection_checkpoints (
    journal    text    NOT NULL,
    projection text    NOT NULL,
    version    integer NOT NULL,
    position   bigint  NOT NULL CHECK (position >= 0),
    PRIMARY KEY (journal, projection)
);

-- Who stands in the journal. `identity` is the sealed text of the event, under the person's own key:
-- destroying that key empties this table as well. `position` is that of the event that last told it.
CREATE TABLE identity.case_identity (
    aggregate_id text    NOT NULL PRIMARY KEY,
    programme    text    NOT NULL,
    reference    text    NOT NULL,
    office       text    NOT NULL,
    region       text    NOT NULL,
    birth_year   integer NOT NULL,
    identity     text    NOT NULL,
    position     bigint  NOT NULL
);

-- The region in which each office of a programme stands: whose reach a path is in.
CREATE TABLE read.offices (
    programme text    NOT NULL,
    office    text    NOT NULL,
    region    text    NOT NULL,
    PRIMARY KEY (programme, office)
);

-- What people are looked up by, each a keyed hash that says nothing without the key.
-- kind: 1 national id, 2 phone, 3 two words of the name with birth year and place.
CREATE TABLE identity.blind_index (
    token        bytea   NOT NULL CHECK (octet_length(token) = 16),
    aggregate_id text    NOT NULL,
    kind         integer NOT NULL,
    PRIMARY KEY (token, aggregate_id)
);
CREATE INDEX blind_index_person ON identity.blind_index (aggregate_id);

-- Two registrations that may be of one person; `one` is the lesser id. `reasons` are words with a
-- comma between them.
CREATE TABLE identity.duplicate_candidates (
    one              text    NOT NULL,
    other            text    NOT NULL,
    score            integer NOT NULL CHECK (score BETWEEN 0 AND 100),
    reasons          text    NOT NULL,
    found_position   bigint  NOT NULL,
    state            text    NOT NULL CHECK (state IN ('open', 'linked', 'unlinked')),
    decided_position bigint,
    PRIMARY KEY (one, other),
    CHECK (one < other),
    CHECK ((state = 'open') = (decided_position IS NULL))
);
CREATE INDEX duplicate_candidates_other ON identity.duplicate_candidates (other);
CREATE INDEX duplicate_candidates_worklist ON identity.duplicate_candidates (state, score DESC, one, other);

-- ANALYZE would copy tokens into pg_statistic, as sample values that outlive an erasure.
ALTER TABLE identity.blind_index ALTER COLUMN token SET STATISTICS 0;
