//! A reference leads to the person who has it, or nowhere: whatever the table of second names says.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use sira::evidence::verify::{DeviationKind, Options, sample_names, verify};
use sira_domain::role::Role;
use tokio::sync::watch;

use super::app::TestApp;
use crate::on_both_engines;
use crate::support::owner::past_the_guards;

fn alias(answer: &serde_json::Value) -> String {
    answer["reference"].as_str().unwrap().replace('-', "")
}

on_both_engines! {
    async fn two_references_that_were_exchanged_lead_nowhere_and_are_named(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let (one, other) = (app.register(&programme).await, app.register(&programme).await);
        let right = app.register(&programme).await;
        let adviser = app.token(Role::Adviser).await;
        let by = |answer: &serde_json::Value| format!("/v1/beneficiaries/{}", answer["reference"].as_str().unwrap());
        app.get(&adviser, &by(&one)).await.ok(200);
        let lead = |from: &serde_json::Value, to: &serde_json::Value| {
            format!("UPDATE stream_aliases SET aggregate_id = '{}' WHERE alias = '{}'", to["id"].as_str().unwrap(), alias(from))
        };
        past_the_guards(engine.url(), &[&lead(&one, &other), &lead(&other, &one)]).await;
        let journal = app.commands.journal();
        let head = journal.head().await.unwrap().position;
        for named in [&one, &other] {
            for path in ["", "/history", "/evidence", "/commands", "/data"] {
                let asked = app.get(&adviser, &format!("{}{path}", by(named))).await;
                if asked.status != 403 && asked.status != 404 {
                    assert_eq!(asked.error(500, "internal"), ("/id".to_owned(), "misnamed".to_owned()), "{path}");
                }
            }
            let note = app.post(&adviser, &format!("{}/commands/add-note", by(named)), &json!({ "text": "vue" })).await;
            assert_eq!(note.error(500, "internal").1, "misnamed");
            // Also where a body names somebody, and before anything is said of whoever it is.
            let body = json!({ "continues": named["reference"], "reason": "La même personne" });
            let linked = app.command(&app.token(Role::Director).await, right["id"].as_str().unwrap(), "link-duplicate", &body).await;
            assert_eq!(linked.error(500, "internal").1, "misnamed");
        }
        assert_eq!(journal.head().await.unwrap().position, head, "something was recorded");
        // Everybody else is served, by reference and by id.
        app.get(&adviser, &by(&right)).await.ok(200);
        app.get(&adviser, &format!("/v1/beneficiaries/{}", one["id"].as_str().unwrap())).await.ok(200);
        let ready: serde_json::Value = app.request(Method::GET, "/readyz").send().await.unwrap().json().await.unwrap();
        assert_eq!(ready["parts"][0], json!({ "name": "journal", "ready": true, "reason": "misnamed" }));
        let sampled = sample_names(journal, Duration::from_secs(2)).await.unwrap();
        let report = verify(journal, &Options::default(), &watch::Sender::default()).await.unwrap();
        for found in [&sampled, &report.deviations] {
            let named = found.iter().filter(|one| one.kind == DeviationKind::Name && one.position.is_some());
            assert_eq!(named.count(), 2, "{found:?}");
        }
    }

    async fn a_start_finds_names_that_lead_astray_and_names_that_are_gone(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let mut people = Vec::new();
        for _ in 0..12 {
            people.push(app.register(&programme).await);
        }
        let journal = app.commands.journal();
        let sample = || async { sample_names(journal, Duration::from_secs(2)).await.unwrap() };
        assert_eq!(sample().await, Vec::new());
        let gone = format!("DELETE FROM stream_aliases WHERE alias = '{}'", alias(&people[3]));
        past_the_guards(engine.url(), &[&gone]).await;
        let found = sample().await;
        assert!(matches!(found.as_slice(), [one] if one.position.is_some() && one.detail.as_deref() == Some("missing")), "{found:?}");
        assert_eq!(sample_names(journal, Duration::ZERO).await.unwrap(), Vec::new(), "it takes its time");
    }

    async fn a_code_that_leads_to_another_fund_decides_nothing_there(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let (one, other) = (app.fund(&programme, "f1", 1_000).await, app.fund(&programme, "f2", 1_000).await);
        let first = format!("fund/{programme}/f1");
        let lead = format!("UPDATE stream_aliases SET aggregate_id = '{other}' WHERE alias = '{first}'");
        past_the_guards(engine.url(), &[&lead]).await;
        let director = app.token(Role::Director).await;
        let envelope = json!({
            "occurred_on": "2022-01-01", "programme": programme, "code": "f1", "donor": "Bailleur inventé",
            "period": { "from": "2022-01-01", "to": "2026-12-31" }, "budget": 1_000,
        });
        assert_eq!(app.post(&director, "/v1/funds", &envelope).await.error(500, "internal").1, "misnamed");
        let back = format!("UPDATE stream_aliases SET aggregate_id = '{one}' WHERE alias = '{first}'");
        past_the_guards(engine.url(), &[&back]).await;
        let again = app.post(&director, "/v1/funds", &envelope).await.ok(201);
        assert_eq!((&again["id"], &again["already_done"]), (&json!(one), &json!(true)));
    }
}
