-- Why: a projection says at which position it stands, and a journal that was put back has other events at the same
-- positions. Each checkpoint carries the leaf hash of its event, written with it; none for one of before, until it
-- moves.

ALTER TABLE projection_checkpoints ADD COLUMN leaf_hash BLOB;
ALTER TABLE projection_builds ADD COLUMN leaf_hash BLOB;
