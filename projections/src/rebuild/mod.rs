//! Rebuilding projections beside the live tables, and putting the new ones in their place.
//!
//! The new tables are made on a site of their own (a schema on `PostgreSQL`, a file on `SQLite`), so
//! neither readers nor the live runner notice. What is folded stream by stream is read in that order up
//! to the journal's head (`pass`), then the events since are taken as the live runner takes them, and
//! one transaction puts the tables in place with their checkpoints (`swap`). A build that is killed
//! goes on from its last commit; one of other versions begins anew.

mod build;
mod copied;
mod folding;
mod in_order;
mod indexes;
mod indexing;
mod lot;
mod pass;
mod progress;
mod site;
mod swap;
mod whole;
mod writing;

pub(crate) use copied::{BinaryRows, copy_rows};
use sira_numbers::Position;
use tokio::sync::watch;

pub use in_order::rebuild_projection;
pub use progress::{Failure, Lots, RebuildProgress};
pub use whole::WholeBuild;

use crate::checkpoint::{self, Checkpoint};
use crate::face;
use crate::feed::HistoryMark;
use crate::lease::Lease;
use crate::models::{self, Model, tables_of};
use crate::{Feed, FoldError, ReadStore};
use pass::Pass;
use site::Site;

/// Why rows are not gone on with whose event the journal does not have. The next start makes them anew.
pub(crate) const OTHER_HISTORY: &str = "its rows are of another history of the journal";
/// Journals up to this many events are simply fed from the start, where no table stands yet.
const FEW_EVENTS: u64 = 2_000;

/// Where a projection stands.
pub(crate) enum BuildState {
    /// Ready to go on from this position.
    At(Position),
    /// Its tables are not there, or of an older form.
    Stale,
    /// It must not run here.
    Unfit(String),
}

/// Says where each of some projections stands. Those that were never built get empty tables when the
/// journal is short: then they are fed from its start.
pub(crate) async fn bring_up<F: Feed>(
    feed: &F,
    store: &ReadStore,
    models: &[&'static Model],
) -> Result<Vec<(&'static Model, BuildState)>, FoldError> {
    let (mut standings, mut new) = (Vec::new(), Vec::new());
    for model in models {
        match find(store, feed.journal(), model.name).await? {
            None => new.push(*model),
            Some(found) => standings.push((*model, found)),
        }
    }
    // Read after the checkpoints: another runner may move both at this moment.
    let head = feed.head().await.map_err(FoldError::Unavailable)?;
    let mut states = Vec::with_capacity(models.len());
    for (model, found) in standings {
        let is_of_this = found.position > head || found.mark().is_of(feed).await?;
        let other = || BuildState::Unfit(OTHER_HISTORY.to_owned());
        states.push((model, if is_of_this { standing(model, found, head) } else { other() }));
    }
    let is_short = head.get() <= FEW_EVENTS;
    if is_short && !new.is_empty() {
        make_empty(store, feed.journal(), &new).await?;
    }
    let fresh = || if is_short { BuildState::At(Position::START) } else { BuildState::Stale };
    states.extend(new.into_iter().map(|model| (model, fresh())));
    Ok(states)
}

fn standing(model: &Model, found: Checkpoint, head: Position) -> BuildState {
    if found.version < model.version {
        BuildState::Stale
    } else if found.version > model.version {
        BuildState::Unfit("its rows were made by a newer program".to_owned())
    } else if found.position > head {
        BuildState::Unfit("it is ahead of the journal: the rows are another journal's".to_owned())
    } else {
        BuildState::At(found.position)
    }
}

async fn find(
    store: &ReadStore,
    journal: &str,
    name: &str,
) -> Result<Option<Checkpoint>, FoldError> {
    let mut handle = store.connection().await?;
    Ok(checkpoint::find(handle.connection(), journal, name).await?)
}

/// Makes empty tables in place with checkpoints at 0, in one transaction.
async fn make_empty(
    store: &ReadStore,
    journal: &str,
    models: &[&'static Model],
) -> Result<(), FoldError> {
    let mut transaction = store.begin().await?;
    let tables = tables_of(models);
    models::make_live(transaction.connection(), &tables).await?;
    for model in models {
        let nothing = Checkpoint::unkeyed(model.version, HistoryMark::default());
        checkpoint::set(transaction.connection(), journal, model.name, nothing).await?;
    }
    transaction.commit().await?;
    Ok(())
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
    progress: &(dyn Fn(RebuildProgress) + Sync),
    stop: &watch::Receiver<bool>,
) -> Result<Vec<Failure>, FoldError> {
    rebuild_in_lots(feed, store, models, Lots::default(), progress, stop).await
}

/// The same, in lots of a size of the caller's own.
///
/// # Errors
/// As [`rebuild_models`].
pub async fn rebuild_in_lots<F: Feed>(
    feed: &F,
    store: &ReadStore,
    models: &[&'static Model],
    lots: Lots,
    progress: &(dyn Fn(RebuildProgress) + Sync),
    stop: &watch::Receiver<bool>,
) -> Result<Vec<Failure>, FoldError> {
    let lease = Lease::take(store, format!("{}/rebuild/models", feed.journal())).await?;
    let site = Site::open(store, "models").await?;
    let mut pass = Pass::of((feed, &site, &lease), models, lots, progress, stop).await?;
    pass.run().await?;
    swap::models(store, &mut pass).await?;
    let failures = pass.failures().to_vec();
    site.remove().await?;
    // What analysts see follows. If it fails, whoever feeds the projections tries again.
    if let Err(error) = face::settle(store, feed.journal()).await {
        tracing::warn!(%error, "what analysts see does not show the new tables yet");
    }
    lease.give_back().await;
    Ok(failures)
}
