//! What a decision is taken in: the time, the actor, the programme. All of it is handed in; the
//! domain asks no clock and no randomness.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::programme::Programme;
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
}
