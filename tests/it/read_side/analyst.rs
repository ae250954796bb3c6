//! The analysts' role on `PostgreSQL`: what it reads, and that it reaches nothing else.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use pgtemp::PgTempDBBuilder;
use sira::read_side::{JournalFeed, OpenedKeys};
use sira_domain::role::Role;
use sira_projections::ReadStore;
use sira_projections::analyst::{ANALYST_ROLE, AnalystRole, CREATE_ANALYST};
use sira_projections::case_identity::CaseIdentity;
use sira_projections::models::MODELS;
use sira_projections::rebuild::{rebuild_models, rebuild_projection};
use sira_projections::table::{Realm, TABLES};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::api::app::TestApp;
use crate::support::Engine;

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

fn expected() -> BTreeSet<String> {
    let models = TABLES.iter().filter(|table| table.realm == Realm::Read).map(|table| table.name);
    models.chain(["offices", "projection_checkpoints"]).map(|name| format!("read.{name}")).collect()
}

/// A tool's own login, in the role.
async fn analyst(engine: &Engine, admin: &mut PgConnection) -> PgConnection {
    let name = format!("tool_{}", Uuid::now_v7().simple());
    let statement = format!("CREATE ROLE {name} LOGIN PASSWORD 'essai' IN ROLE {ANALYST_ROLE}");
    admin.execute(statement.as_str()).await.unwrap();
    let options =
        PgConnectOptions::from_str(engine.url()).unwrap().username(&name).password("essai");
    options.connect().await.unwrap()
}

/// Reads what it may, and nothing that anybody else could be hurt by.
async fn sees_what_it_may(admin: &mut PgConnection, tool: &mut PgConnection) {
    let mut read = BTreeSet::new();
    let all = relations(admin).await;
    assert!(
        all.iter().any(|(schema, _)| schema == "identity")
            && all.iter().any(|(_, name)| name == "events")
    );
    for (schema, name) in all {
        let table = format!("{schema}.{name}");
        if tool.execute(format!("SELECT * FROM {table} LIMIT 1").as_str()).await.is_ok() {
            read.insert(table.clone());
        }
        for statement in [
            format!("DELETE FROM {table}"),
            format!("INSERT INTO {table} DEFAULT VALUES"),
            format!("TRUNCATE {table}"),
            format!("DROP TABLE {table}"),
            format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"),
        ] {
            let refused = tool.execute(statement.as_str()).await.unwrap_err();
            let code = refused.as_database_error().and_then(sqlx::error::DatabaseError::code);
            // No right; or, of LOCK outside of a transaction and of what is no table, no such statement.
            assert!(
                matches!(code.as_deref(), Some("42501" | "25P01" | "42809")),
                "{statement}: {refused}"
            );
        }
    }
    assert_eq!(read, expected());
    for statement in [
        "CREATE TABLE read.mine (x int)",
        "CREATE TABLE identity.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "SELECT pg_read_file('/etc/hostname')",
        "SET ROLE postgres",
    ] {
        assert!(tool.execute(statement).await.is_err(), "{statement}");
    }
    // A function of ours would run with rights of its own.
    let functions: Vec<String> = sqlx::query_scalar(
        "SELECT proname::text FROM pg_proc JOIN pg_namespace AS schema ON schema.oid = pronamespace
          WHERE nspname NOT IN ('pg_catalog', 'information_schema')
            AND (prosecdef OR prorettype <> 'trigger'::regtype)",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    assert_eq!(functions, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_analyst_reads_the_tables_for_analysts_and_nothing_else_after_a_rebuild_too() {
    let engine = Engine::postgres().await;
    let app = TestApp::on(&engine).await;
    let programme = app.programme().await;
    app.register(&programme).await;
    let (journal, keys) = (app.commands.journal().clone(), app.commands.keys().clone());
    let head = journal.head().await.unwrap().position;
    for name in MODELS.iter().map(|model| model.name).chain(["case_identity"]) {
        while app.read.position(journal.id(), name).await.unwrap() < head {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
    assert_eq!(app.read.make_analyst_role().await.unwrap(), AnalystRole::Ready);
    assert_eq!(app.read.make_analyst_role().await.unwrap(), AnalystRole::Ready, "again");
    let mut admin = PgConnectOptions::from_str(engine.url()).unwrap().connect().await.unwrap();
    let mut tool = analyst(&engine, &mut admin).await;
    sees_what_it_may(&mut admin, &mut tool).await;

    let feed = JournalFeed::new(journal.clone());
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let models: Vec<_> = MODELS.iter().collect();
    let failed = rebuild_models(&feed, &app.read, &models, &|_| (), &stopped).await.unwrap();
    assert!(failed.is_empty(), "{failed:?}");
    let identity = CaseIdentity::new(feed.clone(), OpenedKeys::new(keys));
    rebuild_projection(&feed, &app.read, &identity, &|_| (), &stopped).await.unwrap();
    sees_what_it_may(&mut admin, &mut tool).await;
    let sampled: Vec<String> = sqlx::query_scalar(
        "SELECT attrelid::regclass::text FROM pg_attribute
          WHERE attname = 'token' AND attrelid IN ('identity.blind_index'::regclass, 'identity.search_index'::regclass)
            AND attstattarget <> 0",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert_eq!(sampled, Vec::<String>::new(), "ANALYZE would keep tokens of the erased");
    let token = app.token(Role::Admin).await;
    app.get(&token, "/v1/beneficiaries").await.ok(200);
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
        GRANT ALL ON SCHEMA read, identity TO small;
        GRANT ALL ON ALL TABLES IN SCHEMA read, identity TO small";
    admin.execute(sqlx::raw_sql(grants)).await.unwrap();
    let (_, place) =
        server.connection_uri().split_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let store = ReadStore::open(&format!("postgresql://small:essai@{place}")).await.unwrap();
    assert_eq!(store.make_analyst_role().await.unwrap(), AnalystRole::Forbidden);
    admin.execute(CREATE_ANALYST).await.unwrap();
    let store = ReadStore::open(&server.connection_uri()).await.unwrap();
    assert_eq!(store.make_analyst_role().await.unwrap(), AnalystRole::Ready);
}
