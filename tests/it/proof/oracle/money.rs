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
        "DisbursementReversed",
        "RepaymentReversed",
        "RefundRecorded",
        "RecoveryRecorded",
        "GuaranteeCalled",
        "GuaranteeReleased",
        "FinancingCancelled",
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

/// The sum of a field of the payments of a kind that none of these events undoes.
fn standing(events: &[&Entry], kind: &str, field: &str) -> u64 {
    let undone = |payment: &Entry| {
        events.iter().any(|event| {
            ["DisbursementReversed", "RepaymentReversed"].contains(&event.kind.as_str())
                && event.number("sequence") == Some(payment.sequence.get())
        })
    };
    let stands = events.iter().filter(|event| event.is(kind) && !undone(event));
    stands.filter_map(|event| event.number(field)).sum()
}

pub fn disbursed(events: &[&Entry]) -> u64 {
    standing(events, "DisbursementRecorded", "amount")
}

fn paid_out(events: &[&Entry]) -> u64 {
    disbursed(events) + standing(events, "GuaranteeCalled", "amount")
}

pub fn repaid(events: &[&Entry]) -> u64 {
    standing(events, "RepaymentRecorded", "principal")
}

/// What is approved after these events.
fn approved(events: &[&Entry]) -> u64 {
    let decisions = ["FinancingApproved", "FinancingRefused", "FinancingCancelled"];
    let last = events.iter().rposition(|event| decisions.contains(&event.kind.as_str()));
    match last {
        None => 0,
        Some(place) if events[place].is("FinancingApproved") => {
            events[place].number("amount").unwrap()
        }
        Some(place) => paid_out(&events[..place]),
    }
}

pub fn lines(story: &Story) -> Vec<Line> {
    let mut rows = Vec::new();
    for number in numbers(story) {
        let events = about(story, number);
        let instrument = events[0].word("instrument").unwrap();
        for (place, event) in events.iter().enumerate() {
            let undone = story.reversal_of(event);
            let before = approved(&events[..place]);
            for (line, amount) in movements(event, before, paid_out(&events[..place])) {
                let tranche = event.body["tranche"].as_u64().map(|tranche| tranche.to_string());
                let method = event.word("method").map(str::to_owned);
                let mut row = vec![
                    some(story.id),
                    some(event.sequence),
                    some(undone.map_or(line, |_| "reversed")),
                    some(number),
                    tranche,
                    some(instrument),
                    method,
                    some(event.on),
                    some(&event.recorded_at),
                    some(amount),
                    undone.map(|_| line.to_owned()),
                    undone.map(|undone| undone.on.to_string()),
                ];
                row.extend(story.broken_down(event, Some(number)));
                rows.push(row);
            }
        }
    }
    rows
}

/// Payments one by one, with what undid them.
pub fn payments(story: &Story) -> Vec<Line> {
    let mut rows = Vec::new();
    for number in numbers(story) {
        let events = about(story, number);
        for event in &events {
            let amount = |field: &str| event.number(field).unwrap_or_default();
            let kind = match event.kind.as_str() {
                "DisbursementRecorded" => "disbursement",
                "RepaymentRecorded" => "repayment",
                "RefundRecorded" if event.word("of") == Some("credit") => "credit_refund",
                "RefundRecorded" => "unspent_refund",
                "RecoveryRecorded" => "recovery",
                "GuaranteeCalled" => "guarantee_call",
                _ => continue,
            };
            let in_all =
                ["amount", "principal", "interest", "credit"].map(amount).iter().sum::<u64>();
            let undone = story.reversal_of(event);
            let own = undone.and_then(|undone| undone.word("payment_reference"));
            rows.push(vec![
                some(story.id),
                some(event.sequence),
                some(kind),
                story.programme(),
                story.fund_of(number),
                some(number),
                event.number("tranche").map(|tranche| tranche.to_string()),
                events[0].word("instrument").map(str::to_owned),
                events[0].word("budget_line").map(str::to_owned),
                event.word("method").map(str::to_owned),
                some(event.on),
                some(&event.recorded_at),
                some(in_all),
                some(amount("interest")),
                some(amount("credit")),
                event.word("payment_reference").map(str::to_owned),
                event.word("payment_reference").map(form),
                undone.map(|undone| undone.on.to_string()),
                undone.map(|undone| undone.sequence.to_string()),
                undone.and_then(|undone| undone.word("ground")).map(str::to_owned),
                own.map(str::to_owned),
                own.map(form),
            ]);
        }
    }
    rows
}

/// The one form of a reference of plain signs.
pub fn form(reference: &str) -> String {
    reference.chars().filter(|sign| !sign.is_whitespace()).flat_map(char::to_uppercase).collect()
}

/// What an event moves, where this much was approved and paid out before it.
fn movements(event: &Entry, approved: u64, paid: u64) -> Vec<(&'static str, u64)> {
    let amount = event.number("amount");
    let moved = match event.kind.as_str() {
        "FinancingRequested" => return vec![("requested", amount.unwrap())],
        "FinancingApproved" if approved == 0 => return vec![("approved", amount.unwrap())],
        "FinancingApproved" => vec![("released", approved - amount.unwrap())],
        "FinancingRefused" | "FinancingCancelled" | "GuaranteeReleased" => {
            vec![("released", approved - paid.min(approved))]
        }
        "RefundRecorded" if event.word("of") == Some("credit") => {
            vec![("credit_refunded", amount.unwrap())]
        }
        "RefundRecorded" => vec![("refunded", amount.unwrap())],
        "RecoveryRecorded" => vec![("recovered", amount.unwrap())],
        "GuaranteeCalled" => vec![("guarantee_called", amount.unwrap())],
        "DisbursementRecorded" => return vec![("disbursed", amount.unwrap())],
        "LoanWrittenOff" => return vec![("written_off", amount.unwrap())],
        "RepaymentRecorded" => vec![
            ("principal_repaid", event.number("principal").unwrap()),
            ("interest_repaid", event.number("interest").unwrap()),
            ("credit_received", event.number("credit").unwrap()),
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

/// How many instalments of the schedule in force are for what was lent; all of them when all was.
fn instalments_lent(events: &[&Entry], schedule: &[(String, u64, u64)]) -> usize {
    let lent = disbursed(events).saturating_sub(repaid(events) - repaid_since_schedule(events));
    let whole: u64 = schedule.iter().map(|(_, principal, _)| principal).sum();
    if lent > 0 && lent >= whole {
        return schedule.len();
    }
    let before =
        |count: usize| -> u64 { schedule[..count].iter().map(|(_, principal, _)| principal).sum() };
    (0..schedule.len()).take_while(|count| before(*count) < lent).count()
}

/// What is owed of a loan after these events: principal, interest, and the day of the oldest unpaid instalment.
pub fn standing_of_loan(events: &[&Entry]) -> (u64, u64, Option<String>) {
    let schedule = schedule(events);
    let written_off = events.iter().any(|event| event.is("LoanWrittenOff"));
    let outstanding =
        if written_off { 0 } else { disbursed(events).saturating_sub(repaid(events)) };
    let lent = &schedule[..instalments_lent(events, &schedule)];
    let interest_paid = standing(&since_schedule(events), "RepaymentRecorded", "interest");
    let interest: u64 = lent.iter().map(|(_, _, interest)| interest).sum();
    let interest_owed = if written_off { 0 } else { interest.saturating_sub(interest_paid) };
    let oldest = (1..=lent.len()).find(|count| {
        let due: u64 = lent[..*count].iter().map(|(_, principal, _)| principal).sum();
        let charged: u64 = lent[..*count].iter().map(|(_, _, interest)| interest).sum();
        due > repaid_since_schedule(events) || charged > interest_paid
    });
    let oldest = oldest.unwrap_or(schedule.len());
    let oldest = (outstanding + interest_owed > 0).then(|| schedule[oldest - 1].0.clone());
    (outstanding, interest_owed, oldest)
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
        let (outstanding, interest_owed, oldest) = standing_of_loan(&events);
        let credit = standing(&events, "RepaymentRecorded", "credit")
            - standing(&events, "RefundRecorded", "amount");
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
            some(interest_owed),
            some(credit),
            some(standing(&events, "RecoveryRecorded", "amount")),
            oldest,
            some(reschedulings),
            some(written_off),
        ];
        row.extend(story.broken_down(last, Some(number)));
        Some(row)
    };
    numbers(story).into_iter().filter_map(row).collect()
}
