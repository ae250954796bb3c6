//! Deciding without recording, and retracting many events at once: what an import needs.

use std::sync::Arc;

use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::path::{Beneficiary, BeneficiaryEvent, decide};
use uuid::Uuid;

use super::path::{Attempt, Case, draw_reference, entry_of, parse, prepare};
use super::{ATTEMPTS_MAX, Call, CommandError, Commands};
use crate::keys::PersonKey;

/// A path as a rehearsal leaves it.
pub struct Rehearsal {
    path: Beneficiary,
    key: PersonKey,
}

impl Commands {
    /// Decides a command as if those rehearsed before had been recorded; says whether it would
    /// record something. Nothing is written anywhere.
    ///
    /// # Errors
    /// What would forbid the command.
    pub async fn rehearse(
        &self,
        id: Uuid,
        entry: &'static CommandEntry,
        body: Map<String, Value>,
        call: &Call,
        rehearsal: &mut Option<Rehearsal>,
    ) -> Result<bool, CommandError> {
        let case = self.case_to_rehearse(id, &body, rehearsal.as_ref()).await?;
        let key = match rehearsal.take() {
            Some(rehearsed) => rehearsed.key,
            None if case.path.state.version() == 0 => PersonKey::throwaway()?,
            None => {
                self.key_of(&case.path.state, true).await?.map_or_else(PersonKey::throwaway, Ok)?
            }
        };
        let reference = (entry.word == "register").then(draw_reference);
        let body = prepare(body, id, entry, Some(&key), reference)?;
        let (command, call) = parse(entry, body, call)?;
        let events = decide(&case.path.state, command, &self.context(&case, &call))?;
        let would_record = !events.is_empty();
        let mut path = Beneficiary::clone(&case.path.state);
        for event in events {
            path.take(event);
        }
        *rehearsal = Some(Rehearsal { path, key });
        Ok(would_record)
    }

    async fn case_to_rehearse(
        &self,
        id: Uuid,
        body: &Map<String, Value>,
        rehearsal: Option<&Rehearsal>,
    ) -> Result<Case, CommandError> {
        let Some(rehearsal) = rehearsal else {
            let is_known = self.0.beneficiaries.load(&self.0.journal, id).await?.is_some();
            return if is_known {
                self.find_to_register(id, body).await
            } else {
                self.new_case(id, body).await
            };
        };
        let registration = rehearsal.path.state().registration.as_ref();
        let programme_id =
            registration.map_or(Uuid::nil(), |registration| registration.programme.0);
        let programme =
            self.0.programmes.load(&self.0.journal, programme_id).await?.unwrap_or_default();
        let path =
            super::Loaded { state: Arc::new(rehearsal.path.clone()), ..super::Loaded::default() };
        Ok(Case {
            id,
            mark: self.0.beneficiaries.mark(id),
            path: Arc::new(path),
            programme_id,
            programme,
        })
    }

    /// Retracts several events of one path, the last first, in one append; with `only_judge`
    /// nothing is written. Says how many were, or would be, retracted; those that are retracted
    /// already are passed over.
    ///
    /// # Errors
    /// What forbids it; then none is retracted.
    pub async fn retract_all(
        &self,
        id: Uuid,
        sequences: &[u64],
        reason: &str,
        call: &Call,
        only_judge: bool,
    ) -> Result<u64, CommandError> {
        let entry = entry_of("retract").ok_or(CommandError::NoSuchCommand)?;
        let _turn = self.0.beneficiaries.turn(id).await;
        for _ in 0..ATTEMPTS_MAX {
            let case = self.find(id).await?;
            let key = self.key_of(&case.path.state, true).await?;
            let events =
                self.decide_retractions(&case, entry, sequences, reason, key.as_ref(), call)?;
            let count = events.len() as u64;
            if only_judge || events.is_empty() {
                return Ok(count);
            }
            if let Attempt::Answered(_) = self.store(&case, events, None, call).await? {
                return Ok(count);
            }
        }
        Err(CommandError::Contended(ATTEMPTS_MAX))
    }

    fn decide_retractions(
        &self,
        case: &Case,
        entry: &'static CommandEntry,
        sequences: &[u64],
        reason: &str,
        key: Option<&PersonKey>,
        call: &Call,
    ) -> Result<Vec<BeneficiaryEvent>, CommandError> {
        let mut path = Beneficiary::clone(&case.path.state);
        let mut events = Vec::new();
        let mut latest_first = sequences.to_vec();
        latest_first.sort_unstable_by(|one, other| other.cmp(one));
        for sequence in latest_first {
            let body = [
                ("sequence".to_owned(), Value::from(sequence)),
                ("reason".to_owned(), Value::from(reason)),
            ];
            let body = prepare(body.into_iter().collect(), case.id, entry, key, None)?;
            let (command, call) = parse(entry, body, call)?;
            for event in decide(&path, command, &self.context(case, &call))? {
                path.take(event.clone());
                events.push(event);
            }
        }
        Ok(events)
    }
}
