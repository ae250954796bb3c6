//! Rebuilding a projection that must see the events in the journal's order: that of identities, where a pair
//! of likely duplicates is found when the later of the two is told, among exactly those told before.
//!
//! Much slower than a pass stream by stream ([`super::pass`]), since each batch is a transaction of rows that
//! are found again; it is kept apart because it shares neither order, nor place, nor folds with it.

use tokio::sync::watch;
use uuid::Uuid;

use super::progress::RebuildProgress;
use super::site::Site;
use super::swap;
use crate::checkpoint::{self, Checkpoint};
use crate::feed::HistoryMark;
use crate::lease::Lease;
use crate::{Feed, FoldError, Projection, ReadStore};

/// Events of one transaction: its cost is shared, and nobody reads the site meanwhile.
const BATCH: u32 = 2_000;

/// Rebuilds a projection beside its live tables, and puts the new ones in place.
///
/// # Errors
/// [`FoldError`]: the live tables are as they were, and the next rebuild goes on from here.
pub async fn rebuild_projection<F: Feed, P: Projection>(
    feed: &F,
    store: &ReadStore,
    projection: &P,
    progress: &(dyn Fn(RebuildProgress) + Sync),
    stop: &watch::Receiver<bool>,
) -> Result<(), FoldError> {
    let key = format!("{}/rebuild/{}", feed.journal(), projection.name());
    let lease = Lease::take(store, key).await?;
    let mut site = Site::open(store, projection.name()).await?;
    // What a killed rebuild left under a key that is no longer in force begins anew.
    let form = (projection.version(), projection.index_key().await?);
    let mut at = match find(&site, feed, projection).await? {
        Some(found)
            if (found.version, found.index_key) == form && found.mark().is_of(feed).await? =>
        {
            found
        }
        found => {
            if found.is_some() {
                site = site.clear().await?;
            }
            begin(&site, feed, projection, form).await?
        }
    };
    while *stop.borrow() || take(&site, feed, projection, &mut at).await? {
        if *stop.borrow() {
            return Err(FoldError::Unavailable("told to stop".into()));
        }
        lease.check()?;
        let total = feed.head().await.map_err(FoldError::Unavailable)?;
        progress(RebuildProgress { done: at.position.get(), total: total.get() });
    }
    swap::projection(feed, store, &site, projection, at).await?;
    site.remove().await?;
    lease.give_back().await;
    Ok(())
}

async fn find<F: Feed, P: Projection>(
    site: &Site,
    feed: &F,
    projection: &P,
) -> Result<Option<Checkpoint>, FoldError> {
    let mut handle = site.store.connection().await?;
    Ok(checkpoint::find(handle.connection(), feed.journal(), projection.name()).await?)
}

async fn begin<F: Feed, P: Projection>(
    site: &Site,
    feed: &F,
    projection: &P,
    (version, index_key): (u32, Option<Uuid>),
) -> Result<Checkpoint, FoldError> {
    let mut transaction = site.store.begin().await?;
    for (table, live) in projection.tables() {
        let statement = match site.schema() {
            Some(schema) => like(&schema, live, table),
            // The migrations have made it.
            None => format!("DELETE FROM {table}"),
        };
        transaction.connection().run(&statement).await?;
    }
    let (name, form) = (projection.name(), (version, index_key));
    checkpoint::make(transaction.connection(), feed.journal(), name, form).await?;
    transaction.commit().await?;
    Ok(Checkpoint { index_key, ..Checkpoint::unkeyed(version, HistoryMark::default()) })
}

/// Makes a table as the live one is. What `LIKE` leaves out is which columns the planner must take no
/// samples of: tokens would outlive an erasure there.
fn like(schema: &str, live: &str, table: &str) -> String {
    format!(
        "DROP TABLE IF EXISTS {schema}.{table};
         CREATE TABLE {schema}.{table} (LIKE {live}.{table} INCLUDING ALL);
         DO $$ DECLARE kept record; BEGIN
           FOR kept IN SELECT attname, attstattarget FROM pg_attribute
                WHERE attrelid = '{live}.{table}'::regclass AND attnum > 0 AND attstattarget >= 0
           LOOP EXECUTE format('ALTER TABLE {schema}.{table} ALTER COLUMN %I SET STATISTICS %s',
                               kept.attname, kept.attstattarget);
           END LOOP;
         END $$"
    )
}

/// Takes the next batch, with its checkpoint, in one transaction; false when there was no full one.
pub(super) async fn take<F: Feed, P: Projection>(
    site: &Site,
    feed: &F,
    projection: &P,
    at: &mut Checkpoint,
) -> Result<bool, FoldError> {
    let batch = feed.read(at.position, BATCH).await.map_err(FoldError::Unavailable)?;
    let Some(last) = batch.last() else { return Ok(false) };
    let to = at.moved(last.mark());
    let mut transaction = site.store.begin().await?;
    let name = (feed.journal(), projection.name());
    if !checkpoint::advance(transaction.connection(), name, *at, to).await? {
        return Err(FoldError::Unavailable("another process builds on this site".into()));
    }
    projection.apply(&batch, &mut transaction).await?;
    transaction.commit().await?;
    *at = to;
    Ok(batch.len() == BATCH as usize)
}
