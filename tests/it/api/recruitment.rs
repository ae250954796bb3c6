//! Eligibility by the age that is known, and paths that a decision has closed.

use serde_json::{Value, json};
use sira_domain::role::Role;

use super::app::{TestApp, registration, steps, with};
use super::lists::every;

/// A person with this year of birth, and this date where one is known, who has handed an idea in.
async fn born(app: &TestApp, programme: &str, year: u32, date: Option<&str>) -> String {
    let mut body = with(registration(programme), "/birth_year", json!(year));
    if let Some(date) = date {
        body = with(body, "/identity/birth_date", json!(date));
    }
    let adviser = app.token(Role::Adviser).await;
    let done = app.post(&adviser, "/v1/beneficiaries", &body).await.ok(201);
    let id = done["id"].as_str().unwrap().to_owned();
    app.walk(&id, &steps(), "submit-idea").await;
    id
}

async fn assessed(app: &TestApp, id: &str, on: &str) -> Value {
    app.done(Role::Adviser, id, "assess-eligibility", &json!({ "occurred_on": on })).await;
    let shown = shown(app, id).await;
    let rules = shown["eligibility"]["rules"].as_array().unwrap().clone();
    let age = rules.iter().find(|rule| rule["rule"] == json!("age")).unwrap();
    json!([age["outcome"], shown["eligibility"]["eligible"], shown["eligibility"]["age"]])
}

async fn shown(app: &TestApp, id: &str) -> Value {
    let token = app.token(Role::Adviser).await;
    app.get(&token, &format!("/v1/beneficiaries/{id}")).await.ok(200)
}

async fn ids(app: &TestApp, path: &str, query: &str) -> Vec<Value> {
    let token = app.token(Role::Director).await;
    let mut ids: Vec<Value> =
        every(app, &token, path, query, 100).await.iter().map(|one| one["id"].clone()).collect();
    ids.sort_by_key(ToString::to_string);
    ids
}

fn sorted(ids: &[&String]) -> Vec<Value> {
    let mut ids: Vec<Value> = ids.iter().map(|id| json!(id)).collect();
    ids.sort_by_key(ToString::to_string);
    ids
}

crate::on_both_engines! {
    async fn an_age_is_counted_from_the_sealed_date_and_the_date_stays_sealed(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let rules = json!({ "occurred_on": "2022-01-01", "effective_from": "2022-01-01", "rules": {
            "age_women": { "min": 18, "max": 35 } } });
        let director = app.token(Role::Director).await;
        app.command_of(&director, "programmes", &programme, "set-rules", &rules).await.ok(200);
        let dated = |years: u32| json!({ "basis": "birth_date", "years": years });
        let yearly = |years: u32| json!({ "basis": "birth_year", "years": years });
        let young = born(&app, &programme, 2004, Some("2004-02-02")).await;
        assert_eq!(assessed(&app, &young, "2022-02-01").await, json!(["not_met", false, dated(17)]));
        assert_eq!(assessed(&app, &young, "2022-02-02").await, json!(["met", true, dated(18)]));
        let old = born(&app, &programme, 1986, Some("1986-02-02")).await;
        assert_eq!(assessed(&app, &old, "2022-02-01").await, json!(["met", true, dated(35)]));
        let unknown = born(&app, &programme, 2004, None).await;
        assert_eq!(assessed(&app, &unknown, "2022-02-01").await, json!(["to_be_proved", false, yearly(18)]));
        let path = format!("/v1/beneficiaries/{young}/history");
        let auditor = app.token(Role::Auditor).await;
        let told = app.get(&auditor, &path).await;
        told.ok(200);
        assert!(!told.text.contains("2004-02-02"), "{}", told.text);
        // Whoever brings the date settles it.
        let identity = json!({ "occurred_on": "2022-02-02", "identity": { "name": "Personne", "birth_date": "2004-01-05" } });
        app.done(Role::Adviser, &unknown, "update-identity", &identity).await;
        assert_eq!(assessed(&app, &unknown, "2022-02-03").await, json!(["met", true, dated(18)]));
    }

    async fn a_birth_date_to_come_is_refused_and_not_said(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let body = with(registration(&programme), "/birth_year", json!(2022));
        let body = with(body, "/identity/birth_date", json!("2022-12-30"));
        let adviser = app.token(Role::Adviser).await;
        let reply = app.post(&adviser, "/v1/beneficiaries", &body).await;
        let expected = ("/identity/birth_date".to_owned(), "date_range".to_owned());
        assert_eq!(reply.error(422, "invalid-body"), expected);
        assert!(!reply.text.contains("2022-12-30"), "{}", reply.text);
    }

    async fn a_path_that_a_decision_closed_is_not_listed_as_one_that_goes_on(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let old = born(&app, &programme, 1950, None).await;
        assert_eq!(assessed(&app, &old, "2022-02-01").await[0], json!("not_met"));
        let unproved = born(&app, &programme, 2007, None).await;
        assert_eq!(assessed(&app, &unproved, "2022-02-01").await[0], json!("to_be_proved"));
        let refused = born(&app, &programme, 1998, None).await;
        let mut walk = steps();
        let selection = walk.iter_mut().find(|(_, word, _)| *word == "decide-selection").unwrap();
        selection.2["decision"] = json!("not_selected");
        let rest: Vec<_> = walk.into_iter().filter(|(_, word, _)| *word != "submit-idea").collect();
        app.walk(&refused, &rest, "decide-selection").await;
        let state = |shown: &Value| ["status", "closed_because", "path_closed_on"].map(|field| shown[field].clone());
        assert_eq!(state(&shown(&app, &old).await), ["closed", "not_eligible", "2022-02-01"]);
        assert_eq!(state(&shown(&app, &refused).await), ["closed", "not_selected", "2022-02-10"]);
        let list = "/v1/beneficiaries";
        assert_eq!(ids(&app, list, "&status=active").await, sorted(&[&unproved]));
        assert_eq!(ids(&app, list, "&status=closed").await, sorted(&[&old, &refused]));
        assert_eq!(ids(&app, "/v1/worklists/stalled", "").await, sorted(&[&unproved]));
        // What is still to be proved waits for an assessment.
        let awaiting = ids(&app, "/v1/worklists/awaiting-decision", "&awaiting=eligibility").await;
        assert_eq!(awaiting, sorted(&[&unproved]));
        let reopening = json!({ "occurred_on": "2022-03-01", "reason": "Pièce retrouvée" });
        app.done(Role::Director, &old, "reopen", &reopening).await;
        assert_eq!(state(&shown(&app, &old).await), [json!("active"), Value::Null, Value::Null]);
        assert_eq!(ids(&app, "/v1/worklists/stalled", "").await, sorted(&[&old, &unproved]));
    }
}
