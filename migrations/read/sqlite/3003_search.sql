-- Why: people are searched by name and phone. A row says that somebody's name has a word that begins so,
-- or that they have this phone: a keyed hash that says nothing without the key. There are a dozen a
-- person, so both columns are bytes and as short as they may be; 8 bytes part a million terms.

CREATE TABLE search_index (
    token        BLOB NOT NULL CHECK (length(token) = 8),
    aggregate_id BLOB NOT NULL CHECK (length(aggregate_id) = 16),
    PRIMARY KEY (token, aggregate_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX search_index_person ON search_index (aggregate_id);
