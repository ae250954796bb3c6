//! The key store: out of a running one, and into an empty one. Keys stay wrapped under the master key all
//! the way: whoever has a backup of them and not that key opens nobody.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use chrono::{DateTime, Utc};
use sira_evidence::leaf::hex;
use sira_numbers::Position;

use super::connection::Connection;
use super::destroyed::NamedKeys;
use super::file::{RowReader, RowWriter};
use super::folder::make_folder;
use super::manifest::{Contents, Manifest};
use super::rows::CopiedCell;
use super::tables::{CopiedColumn, CopiedTable, KEY_STORE, KEY_TABLES, PERSON_KEYS};
use super::{BackupError, CopyProgress};
use crate::journal::{Journal, Pool};
use crate::keys::{EPOCHS, KeyStore, open_bare, schema_version};

/// On `PostgreSQL` an erasure writes the table anew, and whoever chose their moment before it would then
/// see no key at all: it waits, or is tried again, until the rows are read.
const LOCK: &str = "LOCK TABLE person_keys IN ACCESS SHARE MODE";

/// Writes a backup of the keys into a new or empty folder. Every erasure in the journal must have been
/// carried out before ([`crate::commands::Commands::finish_erasures`]).
///
/// The rows are taken into memory first (some 300 bytes a key) and written when the store is free again:
/// on `SQLite` nobody can make a key while they are read.
///
/// # Errors
/// [`BackupError`]. What was written until then has no manifest and is no backup.
pub async fn back_up_keys(
    journal: &Journal,
    keys: &KeyStore,
    folder: &Path,
    (at, made_at): (Position, DateTime<Utc>),
    progress: CopyProgress<'_>,
) -> Result<Manifest, BackupError> {
    make_folder(folder)?;
    let mut manifest = Manifest::new(Contents::Keys, journal.id(), made_at);
    manifest.key_store = keys.id().to_string();
    manifest.schema = schema_version();
    manifest.position = at;
    let leaf = journal.leaf_at(at).await?;
    manifest.history = leaf.map(|leaf| hex(&leaf)).unwrap_or_default();
    let mut snapshot = Connection::snapshot(keys.pool()?, Some(LOCK)).await?;
    let mut tables = Vec::new();
    for table in KEY_TABLES {
        tables.push((table, snapshot.rows(table).await?));
    }
    snapshot.commit().await?;
    leave_epochs_out(&mut tables);
    let all = tables.iter().map(|(_, rows)| rows.len() as u64).sum();
    let mut done = 0;
    for (table, rows) in tables {
        let mut out = RowWriter::begin(folder, *table)?;
        for row in rows {
            out.write(&row)?;
            done += 1;
            progress(done, all);
        }
        manifest.tables.push(out.finish()?);
    }
    manifest.write(folder)
}

/// Leaves the keys of epochs out, with the names that `key_store` has for them: what was hashed under one
/// must not outlive it in a backup. A restored store makes others, and the index is made anew under them.
fn leave_epochs_out(tables: &mut [(&CopiedTable, Vec<Vec<CopiedCell>>)]) {
    let text = |cell: Option<&CopiedCell>| match cell {
        Some(CopiedCell::Text(Some(text))) => text.clone(),
        _ => String::new(),
    };
    let mut epochs = HashSet::new();
    for (_, rows) in tables.iter_mut().filter(|(table, _)| table.name == KEY_STORE.name) {
        rows.retain(|row| {
            let name = text(row.first());
            let is_epoch = name.starts_with(EPOCHS);
            if is_epoch {
                epochs.insert(text(row.get(1)));
                epochs.insert(name.rsplit('/').next().unwrap_or_default().to_owned());
            }
            !is_epoch
        });
    }
    for (_, rows) in tables.iter_mut().filter(|(table, _)| table.name == PERSON_KEYS.name) {
        rows.retain(|row| !epochs.contains(&text(row.first())));
    }
}

/// Restores a backup of the keys into an empty store of either engine. A key that the journal names as
/// destroyed comes back as destroyed: its wrapped form is never written.
///
/// Every file is checked before anything is written, and all rows are one transaction: a crash leaves
/// an empty store, and the restore is run again.
///
/// # Errors
/// [`BackupError`]: the store is as empty as before.
pub async fn restore_keys(
    url: &str,
    folder: &Path,
    named: &NamedKeys,
    now: DateTime<Utc>,
    progress: CopyProgress<'_>,
) -> Result<Manifest, BackupError> {
    let manifest = Manifest::read_and_check(folder, Contents::Keys)?;
    if named.key_store.as_ref().is_some_and(|store| *store != manifest.key_store) {
        return Err(BackupError::Unrelated);
    }
    let known = schema_version();
    if manifest.schema > known {
        return Err(BackupError::TooNew { found: manifest.schema, known });
    }
    let pool = open_bare(url).await?;
    let destroyed = named.destroyed.iter().map(|key| (key.to_string(), now)).collect();
    let filled = fill(&pool, &manifest, folder, &destroyed, progress).await;
    pool.close().await;
    filled.map(|()| manifest)
}

async fn fill(
    pool: &Pool,
    manifest: &Manifest,
    folder: &Path,
    destroyed: &HashMap<String, DateTime<Utc>>,
    progress: CopyProgress<'_>,
) -> Result<(), BackupError> {
    let mut db = Connection::write(pool).await?;
    for table in KEY_TABLES {
        if db.count(table.name).await? > 0 {
            return Err(BackupError::DatabaseNotEmpty { table: table.name });
        }
    }
    let mut done = 0;
    for table in KEY_TABLES {
        let Some(entry) = manifest.entry(table.name) else { continue };
        let unknown = || BackupError::damaged(&folder.join(&entry.file), "an unknown column");
        let columns = entry.columns_of(table).ok_or_else(unknown)?;
        let rows = RowReader::open(folder, entry, columns.clone())?;
        let is_keys = table.name == PERSON_KEYS.name;
        let change = |row| {
            if is_keys { without_destroyed(row, &columns, destroyed) } else { row }
        };
        let told = |rows| progress(done + rows, manifest.rows());
        db.load(table, &columns, rows, change, told).await?;
        done += entry.rows;
    }
    db.commit().await
}

/// A row of `person_keys`, emptied when its key was destroyed since.
fn without_destroyed(
    mut row: Vec<CopiedCell>,
    columns: &[CopiedColumn],
    destroyed: &HashMap<String, DateTime<Utc>>,
) -> Vec<CopiedCell> {
    let place = |name: &str| columns.iter().position(|column| column.name == name);
    let (Some(id), Some(wrapped), Some(at)) =
        (place("key_id"), place("wrapped"), place("destroyed_at"))
    else {
        return row;
    };
    let CopiedCell::Text(Some(key)) = &row[id] else { return row };
    if let Some(now) = destroyed.get(key) {
        row[wrapped] = CopiedCell::Bytes(None);
        if row[at] == CopiedCell::Time(None) {
            row[at] = CopiedCell::Time(Some(*now));
        }
    }
    row
}
