//! The runner of projections: one batch once, stops in order, the same rows whatever happens.

mod analyst;
mod damaged;
pub mod face;
mod history;
mod people_again;
mod plans;
mod registers;
mod runner;

use sira_database::on_engine;
use sira_projections::ReadStore;

type PersonRow = (String, String, String, String, String, i32, String, i64, Option<String>);
type PairRow = (String, String, i32, String, i64, String, Option<i64>);

/// Every row of the read side but the checkpoints, as text, in order.
pub async fn dump(store: &ReadStore) -> Vec<String> {
    let mut handle = store.connection().await.unwrap();
    let people: Vec<PersonRow> =
        on_engine!(handle.connection(), db => sqlx::query_as(
            "SELECT aggregate_id, programme, reference, office, region, birth_year, identity, position, continues_as
               FROM case_identity ORDER BY aggregate_id").fetch_all(db).await).unwrap();
    let tokens: Vec<(Vec<u8>, String, i32)> = on_engine!(handle.connection(), db => sqlx::query_as(
            "SELECT token, aggregate_id, kind FROM blind_index ORDER BY token, aggregate_id")
            .fetch_all(db).await)
    .unwrap();
    let searched: Vec<(Vec<u8>, Vec<u8>)> = on_engine!(handle.connection(), db => sqlx::query_as(
            "SELECT token, aggregate_id FROM search_index ORDER BY token, aggregate_id")
            .fetch_all(db).await)
    .unwrap();
    let pairs: Vec<PairRow> = on_engine!(handle.connection(), db => sqlx::query_as(
            "SELECT one, other, score, reasons, found_position, state, decided_position
               FROM duplicate_candidates ORDER BY one, other").fetch_all(db).await)
    .unwrap();
    let people = people.iter().map(|row| format!("person {row:?}"));
    let tokens = tokens.iter().map(|row| format!("token {row:?}"));
    let searched = searched.iter().map(|row| format!("searched {row:?}"));
    people
        .chain(tokens)
        .chain(searched)
        .chain(pairs.iter().map(|row| format!("pair {row:?}")))
        .collect()
}
