//! After an erasure the person is gone, from every answer and every file; the path stays.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sira::clock::Clock;
use sira::http::ServeLimits;
use sira::journal::{Journal, JournalConfig};
use sira::keys::{FoundKey, KeyId, KeyStore, MasterKey};
use sira_domain::role::Role;
use sira_numbers::Position;
use sira_projections::ReadStore;
use sqlx::{Connection, PgConnection, SqliteConnection};

use super::app::{MASTER, NAME, TestApp, keys_url, region, registration, steps, with};
use crate::support::Engine;

/// Pieces of everything personal that the scripts send.
const PERSONAL: &[&str] =
    &["Zoumbal", "Inventée", "70000001", "70 00 00 01", "imaginaire", "karité", "Bon dossier"];

fn is_personal(text: &str) -> bool {
    PERSONAL.iter().any(|piece| text.contains(piece))
}

/// The key that a path's identity is sealed under, as stored.
async fn key_of(journal: &Journal, position: u64) -> KeyId {
    let position = Position::of_count(position);
    let events = journal.read_feed(position.before(), 1).await.unwrap();
    let payload: Value = serde_json::from_str(&events[0].payload).unwrap();
    let sealed = payload["fact"]["Registered"]["identity"].as_str().unwrap();
    sira::keys::key_id_of(sealed).unwrap()
}

async fn wrapped(engine: &Engine, key: KeyId) -> Option<Vec<u8>> {
    let url = keys_url(engine);
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let query = format!("SELECT wrapped FROM person_keys WHERE key_id = '{key}'");
        return sqlx::query_scalar(&query).fetch_one(&mut connection).await.unwrap();
    }
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let query = format!("SELECT wrapped FROM keys.person_keys WHERE key_id = '{key}'");
    sqlx::query_scalar(&query).fetch_one(&mut connection).await.unwrap()
}

/// Everything that the API tells of a path to those who may read the most and the least of it.
async fn everything_told(app: &TestApp, id: &str, version: u64) -> String {
    let mut told = String::new();
    for role in sira::http::access::PATH_READERS {
        let token = app.token(*role).await;
        let mut queries = vec![String::new(), "?identity=true".to_owned(), "/history".to_owned()];
        for version in 1..=version {
            queries.push(format!("?version={version}&identity=true"));
            queries.push(format!("/history?version={version}"));
        }
        for query in queries {
            told.push_str(&app.get(&token, &format!("/v1/beneficiaries/{id}{query}")).await.text);
        }
    }
    told
}

fn figures(status: &Value) -> Value {
    let mut figures = status.clone();
    for field in ["version", "position", "recorded_at", "erased_on"] {
        figures.as_object_mut().unwrap().remove(field);
    }
    figures
}

crate::on_both_engines! {
    async fn an_erasure_follows_the_person_through_linked_paths_or_names_what_remains(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = async || app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let (continues, frozen, older) = (id().await, id().await, id().await);
        let link = |to: &str| json!({ "continues": to });
        app.done(Role::Director, &older, "link-duplicate", &link(&frozen)).await;
        // A path that others continue under is not frozen itself: they are linked anew.
        app.done(Role::Director, &older, "unlink-duplicate", &json!({ "reason": "Autre" })).await;
        app.done(Role::Director, &frozen, "link-duplicate", &link(&continues)).await;
        app.done(Role::Director, &older, "link-duplicate", &link(&continues)).await;
        app.hand_over(&continues, &json!({ "office": "mopti-1" })).await;
        // Whoever reaches a part of the person erases nothing of them.
        let ground = json!({ "ground": "request" });
        let part = app.token_of("admin.segou", Role::Admin, region("segou")).await;
        let refused = app.command(&part, &frozen, "erase-personal-data", &ground).await;
        assert_eq!(refused.error(409, "refused").1, "unknown_item");
        let admin = app.token(Role::Admin).await;
        app.command(&admin, &frozen, "erase-personal-data", &ground).await.ok(200);
        for path in [&continues, &frozen, &older] {
            let shown = app.get(&app.token(Role::Director).await, &format!("/v1/beneficiaries/{path}?identity=true")).await;
            assert!(!shown.text.contains("Zoumbal"), "{}", shown.text);
            let found = app.commands.current_beneficiary(path.parse().unwrap()).await.unwrap().unwrap();
            assert!(found.state.state().is_erased(), "{path}");
        }
        let again = app.command(&admin, &continues, "erase-personal-data", &ground).await.ok(200);
        assert_eq!(again["already_done"], json!(true));
    }

    async fn a_request_that_named_somebody_cannot_be_guessed_once_they_are_erased(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let token = app.token(Role::Adviser).await;
        let body = registration(&programme);
        let send = async |body: &Value| app.keyed(&token, "/v1/beneficiaries", "essai-9", body).await;
        let id = send(&body).await.ok(201)["id"].as_str().unwrap().to_owned();
        // While nobody is erased, another body under the key is told from a retry.
        let other = with(body.clone(), "/birth_year", json!(1990));
        send(&other).await.problem(422, "idempotency-key-reused");
        let stored = async || {
            let hashes: Vec<Vec<u8>> = sira_database::on_engine!(app.commands.journal().pool(), pool => {
                sqlx::query_scalar("SELECT body_hash FROM requests").fetch_all(pool).await
            }).unwrap();
            hashes
        };
        let guess = |hasher: &sira::keys::RequestHashKey| {
            hasher.hash(&[b"POST /v1/beneficiaries", &[0], body.to_string().as_bytes()]).to_vec()
        };
        // Who has every key finds the request of a person who is not erased, and then no more.
        let key = app.commands.keys().request_hash_key().await.unwrap();
        assert!(stored().await.contains(&guess(&key)));
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        let key = app.commands.keys().request_hash_key().await.unwrap();
        assert!(!stored().await.contains(&guess(&key)));
        let plain = Sha256::digest([b"POST /v1/beneficiaries\0", body.to_string().as_bytes()].concat());
        assert!(!stored().await.contains(&plain.to_vec()));
        // A retry is still answered, by its key alone.
        assert_eq!(send(&body).await.ok(201)["id"], json!(id));
    }

    async fn an_erased_person_is_in_no_answer_and_the_path_reads_as_before(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let other = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        app.walk(&id, &steps(), "complete-path").await;
        app.done(Role::Adviser, &id, "add-note", &json!({ "text": format!("Vu {NAME}") })).await;
        let token = app.token(Role::Adviser).await;
        let before = app.get(&token, &format!("/v1/beneficiaries/{id}")).await.ok(200);
        let version = before["version"].as_u64().unwrap();
        assert!(is_personal(&everything_told(&app, &id, 1).await), "the test sees what it looks for");

        let erased = app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        assert_eq!(erased["events"], json!(["PersonalDataErased"]));

        let told = everything_told(&app, &id, version + 1).await;
        assert!(!is_personal(&told), "{told}");
        let after = app.get(&token, &format!("/v1/beneficiaries/{id}")).await.ok(200);
        assert_eq!(figures(&after), figures(&before));
        assert!(after["erased_on"].is_string());
        let identity = app.get(&token, &format!("/v1/beneficiaries/{id}?identity=true")).await.ok(200);
        assert_eq!(identity["identity"], Value::Null);
        // The neighbour is untouched.
        let neighbour = app.get(&token, &format!("/v1/beneficiaries/{other}?identity=true")).await.ok(200);
        assert_eq!(neighbour["identity"]["name"], json!(NAME));
    }

    async fn nothing_sealed_is_added_to_an_erased_person_and_figures_still_are(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let ground = json!({ "ground": "retention" });
        let first = app.done(Role::Admin, &id, "erase-personal-data", &ground).await;
        let again = app.done(Role::Admin, &id, "erase-personal-data", &ground).await;
        assert_eq!((&again["already_done"], &again["version"]), (&json!(true), &first["version"]));
        let token = app.token(Role::Adviser).await;
        let sealed = [
            ("add-note", json!({ "text": NAME })),
            ("update-identity", json!({ "identity": { "name": NAME } })),
            ("submit-idea", json!({ "title": NAME, "sector": "C", "start_up_cost": 1, "jobs_expected": 1 })),
        ];
        for (word, body) in sealed {
            let reply = app.command(&token, &id, word, &body).await;
            assert_eq!(reply.error(409, "refused").1, "person_erased", "{word}");
        }
        let income = json!({ "survey": "baseline", "from": "2021-01-01", "to": "2021-12-31",
                             "amount": 480_000, "source": "declared_total" });
        app.done(Role::Adviser, &id, "record-income", &income).await;
    }

    async fn an_erased_key_is_destroyed_in_its_store_for_every_process(engine) {
        let app = TestApp::on(engine).await;
        let other = TestApp::on(engine).await;
        let programme = app.programme().await;
        let registered = app.register(&programme).await;
        let id = registered["id"].as_str().unwrap();
        let key = key_of(app.commands.journal(), registered["position"].as_u64().unwrap()).await;
        let token = other.token(Role::Adviser).await;
        let path = format!("/v1/beneficiaries/{id}?identity=true");
        assert_eq!(other.get(&token, &path).await.ok(200)["identity"]["name"], json!(NAME));
        assert!(wrapped(engine, key).await.is_some());
        app.done(Role::Admin, id, "erase-personal-data", &json!({ "ground": "request" })).await;
        assert!(wrapped(engine, key).await.is_none());
        assert!(matches!(app.commands.keys().get(key).await.unwrap(), FoundKey::Destroyed { .. }));
        assert_eq!(other.get(&token, &path).await.ok(200)["identity"], Value::Null);
        let history = other.get(&token, &format!("/v1/beneficiaries/{id}/history")).await;
        assert!(!is_personal(&history.text), "{}", history.text);
    }
}

/// Every byte of every file of a directory, read by another process: closing a file here would drop
/// the locks that `SQLite` holds on it.
fn bytes_in(directory: &Path) -> Vec<u8> {
    let files: Vec<PathBuf> =
        directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 2, "{files:?}");
    Command::new("cat").args(files).output().unwrap().stdout
}

fn holds(bytes: &[u8], piece: &[u8]) -> bool {
    bytes.windows(piece.len()).any(|window| window == piece)
}

fn directory_of(engine: &Engine) -> PathBuf {
    let file = Path::new(engine.url().strip_prefix("sqlite:").unwrap());
    file.parent().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_file_ever_holds_a_person_and_after_an_erasure_none_holds_the_key() {
    let engine = Engine::sqlite();
    let app = TestApp::on(&engine).await;
    let programme = app.programme().await;
    let registered = app.register(&programme).await;
    let id = registered["id"].as_str().unwrap();
    app.walk(id, &steps(), "complete-path").await;
    let key = key_of(app.commands.journal(), registered["position"].as_u64().unwrap()).await;
    let wrapped = wrapped(&engine, key).await.unwrap();
    let before = bytes_in(&directory_of(&engine));
    assert!(holds(&before, &wrapped[..24]), "the test sees what it looks for");
    assert!(!PERSONAL.iter().any(|piece| holds(&before, piece.as_bytes())));

    app.done(Role::Admin, id, "erase-personal-data", &json!({ "ground": "request" })).await;
    let after = bytes_in(&directory_of(&engine));
    assert!(holds(&after, b"PersonalDataErased"));
    assert!(!holds(&after, &wrapped[..24]) && !holds(&after, &wrapped[wrapped.len() - 24..]));
    assert!(!PERSONAL.iter().any(|piece| holds(&after, piece.as_bytes())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_the_journal_from_before_the_erasure_opens_nobody() {
    let engine = Engine::sqlite();
    let app = TestApp::on(&engine).await;
    let programme = app.programme().await;
    let registered = app.register(&programme).await;
    let (id, position) =
        (registered["id"].as_str().unwrap(), registered["position"].as_u64().unwrap());
    app.done(Role::Adviser, id, "add-note", &json!({ "text": NAME })).await;
    let backup = tempfile::tempdir().unwrap();
    let copied = Command::new("sh")
        .arg("-c")
        .arg(format!(
            "cp {}/journal.db* {}",
            directory_of(&engine).display(),
            backup.path().display()
        ))
        .status();
    assert!(copied.unwrap().success());
    app.done(Role::Admin, id, "erase-personal-data", &json!({ "ground": "request" })).await;
    app.commands.keys().close().await;

    // The journal as it was, the keys as they are, the right master key.
    let config =
        JournalConfig::new(format!("sqlite:{}/journal.db", backup.path().display()).as_str());
    let journal = Journal::open(&config, Clock::System).await.unwrap();
    let master = MasterKey::from_text(MASTER).unwrap();
    let keys = KeyStore::open(&keys_url(&engine), master, Clock::System).await.unwrap();
    let key = key_of(&journal, position).await;
    assert!(matches!(keys.get(key).await.unwrap(), FoundKey::Destroyed { .. }));
    let read = format!("sqlite:{}/read.db", backup.path().display());
    let read = ReadStore::open(&read).await.unwrap();
    let restored = TestApp::start(journal, keys, read, Clock::System, ServeLimits::default()).await;
    let told = everything_told(&restored, id, 2).await;
    assert!(told.contains("NoteAdded") && !is_personal(&told), "{told}");
    let token = restored.token(Role::Adviser).await;
    let reply = restored.command(&token, id, "add-note", &json!({ "text": NAME })).await;
    assert_eq!(reply.error(409, "refused").1, "person_erased");
}
