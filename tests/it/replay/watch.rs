//! What somebody did, and who read a person.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::grant::Scope;
use sira::http::ServeLimits;
use sira_domain::role::Role;

use super::typed::{fits_a_terminal, printed, refused, sira};
use crate::api::app::{NAME, Reply, TestApp, new_year, region, registration, with};

/// Every deed of an actor as a reader is shown them, page by page.
async fn deeds(app: &TestApp, token: &str, query: &str, limit: usize) -> Vec<Value> {
    let position = app.caught_up().await;
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/activity?{query}&limit={limit}{cursor}");
        let page = app.get(token, &path).await;
        assert_eq!(page.header("sira-position"), position.to_string());
        let page = page.ok(200);
        let some = page["items"].as_array().unwrap().clone();
        assert!(some.len() <= limit);
        items.extend(some);
        let Some(next) = page["next_cursor"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
}

/// Two people, one in Ségou and one in Mopti, both registered by awa, who also reads both; a day between
/// each deed. Their ids.
async fn awas_week(app: &TestApp, clock: &Clock) -> [String; 2] {
    let programme = app.programme().await;
    let awa = app.token_of("awa.t", Role::Adviser, Scope::All).await;
    let mut ids = Vec::new();
    // The second is nobody's likely duplicate: whom a registration is shown is recorded too.
    let other = json!({ "name": "Sitan Inventée", "phone": "70 00 00 02" });
    let first = registration(&programme)["identity"].clone();
    for (place, identity) in [("segou", first), ("mopti", other)] {
        clock.set(clock.now() + TimeDelta::days(1));
        let body = with(registration(&programme), "/office", json!(format!("{place}-1")));
        let body = with(with(body, "/region", json!(place)), "/identity", identity);
        let request = app.request(Method::POST, "/v1/beneficiaries").bearer_auth(&awa).json(&body);
        let request = request.header("sira-device", "tablette-3");
        let answer =
            Reply::of(request.header("sira-device-time", "2026-01-01T07:00:00Z")).await.ok(201);
        ids.push(answer["id"].as_str().unwrap().to_owned());
    }
    for id in &ids {
        clock.set(clock.now() + TimeDelta::days(1));
        app.get(&awa, &format!("/v1/beneficiaries/{id}?identity=true")).await.ok(200);
    }
    ids.try_into().unwrap()
}

fn kinds(items: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    items
        .iter()
        .map(|item| {
            let what = if item["kind"] == "event" { &item["type"] } else { &item["action"] };
            (text(what), text(&item["stream"]["id"]))
        })
        .collect()
}

fn expected(deeds: &[(&str, &String)]) -> Vec<(String, String)> {
    deeds.iter().map(|(what, id)| ((*what).to_owned(), (*id).clone())).collect()
}

crate::on_both_engines! {
    async fn what_somebody_recorded_and_read_is_told_newest_first_whatever_the_page(engine) {
        let clock = Clock::manual(new_year());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let [segou, mopti] = awas_week(&app, &clock).await;
        let whole = expected(&[("identity", &mopti), ("identity", &segou), ("Registered", &mopti), ("Registered", &segou)]);
        for role in [Role::Auditor, Role::Admin, Role::Director] {
            let token = app.token(role).await;
            for limit in [1, 2, 3, 200] {
                let items = deeds(&app, &token, "actor=awa.t", limit).await;
                assert_eq!(kinds(&items), whole, "{role} {limit}");
                assert!(!json!(items).to_string().contains("Zoumbal"));
            }
        }
        let token = app.token(Role::Auditor).await;
        let items = deeds(&app, &token, "actor=awa.t", 50).await;
        let first = &items[3];
        assert_eq!((&first["label"], &first["occurred_on"], &first["sequence"]), (&json!("Inscription"), &json!("2022-01-10"), &json!(1)));
        assert_eq!((&first["device"], &first["device_time"]), (&json!("tablette-3"), &json!("2026-01-01T07:00:00.000000Z")));
        assert_eq!((&first["role"], &first["stream"]["type"]), (&json!("adviser"), &json!("beneficiary")));
        assert!(first["stream"]["reference"].is_string() && first["position"].is_u64());
        assert_eq!((&items[0]["label"], &items[0]["at"]), (&json!("Identité"), &json!("2026-01-05T08:00:00.000000Z")));
        for (query, rest) in [("from=2026-01-03", 0..3), ("to=2026-01-03", 2..4), ("from=2026-01-03&to=2026-01-04", 1..3), ("to=2025-12-31", 0..0)] {
            let items = deeds(&app, &token, &format!("actor=awa.t&{query}"), 2).await;
            assert_eq!(kinds(&items), whole[rest], "{query}");
        }
        assert_eq!(deeds(&app, &token, "actor=personne", 50).await.len(), 0);
    }

    async fn deeds_of_one_moment_are_each_told_once_whatever_the_page(engine) {
        let clock = Clock::manual(new_year());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let id = app.registered().await;
        let awa = app.token_of("awa.t", Role::Adviser, Scope::All).await;
        for round in 0..4 {
            app.command(&awa, &id, "add-note", &json!({ "text": format!("Note {round}") })).await.ok(200);
            app.get(&awa, &format!("/v1/beneficiaries/{id}?identity=true")).await.ok(200);
        }
        let token = app.token(Role::Auditor).await;
        let whole = deeds(&app, &token, "actor=awa.t", 200).await;
        assert_eq!(whole.len(), 8);
        for limit in 1..8 {
            assert_eq!(deeds(&app, &token, "actor=awa.t", limit).await, whole, "{limit}");
        }
    }

    async fn a_director_sees_what_touches_the_paths_of_today_alone(engine) {
        let clock = Clock::manual(new_year());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let [segou, mopti] = awas_week(&app, &clock).await;
        let here = app.token_of("directrice", Role::Director, region("segou")).await;
        let there = app.token_of("autre", Role::Director, region("mopti")).await;
        for limit in [1, 50] {
            let items = deeds(&app, &here, "actor=awa.t", limit).await;
            assert_eq!(kinds(&items), expected(&[("identity", &segou), ("Registered", &segou)]));
        }
        let moved = json!({ "office": "mopti-1", "region": "mopti" });
        app.done(Role::Director, &segou, "transfer", &moved).await;
        assert_eq!(deeds(&app, &here, "actor=awa.t", 50).await.len(), 0);
        let items = deeds(&app, &there, "actor=awa.t", 50).await;
        let whole = [("identity", &mopti), ("identity", &segou), ("Registered", &mopti), ("Registered", &segou)];
        assert_eq!(kinds(&items), expected(&whole));
        // What serves a whole programme is everybody's; a group is its office's.
        let programme = app.programme().await;
        app.cohort(&programme, "g1", 5).await;
        let types = async |token: &str, actor: &str| {
            let items = deeds(&app, token, &format!("actor={actor}"), 50).await;
            kinds(&items).into_iter().map(|(what, _)| what).collect::<Vec<_>>()
        };
        assert!(types(&there, "admin").await.contains(&"ConventionSigned".to_owned()));
        assert!(types(&here, "director").await.contains(&"CohortPlanned".to_owned()));
        assert!(!types(&there, "director").await.contains(&"CohortPlanned".to_owned()));
    }

    async fn watching_is_for_those_who_watch(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        app.caught_up().await;
        for role in Role::ALL {
            let token = app.token(role).await;
            let may = [Role::Auditor, Role::Admin, Role::Director].contains(&role);
            for path in ["/v1/activity?actor=adviser".to_owned(), format!("/v1/beneficiaries/{id}/access")] {
                let reply = app.get(&token, &path).await;
                if may { reply.ok(200); } else { reply.problem(403, "forbidden"); }
            }
        }
        let auditor = app.token(Role::Auditor).await;
        for query in ["", "actor=", "actor=Awa%20T", "actor=a&from=hier", "actor=a&limit=201", "actor=a&cursor=AAAA", "actor=a&who=b", "actor=a&actor=b"] {
            app.get(&auditor, &format!("/v1/activity?{query}")).await.problem(400, "bad-parameter");
        }
        for scope in [region("mopti"), app.office("mopti-1").await] {
            let far = app.token_of("lointaine", Role::Director, scope).await;
            app.get(&far, &format!("/v1/beneficiaries/{id}/access")).await.problem(404, "not-found");
        }
        for query in ["?limit=0", "?cursor=AAAA", "?actor=x"] {
            app.get(&auditor, &format!("/v1/beneficiaries/{id}/access{query}")).await.problem(400, "bad-parameter");
        }
    }

    async fn who_read_a_person_is_told_and_the_one_who_asks_is_among_them(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let awa = app.token_of("awa.t", Role::Adviser, Scope::All).await;
        app.get(&awa, &format!("/v1/beneficiaries/{id}?identity=true")).await.ok(200);
        app.get(&awa, &format!("/v1/beneficiaries/{id}/history")).await.ok(200);
        app.caught_up().await;
        app.get(&awa, "/v1/beneficiaries?q=Zoumbal%C3%A9").await.ok(200);
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        let auditor = app.token_of("cour.comptes", Role::Auditor, Scope::All).await;
        let path = format!("/v1/beneficiaries/{id}/access");
        let page = app.get(&auditor, &path).await.ok(200);
        let told: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| {
            ["actor", "role", "action"].map(|field| item[field].as_str().unwrap().to_owned())
        }).collect();
        let expected = [
            ["cour.comptes", "auditor", "access"], ["awa.t", "adviser", "search"],
            ["awa.t", "adviser", "history"], ["awa.t", "adviser", "identity"],
        ];
        assert_eq!(told, expected.map(|entry| entry.map(str::to_owned)));
        assert!(!page.to_string().contains("Zoumbal"));
        // Page by page: each reading once, older and older; each page asked for is a reading more.
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.get(&auditor, &format!("{path}?limit=1{cursor}")).await.ok(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["action"].clone()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, ["access", "access", "search", "history", "identity"]);
    }

    async fn both_are_read_on_a_terminal(engine) {
        let clock = Clock::manual(new_year());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let [segou, _] = awas_week(&app, &clock).await;
        app.caught_up().await;
        let french = printed(sira(engine, &["activity", "awa.t", "--from", "2026-01-02", "--to", "2026-01-04"]));
        fits_a_terminal(&french);
        let french = french.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["parcours 1, position", "consultation : Identité", "Inscription", "fait du 2022-01-10 ; conseiller emploi", "appareil tablette-3 2026-01-01 07:00:00"] {
            assert!(french.contains(part), "{part} in\n{french}");
        }
        assert!(!french.contains(NAME) && french.matches("consultation").count() == 1);
        let lines = printed(sira(engine, &["--lang", "en", "activity", "awa.t", "--json"]));
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let token = app.token(Role::Auditor).await;
        assert_eq!(kinds(&lines), kinds(&deeds(&app, &token, "actor=awa.t", 50).await));
        assert_eq!(lines[3]["label"], json!("Registered"));

        let readers = printed(sira(engine, &["access", &segou, "--actor", "superviseur"]));
        fits_a_terminal(&readers);
        let lines: Vec<&str> = readers.lines().collect();
        assert_eq!(lines.len(), 2, "{readers}");
        assert!(lines[0].contains("superviseur") && lines[0].contains("Registre des consultations"));
        assert!(lines[1].contains("awa.t") && lines[1].contains("conseiller emploi") && lines[1].contains("Identité"));
        let nobody = uuid::Uuid::now_v7().to_string();
        assert_eq!(refused(sira(engine, &["access", &nobody, "--actor", "x"])).0, 1);
        assert_eq!(refused(sira(engine, &["activity", "Awa T"])).0, 2);
    }
}
