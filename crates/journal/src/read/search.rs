//! The two questions that go across streams and are asked rarely: by an event's type, by its import.

use sira_database::on_engine;

use crate::append::check::plain;
use crate::read::rows::{EventColumns, event_row, select_events};
use crate::{Journal, JournalError, Pool, RecordedEvent};

impl Journal {
    /// Every event of one type, in the order of the journal. Types that are few and are asked for at
    /// every start, such as `PersonalDataErased`, have a partial index; for others the whole journal is
    /// read.
    ///
    /// # Errors
    /// [`JournalError::Database`], `Invalid` for a name that is none, `Inconsistent` for a row that is
    /// none of ours.
    pub async fn read_type(&self, event_type: &str) -> Result<Vec<RecordedEvent>, JournalError> {
        read_type(self.pool(), event_type).await
    }

    /// Every event whose metadata names this import batch, in the order of the journal. There is no
    /// index on metadata, so that appending stays cheap: this reads the whole journal.
    ///
    /// # Errors
    /// [`JournalError::Database`], or `Inconsistent` for a row that is none of ours.
    pub async fn read_batch(&self, batch: &str) -> Result<Vec<RecordedEvent>, JournalError> {
        let rows: Vec<EventColumns> = on_engine!(self.pool(), db => {
            sqlx::query_as(select_events!("WHERE metadata ->> 'import_batch' = $1 ORDER BY position"))
                .bind(batch)
                .fetch_all(db)
                .await
        })?;
        rows.into_iter().map(event_row).collect()
    }
}

/// As [`Journal::read_type`], of a journal that is not open.
///
/// # Errors
/// As there.
pub async fn read_type(pool: &Pool, event_type: &str) -> Result<Vec<RecordedEvent>, JournalError> {
    plain("event_type", event_type)?;
    // Spelt out, not bound: a partial index is only taken for a value known when the plan is made.
    let sql = select_events!("WHERE event_type = '{}' ORDER BY position").replace("{}", event_type);
    let rows: Vec<EventColumns> = on_engine!(pool, db => {
        sqlx::query_as(&sql).persistent(false).fetch_all(db).await
    })?;
    rows.into_iter().map(event_row).collect()
}

/// Every event of one type on streams of one kind, in the order of the journal. For kinds of which there are
/// few streams: all their events are looked at, and no others.
///
/// # Errors
/// As [`Journal::read_type`].
pub async fn read_type_of(
    pool: &Pool,
    aggregate_type: &str,
    event_type: &str,
) -> Result<Vec<RecordedEvent>, JournalError> {
    let rows: Vec<EventColumns> = on_engine!(pool, db => {
        sqlx::query_as(select_events!(
            "WHERE aggregate_type = $1 AND event_type = $2 ORDER BY position"
        ))
        .bind(aggregate_type)
        .bind(event_type)
        .fetch_all(db)
        .await
    })?;
    rows.into_iter().map(event_row).collect()
}
