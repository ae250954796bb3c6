-- Why: who keeps rows in memory must be told when they were made anew.

-- How often a projection's tables were put in place by a rebuild.
ALTER TABLE projection_checkpoints ADD COLUMN built bigint NOT NULL DEFAULT 0;
