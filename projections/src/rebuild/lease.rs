//! The lease of a rebuild: two processes must not build on one site.
//!
//! It saves work; what keeps two builds apart when it fails is that every transaction on a site moves
//! the place that it started from.

use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::runner::lease;
use crate::{FoldError, ReadStore};

/// A lease that is held, and renewed until it is given back or dropped.
pub(super) struct Lease {
    store: ReadStore,
    key: String,
    holder: Uuid,
    held: watch::Receiver<bool>,
    renewing: JoinHandle<()>,
}

impl Lease {
    /// Takes it, waiting until one that was left behind by a process that was killed runs out.
    pub async fn take(store: &ReadStore, key: String) -> Result<Self, FoldError> {
        let holder = Uuid::now_v7();
        let until = tokio::time::Instant::now() + lease::TERM * 2;
        while !renew(store, &key, holder).await? {
            if tokio::time::Instant::now() > until {
                return Err(FoldError::Unavailable("another process is rebuilding".into()));
            }
            tokio::time::sleep(lease::TERM / 6).await;
        }
        let (told, held) = watch::channel(true);
        let renewing = tokio::spawn(keep_renewing(store.clone(), key.clone(), holder, told));
        Ok(Self { store: store.clone(), key, holder, held, renewing })
    }

    /// Fails when another has taken it over.
    pub fn check(&self) -> Result<(), FoldError> {
        if *self.held.borrow() {
            return Ok(());
        }
        Err(FoldError::Unavailable("another process has taken the rebuild over".into()))
    }

    /// Gives it back.
    pub async fn give_back(self) {
        self.renewing.abort();
        if let Ok(mut handle) = self.store.connection().await {
            // If this fails, the lease runs out.
            let _ = lease::give_back(handle.connection(), &self.key, self.holder).await;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

async fn renew(store: &ReadStore, key: &str, holder: Uuid) -> Result<bool, FoldError> {
    let mut handle = store.connection().await?;
    Ok(lease::take(handle.connection(), key, holder).await?)
}

/// A database that is away for a moment takes the lease from nobody.
async fn keep_renewing(store: ReadStore, key: String, holder: Uuid, told: watch::Sender<bool>) {
    loop {
        tokio::time::sleep(lease::TERM / 4).await;
        if let Ok(false) = renew(&store, &key, holder).await {
            told.send_replace(false);
            return;
        }
    }
}
