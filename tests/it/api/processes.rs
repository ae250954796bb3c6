//! Two server processes on one `PostgreSQL` work together.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};
use sira_domain::role::Role;

use super::app::TestApp;
use crate::support::Engine;

fn idea(sector: &str) -> Value {
    json!({ "occurred_on": "2022-01-12", "title": "Poisson fumé", "sector": sector,
            "start_up_cost": 250_000, "jobs_expected": 3 })
}

async fn set_rules(app: &TestApp, programme: &str, sectors: &[&str]) {
    let token = app.token(Role::Admin).await;
    let rules = json!({ "effective_from": "2022-01-01", "rules": { "own_sectors": sectors } });
    app.post(&token, &format!("/v1/programmes/{programme}/commands/set-rules"), &rules)
        .await
        .ok(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_has_answered_the_other_reads_at_once() {
    let engine = Engine::postgres().await;
    let apps = [TestApp::on(&engine).await, TestApp::on(&engine).await];
    let id = apps[0].registered().await;
    let token = apps[0].token(Role::Adviser).await;
    let path = format!("/v1/beneficiaries/{id}");
    for number in 0..200 {
        let (writer, reader) = (&apps[number % 2], &apps[(number + 1) % 2]);
        let note = json!({ "text": format!("Note {number}") });
        let written = writer.command(&token, &id, "add-note", &note).await.ok(200);
        let read = reader.get(&token, &path).await.ok(200);
        assert_eq!(
            (&read["version"], &read["position"]),
            (&written["version"], &written["position"])
        );
        assert_eq!(read["actions"]["notes"], json!(number + 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_set_through_one_process_are_obeyed_by_the_other_at_once() {
    let engine = Engine::postgres().await;
    let (one, other) = (TestApp::on(&engine).await, TestApp::on(&engine).await);
    let programme = one.programme().await;
    let token = one.token(Role::Adviser).await;
    for round in 0..10 {
        let id = other.register(&programme).await["id"].as_str().unwrap().to_owned();
        // The other process has the rules in mind.
        let refused = other.command(&token, &id, "submit-idea", &idea("peche")).await;
        assert_eq!(refused.error(409, "refused").1, "unknown_item", "{round}");
        set_rules(&one, &programme, &["peche"]).await;
        other.command(&token, &id, "submit-idea", &idea("peche")).await.ok(200);
        let id = other.register(&programme).await["id"].as_str().unwrap().to_owned();
        set_rules(&one, &programme, &[]).await;
        let refused = other.command(&token, &id, "submit-idea", &idea("peche")).await;
        assert_eq!(refused.error(409, "refused").1, "unknown_item", "{round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_on_one_path_through_both_processes_lose_no_update() {
    let engine = Engine::postgres().await;
    let apps = [TestApp::on(&engine).await, TestApp::on(&engine).await];
    let id = apps[0].registered().await;
    let token = apps[0].token(Role::Adviser).await;
    let notes: Vec<Value> =
        (0..60).map(|number| json!({ "text": format!("Note {number}") })).collect();
    let send = async |number: usize| {
        let answer = apps[number % 2].command(&token, &id, "add-note", &notes[number]).await;
        answer.ok(200)["version"].as_u64().unwrap()
    };
    let mut versions = BTreeSet::new();
    // Twenty at once: none can lose to more than nineteen others, fewer than a decision is retried.
    for first in (0..notes.len()).step_by(20) {
        versions.extend(join_all((first..first + 20).map(send)).await);
    }
    assert_eq!(versions, (2..=61).collect());
    for app in &apps {
        let history = app.get(&token, &format!("/v1/beneficiaries/{id}/history")).await.ok(200);
        let told: BTreeSet<&str> = history["events"].as_array().unwrap()[1..]
            .iter()
            .map(|event| event["fact"]["text"].as_str().unwrap())
            .collect();
        assert_eq!(told, notes.iter().map(|note| note["text"].as_str().unwrap()).collect());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_fact_through_both_processes_at_once_is_recorded_once() {
    let engine = Engine::postgres().await;
    let apps = [TestApp::on(&engine).await, TestApp::on(&engine).await];
    let id = apps[0].registered().await;
    let token = apps[0].token(Role::Adviser).await;
    for year in 2000..2020 {
        let income = json!({ "survey": "baseline", "from": format!("{year}-01-01"),
                             "to": format!("{year}-12-31"), "amount": 480_000, "source": "salary" });
        let sent = apps.iter().map(|app| app.command(&token, &id, "record-income", &income));
        let answers: Vec<Value> = join_all(sent).await.iter().map(|reply| reply.ok(200)).collect();
        let done = answers.iter().filter(|answer| answer["already_done"] == json!(false)).count();
        assert_eq!(done, 1, "{answers:?}");
        assert_eq!(answers[0]["version"], answers[1]["version"]);
    }
}
