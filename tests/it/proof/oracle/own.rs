//! Rows of programmes, cohorts and funds.

use std::collections::BTreeMap;

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
