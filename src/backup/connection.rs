//! One transaction of either engine, and whole tables through it.

use futures::TryStreamExt;
use sira_database::{ByEngine, Pool, Transaction, on_engine, unsigned};
use sqlx::QueryBuilder;
use sqlx::query_builder::Separated;

use super::file::{RowReader, RowWriter};
use super::rows::{CopiedCell, read_row};
use super::tables::{CopiedColumn, CopiedKind, CopiedTable};
use super::{BackupError, CopyProgress};
use crate::journal::Stamp;

/// Values of one statement, below what `SQLite` binds (32,766).
const VALUES_PER_STATEMENT: usize = 8_000;
/// Bytes of texts after which a statement takes no further row.
const STATEMENT_BYTES: usize = 4 << 20;
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

    /// Begins to write.
    pub async fn write(pool: &Pool) -> Result<Self, BackupError> {
        let mut transaction = pool.begin().await?;
        if transaction.is_postgres() {
            transaction.connection().run(PATIENT).await?;
        }
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

    /// Inserts every row of a file, each passed through `change` first; how many.
    pub async fn load(
        &mut self,
        table: &CopiedTable,
        columns: &[CopiedColumn],
        rows: &mut RowReader,
        change: impl Fn(Vec<CopiedCell>) -> Vec<CopiedCell>,
        mut told: impl FnMut(u64),
    ) -> Result<(), BackupError> {
        let mut done = 0;
        loop {
            let (mut some, mut bytes) = (Vec::new(), 0);
            while some.len() < VALUES_PER_STATEMENT / columns.len() && bytes < STATEMENT_BYTES {
                let Some(row) = rows.next()? else { break };
                bytes += row.iter().map(size).sum::<usize>();
                some.push(change(row));
            }
            if some.is_empty() {
                return Ok(());
            }
            done += some.len() as u64;
            self.insert(table, columns, some).await?;
            told(done);
        }
    }

    async fn insert(
        &mut self,
        table: &CopiedTable,
        columns: &[CopiedColumn],
        rows: Vec<Vec<CopiedCell>>,
    ) -> Result<(), BackupError> {
        match self.0.connection() {
            ByEngine::Postgres(db) => {
                let mut insert = insert_into(table, columns);
                insert.push_values(rows, |values, row| {
                    bind_row(values, row, columns, Some("::json"));
                });
                insert.build().execute(db).await?;
            }
            ByEngine::Sqlite(db) => {
                let mut insert = insert_into(table, columns);
                insert.push_values(rows, |values, row| bind_row(values, row, columns, None));
                insert.build().execute(db).await?;
            }
        }
        Ok(())
    }
}

/// The file on the other side may be slow: neither the wait for it nor a long restore is a hang.
const PATIENT: &str = "SET LOCAL idle_in_transaction_session_timeout = 0";

fn insert_into<'a, DB: sqlx::Database>(
    table: &CopiedTable,
    columns: &[CopiedColumn],
) -> QueryBuilder<'a, DB> {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    QueryBuilder::new(format!("INSERT INTO {} ({}) ", table.name, names.join(", ")))
}

fn size(cell: &CopiedCell) -> usize {
    match cell {
        CopiedCell::Text(text) => text.as_ref().map_or(0, String::len),
        CopiedCell::Bytes(bytes) => bytes.as_ref().map_or(0, Vec::len),
        CopiedCell::Integer(_) | CopiedCell::Time(_) => 8,
    }
}

fn bind_row<'a, DB>(
    mut values: Separated<'_, 'a, DB, &'static str>,
    row: Vec<CopiedCell>,
    columns: &[CopiedColumn],
    json_cast: Option<&str>,
) where
    DB: sqlx::Database,
    Option<String>: sqlx::Encode<'a, DB> + sqlx::Type<DB>,
    Option<i64>: sqlx::Encode<'a, DB> + sqlx::Type<DB>,
    Option<Stamp>: sqlx::Encode<'a, DB> + sqlx::Type<DB>,
    Option<Vec<u8>>: sqlx::Encode<'a, DB> + sqlx::Type<DB>,
{
    for (cell, column) in row.into_iter().zip(columns) {
        match cell {
            CopiedCell::Text(text) => values.push_bind(text),
            CopiedCell::Integer(number) => values.push_bind(number),
            CopiedCell::Time(time) => values.push_bind(time.map(Stamp)),
            CopiedCell::Bytes(bytes) => values.push_bind(bytes),
        };
        if let Some(cast) = json_cast.filter(|_| column.kind == CopiedKind::Json) {
            values.push_unseparated(cast);
        }
    }
}
