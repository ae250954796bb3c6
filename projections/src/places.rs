//! Where the tables lie that the server reads under a name, on `PostgreSQL`.
//!
//! Each version of a table lies in a schema of its own, `read_v<n>`. The server's name of it is a view in
//! `read_data`, and nobody else knows that view. A new version is put in place by making the view anew,
//! which locks the view alone: who reads the old table, through whatever view of theirs, goes on reading
//! it, and it is removed when nobody does ([`crate::face`]).

use std::collections::BTreeMap;

use sqlx::PgConnection;

use crate::store::ReadConnection;
use crate::table::{DATA_SCHEMA, Table};

/// How the schemas of versions begin.
pub(crate) const VERSION_PREFIX: &str = "read_v";

/// The schema of each table that is in place, by the table's name. On a site, none: there the tables lie
/// under their own names.
pub(crate) async fn all(db: &mut PgConnection) -> Result<BTreeMap<String, String>, sqlx::Error> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT name, place FROM table_places").fetch_all(db).await?;
    Ok(rows.into_iter().collect())
}

/// Makes the schema of a new version. The number of a version that is rolled back is not given again, nor
/// is one that is there already, of a read side that was removed but for its versions.
pub(crate) async fn new_version(db: &mut PgConnection) -> Result<String, sqlx::Error> {
    let number: i64 = sqlx::query_scalar(
        "SELECT greatest(nextval('read_data.table_versions'),
            (SELECT 1 + max(substr(nspname, 7)::bigint) FROM pg_namespace WHERE nspname ~ '^read_v[0-9]{1,18}$'))",
    )
    .fetch_one(&mut *db)
    .await?;
    let schema = format!("{VERSION_PREFIX}{number}");
    ReadConnection::Postgres(db).run(&format!("CREATE SCHEMA {schema}")).await?;
    Ok(schema)
}

/// Lets the server find a table of a version under its name, in place of what it found until now.
pub(crate) async fn put(
    db: &mut PgConnection,
    table: &Table,
    version: &str,
) -> Result<(), sqlx::Error> {
    let (name, columns) = (table.name, table.column_list());
    // Made anew rather than replaced, since the columns of a later form may be others.
    let view = format!(
        "DROP VIEW IF EXISTS {DATA_SCHEMA}.{name};
         CREATE VIEW {DATA_SCHEMA}.{name} AS SELECT {columns} FROM {version}.{name}"
    );
    ReadConnection::Postgres(&mut *db).run(&view).await?;
    sqlx::query(
        "INSERT INTO table_places (name, place) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET place = excluded.place",
    )
    .bind(name)
    .bind(version)
    .execute(db)
    .await
    .map(drop)
}
