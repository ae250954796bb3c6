//! A signing key that is lost: who may name the next one, who may not, and what a crash leaves.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use sira::clock::Clock;
use sira::evidence::bundle::{Bundle, BundleFault, FORM, KeyStatement, RECOVERED_FORM};
use sira::evidence::key_chain::{naming_statement, recovery_statement};
use sira::evidence::second_reader::{SecondReading, read_again};
use sira::evidence::verify::{CheckReport, Deviation, DeviationKind, Options};
use sira::evidence::witness::{Watch, Witness};
use sira::evidence::{
    Algorithm, EvidenceError, Introducer, Keeper, KeeperConfig, KeyHistory, Note, NoteKey,
    RecoveredKeys, RecoveryOrder, VerifierKey, accepted_losses, generate_key, hold_back,
    load_or_create_key, name_recovery_key, recover, rotate,
};
use sira::files::write_secret;
use sira::journal::{
    AppendOutcome, AppendRequest, Journal, NewEvent, StreamId, StreamWrite, sha256,
};
use sira_domain::retraction::ClearReason;
use sira_domain::role::Role;
use sira_numbers::{Position, Version};
use tempfile::{TempDir, tempdir};

use super::marks::{put_back, record, record_and_sign, signed};
use super::{check_with, log_key};
use crate::api::app::{SIGNING_KEY, TestApp};
use crate::export::command::run;
use crate::on_both_engines;

const METADATA: &str = r#"{"actor":"admin","role":"admin"}"#;

fn now() -> chrono::DateTime<chrono::Utc> {
    Clock::System.now()
}

fn order(accepts_loss: bool) -> RecoveryOrder {
    let reason = ClearReason::try_new("Serveur volé").unwrap();
    RecoveryOrder { metadata: METADATA.to_owned(), reason, accepts_loss }
}

fn key_of_file(path: &Path) -> NoteKey {
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

/// A journal after its first start, in a folder of keys.
async fn begun(journal: &Journal) -> (TempDir, NoteKey, NoteKey) {
    let folder = tempdir().unwrap();
    let (key, _) = load_or_create_key(journal, folder.path(), None, Some("sira.test/log"))
        .await
        .unwrap()
        .unwrap();
    let recovery = key_of_file(&folder.path().join("signing.recovery"));
    (folder, key, recovery)
}

async fn history(journal: &Journal) -> KeyHistory {
    KeyHistory::of(journal).await.unwrap().unwrap()
}

fn started(journal: &Journal, folder: &Path, key: NoteKey) -> Keeper {
    let mut config = KeeperConfig::new(folder, Some(key));
    (config.gap, config.poll) = (Duration::from_millis(10), Duration::from_millis(20));
    Keeper::start(journal, &Clock::System, config)
}

/// Records one event and has everything signed by the key of a folder; the bundle of that event.
async fn go_on(journal: &Journal, folder: &Path) -> Bundle {
    let key = key_of_file(&folder.join("signing.key"));
    let at = Position::of_count(record(journal).await);
    let keeper = started(journal, folder, key);
    let tree = keeper.evidence().covering(at, Duration::from_secs(20)).await.unwrap();
    assert!(tree.checkpoint.size >= at.get(), "nothing is signed");
    let event = journal.read_feed(at.before(), 1).await.unwrap().remove(0);
    let bundle = keeper.evidence().bundle(&tree, &event.stream).await.unwrap();
    keeper.stop().await;
    bundle
}

/// Who may write to the database puts an event into the log's own stream.
async fn put(journal: &Journal, event_type: &'static str, payload: Value) -> Position {
    let id = sha256(journal.id().as_bytes());
    let id = uuid::Builder::from_random_bytes(id[..16].try_into().unwrap()).into_uuid();
    let stream = StreamId::new("evidence", id);
    let before = journal.read_stream(&stream, Version::ZERO).await.unwrap().len() as u64;
    let event = NewEvent {
        event_type: event_type.into(),
        event_version: "1.0".into(),
        payload: payload.to_string(),
        metadata: METADATA.to_owned(),
    };
    let write =
        StreamWrite { stream, expected_version: Version::of_count(before), events: vec![event] };
    let request = AppendRequest { writes: vec![write], ..AppendRequest::default() };
    match journal.append(request).await.unwrap() {
        AppendOutcome::Committed(committed) => committed.position,
        other => panic!("{other:?}"),
    }
}

fn note(by: &NoteKey, text: String) -> String {
    Note { signatures: vec![by.sign(&text, now())], text }.to_string()
}

fn named(by: &NoteKey, signing: &VerifierKey, recovery: &NoteKey) -> Value {
    json!({ "note": note(by, naming_statement(signing, &recovery.verifier())) })
}

fn recovered(lost: &VerifierKey, by: &NoteKey, next: &NoteKey) -> Value {
    let text = recovery_statement(lost, &by.verifier(), &next.verifier());
    json!({ "note": note(by, text), "reason": "Serveur volé" })
}

/// Both read the log's own stream alike; the kind of what `record` records neither knows.
fn agrees_on_keys(read: &SecondReading) -> bool {
    read.differences.iter().all(|one| one.stream.starts_with("note/"))
}

fn fresh() -> NoteKey {
    generate_key("sira.test/log", Algorithm::Ed25519).unwrap()
}

/// What a reader finds who knows a key; that `record` records what no rule knows is no matter here.
async fn knows(journal: &Journal, key: VerifierKey) -> CheckReport {
    let mut report = check_with(journal, Options { key: Some(key), ..Options::default() }).await;
    let is_of_record = |one: &Deviation| {
        (one.kind, one.detail.as_deref()) == (DeviationKind::Illegal, Some("aggregate_type"))
    };
    report.deviations.retain(|one| !is_of_record(one));
    report
}

on_both_engines! {
    async fn a_first_start_makes_a_recovery_key_and_the_log_names_it(engine) {
        let journal = engine.journal().await;
        let (folder, key, recovery) = begun(&journal).await;
        for file in ["signing.key", "signing.recovery"] {
            let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        let events = journal.read_feed(Position::START, 9).await.unwrap();
        assert_eq!(events.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>(), ["RecoveryKeyNamed"]);
        assert_eq!(history(&journal).await.recovery_key(), Some(&recovery.verifier()));
        assert_ne!(recovery.verifier(), key.verifier());
        // It is covered by the first checkpoint, and a second start makes nothing more.
        go_on(&journal, folder.path()).await;
        load_or_create_key(&journal, folder.path(), None, None).await.unwrap().unwrap();
        assert_eq!(history(&journal).await.recovery_keys.len(), 1);
        let report = knows(&journal, key.verifier()).await;
        assert!(report.holds() && report.covered == 2, "{report:?}");
        let read = read_again(&journal, &tokio::sync::watch::Sender::default()).await.unwrap();
        assert!(agrees_on_keys(&read), "{read:?}");
    }

    async fn a_lost_key_is_replaced_by_the_recovery_key_and_everybody_follows(engine) {
        let journal = engine.journal().await;
        let (folder, key, recovery) = begun(&journal).await;
        let before = go_on(&journal, folder.path()).await;
        assert_eq!(before.form, FORM);
        // The key is gone with its disk; the mark and the recovery key lie elsewhere.
        for file in ["signing.key", "signing.recovery"] {
            std::fs::remove_file(folder.path().join(file)).unwrap();
        }
        assert!(load_or_create_key(&journal, folder.path(), None, None).await.unwrap().is_none());
        let made = recover(&journal, folder.path(), &recovery, order(false), now()).await.unwrap();
        assert_eq!(key_of_file(&folder.path().join("signing.key")).verifier(), made.signing);
        assert_eq!(key_of_file(&folder.path().join("signing.recovery")).verifier(), made.recovery);
        let after = go_on(&journal, folder.path()).await;
        assert_eq!(after.form, RECOVERED_FORM, "an older reader must not take it for one of its own");
        for known in [key.verifier(), made.signing.clone()] {
            assert!(after.verify(&known).holds(), "{:?}", after.verify(&known));
            let report = knows(&journal, known).await;
            assert!(report.holds(), "{report:?}");
        }
        // What was handed out before goes on verifying.
        assert!(before.verify(&key.verifier()).holds());
        for stranger in [recovery.verifier(), made.recovery.clone(), fresh().verifier()] {
            assert_eq!(after.verify(&stranger).fault, Some(BundleFault::OtherKey));
        }
        // It stays in the log: who, why, by which key.
        let told = journal.read_type("SigningKeyRecovered").await.unwrap();
        let payload: Value = serde_json::from_str(&told[0].payload).unwrap();
        assert_eq!((told.len(), &payload["reason"], &payload["lost"]), (1, &json!("Serveur volé"), &Value::Null));
        let keys = history(&journal).await;
        assert_eq!(keys.introductions[0].by, Introducer::RecoveryKey);
        assert_eq!((keys.current(), keys.recovery_key()), (&made.signing, Some(&made.recovery)));
        let at = keys.introductions[0].position;
        assert_eq!((keys.of_size(at.before().get()), keys.of_size(at.get())), (&key.verifier(), &made.signing));
        let read = read_again(&journal, &tokio::sync::watch::Sender::default()).await.unwrap();
        assert!(agrees_on_keys(&read), "{read:?}");
        // And again, by the recovery key that this one has made.
        let second = key_of_file(&folder.path().join("signing.recovery"));
        std::fs::remove_file(folder.path().join("signing.key")).unwrap();
        let again = recover(&journal, folder.path(), &second, order(false), now()).await.unwrap();
        let last = go_on(&journal, folder.path()).await;
        for known in [key.verifier(), made.signing, again.signing] {
            assert!(last.verify(&known).holds() && knows(&journal, known).await.holds());
        }
    }

    async fn a_recovery_key_that_does_not_stand_recovers_nothing(engine) {
        let journal = engine.journal().await;
        let (given, folder) = (tempdir().unwrap(), tempdir().unwrap());
        load_or_create_key(&journal, given.path(), Some(SIGNING_KEY), None).await.unwrap();
        // A key that is given comes without one.
        assert!(!given.path().join("signing.recovery").exists());
        let own: NoteKey = SIGNING_KEY.parse().unwrap();
        let refused = async |key: &NoteKey| recover(&journal, folder.path(), key, order(false), now()).await.unwrap_err();
        assert!(matches!(refused(&fresh()).await, EvidenceError::NoRecoveryKey));
        // An installation from before there were any makes one, and changes it.
        name_recovery_key(&journal, folder.path(), &own, METADATA, now()).await.unwrap();
        let first = key_of_file(&folder.path().join("signing.recovery"));
        assert!(matches!(refused(&fresh()).await, EvidenceError::UnknownRecoveryKey));
        assert!(matches!(refused(&own).await, EvidenceError::UnknownRecoveryKey));
        let second = name_recovery_key(&journal, folder.path(), &own, METADATA, now()).await.unwrap();
        assert_eq!(key_of_file(&folder.path().join("signing.recovery")).verifier(), second);
        assert!(matches!(refused(&first).await, EvidenceError::ReplacedRecoveryKey));
        // Nobody but the signing key names one.
        let named = name_recovery_key(&journal, folder.path(), &fresh(), METADATA, now()).await;
        assert!(matches!(named, Err(EvidenceError::OtherKey { .. })), "{named:?}");
        // One that was used is used.
        let second = key_of_file(&folder.path().join("signing.recovery"));
        let elsewhere = tempdir().unwrap();
        recover(&journal, elsewhere.path(), &second, order(false), now()).await.unwrap();
        assert!(matches!(refused(&second).await, EvidenceError::ReplacedRecoveryKey));
        assert_eq!(journal.head().await.unwrap().position.get(), 4, "what is refused writes nothing");
    }

    async fn a_rotation_takes_the_recovery_key_over(engine) {
        let journal = engine.journal().await;
        let (folder, key, recovery) = begun(&journal).await;
        go_on(&journal, folder.path()).await;
        let second = rotate(&journal, folder.path(), &key, METADATA.to_owned(), now()).await.unwrap();
        assert_eq!(history(&journal).await.recovery_key(), Some(&recovery.verifier()));
        let rotated = go_on(&journal, folder.path()).await;
        assert_eq!(rotated.form, FORM, "no reader needs to know of recovery keys that were not used");
        std::fs::remove_file(folder.path().join("signing.key")).unwrap();
        let made = recover(&journal, folder.path(), &recovery, order(false), now()).await.unwrap();
        let bundle = go_on(&journal, folder.path()).await;
        for known in [key.verifier(), second, made.signing] {
            assert!(bundle.verify(&known).holds(), "{:?}", bundle.verify(&known));
            assert!(knows(&journal, known).await.holds());
        }
    }

    async fn a_journal_that_lacks_what_the_lost_key_has_signed_is_recovered_by_a_word_more(engine) {
        let (journal, folder, size) = signed(engine).await;
        let own: NoteKey = SIGNING_KEY.parse().unwrap();
        name_recovery_key(&journal, folder.path(), &own, METADATA, now()).await.unwrap();
        let recovery = key_of_file(&folder.path().join("signing.recovery"));
        let early = recover(&journal, folder.path(), &recovery, order(true), now()).await;
        assert!(matches!(early, Err(EvidenceError::NothingLost)), "{early:?}");
        let last = record_and_sign(&journal, folder.path()).await;
        assert_eq!(last, size + 2);
        let held = std::fs::read_to_string(folder.path().join("signing.last")).unwrap();
        let journal = put_back(engine, journal, last - 1).await;
        record(&journal).await;
        let refused = recover(&journal, folder.path(), &recovery, order(false), now()).await;
        assert!(matches!(refused, Err(EvidenceError::Rollback { size }) if size == last), "{refused:?}");
        recover(&journal, folder.path(), &recovery, order(true), now()).await.unwrap();
        let [(_, loss)] = &accepted_losses(&journal).await.unwrap()[..] else { panic!("no loss in the log") };
        assert_eq!((loss.signed.as_deref(), loss.reason.to_string().as_str()), (Some(held.as_str()), "Serveur volé"));
        // A mark that a crash left behind binds no more than the log says.
        std::fs::write(folder.path().join("signing.last"), &held).unwrap();
        go_on(&journal, folder.path()).await;
        let report = check_with(&journal, Options { against: vec![held.parse().unwrap()], ..Options::default() }).await;
        assert!(report.deviations.iter().any(|one| one.kind == DeviationKind::Held), "the break stays visible");
    }

    async fn a_restored_journal_is_recovered_by_a_word_more(engine) {
        let journal = engine.journal().await;
        let (folder, key, recovery) = begun(&journal).await;
        go_on(&journal, folder.path()).await;
        let size = journal.head().await.unwrap().position.get();
        hold_back(&journal, size).await.unwrap();
        let machine = tempdir().unwrap();
        let refused = recover(&journal, machine.path(), &recovery, order(false), now()).await;
        assert!(matches!(refused, Err(EvidenceError::Restored { size: at }) if at == size), "{refused:?}");
        recover(&journal, machine.path(), &recovery, order(true), now()).await.unwrap();
        let [(_, loss)] = &accepted_losses(&journal).await.unwrap()[..] else { panic!("no loss in the log") };
        assert_eq!((loss.restored_at, &loss.signed), (Some(size), &None));
        go_on(&journal, machine.path()).await;
        assert!(knows(&journal, key.verifier()).await.holds());
    }

    async fn an_event_by_a_recovery_key_that_does_not_stand_is_named(engine) {
        let journal = engine.journal().await;
        let (folder, key, recovery) = begun(&journal).await;
        let (thief, next) = (fresh(), fresh());
        // Whoever may write to the database, and has no key, names a recovery key of their own.
        let at = put(&journal, "RecoveryKeyNamed", named(&thief, &key.verifier(), &thief)).await;
        for options in [Options::default(), Options { key: Some(key.verifier()), ..Options::default() }] {
            let report = check_with(&journal, options).await;
            assert!(report.deviations.iter().any(|one| (one.position, one.kind) == (Some(at), DeviationKind::Key)), "{report:?}");
        }
        let refused = recover(&journal, folder.path(), &thief, order(false), now()).await;
        assert!(matches!(refused, Err(EvidenceError::Introduction { position }) if position == at), "{refused:?}");
        drop(recovery);
        drop(next);
    }

    async fn a_recovery_by_a_key_that_was_never_named_is_named_by_a_check(engine) {
        let journal = engine.journal().await;
        let (_folder, key, _) = begun(&journal).await;
        let at = put(&journal, "SigningKeyRecovered", recovered(&key.verifier(), &fresh(), &fresh())).await;
        for options in [Options::default(), Options { key: Some(key.verifier()), ..Options::default() }] {
            let report = check_with(&journal, options).await;
            let found = report.deviations.iter().find(|one| one.kind == DeviationKind::RecoveryKey);
            let found = found.unwrap_or_else(|| panic!("{report:?}"));
            assert_eq!(found.position, Some(at));
            assert!(found.detail.as_deref().is_some_and(|why| why.contains("not recorded before")), "{found:?}");
        }
    }

    async fn a_recovery_by_a_replaced_key_is_named_by_a_check(engine) {
        let journal = engine.journal().await;
        let (folder, key, first) = begun(&journal).await;
        name_recovery_key(&journal, folder.path(), &key, METADATA, now()).await.unwrap();
        // Who has stolen the paper that was replaced, and may write to the database.
        let at = put(&journal, "SigningKeyRecovered", recovered(&key.verifier(), &first, &fresh())).await;
        let report = knows(&journal, key.verifier()).await;
        let found = report.deviations.iter().find(|one| one.kind == DeviationKind::RecoveryKey);
        let found = found.unwrap_or_else(|| panic!("{report:?}"));
        assert_eq!(found.position, Some(at));
        assert!(found.detail.as_deref().is_some_and(|why| why.contains("replaced")), "{found:?}");
    }

    async fn who_has_stolen_the_signing_key_alone_may_name_another_recovery_key_and_it_stands_in_the_log(engine) {
        let journal = engine.journal().await;
        let (folder, stolen, mine) = begun(&journal).await;
        go_on(&journal, folder.path()).await;
        let theirs = fresh();
        // Not without the database, and not in the name of the recovery key.
        let forged = recovery_statement(&stolen.verifier(), &mine.verifier(), &theirs.verifier());
        let mut chain = sira::evidence::KeyChain::starting_with(stolen.verifier());
        chain.take(1.into(), named(&stolen, &stolen.verifier(), &mine)["note"].as_str().unwrap()).unwrap();
        chain.take(2.into(), &note(&stolen, forged)).unwrap_err();
        // With both, the recovery key of the owner stands no more.
        put(&journal, "RecoveryKeyNamed", named(&stolen, &stolen.verifier(), &theirs)).await;
        let refused = recover(&journal, folder.path(), &mine, order(false), now()).await;
        assert!(matches!(refused, Err(EvidenceError::ReplacedRecoveryKey)), "{refused:?}");
        // Every check holds: it was done by the key that may. But it stands in the log for ever, for all to see.
        go_on(&journal, folder.path()).await;
        assert!(knows(&journal, stolen.verifier()).await.holds());
        let keys = history(&journal).await;
        let told: Vec<_> = keys.recovery_keys.iter().map(|one| one.key.clone()).collect();
        assert_eq!(told, [mine.verifier(), theirs.verifier()]);
        // What the owner can do while the key is still theirs too: name one again.
        let again = name_recovery_key(&journal, folder.path(), &stolen, METADATA, now()).await.unwrap();
        assert_eq!(history(&journal).await.recovery_key(), Some(&again));
        let refused = recover(&journal, folder.path(), &theirs, order(false), now()).await;
        assert!(matches!(refused, Err(EvidenceError::ReplacedRecoveryKey)), "{refused:?}");
    }

    async fn a_recovery_that_a_crash_cut_off_is_taken_up_again_or_finished(engine) {
        let journal = engine.journal().await;
        let (folder, key, recovery) = begun(&journal).await;
        go_on(&journal, folder.path()).await;
        let file = |name: &str| folder.path().join(name);
        let safe = tempdir().unwrap();
        std::fs::rename(file("signing.recovery"), safe.path().join("signing.recovery")).unwrap();
        std::fs::remove_file(file("signing.key")).unwrap();
        // Before the append: keys that nothing names. A start leaves them, the next try takes them.
        let (next, next_recovery) = (fresh(), fresh());
        write_secret(&file("signing.key.next"), &next.secret()).unwrap();
        assert!(load_or_create_key(&journal, folder.path(), None, None).await.unwrap().is_none());
        write_secret(&file("signing.recovery.next"), &next_recovery.secret()).unwrap();
        assert!(load_or_create_key(&journal, folder.path(), None, None).await.unwrap().is_none());
        let made = recover(&journal, folder.path(), &recovery, order(false), now()).await.unwrap();
        assert_eq!(made, RecoveredKeys { signing: next.verifier(), recovery: next_recovery.verifier() });
        let head = journal.head().await.unwrap().position;
        // After the append, at each step of the renaming: the next start finishes, and so does the next try.
        for (signing_moved, tries) in [(false, true), (false, false), (true, true), (true, false)] {
            if !signing_moved {
                std::fs::rename(file("signing.key"), file("signing.key.next")).unwrap();
            }
            std::fs::rename(file("signing.recovery"), file("signing.recovery.next")).unwrap();
            if tries {
                let again = recover(&journal, folder.path(), &recovery, order(false), now()).await.unwrap();
                assert_eq!(again, made, "it was done already");
            } else {
                let found = load_or_create_key(&journal, folder.path(), None, None).await.unwrap().unwrap();
                assert_eq!(found.0.verifier(), made.signing);
            }
            assert_eq!(key_of_file(&file("signing.key")).verifier(), made.signing);
            assert_eq!(key_of_file(&file("signing.recovery")).verifier(), made.recovery);
            assert!(!file("signing.key.next").exists() && !file("signing.recovery.next").exists());
        }
        assert_eq!(journal.head().await.unwrap().position, head, "nothing was appended twice");
        go_on(&journal, folder.path()).await;
        assert!(knows(&journal, key.verifier()).await.holds());
    }

    async fn a_naming_that_a_crash_cut_off_is_taken_up_again_or_finished(engine) {
        let journal = engine.journal().await;
        let (folder, key, first) = begun(&journal).await;
        let file = |name: &str| folder.path().join(name);
        let next = fresh();
        write_secret(&file("signing.recovery.next"), &next.secret()).unwrap();
        load_or_create_key(&journal, folder.path(), None, None).await.unwrap().unwrap();
        assert_eq!(history(&journal).await.recovery_key(), Some(&first.verifier()), "nothing names it");
        let made = name_recovery_key(&journal, folder.path(), &key, METADATA, now()).await.unwrap();
        assert_eq!(made, next.verifier());
        // The one before was laid aside, and a crash in between leaves that and the next one.
        let id = u32::from_be_bytes(first.verifier().id());
        assert_eq!(key_of_file(&file(&format!("signing.recovery.{id:08x}"))).verifier(), first.verifier());
        std::fs::rename(file("signing.recovery"), file("signing.recovery.next")).unwrap();
        load_or_create_key(&journal, folder.path(), None, None).await.unwrap().unwrap();
        assert_eq!(key_of_file(&file("signing.recovery")).verifier(), made);
        assert_eq!(history(&journal).await.recovery_keys.len(), 2);
    }

    async fn a_first_start_that_a_crash_cut_off_goes_on_from_what_it_left(engine) {
        let journal = engine.journal().await;
        let (folder, key) = (tempdir().unwrap(), fresh());
        write_secret(&folder.path().join("signing.key"), &key.secret()).unwrap();
        // After the first file, after both, and after the journal names the key.
        let start = async || load_or_create_key(&journal, folder.path(), None, None).await.unwrap().unwrap();
        let recovery = fresh();
        write_secret(&folder.path().join("signing.recovery"), &recovery.secret()).unwrap();
        journal.set_once("evidence_key", &key.verifier().to_string()).await.unwrap();
        for _ in 0..2 {
            assert_eq!(start().await.0.verifier(), key.verifier());
            let keys = history(&journal).await;
            assert_eq!((keys.recovery_keys.len(), keys.recovery_key()), (1, Some(&recovery.verifier())));
        }
    }

    async fn a_first_start_that_ended_before_its_recovery_key_makes_it(engine) {
        let journal = engine.journal().await;
        let (folder, key) = (tempdir().unwrap(), fresh());
        write_secret(&folder.path().join("signing.key"), &key.secret()).unwrap();
        load_or_create_key(&journal, folder.path(), None, None).await.unwrap().unwrap();
        let recovery = key_of_file(&folder.path().join("signing.recovery"));
        assert_eq!(history(&journal).await.recovery_key(), Some(&recovery.verifier()));
    }

    async fn a_server_that_was_not_first_keeps_no_recovery_key(engine) {
        let journal = engine.journal().await;
        let (late, key) = (tempdir().unwrap(), fresh());
        write_secret(&late.path().join("signing.key"), &key.secret()).unwrap();
        let (_here, first, recovery) = begun(&journal).await;
        load_or_create_key(&journal, late.path(), None, None).await.unwrap();
        assert!(!late.path().join("signing.recovery").exists());
        let keys = history(&journal).await;
        assert_eq!((keys.current(), keys.recovery_key()), (&first.verifier(), Some(&recovery.verifier())));
    }

    async fn a_bundle_whose_recovery_key_does_not_stand_is_refused(engine) {
        let journal = engine.journal().await;
        let (folder, key, recovery) = begun(&journal).await;
        std::fs::remove_file(folder.path().join("signing.key")).unwrap();
        recover(&journal, folder.path(), &recovery, order(false), now()).await.unwrap();
        let made = go_on(&journal, folder.path()).await;
        assert!(made.verify(&key.verifier()).holds());
        let fault = |changed: &Bundle| changed.verify(&key.verifier()).fault;
        let mut unnamed = made.clone();
        unnamed.introductions.remove(0);
        assert_eq!(fault(&unnamed), Some(BundleFault::RecoveryKey));
        let mut replaced = made.clone();
        let note_of = named(&key, &key.verifier(), &fresh())["note"].as_str().unwrap().to_owned();
        let later = KeyStatement { note: note_of, ..replaced.introductions[0].clone() };
        replaced.introductions.insert(1, later);
        assert_eq!(fault(&replaced), Some(BundleFault::RecoveryKey));
        let mut forged = made.clone();
        let note_of = recovered(&key.verifier(), &fresh(), &fresh())["note"].as_str().unwrap().to_owned();
        forged.introductions[1].note = note_of;
        assert_eq!(fault(&forged), Some(BundleFault::RecoveryKey));
        for form in [FORM, "sira.bundle/v3"] {
            let other = Bundle { form: form.to_owned(), ..made.clone() };
            assert_eq!(fault(&other), Some(BundleFault::Form), "{form}");
        }
    }

    async fn a_witness_follows_a_recovery_and_no_other(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        app.covered().await;
        let (journal, folder) = (app.commands.journal().clone(), tempdir().unwrap());
        let own: NoteKey = SIGNING_KEY.parse().unwrap();
        name_recovery_key(&journal, folder.path(), &own, METADATA, now()).await.unwrap();
        let recovery = key_of_file(&folder.path().join("signing.recovery"));
        let size = app.covered().await.checkpoint.size;
        let eyes = tempdir().unwrap();
        let key = generate_key("bailleur.exemple/temoin", Algorithm::Cosignature).unwrap();
        let open = async |log: VerifierKey, folder: &Path| {
            let (token, entries) = (app.token(Role::Donor).await, app.token(Role::Auditor).await);
            let url = app.url.parse().unwrap();
            let watch = Watch { url, log, token: token.into(), audits: true, entries_token: entries.into() };
            Witness::open(watch, key.clone(), folder, Clock::System).unwrap()
        };
        let signed = async |witness: &mut Witness| match witness.look().await {
            Ok(size) => size,
            // The server knows no witness: it was seen all the same.
            Err(sira::evidence::witness::WitnessError::NotTaken) => Some(0),
            Err(error) => panic!("{error:?}"),
        };
        let mut witness = open(log_key(), eyes.path()).await;
        signed(&mut witness).await;
        let made = recover(&journal, folder.path(), &recovery, order(false), now()).await.unwrap();
        let keeper = started(&journal, folder.path(), key_of_file(&folder.path().join("signing.key")));
        let tree = app.covered().await;
        assert!(tree.checkpoint.size > size && tree.note.verify(&made.signing).is_ok());
        signed(&mut witness).await;
        // Also one that knows the new key, and not one that knows the recovery key.
        signed(&mut open(made.signing.clone(), tempdir().unwrap().path()).await).await;
        open(recovery.verifier(), tempdir().unwrap().path()).await.look().await.unwrap_err();
        let shown = app.get(&app.token(Role::Donor).await, "/v1/evidence/key").await.ok(200);
        assert_eq!(shown["recovery_key"], json!(made.recovery.to_string()));
        assert_eq!((shown["recovery_keys"].as_array().unwrap().len(), &shown["key"]), (2, &json!(made.signing.to_string())));
        keeper.stop().await;
    }

    async fn the_program_recovers_a_key_and_says_so_for_ever(engine) {
        engine.journal().await.close().await;
        let said = |words: &str| {
            let output = run(engine, words);
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success(), "{words}: {stderr}");
            (String::from_utf8(output.stdout).unwrap().trim().to_owned(), stderr)
        };
        let (data, safe) = (engine.folder().join("data"), engine.folder().join("coffre"));
        said("token issue --actor auditeur --role auditor --all --ttl 1h");
        let (first, warned) = said("evidence key");
        assert!(warned.contains("CLÉ DE SECOURS") && warned.contains("signing.recovery"), "{warned}");
        std::fs::rename(data.join("signing.recovery"), &safe).unwrap();
        let (named, _) = said("evidence recovery-key --actor admin");
        let refused = run(engine, "evidence recover --actor admin --reason Disque --recovery-key coffre");
        assert_eq!(refused.status.code(), Some(3), "replaced");
        std::fs::rename(data.join("signing.recovery"), &safe).unwrap();
        std::fs::remove_file(data.join("signing.key")).unwrap();
        let unreadable = run(engine, "evidence recover --actor admin --reason Disque --recovery-key nulle-part");
        assert_eq!(unreadable.status.code(), Some(2));
        let (second, warned) = said("evidence recover --actor admin --reason Disque --recovery-key coffre --lang en");
        assert!(warned.contains("NEW RECOVERY KEY") && first != second, "{warned}");
        let (all, _) = said("evidence key --all --lang en");
        let lines: Vec<&str> = all.lines().collect();
        assert_eq!(lines.len(), 5, "{all}");
        assert_eq!(lines[0], format!("0\t{first}"));
        assert_eq!(lines[1], format!("3\t{second}\tlost key, recovered"));
        assert_eq!(lines[3], format!("2\t{named}\trecovery key, replaced"));
        assert!(lines[4].starts_with("4\t") && lines[4].ends_with("\trecovery key"), "{all}");
        assert_eq!(said("evidence key").0, second);
    }
}

/// The key with this seed.
fn seeded(seed: u8) -> NoteKey {
    NoteKey::of_seed("sira.test/log", Algorithm::Ed25519, &[seed; 32]).unwrap()
}

#[test]
fn the_events_of_recovery_keys_keep_their_forms() {
    let naming: Value =
        serde_json::from_str(include_str!("../../golden/RecoveryKeyNamed-1.0.json")).unwrap();
    let recovery: Value =
        serde_json::from_str(include_str!("../../golden/SigningKeyRecovered-1.0.json")).unwrap();
    let own: NoteKey = SIGNING_KEY.parse().unwrap();
    assert_eq!(naming, named(&own, &log_key(), &seeded(7)));
    let mut expected = recovered(&log_key(), &seeded(7), &seeded(8));
    expected["lost"] = json!({ "restored_at": 3, "reason": "Serveur volé" });
    assert_eq!(recovery, expected);
    let mut chain = sira::evidence::KeyChain::starting_with(log_key());
    for (position, payload) in [(1, &naming), (2, &recovery)] {
        chain.take(Position::of_count(position), payload["note"].as_str().unwrap()).unwrap();
    }
    assert_eq!(*chain.signing(), seeded(8).verifier());
}
