-- Why: what people connect to is not what the server works with. The tables of the read models lie in
-- schemas `read_v<n>`, one for each version that a rebuild puts in place; the server finds them by views
-- of their names in `read_data`, where its own books are too; schema `read` holds views for analysts and
-- `audit` views for auditors, which Sira keeps on the newest tables. So a rebuild locks nothing that an
-- analyst's transaction holds, and a view that somebody makes on `read` outlives it.

CREATE SCHEMA IF NOT EXISTS audit;

-- Which schema holds the tables that the server reads under a name.
CREATE TABLE read_data.table_places (
    name  text NOT NULL PRIMARY KEY,
    place text NOT NULL
);
-- Numbers of versions; none is given twice.
CREATE SEQUENCE read_data.table_versions START 1;

-- The views of `read` and `audit`, as they were last put in place.
CREATE TABLE read_data.face_views (
    schema_name text NOT NULL,
    view_name   text NOT NULL,
    definition  text NOT NULL,
    PRIMARY KEY (schema_name, view_name)
);
-- Who sets the views right: one process at a time, by the lock of the only row.
CREATE TABLE read_data.face_lock (id integer NOT NULL PRIMARY KEY CHECK (id = 1));
INSERT INTO read_data.face_lock (id) VALUES (1);

-- The key of the surrogates in `read`, as the two padded blocks of an HMAC-SHA-256: made at random by the
-- first server, read by the views alone. With another key every surrogate is another.
CREATE TABLE read_data.surrogate_key (
    id         integer NOT NULL PRIMARY KEY CHECK (id = 1),
    inner_pad  bytea   NOT NULL CHECK (octet_length(inner_pad) = 64),
    outer_pad  bytea   NOT NULL CHECK (octet_length(outer_pad) = 64)
);

-- As what analysts see each office: itself, or the region that it stands in while few people are in it.
CREATE TABLE read_data.office_shown (
    programme text NOT NULL,
    office    text NOT NULL,
    shown     text NOT NULL,
    PRIMARY KEY (programme, office)
);

-- The cells of `read.figures`: those that the API publishes, and no other. An empty breakdown means all.
CREATE TABLE read_data.published_figures (
    month     date    NOT NULL,
    programme text    NOT NULL,
    indicator text    NOT NULL,
    region    text,
    sex       text,
    age_band  text,
    value     numeric,
    held      boolean NOT NULL,
    CHECK (NOT held OR value IS NULL)
);
CREATE UNIQUE INDEX published_figures_cell ON read_data.published_figures
    (month, programme, indicator, coalesce(region, ''), coalesce(sex, ''), coalesce(age_band, ''));

-- What lay in `read` until now, or was made there by the migrations before this one.
DO $$
DECLARE
    found record;
BEGIN
    CREATE SCHEMA IF NOT EXISTS read_v0;
    FOR found IN
        SELECT nspname AS place, relname AS name FROM pg_class
          JOIN pg_namespace AS schema ON schema.oid = relnamespace
         WHERE nspname IN ('read', 'read_data') AND relkind = 'r'
    LOOP
        IF found.name IN ('projection_checkpoints', 'projection_leases', 'projection_builds') THEN
            IF found.place = 'read' THEN
                EXECUTE format('ALTER TABLE read.%I SET SCHEMA read_data', found.name);
            END IF;
        ELSIF found.name IN ('_sqlx_migrations', 'table_places', 'face_views', 'face_lock', 'surrogate_key',
                             'office_shown', 'published_figures') THEN
            NULL;
        ELSE
            EXECUTE format('ALTER TABLE %I.%I SET SCHEMA read_v0', found.place, found.name);
            EXECUTE format('CREATE VIEW read_data.%I AS SELECT * FROM read_v0.%I', found.name, found.name);
            INSERT INTO read_data.table_places (name, place) VALUES (found.name, 'read_v0');
        END IF;
    END LOOP;
    -- Analysts had rights to the tables themselves.
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'sira_analyst') THEN
        REVOKE ALL ON ALL TABLES IN SCHEMA read_v0 FROM sira_analyst;
        REVOKE ALL ON ALL TABLES IN SCHEMA read_data FROM sira_analyst;
        REVOKE ALL ON SCHEMA read_data FROM sira_analyst;
    END IF;
END;
$$;
