//! Backup and restore of the journal, from and to both engines.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use sira::backup::tables::{CopiedTable, JOURNAL_LEFT_OUT, JOURNAL_TABLES, KEY_TABLES};
use sira::backup::{
    BackupError, Manifest, back_up_journal, back_up_keys, is_of_another_history, restore_journal,
};
use sira::clock::Clock;
use sira::journal::{Journal, JournalError};
use sira::keys::{KeyStore, MasterKey};
use sira_database::on_engine;
use sira_domain::role::Role;
use sira_evidence::leaf::hex;

use crate::api::app::{MASTER, TestApp, keys_url};
use crate::evidence::marks::{put_back, record};
use crate::support::Engine;

/// The journal of a server, in a folder of the engine's.
pub async fn back_up(app: &TestApp, engine: &Engine, name: &str) -> (PathBuf, Manifest) {
    let folder = engine.folder().join(name);
    let (journal, keys) = (app.commands.journal(), app.commands.keys());
    let made = back_up_journal(journal, keys, &folder, Clock::System.now(), &|_, _| {}).await;
    (folder, made.unwrap())
}

/// One empty database of each engine.
pub async fn targets() -> [Engine; 2] {
    [Engine::sqlite(), Engine::postgres().await]
}

/// The rows of each file, in an order of their own: engines sort texts differently.
fn contents(folder: &Path) -> BTreeMap<&'static str, BTreeSet<String>> {
    let read = |table: &CopiedTable| {
        let file = std::fs::File::open(folder.join(format!("{}.jsonl.gz", table.name))).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
        (table.name, text.lines().map(str::to_owned).collect())
    };
    JOURNAL_TABLES.iter().map(read).collect()
}

/// A small journal with something in most tables, and its backup.
async fn saved(engine: &Engine) -> (PathBuf, Manifest) {
    let app = TestApp::on(engine).await;
    let id = app.registered().await;
    let token = app.token(Role::Adviser).await;
    let path = format!("/v1/beneficiaries/{id}/commands/add-note");
    let request = app.request(reqwest::Method::POST, &path).bearer_auth(&token);
    let request = request.header("idempotency-key", "k1").json(&json!({ "text": "é\u{2028}\"" }));
    assert!(request.send().await.unwrap().status().is_success());
    app.get(&token, &format!("/v1/beneficiaries/{id}/history")).await.ok(200);
    let report = json!({ "name": "r1", "subject": "funnel" });
    app.caught_up().await;
    let director = app.token(Role::Director).await;
    app.post(&director, "/v1/analytics/reports", &report).await.ok(201);
    back_up(&app, engine, "saved").await
}

async fn restore(target: &Engine, folder: &Path) -> Result<Manifest, BackupError> {
    restore_journal(&target.config(), folder, &|_, _| {}).await
}

/// The database opens as no journal, or was never made.
async fn assert_no_journal(target: &Engine) {
    if Journal::is_made(&target.config()).await.unwrap() {
        let opened = Journal::open(&target.config(), Clock::System).await;
        assert!(matches!(opened, Err(JournalError::OtherJournal { .. })));
    }
}

async fn tables_of(journal: &Journal) -> BTreeMap<String, BTreeSet<String>> {
    let names = match journal.pool() {
        sira::journal::Pool::Postgres(_) => {
            "SELECT table_name::text, column_name::text FROM information_schema.columns \
             WHERE table_schema = current_schema()"
        }
        sira::journal::Pool::Sqlite(_) => {
            "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table'"
        }
    };
    let rows: Vec<(String, String)> = on_engine!(journal.pool(), db => {
        sqlx::query_as(names).fetch_all(db).await
    })
    .unwrap();
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (table, column) in rows {
        tables.entry(table).or_default().insert(column);
    }
    tables
}

crate::on_both_engines! {
    async fn every_table_of_the_journal_is_backed_up_or_left_out_with_a_reason(engine) {
        let journal = engine.journal().await;
        let mut tables = tables_of(&journal).await;
        for table in JOURNAL_TABLES {
            let columns = tables.remove(table.name).unwrap_or_else(|| panic!("no {}", table.name));
            let named: BTreeSet<_> = table.columns.iter().map(|column| column.name.to_owned()).collect();
            assert_eq!(named, columns, "{}", table.name);
        }
        for (table, reason) in JOURNAL_LEFT_OUT {
            assert!(tables.remove(*table).is_some() && !reason.is_empty(), "{table}");
        }
        assert!(tables.is_empty(), "neither backed up nor left out: {tables:?}");
    }

    async fn a_backup_under_load_is_restored_whole_on_either_engine(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let stop = AtomicBool::new(false);
        let write = async {
            while !stop.load(Ordering::Relaxed) {
                app.register(&programme).await;
            }
        };
        let save = async {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            let first = back_up(&app, engine, "first").await;
            let second = back_up(&app, engine, "second").await;
            stop.store(true, Ordering::Relaxed);
            [first, second]
        };
        let ((), (), saved) = futures::join!(write, async {
            while !stop.load(Ordering::Relaxed) {
                app.register(&programme).await;
            }
        }, save);
        let last = app.commands.journal().head().await.unwrap().position;
        assert!(saved[0].1.position < saved[1].1.position && saved[1].1.position < last, "nothing was written meanwhile");
        for (folder, manifest) in saved {
            let wanted = app.commands.journal().read_feed(0.into(), 10_000).await.unwrap();
            let wanted = &wanted[..usize::try_from(manifest.position.get()).unwrap()];
            for target in targets().await {
                restore(&target, &folder).await.unwrap();
                let journal = target.journal().await;
                assert_eq!(journal.read_feed(0.into(), 10_000).await.unwrap(), wanted);
                let again = target.folder().join("again");
                let keys = app.commands.keys();
                back_up_journal(&journal, keys, &again, Clock::System.now(), &|_, _| {}).await.unwrap();
                assert_eq!(contents(&folder), contents(&again));
                journal.close().await;
                let restored = TestApp::on(&target).await;
                // It goes on where it stood.
                let answer = restored.register(&programme).await;
                assert_eq!(answer["position"], json!(manifest.position.next()));
            }
        }
    }

    async fn a_backup_that_broke_off_is_refused(engine) {
        let (folder, _) = saved(engine).await;
        let target = Engine::sqlite();
        let events = folder.join("events.jsonl.gz");
        let whole = std::fs::read(&events).unwrap();
        std::fs::write(&events, &whole[..whole.len() / 2]).unwrap();
        assert!(matches!(restore(&target, &folder).await, Err(BackupError::Damaged { .. })));
        std::fs::remove_file(&events).unwrap();
        assert!(matches!(restore(&target, &folder).await, Err(BackupError::File { .. })));
        std::fs::write(&events, &whole).unwrap();
        let manifest = folder.join("manifest.json");
        let text = std::fs::read(&manifest).unwrap();
        std::fs::remove_file(&manifest).unwrap();
        assert!(matches!(restore(&target, &folder).await, Err(BackupError::NoManifest(_))));
        assert!(!Journal::is_made(&target.config()).await.unwrap(), "it wrote before it looked");
        std::fs::write(&manifest, text).unwrap();
        restore(&target, &folder).await.unwrap();
    }

    async fn a_changed_byte_anywhere_is_refused(engine) {
        let (folder, manifest) = saved(engine).await;
        let target = Engine::sqlite();
        let mut files: Vec<_> = manifest.tables.iter().map(|entry| entry.file.clone()).collect();
        files.push("manifest.json".to_owned());
        for file in files {
            let path = folder.join(&file);
            let whole = std::fs::read(&path).unwrap();
            for place in (0..whole.len()).step_by((whole.len() / 16).max(1)) {
                let mut changed = whole.clone();
                changed[place] ^= 1;
                std::fs::write(&path, changed).unwrap();
                let refused = restore(&target, &folder).await;
                assert!(matches!(refused, Err(BackupError::Damaged { .. })), "{file} {place}: {refused:?}");
            }
            std::fs::write(&path, &whole).unwrap();
        }
        assert!(!Journal::is_made(&target.config()).await.unwrap(), "it wrote before it looked");
        restore(&target, &folder).await.unwrap();
    }

    async fn an_event_that_was_altered_before_the_backup_is_named_and_nothing_opens(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        let trigger = match engine.port() {
            Some(_) => "ALTER TABLE events DISABLE TRIGGER events_append_only",
            None => "DROP TRIGGER events_no_update",
        };
        for statement in [trigger, "UPDATE events SET event_version = '1.1' WHERE position = 3"] {
            on_engine!(app.commands.journal().pool(), db => sqlx::query(statement).execute(db).await.map(drop)).unwrap();
        }
        let (folder, _) = back_up(&app, engine, "altered").await;
        for target in targets().await {
            let refused = restore(&target, &folder).await;
            assert!(matches!(refused, Err(BackupError::DamagedEvent { position }) if position == 2.into()), "{refused:?}");
            assert_no_journal(&target).await;
        }
    }

    async fn a_restore_that_failed_is_run_again(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        let (good, _) = back_up(&app, engine, "good").await;
        let forged = engine.folder().join("forged");
        forge_head(&good, &forged);
        for target in targets().await {
            assert!(restore(&target, &forged).await.is_err());
            assert_no_journal(&target).await;
            restore(&target, &good).await.unwrap();
            assert_eq!(target.journal().await.head().await.unwrap().position, 4.into());
        }
    }

    async fn a_backup_names_the_history_that_it_is_of(engine) {
        let journal = engine.journal().await;
        let master = MasterKey::from_text(MASTER).unwrap();
        let keys = KeyStore::open(&keys_url(engine), master, Clock::System).await.unwrap();
        for _ in 0..5 {
            record(&journal).await;
        }
        let now = Clock::System.now();
        let (of_journal, of_keys) = (engine.folder().join("journal"), engine.folder().join("keys"));
        let made = back_up_journal(&journal, &keys, &of_journal, now, &|_, _| {}).await.unwrap();
        let beside = back_up_keys(&journal, &keys, &of_keys, (4.into(), now), &|_, _| {}).await.unwrap();
        let leaf = async |journal: &Journal, at: u32| {
            hex(&journal.read_positions(&[at.into()]).await.unwrap()[0].leaf_hash)
        };
        assert_eq!((&made.history, &beside.history), (&leaf(&journal, 5).await, &leaf(&journal, 4).await));
        let is_other = async |manifest: &Manifest| is_of_another_history(&engine.config(), manifest).await.unwrap();
        assert!(!is_other(&made).await && !is_other(&beside).await);
        for target in targets().await {
            assert!(!is_of_another_history(&target.config(), &made).await.unwrap(), "there is no journal");
            restore(&target, &of_journal).await.unwrap();
            assert!(!is_of_another_history(&target.config(), &beside).await.unwrap());
        }
        // Put back before both: nothing contradicts them, until it has grown again.
        let journal = put_back(engine, journal, 3).await;
        assert!(!is_other(&made).await && !is_other(&beside).await);
        record(&journal).await;
        assert!(!is_other(&made).await && is_other(&beside).await);
        record(&journal).await;
        assert!(is_other(&made).await && is_other(&beside).await);
        journal.close().await;
        // A manifest of another history than its own rows.
        let forged = engine.folder().join("forged");
        forge(&of_journal, &forged, |manifest| manifest["history"] = json!(beside.history));
        for target in targets().await {
            let refused = restore(&target, &forged).await;
            assert!(matches!(refused, Err(BackupError::Damaged { .. })), "{refused:?}");
            assert_no_journal(&target).await;
        }
    }

    async fn a_database_that_holds_something_is_refused_and_left_as_it_is(engine) {
        let (folder, _) = saved(engine).await;
        for target in targets().await {
            let app = TestApp::on(&target).await;
            app.registered().await;
            let refused = restore(&target, &folder).await;
            assert!(matches!(refused, Err(BackupError::DatabaseNotEmpty { .. })), "{refused:?}");
            assert_eq!(app.commands.journal().head().await.unwrap().position, 4.into());
        }
    }

    async fn a_backup_lies_in_a_folder_of_its_own_that_its_owner_alone_may_read(engine) {
        use std::os::unix::fs::PermissionsExt;
        let app = TestApp::on(engine).await;
        let (folder, manifest) = back_up(&app, engine, "a/b").await;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        for entry in &manifest.tables {
            assert_eq!(mode(&folder.join(&entry.file)), 0o600, "{}", entry.file);
        }
        assert_eq!(mode(&folder.join("manifest.json")), 0o600);
        let (journal, keys) = (app.commands.journal(), app.commands.keys());
        let keys_into = async |folder: PathBuf| sira::backup::back_up_keys(journal, keys, &folder, (0.into(), Clock::System.now()), &|_, _| {}).await;
        for within in [folder.clone(), folder.join("keys")] {
            assert!(matches!(keys_into(within).await, Err(BackupError::WithinBackup(_))));
        }
        assert!(!folder.join("keys").exists(), "a folder was left in the backup");
        let used = engine.folder().join("used");
        std::fs::create_dir(&used).unwrap();
        std::fs::write(used.join("x"), "x").unwrap();
        assert!(matches!(keys_into(used).await, Err(BackupError::NotEmpty(_))));
    }
}

/// A copy of a backup whose head says one event too many, with every hash made to fit.
fn forge_head(good: &Path, forged: &Path) {
    copy_folder(good, forged);
    let path = forged.join("journal_head.jsonl.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(&path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let file = std::fs::File::create(&path).unwrap();
    let mut out = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    std::io::Write::write_all(&mut out, text.replace("\"main\",5", "\"main\",6").as_bytes())
        .unwrap();
    out.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    rewrite(forged, |manifest| {
        let tables = manifest["tables"].as_array_mut().unwrap();
        let head = tables.iter_mut().find(|entry| entry["table"] == json!("journal_head")).unwrap();
        (head["bytes"], head["sha256"]) = (json!(bytes.len()), json!(sha256(&bytes)));
    });
}

/// A copy of a backup with another manifest, whose hash is made to fit.
fn forge(good: &Path, forged: &Path, change: impl FnOnce(&mut Value)) {
    copy_folder(good, forged);
    rewrite(forged, change);
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn rewrite(folder: &Path, change: impl FnOnce(&mut Value)) {
    let path = folder.join("manifest.json");
    // In the order of its fields, over which the hash is taken.
    let mut manifest: Manifest = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let mut value = serde_json::to_value(&manifest).unwrap();
    change(&mut value);
    manifest = serde_json::from_value(value).unwrap();
    manifest.sha256.clear();
    manifest.sha256 = sha256(serde_json::to_string_pretty(&manifest).unwrap().as_bytes());
    std::fs::write(&path, serde_json::to_string_pretty(&manifest).unwrap()).unwrap();
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex(&Sha256::digest(bytes))
}

#[test]
fn the_key_tables_hold_what_the_migrations_make() {
    let made = concat!(
        include_str!("../../../migrations/keys/sqlite/2001_keys.sql"),
        include_str!("../../../migrations/keys/sqlite/2002_applications.sql"),
    );
    for table in KEY_TABLES {
        assert!(made.contains(&format!("CREATE TABLE {}", table.name)));
        for column in table.columns {
            assert!(made.contains(column.name), "{}.{}", table.name, column.name);
        }
    }
    assert_eq!(made.matches("CREATE TABLE").count(), KEY_TABLES.len());
}
