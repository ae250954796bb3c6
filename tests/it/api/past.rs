//! The state now, and at any moment before.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::http::ServeLimits;
use sira_domain::role::Role;

use super::app::{self, Reply, TestApp, new_year};

crate::on_both_engines! {
    async fn a_status_that_has_not_changed_is_not_sent_again(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let token = app.token(Role::Adviser).await;
        let ask = async |etag: &str| {
            let request = app.request(Method::GET, &format!("/v1/beneficiaries/{id}")).bearer_auth(&token);
            Reply::of(request.header("if-none-match", etag)).await
        };
        let first = ask("\"0\"").await;
        first.ok(200);
        assert_eq!((first.header("etag"), first.header("cache-control")), ("\"1\"", "private, no-cache"));
        let same = ask("\"1\"").await;
        assert_eq!((same.status, same.text.as_str(), same.header("etag")), (304, "", "\"1\""));
        app.done(Role::Adviser, &id, "add-note", &json!({ "text": "x" })).await;
        assert_eq!(ask("\"1\"").await.ok(200)["version"], json!(2));
        assert_eq!(ask("\"2\"").await.status, 304);
    }

    async fn every_version_and_moment_of_a_path_can_be_read_as_it_was(engine) {
        let clock = Clock::manual(new_year());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let id = app.registered().await;
        let token = app.token(Role::Auditor).await;
        let path = format!("/v1/beneficiaries/{id}");
        let steps = app::steps();
        // One step a day, at eight in the morning; what stood then is read then.
        let mut seen: Vec<Value> = vec![app.get(&token, &path).await.ok(200)];
        for (day, (role, word, body)) in (1_i64..).zip(&steps) {
            clock.set(new_year() + TimeDelta::days(day));
            app.done(*role, &id, word, body).await;
            seen.push(app.get(&token, &path).await.ok(200));
        }
        for (day, state) in (0_i64..).zip(&seen) {
            let at = new_year() + TimeDelta::days(day);
            let moments = [
                format!("version={}", day + 1),
                format!("as_of={}", at.format("%Y-%m-%d")),
                format!("as_of={}", at.format("%Y-%m-%dT%H:%M:%SZ")),
                format!("as_of={}", at.format("%Y-%m-%dT%H:%M:%S.000000%%2B00:00")),
                format!("as_of={}", (at + TimeDelta::hours(23)).format("%Y-%m-%dT%H:%M:%SZ")),
            ];
            for moment in moments {
                let reply = app.get(&token, &format!("{path}?{moment}")).await;
                assert_eq!(reply.ok(200), *state, "{moment}");
                let history = app.get(&token, &format!("{path}/history?{moment}")).await.ok(200);
                assert_eq!(history["events"].as_array().unwrap().len() as u64, state["version"].as_u64().unwrap());
                assert_eq!(history["version"], state["version"], "{moment}");
            }
        }
    }

    async fn before_it_began_there_was_no_path(engine) {
        let app = TestApp::with(engine, Clock::manual(new_year()), ServeLimits::default()).await;
        let id = app.registered().await;
        let token = app.token(Role::Auditor).await;
        for moment in ["as_of=2025-12-31", "as_of=2026-01-01T07:59:59.999999Z", "version=0"] {
            for path in ["", "/history"] {
                let path = format!("/v1/beneficiaries/{id}{path}?{moment}");
                app.get(&token, &path).await.problem(404, "not-found");
            }
        }
    }

    async fn a_moment_that_is_none_is_refused(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let token = app.token(Role::Auditor).await;
        for moment in ["as_of=hier", "as_of=2026-02-30", "as_of=", "version=-1", "version=x", "version=2", "version=99999", "asof=2026-01-01"] {
            for path in ["", "/history"] {
                let path = format!("/v1/beneficiaries/{id}{path}?{moment}");
                app.get(&token, &path).await.problem(400, "bad-parameter");
            }
        }
    }

    async fn a_moment_and_a_version_together_are_both_kept_to(engine) {
        let clock = Clock::manual(new_year());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let id = app.registered().await;
        clock.set(new_year() + TimeDelta::days(1));
        app.done(Role::Adviser, &id, "add-note", &json!({ "text": "x" })).await;
        let token = app.token(Role::Auditor).await;
        for (query, version) in [("version=2&as_of=2026-01-01", 1), ("version=1&as_of=2026-01-02", 1),
                                 ("version=2&as_of=2026-01-02", 2)] {
            let status = app.get(&token, &format!("/v1/beneficiaries/{id}?{query}")).await.ok(200);
            assert_eq!(status["version"], json!(version), "{query}");
        }
    }
}
