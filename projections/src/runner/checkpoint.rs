//! The rows of `projection_checkpoints`: one statement a function.

use crate::on_read;
use crate::store::{ReadConnection, ReadError};

/// How far a projection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// The version of its rows' form.
    pub version: u32,
    /// Every event up to here is in its rows.
    pub position: u64,
}

/// A number as it is stored: positions stay far below the limit of the column.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Where a projection stands; none before its first start.
pub(crate) async fn find(
    connection: ReadConnection<'_>,
    journal: &str,
    projection: &str,
) -> Result<Option<Checkpoint>, ReadError> {
    let row: Option<(i32, i64)> = on_read!(connection, db => {
        sqlx::query_as(
            "SELECT version, position FROM projection_checkpoints WHERE journal = $1 AND projection = $2",
        )
        .bind(journal)
        .bind(projection)
        .fetch_optional(db)
        .await
    })?;
    let Some((version, position)) = row else { return Ok(None) };
    match (u32::try_from(version), u64::try_from(position)) {
        (Ok(version), Ok(position)) => Ok(Some(Checkpoint { version, position })),
        _ => Err(ReadError::Inconsistent {
            table: "projection_checkpoints",
            id: projection.to_owned(),
        }),
    }
}

/// Makes the checkpoint of a projection that has none.
pub(super) async fn make(
    connection: ReadConnection<'_>,
    journal: &str,
    projection: &str,
    version: u32,
) -> Result<(), sqlx::Error> {
    on_read!(connection, db => {
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
pub(super) async fn advance(
    connection: ReadConnection<'_>,
    (journal, projection): (&str, &str),
    from: Checkpoint,
    to: Checkpoint,
) -> Result<bool, sqlx::Error> {
    let rows = on_read!(connection, db => {
        sqlx::query(
            "UPDATE projection_checkpoints SET version = $5, position = $6
              WHERE journal = $1 AND projection = $2 AND version = $3 AND position = $4",
        )
        .bind(journal)
        .bind(projection)
        .bind(i64::from(from.version))
        .bind(signed(from.position))
        .bind(i64::from(to.version))
        .bind(signed(to.position))
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(rows == 1)
}
