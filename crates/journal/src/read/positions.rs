//! Reading some events by their positions.

use sira_database::on_engine;
use sira_numbers::Position;
use sqlx::QueryBuilder;

use crate::read::rows::{EventColumns, event_row, select_events};
use crate::{Journal, JournalError, RecordedEvent};

/// Positions that one statement names at most.
const POSITIONS_PER_STATEMENT: usize = 500;

impl Journal {
    /// The events at some positions, in the order of the journal.
    ///
    /// # Errors
    /// [`JournalError::Database`], or `Inconsistent` for a row that is none of ours.
    pub async fn read_positions(
        &self,
        positions: &[Position],
    ) -> Result<Vec<RecordedEvent>, JournalError> {
        let mut events = Vec::with_capacity(positions.len());
        for some in positions.chunks(POSITIONS_PER_STATEMENT) {
            let rows: Vec<EventColumns> = on_engine!(self.pool(), db => {
                let mut query = QueryBuilder::new(select_events!("WHERE position IN ("));
                let mut list = query.separated(", ");
                // Filled up, so that few forms of the statement are prepared.
                for place in 0..some.len().next_power_of_two() {
                    list.push_bind(some[place.min(some.len() - 1)].stored());
                }
                query.push(") ORDER BY position");
                query.build_query_as().fetch_all(db).await
            })?;
            for row in rows {
                events.push(event_row(row)?);
            }
        }
        events.sort_by_key(|event| event.position);
        Ok(events)
    }
}
