//! What an enrolment, a withdrawal or an exit on a path changes in a cohort.

use super::event::{CohortEvent, CohortFact, Seat};
use crate::path::{BeneficiaryEvent, Fact};
use crate::values::{BeneficiaryId, CohortId};

/// The cohort's own event for an event of a path, to be appended with it; none when no seat changes
/// hands.
#[must_use]
pub fn of_path(
    event: &BeneficiaryEvent,
    beneficiary: BeneficiaryId,
) -> Option<(CohortId, CohortEvent)> {
    let seat = Seat { beneficiary };
    let (cohort, fact) = match &event.fact {
        Fact::TrainingEnrolled(enrolment) => (enrolment.cohort, CohortFact::SeatTaken(seat)),
        Fact::TrainingWithdrawn(withdrawal) => (withdrawal.cohort, CohortFact::SeatReturned(seat)),
        Fact::Exited(exit) => (exit.seat?, CohortFact::SeatReturned(seat)),
        _ => return None,
    };
    let (occurred_on, by) = (event.occurred_on, event.by.clone());
    // Why it was recorded late stands in the path.
    Some((cohort, CohortEvent { occurred_on, by, backdating_reason: None, fact }))
}
