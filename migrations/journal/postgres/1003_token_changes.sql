-- Why: a revoked token must be refused by every process from its commit on, and a check of a token
-- must not cost a read of its row each time. So every change of a listed token moves this counter, in
-- the same transaction, whoever makes the change; it is read together with the journal's head, and a
-- remembered check is good for as long as the counter stands still.

CREATE TABLE token_changes (
    id      integer NOT NULL PRIMARY KEY CHECK (id = 1),
    changes bigint  NOT NULL
);

INSERT INTO token_changes (id, changes) VALUES (1, 0);

-- Who revoked it; nobody when it was done on the command line.
ALTER TABLE tokens ADD COLUMN revoked_by text;

CREATE FUNCTION count_token_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE token_changes SET changes = changes + 1 WHERE id = 1;
    RETURN NULL;
END
$$;

-- A token that is new was never checked: only changes and removals count.
CREATE TRIGGER token_change_is_counted AFTER UPDATE OR DELETE ON tokens
    FOR EACH STATEMENT EXECUTE FUNCTION count_token_change();
