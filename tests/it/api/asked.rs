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
        let token = app.token_of("awa.t", Role::Adviser, office("segou-1")).await;
        let me = app.get(&token, "/v1/me").await.ok(200);
        assert_eq!((&me["actor"], &me["role"], &me["office"]), (&json!("awa.t"), &json!("adviser"), &json!("segou-1")));
        assert_eq!((&me["label"], &me["scope"]), (&json!("conseiller emploi"), &json!({ "offices": ["segou-1"] })));
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
        app.get(&elsewhere, &format!("/v1/beneficiaries/{id}/commands")).await.problem(403, "out-of-scope");
    }
}
