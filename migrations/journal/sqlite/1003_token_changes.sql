-- Why: a revoked token must be refused by every process from its commit on, and a check of a token
-- must not cost a read of its row each time. So every change of a listed token moves this counter, in
-- the same transaction, whoever makes the change; it is read together with the journal's head, and a
-- remembered check is good for as long as the counter stands still.

CREATE TABLE token_changes (
    id      integer NOT NULL PRIMARY KEY CHECK (id = 1),
    changes integer NOT NULL
) STRICT;

INSERT INTO token_changes (id, changes) VALUES (1, 0);

-- Who revoked it; nobody when it was done on the command line.
ALTER TABLE tokens ADD COLUMN revoked_by text;

-- A token that is new was never checked: only changes and removals count.
CREATE TRIGGER token_update_is_counted AFTER UPDATE ON tokens
BEGIN
    UPDATE token_changes SET changes = changes + 1 WHERE id = 1;
END;

CREATE TRIGGER token_removal_is_counted AFTER DELETE ON tokens
BEGIN
    UPDATE token_changes SET changes = changes + 1 WHERE id = 1;
END;
