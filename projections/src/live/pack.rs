//! The task that feeds every stream-folded projection: one reading, one fold, one transaction.
//!
//! Each projection has its own checkpoint. They move together; one that stops stays behind, and the
//! others go on. After a restart those that stand lowest are fed first, until they meet the next. Those
//! whose rows are of another form are rebuilt meanwhile, beside what readers have ([`super::build`]).

use std::sync::Arc;

use sira_numbers::{Position, at_most};
use tokio::sync::watch;

use super::build::Build;
use super::pace::Pace;
use super::run::{Step, Work};
use super::status::{ProjectionStatus, RunState};
use crate::changes::Changes;
use crate::feed::HistoryMark;
use crate::folds::{Folds, Poison};
use crate::models::Model;
use crate::rebuild::{self, BuildState};
use crate::write::write_batch;
use crate::{BoxError, Feed, FeedEvent, FoldError, ReadStore, checkpoint};

/// Events of one transaction: its cost is shared by all tables.
const BATCH: u32 = 2_000;

/// One projection of the pack.
pub(super) struct Member {
    pub model: &'static Model,
    pub status: watch::Sender<ProjectionStatus>,
    /// Where its checkpoint was when last seen.
    pub position: Position,
    pub stopped: bool,
    /// Whether its tables are there in this program's form; else they are being built.
    pub is_built: bool,
    /// Whether the stop still has to be written down.
    pub halted: Option<(Option<Position>, Arc<str>)>,
}

impl Member {
    /// Whether it takes events.
    fn runs(&self) -> bool {
        self.is_built && !self.stopped
    }
}

/// Every projection that is folded stream by stream.
pub(super) struct Pack<F> {
    pub feed: F,
    pub store: ReadStore,
    pub batch: u32,
    pub members: Vec<Member>,
    pub folds: Folds,
    /// The rebuild under way.
    pub build: Option<Build>,
    /// The position that the folds stand at; none when they must be read anew.
    pub folds_at: Option<Position>,
    /// Whether the checkpoints were read since the last lost race.
    pub ready: bool,
    /// Events still taken one by one, to find the one that does not fit.
    pub singly: usize,
}

impl<F: Feed> Work for Pack<F> {
    fn name(&self) -> &'static str {
        "read models"
    }

    async fn step(&mut self, pace: &mut Pace) -> Result<Step, FoldError> {
        self.end_build(pace).await;
        self.advance_by_a_batch(pace).await
    }

    /// If a stop cannot be written down, the status and the log of this process say it all the same.
    async fn note_halts(&mut self) {
        for member in &mut self.members {
            let Some((position, cause)) = member.halted.take() else { continue };
            let name = (self.feed.journal(), member.model.name);
            if let Ok(mut handle) = self.store.connection().await {
                let _ = checkpoint::halt(handle.connection(), name, Some((position, &cause))).await;
            }
        }
    }

    fn forget(&mut self) {
        self.ready = false;
        self.folds.clear();
        self.folds_at = None;
    }

    fn note_retrying(&mut self) {
        for member in self.members.iter().filter(|member| member.runs()) {
            member.status.send_modify(|status| status.state = RunState::Retrying);
        }
    }

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
}

impl<F: Feed> Pack<F> {
    /// Reads the checkpoints, and begins to rebuild what this program reads in another form.
    async fn begin(&mut self, pace: &Pace) -> Result<(), FoldError> {
        let running = self.members.iter().filter(|member| member.runs());
        let models: Vec<_> = running.map(|member| member.model).collect();
        let found = rebuild::bring_up(&self.feed, &self.store, &models).await?;
        for (model, standing) in found {
            let Some(member) = self.members.iter_mut().find(|one| one.model.name == model.name)
            else {
                continue;
            };
            match standing {
                BuildState::At(position) => {
                    member.position = position;
                    show(member, position);
                    let name = (self.feed.journal(), model.name);
                    let mut handle = self.store.connection().await?;
                    checkpoint::halt(handle.connection(), name, None).await?;
                }
                BuildState::Unfit(cause) => stop(member, None, &cause.into()),
                BuildState::Stale => {
                    member.is_built = false;
                    member.status.send_modify(|status| status.state = RunState::Rebuilding);
                }
            }
        }
        self.begin_build(pace);
        self.ready = true;
        Ok(())
    }

    /// One rebuild at a time: all that is stale by now, in one pass.
    fn begin_build(&mut self, pace: &Pace) {
        let stale = self.members.iter().filter(|member| !member.is_built && !member.stopped);
        let stale: Vec<_> = stale.map(|member| member.model).collect();
        if self.build.is_none() && !stale.is_empty() {
            let (feed, store) = (self.feed.clone(), self.store.clone());
            self.build = Some(Build::begin(feed, store, stale, pace.stop.clone()));
        }
    }

    /// Looks whether the rebuild under way has ended: its projections are fed with the others from then
    /// on, but for those that an event did not fit.
    async fn end_build(&mut self, pace: &mut Pace) {
        let Some(build) = self.build.take_if(|build| build.has_ended()) else { return };
        self.ready = false;
        let ended = build.end().await;
        if let Err(error) = &ended {
            pace.wait_after("rebuild", error).await;
        }
        for member in self.members.iter_mut().filter(|member| !member.is_built) {
            member.is_built = true;
            let failures = ended.iter().flatten();
            if let Some(failure) = failures.into_iter().find(|failure| failure.hits(member.model)) {
                stop(member, Some(failure.position), &failure.to_string().into());
            }
        }
    }

    async fn advance_by_a_batch(&mut self, pace: &mut Pace) -> Result<Step, FoldError> {
        if !self.ready {
            self.begin(pace).await?;
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
        let limit = ceiling.map_or(most, |ceiling| at_most(ceiling.since(from), most));
        let batch = self.feed.read(from, limit).await.map_err(FoldError::Unavailable)?;
        pace.took(batch.len());
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

    async fn take(&mut self, from: Position, batch: &[FeedEvent]) -> Result<(), FoldError> {
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
        self.folds.show(&mut changes);
        let (to, single) = (last.mark(), taken == 1);
        match self.write_together(from, to, &changes).await {
            Ok(true) => {
                self.folds.settle_and_make_room();
                self.folds_at = Some(to.position);
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
        from: Position,
        to: HistoryMark,
        changes: &Changes,
    ) -> Result<bool, FoldError> {
        let models: Vec<_> = self.at(from).map(|member| member.model).collect();
        let written = write_batch(&self.feed, &self.store, &models, (from, to), changes).await?;
        if written {
            for member in &mut self.members {
                if member.runs() && member.position == from {
                    member.position = to.position;
                    show(member, to.position);
                }
            }
        }
        Ok(written)
    }

    /// One event that some projection cannot take: each in its own transaction, and those that fail
    /// stop.
    async fn write_apart(
        &mut self,
        from: Position,
        to: HistoryMark,
        changes: &Changes,
    ) -> Result<(), FoldError> {
        let models: Vec<_> = self.at(from).map(|member| member.model).collect();
        for model in models {
            let written = write_batch(&self.feed, &self.store, &[model], (from, to), changes).await;
            let Some(member) = self.members.iter_mut().find(|one| one.model.name == model.name)
            else {
                continue;
            };
            match written {
                Ok(true) => {
                    member.position = to.position;
                    show(member, to.position);
                }
                Ok(false) => self.ready = false,
                Err(FoldError::Unfit(cause)) => stop(member, Some(to.position), &cause),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn at(&self, position: Position) -> impl Iterator<Item = &Member> {
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

fn show(member: &Member, position: Position) {
    member.status.send_if_modified(|status| {
        let changed = status.position != position || status.state != RunState::Live;
        (status.position, status.state) = (position, RunState::Live);
        changed
    });
}

fn stop(member: &mut Member, position: Option<Position>, cause: &BoxError) {
    let name = member.model.name;
    let at = position.map(Position::get);
    tracing::error!(projection = name, position = at, cause = %cause, "a projection has stopped");
    member.stopped = true;
    let cause: Arc<str> = Arc::from(cause.to_string());
    member.halted = Some((position, Arc::clone(&cause)));
    member.status.send_modify(|status| status.state = RunState::Stopped { position, cause });
}
