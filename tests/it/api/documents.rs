//! Documents: taken in as a stream, sealed, given back whole or not at all.

use std::path::PathBuf;

use chrono::TimeDelta;
use reqwest::Method;
use reqwest::header::HeaderMap;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sira::clock::Clock;
use sira::http::ServeLimits;
use sira_database::on_engine;
use sira_domain::role::Role;
use sira_evidence::leaf::hex;
use sira_numbers::Position;

use super::app::{Reply, TestApp};
use crate::support::Engine;

/// A PDF of so many bytes, of no pattern.
fn pdf(size: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut state = 7_u64;
    while bytes.len() < size {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        bytes.push(state.to_be_bytes()[0]);
    }
    bytes.truncate(size);
    bytes
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn file(bytes: &[u8]) -> Part {
    Part::bytes(bytes.to_vec())
}

fn typed(name: &'static str, media_type: &'static str) -> Form {
    Form::new().text("name", name).text("media_type", media_type)
}

fn form(bytes: &[u8]) -> Form {
    typed("Attestation inventée.pdf", "application/pdf").part("file", file(bytes))
}

pub async fn attach(app: &TestApp, token: &str, id: &str, form: Form) -> Reply {
    let path = format!("/v1/beneficiaries/{id}/commands/attach-document");
    Reply::of(app.request(Method::POST, &path).bearer_auth(token).multipart(form)).await
}

/// Status, headers and bytes of a document; no bytes when the answer broke off.
async fn fetch(
    app: &TestApp,
    token: &str,
    id: &str,
    sha256: &str,
) -> (u16, HeaderMap, Option<Vec<u8>>) {
    let path = format!("/v1/beneficiaries/{id}/documents/{sha256}");
    let sent = app.request(Method::GET, &path).bearer_auth(token).send().await;
    // Broken off before the first byte went out.
    let Ok(response) = sent else { return (0, HeaderMap::new(), None) };
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.bytes().await.ok().map(|bytes| bytes.to_vec()))
}

/// Every object of a person.
fn objects(engine: &Engine, id: &str) -> Vec<PathBuf> {
    let folder = engine.folder().join("documents/beneficiary").join(id);
    let found = folder.read_dir().into_iter().flatten();
    found.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

async fn head(app: &TestApp) -> Position {
    app.commands.journal().head().await.unwrap().position
}

crate::on_both_engines! {
    async fn documents_of_every_size_come_back_as_they_went_in(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let adviser = app.token(Role::Adviser).await;
        let chunk = 64 * 1024;
        for size in [9, 100, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 * 1024 * 1024 + 17] {
            let bytes = pdf(size);
            let answer = attach(&app, &adviser, &id, form(&bytes)).await.ok(200);
            assert_eq!(answer["events"], json!(["DocumentAttached"]), "{size}");
            let (status, headers, got) = fetch(&app, &adviser, &id, &sha256(&bytes)).await;
            assert_eq!((status, got.as_deref() == Some(&bytes[..])), (200, true), "{size}");
            assert_eq!(headers["content-type"], "application/pdf");
            let name = "attachment; filename*=UTF-8''Attestation%20invent%C3%A9e.pdf";
            assert_eq!(headers["content-disposition"], name);
            assert_eq!(headers["cache-control"], "no-store");
        }
        let again = attach(&app, &adviser, &id, form(&pdf(100))).await.ok(200);
        assert_eq!(again["already_done"], json!(true));
        let status = app.get(&adviser, &format!("/v1/beneficiaries/{id}")).await.ok(200);
        assert_eq!(status["documents"][1]["size_bytes"], json!(100));
    }

    async fn what_does_not_match_is_refused_and_leaves_no_event(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let adviser = app.token(Role::Adviser).await;
        let before = head(&app).await;
        let bytes = pdf(1_000);
        let pdf_form = || typed("a.pdf", "application/pdf");
        let cases = [
            (pdf_form().text("size_bytes", "999").part("file", file(&bytes)), "/size_bytes"),
            (pdf_form().text("sha256", "0".repeat(64)).part("file", file(&bytes)), "/sha256"),
            (typed("a.pdf", "image/png").part("file", file(&bytes)), "/media_type"),
            (typed("a.pdf", "application/x-msdownload").part("file", file(&bytes)), "/media_type"),
            (pdf_form().part("file", file(b"")), "/file"),
            (pdf_form(), "/file"),
            (pdf_form().text("secret", "x").part("file", file(&bytes)), ""),
            (Form::new().text("name", "x".repeat(9_000)).part("file", file(&bytes)), "/name"),
            (Form::new().text("media_type", "application/pdf").part("file", file(&bytes)), "/name"),
            (pdf_form().text("occurred_on", "hier").part("file", file(&bytes)), "/occurred_on"),
        ];
        for (number, (form, pointer)) in cases.into_iter().enumerate() {
            let reply = attach(&app, &adviser, &id, form).await;
            assert_eq!(reply.error(422, "invalid-body").0, pointer, "case {number}");
        }
        assert_eq!(head(&app).await, before);
        let fingerprint = json!({ "name": "a.pdf", "media_type": "application/pdf", "size_bytes": 1, "sha256": "0".repeat(64) });
        let reply = app.command(&adviser, &id, "attach-document", &fingerprint).await;
        reply.problem(415, "unsupported-media-type");
    }

    async fn a_wrong_header_of_an_upload_is_named(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let adviser = app.token(Role::Adviser).await;
        let (before, long) = (head(&app).await, "x".repeat(129));
        let path = format!("/v1/beneficiaries/{id}/commands/attach-document");
        let upload = || app.request(Method::POST, &path).bearer_auth(&adviser);
        let named = |problem: &Value| problem["errors"][0]["pointer"].as_str().unwrap().to_lowercase();
        for (name, value) in [
            ("if-match", "1"), ("if-match", ""), ("idempotency-key", &long), ("sira-device", &long),
            ("sira-device-time", "hier"), ("sira-correlation-id", &long), ("sira-causation-id", &long),
        ] {
            let reply = Reply::of(upload().header(name, value).multipart(form(&pdf(100)))).await;
            assert_eq!(named(&reply.problem(400, "bad-parameter")), name, "{value}");
        }
        // A form without its boundary cannot be taken apart.
        for kind in ["multipart/form-data", "multipart/mixed; boundary=x", "application/pdf", "text plain"] {
            let reply = Reply::of(upload().header("content-type", kind).body(pdf(100))).await;
            let problem = reply.problem(415, "unsupported-media-type");
            assert_eq!(named(&problem), "content-type", "{kind}");
            assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("multipart/form-data"), "{problem}");
        }
        let without = Reply::of(upload().body(pdf(100))).await.problem(415, "unsupported-media-type");
        assert_eq!(named(&without), "content-type");
        Reply::of(upload().header("if-match", "\"9\"").multipart(form(&pdf(100)))).await.problem(412, "precondition-failed");
        assert_eq!(head(&app).await, before);
    }

    async fn a_document_over_the_limit_is_cut_off(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let adviser = app.token(Role::Adviser).await;
        let before = head(&app).await;
        let reply = attach(&app, &adviser, &id, form(&pdf(52_428_801))).await;
        reply.problem(413, "body-too-large");
        assert_eq!((head(&app).await, objects(engine, &id).len()), (before, 0));
    }

    async fn neither_bytes_nor_name_nor_hash_lie_in_clear_in_the_store(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let adviser = app.token(Role::Adviser).await;
        let bytes = "Attestation de Personne Inventée\n".repeat(9_000).into_bytes();
        let part = file(&bytes).file_name("zoumbale.txt");
        let sent = Form::new().text("media_type", "text/plain; charset=utf-8").part("file", part);
        attach(&app, &adviser, &id, sent).await.ok(200);
        let [object] = &objects(engine, &id)[..] else { panic!("one object") };
        let at = object.to_str().unwrap();
        assert!(!at.contains(&sha256(&bytes)) && !at.contains("zoumbale"));
        let stored = std::fs::read(object).unwrap();
        assert!(!stored.windows(11).any(|window| window == b"Attestation"));
        assert!(stored.len() > bytes.len());
    }

    async fn a_stored_document_that_was_touched_is_not_given_back_whole(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let adviser = app.token(Role::Adviser).await;
        let bytes = pdf(200_000);
        attach(&app, &adviser, &id, form(&bytes)).await.ok(200);
        let [object] = &objects(engine, &id)[..] else { panic!("one object") };
        let whole = std::fs::read(object).unwrap();
        let sealed_chunk = 64 * 1024 + 40;
        let chunk = |number: usize| 16 + number * sealed_chunk..16 + (number + 1) * sealed_chunk;
        let mut flipped = whole.clone();
        flipped[150_000] ^= 1;
        let mut swapped = whole.clone();
        swapped[chunk(0)].copy_from_slice(&whole[chunk(1)]);
        swapped[chunk(1)].copy_from_slice(&whole[chunk(0)]);
        let cut_at_a_chunk = whole[..chunk(1).end].to_vec();
        let cut = whole[..100_000].to_vec();
        for damaged in [flipped, swapped, cut_at_a_chunk, cut, whole[..10].to_vec(), Vec::new()] {
            std::fs::write(object, &damaged).unwrap();
            let (status, _, got) = fetch(&app, &adviser, &id, &sha256(&bytes)).await;
            assert!(status == 500 || got.is_none(), "{status}: given as whole");
        }
        std::fs::write(object, &whole).unwrap();
        assert_eq!(fetch(&app, &adviser, &id, &sha256(&bytes)).await.2, Some(bytes));
    }

    async fn only_those_who_may_open_a_name_read_documents_and_each_reading_is_recorded(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let adviser = app.token(Role::Adviser).await;
        let bytes = pdf(500);
        attach(&app, &adviser, &id, form(&bytes)).await.ok(200);
        for role in [Role::Committee, Role::Auditor, Role::Trainer, Role::Analyst, Role::Donor, Role::Admin] {
            let status = fetch(&app, &app.token(role).await, &id, &sha256(&bytes)).await.0;
            assert_eq!(status, 403, "{role}");
        }
        let elsewhere = app.token_of("ailleurs", Role::Adviser, app.office("mopti-1").await).await;
        assert_eq!(fetch(&app, &elsewhere, &id, &sha256(&bytes)).await.0, 404);
        attach(&app, &elsewhere, &id, form(&bytes)).await.problem(404, "not-found");
        let auditor = app.token(Role::Auditor).await;
        attach(&app, &auditor, &id, form(&bytes)).await.problem(403, "forbidden");
        assert_eq!(fetch(&app, &adviser, &id, &"0".repeat(64)).await.0, 404);
        assert_eq!(fetch(&app, &adviser, &id, &sha256(&bytes)).await.0, 200);
        let (count,): (i64,) = on_engine!(app.commands.journal().pool(), pool => {
            sqlx::query_as("SELECT count(*) FROM access_log WHERE action = 'document'")
                .fetch_one(pool)
                .await
        })
        .unwrap();
        assert_eq!(count, 1);
    }

    async fn a_retracted_document_is_not_given_and_an_erased_persons_are_gone(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let adviser = app.token(Role::Adviser).await;
        let (one, two) = (pdf(500), pdf(600));
        attach(&app, &adviser, &id, form(&one)).await.ok(200);
        attach(&app, &adviser, &id, form(&two)).await.ok(200);
        let retraction = json!({ "sequence": 2, "reason": "Faux document" });
        app.done(Role::Adviser, &id, "retract", &retraction).await;
        assert_eq!(fetch(&app, &adviser, &id, &sha256(&one)).await.0, 404);
        assert_eq!(objects(engine, &id).len(), 2, "the event stays, and its bytes");
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        assert_eq!(objects(engine, &id), Vec::<PathBuf>::new());
        assert_eq!(fetch(&app, &adviser, &id, &sha256(&two)).await.0, 404);
        let refused = attach(&app, &adviser, &id, form(&one)).await;
        assert_eq!(refused.error(409, "refused").1, "person_erased");
    }

    async fn the_sweep_removes_what_no_event_names_and_nothing_else(engine) {
        let clock = Clock::manual(Clock::System.now());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let id = app.registered().await;
        let adviser = app.token(Role::Adviser).await;
        attach(&app, &adviser, &id, form(&pdf(500))).await.ok(200);
        attach(&app, &adviser, &id, form(&pdf(600))).await.ok(200);
        let retraction = json!({ "sequence": 3, "reason": "Faux document" });
        app.done(Role::Adviser, &id, "retract", &retraction).await;
        let erased = app.registered().await;
        app.done(Role::Admin, &erased, "erase-personal-data", &json!({ "ground": "request" })).await;
        let folder = engine.folder().join("documents/beneficiary");
        // What crashes leave: no event, no such person, an erased person.
        for orphan in [id.as_str(), "00000000-0000-7000-8000-000000000001", erased.as_str()] {
            std::fs::create_dir_all(folder.join(orphan)).unwrap();
            std::fs::write(folder.join(orphan).join("0".repeat(32)), b"orphan").unwrap();
        }
        let documents = app.commands.documents().unwrap();
        assert_eq!(app.commands.sweep_documents(documents).await.unwrap(), 1, "the erased one's, at once");
        clock.set(Clock::System.now() + TimeDelta::minutes(61));
        assert_eq!(app.commands.sweep_documents(documents).await.unwrap(), 2);
        assert_eq!(objects(engine, &id).len(), 2);
        assert_eq!(app.commands.sweep_documents(documents).await.unwrap(), 0);
    }

    async fn an_upload_that_breaks_off_leaves_nothing(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let adviser = app.token(Role::Adviser).await;
        let before = head(&app).await;
        let path = format!("/v1/beneficiaries/{id}/commands/attach-document");
        let start = "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na.pdf\r\n\
                     --b\r\nContent-Disposition: form-data; name=\"file\"\r\n\
                     Content-Type: application/pdf\r\n\r\n%PDF-1.7 ";
        let cut = app.request(Method::POST, &path).bearer_auth(&adviser).body(start);
        let reply = Reply::of(cut.header("content-type", "multipart/form-data; boundary=b")).await;
        assert!((400..500).contains(&reply.status), "{reply:?}");
        assert_eq!((head(&app).await, objects(engine, &id).len()), (before, 0));
        assert!(engine.folder().join("incoming").read_dir().unwrap().next().is_none());
    }
}

#[test]
fn the_contract_says_that_a_document_is_sent_as_a_form() {
    let document: &Value = sira::http::openapi();
    let attach = &document["paths"]["/v1/beneficiaries/{id}/commands/attach-document"]["post"];
    let content = attach["requestBody"]["content"].as_object().unwrap();
    assert_eq!(content.keys().collect::<Vec<_>>(), ["multipart/form-data"]);
    let file = &content["multipart/form-data"]["schema"]["properties"]["file"];
    assert_eq!(file["format"], "binary");
}
