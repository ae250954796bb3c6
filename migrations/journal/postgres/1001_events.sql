-- Why: the journal itself. One table holds every fact, in the columns of stock postgres-es 0.5 (so
-- that any tool that reads that format reads this one), with three more that stock lacks: a gapless
-- global position, the time of recording, and the hash that makes a row a leaf of the evidence tree.
--
-- `json`, not `jsonb`: the exact text that was hashed must come back.
-- No sequence, identity column, foreign key or extension: the position comes from the head row, whose
-- lock is held to commit, so that commit order is position order and a rollback leaves no gap.
-- The journal owns migration versions 1000 to 1999; other parts may share the database.

CREATE TABLE events (
    aggregate_type text        NOT NULL,
    aggregate_id   text        NOT NULL,
    sequence       bigint      NOT NULL CHECK (sequence >= 1),
    event_type     text        NOT NULL,
    event_version  text        NOT NULL,
    payload        json        NOT NULL,
    metadata       json        NOT NULL,
    position       bigint      NOT NULL CHECK (position >= 1),
    recorded_at    timestamptz NOT NULL,
    leaf_hash      bytea       NOT NULL CHECK (octet_length(leaf_hash) = 32),
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);

CREATE UNIQUE INDEX events_position ON events (position);

-- Erasures are looked for at every start, to finish those that a crash left half-done. They are few:
-- a partial index costs other events nothing.
CREATE INDEX events_erasures ON events (position) WHERE event_type = 'PersonalDataErased';

-- One row. `next_position` is the position that the next event will take; `recorded_at` is the time
-- of the last one, below which no later event may go. The low fill factor keeps updates on one page.
CREATE TABLE journal_head (
    journal       text        NOT NULL PRIMARY KEY,
    next_position bigint      NOT NULL CHECK (next_position >= 1),
    recorded_at   timestamptz NOT NULL
) WITH (fillfactor = 10);

-- What was answered to a request, by the actor's idempotency key, so that a retry has no second effect.
CREATE TABLE requests (
    actor       text        NOT NULL,
    key         text        NOT NULL,
    body_hash   bytea       NOT NULL,
    answer      text        NOT NULL,
    position    bigint      NOT NULL,
    version     bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (actor, key)
);

CREATE INDEX requests_recorded_at ON requests (recorded_at);

-- A unique second name of a stream: a beneficiary's reference on paper.
CREATE TABLE stream_aliases (
    alias          text NOT NULL PRIMARY KEY,
    aggregate_type text NOT NULL,
    aggregate_id   text NOT NULL
);

CREATE TABLE journal_settings (
    name  text NOT NULL PRIMARY KEY,
    value text NOT NULL
);

-- Facts are never changed or removed. A trigger by statement costs inserts nothing and refuses even a
-- statement that would touch no row. (Citus refuses triggers on distributed tables: there, drop this
-- one before distributing and revoke UPDATE, DELETE and TRUNCATE instead.)
CREATE FUNCTION refuse_change_of_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END;
$$;

CREATE TRIGGER events_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events();
