//! One pass over the journal, stream by stream, and what was recorded since.
//!
//! This is for projections whose rows depend on one stream each: all of them are built in one reading, in the
//! order of streams, and each stream's fold is held only while it is read. What must see the journal's own
//! order cannot be built so; it has a loop of its own ([`super::in_order`]), with one checkpoint and nothing
//! folded. The two share site, lease and swap, and no more would be honest: here a build goes on after a
//! stream and a poisoned family, there after a position.

use std::collections::VecDeque;
use std::num::NonZero;
use std::thread;

use tokio::sync::{mpsc, watch};

use super::build::Build;
use super::folding::{FoldingSegment, failure, fold_segment, read_segments};
use super::indexing;
use super::lot::Lot;
use super::progress::{Failure, Lots, RebuildProgress};
use super::site::Site;
use super::writing::Writing;
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

    /// Reads ahead, folds on every core, and writes behind: all go on at the same time.
    async fn fold_streams(&mut self) -> Result<(), FoldError> {
        let (segments, mut read) = mpsc::channel::<Result<Vec<FeedEvent>, FoldError>>(1);
        let (after, page) = (self.build.after.clone(), (self.build.head.position, self.lots.page));
        let reader = tokio::spawn(read_segments(self.feed.clone(), after, page, segments));
        let mut writing = Writing::begin(self.site, self.models, self.build.clone());
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let mut idle: Vec<Folds> = (0..cores).map(|_| Folds::default()).collect();
        let mut folding: VecDeque<FoldingSegment> = VecDeque::new();
        let mut gathered: Option<Lot> = None;
        loop {
            let segment = read.recv().await.transpose()?;
            let is_end = segment.is_none();
            if let Some(events) = segment {
                let mut folds = idle.pop().unwrap_or_default();
                for failure in writing.failures() {
                    folds.poison(failure.family);
                }
                let is_postgres = self.site.store.is_postgres();
                folding.push_back(fold_segment(self.feed.clone(), folds, events, is_postgres));
            }
            // In the order of the streams: a build goes on after the last of them that is written.
            while folding.len() >= cores || (is_end && !folding.is_empty()) {
                let Some(first) = folding.pop_front() else { break };
                let (folds, lot) =
                    first.await.map_err(|lost| FoldError::Unavailable(lost.into()))?;
                idle.push(folds);
                match &mut gathered {
                    Some(gathered) => gathered.add(lot?),
                    None => gathered = Some(lot?),
                }
                if gathered.as_ref().is_some_and(|lot| lot.row_count() >= self.lots.rows) {
                    self.write(&mut writing, gathered.take()).await?;
                }
            }
            if is_end {
                break;
            }
        }
        // A reader that panicked has told nothing of it.
        reader.await.map_err(|lost| FoldError::Unavailable(lost.into()))?;
        self.write(&mut writing, gathered).await?;
        self.build = writing.end().await?;
        Ok(())
    }

    async fn write(&self, writing: &mut Writing, lot: Option<Lot>) -> Result<(), FoldError> {
        let Some(lot) = lot else { return Ok(()) };
        if *self.stop.borrow() {
            return Err(FoldError::Unavailable("told to stop".into()));
        }
        self.lease.check()?;
        let done = writing.take(lot).await?;
        (self.progress)(RebuildProgress { done, total: self.build.head.position.get() });
        Ok(())
    }

    /// Indexes what was written, and marks the build as complete.
    ///
    /// On `PostgreSQL` each index is made in a transaction of its own, several at a time, and those that a killed build
    /// has made are there; the build counts as complete with the last transaction alone.
    async fn complete(&mut self) -> Result<(), FoldError> {
        let (tables, schema) = (tables_of(self.models), self.site.schema());
        if let Some(schema) = &schema {
            indexing::index_tables(&self.site.store, &tables, schema).await?;
            self.lease.check()?;
        }
        let mut transaction = self.site.store.begin().await?;
        self.build.complete = true;
        self.build.advance(transaction.connection(), &self.build.after).await?;
        if schema.is_none() {
            models::index_tables(transaction.connection(), &tables, None).await?;
        }
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
