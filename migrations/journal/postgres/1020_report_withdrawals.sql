-- Why: reports can be frozen by anybody who keeps reports, so their number has a limit, and what nobody needs
-- any more must make room. A withdrawn report stays as it was frozen, since its hash may stand on paper.

CREATE TABLE report_withdrawals (
    name         text        NOT NULL PRIMARY KEY REFERENCES reports (name),
    withdrawn_at timestamptz NOT NULL,
    withdrawn_by text        NOT NULL
);

CREATE TRIGGER withdrawal_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON report_withdrawals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_report_change();
