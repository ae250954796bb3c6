//! The role that analysts' tools connect with on `PostgreSQL`: it reads the tables of schema `read` that
//! are for analysts, and nothing else.
//!
//! `sira_analyst` cannot log in. Whoever keeps the server makes a login for each tool and puts it in
//! (`CREATE ROLE tool LOGIN PASSWORD '...' IN ROLE sira_analyst`). Grants do not move with a table that
//! is made anew, so they are given again in the transaction that puts one in place.

use crate::store::{ReadConnection, ReadError, ReadStore};
use crate::table::{Realm, TABLES};

/// The role.
pub const ANALYST_ROLE: &str = "sira_analyst";

/// The statement that makes it; the right to do so is not every database user's.
pub const CREATE_ANALYST: &str = "CREATE ROLE sira_analyst NOLOGIN";

/// The table of schema `read` beside the models that analysts see: how far the rows have come.
const BESIDE_THE_MODELS: [&str; 1] = ["projection_checkpoints"];

/// What has become of the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnalystRole {
    /// It is there, and reads what it may.
    Ready,
    /// This user may not make it: somebody who may must run [`CREATE_ANALYST`], and this again.
    Forbidden,
    /// The embedded engine has no roles.
    NotHere,
}

/// `SQLSTATE` of a right that is missing.
const INSUFFICIENT_PRIVILEGE: &str = "42501";
/// `SQLSTATE`s of a role that another process has made in the same moment.
const MADE_BY_ANOTHER: [&str; 2] = ["42710", "23505"];

impl ReadStore {
    /// Makes the analysts' role, where there is none yet, and lets it read.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn make_analyst_role(&self) -> Result<AnalystRole, ReadError> {
        if !self.is_postgres() {
            return Ok(AnalystRole::NotHere);
        }
        let mut handle = self.connection().await?;
        if !is_known(handle.connection()).await?
            && let Err(error) = handle.connection().run(CREATE_ANALYST).await
        {
            let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
            match code.as_deref() {
                Some(INSUFFICIENT_PRIVILEGE) => return Ok(AnalystRole::Forbidden),
                Some(code) if MADE_BY_ANOTHER.contains(&code) => {}
                _ => return Err(error.into()),
            }
        }
        grant(handle.connection()).await?;
        Ok(AnalystRole::Ready)
    }
}

async fn is_known(connection: ReadConnection<'_>) -> Result<bool, sqlx::Error> {
    let ReadConnection::Postgres(db) = connection else { return Ok(false) };
    let known: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_roles WHERE rolname = $1")
        .bind(ANALYST_ROLE)
        .fetch_optional(db)
        .await?;
    Ok(known.is_some())
}

/// Lets the analysts' role read the tables that are for analysts and that are there, where there is
/// such a role; what it has already is not given again.
pub(crate) async fn grant(mut connection: ReadConnection<'_>) -> Result<(), ReadError> {
    if !is_known(connection.again()).await? {
        return Ok(());
    }
    let ReadConnection::Postgres(db) = connection else { return Ok(()) };
    let models = TABLES.iter().filter(|table| table.realm == Realm::Read).map(|table| table.name);
    let names: Vec<_> = models.chain(BESIDE_THE_MODELS).collect();
    let missing: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
          WHERE relnamespace = 'read'::regnamespace AND relkind = 'r' AND relname = ANY($1)
            AND NOT has_table_privilege($2, oid, 'SELECT')",
    )
    .bind(names)
    .bind(ANALYST_ROLE)
    .fetch_all(&mut *db)
    .await?;
    let schema: bool = sqlx::query_scalar("SELECT has_schema_privilege($1, 'read', 'USAGE')")
        .bind(ANALYST_ROLE)
        .fetch_one(&mut *db)
        .await?;
    let schema = (!schema).then(|| format!("GRANT USAGE ON SCHEMA read TO {ANALYST_ROLE};"));
    let tables =
        missing.iter().map(|table| format!("GRANT SELECT ON read.{table} TO {ANALYST_ROLE};"));
    let statements: String = schema.into_iter().chain(tables).collect();
    if !statements.is_empty() {
        ReadConnection::Postgres(db).run(&statements).await?;
    }
    Ok(())
}
