//! Histories: every event, opened for those who may, and each reading recorded.

use serde_json::{Value, json};
use sira_database::on_engine;
use sira_domain::role::Role;

use super::app::{self, NAME, TestApp, steps};

/// Actor, role, action and path of every reading so far, in order.
async fn readings(app: &TestApp) -> Vec<(String, String, String, String)> {
    on_engine!(app.commands.journal().pool(), pool => {
        sqlx::query_as("SELECT actor, role, action, aggregate_id FROM access_log ORDER BY at, entry_id")
            .fetch_all(pool)
            .await
    })
    .unwrap()
}

async fn history(app: &TestApp, role: Role, id: &str) -> Vec<Value> {
    let token = app.token(role).await;
    let shown = app.get(&token, &format!("/v1/beneficiaries/{id}/history")).await.ok(200);
    shown["events"].as_array().unwrap().clone()
}

fn is_sealed(value: &Value) -> bool {
    value.as_str().unwrap().starts_with(sira_domain::values::SEALED_PREFIX)
}

crate::on_both_engines! {
    async fn a_history_shows_every_event_with_who_when_and_what(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        app.walk(&id, &steps(), "decide-selection").await;
        let events = history(&app, Role::Adviser, &id).await;
        let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["Registered", "IdeaSubmitted", "EligibilityAssessed", "InterviewRecorded", "SelectionDecided"]);
        for (index, event) in events.iter().enumerate() {
            assert_eq!(event["sequence"], json!(index + 1));
            assert_eq!(event["retracted"], json!(false));
            assert_eq!(event["by"], event["metadata"]["actor"]);
            assert!(!event["label"].as_str().unwrap().is_empty());
            assert_eq!(event["leaf_hash"].as_str().unwrap().len(), 64);
        }
        let positions: Vec<_> = events.iter().map(|event| event["position"].as_u64().unwrap()).collect();
        assert!(positions.is_sorted());
        assert_eq!((&events[1]["occurred_on"], &events[1]["label"]), (&json!("2022-01-12"), &json!("Idée de projet déposée")));
    }

    async fn a_retracted_event_stays_and_says_so(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        app.walk(&id, &steps(), "submit-idea").await;
        app.done(Role::Adviser, &id, "retract", &json!({ "sequence": 2, "reason": "Autre personne" })).await;
        let events = history(&app, Role::Auditor, &id).await;
        let retracted: Vec<_> = events.iter().map(|event| event["retracted"].as_bool().unwrap()).collect();
        assert_eq!(retracted, [false, true, false]);
        // As it was before the retraction, nothing was retracted.
        let token = app.token(Role::Auditor).await;
        let before = app.get(&token, &format!("/v1/beneficiaries/{id}/history?version=2")).await.ok(200);
        assert_eq!(before["events"][1]["retracted"], json!(false));
    }

    async fn sealed_parts_are_opened_for_those_allowed_alone(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        app.walk(&id, &steps(), "decide-selection").await;
        for role in [Role::Adviser, Role::Director, Role::Finance] {
            let events = history(&app, role, &id).await;
            assert_eq!(events[0]["fact"]["identity"]["name"], json!(NAME), "{role}");
            assert_eq!(events[0]["fact"]["identity"]["phone"], json!("+22370000001"));
            assert_eq!(events[1]["fact"]["title"], json!("Beurre de karité"));
        }
        for role in [Role::Committee, Role::Auditor] {
            let events = history(&app, role, &id).await;
            assert!(is_sealed(&events[0]["fact"]["identity"]), "{role}");
            assert_eq!(events[4]["fact"]["reason"], json!("Bon dossier"), "{role}");
        }
        for role in [Role::Trainer, Role::Admin] {
            let events = history(&app, role, &id).await;
            assert!(is_sealed(&events[0]["fact"]["identity"]), "{role}");
            assert!(is_sealed(&events[1]["fact"]["title"]), "{role}");
            assert!(is_sealed(&events[4]["fact"]["reason"]), "{role}");
        }
    }

    async fn a_fact_in_words_tells_everybody_the_same_and_nothing_that_is_sealed(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        app.walk(&id, &steps(), "decide-selection").await;
        for role in [Role::Adviser, Role::Director, Role::Committee, Role::Auditor, Role::Trainer, Role::Admin] {
            let events = history(&app, role, &id).await;
            let words: Vec<_> = events.iter().map(|event| event["in_words"].as_str().unwrap()).collect();
            assert!(words[0].contains("Sexe\u{a0}: Femme") && words[0].contains("Région\u{a0}: Ségou"), "{role}: {words:?}");
            for sealed in [NAME, "70000001", "karité", "Bon dossier", "sealed:"] {
                assert!(words.iter().all(|words| !words.contains(sealed)), "{role}: {sealed} in {words:?}");
            }
        }
    }

    async fn a_document_name_is_opened_as_an_identity_is(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let name = format!("CV {NAME}.pdf");
        let form = reqwest::multipart::Form::new().text("name", name.clone());
        let file = reqwest::multipart::Part::bytes(b"%PDF-1.7\n".to_vec());
        let form = form.text("media_type", "application/pdf").part("file", file);
        let adviser = app.token(Role::Adviser).await;
        crate::api::documents::attach(&app, &adviser, &id, form).await.ok(200);
        assert_eq!(history(&app, Role::Adviser, &id).await[1]["fact"]["name"], json!(name));
        assert!(is_sealed(&history(&app, Role::Auditor, &id).await[1]["fact"]["name"]));
    }

    async fn a_status_shows_nothing_sealed_and_nobody(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        app.walk(&id, &steps(), "complete-path").await;
        for role in [Role::Adviser, Role::Director, Role::Auditor, Role::Trainer] {
            let token = app.token(role).await;
            for query in ["", "?version=3"] {
                let reply = app.get(&token, &format!("/v1/beneficiaries/{id}{query}")).await;
                reply.ok(200);
                for part in ["sealed", "Zoumbal", "karit", "70000001", "identity"] {
                    assert!(!reply.text.contains(part), "{role}: {part} in {}", reply.text);
                }
            }
        }
        assert_eq!(readings(&app).await, []);
    }

    async fn an_identity_is_opened_for_those_allowed_when_asked_for(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let path = format!("/v1/beneficiaries/{id}?identity=true");
        for role in [Role::Adviser, Role::Director, Role::Finance] {
            let token = app.token(role).await;
            let status = app.get(&token, &path).await.ok(200);
            assert_eq!(status["identity"]["name"], json!(NAME), "{role}");
        }
        for role in [Role::Committee, Role::Auditor, Role::Trainer, Role::Admin] {
            let token = app.token(role).await;
            app.get(&token, &path).await.problem(403, "forbidden");
        }
        // What is left out stays.
        let corrected = json!({ "identity": { "name": "Autre Inventée", "address": null } });
        app.done(Role::Adviser, &id, "update-identity", &corrected).await;
        let token = app.token(Role::Adviser).await;
        let expected = json!({ "name": "Autre Inventée", "phone": "+22370000001" });
        assert_eq!(app.get(&token, &path).await.ok(200)["identity"], expected);
    }

    async fn an_identity_of_a_past_moment_is_the_one_of_that_moment(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let corrected = json!({ "identity": { "name": "Autre Inventée" } });
        app.done(Role::Adviser, &id, "update-identity", &corrected).await;
        let token = app.token(Role::Adviser).await;
        let path = format!("/v1/beneficiaries/{id}?identity=true&version=1");
        let status = app.get(&token, &path).await.ok(200);
        assert_eq!((&status["version"], &status["identity"]["name"]), (&json!(1), &json!(NAME)));
    }

    async fn every_reading_of_an_identity_or_a_history_is_recorded(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let adviser = app.token_of("awa.t", Role::Adviser, sira::grant::Scope::All).await;
        let auditor = app.token_of("cour.comptes", Role::Auditor, sira::grant::Scope::All).await;
        app.get(&adviser, &format!("/v1/beneficiaries/{id}?identity=true")).await.ok(200);
        app.get(&auditor, &format!("/v1/beneficiaries/{id}/history?version=1")).await.ok(200);
        app.get(&auditor, &format!("/v1/beneficiaries/{id}?identity=true")).await.problem(403, "forbidden");
        let elsewhere = app.token_of("autre", Role::Adviser, app::region("mopti")).await;
        app.get(&elsewhere, &format!("/v1/beneficiaries/{id}/history")).await.problem(404, "not-found");
        let entry = |actor: &str, role: &str, action: &str| {
            (actor.to_owned(), role.to_owned(), action.to_owned(), id.clone())
        };
        assert_eq!(
            readings(&app).await,
            [entry("awa.t", "adviser", "identity"), entry("cour.comptes", "auditor", "history")]
        );
    }
}
