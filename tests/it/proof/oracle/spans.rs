//! What lasts from one day to another: businesses, the jobs seen in them, how paths stood.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};

use super::present::status_after;
use super::story::{Entry, Story};
use super::{Line, some};

/// The events of each business: its start, and what came before the next start.
fn businesses(story: &Story) -> Vec<Vec<&Entry>> {
    let kinds = ["BusinessStarted", "VisitRecorded", "BusinessClosed"];
    let mut all: Vec<Vec<&Entry>> = Vec::new();
    for event in story.events.iter().filter(|event| kinds.contains(&event.kind.as_str())) {
        match all.last_mut() {
            _ if event.is("BusinessStarted") => all.push(vec![event]),
            Some(own) => own.push(event),
            None => {}
        }
    }
    all
}

fn is_seen(event: &Entry, words: &[&str]) -> bool {
    event.is("VisitRecorded") && words.contains(&event.word("business_status").unwrap())
}

pub fn business_rows(story: &Story) -> Vec<Line> {
    let row = |(place, events): (usize, Vec<&Entry>)| {
        let start = events[0];
        let days = |words: &[&str]| -> Vec<NaiveDate> {
            events.iter().filter(|event| is_seen(event, words)).map(|event| event.on).collect()
        };
        let seen = days(&["trading", "paused"]).into_iter().max();
        let told = events.iter().rfind(|event| event.is("BusinessClosed")).map(|event| event.on);
        let seen_closed = days(&["closed"]).into_iter().filter(|day| Some(*day) > seen).min();
        let mut row = vec![
            some(story.id),
            some(start.sequence),
            some(place + 1),
            some(start.on),
            some(&start.recorded_at),
            seen.map(|day| day.to_string()),
            told.or(seen_closed).map(|day| day.to_string()),
        ];
        row.extend(story.broken_down(start, None));
        row
    };
    businesses(story).into_iter().enumerate().map(row).collect()
}

/// Women, men, under 35 and full-time hundredths that an event tells.
fn jobs_of<'a>(events: &[&'a Entry]) -> Vec<(&'a Entry, [u64; 4])> {
    let mut closed_on: Option<NaiveDate> = None;
    let mut told = Vec::new();
    for event in events {
        if event.is("BusinessClosed") || is_seen(event, &["closed"]) {
            told.push((*event, [0; 4]));
        } else if !event.body["jobs"].is_null() && closed_on.is_none_or(|closed| event.on < closed)
        {
            let count = |field: &str| event.body["jobs"][field].as_u64().unwrap();
            told.push((*event, ["women", "men", "under_35", "full_time_hundredths"].map(count)));
        }
        if event.is("BusinessClosed") {
            closed_on = Some(event.on);
            told.retain(|(known, _): &(&Entry, _)| known.on <= event.on);
        }
    }
    told
}

pub fn job_rows(story: &Story) -> Vec<Line> {
    let mut rows = Vec::new();
    for (number, events) in businesses(story).iter().enumerate() {
        let told = jobs_of(events);
        // Of one day what was told last.
        let days: BTreeMap<NaiveDate, [u64; 4]> =
            told.iter().map(|(event, jobs)| (event.on, *jobs)).collect();
        let all = |jobs: &[u64; 4]| jobs[0] + jobs[1];
        for (day, jobs) in &days {
            let before: Vec<u64> = days.range(..day).map(|(_, jobs)| all(jobs)).collect();
            let next = days.range(day..).nth(1).map(|(next, _)| *next);
            let ends = next.into_iter().chain(Some(*day + Months::new(12))).min();
            let known = told.iter().filter(|(event, _)| event.on <= *day);
            let teller = known.map(|(event, _)| *event).max_by_key(|event| event.sequence).unwrap();
            let most = before.iter().copied().max().unwrap_or(0);
            let last = before.last().copied().unwrap_or(0);
            let mut row = vec![
                some(story.id),
                some(teller.sequence),
                some(number + 1),
                some(day),
                ends.map(|day| day.to_string()),
                some(&teller.recorded_at),
            ];
            row.extend(jobs.map(some));
            row.push(some(all(jobs).saturating_sub(most)));
            row.push(some(i64::try_from(all(jobs)).unwrap() - i64::try_from(last).unwrap()));
            row.extend(story.broken_down(teller, None));
            rows.push(row);
        }
    }
    rows
}

/// How the path stood, with the event that said so, from which day to which.
pub fn spell_rows(story: &Story) -> Vec<Line> {
    let registered = story.registration().unwrap();
    let mut stood: Vec<(NaiveDate, &'static str, &Entry)> =
        vec![(registered.on, "active", registered)];
    let mut waits: Vec<(&Entry, NaiveDate, Option<NaiveDate>)> = Vec::new();
    let mut before = "active";
    for (place, event) in story.events.iter().enumerate() {
        if event.sequence < registered.sequence {
            continue;
        }
        let then = &story.events[..=place];
        let now = status_after(then);
        if now != before {
            stood.retain(|(day, ..)| *day < event.on);
            stood.push((event.on, now, event));
        }
        before = now;
        let decided = then.iter().rfind(|event| event.is("SelectionDecided"));
        let waiting = decided.filter(|decided| {
            decided.word("decision") == Some("waitlisted") && ["active", "suspended"].contains(&now)
        });
        let open = waits.last().filter(|(.., until)| until.is_none()).map(|(_, since, _)| *since);
        let goes = |word: &str| ["active", "suspended"].contains(&word);
        let again = stood.windows(2).rfind(|two| !goes(two[0].1) && goes(two[1].1));
        let begins = waiting.map(|event| again.map_or(event.on, |two| two[1].0.max(event.on)));
        if open != begins {
            if let Some((.., since, until)) = waits.last_mut().filter(|(.., until)| until.is_none())
            {
                *until = Some(event.on.max(*since));
            }
            let same = waits.last_mut().filter(|(_, since, _)| Some(*since) == begins);
            match (same, begins) {
                (Some((.., until)), _) => *until = None,
                (None, Some(begins)) => waits.push((event, begins, None)),
                (None, None) => {}
            }
        }
    }
    let row = |event: &Entry, word: &str, from: NaiveDate, until: Option<NaiveDate>| {
        let mut row = vec![
            some(story.id),
            some(event.sequence),
            some(word),
            some(from),
            until.map(|day| day.to_string()),
            some(&event.recorded_at),
        ];
        row.extend(story.broken_down(event, None));
        row
    };
    let next = |place: usize| stood.get(place + 1).map(|(day, ..)| *day);
    let statuses = stood
        .iter()
        .enumerate()
        .map(|(place, (from, word, event))| row(event, word, *from, next(place)));
    let waiting = waits.iter().map(|(event, since, until)| row(event, "waiting", *since, *until));
    statuses.chain(waiting).collect()
}

/// The visits that each business is due by the rules that it started under; `months` says them for a version.
pub fn due_rows(story: &Story, months: impl Fn(u64) -> Vec<u32>) -> Vec<Line> {
    if story.registration().is_none() {
        return Vec::new();
    }
    let businesses = businesses(story);
    let closures: Vec<Option<String>> =
        business_rows(story).iter().map(|row| row[6].clone()).collect();
    let frozen = super::persons::links(story).first().and_then(|row| row[3].clone());
    let erased = story.of("PersonalDataErased").next().map(|event| event.on.to_string());
    let spells = spell_rows(story);
    let was_active = |day: &str| {
        let holds = |row: &&Line| {
            row[2].as_deref() != Some("waiting")
                && row[3].as_deref() <= Some(day)
                && row[4].as_deref().is_none_or(|until| day < until)
        };
        spells.iter().find(holds).is_none_or(|row| row[2].as_deref() == Some("active"))
    };
    let mut rows = Vec::new();
    for (place, events) in businesses.iter().enumerate() {
        let start = events[0];
        let next = businesses.get(place + 1).map(|events| events[0].on);
        for month in months(start.rules) {
            let due = (start.on + Months::new(month)).to_string();
            let is_for = |visit: &&Entry| visit.number("milestone") == Some(month.into());
            let made = story.of("VisitRecorded").rfind(is_for).map(|visit| visit.on);
            let own = made.filter(|day| *day >= start.on && next.is_none_or(|next| *day < next));
            let earlier = made.is_some_and(|day| day < start.on);
            let over = [&closures[place], &frozen, &erased];
            let over = over.into_iter().flatten().any(|day| *day <= due);
            let is_due = !earlier && !over && was_active(&due);
            let mut row = vec![
                some(story.id),
                some(start.sequence),
                some(place + 1),
                some(month),
                Some(due),
                some(&start.recorded_at),
                own.map(|day| day.to_string()),
                some(is_due),
            ];
            row.extend(story.broken_down(start, None));
            rows.push(row);
        }
    }
    rows
}
