//! What every answer and every text has: one form of problem, headers for browsers, connections that go on,
//! names without anything hidden.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use sira_domain::role::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::app::{Reply, TestApp, registration, with};

/// Sends something and reads until the head of an answer has come, and its body.
async fn ask(stream: &mut TcpStream, request: &[u8]) -> String {
    stream.write_all(request).await.unwrap();
    let mut words = Vec::new();
    loop {
        let mut some = [0; 4_096];
        let read = timeout(Duration::from_secs(20), stream.read(&mut some)).await.unwrap().unwrap();
        words.extend_from_slice(&some[..read]);
        let text = String::from_utf8_lossy(&words).into_owned();
        let length = text
            .to_ascii_lowercase()
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next().unwrap().parse::<usize>().ok());
        if let (Some((_, body)), Some(length)) = (text.split_once("\r\n\r\n"), length)
            && body.len() >= length
        {
            return text;
        }
        assert!(read > 0, "ended: {text}");
    }
}

fn says_close(answer: &str) -> bool {
    answer.to_ascii_lowercase().contains("connection: close")
}

crate::on_both_engines! {
    async fn a_refusal_before_the_body_keeps_the_connection_or_says_that_it_ends(engine) {
        let app = TestApp::on(engine).await;
        let address = app.url.strip_prefix("http://").unwrap();
        let head = |length: usize| format!(
            "POST /v1/beneficiaries HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        for _ in 0..3 {
            let body = " ".repeat(20_000);
            let answer = ask(&mut stream, (head(body.len()) + &body).as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 401") && !says_close(&answer), "{answer}");
        }
        let answer = ask(&mut stream, (head(40_000_000) + "{").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 401") && says_close(&answer), "{answer}");
        let mut stream = TcpStream::connect(address).await.unwrap();
        let waiting = head(10).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
        let answer = ask(&mut stream, waiting.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 401") && says_close(&answer), "{answer}");
    }

    async fn every_failure_is_a_problem_document(engine) {
        let app = TestApp::on(engine).await;
        let admin = app.token(Role::Admin).await;
        let large = "x".repeat(3_000_000);
        let note = app.request(Method::POST, "/v1/evidence/cosignatures").bearer_auth(&admin).body(large);
        Reply::of(note).await.problem(413, "body-too-large");
        for path in ["/docs/none.js", "/docs/a/b", "/none", "/v1/none"] {
            app.get(&admin, path).await.problem(404, "not-found");
        }
        let patched = app.request(Method::PATCH, "/v1/beneficiaries").bearer_auth(&admin);
        Reply::of(patched).await.problem(405, "method-not-allowed");
    }

    async fn a_browser_is_told_what_it_may_do_with_every_answer(engine) {
        let app = TestApp::on(engine).await;
        let admin = app.token(Role::Admin).await;
        let id = app.registered().await;
        let paths = ["/", "/docs", "/openapi.json", "/healthz", "/problems/refused", "/none", "/v1/me", "/v1/reference", "/v1/evidence/checkpoint"];
        for path in paths.into_iter().map(ToOwned::to_owned).chain([format!("/v1/beneficiaries/{id}")]) {
            let reply = app.get(&admin, &path).await;
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
            let policy = reply.header("content-security-policy");
            let own = if path == "/docs" { "default-src 'self'" } else { "default-src 'none'" };
            assert!(policy.starts_with(own) && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        }
    }

    async fn nothing_is_hidden_in_a_name_and_one_name_has_one_form(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let (adviser, director) = (app.token(Role::Adviser).await, app.token(Role::Director).await);
        for hidden in ["\u{200b}", "\u{202e}", "\u{2066}", "\u{feff}", "\u{ad}", "\u{200d}"] {
            for pointer in ["/identity/name", "/identity/locality", "/identity/address"] {
                let body = with(registration(&programme), pointer, json!(format!("Awa{hidden} T")));
                let refused = app.post(&adviser, "/v1/beneficiaries", &body).await.error(422, "invalid-body");
                assert_eq!(refused, (pointer.to_owned(), "control_character".to_owned()), "{hidden:?}");
            }
            let office = json!({ "office": "kayes-1", "name": format!("Antenne {hidden}"), "region": "kayes" });
            let path = format!("/v1/programmes/{programme}/commands/open-office");
            let refused = app.post(&director, &path, &office).await.error(422, "invalid-body");
            assert_eq!(refused, ("/name".to_owned(), "control_character".to_owned()), "{hidden:?}");
        }
        // Full-width letters, a loose accent and a hard space are ways of typing the same name.
        let body = with(registration(&programme), "/identity/name", json!("\u{ff21}wa Traore\u{301}\u{a0}X"));
        let id = app.post(&adviser, "/v1/beneficiaries", &body).await.ok(201)["id"].as_str().unwrap().to_owned();
        let shown = app.get(&adviser, &format!("/v1/beneficiaries/{id}?identity=true")).await.ok(200);
        assert_eq!(shown["identity"]["name"], json!("Awa Traor\u{e9} X"));
        // A free text keeps what a telephone puts there.
        app.done(Role::Adviser, &id, "add-note", &json!({ "text": "Vue \u{1f468}\u{200d}\u{1f469} hier" })).await;
    }
}
