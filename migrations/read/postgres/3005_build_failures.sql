-- Why: a rebuild that is killed after it met an event that does not fit must still know of it when it
-- goes on: the tables folded from such events lack rows and must not be put in place.
ALTER TABLE read.projection_builds ADD COLUMN failures text NOT NULL DEFAULT '[]';
