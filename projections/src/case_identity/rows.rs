//! The rows of `case_identity`, `blind_index` and `duplicate_candidates`: one statement a function,
//! the same on both engines.

use sira_database::on_engine;
use sira_domain::likeness::{Likeness, Reason};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{TermKind, Token};
use crate::{ReadConnection, ReadError};

/// Rows of one statement: eight columns each stay below what either engine binds.
const ROWS_PER_STATEMENT: usize = 1_000;

/// A person as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub id: Uuid,
    pub programme: String,
    pub reference: String,
    pub office: String,
    pub region: String,
    pub birth_year: i32,
    /// The sealed identity, as in the event.
    pub sealed: String,
    /// The event that last told it.
    pub position: i64,
}

/// What has become of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Linked,
    Unlinked,
}

/// The columns of a person, in the order of [`Person`].
pub(super) type PersonColumns = (String, String, String, String, String, i32, String, i64);

pub(super) fn person(columns: PersonColumns) -> Result<Person, ReadError> {
    let (id, programme, reference, office, region, birth_year, sealed, position) = columns;
    let damaged = |_| ReadError::Inconsistent { table: "case_identity", id: id.clone() };
    let id = Uuid::try_parse(&id).map_err(damaged)?;
    Ok(Person { id, programme, reference, office, region, birth_year, sealed, position })
}

pub(super) async fn find(
    connection: ReadConnection<'_>,
    id: Uuid,
) -> Result<Option<Person>, ReadError> {
    let row: Option<PersonColumns> = on_engine!(connection, db => {
        sqlx::query_as(
            "SELECT aggregate_id, programme, reference, office, region, birth_year, identity,
                    position
               FROM case_identity WHERE aggregate_id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(db)
        .await
    })?;
    row.map(person).transpose()
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
                 (aggregate_id, programme, reference, office, region, birth_year, identity, position) ",
            );
            insert.push_values(some, |mut row, person| {
                row.push_bind(person.id.to_string())
                    .push_bind(&person.programme)
                    .push_bind(&person.reference)
                    .push_bind(&person.office)
                    .push_bind(&person.region)
                    .push_bind(person.birth_year)
                    .push_bind(&person.sealed)
                    .push_bind(person.position);
            });
            insert.push(
                " ON CONFLICT (aggregate_id) DO UPDATE SET programme = excluded.programme, \
                 reference = excluded.reference, \
                 office = excluded.office, region = excluded.region, \
                 birth_year = excluded.birth_year, identity = excluded.identity, \
                 position = excluded.position",
            );
            insert.build().execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

pub(super) async fn put_tokens(
    mut connection: ReadConnection<'_>,
    tokens: &[(Uuid, TermKind, Token)],
) -> Result<(), sqlx::Error> {
    for some in tokens.chunks(ROWS_PER_STATEMENT) {
        on_engine!(connection.again(), db => {
            let mut insert =
                QueryBuilder::new("INSERT INTO blind_index (token, aggregate_id, kind) ");
            insert.push_values(some, |mut row, (id, kind, token)| {
                row.push_bind(token.as_slice()).push_bind(id.to_string()).push_bind(*kind as i32);
            });
            insert.push(" ON CONFLICT DO NOTHING");
            insert.build().execute(db).await.map(drop)
        })?;
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

/// A pair's two ids, the lesser first, as they are stored.
fn ordered(one: Uuid, other: Uuid) -> (String, String) {
    (one.min(other).to_string(), one.max(other).to_string())
}

/// The reasons as stored.
pub(super) fn reasons_text(reasons: &[Reason]) -> String {
    reasons.iter().map(|reason| reason.word()).collect::<Vec<_>>().join(",")
}

/// Stores pairs of one person, found at a position. A pair that is known keeps its position and its
/// decision; its score is the newest while it is open.
pub(super) async fn put_pairs(
    mut connection: ReadConnection<'_>,
    id: Uuid,
    pairs: &[(Uuid, Likeness)],
    position: i64,
) -> Result<(), sqlx::Error> {
    for some in pairs.chunks(ROWS_PER_STATEMENT) {
        on_engine!(connection.again(), db => {
            let mut insert = QueryBuilder::new(
                "INSERT INTO duplicate_candidates \
                 (one, other, score, reasons, found_position, state) ",
            );
            insert.push_values(some, |mut row, (with, likeness)| {
                let (one, other) = ordered(id, *with);
                row.push_bind(one)
                    .push_bind(other)
                    .push_bind(i32::from(likeness.score))
                    .push_bind(reasons_text(&likeness.reasons))
                    .push_bind(position)
                    .push_bind("open");
            });
            insert.push(
                " ON CONFLICT (one, other) DO UPDATE SET score = excluded.score, \
                 reasons = excluded.reasons WHERE duplicate_candidates.state = 'open'",
            );
            insert.build().execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

/// Keeps what was decided of a pair, whether it had been proposed or not.
pub(super) async fn decide_pair(
    connection: ReadConnection<'_>,
    (one, other): (Uuid, Uuid),
    decision: Decision,
    position: i64,
) -> Result<(), sqlx::Error> {
    let (one, other) = ordered(one, other);
    let state = match decision {
        Decision::Linked => "linked",
        Decision::Unlinked => "unlinked",
    };
    on_engine!(connection, db => {
        sqlx::query(
            "INSERT INTO duplicate_candidates
             (one, other, score, reasons, found_position, state, decided_position)
             VALUES ($1, $2, 0, '', $3, $4, $3)
             ON CONFLICT (one, other) DO UPDATE
                SET state = excluded.state, decided_position = excluded.decided_position",
        )
        .bind(one)
        .bind(other)
        .bind(position)
        .bind(state)
        .execute(db)
        .await
        .map(drop)
    })
}

/// Drops the open pairs of a person but those with `kept`.
pub(super) async fn drop_open_pairs(
    connection: ReadConnection<'_>,
    id: Uuid,
    kept: &[(Uuid, Likeness)],
) -> Result<(), sqlx::Error> {
    on_engine!(connection, db => {
        let mut delete = QueryBuilder::new(
            "DELETE FROM duplicate_candidates WHERE state = 'open' AND (one = ",
        );
        delete.push_bind(id.to_string()).push(" OR other = ").push_bind(id.to_string()).push(")");
        if !kept.is_empty() {
            for column in ["one", "other"] {
                delete.push(format!(" AND {column} NOT IN ("));
                let mut list = delete.separated(", ");
                for (with, _) in kept {
                    list.push_bind(with.to_string());
                }
                delete.push(")");
            }
        }
        delete.build().execute(db).await.map(drop)
    })
}

/// Drops every pair of a person, decided or not.
pub(super) async fn drop_pairs(
    connection: ReadConnection<'_>,
    id: Uuid,
) -> Result<(), sqlx::Error> {
    on_engine!(connection, db => {
        sqlx::query("DELETE FROM duplicate_candidates WHERE one = $1 OR other = $1")
            .bind(id.to_string())
            .execute(db)
            .await
            .map(drop)
    })
}

/// Keeps where an office stands.
pub(super) async fn put_office(
    connection: ReadConnection<'_>,
    programme: Uuid,
    (office, region): (&str, &str),
) -> Result<(), sqlx::Error> {
    on_engine!(connection, db => {
        sqlx::query(
            "INSERT INTO offices (programme, office, region) VALUES ($1, $2, $3)
             ON CONFLICT (programme, office) DO UPDATE SET region = excluded.region",
        )
        .bind(programme.to_string())
        .bind(office)
        .bind(region)
        .execute(db)
        .await
        .map(drop)
    })
}
