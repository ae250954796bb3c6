//! A journal that was put back while its read models stayed: the rows of what is gone do not stay.

use sira::read_side::{JournalFeed, is_of_another_history, mark_history, of_this_history};
use sira_domain::role::Role;
use sira_projections::{ReadStore, RunState, Runner};

use crate::api::app::{TestApp, read_url};
use crate::evidence::marks::{put_back, record};
use crate::on_both_engines;
use crate::support::Engine;

/// The ids that the list shows.
async fn listed(app: &TestApp) -> Vec<String> {
    app.caught_up().await;
    let token = app.token(Role::Admin).await;
    let items = app.get(&token, "/v1/beneficiaries").await.ok(200)["items"].clone();
    items.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// A journal put back by its last registration, which the read models know; with as many events again, or not.
async fn put_back_by_one(engine: &Engine, again: bool) {
    let app = TestApp::on(engine).await;
    let programme = app.programme().await;
    let kept = app.register(&programme).await["id"].as_str().unwrap().to_owned();
    let gone = app.register(&programme).await["id"].as_str().unwrap().to_owned();
    let shown = listed(&app).await;
    assert!(shown.contains(&kept) && shown.contains(&gone));
    let journal = app.commands.journal().clone();
    mark_history(&journal, &app.read).await.unwrap();
    // What is of this history is left as it is.
    let store = ReadStore::open(&read_url(engine)).await.unwrap();
    let store = of_this_history(&journal, store).await.unwrap();
    assert_eq!(store.furthest(journal.id()).await.unwrap(), journal.head().await.unwrap().position);
    store.close().await;
    let head = journal.head().await.unwrap().position.get();
    app.projections.stop().await;
    app.keeper.stop().await;
    app.read.close().await;

    let journal = put_back(engine, journal, head - 1).await;
    if again {
        record(&journal).await;
        record(&journal).await;
    }
    let store = ReadStore::open(&read_url(engine)).await.unwrap();
    of_this_history(&journal, store).await.unwrap().close().await;
    journal.close().await;
    let app = TestApp::on(engine).await;
    assert_eq!(listed(&app).await, [kept]);
}

/// As above, with what a server that crashed leaves: no mark but those of the checkpoints.
async fn put_back_without_a_mark(engine: &Engine, again: u32) {
    let app = TestApp::on(engine).await;
    let programme = app.programme().await;
    let kept = app.register(&programme).await["id"].as_str().unwrap().to_owned();
    app.register(&programme).await;
    app.register(&programme).await;
    assert_eq!(listed(&app).await.len(), 3);
    let journal = app.commands.journal().clone();
    let head = journal.head().await.unwrap().position.get();
    app.projections.stop().await;
    app.keeper.stop().await;
    let mut handle = app.read.connection().await.unwrap();
    handle.connection().run("DELETE FROM known_history").await.unwrap();
    drop(handle);
    app.read.close().await;
    let journal = put_back(engine, journal, head - 2).await;
    for _ in 0..again {
        record(&journal).await;
    }
    let store = ReadStore::open(&read_url(engine)).await.unwrap();
    assert!(is_of_another_history(&journal, &store).await.unwrap());
    // A server that runs says so, and what it would feed goes no further.
    assert!(!mark_history(&journal, &store).await.unwrap());
    assert!(store.is_of_another_history());
    let feed = JournalFeed::new(journal.clone());
    let mut runner = Runner::new(feed, store.clone());
    runner.start_models();
    for _ in 0..500 {
        if runner.status().iter().all(|one| matches!(one.state, RunState::Stopped { .. })) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(runner.status().iter().all(|one| matches!(one.state, RunState::Stopped { .. })));
    runner.stop().await;
    of_this_history(&journal, store).await.unwrap().close().await;
    journal.close().await;
    let app = TestApp::on(engine).await;
    assert_eq!(listed(&app).await, [kept]);
    assert!(mark_history(app.commands.journal(), &app.read).await.unwrap());
    assert!(!app.read.is_of_another_history());
}

on_both_engines! {
    async fn every_checkpoint_names_the_history_that_it_stands_on(engine) {
        put_back_without_a_mark(engine, 4).await;
    }

    async fn a_checkpoint_beyond_the_journal_is_of_another_history(engine) {
        put_back_without_a_mark(engine, 1).await;
    }

    async fn rows_of_what_a_journal_lacks_are_made_anew(engine) {
        put_back_by_one(engine, false).await;
    }

    async fn rows_of_another_history_of_the_same_length_are_made_anew(engine) {
        put_back_by_one(engine, true).await;
    }
}
