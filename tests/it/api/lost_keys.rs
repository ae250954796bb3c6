//! A key that is lost with the last minutes of a key store is as one that was destroyed: it is named, stops nothing,
//! and who it was of can be told again.

use serde_json::json;
use sira_domain::role::Role;

use super::app::{TestApp, keys_url};
use crate::support::Engine;

/// Takes the row of a path's key away, as a key store from some minutes before the registration has none.
async fn lose(engine: &Engine, app: &TestApp, id: &str) {
    let found = app.commands.current_beneficiary(id.parse().unwrap()).await.unwrap().unwrap();
    let key = found.state.state().keys.last().unwrap().to_string();
    let url = keys_url(engine);
    let sql = "DELETE FROM person_keys WHERE key_id = $1";
    let gone = if url.starts_with("sqlite:") {
        let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
        sqlx::query(sql).bind(&key).execute(&pool).await.unwrap().rows_affected()
    } else {
        let pool = sqlx::PgPool::connect(&url).await.unwrap();
        let sql = sql.replace("person_keys", "keys.person_keys");
        sqlx::query(&sql).bind(&key).execute(&pool).await.unwrap().rows_affected()
    };
    assert_eq!(gone, 1, "{key}");
}

crate::on_both_engines! {
    async fn a_lost_key_stops_nothing_and_its_person_can_be_told_again(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        lose(engine, &app, &id).await;
        // Another process, which has no key in its memory.
        let app = TestApp::on(engine).await;
        let other = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        app.caught_up().await;
        // The read models are made anew beside the lost key.
        crate::read_side::face::rebuild(&app).await;
        let adviser = app.token(Role::Adviser).await;
        app.get(&adviser, &format!("/v1/beneficiaries/{id}")).await.ok(200);
        let note = json!({ "text": "vue" });
        app.command(&adviser, &other, "add-note", &note).await.ok(200);
        let refused = app.command(&adviser, &id, "add-note", &note).await;
        assert_eq!(refused.error(409, "refused").1, "key_lost");
        // What is not told is not known any more: the name is.
        let phone = json!({ "identity": { "phone": "+22376000099" } });
        assert_eq!(app.command(&adviser, &id, "update-identity", &phone).await.error(422, "invalid-body").0, "/identity/name");
        let again = json!({ "identity": { "name": "Fatoumata Inventée", "phone": "+22376000099" } });
        app.done(Role::Adviser, &id, "update-identity", &again).await;
        app.command(&adviser, &id, "add-note", &note).await.ok(200);
        app.caught_up().await;
        let found = app.get(&adviser, "/v1/beneficiaries?q=fatoumata&limit=9").await.ok(200);
        assert!(found.to_string().contains(&id), "{found}");
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
    }
}
