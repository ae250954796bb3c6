//! A person who was erased is hunted by somebody who has every file and every key but the person's own.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sira::clock::Clock;
use sira::http::ServeLimits;
use sira::keys::{IndexKey, KeyId};
use sira::read_side::IndexRenewal;
use sira_domain::identity::Identity;
use sira_domain::likeness::{PersonProfile, searched_by};
use sira_domain::role::Role;
use sira_projections::case_identity::{NAME as PROJECTION, TermKind};
use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};

use super::app::{Reply, TestApp, keys_url, new_year, registration, with};
use super::lists::list;
use crate::support::Engine;
use crate::support::program::sira;

const REQUEST: &[u8] = b"POST /v1/beneficiaries";

/// Somebody whom no other test has invented.
fn identity() -> Value {
    json!({ "name": "Fantasma Poursuivie", "phone": "76 53 19 42", "nina": "19901020304056K",
            "address": "Derrière le four inventé", "locality": "Boussin-Inventé",
            "birth_date": "1998-11-23" })
}

/// What is sought in the files, by its first bytes, with what it would give away.
#[derive(Default)]
struct Hunt(HashMap<[u8; 8], Vec<(Vec<u8>, &'static str)>>);

impl Hunt {
    fn add(&mut self, what: &'static str, bytes: &[u8]) {
        let first = *bytes.first_chunk().expect("too short to be told from chance");
        self.0.entry(first).or_default().push((bytes.to_vec(), what));
    }

    /// Whatever can be made without a key.
    fn without_keys(identity: &Value, body: &Value, terms: &[(TermKind, String)]) -> Self {
        let mut hunt = Self::default();
        let texts = identity.as_object().unwrap().values().map(|text| text.as_str().unwrap());
        let words = identity["name"].as_str().unwrap().split(' ');
        for text in texts.chain(words).map(str::to_owned).chain(["76531942".to_owned()]) {
            for text in [text.clone(), text.to_lowercase()] {
                hunt.add("plain", text.as_bytes());
                hunt.add("hash", &Sha256::digest(&text));
            }
        }
        for (_, term) in terms {
            hunt.add("hash", &Sha256::digest(term));
        }
        let body = body.to_string();
        hunt.add("hash", &Sha256::digest(&body));
        hunt.add("hash", &Sha256::digest([REQUEST, b"\0", body.as_bytes()].concat()));
        hunt
    }

    fn under_index(&mut self, key: &IndexKey, terms: &[(TermKind, String)]) {
        for (kind, term) in terms {
            let token = key.token(*kind as u8, term);
            // The search keeps the first half of each.
            let kept = if *kind == TermKind::Searched { &token[..8] } else { &token[..] };
            self.add("index", kept);
        }
    }

    /// What of it is in these files.
    fn over(&self, files: &[Vec<u8>]) -> BTreeSet<&'static str> {
        let begins: Vec<bool> = {
            let mut begins = vec![false; 1 << 16];
            for first in self.0.keys() {
                begins[usize::from(u16::from_be_bytes([first[0], first[1]]))] = true;
            }
            begins
        };
        let mut found = BTreeSet::new();
        for file in files {
            for (place, first) in file.windows(8).enumerate() {
                if !begins[usize::from(u16::from_be_bytes([first[0], first[1]]))] {
                    continue;
                }
                for (bytes, what) in self.0.get(first).into_iter().flatten() {
                    if file[place..].starts_with(bytes) {
                        found.insert(*what);
                    }
                }
            }
        }
        found
    }
}

/// Every term that somebody is found by.
fn terms_of(identity: &Value) -> Vec<(TermKind, String)> {
    let identity: Identity = serde_json::from_value(identity.clone()).unwrap();
    let terms = PersonProfile::new(&identity, 1998, "segou".parse().ok()).terms();
    let of = |kind: TermKind, terms: Vec<String>| terms.into_iter().map(move |term| (kind, term));
    let kinds = of(TermKind::Name, terms.names)
        .chain(of(TermKind::Birth, terms.births))
        .chain(of(TermKind::Part, terms.parts));
    let kinds = kinds.chain(terms.phone.map(|term| (TermKind::Phone, term)));
    let kinds = kinds.chain(terms.national_id.map(|term| (TermKind::NationalId, term)));
    kinds.chain(searched_by(&identity).into_iter().map(|term| (TermKind::Searched, term))).collect()
}

/// Every byte of every file of an engine, the write-ahead logs among them. By another process: closing a file
/// here would drop the locks that `SQLite` holds on it.
async fn files_of(engine: &Engine) -> Vec<Vec<u8>> {
    if engine.port().is_some() {
        let mut server = PgConnection::connect(engine.url()).await.unwrap();
        // What is still in the server's memory is written out, so that it is hunted too.
        server.execute("CHECKPOINT").await.unwrap();
    }
    let mut paths = Vec::new();
    engine.folders().iter().for_each(|folder| walk(folder, &mut paths));
    assert!(paths.len() > 4, "{paths:?}");
    paths.chunks(64).map(|some| Command::new("cat").args(some).output().unwrap().stdout).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().unwrap().map_while(Result::ok) {
        let path = entry.path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// The ids of all keys that are not destroyed.
async fn living(engine: &Engine) -> Vec<KeyId> {
    let url = keys_url(engine);
    let asked = "SELECT key_id FROM person_keys WHERE wrapped IS NOT NULL";
    let ids: Vec<String> = if url.starts_with("sqlite:") {
        let mut db = SqliteConnection::connect(&url).await.unwrap();
        sqlx::query_scalar(asked).fetch_all(&mut db).await.unwrap()
    } else {
        let mut db = PgConnection::connect(&url).await.unwrap();
        let asked = asked.replace("person_keys", "keys.person_keys");
        sqlx::query_scalar(&asked).fetch_all(&mut db).await.unwrap()
    };
    ids.iter().map(|id| KeyId(id.parse().unwrap())).collect()
}

/// Runs a statement on the key store.
async fn on_keys(engine: &Engine, statement: &str) {
    let url = keys_url(engine);
    if url.starts_with("sqlite:") {
        SqliteConnection::connect(&url).await.unwrap().execute(statement).await.unwrap();
    } else {
        let mut db = PgConnection::connect(&url).await.unwrap();
        db.execute(statement.replace("key_store", "keys.key_store").as_str()).await.unwrap();
    }
}

/// What the files give away to who has every living key and the master key.
async fn hunt(app: &TestApp, engine: &Engine, body: &Value) -> BTreeSet<&'static str> {
    let terms = terms_of(&body["identity"]);
    let mut hunt = Hunt::without_keys(&body["identity"], body, &terms);
    let keys = app.commands.keys();
    hunt.under_index(&keys.index_key(), &terms);
    for id in living(engine).await {
        hunt.under_index(&keys.index_key_of(id).await.unwrap().unwrap(), &terms);
        let hasher = keys.request_hash_key_of(id).await.unwrap().unwrap();
        hunt.add("request", &hasher.hash(&[REQUEST, &[0], body.to_string().as_bytes()]));
    }
    hunt.over(&files_of(engine).await)
}

/// Waits until the rows of the index are under the key in force.
async fn renewed(app: &TestApp) {
    let in_force = app.commands.keys().index_key_in_force().await.unwrap();
    for _ in 0..600 {
        let stored = app.read.projections(app.commands.journal().id()).await.unwrap();
        if stored.iter().any(|one| one.name == PROJECTION && one.index_key == Some(in_force.0)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the index was not made anew");
}

async fn an_erased_person_is_in_no_file(engine: &Engine) {
    let clock = Clock::manual(new_year());
    let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
    let programme = app.programme().await;
    let neighbour = app.register(&programme).await["id"].clone();
    let body = with(registration(&programme), "/identity", identity());
    let token = app.token(Role::Adviser).await;
    let registered = app.keyed(&token, "/v1/beneficiaries", "poursuite", &body).await;
    let id = registered.ok(201)["id"].as_str().unwrap().to_owned();
    app.caught_up().await;
    let keys = app.commands.keys();
    let mut renewal =
        IndexRenewal::new(app.commands.journal().clone(), keys.clone(), app.read.clone());
    renewal.step().await.unwrap();
    // Nobody is erased: who has the keys can guess, and finds it. So the hunter sees what it looks for.
    assert_eq!(hunt(&app, engine, &body).await, BTreeSet::from(["index", "request"]));

    app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
    app.caught_up().await;
    renewal.step().await.unwrap();
    // The key of requests is gone at once. The index is still under the key of before: on SQLite nothing is
    // left that was made with it, on a server its logs are.
    let left = if engine.port().is_some() { vec!["index"] } else { vec![] };
    assert_eq!(hunt(&app, engine, &body).await, left.into_iter().collect());

    clock.set(new_year() + chrono::TimeDelta::days(1));
    let before = keys.index_key_in_force().await.unwrap();
    renewal.step().await.unwrap();
    assert_ne!(keys.index_key_in_force().await.unwrap(), before);
    assert!(keys.index_key_of(before).await.unwrap().is_some(), "the rows are still under it");
    renewed(&app).await;
    renewal.step().await.unwrap();
    assert!(keys.index_key_of(before).await.unwrap().is_none());
    assert_eq!(hunt(&app, engine, &body).await, BTreeSet::new());

    // Whoever is not erased is found as before, by search and as a likely duplicate.
    let token = app.token(Role::Adviser).await;
    let found = list(&app, &token, "/v1/beneficiaries?q=zoumbale").await.ok(200);
    assert_eq!(found["items"][0]["id"], neighbour);
    let alike = app.register(&programme).await;
    assert_eq!(alike["duplicates"][0]["id"], neighbour, "{alike}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_person_is_in_no_file_of_sqlite_for_whoever_has_every_other_key() {
    an_erased_person_is_in_no_file(&Engine::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_person_is_in_no_file_of_postgres_for_whoever_has_every_other_key() {
    an_erased_person_is_in_no_file(&Engine::postgres_alone().await).await;
}

/// Whoever applies without an account is in no file in clear, before anybody decides and after.
async fn an_applicant_is_in_no_file(engine: &Engine) {
    let app = TestApp::with(engine, Clock::manual(new_year()), ServeLimits::default()).await;
    let programme = app.programme().await;
    let call =
        json!({ "from": "2026-01-01", "to": "2026-02-28", "regions": ["segou"], "keep_days": 30 });
    let director = app.token(Role::Director).await;
    app.command_of(&director, "programmes", &programme, "open-call", &call).await.ok(200);
    let told = json!({ "name": "Fantasma Poursuivie", "phone": "76 53 19 42",
                       "idea": "Teinture d'indigo au bord du fleuve inventé" });
    let mut body = told.clone();
    for (field, value) in [("region", "segou"), ("text_version", "fr-1"), ("language", "fr")] {
        body[field] = json!(value);
    }
    body["consent"] = json!(true);
    let mut ids: Vec<String> = Vec::new();
    let adviser = app.token(Role::Adviser).await;
    for _ in 0..2 {
        let path = format!("/v1/open-call/{programme}");
        Reply::of(app.request(reqwest::Method::POST, &path).json(&body)).await.ok(202);
        let listed = list(&app, &adviser, "/v1/worklists/applications?identity=true").await.ok(200);
        let items = listed["items"].as_array().unwrap().iter();
        ids = items.map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    }
    let mut hunt = Hunt::without_keys(&told, &body, &[]);
    // So the hunter sees what it looks for.
    hunt.add("seen", b"Convention d'essai");
    assert_eq!(hunt.over(&files_of(engine).await), BTreeSet::from(["seen"]));
    let acceptance = json!({ "office": "segou-1", "sex": "female", "birth_year": 1998 });
    app.post(&adviser, &format!("/v1/applications/{}/accept", ids[0]), &acceptance).await.ok(201);
    let refusal = json!({ "reason": "withdrawn" });
    app.post(&adviser, &format!("/v1/applications/{}/refuse", ids[1]), &refusal).await.ok(200);
    app.caught_up().await;
    assert_eq!(hunt.over(&files_of(engine).await), BTreeSet::from(["seen"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_applicant_is_in_no_file_of_sqlite_in_clear() {
    an_applicant_is_in_no_file(&Engine::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_applicant_is_in_no_file_of_postgres_in_clear() {
    an_applicant_is_in_no_file(&Engine::postgres_alone().await).await;
}

crate::on_both_engines! {
    async fn the_index_key_changes_a_day_after_an_erasure_at_most_and_by_the_calendar(engine) {
        let clock = Clock::manual(new_year());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let id = app.registered().await;
        app.caught_up().await;
        let keys = app.commands.keys();
        let mut renewal = IndexRenewal::new(app.commands.journal().clone(), keys.clone(), app.read.clone());
        let mut key_on = async |day: i64| {
            clock.set(new_year() + chrono::TimeDelta::days(day));
            renewal.step().await.unwrap();
            keys.index_key_in_force().await.unwrap()
        };
        let first = key_on(0).await;
        assert_eq!(key_on(29).await, first, "nobody was erased");
        let second = key_on(30).await;
        assert_ne!(second, first);
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        assert_eq!(key_on(30).await, second, "once a day at most");
        let third = key_on(31).await;
        assert_ne!(third, second);
        assert_eq!(key_on(60).await, third);
        assert_ne!(key_on(61).await, third);
    }

    async fn an_index_is_made_anew_after_a_crash_at_any_step_of_a_change_of_its_key(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].clone();
        app.caught_up().await;
        let keys = app.commands.keys().clone();
        let found = async |app: &TestApp| {
            let token = app.token(Role::Adviser).await;
            list(app, &token, "/v1/beneficiaries?q=zoumbale").await.ok(200)["items"][0]["id"].clone()
        };
        // The key has changed and the process ends before anything else: the next start goes on. Until the
        // rows are under the new key, and after it, people are found.
        let old = keys.index_key_in_force().await.unwrap();
        assert!(keys.renew_index_key().await.unwrap());
        assert_eq!(found(&app).await, id);
        app.projections.stop().await;
        let app = TestApp::on(engine).await;
        assert_eq!(found(&app).await, id);
        renewed(&app).await;
        assert_eq!(found(&app).await, id);
        // The rows are under the new key, and the process ended before the old one was destroyed.
        let mut renewal = IndexRenewal::new(app.commands.journal().clone(), keys.clone(), app.read.clone());
        renewal.step().await.unwrap();
        assert!(keys.index_key_of(old).await.unwrap().is_none());
        // A key store that came back from its backup knows no index key: the rows are made anew.
        let lost = keys.index_key_in_force().await.unwrap();
        assert!(keys.renew_index_key().await.unwrap() && keys.destroy_retired_index_keys().await.unwrap() == 1);
        assert!(keys.index_key_of(lost).await.unwrap().is_none());
        renewed(&app).await;
        assert_eq!(found(&app).await, id);
    }

    async fn erasures_at_the_machine_leave_no_index_key_of_before_although_nobody_serves(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let rules = json!({ "effective_from": "2021-07-06", "rules": { "retention_months": 12 } });
        let admin = app.token(Role::Admin).await;
        app.command_of(&admin, "programmes", &programme, "set-rules", &rules).await.ok(200);
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let reasons = sira_domain::reference::lists().iter().find(|list| list.name == "exit_reasons").unwrap();
        let exit = json!({ "occurred_on": "2022-05-01", "reason": reasons.entries[0].code });
        app.done(Role::Adviser, &id, "exit", &exit).await;
        app.caught_up().await;
        let (journal, keys) = (app.commands.journal().clone(), app.commands.keys().clone());
        IndexRenewal::new(journal, keys.clone(), app.read.clone()).step().await.unwrap();
        let old = keys.index_key_in_force().await.unwrap();
        app.projections.stop().await;
        on_keys(engine, "UPDATE key_store SET value = '2020-01-01T00:00:00.000000Z' WHERE name = 'epoch/index/since'").await;
        assert!(living(engine).await.contains(&old), "the test sees what it looks for");
        let words = ["retention", "erase", &id, "--actor", "admin.siege", "--reason", "Durée échue"];
        let erased = sira(engine, &words);
        assert!(erased.status.success(), "{erased:?}");
        assert!(!living(engine).await.contains(&old));
        let stored = app.read.projections(app.commands.journal().id()).await.unwrap();
        let stored = stored.iter().find(|one| one.name == PROJECTION).unwrap();
        assert_eq!(stored.index_key, Some(keys.index_key_in_force().await.unwrap().0));
    }

    async fn an_operator_has_the_index_key_changed_at_once_while_a_server_runs(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        app.caught_up().await;
        let old = app.commands.keys().index_key_in_force().await.unwrap();
        let rebuilt = sira(engine, &["projections", "rebuild", PROJECTION]);
        assert!(rebuilt.status.success(), "{rebuilt:?}");
        assert!(!living(engine).await.contains(&old));
        renewed(&app).await;
        let token = app.token(Role::Adviser).await;
        let found = list(&app, &token, "/v1/beneficiaries?q=zoumbale").await.ok(200);
        assert_eq!(found["items"][0]["id"], json!(id));
    }
}
