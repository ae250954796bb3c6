//! Proofs over HTTP, as somebody else checks them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::Value;
use sira::evidence::merkle::{Hash, verify_consistency, verify_inclusion};
use sira::evidence::{Checkpoint, Note, VerifierKey};
use sira::grant::Scope;
use sira_domain::role::Role;
use sira_numbers::Position;

use super::log_key;
use crate::api::app::{Reply, TestApp, region};
use crate::on_both_engines;

fn hash(value: &Value) -> Hash {
    STANDARD.decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

fn hashes(value: &Value) -> Vec<Hash> {
    value.as_array().unwrap().iter().map(hash).collect()
}

async fn checkpoint(app: &TestApp, token: &str) -> Checkpoint {
    let reply = app.get(token, "/v1/evidence/checkpoint").await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
    let note: Note = reply.text.parse().unwrap();
    note.verify(&log_key()).unwrap();
    note.text.parse().unwrap()
}

on_both_engines! {
    async fn every_event_is_proved_in_the_tree_and_every_tree_in_the_next(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let token = app.token(Role::Donor).await;
        let mut older: Vec<Checkpoint> = Vec::new();
        for _ in 0..4 {
            for _ in 0..3 {
                app.register(&programme).await;
            }
            app.covered().await;
            older.push(checkpoint(&app, &token).await);
        }
        let newest = older.last().unwrap().clone();
        for position in 1..=newest.size {
            let proof = app.get(&token, &format!("/v1/evidence/inclusion?position={position}")).await.ok(200);
            let (leaf, path) = (hash(&proof["leaf_hash"]), hashes(&proof["proof"]));
            verify_inclusion(&leaf, position - 1, newest.size, &path, &newest.root).unwrap();
            let note: Note = proof["checkpoint"].as_str().unwrap().parse().unwrap();
            note.verify(&log_key()).unwrap();
            let event = app.commands.journal().read_feed(Position::of_count(position - 1), 1).await.unwrap().remove(0);
            assert_eq!(event.computed_leaf("main").unwrap(), leaf);
        }
        for (place, old) in older.iter().enumerate() {
            let path = format!("/v1/evidence/inclusion?position=1&size={}", old.size);
            let proof = app.get(&token, &path).await.ok(200);
            verify_inclusion(&hash(&proof["leaf_hash"]), 0, old.size, &hashes(&proof["proof"]), &old.root).unwrap();
            for new in &older[place..] {
                let path = format!("/v1/evidence/consistency?from={}&to={}", old.size, new.size);
                let proof = hashes(&app.get(&token, &path).await.ok(200)["proof"]);
                verify_consistency((old.size, &old.root), (new.size, &new.root), &proof).unwrap();
            }
        }
    }

    async fn an_event_of_a_moment_ago_is_waited_for_and_one_that_is_not_there_is_not(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        let token = app.token(Role::Auditor).await;
        let head = app.commands.journal().head().await.unwrap().position;
        app.get(&token, &format!("/v1/evidence/inclusion?position={head}")).await.ok(200);
        let beyond = format!("/v1/evidence/inclusion?position={}", head.next());
        app.get(&token, &beyond).await.problem(404, "not-found");
        for query in ["inclusion", "inclusion?position=0", "inclusion?position=x", "inclusion?position=2&size=1",
            "consistency?from=3&to=2", "consistency?from=0", "consistency?to=2", "inclusion?position=1&who=2",
            "consistency?from=1&to=99999999999999999999"] {
            app.get(&token, &format!("/v1/evidence/{query}")).await.problem(400, "bad-parameter");
        }
    }

    async fn tiles_are_given_whole_and_in_their_older_forms_and_no_others(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        for _ in 0..4 {
            app.register(&programme).await;
        }
        let size = app.covered().await.checkpoint.size;
        let token = app.token(Role::Auditor).await;
        let tile = async |path: &str| {
            let request = app.request(Method::GET, &format!("/v1/evidence/tile/{path}")).bearer_auth(&token);
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.bytes().await.unwrap())
        };
        let events = app.commands.journal().read_feed(0.into(), 100).await.unwrap();
        let leaves: Vec<u8> = events.iter().flat_map(|event| event.leaf_hash).collect();
        for width in 1..=size {
            let (status, bytes) = tile(&format!("0/000.p/{width}")).await;
            let width = usize::try_from(width).unwrap();
            assert_eq!((status, &bytes[..]), (200, &leaves[..32 * width]));
            let (status, bytes) = tile(&format!("entries/000.p/{width}")).await;
            assert_eq!(status, 200);
            let entries: Vec<u8> = events[..width].iter().flat_map(|event| {
                let entry = event.entry_text("main").unwrap();
                [u16::try_from(entry.len()).unwrap().to_be_bytes().to_vec(), entry.into_bytes()].concat()
            }).collect();
            assert_eq!(bytes, entries);
        }
        for wrong in [format!("0/000.p/{}", size + 1), "0/000".into(), "0/001.p/1".into(), "1/000.p/1".into(),
            "00/000.p/1".into(), "9/000".into(), "0/0.p/1".into(), "x/000.p/1".into(), "entries/000".into(), "0".into()] {
            assert_eq!(tile(&wrong).await.0, 404, "{wrong}");
        }
    }

    async fn entries_are_for_those_who_reach_everything(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        app.covered().await;
        let path = "/v1/evidence/tile/entries/000.p/1";
        for role in [Role::Analyst, Role::Donor, Role::Adviser] {
            let token = app.token(role).await;
            app.get(&token, path).await.problem(403, "forbidden");
            assert_eq!(app.get(&token, "/v1/evidence/checkpoint").await.status, 200);
        }
        let token = app.token_of("mopti", Role::Director, region("mopti")).await;
        app.get(&token, path).await.problem(403, "out-of-scope");
        let token = app.token_of("bamako", Role::Director, Scope::All).await;
        assert_eq!(app.get(&token, path).await.status, 200);
    }

    async fn the_key_is_shown_and_is_the_one_that_signs(engine) {
        let app = TestApp::on(engine).await;
        let token = app.token(Role::Analyst).await;
        let shown = app.get(&token, "/v1/evidence/key").await.ok(200);
        let key: VerifierKey = shown["key"].as_str().unwrap().parse().unwrap();
        assert_eq!(key, log_key());
        assert_eq!(shown["origin"], "sira.test/log");
        assert_eq!(shown["introductions"], serde_json::json!([]));
        // Nothing is recorded yet: there is nothing to sign.
        app.get(&token, "/v1/evidence/checkpoint").await.problem(503, "not-covered");
        let reply = Reply::of(app.request(Method::GET, "/readyz")).await.ok(200);
        assert_eq!(reply["evidence"]["size"], Value::Null);
    }
}
