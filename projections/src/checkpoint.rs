//! The rows of `projection_checkpoints`: one statement a function.

use sira_database::{on_engine, signed, unsigned};
use sqlx::QueryBuilder;

use crate::store::{ReadConnection, ReadError};

/// How far a projection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// The version of its rows' form.
    pub version: u32,
    /// Every event up to here is in its rows.
    pub position: u64,
}

/// Where a projection stands; none before its first start.
pub(crate) async fn find(
    connection: ReadConnection<'_>,
    journal: &str,
    projection: &str,
) -> Result<Option<Checkpoint>, ReadError> {
    let row: Option<(i32, i64)> = on_engine!(connection, db => {
        sqlx::query_as(
            "SELECT version, position FROM projection_checkpoints WHERE journal = $1 AND projection = $2",
        )
        .bind(journal)
        .bind(projection)
        .fetch_optional(db)
        .await
    })?;
    let Some((version, position)) = row else { return Ok(None) };
    match (u32::try_from(version), unsigned(position)) {
        (Ok(version), Ok(position)) => Ok(Some(Checkpoint { version, position })),
        _ => Err(damaged(projection)),
    }
}

/// Makes the checkpoint of a projection that has none.
pub(crate) async fn make(
    connection: ReadConnection<'_>,
    journal: &str,
    projection: &str,
    version: u32,
) -> Result<(), sqlx::Error> {
    on_engine!(connection, db => {
        sqlx::query(
            "INSERT INTO projection_checkpoints (journal, projection, version, position)
             VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING",
        )
        .bind(journal)
        .bind(projection)
        .bind(i64::from(version))
        .execute(db)
        .await
        .map(drop)
    })
}

/// Moves a checkpoint from where it was read; false when it stands elsewhere by now.
///
/// The first statement of its transaction: it waits for the row's lock, so whoever comes second sees
/// where the first has gone, and nobody works on a batch that is another's already.
pub(crate) async fn advance(
    connection: ReadConnection<'_>,
    (journal, projection): (&str, &str),
    from: Checkpoint,
    to: Checkpoint,
) -> Result<bool, sqlx::Error> {
    let rows = on_engine!(connection, db => {
        sqlx::query(
            "UPDATE projection_checkpoints SET version = $5, position = $6
              WHERE journal = $1 AND projection = $2 AND version = $3 AND position = $4",
        )
        .bind(journal)
        .bind(projection)
        .bind(i64::from(from.version))
        .bind(signed(from.position)?)
        .bind(i64::from(to.version))
        .bind(signed(to.position)?)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(rows == 1)
}

/// Moves the checkpoints of several projections at once; false when any of them stands elsewhere.
pub(crate) async fn advance_all(
    connection: ReadConnection<'_>,
    journal: &str,
    projections: &[(&str, u32)],
    (from, to): (u64, u64),
) -> Result<bool, sqlx::Error> {
    let rows = on_engine!(connection, db => {
        let mut update = QueryBuilder::new("UPDATE projection_checkpoints SET position = ");
        update.push_bind(signed(to)?).push(" WHERE journal = ").push_bind(journal);
        update.push(" AND position = ").push_bind(signed(from)?).push(" AND (");
        for (place, (name, version)) in projections.iter().enumerate() {
            update.push(if place == 0 { "(projection = " } else { " OR (projection = " });
            update.push_bind(*name).push(" AND version = ").push_bind(i64::from(*version)).push(")");
        }
        update.push(")");
        update.build().execute(db).await?.rows_affected()
    });
    Ok(rows == projections.len() as u64)
}

/// Sets a checkpoint, whatever it was: its projection has not stopped.
pub(crate) async fn set(
    connection: ReadConnection<'_>,
    journal: &str,
    projection: &str,
    at: Checkpoint,
) -> Result<(), sqlx::Error> {
    on_engine!(connection, db => {
        sqlx::query(
            "INSERT INTO projection_checkpoints (journal, projection, version, position)
             VALUES ($1, $2, $3, $4) ON CONFLICT (journal, projection)
             DO UPDATE SET version = excluded.version, position = excluded.position,
                           built = projection_checkpoints.built + 1,
                           halted_position = NULL, halted_cause = NULL",
        )
        .bind(journal)
        .bind(projection)
        .bind(i64::from(at.version))
        .bind(signed(at.position)?)
        .execute(db)
        .await
        .map(drop)
    })
}

/// Writes down that a projection has stopped for good, or that it runs again. One that never was
/// built gets a checkpoint of version 0, which everything is newer than.
pub(crate) async fn halt(
    connection: ReadConnection<'_>,
    (journal, projection): (&str, &str),
    halted: Option<(Option<u64>, &str)>,
) -> Result<(), sqlx::Error> {
    let (position, cause) = halted.map_or((None, None), |(at, cause)| (at, Some(cause)));
    on_engine!(connection, db => {
        sqlx::query(
            "INSERT INTO projection_checkpoints
                 (journal, projection, version, position, halted_position, halted_cause)
             VALUES ($1, $2, 0, 0, $3, $4) ON CONFLICT (journal, projection)
             DO UPDATE SET halted_position = excluded.halted_position,
                           halted_cause = excluded.halted_cause",
        )
        .bind(journal)
        .bind(projection)
        .bind(position.map(signed).transpose()?)
        .bind(cause)
        .execute(db)
        .await
        .map(drop)
    })
}

/// A projection as its checkpoint tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub name: String,
    /// The version of its rows' form.
    pub version: u32,
    /// Every event up to here is in its rows.
    pub position: u64,
    /// How often its tables were put in place: rows that somebody remembers are good for as long as
    /// this stands still.
    pub built: u64,
    /// Why it has stopped for good, and at which event, where it has.
    pub halted: Option<(Option<u64>, String)>,
}

type StoredRow = (String, i32, i64, i64, Option<i64>, Option<String>);

/// Every projection of a journal, by name.
pub(crate) async fn all(
    connection: ReadConnection<'_>,
    journal: &str,
) -> Result<Vec<Stored>, ReadError> {
    let rows: Vec<StoredRow> = on_engine!(connection, db => {
        sqlx::query_as(
            "SELECT projection, version, position, built, halted_position, halted_cause
               FROM projection_checkpoints WHERE journal = $1 ORDER BY projection",
        )
        .bind(journal)
        .fetch_all(db)
        .await
    })?;
    let stored = |(name, version, position, built, at, cause): StoredRow| {
        Ok(Stored {
            version: u32::try_from(version).map_err(|_| damaged(&name))?,
            position: unsigned(position)?,
            built: unsigned(built)?,
            halted: match cause {
                Some(cause) => Some((at.map(unsigned).transpose()?, cause)),
                None => None,
            },
            name,
        })
    };
    rows.into_iter().map(stored).collect()
}

fn damaged(projection: &str) -> ReadError {
    ReadError::Inconsistent { table: "projection_checkpoints", id: projection.to_owned() }
}
