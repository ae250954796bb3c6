//! One transaction of the writer, in the order in which it must happen:
//!
//! 1. Lock the head row. Nothing durable; writers of all processes now come one after the other.
//! 2. Judge the requests, from what this process knows where that is proof enough, else by reading.
//! 3. Assign positions and hashes; insert events, keys and aliases. Nothing durable: a crash, of this
//!    process or of the database, leaves no trace, and the caller gets an error or nothing.
//! 4. Advance the head and commit. Durable from here on, all or nothing. A crash before the answers
//!    is repaired by the clients' retries; a connection that breaks in the commit, by `look_back`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sira_numbers::{Position, Version};

use crate::JournalError;
use crate::append::admit::{Admission, BatchAdmission, Facts, KeyName, admit};
use crate::append::check::Prepared;
use crate::append::conditional::{BatchCheck, BatchChecks};
use crate::append::plan::{HeadRow, Plan};
use crate::append::session::{Failure, Locked, Session};
use crate::append::versions::Known;
use crate::append::writer::{Group, Shared, in_time};
use crate::own_commits::Range;
use crate::read::rows::{check_order, event_row, is_below};
use crate::types::AppendOutcome;
use crate::{RecordedEvent, StreamId};

/// Why a transaction did not end in a commit, or not in a known one.
pub(crate) enum Setback {
    /// A unique key was met.
    Conflict(sqlx::Error),
    /// The database refuses some of the data.
    Refused(sqlx::Error),
    /// The connection is gone; nothing is recorded.
    Lost(sqlx::Error),
    /// The journal contradicts itself, or a plan could not be made; nothing is recorded.
    Broken(JournalError),
    /// The commit broke off.
    Doubt(Box<Commit>, sqlx::Error),
}

impl From<JournalError> for Setback {
    fn from(error: JournalError) -> Self {
        Self::Broken(error)
    }
}

/// Sorts an error of a step before the commit.
fn before_commit<S: Session>(error: sqlx::Error) -> Setback {
    match S::failure(&error) {
        Failure::Conflict => Setback::Conflict(error),
        Failure::Refused => Setback::Refused(error),
        Failure::Lost => Setback::Lost(error),
    }
}

/// What a commit changes, kept until its fate is known.
pub(crate) struct Commit {
    first_position: Position,
    leaves: Vec<[u8; 32]>,
    written: Vec<(StreamId, Version)>,
    head: HeadRow,
    outcomes: Vec<AppendOutcome>,
    batches: BatchChecks,
}

impl Commit {
    fn of(plan: Plan<'_>, batches: BatchChecks) -> Self {
        let rows = &plan.events;
        Self {
            first_position: rows.first().map_or(plan.head.next_position, |row| row.position),
            leaves: rows.iter().map(|row| row.leaf).collect(),
            written: rows
                .iter()
                .map(|row| (row.stream.clone(), Version::of(row.sequence)))
                .collect(),
            head: plan.head,
            outcomes: plan.outcomes,
            batches,
        }
    }

    /// The positions it gives, if any.
    pub fn range(&self) -> Option<Range> {
        (!self.leaves.is_empty()).then(|| (self.first_position, self.head.next_position.before()))
    }

    /// Whether these stored leaf hashes are its own. A leaf covers stream, time and the hashes of the
    /// texts: another process cannot have put the same one there.
    pub fn stands(&self, stored: &[Vec<u8>]) -> bool {
        stored.len() == self.leaves.len() && stored.iter().zip(&self.leaves).all(|(a, b)| a == b)
    }

    /// The commit is made: what this process knows moves on, versions first, so that whoever learns
    /// of the position finds them there.
    pub fn settle(self, shared: &Shared) -> Vec<AppendOutcome> {
        let mut versions = shared.versions();
        for (stream, version) in &self.written {
            versions.settle(stream, *version);
        }
        versions.advance(self.head.next_position);
        drop(versions);
        self.batches.into_values().for_each(BatchCheck::keep);
        shared.note_head(Some(self.head));
        shared.own.confirm();
        shared.announce(self.head.next_position.before());
        self.outcomes
    }
}

/// Runs one transaction over the batch. After an `Err` other than `Lost` and `Doubt` the session is
/// still in the transaction and wants a rollback.
pub(crate) async fn transact<S: Session>(
    session: &mut S,
    shared: &Shared,
    group: Group<'_>,
    thorough: bool,
) -> Result<Vec<AppendOutcome>, Setback> {
    let requests = group.requests;
    if !thorough
        && session.can_commit_in_one()
        && let Some(outcomes) = transact_in_one(session, shared, group).await?
    {
        return Ok(outcomes);
    }
    let begun = in_time(shared, session.begin()).await;
    let Locked { head, server } =
        begun.map_err(before_commit::<S>)?.ok_or_else(|| no_head(shared))?;
    shared.versions().enter(head.next_position)?;
    shared.note_head(Some(head));
    let mut batches = BatchChecks::new();
    let admissions = admissions(session, shared, requests, thorough, &mut batches).await?;
    let now = shared.clock.now();
    let admissions = group.judge(admissions);
    let plan = Plan::new(&shared.config.journal, head, now, requests, admissions)?;
    if plan.is_empty() {
        in_time(shared, session.rollback()).await.map_err(Setback::Lost)?;
        return Ok(plan.outcomes);
    }
    believe(shared, now, head, server)?;
    in_time(shared, session.write(&plan)).await.map_err(before_commit::<S>)?;
    commit(session, shared, Commit::of(plan, batches)).await
}

/// The same transaction as one statement, when nobody else has written since this process last held
/// the head's lock: one round trip in place of three or four. None: that is not so, or not enough is
/// known, and nothing was written.
///
/// What makes it right: the statement advances the head only from where this process left it, and
/// waits for its lock to do so. If it finds it there, nothing was written in between, so that every
/// exact version is exact still, as under the lock; if not, it writes nothing.
async fn transact_in_one<S: Session>(
    session: &mut S,
    shared: &Shared,
    group: Group<'_>,
) -> Result<Option<Vec<AppendOutcome>>, Setback> {
    let requests = group.requests;
    if !shared.watch.is_compared() {
        // The other way asks the server for its time.
        return Ok(None);
    }
    let stands_at = shared.versions().stands_at();
    let head = shared.last_head().filter(|head| stands_at == Some(head.next_position));
    let Some(head) = head else { return Ok(None) };
    let mut batches = BatchChecks::new();
    let judged = admit(requests, &known(shared, requests), &mut batches);
    let BatchAdmission::Admissions(admissions) = judged else { return Ok(None) };
    let now = shared.clock.now();
    let admissions = group.judge(admissions);
    let plan = Plan::new(&shared.config.journal, head, now, requests, admissions)?;
    if plan.events.is_empty() {
        return Ok(None);
    }
    believe(shared, now, head, None)?;
    let last = plan.head.next_position.before();
    shared.own.begin((head.next_position, last));
    // Durable when it returns true. A crash before that leaves nothing or all of it.
    let result = in_time(shared, session.commit_in_one(&plan, head.next_position)).await;
    match result {
        Ok(true) => Ok(Some(Commit::of(plan, batches).settle(shared))),
        Ok(false) => {
            shared.own.withdraw();
            Ok(None)
        }
        Err(error) if S::surely_not_committed(&error) => {
            shared.own.withdraw();
            Err(before_commit::<S>(error))
        }
        Err(error) => Err(Setback::Doubt(Box::new(Commit::of(plan, batches)), error)),
    }
}

async fn commit<S: Session>(
    session: &mut S,
    shared: &Shared,
    commit: Commit,
) -> Result<Vec<AppendOutcome>, Setback> {
    // Before COMMIT is sent: once it is, other connections may see these positions, and must not take
    // them for foreign.
    if let Some(range) = commit.range() {
        shared.own.begin(range);
    }
    match in_time(shared, session.commit(commit.head)).await {
        Ok(()) => Ok(commit.settle(shared)),
        Err(error) if S::surely_not_committed(&error) => {
            shared.own.withdraw();
            Err(Setback::Lost(error))
        }
        Err(error) => Err(Setback::Doubt(Box::new(commit), error)),
    }
}

/// Judges the batch, reading under the lock what the admission asks for. Reading more always ends it:
/// at the latest when everything was read.
async fn admissions<S: Session>(
    session: &mut S,
    shared: &Shared,
    requests: &[&Prepared],
    thorough: bool,
    batches: &mut BatchChecks,
) -> Result<Vec<Admission>, Setback> {
    let mut facts = known(shared, requests);
    if thorough {
        read_all(session, shared, requests, &mut facts).await?;
        catch_up(session, shared, requests, &facts).await?;
    }
    loop {
        let read = match admit(requests, &facts, batches) {
            BatchAdmission::Admissions(admissions) => return Ok(admissions),
            BatchAdmission::Read(streams) => {
                read_versions(session, shared, &streams, &mut facts).await
            }
            BatchAdmission::ReadAll => read_all(session, shared, requests, &mut facts).await,
        };
        read?;
        catch_up(session, shared, requests, &facts).await?;
    }
}

/// Brings every guard to the version that its stream has under the lock.
async fn catch_up<S: Session>(
    session: &mut S,
    shared: &Shared,
    requests: &[&Prepared],
    facts: &Facts,
) -> Result<(), Setback> {
    for conditional in requests.iter().flat_map(|prepared| &prepared.request.conditional) {
        let (stream, guard) = (&conditional.stream, &conditional.guard);
        let Some(Known::Exact(version)) = facts.versions.get(stream).copied() else { continue };
        if guard.version() > version {
            // After a failover that lost commits.
            guard.reset();
        }
        if guard.version() == version {
            continue;
        }
        let events = in_time(shared, session.events(stream, guard.version())).await;
        let events = events.map_err(before_commit::<S>)?.into_iter().map(event_row);
        let events: Vec<RecordedEvent> = events.collect::<Result<_, _>>()?;
        check_order(Some((stream, guard.version())), &events)?;
        guard.catch_up(&events).map_err(|refusal| JournalError::Inconsistent {
            table: "events",
            id: stream.to_string(),
            problem: refusal.to_string(),
        })?;
        if guard.version() != version {
            let problem = format!("{} events of {version} could be read", guard.version());
            let (table, id) = ("events", stream.to_string());
            return Err(JournalError::Inconsistent { table, id, problem }.into());
        }
    }
    Ok(())
}

/// Nothing is given a time by a clock that cannot be right: it could never be taken back.
fn believe(
    shared: &Shared,
    now: DateTime<Utc>,
    head: HeadRow,
    server: Option<DateTime<Utc>>,
) -> Result<(), JournalError> {
    Ok(shared.watch.check(now, head.recorded_at, server)?)
}

/// What this process knows of the batch's streams.
fn known(shared: &Shared, requests: &[&Prepared]) -> Facts {
    let streams = requests.iter().flat_map(|prepared| prepared.streams());
    Facts {
        versions: streams.map(|stream| (stream.clone(), shared.known(stream))).collect(),
        ..Facts::default()
    }
}

async fn read_all<S: Session>(
    session: &mut S,
    shared: &Shared,
    requests: &[&Prepared],
    facts: &mut Facts,
) -> Result<(), Setback> {
    let inexact = facts.versions.iter().filter(|(_, known)| matches!(known, Known::AtLeast(_)));
    let streams: Vec<StreamId> = inexact.map(|(stream, _)| stream.clone()).collect();
    read_versions(session, shared, &streams, facts).await?;
    let requests = || requests.iter().map(|prepared| &prepared.request);
    let keys: Vec<KeyName> = requests()
        .filter_map(|request| request.key.as_ref())
        .map(|key| (key.actor.clone(), key.key.clone()))
        .collect();
    if !keys.is_empty() {
        let read = in_time(shared, session.keys(&keys)).await.map_err(before_commit::<S>)?;
        facts.keys = read.into_iter().collect();
    }
    let aliases: Vec<&str> = requests()
        .filter_map(|request| request.alias.as_ref())
        .map(|alias| alias.alias.as_str())
        .collect();
    if !aliases.is_empty() {
        let read = in_time(shared, session.aliases(&aliases)).await.map_err(before_commit::<S>)?;
        facts.aliases = read.into_iter().collect();
    }
    facts.thorough = true;
    Ok(())
}

/// Reads versions under the lock; a stream that is not there stands at 0. They stay exact until
/// somebody else moves the head. One that is below what was seen committed comes from an index that differs from
/// its table: the next event would take a place that is taken.
async fn read_versions<S: Session>(
    session: &mut S,
    shared: &Shared,
    streams: &[StreamId],
    facts: &mut Facts,
) -> Result<(), Setback> {
    if streams.is_empty() {
        return Ok(());
    }
    let read = in_time(shared, session.versions(streams)).await.map_err(before_commit::<S>)?;
    let read: HashMap<StreamId, Version> = read.into_iter().collect();
    for stream in streams {
        let version = read.get(stream).copied().unwrap_or_default();
        let floor = shared.floor(stream);
        if version < floor {
            return Err(is_below(stream, version, floor).into());
        }
        shared.versions().settle(stream, version);
        facts.versions.insert(stream.clone(), Known::Exact(version));
    }
    Ok(())
}

fn no_head(shared: &Shared) -> JournalError {
    JournalError::Inconsistent {
        table: "journal_head",
        id: shared.config.journal.clone(),
        problem: "the row is gone".to_owned(),
    }
}
