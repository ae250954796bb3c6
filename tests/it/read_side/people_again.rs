//! The index of people rebuilt at once: the rows that it has when events come one by one, wherever a lot ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use sira::read_side::{JournalFeed, OpenedKeys};
use sira_database::on_engine;
use sira_domain::role::Role;
use sira_projections::case_identity::{CaseIdentity, NAME};
use sira_projections::rebuild::{RebuildProgress, rebuild_projection};
use sira_projections::{FoldError, ReadStore, Runner};
use tokio::sync::watch;

use super::dump;
use super::runner::history;
use crate::api::app::{TestApp, read_url, registration, with};
use crate::on_both_engines;
use crate::proof::leading::end_leases;
use crate::support::Engine;

/// Events of a lot, from one by one to all at once.
const LOTS: [u32; 6] = [1, 2, 3, 7, 40, 8_000];

fn identity(app: &TestApp, lot: u32, renews: bool) -> CaseIdentity<JournalFeed, OpenedKeys> {
    let keys = OpenedKeys::new(app.commands.keys().clone());
    let keys = if renews { keys.renewing() } else { keys };
    CaseIdentity::new(JournalFeed::new(app.commands.journal().clone()), keys).in_lots_of(lot)
}

async fn rebuild_with(
    app: &TestApp,
    identity: &CaseIdentity<JournalFeed, OpenedKeys>,
    progress: &(dyn Fn(RebuildProgress) + Sync),
) -> Result<(), FoldError> {
    let (_told, stop) = watch::channel(false);
    let feed = JournalFeed::new(app.commands.journal().clone());
    rebuild_projection(&feed, &app.read, identity, progress, &stop).await
}

async fn rebuild(app: &TestApp, lot: u32) {
    rebuild_with(app, &identity(app, lot, false), &|_| ()).await.unwrap();
}

/// The rows that come of the events one batch after the other, in a database beside, with the keys that there are now.
async fn fed(engine: &Engine, app: &TestApp, batch: u32) -> Vec<String> {
    let head = app.commands.journal().head().await.unwrap().position;
    let place = if engine.port().is_some() { Engine::postgres().await } else { Engine::sqlite() };
    let store = ReadStore::open(&read_url(&place)).await.unwrap();
    let feed = JournalFeed::new(app.commands.journal().clone());
    let mut runner = Runner::new(feed, store.clone()).with_batch(batch);
    runner.start(identity(app, 1, false));
    for _ in 0..3_000 {
        if store.position("main", NAME).await.unwrap() >= head {
            runner.stop().await;
            return dump(&store).await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", runner.status());
}

/// Registers people, all alike in some way, and gives their ids.
async fn register(
    app: &TestApp,
    people: impl Iterator<Item = (String, u32, String)>,
) -> Vec<String> {
    let (programme, token) = (app.programme().await, app.token(Role::Adviser).await);
    let mut ids = Vec::new();
    for (name, year, phone) in people {
        let told = json!({ "name": name, "locality": "Boussin", "phone": phone });
        let body = with(registration(&programme), "/identity", told);
        let body = with(body, "/birth_year", json!(year));
        let answer = app.post(&token, "/v1/beneficiaries", &body).await.ok(201);
        ids.push(answer["id"].as_str().unwrap().to_owned());
    }
    ids
}

/// Three who are alike, and between the second and the third each time something else: what a pair is found by, or
/// kept from, is told before the later of the two.
async fn between_two(app: &TestApp) {
    let alike = |group: usize, count: usize| {
        let phone = format!("7100000{group}");
        (0..count).map(move |_| {
            ("Sitan Inventée".to_owned(), 1980 + u32::try_from(group).unwrap(), phone.clone())
        })
    };
    let no_other = json!({ "identity": { "name": "Tout Autre Personne", "locality": "Djenné", "phone": "72000000" } });
    let erase = json!({ "ground": "request" });
    for group in 0..7 {
        let ids = register(app, alike(group, 2)).await;
        let (one, other) = (ids[0].as_str(), ids[1].as_str());
        let continues = json!({ "continues": one });
        let dismissal = json!({ "other": one, "reason": "Deux cousines" });
        match group {
            0 => drop(app.done(Role::Adviser, one, "update-identity", &no_other).await),
            1 => drop(app.done(Role::Admin, one, "erase-personal-data", &erase).await),
            2 => drop(app.done(Role::Director, other, "link-duplicate", &continues).await),
            3 => {
                app.done(Role::Director, other, "link-duplicate", &continues).await;
                app.done(Role::Adviser, one, "update-identity", &no_other).await;
                app.done(Role::Director, other, "unlink-duplicate", &json!({ "reason": "Deux" }))
                    .await;
            }
            4 => drop(app.done(Role::Director, other, "dismiss-duplicate", &dismissal).await),
            5 => {
                app.done(Role::Director, other, "dismiss-duplicate", &dismissal).await;
                app.done(
                    Role::Director,
                    one,
                    "reconsider-duplicate",
                    &json!({ "other": other, "reason": "La même" }),
                )
                .await;
            }
            _ => drop(
                app.done(
                    Role::Director,
                    one,
                    "retract",
                    &json!({ "sequence": 1, "reason": "Erreur" }),
                )
                .await,
            ),
        }
        register(app, alike(group, 1)).await;
    }
}

fn pairs(rows: &[String]) -> usize {
    rows.iter().filter(|row| row.starts_with("pair")).count()
}

on_both_engines! {
    async fn a_rebuild_in_lots_of_any_size_comes_to_the_rows_of_events_one_by_one(engine) {
        let app = TestApp::on(engine).await;
        history(&app).await;
        between_two(&app).await;
        app.caught_up().await;
        let rows = fed(engine, &app, 1).await;
        assert!(pairs(&rows) > 40, "{} pairs", pairs(&rows));
        assert_eq!(dump(&app.read).await, rows, "live");
        for lot in LOTS {
            rebuild(&app, lot).await;
            assert_eq!(dump(&app.read).await, rows, "in lots of {lot}");
        }
    }

    async fn more_alike_than_are_looked_at_are_cut_off_at_the_same_one(engine) {
        let app = TestApp::on(engine).await;
        // Of one phone more than are read by a phone; they share nothing else.
        let others = (0..45_u32).map(|number| {
            let name = format!("{}ou {}iba", (b'A' + u8::try_from(number % 20).unwrap()) as char, (b'B' + u8::try_from(number / 20).unwrap()) as char);
            (name, 1950 + number, "73000000".to_owned())
        });
        register(&app, others).await;
        // In a row more than are compared on one core, and than are opened for one.
        let same = (0..72).map(|number| ("Niélé Inventée".to_owned(), 1991 + number % 2, format!("740000{number:02}")));
        register(&app, same).await;
        app.caught_up().await;
        let rows = fed(engine, &app, 1).await;
        assert!(pairs(&rows) > 1_000, "{} pairs", pairs(&rows));
        for lot in [5, 8_000] {
            rebuild(&app, lot).await;
            assert_eq!(dump(&app.read).await, rows, "in lots of {lot}");
        }
    }

    async fn rows_under_a_renewed_key_are_those_of_events_one_by_one_under_it(engine) {
        let app = TestApp::on(engine).await;
        history(&app).await;
        app.caught_up().await;
        let before = dump(&app.read).await;
        rebuild_with(&app, &identity(&app, 9, true), &|_| ()).await.unwrap();
        let rows = fed(engine, &app, 4).await;
        assert_eq!(dump(&app.read).await, rows);
        let tokens = |rows: &[String]| -> Vec<String> {
            rows.iter().filter(|row| row.starts_with("token") || row.starts_with("searched")).cloned().collect()
        };
        assert_eq!(tokens(&before).len(), tokens(&rows).len());
        assert!(tokens(&before).iter().all(|token| !tokens(&rows).contains(token)), "a token of the old key is left");
    }

    async fn whoever_is_erased_while_a_rebuild_holds_them_in_memory_leaves_nothing(engine) {
        let app = TestApp::on(engine).await;
        let alike = |count| (0..count).map(|_| ("Bintou Inventée".to_owned(), 1991, "75000000".to_owned()));
        let ids = register(&app, alike(6)).await;
        app.caught_up().await;
        let (reached, at_lot) = tokio::sync::oneshot::channel::<()>();
        let (go_on, erased) = std::sync::mpsc::channel::<()>();
        let (reached, erased) = (Mutex::new(Some(reached)), Mutex::new(erased));
        // Stands still after the first lot that holds somebody, until they are erased.
        let progress = move |at: RebuildProgress| {
            if at.done > 0 && let Some(reached) = reached.lock().take() {
                reached.send(()).unwrap();
                tokio::task::block_in_place(|| erased.lock().recv_timeout(Duration::from_mins(1)).unwrap());
            }
        };
        let (identity, store) = (identity(&app, 3, false), app.read.clone());
        let feed = JournalFeed::new(app.commands.journal().clone());
        let rebuilding = tokio::spawn(async move {
            let (_told, stop) = watch::channel(false);
            rebuild_projection(&feed, &store, &identity, &progress, &stop).await
        });
        at_lot.await.unwrap();
        app.done(Role::Admin, &ids[0], "erase-personal-data", &json!({ "ground": "request" })).await;
        go_on.send(()).unwrap();
        rebuilding.await.unwrap().unwrap();
        app.caught_up().await;
        let rows = dump(&app.read).await;
        assert!(rows.iter().all(|row| !row.contains(&ids[0])), "{rows:?}");
        assert_eq!(rows, fed(engine, &app, 1).await);
        assert_eq!(pairs(&rows), 10, "of the five others each two");
    }

    async fn a_rebuild_that_is_killed_at_any_moment_leaves_nothing_to_the_next(engine) {
        let app = TestApp::on(engine).await;
        history(&app).await;
        app.caught_up().await;
        let rows = dump(&app.read).await;
        let is_written = Arc::new(AtomicBool::new(false));
        for kill in 0..24_u64 {
            let identity = identity(&app, 20, false);
            let told = Arc::clone(&is_written);
            // From the last lot on tables are filled: killed some moments after that.
            let head = app.commands.journal().head().await.unwrap().position.get();
            is_written.store(false, Ordering::SeqCst);
            let progress = move |at: RebuildProgress| told.store(at.done + 3 >= head, Ordering::SeqCst);
            let killed = async {
                while kill % 3 > 0 && !is_written.load(Ordering::SeqCst) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                tokio::time::sleep(Duration::from_millis(kill * 2)).await;
            };
            tokio::select! {
                biased;
                () = killed => {}
                done = rebuild_with(&app, &identity, &progress) => drop(done),
            }
            end_leases(&app.read).await;
            assert_eq!(dump(&app.read).await, rows, "kill {kill}");
        }
        rebuild(&app, 20).await;
        assert_eq!(dump(&app.read).await, rows);
    }

    async fn the_tables_of_a_rebuild_have_the_indexes_and_the_settings_of_those_before(engine) {
        let app = TestApp::on(engine).await;
        history(&app).await;
        app.caught_up().await;
        let before = shape(&app.read).await;
        assert!(before.len() > 8, "{before:?}");
        rebuild(&app, 8_000).await;
        assert_eq!(shape(&app.read).await, before);
    }
}

/// What is indexed in each table of the index of people, and of which columns no samples are taken.
async fn shape(store: &ReadStore) -> Vec<Value> {
    let mut handle = store.connection().await.unwrap();
    let sql = if store.is_postgres() {
        // Names differ between a table that a migration made and one made like it.
        "SELECT c.relname::text || ': ' || regexp_replace(pg_get_indexdef(i.indexrelid), 'INDEX [^ ]+ ON', 'INDEX ON')
           FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
          WHERE c.relnamespace = 'identity'::regnamespace
         UNION ALL
         SELECT c.relname::text || ': ' || a.attname::text || ' has ' || a.attstattarget::text
           FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
          WHERE c.relnamespace = 'identity'::regnamespace AND a.attnum > 0 AND a.attstattarget >= 0 AND c.relkind = 'r'
         UNION ALL
         SELECT c.relname::text || ': ' || pg_get_constraintdef(k.oid) || c.relpersistence::text
           FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
          WHERE c.relnamespace = 'identity'::regnamespace
          ORDER BY 1"
    } else {
        "SELECT tbl_name || ': ' || sql FROM sqlite_master WHERE sql IS NOT NULL
            AND tbl_name IN ('case_identity', 'blind_index', 'search_index', 'duplicate_candidates') ORDER BY 1"
    };
    let rows: Vec<String> =
        on_engine!(handle.connection(), db => sqlx::query_scalar(sql).fetch_all(db).await).unwrap();
    rows.into_iter().map(Value::from).collect()
}
