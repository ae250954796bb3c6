//! The table of second names as it is, for who compares it with the events.

use sira_database::{on_engine, unsigned};
use sira_numbers::Position;
use sqlx::QueryBuilder;

use crate::read::raw::{RawColumns, RawEvent, raw_event};
use crate::read::rows::select_events;
use crate::{Journal, JournalError, StreamId};

/// Names that one statement asks for at most.
const NAMES_PER_STATEMENT: usize = 500;

/// A row of `stream_aliases`, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AliasRow {
    /// The name.
    pub alias: String,
    /// The type of the stream that it leads to.
    pub aggregate_type: String,
    /// That stream's id, as text.
    pub aggregate_id: String,
}

impl AliasRow {
    /// Whether it leads to a stream.
    #[must_use]
    pub fn leads_to(&self, stream: &StreamId) -> bool {
        self.aggregate_type == stream.aggregate_type
            && self.aggregate_id == stream.aggregate_id.to_string()
    }
}

impl Journal {
    /// Rows of second names after a name, in the order of names, at most `limit`.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn aliases_after(
        &self,
        alias: &str,
        limit: u32,
    ) -> Result<Vec<AliasRow>, JournalError> {
        Ok(on_engine!(self.pool(), db => {
            sqlx::query_as(
                "SELECT alias, aggregate_type, aggregate_id FROM stream_aliases \
                 WHERE alias > $1 ORDER BY alias LIMIT $2",
            )
            .bind(alias)
            .bind(i64::from(limit))
            .fetch_all(db)
            .await
        })?)
    }

    /// The rows of some second names, in no order.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn aliases_named(&self, names: &[String]) -> Result<Vec<AliasRow>, JournalError> {
        let mut rows = Vec::with_capacity(names.len());
        for some in names.chunks(NAMES_PER_STATEMENT) {
            let found: Vec<AliasRow> = on_engine!(self.pool(), db => {
                let mut query = QueryBuilder::new(
                    "SELECT alias, aggregate_type, aggregate_id FROM stream_aliases WHERE alias IN (",
                );
                let mut list = query.separated(", ");
                // Filled up, so that few forms of the statement are prepared.
                for place in 0..some.len().next_power_of_two() {
                    list.push_bind(some[place.min(some.len() - 1)].as_str());
                }
                query.push(")");
                query.build_query_as().fetch_all(db).await
            })?;
            rows.extend(found);
        }
        Ok(rows)
    }

    /// How many second names there are.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn count_aliases(&self) -> Result<u64, JournalError> {
        let count: i64 = on_engine!(self.pool(), db => {
            sqlx::query_scalar("SELECT count(*) FROM stream_aliases").fetch_one(db).await
        })?;
        Ok(unsigned(count)?)
    }

    /// The rows of events of three types between two positions, both included, in order; at most `limit`.
    ///
    /// # Errors
    /// [`JournalError::Database`], also when a row cannot be decoded at all.
    pub async fn read_raw_of_types(
        &self,
        (first, last): (Position, Position),
        types: [&str; 3],
        limit: u32,
    ) -> Result<Vec<RawEvent>, JournalError> {
        let rows: Vec<RawColumns> = on_engine!(self.pool(), db => {
            sqlx::query_as(select_events!(
                "WHERE position BETWEEN $1 AND $2 AND event_type IN ($3, $4, $5) \
                 ORDER BY position LIMIT $6"
            ))
            .bind(first.stored())
            .bind(last.stored())
            .bind(types[0])
            .bind(types[1])
            .bind(types[2])
            .bind(i64::from(limit))
            .fetch_all(db)
            .await
        })?;
        Ok(rows.into_iter().map(raw_event).collect())
    }

    /// The rows of one stream whose events are of three types, in order.
    ///
    /// # Errors
    /// [`JournalError::Database`], also when a row cannot be decoded at all.
    pub async fn read_raw_of_stream(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        types: [&str; 3],
    ) -> Result<Vec<RawEvent>, JournalError> {
        let rows: Vec<RawColumns> = on_engine!(self.pool(), db => {
            sqlx::query_as(select_events!(
                "WHERE aggregate_type = $1 AND aggregate_id = $2 AND event_type IN ($3, $4, $5) \
                 ORDER BY sequence"
            ))
            .bind(aggregate_type)
            .bind(aggregate_id)
            .bind(types[0])
            .bind(types[1])
            .bind(types[2])
            .fetch_all(db)
            .await
        })?;
        Ok(rows.into_iter().map(raw_event).collect())
    }
}
