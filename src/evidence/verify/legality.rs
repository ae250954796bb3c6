//! Whether each event was a legal decision after its predecessors.
//!
//! The domain's own rules are asked again, as the actor and the role recorded it, by the programme as it stood at the
//! event's position. Events come in the journal's order from the pass over their contents, so that they are read
//! once. Programmes, funds, cohorts and the log's own stream are judged as they come: they are few, and some of them
//! long. Paths are many: their events are put into parts (`parts`), which are judged afterwards on all cores
//! (`paths`), each by what the other streams said at its place (`timeline`).

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::de::DeserializeOwned;
use sira_domain::cohort::{self, Cohort, CohortEvent, CohortFact};
use sira_domain::context::Context;
use sira_domain::fund::{self, Fund, FundEvent, FundFact};
use sira_domain::path::Beneficiary;
use sira_domain::programme::{self, Programme, ProgrammeEvent};
use sira_domain::refusal::Refusal;
use sira_domain::values::ActorId;
use sira_numbers::{Position, Sequence, Version};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::CheckProgress;
use super::older::Older;
use super::parts::Parts;
use super::recorded::{check_recorded, context, read, told};
use super::report::{Deviation, DeviationKind};
use super::timeline::Timeline;
use crate::evidence::EvidenceError;
use crate::evidence::keys::{OWN_EVENTS, STREAM_TYPE};
use crate::journal::{Journal, RecordedEvent, StreamId, StreamPlace};

/// Rows that are read at once.
const PAGE: u32 = 2_000;

/// A stream that is being judged, and is no path.
enum Subject {
    Cohort(Box<Cohort>),
    Fund(Box<Fund>),
    Programme,
    /// The log's own.
    Log(Version),
    /// One that cannot be judged any further: an event of it is missing or cannot be read, which the pass
    /// over the contents names.
    Unknown,
}

/// Hears of every event, and judges those that are of no path.
pub(super) struct Judge {
    older: Older,
    /// The place that was reached.
    at: Position,
    programmes: HashMap<Uuid, Arc<Programme>>,
    /// Funds, cohorts and the log's own stream.
    others: HashMap<StreamId, Subject>,
    timeline: Timeline,
    parts: Parts,
    faults: Vec<Deviation>,
}

/// What was heard, and what is wrong with it so far.
pub(super) struct Heard {
    /// The events of paths, which are to be judged.
    pub parts: Parts,
    /// What they are judged by.
    pub timeline: Timeline,
    pub faults: Vec<Deviation>,
}

impl Judge {
    /// Who hears of every event after `since`.
    ///
    /// # Errors
    /// When the programmes of older events cannot be read.
    pub async fn new(
        journal: &Journal,
        since: Position,
        parts: Parts,
    ) -> Result<Self, EvidenceError> {
        let mut judge = Self {
            older: Older::new(journal, since),
            at: Position::START,
            programmes: HashMap::new(),
            others: HashMap::new(),
            timeline: Timeline::default(),
            parts,
            faults: Vec::new(),
        };
        judge.load_programmes().await?;
        Ok(judge)
    }

    /// Hears of events, in the journal's order, until there are no more.
    ///
    /// # Errors
    /// When a stream cannot be read again, or there is no room for the events of paths.
    pub async fn hear(
        mut self,
        mut heard: mpsc::Receiver<Vec<RecordedEvent>>,
        progress: watch::Sender<CheckProgress>,
    ) -> Result<Heard, EvidenceError> {
        while let Some(events) = heard.recv().await {
            let mut judged = 0;
            for event in &events {
                if event.stream.aggregate_type == Beneficiary::TYPE {
                    self.parts.put(event)?;
                } else {
                    self.hear_one(event).await?;
                    judged += 1;
                }
            }
            progress.send_modify(|progress| progress.done += judged);
        }
        let Self { parts, timeline, mut faults, older, .. } = self;
        faults.extend(older.faults);
        Ok(Heard { parts, timeline, faults })
    }

    /// The programmes of older events, by which newer ones are judged.
    async fn load_programmes(&mut self) -> Result<(), EvidenceError> {
        let kind = Programme::TYPE.to_owned();
        let mut after = StreamPlace { aggregate_type: kind, ..StreamPlace::default() };
        let since = self.older.since();
        if since == Position::START {
            return Ok(());
        }
        loop {
            let rows = self.older.read_after(&after, since, PAGE).await?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = last.clone();
            for (place, row) in rows {
                if place.aggregate_type != Programme::TYPE {
                    return Ok(());
                }
                if let Some(event) = self.older.checked(row) {
                    // Judged by the run before; an event that is none leaves the programme as it was.
                    let _ = self.judge_programme(&event);
                }
            }
        }
    }

    async fn hear_one(&mut self, event: &RecordedEvent) -> Result<(), EvidenceError> {
        self.at = event.position;
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
        if stream.aggregate_type == Programme::TYPE {
            let is_known = self.programmes.contains_key(&stream.aggregate_id);
            return is_known.then_some(Subject::Programme);
        }
        let subject = self.others.get_mut(stream)?;
        // Its place is kept for it: some of these streams are as long as the journal.
        Some(std::mem::replace(subject, Subject::Unknown))
    }

    fn keep(&mut self, stream: &StreamId, subject: Subject) {
        match &subject {
            Subject::Cohort(cohort) => {
                let minutes = Some(cohort.planned_minutes());
                self.timeline.add_minutes(self.at, stream.aggregate_id, minutes);
            }
            _ if stream.aggregate_type == Cohort::TYPE => {
                self.timeline.add_minutes(self.at, stream.aggregate_id, None);
            }
            _ if stream.aggregate_type == Programme::TYPE => return,
            _ => {}
        }
        match self.others.get_mut(stream) {
            Some(place) => *place = subject,
            None => {
                self.others.insert(stream.clone(), subject);
            }
        }
    }

    fn is_next(&self, subject: &Subject, event: &RecordedEvent) -> bool {
        let version = match subject {
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
        let mut subject = begin(&event.stream.aggregate_type);
        let mut after = Older::beginning(event);
        while let Some(page) = self.older.next(&mut after, event).await? {
            for older in &page.events {
                // It was judged when it was heard of, or by the run before.
                let _ = self.judge(&mut subject, older);
            }
            if page.is_broken {
                return Ok(Subject::Unknown);
            }
        }
        Ok(subject)
    }

    /// Judges an event and takes it in.
    fn judge(&mut self, subject: &mut Subject, event: &RecordedEvent) -> Result<(), String> {
        match subject {
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

    fn judge_shared<E: Shared>(
        &self,
        state: &mut E::State,
        event: &RecordedEvent,
    ) -> Result<(), String> {
        let (fact, recorded) = read::<E>(event)?;
        let programme = fact.programme(state).and_then(|id| self.programmes.get(&id));
        let programme = programme.cloned().unwrap_or_default();
        let context = context(event, fact.by(), &recorded, fact.day(), programme);
        let verdict = check_recorded(&recorded, fact.by(), &context)
            .and_then(|()| fact.may_follow(state, &context).map_err(told))
            .and_then(|()| fact.check_recorded_late(&context).map_err(told));
        fact.take_into(state);
        verdict
    }

    fn judge_programme(&mut self, event: &RecordedEvent) -> Result<(), String> {
        let (fact, recorded) = read::<ProgrammeEvent>(event)?;
        let id = event.stream.aggregate_id;
        let state = self.programmes.entry(id).or_default();
        let context = context(event, &fact.by, &recorded, fact.occurred_on, Arc::default());
        let verdict = check_recorded(&recorded, &fact.by, &context)
            .and_then(|()| programme::may_follow(state, &fact, &context).map_err(told));
        Arc::make_mut(state).take(&fact);
        self.timeline.add_event(self.at, id, fact);
        verdict
    }
}

fn is_known(kind: &str) -> bool {
    [Cohort::TYPE, Fund::TYPE, Programme::TYPE, STREAM_TYPE].contains(&kind)
}

fn begin(kind: &str) -> Subject {
    match kind {
        Cohort::TYPE => Subject::Cohort(Box::default()),
        Fund::TYPE => Subject::Fund(Box::default()),
        Programme::TYPE => Subject::Programme,
        STREAM_TYPE => Subject::Log(Version::ZERO),
        _ => Subject::Unknown,
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
