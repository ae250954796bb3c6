//! A second party who watches.

use std::path::Path;

use sira::clock::Clock;
use sira::evidence::witness::{Watch, Witness, WitnessError};
use sira::evidence::{Algorithm, Note, NoteKey, Witnesses};
use sira_domain::role::Role;
use tempfile::tempdir;

use super::{check, log_key};
use crate::api::app::TestApp;
use crate::on_both_engines;
use crate::support::Engine;

fn witness_key(name: &str) -> NoteKey {
    sira::evidence::generate_key(name, Algorithm::Cosignature).unwrap()
}

async fn watch(app: &TestApp, audits: bool) -> Watch {
    let (token, entries) = (app.token(Role::Donor).await, app.token(Role::Auditor).await);
    let url = app.url.parse().unwrap();
    Watch { url, log: log_key(), token: token.into(), audits, entries_token: entries.into() }
}

async fn witness(app: &TestApp, key: &NoteKey, folder: &Path, audits: bool) -> Witness {
    Witness::open(watch(app, audits).await, key.clone(), folder, Clock::System).unwrap()
}

/// Waits until everything recorded by now is signed, published or not.
async fn signed(app: &TestApp) -> u64 {
    let head = app.commands.journal().head().await.unwrap().position.get();
    for _ in 0..1_000 {
        if app.evidence.newest().is_ok_and(|tree| tree.checkpoint.size >= head) {
            return head;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("nothing is signed");
}

on_both_engines! {
    async fn a_checkpoint_is_published_when_enough_witnesses_have_signed(engine) {
        let (one, two) = (witness_key("bailleur.exemple/temoin"), witness_key("ministere.exemple/temoin"));
        let keys = vec![one.verifier(), two.verifier()];
        let app = TestApp::witnessed(engine, Witnesses { keys, quorum: 2 }).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let size = signed(&app).await;
        let token = app.token(Role::Auditor).await;
        app.get(&token, "/v1/evidence/checkpoint").await.problem(503, "not-covered");
        let (here, there) = (tempdir().unwrap(), tempdir().unwrap());
        let mut first = witness(&app, &one, here.path(), false).await;
        let mut second = witness(&app, &two, there.path(), true).await;
        assert_eq!(first.look().await.unwrap(), Some(size));
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        app.get(&token, "/v1/evidence/checkpoint").await.problem(503, "not-covered");
        assert_eq!(second.look().await.unwrap(), Some(size));
        let tree = app.covered().await;
        assert_eq!(tree.checkpoint.size, size);
        let note: Note = app.get(&token, "/v1/evidence/checkpoint").await.text.parse().unwrap();
        for key in [one.verifier(), two.verifier()] {
            assert!(note.verify(&key).unwrap().is_some(), "a cosignature tells its time");
        }
        note.verify(&log_key()).unwrap();
        // A bundle shows who has signed its checkpoint.
        let text = app.get(&token, &format!("/v1/beneficiaries/{id}/evidence")).await.text;
        let bundle: sira::evidence::bundle::Bundle = serde_json::from_str(&text).unwrap();
        let known = [one.verifier(), two.verifier()];
        assert!(bundle.verify_witnessed(&log_key(), &known).holds());
        let other = witness_key("bailleur.exemple/temoin").verifier();
        assert!(!bundle.verify_witnessed(&log_key(), &[other]).holds());
        // Nothing new: nothing is signed.
        assert_eq!((first.look().await.unwrap(), second.look().await.unwrap()), (None, None));
        // What comes after is published only when both have seen it.
        app.register(&programme).await;
        let later = signed(&app).await;
        assert_eq!(app.evidence.published().unwrap().checkpoint.size, size);
        // A witness that was started anew remembers.
        let mut first = witness(&app, &one, here.path(), false).await;
        assert_eq!(first.look().await.unwrap(), Some(later));
        assert_eq!(second.look().await.unwrap(), Some(later));
        assert_eq!(app.covered().await.checkpoint.size, later);
        let report = check(app.commands.journal()).await;
        assert!(report.holds(), "{report:?}");
    }

    async fn a_fork_and_a_log_that_shrank_are_not_signed(engine) {
        let key = witness_key("temoin");
        let folder = tempdir().unwrap();
        let seen = Witnesses { keys: vec![key.verifier()], quorum: 0 };
        let app = TestApp::witnessed(engine, seen.clone()).await;
        let programme = app.programme().await;
        for _ in 0..3 {
            app.register(&programme).await;
        }
        signed(&app).await;
        assert!(witness(&app, &key, folder.path(), false).await.look().await.unwrap().is_some());
        // Another history under the same key: smaller, then larger than what was seen.
        let other = Engine::sqlite();
        let fork = TestApp::witnessed(&other, seen).await;
        let programme = fork.programme().await;
        fork.register(&programme).await;
        signed(&fork).await;
        let shrunk = witness(&fork, &key, folder.path(), false).await.look().await.unwrap_err();
        assert!(matches!(shrunk, WitnessError::Shrunk { .. }), "{shrunk:?}");
        for _ in 0..4 {
            fork.register(&programme).await;
        }
        signed(&fork).await;
        for audits in [false, true] {
            let forked = witness(&fork, &key, folder.path(), audits).await.look().await.unwrap_err();
            assert!(matches!(forked, WitnessError::Forked { .. }), "{forked:?}");
            assert!(!forked.is_passing());
        }
        let token = fork.token(Role::Auditor).await;
        let note: Note = fork.get(&token, "/v1/evidence/checkpoint").await.text.parse().unwrap();
        note.verify(&key.verifier()).unwrap_err();
    }

    async fn two_texts_of_one_size_are_not_both_signed(engine) {
        let key = witness_key("temoin");
        let folder = tempdir().unwrap();
        let app = TestApp::witnessed(engine, Witnesses { keys: vec![key.verifier()], quorum: 0 }).await;
        app.registered().await;
        signed(&app).await;
        assert!(witness(&app, &key, folder.path(), false).await.look().await.unwrap().is_some());
        // As if another stream index had been seen under the same size and root.
        let path = folder.path().join("seen.checkpoint");
        let seen = std::fs::read_to_string(&path).unwrap();
        let line = seen.lines().find(|line| line.starts_with("sira.streams/v1")).unwrap();
        let other = line.replacen(|c: char| c.is_ascii_uppercase(), "+", 1);
        std::fs::write(&path, seen.replacen(line, &other, 1)).unwrap();
        let refused = witness(&app, &key, folder.path(), false).await.look().await.unwrap_err();
        assert!(matches!(refused, WitnessError::Forked { .. }), "{refused:?}");
    }

    async fn a_log_of_another_key_is_not_signed(engine) {
        let key = witness_key("temoin");
        let app = TestApp::witnessed(engine, Witnesses { keys: vec![key.verifier()], quorum: 0 }).await;
        app.registered().await;
        signed(&app).await;
        let folder = tempdir().unwrap();
        let log = sira::evidence::generate_key("sira.test/log", Algorithm::Ed25519).unwrap().verifier();
        let other = Watch { log, ..watch(&app, false).await };
        let mut witness = Witness::open(other, key, folder.path(), Clock::System).unwrap();
        let refused = witness.look().await.unwrap_err();
        assert!(matches!(refused, WitnessError::Introduction), "{refused:?}");
    }

    async fn only_what_a_known_witness_signed_of_this_log_is_taken(engine) {
        let key = witness_key("temoin");
        let app = TestApp::witnessed(engine, Witnesses { keys: vec![key.verifier()], quorum: 0 }).await;
        app.registered().await;
        signed(&app).await;
        let token = app.token(Role::Donor).await;
        let note: Note = app.get(&token, "/v1/evidence/checkpoint").await.text.parse().unwrap();
        let send = async |text: String, token: &str| {
            let request = app.request(reqwest::Method::POST, "/v1/evidence/cosignatures");
            crate::api::app::Reply::of(request.bearer_auth(token).body(text)).await
        };
        let now = Clock::System.now();
        let signed_by = |key: &NoteKey, text: &str| {
            Note { text: text.to_owned(), signatures: vec![key.sign(text, now)] }
        };
        let stranger = signed_by(&witness_key("temoin"), &note.text).to_string();
        assert_eq!(send(stranger, &token).await.error(422, "invalid-body").1, "cosignature");
        let mut forged = signed_by(&key, &note.text);
        forged.signatures[0].bytes[20] ^= 1;
        assert_eq!(send(forged.to_string(), &token).await.error(422, "invalid-body").1, "cosignature");
        let other = note.text.replacen("sira.test/log", "sira.test/leg", 1);
        assert_eq!(send(signed_by(&key, &other).to_string(), &token).await.error(422, "invalid-body").1, "other_checkpoint");
        assert_eq!(send("x".to_owned(), &token).await.error(422, "invalid-body").1, "signed_note");
        let right = signed_by(&key, &note.text).to_string();
        let auditor = app.token(Role::Auditor).await;
        send(right.clone(), &auditor).await.problem(403, "forbidden");
        for _ in 0..2 {
            assert_eq!(send(right.clone(), &token).await.ok(200)["taken"].as_array().unwrap().len(), 1);
        }
    }
}
