-- Why: a report that left the programme must give the same figures for ever. A frozen report is a
-- question with a position; it is kept beside the journal, since the read side may be thrown away.
-- `leaf_hash` is that of the event at the position: a journal that was rewritten below it shows.
-- `answer_sha256` is over the figures as they were, whole. Neither is ever changed.

CREATE TABLE reports (
    name          text    NOT NULL PRIMARY KEY,
    subject       text    NOT NULL,
    query         text    NOT NULL,
    position      integer NOT NULL,
    day           text    NOT NULL,
    frozen_at     text    NOT NULL,
    frozen_by     text    NOT NULL,
    leaf_hash     blob    NOT NULL,
    answer_sha256 blob    NOT NULL
) STRICT;

CREATE TRIGGER report_is_not_changed BEFORE UPDATE ON reports
BEGIN
    SELECT RAISE(ABORT, 'a frozen report is never changed');
END;

CREATE TRIGGER report_is_not_removed BEFORE DELETE ON reports
BEGIN
    SELECT RAISE(ABORT, 'a frozen report is never changed');
END;
