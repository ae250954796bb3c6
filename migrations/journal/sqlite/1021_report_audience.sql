-- Why: a report has one audience and one content. Until now each reader was shown a part of its own, under one
-- name. `audience` says for whom it was frozen (JSON: how it is told, and the scope); one from before is for those
-- who reach everything and are told exactly, whose figures its hash is over.

ALTER TABLE reports ADD COLUMN audience text;
