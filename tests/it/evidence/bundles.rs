//! Bundles: what one file proves, and what it does not let pass.

use serde_json::{Value, json};
use sira::evidence::Algorithm;
use sira::evidence::bundle::{Bundle, BundleFault, EventFault};
use sira_database::on_engine;
use sira_domain::role::Role;

use super::{check, log_key};
use crate::api::app::{NAME, TestApp, region, steps};
use crate::export::command::run;
use crate::on_both_engines;
use crate::support::Engine;

async fn bundle(app: &TestApp, id: &str) -> Value {
    let token = app.token(Role::Auditor).await;
    app.get(&token, &format!("/v1/beneficiaries/{id}/evidence")).await.ok(200)
}

fn read(bundle: &Value) -> Bundle {
    serde_json::from_value(bundle.clone()).unwrap()
}

fn holds(bundle: &Value) -> bool {
    serde_json::from_value::<Bundle>(bundle.clone()).is_ok_and(|one| one.verify(&log_key()).holds())
}

/// A person who has walked the whole path, and another one.
async fn walked(app: &TestApp) -> (String, String) {
    let programme = app.programme().await;
    let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
    let other = app.register(&programme).await["id"].as_str().unwrap().to_owned();
    app.walk(&id, &steps(), "complete-path").await;
    (id, other)
}

/// One character of a text changed into another of its kind.
fn nudged(text: &str, place: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let place = place % bytes.len();
    bytes[place] = match bytes[place] {
        b'0' => b'1',
        b'1'..=b'9' => b'0',
        b'a' => b'b',
        b'A' => b'B',
        _ => b'a',
    };
    String::from_utf8_lossy(&bytes).into_owned()
}

on_both_engines! {
    async fn a_bundle_proves_a_whole_path_to_whoever_has_the_key_alone(engine) {
        let app = TestApp::on(engine).await;
        let (id, _) = walked(&app).await;
        let made = bundle(&app, &id).await;
        let verdict = read(&made).verify(&log_key());
        assert!(verdict.holds(), "{verdict:?}");
        let history = app.commands.journal().read_stream(&read(&made).stream(), 0.into()).await.unwrap();
        assert_eq!(verdict.events.len(), history.len());
        for (event, stored) in read(&made).events.iter().zip(&history) {
            assert_eq!((&event.payload, &event.metadata), (&stored.payload, &stored.metadata));
        }
        let stranger = sira::evidence::generate_key("sira.test/log", Algorithm::Ed25519).unwrap().verifier();
        assert_eq!(read(&made).verify(&stranger).fault, Some(BundleFault::OtherKey));
        let other_log = sira::evidence::generate_key("sira.test/other", Algorithm::Ed25519).unwrap().verifier();
        assert_eq!(read(&made).verify(&other_log).fault, Some(BundleFault::OtherLog));
    }

    async fn nothing_of_a_bundle_can_be_changed_unseen(engine) {
        let app = TestApp::on(engine).await;
        let (id, other) = walked(&app).await;
        let (made, others) = (bundle(&app, &id).await, bundle(&app, &other).await);
        assert!(holds(&made) && holds(&others));
        let count = made["events"].as_array().unwrap().len();
        let mut tried = 0;
        let mut refuse = |what: &str, changed: &Value| {
            tried += 1;
            assert_ne!(changed, &made, "{what} changed nothing");
            assert!(!holds(changed), "{what} passed");
        };
        for place in 0..count {
            for field in ["position", "sequence"] {
                for by in [1, -1] {
                    let mut changed = made.clone();
                    let value = &mut changed["events"][place][field];
                    *value = json!(value.as_i64().unwrap() + by);
                    refuse(&format!("{field} of {place}"), &changed);
                }
            }
            for field in ["event_type", "event_version", "recorded_at", "payload", "metadata"] {
                for at in [0, 3, 17, 40, 71] {
                    let mut changed = made.clone();
                    let value = &mut changed["events"][place][field];
                    *value = json!(nudged(value.as_str().unwrap(), at));
                    refuse(&format!("{field} of {place}"), &changed);
                }
            }
            let mut changed = made.clone();
            changed["events"].as_array_mut().unwrap().remove(place);
            refuse(&format!("event {place} left out"), &changed);
            // The same, with the rest renumbered as if it had never been.
            for (index, event) in changed["events"].as_array_mut().unwrap().iter_mut().enumerate() {
                event["sequence"] = json!(index + 1);
            }
            changed["last"]["sequence"] = json!(count - 1);
            refuse(&format!("event {place} left out, the rest renumbered"), &changed);
            if place + 1 < count {
                let mut changed = made.clone();
                changed["events"].as_array_mut().unwrap().swap(place, place + 1);
                refuse(&format!("{place} swapped"), &changed);
                let mut changed = made.clone();
                let next = changed["events"][place + 1]["payload"].clone();
                changed["events"][place]["payload"] = next;
                refuse(&format!("payload of {place} taken from the next"), &changed);
            }
            let mut changed = made.clone();
            let hash = changed["events"][place]["proof"][0].clone();
            changed["events"][place]["proof"].as_array_mut().unwrap().push(hash);
            refuse(&format!("proof of {place} longer"), &changed);
            let mut changed = made.clone();
            changed["events"][place]["proof"].as_array_mut().unwrap().pop();
            refuse(&format!("proof of {place} shorter"), &changed);
        }
        for field in ["journal", "stream_type", "stream_id", "checkpoint", "form"] {
            for at in [0, 5, 9, 14, 20, 33] {
                let mut changed = made.clone();
                changed[field] = json!(nudged(made[field].as_str().unwrap(), at));
                refuse(field, &changed);
            }
        }
        let mut changed = made.clone();
        changed["events"] = json!([]);
        refuse("every event", &changed);
        let mut changed = made.clone();
        changed["last"] = others["last"].clone();
        refuse("another stream's last event", &changed);
        let mut changed = made.clone();
        changed["stream_id"] = others["stream_id"].clone();
        refuse("another stream's name", &changed);
        let mut changed = made.clone();
        let event = others["events"][0].clone();
        changed["events"].as_array_mut().unwrap().push(event);
        refuse("another stream's event added", &changed);
        let mut changed = made.clone();
        changed["extra"] = json!(1);
        refuse("a field that the form has not", &changed);
        assert!(tried > 600, "{tried}");
    }

    async fn an_operator_who_leaves_out_the_last_event_cannot_prove_the_rest(engine) {
        let app = TestApp::on(engine).await;
        let (id, _) = walked(&app).await;
        let mut made = bundle(&app, &id).await;
        let events = made["events"].as_array_mut().unwrap();
        events.pop();
        let count = events.len();
        made["last"]["sequence"] = json!(count);
        let verdict = read(&made).verify(&log_key());
        // Each event is proved; that they are all is not.
        assert!(verdict.events.iter().all(Option::is_none));
        assert_eq!(verdict.fault, Some(BundleFault::Incomplete));
    }

    async fn the_verdict_names_the_event(engine) {
        let app = TestApp::on(engine).await;
        let (id, _) = walked(&app).await;
        let mut made = bundle(&app, &id).await;
        made["events"][4]["payload"] = json!(nudged(made["events"][4]["payload"].as_str().unwrap(), 30));
        let verdict = read(&made).verify(&log_key());
        assert_eq!(verdict.fault, None);
        for (place, fault) in verdict.events.iter().enumerate() {
            assert_eq!(*fault, (place == 4).then_some(EventFault::NotInLog), "{place}");
        }
    }

    async fn erasure_leaves_every_proof_valid(engine) {
        let app = TestApp::on(engine).await;
        let (id, _) = walked(&app).await;
        let before = bundle(&app, &id).await;
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        let after = bundle(&app, &id).await;
        assert!(holds(&before) && holds(&after));
        assert_eq!(after["events"].as_array().unwrap().len(), before["events"].as_array().unwrap().len() + 1);
        let report = check(app.commands.journal()).await;
        assert!(report.holds(), "{report:?}");
    }

    async fn a_bundle_is_for_those_who_see_the_path_holds_no_name_and_is_recorded(engine) {
        let app = TestApp::on(engine).await;
        let (id, _) = walked(&app).await;
        let path = format!("/v1/beneficiaries/{id}/evidence");
        for role in [Role::Analyst, Role::Donor] {
            app.get(&app.token(role).await, &path).await.problem(403, "forbidden");
        }
        let token = app.token_of("mopti", Role::Director, region("mopti")).await;
        app.get(&token, &path).await.problem(404, "not-found");
        let token = app.token(Role::Director).await;
        let reply = app.get(&token, &path).await;
        assert_eq!((reply.status, reply.header("cache-control")), (200, "no-store"));
        for part in NAME.split(' ') {
            assert!(!reply.text.contains(part), "a bundle names a person");
        }
        let read: i64 = on_engine!(app.commands.journal().pool(), db => {
            sqlx::query_scalar("SELECT count(*) FROM access_log WHERE action = 'evidence' AND aggregate_id = $1")
                .bind(&id).fetch_one(db).await
        }).unwrap();
        assert_eq!(read, 1);
    }

    async fn the_program_writes_a_bundle_and_checks_it_without_any_access(engine) {
        let app = TestApp::on(engine).await;
        let (id, _) = walked(&app).await;
        app.covered().await;
        app.keeper.stop().await;
        let shown = run(engine, "evidence key");
        let key = String::from_utf8(shown.stdout).unwrap().trim().to_owned();
        assert_eq!(key, log_key().to_string());
        let written = run(engine, &format!("evidence {id} -o preuves.json"));
        assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
        // Somebody else, elsewhere: no database, no key but that one.
        let elsewhere = Engine::sqlite();
        std::fs::copy(engine.folder().join("preuves.json"), elsewhere.folder().join("preuves.json")).unwrap();
        let checked = run(&elsewhere, &format!("verify --bundle preuves.json --key {key}"));
        let said = String::from_utf8(checked.stdout).unwrap();
        assert!(checked.status.success(), "{said}");
        assert!(said.contains("Prouvé :") && said.contains("Inscription"), "{said}");
        assert!(!elsewhere.folder().join("data").exists(), "checking a bundle made a folder");
        let text = std::fs::read_to_string(elsewhere.folder().join("preuves.json")).unwrap();
        std::fs::write(elsewhere.folder().join("preuves.json"), text.replacen("2022-02-05", "2022-02-04", 1)).unwrap();
        let checked = run(&elsewhere, &format!("verify --lang en --bundle preuves.json --key {key}"));
        assert_eq!(checked.status.code(), Some(1));
        assert!(String::from_utf8(checked.stdout).unwrap().contains("NOT PROVED"));
        let used = run(&elsewhere, "verify --bundle preuves.json");
        assert_eq!(used.status.code(), Some(2), "a bundle without a key proves nothing");
        // The whole journal, and against the checkpoint that was kept.
        let whole = run(engine, &format!("verify --key {key} --save kept.txt"));
        assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
        let nightly = run(engine, &format!("verify --key {key} --since kept.txt --against kept.txt --json"));
        let report: Value = serde_json::from_slice(&nightly.stdout).unwrap();
        assert_eq!(report["holds"], json!(true), "{report}");
    }
}
