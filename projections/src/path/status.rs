//! The tables of the present, of one path.

use chrono::Months;
use sira_domain::path::facts::{Decision, PlanConclusion};
use sira_domain::path::{Stage, State, Status};
use sira_domain::values::OfficeCode;

use super::PathFold;
use super::dims::dims;
use crate::changes::Changes;
use crate::rule_book::RuleBook;
use crate::table::{Cell, Row, TableId};

/// Replaces the path's rows in the tables of the present.
pub fn show(fold: &PathFold, rules: &RuleBook, changes: &mut Changes) {
    let of = [TableId::CaseStatus, TableId::CaseAdvisers, TableId::FollowUpSchedule];
    for table in of {
        changes.of_mut(table).dropped.push(fold.id);
    }
    if let Some(row) = status_row(fold) {
        changes.of_mut(TableId::CaseStatus).rows.push(row);
    }
    if let (Some(adviser), Some(registration)) = (&fold.state.adviser, &fold.state.registration) {
        let row = [
            fold.id.into(),
            adviser.as_str().to_owned().into(),
            registration.on.into(),
            fold.memo.last_on.unwrap_or(registration.on).into(),
        ];
        changes.of_mut(TableId::CaseAdvisers).rows.push(row.into_iter().collect());
    }
    changes.of_mut(TableId::FollowUpSchedule).rows.extend(schedule(fold, rules));
}

fn status_row(fold: &PathFold) -> Option<Row> {
    let (state, memo) = (&fold.state, &fold.memo);
    let registration = state.registration.as_ref()?;
    let [programme, office, region, sex, age_band, disability, displaced, cohort, fund] =
        dims(state, memo, memo.fund)?;
    let last = fold.past.last()?;
    let business = state.business.as_ref();
    let sector = business.map(|business| &business.sector);
    let sector = sector.or(state.idea.as_ref().map(|idea| &idea.sector));
    let row = [
        fold.id.into(),
        registration.reference.to_string().into(),
        programme,
        office,
        region,
        sex,
        registration.birth_year.into(),
        age_band,
        Cell::maybe(registration.education.map(|level| level.code())),
        disability,
        displaced,
        registration.intake.code().into(),
        Cell::maybe(sector.map(|sector| sector.as_str().to_owned())),
        stage_word(state.stage).into(),
        status_word(state.status).into(),
        Cell::maybe(awaiting(state)),
        cohort,
        fund,
        registration.on.into(),
        Cell::maybe(business.map(|business| business.started_on)),
        Cell::maybe(business.and_then(|business| business.closed_on)),
        memo.last_on.unwrap_or(registration.on).into(),
        Cell::maybe(state.path_closed_on),
        state.continues_as.is_some().into(),
        state.is_erased().into(),
        fold.version().into(),
        last.position.into(),
        last.recorded_at.into(),
    ];
    Some(row.into_iter().collect())
}

/// The word of a stage.
#[must_use]
pub const fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Idea => "idea",
        Stage::Recruitment => "recruitment",
        Stage::Training => "training",
        Stage::Financing => "financing",
        Stage::FollowUp => "follow_up",
        Stage::Completed => "completed",
    }
}

/// The word of a status.
#[must_use]
pub const fn status_word(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Suspended => "suspended",
        Status::Exited => "exited",
        Status::Completed => "completed",
    }
}

/// The decision that a path waits for; none when the next step is the person's own, or the path does
/// not go on.
fn awaiting(state: &State) -> Option<&'static str> {
    if state.status != Status::Active || state.continues_as.is_some() {
        return None;
    }
    match state.stage {
        Stage::Recruitment => {
            let Some(eligibility) = &state.eligibility else { return Some("eligibility") };
            if !eligibility.assessment.eligible {
                return None;
            }
            if state.interview.is_none() {
                return Some("interview");
            }
            let decided = state.selection.as_ref().map(|state| state.selection.decision);
            matches!(decided, None | Some(Decision::Waitlisted)).then_some("selection")
        }
        Stage::Financing => awaiting_money(state),
        _ => None,
    }
}

fn awaiting_money(state: &State) -> Option<&'static str> {
    let open = state.financings.iter().rev().find(|financing| financing.refusal().is_none());
    if let Some(financing) = open {
        return match (financing.approval(), financing.agreement_on()) {
            (None, _) => Some("financing"),
            (Some(_), None) => Some("agreement"),
            (Some(_), Some(_)) => None,
        };
    }
    let plan = state.plan.as_ref()?;
    match plan.conclusion {
        None => Some("plan"),
        Some(PlanConclusion::Validated | PlanConclusion::ToRevise) => None,
    }
}

fn schedule(fold: &PathFold, rules: &RuleBook) -> Vec<Row> {
    let state = &fold.state;
    let (Some(registration), Some(business)) = (&state.registration, &state.business) else {
        return Vec::new();
    };
    let months = rules.follow_up_months(registration.programme.0, fold.memo.start_rules);
    let goes_on = state.status == Status::Active
        && state.continues_as.is_none()
        && business.closed_on.is_none();
    let text = |text: Option<&str>| text.map_or(Cell::Null, |text| text.to_owned().into());
    months
        .iter()
        .filter_map(|milestone| {
            let due_on = business.started_on.checked_add_months(Months::new(*milestone))?;
            let visited_on = state.visits.get(milestone).map(|visit| visit.on);
            let row = [
                fold.id.into(),
                (*milestone).into(),
                registration.programme.0.into(),
                text(state.office.as_ref().map(OfficeCode::as_str)),
                text(state.region.map(|region| region.code())),
                registration.reference.to_string().into(),
                due_on.into(),
                Cell::maybe(visited_on),
                (goes_on && visited_on.is_none()).into(),
            ];
            Some(row.into_iter().collect())
        })
        .collect()
}
