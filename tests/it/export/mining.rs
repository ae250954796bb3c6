//! Process-mining logs, read back by pm4py and counted against the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sira::export::mining::{MiningForm, export};
use sira::journal::RecordedEvent;
use sira_domain::reference::Language;
use sira_domain::role::Role;
use sira_numbers::{Position, Sequence};

use super::town::{LOGIN, SECRETS, Town, journal_of, staff, town};
use crate::api::app::TestApp;
use crate::on_both_engines;
use crate::support::Engine;

/// The Python that `tests/run.sh` sets up, with pm4py.
pub fn python() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    target.join("mining/bin/python")
}

/// What pm4py finds in a file.
fn read(form: &str, file: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mining/read.py");
    let python = python();
    let ran = Command::new(&python).arg(script).arg(form).arg(file).output();
    let ran = ran.unwrap_or_else(|error| {
        panic!("{}: {error}: run tests/run.sh once, which sets it up", python.display())
    });
    let told = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_str(told.lines().last().unwrap()).unwrap()
}

async fn written(app: &TestApp, form: MiningForm, up_to: Option<Position>) -> (String, u64) {
    let (journal, names) = (app.commands.journal(), staff(app));
    let written =
        export(journal, &names, form, Language::Fr, up_to, Vec::new(), &|_, _| ()).await.unwrap();
    let text = String::from_utf8(written.0).unwrap();
    for secret in SECRETS.into_iter().chain([LOGIN, "sealed:", "Centre", "Bailleur", "OM-1"]) {
        assert!(!text.contains(secret), "{secret}");
    }
    (text, written.1.rows)
}

async fn read_written(engine: &Engine, app: &TestApp, form: MiningForm) -> Value {
    let (name, word) = match form {
        MiningForm::Ocel => ("log.json", "ocel"),
        MiningForm::Xes => ("log.xes", "xes"),
    };
    let file = engine.folder().join(name);
    let (text, rows) = written(app, form, None).await;
    std::fs::write(&file, text).unwrap();
    let found = tokio::task::spawn_blocking(move || read(word, &file)).await.unwrap();
    assert_eq!(found["events"], json!(rows));
    found
}

fn fact(event: &RecordedEvent) -> Value {
    let payload: Value = serde_json::from_str(&event.payload).unwrap();
    payload["fact"][&event.event_type].clone()
}

/// The events of the journal that stand and that no other stream's event tells.
async fn standing(app: &TestApp) -> Vec<RecordedEvent> {
    let events = journal_of(app).await;
    let retracted: BTreeSet<_> = events
        .iter()
        .filter(|event| event.event_type == "Retracted")
        .map(|event| {
            (
                event.stream.aggregate_id,
                Sequence::of_count(fact(event)["sequence"].as_u64().unwrap()),
            )
        })
        .collect();
    assert!(!retracted.is_empty());
    let told_elsewhere = |event: &RecordedEvent| match &*event.stream.aggregate_type {
        "fund" => !["FundOpened", "PaymentsReconciled"].contains(&event.event_type.as_str()),
        "cohort" => event.event_type.starts_with("Seat"),
        _ => event.event_type == "Retracted",
    };
    let stands = |event: &RecordedEvent| {
        !told_elsewhere(event) && !retracted.contains(&(event.stream.aggregate_id, event.sequence))
    };
    events.into_iter().filter(stands).collect()
}

fn counted<'a>(words: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, u64> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}

/// The objects beside its own that each event of the town touches, by what they are to it.
fn touched(events: &[RecordedEvent], town: &Town) -> BTreeMap<&'static str, u64> {
    let member = |event: &RecordedEvent| {
        // The three of the class: registered in this order, after the two before them.
        town.people[2..5].contains(&event.stream.aggregate_id.to_string())
    };
    let mut counts = BTreeMap::from([("subject", events.len() as u64)]);
    for event in events {
        let also = match event.event_type.as_str() {
            "Registered" | "CohortPlanned" | "FundOpened" => "programme",
            "TrainingEnrolled" | "TrainingWithdrawn" => "cohort",
            "AttendanceRecorded" | "ModuleAssessed" if member(event) => "cohort",
            "FinancingRequested"
            | "FinancingApproved"
            | "AgreementSigned"
            | "DisbursementRecorded"
            | "RepaymentRecorded" => "fund",
            "DuplicateLinked" => "same person",
            _ => continue,
        };
        *counts.entry(also).or_insert(0) += 1;
    }
    counts
}

on_both_engines! {
    async fn pm4py_finds_every_object_event_and_relation_of_the_ocel(engine) {
        let app = TestApp::on(engine).await;
        let town = town(&app).await;
        let found = read_written(engine, &app, MiningForm::Ocel).await;
        let events = standing(&app).await;
        assert_eq!(found["events"], json!(events.len()));
        let activities = counted(events.iter().map(|event| event.event_type.as_str()));
        assert_eq!(found["activities"], json!(activities));
        let types = json!({ "beneficiary": town.people.len(), "cohort": 1, "fund": 1, "programme": 1 });
        assert_eq!(found["object_types"], types);
        let touched = touched(&events, &town);
        assert_eq!(found["qualifiers"], json!(touched));
        assert_eq!(found["relations"], json!(touched.values().sum::<u64>()));
        // Everybody, the cohort and the fund in the programme; three in the cohort, one financed, and two paths of
        // one person that name each other.
        assert_eq!(found["object_relations"], json!(town.people.len() + 2 + 3 + 1 + 2));
        assert_eq!(found["dangling"], json!(0));
        // Moved to another office in another region.
        assert_eq!(found["changes"], json!(2));
        let amounts = events.iter().filter_map(|event| fact(event)["amount"].as_i64()).sum::<i64>();
        assert_eq!(found["amounts"], json!(amounts));
        let timeline = found["timeline"].as_array().unwrap();
        let by_position: BTreeMap<_, _> = events.iter().map(|event| (event.position, event)).collect();
        for one in timeline {
            let [position, time, recorded] = [0, 1, 2].map(|place| one[place].as_str().unwrap());
            let event = by_position[&position.parse::<Position>().unwrap()];
            let payload: Value = serde_json::from_str(&event.payload).unwrap();
            assert!(time.starts_with(payload["occurred_on"].as_str().unwrap()), "{one}");
            let recorded: chrono::DateTime<chrono::Utc> = recorded.parse().unwrap();
            assert_eq!(recorded, event.recorded_at);
        }
    }

    async fn pm4py_finds_every_path_of_the_xes_in_the_order_of_its_facts(engine) {
        let app = TestApp::on(engine).await;
        let town = town(&app).await;
        let found = read_written(engine, &app, MiningForm::Xes).await;
        let mut paths: BTreeMap<String, Vec<(String, Position, String)>> = BTreeMap::new();
        for event in standing(&app).await {
            if event.stream.aggregate_type == "beneficiary" {
                let payload: Value = serde_json::from_str(&event.payload).unwrap();
                let on = payload["occurred_on"].as_str().unwrap().to_owned();
                let path = paths.entry(event.stream.aggregate_id.to_string()).or_default();
                path.push((on, event.position, event.event_type));
            }
        }
        let cases: BTreeMap<_, Vec<_>> = paths
            .iter_mut()
            .map(|(id, path)| {
                path.sort();
                (id, path.iter().map(|(.., name)| name).collect())
            })
            .collect();
        assert_eq!(found["cases"], json!(cases));
        assert_eq!(cases.len(), town.people.len());
        assert_eq!(found["starts"], json!({ "Registered": town.people.len() }));
        assert_eq!(found["transitions"], json!(["complete"]));
        assert_eq!(found["sexes"], json!({ "female": town.people.len() - 2, "male": 2 }));
        let resources = found["resources"].as_array().unwrap();
        assert!(resources.iter().all(|name| name.as_str().unwrap().starts_with("staff-")));
        assert!(resources.contains(&json!(staff(&app).of(LOGIN))));
        assert!(found["roles"].as_object().unwrap().contains_key("committee"));
        assert!(found["labels"].as_array().unwrap().contains(&json!("Démarrage d'activité")));
    }

    async fn the_cases_that_count_are_the_people_of_the_funnel(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let mut ids = Vec::new();
        for _ in 0..6 {
            ids.push(app.register(&programme).await["id"].as_str().unwrap().to_owned());
        }
        app.done(Role::Director, &ids[1], "link-duplicate", &json!({ "continues": ids[0] })).await;
        app.done(Role::Admin, &ids[2], "erase-personal-data", &json!({ "ground": "request" })).await;
        let exit = json!({ "occurred_on": "2022-03-01", "reason": "moved" });
        for id in &ids[3..5] {
            app.done(Role::Adviser, id, "exit", &exit).await;
        }
        app.done(Role::Director, &ids[4], "reopen", &json!({ "occurred_on": "2022-03-02", "reason": "Revenue" })).await;
        app.done(Role::Director, &ids[5], "retract", &json!({ "sequence": 1, "reason": "Essai" })).await;
        app.caught_up().await;
        let director = app.token(Role::Director).await;
        let funnel = app.get(&director, "/v1/analytics/funnel").await.ok(200);
        let rows = funnel["rows"].as_array().unwrap();
        let registered = rows.iter().find(|row| row["indicator"] == "funnel_registered").unwrap()["value"].clone();
        assert_eq!(registered, json!(4));
        for form in [MiningForm::Xes, MiningForm::Ocel] {
            let found = read_written(engine, &app, form).await;
            assert_eq!(found["flags"], json!({ "counted": 4, "duplicate": 1, "erased": 1, "withdrawn": 1 }));
        }
    }

    async fn two_paths_of_one_person_say_so_until_they_are_two_again(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let mut ids = Vec::new();
        for _ in 0..2 {
            ids.push(app.register(&programme).await["id"].as_str().unwrap().to_owned());
        }
        let said = async || {
            let (ocel, _) = written(&app, MiningForm::Ocel, None).await;
            let ocel: Value = serde_json::from_str(&ocel).unwrap();
            let of = |id: &String| {
                let objects = ocel["objects"].as_array().unwrap();
                let own = objects.iter().find(|object| object["id"] == json!(id)).unwrap();
                let related = own["relationships"].as_array().unwrap().iter();
                let others: Vec<Value> = related.filter(|one| one["qualifier"] != "programme").cloned().collect();
                others
            };
            let (xes, _) = written(&app, MiningForm::Xes, None).await;
            ([of(&ids[0]), of(&ids[1])], xes.matches("key=\"continues_as\"").count(), xes)
        };
        app.done(Role::Director, &ids[1], "link-duplicate", &json!({ "continues": ids[0] })).await;
        let (related, traces, xes) = said().await;
        let other = |id: &str, qualifier: &str| vec![json!({ "objectId": id, "qualifier": qualifier })];
        assert_eq!(related, [other(&ids[1], "continues from"), other(&ids[0], "continues as")]);
        assert_eq!(traces, 1);
        assert!(xes.contains(&format!("<string key=\"continues_as\" value=\"{}\"/>", ids[0])));
        app.done(Role::Director, &ids[1], "unlink-duplicate", &json!({ "reason": "Deux personnes" })).await;
        let (related, traces, _) = said().await;
        assert_eq!((related, traces), ([vec![], vec![]], 0));
    }

    async fn a_log_ends_at_the_position_asked_for(engine) {
        let app = TestApp::on(engine).await;
        town(&app).await;
        let events = journal_of(&app).await;
        // Before the first retraction everything stands.
        let retraction = events.iter().find(|event| event.event_type == "Retracted").unwrap().position;
        let of_paths = events.iter().filter(|event| event.position < retraction && event.stream.aggregate_type == "beneficiary");
        let (xes, rows) = written(&app, MiningForm::Xes, Some(retraction.before())).await;
        assert_eq!(rows, of_paths.count() as u64);
        assert!(xes.contains(&format!("<int key=\"position\" value=\"{}\"/>", retraction.before())));
        let (ocel, rows) = written(&app, MiningForm::Ocel, Some(0.into())).await;
        let ocel: Value = serde_json::from_str(&ocel).unwrap();
        assert_eq!((rows, &ocel["events"], &ocel["objects"]), (0, &json!([]), &json!([])));
    }
}
