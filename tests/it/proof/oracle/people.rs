//! Training, visits, values of indicators, grievances.

use chrono::NaiveDate;
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

fn with_breakdown(story: &Story, event: &Entry, mut own: Line) -> Line {
    own.extend(story.broken_down(event, None));
    own
}

pub fn attendance(story: &Story) -> Vec<Line> {
    let row = |event: &Entry| {
        let minutes = event.number("hours").unwrap() * 60 + event.number("minutes").unwrap_or(0);
        let present = event.body["present"].as_bool().unwrap();
        let own = vec![
            some(story.id),
            some(event.sequence),
            text(&event.body["session"]),
            some(event.on),
            some(&event.recorded_at),
            some(minutes),
            some(if present { event.number("minutes_present").unwrap_or(minutes) } else { 0 }),
            some(present),
        ];
        with_breakdown(story, event, own)
    };
    story.of("AttendanceRecorded").map(row).collect()
}

pub fn assessments(story: &Story) -> Vec<Line> {
    let is_last = |event: &&Entry| {
        let same = |other: &&Entry| other.body["module"] == event.body["module"];
        story.of("ModuleAssessed").rfind(same).unwrap().sequence == event.sequence
    };
    let row = |event: &Entry| {
        let own = vec![
            some(story.id),
            some(event.sequence),
            text(&event.body["module"]),
            some(event.on),
            some(&event.recorded_at),
            text(&event.body["score"]),
            text(&event.body["passed"]),
        ];
        with_breakdown(story, event, own)
    };
    story.of("ModuleAssessed").filter(is_last).map(row).collect()
}

pub fn visits(story: &Story) -> Vec<Line> {
    let is_last = |event: &&Entry| {
        let milestone = &event.body["milestone"];
        let same = |other: &&Entry| other.body["milestone"] == *milestone;
        milestone.is_null()
            || story.of("VisitRecorded").rfind(same).unwrap().sequence == event.sequence
    };
    let row = |event: &Entry| {
        let started = story.last_by(&["BusinessStarted"], event).map(|start| start.on.to_string());
        let mut own = vec![
            some(story.id),
            some(event.sequence),
            text(&event.body["milestone"]),
            some(event.on),
            some(&event.recorded_at),
            started,
        ];
        let told = ["business_status", "monthly_revenue", "monthly_profit"];
        own.extend(told.map(|field| text(&event.body[field])));
        let jobs = ["women", "men", "under_35", "full_time_hundredths"];
        own.extend(jobs.map(|field| text(&event.body["jobs"][field])));
        with_breakdown(story, event, own)
    };
    story.of("VisitRecorded").filter(is_last).map(row).collect()
}

pub fn grievances(story: &Story) -> Vec<Line> {
    let row = |lodged: &Entry| {
        let number = lodged.number("grievance");
        let answer =
            story.of("GrievanceResolved").rfind(|event| event.number("grievance") == number);
        let told = answer.unwrap_or(lodged);
        let own = vec![
            some(story.id),
            some(told.sequence),
            some(number.unwrap()),
            text(&lodged.body["category"]),
            some(lodged.on),
            some(&told.recorded_at),
            answer.map(|event| event.on.to_string()),
            answer.and_then(|event| text(&event.body["outcome"])),
        ];
        with_breakdown(story, told, own)
    };
    story.of("GrievanceLodged").map(row).collect()
}

/// What each kind of survey told last of what somebody does for a living: of the latest day.
pub fn employment(story: &Story) -> Vec<Line> {
    let row = |survey: &str| {
        let told =
            story.of("EmploymentRecorded").filter(|event| event.word("survey") == Some(survey));
        let event = told.max_by_key(|event| (event.on, event.sequence))?;
        let status = event.word("employment_status").unwrap();
        let own = vec![
            some(story.id),
            some(event.sequence),
            some(survey),
            some(event.on),
            some(&event.recorded_at),
            some(status),
            some(!["unemployed", "outside_labour_force"].contains(&status)),
            text(&event.body["work_since"]),
        ];
        Some(with_breakdown(story, event, own))
    };
    ["baseline", "follow_up", "tracer"].into_iter().filter_map(row).collect()
}

/// A row of `indicator_values` without currency.
fn value(story: &Story, event: &Entry, on: NaiveDate, measure: &str, value: i64) -> Line {
    let own = vec![
        some(story.id),
        some(event.sequence),
        some(measure),
        some(on),
        some(&event.recorded_at),
        some(value),
        None,
        None,
    ];
    with_breakdown(story, event, own)
}

/// All values that are of people rather than money.
pub fn values(story: &Story) -> Vec<Line> {
    let mut rows: Vec<Line> =
        story.of("IncomeRecorded").map(|event| income(story, event)).collect();
    for event in story.of("SupportProvided") {
        rows.push(value(story, event, event.on, "support", 1));
    }
    for event in story.of("ReferredToPartner") {
        rows.push(value(story, event, event.on, "referral", 1));
    }
    for event in story.of("CommunityActionRecorded") {
        let reached = event.body["people_reached"].as_i64().unwrap_or(0);
        rows.push(value(story, event, event.on, "community_action", reached));
    }
    rows.extend(revenue_change(story));
    rows
}

fn income(story: &Story, event: &Entry) -> Line {
    let date = |field: &str| event.word(field).unwrap().parse::<NaiveDate>().unwrap();
    #[expect(clippy::cast_precision_loss, reason = "some hundreds of days")]
    let months = ((date("to") - date("from")).num_days() + 1) as f64 / 30.4375;
    #[expect(clippy::cast_possible_truncation, reason = "some dozens of months")]
    let months = (months.round() as i64).max(1);
    let measure = format!("income_{}", event.word("survey").unwrap());
    let own = vec![
        some(story.id),
        some(event.sequence),
        some(measure),
        some(event.on),
        some(&event.recorded_at),
        some(event.body["amount"].as_i64().unwrap() * 12 / months),
        some(event.word("currency").unwrap_or("XOF")),
        some(story.of("TrainingCompleted").count() > 0),
    ];
    with_breakdown(story, event, own)
}

/// Visits to the business that started last.
fn visits_to_the_last(story: &Story) -> Vec<&Entry> {
    let Some(start) = story.of("BusinessStarted").last() else { return Vec::new() };
    story.of("VisitRecorded").filter(|visit| visit.sequence > start.sequence).collect()
}

fn revenue_change(story: &Story) -> Option<Line> {
    let mut told = visits_to_the_last(story);
    told.retain(|visit| !visit.body["monthly_revenue"].is_null());
    let teller = *told.last()?;
    let first = told.iter().min_by_key(|visit| (visit.on, visit.sequence))?;
    let last = told.iter().max_by_key(|visit| (visit.on, visit.sequence))?;
    let revenue = |visit: &Entry| visit.body["monthly_revenue"].as_i64().unwrap();
    (first.on < last.on)
        .then(|| value(story, teller, last.on, "revenue_change", revenue(last) - revenue(first)))
}
