//! How often one may ask: by token, by address, and by tokens that are none.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;
use sira::clock::Clock;
use sira::http::{Gate, RateLimits, TrustedProxies};
use sira_domain::role::Role;

use super::app::{Reply, TestApp, new_year};
use crate::support::Engine;

fn gate(clock: &Clock, limits: RateLimits, proxies: &[&str]) -> Gate {
    let proxies: Vec<String> = proxies.iter().map(ToString::to_string).collect();
    Gate::new(limits, TrustedProxies::read(&proxies).unwrap(), None, clock.clone())
}

async fn limited(engine: &Engine, clock: &Clock, limits: RateLimits, proxies: &[&str]) -> TestApp {
    TestApp::gated(engine, clock.clone(), gate(clock, limits, proxies)).await
}

async fn from(app: &TestApp, address: &str) -> Reply {
    let request = app.request(Method::GET, "/openapi.json").header("x-forwarded-for", address);
    Reply::of(request).await
}

crate::on_both_engines! {
    async fn a_token_has_its_quota_and_gets_it_back(engine) {
        let clock = Clock::manual(new_year());
        let limits = RateLimits { token: 6, ..RateLimits::OFF };
        let app = limited(engine, &clock, limits, &[]).await;
        let (token, other) = (app.token(Role::Adviser).await, app.token(Role::Adviser).await);
        for left in (0..6).rev() {
            let reply = app.get(&token, "/v1/reference").await;
            reply.ok(200);
            assert_eq!(reply.header("ratelimit-policy"), "\"token\";q=6;w=60");
            let reset = 10 * (6 - left);
            assert_eq!(reply.header("ratelimit"), format!("\"token\";r={left};t={reset}"));
        }
        let refused = app.get(&token, "/v1/reference").await;
        refused.problem(429, "too-many-requests");
        assert_eq!(refused.header("retry-after"), "10");
        assert_eq!(refused.header("ratelimit"), "\"token\";r=0;t=10");
        app.post(&token, "/v1/programmes", &json!({})).await.problem(429, "too-many-requests");
        app.get(&other, "/v1/reference").await.ok(200);
        clock.set(new_year() + TimeDelta::seconds(9));
        app.get(&token, "/v1/reference").await.problem(429, "too-many-requests");
        clock.set(new_year() + TimeDelta::seconds(10));
        app.get(&token, "/v1/reference").await.ok(200);
        app.get(&token, "/v1/reference").await.problem(429, "too-many-requests");
    }

    async fn an_address_has_its_quota_for_what_brings_no_good_token(engine) {
        let clock = Clock::manual(new_year());
        let limits = RateLimits { address: 3, ..RateLimits::OFF };
        let app = limited(engine, &clock, limits, &[]).await;
        let bare = || Reply::of(app.request(Method::GET, "/openapi.json"));
        let (token, late) = (app.token(Role::Adviser).await, app.token(Role::Adviser).await);
        app.get(&token, "/v1/reference").await.ok(200);
        for left in (1..3).rev() {
            let reply = bare().await;
            reply.ok(200);
            assert!(reply.header("ratelimit").starts_with(&format!("\"address\";r={left};")));
        }
        app.get("none", "/v1/reference").await.problem(401, "unauthenticated");
        for refused in [bare().await, app.get("none", "/v1/reference").await] {
            refused.problem(429, "too-many-requests");
            assert_eq!(refused.header("retry-after"), "20");
        }
        // A good token is not refused for its neighbours, whether it was seen before or not.
        for good in [&token, &late] {
            for _ in 0..5 {
                app.get(good, "/v1/reference").await.ok(200);
            }
        }
        for path in ["/healthz", "/readyz", "/metrics"] {
            for _ in 0..5 {
                let reply = Reply::of(app.request(Method::GET, path)).await;
                assert_eq!((reply.status, reply.header("ratelimit")), (200, ""), "{path}");
            }
        }
        let metrics = Reply::of(app.request(Method::GET, "/metrics")).await.text;
        assert!(!metrics.contains("127.0.0.1"));
        clock.set(new_year() + TimeDelta::seconds(20));
        bare().await.ok(200);
    }

    async fn guessing_is_slowed_and_colleagues_go_on(engine) {
        let clock = Clock::manual(new_year());
        let limits = RateLimits { failures: 5, ..RateLimits::OFF };
        let app = limited(engine, &clock, limits, &[]).await;
        let (colleague, late) = (app.token(Role::Adviser).await, app.token(Role::Adviser).await);
        app.get(&colleague, "/v1/reference").await.ok(200);
        for _ in 0..5 {
            app.get("guess", "/v1/reference").await.problem(401, "unauthenticated");
        }
        let refused = app.get("guess", "/v1/reference").await;
        refused.problem(429, "too-many-requests");
        assert_eq!(refused.header("retry-after"), "12");
        // Good ones come in, also one that was never seen before.
        for good in [&late, &colleague] {
            app.get(good, "/v1/reference").await.ok(200);
        }
        app.get("guess", "/v1/reference").await.problem(429, "too-many-requests");
        clock.set(new_year() + TimeDelta::seconds(12));
        app.get("guess", "/v1/reference").await.problem(401, "unauthenticated");
    }

    async fn old_tokens_and_none_at_all_are_no_guesses(engine) {
        let clock = Clock::manual(new_year());
        let limits = RateLimits { failures: 1, ..RateLimits::OFF };
        let app = limited(engine, &clock, limits, &[]).await;
        let actor = "awa.t".parse().unwrap();
        let scope = sira::grant::Scope::All;
        let old = app.tokens.issue(actor, Role::Adviser, scope, TimeDelta::hours(1)).await.unwrap();
        clock.set(new_year() + TimeDelta::hours(2));
        for _ in 0..5 {
            app.get(&old, "/v1/reference").await.problem(401, "token-expired");
            Reply::of(app.request(Method::GET, "/v1/reference")).await.problem(401, "unauthenticated");
        }
    }

    async fn forwarded_addresses_count_behind_a_trusted_proxy_alone(engine) {
        let clock = Clock::manual(new_year());
        let limits = RateLimits { address: 2, ..RateLimits::OFF };
        let direct = limited(engine, &clock, limits, &["192.0.2.1"]).await;
        from(&direct, "203.0.113.1").await.ok(200);
        from(&direct, "203.0.113.2").await.ok(200);
        from(&direct, "203.0.113.3").await.problem(429, "too-many-requests");
        let proxied = limited(engine, &clock, limits, &["127.0.0.0/8"]).await;
        for address in ["203.0.113.1", "203.0.113.2"] {
            from(&proxied, address).await.ok(200);
            // What lies before the nearest entry is the caller's own say.
            from(&proxied, &format!("198.51.100.9, {address}")).await.ok(200);
            from(&proxied, address).await.problem(429, "too-many-requests");
        }
    }
}
