//! One pass over the journal, stream by stream.

use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::site::Site;
use super::{Failure, Lease, Progress};
use crate::changes::Changes;
use crate::folds::{Folds, Poison};
use crate::models::{self, Model};
use crate::runner::pack::{self, tables_of};
use crate::runner::{Checkpoint, set_checkpoint};
use crate::table::TABLES;
use crate::{Feed, FeedEvent, FoldError, StreamPlace, on_read};

/// Events of one reading.
const PAGE: u32 = 5_000;
/// Rows gathered before they are written: with two such lots under way, and two pages, a rebuild keeps
/// some 60 MB, and the rows of its longest stream.
const ROWS: usize = 25_000;
/// Events of one transaction once the pass is over.
const BATCH: u32 = 2_000;

/// A pass under way.
pub(super) struct Pass<'a, F> {
    pub feed: &'a F,
    pub site: &'a Site,
    pub lease: &'a Lease,
    pub models: &'a [&'static Model],
    pub progress: &'a (dyn Fn(Progress) + Sync),
    pub stop: &'a watch::Receiver<bool>,
}

/// How far a build has come, as stored on its site.
#[derive(Clone, Debug)]
struct Build {
    head: u64,
    after: StreamPlace,
    events: u64,
    complete: bool,
}

/// Rows to be written, with the place that they lead to.
struct Lot {
    changes: Changes,
    after: StreamPlace,
    events: u64,
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl<F: Feed> Pass<'_, F> {
    /// Builds every table on the site, up to nearly the journal's head. Returns the position, and the
    /// events that could not be taken.
    pub async fn run(&mut self) -> Result<(u64, Vec<Failure>), FoldError> {
        let (mut build, mut failures) = (self.begin().await?, Vec::new());
        if !build.complete {
            failures = self.fold_streams(&mut build).await?;
            self.complete(&build).await?;
        }
        let mut at = build.head;
        self.catch_up(&mut at, &mut failures).await?;
        Ok((at, failures))
    }

    /// What is built, in which versions: a build of another kind is not gone on with.
    fn built(&self) -> String {
        let names = self.models.iter().map(|model| format!("{}@{}", model.name, model.version));
        names.collect::<Vec<_>>().join(",")
    }

    async fn begin(&self) -> Result<Build, FoldError> {
        if let Some(found) = self.find_build().await? {
            tracing::info!(events = found.events, "a rebuild goes on where it was left");
            return Ok(found);
        }
        let head = self.feed.head().await.map_err(FoldError::Unavailable)?;
        let build = Build { head, after: StreamPlace::default(), events: 0, complete: false };
        let mut transaction = self.site.store.begin().await?;
        let tables = tables_of(self.models);
        let schema = self.site.schema();
        models::make_tables(transaction.connection(), &tables, schema.as_deref()).await?;
        transaction.connection().run("DELETE FROM projection_builds").await?;
        on_read!(transaction.connection(), db => {
            sqlx::query(
                "INSERT INTO projection_builds (journal, built, head, after, events, complete)
                 VALUES ($1, $2, $3, '', 0, false)",
            )
            .bind(self.feed.journal())
            .bind(self.built())
            .bind(signed(head))
            .execute(db)
            .await
            .map(drop)
        })?;
        transaction.commit().await?;
        Ok(build)
    }

    async fn find_build(&self) -> Result<Option<Build>, FoldError> {
        let mut handle = self.site.store.connection().await?;
        let found: Option<(i64, String, i64, bool)> = on_read!(handle.connection(), db => {
            sqlx::query_as(
                "SELECT head, after, events, complete FROM projection_builds
                  WHERE journal = $1 AND built = $2",
            )
            .bind(self.feed.journal())
            .bind(self.built())
            .fetch_optional(db)
            .await
        })?;
        let Some((head, after, events, complete)) = found else { return Ok(None) };
        let mut parts = after.split(' ');
        let after = StreamPlace {
            aggregate_type: parts.next().unwrap_or_default().to_owned(),
            aggregate_id: parts.next().unwrap_or_default().to_owned(),
            // Whole streams are written: what follows comes after the last event of that one.
            sequence: u64::try_from(i64::MAX).unwrap_or_default(),
        };
        let (head, events) = (head.unsigned_abs(), events.unsigned_abs());
        Ok(Some(Build { head, after, events, complete }))
    }

    /// Reads ahead, folds, and writes behind: the three go on at the same time.
    async fn fold_streams(&self, build: &mut Build) -> Result<Vec<Failure>, FoldError> {
        let (pages, mut read) = mpsc::channel::<Result<Vec<FeedEvent>, FoldError>>(2);
        let reader =
            tokio::spawn(read_pages(self.feed.clone(), build.after.clone(), build.head, pages));
        let (lots, to_write) = mpsc::channel::<Lot>(1);
        let folded = async {
            let mut folding = Folding::new(build.events);
            while let Some(page) = read.recv().await {
                for event in &page? {
                    if let Some(lot) = folding.take(event, self.feed).await? {
                        self.send(&lots, lot).await?;
                    }
                }
            }
            let lot = folding.end(self.feed).await?;
            self.send(&lots, lot).await?;
            drop(lots);
            Ok::<_, FoldError>(folding.failures)
        };
        let written = self.write_lots(to_write, build.head);
        let (failures, written) = tokio::join!(folded, written);
        reader.abort();
        build.events = written?;
        failures
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
    async fn write_lots(&self, mut lots: mpsc::Receiver<Lot>, head: u64) -> Result<u64, FoldError> {
        let mut events = 0;
        while let Some(lot) = lots.recv().await {
            let mut transaction = self.site.store.begin().await?;
            let tables = self.models.iter().flat_map(|model| model.tables());
            crate::write::write(transaction.connection(), tables, &lot.changes).await?;
            let after = format!("{} {}", lot.after.aggregate_type, lot.after.aggregate_id);
            on_read!(transaction.connection(), db => {
                sqlx::query("UPDATE projection_builds SET after = $1, events = $2 WHERE journal = $3")
                    .bind(after)
                    .bind(signed(lot.events))
                    .bind(self.feed.journal())
                    .execute(db)
                    .await
                    .map(drop)
            })?;
            transaction.commit().await?;
            events = lot.events;
            self.lease.keep().await?;
            (self.progress)(Progress { done: events, total: head });
        }
        Ok(events)
    }

    /// Indexes what was written, and marks the build as complete, in one transaction.
    async fn complete(&self, build: &Build) -> Result<(), FoldError> {
        let mut transaction = self.site.store.begin().await?;
        let (tables, schema) = (tables_of(self.models), self.site.schema());
        models::index_tables(transaction.connection(), &tables, schema.as_deref()).await?;
        for model in self.models {
            let at = Checkpoint { version: model.version, position: build.head };
            set_checkpoint(transaction.connection(), self.feed.journal(), model.name, at).await?;
        }
        on_read!(transaction.connection(), db => {
            sqlx::query("UPDATE projection_builds SET complete = true WHERE journal = $1")
                .bind(self.feed.journal())
                .execute(db)
                .await
                .map(drop)
        })?;
        transaction.commit().await?;
        Ok(())
    }

    /// Takes what was recorded since, until little is left.
    async fn catch_up(&self, at: &mut u64, failures: &mut Vec<Failure>) -> Result<(), FoldError> {
        let mut folds = Folds::default();
        while catch_up_once(self.feed, self.site, self.models, &mut folds, at, failures).await? {
            self.lease.keep().await?;
            if *self.stop.borrow() {
                return Err(FoldError::Unavailable("told to stop".into()));
            }
        }
        Ok(())
    }
}

/// Takes the next batch on a site; false when there was no full one.
pub(super) async fn catch_up_once<F: Feed>(
    feed: &F,
    site: &Site,
    models: &[&'static Model],
    folds: &mut Folds,
    at: &mut u64,
    failures: &mut Vec<Failure>,
) -> Result<bool, FoldError> {
    let batch = feed.read(*at, BATCH).await.map_err(FoldError::Unavailable)?;
    for failure in failures.iter() {
        folds.poison(failure.family);
    }
    folds.load(feed, &batch, *at).await?;
    let (mut changes, taken, poison) = folds.take_all(&batch);
    if let Some(poison) = poison {
        failures.push(failure(&batch[taken], &poison));
    }
    let Some(last) = batch[..taken].last() else { return Ok(!batch.is_empty()) };
    folds.load_rules(feed).await?;
    folds.show(&mut changes);
    if !pack::write(feed, &site.store, models, (*at, last.position), &changes).await? {
        return Err(FoldError::Unavailable("another process builds on this site".into()));
    }
    folds.settle();
    *at = last.position;
    Ok(batch.len() == BATCH as usize || taken < batch.len())
}

fn failure(event: &FeedEvent, poison: &Poison) -> Failure {
    let cause = poison.cause.to_string();
    tracing::error!(position = event.position, cause, "an event does not fit the read models");
    Failure { family: poison.family, position: event.position, cause }
}

async fn read_pages<F: Feed>(
    feed: F,
    mut after: StreamPlace,
    head: u64,
    pages: mpsc::Sender<Result<Vec<FeedEvent>, FoldError>>,
) {
    loop {
        let page = feed.read_by_stream(&after, head, PAGE).await;
        let page = page.map_err(FoldError::Unavailable);
        let is_last = page.as_ref().map_or(true, |page| page.len() < PAGE as usize);
        if let Ok(Some(last)) = page.as_ref().map(|page| page.last()) {
            after.aggregate_type.clone_from(&last.aggregate_type);
            after.aggregate_id = last.aggregate_id.to_string();
            after.sequence = last.sequence;
        }
        // The receiver is gone when the build has failed.
        if pages.send(page).await.is_err() || is_last {
            return;
        }
    }
}

/// Streams being folded one after the other.
struct Folding {
    folds: Folds,
    changes: Changes,
    stream: Option<(String, Uuid)>,
    events: u64,
    failures: Vec<Failure>,
}

impl Folding {
    fn new(events: u64) -> Self {
        let (folds, changes) = (Folds::default(), Changes::default());
        Self { folds, changes, stream: None, events, failures: Vec::new() }
    }

    /// Takes an event; between two streams there may be a lot to write.
    async fn take<F: Feed>(
        &mut self,
        event: &FeedEvent,
        feed: &F,
    ) -> Result<Option<Lot>, FoldError> {
        let same = self
            .stream
            .as_ref()
            .is_some_and(|(kind, id)| *id == event.aggregate_id && *kind == event.aggregate_type);
        let mut lot = None;
        if !same {
            self.end_stream(feed).await?;
            if self.changes.row_count() >= ROWS {
                lot = Some(self.lot());
            }
            self.stream = Some((event.aggregate_type.clone(), event.aggregate_id));
        }
        if let Err(poison) = self.folds.take_logged(event, &mut self.changes)
            && !self.failures.iter().any(|known| known.family == poison.family)
        {
            self.folds.poison(poison.family);
            self.failures.push(failure(event, &poison));
        }
        self.events += 1;
        Ok(lot)
    }

    async fn end_stream<F: Feed>(&mut self, feed: &F) -> Result<(), FoldError> {
        self.folds.load_rules(feed).await?;
        self.folds.show(&mut self.changes);
        self.folds.clear();
        Ok(())
    }

    async fn end<F: Feed>(&mut self, feed: &F) -> Result<Lot, FoldError> {
        self.end_stream(feed).await?;
        Ok(self.lot())
    }

    fn lot(&mut self) -> Lot {
        let mut changes = std::mem::take(&mut self.changes);
        // Nothing stands in new tables yet.
        for table in TABLES {
            changes.of_mut(table.id).dropped.clear();
        }
        let (aggregate_type, id) = self.stream.clone().unwrap_or_default();
        let after = StreamPlace {
            aggregate_type,
            aggregate_id: if id.is_nil() { String::new() } else { id.to_string() },
            sequence: u64::try_from(i64::MAX).unwrap_or_default(),
        };
        Lot { changes, after, events: self.events }
    }
}
