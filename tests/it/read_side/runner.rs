//! The runner with a projection of the test's own, and with the real one.

use std::time::Duration;

use serde_json::json;
use sira::journal::{AppendRequest, Journal, NewEvent, StreamId, StreamWrite};
use sira::keys::{KeyStore, MasterKey};
use sira::read_side::{JournalFeed, OpenedKeys, start_projections};
use sira_database::on_engine;
use sira_domain::role::Role;
use sira_numbers::Position;
use sira_projections::case_identity::{CaseIdentity, NAME};
use sira_projections::{
    Feed, FeedEvent, FoldError, Projection, ProjectionStatus, ReadStore, ReadTransaction, RunState,
    Runner,
};
use uuid::Uuid;

use super::dump;
use crate::api::app::{MASTER, TestApp, keys_url, read_url, registration, with};
use crate::on_both_engines;
use crate::support::Engine;

/// Writes down each position, once: a second time would break the table's key.
#[derive(Clone, Default)]
struct Tally {
    /// Writes a position down and then fails on it.
    poison: Option<Position>,
}

impl Projection for Tally {
    fn name(&self) -> &'static str {
        "tally"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static [(&'static str, &'static str)] {
        &[("tally", "read")]
    }

    async fn apply(
        &self,
        batch: &[FeedEvent],
        transaction: &mut ReadTransaction,
    ) -> Result<(), FoldError> {
        for event in batch {
            let position = event.position.stored();
            on_engine!(transaction.connection(), db => {
                sqlx::query("INSERT INTO tally (position) VALUES ($1)").bind(position).execute(db).await.map(drop)
            })?;
            if self.poison == Some(event.position) {
                return Err(FoldError::Unfit("does not fit".into()));
            }
        }
        Ok(())
    }
}

async fn store(engine: &Engine) -> ReadStore {
    let store = ReadStore::open(&read_url(engine)).await.unwrap();
    let mut handle = store.connection().await.unwrap();
    on_engine!(handle.connection(), db => {
        sqlx::query("CREATE TABLE IF NOT EXISTS tally (position bigint PRIMARY KEY)").execute(db).await.map(drop)
    })
    .unwrap();
    drop(handle);
    store
}

async fn tallied(store: &ReadStore) -> Vec<i64> {
    let mut handle = store.connection().await.unwrap();
    on_engine!(handle.connection(), db => {
        sqlx::query_scalar("SELECT position FROM tally ORDER BY position").fetch_all(db).await
    })
    .unwrap()
}

/// Appends events that no projection knows.
async fn append(journal: &Journal, events: usize) -> Position {
    let event = |event_type: &'static str, payload: &str| NewEvent {
        event_type: event_type.into(),
        event_version: "1.0".into(),
        payload: payload.to_owned(),
        metadata: "{}".to_owned(),
    };
    let events = (0..events).map(|_| event("Essayed", "{}")).collect();
    append_to(journal, "essay", events).await
}

async fn append_to(
    journal: &Journal,
    aggregate_type: &'static str,
    events: Vec<NewEvent>,
) -> Position {
    let stream = StreamId::new(aggregate_type, Uuid::now_v7());
    let writes = vec![StreamWrite { stream, expected_version: 0.into(), events }];
    let request = AppendRequest { writes, answer: "{}".to_owned(), ..AppendRequest::default() };
    journal.append(request).await.unwrap();
    journal.head().await.unwrap().position
}

async fn until<F: Feed>(
    runner: &Runner<F>,
    index: usize,
    done: impl Fn(&ProjectionStatus) -> bool,
) {
    for _ in 0..2_000 {
        if done(&runner.status()[index]) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", runner.status());
}

async fn keys(engine: &Engine) -> OpenedKeys {
    let master = MasterKey::from_text(MASTER).unwrap();
    let store =
        KeyStore::open(&keys_url(engine), master, sira::clock::Clock::System).await.unwrap();
    OpenedKeys::new(store)
}

on_both_engines! {
    async fn two_runners_apply_each_batch_once(engine) {
        let (one, other) = (engine.journal().await, engine.journal().await);
        let mut runners = Vec::new();
        let stores = [store(engine).await, store(engine).await];
        for (journal, store) in [&one, &other].into_iter().zip(&stores) {
            let mut runner = Runner::new(JournalFeed::new(journal.clone()), store.clone()).with_batch(7);
            runner.start(Tally::default());
            runners.push(runner);
        }
        let mut head = Position::START;
        for _ in 0..20 {
            head = append(&one, 9).await.max(append(&other, 4).await);
        }
        for runner in &runners {
            until(runner, 0, |status| status.position >= head).await;
            assert_eq!(runner.status()[0].state, RunState::Live);
        }
        let all: Vec<i64> = (1..=head.stored()).collect();
        assert_eq!(tallied(&stores[0]).await, all);
        for runner in runners {
            runner.stop().await;
        }
        append(&one, 5).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(tallied(&stores[0]).await, all, "a stopped runner takes nothing");
    }

    async fn a_poison_event_stops_its_own_projection_where_it_stands(engine) {
        let journal = engine.journal().await;
        let store = store(engine).await;
        append(&journal, 30).await;
        let poison = NewEvent {
            event_type: "Registered".into(),
            event_version: "2.0".into(),
            payload: r#"{"fact":{"Registered":{}}}"#.to_owned(),
            metadata: "{}".to_owned(),
        };
        let at = append_to(&journal, "beneficiary", vec![poison]).await;
        let head = append(&journal, 30).await;
        let feed = JournalFeed::new(journal.clone());
        let mut runner = Runner::new(feed.clone(), store.clone());
        runner.start(CaseIdentity::new(feed, keys(engine).await));
        runner.start(Tally::default());
        until(&runner, 0, |status| matches!(status.state, RunState::Stopped { .. })).await;
        until(&runner, 1, |status| status.position == head).await;
        let [stopped, tally] = &runner.status()[..] else { panic!() };
        let RunState::Stopped { position, cause } = &stopped.state else { panic!() };
        assert_eq!((*position, stopped.position, stopped.name), (Some(at), at.before(), NAME), "{cause}");
        assert_eq!(store.position(journal.id(), NAME).await.unwrap(), at.before());
        assert_eq!(tally.state, RunState::Live);
    }

    async fn rows_and_checkpoint_move_together_or_not_at_all(engine) {
        let journal = engine.journal().await;
        let store = store(engine).await;
        append(&journal, 50).await;
        let mut runner = Runner::new(JournalFeed::new(journal.clone()), store.clone());
        runner.start(Tally { poison: Some(23.into()) });
        until(&runner, 0, |status| matches!(status.state, RunState::Stopped { .. })).await;
        // The row of 23 was written, and went with its transaction.
        assert_eq!(tallied(&store).await, (1..=22).collect::<Vec<i64>>());
        assert_eq!(store.position(journal.id(), "tally").await.unwrap(), 22.into());
        // A program that can take it goes on from there.
        drop(runner);
        let mut mended = Runner::new(JournalFeed::new(journal.clone()), store.clone());
        mended.start(Tally::default());
        until(&mended, 0, |status| status.position == 50.into()).await;
        assert_eq!(tallied(&store).await.len(), 50);
    }

    async fn another_journals_rows_are_not_gone_on_with(engine) {
        let journal = engine.journal().await;
        let store = store(engine).await;
        append(&journal, 3).await;
        let mut handle = store.connection().await.unwrap();
        on_engine!(handle.connection(), db => sqlx::query(
            "INSERT INTO projection_checkpoints (journal, projection, version, position) VALUES ('main', 'tally', 1, 9)")
            .execute(db).await.map(drop)).unwrap();
        let mut runner = Runner::new(JournalFeed::new(journal.clone()), store.clone());
        runner.start(Tally::default());
        until(&runner, 0, |status| matches!(status.state, RunState::Stopped { position: None, .. })).await;
    }

    async fn a_killed_runner_leaves_the_rows_of_an_undisturbed_one(engine) {
        let app = TestApp::on(engine).await;
        history(&app).await;
        let (journal, keys) = (app.commands.journal(), app.commands.keys());
        let head = journal.head().await.unwrap().position;
        // Beside the live rows: another database of the same engine.
        let elsewhere = if engine.port().is_some() { Engine::postgres().await } else { Engine::sqlite() };
        let disturbed = ReadStore::open(&read_url(&elsewhere)).await.unwrap();
        let feed = JournalFeed::new(journal.clone());
        let mut kills = 0;
        while disturbed.position(journal.id(), NAME).await.unwrap() < head {
            let mut runner = Runner::new(feed.clone(), disturbed.clone()).with_batch(3);
            runner.start(CaseIdentity::new(feed.clone(), OpenedKeys::new(keys.clone())));
            tokio::time::sleep(Duration::from_millis(3 + kills * 7 % 190)).await;
            // Aborted in the middle of whatever it does.
            drop(runner);
            kills += 1;
            assert!(kills < 1_000);
        }
        let undisturbed = if engine.port().is_some() { Engine::postgres().await } else { Engine::sqlite() };
        let undisturbed = ReadStore::open(&read_url(&undisturbed)).await.unwrap();
        let runner = start_projections(journal, keys, &undisturbed);
        until(&runner, 0, |status| status.position >= head).await;
        until(&app.projections, 0, |status| status.position >= head).await;
        let rows = dump(&undisturbed).await;
        assert!(rows.iter().filter(|row| row.starts_with("pair")).count() > 5, "{rows:?}");
        assert_eq!(dump(&disturbed).await, rows);
        assert_eq!(dump(&app.read).await, rows, "live, event by event");
    }
}

/// People alike in many ways, and everything that changes what is known of them.
pub(super) async fn history(app: &TestApp) {
    let programme = app.programme().await;
    let token = app.token(Role::Adviser).await;
    let mut ids = Vec::new();
    let names = ["Awa Essai", "Hawa Essay", "Oumou Essai", "Essai Awa", "Oumou Fanta Essai"];
    for (index, name) in names.into_iter().cycle().take(25).enumerate() {
        let identity = json!({ "name": name, "locality": "Boussin", "phone": format!("7000000{}", index % 7) });
        let body = with(registration(&programme), "/identity", identity);
        let body = with(body, "/birth_year", json!(1990 + index % 3));
        let answer = app.post(&token, "/v1/beneficiaries", &body).await.ok(201);
        ids.push(answer["id"].as_str().unwrap().to_owned());
    }
    let told_as = |name: &str| json!({ "identity": { "name": name, "locality": "Boussin" } });
    app.done(Role::Adviser, &ids[3], "update-identity", &told_as("Oumou Essai")).await;
    app.done(Role::Adviser, &ids[4], "update-identity", &told_as("Personne Autre")).await;
    app.done(Role::Director, &ids[4], "retract", &json!({ "sequence": 2, "reason": "Erreur" }))
        .await;
    app.done(Role::Director, &ids[5], "retract", &json!({ "sequence": 1, "reason": "Erreur" }))
        .await;
    let move_to = json!({ "office": "mopti-1", "region": "mopti" });
    app.done(Role::Director, &ids[6], "transfer", &move_to).await;
    app.done(Role::Director, &ids[8], "link-duplicate", &json!({ "continues": ids[3] })).await;
    app.done(Role::Director, &ids[13], "link-duplicate", &json!({ "continues": ids[3] })).await;
    app.done(Role::Director, &ids[13], "unlink-duplicate", &json!({ "reason": "Non" })).await;
    app.done(Role::Admin, &ids[9], "erase-personal-data", &json!({ "ground": "request" })).await;
    app.done(Role::Admin, &ids[8], "erase-personal-data", &json!({ "ground": "request" })).await;
}
