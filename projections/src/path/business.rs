//! The business, its visits, and what goes on beside.

use chrono::NaiveDate;
use sira_domain::path::facts::{Jobs, Visit};
use sira_domain::path::{Fact, GrievanceState};
use sira_domain::values::Within;

use super::jobs;
use super::ledger::Slot;
use super::memo::Memo;
use super::moment::{EventMoment, Op, reach};
use crate::table::TableId;
use crate::table::tables::grievances::GrievanceRow;
use crate::table::tables::indicator_values::IndicatorValueRow;
use crate::table::tables::visits::VisitRow;

/// Place of the change in revenue.
const REVENUE_SLOT: Slot = 4;

pub fn tell(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>) {
    match &moment.event.event.fact {
        Fact::BusinessStarted(_) => {
            memo.start_rules = moment.event.event.rules;
            // Revenue is of the business that started last.
            (memo.first_revenue, memo.last_revenue) = (None, None);
            ops.push(Op::Clear(TableId::IndicatorValues, REVENUE_SLOT));
            jobs::start(moment, memo, ops);
            reach(moment, memo, ops, "started");
        }
        Fact::VisitRecorded(visit) => {
            tell_visit(moment, memo, ops, visit);
            jobs::see(moment, memo, ops, (visit.business_status, visit.jobs.as_ref()));
            tell_revenue(moment, memo, ops, visit);
        }
        Fact::BusinessClosed(_) => {
            reach(moment, memo, ops, "closed");
            jobs::close(moment, memo, ops);
        }
        Fact::SupportProvided(_) => value(moment, memo, ops, None, "support", 1),
        Fact::ReferredToPartner(_) => value(moment, memo, ops, None, "referral", 1),
        Fact::CommunityActionRecorded(action) => {
            let reached = action.people_reached.map_or(0, Within::get);
            value(moment, memo, ops, None, "community_action", reached.into());
        }
        Fact::GrievanceLodged(grievance) => {
            tell_grievance(moment, memo, ops, grievance.grievance);
        }
        Fact::GrievanceResolved(answer) => tell_grievance(moment, memo, ops, answer.grievance),
        _ => {}
    }
}

fn value(
    moment: &EventMoment,
    memo: &Memo,
    ops: &mut Vec<Op>,
    slot: Option<Slot>,
    measure: &'static str,
    value: i64,
) {
    value_of(moment, memo, ops, (slot, moment.on()), measure, value);
}

/// The same, of another day than that of the event.
fn value_of(
    moment: &EventMoment,
    memo: &Memo,
    ops: &mut Vec<Op>,
    (slot, on): (Option<Slot>, NaiveDate),
    measure: &'static str,
    value: i64,
) {
    let own = IndicatorValueRow {
        aggregate_id: moment.id,
        sequence: moment.sequence,
        measure: measure.into(),
        occurred_on: on,
        recorded_at: moment.event.recorded_at,
        value,
        currency: None,
        trained: None,
    };
    moment.put(memo, ops, slot, own);
}

/// A milestone has one visit, the last that was told.
fn tell_visit(moment: &EventMoment, memo: &Memo, ops: &mut Vec<Op>, visit: &Visit) {
    let jobs = |of: fn(&Jobs) -> u32| visit.jobs.as_ref().map(of);
    let milestone = visit.milestone.map(Within::get);
    let own = VisitRow {
        aggregate_id: moment.id,
        sequence: moment.sequence,
        milestone,
        occurred_on: moment.on(),
        recorded_at: moment.event.recorded_at,
        started_on: moment.state.business.as_ref().map(|business| business.started_on),
        business_status: visit.business_status.code().into(),
        monthly_revenue: visit.monthly_revenue,
        monthly_profit: visit.monthly_profit,
        jobs_women: jobs(|jobs| jobs.women.get()),
        jobs_men: jobs(|jobs| jobs.men.get()),
        jobs_under_35: jobs(|jobs| jobs.under_35.get()),
        jobs_full_time_hundredths: jobs(|jobs| jobs.full_time_hundredths.get()),
    };
    moment.put(memo, ops, milestone.map(Slot::from), own);
}

/// The revenue of the last visit less that of the first, once there are two days with one.
fn tell_revenue(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>, visit: &Visit) {
    let Some(revenue) = visit.monthly_revenue else { return };
    let seen = (moment.on(), revenue.signed());
    if memo.first_revenue.is_none_or(|first| seen.0 < first.0) {
        memo.first_revenue = Some(seen);
    }
    if memo.last_revenue.is_none_or(|last| seen.0 >= last.0) {
        memo.last_revenue = Some(seen);
    }
    if let (Some(first), Some(last)) = (memo.first_revenue, memo.last_revenue)
        && first.0 < last.0
    {
        // A visit told late may change the first; the change is up to the last all the same.
        let place = (Some(REVENUE_SLOT), last.0);
        value_of(moment, memo, ops, place, "revenue_change", last.1 - first.1);
    }
}

fn tell_grievance(moment: &EventMoment, memo: &Memo, ops: &mut Vec<Op>, number: u32) {
    let found = moment.state.grievances.iter().find(|grievance| grievance.grievance == number);
    let Some(GrievanceState { grievance, category, lodged_on, resolved }) = found else { return };
    let own = GrievanceRow {
        aggregate_id: moment.id,
        sequence: moment.sequence,
        grievance: *grievance,
        category: category.code().into(),
        occurred_on: *lodged_on,
        recorded_at: moment.event.recorded_at,
        resolved_on: resolved.map(|(on, _)| on),
        outcome: resolved.map(|(_, outcome)| outcome.code().into()),
    };
    moment.put(memo, ops, Some((*grievance).into()), own);
}
