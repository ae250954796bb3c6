//! The published tree as files in the layout of C2SP tlog-tiles, for any static server: the checkpoint and the tiles
//! of hashes. Entries are not among them: they name streams.

use std::path::{Path, PathBuf};

use super::follower::Follower;
use super::keys::KeyHistory;
use super::signed_tree::{SignedTree, Witnesses};
use super::store::{self, StoredCheckpoint};
use super::{Checkpoint, EvidenceError, Note};
use crate::files::{FileError, make_durable_folder, replace};
use crate::journal::Journal;
use sira_evidence::growth::Tile;
use sira_evidence::tile_path::{TilePlace, write_place};

/// The checkpoint's file.
const CHECKPOINT: &str = "checkpoint";
/// Events whose tiles are held at once: 8 kB each 256 of them.
const STEP_EVENTS: u64 = 100_000;

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TilesExported {
    /// Events that the checkpoint in the folder covers.
    pub size: u64,
    /// Files that were not there before, or were of an older checkpoint.
    pub written: u64,
}

/// Writes the newest published checkpoint and its tiles to a folder. Tiles are made of the journal's leaf hashes, and
/// nothing is written before they were found to lead to what was signed. Run again it only adds: tiles that are there
/// stay, of the checkpoint alone there is one.
///
/// First each tile is durable, with the folders that lead to it, then the checkpoint takes the place of the one
/// before in one step. A crash in between leaves the older checkpoint with all its tiles, and some of newer ones,
/// which the next run finds.
///
/// # Errors
/// [`EvidenceError::NotCovered`] when no checkpoint is published; [`EvidenceError::OtherTiles`] when the folder holds
/// another history, or more of this one; others when the journal is not what was signed, or a file cannot be written.
pub async fn export_tiles(
    journal: &Journal,
    witnesses: &Witnesses,
    folder: &Path,
) -> Result<TilesExported, EvidenceError> {
    let stored = published(journal, witnesses).await?.ok_or(EvidenceError::NotCovered)?;
    let mut followed = Follower::default();
    followed.follow(journal, stored.size, &mut |_| {}).await?;
    let tree = SignedTree::new(&stored, &followed)?;
    let keys = KeyHistory::of(journal).await?.ok_or(EvidenceError::NotCovered)?;
    tree.note.verify(keys.of_size(stored.size))?;
    let mut note = tree.note.clone();
    note.signatures.extend(store::cosignatures(journal, stored.size).await?);
    let mut files = TileFiles { folder, written: 0 };
    files.check_older(journal, &tree.checkpoint).await?;
    let mut grown = Follower::default();
    while grown.size() < stored.size {
        let (step, mut full) = (stored.size.min(grown.size() + STEP_EVENTS), Vec::new());
        grown.follow(journal, step, &mut |tile| full.push(tile)).await?;
        full.iter().try_for_each(|tile| files.write_tile(tile))?;
    }
    // Read a second time, of a journal that somebody may have changed meanwhile.
    SignedTree::new(&stored, &grown)?;
    for tile in grown.growth.edge_tiles() {
        files.write_tile(&tile)?;
    }
    files.publish(&note)?;
    Ok(TilesExported { size: stored.size, written: files.written })
}

/// The newest checkpoint that enough witnesses have signed.
async fn published(
    journal: &Journal,
    witnesses: &Witnesses,
) -> Result<Option<StoredCheckpoint>, EvidenceError> {
    if witnesses.quorum == 0 {
        return store::newest(journal).await;
    }
    match store::witnessed(journal, &witnesses.names(), witnesses.quorum).await? {
        Some(size) => store::of_size(journal, size).await,
        None => Ok(None),
    }
}

struct TileFiles<'a> {
    folder: &'a Path,
    written: u64,
}

impl TileFiles<'_> {
    /// What the folder shows already is this log, and not more of it than is shown now.
    async fn check_older(
        &self,
        journal: &Journal,
        newest: &Checkpoint,
    ) -> Result<(), EvidenceError> {
        let path = self.folder.join(CHECKPOINT);
        let Some(bytes) = read(&path)? else { return Ok(()) };
        let other = || EvidenceError::OtherTiles { path: path.clone() };
        let note = String::from_utf8(bytes).ok().and_then(|text| text.parse::<Note>().ok());
        let older: Checkpoint = note.ok_or_else(other)?.text.parse().map_err(|_| other())?;
        let is_ours = older.origin == newest.origin
            && older.size <= newest.size
            && Follower::default().agrees_with(journal, &older).await?;
        if is_ours { Ok(()) } else { Err(other()) }
    }

    /// A tile of a width never changes: one that is there is the same, or of another history.
    fn write_tile(&mut self, tile: &Tile) -> Result<(), EvidenceError> {
        let place = TilePlace { index: tile.index, width: tile.hashes.len() };
        let path = format!("tile/{}/{}", tile.level, write_place(place));
        let bytes = tile.hashes.as_flattened();
        match read(&self.folder.join(&path))? {
            Some(there) if there == bytes => Ok(()),
            Some(_) => Err(EvidenceError::OtherTiles { path: self.folder.join(path) }),
            None => self.write(&path, bytes),
        }
    }

    fn publish(&mut self, note: &Note) -> Result<(), EvidenceError> {
        let bytes = note.to_string().into_bytes();
        if read(&self.folder.join(CHECKPOINT))?.as_ref() == Some(&bytes) {
            return Ok(());
        }
        self.write(CHECKPOINT, &bytes)
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), EvidenceError> {
        let path = self.folder.join(name);
        let parent = path.parent().unwrap_or(self.folder);
        let failed = |source| FileError { path: parent.to_owned(), source };
        make_durable_folder(parent).map_err(failed)?;
        replace(&path, bytes)?;
        self.written += 1;
        Ok(())
    }
}

fn read(path: &PathBuf) -> Result<Option<Vec<u8>>, EvidenceError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FileError { path: path.clone(), source }.into()),
    }
}
