//! Every table in every format, against the table itself; and one moment for all pages.

use std::collections::BTreeSet;
use std::sync::Mutex;

use chrono::{DateTime, NaiveDate, Utc};
use sira::export::tables::{TableExport, TableMoment};
use sira::export::{ExportError, Exported};
use sira::formats::{Format, Sheet};
use sira::read_side::JournalFeed;
use sira_database::on_engine;
use sira_domain::reference::Language;
use sira_projections::models::MODELS;
use sira_projections::rebuild::rebuild_models;
use sira_projections::table::{Column, Keeping, Kind, Realm, TABLES, Table};
use tokio::sync::watch;

use super::read_back::{ReadBack, moment, read_back};
use super::town::{LOGIN, SECRETS, staff, town};
use crate::api::app::TestApp;
use crate::on_both_engines;

/// Few rows, so that every table has several pages.
const SMALL_PAGE: u32 = 2;

fn export(name: &str, format: Format) -> TableExport {
    TableExport {
        table: Table::named(name).unwrap(),
        moment: TableMoment::Now,
        format,
        language: Language::En,
        page_rows: SMALL_PAGE,
    }
}

async fn written(
    app: &TestApp,
    export: &TableExport,
) -> Result<(Vec<u8>, Exported, Sheet), ExportError> {
    let journal = app.commands.journal();
    export.write(&app.read, journal, &staff(app), Vec::new(), &|_, _| ()).await
}

/// A column of a table as it is, read apart from the code of the exports.
async fn column_of(app: &TestApp, table: &Table, column: &Column, condition: &str) -> Vec<String> {
    let order = match table.keeping {
        Keeping::Versioned => "since_position, part".to_owned(),
        Keeping::Current | Keeping::Merged(_) => table.key.join(", "),
    };
    let sql =
        format!("SELECT {} FROM {} WHERE {condition} ORDER BY {order}", column.name, table.name);
    let mut handle = app.read.connection().await.unwrap();
    macro_rules! read {
        ($kind:ty, $shown:expr) => {{
            let values: Vec<Option<$kind>> = on_engine!(handle.connection(), db => {
                sqlx::query_scalar(&sql).fetch_all(db).await
            })
            .unwrap();
            values.into_iter().map(|value| value.map_or_else(String::new, $shown)).collect()
        }};
    }
    match column.kind {
        Kind::Id | Kind::Text => read!(String, |text| text),
        Kind::Int => read!(i64, |number| number.to_string()),
        Kind::Flag => read!(bool, |flag| flag.to_string()),
        Kind::Date => read!(NaiveDate, |day| day.to_string()),
        Kind::Time => read!(DateTime<Utc>, moment),
        Kind::Decimal(_) => panic!("no table has one"),
    }
}

/// The rows of a table under a condition.
async fn rows_of(app: &TestApp, table: &Table, condition: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (place, column) in table.all_columns().enumerate() {
        let mut cells = column_of(app, table, column, condition).await;
        // The staff have other names outside.
        if ["adviser", "actor"].contains(&column.name) {
            let names = staff(app);
            cells = cells.iter().map(|actor| names.of(actor)).collect();
        }
        rows.resize(cells.len(), Vec::new());
        for (row, cell) in rows.iter_mut().zip(cells) {
            assert_eq!(row.len(), place);
            row.push(cell);
        }
    }
    rows
}

/// A moment is kept to the millisecond in a workbook.
fn settle_moments(table: &Table, read: &mut [Vec<String>], expected: &[Vec<String>]) {
    for (place, _) in
        table.all_columns().enumerate().filter(|(_, column)| column.kind == Kind::Time)
    {
        for (read, expected) in read.iter_mut().zip(expected) {
            let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
            let apart = time(&read[place]) - time(&expected[place]);
            assert!(apart.num_microseconds().unwrap().abs() <= 1_000, "{apart}");
            read[place].clone_from(&expected[place]);
        }
    }
}

fn no_secret(table: &Table, file: &[u8], format: Format) {
    // What is packed is looked at after it was read back.
    if matches!(format, Format::Json | Format::Csv) {
        let text = String::from_utf8(file.to_vec()).unwrap();
        no_secret_text(table, &text);
    }
}

fn no_secret_text(table: &Table, text: &str) {
    for secret in SECRETS.into_iter().chain([LOGIN, "zoumana", "sealed:"]) {
        // The name of a cohort's centre and of a donor are an organisation's.
        let text = text.replace("Centre inventé", "").replace("Bailleur inventé", "");
        assert!(!text.contains(secret), "{} tells {secret}", table.name);
    }
}

on_both_engines! {
    async fn every_table_reads_back_in_every_format_as_it_is(engine) {
        let app = TestApp::on(engine).await;
        let town = town(&app).await;
        let refer = serde_json::json!({ "occurred_on": "2022-03-01", "partner": "agency", "service": "literacy" });
        app.done(sira_domain::role::Role::Adviser, &town.people[0], "refer-to-partner", &refer).await;
        let work = serde_json::json!({ "occurred_on": "2022-03-01", "survey": "baseline", "employment_status": "own_account" });
        app.done(sira_domain::role::Role::Adviser, &town.people[0], "record-employment", &work).await;
        app.caught_up().await;
        for table in TABLES {
            let standing = if table.keeping == Keeping::Versioned { "until_position IS NULL" } else { "1 = 1" };
            let rows = rows_of(&app, table, standing).await;
            assert!(!rows.is_empty(), "{} is empty", table.name);
            for format in Format::ALL {
                let (file, exported, sheet) = written(&app, &export(table.name, format)).await.unwrap();
                no_secret(table, &file, format);
                assert_eq!(exported.rows, rows.len() as u64);
                let mut read = read_back(format, file);
                let names: Vec<_> = table.all_columns().map(|column| column.name.to_owned()).collect();
                assert_eq!(read.headings, names);
                no_secret_text(table, &format!("{:?}", read.rows));
                assert_eq!(read.rows.len(), rows.len());
                if format == Format::Xlsx {
                    settle_moments(table, &mut read.rows, &rows);
                }
                assert_eq!(read.rows, rows, "{} as {format:?}", table.name);
                if matches!(format, Format::Json | Format::Parquet) {
                    assert_eq!(read.about["position"], exported.position.to_string());
                    assert_eq!(read.about["journal"], "main");
                }
                assert_eq!(sheet.columns.len(), names.len());
            }
        }
    }

    async fn headings_are_french_when_asked(engine) {
        let app = TestApp::on(engine).await;
        town(&app).await;
        for format in [Format::Csv, Format::Xlsx] {
            let asked = TableExport { language: Language::Fr, ..export("visits", format) };
            let (file, ..) = written(&app, &asked).await.unwrap();
            let ReadBack { headings, .. } = read_back(format, file);
            assert!(headings.contains(&"Chiffre d'affaires mensuel".to_owned()), "{headings:?}");
            assert!(headings.contains(&"Équivalents temps plein (centièmes)".to_owned()), "{headings:?}");
        }
    }

    async fn the_past_reads_as_it_was_known_then(engine) {
        let app = TestApp::on(engine).await;
        let town = town(&app).await;
        // A registration is taken back: every milestone of that path ends.
        let one = app.register(&town.programme).await["id"].as_str().unwrap().to_owned();
        let retraction = serde_json::json!({ "sequence": 1, "reason": "Erreur" });
        let before = app.caught_up().await;
        let (then, ..) = written(&app, &export("case_milestones", Format::Csv)).await.unwrap();
        app.done(sira_domain::role::Role::Director, &one, "retract", &retraction).await;
        let head = app.caught_up().await;
        let (now, ..) = written(&app, &export("case_milestones", Format::Csv)).await.unwrap();
        assert_ne!(now, then);
        let asked = |moment| TableExport { moment, ..export("case_milestones", Format::Csv) };
        let (past, exported, _) = written(&app, &asked(TableMoment::At(before))).await.unwrap();
        assert_eq!(String::from_utf8(past).unwrap(), String::from_utf8(then).unwrap());
        assert_eq!(exported.position, before);
        let (all, ..) = written(&app, &asked(TableMoment::EveryVersion)).await.unwrap();
        let every = rows_of(&app, Table::named("case_milestones").unwrap(), "1 = 1").await;
        assert_eq!(read_back(Format::Csv, all).rows, every);
        // What keeps the present alone says so; what is not there yet too.
        let at = |name, position| TableExport { moment: TableMoment::At(position), ..export(name, Format::Csv) };
        let refused = written(&app, &at("case_status", before)).await.err();
        assert!(matches!(refused, Some(ExportError::OnlyNow { table: "case_status", .. })), "{refused:?}");
        written(&app, &at("case_status", head)).await.unwrap();
        let refused = written(&app, &at("visits", head.next())).await.err();
        assert!(matches!(refused, Some(ExportError::Ahead { .. })), "{refused:?}");
        let (log, ..) = written(&app, &at("activity_log", before)).await.unwrap();
        assert_eq!(read_back(Format::Csv, log).rows.len() as u64, before.get());
    }

    async fn all_pages_are_of_one_moment_whatever_is_written_meanwhile(engine) {
        let app = TestApp::on(engine).await;
        let town = town(&app).await;
        let before = app.caught_up().await;
        let rows = rows_of(&app, Table::named("case_status").unwrap(), "1 = 1").await;
        let registered = Mutex::new(0);
        let between_pages = |_, _| {
            let mut registered = registered.lock().unwrap();
            if *registered < 3 {
                *registered += 1;
                tokio::task::block_in_place(|| {
                    tokio::runtime::Handle::current().block_on(async {
                        app.register(&town.programme).await;
                        app.caught_up().await;
                    });
                });
            }
        };
        let (file, exported, _) = export("case_status", Format::Json)
            .write(&app.read, app.commands.journal(), &staff(&app), Vec::new(), &between_pages)
            .await
            .unwrap();
        assert_eq!(*registered.lock().unwrap(), 3, "there were not pages enough");
        assert_eq!(exported.position, before);
        assert_eq!(read_back(Format::Json, file).rows, rows);
        let now = rows_of(&app, Table::named("case_status").unwrap(), "1 = 1").await;
        assert_eq!(now.len(), rows.len() + 3);
    }

    async fn no_export_finds_a_table_empty_that_a_rebuild_puts_in_place(engine) {
        let app = TestApp::on(engine).await;
        town(&app).await;
        let rows = rows_of(&app, Table::named("finance_lines").unwrap(), "until_position IS NULL").await.len();
        let feed = JournalFeed::new(app.commands.journal().clone());
        let (_told, stop) = watch::channel(false);
        let models: Vec<_> = MODELS.iter().filter(|model| model.name == "finance_lines").collect();
        let rebuilds = async {
            for _ in 0..3 {
                rebuild_models(&feed, &app.read, &models, &|_| (), &stop).await.unwrap();
            }
        };
        let mut exports = 0;
        let exporting = async {
            loop {
                let (_, exported, _) = written(&app, &export("finance_lines", Format::Csv)).await.unwrap();
                assert_eq!(exported.rows, rows as u64);
                exports += 1;
            }
        };
        tokio::select! {
            () = rebuilds => {}
            () = exporting => {}
        }
        assert!(exports > 0);
    }

    async fn the_staff_have_other_names_that_are_the_same_everywhere(engine) {
        let app = TestApp::on(engine).await;
        town(&app).await;
        let actors = |file| {
            let read = read_back(Format::Json, file);
            let place = read.headings.iter().position(|name| ["actor", "adviser"].contains(&name.as_str()));
            read.rows.iter().map(|row| row[place.unwrap()].clone()).collect::<BTreeSet<_>>()
        };
        let (log, ..) = written(&app, &export("activity_log", Format::Json)).await.unwrap();
        let (advisers, ..) = written(&app, &export("case_advisers", Format::Json)).await.unwrap();
        let (log, advisers) = (actors(log), actors(advisers));
        assert!(log.iter().chain(&advisers).all(|name| name.starts_with("staff-") && name.len() == 22));
        assert!(log.len() >= 6, "{log:?}");
        assert!(advisers.is_subset(&log), "{advisers:?}");
        assert!(advisers.contains(&staff(&app).of(LOGIN)));
        for table in TABLES {
            assert_eq!(sira::export::tables::is_reserved(table), table.realm == Realm::Identity);
        }
    }
}
