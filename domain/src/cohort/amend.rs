//! Sessions that are moved or cancelled, and a plan that changes.

use chrono::NaiveDate;
use sira_numbers::counted;

use super::command::{check_modules, outside};
use super::event::{CohortAmendment, CohortCode, CohortPlan, SessionMove};
use super::register::find_session;
use super::{Cohort, SessionState};
use crate::programme::Programme;
use crate::refusal::{Item, Quantity, Refusal};

impl CohortAmendment {
    /// Puts what changes in its place.
    pub(super) fn apply(&self, plan: &mut CohortPlan) {
        fn put<T: Clone>(changed: Option<&T>, place: &mut T) {
            if let Some(changed) = changed {
                place.clone_from(changed);
            }
        }
        put(self.capacity.as_ref(), &mut plan.capacity);
        put(self.centre.as_ref(), &mut plan.centre);
        put(self.trainer.as_ref(), &mut plan.trainer);
        put(self.period.as_ref(), &mut plan.period);
        put(self.modules.as_ref(), &mut plan.modules);
    }
}

/// A session of which no register was recorded: its members' attendance is of its day.
fn without_register<'a>(
    cohort: &'a Cohort,
    word: &CohortCode,
) -> Result<&'a SessionState, Refusal> {
    let session = find_session(cohort, word)?;
    if session.register.is_some() {
        return Err(Refusal::Settled { item: Item::Session, name: word.to_string() });
    }
    Ok(session)
}

/// A session is moved to another day of the cohort's period, as long as it was not held.
pub(super) fn moved(
    cohort: &Cohort,
    plan: &CohortPlan,
    moved: &SessionMove,
) -> Result<(), Refusal> {
    let session = without_register(cohort, &moved.session)?;
    if session.plan.on == moved.on {
        return Err(Refusal::Unchanged { field: "on" });
    }
    if plan.period.holds(moved.on) { Ok(()) } else { Err(outside(plan.period, moved.on)) }
}

/// A session is cancelled as long as it was not held.
pub(super) fn cancelled(cohort: &Cohort, word: &CohortCode) -> Result<(), Refusal> {
    without_register(cohort, word).map(drop)
}

/// A changed plan is still one that holds the members, the sessions and their modules.
pub(super) fn amended(
    cohort: &Cohort,
    plan: &CohortPlan,
    amendment: &CohortAmendment,
    on: NaiveDate,
    programme: &Programme,
) -> Result<(), Refusal> {
    let mut changed = plan.clone();
    amendment.apply(&mut changed);
    if changed == *plan {
        return Err(Refusal::Below { what: Quantity::Items, required: 1, given: 0 });
    }
    let taken = counted(cohort.members.len());
    if changed.capacity.get() < taken {
        let (what, limit) = (Quantity::Seats, changed.capacity.get());
        return Err(Refusal::Above { what, limit, given: taken });
    }
    if let Some(period) = amendment.period {
        for given in [period.from, period.to] {
            programme.check_term(given)?;
        }
        let held = cohort.sessions.values().map(|session| session.plan.on);
        // A seat may be taken before the first day, and not after the last.
        let out = held.filter(|day| !period.holds(*day));
        let late = cohort.members.values().copied().filter(|since| *since > period.to);
        if let Some(given) = out.chain(late).next() {
            return Err(outside(period, given));
        }
    }
    if amendment.modules.is_some() {
        check_modules(&changed.modules, on, programme)?;
        let taught = cohort.sessions.values().filter_map(|session| session.plan.module.as_ref());
        if let Some(module) = taught.into_iter().find(|module| !changed.modules.contains(module)) {
            let name = module.to_string();
            return Err(Refusal::Unknown { item: Item::Module, name, field: "modules" });
        }
    }
    Ok(())
}
