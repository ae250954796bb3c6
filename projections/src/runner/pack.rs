//! The task that feeds every stream-folded projection: one reading, one fold, one transaction.
//!
//! Each projection has its own checkpoint. They move together; one that stops stays behind, and the
//! others go on. After a restart those that stand lowest are fed first, until they meet the next. Those
//! whose rows are of another form are rebuilt meanwhile, beside what readers have ([`super::build`]).

use std::sync::Arc;

use tokio::sync::watch;

use super::build::Build;
use super::checkpoint;
use super::feed::{Feed, FeedEvent, FoldError};
use super::task::{Pace, told};
use super::{ProjectionStatus, RunState};
use crate::changes::Changes;
use crate::folds::{Folds, Poison};
use crate::models::Model;
use crate::rebuild::{self, Standing};
use crate::table::Table;
use crate::{BoxError, ReadStore};

/// Events of one transaction: its cost is shared by twelve tables.
const BATCH: u32 = 2_000;

/// One projection of the pack.
pub(super) struct Member {
    pub model: &'static Model,
    pub status: watch::Sender<ProjectionStatus>,
    /// Where its checkpoint was when last seen.
    pub position: u64,
    pub stopped: bool,
    /// Whether its tables are there in this program's form; else they are being built.
    pub is_built: bool,
    /// Whether the stop still has to be written down.
    pub halted: Option<(Option<u64>, Arc<str>)>,
}

impl Member {
    /// Whether it takes events.
    fn runs(&self) -> bool {
        self.is_built && !self.stopped
    }
}

pub(super) struct PackTask<F> {
    pub feed: F,
    pub store: ReadStore,
    pub batch: u32,
    pub pace: Pace,
    pub members: Vec<Member>,
    pub folds: Folds,
    /// The rebuild under way.
    pub build: Option<Build>,
    /// The position that the folds stand at; none when they must be read anew.
    pub folds_at: Option<u64>,
    /// Whether the checkpoints were read since the last lost race.
    pub ready: bool,
    /// Events still taken one by one, to find the one that does not fit.
    pub singly: usize,
}

enum Step {
    Full,
    Idle,
    Stopped,
}

impl<F: Feed> PackTask<F> {
    pub async fn run(mut self) {
        while !self.pace.is_told() {
            if !self.pace.leads() {
                self.forget();
                self.follow().await;
                self.pace.follow().await;
                continue;
            }
            self.pace.mark();
            self.end_build().await;
            let step = self.step().await;
            self.note_halts().await;
            match step {
                Ok(Step::Full) => {}
                Ok(Step::Idle) => self.pace.rest().await,
                Ok(Step::Stopped) => {
                    told(self.pace.stop.clone()).await;
                    return;
                }
                Err(error) => {
                    self.forget();
                    for member in self.members.iter().filter(|member| member.runs()) {
                        member.status.send_modify(|status| status.state = RunState::Retrying);
                    }
                    self.pace.wait_after("read models", &error).await;
                }
            }
        }
    }

    /// Writes down which projections have stopped, for `sira projections list`. If that fails, the
    /// status and the log of this process say it all the same.
    async fn note_halts(&mut self) {
        for member in &mut self.members {
            let Some((position, cause)) = member.halted.take() else { continue };
            let name = (self.feed.journal(), member.model.name);
            if let Ok(mut handle) = self.store.connection().await {
                let _ = checkpoint::halt(handle.connection(), name, Some((position, &cause))).await;
            }
        }
    }

    /// What is known may be another's by now.
    fn forget(&mut self) {
        self.ready = false;
        self.folds.clear();
        self.folds_at = None;
    }

    /// Another process feeds: says how far it has come.
    async fn follow(&mut self) {
        for member in &mut self.members {
            if let Ok(position) = self.store.position(self.feed.journal(), member.model.name).await
            {
                member.position = position;
                if member.runs() {
                    show(member, position);
                }
            }
        }
    }

    /// Reads the checkpoints, and begins to rebuild what this program reads in another form.
    async fn begin(&mut self) -> Result<(), FoldError> {
        let running = self.members.iter().filter(|member| member.runs());
        let models: Vec<_> = running.map(|member| member.model).collect();
        let found = rebuild::bring_up(&self.feed, &self.store, &models).await?;
        for (model, standing) in found {
            let Some(member) = self.members.iter_mut().find(|one| one.model.name == model.name)
            else {
                continue;
            };
            match standing {
                Standing::At(position) => {
                    member.position = position;
                    show(member, position);
                    let name = (self.feed.journal(), model.name);
                    let mut handle = self.store.connection().await?;
                    checkpoint::halt(handle.connection(), name, None).await?;
                }
                Standing::Unfit(cause) => stop(member, None, &cause.into()),
                Standing::Stale => {
                    member.is_built = false;
                    member.status.send_modify(|status| status.state = RunState::Rebuilding);
                }
            }
        }
        self.begin_build();
        self.ready = true;
        Ok(())
    }

    /// One rebuild at a time: all that is stale by now, in one pass.
    fn begin_build(&mut self) {
        let stale = self.members.iter().filter(|member| !member.is_built && !member.stopped);
        let stale: Vec<_> = stale.map(|member| member.model).collect();
        if self.build.is_none() && !stale.is_empty() {
            let (feed, store) = (self.feed.clone(), self.store.clone());
            self.build = Some(Build::begin(feed, store, stale, self.pace.stop.clone()));
        }
    }

    /// Looks whether the rebuild under way has ended: its projections are fed with the others from then
    /// on, but for those that an event did not fit.
    async fn end_build(&mut self) {
        let Some(build) = self.build.take_if(|build| build.has_ended()) else { return };
        self.ready = false;
        let ended = build.end().await;
        if let Err(error) = &ended {
            self.pace.wait_after("rebuild", error).await;
        }
        for member in self.members.iter_mut().filter(|member| !member.is_built) {
            member.is_built = true;
            let failures = ended.iter().flatten();
            if let Some(failure) = failures.into_iter().find(|failure| failure.hits(member.model)) {
                stop(member, Some(failure.position), &failure.to_string().into());
            }
        }
    }

    async fn step(&mut self) -> Result<Step, FoldError> {
        if !self.ready {
            self.begin().await?;
        }
        let running = || self.members.iter().filter(|member| member.runs());
        let Some(from) = running().map(|member| member.position).min() else {
            return Ok(if self.build.is_some() { Step::Idle } else { Step::Stopped });
        };
        let ceiling = running().map(|member| member.position).filter(|at| *at > from).min();
        if self.folds_at != Some(from) {
            self.folds.clear();
            self.folds_at = Some(from);
        }
        let most = if self.singly > 0 { 1 } else { self.batch.min(BATCH) };
        let room =
            ceiling.map_or(most, |ceiling| u32::try_from(ceiling - from).unwrap_or(u32::MAX));
        let limit = most.min(room);
        let batch = self.feed.read(from, limit).await.map_err(FoldError::Unavailable)?;
        if batch.is_empty() {
            for member in self.members.iter().filter(|member| member.runs()) {
                show(member, member.position);
            }
            return Ok(Step::Idle);
        }
        let was_full = batch.len() == limit as usize;
        self.take(from, &batch).await?;
        Ok(if was_full || !self.ready { Step::Full } else { Step::Idle })
    }

    async fn take(&mut self, from: u64, batch: &[FeedEvent]) -> Result<(), FoldError> {
        if let Some(poison) = self.folds.load(&self.feed, batch, from).await? {
            self.stop_family(&poison);
            return Ok(());
        }
        let (mut changes, taken, poison) = self.folds.take_all(batch);
        let Some(last) = batch[..taken].last() else {
            if let Some(poison) = &poison {
                self.stop_family(poison);
            }
            return Ok(());
        };
        self.folds.load_rules(&self.feed).await?;
        self.folds.show(&mut changes);
        let changes = Arc::new(changes);
        let (to, single) = (last.position, taken == 1);
        match self.write_together(from, to, &changes).await {
            Ok(true) => {
                self.folds.settle_and_make_room();
                self.folds_at = Some(to);
                self.singly = self.singly.saturating_sub(taken);
                Ok(())
            }
            Ok(false) => {
                self.forget();
                Ok(())
            }
            Err(FoldError::Unfit(_)) if single => {
                self.write_apart(from, to, &changes).await?;
                self.folds_at = None;
                self.singly = self.singly.saturating_sub(1);
                Ok(())
            }
            Err(FoldError::Unfit(_)) => {
                self.singly = taken;
                self.folds_at = None;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// One batch of every projection that stands at `from`, one transaction. Durable when it returns
    /// true: the rows and the checkpoints. A crash or an error before that leaves all as it was.
    async fn write_together(
        &mut self,
        from: u64,
        to: u64,
        changes: &Arc<Changes>,
    ) -> Result<bool, FoldError> {
        let models: Vec<_> = self.at(from).map(|member| member.model).collect();
        let written = write(&self.feed, &self.store, models, (from, to), changes).await?;
        if written {
            for member in &mut self.members {
                if member.runs() && member.position == from {
                    member.position = to;
                    show(member, to);
                }
            }
        }
        Ok(written)
    }

    /// One event that some projection cannot take: each in its own transaction, and those that fail
    /// stop.
    async fn write_apart(
        &mut self,
        from: u64,
        to: u64,
        changes: &Arc<Changes>,
    ) -> Result<(), FoldError> {
        let models: Vec<_> = self.at(from).map(|member| member.model).collect();
        for model in models {
            let written = write(&self.feed, &self.store, vec![model], (from, to), changes).await;
            let Some(member) = self.members.iter_mut().find(|one| one.model.name == model.name)
            else {
                continue;
            };
            match written {
                Ok(true) => {
                    member.position = to;
                    show(member, to);
                }
                Ok(false) => self.ready = false,
                Err(FoldError::Unfit(cause)) => stop(member, Some(to), &cause),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn at(&self, position: u64) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |one| one.runs() && one.position == position)
    }

    /// An event cannot be taken: everything that is folded from its family stops before it. What is
    /// ahead of it already, by an older program's work, cannot go on from it either.
    fn stop_family(&mut self, poison: &Poison) {
        self.folds.poison(poison.family);
        self.folds.clear();
        self.folds_at = None;
        let hit = self.members.iter_mut().filter(|member| member.runs());
        for member in hit.filter(|member| member.model.families.contains(&poison.family)) {
            stop(member, Some(poison.position), &poison.cause);
        }
    }
}

/// Writes what changes in the tables of some projections, and moves their checkpoints, in one
/// transaction; false when another runner was first.
///
/// In a task of its own: a runner that is dropped must not cut a `COPY` off, whose connection would
/// answer the next who takes it from the pool with what is left of it.
pub(crate) async fn write<F: Feed>(
    feed: &F,
    store: &ReadStore,
    models: Vec<&'static Model>,
    places: (u64, u64),
    changes: &Arc<Changes>,
) -> Result<bool, FoldError> {
    let (journal, store) = (feed.journal().to_owned(), store.clone());
    let changes = Arc::clone(changes);
    let written =
        tokio::spawn(async move { write_now(&journal, &store, &models, places, &changes).await });
    written.await.unwrap_or_else(|lost| Err(FoldError::Unavailable(lost.into())))
}

async fn write_now(
    journal: &str,
    store: &ReadStore,
    models: &[&'static Model],
    places: (u64, u64),
    changes: &Changes,
) -> Result<bool, FoldError> {
    let mut transaction = store.begin().await?;
    let versions: Vec<_> = models.iter().map(|model| (model.name, model.version)).collect();
    if !checkpoint::advance_all(transaction.connection(), journal, &versions, places).await? {
        transaction.rollback().await?;
        return Ok(false);
    }
    let tables = models.iter().flat_map(|model| model.tables());
    if let Err(error) = crate::write::write(transaction.connection(), tables, changes).await {
        // If the connection is gone, so is the transaction.
        let _ = transaction.rollback().await;
        return Err(error.into());
    }
    transaction.commit().await?;
    Ok(true)
}

fn show(member: &Member, position: u64) {
    member.status.send_if_modified(|status| {
        let changed = status.position != position || status.state != RunState::Live;
        (status.position, status.state) = (position, RunState::Live);
        changed
    });
}

fn stop(member: &mut Member, position: Option<u64>, cause: &BoxError) {
    let name = member.model.name;
    tracing::error!(projection = name, position, cause = %cause, "a projection has stopped");
    member.stopped = true;
    let cause: Arc<str> = Arc::from(cause.to_string());
    member.halted = Some((position, Arc::clone(&cause)));
    member.status.send_modify(|status| status.state = RunState::Stopped { position, cause });
}

/// Its tables, those of all models.
pub(crate) fn tables_of(models: &[&'static Model]) -> Vec<&'static Table> {
    models.iter().flat_map(|model| model.tables()).collect()
}
