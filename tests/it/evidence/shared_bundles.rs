//! Bundles of cohorts and funds: whole and checked like a path's, and for nobody who is not shown everybody in them.

use serde_json::{Value, json};
use sira::evidence::bundle::{Bundle, BundleFault, EventFault};
use sira::grant::Scope;
use sira_database::on_engine;
use sira_domain::role::Role;
use sira_domain::values::FundId;

use super::log_key;
use crate::api::app::{NAME, TestApp, office, region, steps};
use crate::api::money::{approval, request, with_plan};
use crate::export::command::run;
use crate::on_both_engines;
use crate::support::Engine;

/// A cohort with a member, and a fund that was committed to somebody.
struct Shared {
    programme: String,
    cohort: String,
    member: String,
    fund: String,
    financed: String,
}

async fn shared(app: &TestApp) -> Shared {
    let programme = app.programme().await;
    let (cohort, fund) =
        (app.cohort(&programme, "g1", 10).await, app.fund(&programme, "f1", 900_000).await);
    let member = app.register(&programme).await["id"].as_str().unwrap().to_owned();
    app.walk(&member, &steps(), "decide-selection").await;
    let seat = json!({ "occurred_on": "2022-02-20", "cohort": cohort });
    app.done(Role::Adviser, &member, "enrol-in-training", &seat).await;
    let financed = with_plan(app, &programme).await;
    app.done(Role::Adviser, &financed, "request-financing", &request(&fund, 300_000)).await;
    app.done(Role::Committee, &financed, "approve-financing", &approval(&[200_000, 100_000])).await;
    app.caught_up().await;
    Shared { programme, cohort, member, fund, financed }
}

impl Shared {
    /// Where the two bundles are, with the kind of stream, its id and its number of events.
    fn both(&self) -> [(String, &'static str, &str, usize); 2] {
        [
            (format!("/v1/cohorts/{}/evidence", self.cohort), "cohort", &self.cohort, 2),
            (format!("/v1/funds/{}/evidence", self.fund), "fund", &self.fund, 2),
        ]
    }
}

fn read(bundle: &Value) -> Bundle {
    serde_json::from_value(bundle.clone()).unwrap()
}

async fn readings(app: &TestApp, id: &str) -> i64 {
    on_engine!(app.commands.journal().pool(), db => {
        sqlx::query_scalar("SELECT count(*) FROM access_log WHERE action = 'evidence' AND aggregate_id = $1")
            .bind(id).fetch_one(db).await
    })
    .unwrap()
}

on_both_engines! {
    async fn a_bundle_proves_a_cohort_and_a_fund_whole_and_of_their_kind(engine) {
        let app = TestApp::on(engine).await;
        let shared = shared(&app).await;
        for (path, kind, id, count) in shared.both() {
            let reply = app.get(&app.token(Role::Auditor).await, &path).await;
            let made: Value = reply.ok(200);
            assert_eq!(reply.header("cache-control"), "no-store");
            let verdict = read(&made).verify(&log_key());
            assert!(verdict.holds(), "{kind}: {verdict:?}");
            assert_eq!((&made["stream_type"], &made["stream_id"], verdict.events.len()), (&json!(kind), &json!(id), count));
            // What was tampered with is named, in whichever part.
            for (at, value, fault) in [
                ("/events/1/payload", json!("{}"), None),
                ("/events/0/recorded_at", json!("2022-01-01T00:00:00.000000Z"), None),
                ("/stream_type", json!("beneficiary"), Some(BundleFault::Incomplete)),
                ("/stream_id", json!(shared.member), Some(BundleFault::Incomplete)),
                ("/last/sequence", json!(1), Some(BundleFault::Incomplete)),
            ] {
                let mut changed = made.clone();
                *changed.pointer_mut(at).unwrap() = value;
                let verdict = read(&changed).verify(&log_key());
                assert!(!verdict.holds(), "{kind} {at}");
                match fault {
                    Some(fault) => assert_eq!(verdict.fault, Some(fault), "{kind} {at}"),
                    None => assert!(verdict.events.contains(&Some(EventFault::NotInLog)), "{kind} {at}"),
                }
            }
            let mut cut = made.clone();
            cut["events"].as_array_mut().unwrap().pop();
            cut["last"]["sequence"] = json!(count - 1);
            assert_eq!(read(&cut).verify(&log_key()).fault, Some(BundleFault::Incomplete), "{kind}");
        }
    }

    async fn a_bundle_is_for_those_who_are_shown_everybody_in_it_and_is_recorded(engine) {
        let app = TestApp::on(engine).await;
        let shared = shared(&app).await;
        for (path, _, id, _) in shared.both() {
            for role in Role::ALL {
                let reply = app.get(&app.token(role).await, &path).await;
                match role {
                    Role::Finance | Role::Director | Role::Auditor | Role::Admin => drop(reply.ok(200)),
                    _ => drop(reply.problem(403, "forbidden")),
                }
            }
            assert_eq!(readings(&app, id).await, 4);
        }
        let [(of_cohort, ..), (of_fund, ..)] = shared.both();
        // Another region's director finds no such group; of the fund, which is everybody's, there is nobody theirs.
        let elsewhere = app.token_of("mopti", Role::Director, region("mopti")).await;
        app.get(&elsewhere, &of_cohort).await.problem(404, "not-found");
        app.get(&elsewhere, &of_fund).await.problem(403, "out-of-scope");
        let cashier = app.token_of("caisse", Role::Finance, office(&shared.programme, "mopti-1")).await;
        app.get(&cashier, &of_fund).await.problem(403, "out-of-scope");
        // Here everybody is theirs, until somebody moves away.
        let here = app.token_of("segou", Role::Director, region("segou")).await;
        for path in [&of_cohort, &of_fund] {
            app.get(&here, path).await.ok(200);
        }
        let away = json!({ "office": "mopti-1", "region": "mopti", "reason": "Déménage" });
        app.hand_over(&shared.financed, &away).await;
        app.caught_up().await;
        app.get(&here, &of_fund).await.problem(403, "out-of-scope");
        app.get(&here, &of_cohort).await.ok(200);
        // A donor is told what is published of its own fund, and no event of it.
        let scope = Scope::Funds(vec![FundId(shared.fund.parse().unwrap())]);
        let donor = app.token_of("bailleur", Role::Donor, scope).await;
        app.get(&donor, &of_fund).await.problem(403, "forbidden");
        // Nobody who was refused stands among the readers: four roles, and the one whose region it is.
        assert_eq!((readings(&app, &shared.cohort).await, readings(&app, &shared.fund).await), (6, 5));
    }

    async fn no_bundle_holds_a_name_and_an_erasure_leaves_every_proof_valid(engine) {
        let app = TestApp::on(engine).await;
        let shared = shared(&app).await;
        let token = app.token(Role::Auditor).await;
        let mut before = Vec::new();
        for (path, ..) in shared.both() {
            before.push(app.get(&token, &path).await.ok(200));
        }
        for id in [&shared.member, &shared.financed] {
            app.done(Role::Admin, id, "erase-personal-data", &json!({ "ground": "request" })).await;
        }
        for ((path, kind, ..), before) in shared.both().into_iter().zip(before) {
            let reply = app.get(&token, &path).await;
            for part in NAME.split(' ').chain(["70 00 00 01", "puits imaginaire"]) {
                assert!(!reply.text.contains(part), "a bundle of a {kind} tells who somebody is");
            }
            for bundle in [&before, &reply.ok(200)] {
                assert!(read(bundle).verify(&log_key()).holds(), "{kind}");
            }
        }
    }

    async fn the_program_writes_and_checks_the_bundle_of_a_cohort_and_a_fund(engine) {
        let app = TestApp::on(engine).await;
        let shared = shared(&app).await;
        app.covered().await;
        app.keeper.stop().await;
        let key = log_key().to_string();
        let elsewhere = Engine::sqlite();
        for (_, kind, id, count) in shared.both() {
            let written = run(engine, &format!("evidence {id} -o preuves.json"));
            assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
            let there = elsewhere.folder().join("preuves.json");
            std::fs::copy(engine.folder().join("preuves.json"), &there).unwrap();
            let checked = run(&elsewhere, &format!("verify --lang en --bundle preuves.json --key {key}"));
            let said = String::from_utf8(checked.stdout).unwrap();
            assert!(checked.status.success(), "{said}");
            assert!(said.starts_with(&format!("{kind} {id}\n")), "{said}");
            assert!(said.contains(&format!("Proved: {count} events")), "{said}");
            let told = run(&elsewhere, &format!("verify --json --bundle preuves.json --key {key}"));
            let told = String::from_utf8(told.stdout).unwrap();
            let told: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
            assert_eq!((&told["holds"], &told["stream_type"], &told["stream_id"]), (&json!(true), &json!(kind), &json!(id)));
            let text = std::fs::read_to_string(&there).unwrap();
            std::fs::write(&there, text.replacen("2022", "2023", 1)).unwrap();
            let checked = run(&elsewhere, &format!("verify --lang en --bundle preuves.json --key {key}"));
            assert_eq!(checked.status.code(), Some(1));
            std::fs::remove_file(engine.folder().join("preuves.json")).unwrap();
        }
        let nothing = run(engine, "evidence 00000000-0000-4000-8000-000000000000 -o rien.json --lang en");
        assert_eq!(nothing.status.code(), Some(1));
        assert!(!engine.folder().join("rien.json").exists());
    }
}
