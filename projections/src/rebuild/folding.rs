//! Streams being read and folded one after the other.

use sira_numbers::Position;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::build::{Build, end_of};
use super::progress::Failure;
use crate::changes::Changes;
use crate::folds::{Folds, Poison};
use crate::table::TABLES;
use crate::{Feed, FeedEvent, FeedPlace, FoldError};

/// Rows to be written, with the place that they lead to.
pub(super) struct Lot {
    pub changes: Changes,
    pub after: FeedPlace,
    pub events: u64,
    pub failures: Vec<Failure>,
}

/// Reads every event up to a position after a place, in pages of a size.
pub(super) async fn read_pages<F: Feed>(
    feed: F,
    mut after: FeedPlace,
    (head, size): (Position, u32),
    pages: mpsc::Sender<Result<Vec<FeedEvent>, FoldError>>,
) {
    loop {
        let page = feed.read_by_stream(&after, head, size).await;
        let page = page.map_err(FoldError::Unavailable);
        let is_last = page.as_ref().map_or(true, |page| page.len() < size as usize);
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
pub(super) struct Folding {
    rows: usize,
    folds: Folds,
    changes: Changes,
    stream: Option<(String, Uuid)>,
    after: FeedPlace,
    events: u64,
    failures: Vec<Failure>,
}

impl Folding {
    /// Goes on where a build stands; hands out lots of so many rows.
    pub fn after(build: &Build, rows: usize) -> Self {
        let (mut folds, failures) = (Folds::default(), build.failures.clone());
        for failure in &failures {
            folds.poison(failure.family);
        }
        let (after, changes) = (build.after.clone(), Changes::default());
        Self { rows, folds, changes, stream: None, after, events: build.events, failures }
    }

    /// Takes an event; between two streams there may be a lot to write.
    pub async fn take<F: Feed>(
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
            self.end_stream();
            if self.changes.row_count() >= self.rows {
                lot = Some(self.lot());
            }
            self.stream = Some((event.aggregate_type.clone(), event.aggregate_id));
        }
        self.folds.learn(feed, std::slice::from_ref(event)).await?;
        if let Err(poison) = self.folds.take_logged(event, &mut self.changes) {
            self.folds.poison(poison.family);
            self.failures.push(failure(&poison));
            // What is not folded from its family still takes it.
            self.folds.take_logged(event, &mut self.changes).map_err(FoldError::from)?;
        }
        self.events += 1;
        Ok(lot)
    }

    fn end_stream(&mut self) {
        self.folds.show(&mut self.changes);
        self.folds.clear();
        if let Some((kind, id)) = &self.stream {
            self.after = end_of(kind, &id.to_string());
        }
    }

    /// Ends the last stream: what is left to write.
    pub fn end(&mut self) -> Lot {
        self.end_stream();
        self.lot()
    }

    fn lot(&mut self) -> Lot {
        let mut changes = std::mem::take(&mut self.changes);
        // Nothing stands in new tables yet.
        for table in TABLES {
            changes.of_mut(table.id).dropped.clear();
        }
        let (after, failures) = (self.after.clone(), self.failures.clone());
        Lot { changes, after, events: self.events, failures }
    }
}

/// An event that did not fit, for whoever shows it.
pub(super) fn failure(poison: &Poison) -> Failure {
    let cause = poison.cause.to_string();
    tracing::error!(
        position = poison.position.get(),
        cause,
        "an event does not fit the read models"
    );
    Failure { family: poison.family, position: poison.position, cause }
}
