//! One pass over the journal, stream by stream, and what was recorded since.
//!
//! This is for projections whose rows depend on one stream each: all of them are built in one reading, in the
//! order of streams, and each stream's fold is held only while it is read. What must see the journal's own
//! order cannot be built so; it has a loop of its own ([`super::in_order`]), with one checkpoint and nothing
//! folded. The two share site, lease and swap, and no more would be honest: here a build goes on after a
//! stream and a poisoned family, there after a position.

use tokio::sync::{mpsc, watch};

use super::build::Build;
use super::folding::{Folding, Lot, failure, read_pages};
use super::progress::{Failure, Lots, RebuildProgress};
use super::site::Site;
use crate::checkpoint::{self, Checkpoint};
use crate::feed::HistoryMark;
use crate::folds::Folds;
use crate::lease::Lease;
use crate::models::{self, Model, tables_of};
use crate::write;
use crate::{Feed, FeedEvent, FeedPlace, FoldError};

/// Events of one transaction once the streams are written.
const BATCH: u32 = 2_000;

/// A pass under way.
pub(super) struct Pass<'a, F> {
    pub feed: &'a F,
    pub site: &'a Site,
    lease: &'a Lease,
    pub models: &'a [&'static Model],
    lots: Lots,
    progress: &'a (dyn Fn(RebuildProgress) + Sync),
    stop: &'a watch::Receiver<bool>,
    build: Build,
    folds: Folds,
    /// Every event up to here is in the rows, once the streams are written.
    pub at: HistoryMark,
}

impl<'a, F: Feed> Pass<'a, F> {
    /// Goes on with the build that stands on the site, or begins one.
    pub async fn of(
        (feed, site, lease): (&'a F, &'a Site, &'a Lease),
        models: &'a [&'static Model],
        lots: Lots,
        progress: &'a (dyn Fn(RebuildProgress) + Sync),
        stop: &'a watch::Receiver<bool>,
    ) -> Result<Self, FoldError> {
        let names = models.iter().map(|model| format!("{}@{}", model.name, model.version));
        let kind = names.collect::<Vec<_>>().join(",");
        let build = match Build::find(site, feed.journal(), &kind).await? {
            Some(found) if found.head.is_of(feed).await? => {
                tracing::info!(events = found.events, "a rebuild goes on where it was left");
                found
            }
            // One that was left of another history of the journal, too.
            _ => begin(feed, site, models, kind).await?,
        };
        let (at, folds) = (build.head, Folds::default());
        Ok(Self { feed, site, lease, models, lots, progress, stop, build, folds, at })
    }

    /// Events that did not fit.
    pub fn failures(&self) -> &[Failure] {
        &self.build.failures
    }

    /// The models that every event fitted.
    pub fn built(&self) -> Vec<&'static Model> {
        let fits = |model: &&&'static Model| !self.failures().iter().any(|one| one.hits(model));
        self.models.iter().filter(fits).copied().collect()
    }

    /// Builds every table on the site, up to nearly the journal's head.
    pub async fn run(&mut self) -> Result<(), FoldError> {
        if !self.build.complete {
            self.fold_streams().await?;
            self.complete().await?;
        }
        self.find_place().await?;
        self.catch_up().await
    }

    /// Where the site's tables stand: a build that was killed may have gone on past its streams.
    async fn find_place(&mut self) -> Result<(), FoldError> {
        let Some(model) = self.models.first() else { return Ok(()) };
        let mut handle = self.site.store.connection().await?;
        let found = checkpoint::find(handle.connection(), self.feed.journal(), model.name).await?;
        self.at = found.map_or(self.build.head, |found| found.mark());
        Ok(())
    }

    /// Reads ahead, folds, and writes behind: the three go on at the same time.
    async fn fold_streams(&mut self) -> Result<(), FoldError> {
        let (pages, mut read) = mpsc::channel::<Result<Vec<FeedEvent>, FoldError>>(2);
        let (after, head) = (self.build.after.clone(), self.build.head.position);
        let reader =
            tokio::spawn(read_pages(self.feed.clone(), after, (head, self.lots.page), pages));
        let (lots, to_write) = mpsc::channel::<Lot>(1);
        let build = self.build.clone();
        let folded = async {
            let lots = lots;
            let mut folding = Folding::after(&build, self.lots.rows);
            while let Some(page) = read.recv().await {
                for event in &page? {
                    if let Some(lot) = folding.take(event, self.feed).await? {
                        self.send(&lots, lot).await?;
                    }
                }
            }
            let lot = folding.end();
            self.send(&lots, lot).await
        };
        let (folded, written) = tokio::join!(folded, self.write_lots(to_write, build.clone()));
        reader.abort();
        self.build = written?;
        folded
    }

    async fn send(&self, lots: &mpsc::Sender<Lot>, lot: Lot) -> Result<(), FoldError> {
        if *self.stop.borrow() {
            return Err(FoldError::Unavailable("told to stop".into()));
        }
        // The writer has failed, and says why.
        lots.send(lot).await.map_err(|_| FoldError::Unavailable("the writer has stopped".into()))
    }

    /// Writes lots as they come, each with the place that it leads to, in one transaction: a build that
    /// is killed goes on after the last of them.
    async fn write_lots(
        &self,
        mut lots: mpsc::Receiver<Lot>,
        mut build: Build,
    ) -> Result<Build, FoldError> {
        while let Some(lot) = lots.recv().await {
            let from: FeedPlace = std::mem::replace(&mut build.after, lot.after);
            (build.events, build.failures) = (lot.events, lot.failures);
            let mut transaction = self.site.store.begin().await?;
            build.advance(transaction.connection(), &from).await?;
            let tables = self.models.iter().flat_map(|model| model.tables());
            write::write(transaction.connection(), tables, &lot.changes).await?;
            transaction.commit().await?;
            self.lease.check()?;
            (self.progress)(RebuildProgress {
                done: build.events,
                total: build.head.position.get(),
            });
        }
        Ok(build)
    }

    /// Indexes what was written, and marks the build as complete, in one transaction.
    async fn complete(&mut self) -> Result<(), FoldError> {
        let mut transaction = self.site.store.begin().await?;
        let (tables, schema) = (tables_of(self.models), self.site.schema());
        self.build.complete = true;
        self.build.advance(transaction.connection(), &self.build.after).await?;
        models::index_tables(transaction.connection(), &tables, schema.as_deref()).await?;
        for model in self.models {
            let at = Checkpoint::unkeyed(model.version, self.build.head);
            checkpoint::set(transaction.connection(), self.feed.journal(), model.name, at).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Takes what was recorded since, until little is left.
    pub async fn catch_up(&mut self) -> Result<(), FoldError> {
        while self.catch_up_once().await? {
            self.lease.check()?;
            if *self.stop.borrow() {
                return Err(FoldError::Unavailable("told to stop".into()));
            }
            let done = self.at.position.get().max(self.build.events);
            (self.progress)(RebuildProgress { done, total: done + u64::from(BATCH) });
        }
        (self.progress)(RebuildProgress {
            done: self.at.position.get(),
            total: self.at.position.get(),
        });
        Ok(())
    }

    /// Takes the next batch; false when there was no full one.
    pub async fn catch_up_once(&mut self) -> Result<bool, FoldError> {
        let batch =
            self.feed.read(self.at.position, BATCH).await.map_err(FoldError::Unavailable)?;
        for failure in &self.build.failures {
            self.folds.poison(failure.family);
        }
        if let Some(poison) = self.folds.load(self.feed, &batch, self.at.position).await? {
            self.fail(failure(&poison)).await?;
            return Ok(true);
        }
        let (mut changes, taken, poison) = self.folds.take_all(&batch);
        if let Some(poison) = &poison {
            self.fail(failure(poison)).await?;
        }
        let Some(last) = batch[..taken].last() else { return Ok(!batch.is_empty()) };
        self.folds.show(&mut changes);
        let (store, places) = (&self.site.store, (self.at.position, last.mark()));
        if !write::write_batch(self.feed, store, self.models, places, &changes).await? {
            return Err(FoldError::Unavailable("another process builds on this site".into()));
        }
        self.folds.settle_and_make_room();
        self.at = last.mark();
        Ok(batch.len() == BATCH as usize || taken < batch.len())
    }

    /// An event does not fit: written down at once, since its tables lack rows from here on.
    async fn fail(&mut self, failure: Failure) -> Result<(), FoldError> {
        self.folds.poison(failure.family);
        self.build.failures.push(failure);
        let mut handle = self.site.store.connection().await?;
        Ok(self.build.note_failures(handle.connection()).await?)
    }
}

/// Makes empty tables on the site, and writes down what is built on it.
async fn begin<F: Feed>(
    feed: &F,
    site: &Site,
    models: &[&'static Model],
    kind: String,
) -> Result<Build, FoldError> {
    let position = feed.head().await.map_err(FoldError::Unavailable)?;
    let leaf = feed.leaf(position).await.map_err(FoldError::Unavailable)?;
    let head = HistoryMark { position, leaf };
    let build = Build {
        journal: feed.journal().to_owned(),
        built: kind,
        head,
        after: FeedPlace::default(),
        events: 0,
        complete: false,
        failures: Vec::new(),
    };
    let mut transaction = site.store.begin().await?;
    let (tables, schema) = (tables_of(models), site.schema());
    models::make_tables(transaction.connection(), &tables, schema.as_deref()).await?;
    build.put(transaction.connection()).await?;
    transaction.commit().await?;
    Ok(build)
}
