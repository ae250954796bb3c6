//! Analysts' and auditors' logins on `PostgreSQL`, as `sira analyst-login` makes them: the attacker.

use std::str::FromStr;

use pgtemp::PgTempDBBuilder;
use serde_json::json;
use sira_domain::role::Role;
use sira_projections::ReadStore;
use sira_projections::analyst::{ANALYST_ROLE, AnalystRole, CREATE_ANALYST};
use sira_projections::face::{FEW_PEOPLE, count_offices, settle};
use sira_projections::table::{Realm, TABLES};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection};
use uuid::Uuid;

use super::face::{login, options, rebuild};
use crate::api::app::{NAME, TestApp, steps};
use crate::support::{Engine, program::sira};

/// Every table, view and sequence that is not the database's own.
async fn relations(admin: &mut PgConnection) -> Vec<(String, String)> {
    sqlx::query_as(
        "SELECT nspname::text, relname::text FROM pg_class JOIN pg_namespace AS schema ON schema.oid = relnamespace
          WHERE relkind IN ('r', 'v', 'm', 'p', 'S', 'f') AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
          ORDER BY 1, 2",
    )
    .fetch_all(admin)
    .await
    .unwrap()
}

async fn is_refused(tool: &mut PgConnection, statement: &str) {
    let refused = tool.execute(statement).await.expect_err(statement);
    let code = refused.as_database_error().and_then(sqlx::error::DatabaseError::code);
    // No right; or, of LOCK outside of a transaction and of what is no table, no such statement.
    assert!(matches!(code.as_deref(), Some("42501" | "25P01" | "42809")), "{statement}: {refused}");
}

/// Reads what is in some schemas, and nothing that anybody else could be hurt by.
async fn sees_only(admin: &mut PgConnection, tool: &mut PgConnection, schemas: &[&str]) {
    // The login may undo this setting, and does.
    tool.execute("SET default_transaction_read_only = off").await.unwrap();
    let all = relations(admin).await;
    assert!(all.iter().any(|(schema, _)| schema == "identity"));
    assert!(all.iter().any(|(_, name)| name == "events"));
    for (schema, name) in all {
        let table = format!("{schema}.{name}");
        let read = tool.execute(format!("SELECT * FROM {table} LIMIT 1").as_str()).await;
        assert_eq!(read.is_ok(), schemas.contains(&schema.as_str()), "{table}: {read:?}");
        for statement in [
            format!("DELETE FROM {table}"),
            format!("INSERT INTO {table} DEFAULT VALUES"),
            format!("TRUNCATE {table}"),
            format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"),
        ] {
            // A view over a join takes no row from anybody: that is no right either.
            let refused = tool.execute(statement.as_str()).await.expect_err(&statement);
            let code = refused.as_database_error().and_then(sqlx::error::DatabaseError::code);
            assert!(
                matches!(code.as_deref(), Some("42501" | "25P01" | "42809" | "55000" | "0A000")),
                "{statement}: {refused}"
            );
        }
    }
    for statement in [
        "CREATE TABLE read.mine (x int)",
        "CREATE TABLE audit.mine (x int)",
        "CREATE TABLE read_data.mine (x int)",
        "CREATE TABLE identity.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "CREATE TEMPORARY TABLE mine (x int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, 'x')",
        "SELECT pg_advisory_lock(972472291735951082)",
        "SELECT pg_try_advisory_xact_lock(1)",
        "SELECT pg_notify('x', 'y')",
        "SELECT pg_read_file('/etc/hostname')",
        "SET ROLE postgres",
    ] {
        is_refused(tool, statement).await;
    }
    let functions: Vec<String> = sqlx::query_scalar(
        "SELECT proname::text FROM pg_proc JOIN pg_namespace AS schema ON schema.oid = pronamespace
          WHERE nspname NOT IN ('pg_catalog', 'information_schema')
            AND (prosecdef OR proname LIKE 'sira%')",
    )
    .fetch_all(&mut *tool)
    .await
    .unwrap();
    assert_eq!(
        functions,
        Vec::<String>::new(),
        "a function of ours would run with rights of its own"
    );
}

/// Every row of every view of a schema, as text, by the view.
async fn everything(tool: &mut PgConnection, schema: &str) -> Vec<(String, String)> {
    let views: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = $1 ORDER BY 1",
    )
    .bind(schema)
    .fetch_all(&mut *tool)
    .await
    .unwrap();
    assert!(!views.is_empty());
    let mut rows = Vec::new();
    for view in views {
        let asked = format!("SELECT seen::text FROM {schema}.{view} AS seen");
        let texts: Vec<String> = sqlx::query_scalar(&asked).fetch_all(&mut *tool).await.unwrap();
        rows.extend(texts.into_iter().map(|text| (view.clone(), text)));
    }
    rows
}

/// People of one office, of whom the last is erased: their ids and references.
async fn people(app: &TestApp, count: u32) -> Vec<(String, String)> {
    let programme = app.programme().await;
    let mut people = Vec::new();
    for place in 0..count {
        let told = app.register(&programme).await;
        let word = |field: &str| told[field].as_str().unwrap().to_owned();
        people.push((word("id"), word("reference")));
        if place == 0 {
            app.walk(&people[0].0, &steps(), "complete-path").await;
        }
    }
    let (erased, _) = people.last().unwrap();
    app.done(Role::Admin, erased, "erase-personal-data", &json!({ "ground": "request" })).await;
    app.caught_up().await;
    people
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_analyst_reads_no_id_reference_birth_year_day_or_name_and_reaches_nothing_else() {
    let engine = Engine::postgres().await;
    let app = TestApp::on(&engine).await;
    let people = people(&app, 3).await;
    let (mut tool, _) = login(&engine, &[]).await;
    count_offices(&app.read).await.unwrap();
    settle(&app.read, "main").await.unwrap();
    let mut admin = options(&engine).connect().await.unwrap();
    for again in [false, true] {
        if again {
            rebuild(&app).await;
        }
        sees_only(&mut admin, &mut tool, &["read"]).await;
        let rows = everything(&mut tool, "read").await;
        for (view, row) in &rows {
            let told = people.iter().find(|(id, at)| row.contains(id.as_str()) || row.contains(at));
            assert_eq!(told, None, "{view}: {row}");
            assert!(!row.contains("1998") && !row.contains(NAME), "{view}: {row}");
        }
        assert!(rows.iter().filter(|(view, _)| view == "visits").count() > 0, "there is something");
        let (shown, offices): (i64, Vec<String>) =
            sqlx::query_as("SELECT count(*), array_agg(DISTINCT office) FROM read.case_status")
                .fetch_one(&mut tool)
                .await
                .unwrap();
        assert_eq!(shown, 2, "the erased one is gone");
        assert_eq!(offices, ["segou"], "an office of two people is its region");
    }
    let days: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns AS own
          WHERE table_schema = 'read' AND data_type IN ('date', 'timestamp with time zone')
            AND EXISTS (SELECT 1 FROM information_schema.columns AS person
                  WHERE person.table_schema = 'read' AND person.table_name = own.table_name
                    AND person.column_name = 'person')",
    )
    .fetch_all(&mut tool)
    .await
    .unwrap();
    assert!(days.len() > 10);
    for (view, column) in days {
        let asked =
            format!("SELECT count(*) FROM read.{view} WHERE extract(day FROM {column}) <> 1");
        let finer: i64 = sqlx::query_scalar(&asked).fetch_one(&mut tool).await.unwrap();
        assert_eq!(finer, 0, "{view}.{column}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_has_one_surrogate_in_every_table_that_only_the_server_can_compute() {
    let engine = Engine::postgres().await;
    let app = TestApp::on(&engine).await;
    let people = people(&app, 3).await;
    let (mut tool, _) = login(&engine, &[]).await;
    settle(&app.read, "main").await.unwrap();
    let of_visits: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT person FROM read.visits JOIN read.case_status USING (person)
           JOIN read.case_milestones USING (person)",
    )
    .fetch_all(&mut tool)
    .await
    .unwrap();
    assert_eq!(of_visits.len(), 1, "the one who has walked the path");
    let guess = "SELECT left(encode(sha256(convert_to($1, 'UTF8')), 'hex'), 24)";
    let guessed: String =
        sqlx::query_scalar(guess).bind(&people[0].0).fetch_one(&mut tool).await.unwrap();
    assert_ne!(of_visits, [guessed], "a hash without a key");
    is_refused(&mut tool, "SELECT * FROM read_data.surrogate_key").await;
    is_refused(&mut tool, "SELECT * FROM read_data.case_status").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_paths_of_one_person_are_one_person_to_an_analyst() {
    let engine = Engine::postgres().await;
    let app = TestApp::on(&engine).await;
    let people = people(&app, 3).await;
    let (mut tool, _) = login(&engine, &[]).await;
    settle(&app.read, "main").await.unwrap();
    let counts = async |tool: &mut PgConnection| -> (i64, i64, i64, i64) {
        sqlx::query_as(
            "SELECT (SELECT count(*) FROM read.case_status),
                    (SELECT count(*) FROM read.case_milestones WHERE milestone = 'registered'),
                    (SELECT count(*) FROM read.case_milestones WHERE milestone = 'trained'),
                    (SELECT count(DISTINCT person) FROM
                       (SELECT person FROM read.visits UNION SELECT person FROM read.case_milestones) AS told)",
        )
        .fetch_one(tool)
        .await
        .unwrap()
    };
    // The third is erased.
    assert_eq!(counts(&mut tool).await, (2, 2, 1, 2));
    let claim = json!({ "continues": people[1].0 });
    app.done(Role::Director, &people[0].0, "link-duplicate", &claim).await;
    app.caught_up().await;
    assert_eq!(counts(&mut tool).await, (1, 1, 1, 1));
    let reason = json!({ "reason": "Deux personnes" });
    app.done(Role::Director, &people[0].0, "unlink-duplicate", &reason).await;
    app.caught_up().await;
    assert_eq!(counts(&mut tool).await, (2, 2, 1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_office_of_enough_people_is_shown_and_one_of_few_is_its_region() {
    let engine = Engine::postgres().await;
    let app = TestApp::on(&engine).await;
    // The last is erased, and does not count.
    people(&app, FEW_PEOPLE).await;
    let (mut tool, _) = login(&engine, &[]).await;
    let seen = "SELECT DISTINCT office FROM read.case_status";
    for (more, office) in [(false, "segou"), (true, "segou-1")] {
        if more {
            let programme = sqlx::query_scalar("SELECT programme FROM read.case_status LIMIT 1");
            let programme: String = programme.fetch_one(&mut tool).await.unwrap();
            app.register(&programme).await;
            app.caught_up().await;
        }
        count_offices(&app.read).await.unwrap();
        settle(&app.read, "main").await.unwrap();
        let offices: Vec<String> = sqlx::query_scalar(seen).fetch_all(&mut tool).await.unwrap();
        assert_eq!(offices, [office]);
    }
}

/// The sequence of what closed the path, which is taken back without touching what came before.
async fn completion(tool: &mut PgConnection) -> i64 {
    let asked = "SELECT sequence FROM audit.case_milestones WHERE milestone = 'completed'";
    sqlx::query_scalar(asked).fetch_one(tool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_reads_every_row_with_its_history_and_the_events_and_no_identity() {
    let engine = Engine::postgres().await;
    let app = TestApp::on(&engine).await;
    let people = people(&app, 2).await;
    let (mut tool, _) = login(&engine, &["--auditor"]).await;
    settle(&app.read, "main").await.unwrap();
    let mut admin = options(&engine).connect().await.unwrap();
    sees_only(&mut admin, &mut tool, &["read", "audit"]).await;
    app.done(
        Role::Director,
        &people[0].0,
        "retract",
        &json!({ "occurred_on": "2026-01-05", "sequence": completion(&mut tool).await, "reason": "Erreur" }),
    )
    .await;
    app.caught_up().await;
    let (rows, ended): (i64, i64) = sqlx::query_as(
        "SELECT count(*), count(until_position) FROM audit.case_milestones WHERE aggregate_id = $1",
    )
    .bind(&people[0].0)
    .fetch_one(&mut tool)
    .await
    .unwrap();
    assert!(rows >= ended && ended > 0, "{ended} of {rows} rows are history");
    let head = app.commands.journal().head().await.unwrap().position;
    let (events, last): (i64, i64) =
        sqlx::query_as("SELECT count(*), max(position) FROM audit.events")
            .fetch_one(&mut tool)
            .await
            .unwrap();
    assert_eq!((events.cast_unsigned(), last.cast_unsigned()), (head.get(), head.get()));
    let erased: bool =
        sqlx::query_scalar("SELECT erased FROM audit.case_status WHERE aggregate_id = $1")
            .bind(&people[1].0)
            .fetch_one(&mut tool)
            .await
            .unwrap();
    assert!(erased, "an auditor sees that there was somebody");
    for (view, row) in everything(&mut tool, "audit").await {
        assert!(!row.contains(NAME), "{view}: {row}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_people_connect_to_is_explained() {
    let engine = Engine::postgres().await;
    let app = TestApp::on(&engine).await;
    people(&app, 2).await;
    login(&engine, &[]).await;
    settle(&app.read, "main").await.unwrap();
    let mut admin = options(&engine).connect().await.unwrap();
    let silent: Vec<String> = sqlx::query_scalar(
        "SELECT its.oid::regclass || '.' || coalesce(attname, '') FROM pg_class AS its
           LEFT JOIN pg_attribute ON attrelid = its.oid AND attnum > 0
          WHERE relnamespace IN ('read'::regnamespace, 'audit'::regnamespace)
            AND (obj_description(its.oid, 'pg_class') IS NULL OR col_description(its.oid, attnum) IS NULL)
         UNION ALL
         SELECT nspname FROM pg_namespace
          WHERE nspname IN ('read', 'audit') AND obj_description(oid, 'pg_namespace') IS NULL",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert_eq!(silent, Vec::<String>::new());
    let keyless: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'read'::regnamespace
            AND obj_description(oid, 'pg_class') NOT LIKE '%Clé / key: %'",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert_eq!(keyless, Vec::<String>::new());
    for table in TABLES.iter().filter(|table| table.realm == Realm::Read) {
        let there = "SELECT to_regclass('read.' || $1) IS NOT NULL AND to_regclass('audit.' || $1) IS NOT NULL";
        let there: bool =
            sqlx::query_scalar(there).bind(table.name).fetch_one(&mut admin).await.unwrap();
        assert!(there, "{}", table.name);
    }
    let (fr, en): (String, String) = sqlx::query_as(
        "SELECT label_fr, label_en FROM read.dim_grievance_category WHERE code = 'training'",
    )
    .fetch_one(&mut admin)
    .await
    .unwrap();
    assert_eq!((fr.as_str(), en.as_str()), ("Formation", "Training"));
    let (regions, dated): (i64, i64) =
        sqlx::query_as("SELECT count(*), count(valid_from) FROM read.dim_region")
            .fetch_one(&mut admin)
            .await
            .unwrap();
    assert!(dated > 0 && dated < regions, "{dated} of {regions} regions came later");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_has_its_limits_and_the_same_name_again_gets_a_new_password() {
    let engine = Engine::postgres().await;
    let app = TestApp::on(&engine).await;
    let (mut tool, name) = login(&engine, &[]).await;
    for (setting, limit) in [
        ("statement_timeout", "1min"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("lock_timeout", "2s"),
    ] {
        let set: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut tool)
            .await
            .unwrap();
        assert_eq!(set, limit, "{setting}");
    }
    let limit: i32 = sqlx::query_scalar("SELECT rolconnlimit FROM pg_roles WHERE rolname = $1")
        .bind(&name)
        .fetch_one(&mut tool)
        .await
        .unwrap();
    assert_eq!(limit, 8);
    let again = sira(&engine, &["analyst-login", &name]);
    assert!(again.status.success(), "{again:?}");
    let url = String::from_utf8(again.stdout).unwrap();
    let mut newer = PgConnectOptions::from_str(url.trim()).unwrap().connect().await.unwrap();
    newer.execute("SELECT 1 FROM read.figures").await.unwrap();
    // Neither a role of somebody else's nor a word that is no name.
    let mut admin = options(&engine).connect().await.unwrap();
    let other = format!("other_{}", Uuid::now_v7().simple());
    admin.execute(format!("CREATE ROLE {other} LOGIN").as_str()).await.unwrap();
    for refused in [other.as_str(), "sira_analyst", "x; drop", "Maj", ""] {
        let said = sira(&engine, &["analyst-login", refused]);
        assert_eq!(said.status.code(), Some(2), "{refused}: {said:?}");
    }
    let said = sira(&Engine::sqlite(), &["analyst-login", "tool"]);
    assert_eq!(said.status.code(), Some(2), "{said:?}");
    drop(app);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_make_no_role_is_told_so() {
    // Roles belong to a server: this one is the test's own.
    let server = tokio::task::spawn_blocking(|| PgTempDBBuilder::new().start()).await.unwrap();
    let options = PgConnectOptions::from_str(&server.connection_uri()).unwrap();
    let mut admin = loop {
        match options.connect().await {
            Ok(admin) => break admin,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
        }
    };
    ReadStore::open(&server.connection_uri()).await.unwrap().close().await;
    let grants = "CREATE ROLE small LOGIN PASSWORD 'essai' NOCREATEROLE;
        GRANT ALL ON SCHEMA read_data, identity TO small;
        GRANT ALL ON ALL TABLES IN SCHEMA read_data, identity TO small";
    admin.execute(sqlx::raw_sql(grants)).await.unwrap();
    let (_, place) =
        server.connection_uri().split_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let store = ReadStore::open(&format!("postgresql://small:essai@{place}")).await.unwrap();
    assert_eq!(store.make_analyst_role().await.unwrap(), AnalystRole::Forbidden);
    admin.execute(CREATE_ANALYST).await.unwrap();
    let store = ReadStore::open(&server.connection_uri()).await.unwrap();
    assert_eq!(store.make_analyst_role().await.unwrap(), AnalystRole::Ready);
    let there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)")
            .bind(ANALYST_ROLE)
            .fetch_one(&mut admin)
            .await
            .unwrap();
    assert!(there);
}
