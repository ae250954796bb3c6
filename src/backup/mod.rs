//! Backup and restore: the journal with what lies beside it, and, apart from it, the keys.
//!
//! A backup is a folder: one file a table (`tables`, `rows`, `file`, `load`), and a manifest that is written
//! last (`manifest`). It is taken in one snapshot while servers write, reads the same on either engine,
//! and is restored into an empty database of either (`journal`, `keys`). Keys have a folder of their own,
//! to be kept elsewhere: a journal's backup alone opens nobody. What keeps an erased person erased
//! whatever is restored after what is in `destroyed`, and what nothing can keep: `docs/decisions/0014-backup.md`.
//!
//! The read side is computed again, and documents are copied by their store's own means.

mod connection;
mod copy_text;
mod destroyed;
mod error;
mod file;
mod folder;
mod journal;
mod keys;
mod load;
mod manifest;
mod reread;
mod rows;
pub mod tables;

pub use destroyed::{NamedKeys, destroy_again, destroyed_keys};
pub use error::BackupError;
pub use journal::{back_up_journal, is_of_another_history, restore_journal};
pub use keys::{back_up_keys, restore_keys};
pub use manifest::{Contents, Manifest};

/// Told from time to time how many rows are done of how many.
pub type CopyProgress<'a> = &'a (dyn Fn(u64, u64) + Sync);
