//! The manifest: what a backup is, and what each of its files must be. It is written last, so that a
//! backup that broke off is none.

use std::io::{ErrorKind, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sira_numbers::Position;

use super::BackupError;
use super::file::{check_file, name_of, new_file};
use super::folder::sync_folder;
use super::tables::{CopiedColumn, CopiedTable};
use sira_evidence::leaf::hex;

/// The manifest's file.
pub(super) const MANIFEST: &str = "manifest.json";
/// The form of a backup; a change of form is a new word.
const FORM: &str = "sira.backup/v2";
/// The form of before: it does not name the history that the position is of.
const FORM_WITHOUT_HISTORY: &str = "sira.backup/v1";
/// Largest manifest: a table is some 400 bytes of it.
const MANIFEST_MAX_BYTES: u64 = 1 << 20;

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contents {
    /// The journal and what lies beside it.
    Journal,
    /// The key store.
    Keys,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// The table.
    pub table: String,
    /// The file's name.
    pub file: String,
    /// The columns, in the order of the cells.
    pub columns: Vec<String>,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// What a backup is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form of the backup.
    pub form: String,
    /// What it holds.
    pub contents: Contents,
    /// The journal's id.
    pub journal: String,
    /// The id of the key store that belongs to the journal; empty when the journal names none.
    pub key_store: String,
    /// The last migration of the database that it was taken from.
    pub schema: i64,
    /// The journal's last position in it; for keys, the position up to which erasures were carried out.
    pub position: Position,
    /// The leaf hash of the journal's event at that position, in hexadecimal digits: the history that the backup is of.
    /// Empty before the first event, and in the form of before.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub history: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// The program that made it.
    pub sira: String,
    /// The files.
    pub tables: Vec<FileEntry>,
    /// SHA-256 of this text with this field empty.
    pub sha256: String,
}

impl Manifest {
    /// A manifest without files.
    pub(super) fn new(contents: Contents, journal: &str, made_at: DateTime<Utc>) -> Self {
        Self {
            form: FORM.to_owned(),
            contents,
            journal: journal.to_owned(),
            key_store: String::new(),
            schema: 0,
            position: Position::START,
            history: String::new(),
            made_at,
            sira: env!("CARGO_PKG_VERSION").to_owned(),
            tables: Vec::new(),
            sha256: String::new(),
        }
    }

    /// Rows in all.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|entry| entry.rows).sum()
    }

    /// The file of a table, if there is one.
    pub(super) fn entry(&self, table: &str) -> Option<&FileEntry> {
        self.tables.iter().find(|entry| entry.table == table)
    }

    /// Writes it and makes the folder durable: from here on the backup is one. A crash before leaves a
    /// folder without a manifest, which nothing restores and the operator may remove.
    pub(super) fn write(mut self, folder: &Path) -> Result<Self, BackupError> {
        self.sha256 = self.own_hash();
        let path = folder.join(MANIFEST);
        let failed = |error| BackupError::file(&path, error);
        let mut file = new_file(&path).map_err(failed)?;
        file.write_all(self.text().as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        sync_folder(folder)?;
        Ok(self)
    }

    /// Reads a backup's manifest and checks every file against it. Nothing is changed anywhere.
    pub(super) fn read_and_check(folder: &Path, contents: Contents) -> Result<Self, BackupError> {
        let manifest = Self::read(folder)?;
        if manifest.contents != contents {
            return Err(BackupError::OtherKind);
        }
        for entry in &manifest.tables {
            if entry.file != name_of(&entry.table) {
                return Err(BackupError::damaged(&folder.join(MANIFEST), "a file's name"));
            }
            check_file(folder, entry)?;
        }
        Ok(manifest)
    }

    fn read(folder: &Path) -> Result<Self, BackupError> {
        let path = folder.join(MANIFEST);
        let size = match std::fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(BackupError::NoManifest(folder.to_owned()));
            }
            Err(error) => return Err(BackupError::file(&path, error)),
        };
        let damaged = |problem: &str| BackupError::damaged(&path, problem);
        if size > MANIFEST_MAX_BYTES {
            return Err(damaged("too large"));
        }
        let text = std::fs::read(&path).map_err(|error| BackupError::file(&path, error))?;
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|_| damaged("not a manifest"))?;
        if ![FORM, FORM_WITHOUT_HISTORY].contains(&manifest.form.as_str()) {
            return Err(damaged("of a form that this program does not know"));
        }
        if manifest.own_hash() != manifest.sha256 || manifest.text().as_bytes() != text {
            return Err(damaged("not the text that was written (SHA-256)"));
        }
        Ok(manifest)
    }

    fn own_hash(&self) -> String {
        let bare = Self { sha256: String::new(), ..self.clone() };
        hex(&Sha256::digest(bare.text()))
    }

    fn text(&self) -> String {
        // A struct of texts and numbers has a JSON form.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl FileEntry {
    /// The columns of the table that this file has, in its order. An older backup has fewer: those that
    /// came later take their defaults.
    pub(super) fn columns_of(&self, table: &CopiedTable) -> Option<Vec<CopiedColumn>> {
        let known =
            |name: &String| table.columns.iter().find(|column| column.name == name).copied();
        self.columns.iter().map(known).collect()
    }
}
