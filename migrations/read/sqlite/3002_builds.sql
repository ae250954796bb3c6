-- Why: one process at a time feeds the projections, and a rebuild can be killed and gone on with.

-- Who feeds the projections of a journal, until when (milliseconds since 1970, by this database's
-- clock). Whoever finds it past its time takes it over.
CREATE TABLE projection_leases (
    journal  text   NOT NULL PRIMARY KEY,
    holder   text   NOT NULL,
    until_ms bigint NOT NULL
);

-- How far a rebuild has come, kept beside the rows that it has made: every stream up to `after` (type,
-- a space, id) is in them, as it stood at position `head`.
CREATE TABLE projection_builds (
    journal  text    NOT NULL PRIMARY KEY,
    built    text    NOT NULL,
    head     bigint  NOT NULL,
    after    text    NOT NULL,
    events   bigint  NOT NULL,
    complete boolean NOT NULL
);

-- Where a projection has stopped for good, and why; both empty while it runs.
ALTER TABLE projection_checkpoints ADD COLUMN halted_position INTEGER;
ALTER TABLE projection_checkpoints ADD COLUMN halted_cause TEXT;
