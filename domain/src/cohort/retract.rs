//! A fact of a cohort that was recorded in error is taken back, if all that followed would have been lawful
//! without it.

use sira_numbers::Sequence;

use super::event::{CohortEvent, CohortFact};
use super::{Cohort, lawful};
use crate::context::Context;
use crate::programme::Programme;
use crate::refusal::Refusal;
use crate::retraction::{check_author, no_event, rests_on};

/// Tells whether a fact can be taken back: the first one begins the stream, and those that paths tell of too
/// are undone by the commands that undo them in both.
const fn is_retractable(fact: &CohortFact) -> bool {
    matches!(
        fact,
        CohortFact::SessionScheduled(_)
            | CohortFact::SessionMoved(_)
            | CohortFact::SessionCancelled(_)
            | CohortFact::CohortAmended(_)
            | CohortFact::CohortClosed(_)
    )
}

/// Asks whether the one who gives a command may take back the event that it names.
///
/// # Errors
/// [`Refusal::NeedsRole`], of whoever neither recorded it nor is a director.
pub fn check_author_of(
    cohort: &Cohort,
    event: &CohortEvent,
    context: &Context,
) -> Result<(), Refusal> {
    let CohortFact::CohortFactRetracted(retraction) = &event.fact else { return Ok(()) };
    let target = cohort.standing().find(|(sequence, _)| *sequence == retraction.sequence);
    target.map_or(Ok(()), |(_, target)| check_author(&target.by, context))
}

/// Asks whether everything that followed an event would have been lawful without it.
pub(super) fn check(
    cohort: &Cohort,
    sequence: Sequence,
    programme: &Programme,
) -> Result<(), Refusal> {
    let target = cohort.standing().find(|(other, _)| *other == sequence);
    let (_, target) = target.ok_or_else(|| no_event(sequence))?;
    if !is_retractable(&target.fact) {
        return Err(Refusal::NotRetractable { sequence, event: target.fact.event_type() });
    }
    let mut without = Cohort::default();
    for (other, event) in cohort.standing().filter(|(other, _)| *other != sequence) {
        let is_judged =
            other > sequence && !matches!(event.fact, CohortFact::CohortFactRetracted(_));
        if is_judged {
            lawful(&without, event, programme)
                .map_err(|because| rests_on(other, event.fact.event_type(), because))?;
        }
        without.fold(event);
    }
    Ok(())
}
