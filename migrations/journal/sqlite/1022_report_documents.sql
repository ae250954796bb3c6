-- Why: a report is a document that a director signs and a donor is handed: what it says is kept whole, with the hash of
-- it, and no later definition, correction or rebuild changes it. `asked` is what it was made from, `content` all that it
-- says, both as JSON. It is withdrawn with a reason, and stays.
-- `cells` of a frozen question are its figures as they were, so that another definition of an indicator does not
-- change what was frozen by the one before. It is empty for those of before.

CREATE TABLE report_documents (
    name           text NOT NULL PRIMARY KEY,
    asked          text NOT NULL,
    content        text NOT NULL,
    content_sha256 text NOT NULL,
    audience       text NOT NULL,
    frozen_at      text NOT NULL,
    frozen_by      text NOT NULL
) STRICT;

CREATE TRIGGER document_is_not_changed BEFORE UPDATE ON report_documents
BEGIN
    SELECT RAISE(ABORT, 'a frozen report is never changed');
END;

CREATE TRIGGER document_is_not_removed BEFORE DELETE ON report_documents
BEGIN
    SELECT RAISE(ABORT, 'a frozen report is never changed');
END;

CREATE TABLE report_document_withdrawals (
    name         text NOT NULL PRIMARY KEY REFERENCES report_documents (name),
    withdrawn_at text NOT NULL,
    withdrawn_by text NOT NULL,
    reason       text NOT NULL
) STRICT;

CREATE TRIGGER document_withdrawal_is_not_changed BEFORE UPDATE ON report_document_withdrawals
BEGIN
    SELECT RAISE(ABORT, 'a frozen report is never changed');
END;

CREATE TRIGGER document_withdrawal_is_not_removed BEFORE DELETE ON report_document_withdrawals
BEGIN
    SELECT RAISE(ABORT, 'a frozen report is never changed');
END;

ALTER TABLE reports ADD COLUMN cells text;
