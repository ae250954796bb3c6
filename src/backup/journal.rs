//! The journal and what lies beside it: out of a running database, and into an empty one.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use sira_database::{number, on_engine};
use sira_evidence::leaf::hex;
use sira_numbers::Position;
use tokio::time::sleep;

use super::connection::Connection;
use super::file::{RowReader, RowWriter};
use super::folder::make_folder;
use super::manifest::{Contents, Manifest};
use super::reread::Reread;
use super::rows::CopiedCell;
use super::tables::{DESTROYED_KEYS, EVENTS, JOURNAL_HEAD, JOURNAL_TABLES};
use super::{BackupError, CopyProgress};
use crate::journal::{
    EventColumns, Journal, JournalConfig, JournalError, Pool, SELECT_IN_ORDER, Stamp, event_row,
};
use crate::keys::KeyStore;

/// The id of the journal that a database holds while a restore is not finished.
const UNFINISHED: &str = "restore-unfinished";
/// Snapshots that are taken until one is whole, and how long after one the next is.
const SNAPSHOTS: usize = 100;
const SNAPSHOT_AGAIN: Duration = Duration::from_millis(100);
/// Events between two words to whoever watches.
const TELL_EVERY: u64 = 1_000;

/// Writes a backup of the journal into a new or empty folder, from one snapshot, while servers write.
///
/// The ids of destroyed keys are asked of the key store after the snapshot was taken: an erasure in
/// between is then in the backup although its event is not.
///
/// # Errors
/// [`BackupError`]. What was written until then has no manifest and is no backup.
pub async fn back_up_journal(
    journal: &Journal,
    keys: &KeyStore,
    folder: &Path,
    made_at: DateTime<Utc>,
    progress: CopyProgress<'_>,
) -> Result<Manifest, BackupError> {
    make_folder(folder)?;
    let mut manifest = Manifest::new(Contents::Journal, journal.id(), made_at);
    manifest.key_store = keys.id().to_string();
    manifest.schema = Journal::schema_version(journal.pool());
    let (mut snapshot, head, all) = whole_snapshot(journal).await?;
    manifest.position = head;
    manifest.history = leaf_of(&mut snapshot, head).await?.unwrap_or_default();
    let mut done = 0;
    for table in JOURNAL_TABLES {
        let mut out = RowWriter::begin(folder, *table)?;
        snapshot.dump(table, &mut out, (done, all), progress).await?;
        if table.name == DESTROYED_KEYS.name {
            add_destroyed(&mut snapshot, keys, &mut out).await?;
        }
        let entry = out.finish()?;
        done += entry.rows;
        manifest.tables.push(entry);
    }
    manifest.write(folder)
}

/// A snapshot in which every event up to the head is seen and none beyond, with the last position and the number of
/// rows. Where a commit becomes visible in pieces a snapshot may show the head without its rows: another is taken.
async fn whole_snapshot(journal: &Journal) -> Result<(Connection, Position, u64), BackupError> {
    let _ = journal.wholly_readable().await?;
    for _ in 0..SNAPSHOTS {
        let mut snapshot = Connection::snapshot(journal.pool(), None).await?;
        let (head, events, all) = measure(&mut snapshot).await?;
        if events == head.get() {
            return Ok((snapshot, head, all));
        }
        drop(snapshot);
        sleep(SNAPSHOT_AGAIN).await;
    }
    // What the last one showed is gone by now, or is what `verify` names.
    let position = journal.readable().await?.next();
    Err(JournalError::Unreadable { position }.into())
}

/// The last position, the events and the rows in all; it also fixes the moment that the snapshot shows.
async fn measure(snapshot: &mut Connection) -> Result<(Position, u64, u64), BackupError> {
    let head: i64 = on_engine!(&mut snapshot.0, db => {
        sqlx::query_scalar("SELECT next_position - 1 FROM journal_head").fetch_one(db).await
    })?;
    let (mut events, mut all) = (0, 0);
    for table in JOURNAL_TABLES {
        let rows = snapshot.count(table.name).await?;
        all += rows;
        if table.name == EVENTS.name {
            events = rows;
        }
    }
    Ok((number(head)?, events, all))
}

/// The leaf hash of the event at a position, in hexadecimal digits; none where there is none.
async fn leaf_of(db: &mut Connection, position: Position) -> Result<Option<String>, BackupError> {
    let leaf: Option<Vec<u8>> = on_engine!(&mut db.0, db => {
        sqlx::query_scalar("SELECT leaf_hash FROM events WHERE position = $1")
            .bind(position.stored())
            .fetch_optional(db)
            .await
    })?;
    Ok(leaf.map(|leaf| hex(&leaf)))
}

/// Whether a backup is of another history than the journal in a database: that has another event at the backup's
/// position. False where it does not reach so far, or there is none.
///
/// # Errors
/// [`BackupError`].
pub async fn is_of_another_history(
    config: &JournalConfig,
    manifest: &Manifest,
) -> Result<bool, BackupError> {
    if manifest.history.is_empty() || !Journal::is_made(config).await? {
        return Ok(false);
    }
    let pool = Journal::bare(config).await?;
    let found = async {
        let mut db = Connection::snapshot(&pool, None).await?;
        leaf_of(&mut db, manifest.position).await
    };
    let found = found.await;
    pool.close().await;
    Ok(found?.is_some_and(|leaf| leaf != manifest.history))
}

/// Adds the keys that the key store has destroyed and the journal does not name so.
async fn add_destroyed(
    snapshot: &mut Connection,
    keys: &KeyStore,
    out: &mut RowWriter,
) -> Result<(), BackupError> {
    let named: Vec<String> = on_engine!(&mut snapshot.0, db => {
        sqlx::query_scalar("SELECT key_id FROM destroyed_keys").fetch_all(db).await
    })?;
    let named: std::collections::HashSet<_> = named.into_iter().collect();
    for (key, at) in keys.destroyed().await? {
        let id = key.to_string();
        if !named.contains(&id) {
            out.write(&[CopiedCell::Text(Some(id)), CopiedCell::Time(Some(at))])?;
        }
    }
    Ok(())
}

/// Restores a backup of the journal into an empty database of either engine, making its schema.
///
/// Every file is checked before anything is written. All rows are one transaction, and every event is
/// read back and hashed again before it commits: a crash, a full disk or a damaged event leaves tables
/// without rows that open as no journal, and the restore is run again. Two restores at once: the second
/// meets the first's rows and fails whole.
///
/// # Errors
/// [`BackupError`]: nothing of the backup is in the database.
pub async fn restore_journal(
    config: &JournalConfig,
    folder: &Path,
    progress: CopyProgress<'_>,
) -> Result<Manifest, BackupError> {
    let manifest = Manifest::read_and_check(folder, Contents::Journal)?;
    Journal::migrate(config).await?;
    let pool = Journal::bare(config).await?;
    let restored = fill(&pool, config, &manifest, folder, progress).await;
    pool.close().await;
    restored.map(|()| manifest)
}

async fn fill(
    pool: &Pool,
    config: &JournalConfig,
    manifest: &Manifest,
    folder: &Path,
    progress: CopyProgress<'_>,
) -> Result<(), BackupError> {
    let known = Journal::schema_version(pool);
    if manifest.schema > known {
        return Err(BackupError::TooNew { found: manifest.schema, known });
    }
    if manifest.journal != config.journal {
        return Err(BackupError::Unrelated);
    }
    mark_unfinished(pool).await?;
    let mut db = Connection::write(pool).await?;
    require_empty(&mut db).await?;
    // Each row is written once, and each event read once more.
    let events = manifest.entry("events").map_or(0, |entry| entry.rows);
    let (mut done, all) = (0, manifest.rows() + events);
    for table in JOURNAL_TABLES {
        let Some(entry) = manifest.entry(table.name) else { continue };
        let unknown = || BackupError::damaged(&folder.join(&entry.file), "an unknown column");
        let columns = entry.columns_of(table).ok_or_else(unknown)?;
        let rows = RowReader::open(folder, entry, columns.clone())?;
        let told = |rows| progress(done + rows, all);
        db.load(table, &columns, rows, |row| row, told).await?;
        done += entry.rows;
    }
    check(&mut db, manifest, |events| progress(done + events, all)).await?;
    db.commit().await
}

/// From here until the restore commits, the database opens as no journal: a server that is started after
/// a restore that broke off must not begin a new journal in its place.
async fn mark_unfinished(pool: &Pool) -> Result<(), BackupError> {
    let mut db = Connection::write(pool).await?;
    require_empty(&mut db).await?;
    on_engine!(&mut db.0, db => {
        sqlx::query("INSERT INTO journal_head (journal, next_position, recorded_at) VALUES ($1, 1, $2)")
            .bind(UNFINISHED)
            .bind(Stamp(DateTime::UNIX_EPOCH))
            .execute(db)
            .await
            .map(drop)
    })?;
    db.commit().await
}

/// A head that stands before the first position is what opening an empty journal leaves.
async fn require_empty(db: &mut Connection) -> Result<(), BackupError> {
    on_engine!(&mut db.0, db => {
        sqlx::query("DELETE FROM journal_head WHERE next_position = 1").execute(db).await.map(drop)
    })?;
    for table in JOURNAL_TABLES {
        if db.count(table.name).await? > 0 {
            return Err(BackupError::DatabaseNotEmpty { table: table.name });
        }
    }
    Ok(())
}

/// Reads the events back and holds them against themselves: positions and sequences without a gap, and
/// every leaf. Then the head, against the last of them and the manifest.
async fn check(
    db: &mut Connection,
    manifest: &Manifest,
    told: impl Fn(u64),
) -> Result<(), BackupError> {
    let mut reread = Reread::new(&manifest.journal);
    on_engine!(&mut db.0, db => {
        let mut rows = sqlx::query_as::<_, EventColumns>(SELECT_IN_ORDER).fetch(db);
        while let Some(row) = rows.try_next().await? {
            reread.take(event_row(row)?).await?;
            if reread.at().get().is_multiple_of(TELL_EVERY) {
                told(reread.at().get());
            }
        }
    });
    let at = reread.end().await?;
    let heads: Vec<(String, i64)> = on_engine!(&mut db.0, db => {
        let sql = "SELECT journal, next_position FROM journal_head";
        sqlx::query_as(sql).fetch_all(db).await
    })?;
    let expected = [(manifest.journal.clone(), at.next().stored())];
    if heads != expected || at != manifest.position {
        let problem = format!("the head is not at the last event, position {at}");
        return Err(BackupError::damaged(Path::new(JOURNAL_HEAD.name), problem));
    }
    let history = leaf_of(db, at).await?;
    if !manifest.history.is_empty() && history.as_ref() != Some(&manifest.history) {
        let problem = "the last event is not the one that the manifest names";
        return Err(BackupError::damaged(Path::new(EVENTS.name), problem));
    }
    Ok(())
}
