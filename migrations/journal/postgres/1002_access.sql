-- Why: who may come in, and who has looked. Tokens are kept so that they can be listed and revoked;
-- reading a person's identity or history is itself a fact that an auditor asks for. Neither is an
-- event: a token is revoked in place, and looking changes no path.

CREATE TABLE tokens (
    token_id   text        NOT NULL PRIMARY KEY,
    actor      text        NOT NULL,
    role       text        NOT NULL,
    scope      text        NOT NULL,
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE TABLE access_log (
    entry_id       text        NOT NULL PRIMARY KEY,
    at             timestamptz NOT NULL,
    actor          text        NOT NULL,
    role           text        NOT NULL,
    action         text        NOT NULL,
    aggregate_type text,
    aggregate_id   text,
    request_id     text        NOT NULL
);

CREATE INDEX access_log_aggregate ON access_log (aggregate_id, at);
CREATE INDEX access_log_actor ON access_log (actor, at);
