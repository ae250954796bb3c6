//! Rebuilding projections beside the live tables, and putting the new ones in their place.
//!
//! The new tables are made on a site of their own (a schema on `PostgreSQL`, a file on `SQLite`), so
//! neither readers nor the live runner notice. What is folded stream by stream is read in that order up
//! to the journal's head ([`pass`]), then the events since are taken as the live runner takes them, and
//! one transaction puts the tables in place with their checkpoints ([`swap`]). A build that is killed
//! goes on from its last commit; one of other versions begins anew.

mod in_order;
mod pass;
mod site;
mod swap;

use tokio::sync::watch;
use uuid::Uuid;

pub use in_order::rebuild_projection;

use crate::analyst;
use crate::models::{self, Model};
use crate::runner::pack::tables_of;
use crate::runner::{Checkpoint, find_checkpoint, lease, set_checkpoint};
use crate::{Feed, FoldError, ReadStore};
use pass::Pass;
use site::Site;

/// Journals up to this many events are simply fed from the start, where no table stands yet.
const FEW_EVENTS: u64 = 2_000;

/// How far a rebuild has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Events taken.
    pub done: u64,
    /// Events to take.
    pub total: u64,
}

/// Where a projection stands once it was brought up.
pub(crate) enum Standing {
    /// Ready to go on from this position.
    At(u64),
    /// It must not run here.
    Unfit(String),
}

/// Makes sure that some projections have tables of this program's form: makes them, or rebuilds those
/// of an older version. Says where each stands.
pub(crate) async fn bring_up<F: Feed>(
    feed: &F,
    store: &ReadStore,
    models: &[&'static Model],
    stop: &watch::Receiver<bool>,
) -> Result<Vec<(&'static Model, Standing)>, FoldError> {
    let head = feed.head().await.map_err(FoldError::Unavailable)?;
    let mut standings = Vec::new();
    let (mut new, mut old) = (Vec::new(), Vec::new());
    for model in models {
        match find(store, feed.journal(), model.name).await? {
            None => new.push(*model),
            Some(found) if found.version < model.version => old.push(*model),
            Some(found) if found.version > model.version => {
                let cause = "its rows were made by a newer program".to_owned();
                standings.push((*model, Standing::Unfit(cause)));
            }
            Some(found) if found.position > head => {
                let cause = "it is ahead of the journal: the rows are another journal's".to_owned();
                standings.push((*model, Standing::Unfit(cause)));
            }
            Some(found) => standings.push((*model, Standing::At(found.position))),
        }
    }
    if head <= FEW_EVENTS && old.is_empty() && !new.is_empty() {
        make_empty(store, feed.journal(), &new).await?;
        standings.extend(new.drain(..).map(|model| (model, Standing::At(0))));
    }
    let stale: Vec<_> = new.into_iter().chain(old).collect();
    if !stale.is_empty() {
        let names: Vec<_> = stale.iter().map(|model| model.name).collect();
        tracing::info!(projections = ?names, events = head, "read models are being built");
        let failed = rebuild_models(feed, store, &stale, &|_| (), stop).await?;
        for model in stale {
            let failure = failed.iter().find(|failure| failure.hits(model));
            let standing = match failure {
                Some(failure) => Standing::Unfit(failure.to_string()),
                None => match find(store, feed.journal(), model.name).await? {
                    Some(found) => Standing::At(found.position),
                    None => return Err(FoldError::Unavailable("no checkpoint".into())),
                },
            };
            standings.push((model, standing));
        }
    }
    Ok(standings)
}

async fn find(
    store: &ReadStore,
    journal: &str,
    name: &str,
) -> Result<Option<Checkpoint>, FoldError> {
    let mut handle = store.connection().await?;
    Ok(find_checkpoint(handle.connection(), journal, name).await?)
}

/// Makes empty tables in place with checkpoints at 0, in one transaction.
async fn make_empty(
    store: &ReadStore,
    journal: &str,
    models: &[&'static Model],
) -> Result<(), FoldError> {
    let mut transaction = store.begin().await?;
    let tables = tables_of(models);
    models::make_tables(transaction.connection(), &tables, None).await?;
    models::index_tables(transaction.connection(), &tables, None).await?;
    for model in models {
        let nothing = Checkpoint { version: model.version, position: 0 };
        set_checkpoint(transaction.connection(), journal, model.name, nothing).await?;
    }
    analyst::grant(transaction.connection()).await?;
    transaction.commit().await?;
    Ok(())
}

/// An event that some models could not take in a rebuild.
#[derive(Clone, Debug)]
pub struct Failure {
    family: crate::folds::Family,
    /// Its position.
    pub position: u64,
    cause: String,
}

impl Failure {
    fn hits(&self, model: &Model) -> bool {
        model.families.contains(&self.family)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "position {}: {}", self.position, self.cause)
    }
}

/// Rebuilds some projections in one pass over the journal, and puts them in place. Those that an event
/// does not fit keep the tables they had; they are named by what is returned.
///
/// # Errors
/// [`FoldError`]: the live tables are as they were, and the next rebuild goes on from here.
pub async fn rebuild_models<F: Feed>(
    feed: &F,
    store: &ReadStore,
    models: &[&'static Model],
    progress: &(dyn Fn(Progress) + Sync),
    stop: &watch::Receiver<bool>,
) -> Result<Vec<Failure>, FoldError> {
    let lease = Lease::take(store, format!("{}/rebuild/models", feed.journal())).await?;
    let site = Site::open(store, "models").await?;
    let mut pass = Pass { feed, site: &site, lease: &lease, models, progress, stop };
    let (at, failures) = pass.run().await?;
    let built: Vec<_> = models
        .iter()
        .copied()
        .filter(|model| !failures.iter().any(|failure| failure.hits(model)))
        .collect();
    swap::models(feed, store, &site, &built, at, &failures).await?;
    site.remove().await?;
    lease.give_back().await;
    Ok(failures)
}

/// The lease of a rebuild: two processes must not build on one site.
pub(crate) struct Lease {
    store: ReadStore,
    key: String,
    holder: Uuid,
}

impl Lease {
    pub async fn take(store: &ReadStore, key: String) -> Result<Self, FoldError> {
        let lease = Self { store: store.clone(), key, holder: Uuid::now_v7() };
        // A process that was killed leaves its lease behind for a moment.
        let until = tokio::time::Instant::now() + lease::TERM + lease::TERM;
        while !lease.renew().await? {
            if tokio::time::Instant::now() > until {
                return Err(FoldError::Unavailable("another process is rebuilding".into()));
            }
            tokio::time::sleep(lease::TERM / 6).await;
        }
        Ok(lease)
    }

    pub async fn renew(&self) -> Result<bool, FoldError> {
        let mut handle = self.store.connection().await?;
        Ok(lease::take(handle.connection(), &self.key, self.holder).await?)
    }

    /// Renews it, or fails when another has taken it over.
    pub async fn keep(&self) -> Result<(), FoldError> {
        if self.renew().await? {
            return Ok(());
        }
        Err(FoldError::Unavailable("another process has taken the rebuild over".into()))
    }

    pub async fn give_back(self) {
        if let Ok(mut handle) = self.store.connection().await {
            // If this fails, the lease runs out.
            let _ = lease::give_back(handle.connection(), &self.key, self.holder).await;
        }
    }
}
