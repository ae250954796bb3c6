//! Whether each event was a legal decision after its predecessors.
//!
//! The domain's own rules are asked again, as the actor and the role recorded it, by the programme as it
//! stood at the event's position. A fund and a cohort are judged as their guards judge them. Events
//! come in the journal's order from the pass over their contents, so that they are read once; the paths
//! that are under way are kept within a bound, and one that is not kept any more is read again.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use quick_cache::Weighter;
use quick_cache::unsync::Cache;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sira_domain::cohort::{self, Cohort, CohortEvent, CohortFact};
use sira_domain::context::Context;
use sira_domain::fund::{self, Fund, FundEvent, FundFact};
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact};
use sira_domain::programme::{self, Programme, ProgrammeEvent};
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use sira_numbers::{Position, Sequence, Version, at_most};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::CheckProgress;
use super::contents::is_of_a_row;
use super::report::{Deviation, DeviationKind};
use crate::evidence::EvidenceError;
use crate::evidence::keys::{OWN_EVENTS, STREAM_TYPE};
use crate::journal::{Journal, RawEvent, RecordedEvent, StreamId, StreamPlace};
use crate::stored::read_event;

/// Rows that are read at once.
const PAGE: u32 = 2_000;
/// Memory for the paths that are under way, some 60,000 of them. With more at once, each event makes its
/// path be read again, which is right and slow.
const PATHS_BYTES: u64 = 512 << 20;
/// Paths that the cache makes room for at first.
const PATHS: usize = 50_000;

/// What is judged of the metadata: it repeats who recorded the event.
#[derive(Deserialize)]
struct Recorded {
    actor: ActorId,
    role: Role,
}

/// A stream that is being judged.
enum Subject {
    Path(Box<Beneficiary>),
    Cohort(Box<Cohort>),
    Fund(Box<Fund>),
    Programme,
    /// The log's own.
    Log(Version),
    /// One that cannot be judged any further: an event of it is missing or cannot be read, which the pass
    /// over the contents names.
    Unknown,
}

#[derive(Clone)]
struct ByEvents;

impl Weighter<Uuid, Subject> for ByEvents {
    /// The parsed events and the state folded from them.
    fn weight(&self, _: &Uuid, subject: &Subject) -> u64 {
        match subject {
            Subject::Path(path) => 1_024 + 512 * path.version().get(),
            _ => 64,
        }
    }
}

/// Judges the events that it is told of.
pub(super) struct Judge {
    journal: Journal,
    since: Position,
    programmes: HashMap<Uuid, Arc<Programme>>,
    paths: Cache<Uuid, Subject, ByEvents>,
    /// Funds, cohorts and the log's own stream: few, and some of them long.
    others: HashMap<StreamId, Subject>,
    faults: Vec<Deviation>,
}

impl Judge {
    /// Who judges every event after `since`.
    ///
    /// # Errors
    /// When the programmes of older events cannot be read.
    pub async fn new(journal: &Journal, since: Position) -> Result<Self, EvidenceError> {
        let mut judge = Self {
            journal: journal.clone(),
            since,
            programmes: HashMap::new(),
            paths: Cache::with_weighter(PATHS, PATHS_BYTES, ByEvents),
            others: HashMap::new(),
            faults: Vec::new(),
        };
        judge.load_programmes().await?;
        Ok(judge)
    }

    /// Judges what it is told of, in that order, until there is no more.
    ///
    /// # Errors
    /// When a stream cannot be read again.
    pub async fn hear(
        mut self,
        mut heard: mpsc::Receiver<Vec<RecordedEvent>>,
        progress: watch::Sender<CheckProgress>,
    ) -> Result<Vec<Deviation>, EvidenceError> {
        while let Some(events) = heard.recv().await {
            for event in &events {
                self.hear_one(event).await?;
            }
            progress.send_modify(|progress| progress.done += events.len() as u64);
        }
        Ok(self.faults)
    }

    /// The programmes of older events, by which newer ones are judged.
    async fn load_programmes(&mut self) -> Result<(), EvidenceError> {
        let kind = Programme::TYPE.to_owned();
        let mut after = StreamPlace { aggregate_type: kind, ..StreamPlace::default() };
        while self.since > Position::START {
            let rows = self.read_again(&after, self.since, PAGE).await?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = last.clone();
            for (place, row) in rows {
                if place.aggregate_type != Programme::TYPE {
                    return Ok(());
                }
                if let Some(event) = self.checked(row) {
                    // Judged by the run before; an event that is none leaves the programme as it was.
                    let _ = self.judge_programme(&event);
                }
            }
        }
        Ok(())
    }

    async fn hear_one(&mut self, event: &RecordedEvent) -> Result<(), EvidenceError> {
        let mut subject = match self.take(&event.stream) {
            Some(subject) => subject,
            None if event.sequence == Sequence::FIRST => begin(&event.stream.aggregate_type),
            None => self.load(event).await?,
        };
        if !self.is_next(&subject, event) {
            subject = Subject::Unknown;
        }
        if let Err(why) = self.judge(&mut subject, event) {
            self.faults.push(Deviation::at(event.position, DeviationKind::Illegal).because(why));
        }
        self.keep(&event.stream, subject);
        Ok(())
    }

    fn take(&mut self, stream: &StreamId) -> Option<Subject> {
        match stream.aggregate_type.as_ref() {
            Beneficiary::TYPE => self.paths.remove(&stream.aggregate_id).map(|(_, path)| path),
            Programme::TYPE => {
                let is_known = self.programmes.contains_key(&stream.aggregate_id);
                is_known.then_some(Subject::Programme)
            }
            _ => self.others.remove(stream),
        }
    }

    fn keep(&mut self, stream: &StreamId, subject: Subject) {
        match stream.aggregate_type.as_ref() {
            Beneficiary::TYPE => self.paths.insert(stream.aggregate_id, subject),
            Programme::TYPE => {}
            _ => {
                self.others.insert(stream.clone(), subject);
            }
        }
    }

    fn is_next(&self, subject: &Subject, event: &RecordedEvent) -> bool {
        let version = match subject {
            Subject::Path(path) => path.version(),
            Subject::Cohort(cohort) => cohort.version,
            Subject::Fund(fund) => fund.version,
            Subject::Programme => self
                .programmes
                .get(&event.stream.aggregate_id)
                .map_or(Version::ZERO, |one| one.version),
            Subject::Log(version) => *version,
            Subject::Unknown => return true,
        };
        event.sequence == version.next_sequence()
    }

    /// A stream as it stood before an event, read again from its beginning.
    async fn load(&mut self, event: &RecordedEvent) -> Result<Subject, EvidenceError> {
        let stream = &event.stream;
        let mut subject = begin(&stream.aggregate_type);
        let mut after = StreamPlace {
            aggregate_type: stream.aggregate_type.to_string(),
            aggregate_id: stream.aggregate_id.to_string(),
            sequence: Sequence::START,
        };
        while after.sequence.next() < event.sequence {
            let left = event.sequence.before().since(after.sequence);
            let limit = at_most(left, PAGE);
            let rows = self.read_again(&after, event.position.before(), limit).await?;
            let Some((last, _)) = rows.last() else { return Ok(Subject::Unknown) };
            after = last.clone();
            for (_, row) in rows {
                let Some(older) = self.checked(row).filter(|older| older.stream == *stream) else {
                    return Ok(Subject::Unknown);
                };
                // It was judged when it was heard of, or by the run before.
                let _ = self.judge(&mut subject, &older);
            }
        }
        Ok(subject)
    }

    async fn read_again(
        &mut self,
        after: &StreamPlace,
        up_to: Position,
        limit: u32,
    ) -> Result<Vec<(StreamPlace, RawEvent)>, EvidenceError> {
        match self.journal.read_raw_by_stream(after, up_to, limit).await {
            Err(error) if is_of_a_row(&error) => {
                let place = format!("not judged after {}", after.aggregate_id);
                self.faults.push(Deviation::of(DeviationKind::Illegal).because(place));
                Ok(Vec::new())
            }
            rows => Ok(rows?),
        }
    }

    /// An older event that newer ones are judged by. The other pass does not read its contents: they
    /// must be what they were.
    fn checked(&mut self, row: RawEvent) -> Option<RecordedEvent> {
        let event = match row {
            RawEvent::Event(event) => *event,
            RawEvent::Unfit { position, problem } => {
                if position <= self.since {
                    self.faults
                        .push(Deviation::at(position, DeviationKind::Unreadable).because(problem));
                }
                return None;
            }
        };
        let is_old = event.position <= self.since;
        if is_old && event.computed_leaf(self.journal.id()) != Ok(event.leaf_hash) {
            self.faults.push(Deviation::at(event.position, DeviationKind::Altered));
        }
        Some(event)
    }

    /// Judges an event and takes it in.
    fn judge(&mut self, subject: &mut Subject, event: &RecordedEvent) -> Result<(), String> {
        match subject {
            Subject::Path(path) => self.judge_path(path, event),
            Subject::Cohort(cohort) => self.judge_shared::<CohortEvent>(cohort, event),
            Subject::Fund(fund) => self.judge_shared::<FundEvent>(fund, event),
            Subject::Programme => self.judge_programme(event),
            Subject::Log(version) => {
                *version = Version::of(event.sequence);
                // Its contents are the keys', which are checked as keys.
                let is_known = OWN_EVENTS.contains(&event.event_type.as_str());
                is_known.then_some(()).ok_or_else(|| "event_type".to_owned())
            }
            Subject::Unknown if is_known(&event.stream.aggregate_type) => Ok(()),
            Subject::Unknown => Err("aggregate_type".to_owned()),
        }
    }

    fn judge_path(&self, path: &mut Beneficiary, event: &RecordedEvent) -> Result<(), String> {
        let (fact, recorded) = read::<BeneficiaryEvent>(event)?;
        let registration = match &fact.fact {
            Fact::Registered(registration) => Some(registration.programme.0),
            _ => path.state().registration.as_ref().map(|one| one.programme.0),
        };
        let programme = self.programme(registration);
        let context = context(event, &fact.by, &recorded, fact.occurred_on, programme);
        let verdict = check_recorded(&recorded, &fact.by, &context)
            .and_then(|()| sira_domain::path::may_follow(path, &fact, &context).map_err(told))
            .and_then(|()| self.check_sessions(&fact, &context));
        path.take(fact);
        verdict
    }

    /// A completed training says the minutes that its group had planned then. A group of which this run has
    /// heard nothing was not written to since the last one: it is taken at its word.
    fn check_sessions(&self, event: &BeneficiaryEvent, context: &Context) -> Result<(), String> {
        let Fact::TrainingCompleted(completion) = &event.fact else { return Ok(()) };
        let rules = context.programme.rules_of(event.rules);
        let (Some(cohort), None) = (completion.cohort, rules.planned_hours) else { return Ok(()) };
        match self.others.get(&StreamId::new(Cohort::TYPE, cohort.0)) {
            Some(Subject::Cohort(cohort))
                if completion.planned_minutes != Some(cohort.planned_minutes()) =>
            {
                Err("fields_disagree".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn judge_shared<E: Shared>(
        &self,
        state: &mut E::State,
        event: &RecordedEvent,
    ) -> Result<(), String> {
        let (fact, recorded) = read::<E>(event)?;
        let programme = self.programme(fact.programme(state));
        let context = context(event, fact.by(), &recorded, fact.day(), programme.clone());
        let verdict = check_recorded(&recorded, fact.by(), &context)
            .and_then(|()| fact.may_follow(state, &context).map_err(told))
            .and_then(|()| fact.check_recorded_late(&context).map_err(told));
        fact.take_into(state);
        verdict
    }

    fn judge_programme(&mut self, event: &RecordedEvent) -> Result<(), String> {
        let (fact, recorded) = read::<ProgrammeEvent>(event)?;
        let state = self.programmes.entry(event.stream.aggregate_id).or_default();
        let context = context(event, &fact.by, &recorded, fact.occurred_on, Arc::default());
        let verdict = check_recorded(&recorded, &fact.by, &context)
            .and_then(|()| programme::may_follow(state, &fact, &context).map_err(told));
        Arc::make_mut(state).take(&fact);
        verdict
    }

    /// The programme as it stands at the place that was reached.
    fn programme(&self, id: Option<Uuid>) -> Arc<Programme> {
        id.and_then(|id| self.programmes.get(&id)).cloned().unwrap_or_default()
    }
}

/// An event of a cohort or a fund, which paths write to as well.
trait Shared: DomainEvent + DeserializeOwned {
    /// What it is folded into.
    type State;
    /// Who recorded it.
    fn by(&self) -> &ActorId;
    /// When it happened.
    fn day(&self) -> NaiveDate;
    /// The programme that it is judged by; a first event names it.
    fn programme(&self, state: &Self::State) -> Option<Uuid>;
    /// Whether it may be recorded so late.
    fn check_recorded_late(&self, _: &Context) -> Result<(), Refusal> {
        Ok(())
    }
    /// Whether it may follow, as its actor and role recorded it.
    fn may_follow(&self, state: &Self::State, context: &Context) -> Result<(), Refusal>;
    /// Takes it in.
    fn take_into(&self, state: &mut Self::State);
}

impl Shared for CohortEvent {
    type State = Cohort;

    fn by(&self) -> &ActorId {
        &self.by
    }

    fn day(&self) -> NaiveDate {
        self.occurred_on
    }

    fn programme(&self, state: &Cohort) -> Option<Uuid> {
        match &self.fact {
            CohortFact::CohortPlanned(plan) => Some(plan.programme.0),
            _ => state.plan.as_ref().map(|plan| plan.programme.0),
        }
    }

    fn may_follow(&self, state: &Cohort, context: &Context) -> Result<(), Refusal> {
        cohort::check_author_of(state, self, context)?;
        cohort::lawful(state, self, &context.programme)
    }

    fn check_recorded_late(&self, context: &Context) -> Result<(), Refusal> {
        cohort::check_backdating(self, context)
    }

    fn take_into(&self, state: &mut Cohort) {
        state.take(self);
    }
}

impl Shared for FundEvent {
    type State = Fund;

    fn by(&self) -> &ActorId {
        &self.by
    }

    fn day(&self) -> NaiveDate {
        self.occurred_on
    }

    fn programme(&self, state: &Fund) -> Option<Uuid> {
        match &self.fact {
            FundFact::FundOpened(envelope) => Some(envelope.programme.0),
            _ => state.envelope.as_ref().map(|envelope| envelope.programme.0),
        }
    }

    fn may_follow(&self, state: &Fund, context: &Context) -> Result<(), Refusal> {
        fund::check_author_of(state, self, context)?;
        fund::lawful(state, self, &context.programme)
    }

    fn take_into(&self, state: &mut Fund) {
        state.take(self);
    }
}

fn is_known(kind: &str) -> bool {
    [Beneficiary::TYPE, Cohort::TYPE, Fund::TYPE, Programme::TYPE, STREAM_TYPE].contains(&kind)
}

fn begin(kind: &str) -> Subject {
    match kind {
        Beneficiary::TYPE => Subject::Path(Box::default()),
        Cohort::TYPE => Subject::Cohort(Box::default()),
        Fund::TYPE => Subject::Fund(Box::default()),
        Programme::TYPE => Subject::Programme,
        STREAM_TYPE => Subject::Log(Version::ZERO),
        _ => Subject::Unknown,
    }
}

/// The event in its present form, which must be of the type that its row says, and who recorded it.
fn read<E: DomainEvent + DeserializeOwned>(event: &RecordedEvent) -> Result<(E, Recorded), String> {
    let fact: E = read_event(event).map_err(|_| "payload".to_owned())?;
    if fact.event_type() != event.event_type {
        return Err("event_type".to_owned());
    }
    let recorded = serde_json::from_str(&event.metadata).map_err(|_| "metadata".to_owned())?;
    Ok((fact, recorded))
}

fn context(
    event: &RecordedEvent,
    by: &ActorId,
    recorded: &Recorded,
    occurred_on: NaiveDate,
    programme: Arc<Programme>,
) -> Context {
    Context {
        now: event.recorded_at,
        occurred_on: Some(occurred_on),
        backdating_reason: None,
        actor: by.clone(),
        role: recorded.role,
        subject: event.stream.aggregate_id,
        programme,
    }
}

/// Metadata and payload name the same actor, and the fact lies not after its recording.
fn check_recorded(recorded: &Recorded, by: &ActorId, context: &Context) -> Result<(), String> {
    if recorded.actor != *by {
        return Err("actor".to_owned());
    }
    context.day().map(drop).map_err(told)
}

/// The rule's own word: a refusal's text may name what the stream is about.
#[expect(clippy::needless_pass_by_value, reason = "taken from `map_err`")]
fn told(refusal: Refusal) -> String {
    refusal.rule().to_owned()
}
