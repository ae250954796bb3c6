-- Why: people without an account apply to a programme that has opened a call. What they tell is sealed under a
-- key of its own and kept here, beside that key and outside the journal, until an adviser accepts it (then it is in
-- the path) or its days are over: journal and read models never hold it.

-- `sealed` is name, phone, idea, consent and language as one sealed text; NULL once accepted, when its key is
-- destroyed. `path_id` is the id of the path that an acceptance makes, drawn ahead, so that an acceptance that is
-- made twice makes one path. Days are `YYYY-MM-DD`.
CREATE TABLE applications (
    application_id text        NOT NULL PRIMARY KEY CHECK (length(application_id) = 36),
    programme      text        NOT NULL CHECK (length(programme) = 36),
    region         text        NOT NULL,
    received_at    timestamptz NOT NULL,
    received_on    text        NOT NULL CHECK (length(received_on) = 10),
    kept_until     text        NOT NULL CHECK (length(kept_until) = 10),
    path_id        text        NOT NULL UNIQUE CHECK (length(path_id) = 36),
    key_id         text        NOT NULL CHECK (length(key_id) = 32),
    sealed         text,
    decision       text        CHECK (decision IN ('accepted', 'refused')),
    decided_at     timestamptz,
    decided_by     text,
    reason         text,
    CHECK ((decision IS NULL) = (decided_at IS NULL)),
    CHECK ((decision IS NULL) = (decided_by IS NULL)),
    CHECK ((sealed IS NULL) = (decision IS NOT NULL AND decision = 'accepted'))
);

-- The worklist of a region, the oldest first; the count of a day; what is to be destroyed.
CREATE INDEX applications_by_region ON applications (programme, region, received_at, application_id);
CREATE INDEX applications_by_day ON applications (programme, received_on);
CREATE INDEX applications_by_end ON applications (kept_until);

-- ANALYZE would copy sealed texts into pg_statistic, as sample values that outlive the row.
ALTER TABLE applications ALTER COLUMN sealed SET STATISTICS 0;
