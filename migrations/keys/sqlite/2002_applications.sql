-- Why: people without an account apply to a programme that has opened a call. What they tell is sealed under a
-- key of its own and kept here, beside that key and outside the journal, until an adviser accepts it (then it is in
-- the path) or its days are over: journal and read models never hold it.

-- `sealed` is name, phone, idea, consent and language as one sealed text; NULL once accepted, when its key is
-- destroyed. `path_id` is the id of the path that an acceptance makes, drawn ahead, so that an acceptance that is
-- made twice makes one path. Days are `YYYY-MM-DD`.
CREATE TABLE applications (
    application_id TEXT NOT NULL PRIMARY KEY CHECK (length(application_id) = 36),
    programme      TEXT NOT NULL CHECK (length(programme) = 36),
    region         TEXT NOT NULL,
    received_at    TEXT NOT NULL,
    received_on    TEXT NOT NULL CHECK (length(received_on) = 10),
    kept_until     TEXT NOT NULL CHECK (length(kept_until) = 10),
    path_id        TEXT NOT NULL UNIQUE CHECK (length(path_id) = 36),
    key_id         TEXT NOT NULL CHECK (length(key_id) = 32),
    sealed         TEXT,
    decision       TEXT CHECK (decision IN ('accepted', 'refused')),
    decided_at     TEXT,
    decided_by     TEXT,
    reason         TEXT,
    CHECK ((decision IS NULL) = (decided_at IS NULL)),
    CHECK ((decision IS NULL) = (decided_by IS NULL)),
    CHECK ((sealed IS NULL) = (decision IS NOT NULL AND decision = 'accepted'))
) STRICT;

-- The worklist of a region, the oldest first; the count of a day; what is to be destroyed.
CREATE INDEX applications_by_region ON applications (programme, region, received_at, application_id);
CREATE INDEX applications_by_day ON applications (programme, received_on);
CREATE INDEX applications_by_end ON applications (kept_until);
