//! Spans of the real binary, as a collector gets them.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use reqwest::Client;
use tokio::net::TcpListener;

use crate::api::app::{NAME, registration};
use crate::crash::server::{Place, Server};

type Received = Arc<Mutex<Vec<u8>>>;

/// A collector that keeps every byte it gets.
async fn collector() -> (String, Received) {
    let received = Received::default();
    let take = async |State(received): State<Received>, headers: HeaderMap, body: Bytes| {
        assert_eq!(headers["content-type"], "application/x-protobuf");
        received.lock().unwrap().extend_from_slice(&body);
    };
    let router = Router::new().route("/v1/traces", post(take)).with_state(received.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_requests_and_commands_by_name_and_nothing_of_a_person() {
    let (endpoint, received) = collector().await;
    let place = Place::embedded();
    let (admin, adviser) = (place.token("admin"), place.token_of("temoin.unique", "adviser"));
    let mut command = place.sira();
    command.args(["serve", "--listen", "127.0.0.1:0", "--otlp-endpoint", &endpoint]);
    let server = Server::of(command.stderr(Stdio::piped()).spawn().unwrap()).await;
    let client = Client::new();
    let post = async |token: &str, path: &str, body: &serde_json::Value| {
        let request = client.post(format!("{}{path}", server.url)).bearer_auth(token).json(body);
        let request = request
            .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            .header("tracestate", "vendor=temoin")
            .header("x-request-id", "requete-de-temoin")
            .header("idempotency-key", "cle-de-temoin");
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.json::<serde_json::Value>().await.unwrap()
    };
    let convention = serde_json::json!({
        "name": "Convention d'essai", "signed_on": "2021-07-06", "term_years": 30, "renewable": true,
        "parties": [{ "name": "Agence inventée", "role": "agency" }],
    });
    let programme = post(&admin, "/v1/programmes", &convention).await["id"].clone();
    let programme = programme.as_str().unwrap();
    let office = serde_json::json!({
        "office": "segou-1", "name": "Antenne", "region": "segou", "occurred_on": "2021-07-06",
    });
    let opening = format!("/v1/programmes/{programme}/commands/open-office");
    let _ = client
        .post(format!("{}{opening}", server.url))
        .bearer_auth(&admin)
        .json(&office)
        .send()
        .await
        .unwrap();
    let person = post(&adviser, "/v1/beneficiaries", &registration(programme)).await;
    let (id, reference) = (person["id"].as_str().unwrap(), person["reference"].as_str().unwrap());
    for query in [id.to_owned(), format!("{reference}?identity=true")] {
        let url = format!("{}/v1/beneficiaries/{query}", server.url);
        assert!(client.get(url).bearer_auth(&adviser).send().await.unwrap().status().is_success());
    }
    // What is left is sent before the process ends.
    server.stop().await;
    let bytes = received.lock().unwrap().clone();
    for part in [
        "sira",
        "POST /v1/beneficiaries",
        "GET /v1/beneficiaries/{id}",
        "command register",
        "command open-office",
        "append",
    ] {
        assert!(holds(&bytes, part.as_bytes()), "no {part}");
    }
    let trace = [
        0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31,
        0x9c,
    ];
    assert!(holds(&bytes, &trace), "the caller's trace goes on");
    let mut personal: Vec<&str> = NAME.split(' ').collect();
    personal.extend(["temoin", id, reference, "70 00 00 01", programme, "identity=true", &adviser]);
    for part in personal {
        assert!(!holds(&bytes, part.as_bytes()), "{part} is in the spans");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_delays_no_end_and_stops_no_answer() {
    let place = Place::embedded();
    let adviser = place.token("adviser");
    let mut command = place.sira();
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("SIRA_OTLP_ENDPOINT", "http://127.0.0.1:9");
    let server = Server::of(command.stderr(Stdio::piped()).spawn().unwrap()).await;
    let url = format!("{}/v1/reference", server.url);
    assert!(
        Client::new().get(url).bearer_auth(&adviser).send().await.unwrap().status().is_success()
    );
    let told = tokio::time::Instant::now();
    server.stop().await;
    assert!(told.elapsed() < std::time::Duration::from_secs(12), "{:?}", told.elapsed());
}
