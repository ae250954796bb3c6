//! What a client must be able to ask: who calls and what they may do, which programmes, offices, groups,
//! funds and members of the staff there are, and what may be done with a stream now.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sira::grant::Scope;
use sira_domain::path::BENEFICIARY_COMMANDS;
use sira_domain::role::Role;

use super::app::{TestApp, office, region, steps};
use super::lists::{every, list};

fn texts(items: &[Value], field: &str) -> BTreeSet<String> {
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Programme, cohort and fund of a small house with two offices, in Ségou and in Mopti.
async fn house(app: &TestApp) -> [String; 3] {
    let programme = app.programme().await;
    let cohort = app.cohort(&programme, "g1", 10).await;
    let fund = app.fund(&programme, "f1", 1_000_000).await;
    [programme, cohort, fund]
}

crate::on_both_engines! {
    async fn a_caller_is_told_who_they_are_and_what_they_may_do(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let token = app.token_of("awa.t", Role::Adviser, app.office("segou-1").await).await;
        let me = app.get(&token, "/v1/me").await.ok(200);
        assert_eq!((&me["actor"], &me["role"], &me["office"]), (&json!("awa.t"), &json!("adviser"), &json!("segou-1")));
        assert_eq!((&me["label"], &me["scope"]), (&json!("conseiller emploi"), &json!({ "offices": [{ "programme": programme, "office": "segou-1" }] })));
        assert!(me["expires_at"].as_str().unwrap().ends_with('Z'));
        let paths = &me["commands"][0];
        assert_eq!(paths["stream"], json!("beneficiary"));
        let own = BENEFICIARY_COMMANDS.iter().filter(|entry| entry.roles.contains(&Role::Adviser));
        let own: BTreeSet<_> = own.map(|entry| entry.word.to_owned()).collect();
        assert_eq!(texts(paths["commands"].as_array().unwrap(), "command"), own);
        let routes = texts(me["routes"].as_array().unwrap(), "operation");
        assert!(routes.contains("list-beneficiaries") && routes.contains("get-me"), "{routes:?}");
        assert!(!routes.contains("list-tokens") && !routes.contains("list-activity"), "{routes:?}");
    }

    async fn lists_hold_what_is_within_reach_page_by_page(engine) {
        let app = TestApp::on(engine).await;
        let [programme, cohort, fund] = house(&app).await;
        let second = app.programme().await;
        let director = app.token(Role::Director).await;
        let all = |path: &'static str, query: &'static str| every(&app, &director, path, query, 1);
        assert_eq!(texts(&all("/v1/programmes", "").await, "id"), set(&[&programme, &second]));
        assert_eq!(all("/v1/offices", "").await.len(), 4);
        let mopti = all("/v1/offices", "&region=mopti").await;
        assert_eq!((mopti.len(), texts(&mopti, "code")), (2, set(&["mopti-1"])));
        assert_eq!(texts(&all("/v1/cohorts", "").await, "id"), set(&[&cohort]));
        assert!(all("/v1/cohorts", "&region=mopti").await.is_empty());
        assert_eq!(texts(&all("/v1/funds", "&open=true").await, "id"), set(&[&fund]));
        assert!(all("/v1/funds", "&open=false").await.is_empty());
        let staff = all("/v1/staff", "").await;
        assert_eq!(texts(&staff, "actor"), set(&["admin", "director"]));
        assert_eq!(texts(staff[0]["posts"].as_array().unwrap(), "role"), set(&["admin"]));

        let there = app.token_of("ailleurs", Role::Director, region("mopti")).await;
        let offices = every(&app, &there, "/v1/offices", "", 9).await;
        assert_eq!(texts(&offices, "region"), set(&["mopti"]));
        assert!(every(&app, &there, "/v1/cohorts", "", 9).await.is_empty());
        let donor = app.token_of("bailleur", Role::Donor, Scope::Funds(vec![])).await;
        assert!(every(&app, &donor, "/v1/funds", "", 9).await.is_empty());
        for (path, role) in [("/v1/staff", Role::Adviser), ("/v1/cohorts", Role::Analyst), ("/v1/funds", Role::Trainer)] {
            list(&app, &app.token(role).await, path).await.problem(403, "forbidden");
        }
        let problem = list(&app, &director, "/v1/offices?open=yes&office=x").await.problem(400, "bad-parameter");
        assert_eq!(texts(problem["errors"].as_array().unwrap(), "pointer"), set(&["?open", "?office"]));
    }

    async fn who_reaches_an_office_sees_the_staff_of_no_other_programmes_office_of_its_code(engine) {
        let app = TestApp::on(engine).await;
        for name in ["ici", "ailleurs"] {
            let programme = app.programme().await;
            let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
            let adviser = app.token_of(name, Role::Adviser, office(&programme, "segou-1")).await;
            app.command(&adviser, &id, "add-note", &json!({ "text": "vu" })).await.ok(200);
            let director = app.token_of("chef", Role::Director, office(&programme, "segou-1")).await;
            app.caught_up().await;
            let staff = every(&app, &director, "/v1/staff", "", 9).await;
            assert_eq!(texts(&staff, "actor"), set(&[name]));
            assert_eq!(staff[0]["posts"][0]["programme"], json!(programme));
        }
        // Of a row from before programmes were kept it is not known whose office it names: two have the code.
        sira_database::on_engine!(app.read.pool(), db => {
            sqlx::query("UPDATE staff SET programme = '' WHERE actor = 'ici'").execute(db).await.map(drop)
        })
        .unwrap();
        let programmes = every(&app, &app.token(Role::Director).await, "/v1/programmes", "", 9).await;
        for programme in programmes.iter().map(|one| one["id"].as_str().unwrap()) {
            let director = app.token_of("chef", Role::Director, office(programme, "segou-1")).await;
            let staff = every(&app, &director, "/v1/staff", "", 9).await;
            assert!(!texts(&staff, "actor").contains("ici"));
        }
        let region = app.token_of("chef", Role::Director, region("segou")).await;
        let staff = every(&app, &region, "/v1/staff", "", 9).await;
        assert_eq!(texts(&staff, "actor"), set(&["ici", "ailleurs"]));
    }

    async fn a_day_that_no_database_holds_is_refused_by_name_on_every_route_that_takes_one(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        app.caught_up().await;
        let (director, auditor) = (app.token(Role::Director).await, app.token(Role::Auditor).await);
        let document: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
        let paths = document["paths"].as_object().unwrap().iter();
        let of_a_day = |one: &Value| {
            let schema = &one["schema"];
            schema["format"] == "date" || schema["pattern"].as_str().is_some_and(|form| form.starts_with(r"^\d{4}-\d{2}-\d{2}"))
        };
        let taken = paths.flat_map(|(path, methods)| {
            let parameters = methods["get"]["parameters"].as_array().into_iter().flatten();
            let days = parameters.filter(|one| one["in"] == "query" && of_a_day(one));
            days.map(move |one| (path.as_str(), one["name"].as_str().unwrap()))
        });
        let taken: Vec<_> = taken.collect();
        assert!(taken.len() > 30, "{taken:?}");
        for (path, name) in taken {
            let to = path.replace("{id}", &id).replace("{name}", "par30");
            let (reader, more) = match path {
                "/v1/activity" => (&auditor, "actor=adviser&"),
                "/v1/payments" => (&auditor, ""),
                // A series tells every period from the day on: of two thousand years by the year, and of one indicator.
                "/v1/analytics/timeseries" => (&director, "name=registered&interval=year&"),
                _ => (&director, ""),
            };
            for day in ["%2B12345-01-01", "-0001-01-01", "0000-12-31", "10000-01-01", "%2B262142-12-31"] {
                let reply = app.get(reader, &format!("{to}?{more}{name}={day}")).await;
                let problem = reply.problem(400, "bad-parameter");
                let pointers = texts(problem["errors"].as_array().unwrap(), "pointer");
                assert_eq!(pointers, set(&[&format!("?{name}")]), "{path} {day}");
            }
            // The first and the last that are written in four digits are days like others.
            for day in ["0001-01-01", "9999-12-31"] {
                let reply = app.get(reader, &format!("{to}?{more}{name}={day}")).await;
                // Of a day that has not come nothing is known.
                let is_to_come = name == "as_of" && day == "9999-12-31" && path.starts_with("/v1/analytics/");
                let expected: &[u16] = if is_to_come { &[400] } else { &[200, 404] };
                assert!(expected.contains(&reply.status), "{path}?{name}={day}: {}", reply.text);
            }
        }
        let all = app.get(&auditor, "/v1/activity?actor=adviser&from=0001-01-01&to=9999-12-31").await.ok(200);
        assert_eq!(all["items"].as_array().unwrap().len(), 1, "{all}");
    }

    async fn a_stream_says_which_commands_it_takes_now(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let registered = app.register(&programme).await;
        let (id, reference) = (registered["id"].as_str().unwrap(), registered["reference"].as_str().unwrap());
        let trainer = app.token(Role::Trainer).await;
        let told = async || app.get(&trainer, &format!("/v1/beneficiaries/{reference}/commands")).await.ok(200);
        let one = |told: &Value, word: &str| {
            let all = told["commands"].as_array().unwrap();
            all.iter().find(|one| one["command"] == json!(word)).unwrap().clone()
        };
        let before = told().await;
        assert_eq!(before["id"], json!(id));
        let own = BENEFICIARY_COMMANDS.iter().filter(|entry| entry.roles.contains(&Role::Trainer));
        assert_eq!(texts(before["commands"].as_array().unwrap(), "command"), own.map(|entry| entry.word.to_owned()).collect());
        let refused = one(&before, "complete-training");
        assert_eq!(refused["allowed"], json!(false));
        let reply = app.command(&trainer, id, "complete-training", &json!({})).await;
        let problem = reply.problem(409, "refused");
        for field in ["rule", "detail", "pointer"] {
            assert_eq!(refused["refusal"][field], problem["errors"][0][field], "{field}");
        }
        app.walk(id, &steps(), "record-assessment").await;
        let after = one(&told().await, "complete-training");
        assert_eq!((&after["allowed"], after.get("refusal")), (&json!(true), None));
        app.command(&trainer, id, "complete-training", &json!({ "occurred_on": "2022-04-01" })).await.ok(200);

        let director = app.token(Role::Director).await;
        let of_programme = app.get(&director, &format!("/v1/programmes/{programme}/commands")).await.ok(200);
        assert!(of_programme["commands"].is_array());
        let elsewhere = app.token_of("ailleurs", Role::Adviser, region("mopti")).await;
        app.get(&elsewhere, &format!("/v1/beneficiaries/{id}/commands")).await.problem(404, "not-found");
    }
}
