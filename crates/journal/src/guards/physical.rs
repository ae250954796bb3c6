//! The database's own look at its pages and indexes. An index that differs from its table finds fewer events than
//! there are, and lets a place be taken twice.

use sira_database::ByEngine;
use sqlx::{PgPool, SqlitePool};

use crate::{Journal, JournalError};

/// Faults that are told of one look.
const FAULTS_MAX: u32 = 100;

/// A fault that the database finds in its own file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexFault {
    /// The database's words.
    pub told: String,
}

/// What a look at the indexes came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexCheck {
    /// Every index of the journal was compared with its table.
    Done(Vec<IndexFault>),
    /// They could not be: why, for an operator.
    Unavailable(&'static str),
}

impl Journal {
    /// Lets the database compare every index of the journal with its table: `PRAGMA integrity_check`, or amcheck
    /// where it is installed and may be used. It reads everything.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn check_indexes(&self) -> Result<IndexCheck, JournalError> {
        match self.pool() {
            ByEngine::Sqlite(pool) => Ok(IndexCheck::Done(integrity(pool).await?)),
            ByEngine::Postgres(pool) => amcheck(pool).await,
        }
    }

    /// How large the file of an embedded journal is; none on a server.
    pub(crate) async fn file_bytes(&self) -> Result<Option<u64>, JournalError> {
        let ByEngine::Sqlite(pool) = self.pool() else { return Ok(None) };
        let (pages, page): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT page_count FROM pragma_page_count), (SELECT page_size FROM pragma_page_size)",
        )
        .fetch_one(pool)
        .await?;
        Ok(Some(pages.unsigned_abs().saturating_mul(page.unsigned_abs())))
    }
}

async fn integrity(pool: &SqlitePool) -> Result<Vec<IndexFault>, JournalError> {
    let told: Result<Vec<String>, _> =
        sqlx::query_scalar(&format!("PRAGMA integrity_check({FAULTS_MAX})")).fetch_all(pool).await;
    match told {
        Ok(told) => {
            let faults = told.into_iter().filter(|line| line != "ok");
            Ok(faults.map(|told| IndexFault { told }).collect())
        }
        // A file so damaged that it cannot be looked at: SQLITE_CORRUPT and SQLITE_NOTADB.
        Err(error) if is_corrupt(&error) => Ok(vec![IndexFault { told: error.to_string() }]),
        Err(error) => Err(error.into()),
    }
}

/// Whether the engine says that its file is damaged.
fn is_corrupt(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
    code.is_some_and(|code| [11, 26].contains(&(code & 0xff)))
}

async fn amcheck(pool: &PgPool) -> Result<IndexCheck, JournalError> {
    const WHERE: &str = "SELECT quote_ident(n.nspname) FROM pg_extension AS e \
         JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE extname = 'amcheck'";
    const INDEXES: &str = "SELECT i.indexrelid::regclass::text FROM pg_index AS i \
         JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS am ON am.oid = c.relam \
         JOIN pg_class AS t ON t.oid = i.indrelid \
         WHERE am.amname = 'btree' AND t.relname = ANY($1) AND pg_table_is_visible(t.oid) ORDER BY 1";
    let place: Option<String> = sqlx::query_scalar(WHERE).fetch_optional(pool).await?;
    let Some(place) = place else {
        return Ok(IndexCheck::Unavailable("CREATE EXTENSION amcheck"));
    };
    let tables = super::listed(super::ON_POSTGRES);
    let tables: std::collections::BTreeSet<String> =
        tables.into_keys().map(|guard| guard.table).collect();
    let tables: Vec<String> = tables.into_iter().collect();
    let indexes: Vec<String> = sqlx::query_scalar(INDEXES).bind(tables).fetch_all(pool).await?;
    let check = format!("SELECT {place}.bt_index_check($1::regclass, true)::text");
    let mut faults = Vec::new();
    for index in indexes {
        let done = sqlx::query(&check).bind(&index).fetch_all(pool).await;
        let Err(error) = done else { continue };
        let told = error.as_database_error();
        let code = told.and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
        match told {
            Some(_) if code == "42501" => {
                return Ok(IndexCheck::Unavailable("GRANT EXECUTE ON FUNCTION bt_index_check"));
            }
            // INDEX_CORRUPTED and DATA_CORRUPTED among them.
            Some(told) if code.starts_with("XX") => {
                faults.push(IndexFault { told: format!("{index}: {}", told.message()) });
            }
            _ => return Err(error.into()),
        }
    }
    Ok(IndexCheck::Done(faults))
}
