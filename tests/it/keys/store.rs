//! Making, finding and keeping keys.

use std::collections::HashSet;

use chrono::TimeDelta;
use futures::future::try_join_all;
use sira::clock::Clock;
use sira::keys::{FoundKey, KeyId, KeyStore, KeysError, PersonKey};
use uuid::Uuid;

use super::place::{MASTER, NAME, OTHER_MASTER, Place, found, master, start};
use crate::support::Engine;

crate::on_both_engines! {
    async fn taken_keys_are_distinct_and_durable(engine) {
        let place = Place::on(engine);
        let store = place.open().await;
        let mut taken = Vec::new();
        for _ in 0..100 {
            let key = store.take().await.unwrap();
            taken.push((key.id(), key.seal(NAME, b"Awa").unwrap()));
        }
        store.close().await;

        let reopened = place.open().await;
        assert_eq!(reopened.id(), store.id());
        assert_eq!(taken.iter().map(|(id, _)| *id).collect::<HashSet<_>>().len(), 100);
        for (id, sealed) in &taken {
            let key = found(&reopened, *id).await;
            assert_eq!(key.open(NAME, sealed).unwrap().as_slice(), b"Awa");
        }
        let fresh = reopened.take().await.unwrap();
        assert!(taken.iter().all(|(id, _)| *id != fresh.id()));
    }

    async fn a_thousand_concurrent_takes_are_distinct(engine) {
        let place = Place::on(engine);
        let (one, two) = (place.open().await, place.open().await);
        let takes = (0..1_000).map(|index| {
            let store = if index % 2 == 0 { one.clone() } else { two.clone() };
            async move { tokio::spawn(async move { store.take().await }).await.unwrap() }
        });
        let keys = try_join_all(takes).await.unwrap();
        assert_eq!(keys.iter().map(PersonKey::id).collect::<HashSet<_>>().len(), 1_000);
        let third = place.open().await;
        for key in &keys {
            let sealed = key.seal(NAME, b"Awa").unwrap();
            assert!(found(&third, key.id()).await.open(NAME, &sealed).is_ok());
        }
    }

    async fn a_taken_key_is_found_without_being_stored_again(engine) {
        let place = Place::on(engine);
        let store = place.open().await;
        let key = store.take().await.unwrap();
        let sealed = key.seal(NAME, b"Awa").unwrap();
        let found = found(&store, key.id()).await;
        assert_eq!(found.open(NAME, &sealed).unwrap().as_slice(), b"Awa");
        assert_eq!(sira::keys::key_id_of(&sealed), Some(key.id()));
    }

    async fn a_key_that_never_was_is_unknown(engine) {
        let place = Place::on(engine);
        let store = place.open().await;
        let never = KeyId(Uuid::from_u128(7));
        assert!(matches!(store.get(never).await.unwrap(), FoundKey::Unknown));
        store.destroy(&[never]).await.unwrap();
        assert!(matches!(store.get(never).await.unwrap(), FoundKey::Unknown));
    }

    async fn another_master_key_is_refused(engine) {
        let place = Place::on(engine);
        place.open().await.close().await;
        let refused = place.try_open(OTHER_MASTER).await.unwrap_err();
        assert!(matches!(refused, KeysError::WrongMasterKey));
        place.try_open(MASTER).await.unwrap();
    }

    async fn an_altered_row_is_refused(engine) {
        let place = Place::on(engine);
        let store = place.open().await;
        let (one, other) = (store.take().await.unwrap().id(), store.take().await.unwrap().id());
        place
            .execute(&format!(
                "UPDATE person_keys SET wrapped = (SELECT wrapped FROM person_keys WHERE key_id = '{one}')
                  WHERE key_id = '{other}'"
            ))
            .await;
        place.clock.set(start() + TimeDelta::minutes(2));
        found(&store, one).await;
        let refused = store.get(other).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("person_keys {other} is damaged"));
    }

    async fn stores_opened_together_are_one(engine) {
        let place = Place::on(engine);
        let open = || {
            let (url, clock) = (place.url().to_owned(), place.clock.clone());
            let opening = async move { KeyStore::open(&url, master(MASTER), clock).await };
            async move { tokio::spawn(opening).await.unwrap() }
        };
        let stores = try_join_all((0..4).map(|_| open())).await.unwrap();
        assert!(stores.iter().all(|store| store.id() == stores[0].id()));
        let key = stores[1].take().await.unwrap().id();
        found(&stores[2], key).await;
    }

    async fn a_newer_schema_is_refused(engine) {
        let place = Place::on(engine);
        place.open().await.close().await;
        place.execute(&with_last_migration(2999)).await;
        let refused = place.try_open(MASTER).await.unwrap_err();
        assert!(matches!(refused, KeysError::UnknownSchema { version: 2999 }), "{refused}");
    }

    async fn a_closed_store_gives_nothing(engine) {
        let place = Place::on(engine);
        let store = place.open().await;
        let key = store.take().await.unwrap().id();
        store.close().await;
        assert!(store.take().await.is_err());
        assert!(store.get(key).await.is_err());
    }
}

/// The statement that puts a version in the place of the last migration's.
fn with_last_migration(version: i64) -> String {
    let last = "(SELECT MAX(version) FROM _sqlx_migrations)";
    format!("UPDATE _sqlx_migrations SET version = {version} WHERE version = {last}")
}

#[tokio::test]
async fn a_sqlite_store_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let engine = Engine::sqlite();
    let place = Place::on(&engine);
    place.open().await.close().await;
    for file in place.files() {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_sqlite_store_is_not_opened_in_the_file_of_something_else() {
    let engine = Engine::sqlite();
    let place = Place::on(&engine);
    place.open().await.close().await;
    place.execute(&with_last_migration(1001)).await;
    let refused = place.try_open(MASTER).await.unwrap_err();
    assert!(matches!(refused, KeysError::UnknownSchema { version: 1001 }), "{refused}");
}

#[tokio::test]
async fn a_postgres_store_shares_a_database_with_other_migrations() {
    let engine = Engine::postgres().await;
    let place = Place::on(&engine);
    place
        .execute(
            "CREATE TABLE public._sqlx_migrations (version bigint);
             INSERT INTO public._sqlx_migrations VALUES (1001);
             CREATE TABLE public.person_keys (not_ours text)",
        )
        .await;
    place.open().await.take().await.unwrap();
}

#[tokio::test]
async fn a_url_of_another_engine_is_refused() {
    let refused = KeyStore::open("mysql://x", master(MASTER), Clock::System).await.unwrap_err();
    assert!(matches!(refused, KeysError::UnknownEngine));
}
