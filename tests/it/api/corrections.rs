//! What was recorded wrongly is put right: a registration field by field, an identity as it is amended. The
//! history keeps both values, and figures and lists follow.

use serde_json::{Value, json};
use sira_domain::role::Role;

use super::app::{NAME, Reply, TestApp, steps};

async fn shown(app: &TestApp, id: &str) -> Value {
    let token = app.token(Role::Director).await;
    app.get(&token, &format!("/v1/beneficiaries/{id}?identity=true")).await.ok(200)
}

/// How many people are registered, by one dimension.
async fn registered_by(app: &TestApp, dimension: &str) -> Value {
    app.caught_up().await;
    let token = app.token(Role::Auditor).await;
    let path = format!("/v1/analytics/indicators?name=registered&group_by={dimension}");
    let rows = app.get(&token, &path).await.ok(200)["rows"].clone();
    let one = |row: &Value| (row[dimension].as_str().unwrap().to_owned(), row["value"].clone());
    rows.as_array().unwrap().iter().map(one).collect()
}

/// A cohort with these members and a register of `s1`: the first was not there.
async fn registered_class(app: &TestApp, members: usize) -> (String, Vec<String>) {
    let programme = app.programme().await;
    let cohort = app.cohort(&programme, "groupe-1", 40).await;
    let mut ids = Vec::new();
    for _ in 0..members {
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        app.walk(&id, &steps(), "decide-selection").await;
        let seat = json!({ "occurred_on": "2022-02-20", "cohort": cohort });
        app.done(Role::Adviser, &id, "enrol-in-training", &seat).await;
        ids.push(id);
    }
    let session = json!({ "occurred_on": "2022-02-21", "session": "s1", "on": "2022-03-01", "hours": 6, "module": "leadership" });
    of_cohort(app, &cohort, "schedule-session", &session).await.ok(200);
    let line = |(place, id): (usize, &String)| json!({ "beneficiary": id, "present": place > 0 });
    let lines: Vec<Value> = ids.iter().enumerate().map(line).collect();
    of_cohort(app, &cohort, "record-register", &json!({ "session": "s1", "lines": lines }))
        .await
        .ok(200);
    (cohort, ids)
}

async fn of_cohort(app: &TestApp, cohort: &str, word: &str, body: &Value) -> Reply {
    let trainer = app.token(Role::Trainer).await;
    app.command_of(&trainer, "cohorts", cohort, word, body).await
}

/// Who was there and who was not: by the cohort, by the list of cohorts.
async fn counts(app: &TestApp, cohort: &str) -> [Value; 4] {
    app.caught_up().await;
    let token = app.token(Role::Director).await;
    let shown = app.get(&token, &format!("/v1/cohorts/{cohort}")).await.ok(200);
    let register = shown["sessions"]["s1"]["register"].clone();
    let listed = app.get(&token, "/v1/cohorts").await.ok(200)["items"][0].clone();
    [&register["present"], &register["absent"], &listed["present"], &listed["absent"]]
        .map(Value::clone)
}

fn line(id: &str, present: bool) -> Value {
    json!({ "session": "s1", "lines": [{ "beneficiary": id, "present": present }], "reason": "Mauvaise ligne" })
}

crate::on_both_engines! {
    async fn a_register_is_corrected_in_cohort_path_and_lists_at_once(engine) {
        let app = TestApp::on(engine).await;
        let (cohort, ids) = registered_class(&app, 3).await;
        assert_eq!(counts(&app, &cohort).await, [json!(2), json!(1), json!(2), json!(1)]);
        let other = json!({ "session": "s1", "lines": [{ "beneficiary": ids[0], "present": true }] });
        let refused = of_cohort(&app, &cohort, "record-register", &other).await;
        assert_eq!(refused.error(409, "refused").1, "already_done_otherwise");
        assert!(refused.text.contains("correct-register"), "{}", refused.text);
        let body = line(&ids[0], true);
        let done = of_cohort(&app, &cohort, "correct-register", &body).await.ok(200);
        assert_eq!(done["events"], json!(["RegisterCorrected", "AttendanceCorrected"]));
        let again = of_cohort(&app, &cohort, "correct-register", &body).await.ok(200);
        assert_eq!(again["already_done"], json!(true));
        assert_eq!(counts(&app, &cohort).await, [json!(3), json!(0), json!(3), json!(0)]);
        let state = shown(&app, &ids[0]).await;
        assert_eq!(state["sessions"]["groupe-1.s1"]["present"], json!(true));
        let part = json!({ "session": "s1", "lines": [{ "beneficiary": ids[0], "present": true, "minutes_present": 90 }], "reason": "Partie à midi" });
        of_cohort(&app, &cohort, "correct-register", &part).await.ok(200);
        assert_eq!(shown(&app, &ids[0]).await["sessions"]["groupe-1.s1"]["minutes_present"], json!(90));
        let long = json!({ "session": "s1", "lines": [{ "beneficiary": ids[1], "present": true, "minutes_present": 361 }], "reason": "Erreur" });
        let refused = of_cohort(&app, &cohort, "correct-register", &long).await;
        assert_eq!(refused.error(409, "refused").1, "above_limit");
        let director = app.token(Role::Director).await;
        let history = app.get(&director, &format!("/v1/cohorts/{cohort}/history")).await.ok(200);
        let told = &history["events"].as_array().unwrap().last().unwrap()["fact"];
        assert_eq!(told["lines"][0]["after"], json!({ "present": true, "minutes_present": 90 }));
    }

    async fn attendance_that_a_register_tells_is_put_right_by_the_register_alone(engine) {
        let app = TestApp::on(engine).await;
        let (cohort, ids) = registered_class(&app, 2).await;
        let director = app.token(Role::Director).await;
        let version = shown(&app, &ids[1]).await["version"].clone();
        let retract = json!({ "sequence": version, "reason": "Erreur" });
        let refused = app.command(&director, &ids[1], "retract", &retract).await;
        assert_eq!(refused.error(409, "refused").1, "not_retractable");
        assert!(refused.text.contains("correct-register"), "{}", refused.text);
        assert_eq!(counts(&app, &cohort).await, [json!(1), json!(1), json!(1), json!(1)]);
    }

    async fn a_register_that_a_completed_training_rests_on_is_not_corrected(engine) {
        let app = TestApp::on(engine).await;
        let (cohort, ids) = registered_class(&app, 2).await;
        for module in ["leadership", "management", "processing", "social_entrepreneurship"] {
            let body = json!({ "occurred_on": "2022-03-20", "module": module, "score": 70 });
            app.done(Role::Trainer, &ids[1], "record-assessment", &body).await;
        }
        app.done(Role::Trainer, &ids[1], "complete-training", &json!({ "occurred_on": "2022-04-01" })).await;
        let refused = of_cohort(&app, &cohort, "correct-register", &line(&ids[1], false)).await;
        assert_eq!(refused.error(409, "refused").1, "wrong_stage");
        of_cohort(&app, &cohort, "correct-register", &line(&ids[0], true)).await.ok(200);
    }

    async fn sessions_funds_offices_and_conventions_are_put_right_and_the_lists_follow(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let cohort = app.cohort(&programme, "groupe-1", 40).await;
        let session = json!({ "occurred_on": "2022-02-21", "session": "s1", "on": "2022-03-01", "hours": 6 });
        of_cohort(&app, &cohort, "schedule-session", &session).await.ok(200);
        let moved = json!({ "session": "s1", "on": "2022-03-08", "reason": "Salle occupée" });
        of_cohort(&app, &cohort, "move-session", &moved).await.ok(200);
        let gone = json!({ "session": "s1", "reason": "Pluies" });
        of_cohort(&app, &cohort, "cancel-session", &gone).await.ok(200);
        of_cohort(&app, &cohort, "retract", &json!({ "sequence": 4, "reason": "Tenue tout de même" })).await.ok(200);
        let director = app.token(Role::Director).await;
        let state = app.get(&director, &format!("/v1/cohorts/{cohort}")).await.ok(200);
        assert_eq!(state["sessions"]["s1"]["on"], json!("2022-03-08"));
        let history = app.get(&director, &format!("/v1/cohorts/{cohort}/history")).await.ok(200);
        let retracted: Vec<_> = history["events"].as_array().unwrap().iter().map(|event| event["retracted"].clone()).collect();
        assert_eq!(retracted, [json!(false), json!(false), json!(false), json!(true), json!(false)]);
        let given = async |kind: &str, id: &str, word: &str, body: Value| {
            app.command_of(&director, kind, id, word, &body).await.ok(200)["version"].clone()
        };
        let renewal = json!({ "term_years": 3 });
        given("programmes", &programme, "renew-convention", renewal.clone()).await;
        let twice = given("programmes", &programme, "renew-convention", renewal).await;
        given("programmes", &programme, "retract", json!({ "sequence": twice, "reason": "Saisi deux fois" })).await;
        given("programmes", &programme, "amend-office", json!({ "office": "segou-1", "name": "Ségou-ville", "reason": "Faute" })).await;
        app.caught_up().await;
        let listed = app.get(&director, "/v1/programmes").await.ok(200)["items"][0].clone();
        assert_eq!(listed["renewals"], json!(1), "{listed}");
        let fund = app.fund(&programme, "bailleur", 1_000_000).await;
        given("funds", &fund, "amend-fund", json!({ "donor": "Autre bailleur", "reason": "Nom complet" })).await;
        let closed = given("funds", &fund, "close-fund", json!({ "occurred_on": "2022-03-01" })).await;
        given("funds", &fund, "retract", json!({ "sequence": closed, "reason": "Pas encore" })).await;
        let state = app.get(&director, &format!("/v1/funds/{fund}")).await.ok(200);
        assert_eq!((&state["closed"], &state["envelope"]["donor"]), (&json!(false), &json!("Autre bailleur")));
    }

    async fn a_registration_is_corrected_with_both_values_in_the_history_and_the_figures_follow(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        assert_eq!(registered_by(&app, "sex").await, json!({ "female": 1 }));
        let body = json!({ "sex": "male", "region": "mopti", "reason": "Erreur de saisie" });
        let done = app.done(Role::Adviser, &id, "correct-registration", &body).await;
        assert_eq!(done["events"], json!(["RegistrationCorrected"]));
        let again = app.done(Role::Adviser, &id, "correct-registration", &body).await;
        assert_eq!(again["already_done"], json!(true));
        let state = shown(&app, &id).await;
        assert_eq!((&state["registration"]["sex"], &state["region"]), (&json!("male"), &json!("mopti")));
        assert_eq!(registered_by(&app, "sex").await, json!({ "male": 1 }));
        assert_eq!(registered_by(&app, "region").await, json!({ "mopti": 1 }));
        let director = app.token(Role::Director).await;
        let history = app.get(&director, &format!("/v1/beneficiaries/{id}/history")).await.ok(200);
        let told = &history["events"].as_array().unwrap().last().unwrap()["fact"];
        assert_eq!(told["sex"], json!({ "before": "female", "after": "male" }));
        assert_eq!(told["reason"], json!("Erreur de saisie"));
        let retract = json!({ "sequence": 2, "reason": "Elle avait raison" });
        app.done(Role::Director, &id, "retract", &retract).await;
        assert_eq!(registered_by(&app, "sex").await, json!({ "female": 1 }));
    }

    async fn a_correction_that_what_followed_does_not_allow_is_refused_with_that_event(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        app.walk(&id, &steps(), "decide-selection").await;
        let token = app.token(Role::Adviser).await;
        let body = json!({ "birth_year": 1950, "reason": "Erreur" });
        let reply = app.command(&token, &id, "correct-registration", &body).await;
        assert_eq!(reply.error(409, "refused").1, "later_event_rests_on_it");
        assert!(reply.text.contains("Éligibilité examinée"), "{}", reply.text);
        let same = json!({ "sex": "female", "reason": "Erreur" });
        let reply = app.command(&token, &id, "correct-registration", &same).await;
        assert_eq!(reply.error(409, "refused"), ("/sex".into(), "nothing_changes".into()));
        let unknown = json!({ "identity": { "name": NAME }, "reason": "Erreur" });
        app.command(&token, &id, "correct-registration", &unknown).await.problem(422, "invalid-body");
    }

    async fn a_year_of_birth_is_not_corrected_against_the_birth_date_that_is_known(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let year = shown(&app, &id).await["registration"]["birth_year"].as_u64().unwrap();
        let told = json!({ "identity": { "birth_date": format!("{year}-03-04") } });
        app.done(Role::Adviser, &id, "update-identity", &told).await;
        let token = app.token(Role::Adviser).await;
        let body = json!({ "birth_year": year + 1, "reason": "Erreur" });
        let reply = app.command(&token, &id, "correct-registration", &body).await;
        assert_eq!(reply.error(422, "invalid-body"), ("/birth_year".into(), "fields_disagree".into()));
        assert!(!reply.text.contains("-03-04"), "{}", reply.text);
    }

    async fn an_identity_is_amended_and_what_is_left_out_stays(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let before = shown(&app, &id).await["identity"].clone();
        let change = |identity: Value| json!({ "identity": identity });
        app.done(Role::Adviser, &id, "update-identity", &change(json!({ "address": "Près du marché" }))).await;
        let phone = change(json!({ "phone": "76000009" }));
        app.done(Role::Adviser, &id, "update-identity", &phone).await;
        let retried = app.done(Role::Adviser, &id, "update-identity", &phone).await;
        assert_eq!(retried["already_done"], json!(true));
        let now = shown(&app, &id).await["identity"].clone();
        assert_eq!((&now["name"], &now["phone"]), (&before["name"], &json!("+22376000009")));
        assert_eq!(now["address"], json!("Près du marché"));
        app.done(Role::Adviser, &id, "update-identity", &change(json!({ "phone": null }))).await;
        let now = shown(&app, &id).await["identity"].clone();
        assert_eq!((now.get("phone"), &now["address"]), (None, &json!("Près du marché")));
        let token = app.token(Role::Adviser).await;
        let nameless = app.command(&token, &id, "update-identity", &change(json!({ "name": null }))).await;
        assert_eq!(nameless.error(422, "invalid-body").0, "/identity/name");
    }

    async fn two_who_amend_one_identity_at_once_both_have_their_change(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let token = app.token(Role::Adviser).await;
        let bodies = [
            json!({ "identity": { "phone": "76000001" } }),
            json!({ "identity": { "address": "Quartier du fleuve" } }),
            json!({ "identity": { "locality": "Ségou" } }),
        ];
        let given = bodies.iter().map(|body| app.command(&token, &id, "update-identity", body));
        for reply in futures::future::join_all(given).await {
            reply.ok(200);
        }
        let now = shown(&app, &id).await["identity"].clone();
        let told = ["phone", "address", "locality"].map(|field| now[field].as_str().unwrap().to_owned());
        assert_eq!(told, ["+22376000001", "Quartier du fleuve", "Ségou"]);
    }

    async fn a_birth_date_to_come_is_a_fault_of_its_field(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let token = app.token(Role::Adviser).await;
        let body = json!({ "identity": { "birth_date": "2099-01-01" } });
        let reply = app.command(&token, &id, "update-identity", &body).await;
        assert_eq!(reply.error(422, "invalid-body"), ("/identity/birth_date".into(), "date_range".into()));
        assert!(!reply.text.contains("2099"), "{}", reply.text);
    }

    async fn phones_of_every_country_are_taken_and_an_odd_national_id_with_a_warning(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let body = json!({ "identity": { "phone": "00225 07 07 07 07 07", "nina": "1990-12/A" } });
        let done = app.done(Role::Adviser, &id, "update-identity", &body).await;
        let warned = &done["warnings"][0];
        assert_eq!((&warned["pointer"], &warned["rule"]), (&json!("/identity/nina"), &json!("nina_form")));
        assert!(warned["text"]["fr"].is_string() && warned["text"]["en"].is_string());
        let now = shown(&app, &id).await["identity"].clone();
        assert_eq!((&now["phone"], &now["nina"]), (&json!("+2250707070707"), &json!("1990-12/A")));
        let regular = json!({ "identity": { "nina": "19901020304056 k" } });
        let done = app.done(Role::Adviser, &id, "update-identity", &regular).await;
        assert_eq!(done.get("warnings"), None);
    }

    async fn a_path_whose_registration_was_retracted_answers_with_its_reference_still(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let registered = app.register(&programme).await;
        let id = registered["id"].as_str().unwrap().to_owned();
        let retract = json!({ "sequence": 1, "reason": "Inscrite deux fois" });
        let done = app.done(Role::Director, &id, "retract", &retract).await;
        assert_eq!(done["reference"], registered["reference"]);
        assert!(done["reference"].is_string());
    }
}
