//! Slow callers cost their own connection and nobody else's time.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use sira::clock::Clock;
use sira::http::ServeLimits;
use sira_domain::role::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::app::TestApp;

/// How many callers stall: half in the middle of their headers, half in the middle of a body.
const SLOW: usize = 1_000;

const LIMITS: ServeLimits = ServeLimits {
    connections: 2_000,
    connections_of_address: 2_000,
    first_byte_within: Duration::from_secs(6),
    headers_within: Duration::from_secs(6),
    body_silence: Duration::from_secs(6),
    request_within: Duration::from_secs(8),
    upload_within: Duration::from_secs(8),
    drain_within: Duration::from_secs(1),
    streams: 4,
    streams_of_token: 4,
    unread_within: Duration::from_secs(8),
};

/// Connects, sends half a request, and stalls.
async fn stall(address: &str, begun: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(begun.as_bytes()).await.unwrap();
    stream
}

/// What the server says to a stalled caller before it hangs up.
async fn last_words(mut stream: TcpStream) -> String {
    let mut words = Vec::new();
    timeout(Duration::from_secs(20), stream.read_to_end(&mut words)).await.expect("cut off").ok();
    String::from_utf8(words).unwrap()
}

crate::on_both_engines! {
    async fn a_thousand_slow_callers_are_cut_off_and_hold_up_nobody(engine) {
        let app = TestApp::with(engine, Clock::System, LIMITS).await;
        let id = app.registered().await;
        let token = app.token(Role::Adviser).await;
        let address = app.url.strip_prefix("http://").unwrap();
        let headers = format!("GET /v1/beneficiaries/{id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bea");
        let body = format!(
            "POST /v1/beneficiaries/{id}/commands/add-note HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"text\":\"lent"
        );
        let begun = [headers.as_str(), body.as_str()];
        let stalled = join_all((0..SLOW).map(|number| stall(address, begun[number % 2]))).await;
        let started = Instant::now();
        for number in 0..20 {
            let before = Instant::now();
            app.get(&token, &format!("/v1/beneficiaries/{id}")).await.ok(200);
            let note = json!({ "text": format!("Note {number}") });
            app.command(&token, &id, "add-note", &note).await.ok(200);
            assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
        }
        assert!(started.elapsed() < LIMITS.headers_within, "the callers had already been cut off");
        let words = join_all(stalled.into_iter().map(last_words)).await;
        for (number, words) in words.iter().enumerate() {
            assert!(!words.starts_with("HTTP/1.1 2"), "{words}");
            if number % 2 == 1 {
                assert!(words.starts_with("HTTP/1.1 408"), "{words}");
                assert!(words.contains("application/problem+json") && words.contains("/problems/timeout"), "{words}");
            }
        }
        let status = app.get(&token, &format!("/v1/beneficiaries/{id}")).await.ok(200);
        assert_eq!(status["actions"]["notes"], json!(20));
    }

    async fn a_body_that_drips_in_for_ever_is_cut_off_with_a_problem(engine) {
        let limits = ServeLimits {
            body_silence: Duration::from_secs(2),
            request_within: Duration::from_secs(3),
            ..LIMITS
        };
        let app = TestApp::with(engine, Clock::System, limits).await;
        let id = app.registered().await;
        let token = app.token(Role::Adviser).await;
        let address = app.url.strip_prefix("http://").unwrap();
        let begun = format!(
            "POST /v1/beneficiaries/{id}/commands/add-note HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             X-Request-Id: goutte\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"text\":\"lent"
        );
        let mut stream = stall(address, &begun).await;
        let started = Instant::now();
        let mut words = [0; 4_096];
        let read = loop {
            assert!(started.elapsed() < Duration::from_secs(10), "still dripping");
            tokio::select! {
                read = stream.read(&mut words) => break read.unwrap(),
                () = tokio::time::sleep(Duration::from_millis(300)) => {}
            }
            stream.write_all(b"x").await.unwrap();
        };
        let words = std::str::from_utf8(&words[..read]).unwrap();
        assert!(words.starts_with("HTTP/1.1 408"), "{words}");
        assert!(words.contains("application/problem+json") && words.contains("/problems/timeout"), "{words}");
        assert!(words.contains(r#""request_id":"goutte""#), "{words}");
    }
}
