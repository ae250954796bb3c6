//! Instalments that are due, of loans that were paid out.

use super::money::{about, disbursed, numbers, repaid, repaid_since_schedule, schedule};
use super::story::{Entry, Story};
use super::{Line, some};

/// An instalment and the event that told it as it is.
#[derive(Clone)]
struct Due<'a> {
    told: &'a Entry,
    on: String,
    principal: u64,
    interest: u64,
}

/// What remains of a schedule when it is cut to its first so much of principal by an event; what fell
/// due by `whole_by` stays whole.
fn cut<'a>(dues: &[Due<'a>], limit: u64, by: &'a Entry, whole_by: Option<&str>) -> Vec<Due<'a>> {
    let mut kept = Vec::new();
    for (place, due) in dues.iter().enumerate() {
        let before: u64 = dues[..place].iter().map(|due| due.principal).sum();
        let room = limit.saturating_sub(before);
        if whole_by.is_some_and(|day| *due.on <= *day) || (room > 0 && due.principal <= room) {
            kept.push(due.clone());
        } else if room > 0 {
            kept.push(Due { told: by, principal: room, ..due.clone() });
        }
    }
    kept
}

/// The dues of one financing: those of schedules that were replaced, then those of the last.
fn dues_of(story: &Story, number: u64) -> Vec<Due<'_>> {
    let events = about(story, number);
    let (mut replaced, mut current): (Vec<Due>, Vec<Due>) = (Vec::new(), Vec::new());
    for (place, event) in events.iter().copied().enumerate() {
        let (before, after) = (&events[..place], &events[..=place]);
        let fresh = || {
            let due = |(on, principal, interest)| Due { told: event, on, principal, interest };
            schedule(after).into_iter().map(due).collect::<Vec<_>>()
        };
        match event.kind.as_str() {
            "DisbursementRecorded"
                if !story.is_undone(event) && current.is_empty() && replaced.is_empty() =>
            {
                current = fresh();
            }
            "DisbursementReversed" if disbursed(after) == 0 => current.clear(),
            "LoanRescheduled" => {
                replaced.extend(cut(&current, repaid_since_schedule(before), event, None));
                current = fresh();
            }
            "FinancingRefused" => {
                let of_older = repaid(after) - repaid_since_schedule(after);
                let limit = disbursed(after).saturating_sub(of_older);
                current = cut(&current, limit, event, None);
            }
            "LoanWrittenOff" => {
                let day = event.on.to_string();
                current = cut(&current, repaid_since_schedule(after), event, Some(&day));
            }
            _ => {}
        }
    }
    replaced.into_iter().chain(current).collect()
}

pub fn rows(story: &Story) -> Vec<Line> {
    let mut rows = Vec::new();
    for number in numbers(story) {
        for due in dues_of(story, number) {
            let mut row = vec![
                some(story.id),
                some(due.told.sequence),
                some("due"),
                some(&due.on),
                some(&due.told.recorded_at),
                some(due.principal + due.interest),
                None,
                None,
            ];
            row.extend(story.broken_down(due.told, Some(number)));
            rows.push(row);
        }
    }
    rows
}
