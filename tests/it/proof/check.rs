//! The tables against the oracle, at every position.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::Value;
use sira::journal::RecordedEvent;
use sira_numbers::Position;
use uuid::Uuid;

use super::oracle::{self, Line, Rows, Story};
use super::tables::{Stored, is_versioned, standing, stories};

/// Checks every table of a read database that has taken in every event up to `at`.
pub fn check(events: &[RecordedEvent], stored: &Stored, at: Position) {
    let known: Vec<RecordedEvent> =
        events.iter().filter(|event| event.position <= at).cloned().collect();
    let stories = stories(&known);
    check_versioned(&stories, stored);
    check_present(&stories, stored);
    check_log(&known, &stories, stored);
    check_staff(&known, stored);
}

/// The rows of one versioned table by the stream that they are of.
fn by_stream(rows: &[Line]) -> BTreeMap<Uuid, Vec<Line>> {
    let mut streams: BTreeMap<Uuid, Vec<Line>> = BTreeMap::new();
    for row in rows {
        let id = row[3].as_ref().unwrap().parse().unwrap();
        streams.entry(id).or_default().push(row.clone());
    }
    streams
}

/// For each stream and each of its events: the rows that stand right after it. Between two events of
/// a stream nothing of it changes, since every row begins and ends at one of them.
fn check_versioned(stories: &BTreeMap<(String, Uuid), Story>, stored: &Stored) {
    for (table, rows) in stored.iter().filter(|(table, _)| is_versioned(table)) {
        let mut rows = by_stream(rows);
        for ((kind, id), story) in stories {
            let own = rows.remove(id).unwrap_or_default();
            check_places(table, story, &own);
            for event in &story.all {
                let then = story.at(event.position);
                let expected = match kind.as_str() {
                    "beneficiary" => {
                        let mut rows = oracle::path_rows(&then);
                        let due =
                            oracle::due_rows(&then, |version| months(stories, &then, version));
                        rows.insert("visits_due", due);
                        rows
                    }
                    "programme" => Rows::from([("targets", oracle::target_rows(&then))]),
                    "fund" => oracle::fund_rows(&then),
                    _ => Rows::new(),
                };
                let mut expected = expected.get(table).cloned().unwrap_or_default();
                expected.sort();
                let found = standing(&own, event.position);
                assert_same(table, story, event.position, &found, &expected);
            }
        }
        assert!(rows.is_empty(), "{table}: rows of no stream: {rows:?}");
    }
}

fn check_places(table: &str, story: &Story, rows: &[Line]) {
    let places: BTreeSet<Position> = story.all.iter().map(|event| event.position).collect();
    for row in rows {
        for place in [&row[0], &row[2]].into_iter().flatten() {
            assert!(places.contains(&place.parse().unwrap()), "{table}: {row:?}");
        }
    }
}

fn check_present(stories: &BTreeMap<(String, Uuid), Story>, stored: &Stored) {
    let mut expected: BTreeMap<&str, Vec<Line>> = BTreeMap::new();
    for ((kind, _), story) in stories {
        match kind.as_str() {
            "beneficiary" => {
                let months = |version| months(stories, story, version);
                for (table, rows) in oracle::present_rows(story, months) {
                    expected.entry(table).or_default().extend(rows);
                }
            }
            "cohort" => {
                expected.entry("cohort_status").or_default().push(oracle::cohort_row(story));
            }
            "programme" => {
                expected.entry("programme_status").or_default().push(oracle::programme_row(story));
                expected.entry("offices").or_default().extend(oracle::office_rows(story));
                let commitments = oracle::commitment_rows(story);
                expected.entry("commitments").or_default().extend(commitments);
            }
            "fund" => expected.entry("fund_status").or_default().push(oracle::fund_row(story)),
            _ => {}
        }
    }
    for table in [
        "case_status",
        "case_advisers",
        "handovers",
        "referrals",
        "follow_up_schedule",
        "cohort_status",
        "fund_status",
        "programme_status",
        "offices",
        "commitments",
    ] {
        let mut expected = expected.remove(table).unwrap_or_default();
        expected.sort();
        assert_lines(table, "the present", &stored[table], &expected);
    }
}

/// The months of follow-up that a version of a programme's rules says.
fn months(stories: &BTreeMap<(String, Uuid), Story>, path: &Story, version: u64) -> Vec<u32> {
    let programme: Uuid = path.programme().unwrap().parse().unwrap();
    let programme = &stories[&("programme".to_owned(), programme)];
    // Rules that were taken back keep judging what they judged.
    let mut sets = programme.all.iter().filter(|event| event.is("RulesSet"));
    let set = sets.find(|event| event.number("version") == Some(version));
    let set = set.map(|event| event.body["rules"]["follow_up_months"].as_array().unwrap());
    set.map_or(vec![1, 3, 6, 12, 24], |months| {
        months.iter().map(|month| u32::try_from(month.as_u64().unwrap()).unwrap()).collect()
    })
}

fn check_log(events: &[RecordedEvent], stories: &BTreeMap<(String, Uuid), Story>, stored: &Stored) {
    let row = |event: &RecordedEvent| -> Line {
        let key = (event.stream.aggregate_type.to_string(), event.stream.aggregate_id);
        let told = stories[&key].all.iter().find(|entry| entry.position == event.position).unwrap();
        vec![
            oracle::some(event.position),
            oracle::some(&told.recorded_at),
            oracle::some(told.on),
            Some(key.0),
            oracle::some(key.1),
            oracle::some(event.sequence),
            oracle::some(&event.event_type),
            oracle::some(&told.by),
        ]
    };
    let mut expected: Vec<Line> = events.iter().map(row).collect();
    expected.sort();
    assert_lines("activity_log", "the present", &stored["activity_log"], &expected);
}

/// Every author with role and office: first and last day of recording, and how many events.
fn check_staff(events: &[RecordedEvent], stored: &Stored) {
    let mut days: BTreeMap<[String; 4], Vec<NaiveDate>> = BTreeMap::new();
    for event in events {
        let told: Value = serde_json::from_str(&event.metadata).unwrap();
        let author = ["actor", "role", "programme", "office"]
            .map(|field| told[field].as_str().unwrap_or_default().to_owned());
        days.entry(author).or_default().push(event.recorded_at.date_naive());
    }
    let row = |(author, days): ([String; 4], Vec<NaiveDate>)| -> Line {
        let mut row: Line = author.into_iter().map(Some).collect();
        let (first, last) = (days.iter().min().unwrap(), days.iter().max().unwrap());
        row.extend([oracle::some(first), oracle::some(last), oracle::some(days.len())]);
        row
    };
    let mut expected: Vec<Line> = days.into_iter().map(row).collect();
    expected.sort();
    assert_lines("staff", "the present", &stored["staff"], &expected);
}

fn assert_same(table: &str, story: &Story, at: Position, found: &[Line], expected: &[Line]) {
    let told: Vec<String> = story
        .all
        .iter()
        .filter(|event| event.position <= at)
        .map(|event| {
            format!(
                "{}@{} {} {} {}",
                event.sequence, event.position, event.on, event.kind, event.body
            )
        })
        .collect();
    let when = format!("{} at {at}, after\n{}", story.id, told.join("\n"));
    assert_lines(table, &when, found, expected);
}

fn assert_lines(table: &str, when: &str, found: &[Line], expected: &[Line]) {
    if found == expected {
        return;
    }
    let only = |lines: &[Line], others: &[Line]| -> String {
        let only = lines.iter().filter(|line| !others.contains(line));
        let show = |line: &Line| {
            let cells = line.iter().map(|cell| cell.as_deref().unwrap_or("-"));
            format!("\n  {}", cells.collect::<Vec<_>>().join(" | "))
        };
        only.take(6).map(show).collect()
    };
    panic!(
        "{table}, {when}\nfound ({}) only:{}\nexpected ({}) only:{}",
        found.len(),
        only(found, expected),
        expected.len(),
        only(expected, found)
    );
}
