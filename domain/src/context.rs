//! What a decision is taken in: the time, the actor, the programme. All of it is handed in; the
//! domain asks no clock and no randomness.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

use crate::programme::Programme;
use crate::reference::BackdatingReason;
use crate::refusal::Refusal;
use crate::role::Role;
use crate::values::{ActorId, EARLIEST_DATE};

/// The circumstances of a decision.
#[derive(Clone, Debug)]
pub struct Context {
    /// The time of recording.
    pub now: DateTime<Utc>,
    /// The day on which it happened in the field; today when the caller does not say.
    pub occurred_on: Option<NaiveDate>,
    /// The reason that the caller gives for a fact that lies further back than the programme allows.
    pub backdating_reason: Option<BackdatingReason>,
    /// The member of staff or program that acts.
    pub actor: ActorId,
    /// The role in which they act.
    pub role: Role,
    /// The id of the stream that is decided on.
    pub subject: Uuid,
    /// The programme whose rules apply; for a programme's own commands, a default one.
    pub programme: Arc<Programme>,
}

impl Context {
    /// The day of recording. Mali keeps UTC.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.now.date_naive()
    }

    /// The day of the fact.
    ///
    /// # Errors
    /// [`Refusal::InFuture`] and [`Refusal::TooEarly`].
    pub fn day(&self) -> Result<NaiveDate, Refusal> {
        let given = self.occurred_on.unwrap_or_else(|| self.today());
        if given > self.today() {
            return Err(Refusal::InFuture { field: "occurred_on", given, today: self.today() });
        }
        if given < EARLIEST_DATE {
            return Err(Refusal::TooEarly { field: "occurred_on", given, earliest: EARLIEST_DATE });
        }
        Ok(given)
    }

    /// Refuses a fact of a day that lies further back from its recording than the rules of that day allow,
    /// unless a reason is given: by a director, for what is recorded in the field. What a committee decides
    /// and what finance pays nobody records in their place, and they give the reason themselves.
    ///
    /// # Errors
    /// [`Refusal::TooFarBack`] with the last day that would do without.
    pub fn check_backdating(
        &self,
        given: NaiveDate,
        reason: Option<BackdatingReason>,
    ) -> Result<(), Refusal> {
        self.check_backdating_in(&self.programme, given, reason)
    }

    /// As [`Context::check_backdating`], by the rules of another programme, in whose stream the fact is told too.
    ///
    /// # Errors
    /// As there.
    pub fn check_backdating_in(
        &self,
        programme: &Programme,
        given: NaiveDate,
        reason: Option<BackdatingReason>,
    ) -> Result<(), Refusal> {
        let (_, rules) = programme.rules_on(self.today());
        let Some(days) = rules.backdating_days else { return Ok(()) };
        let earliest = self.today().checked_sub_days(Days::new(days.get().into()));
        let Some(earliest) = earliest.filter(|earliest| given < *earliest) else { return Ok(()) };
        let is_of_the_field = matches!(self.role, Role::Adviser | Role::Trainer);
        if reason.is_some() && !is_of_the_field {
            return Ok(());
        }
        Err(Refusal::TooFarBack { given, earliest, days: days.get() })
    }
}
