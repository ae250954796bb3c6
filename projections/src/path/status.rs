//! The tables of the present, of one path.

use chrono::Months;
use sira_domain::path::facts::{Decision, Outcome, PlanConclusion};
use sira_domain::path::{ClosedBecause, ReferralState, Stage, State, Status};
use uuid::Uuid;

use super::PathFold;
use super::dims::breakdown;
use crate::changes::Changes;
use crate::rule_book::RuleBook;
use crate::stream_fold::StreamFold;
use crate::table::TableId;
use crate::table::define::Word;
use crate::table::tables::breakdown::Breakdown;
use crate::table::tables::case_advisers::CaseAdviserRow;
use crate::table::tables::case_status::CaseStatusRow;
use crate::table::tables::follow_up_schedule::DueVisitRow;
use crate::table::tables::handovers::HandoverRow;
use crate::table::tables::referrals::ReferralRow;

/// Replaces the path's rows in the tables of the present.
pub fn show(fold: &PathFold, rules: &RuleBook, changes: &mut Changes) {
    let of = [
        TableId::CaseStatus,
        TableId::CaseAdvisers,
        TableId::Handovers,
        TableId::FollowUpSchedule,
        TableId::Referrals,
    ];
    for table in of {
        changes.of_mut(table).dropped.push(fold.id);
    }
    if let Some(row) = status_row(fold) {
        changes.add(row);
    }
    if let (Some(adviser), Some(registration)) = (&fold.state.adviser, &fold.state.registration) {
        let row = CaseAdviserRow {
            aggregate_id: fold.id,
            adviser: adviser.as_str().to_owned().into(),
            registered_on: registration.on,
            last_on: fold.memo.last_on.unwrap_or(registration.on),
        };
        changes.add(row);
    }
    if let Some(row) = handover_row(fold) {
        changes.add(row);
    }
    for row in schedule(fold, rules) {
        changes.add(row);
    }
    for row in referrals(&fold.state, fold.id) {
        changes.add(row);
    }
}

fn referrals(state: &State, id: Uuid) -> Vec<ReferralRow> {
    let (Some(registration), Some(office), Some(region)) =
        (&state.registration, &state.office, state.region)
    else {
        return Vec::new();
    };
    let row = |one: &ReferralState| ReferralRow {
        aggregate_id: id,
        referral: one.referral,
        reference: registration.reference.to_string().into(),
        programme: registration.programme.0,
        office: office.as_str().to_owned().into(),
        region: region.code().into(),
        partner: one.partner.to_string().into(),
        service: one.service.code().into(),
        referred_on: one.referred_on,
        settled_on: one.settled.map(|(on, _)| on),
        outcome: one.settled.map(|(_, outcome)| outcome.code().into()),
        open: one.settled.is_none() && !state.is_erased(),
    };
    state.referrals.iter().map(row).collect()
}

fn handover_row(fold: &PathFold) -> Option<HandoverRow> {
    let state = &fold.state;
    let (registration, handover) = (state.registration.as_ref()?, state.handover.as_ref()?);
    Some(HandoverRow {
        aggregate_id: fold.id,
        reference: registration.reference.to_string().into(),
        programme: registration.programme.0,
        office: state.office.as_ref()?.as_str().to_owned().into(),
        region: state.region?.code().into(),
        from_office: handover.from_office.as_str().to_owned().into(),
        handed_over_on: handover.on,
    })
}

fn status_row(fold: &PathFold) -> Option<CaseStatusRow> {
    let (state, memo) = (&fold.state, &fold.memo);
    let registration = state.registration.as_ref()?;
    let Breakdown {
        programme,
        office,
        region,
        sex,
        age_band,
        disability,
        displaced,
        cohort,
        fund,
        sector,
        education,
    } = breakdown(state, memo, memo.fund)?;
    let last = fold.past.last()?;
    let business = state.business.as_ref();
    Some(CaseStatusRow {
        aggregate_id: fold.id,
        reference: registration.reference.to_string().into(),
        programme,
        office,
        region,
        sex,
        birth_year: registration.birth_year.get(),
        age_band,
        education,
        disability,
        displaced,
        intake: registration.intake.code().into(),
        sector,
        stage: stage_word(state.stage).into(),
        status: status_word(state.status).into(),
        awaiting: awaiting(state).map(Word::from),
        cohort,
        fund,
        registered_on: registration.on,
        started_on: business.map(|business| business.started_on),
        closed_on: business.and_then(|business| business.closed_on),
        last_on: memo.last_on.unwrap_or(registration.on),
        path_closed_on: state.path_closed_on,
        closed_because: state.closed_because.map(|because| closed_word(because).into()),
        duplicate: state.continues_as.is_some(),
        erased: state.is_erased(),
        version: fold.version(),
        position: last.position,
        recorded_at: last.recorded_at,
    })
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
        Status::Closed => "closed",
        Status::Exited => "exited",
        Status::Completed => "completed",
    }
}

/// The word of the decision that closed a path.
const fn closed_word(because: ClosedBecause) -> &'static str {
    match because {
        ClosedBecause::NotSelected => "not_selected",
        ClosedBecause::NotEligible => "not_eligible",
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
                let rules = &eligibility.assessment.rules;
                let is_open = rules.iter().any(|rule| rule.outcome == Outcome::ToBeProved);
                return is_open.then_some("eligibility");
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

fn schedule(fold: &PathFold, rules: &RuleBook) -> Vec<DueVisitRow> {
    let state = &fold.state;
    let (Some(registration), Some(business)) = (&state.registration, &state.business) else {
        return Vec::new();
    };
    let (Some(office), Some(region)) = (&state.office, state.region) else { return Vec::new() };
    let months = rules.follow_up_months(registration.programme.0, fold.memo.start_rules);
    let goes_on = state.status == Status::Active
        && state.continues_as.is_none()
        && business.closed_on.is_none();
    months
        .iter()
        .filter_map(|milestone| {
            let due_on = business.started_on.checked_add_months(Months::new(*milestone))?;
            let visited_on = state.visits.get(milestone).map(|visit| visit.on);
            Some(DueVisitRow {
                aggregate_id: fold.id,
                milestone: *milestone,
                programme: registration.programme.0,
                office: office.as_str().to_owned().into(),
                region: region.code().into(),
                reference: registration.reference.to_string().into(),
                due_on,
                visited_on,
                open: goes_on && visited_on.is_none(),
            })
        })
        .collect()
}
