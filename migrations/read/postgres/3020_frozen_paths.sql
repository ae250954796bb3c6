-- Why: a path that was frozen as a duplicate is not proposed as anybody's: whoever is like it is like the
-- person who goes on elsewhere, and that path is proposed.

-- The path under which the person continues; none of a path that stands by itself.
ALTER TABLE identity.case_identity ADD COLUMN continues_as text;
