//! The proof that the read models say what the journal says: live, rebuilt and by a naive oracle, row
//! for row, at every position; killed, raced, rebuilt under load and poisoned.
//!
//! Histories are random. `SIRA_PROOF_SEEDS` says how many of them are tried; two by default.

pub mod check;
mod command_line;
mod feed;
mod figures;
pub mod leading;
pub mod life;
mod live;
mod oracle;
pub mod persons;
mod poison;
mod rebuilt;
mod steps;
pub mod tables;

use std::collections::BTreeMap;
use std::time::Duration;

use sira::journal::RecordedEvent;
use sira::read_side::JournalFeed;
use sira_domain::cohort::COHORT_FACTS;
use sira_domain::fund::FUND_FACTS;
use sira_domain::path::FACTS;
use sira_domain::programme::PROGRAMME_FACTS;
use sira_numbers::Position;
use sira_projections::models::{MODELS, Model};
use sira_projections::rebuild::{Failure, rebuild_models};
use sira_projections::{Feed, FoldError, ReadStore, RunState, Runner};
use tokio::sync::watch;

use crate::api::app::{TestApp, read_url};
use crate::on_both_engines;
use crate::support::Engine;
use check::check;
use life::Life;
use tables::{Stored, journal_of, stored};

/// Commands tried in one history.
const COMMANDS: usize = 3_800;
/// The least number of each type of event over the histories of one run.
const OFTEN: usize = 2;

fn seeds() -> u64 {
    std::env::var("SIRA_PROOF_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(2)
}

/// Another database of the same engine.
async fn elsewhere(engine: &Engine) -> Engine {
    if engine.port().is_some() { Engine::postgres().await } else { Engine::sqlite() }
}

/// Another read database of the same engine; it lasts as long as the engine beside it.
async fn read_elsewhere(engine: &Engine) -> (Engine, ReadStore) {
    let place = elsewhere(engine).await;
    let store = ReadStore::open(&read_url(&place)).await.unwrap();
    (place, store)
}

/// Waits until every projection of a runner has taken a position in.
async fn until_all_are_at<F: Feed>(runner: &Runner<F>, position: Position) {
    for _ in 0..3_000 {
        let statuses = runner.status();
        for status in &statuses {
            assert!(!matches!(status.state, RunState::Stopped { .. }), "{status:?}");
        }
        let is_there = |state: &RunState, at: Position| *state == RunState::Live && at >= position;
        if statuses.iter().all(|status| is_there(&status.state, status.position)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", runner.status());
}

/// A history on a new server; its head.
async fn live(app: &TestApp, seed: u64, commands: usize) -> Position {
    let mut life = Life::begin(app.commands.clone(), seed).await;
    for _ in 0..commands {
        life.go_on().await;
    }
    app.commands.journal().head().await.unwrap().position
}

/// A runner of every model, on a feed and a read database.
fn run_models<F: Feed>(feed: F, store: &ReadStore, batch: u32) -> Runner<F> {
    let mut runner = Runner::new(feed, store.clone()).with_batch(batch);
    runner.start_models();
    runner
}

/// Rebuilds models, to the end.
async fn rebuild<F: Feed>(
    feed: &F,
    store: &ReadStore,
    models: &[&'static Model],
) -> Result<Vec<Failure>, FoldError> {
    let (_told, stop) = watch::channel(false);
    rebuild_models(feed, store, models, &|_| (), &stop).await
}

fn all_models() -> Vec<&'static Model> {
    MODELS.iter().collect()
}

/// Fails on the first table that differs.
fn assert_same_rows(found: &Stored, expected: &Stored, what: &str) {
    for (table, rows) in expected {
        let only = |some: &[oracle::Line], others: &[oracle::Line]| -> Vec<oracle::Line> {
            some.iter().filter(|row| !others.contains(row)).take(4).cloned().collect()
        };
        let (more, less) = (only(&found[table], rows), only(rows, &found[table]));
        assert!(found[table] == *rows, "{what}: {table}: found {more:?}, expected {less:?}");
    }
}

/// How often each type of event happened.
fn count_types(events: &[RecordedEvent], counts: &mut BTreeMap<String, usize>) {
    for event in events {
        *counts.entry(event.event_type.clone()).or_default() += 1;
    }
}

fn assert_every_type_is_met(counts: &BTreeMap<String, usize>) {
    for (kind, ..) in [FACTS, COHORT_FACTS, FUND_FACTS, PROGRAMME_FACTS].into_iter().flatten() {
        let count = counts.get(*kind).copied().unwrap_or_default();
        assert!(count >= OFTEN, "{kind} happened {count} times: {counts:?}");
    }
}

on_both_engines! {
    async fn live_rebuilt_and_naive_rows_are_the_same_at_every_position(engine) {
        let mut counts = BTreeMap::new();
        for seed in 1..=seeds() {
            let engine = elsewhere(engine).await;
            let app = TestApp::on(&engine).await;
            let head = live(&app, seed, COMMANDS).await;
            until_all_are_at(&app.projections, head).await;
            let events = journal_of(app.commands.journal()).await;
            let rows = stored(&app.read).await;
            check(&events, &rows, head);
            persons::check(&events, &app.read, head).await;
            let feed = JournalFeed::new(app.commands.journal().clone());
            let failures = rebuild(&feed, &app.read, &all_models()).await.unwrap();
            assert!(failures.is_empty(), "{failures:?}");
            assert_same_rows(&stored(&app.read).await, &rows, "rebuilt");
            count_types(&events, &mut counts);
        }
        assert_every_type_is_met(&counts);
    }
}
