//! The rows of `case_identity` and `blind_index`: one statement a function, the same on both engines.

use std::sync::Arc;

use sira_database::{number, on_engine};
use sira_numbers::Position;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{TermKind, Token};
use crate::{ReadConnection, ReadError};

/// Rows of one statement: nine columns each stay below what either engine binds.
pub(super) const ROWS_PER_STATEMENT: usize = 1_000;

/// A person as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub id: Uuid,
    // Shared, since a rebuild holds everybody at once, and there are few of each.
    pub programme: Arc<str>,
    pub reference: String,
    pub office: Arc<str>,
    pub region: Arc<str>,
    pub birth_year: i32,
    /// The sealed identity, as in the event.
    pub sealed: String,
    /// The event that last told it.
    pub position: Position,
    /// The path under which the person continues: this one is frozen, and is nobody's duplicate.
    pub continues_as: Option<Uuid>,
}

/// The columns of a person, in the order of [`Person`].
pub(super) type PersonColumns =
    (String, String, String, String, String, i32, String, i64, Option<String>);

pub(super) fn person(columns: PersonColumns) -> Result<Person, ReadError> {
    let (id, programme, reference, office, region, birth_year, sealed, position, continues_as) =
        columns;
    let damaged = |_| ReadError::Inconsistent { table: "case_identity", id: id.clone() };
    let id = Uuid::try_parse(&id).map_err(damaged)?;
    let continues_as = continues_as.as_deref().map(Uuid::try_parse).transpose();
    let continues_as = continues_as
        .map_err(|_| ReadError::Inconsistent { table: "case_identity", id: id.to_string() })?;
    let position = number(position)?;
    Ok(Person {
        id,
        programme: programme.into(),
        reference,
        office: office.into(),
        region: region.into(),
        birth_year,
        sealed,
        position,
        continues_as,
    })
}

pub(super) async fn find(
    connection: ReadConnection<'_>,
    id: Uuid,
) -> Result<Option<Person>, ReadError> {
    Ok(people_by(connection, "aggregate_id", id).await?.pop())
}

/// The paths that were frozen in favour of one, in the order of their ids.
pub(super) async fn frozen_for(
    connection: ReadConnection<'_>,
    id: Uuid,
) -> Result<Vec<Person>, ReadError> {
    people_by(connection, "continues_as", id).await
}

/// The people whose rows hold an id in a column.
async fn people_by(
    connection: ReadConnection<'_>,
    column: &'static str,
    id: Uuid,
) -> Result<Vec<Person>, ReadError> {
    let statement = format!(
        "SELECT aggregate_id, programme, reference, office, region, birth_year, identity,
                position, continues_as
           FROM case_identity WHERE {column} = $1 ORDER BY aggregate_id"
    );
    let rows: Vec<PersonColumns> = on_engine!(connection, db => {
        sqlx::query_as(&statement).bind(id.to_string()).fetch_all(db).await
    })?;
    rows.into_iter().map(person).collect()
}

/// Stores people, each in the place of what was stored of them before.
pub(super) async fn put_people(
    mut connection: ReadConnection<'_>,
    people: &[Person],
) -> Result<(), sqlx::Error> {
    for some in people.chunks(ROWS_PER_STATEMENT) {
        on_engine!(connection.again(), db => {
            let mut insert = QueryBuilder::new(
                "INSERT INTO case_identity \
                 (aggregate_id, programme, reference, office, region, birth_year, identity, position, \
                  continues_as) ",
            );
            insert.push_values(some, |mut row, person| {
                row.push_bind(person.id.to_string())
                    .push_bind(&*person.programme)
                    .push_bind(&person.reference)
                    .push_bind(&*person.office)
                    .push_bind(&*person.region)
                    .push_bind(person.birth_year)
                    .push_bind(&person.sealed)
                    .push_bind(person.position.stored())
                    .push_bind(person.continues_as.map(|other| other.to_string()));
            });
            insert.push(
                " ON CONFLICT (aggregate_id) DO UPDATE SET programme = excluded.programme, \
                 reference = excluded.reference, \
                 office = excluded.office, region = excluded.region, \
                 birth_year = excluded.birth_year, identity = excluded.identity, \
                 position = excluded.position, continues_as = excluded.continues_as",
            );
            insert.build().execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

/// Stores tokens, in the order of the table's key: neighbours share their pages.
pub(super) async fn put_tokens(
    connection: ReadConnection<'_>,
    tokens: &mut [(Token, Uuid, TermKind)],
) -> Result<(), sqlx::Error> {
    tokens.sort_unstable();
    match connection {
        ReadConnection::Postgres(db) => {
            let all: Vec<&[u8]> = tokens.iter().map(|(token, ..)| token.as_slice()).collect();
            let ids: Vec<String> = tokens.iter().map(|(_, id, _)| id.to_string()).collect();
            let kinds: Vec<i32> = tokens.iter().map(|(.., kind)| *kind as i32).collect();
            sqlx::query(
                "INSERT INTO blind_index (token, aggregate_id, kind)
                 SELECT * FROM unnest($1::bytea[], $2::text[], $3::integer[])
                 ON CONFLICT DO NOTHING",
            )
            .bind(all)
            .bind(ids)
            .bind(kinds)
            .execute(db)
            .await?;
        }
        ReadConnection::Sqlite(db) => {
            for some in tokens.chunks(ROWS_PER_STATEMENT) {
                let mut insert =
                    QueryBuilder::new("INSERT INTO blind_index (token, aggregate_id, kind) ");
                insert.push_values(some, |mut row, (token, id, kind)| {
                    row.push_bind(token.as_slice())
                        .push_bind(id.to_string())
                        .push_bind(*kind as i32);
                });
                insert.push(" ON CONFLICT DO NOTHING");
                insert.build().execute(&mut *db).await?;
            }
        }
    }
    Ok(())
}

pub(super) async fn drop_tokens(
    connection: ReadConnection<'_>,
    id: Uuid,
) -> Result<(), sqlx::Error> {
    on_engine!(connection, db => {
        sqlx::query("DELETE FROM blind_index WHERE aggregate_id = $1")
            .bind(id.to_string())
            .execute(db)
            .await
            .map(drop)
    })
}

pub(super) async fn drop_person(
    connection: ReadConnection<'_>,
    id: Uuid,
) -> Result<(), sqlx::Error> {
    on_engine!(connection, db => {
        sqlx::query("DELETE FROM case_identity WHERE aggregate_id = $1")
            .bind(id.to_string())
            .execute(db)
            .await
            .map(drop)
    })
}
