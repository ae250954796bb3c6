//! What a business, its visits and the end of the path leave in the state.

use chrono::NaiveDate;

use super::facts::{Closure, Jobs, PathEnd, Start, Support, Visit};
use crate::path::declare::parts;
use crate::path::stage::{Stage, Status};
use crate::path::state::{Signed, State};
use crate::reference::{BusinessStatus, LegalForm, SectorCode};
use crate::values::Xof;

parts! {
    /// The last business that the person started.
    BusinessState {
        /// Day it started; milestones count from here.
        started_on: NaiveDate,
        /// Legal form, as it was declared at the start.
        form: LegalForm,
        /// Sector, as it was declared at the start.
        sector: SectorCode,
        /// Version of the programme's rules that it started under: they say which visits are due.
        rules: u32,
        /// Day it closed; none while it runs.
        #[serde(skip_serializing_if = "Option::is_none")]
        closed_on: Option<NaiveDate>,
    }

    /// The visit of a milestone.
    VisitState {
        /// Day of the visit.
        on: NaiveDate,
        /// State of the business on that day.
        business_status: BusinessStatus,
        /// Turnover of the month before.
        #[serde(skip_serializing_if = "Option::is_none")]
        monthly_revenue: Option<Xof>,
        /// Jobs seen at the visit.
        #[serde(skip_serializing_if = "Option::is_none")]
        jobs: Option<Jobs>,
    }
}

pub(in crate::path) fn fold_start(state: &mut State, signed: &Signed, start: &Start) {
    let (form, sector) = (start.form, start.sector.clone());
    // Under which rules is said by the event, and noted with it.
    let (started_on, rules) = (signed.on, 0);
    state.business = Some(BusinessState { started_on, form, sector, rules, closed_on: None });
    // A start that is told after the path has ended does not open it again.
    if state.stage != Stage::Completed {
        state.stage = Stage::FollowUp;
    }
}

pub(in crate::path) fn fold_visit(state: &mut State, signed: &Signed, visit: &Visit) {
    state.last_visit_on = state.last_visit_on.max(Some(signed.on));
    if let Some(milestone) = visit.milestone {
        let seen = VisitState {
            on: signed.on,
            business_status: visit.business_status,
            monthly_revenue: visit.monthly_revenue,
            jobs: visit.jobs.clone(),
        };
        state.visits.insert(milestone.get(), seen);
    }
}

pub(in crate::path) fn fold_support(state: &mut State, _: &Signed, _: &Support) {
    state.actions.supports += 1;
}

pub(in crate::path) fn fold_closure(state: &mut State, signed: &Signed, _: &Closure) {
    if let Some(business) = &mut state.business {
        business.closed_on = Some(signed.on);
    }
}

pub(in crate::path) fn fold_end(state: &mut State, signed: &Signed, _: &PathEnd) {
    state.stage = Stage::Completed;
    state.status = Status::Completed;
    state.path_closed_on = Some(signed.on);
}
