-- Why: a report that left the programme must give the same figures for ever. A frozen report is a
-- question with a position; it is kept beside the journal, since the read side may be thrown away.
-- `leaf_hash` is that of the event at the position: a journal that was rewritten below it shows.
-- `answer_sha256` is over the figures as they were, whole. Neither is ever changed.

CREATE TABLE reports (
    name          text        NOT NULL PRIMARY KEY,
    subject       text        NOT NULL,
    query         text        NOT NULL,
    position      bigint      NOT NULL,
    day           text        NOT NULL,
    frozen_at     timestamptz NOT NULL,
    frozen_by     text        NOT NULL,
    leaf_hash     bytea       NOT NULL,
    answer_sha256 bytea       NOT NULL
);

CREATE FUNCTION refuse_report_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a frozen report is never changed';
END
$$;

CREATE TRIGGER report_is_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON reports
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_report_change();
