//! Imports: the real file, refusals by row and column, an import that is cut off, and withdrawals.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use sira::import::{Import, ImportMap, ImportOutcome, WithdrawError, withdraw};
use sira::journal::RecordedEvent;
use sira_domain::reference::Language;
use sira_domain::role::Role;
use sira_numbers::Position;

use crate::api::app::TestApp;
use crate::on_both_engines;

const NSW_FILE: &str = include_str!("../../examples/nsw_dw.csv");
const NSW_MAP: &str = include_str!("../../examples/nsw_dw.toml");
/// Register and three incomes for 445 people, a recognised training for 185.
const NSW_COMMANDS: u64 = 445 * 4 + 185;

/// A programme of the file's own years, with its office; its id.
async fn nsw_programme(app: &TestApp) -> String {
    let director = app.token(Role::Director).await;
    let convention = json!({
        "name": "National Supported Work", "signed_on": "1975-01-01", "term_years": 4,
        "renewable": false, "parties": [{ "name": "MDRC", "role": "implementer" }],
    });
    let signed = app.post(&director, "/v1/programmes", &convention).await.ok(201);
    let id = signed["id"].as_str().unwrap().to_owned();
    let office =
        json!({ "office": "nsw", "name": "NSW", "region": "bamako", "occurred_on": "1975-01-01" });
    let path = format!("/v1/programmes/{id}/commands/open-office");
    app.post(&director, &path, &office).await.ok(200);
    id
}

fn prepare(app: &TestApp, map: &str, file: &str, programme: &str, dry_run: bool) -> Import {
    let variables = BTreeMap::from([("programme".to_owned(), programme.to_owned())]);
    let read = ImportMap::read(map, variables).unwrap();
    Import::new(read, map, file.as_bytes(), app.commands.clone(), dry_run, Language::En).unwrap()
}

async fn run(app: &TestApp, file: &str, programme: &str) -> (String, ImportOutcome) {
    let import = prepare(app, NSW_MAP, file, programme, false);
    let outcome = import.run(file.as_bytes(), |_| ()).await.unwrap();
    (import.batch().to_owned(), outcome)
}

/// Imports the whole real file into a programme of its own.
pub async fn import_the_real_file(app: &TestApp) {
    let programme = nsw_programme(app).await;
    let (_, outcome) = run(app, NSW_FILE, &programme).await;
    assert_eq!(outcome.recorded, NSW_COMMANDS, "{:?}", outcome.refused);
}

/// Imports a part of the real file into a programme of its own, and withdraws it again.
pub async fn import_some(app: &TestApp) {
    let programme = nsw_programme(app).await;
    let (batch, outcome) = run(app, &head_of(NSW_FILE, 12), &programme).await;
    assert!(outcome.recorded > 0 && outcome.refused.is_empty(), "{:?}", outcome.refused);
    let actor = "import".parse().unwrap();
    withdraw(&app.commands, &batch, "essai", actor, Language::Fr).await.unwrap();
}

async fn journal_of(app: &TestApp) -> Vec<RecordedEvent> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position::START, |event| event.position);
        let page = app.commands.journal().read_feed(after, 1_000).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

fn imported(events: &[RecordedEvent]) -> impl Iterator<Item = (&RecordedEvent, Value)> {
    let with_metadata = |event| (event, metadata_of(event));
    events.iter().map(with_metadata).filter(|(_, metadata)| !metadata["import_batch"].is_null())
}

fn metadata_of(event: &RecordedEvent) -> Value {
    serde_json::from_str(&event.metadata).unwrap()
}

fn head_of(file: &str, rows: usize) -> String {
    file.lines().take(rows + 1).collect::<Vec<_>>().join("\n")
}

/// Mean income of 1978 of the trained and of the others.
fn means(events: &[RecordedEvent]) -> (f64, f64) {
    let mut trained = BTreeSet::new();
    let mut incomes = Vec::new();
    for event in events {
        let fact: Value = serde_json::from_str(&event.payload).unwrap();
        if event.event_type == "TrainingCompleted" {
            trained.insert(event.stream.aggregate_id);
        }
        let income = &fact["fact"]["IncomeRecorded"];
        if income["survey"] == "follow_up" {
            incomes.push((event.stream.aggregate_id, income["amount"].as_u64().unwrap()));
        }
    }
    let mean = |wanted: bool| {
        let group: Vec<u64> = incomes
            .iter()
            .filter(|(id, _)| trained.contains(id) == wanted)
            .map(|(_, amount)| *amount)
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "sums of a few hundred incomes")]
        let mean = group.iter().sum::<u64>() as f64 / group.len() as f64;
        mean
    };
    (mean(true), mean(false))
}

on_both_engines! {
    async fn the_real_file_gives_445_paths_once_however_often_it_is_imported(engine) {
        let app = TestApp::on(engine).await;
        let programme = nsw_programme(&app).await;

        let (batch, first) = run(&app, NSW_FILE, &programme).await;
        assert_eq!((first.rows, first.recorded, first.already_done), (445, NSW_COMMANDS, 0));
        assert!(first.refused.is_empty(), "{:?}", first.refused);

        let events = journal_of(&app).await;
        let (same_batch, again) = run(&app, NSW_FILE, &programme).await;
        assert_eq!(same_batch, batch);
        assert_eq!((again.rows, again.recorded, again.already_done), (445, 0, NSW_COMMANDS));
        assert_eq!(journal_of(&app).await.len(), events.len());

        let mut rows = BTreeMap::new();
        for (event, metadata) in imported(&events) {
            assert_eq!(metadata["import_batch"], batch.as_str());
            assert_eq!(metadata["import_file"].as_str().unwrap().len(), 64);
            let row: u64 = metadata["import_row"].as_str().unwrap().parse().unwrap();
            rows.entry(row).or_insert_with(BTreeSet::new).insert(event.stream.aggregate_id);
        }
        assert_eq!(rows.len(), 445);
        assert!(rows.values().all(|paths| paths.len() == 1), "a row is one path");

        // Published means of real earnings in 1978: 6,349.1 and 4,554.8. Each income rounded half up
        // to whole units first, as it is stored, they are 6,349.17 and 4,554.83.
        let (trained, others) = means(&events);
        let is_near = |mean: f64, published: f64| (mean - published).abs() < 0.001;
        assert!(is_near(trained, 6_349.173) && is_near(others, 4_554.827), "{trained} {others}");
    }

    async fn a_dry_run_judges_every_row_and_records_nothing(engine) {
        let app = TestApp::on(engine).await;
        let programme = nsw_programme(&app).await;
        let before = journal_of(&app).await.len();
        let file = head_of(NSW_FILE, 20);
        let import = prepare(&app, NSW_MAP, &file, &programme, true);
        let outcome = import.run(file.as_bytes(), |_| ()).await.unwrap();
        assert_eq!((outcome.rows, outcome.recorded), (20, 20 * 5));
        assert_eq!(journal_of(&app).await.len(), before);
    }

    async fn a_refused_row_is_named_by_its_number_column_and_rule_and_the_others_go_on(engine) {
        let app = TestApp::on(engine).await;
        let programme = nsw_programme(&app).await;
        let file = "row,treat,age,educ,black,hisp,marr,nodegree,re74,re75,re78\n\
                    1,1,37,11,1,0,1,1,0.0,0.0,9930.05\n\
                    2,1,90,99,0,1,0,1,0.0,0.0,3595.89\n\
                    3,1,90,11,0,1,0,1,0.0,0.0,3595.89\n\
                    4,1,30,12,1,0,0,0,-5,0.0,24909.45\n\
                    5,0,-40,12,1,0,0,0,0.0,0.0,1\n\
                    6,0,27,11,1,0,0,1,0.0,0.0,7506.15\n";
        let import = prepare(&app, NSW_MAP, file, &programme, false);
        let outcome = import.run(file.as_bytes(), |_| ()).await.unwrap();
        let refused: Vec<_> = outcome
            .refused
            .iter()
            .map(|line| (line.row, line.command.as_str(), line.column.as_str(), line.rule.as_str()))
            .collect();
        let expected = [
            (2, "register", "educ", "unknown_code"),
            (3, "register", "age", "number_range"),
            (4, "record-income", "re74", "wrong_type"),
            (5, "register", "age", "date_in_future"),
        ];
        assert_eq!(refused, expected);
        assert_eq!(outcome.recorded, 5 + 1 + 4);
    }

    async fn a_refused_row_names_every_column_that_cannot_be_filled_with_its_rule(engine) {
        let app = TestApp::on(engine).await;
        let programme = nsw_programme(&app).await;
        // The column `re78` is missing; in row 2 three columns of two commands are wrong beside it.
        let file = "row,treat,age,educ,black,hisp,marr,nodegree,re74,re75\n\
                    1,1,37,11,1,0,1,1,0.0,0.0\n\
                    2,1,old,99,0,1,0,1,0.0,much\n\
                    3,1,90,11,0,1,0,1,none,0.0\n";
        let import = prepare(&app, NSW_MAP, file, &programme, false);
        let outcome = import.run(file.as_bytes(), |_| ()).await.unwrap();
        let refused: Vec<_> = outcome
            .refused
            .iter()
            .map(|line| (line.row, line.command.as_str(), line.column.as_str(), line.rule.as_str()))
            .collect();
        let expected = [
            (1, "record-income", "re78", "missing_field"),
            (2, "register", "age", "wrong_type"),
            (2, "register", "educ", "unknown_code"),
            (2, "record-income", "re75", "wrong_type"),
            (2, "record-income", "re78", "missing_field"),
            (3, "register", "age", "number_range"),
            (3, "record-income", "re74", "wrong_type"),
            (3, "record-income", "re78", "missing_field"),
        ];
        assert_eq!(refused, expected);
        assert_eq!(outcome.refused_rows(), 3);
        assert!(outcome.refused.iter().all(|line| !line.detail.is_empty()));
    }

    async fn an_import_that_is_cut_off_goes_on_where_it_stopped(engine) {
        let app = TestApp::on(engine).await;
        let programme = nsw_programme(&app).await;
        let import = prepare(&app, NSW_MAP, NSW_FILE, &programme, false);
        // Dropped in the middle, as a kill would: rows under way are left where they are.
        let cut = tokio::time::timeout(Duration::from_millis(60), import.run(NSW_FILE.as_bytes(), |_| ())).await;
        assert!(cut.is_err(), "it should have been cut off before its end");
        let (_, outcome) = run(&app, NSW_FILE, &programme).await;
        assert_eq!(outcome.recorded + outcome.already_done, NSW_COMMANDS);
        assert!(outcome.refused.is_empty(), "{:?}", outcome.refused);
        let events = journal_of(&app).await;
        assert_eq!(imported(&events).count() as u64, NSW_COMMANDS);
    }

    async fn a_batch_is_withdrawn_whole_or_not_at_all(engine) {
        let app = TestApp::on(engine).await;
        let programme = nsw_programme(&app).await;
        let file = head_of(NSW_FILE, 30);
        let (batch, outcome) = run(&app, &file, &programme).await;
        assert_eq!(outcome.recorded, 30 * 5);
        let path = journal_of(&app).await[2].stream.aggregate_id;

        // Somebody worked with one of the paths: nothing is withdrawn, and the path is named.
        let note = json!({ "text": "Revu au bureau." });
        let added = app.done(Role::Adviser, &path.to_string(), "add-note", &note).await;
        let before = journal_of(&app).await.len();
        let actor = || "import".parse().unwrap();
        let refused = withdraw(&app.commands, &batch, "mauvais fichier", actor(), Language::Fr).await;
        let Err(WithdrawError::MovedOn(paths)) = refused else { panic!("{refused:?}") };
        assert_eq!(paths.iter().map(|moved| moved.id).collect::<Vec<_>>(), [path]);
        assert_eq!(journal_of(&app).await.len(), before);

        // Once that is taken back, all of it goes, and nothing is left of the paths but history.
        let retraction = json!({ "sequence": added["version"], "reason": "Note de trop." });
        app.done(Role::Director, &path.to_string(), "retract", &retraction).await;
        let done = withdraw(&app.commands, &batch, "mauvais fichier", actor(), Language::Fr).await.unwrap();
        assert_eq!((done.paths, done.events), (30, 150));
        let again = withdraw(&app.commands, &batch, "mauvais fichier", actor(), Language::Fr).await.unwrap();
        assert_eq!(again.events, 0);
        let standing = app.commands.current_beneficiary(path).await.unwrap().unwrap();
        assert!(standing.state.state().registration.is_none());

        // The same rows can be imported anew.
        let (_, anew) = run(&app, &file, &programme).await;
        assert_eq!((anew.recorded, anew.refused.len()), (150, 0), "{:?}", anew.refused);
        let standing = app.commands.current_beneficiary(path).await.unwrap().unwrap();
        assert!(standing.state.state().registration.is_some());
        let nothing = withdraw(&app.commands, "0000", "x", actor(), Language::Fr).await;
        assert!(matches!(nothing, Err(WithdrawError::NoSuchBatch)));
    }
}
