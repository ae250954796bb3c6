//! One transaction of either engine, and whole tables through it.

use futures::TryStreamExt;
use sira_database::{Pool, Transaction, on_engine, unsigned};

use super::file::RowWriter;
use super::rows::{CopiedCell, read_row};
use super::tables::CopiedTable;
use super::{BackupError, CopyProgress};

/// Rows between two words to whoever watches.
const TELL_EVERY: u64 = 1_000;

/// An open transaction, through which whole tables go.
pub(super) struct Connection(pub Transaction);

impl Connection {
    /// Begins a snapshot: everything that is read through it stood at one moment, whatever is written
    /// meanwhile. On `PostgreSQL` `lock` is run before the moment is chosen.
    pub async fn snapshot(pool: &Pool, lock: Option<&'static str>) -> Result<Self, BackupError> {
        let first: Vec<&str> = [Some(PATIENT), lock].into_iter().flatten().collect();
        Ok(Self(pool.snapshot(&first).await?))
    }

    /// Begins to write, through a pool that is closed afterwards.
    pub async fn write(pool: &Pool) -> Result<Self, BackupError> {
        let mut transaction = pool.begin().await?;
        let setting = if transaction.is_postgres() { PATIENT } else { ROOMY };
        transaction.connection().run(setting).await?;
        Ok(Self(transaction))
    }

    /// Everything that was written is durable, and visible, at once.
    pub async fn commit(self) -> Result<(), BackupError> {
        Ok(self.0.commit().await?)
    }

    /// Rows in a table.
    pub async fn count(&mut self, table: &str) -> Result<u64, BackupError> {
        let sql = format!("SELECT count(*) FROM {table}");
        let count: i64 =
            on_engine!(&mut self.0, db => sqlx::query_scalar(&sql).fetch_one(db).await)?;
        Ok(unsigned(count)?)
    }

    /// Writes a whole table to its file; `told` rows were done before, of `all`.
    pub async fn dump(
        &mut self,
        table: &CopiedTable,
        out: &mut RowWriter,
        (told, all): (u64, u64),
        progress: CopyProgress<'_>,
    ) -> Result<(), BackupError> {
        let (sql, mut done) = (table.select(), told);
        on_engine!(&mut self.0, db => {
            let mut rows = sqlx::query(&sql).fetch(db);
            while let Some(row) = rows.try_next().await? {
                out.write(&read_row(&row, table)?)?;
                done += 1;
                if done.is_multiple_of(TELL_EVERY) {
                    progress(done, all.max(done));
                }
            }
        });
        Ok(())
    }

    /// Every row of a table, in memory.
    pub async fn rows(&mut self, table: &CopiedTable) -> Result<Vec<Vec<CopiedCell>>, BackupError> {
        let (sql, mut all) = (table.select(), Vec::new());
        on_engine!(&mut self.0, db => {
            let mut rows = sqlx::query(&sql).fetch(db);
            while let Some(row) = rows.try_next().await? {
                all.push(read_row(&row, table)?);
            }
        });
        Ok(all)
    }
}

/// The file on the other side may be slow: neither the wait for it nor a long restore is a hang.
const PATIENT: &str = "SET LOCAL idle_in_transaction_session_timeout = 0";

/// Pages that a restore keeps in memory. A stream's key leads to another place of its index with every row: with the
/// 2 MB that a connection has by itself, each row of a large journal would read a page and write it again.
const ROOMY: &str = "PRAGMA cache_size = -262144";
