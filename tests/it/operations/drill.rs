//! The disaster drill of docs/operations.md, with the real binary: a whole installation is lost, and
//! restored from its two backups on the other engine, and held against a checkpoint kept elsewhere.

use std::process::Output;

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

fn status(place: &Place, arguments: &[&str]) -> i32 {
    run(place, arguments).status.code().unwrap()
}

/// Loses everything of one place but two backups and the master key, and lives on in another.
async fn drill(lost: &Place, new: &Place) {
    done(lost, &["generate", "--cases", "12", "--seed", "7"]);
    let server = Server::start(lost).await;
    // What an auditor holds: the checkpoint of that day.
    let held = lost.folder().join("held");
    for _ in 0..100 {
        // Until the first checkpoint is signed nothing is proved.
        if status(lost, &["verify", "--save", "held"]) == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    done(lost, &["backup", "--output", "saved/journal"]);
    done(lost, &["backup", "--keys", "--output", "saved-keys"]);
    server.stop().await;
    let events = done(lost, &["export", "events", "--format", "cloudevents", "--output", "-"]);
    let (journal, keys) = (lost.folder().join("saved/journal"), lost.folder().join("saved-keys"));
    let (journal, keys) = (journal.to_str().unwrap(), keys.to_str().unwrap());
    assert_eq!(status(lost, &["restore", "--from", journal]), 2, "restored over a living journal");
    assert_eq!(status(new, &["restore", "--from", keys]), 2, "took keys for a journal");
    assert_eq!(status(new, &["restore", "--keys", "--from", "nowhere"]), 1);
    done(new, &["restore", "--from", journal]);
    done(new, &["restore", "--keys", "--from", keys]);
    std::fs::copy(lost.folder().join("master.key"), new.folder().join("master.key")).unwrap();
    assert_eq!(
        done(new, &["export", "events", "--format", "cloudevents", "--output", "-"]),
        events
    );
    // A copy proves what it proved; nothing is signed in it before a new key is introduced.
    done(new, &["verify", "--copy", "--against", held.to_str().unwrap()]);
    // Nor does the server alone say so: other code folds every stream to the same state, on the other engine.
    done(new, &["verify", "--second-reader"]);
    let server = Server::start(new).await;
    let token = new.token("adviser");
    let url = format!("{}/v1/beneficiaries?identity=true&limit=1", server.url);
    let mut page = serde_json::Value::Null;
    // Until the read models are made for the first time the list is not to be had, and identities are a family of their
    // own, which may come after it.
    for _ in 0..100 {
        let answer = reqwest::Client::new().get(&url).bearer_auth(&token).send().await.unwrap();
        if answer.status().is_success() {
            page = answer.json().await.unwrap();
            if page["items"][0]["name"].is_string() {
                break;
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let name = page["items"][0]["name"].as_str();
    assert!(name.is_some_and(|name| !name.is_empty()), "no name opens: {page}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_server_on_postgres_lives_on_embedded_from_its_backups() {
    let cluster = Cluster::start();
    drill(&Place::on(&cluster), &Place::embedded()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_embedded_server_lives_on_postgres_from_its_backups() {
    let cluster = Cluster::start();
    drill(&Place::embedded(), &Place::empty_on(&cluster)).await;
}

#[test]
fn what_is_not_there_is_not_backed_up() {
    let place = Place::embedded();
    assert_eq!(status(&place, &["backup", "--output", "saved"]), 2);
    assert!(!place.folder().join("saved").exists() && !place.folder().join("journal.db").exists());
}
