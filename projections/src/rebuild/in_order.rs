//! Rebuilding a projection that must see the events in the journal's order: that of identities, where a pair
//! of likely duplicates is found when the later of the two is told, among exactly those told before.
//!
//! It is built at once where the projection knows how to ([`super::whole`]), and what was recorded meanwhile is taken
//! in batches, each a transaction of rows that are found again. It is kept apart from the pass stream by stream
//! ([`super::pass`]) because it shares neither order, nor place, nor folds with it.

use sira_numbers::Position;
use tokio::sync::watch;
use uuid::Uuid;

use super::progress::RebuildProgress;
use super::site::Site;
use super::swap;
use super::whole::{BuildMark, WholeBuild};
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
    // What a killed rebuild left under a key that is no longer in force begins anew, and so does a build that had
    // not come to its end: its tables hold nothing, or a part.
    let form = (projection.version(), projection.index_key().await?);
    let mut at = match find(&site, feed, projection).await? {
        Some(found)
            if (found.version, found.index_key) == form
                && found.position > Position::START
                && found.mark().is_of(feed).await? =>
        {
            found
        }
        found => {
            if found.is_some() {
                site = site.clear().await?;
            }
            build((feed, &site, &lease), projection, form, progress, stop).await?
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

/// Makes the tables, and builds them at once if the projection can be built so; where they stand then.
async fn build<F: Feed, P: Projection>(
    (feed, site, lease): (&F, &Site, &Lease),
    projection: &P,
    form: (u32, Option<Uuid>),
    progress: &(dyn Fn(RebuildProgress) + Sync),
    stop: &watch::Receiver<bool>,
) -> Result<Checkpoint, FoldError> {
    let mark = BuildMark::new();
    begin(site, feed, projection, form, mark).await?;
    let (version, index_key) = form;
    let position = feed.head().await.map_err(FoldError::Unavailable)?;
    let leaf = feed.leaf(position).await.map_err(FoldError::Unavailable)?;
    let head = HistoryMark { position, leaf };
    let name = (feed.journal(), projection.name());
    let whole = WholeBuild { site, lease, name, mark, progress, stop, index_key, head };
    if position > Position::START && projection.build(&whole).await? {
        return whole.finish(projection).await;
    }
    Ok(Checkpoint { index_key, ..Checkpoint::unkeyed(version, HistoryMark::default()) })
}

/// Makes empty tables on the site, with a checkpoint at the start that bears the mark of this build.
async fn begin<F: Feed, P: Projection>(
    site: &Site,
    feed: &F,
    projection: &P,
    form: (u32, Option<Uuid>),
    mark: BuildMark,
) -> Result<(), FoldError> {
    let mut transaction = site.store.begin().await?;
    for (table, live) in projection.tables() {
        let statement = match site.schema() {
            Some(schema) => like(&schema, live, table),
            // The migrations have made it.
            None => format!("DELETE FROM {table}"),
        };
        transaction.connection().run(&statement).await?;
    }
    let name = (feed.journal(), projection.name());
    checkpoint::make(transaction.connection(), name.0, name.1, form).await?;
    mark.leave(transaction.connection(), name).await?;
    transaction.commit().await?;
    Ok(())
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
