//! What one engine stores the other reads alike.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::http::ServeLimits;
use sira_domain::role::Role;

use super::app::{TestApp, new_year, region, steps};
use crate::support::Engine;

/// Texts that an engine or a driver might treat each in its own way.
const TEXTS: &[&str] = &[
    "é è ê — « ŋ ɲ ɔ ɛ »",
    "e\u{301} (décomposé)",
    "\"guillemets\" \\ barre / $1 ; -- DROP TABLE events",
    "😀\u{10FFFF}",
    "plusieurs\nlignes",
];

/// Replaces what is drawn anew in each run: ids, references, seals, hashes.
fn settle(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                if matches!(name.as_str(), "reference" | "leaf_hash" | "request_id") {
                    assert!(field.is_string(), "{name}");
                    *field = json!("<drawn>");
                } else if name == "in_words" {
                    *field = json!(settled_words(field.as_str().unwrap()));
                } else {
                    settle(field);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(settle),
        Value::String(text) => {
            if uuid::Uuid::try_parse(text).is_ok() {
                "<id>".clone_into(text);
            } else if text.starts_with("sealed:v1:") {
                "<sealed>".clone_into(text);
            }
        }
        _ => {}
    }
}

/// A text in which ids and references stand among words.
fn settled_words(text: &str) -> String {
    let is_reference = |word: &str| {
        let parts: Vec<_> = word.split('-').map(str::len).collect();
        parts == [4, 4, 1]
    };
    let settled = text.split(' ').map(|word| {
        let bare = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let is_drawn = uuid::Uuid::try_parse(bare).is_ok() || is_reference(bare);
        if is_drawn { "<drawn>" } else { word }
    });
    settled.collect::<Vec<_>>().join(" ")
}

/// One fixed script; everything that is then told of it.
async fn script(engine: &Engine) -> Vec<Value> {
    let clock = Clock::manual(new_year());
    let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
    let programme = app.programme().await;
    let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
    let mut told = Vec::new();
    for (minute, (role, word, body)) in (1_i64..).zip(steps()) {
        clock.set(new_year() + TimeDelta::minutes(minute) + TimeDelta::microseconds(minute));
        told.push(app.done(role, &id, word, &body).await);
    }
    let texts = TEXTS.iter().map(|text| (*text).to_owned()).chain(["x".repeat(4_000)]);
    for text in texts {
        told.push(app.done(Role::Adviser, &id, "add-note", &json!({ "text": text })).await);
    }
    let income = json!({ "survey": "tracer", "from": "2023-01-01", "to": "2023-12-31",
                         "amount": 999_999_999, "source": "business" });
    told.push(app.done(Role::Adviser, &id, "record-income", &income).await);
    let last = told.last().unwrap()["version"].as_u64().unwrap();
    let retraction = json!({ "sequence": last, "reason": "Faux montant" });
    told.push(app.done(Role::Adviser, &id, "retract", &retraction).await);
    let refused = app.token(Role::Adviser).await;
    told.push(app.command(&refused, &id, "submit-idea", &steps()[0].2).await.json());
    let elsewhere = app.token_of("ailleurs", Role::Adviser, region("mopti")).await;
    told.push(app.get(&elsewhere, &format!("/v1/beneficiaries/{id}")).await.json());
    for role in [Role::Adviser, Role::Auditor] {
        let token = app.token(role).await;
        for query in
            ["", "?version=5", "?as_of=2026-01-01T08:07:00Z", "/history", "/history?version=9"]
        {
            told.push(app.get(&token, &format!("/v1/beneficiaries/{id}{query}")).await.ok(200));
        }
        told.push(app.get(&token, &format!("/v1/programmes/{programme}")).await.ok(200));
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_script_is_told_alike_by_both_engines() {
    let mut sqlite = script(&Engine::sqlite()).await;
    let mut postgres = script(&Engine::postgres().await).await;
    sqlite.iter_mut().chain(&mut postgres).for_each(settle);
    assert_eq!(sqlite.len(), postgres.len());
    for (one, other) in sqlite.iter().zip(&postgres) {
        assert_eq!(one, other);
    }
    let told = serde_json::to_string(&sqlite).unwrap();
    for text in TEXTS {
        assert!(told.contains(serde_json::to_string(text).unwrap().trim_matches('"')), "{text}");
    }
}
