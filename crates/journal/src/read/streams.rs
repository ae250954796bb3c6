//! Reading many streams at once, for those who fold them.

use sira_database::on_engine;
use sira_numbers::{Position, Sequence};
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::RecordedEvent;
use crate::read::rows::{EventColumns, check_order, event_row, select_events};
use crate::{Journal, JournalError, MAX_FEED_PAGE};

/// Ids that one statement names at most.
const IDS_PER_STATEMENT: usize = 500;

/// A place in the order of streams: type, id, sequence. The first place of all is before every stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamPlace {
    /// The kind of aggregate.
    pub aggregate_type: String,
    /// The aggregate's id, as text.
    pub aggregate_id: String,
    /// The sequence.
    pub sequence: Sequence,
}

impl Journal {
    /// The ids of every stream of a type, in their order. For types with few streams: each is one step
    /// of an index.
    ///
    /// # Errors
    /// [`JournalError::Database`], or `Inconsistent` for an id that is none.
    pub async fn stream_ids(&self, aggregate_type: &str) -> Result<Vec<Uuid>, JournalError> {
        let ids: Vec<String> = on_engine!(self.pool(), db => {
            sqlx::query_scalar(
                "SELECT aggregate_id FROM events WHERE aggregate_type = $1 AND sequence = 1 \
                 ORDER BY aggregate_id",
            )
            .bind(aggregate_type)
            .fetch_all(db)
            .await
        })?;
        let id = |text: String| {
            Uuid::try_parse(&text).map_err(|error| JournalError::Inconsistent {
                table: "events",
                problem: error.to_string(),
                id: text,
            })
        };
        ids.into_iter().map(id).collect()
    }

    /// The events up to a position, stream by stream, after a place in that order; at most `limit` and
    /// [`MAX_FEED_PAGE`].
    ///
    /// # Errors
    /// [`JournalError::Database`], or `Inconsistent` for a row that is none of ours.
    pub async fn read_by_stream(
        &self,
        after: &StreamPlace,
        up_to: Position,
        limit: u32,
    ) -> Result<Vec<RecordedEvent>, JournalError> {
        let rows: Vec<EventColumns> = on_engine!(self.pool(), db => {
            sqlx::query_as(select_events!(
                "WHERE (aggregate_type, aggregate_id, sequence) > ($1, $2, $3) AND position <= $4 \
                 ORDER BY aggregate_type, aggregate_id, sequence LIMIT $5"
            ))
            .bind(after.aggregate_type.as_str())
            .bind(after.aggregate_id.as_str())
            .bind(after.sequence.stored())
            .bind(up_to.stored())
            .bind(i64::from(limit.min(MAX_FEED_PAGE)))
            .fetch_all(db)
            .await
        })?;
        rows.into_iter().map(event_row).collect()
    }

    /// Every event up to a position of some streams of one type, stream by stream.
    ///
    /// # Errors
    /// [`JournalError::Database`], or `Inconsistent` for a row that is none of ours.
    pub async fn read_streams(
        &self,
        aggregate_type: &str,
        ids: &[Uuid],
        up_to: Position,
    ) -> Result<Vec<RecordedEvent>, JournalError> {
        let mut events = Vec::new();
        for some in ids.chunks(IDS_PER_STATEMENT) {
            let rows: Vec<EventColumns> = on_engine!(self.pool(), db => {
                let mut query = QueryBuilder::new(select_events!("WHERE aggregate_type = "));
                query.push_bind(aggregate_type).push(" AND position <= ").push_bind(up_to.stored());
                query.push(" AND aggregate_id IN (");
                let mut list = query.separated(", ");
                // Filled up, so that few forms of the statement are prepared.
                for place in 0..some.len().next_power_of_two() {
                    list.push_bind(some[place.min(some.len() - 1)].to_string());
                }
                query.push(") ORDER BY aggregate_id, sequence");
                query.build_query_as().fetch_all(db).await
            })?;
            let read = rows.into_iter().map(event_row).collect::<Result<Vec<_>, _>>()?;
            check_order(None, &read)?;
            events.extend(read);
        }
        Ok(events)
    }
}
