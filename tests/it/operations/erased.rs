//! Who was erased stays erased, whatever is restored after what.

use std::path::PathBuf;

use serde_json::json;
use sira::backup::{back_up_keys, destroy_again, destroyed_keys, restore_journal, restore_keys};
use sira::clock::Clock;
use sira::keys::{FoundKey, KeyId, KeyStore, MasterKey};
use sira_domain::role::Role;

use super::backup::{back_up, targets};
use crate::api::app::{MASTER, TestApp, keys_url};
use crate::support::Engine;

/// Backups from before and after an erasure.
struct Saved {
    erased: KeyId,
    other: KeyId,
    old_journal: PathBuf,
    old_keys: PathBuf,
    new_journal: PathBuf,
    new_keys: PathBuf,
}

async fn back_up_the_keys(app: &TestApp, engine: &Engine, name: &str) -> PathBuf {
    let folder = engine.folder().join(name);
    let (journal, keys) = (app.commands.journal(), app.commands.keys());
    let position = journal.head().await.unwrap().position;
    back_up_keys(journal, keys, &folder, (position, Clock::System.now()), &|_, _| {})
        .await
        .unwrap();
    folder
}

async fn key_of(app: &TestApp, id: &str) -> KeyId {
    let path = app.commands.current_beneficiary(id.parse().unwrap()).await.unwrap().unwrap();
    *path.state.state().keys.last().unwrap()
}

/// Two people of whom one is erased between two backups.
async fn saved(engine: &Engine) -> (TestApp, Saved) {
    let app = TestApp::on(engine).await;
    // As the command line does when it opens the two.
    let store = app.commands.keys().id().to_string();
    app.commands.journal().set_once("key_store", &store).await.unwrap();
    let programme = app.programme().await;
    let id = async || app.register(&programme).await["id"].as_str().unwrap().to_owned();
    let (erased, other) = (id().await, id().await);
    let (old_journal, _) = back_up(&app, engine, "old-journal").await;
    let old_keys = back_up_the_keys(&app, engine, "old-keys").await;
    let keys = (key_of(&app, &erased).await, key_of(&app, &other).await);
    app.done(Role::Admin, &erased, "erase-personal-data", &json!({ "ground": "request" })).await;
    let (new_journal, _) = back_up(&app, engine, "new-journal").await;
    let new_keys = back_up_the_keys(&app, engine, "new-keys").await;
    let saved =
        Saved { erased: keys.0, other: keys.1, old_journal, old_keys, new_journal, new_keys };
    (app, saved)
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Journal(&'a PathBuf),
    Keys(&'a PathBuf),
}

/// Restores as the command line does, and says what became of a key.
async fn restored(target: &Engine, steps: [Step<'_>; 2], keys: [KeyId; 2]) -> [FoundKey; 2] {
    let (config, url) = (target.config(), keys_url(target));
    for step in steps {
        match step {
            Step::Journal(folder) => {
                restore_journal(&config, folder, &|_, _| {}).await.unwrap();
                destroy_again(&config, &url, Clock::System.now()).await.unwrap();
            }
            Step::Keys(folder) => {
                let named = destroyed_keys(&config).await.unwrap().unwrap_or_default();
                let now = Clock::System.now();
                restore_keys(&url, folder, &named, now, &|_, _| {}).await.unwrap();
            }
        }
    }
    let master = MasterKey::from_text(MASTER).unwrap();
    let store = KeyStore::open(&url, master, Clock::System).await.unwrap();
    let found = [store.get(keys[0]).await.unwrap(), store.get(keys[1]).await.unwrap()];
    store.close().await;
    found
}

crate::on_both_engines! {
    async fn an_erased_person_stays_erased_in_every_order_that_knows_of_it(engine) {
        let (app, saved) = saved(engine).await;
        // A journal from before the erasure beside keys from after it: its backup carries the ids.
        let between = Engine::sqlite();
        restore_journal(&between.config(), &saved.old_journal, &|_, _| {}).await.unwrap();
        let journal = between.journal().await;
        let knowing = between.folder().join("knowing");
        let made = sira::backup::back_up_journal(&journal, app.commands.keys(), &knowing, Clock::System.now(), &|_, _| {}).await;
        assert_eq!(made.unwrap().tables.iter().find(|entry| entry.table == "destroyed_keys").unwrap().rows, 1);
        let Saved { old_journal, old_keys, new_journal, new_keys, .. } = &saved;
        let orders = [
            [Step::Journal(new_journal), Step::Keys(old_keys)],
            [Step::Keys(old_keys), Step::Journal(new_journal)],
            [Step::Journal(old_journal), Step::Keys(new_keys)],
            [Step::Keys(new_keys), Step::Journal(old_journal)],
            [Step::Journal(new_journal), Step::Keys(new_keys)],
            [Step::Journal(&knowing), Step::Keys(old_keys)],
            [Step::Keys(old_keys), Step::Journal(&knowing)],
        ];
        for (number, steps) in orders.into_iter().enumerate() {
            for target in targets().await {
                let [erased, other] = restored(&target, steps, [saved.erased, saved.other]).await;
                assert!(matches!(erased, FoundKey::Destroyed { .. }), "{number}: {erased:?}");
                assert!(matches!(other, FoundKey::Key(_)), "{number}: {other:?}");
            }
        }
    }

    async fn two_old_backups_know_nothing_of_an_erasure_and_nothing_here_can(engine) {
        // Why keys' backups are kept for days only: docs/operations.md.
        let (_app, saved) = saved(engine).await;
        for target in targets().await {
            let steps = [Step::Journal(&saved.old_journal), Step::Keys(&saved.old_keys)];
            let [erased, _] = restored(&target, steps, [saved.erased, saved.other]).await;
            assert!(matches!(erased, FoundKey::Key(_)));
        }
    }

    async fn a_destroyed_key_is_written_nowhere_when_keys_are_restored(engine) {
        let (_app, saved) = saved(engine).await;
        let wrapped = wrapped_in(&saved.old_keys, saved.erased);
        let target = Engine::sqlite();
        let steps = [Step::Journal(&saved.new_journal), Step::Keys(&saved.old_keys)];
        restored(&target, steps, [saved.erased, saved.other]).await;
        let file = std::fs::read(target.folder().join("keys.db")).unwrap();
        assert!(!file.windows(wrapped.len()).any(|bytes| bytes == wrapped), "the wrapped key is in the file");
        let other = wrapped_in(&saved.old_keys, saved.other);
        assert!(file.windows(other.len()).any(|bytes| bytes == other));
    }

    async fn keys_of_another_journal_are_refused(engine) {
        let (_app, saved) = saved(engine).await;
        let elsewhere = Engine::sqlite();
        let (_other, others) = self::saved(&elsewhere).await;
        let target = Engine::sqlite();
        restore_journal(&target.config(), &saved.new_journal, &|_, _| {}).await.unwrap();
        let named = destroyed_keys(&target.config()).await.unwrap().unwrap();
        let refused = restore_keys(&keys_url(&target), &others.new_keys, &named, Clock::System.now(), &|_, _| {}).await;
        assert!(matches!(refused, Err(sira::backup::BackupError::Unrelated)), "{refused:?}");
    }

    async fn keys_are_backed_up_while_keys_are_made_and_destroyed(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let before = app.register(&programme).await;
        let work = async {
            for _ in 0..10 {
                let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
                app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
            }
        };
        let save = async {
            let mut folders = Vec::new();
            for number in 0..10 {
                folders.push(back_up_the_keys(&app, engine, &format!("keys-{number}")).await);
            }
            folders
        };
        let ((), folders) = futures::join!(work, save);
        let key = key_of(&app, before["id"].as_str().unwrap()).await;
        for folder in folders {
            assert_eq!(wrapped_in(&folder, key).len(), 72);
        }
    }
}

/// The wrapped form of a key in a backup.
fn wrapped_in(folder: &std::path::Path, key: KeyId) -> Vec<u8> {
    use base64::Engine as _;
    use std::io::BufRead;
    let file = std::fs::File::open(folder.join("person_keys.jsonl.gz")).unwrap();
    let lines = std::io::BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    let rows =
        lines.map(|line| serde_json::from_str::<Vec<serde_json::Value>>(&line.unwrap()).unwrap());
    let row =
        rows.into_iter().find(|row| row[0] == json!(key.to_string())).expect("the key is there");
    base64::engine::general_purpose::STANDARD.decode(row[1].as_str().unwrap()).unwrap()
}
