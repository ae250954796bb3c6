-- Why: reports can be frozen by anybody who keeps reports, so their number has a limit, and what nobody needs
-- any more must make room. A withdrawn report stays as it was frozen, since its hash may stand on paper.

CREATE TABLE report_withdrawals (
    name         text NOT NULL PRIMARY KEY REFERENCES reports (name),
    withdrawn_at text NOT NULL,
    withdrawn_by text NOT NULL
) STRICT;

CREATE TRIGGER withdrawal_is_not_changed BEFORE UPDATE ON report_withdrawals
BEGIN
    SELECT RAISE(ABORT, 'a frozen report is never changed');
END;

CREATE TRIGGER withdrawal_is_not_removed BEFORE DELETE ON report_withdrawals
BEGIN
    SELECT RAISE(ABORT, 'a frozen report is never changed');
END;
