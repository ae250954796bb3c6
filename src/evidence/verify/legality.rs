//! The second pass: stream by stream, whether each event was a legal decision after its predecessors.
//!
//! The domain's own rules are asked again, as the actor and the role recorded it, by the programme as it
//! stood at the event's position. A fund and a cohort are judged as their arbiters judge them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sira_domain::beneficiary::{self, Beneficiary, BeneficiaryEvent};
use sira_domain::cohort::{self, Cohort, CohortEvent, CohortFact};
use sira_domain::context::Context;
use sira_domain::fund::{self, Fund, FundEvent, FundFact};
use sira_domain::programme::{self, Programme, ProgrammeEvent};
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use tokio::sync::watch;
use uuid::Uuid;

use super::Progress;
use super::contents::is_of_a_row;
use super::report::{Deviation, Kind};
use crate::commands::read_event;
use crate::evidence::EvidenceError;
use crate::evidence::keys::{INTRODUCED, STREAM_TYPE};
use crate::journal::{Journal, RawEvent, RecordedEvent, StreamPlace};

/// Rows that are read at once.
const PAGE: u32 = 2_000;

/// What is judged of the metadata: it repeats who recorded the event.
#[derive(Deserialize)]
struct Recorded {
    actor: ActorId,
    role: Role,
}

/// Each programme as it stood, by the position from which it did.
type Programmes = HashMap<Uuid, Vec<(u64, Arc<Programme>)>>;

/// The stream that is being judged.
enum Subject {
    Path(Box<Beneficiary>),
    Cohort(Box<Cohort>),
    Fund(Box<Fund>),
    Programme(Arc<Programme>),
    /// The log's own, or one that cannot be judged any further.
    Other,
}

struct Judge {
    /// The journal's id.
    journal: String,
    programmes: Programmes,
    since: u64,
    /// Whether programmes were judged already.
    knows_programmes: bool,
    stream: Option<(String, String)>,
    subject: Subject,
    faults: Vec<Deviation>,
}

/// Judges every event after `since`, and up to `size`.
pub(super) async fn check(
    journal: Journal,
    size: u64,
    since: u64,
    progress: watch::Sender<Progress>,
) -> Result<Vec<Deviation>, EvidenceError> {
    let mut judge = Judge {
        journal: journal.id().to_owned(),
        programmes: HashMap::new(),
        since,
        knows_programmes: false,
        stream: None,
        subject: Subject::Other,
        faults: Vec::new(),
    };
    // Programmes first: the others are judged by them.
    let programmes = Scan::of_type(Programme::TYPE);
    programmes.run(&journal, size, &mut judge, &progress).await?;
    judge.knows_programmes = true;
    if since == 0 {
        Scan::default().run(&journal, size, &mut judge, &progress).await?;
    } else {
        for (kind, id) in journal.streams_since(since, size).await? {
            Scan::of_stream(kind, id).run(&journal, size, &mut judge, &progress).await?;
        }
    }
    Ok(judge.faults)
}

/// Which streams to go through.
#[derive(Default)]
struct Scan {
    after: StreamPlace,
    kind: Option<String>,
    id: Option<String>,
}

impl Scan {
    fn of_type(kind: &str) -> Self {
        let after = StreamPlace { aggregate_type: kind.to_owned(), ..StreamPlace::default() };
        Self { after, kind: Some(kind.to_owned()), id: None }
    }

    fn of_stream(kind: String, id: String) -> Self {
        let after =
            StreamPlace { aggregate_type: kind.clone(), aggregate_id: id.clone(), sequence: 0 };
        Self { after, kind: Some(kind), id: Some(id) }
    }

    fn holds(&self, place: &StreamPlace) -> bool {
        self.kind.as_ref().is_none_or(|kind| *kind == place.aggregate_type)
            && self.id.as_ref().is_none_or(|id| *id == place.aggregate_id)
    }

    async fn run(
        mut self,
        journal: &Journal,
        size: u64,
        judge: &mut Judge,
        progress: &watch::Sender<Progress>,
    ) -> Result<(), EvidenceError> {
        judge.stream = None;
        let limit = if self.id.is_some() { 500 } else { PAGE };
        loop {
            let rows = match journal.read_raw_by_stream(&self.after, size, limit).await {
                Ok(rows) => rows,
                Err(error) if is_of_a_row(&error) => {
                    // The other pass names the row; what comes after it in this order is not judged.
                    let place = format!("not judged after {}", self.after.aggregate_id);
                    judge.faults.push(Deviation::of(Kind::Illegal).because(place));
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            };
            let count = rows.len();
            for (place, row) in rows {
                if !self.holds(&place) {
                    return Ok(());
                }
                judge.hear(&place, row);
                self.after = place;
            }
            progress.send_modify(|progress| progress.done += count as u64);
            if count < limit as usize {
                return Ok(());
            }
        }
    }
}

impl Judge {
    fn hear(&mut self, place: &StreamPlace, row: RawEvent) {
        if self.knows_programmes && place.aggregate_type == Programme::TYPE {
            return;
        }
        let is_same = self
            .stream
            .as_ref()
            .is_some_and(|(kind, id)| *kind == place.aggregate_type && *id == place.aggregate_id);
        if !is_same {
            self.stream = Some((place.aggregate_type.clone(), place.aggregate_id.clone()));
            self.subject = begin(&place.aggregate_type);
        }
        let event = match row {
            RawEvent::Event(event) => event,
            RawEvent::Unfit { position, problem } => {
                // The other pass names what is newer; what follows cannot be judged.
                if position <= self.since {
                    self.faults.push(Deviation::at(position, Kind::Unreadable).because(problem));
                }
                self.subject = Subject::Other;
                return;
            }
        };
        self.check_old(&event);
        let is_judged = event.position > self.since;
        if let Err(why) = self.judge(&event)
            && is_judged
        {
            self.faults.push(Deviation::at(event.position, Kind::Illegal).because(why));
        }
    }

    /// The other pass does not read the contents of old events; those that newer ones are judged by must
    /// be what they were.
    fn check_old(&mut self, event: &RecordedEvent) {
        let is_old = event.position <= self.since;
        if is_old && event.computed_leaf(&self.journal) != Ok(event.leaf_hash) {
            self.faults.push(Deviation::at(event.position, Kind::Altered));
        }
    }

    /// Judges an event and takes it in.
    fn judge(&mut self, event: &RecordedEvent) -> Result<(), String> {
        let mut subject = std::mem::replace(&mut self.subject, Subject::Other);
        let verdict = match &mut subject {
            Subject::Path(path) => self.judge_path(path, event),
            Subject::Cohort(cohort) => self.judge_shared::<CohortEvent>(cohort, event),
            Subject::Fund(fund) => self.judge_shared::<FundEvent>(fund, event),
            Subject::Programme(programme) => self.judge_programme(programme, event),
            Subject::Other if event.stream.aggregate_type == STREAM_TYPE => {
                // Its contents are the keys', which are checked as keys.
                let is_known = event.event_type == INTRODUCED;
                is_known.then_some(()).ok_or_else(|| "event_type".to_owned())
            }
            Subject::Other if begins(&event.stream.aggregate_type) => Ok(()),
            Subject::Other => Err("aggregate_type".to_owned()),
        };
        self.subject = subject;
        verdict
    }

    fn judge_path(&self, path: &mut Beneficiary, event: &RecordedEvent) -> Result<(), String> {
        let (fact, recorded) = read::<BeneficiaryEvent>(event)?;
        let registration = match &fact.fact {
            beneficiary::Fact::Registered(registration) => Some(registration.programme.0),
            _ => path.state().registration.as_ref().map(|one| one.programme.0),
        };
        let programme = self.programme(registration, event.position);
        let context = context(event, &fact.by, &recorded, fact.occurred_on, programme);
        let verdict = check_recorded(&recorded, &fact.by, &context)
            .and_then(|()| beneficiary::may_follow(path, &fact, &context).map_err(told));
        path.take(fact);
        verdict
    }

    fn judge_shared<E: Shared>(
        &self,
        state: &mut E::State,
        event: &RecordedEvent,
    ) -> Result<(), String> {
        let (fact, recorded) = read::<E>(event)?;
        let programme = self.programme(fact.programme(state), event.position);
        let context = context(event, fact.by(), &recorded, fact.day(), programme.clone());
        let verdict = check_recorded(&recorded, fact.by(), &context)
            .and_then(|()| fact.lawful(state, &programme).map_err(told));
        fact.take_into(state);
        verdict
    }

    fn judge_programme(
        &mut self,
        state: &mut Arc<Programme>,
        event: &RecordedEvent,
    ) -> Result<(), String> {
        let (fact, recorded) = read::<ProgrammeEvent>(event)?;
        let context = context(event, &fact.by, &recorded, fact.occurred_on, Arc::default());
        let verdict = check_recorded(&recorded, &fact.by, &context)
            .and_then(|()| programme::may_follow(state, &fact, &context).map_err(told));
        Arc::make_mut(state).take(&fact);
        let versions = self.programmes.entry(event.stream.aggregate_id).or_default();
        versions.push((event.position, state.clone()));
        verdict
    }

    fn programme(&self, id: Option<Uuid>, position: u64) -> Arc<Programme> {
        let versions = id.and_then(|id| self.programmes.get(&id));
        let then = versions.and_then(|versions| {
            versions[..versions.partition_point(|(from, _)| *from < position)].last()
        });
        then.map(|(_, programme)| programme.clone()).unwrap_or_default()
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
    /// Whether it may follow.
    fn lawful(&self, state: &Self::State, programme: &Programme) -> Result<(), Refusal>;
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

    fn lawful(&self, state: &Cohort, programme: &Programme) -> Result<(), Refusal> {
        cohort::lawful(state, self, programme)
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

    fn lawful(&self, state: &Fund, programme: &Programme) -> Result<(), Refusal> {
        fund::lawful(state, self, programme)
    }

    fn take_into(&self, state: &mut Fund) {
        state.take(self);
    }
}

fn begins(kind: &str) -> bool {
    [Beneficiary::TYPE, Cohort::TYPE, Fund::TYPE, Programme::TYPE].contains(&kind)
}

fn begin(kind: &str) -> Subject {
    match kind {
        Beneficiary::TYPE => Subject::Path(Box::default()),
        Cohort::TYPE => Subject::Cohort(Box::default()),
        Fund::TYPE => Subject::Fund(Box::default()),
        Programme::TYPE => Subject::Programme(Arc::default()),
        _ => Subject::Other,
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
