//! Events exactly as the database holds them, whatever somebody has done to it: for who verifies.

use chrono::{DateTime, Utc};
use sira_database::{OutOfRange, on_engine, unsigned};
use sira_numbers::Position;
use sqlx::error::BoxDynError;
use sqlx::{Database, Decode, Postgres, Sqlite, Type};
use uuid::Uuid;

use crate::read::leaves::Leaf;
use crate::read::rows::select_events;
use crate::read::streams::StreamPlace;
use crate::{Journal, JournalError};
use crate::{RecordedEvent, StreamId};
use sira_evidence::leaf::time_text;

/// Microseconds from 1970 to 2000, from where `PostgreSQL` counts.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;

/// A row of `events`.
#[derive(Clone, Debug)]
pub enum RawEvent {
    /// One that has the form of an event.
    Event(Box<RecordedEvent>),
    /// One that has not, and why.
    Unfit {
        /// Its position.
        position: Position,
        /// What does not fit.
        problem: &'static str,
    },
}

/// A time, when the column holds one in its one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawTime(pub Option<DateTime<Utc>>);

impl Type<Postgres> for RawTime {
    fn type_info() -> <Postgres as Database>::TypeInfo {
        <DateTime<Utc> as Type<Postgres>>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for RawTime {
    fn decode(value: <Postgres as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
        let bytes: [u8; 8] = value.as_bytes()?.try_into()?;
        // Infinity, and what lies beyond every calendar, are no times.
        let micros = i64::from_be_bytes(bytes).checked_add(POSTGRES_EPOCH_US);
        Ok(Self(micros.and_then(DateTime::from_timestamp_micros)))
    }
}

impl Type<Sqlite> for RawTime {
    fn type_info() -> <Sqlite as Database>::TypeInfo {
        <String as Type<Sqlite>>::type_info()
    }
}

impl<'r> Decode<'r, Sqlite> for RawTime {
    fn decode(value: <Sqlite as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
        let text = <&str as Decode<Sqlite>>::decode(value)?;
        let time = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
        Ok(Self(time.filter(|time| time_text(*time) == text)))
    }
}

pub(crate) type RawColumns =
    (i64, String, String, i64, String, String, String, String, RawTime, Vec<u8>);

impl Journal {
    /// The rows after a position, up to another, by position; at most `limit`.
    ///
    /// # Errors
    /// [`JournalError::Database`], also when a row cannot be decoded at all.
    pub async fn read_raw(
        &self,
        after: Position,
        up_to: Position,
        limit: u32,
    ) -> Result<Vec<RawEvent>, JournalError> {
        let rows: Vec<RawColumns> = on_engine!(self.pool(), db => {
            sqlx::query_as(select_events!(
                "WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3"
            ))
            .bind(after.stored())
            .bind(up_to.stored())
            .bind(i64::from(limit))
            .fetch_all(db)
            .await
        })?;
        Ok(rows.into_iter().map(raw_event).collect())
    }

    /// The rows up to a position, stream by stream, after a place in that order; at most `limit`. Each
    /// comes with its place, also when it is no event.
    ///
    /// # Errors
    /// [`JournalError::Database`], also when a row cannot be decoded at all.
    pub async fn read_raw_by_stream(
        &self,
        after: &StreamPlace,
        up_to: Position,
        limit: u32,
    ) -> Result<Vec<(StreamPlace, RawEvent)>, JournalError> {
        let rows: Vec<RawColumns> = on_engine!(self.pool(), db => {
            sqlx::query_as(select_events!(
                "WHERE (aggregate_type, aggregate_id, sequence) > ($1, $2, $3) AND position <= $4 \
                 ORDER BY aggregate_type, aggregate_id, sequence LIMIT $5"
            ))
            .bind(after.aggregate_type.as_str())
            .bind(after.aggregate_id.as_str())
            .bind(after.sequence.stored())
            .bind(up_to.stored())
            .bind(i64::from(limit))
            .fetch_all(db)
            .await
        })?;
        Ok(rows.into_iter().map(|row| (place_of(&row), raw_event(row))).collect())
    }

    /// The places and leaf hashes of the rows after a position, up to another, by position; at most
    /// `limit`. A row whose stream or hash has not its form has its position alone.
    ///
    /// # Errors
    /// [`JournalError::Database`], also when a row cannot be decoded at all.
    pub async fn read_raw_leaves(
        &self,
        after: Position,
        up_to: Position,
        limit: u32,
    ) -> Result<Vec<(Position, Option<Leaf>)>, JournalError> {
        let rows: Vec<(i64, String, String, i64, Vec<u8>)> = on_engine!(self.pool(), db => {
            sqlx::query_as(
                "SELECT position, aggregate_type, aggregate_id, sequence, leaf_hash FROM events \
                 WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3",
            )
            .bind(after.stored())
            .bind(up_to.stored())
            .bind(i64::from(limit))
            .fetch_all(db)
            .await
        })?;
        let read = |(position, kind, id, sequence, hash): (_, String, String, _, Vec<u8>)| {
            let position = clamped(position);
            let id = own_form(&id).zip(hash.try_into().ok());
            let leaf = id.map(|(id, hash)| {
                let stream = StreamId::new(kind, id);
                Leaf { position, stream, sequence: clamped(sequence), hash }
            });
            (position, leaf)
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The positions that rows have after one, up to another, in order; at most `limit`.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn positions(
        &self,
        after: Position,
        up_to: Position,
        limit: u32,
    ) -> Result<Vec<Position>, JournalError> {
        let rows: Vec<i64> = on_engine!(self.pool(), db => {
            sqlx::query_scalar(
                "SELECT position FROM events WHERE position > $1 AND position <= $2 \
                 ORDER BY position LIMIT $3",
            )
            .bind(after.stored())
            .bind(up_to.stored())
            .bind(i64::from(limit))
            .fetch_all(db)
            .await
        })?;
        Ok(rows.into_iter().map(clamped).collect())
    }

    /// How many rows there are up to a position, those among them that have no place at all.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn count_rows(&self, up_to: Position) -> Result<u64, JournalError> {
        let count: i64 = on_engine!(self.pool(), db => {
            sqlx::query_scalar(
                "SELECT count(*) FROM events WHERE position IS NULL OR position <= $1",
            )
            .bind(up_to.stored())
            .fetch_one(db)
            .await
        })?;
        Ok(unsigned(count)?)
    }

    /// The position that the head says is the last, its time when it is one, and the last position that a
    /// row has, at one moment; none when there is no head.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn raw_head(
        &self,
    ) -> Result<Option<(Position, Option<DateTime<Utc>>, Position)>, JournalError> {
        let row: Option<(i64, RawTime, i64)> = on_engine!(self.pool(), db => {
            sqlx::query_as(
                "SELECT next_position, recorded_at, \
                 (SELECT COALESCE(max(position), 0) FROM events) \
                 FROM journal_head WHERE journal = $1",
            )
            .bind(self.id())
            .fetch_optional(db)
            .await
        })?;
        let last_of = |next: i64| clamped(next.saturating_sub(1));
        Ok(row.map(|(next, RawTime(at), last)| (last_of(next), at, clamped(last))))
    }

    /// How many heads there are: one journal has one.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn count_heads(&self) -> Result<u64, JournalError> {
        let count: i64 = on_engine!(self.pool(), db => {
            sqlx::query_scalar("SELECT count(*) FROM journal_head").fetch_one(db).await
        })?;
        Ok(unsigned(count)?)
    }

    /// The last position that a row has, whatever the head says.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn last_position(&self) -> Result<Position, JournalError> {
        let last: Option<i64> = on_engine!(self.pool(), db => {
            sqlx::query_scalar("SELECT max(position) FROM events").fetch_one(db).await
        })?;
        Ok(clamped(last.unwrap_or(0)))
    }
}

/// A number of a row that anybody may have written: below zero it stands before every other, where the
/// verifier finds it out of its order.
fn clamped<N: TryFrom<i64, Error = OutOfRange> + Default>(number: i64) -> N {
    N::try_from(number).unwrap_or_default()
}

/// An id in its one form, which the leaf is taken over: any other would show as that one.
fn own_form(id: &str) -> Option<Uuid> {
    let mut buffer = Uuid::encode_buffer();
    let parsed = Uuid::parse_str(id).ok()?;
    (parsed.hyphenated().encode_lower(&mut buffer) == id).then_some(parsed)
}

fn place_of(row: &RawColumns) -> StreamPlace {
    let (_, aggregate_type, aggregate_id, sequence, ..) = row;
    StreamPlace {
        aggregate_type: aggregate_type.clone(),
        aggregate_id: aggregate_id.clone(),
        sequence: clamped(*sequence),
    }
}

pub(crate) fn raw_event(row: RawColumns) -> RawEvent {
    let (
        position,
        aggregate_type,
        id,
        sequence,
        event_type,
        event_version,
        payload,
        metadata,
        RawTime(recorded_at),
        leaf,
    ) = row;
    let position = clamped(position);
    let unfit = |problem| RawEvent::Unfit { position, problem };
    let Some(id) = own_form(&id) else { return unfit("aggregate_id") };
    let Some(recorded_at) = recorded_at else { return unfit("recorded_at") };
    let Ok(leaf_hash) = leaf.try_into() else { return unfit("leaf_hash") };
    RawEvent::Event(Box::new(RecordedEvent {
        position,
        stream: StreamId::new(aggregate_type, id),
        sequence: clamped(sequence),
        event_type,
        event_version,
        payload,
        metadata,
        recorded_at,
        leaf_hash,
    }))
}
