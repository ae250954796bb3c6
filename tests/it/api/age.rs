//! The age rule: completed years where the birth date is known, open where the year alone leaves it so.

use serde_json::{Value, json};
use sira_domain::role::Role;

use super::app::{TestApp, registration};

/// Somebody with an idea, born on a day or in a year; the id.
async fn with_an_idea(
    app: &TestApp,
    programme: &str,
    birth_date: Option<&str>,
    year: u32,
) -> String {
    let mut person = registration(programme);
    person["birth_year"] = json!(year);
    if let Some(date) = birth_date {
        person["identity"]["birth_date"] = json!(date);
    }
    let token = app.token(Role::Adviser).await;
    let answer = app.post(&token, "/v1/beneficiaries", &person).await.ok(201);
    let id = answer["id"].as_str().unwrap().to_owned();
    let idea = json!({ "occurred_on": "2022-01-12", "title": "Karité", "sector": "C", "start_up_cost": 250_000, "jobs_expected": 3 });
    app.done(Role::Adviser, &id, "submit-idea", &idea).await;
    id
}

/// What an assessment on a day says: the outcome of the age rule, and the age.
async fn assessed(app: &TestApp, id: &str, on: &str) -> (Value, Value) {
    app.done(Role::Adviser, id, "assess-eligibility", &json!({ "occurred_on": on })).await;
    let token = app.token(Role::Adviser).await;
    let shown = app.get(&token, &format!("/v1/beneficiaries/{id}")).await.ok(200);
    let assessment = &shown["eligibility"];
    let rule = assessment["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == "age");
    (rule.unwrap()["outcome"].clone(), assessment["age"].clone())
}

// The rules let in from 15 to 40.
crate::on_both_engines! {
    async fn an_age_is_counted_in_completed_years_where_the_birth_date_is_known(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let young = with_an_idea(&app, &programme, Some("2007-02-02"), 2007).await;
        let age = |years: u32| json!({ "basis": "birth_date", "years": years });
        assert_eq!(assessed(&app, &young, "2022-02-01").await, (json!("not_met"), age(14)));
        assert_eq!(assessed(&app, &young, "2022-02-02").await, (json!("met"), age(15)));
        let old = with_an_idea(&app, &programme, Some("1981-02-02"), 1981).await;
        assert_eq!(assessed(&app, &old, "2022-02-01").await, (json!("met"), age(40)));
        assert_eq!(assessed(&app, &old, "2022-02-02").await, (json!("not_met"), age(41)));
    }

    async fn a_year_alone_leaves_the_age_to_be_proved_until_the_birth_date_is_told(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = with_an_idea(&app, &programme, None, 2007).await;
        let by_year = json!({ "basis": "birth_year", "years": 15 });
        assert_eq!(assessed(&app, &id, "2022-02-01").await, (json!("to_be_proved"), by_year));
        let told = json!({ "identity": { "name": "Personne Inventée", "birth_date": "2007-01-15" } });
        app.done(Role::Adviser, &id, "update-identity", &told).await;
        let by_date = json!({ "basis": "birth_date", "years": 15 });
        assert_eq!(assessed(&app, &id, "2022-02-02").await, (json!("met"), by_date));
    }

    async fn nobody_is_registered_who_is_not_born_yet_and_the_refusal_does_not_say_the_date(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let mut person = registration(&programme);
        person["occurred_on"] = json!("2022-01-10");
        person["birth_year"] = json!(2022);
        person["identity"]["birth_date"] = json!("2022-01-11");
        let token = app.token(Role::Adviser).await;
        let reply = app.post(&token, "/v1/beneficiaries", &person).await;
        assert_eq!(reply.error(422, "invalid-body").1, "date_range");
        assert_eq!(reply.json()["errors"][0]["pointer"], json!("/identity/birth_date"));
        assert!(!reply.text.contains("2022-01-11"), "{}", reply.text);
    }
}
