//! What people connect to stays through rebuilds and upgrades, and holds nobody up.

use std::path::Path;
use std::process::Command;
use std::str::FromStr;
use std::time::{Duration, Instant};

use serde_json::json;
use sira::clock::Clock;
use sira::generate::{Population, generate};
use sira::keys::{KeyStore, MasterKey};
use sira::read_side::{JournalFeed, OpenedKeys};
use sira_domain::role::Role;
use sira_projections::ReadStore;
use sira_projections::case_identity::CaseIdentity;
use sira_projections::face::figures::{FigurePeriod, PublishedCell};
use sira_projections::face::{count_offices, settle};
use sira_projections::models::MODELS;
use sira_projections::rebuild::{rebuild_models, rebuild_projection};
use sira_projections::table::{Decimal, Table, create_statements};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};
use tokio::sync::watch;
use uuid::Uuid;

use crate::api::app::{MASTER, TestApp, keys_url, read_url};
use crate::export::mining::python;
use crate::support::{Engine, program::sira};

/// A login as the command line makes it: its name and its connection string.
fn login_url(engine: &Engine, words: &[&str]) -> (String, String) {
    let name = format!("tool_{}", Uuid::now_v7().simple());
    let all: Vec<&str> =
        ["analyst-login", &name].into_iter().chain(words.iter().copied()).collect();
    let made = sira(engine, &all);
    assert!(made.status.success(), "{made:?}");
    (name, String::from_utf8(made.stdout).unwrap().trim().to_owned())
}

/// The same, connected, and its name.
pub async fn login(engine: &Engine, words: &[&str]) -> (PgConnection, String) {
    let (name, url) = login_url(engine, words);
    let mut tool = PgConnectOptions::from_str(&url).unwrap().connect().await.unwrap();
    // What another test holds up on the same server is tried again by whoever feeds the read models: here nobody
    // may be there who does.
    let schema = if words.contains(&"--auditor") { "audit" } else { "read" };
    let store = ReadStore::open(&read_url(engine)).await.unwrap();
    for _ in 0..100 {
        let may = "SELECT has_schema_privilege($1, 'USAGE')";
        if sqlx::query_scalar::<_, bool>(may).bind(schema).fetch_one(&mut tool).await.unwrap() {
            break;
        }
        settle(&store, "main").await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    store.close().await;
    (tool, name)
}

pub fn options(engine: &Engine) -> PgConnectOptions {
    PgConnectOptions::from_str(engine.url()).unwrap()
}

/// Rebuilds everything that there is.
pub async fn rebuild(app: &TestApp) {
    let feed = JournalFeed::new(app.commands.journal().clone());
    let (_stop, stopped) = watch::channel(false);
    let models: Vec<_> = MODELS.iter().collect();
    let failed = rebuild_models(&feed, &app.read, &models, &|_| (), &stopped).await.unwrap();
    assert!(failed.is_empty(), "{failed:?}");
    let identity = CaseIdentity::new(feed.clone(), OpenedKeys::new(app.commands.keys().clone()));
    rebuild_projection(&feed, &app.read, &identity, &|_| (), &stopped).await.unwrap();
}

/// The schemas of versions that there are.
async fn versions(admin: &mut PgConnection) -> Vec<String> {
    let asked =
        r"SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'read\_v%' ORDER BY oid";
    sqlx::query_scalar(asked).fetch_all(admin).await.unwrap()
}

/// A schema in which a login may make views of its own.
async fn own_schema(admin: &mut PgConnection, name: &str) {
    let made = format!("CREATE SCHEMA bi AUTHORIZATION {name}");
    admin.execute(made.as_str()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_an_analyst_leaves_open_delays_no_rebuild_and_no_start_and_is_named() {
    let engine = Engine::postgres().await;
    let app = TestApp::on(&engine).await;
    let programme = app.programme().await;
    app.register(&programme).await;
    app.caught_up().await;
    let (mut tool, name) = login(&engine, &[]).await;
    let mut admin = options(&engine).connect().await.unwrap();
    let mut open = tool.begin().await.unwrap();
    let before: i64 = sqlx::query_scalar("SELECT count(*) FROM read.case_status")
        .fetch_one(&mut *open)
        .await
        .unwrap();
    assert_eq!(before, 1);

    let begun = Instant::now();
    rebuild(&app).await;
    let started = TestApp::on(&engine).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    // The server reads and writes its new tables meanwhile.
    started.register(&programme).await;
    started.caught_up().await;
    let token = started.token(Role::Admin).await;
    let listed = started.get(&token, "/v1/beneficiaries").await.ok(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);

    let held = settle(&app.read, "main").await.unwrap();
    assert!(held.iter().any(|one| one.what == "read.case_status"), "{held:?}");
    assert!(held.iter().all(|one| one.by.iter().any(|by| by.starts_with(&name))), "{held:?}");
    let ready = crate::api::app::Reply::of(app.request(reqwest::Method::GET, "/readyz")).await;
    let ready = ready.ok(200);
    assert_eq!(ready["ready"], json!(true));
    assert!(ready["held_up"].to_string().contains(&name), "{ready}");

    open.commit().await.unwrap();
    assert_eq!(settle(&app.read, "main").await.unwrap(), []);
    let after: i64 = sqlx::query_scalar("SELECT count(*) FROM read.case_status")
        .fetch_one(&mut tool)
        .await
        .unwrap();
    assert_eq!(after, 2);
    // Dropped by the next look of whoever comes to it without meeting another at it.
    for _ in 0..100 {
        if versions(&mut admin).await.len() == 1 {
            break;
        }
        settle(&app.read, "main").await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(versions(&mut admin).await.len(), 1, "older versions are gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_of_somebodys_own_on_ours_outlives_a_rebuild_and_shows_the_new_rows() {
    let engine = Engine::postgres().await;
    let app = TestApp::on(&engine).await;
    let programme = app.programme().await;
    app.register(&programme).await;
    app.caught_up().await;
    let (mut tool, name) = login(&engine, &[]).await;
    settle(&app.read, "main").await.unwrap();
    let mut admin = options(&engine).connect().await.unwrap();
    own_schema(&mut admin, &name).await;
    tool.execute("SET default_transaction_read_only = off").await.unwrap();
    let view = "
        CREATE VIEW bi.by_region AS SELECT region, count(*) AS people FROM read.case_status GROUP BY region";
    tool.execute(sqlx::raw_sql(view)).await.unwrap();
    let asked = "SELECT sum(people)::bigint FROM bi.by_region";
    for people in 1..4_i64 {
        let seen: i64 = sqlx::query_scalar(asked).fetch_one(&mut tool).await.unwrap();
        assert_eq!(seen, people);
        rebuild(&app).await;
        assert_eq!(settle(&app.read, "main").await.unwrap(), []);
        app.register(&programme).await;
        app.caught_up().await;
    }
    assert_eq!(versions(&mut admin).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_made_on_a_table_of_ours_holds_that_table_alone_and_is_named() {
    let engine = Engine::postgres().await;
    let app = TestApp::on(&engine).await;
    let programme = app.programme().await;
    app.register(&programme).await;
    app.caught_up().await;
    let mut admin = options(&engine).connect().await.unwrap();
    let place: String =
        sqlx::query_scalar("SELECT place FROM read_data.table_places WHERE name = 'loan_status'")
            .fetch_one(&mut admin)
            .await
            .unwrap();
    let view = format!(
        "CREATE SCHEMA bi; CREATE VIEW bi.loans AS SELECT aggregate_id FROM {place}.loan_status"
    );
    admin.execute(sqlx::raw_sql(&view)).await.unwrap();
    rebuild(&app).await;
    let held = settle(&app.read, "main").await.unwrap();
    let told: Vec<_> = held.iter().map(|one| (one.what.clone(), one.by.clone())).collect();
    assert_eq!(told, [(format!("{place}.loan_status"), vec!["view bi.loans".to_owned()])]);
    admin.execute("DROP VIEW bi.loans").await.unwrap();
    assert_eq!(settle(&app.read, "main").await.unwrap(), []);
}

/// The checksum of ISO-HDLC.
fn crc32(text: &str) -> u32 {
    let step = |crc: u32, byte: u8| {
        let mixed = crc ^ u32::from(byte);
        (0..8).fold(mixed, |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    };
    !text.bytes().fold(u32::MAX, step)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_advisory_lock_of_anybody_holds_neither_migrations_nor_a_start_nor_a_token_list() {
    let engine = Engine::postgres().await;
    let mut admin = options(&engine).connect().await.unwrap();
    // The lock that sqlx takes: a number that any login can compute from the database's name.
    let database = options(&engine).get_database().unwrap().to_owned();
    let lock = format!("SELECT pg_advisory_lock({})", 0x3d32_ad9e * i64::from(crc32(&database)));
    admin.execute(lock.as_str()).await.unwrap();
    let begun = Instant::now();
    for words in [["migrate"].as_slice(), &["token", "list"], &["projections", "list"]] {
        let done = sira(&engine, words);
        assert!(done.status.success(), "{words:?}: {done:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let waited: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .fetch_one(&mut admin)
    .await
    .unwrap();
    assert_eq!(waited, 0, "nothing of ours takes such a lock");
}

/// An invented population with its read models built.
async fn populated(engine: &Engine, cases: u64) -> ReadStore {
    let clock = Clock::manual(Population::begins_at());
    let journal = engine.journal_with(engine.config(), clock.clone()).await;
    let master = MasterKey::from_text(MASTER).unwrap();
    let keys = KeyStore::open(&keys_url(engine), master, clock.clone()).await.unwrap();
    let told = Population { cases, seed: 8, until: "2025-07-01".parse().unwrap() };
    generate(&journal, &keys, &clock, told, |_| {}).await.unwrap();
    let read = ReadStore::open(&read_url(engine)).await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    let models: Vec<_> = MODELS.iter().collect();
    let feed = JournalFeed::new(journal);
    rebuild_models(&feed, &read, &models, &|_| (), &stopped).await.unwrap();
    count_offices(&read).await.unwrap();
    read
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sum_over_a_table_for_analysts_is_that_of_the_rows_that_stand() {
    let engine = Engine::postgres().await;
    let read = populated(&engine, 160).await;
    let (mut tool, _) = login(&engine, &[]).await;
    settle(&read, "main").await.unwrap();
    let mut admin = options(&engine).connect().await.unwrap();
    let sum = async |db: &mut PgConnection, from: &str| -> i64 {
        let asked = format!("SELECT coalesce(sum(outstanding), 0)::bigint FROM {from}");
        sqlx::query_scalar(&asked).fetch_one(db).await.unwrap()
    };
    let gone = "SELECT aggregate_id FROM audit.case_status WHERE erased";
    let stands =
        format!("audit.loan_status WHERE until_position IS NULL AND aggregate_id NOT IN ({gone})");
    let (ours, right) = (sum(&mut tool, "read.loan_status").await, sum(&mut admin, &stands).await);
    assert_eq!(ours, right);
    assert!(
        sum(&mut admin, "audit.loan_status").await > right,
        "history adds up to something else"
    );
    let lines: (i64, i64) =
        sqlx::query_as("SELECT count(*), count(DISTINCT (person, number)) FROM read.finance_lines")
            .fetch_one(&mut tool)
            .await
            .unwrap();
    assert!(lines.0 > 100);
    assert_eq!(lines.0, lines.1, "person and number are a key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pandas_joins_people_loans_and_regions_by_what_a_login_prints() {
    let engine = Engine::postgres().await;
    let read = populated(&engine, 160).await;
    let (_, url) = login_url(&engine, &[]);
    settle(&read, "main").await.unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mining/analyst.py");
    let ran = Command::new(python()).arg(script).arg(&url).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let told: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let mut admin = options(&engine).connect().await.unwrap();
    let (people, loans, outstanding): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM read.case_status), count(*), sum(outstanding)::bigint
           FROM read.loan_status",
    )
    .fetch_one(&mut admin)
    .await
    .unwrap();
    assert!(loans > 0);
    let right =
        json!({ "people": people, "loans": loans, "joined": loans, "outstanding": outstanding });
    assert_eq!(told, right);
}

/// Of a hundred people, how many nobody else is like by what is listed.
async fn unique(db: &mut PgConnection, columns: &str, from: &str) -> f64 {
    let asked = format!(
        "SELECT (100.0 * count(*) FILTER (WHERE alike = 1) / sum(alike))::float8
           FROM (SELECT count(*) AS alike FROM {from} GROUP BY {columns}) AS groups"
    );
    sqlx::query_scalar(&asked).fetch_one(db).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fewer_people_are_alone_in_what_analysts_see_than_in_what_is_stored() {
    let engine = Engine::postgres().await;
    let cases = std::env::var("SIRA_UNIQUENESS_CASES").ok().and_then(|cases| cases.parse().ok());
    let read = populated(&engine, cases.unwrap_or(300)).await;
    let (mut tool, _) = login(&engine, &[]).await;
    settle(&read, "main").await.unwrap();
    let mut admin = options(&engine).connect().await.unwrap();
    let stored = "audit.case_status WHERE NOT erased";
    let few = "office, birth_year, sex, disability, displaced";
    let few_before = unique(&mut admin, few, stored).await;
    let few_after =
        unique(&mut tool, "office, age_band, sex, disability, displaced", "read.case_status").await;
    let day_before = unique(&mut admin, "office, birth_year, sex, registered_on", stored).await;
    let day_after =
        unique(&mut tool, "office, age_band, sex, registered_on", "read.case_status").await;
    println!("five: {few_before:.1} -> {few_after:.1}; day: {day_before:.1} -> {day_after:.1}");
    assert!(few_after < few_before / 2.0, "{few_before} {few_after}");
    assert!(day_after < day_before, "{day_before} {day_after}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn published_cells_are_read_as_they_were_published_and_put_in_place_anew() {
    let engine = Engine::postgres().await;
    let read = ReadStore::open(&read_url(&engine)).await.unwrap();
    let (mut tool, _) = login(&engine, &[]).await;
    let cell = |region: Option<&str>, held| PublishedCell {
        month: "2024-03-01".parse().unwrap(),
        programme: "p".to_owned(),
        indicator: "registered".to_owned(),
        region: region.map(str::to_owned),
        sex: None,
        age_band: None,
        category: None,
        period: FigurePeriod::Month,
        value: Decimal::try_new(12, 0),
        held,
    };
    for _ in 0..2 {
        read.publish_figures("p", &[cell(None, false), cell(Some("kidal"), true)]).await.unwrap();
    }
    let rows: Vec<(Option<String>, Option<i64>, bool)> =
        sqlx::query_as("SELECT region, value::bigint, held FROM read.figures ORDER BY held")
            .fetch_all(&mut tool)
            .await
            .unwrap();
    assert_eq!(rows, [(None, Some(12), false), (Some("kidal".to_owned()), Some(12), true)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_side_of_before_is_taken_over_and_old_rights_to_its_tables_end() {
    let engine = Engine::postgres().await;
    let mut admin =
        options(&engine).options([("search_path", "read,identity")]).connect().await.unwrap();
    admin.execute("CREATE SCHEMA read").await.unwrap();
    let all = sqlx::migrate!("migrations/read/postgres");
    let older = all.iter().filter(|one| one.version < 3010).cloned().collect::<Vec<_>>();
    let older = Migrator { migrations: older.into(), ..Migrator::DEFAULT };
    older.run_direct(&mut admin).await.unwrap();
    let (create, _) = create_statements(Table::named("loan_status").unwrap(), Some("read"));
    let name = format!("old_{}", Uuid::now_v7().simple());
    let before = format!(
        "{create};
         DO $$ BEGIN CREATE ROLE sira_analyst NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
         GRANT USAGE ON SCHEMA read TO sira_analyst; GRANT SELECT ON read.loan_status TO sira_analyst;
         CREATE ROLE {name} LOGIN PASSWORD 'essai' IN ROLE sira_analyst; CREATE SCHEMA bi AUTHORIZATION {name}"
    );
    admin.execute(sqlx::raw_sql(&before)).await.unwrap();
    let as_it = options(&engine).username(&name).password("essai");
    let mut tool = as_it.connect().await.unwrap();
    tool.execute("CREATE VIEW bi.loans AS SELECT reference FROM read.loan_status").await.unwrap();
    tool.execute("SELECT * FROM bi.loans").await.unwrap();

    let read = ReadStore::open(&read_url(&engine)).await.unwrap();
    assert_eq!(read.projections("main").await.unwrap(), []);
    read.close().await;
    let refused = tool.execute("SELECT * FROM bi.loans").await.unwrap_err();
    let code = refused.as_database_error().and_then(sqlx::error::DatabaseError::code);
    assert_eq!(code.as_deref(), Some("42501"), "{refused}");
    // A second start finds everything done.
    ReadStore::open(&read_url(&engine)).await.unwrap().close().await;
}
