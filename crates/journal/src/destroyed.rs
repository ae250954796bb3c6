//! Keys that are known as destroyed without an erasure in this journal: what a restored backup told.

use sira_database::on_engine;
use uuid::Uuid;

use crate::{Journal, JournalError, Pool};

impl Journal {
    /// The keys that a restored backup named as destroyed.
    ///
    /// # Errors
    /// [`JournalError::Database`], or `Inconsistent` for a row that is no key.
    pub async fn destroyed_keys(&self) -> Result<Vec<Uuid>, JournalError> {
        destroyed_keys(self.pool()).await
    }
}

/// As [`Journal::destroyed_keys`], of a journal that is not open.
///
/// # Errors
/// As there.
pub async fn destroyed_keys(pool: &Pool) -> Result<Vec<Uuid>, JournalError> {
    let ids: Vec<String> = on_engine!(pool, db => {
        sqlx::query_scalar("SELECT key_id FROM destroyed_keys").fetch_all(db).await
    })?;
    let key = |id: String| match Uuid::try_parse(&id) {
        Ok(key) => Ok(key),
        Err(_) => Err(JournalError::Inconsistent {
            table: "destroyed_keys",
            id,
            problem: "is no key's id".to_owned(),
        }),
    };
    ids.into_iter().map(key).collect()
}
