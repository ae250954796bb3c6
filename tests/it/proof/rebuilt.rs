//! Rebuilds: under load, killed, of some projections, of an older version.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sira::read_side::{JournalFeed, OpenedKeys};
use sira_database::on_engine;
use sira_numbers::Position;
use sira_projections::case_identity::CaseIdentity;
use sira_projections::models::Model;
use sira_projections::rebuild::{Lots, rebuild_in_lots, rebuild_projection};
use sira_projections::table::Table;
use sira_projections::{FoldError, ReadStore};
use tokio::sync::watch;

use super::leading::end_leases;
use super::life::Life;
use super::tables::{journal_of, rows_of, stored};
use super::{
    all_models, assert_same_rows, check, live, read_elsewhere, rebuild, run_models,
    until_all_are_at,
};
use crate::api::app::TestApp;
use crate::on_both_engines;
use crate::read_side::dump;
use crate::support::dice::Dice;

/// What a reader waits at most while tables are put in place, on a loaded machine.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// Reads tables in a loop: none is ever missing or partial, and what was recorded never goes away.
async fn read_on(store: ReadStore, stop: Arc<AtomicBool>, reads: Arc<AtomicU64>) {
    let tables = ["activity_log", "case_status", "case_milestones", "fund_status"];
    let mut least = [0; 4];
    while !stop.load(Ordering::SeqCst) {
        for (table, least) in tables.iter().zip(&mut least) {
            let begun = Instant::now();
            let rows = rows_of(&store, Table::named(table).unwrap()).await;
            assert!(begun.elapsed() < ANSWERED_WITHIN, "{table}: {:?}", begun.elapsed());
            let rows = rows.unwrap_or_else(|error| panic!("{table} cannot be read: {error}"));
            assert!(rows.len() >= *least, "{table} is not whole: {} of {least}", rows.len());
            // A registration that is retracted takes its row along.
            *least = if *table == "case_status" { rows.len() * 4 / 5 } else { rows.len() };
            reads.fetch_add(1, Ordering::SeqCst);
        }
        // One statement over several tables, in another order than they are put in place.
        let mut handle = store.connection().await.unwrap();
        let joined: i64 = on_engine!(handle.connection(), db => sqlx::query_scalar(
            "SELECT count(*) FROM visits AS v JOIN case_milestones AS m ON m.aggregate_id = v.aggregate_id
               JOIN case_status AS s ON s.aggregate_id = v.aggregate_id").fetch_one(db).await).unwrap();
        assert!(joined >= 0);
    }
}

/// Marks every checkpoint as one of an older version.
async fn make_old(store: &ReadStore) {
    let mut handle = store.connection().await.unwrap();
    on_engine!(handle.connection(), db => {
        sqlx::query("UPDATE projection_checkpoints SET version = 0").execute(db).await.map(drop)
    })
    .unwrap();
}

on_both_engines! {
    async fn a_rebuild_under_load_leaves_no_reader_without_an_answer(engine) {
        let app = TestApp::on(engine).await;
        let mut life = Life::begin(app.commands.clone(), 21).await;
        for _ in 0..250 {
            life.go_on().await;
        }
        let head = app.commands.journal().head().await.unwrap().position;
        until_all_are_at(&app.projections, head).await;
        let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let reader = tokio::spawn(read_on(app.read.clone(), stop.clone(), reads.clone()));
        let feed = JournalFeed::new(app.commands.journal().clone());
        let (store, identity_keys) = (app.read.clone(), app.commands.keys().clone());
        let rebuilding = tokio::spawn(async move {
            for _ in 0..4 {
                assert_eq!(rebuild(&feed, &store, &all_models()).await.unwrap(), []);
                let identity = CaseIdentity::new(feed.clone(), OpenedKeys::new(identity_keys.clone()));
                let (_told, stop) = watch::channel(false);
                rebuild_projection(&feed, &store, &identity, &|_| (), &stop).await.unwrap();
            }
        });
        let mut commands = 0;
        while !rebuilding.is_finished() || commands < 250 || reads.load(Ordering::SeqCst) < 8 {
            life.go_on().await;
            commands += 1;
        }
        rebuilding.await.unwrap();
        stop.store(true, Ordering::SeqCst);
        reader.await.unwrap();
        let reads = reads.load(Ordering::SeqCst);
        assert!(reads >= 8, "hardly anything was read: {reads}");
        let head = app.commands.journal().head().await.unwrap().position;
        until_all_are_at(&app.projections, head).await;
        check(&journal_of(app.commands.journal()).await, &stored(&app.read).await, head);
    }

    async fn a_rebuild_that_is_killed_goes_on_and_comes_to_the_same_rows(engine) {
        let app = TestApp::on(engine).await;
        let head = live(&app, 22, 400).await;
        until_all_are_at(&app.projections, head).await;
        let rows = stored(&app.read).await;
        let people = dump(&app.read).await;
        let feed = JournalFeed::new(app.commands.journal().clone());
        let mut dice = Dice(0x00D1_ED00);
        let models = all_models();
        for round in 0..4 {
            let (mut kills, mut last) = (0, None);
            loop {
                let patience = Duration::from_millis(10 + dice.roll(60 + 40 * kills));
                let (_told, stop) = watch::channel(false);
                // Small lots: killed between them as well.
                let lots = Lots { rows: 50, page: 40 };
                let done = rebuild_in_lots(&feed, &app.read, &models, lots, &|_| (), &stop);
                let done = tokio::time::timeout(patience, done);
                match done.await {
                    Ok(Ok(failures)) => {
                        assert_eq!(failures, []);
                        break;
                    }
                    // Who was killed may hold a file's lock until their connection is closed.
                    Ok(Err(FoldError::Unavailable(error))) => last = Some(error),
                    Err(_) => {}
                    Ok(Err(error)) => panic!("{error:?}"),
                }
                // A process that is killed leaves its lease behind until it runs out.
                end_leases(&app.read).await;
                kills += 1;
                assert!(kills < 300, "it does not get on: {last:?}");
            }
            assert_same_rows(&stored(&app.read).await, &rows, &format!("round {round}"));
        }
        let identity = || CaseIdentity::new(feed.clone(), OpenedKeys::new(app.commands.keys().clone()));
        for patience in [1, 5, 20, 60, 10_000] {
            let (_told, stop) = watch::channel(false);
            let identity = identity();
            let done = rebuild_projection(&feed, &app.read, &identity, &|_| (), &stop);
            let _ = tokio::time::timeout(Duration::from_millis(patience), done).await;
            end_leases(&app.read).await;
        }
        assert_eq!(dump(&app.read).await, people);
    }

    async fn some_projections_are_rebuilt_without_the_others(engine) {
        let app = TestApp::on(engine).await;
        let head = live(&app, 23, 300).await;
        until_all_are_at(&app.projections, head).await;
        let rows = stored(&app.read).await;
        let feed = JournalFeed::new(app.commands.journal().clone());
        let some = ["visits", "fund_status", "activity_log"].map(|name| Model::named(name).unwrap());
        assert_eq!(rebuild(&feed, &app.read, &some).await.unwrap(), []);
        assert_eq!(rebuild(&feed, &app.read, &some[..1]).await.unwrap(), []);
        assert_same_rows(&stored(&app.read).await, &rows, "some");
    }

    async fn rows_of_an_older_form_are_rebuilt_at_the_start_and_served_until_then(engine) {
        let app = TestApp::on(engine).await;
        let head = live(&app, 24, 300).await;
        let (_place, store) = read_elsewhere(engine).await;
        let feed = || JournalFeed::new(app.commands.journal().clone());
        let runner = run_models(feed(), &store, 500);
        until_all_are_at(&runner, head).await;
        runner.stop().await;
        make_old(&store).await;
        let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let reader = tokio::spawn(read_on(store.clone(), stop.clone(), reads.clone()));
        let runner = run_models(feed(), &store, 500);
        let mut life = Life::begin(app.commands.clone(), 25).await;
        for _ in 0..200 {
            life.go_on().await;
        }
        let head = app.commands.journal().head().await.unwrap().position;
        until_all_are_at(&runner, head).await;
        stop.store(true, Ordering::SeqCst);
        reader.await.unwrap();
        for projection in store.projections("main").await.unwrap() {
            assert_eq!(projection.version, Model::named(&projection.name).unwrap().version);
        }
        check(&journal_of(app.commands.journal()).await, &stored(&store).await, head);
    }

    async fn a_long_journal_is_built_before_the_first_table_is_there(engine) {
        let app = TestApp::on(engine).await;
        let mut life = Life::begin(app.commands.clone(), 26).await;
        let mut head = Position::START;
        // Longer than what is simply fed from the start.
        while head.get() <= 2_100 {
            life.go_on().await;
            head = app.commands.journal().head().await.unwrap().position;
        }
        let (_place, store) = read_elsewhere(engine).await;
        let runner = run_models(JournalFeed::new(app.commands.journal().clone()), &store, 500);
        until_all_are_at(&runner, head).await;
        until_all_are_at(&app.projections, head).await;
        assert_same_rows(&stored(&store).await, &stored(&app.read).await, "built");
    }
}
