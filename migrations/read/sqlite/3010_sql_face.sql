-- Why: on PostgreSQL analysts and auditors connect to views in schemas of their own. A file has neither
-- roles nor schemas: it is the server's alone, and there is nothing to make. The versions of the two
-- engines go together, so this one is counted here too.
SELECT 1;
