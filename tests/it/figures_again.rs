//! Figures computed a second time by a program in another language, which reads the export of events and knows nothing
//! but the data dictionary: every cell of every indicator, by every dimension, for several periods and moments.
//!
//! `SIRA_AGAIN_CASES=5000` runs it over more people than the gate has time for.

use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::export::events::{EventForm, export};
use sira::generate::{Population, generate};
use sira::http::ServeLimits;
use sira::keys::{KeyStore, MasterKey};
use sira_domain::reference::Language;
use sira_domain::role::Role;
use sira_numbers::Position;
use sira_projections::analytics::{Dimension, INDICATORS};

use crate::api::app::{MASTER, Reply, TestApp, keys_url};
use crate::export::mining::python;
use crate::on_both_engines;
use crate::support::Engine;

/// People of the population that a gate has time for.
const CASES: u64 = 500;
/// The last day of the population.
const UNTIL: &str = "2025-03-31";

fn cases() -> u64 {
    std::env::var("SIRA_AGAIN_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES)
}

/// A server over a generated population, at the end of it.
async fn populated(engine: &Engine) -> TestApp {
    let clock = Clock::manual(Population::begins_at());
    let journal = engine.journal_with(engine.config(), clock.clone()).await;
    let master = MasterKey::from_text(MASTER).unwrap();
    let keys = KeyStore::open(&keys_url(engine), master, clock.clone()).await.unwrap();
    let population = Population { cases: cases(), seed: 11, until: UNTIL.parse().unwrap() };
    generate(&journal, &keys, &clock, population, |_| {}).await.unwrap();
    drop((journal, keys));
    let app = TestApp::with(engine, clock, ServeLimits::default()).await;
    app.caught_up().await;
    app
}

/// Breakdowns that are asked for; an indicator that has not one of them is not asked for by it.
const GROUPS: [&[Dimension]; 9] = [
    &[],
    &[Dimension::Region],
    &[Dimension::Sex, Dimension::AgeBand],
    &[Dimension::Disability, Dimension::Displaced],
    &[Dimension::Education],
    &[Dimension::Sector],
    &[Dimension::Office],
    &[Dimension::Fund],
    &[Dimension::Cohort],
];

/// Periods: all time, a year, a quarter that ends before the moment.
const PERIODS: [(Option<&str>, Option<&str>); 3] = [
    (None, None),
    (Some("2023-01-01"), Some("2023-12-31")),
    (Some("2024-04-01"), Some("2024-06-30")),
];

/// Questions with the cells that the server gives.
async fn asked(app: &TestApp, positions: &[Position]) -> Vec<Value> {
    let token = app.token(Role::Director).await;
    let mut questions = Vec::new();
    for position in positions {
        for groups in GROUPS {
            for (from, to) in PERIODS {
                let has = |one: &&sira_projections::analytics::Indicator| {
                    let held = one.dimensions();
                    groups.iter().all(|group| held.contains(group))
                };
                let names: Vec<_> = INDICATORS.iter().filter(has).map(|one| one.name).collect();
                let words: Vec<_> = groups.iter().map(|group| group.word()).collect();
                let mut query = format!("name={}&as_of_position={position}", names.join(","));
                for (name, value) in [("from", from), ("to", to)] {
                    query.extend(value.map(|value| format!("&{name}={value}")));
                }
                if !words.is_empty() {
                    query.extend(["&group_by=", &words.join(",")]);
                }
                let path = format!("/v1/analytics/indicators?{query}");
                let request = app.request(Method::GET, &path).bearer_auth(&token);
                let reply = Reply::of(request).await.ok(200);
                for name in names {
                    questions.push(question(&reply, name, &words, (from, to), *position));
                }
            }
        }
    }
    questions
}

fn question(
    reply: &Value,
    name: &str,
    words: &[&str],
    (from, to): (Option<&str>, Option<&str>),
    position: Position,
) -> Value {
    let rows = reply["rows"].as_array().unwrap().iter().filter(|row| row["indicator"] == name);
    let mut by = words.to_vec();
    let mut told = Vec::new();
    for row in rows {
        if row.get("category").is_some() && !by.contains(&"category") {
            by.push("category");
        }
        let cell = by.iter().map(|word| row[*word].as_str().unwrap_or_default().to_owned());
        told.push(json!({
            "words": cell.collect::<Vec<_>>(), "value": row["value"],
            "numerator": row["numerator"], "denominator": row["denominator"],
        }));
    }
    // An indicator of no cell at all says by what it is told apart where it is.
    let indicator = INDICATORS.iter().find(|one| one.name == name).unwrap();
    if indicator.by_category && !by.contains(&"category") {
        by.push("category");
    }
    json!({ "indicator": name, "group_by": by, "from": from, "to": to, "position": position,
            "day": reply["day"], "rows": told })
}

on_both_engines! {
    async fn a_second_program_that_knows_the_dictionary_alone_agrees_on_every_cell(engine) {
        let app = populated(engine).await;
        let head = app.commands.journal().head().await.unwrap().position;
        let positions = [Position::of_count(head.get() / 3), Position::of_count(head.get() * 2 / 3), head];
        let questions = asked(&app, &positions).await;
        let (events, file) = (engine.folder().join("events.jsonl"), engine.folder().join("asked.json"));
        let journal = app.commands.journal();
        let (bytes, ..) = export(journal, EventForm::CloudEvents, Language::En, None, Vec::new(), &|_, _| ()).await.unwrap();
        std::fs::write(&events, bytes).unwrap();
        std::fs::write(&file, serde_json::to_vec(&questions).unwrap()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/figures/again.py");
        let ran = tokio::task::spawn_blocking(move || Command::new(python()).arg(script).arg(events).arg(file).output());
        let ran = ran.await.unwrap().unwrap();
        let told = String::from_utf8(ran.stdout).unwrap();
        assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
        let found: Value = serde_json::from_str(&told).unwrap();
        println!("{} cells of {} questions", found["compared"], found["questions"]);
        assert!(found["compared"].as_u64().unwrap() > 20_000, "{found}");
        assert_eq!(found["differ"], json!(0), "{found:#}");
    }
}
