//! The convention lives: what its parties committed themselves to, kept or overdue.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::http::ServeLimits;
use sira_domain::role::Role;

use super::app::{TestApp, region};
use super::lists::every;

fn noon(day: &str) -> DateTime<Utc> {
    format!("{day}T12:00:00Z").parse().unwrap()
}

fn commit(what: &str, due_on: &str) -> Value {
    json!({ "occurred_on": "2022-01-10", "party": "agency", "what": what, "due_on": due_on })
}

crate::on_both_engines! {
    async fn commitments_that_are_not_kept_are_listed_the_longest_overdue_first(engine) {
        let clock = Clock::manual(noon("2022-07-01"));
        let app = TestApp::with(engine, clock, ServeLimits::default()).await;
        let programme = app.programme().await;
        let director = app.token(Role::Director).await;
        let give = async |word: &str, body: Value| {
            app.command_of(&director, "programmes", &programme, word, &body).await.ok(200)
        };
        give("record-commitment", commit("Suivre", "2022-12-31")).await;
        give("record-commitment", commit("Former", "2022-06-01")).await;
        give("record-commitment", commit("Recruter", "2022-03-01")).await;
        give("record-commitment", commit("Doter", "2022-02-01")).await;
        give("fulfil-commitment", json!({ "commitment": 4, "evidence": "Procès-verbal" })).await;
        let told = async |query: &str| {
            let items = every(&app, &director, "/v1/worklists/commitments", query, 1).await;
            items.iter().map(|one| (one["what"].clone(), one["days_late"].clone())).collect::<Vec<_>>()
        };
        let late = [(json!("Recruter"), json!(122)), (json!("Former"), json!(30))];
        assert_eq!(told("&overdue=true").await, late);
        let all = [late[0].clone(), late[1].clone(), (json!("Suivre"), json!(0))];
        assert_eq!(told("").await, all);
        assert_eq!(told("&programme=00000000-0000-7000-8000-000000000000").await, []);
        give("withdraw-commitment", json!({ "commitment": 3, "reason": "Les parties y renoncent" })).await;
        give("reopen-commitment", json!({ "commitment": 4, "reason": "Constat par erreur" })).await;
        let open: Vec<_> = told("").await.into_iter().map(|(what, _)| what).collect();
        assert_eq!(open, [json!("Doter"), json!("Former"), json!("Suivre")]);
        // Whoever sees the programme sees what its parties owe each other.
        for (role, scope, expected) in [
            (Role::Adviser, region("segou"), 3),
            (Role::Adviser, region("gao"), 0),
            (Role::Auditor, region("mopti"), 3),
        ] {
            let token = app.token_of("agent", role, scope).await;
            let items = every(&app, &token, "/v1/worklists/commitments", "", 1).await;
            assert_eq!(items.len(), expected, "{role}");
        }
        let review = json!({ "on": "2022-06-30", "findings": "Un engagement sur quatre est en retard" });
        give("review-convention", review).await;
        let shown = app.get(&director, &format!("/v1/programmes/{programme}")).await.ok(200);
        assert_eq!(shown["commitments"].as_array().unwrap().len(), 4);
        assert_eq!(shown["reviews"][0]["on"], json!("2022-06-30"));
        let adviser = app.token(Role::Adviser).await;
        let body = commit("A", "2022-08-01");
        let refused = app.command_of(&adviser, "programmes", &programme, "record-commitment", &body);
        refused.await.problem(403, "forbidden");
    }
}
