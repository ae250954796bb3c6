-- Why: the read models say at which position of the journal they stand, and a journal that was put back has other
-- events at the same positions. The leaf hash of one event names the history that the rows are of.

CREATE TABLE known_history (
    journal   text    NOT NULL PRIMARY KEY,
    position  integer NOT NULL,
    leaf_hash blob    NOT NULL
) STRICT;
