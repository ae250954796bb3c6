-- Why: the journal itself, for the embedded engine. The columns are those of stock sqlite-es 0.5,
-- with a gapless global position, the time of recording (RFC 3339, six digits, Z) and the leaf hash.
--
-- The position is the rowid: the table lies on disk in the order in which it is read, and the stream
-- key is a unique index beside it, which is what SQLite would have made of a primary key anyway.
-- The journal owns migration versions 1000 to 1999; other parts may share the database.

CREATE TABLE events (
    aggregate_type text    NOT NULL,
    aggregate_id   text    NOT NULL,
    sequence       integer NOT NULL CHECK (sequence >= 1),
    event_type     text    NOT NULL,
    event_version  text    NOT NULL,
    payload        text    NOT NULL,
    metadata       text    NOT NULL,
    position       integer NOT NULL PRIMARY KEY CHECK (position >= 1),
    recorded_at    text    NOT NULL CHECK (length(recorded_at) = 27),
    leaf_hash      blob    NOT NULL CHECK (length(leaf_hash) = 32),
    UNIQUE (aggregate_type, aggregate_id, sequence)
) STRICT;

-- Erasures are looked for at every start, to finish those that a crash left half-done. They are few:
-- a partial index costs other events nothing.
CREATE INDEX events_erasures ON events (position) WHERE event_type = 'PersonalDataErased';

-- One row. `next_position` is the position that the next event will take; `recorded_at` is the time
-- of the last one, below which no later event may go.
CREATE TABLE journal_head (
    journal       text    NOT NULL PRIMARY KEY,
    next_position integer NOT NULL CHECK (next_position >= 1),
    recorded_at   text    NOT NULL
) STRICT;

-- What was answered to a request, by the actor's idempotency key, so that a retry has no second effect.
CREATE TABLE requests (
    actor       text    NOT NULL,
    key         text    NOT NULL,
    body_hash   blob    NOT NULL,
    answer      text    NOT NULL,
    position    integer NOT NULL,
    version     integer NOT NULL,
    recorded_at text    NOT NULL,
    PRIMARY KEY (actor, key)
) STRICT;

CREATE INDEX requests_recorded_at ON requests (recorded_at);

-- A unique second name of a stream: a beneficiary's reference on paper.
CREATE TABLE stream_aliases (
    alias          text NOT NULL PRIMARY KEY,
    aggregate_type text NOT NULL,
    aggregate_id   text NOT NULL
) STRICT;

CREATE TABLE journal_settings (
    name  text NOT NULL PRIMARY KEY,
    value text NOT NULL
) STRICT;

-- Facts are never changed or removed. `INSERT OR REPLACE` removes a row without asking a DELETE
-- trigger, hence the third trigger; the writer reads its refusal as it reads a unique violation.
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only: UPDATE refused');
END;

CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only: DELETE refused');
END;

CREATE TRIGGER events_no_replace BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE position = NEW.position)
  OR EXISTS (SELECT 1 FROM events WHERE aggregate_type = NEW.aggregate_type
             AND aggregate_id = NEW.aggregate_id AND sequence = NEW.sequence)
BEGIN
    SELECT RAISE(ABORT, 'events are append-only: this event exists');
END;
