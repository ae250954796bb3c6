//! Events that cannot be read: what is folded from their family stops, loudly, and nothing else.

use std::time::Duration;

use sira::clock::Clock;
use sira::read_side::{JournalFeed, stored_lags};
use sira_numbers::Position;
use sira_projections::models::{MODELS, Model};
use sira_projections::rebuild::{Lots, rebuild_in_lots};
use sira_projections::{Feed, FoldError, RunState, Runner};
use tokio::sync::watch;

use super::feed::BentFeed;
use super::leading::end_leases;
use super::tables::{journal_of, stored};
use super::{
    all_models, assert_same_rows, check, live, read_elsewhere, rebuild, run_models,
    until_all_are_at,
};
use crate::api::app::TestApp;
use crate::on_both_engines;
use crate::support::dice::Dice;

/// The models that are folded from paths.
const OF_PATHS: [&str; 19] = [
    "case_status",
    "case_links",
    "case_milestones",
    "training_attendance",
    "finance_lines",
    "loan_status",
    "visits",
    "follow_up_schedule",
    "indicator_values",
    "grievances",
    "referrals",
    "payments",
    "loan_balances",
    "instalments",
    "job_counts",
    "businesses",
    "case_spells",
    "employment",
    "visits_due",
];

/// Waits until the models of paths have stopped at an event, and the others have gone on to the end.
async fn until_paths_stop<F: Feed>(runner: &Runner<F>, poison: Position, head: Position) {
    for _ in 0..2_000 {
        let is_right = runner.status().iter().all(|status| match &status.state {
            RunState::Stopped { position, .. } => {
                OF_PATHS.contains(&status.name) && *position == Some(poison)
            }
            _ => !OF_PATHS.contains(&status.name) && status.position == head,
        });
        if is_right {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{poison} of {head}: {:?}", runner.status());
}

/// Position of a path's event in the middle of the journal, and of the next of the same path.
async fn in_the_middle(app: &TestApp) -> (Position, Position) {
    let events = journal_of(app.commands.journal()).await;
    let of_path = |position: usize| {
        let event = &events[position];
        let later = events[position + 1..].iter();
        let next = later.clone().find(|next| next.stream == event.stream)?;
        (event.stream.aggregate_type == "beneficiary" && event.sequence > 1.into())
            .then_some((event.position, next.position))
    };
    (events.len() / 2..events.len()).find_map(of_path).unwrap()
}

on_both_engines! {
    async fn a_poison_event_stops_its_family_at_its_position_and_a_mended_program_goes_on(engine) {
        let app = TestApp::on(engine).await;
        let head = live(&app, 31, 300).await;
        let (poison, _) = in_the_middle(&app).await;
        let (journal, clock) = (app.commands.journal(), Clock::System);
        let (_place, store) = read_elsewhere(engine).await;
        let runner = run_models(BentFeed::poisoned(journal, poison), &store, 50);
        until_paths_stop(&runner, poison, head).await;
        for lag in stored_lags(&store, journal, &clock).await.unwrap() {
            let stopped = OF_PATHS.contains(&lag.name.as_str());
            if Model::named(&lag.name).is_some() {
                assert_eq!(lag.state, if stopped { "stopped" } else { "live" }, "{lag:?}");
                assert_eq!(lag.position, if stopped { poison.before() } else { head }, "{lag:?}");
                assert_eq!(lag.stopped_at, stopped.then_some(poison), "{lag:?}");
                assert_eq!(lag.cause.is_some(), stopped, "{lag:?}");
            }
        }
        runner.stop().await;
        let mended = run_models(JournalFeed::new(journal.clone()), &store, 50);
        until_all_are_at(&mended, head).await;
        check(&journal_of(journal).await, &stored(&store).await, head);
        for lag in stored_lags(&store, journal, &clock).await.unwrap() {
            assert!(lag.state == "live" || lag.name == "case_identity", "{lag:?}");
        }
    }

    async fn a_rebuild_that_meets_a_poison_event_keeps_the_old_tables_of_its_family(engine) {
        let app = TestApp::on(engine).await;
        let head = live(&app, 32, 300).await;
        let (poison, _) = in_the_middle(&app).await;
        until_all_are_at(&app.projections, head).await;
        let rows = stored(&app.read).await;
        let bent = BentFeed::poisoned(app.commands.journal(), poison);
        let failures = rebuild(&bent, &app.read, &all_models()).await.unwrap();
        assert_eq!(failures.iter().map(|failure| failure.position).collect::<Vec<_>>(), [poison]);
        for model in MODELS {
            assert_eq!(failures[0].hits(model), OF_PATHS.contains(&model.name), "{}", model.name);
        }
        assert_same_rows(&stored(&app.read).await, &rows, "kept");
    }

    async fn a_killed_rebuild_remembers_which_event_did_not_fit(engine) {
        let app = TestApp::on(engine).await;
        let head = live(&app, 35, 300).await;
        let (poison, _) = in_the_middle(&app).await;
        until_all_are_at(&app.projections, head).await;
        let rows = stored(&app.read).await;
        let bent = BentFeed::poisoned(app.commands.journal(), poison);
        let (models, lots) = (all_models(), Lots { rows: 30, page: 20 });
        let (mut dice, mut kills) = (Dice(0xDEAD), 0);
        let failures = loop {
            let (_told, stop) = watch::channel(false);
            let patience = Duration::from_millis(10 + dice.roll(30 + 20 * kills));
            let done = rebuild_in_lots(&bent, &app.read, &models, lots, &|_| (), &stop);
            match tokio::time::timeout(patience, done).await {
                Ok(Ok(failures)) => break failures,
                // Who was killed may have written its last lot after this one looked.
                Ok(Err(FoldError::Unavailable(_))) | Err(_) => {}
                Ok(Err(error)) => panic!("{error:?}"),
            }
            end_leases(&app.read).await;
            kills += 1;
        };
        assert_eq!(failures.iter().map(|failure| failure.position).collect::<Vec<_>>(), [poison]);
        assert_same_rows(&stored(&app.read).await, &rows, "kept");
    }

    async fn a_stopped_projection_runs_again_after_a_rebuild_by_a_mended_program(engine) {
        let app = TestApp::on(engine).await;
        let head = live(&app, 33, 300).await;
        let (poison, _) = in_the_middle(&app).await;
        let journal = app.commands.journal();
        let (_place, store) = read_elsewhere(engine).await;
        let runner = run_models(BentFeed::poisoned(journal, poison), &store, 50);
        until_paths_stop(&runner, poison, head).await;
        let feed = JournalFeed::new(journal.clone());
        assert_eq!(rebuild(&feed, &store, &all_models()).await.unwrap(), []);
        let of_models = |lag: &sira::read_side::ProjectionLag| Model::named(&lag.name).is_some();
        let lags = stored_lags(&store, journal, &Clock::System).await.unwrap();
        assert!(lags.iter().filter(|lag| of_models(lag)).all(|lag| lag.state == "live"), "{lags:?}");
        runner.stop().await;
        let mended = run_models(feed, &store, 50);
        until_all_are_at(&mended, head).await;
        check(&journal_of(journal).await, &stored(&store).await, head);
    }

    async fn a_path_that_an_older_program_took_and_this_one_cannot_read_stops_its_family(engine) {
        let app = TestApp::on(engine).await;
        let head = live(&app, 34, 300).await;
        let (poison, next) = in_the_middle(&app).await;
        let journal = app.commands.journal();
        let (_place, store) = read_elsewhere(engine).await;
        let older = run_models(BentFeed::until(journal, next.before()), &store, 50);
        until_all_are_at(&older, next.before()).await;
        older.stop().await;
        let runner = run_models(BentFeed::poisoned(journal, poison), &store, 50);
        until_paths_stop(&runner, poison, head).await;
        for projection in store.projections(journal.id()).await.unwrap() {
            let expected = if OF_PATHS.contains(&&*projection.name) { next.before() } else { head };
            assert_eq!(projection.position, expected, "{projection:?}");
        }
    }
}
