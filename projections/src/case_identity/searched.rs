//! The rows of `search_index`: who is found by which word of a name or phone.

use sira_database::on_engine;
use sira_domain::identity::Identity;
use sira_domain::likeness::searched_by;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{IdentityIndex, TermKind};
use crate::ReadConnection;

/// Bytes of a token here: two of a million terms share one by chance once in millions of programmes.
const TOKEN_BYTES: usize = 8;
/// Rows of one statement of `SQLite`: two values each stay below what it binds.
const ROWS_PER_STATEMENT: usize = 2_000;

/// A keyed hash of a term that people are searched by.
pub(crate) type SearchToken = [u8; TOKEN_BYTES];

/// The token of a term.
pub(crate) fn token(index: &impl IdentityIndex, term: &str) -> SearchToken {
    let whole = index.token(TermKind::Searched, term);
    std::array::from_fn(|byte| whole[byte])
}

/// What a person is found by.
pub(super) fn tokens(index: &impl IdentityIndex, identity: &Identity) -> Vec<SearchToken> {
    searched_by(identity).iter().map(|term| token(index, term)).collect()
}

/// Stores rows, in the order of the table's key: neighbours share their pages.
pub(super) async fn put(
    connection: ReadConnection<'_>,
    rows: &mut [(SearchToken, Uuid)],
) -> Result<(), sqlx::Error> {
    rows.sort_unstable();
    match connection {
        ReadConnection::Postgres(db) => {
            let tokens: Vec<&[u8]> = rows.iter().map(|(token, _)| token.as_slice()).collect();
            let ids: Vec<&[u8]> = rows.iter().map(|(_, id)| id.as_bytes().as_slice()).collect();
            sqlx::query(
                "INSERT INTO search_index (token, aggregate_id)
                 SELECT * FROM unnest($1::bytea[], $2::bytea[]) ON CONFLICT DO NOTHING",
            )
            .bind(tokens)
            .bind(ids)
            .execute(db)
            .await?;
        }
        ReadConnection::Sqlite(db) => {
            for some in rows.chunks(ROWS_PER_STATEMENT) {
                let mut insert =
                    QueryBuilder::new("INSERT INTO search_index (token, aggregate_id) ");
                insert.push_values(some, |mut row, (token, id)| {
                    row.push_bind(token.as_slice()).push_bind(id.as_bytes().as_slice());
                });
                insert.push(" ON CONFLICT DO NOTHING");
                insert.build().execute(&mut *db).await?;
            }
        }
    }
    Ok(())
}

/// Drops the rows of a person.
pub(super) async fn drop(connection: ReadConnection<'_>, id: Uuid) -> Result<(), sqlx::Error> {
    on_engine!(connection, db => {
        sqlx::query("DELETE FROM search_index WHERE aggregate_id = $1")
            .bind(id.as_bytes().as_slice())
            .execute(db)
            .await
            .map(std::mem::drop)
    })
}
