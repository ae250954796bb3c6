//! Destroying keys: final, and gone from the files.

use chrono::TimeDelta;
use futures::future::try_join_all;
use sira::keys::{FoundKey, KeysError, PersonKey};
use sqlx::{Connection, Executor, PgConnection};

use super::place::{NAME, Place, destroyed_at, found, start};
use crate::support::Engine;

crate::on_both_engines! {
    async fn destroying_is_final_and_idempotent(engine) {
        let place = Place::on(engine);
        let store = place.open().await;
        let (gone, kept) = (store.take().await.unwrap(), store.take().await.unwrap());
        store.destroy(&[gone.id()]).await.unwrap();
        assert_eq!(destroyed_at(&store, gone.id()).await, Some(start()));
        place.clock.set(start() + TimeDelta::days(1));
        store.destroy(&[gone.id()]).await.unwrap();
        store.destroy(&[]).await.unwrap();
        store.close().await;

        let reopened = place.open().await;
        assert_eq!(destroyed_at(&reopened, gone.id()).await, Some(start()), "the first time counts");
        let sealed = kept.seal(NAME, b"Awa").unwrap();
        assert!(found(&reopened, kept.id()).await.open(NAME, &sealed).is_ok());
    }

    async fn a_destroyed_key_is_in_no_file(engine) {
        let place = Place::on(engine);
        // Enough keys, and enough destroyed, for rows to have been moved between pages.
        let store = place.open().await;
        let takes = (0..2_000).map(|_| store.take());
        let keys: Vec<_> = try_join_all(takes).await.unwrap().iter().map(PersonKey::id).collect();
        let mut gone = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            // Two thirds of the first half, so that pages shrink; one single row; none of the rest.
            if (index < 1_000 && index % 3 != 0) || index == 1_700 {
                gone.push((*key, place.wrapped(*key).await));
            }
        }
        let texts: Vec<_> = gone.iter().map(|(_, wrapped)| wrapped.clone()).collect();
        assert_eq!(place.in_files(&texts).await, texts.len());

        let (some, one) = gone.split_at(gone.len() - 1);
        store.destroy(&some.iter().map(|(key, _)| *key).collect::<Vec<_>>()).await.unwrap();
        store.destroy(&[one[0].0]).await.unwrap();
        assert_eq!(place.in_files(&texts).await, 0);
        assert!(matches!(store.get(keys[0]).await.unwrap(), FoundKey::Key(_)));
        assert!(matches!(store.get(keys[1]).await.unwrap(), FoundKey::Destroyed { .. }));
    }

    async fn a_destruction_cut_short_is_finished_by_the_next_opening(engine) {
        let place = Place::on(engine);
        let store = place.open().await;
        let key = store.take().await.unwrap().id();
        let wrapped = [place.wrapped(key).await];
        place.cut_a_destruction_short(key).await;
        assert_eq!(place.in_files(&wrapped).await, 1);
        store.close().await;

        let reopened = place.open().await;
        assert_eq!(place.in_files(&wrapped).await, 0);
        assert!(destroyed_at(&reopened, key).await.is_some());
        assert_eq!(place.marks().await, 0);
    }

    async fn a_destruction_cut_short_is_finished_by_the_next_destruction(engine) {
        let place = Place::on(engine);
        let store = place.open().await;
        let key = store.take().await.unwrap().id();
        let wrapped = [place.wrapped(key).await];
        place.cut_a_destruction_short(key).await;
        assert_eq!(place.in_files(&wrapped).await, 1);
        store.destroy(&[key]).await.unwrap();
        assert_eq!(place.in_files(&wrapped).await, 0);
        assert_eq!(place.marks().await, 0);
    }

    async fn concurrent_destructions_leave_nothing(engine) {
        let place = Place::on(engine);
        let store = place.open().await;
        let keys: Vec<_> = try_join_all((0..8).map(|_| store.take())).await.unwrap();
        let mut wrapped = Vec::new();
        for key in &keys {
            wrapped.push(place.wrapped(key.id()).await);
        }
        let destroy = |key: &PersonKey| {
            let (store, key) = (store.clone(), key.id());
            async move { tokio::spawn(async move { store.destroy(&[key]).await }).await.unwrap() }
        };
        try_join_all(keys.iter().map(destroy)).await.unwrap();
        assert_eq!(place.in_files(&wrapped).await, 0);
        assert_eq!(place.marks().await, 0);
    }

    async fn another_process_forgets_a_destroyed_key_within_a_minute(engine) {
        let place = Place::on(engine);
        let (one, other) = (place.open().await, place.open().await);
        let key = one.take().await.unwrap().id();
        found(&other, key).await;
        one.destroy(&[key]).await.unwrap();
        assert!(destroyed_at(&one, key).await.is_some());
        place.clock.set(start() + TimeDelta::seconds(60));
        assert!(destroyed_at(&other, key).await.is_some());
    }
}

/// `VACUUM FULL` would copy the old row version for as long as the other transaction lives.
#[tokio::test]
async fn a_postgres_key_is_gone_although_an_old_transaction_could_see_it() {
    let engine = Engine::postgres().await;
    let place = Place::on(&engine);
    let store = place.open().await;
    let key = store.take().await.unwrap().id();
    let wrapped = [place.wrapped(key).await];
    let mut report = PgConnection::connect(place.url()).await.unwrap();
    report.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").await.unwrap();
    store.destroy(&[key]).await.unwrap();
    assert_eq!(place.in_files(&wrapped).await, 0);
    report.execute("COMMIT").await.unwrap();
}

#[tokio::test]
async fn a_postgres_store_that_is_in_use_by_others_for_long_is_marked_and_rewritten_later() {
    let engine = Engine::postgres().await;
    let place = Place::on(&engine);
    let store = place.open().await;
    let key = store.take().await.unwrap().id();
    let mut dump = PgConnection::connect(place.url()).await.unwrap();
    dump.execute("BEGIN; LOCK TABLE keys.person_keys IN ACCESS SHARE MODE").await.unwrap();
    let refused = store.destroy(&[key]).await.unwrap_err();
    assert!(matches!(refused, KeysError::NotRewritten(_)), "{refused}");
    assert!(destroyed_at(&store, key).await.is_some(), "unusable at once");
    assert_eq!(place.marks().await, 1);
    dump.execute("COMMIT").await.unwrap();
    store.destroy(&[key]).await.unwrap();
    assert_eq!(place.marks().await, 0);
}

/// Statistics hold sample values of a column, outside the table.
#[tokio::test]
async fn a_postgres_analyze_copies_no_key() {
    let engine = Engine::postgres().await;
    let place = Place::on(&engine);
    let store = place.open().await;
    let keys = try_join_all((0..200).map(|_| store.take())).await.unwrap();
    store.destroy(&[keys[0].id()]).await.unwrap();
    place.execute("ANALYZE person_keys").await;
    let mut admin = PgConnection::connect(place.url()).await.unwrap();
    let columns: Vec<String> =
        sqlx::query_scalar("SELECT attname::text FROM pg_stats WHERE tablename = 'person_keys'")
            .fetch_all(&mut admin)
            .await
            .unwrap();
    assert!(columns.contains(&"key_id".to_owned()) && !columns.contains(&"wrapped".to_owned()));
}
