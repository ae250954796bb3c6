//! What the crate promises, on the embedded engine: which schema is taken, who holds a lease, and that a
//! statement runs alike on whatever it is handed. Both engines are tried by the stores that use it.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use sira_database::{
    Database, DatabaseError, Durability, Engine, Lease, LeaseRow, PoolProfile, PostgresProfile,
    Profile, Schema, SqliteJournalMode, SqliteProfile, SqliteSynchronous, on_engine,
};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use tempfile::TempDir;
use uuid::Uuid;

const TERM: Duration = Duration::from_millis(300);

fn profile() -> Profile {
    Profile {
        lock_wait: Duration::from_secs(5),
        pool: PoolProfile {
            max_connections: 2,
            acquire_within: Duration::from_secs(5),
            trusted_rest: Duration::ZERO,
            is_lazy: false,
        },
        sqlite: SqliteProfile {
            journal_mode: SqliteJournalMode::Wal,
            synchronous: SqliteSynchronous::Normal,
            row_buffer: None,
            pragmas: vec![("secure_delete", "ON")],
            is_owner_only: true,
            makes_folder: true,
        },
        postgres: PostgresProfile {
            name: "sira-test",
            search_path: None,
            durability: Durability::OnDisk,
            settings: Vec::new(),
        },
    }
}

/// A schema of these migrations, for as long as the tests run.
fn schema(migrations: &[(i64, &'static str)], is_shared: bool) -> &'static Schema {
    let migration = |(version, sql): &(i64, &'static str)| {
        let kind = MigrationType::Simple;
        Migration::new(*version, Cow::Borrowed("test"), kind, Cow::Borrowed(*sql), false)
    };
    let migrator =
        || Migrator { migrations: migrations.iter().map(migration).collect(), ..Migrator::DEFAULT };
    let own_versions = is_shared.then_some(1000..=1999);
    let (postgres, sqlite) = (migrator(), migrator());
    Box::leak(Box::new(Schema { postgres, sqlite, own_versions, namespace: None }))
}

const MADE: (i64, &str) = (
    1001,
    "CREATE TABLE leases (name text PRIMARY KEY, holder text NOT NULL, until_ms integer NOT NULL);
     CREATE TABLE signer (id integer PRIMARY KEY, holder text NOT NULL, until_ms integer NOT NULL);",
);
const ADDED: (i64, &str) = (1002, "CREATE TABLE added (number integer NOT NULL)");

fn place() -> (TempDir, Database) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("made with it").join("100% ours.db");
    let database = Database::at(&format!("sqlite:{}", path.display()), &profile()).unwrap();
    (directory, database)
}

fn file(database: &Database) -> PathBuf {
    database.file().unwrap().to_owned()
}

#[test]
fn a_url_names_its_engine_or_is_refused() {
    for (url, engine) in [
        ("sqlite:sira.db", Engine::Sqlite),
        ("sqlite:///var/lib/sira.db", Engine::Sqlite),
        ("postgres://db/sira", Engine::Postgres),
        ("postgresql://db/sira", Engine::Postgres),
    ] {
        assert_eq!(Database::at(url, &profile()).unwrap().engine(), engine, "{url}");
    }
    for url in ["", "sira.db", "mysql://db/sira", "postgresqlite:x"] {
        let refused = Database::at(url, &profile());
        assert!(matches!(refused, Err(DatabaseError::UnknownEngine)), "{url}: {refused:?}");
    }
    let path = |url| Database::at(url, &profile()).unwrap().file().map(ToOwned::to_owned);
    assert_eq!(path("sqlite:///var/a%20b.db"), Some("/var/a%20b.db".into()));
    assert_eq!(path("sqlite:a.db?mode=ro"), Some("a.db".into()));
}

#[tokio::test]
async fn a_database_that_was_never_made_is_behind_and_is_not_made_by_looking() {
    let (_directory, database) = place();
    let schema = schema(&[MADE], true);
    assert!(!schema.is_made(&database).await.unwrap());
    let refused = schema.check(&database).await;
    let behind = DatabaseError::SchemaBehind { found: None, expected: 1001 };
    assert_eq!(refused.unwrap_err().to_string(), behind.to_string());
    assert!(database.open().await.is_err());
    assert!(!file(&database).exists());
    schema.migrate(&database).await.unwrap();
    schema.check(&database).await.unwrap();
    assert!(schema.is_made(&database).await.unwrap());
    // Run again it does nothing.
    schema.migrate(&database).await.unwrap();
}

#[tokio::test]
async fn an_unknown_or_altered_migration_is_refused_with_its_version() {
    let (_directory, database) = place();
    schema(&[MADE, ADDED], true).migrate(&database).await.unwrap();
    let older = schema(&[MADE], true);
    let altered = schema(&[MADE, (1002, "CREATE TABLE added (number text)")], true);
    for schema in [older, altered] {
        for refused in [schema.check(&database).await, schema.migrate(&database).await] {
            let is_named = matches!(refused, Err(DatabaseError::UnknownSchema { version: 1002 }));
            assert!(is_named, "{refused:?}");
        }
    }
}

#[tokio::test]
async fn another_stores_migrations_are_passed_over_where_the_table_is_shared() {
    let (_directory, database) = place();
    schema(&[(2001, "CREATE TABLE other (number integer)")], false)
        .migrate(&database)
        .await
        .unwrap();
    let shared = schema(&[MADE], true);
    shared.migrate(&database).await.unwrap();
    shared.check(&database).await.unwrap();
    let alone = schema(&[MADE], false).check(&database).await;
    assert!(matches!(alone, Err(DatabaseError::UnknownSchema { version: 2001 })), "{alone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_make_one_schema() {
    let (_directory, database) = place();
    let schema = schema(&[MADE, ADDED], true);
    let migrating: Vec<_> = (0..4)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move { schema.migrate(&database).await })
        })
        .collect();
    for one in migrating {
        one.await.unwrap().unwrap();
    }
    schema.check(&database).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_of_secrets_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, database) = place();
    schema(&[MADE], true).migrate(&database).await.unwrap();
    let mode = std::fs::metadata(file(&database)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn one_statement_runs_on_pool_handle_link_and_transaction() {
    let (_directory, database) = place();
    schema(&[MADE, ADDED], true).migrate(&database).await.unwrap();
    let pool = database.open().await.unwrap();
    let add = "INSERT INTO added (number) VALUES ($1)";
    on_engine!(&pool, db => sqlx::query(add).bind(1_i64).execute(db).await.map(drop)).unwrap();
    let mut handle = pool.acquire().await.unwrap();
    on_engine!(&mut handle, db => sqlx::query(add).bind(2_i64).execute(db).await.map(drop))
        .unwrap();
    drop(handle);
    let mut link = database.connect().await.unwrap();
    on_engine!(link.connection(), db => sqlx::query(add).bind(3_i64).execute(db).await.map(drop))
        .unwrap();
    link.close().await.unwrap();
    for (number, is_kept) in [(4_i64, true), (5, false)] {
        let mut transaction = pool.begin().await.unwrap();
        let added = on_engine!(&mut transaction, db => {
            sqlx::query(add).bind(number).execute(&mut *db).await.unwrap();
            sqlx::query_scalar::<_, i64>("SELECT count(*) FROM added").fetch_one(db).await
        });
        assert_eq!(added.unwrap(), 4 + i64::from(!is_kept));
        if is_kept {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
    }
    let mut snapshot = pool.snapshot(&["never run on SQLite"]).await.unwrap();
    let numbers: Vec<i64> = on_engine!(&mut snapshot, db => {
        sqlx::query_scalar("SELECT number FROM added ORDER BY number").fetch_all(db).await
    })
    .unwrap();
    assert_eq!(numbers, [1, 2, 3, 4]);
    let kept: i64 = on_engine!(&pool, db => {
        sqlx::query_scalar("PRAGMA secure_delete").fetch_one(db).await
    })
    .unwrap();
    assert_eq!(kept, 1);
    drop(snapshot);
    pool.close().await;
}

#[tokio::test]
async fn a_lease_is_one_holders_until_it_is_given_back_or_runs_out() {
    let (_directory, database) = place();
    schema(&[MADE], true).migrate(&database).await.unwrap();
    let mut link = database.connect().await.unwrap();
    let named = |name| Lease { table: "leases", row: LeaseRow::Named { column: "name", name } };
    let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
    for lease in [Lease { table: "signer", row: LeaseRow::Only }, named("main")] {
        assert!(lease.is_free(link.connection(), one).await.unwrap());
        assert!(lease.take(link.connection(), one, TERM).await.unwrap());
        assert!(lease.is_free(link.connection(), one).await.unwrap());
        assert!(!lease.is_free(link.connection(), two).await.unwrap());
        assert!(!lease.take(link.connection(), two, TERM).await.unwrap());
        // Who does not hold it gives nothing back.
        lease.give_back(link.connection(), two).await.unwrap();
        assert!(lease.take(link.connection(), one, TERM).await.unwrap());
        lease.give_back(link.connection(), one).await.unwrap();
        assert!(lease.take(link.connection(), two, TERM).await.unwrap());
        tokio::time::sleep(TERM + Duration::from_millis(50)).await;
        assert!(lease.take(link.connection(), one, TERM).await.unwrap());
    }
    assert!(named("other").take(link.connection(), two, TERM).await.unwrap());
}
