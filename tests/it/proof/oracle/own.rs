//! Rows of programmes, cohorts and funds.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use serde_json::Value;

use super::money::form;
use super::story::{Entry, Story};
use super::{Line, Rows, some};

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => some(text),
        other => some(other),
    }
}

/// The targets of a programme: the last set of each.
pub fn target_rows(story: &Story) -> Vec<Line> {
    let mut last = BTreeMap::new();
    for event in story.of("TargetSet") {
        let body = &event.body;
        let row = vec![
            some(story.id),
            text(&body["indicator"]),
            text(&body["period"]["from"]),
            text(&body["period"]["to"]),
            text(&body["region"]),
            text(&body["sex"]),
            text(&body["value"]),
        ];
        last.insert(row[..6].to_vec(), row);
    }
    last.into_values().collect()
}

fn last_two(story: &Story) -> [Option<String>; 2] {
    let last = story.all.last().unwrap();
    [some(last.sequence), some(last.position)]
}

/// The row of a cohort.
pub fn cohort_row(story: &Story) -> Line {
    let plan = &story.of("CohortPlanned").last().unwrap().body;
    let amended = |field: &str| {
        let mut told = story.of("CohortAmended").map(|event| &event.body[field]);
        told.rfind(|value| !value.is_null()).unwrap_or(&plan[field])
    };
    let count = |kind: &str| story.of(kind).count();
    let sum = |field: &str| -> u64 {
        let counted = |register: &Entry| {
            let of_it = |event: &&Entry| event.body["session"] == register.body["session"];
            let corrected = story.of("RegisterCorrected").rfind(of_it);
            corrected.unwrap_or(register).number(field)
        };
        story.of("RegisterRecorded").filter_map(counted).sum()
    };
    let mut row = vec![some(story.id)];
    row.extend(["programme", "code", "office"].map(|field| text(&plan[field])));
    row.extend(["centre", "capacity"].map(|field| text(amended(field))));
    let period = amended("period");
    row.extend([
        some(count("SeatTaken") - count("SeatReturned")),
        some(count("SessionScheduled") - count("SessionCancelled")),
        some(count("RegisterRecorded")),
        some(sum("present")),
        some(sum("absent")),
        text(&period["from"]),
        text(&period["to"]),
        story.of("CohortClosed").last().map(|event| event.on.to_string()),
    ]);
    row.extend(last_two(story));
    row
}

/// The row of a fund.
pub fn fund_row(story: &Story) -> Line {
    let opened = &story.of("FundOpened").last().unwrap().body;
    let sum = |kind: &str, field: &str| -> u64 {
        story.of(kind).filter_map(|event: &Entry| event.number(field)).sum()
    };
    let budget =
        story.of("BudgetAdjusted").last().map_or(&opened["budget"], |event| &event.body["budget"]);
    let budget = budget.as_u64().unwrap();
    // What was undone, by the kind of the payment.
    let undone = |kinds: &[&str], field: &str| -> u64 {
        let all = story.of("OutlayReversed").chain(story.of("ReturnReversed"));
        let of_kind = all.filter(|event| kinds.contains(&event.word("kind").unwrap()));
        of_kind.filter_map(|event| event.number(field)).sum()
    };
    let came = sum("Repaid", "principal") + sum("Refunded", "amount") + sum("Recovered", "amount");
    let back = came - undone(&["repayment", "unspent_refund", "recovery"], "amount");
    let paid = sum("Disbursed", "amount") + sum("Called", "amount")
        - undone(&["disbursement", "guarantee_call"], "amount");
    let credit = sum("Repaid", "credit") + undone(&["credit_refund"], "amount")
        - sum("CreditRefunded", "amount")
        - undone(&["repayment"], "credit");
    let reversed = undone(&["disbursement", "guarantee_call", "credit_refund"], "amount")
        + sum("OverheadReversed", "amount");
    let committed = sum("Committed", "amount") - sum("Released", "amount") - back;
    let overheads = sum("OverheadPaid", "amount") - sum("OverheadReversed", "amount");
    let mut row = vec![some(story.id)];
    let amended = |field: &str| {
        let mut told = story.of("FundAmended").map(|event| &event.body[field]);
        told.rfind(|value| !value.is_null()).unwrap_or(&opened[field])
    };
    row.extend(["programme", "code"].map(|field| text(&opened[field])));
    row.extend([
        text(amended("donor")),
        text(&amended("period")["from"]),
        text(&amended("period")["to"]),
        some(budget),
        some(committed),
        some(paid - back),
        some(back),
        some(sum("Repaid", "interest") - undone(&["repayment"], "interest")),
        some(credit),
        some(reversed),
        some(overheads),
        some(budget.saturating_sub(committed).saturating_sub(overheads)),
        some(story.of("FundClosed").count() > 0),
    ]);
    row.extend(last_two(story));
    row
}

/// The costs of a fund itself, with what undid them.
fn overheads(story: &Story) -> Vec<Line> {
    let programme = story.of("FundOpened").last().and_then(|event| event.word("programme"));
    let row = |event: &Entry| {
        let reference = event.word("payment_reference");
        let is_it = |one: &&Entry| one.word("undone_reference").map(form) == reference.map(form);
        let undone = story.of("OverheadReversed").find(is_it);
        let own = undone.and_then(|undone| undone.word("payment_reference"));
        let mut row = vec![some(story.id), some(event.sequence), some("overhead")];
        row.extend([programme.map(str::to_owned), some(story.id), None, None, None]);
        row.extend([
            event.word("line").map(str::to_owned),
            None,
            some(event.on),
            some(&event.recorded_at),
        ]);
        row.extend([text(&event.body["amount"]), some(0), some(0)]);
        row.extend([reference.map(str::to_owned), reference.map(form)]);
        row.push(undone.map(|undone| undone.on.to_string()));
        row.push(undone.map(|undone| undone.sequence.to_string()));
        row.push(undone.and_then(|undone| undone.word("ground")).map(str::to_owned));
        row.extend([own.map(str::to_owned), own.map(form)]);
        row
    };
    story.of("OverheadPaid").map(row).collect()
}

/// The rows of the versioned tables that stand, of one fund.
pub fn fund_rows(story: &Story) -> Rows {
    let mut lines: Vec<Line> = Vec::new();
    for event in &story.events {
        let statement = event.word("statement").map(str::to_owned);
        let told = event.body["lines"].as_array().map_or(&[][..], Vec::as_slice);
        if event.is("PaymentsReconciled") {
            lines.extend(told.iter().map(|line| {
                vec![
                    some(story.id),
                    some(event.sequence),
                    line["payment_reference"].as_str().map(form),
                    statement.clone(),
                    text(&line["line"]),
                    some(event.on),
                    some(&event.recorded_at),
                ]
            }));
        } else if event.is("ReconciliationWithdrawn") {
            lines
                .retain(|row| row[3] != statement || !told.iter().any(|line| text(line) == row[4]));
        }
    }
    Rows::from([("reconciliations", lines), ("payments", overheads(story))])
}

/// The row of a programme.
pub fn programme_row(story: &Story) -> Line {
    let signed = story.of("ConventionSigned").last().unwrap();
    let renewed = || story.of("ConventionRenewed");
    let years = |event: &Entry| event.number("term_years").unwrap();
    let term = years(signed) + renewed().map(years).sum::<u64>();
    let first: NaiveDate = signed.word("signed_on").unwrap().parse().unwrap();
    let year = first.year() + i32::try_from(term).unwrap();
    // No convention of these histories was signed on a 29th of February, and none lapses.
    let ends = first.with_year(year).unwrap().pred_opt().unwrap();
    let offices = office_rows(story);
    let mut row = vec![
        some(story.id),
        text(&signed.body["name"]),
        some(first),
        some(ends),
        some(term),
        some(renewed().count()),
        text(&signed.body["renewable"]),
        some(offices.len()),
        some(offices.iter().filter(|office| office[5].is_none()).count()),
        some(story.of("RulesSet").filter_map(|event| event.number("version")).max().unwrap_or(0)),
        some(&signed.body["parties"]),
    ];
    row.extend(last_two(story));
    row
}

/// The offices of a programme: each as it was opened last, and closed since.
pub fn office_rows(story: &Story) -> Vec<Line> {
    let mut last = BTreeMap::new();
    for opened in story.of("OfficeOpened") {
        let is_its_own = |event: &&Entry| event.body["office"] == opened.body["office"];
        let mut closings = story.of("OfficeClosed").filter(is_its_own);
        let closed = closings.rfind(|event| event.sequence > opened.sequence);
        let mut amended = story.of("OfficeAmended").filter(is_its_own);
        let named = amended.rfind(|event| event.sequence > opened.sequence).unwrap_or(opened);
        let mut row = vec![some(story.id)];
        row.extend([&opened.body["office"], &named.body["name"], &opened.body["region"]].map(text));
        row.extend([some(opened.on), closed.map(|event| event.on.to_string())]);
        last.insert(row[1].clone(), row);
    }
    last.into_values().collect()
}

/// The commitments of a programme, with what was last said of each.
pub fn commitment_rows(story: &Story) -> Vec<Line> {
    let row = |told: &Entry| {
        let of_it = |kind: &str| {
            let mut all = story
                .of(kind)
                .filter(|event| event.number("commitment") == told.number("commitment"));
            all.next_back().map(|event| (event.sequence, event.on))
        };
        let reopened = of_it("CommitmentReopened").map(|(sequence, _)| sequence);
        let fulfilled = of_it("CommitmentFulfilled").filter(|(kept, _)| Some(*kept) > reopened);
        let body = &told.body;
        vec![
            some(story.id),
            text(&body["commitment"]),
            text(&body["party"]),
            text(&body["what"]),
            text(&body["indicator"]),
            some(told.on),
            text(&body["due_on"]),
            fulfilled.map(|(_, on)| on.to_string()),
            of_it("CommitmentWithdrawn").map(|(_, on)| on.to_string()),
        ]
    };
    story.of("CommitmentRecorded").map(row).collect()
}
