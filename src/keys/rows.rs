//! The rows of `person_keys`: one statement a function, the same on both engines.

use chrono::{DateTime, Utc};
use sira_database::{Connection, Pool, on_engine};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::KeyId;
use super::epoch::{REQUEST_EPOCH, set_name};
use super::index_epoch::{ERASED, written};

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

/// The rows of many keys, each with its id; those that are not there are left out.
pub(super) async fn find_many(
    pool: &Pool,
    keys: &[KeyId],
) -> Result<Vec<(String, KeyRow)>, sqlx::Error> {
    type Columns = (String, Option<Vec<u8>>, Option<DateTime<Utc>>);
    let mut found = Vec::with_capacity(keys.len());
    for some in keys.chunks(IDS_PER_STATEMENT) {
        let rows: Vec<Columns> = on_engine!(pool, db => {
            let mut query = QueryBuilder::new(
                "SELECT key_id, wrapped, destroyed_at FROM person_keys WHERE key_id IN (",
            );
            let mut list = query.separated(", ");
            for key in some {
                list.push_bind(key.to_string());
            }
            query.push(")");
            // Not kept prepared but for the full ones: each number of ids is another statement.
            let query = query.build_query_as().persistent(some.len() == IDS_PER_STATEMENT);
            query.fetch_all(db).await
        })?;
        found.extend(
            rows.into_iter()
                .map(|(id, wrapped, destroyed_at)| (id, KeyRow { wrapped, destroyed_at })),
        );
    }
    Ok(found)
}

/// Empties the rows of the keys, with that of the key under which requests were hashed, notes that the index
/// key is to be changed, and marks the store as to be rewritten, in one transaction. Gives the id of the key
/// of requests; none when there was nothing to empty.
///
/// Durable when it returns: the keys are unusable, and the mark says that their old bytes may still be
/// in the files. A crash before the commit leaves them alive, and the erasure unacknowledged; a crash
/// behind it leaves the mark, and the next opening (or destruction) does the rewriting.
pub(super) async fn empty(
    pool: &Pool,
    keys: &[KeyId],
    mark: &str,
    at: DateTime<Utc>,
) -> Result<Option<KeyId>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // A write first: SQLite can wait for its lock only in a transaction that has read nothing yet.
    set_name(transaction.connection(), mark, "").await?;
    let mut emptied = 0;
    for some in keys.chunks(IDS_PER_STATEMENT) {
        emptied += empty_rows(transaction.connection(), some, at).await?;
    }
    if emptied == 0 {
        return Ok(None);
    }
    set_name(transaction.connection(), ERASED, &written(at)).await?;
    let hashed = take_name(transaction.connection(), REQUEST_EPOCH).await?;
    let hashed = hashed.and_then(|key| Uuid::try_parse(&key).ok()).map(KeyId);
    empty_rows(transaction.connection(), hashed.as_slice(), at).await?;
    transaction.commit().await?;
    Ok(hashed)
}

/// Empties the rows of keys that `key_store` names as `prefix` with their id, forgets the names, and marks
/// the store as to be rewritten, in one transaction.
///
/// Durable when it returns, as [`empty`] is; a crash before leaves keys and names, and it is done again.
pub(super) async fn empty_named(
    pool: &Pool,
    prefix: &str,
    keys: &[KeyId],
    mark: &str,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    set_name(transaction.connection(), mark, "").await?;
    for some in keys.chunks(IDS_PER_STATEMENT) {
        empty_rows(transaction.connection(), some, at).await?;
    }
    for key in keys {
        take_name(transaction.connection(), &format!("{prefix}{key}")).await?;
    }
    transaction.commit().await
}

/// Empties the rows of some keys, [`IDS_PER_STATEMENT`] at most; of how many that were not empty.
pub(super) async fn empty_rows(
    db: Connection<'_>,
    keys: &[KeyId],
    at: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    if keys.is_empty() {
        return Ok(0);
    }
    on_engine!(db, db => {
        let mut update =
            QueryBuilder::new("UPDATE person_keys SET wrapped = NULL, destroyed_at = ");
        update.push_bind(at).push(" WHERE wrapped IS NOT NULL AND key_id IN (");
        let mut list = update.separated(", ");
        for key in keys {
            list.push_bind(key.to_string());
        }
        update.push(")");
        update.build().execute(db).await.map(|done| done.rows_affected())
    })
}

/// Forgets a name of `key_store`; gives the value that it had.
async fn take_name(db: Connection<'_>, name: &str) -> Result<Option<String>, sqlx::Error> {
    on_engine!(db, db => {
        sqlx::query_scalar("DELETE FROM key_store WHERE name = $1 RETURNING value")
            .bind(name)
            .fetch_optional(db)
            .await
    })
}
