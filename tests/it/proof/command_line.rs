//! `sira projections`: what it says and how it exits, in both languages.

use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};
use sira::clock::Clock;
use sira::journal::{AppendRequest, Journal, JournalConfig, NewEvent, StreamId, StreamWrite};
use sira_numbers::Position;
use uuid::Uuid;

use super::leading::{sign_a_convention, until_ready_at};
use crate::crash::server::{Place, Server};

fn projections(place: &Place, language: &str, arguments: &[&str]) -> Output {
    place.sira().env("SIRA_LANG", language).arg("projections").args(arguments).output().unwrap()
}

fn said(output: &Output, status: i32) -> String {
    let texts = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    let text = texts.concat();
    assert_eq!(output.status.code(), Some(status), "{text}");
    text
}

fn listed(place: &Place) -> Vec<Value> {
    let output = projections(place, "en", &["list", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// An event of a path that no program can read; its position.
async fn append_poison(place: &Place) -> Position {
    let journal = Journal::open(&JournalConfig::new(place.url()), Clock::System).await.unwrap();
    let poison = NewEvent {
        event_type: "Registered".into(),
        event_version: "2.0".into(),
        payload: r#"{"occurred_on":"2022-01-01","by":"awa","fact":{"Registered":{}}}"#.to_owned(),
        metadata: "{}".to_owned(),
    };
    let stream = StreamId::new("beneficiary", Uuid::now_v7());
    let writes = vec![StreamWrite { stream, expected_version: 0.into(), events: vec![poison] }];
    let request = AppendRequest { writes, answer: "{}".to_owned(), ..AppendRequest::default() };
    journal.append(request).await.unwrap();
    let position = journal.head().await.unwrap().position;
    journal.close().await;
    position
}

async fn until_stopped(server: &Server, position: Position) -> String {
    let line =
        format!("sira_projection_stopped_position{{projection=\"case_status\"}} {position}\n");
    for _ in 0..200 {
        let answer = reqwest::get(format!("{}/metrics", server.url)).await.unwrap();
        let metrics = answer.text().await.unwrap();
        if metrics.contains(&line) {
            return metrics;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing stopped at {position}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn projections_are_listed_and_rebuilt_on_the_command_line_while_a_server_runs() {
    let place = Place::embedded();
    let token = place.token("director");
    let server = Server::start(&place).await;
    let position = sign_a_convention(&server, &token).await;
    until_ready_at(&server, position).await;
    for projection in listed(&place) {
        let told = [&projection["position"], &projection["lag_events"], &projection["state"]];
        assert_eq!(told, [&json!(position), &json!(0), &json!("live")], "{projection}");
    }
    let french = said(&projections(&place, "fr", &["list"]), 0);
    assert!(french.contains("état") && french.contains("à jour"), "{french}");
    let english = said(&projections(&place, "en", &["list"]), 0);
    assert!(english.contains("state") && english.contains("case_milestones"), "{english}");

    let rebuilt = said(&projections(&place, "en", &["rebuild"]), 0);
    assert!(rebuilt.contains(&format!("up to position {position}")), "{rebuilt}");
    let rebuilt = said(&projections(&place, "fr", &["rebuild", "visits", "case_identity"]), 0);
    assert!(rebuilt.contains(&format!("jusqu'à la position {position}")), "{rebuilt}");
    let wrong = said(&projections(&place, "en", &["rebuild", "case_statuses"]), 2);
    assert!(wrong.contains("case_statuses") && wrong.contains("case_status,"), "{wrong}");
    let wrong = said(&projections(&place, "fr", &["rebuild", "case_statuses"]), 2);
    assert!(wrong.contains("n'est pas une projection"), "{wrong}");
    // The server goes on with the tables that were put in place.
    let position = sign_a_convention(&server, &token).await;
    until_ready_at(&server, position).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poison_event_is_told_by_list_rebuild_and_metrics_with_its_position() {
    let place = Place::embedded();
    let token = place.token("director");
    let server = Server::start(&place).await;
    let position = sign_a_convention(&server, &token).await;
    until_ready_at(&server, position).await;
    let poison = append_poison(&place).await;
    let metrics = until_stopped(&server, poison).await;
    assert!(
        metrics.contains("sira_projection_stopped{projection=\"case_status\"} 1\n"),
        "{metrics}"
    );
    assert!(
        metrics.contains("sira_projection_stopped{projection=\"fund_status\"} 0\n"),
        "{metrics}"
    );
    let goes_on = [
        "activity_log",
        "cohort_status",
        "commitments",
        "fund_status",
        "offices",
        "programme_status",
        "staff",
    ];
    let is_as_expected = |projection: &Value| {
        let goes_on = goes_on.contains(&projection["name"].as_str().unwrap());
        let expected =
            if goes_on { (json!("live"), json!(null)) } else { (json!("stopped"), json!(poison)) };
        (&projection["state"], &projection["stopped_at"]) == (&expected.0, &expected.1)
    };
    // Each family stops by itself, and one of them is waited for so far.
    let mut shown = listed(&place);
    for _ in 0..40 {
        if shown.iter().all(is_as_expected) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
        shown = listed(&place);
    }
    for projection in &shown {
        assert!(is_as_expected(projection), "{projection}");
    }
    let told = said(&projections(&place, "fr", &["list"]), 0);
    assert!(told.contains(&format!("arrêtée @{poison}")), "{told}");
    let told = said(&projections(&place, "en", &["rebuild", "visits"]), 1);
    assert!(told.contains(&format!("position {poison}")), "{told}");
}
