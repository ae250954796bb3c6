//! The rows of `person_keys`: one statement a function, the same on both engines.

use chrono::{DateTime, Utc};
use sira_database::{Pool, on_engine};
use sqlx::QueryBuilder;

use super::KeyId;

/// Ids bound to one statement, far below what either engine takes.
const IDS_PER_STATEMENT: usize = 1_000;

/// A key as it is stored.
pub(super) struct WrappedKey {
    pub(super) id: KeyId,
    pub(super) wrapped: Vec<u8>,
}

/// What the store knows of a key.
#[derive(sqlx::FromRow)]
pub(super) struct KeyRow {
    pub(super) wrapped: Option<Vec<u8>>,
    pub(super) destroyed_at: Option<DateTime<Utc>>,
}

/// Stores a block of keys.
///
/// One statement, so one durable commit: all of the block or none of it. A crash behind it leaves keys
/// that seal nothing; nobody needs to repair that.
pub(super) async fn insert_block(
    pool: &Pool,
    block: &[WrappedKey],
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    on_engine!(pool, db => {
        QueryBuilder::new("INSERT INTO person_keys (key_id, wrapped, created_at) ")
            .push_values(block, |mut row, key| {
                row.push_bind(key.id.to_string()).push_bind(key.wrapped.as_slice()).push_bind(at);
            })
            .build()
            .execute(db)
            .await
            .map(drop)
    })
}

pub(super) async fn find(pool: &Pool, key: KeyId) -> Result<Option<KeyRow>, sqlx::Error> {
    on_engine!(pool, db => {
        sqlx::query_as("SELECT wrapped, destroyed_at FROM person_keys WHERE key_id = $1")
            .bind(key.to_string())
            .fetch_optional(db)
            .await
    })
}

/// Empties the rows of the keys and marks the store as to be rewritten, in one transaction; `false`
/// when there was nothing to empty.
///
/// Durable when it returns: the keys are unusable, and the mark says that their old bytes may still be
/// in the files. A crash before the commit leaves them alive, and the erasure unacknowledged; a crash
/// behind it leaves the mark, and the next opening (or destruction) does the rewriting.
pub(super) async fn empty(
    pool: &Pool,
    keys: &[KeyId],
    mark: &str,
    at: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    on_engine!(pool, db => {
        let mut transaction = db.begin().await?;
        // A write first: SQLite can wait for its lock only in a transaction that has read nothing yet.
        sqlx::query("INSERT INTO key_store (name, value) VALUES ($1, '')")
            .bind(mark)
            .execute(&mut *transaction)
            .await?;
        let mut emptied = 0;
        for some in keys.chunks(IDS_PER_STATEMENT) {
            let mut update =
                QueryBuilder::new("UPDATE person_keys SET wrapped = NULL, destroyed_at = ");
            update.push_bind(at).push(" WHERE wrapped IS NOT NULL AND key_id IN (");
            let mut list = update.separated(", ");
            for key in some {
                list.push_bind(key.to_string());
            }
            update.push(")");
            emptied += update.build().execute(&mut *transaction).await?.rows_affected();
        }
        if emptied == 0 {
            transaction.rollback().await?;
        } else {
            transaction.commit().await?;
        }
        Ok(emptied > 0)
    })
}
