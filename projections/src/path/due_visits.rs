//! Follow-up visits as they fall due.

use chrono::{Months, NaiveDate};
use sira_domain::path::{Fact, State, Status};

use super::jobs::BusinessTold;
use super::ledger::Slot;
use super::memo::Memo;
use super::moment::{EventMoment, Op};
use crate::rule_book::RuleBook;
use crate::table::TableId;
use crate::table::tables::visits_due::VisitDueRow;

const TABLE: TableId = TableId::VisitsDue;

/// The visits that a business is due, as far as they were told.
#[derive(Clone, Debug)]
pub struct ScheduleTold {
    /// Day on which it started.
    started_on: NaiveDate,
    /// One a milestone.
    visits: Vec<VisitTold>,
}

/// A visit as it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct VisitTold {
    milestone: u32,
    due_on: NaiveDate,
    visited_on: Option<NaiveDate>,
    is_due: bool,
}

/// Tells what an event changes of the visits that are due; beside the rules it takes whether the path's status has
/// changed. A business is due the visits of the rules that it started under, and its rows are told with its start.
pub fn tell(
    moment: &EventMoment,
    memo: &mut Memo,
    (rules, has_changed): (&RuleBook, bool),
    ops: &mut Vec<Op>,
) {
    match &moment.event.event.fact {
        Fact::DuplicateLinked(link) if link.freezes() => memo.frozen_on = Some(moment.on()),
        Fact::DuplicateUnlinked(_) if moment.state.continues_as.is_none() => memo.frozen_on = None,
        Fact::BusinessStarted(_) => begin(moment, memo, rules, ops),
        Fact::VisitRecorded(_) | Fact::BusinessClosed(_) | Fact::PersonalDataErased(_) => {}
        _ if has_changed => {}
        _ => return,
    }
    for place in 0..memo.schedules.len() {
        let standing = standing(memo, moment.state, place);
        let told = &mut memo.schedules[place].visits;
        for (told, now) in told.iter_mut().zip(standing) {
            let slot = slot(place, now.milestone);
            if told.visited_on != now.visited_on {
                ops.push(Op::Amend(TABLE, slot, "visited_on", now.visited_on.into()));
            }
            if told.is_due != now.is_due {
                ops.push(Op::Amend(TABLE, slot, "due", now.is_due.into()));
            }
            *told = now;
        }
    }
}

fn slot(business: usize, milestone: u32) -> Slot {
    Slot::try_from(business).unwrap_or(Slot::MAX >> 32) << 32 | Slot::from(milestone)
}

fn begin(moment: &EventMoment, memo: &mut Memo, rules: &RuleBook, ops: &mut Vec<Op>) {
    let Some(registration) = &moment.state.registration else { return };
    let months = rules.follow_up_months(registration.programme.0, memo.start_rules);
    let dated = |milestone: u32| {
        let due_on = moment.on().checked_add_months(Months::new(milestone))?;
        Some(VisitTold { milestone, due_on, visited_on: None, is_due: false })
    };
    let visits = months.into_iter().filter_map(dated).collect();
    memo.schedules.push(ScheduleTold { started_on: moment.on(), visits });
    let place = memo.schedules.len() - 1;
    let standing = standing(memo, moment.state, place);
    for visit in &standing {
        let own = VisitDueRow {
            aggregate_id: moment.id,
            sequence: moment.sequence,
            business: u32::try_from(place + 1).unwrap_or(u32::MAX),
            milestone: visit.milestone,
            occurred_on: visit.due_on,
            recorded_at: moment.event.recorded_at,
            visited_on: visit.visited_on,
            due: visit.is_due,
        };
        moment.put(memo, ops, Some(slot(place, visit.milestone)), own);
    }
    memo.schedules[place].visits = standing;
}

/// How the visits of a business stand now.
fn standing(memo: &Memo, state: &State, place: usize) -> Vec<VisitTold> {
    let own = &memo.schedules[place];
    let next = memo.schedules.get(place + 1).map(|next| next.started_on);
    let closed_on = memo.businesses.get(place).and_then(BusinessTold::has_closed_on);
    let as_now = |told: &VisitTold| {
        let made = state.visits.get(&told.milestone).map(|visit| visit.on);
        let is_of_an_earlier = made.is_some_and(|made| made < own.started_on);
        let is_own =
            |made: &NaiveDate| own.started_on <= *made && next.is_none_or(|next| *made < next);
        let has_ended = |end: Option<NaiveDate>| end.is_some_and(|end| end <= told.due_on);
        let is_due = !is_of_an_earlier
            && !has_ended(closed_on)
            && !has_ended(memo.frozen_on)
            && !has_ended(state.erased_on)
            && state.status_on(told.due_on) == Status::Active;
        VisitTold { visited_on: made.filter(is_own), is_due, ..*told }
    };
    own.visits.iter().map(as_now).collect()
}
