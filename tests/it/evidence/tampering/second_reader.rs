//! The second reader: it has every stream of a real journal as the server has it, and a row that only one
//! of the two sees, or that they read otherwise, is named by its stream.

use std::collections::HashSet;

use sira::evidence::second_reader::{Difference, DifferenceKind, SecondReading, read_again};
use tokio::sync::watch;

use super::base::{Base, Copy};
use crate::api::app::TestApp;
use crate::on_both_engines;
use crate::support::Engine;
use crate::support::program::sira;

/// Statements that somebody runs, and what becomes of the stream then.
struct Case {
    name: &'static str,
    sql: String,
    stream: String,
    is_named: fn(DifferenceKind) -> bool,
}

async fn read(copy: &Copy<'_>) -> SecondReading {
    let journal = copy.journal().await.unwrap();
    let reading = read_again(&journal, &watch::Sender::default()).await.unwrap();
    journal.close().await;
    reading
}

/// A path that has gone some way and whose id has a letter in it.
fn some_path(base: &Base) -> String {
    let third = base.events.iter().find(|event| {
        let id = event.stream.aggregate_id.to_string();
        event.stream.aggregate_type == "beneficiary"
            && event.sequence == 3.into()
            && id.contains(char::is_alphabetic)
    });
    third.unwrap().stream.aggregate_id.to_string()
}

fn cases(base: &Base) -> Vec<Case> {
    let id = some_path(base);
    let stream = format!("beneficiary/{id}");
    let of = |rest: &str| format!("aggregate_type = 'beneficiary' AND aggregate_id = '{id}'{rest}");
    let head = base.events.len();
    // On SQLite the hand that runs the statements is not held to the checks.
    let unchecked = if base.is_file() {
        ""
    } else {
        "ALTER TABLE events DROP CONSTRAINT IF EXISTS events_sequence_check; "
    };
    let another = format!(
        "{unchecked}INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
          event_version, payload, metadata, position, recorded_at, leaf_hash) \
         SELECT aggregate_type, aggregate_id, 0, event_type, event_version, payload, metadata, \
          {}, recorded_at, leaf_hash FROM events WHERE {}",
        head + 1,
        of(" AND sequence = 1"),
    );
    let set = |what: &str, rest: &str| format!("UPDATE events SET {what} WHERE {}", of(rest));
    vec![
        Case {
            name: "a row before the first, which the server never asks for",
            sql: another,
            stream: stream.clone(),
            is_named: |kind| matches!(kind, DifferenceKind::State { .. }),
        },
        Case {
            name: "an id in capitals, which the server looks for nowhere",
            sql: set("aggregate_id = upper(aggregate_id)", ""),
            stream: format!("beneficiary/{}", id.to_uppercase()),
            is_named: |kind| kind == DifferenceKind::OnlySecond,
        },
        Case {
            name: "metadata that are none, which the server does not read",
            sql: set("metadata = '[]'", " AND sequence = 2"),
            stream: stream.clone(),
            is_named: |kind| kind == DifferenceKind::UnreadBySecond,
        },
        Case {
            name: "an event further on than it is, over whose hole the server does not read",
            sql: set("sequence = sequence + 1000", " AND sequence = 3"),
            stream: stream.clone(),
            is_named: |kind| kind == DifferenceKind::UnreadByServer,
        },
        Case {
            name: "an event that is none",
            sql: set("payload = '{}'", " AND sequence = 2"),
            stream: stream.clone(),
            is_named: |kind| kind == DifferenceKind::Unreadable,
        },
        Case {
            name: "a stream of no aggregate",
            sql: set("aggregate_type = 'visitor'", ""),
            stream: format!("visitor/{id}"),
            is_named: |kind| kind == DifferenceKind::UnknownType,
        },
    ]
}

async fn every_case(engine: Engine) {
    let base = Base::on(engine).await;
    let copy = base.copy("untouched").await;
    let reading = read(&copy).await;
    copy.discard().await;
    assert!(reading.agrees(), "{:?}", reading.differences);
    assert_eq!(reading.reader, if base.is_file() { "sqlite-es" } else { "postgres-es" });
    assert_eq!(reading.events, base.events.len() as u64);
    let streams: HashSet<_> = base.events.iter().map(|event| &event.stream).collect();
    assert_eq!(reading.streams, streams.len() as u64);
    for Case { name, sql, stream, is_named } in cases(&base) {
        let copy = base.copy("tampered").await;
        let mut hand = copy.hand().await;
        hand.run(&sql).await;
        hand.close().await;
        let differences = read(&copy).await.differences;
        copy.discard().await;
        let [Difference { stream: named, kind }] = differences.as_slice() else {
            panic!("{name}: {differences:?}");
        };
        assert!(*named == stream && is_named(*kind), "{name}: {differences:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_difference_is_named_on_sqlite() {
    every_case(Engine::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_difference_is_named_on_postgres() {
    every_case(Engine::postgres().await).await;
}

on_both_engines! {
    async fn on_the_command_line_it_names_the_stream_and_ends_with_status_1(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        app.covered().await;
        let words = ["--lang", "fr", "verify", "--second-reader"];
        let agreed = sira(engine, &words);
        let said = String::from_utf8_lossy(&agreed.stdout).into_owned();
        assert_eq!(agreed.status.code(), Some(0), "{said}");
        assert!(said.contains("sans le code de lecture du serveur"), "{said}");
        assert!(said.contains("Tout concorde."), "{said}");
        let disarm = if engine.port().is_some() {
            "ALTER TABLE events DISABLE TRIGGER USER"
        } else {
            "DROP TRIGGER events_no_update"
        };
        let tamper = format!("UPDATE events SET metadata = '[]' WHERE aggregate_id = '{id}'");
        for statement in [disarm, &tamper] {
            let mut handle = app.commands.journal().pool().acquire().await.unwrap();
            handle.connection().run(statement).await.unwrap();
        }
        let differs = sira(engine, &words);
        let said = String::from_utf8_lossy(&differs.stdout).into_owned();
        assert_eq!(differs.status.code(), Some(1), "{said}");
        let line = format!("beneficiary/{id}  illisible pour le second lecteur");
        assert!(said.contains(&line), "{said}");
        let differs = sira(engine, &["--lang", "en", "verify", "--second-reader", "--json"]);
        let told: serde_json::Value = serde_json::from_slice(&differs.stdout).unwrap();
        assert_eq!((differs.status.code(), &told["agrees"]), (Some(1), &false.into()));
        assert_eq!(told["differences"][0]["kind"], "unread_by_second");
    }
}
