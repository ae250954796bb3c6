-- Why: keyed hashes of an erased person stay in freed pages and logs for a while. They say nothing any
-- more once the key that they were made under is destroyed, so the rows say which key that is.

-- The id of the index key that a projection's rows were made under; empty where they hold no keyed hash.
ALTER TABLE projection_checkpoints ADD COLUMN index_key TEXT NOT NULL DEFAULT '';
