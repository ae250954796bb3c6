//! One key, one effect.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sira_domain::role::Role;

use super::app::{self, Reply, TestApp, registration, with};

fn is_replayed(reply: &Reply) -> bool {
    reply.header("idempotency-replayed") == "true"
}

crate::on_both_engines! {
    async fn the_same_key_and_body_give_the_same_answer_and_one_effect(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let token = app.token(Role::Adviser).await;
        let body = registration(&programme);
        let first = app.keyed(&token, "/v1/beneficiaries", "k-1", &body).await;
        let position = app.commands.journal().head().await.unwrap().position;
        let again = app.keyed(&token, "/v1/beneficiaries", "k-1", &body).await;
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!((is_replayed(&first), is_replayed(&again)), (false, true));
        assert_eq!((&first.text, first.header("etag")), (&again.text, again.header("etag")));
        assert_eq!(first.header("location"), again.header("location"));
        // Whatever has happened since.
        let id = first.json()["id"].as_str().unwrap().to_owned();
        app.done(Role::Adviser, &id, "exit", &json!({ "reason": "moved" })).await;
        let path = format!("/v1/beneficiaries/{id}/commands/add-note");
        let note = json!({ "text": "Une note" });
        let noted = app.keyed(&token, &path, "k-2", &note).await;
        assert_eq!(app.keyed(&token, &path, "k-2", &note).await.text, noted.text);
        assert_eq!(app.keyed(&token, "/v1/beneficiaries", "k-1", &body).await.text, first.text);
        assert_eq!(app.commands.journal().head().await.unwrap().position, position.plus(2));
    }

    async fn a_key_used_with_another_body_or_elsewhere_is_refused(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let token = app.token(Role::Adviser).await;
        let body = registration(&programme);
        let first = app.keyed(&token, "/v1/beneficiaries", "k-1", &body).await.ok(201);
        let position = app.commands.journal().head().await.unwrap().position;
        let other = with(body.clone(), "/birth_year", json!(1_999));
        let path = format!("/v1/beneficiaries/{}/commands/add-note", first["id"].as_str().unwrap());
        let reused = "idempotency-key-reused";
        app.keyed(&token, "/v1/beneficiaries", "k-1", &other).await.problem(422, reused);
        app.keyed(&token, &path, "k-1", &json!({ "text": "x" })).await.problem(422, reused);
        assert_eq!(app.commands.journal().head().await.unwrap().position, position);
        // A key is its actor's own.
        let neighbour = app.token_of("voisine", Role::Adviser, sira::grant::Scope::All).await;
        let reply = app.keyed(&neighbour, "/v1/beneficiaries", "k-1", &other).await;
        assert!(!is_replayed(&reply));
        assert_ne!(reply.ok(201)["id"], first["id"]);
    }

    async fn twenty_at_once_with_one_key_have_one_effect(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let token = app.token(Role::Adviser).await;
        let body = registration(&programme);
        let before = app.commands.journal().head().await.unwrap().position;
        let all = join_all((0..20).map(|_| app.keyed(&token, "/v1/beneficiaries", "k", &body))).await;
        assert!(all.iter().all(|reply| reply.status == 201 && reply.text == all[0].text), "{all:?}");
        assert_eq!(all.iter().filter(|reply| !is_replayed(reply)).count(), 1);
        assert_eq!(app.commands.journal().head().await.unwrap().position, before.next());

        let id = all[0].json()["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/beneficiaries/{id}/commands/add-note");
        let note = json!({ "text": "Une note" });
        let all = join_all((0..20).map(|_| app.keyed(&token, &path, "n", &note))).await;
        assert!(all.iter().all(|reply| reply.status == 200 && reply.text == all[0].text), "{all:?}");
        assert_eq!(all.iter().filter(|reply| !is_replayed(reply)).count(), 1);
        assert_eq!(app.commands.journal().head().await.unwrap().position, before.plus(2));
    }

    async fn a_refused_command_may_be_tried_again_under_its_key(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let token = app.token(Role::Director).await;
        let path = format!("/v1/beneficiaries/{id}/commands/waive-financing");
        let waiver = json!({ "reason": "Sans argent" });
        app.keyed(&token, &path, "w", &waiver).await.problem(409, "refused");
        app.walk(&id, &app::steps_with_recognised_training(), "recognise-training").await;
        let done = app.keyed(&token, &path, "w", &waiver).await;
        assert!(!is_replayed(&done));
        done.ok(200);
    }

    async fn many_commands_on_one_path_at_once_all_happen_once(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let token = app.token(Role::Adviser).await;
        let notes: Vec<Value> = (0..24).map(|number| json!({ "text": format!("Note {number}") })).collect();
        let all = join_all(notes.iter().map(|note| app.command(&token, &id, "add-note", note))).await;
        let mut versions: Vec<u64> =
            all.iter().map(|reply| reply.ok(200)["version"].as_u64().unwrap()).collect();
        versions.sort_unstable();
        assert_eq!(versions, (2..=25).collect::<Vec<_>>());
    }

    async fn a_retry_with_its_if_match_is_answered_as_the_first_time(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let registered = app.register(&programme).await;
        let (adviser, admin) = (app.token(Role::Adviser).await, app.token(Role::Admin).await);
        let note = format!("/v1/beneficiaries/{}/commands/add-note", registered["id"].as_str().unwrap());
        let target = format!("/v1/programmes/{programme}/commands/set-target");
        let period = json!({ "from": "2022-01-01", "to": "2022-12-31" });
        let cases = [
            (&adviser, &note, "\"1\"", json!({ "text": "x" })),
            (&admin, &target, "\"3\"", json!({ "indicator": "trained", "period": period, "value": 40 })),
        ];
        for (token, path, etag, body) in cases {
            let attempt = async || {
                let request = app.request(Method::POST, path).bearer_auth(token);
                let request = request.header("idempotency-key", "k").header("if-match", etag);
                Reply::of(request.json(&body)).await
            };
            let (first, again) = (attempt().await, attempt().await);
            first.ok(200);
            assert_eq!((again.status, &again.text), (200, &first.text), "{path}");
            assert_eq!((is_replayed(&first), is_replayed(&again)), (false, true), "{path}");
        }
    }

    async fn a_key_of_a_programme_has_one_effect_too(engine) {
        let app = TestApp::on(engine).await;
        let admin = app.token(Role::Admin).await;
        let convention = json!({
            "name": "Autre essai", "signed_on": "2021-07-06", "term_years": 3, "renewable": true,
            "parties": [{ "name": "Agence inventée", "role": "agency" }],
        });
        let sent = (0..20).map(|_| app.keyed(&admin, "/v1/programmes", "c", &convention));
        let all = join_all(sent).await;
        assert!(all.iter().all(|reply| reply.status == 201 && reply.text == all[0].text), "{all:?}");
        assert_eq!(app.commands.journal().head().await.unwrap().position, 1.into());
        let path = format!("/v1/programmes/{}/commands/renew-convention", all[0].json()["id"].as_str().unwrap());
        let renewal = json!({ "term_years": 2 });
        let all = join_all((0..20).map(|_| app.keyed(&admin, &path, "r", &renewal))).await;
        assert!(all.iter().all(|reply| reply.status == 200 && reply.text == all[0].text), "{all:?}");
        assert_eq!(app.commands.journal().head().await.unwrap().position, 2.into());
        let other = json!({ "term_years": 3 });
        app.keyed(&admin, &path, "r", &other).await.problem(422, "idempotency-key-reused");
    }
}
