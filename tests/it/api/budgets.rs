//! What one caller may take of the server at once, and what a question may cost: decided before it is taken.

use std::time::Duration;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;
use sira::clock::Clock;
use sira::commands::Call;
use sira::http::ServeLimits;
use sira_domain::role::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::app::TestApp;
use super::documents::attach;
use crate::support::Engine;

const PATIENCE: Duration = Duration::from_secs(20);

async fn follow(app: &TestApp, token: &str) -> reqwest::Response {
    let request = app.request(Method::GET, "/v1/events").bearer_auth(token);
    request.header("accept", "text/event-stream").send().await.unwrap()
}

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap()
}

/// Whether a connection answers a request.
async fn answers(stream: &mut TcpStream) -> bool {
    let asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    if stream.write_all(asked).await.is_err() {
        return false;
    }
    let mut words = [0; 512];
    let read = timeout(PATIENCE, stream.read(&mut words)).await.expect("an answer or an end");
    read.is_ok_and(|read| words[..read].starts_with(b"HTTP/1.1 200"))
}

/// Files that a refused upload could have left: none, wherever the store keeps its own.
fn kept(engine: &Engine) -> Vec<std::path::PathBuf> {
    let mut folders = vec![engine.folder().join("documents"), engine.folder().join("incoming")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

fn pdf(bytes: usize) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    file.resize(bytes, b'x');
    file
}

fn document(bytes: usize) -> Form {
    let form = Form::new().text("name", "a.pdf").text("media_type", "application/pdf");
    form.part("file", Part::bytes(pdf(bytes)))
}

crate::on_both_engines! {
    async fn one_token_cannot_hold_every_stream(engine) {
        let limits = ServeLimits { streams: 6, streams_of_token: 2, ..ServeLimits::default() };
        let app = TestApp::with(engine, Clock::System, limits).await;
        let (greedy, other) = (app.token(Role::Auditor).await, app.token(Role::Auditor).await);
        let held = [follow(&app, &greedy).await, follow(&app, &greedy).await];
        assert!(held.iter().all(|stream| stream.status() == 200));
        let refused = follow(&app, &greedy).await;
        assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"30".parse().unwrap()));
        assert_eq!(follow(&app, &other).await.status(), 200);
        drop(held);
        let given_back = async {
            while follow(&app, &greedy).await.status() != 200 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, given_back).await.expect("a place given back");
    }

    async fn one_address_cannot_hold_every_connection(engine) {
        let limits = ServeLimits { connections: 8, connections_of_address: 3, ..ServeLimits::default() };
        let app = TestApp::with(engine, Clock::System, limits).await;
        let mut held = Vec::new();
        for _ in 0..3 {
            let mut stream = connect(&app).await;
            assert!(answers(&mut stream).await);
            held.push(stream);
        }
        assert!(!answers(&mut connect(&app).await).await);
        held.pop();
        let given_back = async {
            while !answers(&mut connect(&app).await).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, given_back).await.expect("a share given back");
    }

    async fn a_connection_that_says_nothing_is_given_up(engine) {
        let limits = ServeLimits { first_byte_within: Duration::from_secs(1), ..ServeLimits::default() };
        let app = TestApp::with(engine, Clock::System, limits).await;
        let mut silent = connect(&app).await;
        let read = timeout(PATIENCE, silent.read(&mut [0; 1])).await.expect("given up in time");
        assert_eq!(read.unwrap_or(0), 0);
    }

    async fn an_indicator_is_named_once(engine) {
        let app = TestApp::on(engine).await;
        let analyst = app.token(Role::Director).await;
        let again = format!("/v1/analytics/indicators?name={}", ["registered"; 50].join(","));
        let refused = app.get(&analyst, &again).await.error(400, "bad-parameter");
        assert_eq!(refused, ("?name".to_owned(), "repeated_parameter".to_owned()));
    }

    async fn a_document_that_will_be_refused_is_refused_before_it_is_kept(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let adviser = app.token(Role::Adviser).await;
        // Six, as large as they may be: only their day forbids them, which comes with the form's fields.
        for _ in 0..6 {
            let early = Form::new().text("occurred_on", "1990-01-01").text("name", "a.pdf")
                .text("media_type", "application/pdf").part("file", Part::bytes(pdf(3_000_000)).file_name("a"));
            attach(&app, &adviser, &id, early).await.problem(409, "refused");
        }
        assert_eq!(kept(engine), Vec::<std::path::PathBuf>::new());
        attach(&app, &adviser, &id, document(3_000_000)).await.ok(200);
        assert_eq!(kept(engine).len(), 1);
    }

    async fn so_many_bytes_are_kept_of_one_person(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        for number in 0..10 {
            let body = json!({
                "name": "a.pdf", "media_type": "application/pdf", "size_bytes": 52_428_800,
                "sha256": format!("{number:064}"),
            });
            let body = body.as_object().cloned().unwrap();
            app.commands.command_beneficiary(id.parse().unwrap(), "attach-document", body, call()).await.unwrap();
        }
        let adviser = app.token(Role::Adviser).await;
        let refused = attach(&app, &adviser, &id, document(100_000)).await.error(409, "refused");
        assert_eq!(refused, ("/file".to_owned(), "documents_of_person".to_owned()));
        assert_eq!(kept(engine), Vec::<std::path::PathBuf>::new());
    }

    async fn so_many_reports_of_one_actor_stand_and_a_withdrawn_one_makes_room(engine) {
        let app = TestApp::on(engine).await;
        let director = app.token(Role::Director).await;
        let freeze = async |name: String| {
            let body = json!({ "name": name, "subject": "indicators", "query": "name=registered" });
            app.post(&director, "/v1/analytics/reports", &body).await
        };
        app.registered().await;
        app.caught_up().await;
        for number in 0..100 {
            freeze(format!("r{number}")).await.ok(201);
        }
        assert_eq!(freeze("more".to_owned()).await.error(409, "refused").1, "reports_standing");
        let other = app.token_of("autre", Role::Analyst, sira::grant::Scope::All).await;
        let path = "/v1/analytics/reports/r7/withdraw";
        app.post(&other, path, &json!({})).await.problem(403, "out-of-scope");
        let withdrawn = app.post(&director, path, &json!({})).await.ok(200);
        assert_eq!((&withdrawn["name"], &withdrawn["withdrawn_by"]), (&json!("r7"), &json!("director")));
        let again = app.post(&director, path, &json!({})).await.ok(200);
        assert_eq!(again["withdrawn_at"], withdrawn["withdrawn_at"]);
        freeze("more".to_owned()).await.ok(201);
        // It stays as it was frozen, and its name is not given again.
        let shown = app.get(&director, "/v1/analytics/reports/r7").await.ok(200);
        assert_eq!((&shown["is_as_frozen"], &shown["withdrawn_by"]), (&json!(true), &json!("director")));
        let taken = json!({ "name": "r7", "subject": "funnel" });
        app.post(&director, "/v1/analytics/reports", &taken).await.problem(409, "refused");
    }
}

/// A call of somebody who may attach documents.
fn call() -> Call {
    Call::local("adviser".parse().unwrap(), Role::Adviser, "test".to_owned())
}
