//! How the databases find a page: each list with each filter by an index, on tables of some size; and
//! that a question which takes too long is stopped.

use chrono::NaiveDate;
use sira_database::on_engine;
use sira_projections::lists::{
    CaseOrder, CaseQuestion, ClosedQuestion, Filters, LoanQuestion, VisitQuestion, Which, cases,
    explain_cases, explain_overdue, explain_past_retention, explain_visits,
};
use sira_projections::{ProgrammeOffice, Reach, ReadError, ReadStore};
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::api::app::TestApp;
use crate::on_both_engines;
use crate::support::Engine;

/// Paths of the tables. One in [`RARE`] has what is asked for.
const PATHS: u32 = 4_000;
const RARE: u32 = 500;
const LARGE: [&str; 4] = ["case_status", "case_advisers", "follow_up_schedule", "loan_status"];

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2022, 1, 1).unwrap() + chrono::Days::new((number % 700).into())
}

fn id(number: u32) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
}

fn programme(number: u32) -> Uuid {
    id(1_000_000 + number)
}

/// Fills the tables as a programme of this size would, with offices that their programme knows and one
/// that it does not.
async fn filled(engine: &Engine) -> (TestApp, ReadStore) {
    let app = TestApp::on(engine).await;
    app.programme().await;
    let head = app.commands.journal().head().await.unwrap().position;
    for name in ["case_status", "loan_status", "follow_up_schedule", "offices"] {
        while app.read.position(app.commands.journal().id(), name).await.unwrap() < head {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
    let store = app.read.clone();
    let mut handle = store.connection().await.unwrap();
    let numbers: Vec<u32> = (0..PATHS).collect();
    for some in numbers.chunks(200) {
        on_engine!(handle.connection(), db => {
            let mut insert = QueryBuilder::new("INSERT INTO case_status (aggregate_id, reference, programme, office, region, sex, \
                birth_year, age_band, intake, sector, stage, status, awaiting, cohort, registered_on, last_on, duplicate, erased, \
                version, position, recorded_at, path_closed_on) ");
            insert.push_values(some, |mut row, number| {
                let is_rare = number % RARE == 1;
                let pick = |rare: &str, common: &str| (if is_rare { rare } else { common }).to_owned();
                row.push_bind(id(*number).to_string()).push_bind(format!("R{number}"));
                row.push_bind(programme(u32::from(is_rare)).to_string());
                row.push_bind(match number % 50 { 7 => "inconnue".to_owned(), rest => format!("o{}", rest % 10) });
                row.push_bind(pick("kidal", "segou")).push("'female'").push("1990").push("'25_29'").push("'open_call'");
                row.push_bind(pick("K", "C")).push_bind(pick("completed", "idea")).push_bind(pick("suspended", "active"));
                row.push_bind((number % 9 == 1).then(|| pick("agreement", "eligibility")));
                row.push_bind((number % 7 == 1).then(|| programme(100 + u32::from(is_rare)).to_string()));
                row.push_bind(day(*number)).push_bind(day(number * 7)).push("false").push("false").push("1");
                row.push_bind(i64::from(*number)).push("'2022-01-01T00:00:00.000000Z'");
                row.push_bind((number % 3 == 1).then(|| day(number * 5)));
            });
            insert.build().execute(&mut *db).await.unwrap();
            let mut insert = QueryBuilder::new("INSERT INTO case_advisers (aggregate_id, adviser, registered_on, last_on) ");
            insert.push_values(some, |mut row, number| {
                row.push_bind(id(*number).to_string()).push_bind(format!("a{}", number % 100)).push_bind(day(*number)).push_bind(day(number * 7));
            });
            insert.build().execute(&mut *db).await.unwrap();
            let mut insert = QueryBuilder::new("INSERT INTO follow_up_schedule (aggregate_id, milestone, programme, office, region, reference, due_on, open) ");
            insert.push_values(some, |mut row, number| {
                row.push_bind(id(*number).to_string()).push("3").push_bind(programme(u32::from(number % RARE == 1)).to_string());
                row.push_bind(format!("o{}", number % 10)).push_bind(if number % RARE == 1 { "kidal" } else { "segou" });
                row.push_bind(format!("R{number}")).push_bind(day(*number)).push_bind(number % 5 == 1);
            });
            insert.build().execute(&mut *db).await.unwrap();
            let mut insert = QueryBuilder::new("INSERT INTO loan_status (since_position, part, until_position, aggregate_id, reference, sequence, \
                financing, occurred_on, recorded_at, disbursed, repaid, outstanding, interest_owed, credit, recovered, \
                oldest_unpaid_due_on, reschedulings, written_off, \
                programme, office, region, sex, age_band) ");
            insert.push_values(some, |mut row, number| {
                row.push_bind(i64::from(*number)).push("0").push_bind((number % 3 != 1).then(|| i64::from(number + 1)));
                row.push_bind(id(*number).to_string()).push_bind(format!("R{number}")).push("9").push("1").push("'2022-01-01'");
                row.push("'2022-01-01T00:00:00.000000Z'").push("1000").push("0").push("1000");
                row.push("0").push("0").push("0").push_bind(day(*number)).push("0").push("false");
                row.push_bind(programme(0).to_string()).push("'o1'").push("'segou'").push("'female'").push("'25_29'");
            });
            insert.build().execute(&mut *db).await.unwrap();
        });
    }
    on_engine!(handle.connection(), db => {
        let mut insert = QueryBuilder::new("INSERT INTO offices (programme, office, name, region, opened_on) ");
        insert.push_values(0..10_u32, |mut row, office| {
            let region = if office < 5 { "segou" } else { "mopti" };
            row.push_bind(programme(0).to_string()).push_bind(format!("o{office}")).push("'Antenne'").push_bind(region).push("'2022-01-01'");
        });
        insert.build().execute(&mut *db).await.unwrap();
        if store.is_postgres() {
            sqlx::query("ANALYZE").execute(&mut *db).await.unwrap();
        }
    });
    drop(handle);
    (app, store)
}

fn each_filter() -> Vec<(&'static str, Filters)> {
    let none = Filters::default;
    let text = |text: &str| Some(text.to_owned());
    vec![
        ("programme", Filters { programme: Some(programme(1)), ..none() }),
        ("region", Filters { region: text("kidal"), ..none() }),
        ("office", Filters { office: text("o3"), ..none() }),
        ("stage", Filters { stage: text("completed"), ..none() }),
        ("status", Filters { status: text("suspended"), ..none() }),
        ("cohort", Filters { cohort: Some(programme(101)), ..none() }),
        ("sector", Filters { sector: text("K"), ..none() }),
        ("awaiting", Filters { awaiting: text("agreement"), ..none() }),
        ("adviser", Filters { adviser: text("a3"), ..none() }),
    ]
}

fn reaches() -> [Reach; 3] {
    let of = |office: &str| ProgrammeOffice { programme: programme(1), office: office.to_owned() };
    let regions = vec!["mopti".to_owned()];
    [Reach::All, Reach::Offices(vec![of("o1"), of("o2")]), Reach::Regions(regions)]
}

/// No large table is read from one end to the other: each step into one is by a condition on an index,
/// or walks an index in the list's order where nothing is asked that an index could narrow.
fn reads_by_index(plan: &[String], may_walk: bool, what: &str) {
    let shown = plan.join("\n");
    assert!(
        !shown.contains("Seq Scan on case_")
            && !shown.contains("Seq Scan on follow_")
            && !shown.contains("Seq Scan on loan_"),
        "{what}\n{shown}"
    );
    for (place, step) in plan.iter().enumerate() {
        let is_walk = if step.contains("Index Scan using") || step.contains("Index Only Scan using")
        {
            let large = LARGE.iter().any(|table| step.contains(&format!(" on {table} ")));
            large && !plan.get(place + 1).is_some_and(|next| next.contains("Index Cond:"))
        } else {
            // SQLite calls a table by the name it is given.
            step.starts_with("SCAN")
                && ["SCAN a", "SCAN c", "SCAN l", "SCAN s"]
                    .iter()
                    .any(|scan| step == scan || step.starts_with(&format!("{scan} ")))
        };
        assert!(!is_walk || may_walk, "{what}: {step}\n{shown}");
        assert!(
            !step.starts_with("SCAN") || !is_walk || step.contains("USING"),
            "{what}: {step}\n{shown}"
        );
    }
}

async fn page(store: &ReadStore, question: &CaseQuestion<'_>) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = cases(store, &CaseQuestion { after, ..question.clone() }).await.unwrap();
        ids.extend(page.items.into_iter().map(|case| case.id));
        after = page.next;
        if after.is_none() {
            return ids;
        }
    }
}

on_both_engines! {
    async fn every_list_finds_its_page_by_an_index_whatever_the_filter(engine) {
        let (_app, store) = filled(engine).await;
        let today = day(650);
        for reach in reaches() {
            for which in [Which::All, Which::WithoutFactAfter(day(300)), Which::Awaiting] {
                for (order, descending) in [(CaseOrder::RegisteredOn, true), (CaseOrder::LastOn, false)] {
                    let none = [("nothing", Filters::default())];
                    for (name, filters) in none.into_iter().chain(each_filter()) {
                        let first = CaseQuestion { which, filters: &filters, reach: &reach, order, descending, after: None, limit: 20 };
                        let what = format!("{name} {reach:?} {which:?} {order:?}");
                        let plan = explain_cases(&store, &first).await.unwrap();
                        let may_walk = name == "nothing" && reach == Reach::All;
                        reads_by_index(&plan, may_walk, &what);
                        if reach == Reach::All && which == Which::All && !["nothing", "office"].contains(&name) {
                            let shown = plan.join("\n");
                            assert!(shown.contains(&format!("_{name}")), "{what}\n{shown}");
                        }
                        let Some(after) = cases(&store, &first).await.unwrap().next else { continue };
                        let next = CaseQuestion { after: Some(after), ..first };
                        reads_by_index(&explain_cases(&store, &next).await.unwrap(), false, &format!("then {what}"));
                    }
                }
            }
            for (name, filters) in each_filter() {
                if !["programme", "region", "office", "adviser"].contains(&name) {
                    continue;
                }
                let visits = VisitQuestion { until: day(400), today, filters: &filters, reach: &reach, after: None, limit: 20 };
                reads_by_index(&explain_visits(&store, &visits).await.unwrap(), false, &format!("visits {name} {reach:?}"));
                let loans = LoanQuestion { due_until: day(400), today, filters: &filters, reach: &reach, after: None, limit: 20 };
                reads_by_index(&explain_overdue(&store, &loans).await.unwrap(), false, &format!("loans {name} {reach:?}"));
                if name != "adviser" {
                    let cutoffs = [(programme(1), day(400)), (programme(2), day(300))];
                    let closed = ClosedQuestion { cutoffs: &cutoffs, filters: &filters, reach: &reach, after: None, limit: 20 };
                    reads_by_index(&explain_past_retention(&store, &closed).await.unwrap(), false, &format!("closed {name} {reach:?}"));
                }
            }
        }
    }

    async fn a_region_is_that_of_the_office_in_charge_and_an_office_that_nobody_knows_is_in_none(engine) {
        let (_app, store) = filled(engine).await;
        let expected = |within: &dyn Fn(u32, &str) -> bool| -> Vec<String> {
            let mut ids: Vec<_> = (0..PATHS)
                .filter(|number| {
                    let stray = number % 50 == 7 || number % RARE == 1;
                    let stands_in = if number % 50 % 10 < 5 { "segou" } else { "mopti" };
                    within(*number, if stray { "" } else { stands_in })
                })
                .collect();
            ids.sort_by_key(|number| std::cmp::Reverse((day(*number), id(*number))));
            ids.iter().map(|number| id(*number).to_string()).collect()
        };
        let filters = Filters::default();
        for regions in [vec!["mopti"], vec!["segou"], vec!["kidal"], vec!["kidal", "mopti"], vec!["kayes"], vec![]] {
            let reach = Reach::Regions(regions.iter().map(|region| (*region).to_owned()).collect());
            let question = CaseQuestion { which: Which::All, filters: &filters, reach: &reach, order: CaseOrder::RegisteredOn, descending: true, after: None, limit: 200 };
            assert_eq!(page(&store, &question).await, expected(&|_, region| regions.contains(&region)), "{regions:?}");
        }
    }

    async fn a_question_that_takes_too_long_is_stopped_and_the_next_is_answered(engine) {
        let app = TestApp::on(engine).await;
        let started = tokio::time::Instant::now();
        let mut handle = app.read.query().await.unwrap();
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT (i + 1) % 1000 FROM n) SELECT count(*) FROM n";
        let stopped: Result<i64, sqlx::Error> =
            on_engine!(handle.connection(), db => sqlx::query_scalar(endless).fetch_one(db).await);
        assert!(ReadError::from(stopped.unwrap_err()).is_too_slow());
        assert!(started.elapsed() < std::time::Duration::from_secs(10));
        drop(handle);
        let mut handle = app.read.query().await.unwrap();
        let one: i64 = on_engine!(handle.connection(), db => sqlx::query_scalar("SELECT count(*) FROM offices").fetch_one(db).await).unwrap();
        assert_eq!(one, 0);
        let written: Result<(), sqlx::Error> =
            on_engine!(handle.connection(), db => sqlx::query("DELETE FROM offices").execute(db).await.map(drop));
        assert!(written.is_err(), "a question writes nothing");
    }
}
