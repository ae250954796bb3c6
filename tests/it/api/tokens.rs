//! Tokens: a revocation is felt at once by every process; administrators list and revoke.

use serde_json::{Value, json};
use sira_database::on_engine;
use sira_domain::role::Role;

use super::app::TestApp;

/// The id of the newest token of an actor.
async fn id_of(app: &TestApp, actor: &str) -> uuid::Uuid {
    let listed = app.tokens.list(None).await.unwrap();
    let token = listed.iter().find(|listed| listed.actor == actor).unwrap();
    token.token_id.parse().unwrap()
}

crate::on_both_engines! {
    async fn a_revoked_token_is_refused_at_once_by_every_process(engine) {
        let apps = [TestApp::on(engine).await, TestApp::on(engine).await];
        let id = apps[0].registered().await;
        let path = format!("/v1/beneficiaries/{id}");
        let stays = apps[0].token_of("reste", Role::Adviser, sira::grant::Scope::All).await;
        for round in 0..20 {
            let token = apps[0].token(Role::Adviser).await;
            for app in &apps {
                app.get(&token, &path).await.ok(200);
            }
            let token_id = id_of(&apps[0], "adviser").await;
            assert!(apps[round % 2].tokens.revoke(token_id, None).await.unwrap());
            for app in [&apps[(round + 1) % 2], &apps[round % 2]] {
                app.get(&token, &path).await.problem(401, "token-expired");
                app.command(&token, &id, "add-note", &json!({ "text": "x" })).await.problem(401, "token-expired");
                app.get(&token, "/v1/reference").await.problem(401, "token-expired");
                app.get(&stays, &path).await.ok(200);
            }
        }
    }

    async fn a_token_that_is_removed_by_hand_is_refused_at_once(engine) {
        let app = TestApp::on(engine).await;
        let token = app.token(Role::Adviser).await;
        app.get(&token, "/v1/reference").await.ok(200);
        on_engine!(app.commands.journal().pool(), pool => {
            sqlx::query("DELETE FROM tokens WHERE actor = 'adviser'").execute(pool).await.map(drop)
        })
        .unwrap();
        app.get(&token, "/v1/reference").await.problem(401, "unauthenticated");
    }

    async fn an_administrator_lists_and_revokes(engine) {
        let app = TestApp::on(engine).await;
        let (admin, adviser) = (app.token(Role::Admin).await, app.token(Role::Adviser).await);
        let list = app.get(&admin, "/v1/tokens").await;
        assert_eq!(list.header("cache-control"), "no-store");
        let list = list.ok(200);
        let tokens = list["tokens"].as_array().unwrap();
        assert_eq!((tokens.len(), &list["next"]), (2, &Value::Null));
        assert_eq!((&tokens[0]["actor"], &tokens[0]["scope"]), (&json!("adviser"), &json!("all")));
        assert!(!list.to_string().contains(&adviser));
        let path = format!("/v1/tokens/{}/revoke", tokens[0]["token_id"].as_str().unwrap());
        app.get(&adviser, "/v1/reference").await.ok(200);
        for already_done in [false, true] {
            let answer = app.post(&admin, &path, &json!({})).await.ok(200);
            assert_eq!(answer["already_done"], json!(already_done));
            app.get(&adviser, "/v1/reference").await.problem(401, "token-expired");
        }
        let list = app.get(&admin, "/v1/tokens").await.ok(200);
        assert_eq!(list["tokens"][0]["revoked_by"], json!("admin"));
        assert!(list["tokens"][0]["revoked_at"].is_string());
        let nobody = format!("/v1/tokens/{}/revoke", uuid::Uuid::nil());
        app.post(&admin, &nobody, &json!({})).await.problem(404, "not-found");
        app.post(&admin, "/v1/tokens/x/revoke", &json!({})).await.problem(404, "not-found");
    }

    async fn no_other_role_lists_or_revokes(engine) {
        let app = TestApp::on(engine).await;
        app.token(Role::Admin).await;
        let path = format!("/v1/tokens/{}/revoke", id_of(&app, "admin").await);
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Admin) {
            let token = app.token(role).await;
            app.get(&token, "/v1/tokens").await.problem(403, "forbidden");
            app.post(&token, &path, &json!({})).await.problem(403, "forbidden");
        }
    }

    async fn a_long_list_comes_in_pages(engine) {
        let app = TestApp::on(engine).await;
        let admin = app.token(Role::Admin).await;
        for _ in 0..sira::token::LIST_PAGE {
            app.token(Role::Adviser).await;
        }
        let first = app.get(&admin, "/v1/tokens").await.ok(200);
        assert_eq!(first["tokens"].as_array().unwrap().len(), sira::token::LIST_PAGE as usize);
        let next = format!("/v1/tokens?before={}", first["next"].as_str().unwrap());
        let second = app.get(&admin, &next).await.ok(200);
        assert_eq!(second["tokens"][0]["actor"], json!("admin"));
        assert_eq!(second["next"], Value::Null);
        app.get(&admin, "/v1/tokens?before=x").await.problem(400, "bad-parameter");
    }
}
