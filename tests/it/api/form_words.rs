//! Whole problems of bodies that do not have the form, as they are read in French and in English.

use reqwest::Method;
use serde_json::{Value, json};
use sira_domain::role::Role;

use super::app::{NAME, Reply, TestApp, registration, with};
use crate::support::Engine;

async fn told(app: &TestApp, role: Role, path: &str, body: &Value, language: &str) -> Value {
    let token = app.token(role).await;
    let request = app
        .request(Method::POST, path)
        .bearer_auth(&token)
        .header("accept-language", language)
        .header("x-request-id", "a-request")
        .json(body);
    let reply = Reply::of(request).await;
    assert!(!reply.text.contains("Personne") && !reply.text.contains("76123456"), "{}", reply.text);
    reply.problem(422, "invalid-body")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_problem_names_every_wrong_field_in_the_language_asked_for() {
    let engine = Engine::sqlite();
    let app = TestApp::on(&engine).await;
    let programme = app.programme().await;
    let body = registration(&programme);
    let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
    let cohort = app.cohort(&programme, "c1", 20).await;
    let set = |pointer: &str, value: Value| with(body.clone(), pointer, value);
    let people = "/v1/beneficiaries".to_owned();
    let to = |word: &str| format!("/v1/beneficiaries/{id}/commands/{word}");
    let adviser = Role::Adviser;
    let identity = json!({ "name": format!("{NAME}\u{7}"), "phone": "76123456789", "nina": NAME,
                           "birth_date": "hier", "surname": NAME });
    let cases = [
        ("nothing", adviser, people.clone(), json!({})),
        ("a_code_with_a_slip", adviser, people.clone(), set("/region", json!("bamakoo"))),
        ("a_name_in_the_place_of_a_code", adviser, people.clone(), set("/region", json!(NAME))),
        ("a_choice", adviser, people.clone(), set("/sex", json!("femal"))),
        ("a_field_with_a_slip", adviser, people.clone(), set("/birthyear", json!(1998))),
        ("an_identity", adviser, people.clone(), set("/identity", identity)),
        (
            "two_years_of_birth",
            adviser,
            people.clone(),
            set("/identity/birth_date", json!("1997-01-01")),
        ),
        ("a_day", adviser, people.clone(), set("/occurred_on", json!("10/01/2022"))),
        (
            "numbers",
            adviser,
            to("submit-idea"),
            json!({ "title": NAME.repeat(300), "sector": "agro alimentaire",
            "start_up_cost": -5, "jobs_expected": 2.5, "budget": 1 }),
        ),
        ("a_list", adviser, to("record-interview"), json!({ "scores": { "motivation": 12 } })),
        (
            "a_nested_number",
            adviser,
            to("record-interview"),
            json!({ "scores": [{ "criterion": "motivation", "score": 101, "out_of": 0 }] }),
        ),
        ("an_id", Role::Director, to("link-duplicate"), json!({ "continues": "7K3M-9QX2-D" })),
        (
            "a_sheet",
            Role::Trainer,
            format!("/v1/cohorts/{cohort}/commands/record-register"),
            json!({ "session": "S 1", "lines": [{ "beneficiary": "X", "present": "oui" }, { "present": true }] }),
        ),
        (
            "a_period",
            Role::Director,
            "/v1/funds".to_owned(),
            json!({ "programme": programme, "code": "F1",
            "donor": "", "period": { "from": "2022-02-01", "to": "2022-01-01" }, "budget": 1_000_000_000_001_u64 }),
        ),
    ];
    for language in ["fr", "en"] {
        let mut all = serde_json::Map::new();
        for (name, role, path, body) in &cases {
            all.insert((*name).to_owned(), told(&app, *role, path, body, language).await);
        }
        insta::assert_json_snapshot!(format!("forms_{language}"), all);
    }
}
