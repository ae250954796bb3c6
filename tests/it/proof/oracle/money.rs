//! Movements of money, and where loans stand.

use serde_json::Value;

use super::story::{Entry, Story};
use super::{Line, some};

/// The events about one financing, in order.
pub fn about(story: &Story, financing: u64) -> Vec<&Entry> {
    let kinds = [
        "FinancingRequested",
        "FinancingApproved",
        "FinancingRefused",
        "DisbursementRecorded",
        "RepaymentRecorded",
        "LoanRescheduled",
        "LoanWrittenOff",
    ];
    let is_about = |event: &&Entry| {
        kinds.contains(&event.kind.as_str()) && event.number("financing") == Some(financing)
    };
    story.events.iter().filter(is_about).collect()
}

/// Numbers of the financings.
pub fn numbers(story: &Story) -> Vec<u64> {
    story.of("FinancingRequested").filter_map(|event| event.number("financing")).collect()
}

fn sum(events: &[&Entry], kind: &str, field: &str) -> u64 {
    events.iter().filter(|event| event.is(kind)).filter_map(|event| event.number(field)).sum()
}

pub fn disbursed(events: &[&Entry]) -> u64 {
    sum(events, "DisbursementRecorded", "amount")
}

pub fn repaid(events: &[&Entry]) -> u64 {
    sum(events, "RepaymentRecorded", "principal")
}

/// What is approved after these events.
fn approved(events: &[&Entry]) -> u64 {
    let last =
        events.iter().rfind(|event| event.is("FinancingApproved") || event.is("FinancingRefused"));
    match last {
        None => 0,
        Some(event) if event.is("FinancingApproved") => event.number("amount").unwrap(),
        Some(_) => disbursed(events),
    }
}

pub fn lines(story: &Story) -> Vec<Line> {
    let mut rows = Vec::new();
    for number in numbers(story) {
        let events = about(story, number);
        let instrument = events[0].word("instrument").unwrap();
        for (place, event) in events.iter().enumerate() {
            let before = approved(&events[..place]);
            for (line, amount) in movements(event, before, disbursed(&events[..place])) {
                let is_payment =
                    ["disbursed", "principal_repaid", "interest_repaid"].contains(&line);
                let tranche = event.body["tranche"].as_u64().map(|tranche| tranche.to_string());
                let method = event.word("method").filter(|_| is_payment).map(str::to_owned);
                let mut row = vec![
                    some(story.id),
                    some(event.sequence),
                    some(line),
                    some(number),
                    tranche,
                    some(instrument),
                    method,
                    some(event.on),
                    some(&event.recorded_at),
                    some(amount),
                ];
                row.extend(story.broken_down(event, Some(number)));
                rows.push(row);
            }
        }
    }
    rows
}

/// What an event moves, where this much was approved and paid out before it.
fn movements(event: &Entry, approved: u64, paid: u64) -> Vec<(&'static str, u64)> {
    let amount = event.number("amount");
    let moved = match event.kind.as_str() {
        "FinancingRequested" => return vec![("requested", amount.unwrap())],
        "FinancingApproved" if approved == 0 => return vec![("approved", amount.unwrap())],
        "FinancingApproved" => vec![("released", approved - amount.unwrap())],
        "FinancingRefused" => vec![("released", approved - paid.min(approved))],
        "DisbursementRecorded" => return vec![("disbursed", amount.unwrap())],
        "LoanWrittenOff" => return vec![("written_off", amount.unwrap())],
        "RepaymentRecorded" => vec![
            ("principal_repaid", event.number("principal").unwrap()),
            ("interest_repaid", event.number("interest").unwrap()),
        ],
        _ => Vec::new(),
    };
    moved.into_iter().filter(|(_, amount)| *amount > 0).collect()
}

/// The instalments in force: day, principal, interest.
pub fn schedule(events: &[&Entry]) -> Vec<(String, u64, u64)> {
    let sets = |event: &&&Entry| event.is("FinancingApproved") || event.is("LoanRescheduled");
    let Some(event) = events.iter().rfind(sets) else { return Vec::new() };
    let empty = Vec::new();
    let lines = event.body["schedule"].as_array().unwrap_or(&empty);
    let line = |line: &Value| {
        let number = |field: &str| line[field].as_u64().unwrap();
        (line["due_on"].as_str().unwrap().to_owned(), number("principal"), number("interest"))
    };
    lines.iter().map(line).collect()
}

/// Events since the schedule in force was set.
fn since_schedule<'a>(events: &[&'a Entry]) -> Vec<&'a Entry> {
    let from =
        events.iter().rposition(|event| event.is("LoanRescheduled")).map_or(0, |place| place + 1);
    events[from..].to_vec()
}

pub fn repaid_since_schedule(events: &[&Entry]) -> u64 {
    repaid(&since_schedule(events))
}

pub fn loans(story: &Story) -> Vec<Line> {
    let row = |number: u64| {
        let events = about(story, number);
        let schedule = schedule(&events);
        if schedule.is_empty() || disbursed(&events) == 0 {
            return None;
        }
        let last = events.last().unwrap();
        let written_off = events.iter().any(|event| event.is("LoanWrittenOff"));
        let reschedulings = events.iter().filter(|event| event.is("LoanRescheduled")).count();
        let outstanding = if written_off { 0 } else { disbursed(&events) - repaid(&events) };
        let oldest = (1..=schedule.len()).find(|count| {
            let due: u64 = schedule[..*count].iter().map(|(_, principal, _)| principal).sum();
            due > repaid_since_schedule(&events)
        });
        let oldest = oldest.filter(|_| outstanding > 0).map(|count| schedule[count - 1].0.clone());
        let mut row = vec![
            some(story.id),
            story.registration()?.word("reference").map(str::to_owned),
            some(last.sequence),
            some(number),
            some(last.on),
            some(&last.recorded_at),
            some(disbursed(&events)),
            some(repaid(&events)),
            some(outstanding),
            oldest,
            some(reschedulings),
            some(written_off),
        ];
        row.extend(story.broken_down(last, Some(number)));
        Some(row)
    };
    numbers(story).into_iter().filter_map(row).collect()
}
