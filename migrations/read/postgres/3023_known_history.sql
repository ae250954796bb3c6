-- Why: the read models say at which position of the journal they stand, and a journal that was put back has other
-- events at the same positions. The leaf hash of one event names the history that the rows are of.

CREATE TABLE read_data.known_history (
    journal   text   PRIMARY KEY,
    position  bigint NOT NULL,
    leaf_hash bytea  NOT NULL
);
