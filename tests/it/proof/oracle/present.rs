//! The tables of the present, of one path.

use chrono::{Months, NaiveDate};

use super::story::{Entry, Story};
use super::{Line, Rows, some};

/// The stage after all events, by its word.
fn stage(story: &Story) -> &'static str {
    let mut stage = "idea";
    for event in &story.events {
        stage = match event.kind.as_str() {
            "IdeaSubmitted" => "recruitment",
            "SelectionDecided" if event.word("decision") == Some("selected") => "training",
            "TrainingCompleted" => "financing",
            "BusinessStarted" => "follow_up",
            "PathCompleted" => "completed",
            "Reopened" if stage == "completed" => "follow_up",
            _ => stage,
        };
    }
    stage
}

fn status(story: &Story) -> &'static str {
    status_after(&story.events)
}

/// The status after some events.
pub fn status_after(events: &[Entry]) -> &'static str {
    match last_status_after(events) {
        "active" if closing_of(events).is_some() => "closed",
        status => status,
    }
}

fn last_status(story: &Story) -> &'static str {
    last_status_after(&story.events)
}

fn last_status_after(events: &[Entry]) -> &'static str {
    let last = events.iter().rfind(|event| {
        ["Suspended", "Resumed", "Exited", "Reopened", "PathCompleted"]
            .contains(&event.kind.as_str())
    });
    match last.map_or("", |event| event.kind.as_str()) {
        "Suspended" => "suspended",
        "Exited" => "exited",
        "PathCompleted" => "completed",
        _ => "active",
    }
}

/// The decision that the path waits for.
fn awaiting(story: &Story) -> Option<&'static str> {
    if status(story) != "active" || story.frozen_by().is_some() {
        return None;
    }
    match stage(story) {
        "recruitment" => {
            let Some(assessed) = story.of("EligibilityAssessed").last() else {
                return Some("eligibility");
            };
            if assessed.body["eligible"] == false {
                return has_outcome(assessed, "to_be_proved").then_some("eligibility");
            }
            if story.of("InterviewRecorded").next().is_none() {
                return Some("interview");
            }
            let refused = |event: &Entry| event.word("decision") == Some("not_selected");
            (!story.of("SelectionDecided").last().is_some_and(refused)).then_some("selection")
        }
        "financing" => awaiting_money(story),
        _ => None,
    }
}

fn awaiting_money(story: &Story) -> Option<&'static str> {
    let of = |kind: &str, number: u64| {
        story.of(kind).any(|event| event.number("financing") == Some(number))
    };
    let mut requests = story.of("FinancingRequested").filter_map(|event| event.number("financing"));
    if let Some(open) = requests.rfind(|number| !of("FinancingRefused", *number)) {
        return match (of("FinancingApproved", open), of("AgreementSigned", open)) {
            (false, _) => Some("financing"),
            (true, false) => Some("agreement"),
            (true, true) => None,
        };
    }
    let plan = story.of("BusinessPlanSubmitted").last()?;
    let seen = story.of("BusinessPlanValidated").any(|event| event.sequence > plan.sequence);
    (!seen).then_some("plan")
}

/// The business that started last, and the day it closed.
fn business(story: &Story) -> Option<(&Entry, Option<NaiveDate>)> {
    let start = story.of("BusinessStarted").last()?;
    let closed = story.of("BusinessClosed").rfind(|event| event.sequence > start.sequence);
    Some((start, closed.map(|event| event.on)))
}

/// Whether a rule of an assessment came out so.
fn has_outcome(assessed: &Entry, outcome: &str) -> bool {
    let rules = assessed.body["rules"].as_array().unwrap();
    rules.iter().any(|rule| rule["outcome"] == outcome)
}

/// The decision that closed the path and stands, by its word, with the place of its event.
fn closing(story: &Story) -> Option<(&'static str, usize)> {
    closing_of(&story.events)
}

fn closing_of(events: &[Entry]) -> Option<(&'static str, usize)> {
    let opens = [
        "Reopened",
        "TrainingEnrolled",
        "TrainingWithdrawn",
        "AttendanceRecorded",
        "ModuleAssessed",
        "TrainingCompleted",
    ];
    let mut closed = None;
    for (place, event) in events.iter().enumerate() {
        if opens.contains(&event.kind.as_str()) {
            closed = None;
        } else if event.is("SelectionDecided") {
            let is_refused = event.word("decision") == Some("not_selected");
            closed = is_refused.then_some(("not_selected", place));
        } else if event.is("EligibilityAssessed")
            && closed.is_none_or(|(word, _)| word != "not_selected")
        {
            let is_refused = event.body["eligible"] == false && has_outcome(event, "not_met");
            closed = is_refused.then_some(("not_eligible", place));
        }
    }
    closed
}

fn closed_because(story: &Story) -> Option<&'static str> {
    let goes_on = ["active", "suspended"].contains(&last_status(story));
    closing(story).filter(|_| goes_on).map(|(word, _)| word)
}

/// The day on which the path closed.
fn path_closed(story: &Story) -> Option<NaiveDate> {
    if ["exited", "completed"].contains(&last_status(story)) {
        let closes = |event: &&Entry| event.is("Exited") || event.is("PathCompleted");
        return story.events.iter().rfind(closes).map(|event| event.on);
    }
    let (_, place) = closing(story)?;
    let again = ["IdeaSubmitted", "IdeaRevised", "EligibilityAssessed", "InterviewRecorded"];
    let looked_at =
        story.events[place + 1..].iter().filter(|event| again.contains(&event.kind.as_str()));
    looked_at.map(|event| event.on).chain([story.events[place].on]).max()
}

fn status_row(story: &Story) -> Line {
    let registered = story.registration().unwrap();
    let word = |field: &str| registered.word(field).map(str::to_owned);
    let (last, last_stored) = (story.events.last().unwrap(), story.all.last().unwrap());
    let [office, region] = story.office_and_region(last);
    let business = business(story);
    let idea =
        story.events.iter().rfind(|event| event.is("IdeaSubmitted") || event.is("IdeaRevised"));
    let sector = business.map(|(start, _)| start).or(idea).and_then(|event| event.word("sector"));
    let latest = story.events.iter().map(|event| event.on).max().unwrap();
    vec![
        some(story.id),
        word("reference"),
        word("programme"),
        office,
        region,
        word("sex"),
        some(story.birth_year().unwrap()),
        some(story.age_band()),
        word("education"),
        story.disability(),
        story.displaced(),
        word("intake"),
        sector.map(str::to_owned),
        some(stage(story)),
        some(status(story)),
        awaiting(story).map(str::to_owned),
        story.cohort(last),
        story.fund(last),
        some(registered.on),
        business.map(|(start, _)| start.on.to_string()),
        business.and_then(|(_, closed)| Some(closed?.to_string())),
        some(latest),
        path_closed(story).map(|on| on.to_string()),
        closed_because(story).map(str::to_owned),
        some(story.frozen_by().is_some()),
        some(story.of("PersonalDataErased").count() > 0),
        some(last_stored.sequence),
        some(last_stored.position),
        some(&last_stored.recorded_at),
    ]
}

fn adviser(story: &Story) -> Option<String> {
    let (mut adviser, mut before) = (None, None);
    for event in &story.events {
        let named = event.word("adviser").map(str::to_owned);
        match event.kind.as_str() {
            "Registered" | "AdviserAssigned" => adviser = named,
            // The adviser belongs to the office left behind.
            "Transferred" => before = adviser.take(),
            "TransferAccepted" => adviser = named.or(adviser),
            "TransferReturned" => adviser = before.take(),
            _ => {}
        }
    }
    adviser
}

/// The transfer that waits, if the last one does.
fn handover(story: &Story) -> Option<Line> {
    let kinds = ["Transferred", "TransferAccepted", "TransferReturned"];
    let last = story.events.iter().rfind(|event| kinds.contains(&event.kind.as_str()))?;
    let [office, region] = story.office_and_region(story.events.last().unwrap());
    let reference = story.registration().unwrap().word("reference").map(str::to_owned);
    let from = last.word("from_office").map(str::to_owned);
    let row =
        vec![some(story.id), reference, story.programme(), office, region, from, some(last.on)];
    (last.body["to_accept"] == true).then_some(row)
}

/// The visits due; `months` says them for a version of the programme's rules.
fn schedule(story: &Story, months: impl Fn(u64) -> Vec<u32>) -> Vec<Line> {
    let Some((start, closed)) = business(story) else { return Vec::new() };
    let [office, region] = story.office_and_region(story.events.last().unwrap());
    let goes_on = status(story) == "active" && story.frozen_by().is_none() && closed.is_none();
    let row = |month: u32| {
        let is_for = |visit: &&Entry| visit.number("milestone") == Some(month.into());
        let visited = story.of("VisitRecorded").rfind(is_for);
        vec![
            some(story.id),
            some(month),
            story.programme(),
            office.clone(),
            region.clone(),
            story.registration().unwrap().word("reference").map(str::to_owned),
            some(start.on + Months::new(month)),
            visited.map(|visit| visit.on.to_string()),
            some(goes_on && visited.is_none()),
        ]
    };
    months(start.rules).into_iter().map(row).collect()
}

/// The referrals to partners, each with what came of it.
fn referrals(story: &Story) -> Vec<Line> {
    let [office, region] = story.office_and_region(story.events.last().unwrap());
    let is_erased = story.of("PersonalDataErased").next().is_some();
    let row = |event: &Entry| {
        let number = event.number("referral");
        let answers = |answer: &&Entry| answer.number("referral") == number;
        let answer = story.of("ReferralOutcomeRecorded").find(answers);
        vec![
            some(story.id),
            number.map(|number| number.to_string()),
            story.registration().unwrap().word("reference").map(str::to_owned),
            story.programme(),
            office.clone(),
            region.clone(),
            event.word("partner").map(str::to_owned),
            event.word("service").map(str::to_owned),
            some(event.on),
            answer.map(|answer| answer.on.to_string()),
            answer.and_then(|answer| answer.word("outcome")).map(str::to_owned),
            some(answer.is_none() && !is_erased),
        ]
    };
    story.of("ReferredToPartner").map(row).collect()
}

/// The rows of a path in the tables of the present.
pub fn present_rows(story: &Story, months: impl Fn(u64) -> Vec<u32>) -> Rows {
    let mut rows = Rows::new();
    if story.registration().is_some() {
        rows.insert("case_status", vec![status_row(story)]);
        let registered = story.registration().unwrap().on;
        let latest = story.events.iter().map(|event| event.on).max().unwrap();
        let adviser = adviser(story)
            .map(|adviser| vec![some(story.id), Some(adviser), some(registered), some(latest)]);
        rows.insert("case_advisers", adviser.into_iter().collect());
        rows.insert("handovers", handover(story).into_iter().collect());
        rows.insert("follow_up_schedule", schedule(story, months));
        rows.insert("referrals", referrals(story));
    }
    rows
}
