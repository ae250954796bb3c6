//! Rewriting the table of keys, so that no file of the store keeps a copy of a destroyed one.
//!
//! Emptying a row is not enough. `PostgreSQL` keeps the old version of the row, and `VACUUM` only
//! forgets where it was. `SQLite` with `secure_delete` zeroes the row's place, but not copies that were
//! left elsewhere: in the middle of a page whose rows have moved, or by a tool that opened the file
//! without `secure_delete`. Rows that are only appended give it little cause to leave any, but how a
//! library lays out its pages is not what an erasure should rest on. So the table is written anew from
//! its living rows, and the old pages are given up. The cost grows with the store (see the decision
//! note), not with the number of keys destroyed, and erasures are rare.

use std::time::Duration;

use sira_database::{ByEngine, Connection, Pool, on_engine};
use sqlx::SqlitePool;
use uuid::Builder;

use super::KeysError;
use super::aead::random;

/// Each try waits for the locks of others as long as the connection's patience.
const TRIES: u32 = 3;
const PAUSE_BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// A name for one destruction's mark. Each has its own, so that no rewrite clears the mark of a
/// destruction that was committed while it ran.
pub(super) fn new_mark() -> Result<String, KeysError> {
    let id = Builder::from_random_bytes(random()?).into_uuid();
    Ok(format!("rewrite/{}", id.simple()))
}

/// Rewrites the store if a mark asks for it, then clears the marks that it saw.
///
/// A crash before the marks are cleared leaves them, and the next opening rewrites once more, which
/// does no harm. No marks, when the caller has just committed its own, means that a rewrite of somebody
/// else began after that commit and has covered it.
///
/// # Errors
/// [`KeysError::NotRewritten`] when others hold the table for too long: the marks stay.
pub(super) async fn rewrite_if_marked(pool: &Pool) -> Result<(), KeysError> {
    let marks = marks(pool).await?;
    if marks.is_empty() {
        return Ok(());
    }
    let mut tried = 1;
    while let Err(error) = rewrite(pool).await {
        if tried == TRIES {
            return Err(KeysError::NotRewritten(error));
        }
        tried += 1;
        tokio::time::sleep(PAUSE_BETWEEN_TRIES).await;
    }
    for mark in marks {
        clear(pool, &mark).await?;
    }
    Ok(())
}

async fn marks(pool: &Pool) -> Result<Vec<String>, sqlx::Error> {
    on_engine!(pool, db => {
        sqlx::query_scalar("SELECT name FROM key_store WHERE name LIKE 'rewrite/%'")
            .fetch_all(db)
            .await
    })
}

async fn clear(pool: &Pool, mark: &str) -> Result<(), sqlx::Error> {
    on_engine!(pool, db => {
        sqlx::query("DELETE FROM key_store WHERE name = $1").bind(mark).execute(db).await.map(drop)
    })
}

async fn rewrite(pool: &Pool) -> Result<(), sqlx::Error> {
    match pool {
        ByEngine::Postgres(_) => rewrite_postgres(pool).await,
        ByEngine::Sqlite(db) => rewrite_sqlite(db).await,
    }
}

/// Durable when it returns: a file made of living rows. A crash before is rolled back from the journal
/// by the next opening of the file, and the mark is still there.
async fn rewrite_sqlite(db: &SqlitePool) -> Result<(), sqlx::Error> {
    sqlx::query("VACUUM").execute(db).await.map(drop)
}

/// Durable when it returns: a new file of visible rows; the old one is cut to nothing at the commit.
///
/// `VACUUM FULL` would do the same but for one thing: it copies the old version of a row for as long as
/// any open transaction of the database could see it, a long report for instance. A change of a column's
/// type copies only what is visible now. The expression is there because `PostgreSQL` rewrites nothing
/// when the new value is plainly the old one; that it did rewrite is checked.
async fn rewrite_postgres(pool: &Pool) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    transaction.connection().run("LOCK TABLE person_keys IN ACCESS EXCLUSIVE MODE").await?;
    let before = file_node(transaction.connection()).await?;
    let change =
        "ALTER TABLE person_keys ALTER COLUMN wrapped TYPE bytea USING wrapped || ''::bytea";
    transaction.connection().run(change).await?;
    if file_node(transaction.connection()).await? == before {
        return Err(sqlx::Error::Protocol("the table of keys kept its file".into()));
    }
    transaction.commit().await
}

async fn file_node(db: Connection<'_>) -> Result<i64, sqlx::Error> {
    on_engine!(db, db => {
        sqlx::query_scalar("SELECT pg_relation_filenode('person_keys')::bigint").fetch_one(db).await
    })
}
