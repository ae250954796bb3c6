//! Rows of programmes, cohorts and funds.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use serde_json::Value;

use super::story::{Entry, Story};
use super::{Line, some};

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
    let count = |kind: &str| story.of(kind).count();
    let sum = |field: &str| -> u64 {
        story.of("RegisterRecorded").filter_map(|event| event.number(field)).sum()
    };
    let mut row = vec![some(story.id)];
    row.extend(
        ["programme", "code", "office", "centre", "capacity"].map(|field| text(&plan[field])),
    );
    row.extend([
        some(count("SeatTaken") - count("SeatReturned")),
        some(count("SessionScheduled")),
        some(count("RegisterRecorded")),
        some(sum("present")),
        some(sum("absent")),
        text(&plan["period"]["from"]),
        text(&plan["period"]["to"]),
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
    let back = sum("Repaid", "principal");
    let committed = sum("Committed", "amount") - sum("Released", "amount") - back;
    let mut row = vec![some(story.id)];
    row.extend(["programme", "code", "donor"].map(|field| text(&opened[field])));
    row.extend([
        text(&opened["period"]["from"]),
        text(&opened["period"]["to"]),
        some(budget),
        some(committed),
        some(sum("Disbursed", "amount") - back),
        some(back),
        some(sum("Repaid", "interest")),
        some(budget - committed),
        some(story.of("FundClosed").count() > 0),
    ]);
    row.extend(last_two(story));
    row
}

/// The row of a programme.
pub fn programme_row(story: &Story) -> Line {
    let signed = story.of("ConventionSigned").last().unwrap();
    let renewed = || story.of("ConventionRenewed");
    let years = |event: &Entry| event.number("term_years").unwrap();
    let term = years(signed) + renewed().map(years).sum::<u64>();
    let first: NaiveDate = signed.word("signed_on").unwrap().parse().unwrap();
    let year = first.year() + i32::try_from(term).unwrap();
    // No convention of these histories was signed on a 29th of February.
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
        let mut row = vec![some(story.id)];
        row.extend(["office", "name", "region"].map(|field| text(&opened.body[field])));
        row.extend([some(opened.on), closed.map(|event| event.on.to_string())]);
        last.insert(row[1].clone(), row);
    }
    last.into_values().collect()
}
