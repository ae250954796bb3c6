//! Who may do what: every route and every command with every role, against the tables.

use std::collections::BTreeMap;

use chrono::{Duration, TimeDelta};
use reqwest::Method;
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::http::ServeLimits;
use sira::http::access::{Access, PATH_READERS};
use sira::http::contract::endpoint::Endpoint;
use sira::http::endpoints;
use sira_domain::role::Role;

use super::app::{Reply, TestApp, new_year, office, region, registration, with};

/// One thing that can be asked of the API, and the roles that may.
#[derive(Debug)]
pub struct Case {
    pub method: Method,
    pub path: String,
    pub roles: Option<Vec<Role>>,
}

/// One stream of each kind, by the path of its collection.
pub type Streams = BTreeMap<&'static str, String>;

/// The case of one route.
pub fn case_of(route: &Endpoint, streams: &Streams) -> Case {
    let stream = streams.iter().find(|(collection, _)| route.path.starts_with(**collection));
    // A person's id is no token's: who may is told so, and nothing moves.
    let id = stream.map_or(&streams["/v1/beneficiaries"], |(_, id)| id);
    let tile = if route.path.contains("/entries/") { "000.p/1" } else { "0/000.p/1" };
    let path = route.path.replace("{id}", id).replace("{slug}", "refused").replace("{sha256}", "0");
    let path =
        path.replace("{name}", "registered").replace("{sequence}", "1").replace("{*tile}", tile);
    let path = path.replace("{programme}", &streams["/v1/programmes"]);
    let path = match &*route.path {
        "/v1/evidence/inclusion" => format!("{path}?position=1"),
        "/v1/evidence/consistency" => format!("{path}?from=1"),
        _ => path,
    };
    let roles = match route.access {
        Access::Open => None,
        // Hashes are not public unless an installation says so.
        Access::AnyRole | Access::Hashes => Some(Role::ALL.to_vec()),
        Access::Roles(roles) => Some(roles.to_vec()),
    };
    Case { method: route.method.clone(), path, roles }
}

async fn streams(app: &TestApp) -> Streams {
    let programme = app.programme().await;
    let person = app.register(&programme).await["id"].as_str().unwrap().to_owned();
    let cohort = app.cohort(&programme, "g1", 10).await;
    let fund = app.fund(&programme, "f1", 1_000_000).await;
    let ids = [
        ("/v1/beneficiaries", person),
        ("/v1/programmes", programme),
        ("/v1/cohorts", cohort),
        ("/v1/funds", fund),
    ];
    ids.into_iter().collect()
}

/// Bodies are empty: whoever may ask is then told what is wrong with the body, and nothing moves.
async fn ask(app: &TestApp, case: &Case, token: Option<&str>) -> Reply {
    let mut request = app.request(case.method.clone(), &case.path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if case.method == Method::POST {
        request = request.json(&json!({ "no_such_field": 1 }));
    }
    Reply::of(request).await
}

fn is_allowed(case: &Case, reply: &Reply) -> bool {
    match reply.status {
        200 => true,
        // Nobody is named whose deeds are asked for; and whoever is told what was published is told which
        // question of these has no answer.
        // And nobody ranks candidates without a programme, or compares a statement without a map.
        400 => {
            ["/v1/activity", "/v1/worklists/candidates"].contains(&&*case.path)
                || case.path.ends_with("/statements")
                || reply.text.contains("published_without_period")
        }
        // No token has the id that is asked for, no document the hash, no report and no lottery the name, and a
        // registration gives no paper.
        404 => {
            ["/v1/tokens/", "/documents/", "/reports/", "/applications/", "/lotteries/", "/papers/"]
                .iter()
                .any(|part| case.path.contains(part))
        }
        // The body is no form.
        415 => case.path.ends_with("/attach-document") || case.path == "/v1/batch",
        409 | 422 => reply.header("content-type") == "application/problem+json",
        _ => false,
    }
}

crate::on_both_engines! {
    async fn every_route_and_command_asks_every_role_as_the_tables_say(engine) {
        let app = TestApp::on(engine).await;
        let streams = streams(&app).await;
        let mut tokens = Vec::new();
        for role in Role::ALL {
            tokens.push((role, app.token(role).await));
        }
        // Until its tables are made for the first time, a list is not to be had.
        app.caught_up().await;
        app.covered().await;
        let before = app.commands.journal().head().await.unwrap().position;
        for case in endpoints().iter().map(|route| case_of(route, &streams)) {
            let stranger = ask(&app, &case, None).await;
            let Some(roles) = &case.roles else {
                // Whoever applies without an account is told what is wrong with the form.
                let is_check = case.path.starts_with("/check/");
                let expected = match case.method {
                    Method::POST => 422,
                    // Nobody was handed that code.
                    _ if is_check => 404,
                    _ => 200,
                };
                assert_eq!(stranger.status, expected, "{case:?}");
                continue;
            };
            stranger.problem(401, "unauthenticated");
            for (role, token) in &tokens {
                let reply = ask(&app, &case, Some(token)).await;
                if roles.contains(role) {
                    assert!(is_allowed(&case, &reply), "{role} {case:?}: {reply:?}");
                } else {
                    reply.problem(403, "forbidden");
                }
            }
        }
        assert_eq!(app.commands.journal().head().await.unwrap().position, before);
    }

    async fn analysts_and_donors_are_refused_on_every_route_of_a_path(engine) {
        let app = TestApp::on(engine).await;
        let streams = streams(&app).await;
        let person = &streams["/v1/beneficiaries"];
        assert!(!PATH_READERS.contains(&Role::Analyst) && !PATH_READERS.contains(&Role::Donor));
        for role in [Role::Analyst, Role::Donor] {
            let token = app.token(role).await;
            let routes = endpoints();
            let routes = routes.iter().filter(|route| route.path.starts_with("/v1/beneficiaries"));
            for case in routes.map(|route| case_of(route, &streams)) {
                ask(&app, &case, Some(&token)).await.problem(403, "forbidden");
            }
            for query in ["?version=1", "?as_of=2999-01-01", "?identity=true", "/history?version=1"] {
                app.get(&token, &format!("/v1/beneficiaries/{person}{query}")).await.problem(403, "forbidden");
            }
        }
    }

    async fn an_auditor_writes_nothing(engine) {
        let app = TestApp::on(engine).await;
        let streams = streams(&app).await;
        let token = app.token(Role::Auditor).await;
        let routes = endpoints();
        let routes = routes.iter().filter(|route| route.method != Method::GET);
        // What is open to people without an account is judged in its own tests.
        let cases = routes.map(|route| case_of(route, &streams)).filter(|case| case.roles.is_some());
        for case in cases {
            ask(&app, &case, Some(&token)).await.problem(403, "forbidden");
        }
    }

    async fn a_token_of_another_region_or_office_reaches_nothing_of_a_path(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        for scope in [region("mopti"), office(&programme, "mopti-1")] {
            let token = app.token_of("ailleurs", Role::Adviser, scope).await;
            for query in ["", "?version=1", "?as_of=2999-01-01", "?identity=true", "/history", "/history?version=1"] {
                let reply = app.get(&token, &format!("/v1/beneficiaries/{id}{query}")).await;
                reply.problem(404, "not-found");
            }
            app.command(&token, &id, "add-note", &json!({ "text": "x" })).await.problem(404, "not-found");
            app.post(&token, "/v1/beneficiaries", &registration(&programme)).await.problem(403, "out-of-scope");
            let here = with(with(registration(&programme), "/region", json!("mopti")), "/office", json!("mopti-1"));
            app.post(&token, "/v1/beneficiaries", &here).await.ok(201);
        }
        for scope in [region("segou"), office(&programme, "segou-1")] {
            let token = app.token_of("ici", Role::Adviser, scope).await;
            app.get(&token, &format!("/v1/beneficiaries/{id}/history")).await.ok(200);
        }
    }

    async fn who_has_handed_a_person_over_no_longer_reads_their_past(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let token = app.token_of("segou", Role::Adviser, app.office("segou-1").await).await;
        let transfer = json!({ "office": "mopti-1", "region": "mopti", "reason": "Déménage" });
        app.hand_over(&id, &transfer).await;
        for query in ["", "?version=1", "/history", "/history?version=1"] {
            app.get(&token, &format!("/v1/beneficiaries/{id}{query}")).await.problem(404, "not-found");
        }
        let there = app.token_of("mopti", Role::Adviser, app.office("mopti-1").await).await;
        let status = app.get(&there, &format!("/v1/beneficiaries/{id}?version=1")).await.ok(200);
        assert_eq!(status["office"], json!("segou-1"));
    }

    async fn a_token_is_good_until_its_time_is_over(engine) {
        let clock = Clock::manual(new_year());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let id = app.registered().await;
        let actor = "awa.t".parse().unwrap();
        let scope = sira::grant::Scope::All;
        let token = app.tokens.issue(actor, Role::Adviser, scope, Duration::hours(1)).await.unwrap();
        let path = format!("/v1/beneficiaries/{id}");
        for (minutes, status) in [(0, 200), (59, 200), (60, 401), (61, 401), (60 * 24, 401)] {
            clock.set(new_year() + TimeDelta::minutes(minutes));
            let reply = app.get(&token, &path).await;
            assert_eq!(reply.status, status, "{minutes}");
            if status == 401 {
                reply.problem(401, "token-expired");
                assert_eq!(reply.header("www-authenticate"), "Bearer");
                app.command(&token, &id, "add-note", &json!({ "text": "x" })).await.problem(401, "token-expired");
            }
        }
    }

    async fn what_is_no_token_of_this_server_is_refused(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let path = format!("/v1/beneficiaries/{id}");
        let token = app.token(Role::Adviser).await;
        let parts: Vec<&str> = token.split('.').collect();
        let none = base64_url(r#"{"alg":"none","typ":"JWT"}"#);
        let wanted = base64_url(r#"{"iss":"sira","sub":"a","jti":"01890a5d-ac96-774b-bcce-b302099a8057","iat":1,"exp":99999999999,"role":"admin","scope":"all"}"#);
        let forged = [
            String::new(),
            "x".to_owned(),
            "x".repeat(5_000),
            format!("{none}.{wanted}."),
            format!("{}.{wanted}.{}", parts[0], parts[2]),
            format!("{}.{}.{}", parts[0], parts[1], parts[2].chars().rev().collect::<String>()),
        ];
        for token in forged {
            app.get(&token, &path).await.problem(401, "unauthenticated");
        }
        for scheme in ["Basic eDp4", "bearer", "Bearer"] {
            let request = app.request(Method::GET, &path).header("authorization", scheme);
            Reply::of(request).await.problem(401, "unauthenticated");
        }
        // Signed by this server's key, but never listed: by another database's server, say.
        let elsewhere = TestApp::on(&crate::support::Engine::sqlite()).await;
        let token = elsewhere.token(Role::Admin).await;
        app.get(&token, &path).await.problem(401, "unauthenticated");
    }

    async fn a_refused_role_is_told_who_may(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let token = app.token(Role::Trainer).await;
        let problem = app.command(&token, &id, "waive-financing", &json!({})).await.problem(403, "forbidden");
        assert_eq!(problem["detail"], json!("directeur régional"));
    }

    async fn the_scheme_of_a_token_is_read_in_any_case(engine) {
        let app = TestApp::on(engine).await;
        let token = app.token(Role::Adviser).await;
        let request = app.request(Method::GET, "/v1/reference").header("authorization", format!("bearer {token}"));
        let lists: Value = Reply::of(request).await.ok(200);
        assert_eq!(lists["regions"].as_array().unwrap().len(), 20);
    }
}

fn base64_url(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}
