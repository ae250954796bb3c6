//! Bodies that do not have the form, or break a rule: each is refused by field and rule, leaves
//! nothing behind, and is never repeated to anyone.

use serde_json::{Value, json};
use sira::http::openapi;
use sira_domain::path::BENEFICIARY_COMMANDS;
use sira_domain::role::Role;
use sira_numbers::Position;

use super::app::{self, NAME, TestApp, registration, with};

/// The journal's last position: nothing refused may move it.
async fn position(app: &TestApp) -> Position {
    app.commands.journal().head().await.unwrap().position
}

fn without(mut body: Value, field: &str) -> Value {
    body.as_object_mut().unwrap().remove(field).unwrap();
    body
}

fn idea() -> Value {
    json!({ "title": "Beurre de karité", "sector": "C", "start_up_cost": 250_000, "jobs_expected": 3 })
}

/// Every place of a body, by JSON pointer.
fn places(body: &Value, at: &str, found: &mut Vec<String>) {
    let Value::Object(fields) = body else { return };
    for (name, value) in fields {
        let pointer = format!("{at}/{name}");
        places(value, &pointer, found);
        found.push(pointer);
    }
}

crate::on_both_engines! {
    async fn a_registration_without_the_form_is_refused_by_field_and_rule(engine) {
        let app = TestApp::on(engine).await;
        let body = registration(&app.programme().await);
        let token = app.token(Role::Adviser).await;
        let before = position(&app).await;
        let set = |pointer: &str, value: Value| with(body.clone(), pointer, value);
        let cases = [
            (set("/surname", json!(NAME)), "/surname", "unknown_field"),
            (set("/identity/surname", json!(NAME)), "/identity/surname", "unknown_field"),
            (set(&format!("/{NAME}"), json!(1)), "", "unknown_field"),
            (set(&format!("/identity/{NAME}"), json!(1)), "/identity", "unknown_field"),
            (set("/reference", json!("7K3M-9QX2-C")), "/reference", "unknown_field"),
            (set("/birth_year", json!("1998")), "/birth_year", "wrong_type"),
            (set("/displaced", json!(NAME)), "/displaced", "wrong_type"),
            (set("/identity", json!(NAME)), "/identity", "wrong_type"),
            (set("/identity/name", json!([NAME])), "/identity/name", "wrong_type"),
            (set("/programme", json!(NAME)), "/programme", "wrong_type"),
            (set("/occurred_on", json!(20_220_110)), "/occurred_on", "code_form"),
            (set("/occurred_on", json!("hier")), "/occurred_on", "code_form"),
            (set("/occurred_on", json!("2022-02-30")), "/occurred_on", "code_form"),
            (without(body.clone(), "region"), "/region", "missing_field"),
            (without(body.clone(), "identity"), "/identity", "missing_field"),
            (without(body.clone(), "programme"), "/programme", "missing_field"),
            (without(body.clone(), "consent"), "/consent", "missing_field"),
            (set("/consent", json!({ "scope": "programme", "method": "written" })), "/consent/text_version", "missing_field"),
            (set("/cercle", json!("x".repeat(61))), "/cercle", "text_length"),
            (set("/identity/name", json!("x".repeat(121))), "/identity/name", "text_length"),
            (set("/identity/name", json!("  ")), "/identity/name", "text_length"),
            (set("/cercle", json!("Ségou\u{7}")), "/cercle", "control_character"),
            (set("/identity/name", json!(format!("{NAME}\u{0}"))), "/identity/name", "control_character"),
            (set("/identity/address", json!(format!("{NAME}\nx"))), "/identity/address", "control_character"),
            (set("/birth_year", json!(2_101)), "/birth_year", "number_range"),
            (set("/birth_year", json!(-5)), "/birth_year", "number_range"),
            (set("/birth_year", json!(i64::MAX)), "/birth_year", "number_range"),
            (set("/birth_year", json!(u64::MAX)), "/birth_year", "wrong_type"),
            (set("/region", json!("atlantide")), "/region", "unknown_code"),
            (set("/region", json!(NAME)), "/region", "unknown_code"),
            (set("/sex", json!(NAME)), "/sex", "unknown_code"),
            (set("/consent/method", json!("telepathy")), "/consent/method", "unknown_code"),
            (set("/office", json!(NAME)), "/office", "code_form"),
            (set("/identity/phone", json!("+223 6 12 34")), "/identity/phone", "phone_form"),
            (set("/identity/nina", json!(NAME)), "/identity/nina", "nina_form"),
            (set("/identity/birth_date", json!("1997-01-01")), "/birth_year", "fields_disagree"),
        ];
        for (body, pointer, rule) in cases {
            let reply = app.post(&token, "/v1/beneficiaries", &body).await;
            assert_eq!(reply.error(422, "invalid-body"), (pointer.into(), rule.into()), "{body}");
        }
        assert_eq!(position(&app).await, before);
    }

    async fn a_registration_that_breaks_a_rule_is_refused_by_field_and_rule(engine) {
        let app = TestApp::on(engine).await;
        let body = registration(&app.programme().await);
        let token = app.token(Role::Adviser).await;
        let before = position(&app).await;
        let set = |pointer: &str, value: Value| with(body.clone(), pointer, value);
        let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
        let cases = [
            (set("/birth_year", json!(2_090)), "/birth_year", "date_in_future"),
            (set("/region", json!("nioro")), "/region", "region_not_valid"),
            (set("/office", json!("gao-1")), "/office", "office_closed"),
            (set("/programme", json!(unknown)), "/programme", "unknown_item"),
            (set("/occurred_on", json!("2999-01-01")), "/occurred_on", "date_in_future"),
            (set("/occurred_on", json!("2020-01-01")), "/occurred_on", "outside_term"),
        ];
        for (body, pointer, rule) in cases {
            let reply = app.post(&token, "/v1/beneficiaries", &body).await;
            assert_eq!(reply.error(409, "refused"), (pointer.into(), rule.into()), "{body}");
        }
        assert_eq!(position(&app).await, before);
        // The same region on a day when it exists.
        let body = with(set("/region", json!("nioro")), "/occurred_on", json!("2023-03-13"));
        app.post(&token, "/v1/beneficiaries", &body).await.ok(201);
    }

    async fn an_idea_without_the_form_is_refused_by_field_and_rule(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let token = app.token(Role::Adviser).await;
        let before = position(&app).await;
        let set = |pointer: &str, value: Value| with(idea(), pointer, value);
        let cases = [
            (set("/start_up_cost", json!(-1)), "/start_up_cost", "number_range"),
            (set("/start_up_cost", json!(i64::MAX)), "/start_up_cost", "number_range"),
            (set("/start_up_cost", json!(u64::MAX)), "/start_up_cost", "wrong_type"),
            (set("/start_up_cost", json!(1e30)), "/start_up_cost", "wrong_type"),
            (set("/start_up_cost", json!(2.5)), "/start_up_cost", "wrong_type"),
            (set("/start_up_cost", json!("250000")), "/start_up_cost", "wrong_type"),
            (set("/jobs_expected", json!(10_001)), "/jobs_expected", "number_range"),
            (set("/title", json!(format!("{NAME} ").repeat(200))), "/title", "text_length"),
            (set("/title", json!("")), "/title", "text_length"),
            (set("/title", json!(format!("{NAME}\u{1b}[0m"))), "/title", "control_character"),
            (set("/title", json!(12)), "/title", "wrong_type"),
            (set("/title", json!(null)), "/title", "wrong_type"),
            (set("/title", json!({ "name": NAME })), "/title", "wrong_type"),
            (without(idea(), "title"), "/title", "missing_field"),
            (set("/budget", json!(NAME)), "/budget", "unknown_field"),
        ];
        for (body, pointer, rule) in cases {
            let reply = app.command(&token, &id, "submit-idea", &body).await;
            assert_eq!(reply.error(422, "invalid-body"), (pointer.into(), rule.into()), "{body}");
        }
        let reply = app.command(&token, &id, "submit-idea", &set("/sector", json!("peche"))).await;
        assert_eq!(reply.error(409, "refused"), ("/sector".into(), "unknown_item".into()));
        assert_eq!(position(&app).await, before);
    }

    async fn whatever_is_sent_anywhere_no_problem_repeats_it(engine) {
        let app = TestApp::on(engine).await;
        let body = registration(&app.programme().await);
        let token = app.token(Role::Adviser).await;
        let mut pointers = Vec::new();
        places(&body, "", &mut pointers);
        for pointer in &pointers {
            for value in [json!(NAME), json!([NAME]), json!({ "x": NAME }), json!(NAME.repeat(200)), json!(null)] {
                let body = with(body.clone(), pointer, value);
                let reply = app.post(&token, "/v1/beneficiaries", &body).await;
                if reply.status != 201 {
                    reply.problem(422, "invalid-body");
                }
            }
        }
    }

    async fn no_body_whatever_is_answered_with_an_error_of_the_server(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let values = [
            json!(null), json!(true), json!(0), json!(-1), json!(1), json!(u64::MAX), json!(1e300), json!(""),
            json!("x"), json!("2022-03-01"), json!("sealed:v1:01890a5d-ac96-774b-bcce-b302099a8057:AAAA"),
            json!(NAME.repeat(300)), json!([]), json!([[]]), json!([{}]), json!({}), json!({ NAME: NAME }),
        ];
        for entry in BENEFICIARY_COMMANDS {
            let token = app.token(entry.roles[0]).await;
            let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
            let path = match entry.word {
                "register" => "/v1/beneficiaries".to_owned(),
                word => format!("/v1/beneficiaries/{id}/commands/{word}"),
            };
            let operation = match entry.word {
                "register" => "/v1/beneficiaries",
                word => &format!("/v1/beneficiaries/{{id}}/commands/{word}"),
            };
            let body = &openapi()["paths"][operation]["post"]["requestBody"];
            let schema = &body["content"]["application/json"]["schema"];
            let Some(name) = schema["$ref"].as_str() else { continue };
            let schema = openapi().pointer(name.trim_start_matches('#')).unwrap();
            let Some(fields) = schema["properties"].as_object() else { continue };
            for value in &values {
                let all: Value = fields.keys().map(|field| (field.clone(), value.clone())).collect();
                let each = fields.keys().map(|field| json!({ field: value }));
                for body in each.chain([all]) {
                    let reply = app.post(&token, &path, &body).await;
                    match reply.status {
                        200 => {}
                        409 => drop(reply.problem(409, "refused")),
                        413 => drop(reply.problem(413, "body-too-large")),
                        _ => drop(reply.problem(422, "invalid-body")),
                    }
                }
            }
        }
    }

    async fn a_command_out_of_its_stage_is_refused_and_names_the_stage(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let trainer = app.token(Role::Trainer).await;
        let reply = app.command(&trainer, &id, "complete-training", &json!({})).await;
        let problem = reply.problem(409, "refused");
        assert_eq!(
            problem["detail"],
            json!("le parcours est à l'étape « idée de projet » ; il doit être à l'étape « formation »")
        );
        assert_eq!(problem["errors"][0]["rule"], json!("wrong_stage"));
        let english = app
            .request(reqwest::Method::POST, &format!("/v1/beneficiaries/{id}/commands/complete-training"))
            .bearer_auth(&trainer)
            .header("accept-language", "en-GB,en;q=0.9,fr;q=0.5")
            .json(&json!({}));
        let problem = app::Reply::of(english).await.problem(409, "refused");
        assert_eq!(problem["detail"], json!("the path is at stage idea; it must be at training"));
        assert_eq!(problem["title"], json!("Refused by a rule"));
    }

    async fn one_person_does_not_interview_and_decide(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        app.walk(&id, &app::steps(), "record-interview").await;
        let both = app.token_of("adviser", Role::Committee, sira::grant::Scope::All).await;
        let decision = json!({ "decision": "selected", "method": "committee", "session": "2022-02" });
        let reply = app.command(&both, &id, "decide-selection", &decision).await;
        assert_eq!(reply.error(409, "refused").1, "separation_of_duties");
    }
}
