//! Whole paths.

use serde_json::json;
use sira_domain::role::Role;

use super::app::{Step, TestApp, steps, steps_with_recognised_training};
use crate::support::Engine;

/// Walks a path to its end and looks at it from each side.
async fn walk_to_the_end(engine: &Engine, steps: &[Step]) {
    let app = TestApp::on(engine).await;
    let id = app.registered().await;
    let mut version = 1;
    for (role, word, body) in steps {
        let token = app.token(*role).await;
        let reply = app.command(&token, &id, word, body).await;
        let answer = reply.ok(200);
        version += 1;
        assert_eq!(answer["version"], json!(version), "{word}");
        assert_eq!(answer["events"].as_array().unwrap().len(), 1, "{word}");
        assert_eq!(reply.header("etag"), format!("\"{version}\""));
        assert_eq!(reply.header("sira-position"), answer["position"].to_string());
    }
    let auditor = app.token(Role::Auditor).await;
    let status = app.get(&auditor, &format!("/v1/beneficiaries/{id}")).await.ok(200);
    assert_eq!(status["stage"], json!("completed"));
    assert_eq!(status["status"], json!("completed"));
    assert_eq!(status["version"], json!(version));
    assert_eq!(status["visits"]["24"]["monthly_revenue"], json!(60_000));
    let history = app.get(&auditor, &format!("/v1/beneficiaries/{id}/history")).await.ok(200);
    let events = history["events"].as_array().unwrap();
    assert_eq!(events.len(), steps.len() + 1);
    for (event, (role, word, body)) in events[1..].iter().zip(steps) {
        assert_eq!(event["by"], json!(role.word()), "{word}");
        assert_eq!(event["metadata"]["role"], json!(role.word()), "{word}");
        assert_eq!(event["occurred_on"], body["occurred_on"], "{word}");
    }
}

crate::on_both_engines! {
    async fn a_path_is_walked_from_registration_to_its_end(engine) {
        walk_to_the_end(engine, &steps()).await;
    }

    async fn a_path_with_a_training_recognised_is_walked_to_its_end(engine) {
        walk_to_the_end(engine, &steps_with_recognised_training()).await;
    }

    async fn a_command_that_has_already_happened_is_answered_and_not_recorded_again(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let action = json!({ "occurred_on": "2022-02-01", "kind": "mediation", "people_reached": 12 });
        let first = app.done(Role::Adviser, &id, "record-community-action", &action).await;
        let again = app.done(Role::Adviser, &id, "record-community-action", &action).await;
        assert_eq!((&first["already_done"], &again["already_done"]), (&json!(false), &json!(true)));
        assert_eq!(again["events"], json!([]));
        assert_eq!((&again["version"], &again["position"]), (&first["version"], &first["position"]));
    }

    async fn an_erroneous_event_is_retracted_unless_a_later_one_rests_on_it(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        app.walk(&id, &steps(), "decide-selection").await;
        let adviser = app.token(Role::Adviser).await;
        let retract = json!({ "sequence": 4, "reason": "Erreur de saisie" });
        let refused = app.command(&adviser, &id, "retract", &retract).await;
        let problem = refused.problem(409, "refused");
        assert_eq!(problem["errors"][0]["rule"], json!("later_event_rests_on_it"));
        assert!(problem["detail"].as_str().unwrap().contains("l'événement 5 (Sélection décidée)"));
        let committee = app.token(Role::Committee).await;
        let retract = json!({ "sequence": 5, "reason": "Erreur de saisie" });
        app.command(&committee, &id, "retract", &retract).await.ok(200);
        let status = app.get(&adviser, &format!("/v1/beneficiaries/{id}")).await.ok(200);
        assert_eq!(status["stage"], json!("recruitment"));
        assert_eq!(status["selection"], json!(null));
    }
}
