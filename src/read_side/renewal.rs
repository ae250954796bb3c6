//! What sees to it that the index of people does not outlive them.
//!
//! An erasure takes a person's rows out of the index, and with them goes what looks them up. Copies of their
//! tokens stay in freed pages and write-ahead logs: on `SQLite` the logs are emptied into the files, whose
//! freed places are overwritten; on either engine the index key is changed, the rows are made anew under the
//! new one, and the old one is destroyed. Each step is found due by what is stored: a crash between any two
//! leaves the next for whoever looks after it, this process or another.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sira_projections::case_identity::{self, CaseIdentity};
use sira_projections::rebuild::rebuild_projection;
use sira_projections::{FoldError, ReadError, ReadStore, StoredProjection};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{JournalFeed, OpenedKeys};
use crate::journal::{Journal, JournalError};
use crate::keys::{KeyStore, KeysError};

/// How long a server is waited for that feeds the rows.
const FED_WITHIN: Duration = Duration::from_secs(3);

/// Why a step could not be taken. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum RenewalError {
    /// The key store failed.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The read database failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The rows could not be made anew.
    #[error(transparent)]
    Fold(#[from] FoldError),
}

/// Renews the index key, and cleans up behind it.
pub struct IndexRenewal {
    journal: Journal,
    keys: KeyStore,
    read: ReadStore,
    /// The erasure after which the logs were last emptied by this process.
    emptied_after: Option<DateTime<Utc>>,
}

impl IndexRenewal {
    /// On these stores.
    #[must_use]
    pub fn new(journal: Journal, keys: KeyStore, read: ReadStore) -> Self {
        Self { journal, keys, read, emptied_after: None }
    }

    /// Takes what steps are due: another key comes into force in time, a key that no rows are under is
    /// destroyed, and the logs are emptied. The rows are made anew by whoever feeds them.
    ///
    /// # Errors
    /// [`RenewalError`]: what was not done is done by the next call.
    pub async fn step(&mut self) -> Result<(), RenewalError> {
        let erased = self.keys.erased_in_index_epoch().await?;
        if self.keys.renew_index_key_in_time().await? {
            tracing::info!("another index key is in force");
        }
        let gone = self.destroy_old_keys().await?;
        if gone > 0 || (erased.is_some() && erased != self.emptied_after) {
            self.empty_logs(erased).await?;
        }
        Ok(())
    }

    /// Takes the steps that are due, and makes the rows anew where a server would: for a process that ends
    /// after its erasures.
    ///
    /// # Errors
    /// [`RenewalError`], also when another process makes the rows anew: the next server goes on with it.
    pub async fn finish(&mut self) -> Result<(), RenewalError> {
        self.step().await?;
        let in_force = self.keys.index_key_in_force().await?;
        let is_fed = self.is_fed().await?;
        let stored = self.stored().await?;
        if stored.is_some_and(|stored| !is_fed || stored.index_key != Some(in_force.0)) {
            let feed = JournalFeed::new(self.journal.clone());
            let identity = CaseIdentity::new(feed.clone(), OpenedKeys::new(self.keys.clone()));
            let (_told, stop) = watch::channel(false);
            rebuild_projection(&feed, &self.read, &identity, &|_| (), &stop).await?;
        }
        self.step().await
    }

    /// Whether a server takes in what was recorded, the erasures among it.
    async fn is_fed(&self) -> Result<bool, RenewalError> {
        let head = self.journal.head().await?.position;
        let until = Instant::now() + FED_WITHIN;
        loop {
            if self.stored().await?.is_none_or(|stored| stored.position >= head) {
                return Ok(true);
            }
            if Instant::now() > until {
                return Ok(false);
            }
            tokio::time::sleep(FED_WITHIN / 20).await;
        }
    }

    async fn stored(&self) -> Result<Option<StoredProjection>, ReadError> {
        let all = self.read.projections(self.journal.id()).await?;
        Ok(all.into_iter().find(|one| one.name == case_identity::NAME))
    }

    /// Destroys the keys that no rows are under any more; how many.
    async fn destroy_old_keys(&self) -> Result<usize, RenewalError> {
        // In this order: a key that comes into force in between is none that rows are under yet.
        let in_force = self.keys.index_key_in_force().await?;
        let is_renewed =
            self.stored().await?.is_none_or(|stored| stored.index_key == Some(in_force.0));
        if !is_renewed || self.keys.index_key_in_force().await? != in_force {
            return Ok(0);
        }
        let gone = self.keys.destroy_retired_index_keys().await?;
        if gone > 0 {
            tracing::info!(gone, "index keys that nothing is under were destroyed");
        }
        Ok(gone)
    }

    /// Empties the write-ahead logs, once the rows of whoever was erased are gone.
    async fn empty_logs(&mut self, erased: Option<DateTime<Utc>>) -> Result<(), RenewalError> {
        let head = self.journal.head().await?.position;
        if self.stored().await?.is_some_and(|stored| stored.position < head) {
            return Ok(());
        }
        let journal = self.journal.pool().truncate_log().await.map_err(ReadError::from)?;
        if journal && self.read.truncate_log().await.map_err(ReadError::from)? {
            self.emptied_after = erased;
        }
        Ok(())
    }
}
