//! The open call: people without an account apply, advisers of their region accept or refuse, and what is over is
//! destroyed.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::http::ServeLimits;
use sira::keys::{FoundKey, StoredDecision};
use sira::open_call::{self, DAY_MAX};
use sira_domain::role::Role;
use uuid::Uuid;

use super::app::{Reply, TestApp, region, registration, with};
use crate::support::Engine;
use crate::support::program::sira;

fn noon(day: &str) -> DateTime<Utc> {
    format!("{day}T12:00:00Z").parse().unwrap()
}

/// A call in Ségou and Mopti for the first half of 2022.
fn call() -> Value {
    json!({ "from": "2022-01-01", "to": "2022-06-30", "regions": ["segou", "mopti"], "keep_days": 30 })
}

fn application(region: &str) -> Value {
    json!({ "name": "Djélika Inventée", "phone": "76 12 34 56", "region": region,
            "idea": "Transformer le karité\nau village", "consent": true, "text_version": "fr-1",
            "language": "fr" })
}

/// What an adviser has asked the person on the phone.
fn acceptance() -> Value {
    json!({ "office": "segou-1", "sex": "female", "birth_year": 1998, "education": "2" })
}

/// A call that is open, and its programme.
struct Called {
    app: TestApp,
    clock: Clock,
    programme: String,
}

impl Called {
    async fn on(engine: &Engine) -> Self {
        let clock = Clock::manual(noon("2022-02-01"));
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let programme = app.programme().await;
        let called = Self { app, clock, programme };
        called.command("open-call", &call()).await.ok(200);
        called
    }

    async fn command(&self, word: &str, body: &Value) -> Reply {
        let director = self.app.token(Role::Director).await;
        self.app.command_of(&director, "programmes", &self.programme, word, body).await
    }

    async fn apply(&self, body: &Value) -> Reply {
        let path = format!("/v1/open-call/{}", self.programme);
        Reply::of(self.app.request(Method::POST, &path).json(body)).await
    }

    /// The ids of those that wait, in no order that a test may rely on: the clock stands still.
    async fn waiting(&self) -> BTreeSet<String> {
        let adviser = self.app.token(Role::Adviser).await;
        let listed = self.app.get(&adviser, "/v1/worklists/applications").await.ok(200);
        let items = listed["items"].as_array().unwrap().iter();
        items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Applies; the id of the application.
    async fn applied(&self, region: &str) -> String {
        let before = self.waiting().await;
        self.apply(&application(region)).await.ok(202);
        let after = self.waiting().await;
        after.difference(&before).next().unwrap().clone()
    }

    async fn accept(&self, token: &str, id: &str, body: &Value) -> Reply {
        self.app.post(token, &format!("/v1/applications/{id}/accept"), body).await
    }

    async fn stored(&self, id: &str) -> Option<sira::keys::StoredApplication> {
        self.app.commands.keys().application(id.parse().unwrap()).await.unwrap()
    }

    /// Whether the key of an application is destroyed.
    async fn is_destroyed(&self, key: sira::keys::KeyId) -> bool {
        matches!(self.app.commands.keys().get(key).await.unwrap(), FoundKey::Destroyed { .. })
    }
}

crate::on_both_engines! {
    async fn an_application_becomes_a_registered_path_that_names_it_and_is_destroyed(engine) {
        let called = Called::on(engine).await;
        let taken = called.apply(&application("segou")).await;
        assert_eq!(taken.ok(202), json!({ "kept_until": "2022-07-30" }));
        let adviser = called.app.token_of("awa", Role::Adviser, region("segou")).await;
        let listed = called.app.get(&adviser, "/v1/worklists/applications").await.ok(200);
        let item = &listed["items"][0];
        assert_eq!((&item["region"], &item["name"]), (&json!("segou"), &json!(null)));
        let id = item["id"].as_str().unwrap();
        let shown = called.app.get(&adviser, &format!("/v1/applications/{id}")).await.ok(200);
        assert_eq!(shown["name"], json!("Djélika Inventée"));
        assert_eq!(shown["phone"], json!("+22376123456"));
        assert_eq!(shown["idea"], json!("Transformer le karité\nau village"));
        let key = called.stored(id).await.unwrap().key;

        let answer = called.accept(&adviser, id, &acceptance()).await.ok(201);
        assert_eq!((&answer["events"], &answer["version"]), (&json!(["Registered"]), &json!(1)));
        let path = answer["id"].as_str().unwrap();
        let asked = format!("/v1/beneficiaries/{path}?identity=true");
        let status = called.app.get(&adviser, &asked).await.ok(200);
        assert_eq!(status["identity"]["name"], json!("Djélika Inventée"));
        assert_eq!(status["registration"]["application"], json!(id));
        let asked = format!("/v1/beneficiaries/{path}/history");
        let history = called.app.get(&adviser, &asked).await.ok(200);
        let fact = &history["events"][0]["fact"];
        assert_eq!(fact["application"], json!(id));
        assert_eq!((&fact["intake"], &fact["channel"]), (&json!("open_call"), &json!("online")));
        assert_eq!(fact["consent"], json!({ "scope": "programme", "text_version": "fr-1", "method": "digital" }));
        assert_eq!(fact["own_words"], json!("Transformer le karité\nau village"));

        let stored = called.stored(id).await.unwrap();
        assert_eq!((stored.sealed, stored.decision), (None, Some(StoredDecision::Accepted)));
        assert!(called.is_destroyed(key).await);
        let shown = called.app.get(&adviser, &format!("/v1/applications/{id}")).await.ok(200);
        assert_eq!((&shown["path"], &shown["name"]), (&json!(path), &json!(null)));
        let listed = called.app.get(&adviser, "/v1/worklists/applications").await.ok(200);
        assert_eq!(listed["items"], json!([]));
    }

    async fn an_application_that_is_accepted_twice_is_one_path(engine) {
        let called = Called::on(engine).await;
        let id = called.applied("segou").await;
        let adviser = called.app.token(Role::Adviser).await;
        let first = called.accept(&adviser, &id, &acceptance()).await.ok(201);
        let other = with(acceptance(), "/birth_year", json!(1990));
        let again = called.accept(&adviser, &id, &other).await.ok(201);
        assert_eq!(again["already_done"], json!(true));
        for field in ["id", "reference", "version"] {
            assert_eq!(again[field], first[field], "{field}");
        }
        let refuse = json!({ "reason": "withdrawn" });
        let refused = called.app.post(&adviser, &format!("/v1/applications/{id}/refuse"), &refuse).await;
        refused.problem(409, "refused");
        // Under one key the retry has the first answer, letter for letter.
        let path = format!("/v1/applications/{}/accept", called.applied("segou").await);
        let first = called.app.keyed(&adviser, &path, "k-1", &acceptance()).await;
        let retry = called.app.keyed(&adviser, &path, "k-1", &acceptance()).await;
        assert_eq!((first.status, retry.status, &retry.text), (201, 201, &first.text));
        assert_eq!(retry.header("idempotency-replayed"), "true");
    }

    async fn an_acceptance_that_a_crash_cut_short_is_finished_by_the_next_or_by_the_sweep(engine) {
        let called = Called::on(engine).await;
        let adviser = called.app.token(Role::Adviser).await;
        // The append is durable and the server ends before the application is destroyed: as if the path had been
        // registered by somebody else under the id that the application has drawn.
        let cut_short = async || {
            let id = called.applied("segou").await;
            let path = called.stored(&id).await.unwrap().path;
            let body = registration(&called.programme);
            let actor = "awa".parse().unwrap();
            let by = sira::commands::Call::local(actor, Role::Adviser, "r".to_owned());
            let body = body.as_object().unwrap().clone();
            called.app.commands.register(Some(path), body, by).await.unwrap();
            (id, path)
        };
        let (id, path) = cut_short().await;
        let answer = called.accept(&adviser, &id, &acceptance()).await.ok(201);
        assert_eq!((&answer["id"], &answer["already_done"]), (&json!(path), &json!(true)));
        assert_eq!(called.stored(&id).await.unwrap().sealed, None);

        let (id, _) = cut_short().await;
        let key = called.stored(&id).await.unwrap().key;
        let swept = open_call::sweep(&called.app.commands).await.unwrap();
        assert_eq!((swept.accepted, swept.ended), (1, 0));
        assert_eq!(called.stored(&id).await.unwrap().decision, Some(StoredDecision::Accepted));
        assert!(called.is_destroyed(key).await);
    }

    async fn likely_duplicates_are_told_to_who_accepts_and_to_nobody_who_applies(engine) {
        let called = Called::on(engine).await;
        let identity = json!({ "name": "Djélika Inventée", "phone": "76 12 34 56" });
        let body = with(registration(&called.programme), "/identity", identity);
        let adviser = called.app.token(Role::Adviser).await;
        let known = called.app.post(&adviser, "/v1/beneficiaries", &body).await.ok(201);
        called.app.caught_up().await;
        let told = called.apply(&application("segou")).await.ok(202);
        let id = called.waiting().await.pop_first().unwrap();
        let stranger = with(application("segou"), "/name", json!("Nobody Invented"));
        assert_eq!(called.apply(&stranger).await.ok(202), told);
        let answer = called.accept(&adviser, &id, &acceptance()).await.ok(201);
        assert_eq!(answer["duplicates"][0]["id"], known["id"]);
    }

    async fn what_is_refused_or_over_is_destroyed_after_its_days(engine) {
        let called = Called::on(engine).await;
        let adviser = called.app.token(Role::Adviser).await;
        let (refused, waiting) = (called.applied("segou").await, called.applied("mopti").await);
        let keys = [called.stored(&refused).await.unwrap().key, called.stored(&waiting).await.unwrap().key];
        let path = format!("/v1/applications/{refused}/refuse");
        for _ in 0..2 {
            let answer = called.app.post(&adviser, &path, &json!({ "reason": "not_reachable" })).await.ok(200);
            assert_eq!(answer["kept_until"], json!("2022-03-03"));
        }
        let other = json!({ "reason": "outside_programme" });
        called.app.post(&adviser, &path, &other).await.problem(409, "refused");
        let wrong = called.app.post(&adviser, &path, &json!({ "reason": "ugly" })).await;
        assert_eq!(wrong.problem(422, "invalid-body")["errors"][0]["pointer"], json!("/reason"));
        let listed = called.app.get(&adviser, "/v1/worklists/applications?refused=true").await.ok(200);
        assert_eq!(listed["items"][0]["reason"], json!("not_reachable"));
        for (day, kept) in [("2022-03-03", [true, true]), ("2022-03-04", [false, true]),
                            ("2022-07-30", [false, true]), ("2022-07-31", [false, false])] {
            called.clock.set(noon(day));
            // Nobody reads what is over, also before a sweep has destroyed it.
            for (id, kept) in [&refused, &waiting].into_iter().zip(kept) {
                let shown = called.app.get(&adviser, &format!("/v1/applications/{id}")).await;
                assert_eq!(shown.status, if kept { 200 } else { 404 }, "{day}");
            }
            assert_eq!(called.waiting().await.len(), usize::from(kept[1]), "{day}");
            open_call::sweep(&called.app.commands).await.unwrap();
            let found = [called.stored(&refused).await.is_some(), called.stored(&waiting).await.is_some()];
            assert_eq!(found, kept, "{day}");
            for (key, kept) in keys.iter().zip(kept) {
                assert_eq!(called.is_destroyed(*key).await, !kept, "{day}");
            }
        }
        let gone = called.app.get(&adviser, &format!("/v1/applications/{waiting}")).await;
        gone.problem(404, "not-found");
    }

    async fn an_application_that_its_person_takes_back_is_destroyed_at_once(engine) {
        let called = Called::on(engine).await;
        let adviser = called.app.token(Role::Adviser).await;
        let (id, other) = (called.applied("segou").await, called.applied("segou").await);
        let key = called.stored(&id).await.unwrap().key;
        let path = format!("/v1/applications/{id}/refuse");
        for reason in ["not_reachable", "withdrawn"] {
            called.app.post(&adviser, &path, &json!({ "reason": reason })).await.ok(200);
        }
        assert!(called.stored(&id).await.is_none() && called.is_destroyed(key).await);
        called.app.post(&adviser, &path, &json!({ "reason": "withdrawn" })).await.problem(404, "not-found");
        assert!(called.stored(&other).await.is_some());
    }

    async fn a_refusal_by_mistake_is_put_right_by_accepting(engine) {
        let called = Called::on(engine).await;
        let id = called.applied("segou").await;
        let adviser = called.app.token(Role::Adviser).await;
        let path = format!("/v1/applications/{id}/refuse");
        called.app.post(&adviser, &path, &json!({ "reason": "not_reachable" })).await.ok(200);
        let answer = called.accept(&adviser, &id, &acceptance()).await.ok(201);
        assert_eq!(answer["events"], json!(["Registered"]));
    }

    async fn nobody_applies_without_a_call_nor_outside_its_days_and_regions(engine) {
        let clock = Clock::manual(noon("2022-02-01"));
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let programme = app.programme().await;
        let called = Called { app, clock, programme };
        called.apply(&application("segou")).await.problem(404, "not-found");
        let nowhere = format!("/v1/open-call/{}", Uuid::now_v7());
        let reply = Reply::of(called.app.request(Method::POST, &nowhere).json(&application("segou"))).await;
        reply.problem(404, "not-found");
        called.command("open-call", &with(call(), "/from", json!("2022-03-01"))).await.ok(200);
        let early = called.apply(&application("segou")).await;
        assert_eq!(early.problem(409, "refused")["errors"][0]["rule"], json!("call_not_open"));
        called.clock.set(noon("2022-03-01"));
        let elsewhere = called.apply(&application("gao")).await;
        assert_eq!(elsewhere.problem(409, "refused")["errors"][0]["rule"], json!("region_not_called"));
        called.apply(&application("segou")).await.ok(202);
        called.command("close-call", &json!({})).await.ok(200);
        let closed = called.apply(&application("segou")).await;
        assert_eq!(closed.problem(409, "refused")["errors"][0]["rule"], json!("call_not_open"));
        called.command("open-call", &with(call(), "/keep_days", json!(10))).await.ok(200);
        called.apply(&application("segou")).await.ok(202);
        called.clock.set(noon("2022-07-01"));
        called.apply(&application("segou")).await.problem(409, "refused");
    }

    async fn what_is_not_an_application_is_refused_and_names_nobody(engine) {
        let called = Called::on(engine).await;
        let path = format!("/v1/open-call/{}", called.programme);
        let send = |body: Vec<u8>| {
            let request = called.app.request(Method::POST, &path);
            Reply::of(request.header("Content-Type", "application/json").body(body))
        };
        send(b"{\"name\": ".to_vec()).await.problem(400, "malformed-json");
        send(b"[]".to_vec()).await.problem(422, "invalid-body");
        let long = with(application("segou"), "/idea", json!("a".repeat(9_000)));
        send(long.to_string().into_bytes()).await.problem(413, "body-too-large");
        let wrong = json!({ "name": "", "phone": "7612345", "region": "segu", "idea": "é".repeat(1_001),
                            "consent": false, "text_version": "Fr 1", "language": "bm", "age": 24 });
        for (language, consent) in [
            ("fr", "doit être donné (« true ») : sans consentement, rien n'est gardé"),
            ("en", "must be given (“true”): nothing is kept without consent"),
        ] {
            let request = called.app.request(Method::POST, &path).header("Accept-Language", language);
            let problem = Reply::of(request.json(&wrong)).await.problem(422, "invalid-body");
            let errors = problem["errors"].as_array().unwrap();
            let pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
            let expected = ["/age", "/consent", "/idea", "/language", "/name", "/phone", "/region", "/text_version"];
            assert_eq!(pointers, expected);
            assert_eq!(errors[1]["detail"], json!(consent));
            assert!(!problem.to_string().contains("7612345"), "{problem}");
        }
        let form = called.app.request(Method::POST, &path).header("Content-Type", "text/plain").body("a");
        Reply::of(form).await.problem(415, "unsupported-media-type");
    }

    async fn an_address_sends_few_applications_an_hour_and_wrong_ones_count(engine) {
        let called = Called::on(engine).await;
        for _ in 0..19 {
            called.apply(&json!({})).await.problem(422, "invalid-body");
        }
        called.apply(&application("segou")).await.ok(202);
        let refused = called.apply(&application("segou")).await;
        assert!(refused.header("retry-after").parse::<u32>().unwrap() > 60);
        refused.problem(429, "too-many-requests");
        called.clock.set(noon("2022-02-01") + TimeDelta::hours(1));
        called.apply(&application("segou")).await.ok(202);
    }

    async fn a_programme_takes_so_many_applications_a_day_and_no_key_for_more(engine) {
        let called = Called::on(engine).await;
        called.apply(&application("segou")).await.ok(202);
        let keys = called.app.commands.keys();
        let listed = called.stored(&called.applied("segou").await).await.unwrap();
        let most = sira::keys::ApplicationCount { of_day: DAY_MAX, kept: u64::from(u32::MAX) };
        for _ in 2..DAY_MAX {
            let (id, path) = (Uuid::now_v7(), Uuid::now_v7());
            let other = sira::keys::StoredApplication { id, path, ..listed.clone() };
            assert!(keys.put_application(&other, most).await.unwrap());
        }
        let other = sira::keys::StoredApplication { id: Uuid::now_v7(), path: Uuid::now_v7(), ..listed };
        assert!(!keys.put_application(&other, most).await.unwrap());
        let full = called.apply(&application("segou")).await;
        assert_eq!(full.header("retry-after"), "43200", "until midnight");
        full.problem(429, "too-many-requests");
        called.clock.set(noon("2022-02-02"));
        called.apply(&application("segou")).await.ok(202);
    }

    async fn an_application_that_is_a_path_takes_no_place_among_those_that_are_kept(engine) {
        let called = Called::on(engine).await;
        let adviser = called.app.token(Role::Adviser).await;
        let id = called.applied("segou").await;
        let stored = called.stored(&id).await.unwrap();
        called.accept(&adviser, &id, &acceptance()).await.ok(201);
        let keys = called.app.commands.keys();
        let most = sira::keys::ApplicationCount { of_day: DAY_MAX, kept: 1 };
        for takes in [true, false] {
            let (id, path) = (Uuid::now_v7(), Uuid::now_v7());
            let other = sira::keys::StoredApplication { id, path, ..stored.clone() };
            assert_eq!(keys.put_application(&other, most).await.unwrap(), takes);
        }
        let day = called.clock.now().date_naive();
        let count = keys.count_applications(called.programme.parse().unwrap(), day).await.unwrap();
        assert_eq!(count, sira::keys::ApplicationCount { of_day: 2, kept: 1 });
    }

    async fn only_those_of_the_region_reach_an_application_and_each_reading_is_recorded(engine) {
        let called = Called::on(engine).await;
        let id = called.applied("segou").await;
        let one = format!("/v1/applications/{id}");
        for (scope, is_reached) in [
            (region("segou"), true),
            (called.app.office("segou-1").await, true),
            (region("mopti"), false),
            (called.app.office("mopti-1").await, false),
        ] {
            let token = called.app.token_of("awa", Role::Adviser, scope.clone()).await;
            let listed = called.app.get(&token, "/v1/worklists/applications?identity=true").await.ok(200);
            assert_eq!(listed["items"].as_array().unwrap().len(), usize::from(is_reached), "{scope:?}");
            let shown = called.app.get(&token, &one).await;
            if is_reached {
                assert_eq!(listed["items"][0]["name"], json!("Djélika Inventée"));
                shown.ok(200);
            } else {
                shown.problem(404, "not-found");
                called.accept(&token, &id, &acceptance()).await.problem(404, "not-found");
                let refuse = json!({ "reason": "withdrawn" });
                called.app.post(&token, &format!("{one}/refuse"), &refuse).await.problem(404, "not-found");
            }
        }
        for role in [Role::Analyst, Role::Auditor, Role::Donor, Role::Trainer, Role::Committee] {
            let token = called.app.token(role).await;
            called.app.get(&token, &one).await.problem(403, "forbidden");
            called.app.get(&token, "/v1/worklists/applications").await.problem(403, "forbidden");
            called.accept(&token, &id, &acceptance()).await.problem(403, "forbidden");
        }
        let admin = called.app.token(Role::Admin).await;
        called.app.caught_up().await;
        let deeds = called.app.get(&admin, "/v1/activity?actor=awa").await.ok(200);
        let readings = deeds["items"].as_array().unwrap().iter();
        let readings: Vec<_> = readings.filter(|deed| deed["action"] == json!("application")).collect();
        assert_eq!(readings.len(), 4, "{deeds}");
        assert!(readings.iter().all(|deed| deed.to_string().contains(&id)));
    }

    async fn an_acceptance_is_judged_as_any_registration(engine) {
        let called = Called::on(engine).await;
        let id = called.applied("segou").await;
        let adviser = called.app.token(Role::Adviser).await;
        let wrong = json!({ "office": "A", "sex": "x", "consent": {}, "programme": called.programme });
        let problem = called.accept(&adviser, &id, &wrong).await.problem(422, "invalid-body");
        let errors = problem["errors"].as_array().unwrap();
        let pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/consent", "/office", "/programme", "/sex"]);
        let ageless = json!({ "office": "segou-1", "sex": "female" });
        let problem = called.accept(&adviser, &id, &ageless).await.problem(422, "invalid-body");
        assert_eq!(problem["errors"][0]["pointer"], json!("/birth_year"));
        let closed = with(acceptance(), "/office", json!("gao-1"));
        called.accept(&adviser, &id, &closed).await.problem(409, "refused");
        let elsewhere = called.app.token_of("awa", Role::Adviser, region("segou")).await;
        let reply = called.accept(&elsewhere, &id, &with(acceptance(), "/office", json!("mopti-1"))).await;
        reply.problem(403, "out-of-scope");
        assert!(called.stored(&id).await.unwrap().sealed.is_some(), "nothing is destroyed by a refusal");
        // No caller of an ordinary registration names an application.
        let body = registration(&called.programme);
        let named = with(body, "/application", json!(id));
        let problem = called.app.post(&adviser, "/v1/beneficiaries", &named).await.problem(422, "invalid-body");
        assert_eq!(problem["errors"][0]["pointer"], json!("/application"));
    }

    async fn a_call_is_opened_and_closed_by_a_director_of_everything_alone(engine) {
        let called = Called::on(engine).await;
        let again = called.command("open-call", &call()).await.ok(200);
        assert_eq!(again["already_done"], json!(true));
        let other = with(call(), "/keep_days", json!(9));
        called.command("open-call", &other).await.problem(409, "refused");
        let path = format!("/v1/programmes/{}/commands/close-call", called.programme);
        for (role, scope) in [(Role::Director, region("segou")), (Role::Admin, called.app.office("segou-1").await)] {
            let token = called.app.token_of("chef", role, scope).await;
            called.app.post(&token, &path, &json!({})).await.problem(403, "out-of-scope");
        }
        let adviser = called.app.token(Role::Adviser).await;
        called.app.post(&adviser, &path, &json!({})).await.problem(403, "forbidden");
        let shown = called.app.get(&adviser, &format!("/v1/programmes/{}", called.programme)).await.ok(200);
        assert_eq!(shown["call"]["regions"], json!(["mopti", "segou"]));
    }

    async fn what_is_over_is_swept_at_the_machine_too(engine) {
        let called = Called::on(engine).await;
        let id = called.applied("segou").await;
        // The command has the system's clock: the days of 2022 are long over.
        let swept = sira(engine, &["open-call", "sweep"]);
        assert!(swept.status.success(), "{swept:?}");
        let said = String::from_utf8(swept.stdout).unwrap();
        assert!(said.contains("1 arrivées à leur terme") || said.contains("1 at their end"), "{said}");
        assert!(called.stored(&id).await.is_none());
    }
}
