//! Runners that stop anywhere, take batches of any size, race each other, and forget.

use std::time::Duration;

use sira::read_side::JournalFeed;
use sira_database::on_engine;
use sira_numbers::Position;
use sira_projections::{ReadStore, Runner};

use super::feed::BentFeed;
use super::leading::end_leases;
use super::tables::{is_versioned, journal_of, standing, stored};
use super::{assert_same_rows, check, live, read_elsewhere, run_models, until_all_are_at};
use crate::api::app::TestApp;
use crate::on_both_engines;
use crate::support::dice::Dice;

/// Commands of one history.
const COMMANDS: usize = 300;

/// The least position of any model.
async fn least(store: &ReadStore) -> Position {
    let stored = store.projections("main").await.unwrap();
    let models = sira_projections::models::MODELS.iter().map(|model| {
        stored
            .iter()
            .find(|one| one.name == model.name)
            .map_or(Position::START, |found| found.position)
    });
    models.min().unwrap()
}

/// Whoever holds the lease loses it: both runners may think that they lead.
async fn take_leases_away(store: ReadStore) {
    loop {
        if let Ok(mut handle) = store.connection().await {
            let _ = on_engine!(handle.connection(), db => {
                sqlx::query("DELETE FROM projection_leases").execute(db).await.map(drop)
            });
        }
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
}

on_both_engines! {
    async fn rows_are_the_same_whatever_the_batch_and_however_often_the_runner_is_killed(engine) {
        let app = TestApp::on(engine).await;
        let head = live(&app, 11, COMMANDS).await;
        until_all_are_at(&app.projections, head).await;
        let rows = stored(&app.read).await;
        check(&journal_of(app.commands.journal()).await, &rows, head);
        let mut dice = Dice(0xB_A7C4);
        let mut kills_in_all = 0;
        for batch in [1, 2, 7, 500, u32::try_from(3 + dice.roll(60)).unwrap()] {
            let (_place, store) = read_elsewhere(engine).await;
            let mut kills = 0;
            while least(&store).await < head {
                let feed = JournalFeed::new(app.commands.journal().clone());
                let runner = run_models(feed, &store, batch);
                tokio::time::sleep(Duration::from_millis(dice.roll(8 + 4 * kills))).await;
                // Aborted in the middle of whatever it does.
                drop(runner);
                end_leases(&store).await;
                kills += 1;
                assert!(kills < 2_000, "it does not get on");
            }
            kills_in_all += kills;
            assert_same_rows(&stored(&store).await, &rows, &format!("batches of {batch}"));
        }
        // One a batch size is the end of the last runner, which had nothing left to do.
        assert!(kills_in_all > 10, "it was hardly ever killed: {kills_in_all}");
    }

    async fn a_runner_that_keeps_next_to_nothing_in_memory_writes_the_same_rows(engine) {
        let app = TestApp::on(engine).await;
        let head = live(&app, 12, COMMANDS).await;
        until_all_are_at(&app.projections, head).await;
        let (_place, store) = read_elsewhere(engine).await;
        let feed = JournalFeed::new(app.commands.journal().clone());
        let mut runner = Runner::new(feed, store.clone()).with_batch(40).with_memory(60_000);
        runner.start_models();
        until_all_are_at(&runner, head).await;
        assert_same_rows(&stored(&store).await, &stored(&app.read).await, "forgetful");
    }

    async fn two_runners_that_both_believe_they_lead_apply_each_batch_once(engine) {
        let app = TestApp::on(engine).await;
        let (_place, store) = read_elsewhere(engine).await;
        let feed = || JournalFeed::new(app.commands.journal().clone());
        let runners = [run_models(feed(), &store, 3), run_models(feed(), &store, 5)];
        let robber = tokio::spawn(take_leases_away(store.clone()));
        let head = live(&app, 13, COMMANDS).await;
        until_all_are_at(&app.projections, head).await;
        for runner in &runners {
            until_all_are_at(runner, head).await;
        }
        robber.abort();
        assert_same_rows(&stored(&store).await, &stored(&app.read).await, "two runners");
    }

    async fn as_of_a_position_is_what_a_database_stopped_there_said(engine) {
        let app = TestApp::on(engine).await;
        let head = live(&app, 14, COMMANDS).await;
        until_all_are_at(&app.projections, head).await;
        let events = journal_of(app.commands.journal()).await;
        let now = stored(&app.read).await;
        let (_place, store) = read_elsewhere(engine).await;
        let feed = BentFeed::until(app.commands.journal(), Position::START);
        let runner = run_models(feed.clone(), &store, 500);
        let mut dice = Dice(0xA50F);
        let mut at = Position::START;
        while at < head {
            at = head.min(at.next().plus(dice.roll(90)));
            feed.end_at(at);
            until_all_are_at(&runner, at).await;
            let then = stored(&store).await;
            // The tables of the present too, as they were.
            check(&events, &then, at);
            for (table, rows) in now.iter().filter(|(table, _)| is_versioned(table)) {
                assert_eq!(standing(rows, at), standing(&then[table], at), "{table} as of {at}");
            }
        }
    }
}
