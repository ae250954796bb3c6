//! Lots being written: several at a time on `PostgreSQL`, and each after the one before.

use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::build::Build;
use super::lot::Lot;
use super::progress::Failure;
use super::site::Site;
use crate::models::{Model, tables_of};
use crate::store::ReadStore;
use crate::table::Table;
use crate::{FeedPlace, FoldError};

/// Lots that are written at a time: while one's rows are taken in, the next one's are sent.
const AT_A_TIME: usize = 2;

/// The writers under way. Dropped, they are given up: what was not committed is rolled back.
pub(super) struct Writing {
    store: ReadStore,
    tables: Vec<&'static Table>,
    /// Where the build stands once everything that was handed out is written.
    build: Build,
    /// Told when the last lot that was handed out is committed.
    before: Option<oneshot::Receiver<()>>,
    writers: JoinSet<Result<(), NotWritten>>,
}

/// Why a lot was not written.
enum NotWritten {
    Failed(FoldError),
    /// The one before it was not.
    Passed,
}

impl<E: Into<FoldError>> From<E> for NotWritten {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Writing {
    /// Goes on with a build.
    pub fn begin(site: &Site, models: &[&'static Model], build: Build) -> Self {
        let (store, tables) = (site.store.clone(), tables_of(models));
        Self { store, tables, build, before: None, writers: JoinSet::new() }
    }

    /// The events that did not fit.
    pub fn failures(&self) -> &[Failure] {
        &self.build.failures
    }

    /// Hands out a lot, once there is a writer for it; how many events lots were handed out of.
    pub async fn take(&mut self, lot: Lot) -> Result<u64, FoldError> {
        // A file takes one writer.
        let at_a_time = if self.store.is_postgres() { AT_A_TIME } else { 1 };
        while self.writers.len() >= at_a_time {
            self.one_ended().await?;
        }
        let from: FeedPlace = std::mem::replace(&mut self.build.after, lot.after.clone());
        self.build.events += lot.events;
        for failure in &lot.failures {
            if !self.build.failures.iter().any(|known| known.family == failure.family) {
                self.build.failures.push(failure.clone());
            }
        }
        let (committed, after) = oneshot::channel();
        let turn = (self.before.replace(after), committed);
        let (store, tables, to) = (self.store.clone(), self.tables.clone(), self.build.clone());
        self.writers.spawn(write(store, tables, lot, (from, to), turn));
        Ok(self.build.events)
    }

    async fn one_ended(&mut self) -> Result<(), FoldError> {
        let mut passed = false;
        while let Some(ended) = self.writers.join_next().await {
            match ended {
                Ok(Ok(())) if !passed => return Ok(()),
                Ok(Ok(())) => {}
                // The one before says why.
                Ok(Err(NotWritten::Passed)) => passed = true,
                Ok(Err(NotWritten::Failed(error))) => return Err(error),
                Err(lost) => return Err(FoldError::Unavailable(lost.into())),
            }
        }
        if passed {
            return Err(FoldError::Unavailable("the lot before was not written".into()));
        }
        Ok(())
    }

    /// Waits for every writer; the build as it stands.
    pub async fn end(mut self) -> Result<Build, FoldError> {
        while !self.writers.is_empty() {
            self.one_ended().await?;
        }
        Ok(self.build)
    }
}

/// Writes a lot with the place that it leads to, in one transaction: a build that is killed goes on after the last
/// lot that was committed. Rows that stand by themselves are copied while the lot before is; the place moves, and
/// what adds up to stored rows is written, when that is committed.
async fn write(
    store: ReadStore,
    tables: Vec<&'static Table>,
    mut lot: Lot,
    (from, to): (FeedPlace, Build),
    (before, committed): (Option<oneshot::Receiver<()>>, oneshot::Sender<()>),
) -> Result<(), NotWritten> {
    let mut transaction = store.begin().await?;
    if let crate::ReadConnection::Postgres(db) = transaction.connection() {
        lot.copy(db, &tables).await?;
    }
    if let Some(before) = before {
        before.await.map_err(|_| NotWritten::Passed)?;
    }
    to.advance(transaction.connection(), &from).await?;
    lot.write(transaction.connection(), &tables).await?;
    transaction.commit().await?;
    // Nobody waits any more when the build has failed, or ended.
    let _ = committed.send(());
    Ok(())
}
