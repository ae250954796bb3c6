-- Why: a projection says at which position it stands, and a journal that was put back has other events at the same
-- positions. Each checkpoint carries the leaf hash of its event, written with it; none for one of before, until it
-- moves. A rebuild that was left half done by an older program begins anew.

ALTER TABLE read_data.projection_checkpoints ADD COLUMN leaf_hash bytea;
ALTER TABLE read_data.projection_builds ADD COLUMN leaf_hash bytea;

DROP SCHEMA IF EXISTS build_models CASCADE;
DROP SCHEMA IF EXISTS build_case_identity CASCADE;
