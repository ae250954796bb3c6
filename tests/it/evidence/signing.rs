//! Who signs, when, and what is never signed.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use sira::clock::Clock;
use sira::evidence::{
    Algorithm, EvidenceError, Introduction, Keeper, KeeperConfig, KeyHistory, NoteKey, accept_loss,
    load_or_create_key, rotate,
};
use sira::files::write_secret;
use sira::journal::{Halt, Journal, Pool};
use sira_database::on_engine;
use sira_domain::retraction::ClearReason;
use sira_domain::role::Role;
use sira_numbers::Position;
use tempfile::tempdir;

use super::{check, check_with, log_key};
use crate::api::app::{SIGNING_KEY, TestApp};
use crate::on_both_engines;
use crate::support::owner::past_the_guards;
use sira::evidence::verify::{DeviationKind, Options};

fn own_key() -> NoteKey {
    SIGNING_KEY.parse().unwrap()
}

fn quick(folder: &std::path::Path, key: NoteKey) -> KeeperConfig {
    let mut config = KeeperConfig::new(folder, Some(key));
    (config.gap, config.poll) = (Duration::from_millis(10), Duration::from_millis(30));
    config
}

async fn run(journal: &Journal, sql: &str) -> Result<(), sqlx::Error> {
    on_engine!(journal.pool(), db => sqlx::query(sql).execute(db).await.map(drop))
}

async fn count(journal: &Journal, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    on_engine!(journal.pool(), db => sqlx::query_scalar(&sql).fetch_one(db).await).unwrap()
}

on_both_engines! {
    async fn what_is_recorded_is_signed_and_published_soon(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        let tree = app.covered().await;
        assert_eq!(tree.note.verify(&log_key()), Ok(None));
        assert_eq!(tree.checkpoint.origin, "sira.test/log");
        let journal = app.commands.journal();
        let head = journal.head().await.unwrap();
        let late = tree.signed_at - head.recorded_at;
        assert!(late < chrono::Duration::seconds(5), "{late}");
        let report = check(journal).await;
        assert!(report.holds(), "{report:?}");
        assert_eq!((report.events, report.root), (head.position.get(), tree.checkpoint.root));
        assert!(report.checkpoints >= 1);
    }

    async fn what_was_signed_cannot_be_changed_in_the_database(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        app.covered().await;
        for sql in ["UPDATE evidence_checkpoints SET note = 'x'", "DELETE FROM evidence_checkpoints"] {
            let refused = run(app.commands.journal(), sql).await.unwrap_err().to_string();
            assert!(refused.contains("never changed"), "{refused}");
        }
    }

    async fn two_servers_sign_one_log_and_show_the_same(engine) {
        let (one, two) = (TestApp::on(engine).await, TestApp::on(engine).await);
        let programme = one.programme().await;
        for _ in 0..12 {
            tokio::join!(one.register(&programme), two.register(&programme));
        }
        let (first, second) = (one.covered().await, two.covered().await);
        assert_eq!(first.checkpoint, second.checkpoint);
        assert_eq!(first.note, second.note);
        let report = check(one.commands.journal()).await;
        assert!(report.holds(), "{report:?}");
        assert!(report.checkpoints > 1);
    }

    async fn a_journal_is_checked_while_it_is_written_to(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let writing = async {
            for _ in 0..40 {
                app.register(&programme).await;
            }
        };
        let checking = async {
            let mut checked = 0;
            while checked < 8 {
                let report = check(app.commands.journal()).await;
                assert!(report.holds(), "{report:?}");
                checked += 1;
            }
        };
        tokio::join!(writing, checking);
    }

    async fn a_place_that_is_taken_twice_is_never_signed_and_stops_the_writing(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        app.register(&programme).await;
        let signed = app.covered().await.checkpoint.size;
        // An index that does not know the last event of a path lets its place be taken again: so it lies in the table.
        let columns = "aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata";
        let copied = format!(
            "INSERT INTO events ({columns}, position, recorded_at, leaf_hash) SELECT {columns}, position + 1, \
             recorded_at, leaf_hash FROM events WHERE position = {signed}"
        );
        let on = format!("UPDATE journal_head SET next_position = {}", signed + 2);
        let without: &[&str] = match app.commands.journal().pool() {
            Pool::Postgres(_) => &["ALTER TABLE events DROP CONSTRAINT events_pkey"],
            Pool::Sqlite(_) => &[
                "CREATE TABLE doubled AS SELECT * FROM events",
                "DROP TABLE events",
                "ALTER TABLE doubled RENAME TO events",
            ],
        };
        let all: Vec<&str> = without.iter().copied().chain([copied.as_str(), on.as_str()]).collect();
        past_the_guards(engine.url(), &all).await;
        let journal = app.commands.journal().clone();
        for _ in 0..200 {
            if journal.halted().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(matches!(journal.halted(), Some(Halt::Sequence { position, .. }) if position.get() == signed + 1));
        let beyond = format!("evidence_checkpoints WHERE size > {signed}");
        assert_eq!(count(&journal, &beyond).await, 0, "it was signed");
        let adviser = app.token(Role::Adviser).await;
        let note = serde_json::json!({ "text": "vue" });
        app.command(&adviser, &id, "add-note", &note).await.problem(503, "halted");
        let ready = app.request(reqwest::Method::GET, "/readyz").send().await.unwrap();
        assert_eq!(ready.status(), 503);
        let told: serde_json::Value = ready.json().await.unwrap();
        assert_eq!(
            told["parts"][0],
            serde_json::json!({ "name": "journal", "ready": false, "reason": "sequence" })
        );
        assert_eq!(app.evidence.newest().unwrap().checkpoint.size, signed);
    }

    async fn a_signer_that_is_not_heard_of_is_replaced(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        app.covered().await;
        // Another process took the signer's place, and died.
        let journal = app.commands.journal();
        let now = match journal.pool() {
            Pool::Postgres(_) => "(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
            Pool::Sqlite(_) => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
        };
        run(journal, &format!("UPDATE evidence_signer SET holder = 'gone', until_ms = {now} + 1500")).await.unwrap();
        app.register(&programme).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let head = journal.head().await.unwrap().position;
        assert!(app.evidence.published().unwrap().checkpoint.size < head.get(), "two signers at once");
        assert_eq!(app.covered().await.checkpoint.size, head.get());
    }

    async fn a_process_that_ends_has_signed_what_was_committed(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        for _ in 0..3 {
            app.register(&programme).await;
        }
        let journal = app.commands.journal().clone();
        app.keeper.stop().await;
        let last = check(&journal).await.newest.unwrap();
        let last: sira::evidence::Checkpoint = last.text.parse().unwrap();
        assert_eq!(last.size, journal.head().await.unwrap().position.get());
        assert_eq!(count(&journal, "evidence_signer").await, 0, "the place is not given back");
    }

    async fn a_journal_that_lacks_what_its_key_has_signed_is_not_signed(engine) {
        let folder = tempdir().unwrap();
        let other = crate::support::Engine::sqlite();
        let full = TestApp::without_signing(&other).await;
        full.registered().await;
        full.registered().await;
        let journal = full.commands.journal();
        let keeper = Keeper::start(journal, &Clock::System, quick(folder.path(), own_key()));
        let head = journal.head().await.unwrap().position;
        keeper.evidence().covering(head, Duration::from_secs(20)).await.unwrap();
        // Only what this folder's process has signed is remembered in it: one more event.
        sign_one_more(&full).await;
        keeper.evidence().covering(head.next(), Duration::from_secs(20)).await.unwrap();
        keeper.stop().await;
        // An older state of the same log, as a restored backup is.
        let restored = engine.journal().await;
        load_or_create_key(&restored, folder.path(), Some(SIGNING_KEY), None).await.unwrap();
        let keeper = Keeper::start(&restored, &Clock::System, quick(folder.path(), own_key()));
        let app = TestApp::without_signing(engine).await;
        app.registered().await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!(matches!(keeper.evidence().published(), Err(EvidenceError::NotCovered)));
        assert_eq!(count(&restored, "evidence_checkpoints").await, 0);
        keeper.stop().await;
    }

    async fn what_contradicts_a_signed_checkpoint_is_neither_shown_nor_signed(engine) {
        let first = TestApp::on(engine).await;
        let programme = first.programme().await;
        first.register(&programme).await;
        first.covered().await;
        let journal = first.commands.journal().clone();
        first.keeper.stop().await;
        let signed = count(&journal, "evidence_checkpoints").await;
        // Somebody who may do anything with the database changes a fact, and its hash with it.
        let of = match journal.pool() {
            Pool::Postgres(_) => "decode(repeat('ab', 32), 'hex')",
            Pool::Sqlite(_) => "unhex(replace(hex(zeroblob(32)), '00', 'ab'))",
        };
        let changed = format!("UPDATE events SET leaf_hash = {of} WHERE position = 2");
        past_the_guards(engine.url(), &[&changed]).await;
        let folder = tempdir().unwrap();
        let keeper = Keeper::start(&journal, &Clock::System, quick(folder.path(), own_key()));
        let writer = TestApp::without_signing(engine).await;
        writer.register(&programme).await;
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert!(matches!(keeper.evidence().newest(), Err(EvidenceError::NotCovered)));
        assert!(matches!(writer.evidence.newest(), Err(EvidenceError::NotCovered)));
        assert_eq!(count(&journal, "evidence_checkpoints").await, signed);
        keeper.stop().await;
        let report = check(&journal).await;
        assert!(report.deviations.iter().any(|one| one.position == Some(2.into())), "{report:?}");
    }

    async fn a_process_that_starts_goes_on_from_the_tree_that_it_saved(engine) {
        let app = TestApp::without_signing(engine).await;
        app.registered().await;
        let (journal, folder) = (app.commands.journal(), tempdir().unwrap());
        load_or_create_key(journal, folder.path(), Some(SIGNING_KEY), None).await.unwrap();
        let signs_on = async || {
            sign_one_more(&app).await;
            let keeper = Keeper::start(journal, &Clock::System, quick(folder.path(), own_key()));
            let head = journal.head().await.unwrap().position;
            let within = Duration::from_millis(2_500);
            let tree = keeper.evidence().covering(head, within).await;
            keeper.stop().await;
            tree.is_ok_and(|tree| tree.checkpoint.size == head.get())
        };
        assert!(signs_on().await);
        let file = folder.path().join("signing.tree");
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let saved = std::fs::read(&file).unwrap();
        assert!(signs_on().await);
        assert_ne!(std::fs::read(&file).unwrap(), saved);
        // One that is older, of another tree, or none at all, is no matter: every leaf is read then.
        std::fs::write(&file, &saved).unwrap();
        assert!(signs_on().await);
        for at in [0, 13, 21, saved.len() - 1] {
            let mut changed = saved.clone();
            changed[at] ^= 1;
            std::fs::write(&file, changed).unwrap();
            assert!(signs_on().await, "{at}");
        }
        std::fs::remove_file(&file).unwrap();
        assert!(signs_on().await);
        assert!(check(journal).await.holds());
        // Leaves that it holds already are not read again: that is for `verify`.
        let of = match journal.pool() {
            Pool::Postgres(_) => "decode(repeat('ab', 32), 'hex')",
            Pool::Sqlite(_) => "unhex(replace(hex(zeroblob(32)), '00', 'ab'))",
        };
        let changed = format!("UPDATE events SET leaf_hash = {of} WHERE position = 2");
        past_the_guards(engine.url(), &[&changed]).await;
        assert!(signs_on().await);
        let report = check(journal).await;
        assert!(report.deviations.iter().any(|one| one.position == Some(2.into())), "{report:?}");
        // Without it they are, and nothing is signed any more.
        std::fs::remove_file(&file).unwrap();
        assert!(!signs_on().await);
    }

    async fn events_that_no_checkpoint_covers_are_named_unless_they_are_of_a_moment_ago(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        let size = app.covered().await.checkpoint.size;
        let journal = app.commands.journal().clone();
        app.keeper.stop().await;
        let soon = Options { key: Some(log_key()), now: Some(Clock::System.now()), ..Options::default() };
        let later = Options { now: Some(Clock::System.now() + chrono::Duration::hours(1)), ..soon.clone() };
        assert_eq!(check_with(&journal, later.clone()).await.covered, size);
        // Whoever may do anything with the database, and has no key, takes every signature away.
        let triggers = match journal.pool() {
            Pool::Postgres(_) => ["DROP TRIGGER checkpoint_is_kept ON evidence_checkpoints", "SELECT 1"],
            Pool::Sqlite(_) => ["DROP TRIGGER checkpoint_is_not_removed", "SELECT 1"],
        };
        for sql in triggers.iter().chain(&["DELETE FROM evidence_checkpoints", "DELETE FROM evidence_tiles"]) {
            run(&journal, sql).await.unwrap();
        }
        let report = check_with(&journal, later.clone()).await;
        let uncovered: Vec<_> = report.deviations.iter().filter(|one| one.kind == DeviationKind::Uncovered).collect();
        assert_eq!(uncovered.len(), 1, "{report:?}");
        assert_eq!((uncovered[0].position, uncovered[0].to), (Some(Position::FIRST), Some(Position::of_count(size))));
        assert_eq!(report.covered, 0);
        assert!(!check_with(&journal, soon).await.deviations.iter().any(|one| one.kind == DeviationKind::Uncovered));
        // A key of their own that introduces the one that the reader knows vouches for nothing.
        let foreign = sira::evidence::generate_key("sira.test/log", Algorithm::Ed25519).unwrap();
        let text = format!("sira.key/v1\n{}\n{}\n", foreign.verifier(), log_key());
        let note = sira::evidence::Note { signatures: vec![foreign.sign(&text, Clock::System.now())], text };
        introduce(&journal, &note.to_string()).await;
        run(&journal, &format!("UPDATE journal_settings SET value = '{}' WHERE name = 'evidence_key'", foreign.verifier())).await.unwrap();
        let other = tempdir().unwrap();
        let keeper = Keeper::start(&journal, &Clock::System, quick(other.path(), foreign));
        tokio::time::sleep(Duration::from_millis(300)).await;
        keeper.stop().await;
        let report = check_with(&journal, later).await;
        assert!(!report.holds(), "{report:?}");
        assert_eq!(report.covered, 0);
    }

    async fn a_restored_journal_is_not_signed_until_a_new_key_is_introduced(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let size = app.covered().await.checkpoint.size;
        let journal = app.commands.journal().clone();
        app.keeper.stop().await;
        sira::evidence::hold_back(&journal, size).await.unwrap();
        let (writer, folder) = (TestApp::without_signing(engine).await, tempdir().unwrap());
        writer.register(&programme).await;
        let keeper = Keeper::start(&journal, &Clock::System, quick(folder.path(), own_key()));
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(keeper.evidence().newest().unwrap().checkpoint.size, size);
        let metadata = r#"{"actor":"admin","role":"admin"}"#.to_owned();
        let refused = rotate(&journal, folder.path(), &own_key(), metadata.clone(), Clock::System.now()).await;
        assert!(matches!(refused, Err(EvidenceError::Restored { .. })), "{refused:?}");
        let why = (metadata, ClearReason::try_new("Sauvegarde de la veille").unwrap());
        accept_loss(&journal, folder.path(), &own_key(), why, Clock::System.now()).await.unwrap();
        let head = journal.head().await.unwrap().position;
        let tree = keeper.evidence().covering(head, Duration::from_secs(20)).await.unwrap();
        assert_eq!(tree.checkpoint.size, head.get());
        tree.note.verify(&log_key()).unwrap_err();
        keeper.stop().await;
        let report = check(&journal).await;
        assert!(report.holds(), "{report:?}");
    }

    async fn a_new_key_is_introduced_by_the_old_and_both_are_known(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        app.covered().await;
        let journal = app.commands.journal().clone();
        let folder = tempdir().unwrap();
        let new = rotate(&journal, folder.path(), &own_key(), r#"{"actor":"admin","role":"admin"}"#.to_owned(), Clock::System.now()).await.unwrap();
        assert_ne!(new, log_key());
        let position = journal.head().await.unwrap().position;
        // The server with the old key signs nothing beyond; one with the new key does.
        app.register(&programme).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert!(app.evidence.published().unwrap().checkpoint.size < position.get());
        let loaded = load_or_create_key(&journal, folder.path(), None, None).await.unwrap().unwrap();
        assert_eq!(loaded.0.verifier(), new);
        let keeper = Keeper::start(&journal, &Clock::System, quick(folder.path(), loaded.0));
        let tree = keeper.evidence().covering(position.next(), Duration::from_secs(20)).await.unwrap();
        assert!(tree.checkpoint.size > position.get(), "{tree:?}");
        assert_eq!(tree.note.verify(&new), Ok(None));
        tree.note.verify(&log_key()).unwrap_err();
        // The old server follows.
        assert!(app.covered().await.checkpoint.size > position.get());
        // Whoever knows only the old key is led to the new one.
        let token = app.token(Role::Auditor).await;
        let text = app.get(&token, &format!("/v1/beneficiaries/{id}/evidence")).await.text;
        let bundle: sira::evidence::bundle::Bundle = serde_json::from_str(&text).unwrap();
        for key in [log_key(), new.clone()] {
            assert!(bundle.verify(&key).holds(), "{:?}", bundle.verify(&key));
            let report = check_with(&journal, Options { key: Some(key), ..Options::default() }).await;
            assert!(report.holds(), "{report:?}");
        }
        let stranger = sira::evidence::generate_key("sira.test/log", Algorithm::Ed25519).unwrap().verifier();
        assert!(!bundle.verify(&stranger).holds());
        let history = KeyHistory::of(&journal).await.unwrap().unwrap();
        assert_eq!((history.of_size(position.before().get()), history.of_size(position.get())), (&log_key(), &new));
        // Only the key that signs now introduces another.
        let again = rotate(&journal, folder.path(), &own_key(), "{}".to_owned(), Clock::System.now()).await;
        assert!(matches!(again, Err(EvidenceError::OtherKey { .. })), "{again:?}");
        keeper.stop().await;
    }

    async fn a_rotation_that_a_crash_cut_off_is_finished_or_taken_up_again(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        let journal = app.commands.journal().clone();
        let folder = tempdir().unwrap();
        write_secret(&folder.path().join("signing.key"), SIGNING_KEY).unwrap();
        let made = sira::evidence::generate_key("sira.test/log", Algorithm::Ed25519).unwrap();
        // Before the append: a key that nothing names. The old one stands.
        write_secret(&folder.path().join("signing.key.next"), &made.secret()).unwrap();
        let (key, _) = load_or_create_key(&journal, folder.path(), None, None).await.unwrap().unwrap();
        assert_eq!(key.verifier(), log_key());
        // The next rotation takes it; a crash right after the append left the files as they were.
        let new = rotate(&journal, folder.path(), &key, "{}".to_owned(), Clock::System.now()).await.unwrap();
        assert_eq!(new, made.verifier());
        std::fs::rename(folder.path().join("signing.key"), folder.path().join("signing.key.next")).unwrap();
        write_secret(&folder.path().join("signing.key"), SIGNING_KEY).unwrap();
        let (key, _) = load_or_create_key(&journal, folder.path(), None, None).await.unwrap().unwrap();
        assert_eq!(key.verifier(), new);
        assert!(!folder.path().join("signing.key.next").exists());
    }

    async fn a_key_is_made_once_and_never_where_the_journal_has_another(engine) {
        let journal = engine.journal().await;
        let (here, there) = (tempdir().unwrap(), tempdir().unwrap());
        let (made, origin) = load_or_create_key(&journal, here.path(), None, Some("exemple.ml/sira")).await.unwrap().unwrap();
        assert_eq!(made.verifier().name(), "exemple.ml/sira");
        assert_eq!(origin, sira::evidence::SigningKeyOrigin::Created(here.path().join("signing.key")));
        let (again, _) = load_or_create_key(&journal, here.path(), None, None).await.unwrap().unwrap();
        assert_eq!(again.verifier(), made.verifier());
        assert!(load_or_create_key(&journal, there.path(), None, None).await.unwrap().is_none());
        assert!(!there.path().join("signing.key").exists());
        let rights = std::fs::metadata(here.path().join("signing.key")).unwrap().permissions().mode();
        assert_eq!(rights & 0o777, 0o600);
    }
}

/// Appends an event that introduces a key, as the log's own stream has it.
async fn introduce(journal: &Journal, note: &str) {
    let id = sira::journal::sha256(journal.id().as_bytes());
    let id = uuid::Builder::from_random_bytes(id[..16].try_into().unwrap()).into_uuid();
    let event = sira::journal::NewEvent {
        event_type: "SigningKeyIntroduced".into(),
        event_version: "1.0".into(),
        payload: serde_json::json!({ "note": note }).to_string(),
        metadata: "{}".to_owned(),
    };
    let write = sira::journal::StreamWrite {
        stream: sira::journal::StreamId::new("evidence", id),
        expected_version: 0.into(),
        events: vec![event],
    };
    let request = sira::journal::AppendRequest { writes: vec![write], ..Default::default() };
    journal.append(request).await.unwrap();
}

async fn sign_one_more(app: &TestApp) {
    let admin = app.token(Role::Admin).await;
    let convention = serde_json::json!({
        "name": "Autre convention", "signed_on": "2021-07-06", "term_years": 3, "renewable": true,
        "parties": [{ "name": "Agence inventée", "role": "agency" }],
    });
    app.post(&admin, "/v1/programmes", &convention).await.ok(201);
}

#[test]
fn the_event_that_introduces_a_key_keeps_its_forms() {
    let first = include_str!("../../golden/SigningKeyIntroduced-1.0.json");
    let after_a_loss = include_str!("../../golden/SigningKeyIntroduced-2.0.json");
    let lost = serde_json::from_str::<serde_json::Value>(after_a_loss).unwrap()["lost"].take();
    let lost: sira::evidence::Loss = serde_json::from_value(lost).unwrap();
    assert_eq!(
        (lost.restored_at, lost.reason.to_string().as_str()),
        (Some(3), "Sauvegarde de la veille")
    );
    [first, after_a_loss].into_iter().for_each(introduces_a_key);
}

fn introduces_a_key(golden: &str) {
    let payload: serde_json::Value = serde_json::from_str(golden).unwrap();
    let note = payload["note"].as_str().unwrap();
    let introduction = Introduction::of_note(7.into(), note, &log_key()).unwrap();
    assert_eq!(introduction.key.name(), "sira.test/log");
    assert_ne!(introduction.key, log_key());
    assert!(Introduction::of_note(7.into(), note, &introduction.key).is_none());
}
