//! Times as positions: `recorded_at` never goes back, so a time is a position and the other way round.

use chrono::{DateTime, Utc};
use sira_database::on_engine;
use sira_numbers::Position;

use crate::stamp::Stamp;
use crate::{Journal, JournalError};

impl Journal {
    /// When the event at a position was recorded; none when there is no such event.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn recorded_at(
        &self,
        position: Position,
    ) -> Result<Option<DateTime<Utc>>, JournalError> {
        let found: Option<(Stamp,)> = on_engine!(self.pool(), db => {
            sqlx::query_as("SELECT recorded_at FROM events WHERE position = $1")
                .bind(position.stored())
                .fetch_optional(db)
                .await
        })?;
        Ok(found.map(|(Stamp(at),)| at))
    }

    /// The last position that was recorded at a time or before; 0 when nothing was. By halving: some
    /// twenty reads of one row in a journal of a million events, and no index by time.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn position_at(&self, time: DateTime<Utc>) -> Result<Position, JournalError> {
        let head = self.head().await?;
        if head.recorded_at <= time {
            return Ok(head.position);
        }
        // Everything up to `low` was recorded by then, and nothing from `high` on.
        let (mut low, mut high) = (Position::START, head.position);
        while low.next() < high {
            let middle = low.plus(high.since(low) / 2);
            let by_then = self.recorded_at(middle).await?.is_some_and(|at| at <= time);
            if by_then {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}
