//! A file's rows into a table: read and unpacked on a thread of their own, while the database takes those before.

use sira_database::ByEngine;
use sqlx::query_builder::Separated;
use sqlx::{PgConnection, QueryBuilder, Sqlite, SqliteConnection};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::BackupError;
use super::connection::Connection;
use super::copy_text::push_row;
use super::file::RowReader;
use super::rows::CopiedCell;
use super::tables::{CopiedColumn, CopiedTable};
use crate::journal::Stamp;

/// Values of one statement, below what `SQLite` binds (32,766).
const VALUES_PER_STATEMENT: usize = 8_000;
/// Bytes of texts after which a lot takes no further row.
const LOT_BYTES: usize = 4 << 20;
/// Lots that wait for the database.
const LOTS_AHEAD: usize = 2;

/// Some rows, never none.
type Lot = Vec<Vec<CopiedCell>>;

/// A file that is being read.
struct Reading {
    lots: mpsc::Receiver<Lot>,
    thread: JoinHandle<Result<(), BackupError>>,
}

impl Reading {
    fn begin(mut rows: RowReader, rows_max: usize) -> Self {
        let (told, lots) = mpsc::channel(LOTS_AHEAD);
        let thread = tokio::task::spawn_blocking(move || {
            loop {
                let lot = next_lot(&mut rows, rows_max)?;
                // Who does not listen any more has failed, and says why.
                if lot.is_empty() || told.blocking_send(lot).is_err() {
                    return Ok(());
                }
            }
        });
        Self { lots, thread }
    }

    /// Whether the file was read to its end, and is what the manifest says: no lot that is missing may look like the
    /// end.
    async fn end(self) -> Result<(), BackupError> {
        self.thread.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

fn next_lot(rows: &mut RowReader, rows_max: usize) -> Result<Lot, BackupError> {
    let (mut lot, mut bytes) = (Vec::new(), 0);
    while lot.len() < rows_max && bytes < LOT_BYTES {
        let Some(row) = rows.next()? else { break };
        bytes += row.iter().map(size).sum::<usize>();
        lot.push(row);
    }
    Ok(lot)
}

fn size(cell: &CopiedCell) -> usize {
    match cell {
        CopiedCell::Text(text) => text.as_ref().map_or(0, String::len),
        CopiedCell::Bytes(bytes) => bytes.as_ref().map_or(0, Vec::len),
        CopiedCell::Integer(_) | CopiedCell::Time(_) => 8,
    }
}

impl Connection {
    /// Inserts every row of a file, each passed through `change` first; `told` is told how many.
    pub async fn load(
        &mut self,
        table: &CopiedTable,
        columns: &[CopiedColumn],
        rows: RowReader,
        change: impl Fn(Vec<CopiedCell>) -> Vec<CopiedCell>,
        mut told: impl FnMut(u64),
    ) -> Result<(), BackupError> {
        let reading = Reading::begin(rows, VALUES_PER_STATEMENT / columns.len());
        let mut done = 0;
        let changed = |lot: Lot| {
            done += lot.len() as u64;
            told(done);
            lot.into_iter().map(&change).collect()
        };
        let names: Vec<_> = columns.iter().map(|column| column.name).collect();
        let into = format!("{} ({})", table.name, names.join(", "));
        match self.0.connection() {
            ByEngine::Postgres(db) => copy(db, &into, reading, changed).await,
            ByEngine::Sqlite(db) => insert(db, &into, reading, changed).await,
        }
    }
}

/// On a server: one `COPY`, which costs a fraction of what statements do.
async fn copy(
    db: &mut PgConnection,
    into: &str,
    mut reading: Reading,
    mut changed: impl FnMut(Lot) -> Lot,
) -> Result<(), BackupError> {
    let mut copy = db.copy_in_raw(&format!("COPY {into} FROM STDIN")).await?;
    let mut lines = Vec::new();
    while let Some(lot) = reading.lots.recv().await {
        lines.clear();
        for row in changed(lot) {
            push_row(&mut lines, &row);
        }
        copy.send(lines.as_slice()).await?;
    }
    match reading.end().await {
        Ok(()) => Ok(copy.finish().await.map(drop)?),
        Err(error) => {
            // The file's fault is the one to tell of; the transaction goes with its connection.
            let _ = copy.abort("the file ends early").await;
            Err(error)
        }
    }
}

/// Into a file: statements of many rows.
async fn insert(
    db: &mut SqliteConnection,
    into: &str,
    mut reading: Reading,
    mut changed: impl FnMut(Lot) -> Lot,
) -> Result<(), BackupError> {
    while let Some(lot) = reading.lots.recv().await {
        let mut insert = QueryBuilder::new(format!("INSERT INTO {into} "));
        insert.push_values(changed(lot), bind_row);
        insert.build().execute(&mut *db).await?;
    }
    reading.end().await
}

fn bind_row(mut values: Separated<'_, '_, Sqlite, &'static str>, row: Vec<CopiedCell>) {
    for cell in row {
        match cell {
            CopiedCell::Text(text) => values.push_bind(text),
            CopiedCell::Integer(number) => values.push_bind(number),
            CopiedCell::Time(time) => values.push_bind(time.map(Stamp)),
            CopiedCell::Bytes(bytes) => values.push_bind(bytes),
        };
    }
}
