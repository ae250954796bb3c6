//! An auditor's copy: a journal without its keys is read, and reading makes nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

use sqlx::Connection as _;

use crate::crash::cluster::Cluster;
use crate::crash::server::{Place, Server};

fn run(place: &Place, arguments: &[&str]) -> Output {
    place.sira().args(arguments).output().unwrap()
}

fn done(place: &Place, arguments: &[&str]) -> String {
    let output = run(place, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// An installation with a few people, its backups, and a path's reference.
async fn saved(lost: &Place) -> String {
    done(lost, &["generate", "--cases", "6", "--seed", "7"]);
    let server = Server::start(lost).await;
    for _ in 0..100 {
        // Until the last checkpoint covers everything.
        if run(lost, &["verify"]).status.success() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    server.stop().await;
    done(lost, &["backup", "--output", "saved"]);
    done(lost, &["backup", "--keys", "--output", "saved-keys"]);
    done(lost, &["projections", "rebuild"]);
    let cases = done(lost, &["export", "case_status", "--format", "json", "--output", "-"]);
    let cases: serde_json::Value = serde_json::from_str(&cases).unwrap();
    let rows = cases["rows"].as_array().or_else(|| cases.as_array()).unwrap().clone();
    rows[0]["reference"].as_str().unwrap().to_owned()
}

/// The names in a folder but those of the databases' own logs.
fn names(folder: &Path) -> BTreeSet<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm")).collect()
}

/// Whether a key store was made on the server.
async fn has_store(place: &Place) -> bool {
    if place.url().starts_with("sqlite:") {
        return place.folder().join("keys.db").exists();
    }
    let mut db = sqlx::PgConnection::connect(&place.url()).await.unwrap();
    let asked = sqlx::query_scalar("SELECT to_regclass('keys.person_keys') IS NOT NULL");
    asked.fetch_one(&mut db).await.unwrap()
}

async fn audit(lost: &Place, copy: &Place) {
    let reference = saved(lost).await;
    let (journal, keys) = (lost.folder().join("saved"), lost.folder().join("saved-keys"));
    done(copy, &["restore", "--from", journal.to_str().unwrap()]);
    let before = names(copy.folder());
    let history = done(copy, &["history", &reference, "--json"]);
    assert!(history.contains("sealed:v1:"), "what is sealed is shown as sealed: {history}");
    assert!(history.contains("Registered"));
    // Not even for an auditor who says who they are.
    let opened = done(copy, &["history", &reference, "--actor", "auditrice", "--json"]);
    assert!(opened.contains("sealed:v1:"));
    let events = ["export", "events", "--format", "cloudevents", "--output", "-"];
    assert_eq!(done(copy, &events), done(lost, &events));
    done(copy, &["export", "paths", "--format", "ocel", "--output", "-"]);
    done(copy, &["verify", "--copy"]);
    done(copy, &["verify", "--second-reader"]);
    done(copy, &["token", "list"]);
    done(copy, &["access", &reference, "--actor", "auditrice"]);
    let key = done(copy, &["evidence", "key"]);
    done(copy, &["evidence", &reference, "--output", "bundle.json"]);
    done(copy, &["verify", "--bundle", "bundle.json", "--key", key.trim()]);
    std::fs::remove_file(copy.folder().join("bundle.json")).unwrap();
    // What would need a read model says how to get it, and makes none.
    let table = ["export", "case_status", "--format", "csv", "--output", "-"];
    let missing = run(copy, &table);
    assert_eq!(missing.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("sira projections rebuild"));
    // Nobody writes, and nobody serves, without the keys.
    for words in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["token", "issue", "--actor", "a", "--role", "admin", "--all"],
    ] {
        let refused = run(copy, words);
        assert_eq!(refused.status.code(), Some(3), "{words:?}");
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(told.contains("restore --keys") && told.contains("history"), "{told}");
    }
    assert_eq!(names(copy.folder()), before, "something was made");
    assert!(!has_store(copy).await, "a key store was made");

    // The read models of a copy are built on demand, but for the index of people.
    done(copy, &["projections", "rebuild"]);
    assert!(done(copy, &table).contains(&reference));
    assert!(
        !has_store(copy).await && !names(copy.folder()).iter().any(|name| name.contains(".key"))
    );

    // The keys may still come.
    done(copy, &["restore", "--keys", "--from", keys.to_str().unwrap()]);
    std::fs::copy(lost.folder().join("master.key"), copy.folder().join("master.key")).unwrap();
    let server = Server::start(copy).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_without_keys_is_read_on_sqlite_and_reading_makes_nothing() {
    let cluster = Cluster::start();
    audit(&Place::on(&cluster), &Place::embedded()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_without_keys_is_read_on_postgres_and_reading_makes_nothing() {
    let cluster = Cluster::start();
    audit(&Place::embedded(), &Place::empty_on(&cluster)).await;
}

#[test]
fn no_command_that_reads_makes_an_installation() {
    let place = Place::embedded();
    let reading = [
        &["history", "RRZN-CR20-D"][..],
        &["evidence", "RRZN-CR20-D", "--output", "x.json"],
        &["evidence", "key"],
        &["export", "events", "--format", "csv", "--output", "-"],
        &["export", "case_status", "--format", "csv", "--output", "-"],
        &["verify"],
        &["verify", "--second-reader"],
        &["activity", "--actor", "a"],
        &["access", "RRZN-CR20-D", "--actor", "a"],
        &["retention", "list"],
        &["projections", "list"],
        &["report", "list"],
        &["report", "show", "x"],
        &["token", "list"],
        &["backup", "--output", "saved"],
    ];
    for words in reading {
        let output = run(&place, words);
        assert!(!output.status.success(), "{words:?}");
        assert_eq!(names(place.folder()), BTreeSet::new(), "{words:?} made something");
    }
}
