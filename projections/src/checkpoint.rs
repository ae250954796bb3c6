//! The rows of `projection_checkpoints`: one statement a function.

use sira_database::{number, on_engine, unsigned};
use sira_numbers::Position;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::feed::{HistoryMark, LeafHash};
use crate::store::{ReadConnection, ReadError};

/// How far a projection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// The version of its rows' form.
    pub version: u32,
    /// Every event up to here is in its rows.
    pub position: Position,
    /// The hash of the event there.
    pub leaf: Option<LeafHash>,
    /// The key that keyed hashes in its rows were made under; none where there are none.
    pub index_key: Option<Uuid>,
}

impl Checkpoint {
    /// That of a projection whose rows hold no keyed hash.
    pub const fn unkeyed(version: u32, at: HistoryMark) -> Self {
        Self { version, position: at.position, leaf: at.leaf, index_key: None }
    }

    /// Where it stands.
    pub const fn mark(&self) -> HistoryMark {
        HistoryMark { position: self.position, leaf: self.leaf }
    }

    /// The same, moved on.
    pub const fn moved(self, to: HistoryMark) -> Self {
        Self { position: to.position, leaf: to.leaf, ..self }
    }
}

/// A hash as it is stored; what is none names no history.
pub(crate) fn stored_leaf(stored: Option<Vec<u8>>) -> Option<LeafHash> {
    stored?.try_into().ok()
}

/// A key as it is stored.
fn stored_key(key: Option<Uuid>) -> String {
    key.map(|key| key.simple().to_string()).unwrap_or_default()
}

/// A key as it was stored; one that cannot be read is none that anybody holds.
fn read_key(stored: &str) -> Option<Uuid> {
    (!stored.is_empty()).then(|| Uuid::try_parse(stored).unwrap_or_default())
}

/// Where a projection stands; none before its first start.
pub(crate) async fn find(
    connection: ReadConnection<'_>,
    journal: &str,
    projection: &str,
) -> Result<Option<Checkpoint>, ReadError> {
    let row: Option<(i32, i64, String, Option<Vec<u8>>)> = on_engine!(connection, db => {
        sqlx::query_as(
            "SELECT version, position, index_key, leaf_hash FROM projection_checkpoints
              WHERE journal = $1 AND projection = $2",
        )
        .bind(journal)
        .bind(projection)
        .fetch_optional(db)
        .await
    })?;
    let Some((version, position, key, leaf)) = row else { return Ok(None) };
    let (index_key, leaf) = (read_key(&key), stored_leaf(leaf));
    match (u32::try_from(version), number(position)) {
        (Ok(version), Ok(position)) => Ok(Some(Checkpoint { version, position, leaf, index_key })),
        _ => Err(damaged(projection)),
    }
}

/// The key that the keyed hashes in a projection's rows were made under: whoever looks for one asks the
/// database that holds them, in the same moment. None within where there is none.
pub(crate) async fn index_key(
    connection: ReadConnection<'_>,
    projection: &str,
) -> Result<Option<Uuid>, sqlx::Error> {
    let keys: Vec<String> = on_engine!(connection, db => {
        sqlx::query_scalar("SELECT index_key FROM projection_checkpoints WHERE projection = $1")
            .bind(projection)
            .fetch_all(db)
            .await
    })?;
    // The tables hold one journal's rows.
    Ok(keys.iter().find_map(|key| read_key(key)))
}

/// Makes the checkpoint of a projection that has none.
pub(crate) async fn make(
    connection: ReadConnection<'_>,
    journal: &str,
    projection: &str,
    (version, index_key): (u32, Option<Uuid>),
) -> Result<(), sqlx::Error> {
    on_engine!(connection, db => {
        sqlx::query(
            "INSERT INTO projection_checkpoints (journal, projection, version, position, index_key)
             VALUES ($1, $2, $3, 0, $4) ON CONFLICT DO NOTHING",
        )
        .bind(journal)
        .bind(projection)
        .bind(i64::from(version))
        .bind(stored_key(index_key))
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
            "UPDATE projection_checkpoints SET version = $5, position = $6, leaf_hash = $8
              WHERE journal = $1 AND projection = $2 AND version = $3 AND position = $4
                AND index_key = $7",
        )
        .bind(journal)
        .bind(projection)
        .bind(i64::from(from.version))
        .bind(from.position.stored())
        .bind(i64::from(to.version))
        .bind(to.position.stored())
        .bind(stored_key(from.index_key))
        .bind(to.leaf.map(Vec::from))
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
    (from, to): (Position, HistoryMark),
) -> Result<bool, sqlx::Error> {
    let rows = on_engine!(connection, db => {
        let mut update = QueryBuilder::new("UPDATE projection_checkpoints SET position = ");
        update.push_bind(to.position.stored()).push(", leaf_hash = ");
        update.push_bind(to.leaf.map(Vec::from)).push(" WHERE journal = ").push_bind(journal);
        update.push(" AND position = ").push_bind(from.stored()).push(" AND (");
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
            "INSERT INTO projection_checkpoints
                 (journal, projection, version, position, index_key, leaf_hash)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (journal, projection)
             DO UPDATE SET version = excluded.version, position = excluded.position,
                           index_key = excluded.index_key, leaf_hash = excluded.leaf_hash,
                           built = projection_checkpoints.built + 1,
                           halted_position = NULL, halted_cause = NULL",
        )
        .bind(journal)
        .bind(projection)
        .bind(i64::from(at.version))
        .bind(at.position.stored())
        .bind(stored_key(at.index_key))
        .bind(at.leaf.map(Vec::from))
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
    halted: Option<(Option<Position>, &str)>,
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
        .bind(position.map(Position::stored))
        .bind(cause)
        .execute(db)
        .await
        .map(drop)
    })
}

/// A projection as its checkpoint tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProjection {
    /// Its name.
    pub name: String,
    /// The version of its rows' form.
    pub version: u32,
    /// Every event up to here is in its rows.
    pub position: Position,
    /// The hash of the event there; none before the first event, and where it was not written down.
    pub leaf: Option<LeafHash>,
    /// How often its tables were put in place: rows that somebody remembers are good for as long as
    /// this stands still.
    pub built: u64,
    /// The key that keyed hashes in its rows were made under; none where there are none.
    pub index_key: Option<Uuid>,
    /// Why it has stopped for good, and at which event, where it has.
    pub halted: Option<(Option<Position>, String)>,
}

type StoredRow = (String, i32, i64, i64, String, Option<i64>, Option<String>, Option<Vec<u8>>);

/// Every projection of a journal, by name.
pub(crate) async fn all(
    connection: ReadConnection<'_>,
    journal: &str,
) -> Result<Vec<StoredProjection>, ReadError> {
    let rows: Vec<StoredRow> = on_engine!(connection, db => {
        sqlx::query_as(
            "SELECT projection, version, position, built, index_key, halted_position, halted_cause, leaf_hash
               FROM projection_checkpoints WHERE journal = $1 ORDER BY projection",
        )
        .bind(journal)
        .fetch_all(db)
        .await
    })?;
    let stored = |(name, version, position, built, key, at, cause, leaf): StoredRow| {
        Ok(StoredProjection {
            version: u32::try_from(version).map_err(|_| damaged(&name))?,
            position: number(position)?,
            leaf: stored_leaf(leaf),
            built: unsigned(built)?,
            index_key: read_key(&key),
            halted: match cause {
                Some(cause) => Some((at.map(number).transpose()?, cause)),
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
