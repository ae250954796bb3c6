//! The append of a path's events, with what they move in a fund or take of a cohort. All of it is one
//! append, or none of it.

use std::sync::Arc;

use sira_domain::cohort::Cohort;
use sira_domain::fund::{self, Fund, FundFact};
use sira_domain::path::Beneficiary;
use sira_domain::path::{BeneficiaryEvent, Fact};
use sira_domain::refusal::{Item, Refusal};
use sira_domain::values::{BeneficiaryId, Reference};
use uuid::Uuid;

use super::super::aggregate::{Aggregate, stream_id};
use super::super::answer::{Answer, CommandWarning};
use super::super::pipeline::{Appended, Attempt};
use super::super::{Call, CommandError, Commands};
use super::{Decided, FoundPath, alias_of};
use crate::access_log::{AccessEntry, record_accesses};
use crate::journal::{Alias, AppendRequest, ConditionalWrite};
use crate::read_side::{Duplicate, Lookup};

/// Bytes that the memory of an attendance is reckoned by: its payload, about.
pub(in super::super) const EVENT_BYTES: u64 = 160;

impl Commands {
    /// Appends what was decided, and keeps the new state.
    ///
    /// Durable when it returns `Committed`: the path's events, the fund's or the cohort's, the
    /// reference and the key, all or none. A crash before that leaves nothing; after it, the retry is
    /// answered by its key, or finds that it has happened.
    pub(super) async fn store(
        &self,
        case: &FoundPath,
        decided: Decided,
        reference: Option<Reference>,
        call: &Call,
    ) -> Result<Attempt, CommandError> {
        let Decided { events, conditional, guards, mut warnings } = decided;
        let answer = answer_of(case, &events, reference);
        warnings.extend(answer.warnings);
        let answer = Answer { warnings, ..answer };
        if events.is_empty() && call.key.is_none() {
            return Ok(Attempt::Done(answer));
        }
        let lookup = match call.import {
            // It reads no answer, and would take the lookups of those who do.
            Some(_) => Lookup::left(),
            None => self.duplicates_of(case, &events).await,
        };
        let duplicates_to_follow = lookup.is_left_to_worklist;
        let duplicates = self.shown_duplicates(lookup.found, call).await?;
        let answer = Answer { duplicates, duplicates_to_follow, ..answer };
        let mut request = request_of(case, &events, reference, call, &answer);
        request.conditional.extend(conditional);
        if !events.is_empty() {
            request.guards.extend(guards);
        }
        let bytes = payload_bytes(&request);
        match self.append(request).await? {
            Appended::Committed(committed) if events.is_empty() => {
                Ok(Attempt::Done(Answer { position: committed.position, ..answer }))
            }
            Appended::Committed(committed) => {
                // What a fund or a cohort was told comes behind the path's own events.
                let beyond = committed.versions.len() as u64 - 1;
                let position = committed.position.minus(beyond);
                let loaded = case.path.after(events, position, committed.recorded_at, bytes);
                let version = loaded.state.version();
                self.keep_path(case, loaded);
                Ok(Attempt::Done(Answer { version, position: committed.position, ..answer }))
            }
            Appended::Answered(answer) => Ok(Attempt::Done(answer)),
            Appended::Moved => {
                self.forget_path(case);
                Ok(Attempt::Anew)
            }
        }
    }

    /// The event of a fund or a cohort that the events of a path lead to, if they lead to one.
    ///
    /// # Errors
    /// When there is no such fund or cohort, or it is another programme's.
    pub(super) async fn write_to_neighbour(
        &self,
        case: &FoundPath,
        events: &[BeneficiaryEvent],
        call: &Call,
    ) -> Result<Option<ConditionalWrite>, CommandError> {
        let [event] = events else { return Ok(None) };
        let path = BeneficiaryId(case.id);
        let programme = &case.programme.state;
        if let Some(fund) = fund::named_fund(event) {
            let found = self.check_neighbour::<Fund>(fund.0, case, Item::Fund).await?;
            check_serves(&found, case)?;
            fund::check_request(&found, event)?;
        }
        if let Some((id, theirs)) = fund::of_path(case.path.state.state(), event, path) {
            let found = self.check_neighbour::<Fund>(id.0, case, Item::Fund).await?;
            if matches!(theirs.fact, FundFact::Committed(_)) {
                check_serves(&found, case)?;
            }
            return self.conditional_write::<Fund>(id.0, &theirs, call, programme).await;
        }
        if let Some((id, theirs)) = sira_domain::cohort::of_path(event, path) {
            self.check_neighbour::<Cohort>(id.0, case, Item::Cohort).await?;
            return self.conditional_write::<Cohort>(id.0, &theirs, call, programme).await;
        }
        Ok(None)
    }

    /// A fund or a cohort must be there and belong to the path's programme. Neither ever changes, so
    /// what is kept is as good as what stands.
    async fn check_neighbour<A: Aggregate>(
        &self,
        id: Uuid,
        case: &FoundPath,
        item: Item,
    ) -> Result<Arc<A>, CommandError> {
        let guarded = match A::guards(&self.0) {
            Some(guards) => guards.get(&self.0.journal, id).await?,
            None => None,
        };
        let name = id.to_string();
        let Some(guarded) = guarded else {
            let field = if item == Item::Fund { "fund" } else { "cohort" };
            return Err(Refusal::Unknown { item, name, field }.into());
        };
        let state = guarded.state();
        if state.programme() == Some(case.programme_id) {
            return Ok(state);
        }
        Err(Refusal::OtherProgramme { item, name }.into())
    }

    /// What a caller is told of paths that may be of one person. Whom they reach they have read of then,
    /// which is recorded before it is said; of others they learn which office to ask.
    ///
    /// # Errors
    /// When the journal cannot be read, or the readings cannot be recorded.
    async fn shown_duplicates(
        &self,
        found: Vec<Duplicate>,
        call: &Call,
    ) -> Result<Vec<Duplicate>, CommandError> {
        let (mut shown, mut read) = (Vec::new(), Vec::new());
        for one in found {
            match one.id {
                Some(id) if self.reaches(id, call).await? => {
                    read.push(id);
                    shown.push(one);
                }
                _ => {
                    let other = one.out_of_reach();
                    if !shown.contains(&other) {
                        shown.push(other);
                    }
                }
            }
        }
        let at = self.0.clock.now();
        let entry = |id: &Uuid| AccessEntry {
            at,
            actor: &call.actor,
            role: call.role,
            action: "duplicate",
            stream: stream_id::<Beneficiary>(*id),
            request_id: &call.request_id,
        };
        let entries: Vec<_> = read.iter().map(entry).collect();
        record_accesses(&self.0.journal, &entries).await?;
        Ok(shown)
    }

    /// Paths that may be of the person whom these events tell of. Looked up before the append, so that
    /// they are part of the answer that a retry gets.
    async fn duplicates_of(&self, case: &FoundPath, events: &[BeneficiaryEvent]) -> Lookup {
        let (Some(finder), [event]) = (self.0.duplicates.get(), events) else {
            return Lookup::default();
        };
        let state = case.path.state.state();
        let (identity, year, region) = match &event.fact {
            Fact::Registered(registration) => {
                (&registration.identity, Some(registration.birth_year), Some(registration.region))
            }
            Fact::IdentityUpdated(change) => {
                let known = state.registration.as_ref().map(|registration| registration.birth_year);
                (&change.identity, change.birth_year.or(known), state.region)
            }
            _ => return Lookup::default(),
        };
        let Some(year) = year else { return Lookup::default() };
        finder.find(case.id, identity.0.as_str(), year.signed(), region).await
    }
}

/// Whether a fund serves the region of the office in charge. The regions of a fund never change, and a
/// payment follows a person who has moved since it was promised.
fn check_serves(fund: &Fund, case: &FoundPath) -> Result<(), CommandError> {
    let office = case.path.state.state().office.as_ref();
    let region = office.and_then(|office| case.programme.state.region_of(office));
    Ok(fund::check_served(fund, region)?)
}

/// The answer that these events will have, with the reference that the path has or is given.
pub(in super::super) fn answer_of(
    case: &FoundPath,
    events: &[BeneficiaryEvent],
    reference: Option<Reference>,
) -> Answer {
    let path = &case.path.state;
    let known = path.state().registration.as_ref().map(|registration| registration.reference);
    // One that is registered anew has another from now on.
    let reference = known.or(reference).or_else(|| path.reference());
    let types = events.iter().map(|event| event.fact.event_type().to_owned()).collect();
    let told =
        events.iter().flat_map(|event| CommandWarning::of_event(event, &case.programme.state));
    Answer {
        warnings: told.collect(),
        reference: reference.map(|reference| reference.to_string()),
        ..Answer::of(case.id, &case.path, types)
    }
}

fn request_of(
    case: &FoundPath,
    events: &[BeneficiaryEvent],
    reference: Option<Reference>,
    call: &Call,
    answer: &Answer,
) -> AppendRequest {
    let (key, answer) = (call.key.clone(), answer.text());
    if events.is_empty() {
        return AppendRequest { key, answer, ..AppendRequest::default() };
    }
    let stream = stream_id::<Beneficiary>(case.id);
    let alias = reference.map(|reference| Alias { alias: alias_of(reference), stream });
    let (writes, guards) = (vec![case.write(events, call)], vec![case.programme_guard()]);
    AppendRequest { writes, guards, alias, key, answer, ..AppendRequest::default() }
}

fn payload_bytes(request: &AppendRequest) -> u64 {
    request
        .writes
        .iter()
        .flat_map(|write| &write.events)
        .map(|event| event.payload.len() as u64)
        .sum()
}
