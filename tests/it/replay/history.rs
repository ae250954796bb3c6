//! Histories that say under which rules, what was taken back by whom and why, and what each event
//! changed; and the difference between two moments.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::http::ServeLimits;
use sira_database::on_engine;
use sira_domain::role::Role;

use super::typed::{fits_a_terminal, printed, refused, sira};
use crate::api::app::{NAME, TestApp, new_year, region, steps};

/// A person in a programme with rules: registered, an idea, assessed; the assessment taken back by a
/// director, one event a day.
async fn told_back(app: &TestApp, clock: &Clock) -> (String, Value) {
    let programme = app.programme().await;
    let admin = app.token(Role::Admin).await;
    let rules = json!({ "effective_from": "2022-01-15", "rules": { "interview_pass_mark": 60 } });
    app.command_of(&admin, "programmes", &programme, "set-rules", &rules).await.ok(200);
    let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
    for (day, (role, word, body)) in (1_i64..).zip(&steps()[..2]) {
        clock.set(new_year() + TimeDelta::days(day));
        app.done(*role, &id, word, body).await;
    }
    clock.set(new_year() + TimeDelta::days(3));
    let back = json!({ "sequence": 3, "reason": "Autre dossier" });
    app.done(Role::Director, &id, "retract", &back).await;
    (id, rules)
}

async fn asked(app: &TestApp, role: Role, id: &str, query: &str) -> Value {
    let token = app.token(role).await;
    app.get(&token, &format!("/v1/beneficiaries/{id}/history{query}")).await.ok(200)
}

crate::on_both_engines! {
    async fn a_history_says_under_which_rules_and_what_each_event_made_of_the_path(engine) {
        let clock = Clock::manual(new_year());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let (id, _) = told_back(&app, &clock).await;
        let told = asked(&app, Role::Auditor, &id, "").await;
        let events = told["events"].as_array().unwrap();
        let rules: Vec<_> = events.iter().map(|event| event["rules_version"].as_u64().unwrap()).collect();
        assert_eq!(rules[..3], [0, 0, 1]);
        assert_eq!(told["rules"][0]["version"], json!(0));
        assert_eq!(told["rules"][0]["effective_from"], Value::Null);
        assert_eq!(told["rules"][1]["effective_from"], json!("2022-01-15"));
        assert_eq!(told["rules"][1]["rules"]["interview_pass_mark"], json!(60));
        assert_eq!(events[0]["after"]["stage"], json!("idea"));
        assert_eq!(events[1]["after"], json!({ "stage": "recruitment", "status": "active", "changed": ["/idea", "/stage"] }));
        assert_eq!(events[2]["after"]["changed"], json!(["/eligibility"]));
        // What was taken back is gone from the state again.
        assert_eq!(events[3]["after"]["changed"], json!(["/eligibility"]));
        assert_eq!(events[2]["retracted_by"], json!({
            "sequence": 4, "by": "director", "occurred_on": "2026-01-04",
            "recorded_at": "2026-01-04T08:00:00.000000Z", "reason": "Autre dossier",
        }));
        assert!(events.iter().enumerate().all(|(index, event)| index == 2 || event.get("retracted_by").is_none()));
        // At an earlier moment nobody had taken anything back.
        let before = asked(&app, Role::Auditor, &id, "?version=3").await;
        assert_eq!((before["events"][2].get("retracted_by"), &before["events"][2]["retracted"]), (None, &json!(false)));
    }

    async fn the_reason_of_a_retraction_is_opened_for_those_allowed_alone(engine) {
        let clock = Clock::manual(new_year());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let (id, _) = told_back(&app, &clock).await;
        for query in ["", "?from_version=1"] {
            for role in [Role::Admin, Role::Trainer] {
                let told = asked(&app, role, &id, query).await.to_string();
                assert!(told.contains("retracted_by") && !told.contains("Autre dossier"), "{role} {told}");
            }
        }
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        let told = asked(&app, Role::Auditor, &id, "").await.to_string();
        assert!(told.contains("retracted_by") && !told.contains("Autre dossier"), "{told}");
    }

    async fn the_difference_of_two_moments_names_every_value_and_every_event_between(engine) {
        let clock = Clock::manual(new_year());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let (id, _) = told_back(&app, &clock).await;
        let found = asked(&app, Role::Auditor, &id, "?from_version=1&to_version=3").await;
        assert_eq!(found["from"], json!({ "version": 1, "position": found["from"]["position"], "stage": "idea",
            "status": "active", "recorded_at": "2026-01-01T08:00:00.000000Z" }));
        assert_eq!(found["to"]["version"], json!(3));
        let sequences: Vec<_> = found["events"].as_array().unwrap().iter().map(|event| event["sequence"].as_u64().unwrap()).collect();
        assert_eq!(sequences, [2, 3]);
        let changes = found["changes"].as_array().unwrap();
        assert!(changes.contains(&json!({ "pointer": "/stage", "before": "idea", "after": "recruitment" })), "{found}");
        assert!(changes.iter().any(|change| change["pointer"] == "/eligibility" && change.get("before").is_none()));
        // The same two moments by their times; and what the difference says is the difference.
        let by_time = asked(&app, Role::Auditor, &id, "?from_as_of=2026-01-01&to_as_of=2026-01-03T08:00:00Z").await;
        assert_eq!(by_time, found);
        let back = asked(&app, Role::Auditor, &id, "?from_version=2").await;
        assert_eq!(back["changes"], json!([]), "an assessment that was taken back left nothing");
        assert_eq!(back["events"].as_array().unwrap().len(), 2);
        let none = asked(&app, Role::Auditor, &id, "?from_version=4&to_version=4").await;
        assert_eq!((&none["changes"], &none["events"]), (&json!([]), &json!([])));
        let all = asked(&app, Role::Auditor, &id, "?to_version=4").await;
        assert_eq!((&all["from"]["version"], &all["from"]["recorded_at"]), (&json!(0), &Value::Null));
        assert_eq!(all["events"].as_array().unwrap().len(), 4);
    }

    async fn moments_that_are_none_are_refused_and_scopes_hold(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let path = format!("/v1/beneficiaries/{id}/history");
        let token = app.token(Role::Auditor).await;
        for query in [
            "?from_version=2", "?from_version=0&to_version=2", "?from_version=1&to_version=0", "?from_version=-1",
            "?from_version=0&from_as_of=2026-01-01", "?from_as_of=then", "?from_version=0&version=1", "?from=0",
            "?to_version=1&as_of=2026-01-01",
        ] {
            app.get(&token, &format!("{path}{query}")).await.problem(400, "bad-parameter");
        }
        let far = app.token_of("lointaine", Role::Director, region("mopti")).await;
        app.get(&far, &format!("{path}?from_version=0")).await.problem(404, "not-found");
        for role in [Role::Analyst, Role::Donor] {
            let token = app.token(role).await;
            app.get(&token, &format!("{path}?from_version=0")).await.problem(403, "forbidden");
        }
    }

    async fn a_history_is_read_on_a_terminal_in_both_languages(engine) {
        let clock = Clock::manual(new_year());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let (id, _) = told_back(&app, &clock).await;
        let french = printed(sira(engine, &["history", &id]));
        fits_a_terminal(&french);
        for part in [
            "Éligibilité examinée", "[retiré]", "motif scellé (--actor)", "règles 1, position",
            "retiré par director le 2026-01-04 08:00:00 UTC (événement 4)", "Règles 1 : en vigueur depuis le 2022-01-15",
            "recrutement / actif", "change : éligibilité",
        ] {
            assert!(french.contains(part), "{part} in\n{french}");
        }
        assert!(!french.contains(NAME) && !french.contains("Autre dossier"));
        let opened = printed(sira(engine, &["history", &id, "--actor", "cour.comptes"]));
        assert!(opened.contains("Autre dossier") && !opened.contains("Zoumbal"), "{opened}");
        let english = printed(sira(engine, &["--lang", "en", "history", &id, "--from-version", "1", "--to-version", "3"]));
        fits_a_terminal(&english);
        for part in ["from  version    1", "/stage (stage): \"idea\" -> \"recruitment\"", "recorded on 2026-01-03 08:00:00 UTC"] {
            assert!(english.contains(part), "{part} in\n{english}");
        }
        let json: Value = serde_json::from_str(&printed(sira(engine, &["history", &id, "--from-version", "1", "--json"]))).unwrap();
        let over_http = asked(&app, Role::Admin, &id, "?from_version=1").await;
        assert_eq!((&json["changes"], &json["to"]), (&over_http["changes"], &over_http["to"]));
        assert_eq!(refused(sira(engine, &["history", &id, "--from-version", "9"])).0, 2);
        assert_eq!(refused(sira(engine, &["history", &id, "--from-version", "0", "--as-of", "2026-01-01"])).0, 2);
        let readings: Vec<(String, String)> = on_engine!(app.commands.journal().pool(), pool => {
            sqlx::query_as("SELECT actor, role FROM access_log WHERE action = 'history' AND actor LIKE 'local:cour.comptes@%'").fetch_all(pool).await
        }).unwrap();
        // Beside the account, since anybody at the machine may type any name.
        assert!(readings.len() == 1 && readings[0].1 == "auditor", "{readings:?}");
    }
}
