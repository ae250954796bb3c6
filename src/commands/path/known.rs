//! What a decision on a path rests on that the path's own state does not say: an age, whose birth date is
//! sealed, and the sessions of a training group, which are another stream's.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use sira_domain::cohort::{Cohort, holds_register_of};
use sira_domain::context::Context;
use sira_domain::identity::{Identity, check_born};
use sira_domain::path::{Beneficiary, BeneficiaryCommand, Fact};
use sira_domain::refusal::{Item, Refusal};
use sira_domain::values::Slug;
use uuid::Uuid;

use super::super::aggregate::stream_id;
use super::super::form::{FieldError, FormRule, birth_fault};
use super::super::{CommandError, Commands};
use super::{FoundPath, SealedCommand};
use crate::journal::Guard;
use crate::keys::{FoundKey, PersonKey};
use crate::stored::seal_context;

/// First day of the range that a birth date is told to lie in: that of the years of birth.
const EARLIEST_BIRTH: &str = "1900-01-01";

/// A command with all that it rests on, and what was read of other streams for it.
pub(in super::super) struct KnownCommand {
    pub command: BeneficiaryCommand,
    /// The streams that the decision has read, which must still stand so when it is appended.
    pub guards: Vec<Guard>,
}

impl Commands {
    /// Completes a command with what it rests on.
    ///
    /// # Errors
    /// A birth date to come, or of another year than is told; or when the journal or the key store cannot be read.
    pub(in super::super) async fn know(
        &self,
        case: &FoundPath,
        sealed: &SealedCommand,
        context: &Context,
    ) -> Result<KnownCommand, CommandError> {
        let mut command = sealed.command.clone();
        let mut guards = Vec::new();
        match &mut command {
            BeneficiaryCommand::Register(_) => born_by(sealed.birth_date, context.day()?)?,
            BeneficiaryCommand::UpdateIdentity(_) => born_by(sealed.birth_date, context.today())?,
            BeneficiaryCommand::CorrectRegistration(request) => {
                if let Some(year) = request.birth_year {
                    let key = self.standing_key(&case.path.state).await?;
                    let born = key.and_then(|key| identity_of(case, &key)?.birth_date);
                    let fault = born.and_then(|born| birth_fault(born, &year.get().into()));
                    fault.map_or(Ok(()), |fault| Err(CommandError::Form(fault.into())))?;
                }
            }
            BeneficiaryCommand::Retract(retraction) => {
                let sequence = retraction.sequence;
                let told = case.path.state.standing().find(|(other, _)| *other == sequence);
                if let Some((_, event)) = told
                    && let Fact::AttendanceRecorded(attendance) = &event.fact
                {
                    let event = event.fact.event_type();
                    let registered = self.register_of(case, &attendance.session).await?;
                    guards = registered.outside(Refusal::NotRetractable { sequence, event })?;
                }
            }
            BeneficiaryCommand::RecordAttendance(attendance)
                if !case.path.state.state().sessions.contains_key(&attendance.session) =>
            {
                let name = attendance.session.to_string();
                let registered = self.register_of(case, &attendance.session).await?;
                guards = registered.outside(Refusal::Differs { item: Item::Session, name })?;
            }
            BeneficiaryCommand::AssessEligibility(request) => {
                let key = self.standing_key(&case.path.state).await?;
                let identity = key.and_then(|key| identity_of(case, &key));
                let on = context.day()?;
                request.completed_years =
                    identity.and_then(|identity| identity.completed_years(on));
            }
            BeneficiaryCommand::CompleteTraining(request) => {
                let seat = case.path.state.state().enrolment.as_ref();
                if let Some(cohort) = seat.map(|seat| seat.cohort.0)
                    && let Some(loaded) = self.current::<Cohort>(cohort).await?
                {
                    request.cohort_minutes = Some(loaded.state.planned_minutes());
                    // A session that is scheduled meanwhile makes the decision be taken anew.
                    let stream = stream_id::<Cohort>(cohort);
                    guards.push(Guard { stream, version: loaded.state.version });
                }
            }
            _ => {}
        }
        Ok(KnownCommand { command, guards })
    }

    /// Whether a session is one whose register was recorded, in any group that the person ever had a seat in.
    /// Attendance at it is told in both streams, and put right in both by `correct-register`. A journal from
    /// before that was asked stays lawful, so that commands alone are asked.
    async fn register_of(
        &self,
        case: &FoundPath,
        session: &Slug,
    ) -> Result<FoundRegister, CommandError> {
        let mut found = FoundRegister::default();
        let seats = case.path.state.standing().filter_map(|(_, event)| match &event.fact {
            Fact::TrainingEnrolled(seat) => Some(seat.cohort.0),
            _ => None,
        });
        let cohorts: BTreeSet<Uuid> = seats.collect();
        for cohort in cohorts {
            let Some(loaded) = self.current::<Cohort>(cohort).await? else { continue };
            let stream = stream_id::<Cohort>(cohort);
            found.is_recorded |= holds_register_of(&loaded.state, session);
            if loaded.state.plan.as_ref().is_some_and(|plan| {
                session
                    .as_str()
                    .strip_prefix(plan.code.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
            }) {
                // A register that is recorded meanwhile makes the decision be taken anew.
                found.guards.push(Guard { stream, version: loaded.state.version });
            }
        }
        Ok(found)
    }

    /// The key of a path that has one which is not destroyed.
    async fn standing_key(&self, path: &Beneficiary) -> Result<Option<PersonKey>, CommandError> {
        let Some(id) = path.state().keys.last().copied() else { return Ok(None) };
        match self.0.keys.get(id).await? {
            FoundKey::Key(key) => Ok(Some(key)),
            FoundKey::Destroyed { .. } => Ok(None),
            // What it sealed stays sealed, as if it were destroyed.
            FoundKey::Unknown => {
                tracing::error!(key = %id, "a person's key is missing: what it sealed stays sealed");
                Ok(None)
            }
        }
    }
}

/// The register that a session of a path stands on, and the groups that were read for it.
#[derive(Default)]
struct FoundRegister {
    is_recorded: bool,
    guards: Vec<Guard>,
}

impl FoundRegister {
    /// The guards of what is outside any register; the refusal of what is on one.
    fn outside(self, refusal: Refusal) -> Result<Vec<Guard>, CommandError> {
        if self.is_recorded { Err(refusal.into()) } else { Ok(self.guards) }
    }
}

/// Nobody is told of who is not born by a day. The date is not said.
fn born_by(birth_date: Option<NaiveDate>, day: NaiveDate) -> Result<(), CommandError> {
    check_born(birth_date, day).map_err(|_| {
        let range = format!("{EARLIEST_BIRTH}..{day}");
        CommandError::Form(
            FieldError::new("/identity/birth_date", FormRule::DateRange { range }).into(),
        )
    })
}

/// The identity as last told; none of somebody who is erased.
fn identity_of(case: &FoundPath, key: &PersonKey) -> Option<Identity> {
    let sealed = case.path.state.state().identity.as_ref()?;
    let plain = key.open(&seal_context(case.id, "identity"), sealed.as_str()).ok()?;
    serde_json::from_slice(&plain).ok()
}
