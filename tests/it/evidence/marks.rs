//! One signature a size: what a key has signed binds it for ever, however its journal is put back. Each row is a
//! way in which a database comes to be of an earlier day, with what the key then does.

use std::path::Path;
use std::time::Duration;

use sira::clock::Clock;
use sira::evidence::{
    Checkpoint, EvidenceError, Keeper, KeeperConfig, Note, NoteKey, accept_loss, accepted_losses,
    load_or_create_key, rotate,
};
use sira::journal::{AppendOutcome, AppendRequest, Journal, NewEvent, StreamId, StreamWrite};
use sira_database::on_engine;
use sira_domain::retraction::ClearReason;
use sira_numbers::{Position, Version};
use tempfile::tempdir;
use uuid::Uuid;

use super::check_with;
use crate::api::app::SIGNING_KEY;
use crate::on_both_engines;
use crate::support::Engine;
use crate::support::owner::past_the_guards;
use sira::evidence::verify::{DeviationKind, Options};

const MARK: &str = "signing.last";
const METADATA: &str = r#"{"actor":"admin","role":"admin"}"#;

fn own_key() -> NoteKey {
    SIGNING_KEY.parse().unwrap()
}

fn started(journal: &Journal, folder: &Path, key: NoteKey) -> Keeper {
    let mut config = KeeperConfig::new(folder, Some(key));
    (config.gap, config.poll) = (Duration::from_millis(10), Duration::from_millis(20));
    Keeper::start(journal, &Clock::System, config)
}

/// Records one event more, of which no two are alike.
pub async fn record(journal: &Journal) -> u64 {
    let event = NewEvent {
        event_type: "Noted".into(),
        event_version: "1.0".into(),
        payload: format!(r#"{{"note":"{}"}}"#, Uuid::new_v4()),
        metadata: METADATA.to_owned(),
    };
    let write = StreamWrite {
        stream: StreamId::new("note", Uuid::new_v4()),
        expected_version: Version::ZERO,
        events: vec![event],
    };
    let request = AppendRequest { writes: vec![write], ..AppendRequest::default() };
    match journal.append(request).await.unwrap() {
        AppendOutcome::Committed(committed) => committed.position.get(),
        other => panic!("{other:?}"),
    }
}

/// Records one event and has it signed by the process of a folder.
pub async fn record_and_sign(journal: &Journal, folder: &Path) -> u64 {
    let keeper = started(journal, folder, own_key());
    let at = record(journal).await;
    let tree =
        keeper.evidence().covering(Position::of_count(at), Duration::from_secs(20)).await.unwrap();
    assert_eq!(tree.checkpoint.size, at);
    keeper.stop().await;
    at
}

/// Lets the process of a folder do what it will for a while.
async fn run_for_a_while(journal: &Journal, folder: &Path) {
    let keeper = started(journal, folder, own_key());
    tokio::time::sleep(Duration::from_millis(300)).await;
    keeper.stop().await;
}

async fn notes(journal: &Journal) -> Vec<(i64, String)> {
    on_engine!(journal.pool(), db => {
        sqlx::query_as("SELECT size, note FROM evidence_checkpoints ORDER BY size")
            .fetch_all(db)
            .await
    })
    .unwrap()
}

async fn largest(journal: &Journal) -> u64 {
    notes(journal).await.last().map_or(0, |(size, _)| size.unsigned_abs())
}

fn mark(folder: &Path) -> Checkpoint {
    let text = std::fs::read_to_string(folder.join(MARK)).unwrap();
    text.parse::<Note>().unwrap().text.parse().unwrap()
}

/// Puts the database back to the day on which it had so many events, as a snapshot of it would, and opens it anew.
pub async fn put_back(engine: &Engine, journal: Journal, size: u64) -> Journal {
    let back = [
        format!("DELETE FROM events WHERE position > {size}"),
        format!("DELETE FROM evidence_checkpoints WHERE size > {size}"),
        format!("UPDATE journal_head SET next_position = {}", size + 1),
    ];
    past_the_guards(engine.url(), &back.each_ref().map(String::as_str)).await;
    journal.close().await;
    engine.journal().await
}

/// A journal of some signed events, with the folder of the process that signed them.
pub async fn signed(engine: &Engine) -> (Journal, tempfile::TempDir, u64) {
    let (journal, folder) = (engine.journal().await, tempdir().unwrap());
    load_or_create_key(&journal, folder.path(), Some(SIGNING_KEY), None).await.unwrap();
    let mut size = 0;
    for _ in 0..4 {
        size = record_and_sign(&journal, folder.path()).await;
    }
    assert_eq!((size, mark(folder.path()).size), (4, 4));
    (journal, folder, size)
}

on_both_engines! {
    async fn a_database_put_back_is_never_signed_at_a_size_that_was_signed(engine) {
        let (journal, folder, size) = signed(engine).await;
        let before = mark(folder.path());
        let journal = put_back(engine, journal, size - 1).await;
        // As many events again, others among them, and more.
        for _ in 0..3 {
            record(&journal).await;
            run_for_a_while(&journal, folder.path()).await;
            assert_eq!(largest(&journal).await, size - 1);
            assert_eq!(mark(folder.path()), before, "the mark was lowered or moved on");
        }
    }

    async fn what_another_process_signs_of_another_history_does_not_move_the_mark(engine) {
        let (journal, folder, size) = signed(engine).await;
        let before = mark(folder.path());
        let journal = put_back(engine, journal, size - 2).await;
        // A second server, on a new machine: it knows of no mark.
        let elsewhere = tempdir().unwrap();
        for _ in 0..5 {
            record_and_sign(&journal, elsewhere.path()).await;
        }
        let (signed, last) = (largest(&journal).await, mark(elsewhere.path()));
        assert!(signed > before.size && last.size == signed);
        record(&journal).await;
        run_for_a_while(&journal, folder.path()).await;
        assert_eq!((largest(&journal).await, mark(folder.path())), (signed, before));
    }

    async fn a_mark_without_its_signature_is_signed_as_it_is_and_not_otherwise(engine) {
        let (journal, folder, size) = signed(engine).await;
        let stored = notes(&journal).await;
        // A crash between the mark and the commit: the mark is ahead of the database, of events that are there.
        let forget = format!("DELETE FROM evidence_checkpoints WHERE size = {size}");
        past_the_guards(engine.url(), &[&forget]).await;
        run_for_a_while(&journal, folder.path()).await;
        let text = |note: &str| note.parse::<Note>().unwrap().text;
        let again = notes(&journal).await;
        assert_eq!(text(&again.last().unwrap().1), text(&stored.last().unwrap().1));
        // The same size with another root, as somebody else's file has it.
        let other = Checkpoint { root: [7; 32], size: size + 1, ..mark(folder.path()) };
        let other = Note { signatures: vec![own_key().sign(&other.to_string(), Clock::System.now())], text: other.to_string() };
        std::fs::write(folder.path().join(MARK), other.to_string()).unwrap();
        record(&journal).await;
        run_for_a_while(&journal, folder.path()).await;
        assert_eq!(largest(&journal).await, size);
    }

    async fn a_loss_is_accepted_by_one_command_and_stands_in_the_log(engine) {
        let (journal, folder, size) = signed(engine).await;
        let held: Note = std::fs::read_to_string(folder.path().join(MARK)).unwrap().parse().unwrap();
        let now = || Clock::System.now();
        let accept = async |journal: &Journal| {
            let why = (METADATA.to_owned(), ClearReason::try_new("Disque remis à la veille").unwrap());
            accept_loss(journal, folder.path(), &own_key(), why, now()).await
        };
        assert!(matches!(accept(&journal).await, Err(EvidenceError::NothingLost)));
        let journal = put_back(engine, journal, size - 1).await;
        record(&journal).await;
        let refused = rotate(&journal, folder.path(), &own_key(), METADATA.to_owned(), now()).await;
        assert!(matches!(refused, Err(EvidenceError::Rollback { size: 4 })), "{refused:?}");
        let new = accept(&journal).await.unwrap();
        let [(position, loss)] = &accepted_losses(&journal).await.unwrap()[..] else { panic!() };
        assert_eq!(loss.signed.as_deref(), Some(held.to_string().as_str()));
        assert_eq!((loss.restored_at, loss.reason.to_string().as_str()), (None, "Disque remis à la veille"));
        let key = load_or_create_key(&journal, folder.path(), None, None).await.unwrap().unwrap().0;
        assert_eq!(key.verifier(), new);
        let keeper = started(&journal, folder.path(), key);
        let tree = keeper.evidence().covering(*position, Duration::from_secs(20)).await.unwrap();
        assert_eq!(tree.note.verify(&new), Ok(None));
        keeper.stop().await;
        assert_eq!(mark(folder.path()).size, position.get());
        // Whoever holds what was signed before sees the break.
        let report = check_with(&journal, Options { against: vec![held], ..Options::default() }).await;
        assert!(report.deviations.iter().any(|one| one.kind == DeviationKind::Held), "{report:?}");
    }
}

/// The file without its write-ahead log, as a copy of the one and not of the other leaves it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_without_its_write_ahead_log_is_not_signed_anew() {
    let engine = Engine::sqlite();
    let (journal, folder, size) = signed(&engine).await;
    let file = engine.folder().join("journal.db");
    // All that was recorded is in the file; what comes now is in the log beside it.
    on_engine!(journal.pool(), db => sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(db).await.map(drop)).unwrap();
    let before = std::fs::read(&file).unwrap();
    record_and_sign(&journal, folder.path()).await;
    assert_eq!(mark(folder.path()).size, size + 1);
    journal.close().await;
    let copied = Engine::sqlite();
    std::fs::write(copied.folder().join("journal.db"), before).unwrap();
    let journal = copied.journal().await;
    record(&journal).await;
    run_for_a_while(&journal, folder.path()).await;
    assert_eq!((largest(&journal).await, mark(folder.path()).size), (size, size + 1));
}
