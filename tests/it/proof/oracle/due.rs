//! Loans by the day: what was owed from one day to the next, and what fell due, part by part.

use chrono::NaiveDate;

use super::money::{about, numbers, schedule, standing_of_loan};
use super::story::{Entry, Story};
use super::{Line, some};

/// What happened to a loan, in the order of recording: from the first payment that stands on.
struct Loan<'a> {
    /// The decisions before it, which set the terms.
    decided: Vec<&'a Entry>,
    moves: Vec<&'a Entry>,
}

fn loan(story: &Story, number: u64) -> Option<Loan<'_>> {
    let moves = ["DisbursementRecorded", "RepaymentRecorded", "LoanRescheduled", "LoanWrittenOff"];
    let all = about(story, number);
    let pays = |event: &&&Entry| event.is("DisbursementRecorded") && !story.is_undone(event);
    let first = all.iter().position(|event| pays(&event))?;
    let sets_terms = |event: &&Entry| event.is("FinancingApproved") || event.is("LoanRescheduled");
    let decided: Vec<&Entry> = all[..first].iter().copied().filter(sets_terms).collect();
    if schedule(&decided).is_empty() {
        return None;
    }
    let is_move = |event: &&Entry| moves.contains(&event.kind.as_str()) && !story.is_undone(event);
    let moves = all[first..].iter().copied().filter(is_move).collect();
    Some(Loan { decided, moves })
}

/// The last recorded of some events.
fn last<'a>(events: &[&'a Entry]) -> &'a Entry {
    events.iter().copied().max_by_key(|event| event.sequence).unwrap()
}

pub fn balances(story: &Story) -> Vec<Line> {
    let mut rows = Vec::new();
    for number in numbers(story) {
        let Some(Loan { decided, moves }) = loan(story, number) else { continue };
        let mut days: Vec<NaiveDate> = moves.iter().map(|event| event.on).collect();
        days.sort_unstable();
        days.dedup();
        for (place, day) in days.iter().enumerate() {
            let known: Vec<&Entry> =
                moves.iter().copied().filter(|event| event.on <= *day).collect();
            if !known.iter().any(|event| event.is("DisbursementRecorded")) {
                continue;
            }
            let told = last(&known);
            let events: Vec<&Entry> = decided.iter().copied().chain(known).collect();
            let (outstanding, interest, oldest) = standing_of_loan(&events);
            let reschedulings = events.iter().filter(|event| event.is("LoanRescheduled")).count();
            let mut row = vec![
                some(story.id),
                some(told.sequence),
                some(number),
                some(day),
                days.get(place + 1).map(NaiveDate::to_string),
                some(&told.recorded_at),
                some(outstanding),
                some(interest),
                oldest,
                some(reschedulings),
            ];
            row.extend(story.broken_down(told, Some(number)));
            rows.push(row);
        }
    }
    rows
}

/// A part of an instalment: terms, place, day due, day paid, day ended, amount.
type Part = (usize, usize, String, Option<NaiveDate>, Option<NaiveDate>, u64);

/// How much of one stretch lies in another.
fn overlap(one: (u64, u64), other: (u64, u64)) -> u64 {
    one.1.min(other.1).saturating_sub(one.0.max(other.0))
}

/// The parts of every instalment, by laying payments and instalments side by side on one line of francs.
fn parts(decided: &[&Entry], moves: &[&Entry]) -> Vec<Part> {
    let sum = |events: &[&Entry], kind: &str, field: &str| -> u64 {
        let of_it = events.iter().filter(|event| event.is(kind));
        of_it.filter_map(|event| event.number(field)).sum()
    };
    let written_off = moves.iter().find(|event| event.is("LoanWrittenOff")).map(|event| event.on);
    let lent = sum(moves, "DisbursementRecorded", "amount");
    let mut back: Vec<&Entry> =
        moves.iter().copied().filter(|event| event.is("RepaymentRecorded")).collect();
    back.sort_by_key(|event| (event.on, event.sequence));
    let mut principal = 0;
    let settled = back.iter().find(|event| {
        principal += event.number("principal").unwrap();
        principal >= lent
    });
    let settled = settled.map(|event| event.on);
    let changes: Vec<usize> =
        (0..moves.len()).filter(|place| moves[*place].is("LoanRescheduled")).collect();
    let mut all = Vec::new();
    for terms in 0..=changes.len() {
        let (lines, lent, own) = if terms == 0 {
            (schedule(decided), lent, back.clone())
        } else {
            let at = changes[terms - 1];
            let until = changes.get(terms).copied().unwrap_or(moves.len());
            let lent = sum(&moves[..at], "DisbursementRecorded", "amount").saturating_sub(sum(
                &moves[..at],
                "RepaymentRecorded",
                "principal",
            ));
            let mut own: Vec<&Entry> = moves[at..until]
                .iter()
                .copied()
                .filter(|event| event.is("RepaymentRecorded"))
                .collect();
            own.sort_by_key(|event| (event.on, event.sequence));
            (schedule(&moves[..=at]), lent, own)
        };
        let replaced = changes.get(terms).map(|place| moves[*place].on);
        let ended = replaced.into_iter().chain(written_off).min();
        let scheduled: u64 = lines.iter().map(|(_, principal, _)| principal).sum();
        let whole = lent > 0 && lent >= scheduled;
        let (mut from, mut charged) = (0_u64, 0_u64);
        for (place, (due, principal, interest)) in lines.iter().enumerate() {
            if !whole && from >= lent {
                break;
            }
            let stretch = (from, (from + principal).min(lent));
            let interests = (charged, charged + interest);
            (from, charged) = (from + principal, charged + interest);
            let day: NaiveDate = due.parse().unwrap();
            let mut paid: Vec<(NaiveDate, u64)> = Vec::new();
            let (mut done, mut done_interest) = (0, 0);
            let (mut at, mut at_interest) = (0, 0);
            for payment in &own {
                let given = payment.number("principal").unwrap();
                let given_interest = payment.number("interest").unwrap();
                let of_principal = overlap(stretch, (at, at + given));
                let of_interest = overlap(interests, (at_interest, at_interest + given_interest));
                (at, at_interest) = (at + given, at_interest + given_interest);
                (done, done_interest) = (done + of_principal, done_interest + of_interest);
                if of_principal + of_interest > 0 {
                    match paid.last_mut().filter(|(on, _)| *on == payment.on) {
                        Some((_, sum)) => *sum += of_principal + of_interest,
                        None => paid.push((payment.on, of_principal + of_interest)),
                    }
                }
            }
            for (on, amount) in paid {
                let ended = ended.filter(|ended| *ended < on);
                all.push((terms, place, due.clone(), Some(on), ended, amount));
            }
            let gone = written_off.is_some_and(|on| on < day)
                || terms > 0 && replaced.is_some_and(|on| on < day);
            let mut unpaid = stretch.1.saturating_sub(stretch.0) - done;
            if settled.is_none_or(|on| on >= day) {
                unpaid += interest - done_interest;
            }
            if !gone && unpaid > 0 {
                all.push((terms, place, due.clone(), None, ended, unpaid));
            }
        }
    }
    all
}

pub fn instalments(story: &Story) -> Vec<Line> {
    let mut rows = Vec::new();
    for number in numbers(story) {
        let Some(Loan { decided, moves }) = loan(story, number) else { continue };
        let after: Vec<Vec<Part>> =
            (1..=moves.len()).map(|count| parts(&decided, &moves[..count])).collect();
        for part in after.last().unwrap() {
            // It is told by the event since which it is as it is.
            let since = after.iter().rposition(|parts| !parts.contains(part));
            let told = moves[since.map_or(0, |place| place + 1)];
            let (terms, place, due, paid, ended, amount) = part;
            let mut row = vec![
                some(story.id),
                some(told.sequence),
                some(number),
                some(terms),
                some(place + 1),
                some(due),
                some(&told.recorded_at),
                some(amount),
                paid.map(|on| on.to_string()),
                ended.map(|on| on.to_string()),
            ];
            row.extend(story.broken_down(told, Some(number)));
            rows.push(row);
        }
    }
    rows
}
