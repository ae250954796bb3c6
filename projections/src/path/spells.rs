//! How a path stood, from one day to the next: its status, and whether the person was on a waiting list.

use chrono::{Datelike, NaiveDate};
use sira_domain::path::facts::Decision;
use sira_domain::path::{State, Status};

use super::ledger::Slot;
use super::memo::Memo;
use super::moment::{EventMoment, Op};
use super::status::status_word;
use crate::table::TableId;
use crate::table::tables::case_spells::CaseSpellRow;

/// First place of waiting lists: days of statuses come before.
const WAITING: Slot = 1 << 32;

/// Tells what an event changes of how the path stood; whether it changed a status.
pub fn tell(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>) -> bool {
    let has_changed = tell_statuses(moment, memo, ops);
    tell_waiting(moment, memo, ops);
    has_changed
}

fn day_slot(day: NaiveDate) -> Slot {
    day.num_days_from_ce().unsigned_abs().into()
}

/// The days from which each status stood: a path is active from its registration.
fn statuses(state: &State) -> Vec<(NaiveDate, Status)> {
    let Some(registration) = &state.registration else { return Vec::new() };
    let changes = state.statuses();
    let begins_so = changes.first().is_some_and(|(day, _)| *day <= registration.on);
    let first = (!begins_so).then_some((registration.on, Status::Active));
    first.into_iter().chain(changes.iter().copied()).collect()
}

/// What an event tells of statuses is of its own day on; what was told of later days gives way to it.
fn tell_statuses(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>) -> bool {
    let now = statuses(moment.state);
    let kept = memo.statuses.iter().zip(&now).take_while(|(one, other)| one == other).count();
    if kept == memo.statuses.len() && kept == now.len() {
        return false;
    }
    for (day, _) in &memo.statuses[kept..] {
        ops.push(Op::Clear(TableId::CaseSpells, day_slot(*day)));
    }
    if let Some((last, _)) = kept.checked_sub(1).map(|last| now[last]) {
        let next = now.get(kept).map(|(day, _)| *day);
        ops.push(Op::Amend(TableId::CaseSpells, day_slot(last), "ended_on", next.into()));
    }
    for (place, (day, status)) in now.iter().enumerate().skip(kept) {
        let next = now.get(place + 1).map(|(day, _)| *day);
        put(moment, memo, ops, day_slot(*day), (status_word(*status), *day, next));
    }
    memo.statuses = now;
    true
}

/// Whether somebody may wait on a path that stands so.
const fn is_open(status: Status) -> bool {
    matches!(status, Status::Active | Status::Suspended)
}

/// The day from which a path goes on that had ended before; none where it never had.
fn goes_on_since(statuses: &[(NaiveDate, Status)]) -> Option<NaiveDate> {
    let last = statuses.windows(2).rfind(|two| !is_open(two[0].1) && is_open(two[1].1));
    last.map(|two| two[1].0)
}

/// Somebody waits from the decision that says so to the next one, or until the path has ended; and again from the day
/// on which it goes on. Where what ended the waiting is undone it never ended.
fn tell_waiting(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>) {
    let state = moment.state;
    let decided = state.selection.as_ref().filter(|_| is_open(state.status));
    let waits = decided.filter(|decided| decided.selection.decision == Decision::Waitlisted);
    let since = waits.map(|waits| waits.on.max(goes_on_since(&memo.statuses).unwrap_or(waits.on)));
    if since == memo.waiting.map(|(_, since)| since) {
        return;
    }
    if let Some((slot, since)) = memo.waiting.take() {
        let until = moment.on().max(since);
        ops.push(Op::Amend(TableId::CaseSpells, slot, "ended_on", Some(until).into()));
        memo.waited = Some((slot, since));
    }
    let waited = memo.waited.filter(|(_, began)| Some(*began) == since);
    if let Some((slot, _)) = waited {
        ops.push(Op::Amend(TableId::CaseSpells, slot, "ended_on", None::<NaiveDate>.into()));
        memo.waiting = waited;
    } else if let Some(since) = since {
        let slot = WAITING + moment.sequence.get();
        put(moment, memo, ops, slot, ("waiting", since, None));
        memo.waiting = Some((slot, since));
    }
}

fn put(
    moment: &EventMoment,
    memo: &Memo,
    ops: &mut Vec<Op>,
    slot: Slot,
    (spell, occurred_on, ended_on): (&'static str, NaiveDate, Option<NaiveDate>),
) {
    let own = CaseSpellRow {
        aggregate_id: moment.id,
        sequence: moment.sequence,
        spell: spell.into(),
        occurred_on,
        ended_on,
        recorded_at: moment.event.recorded_at,
    };
    moment.put(memo, ops, Some(slot), own);
}
