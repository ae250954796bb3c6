-- Why: people are searched by name and phone. A row says that somebody's name has a word that begins so,
-- or that they have this phone: a keyed hash that says nothing without the key. There are a dozen a
-- person, so both columns are bytes and as short as they may be; 8 bytes part a million terms.

CREATE TABLE identity.search_index (
    token        bytea NOT NULL CHECK (octet_length(token) = 8),
    aggregate_id bytea NOT NULL CHECK (octet_length(aggregate_id) = 16),
    PRIMARY KEY (token, aggregate_id)
);
CREATE INDEX search_index_person ON identity.search_index (aggregate_id);

-- ANALYZE would copy tokens into pg_statistic, as sample values that outlive an erasure.
ALTER TABLE identity.search_index ALTER COLUMN token SET STATISTICS 0;
