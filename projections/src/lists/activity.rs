//! What one member of the staff recorded, newest first; and which of some paths a reader reaches.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sira_database::on_engine;
use sira_numbers::{Position, Sequence};
use sqlx::QueryBuilder;

use super::statement::push_condition;
use super::walks::within;
use crate::table::time_text;
use crate::{Reach, ReadError, ReadStore};

/// An event that somebody recorded.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Deed {
    /// Its position.
    #[sqlx(try_from = "i64")]
    pub position: Position,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The day of the fact.
    pub occurred_on: NaiveDate,
    /// The kind of stream.
    pub aggregate_type: String,
    /// The stream's id.
    pub aggregate_id: String,
    /// Its sequence in the stream.
    #[sqlx(try_from = "i64")]
    pub sequence: Sequence,
    /// Its type.
    pub event_type: String,
}

/// Which deeds.
#[derive(Clone, Debug)]
pub struct DeedQuestion<'a> {
    /// Whose.
    pub actor: &'a str,
    /// Recorded at this time or later.
    pub from: DateTime<Utc>,
    /// Recorded before this event: its time and its position.
    pub before: (DateTime<Utc>, Position),
    /// Rows at most.
    pub limit: u32,
}

/// What somebody recorded, newest first.
///
/// # Errors
/// [`ReadError`].
pub async fn deeds(store: &ReadStore, question: &DeedQuestion<'_>) -> Result<Vec<Deed>, ReadError> {
    // Times are spelt out: as a text they are what one engine stores, and the other reads them so.
    let (from, before) = (time_text(question.from), time_text(question.before.0));
    let sql = format!(
        "SELECT position, recorded_at, occurred_on, aggregate_type, aggregate_id, sequence, event_type \
         FROM activity_log WHERE actor = $1 AND recorded_at >= '{from}' AND recorded_at <= '{before}' \
         AND (recorded_at < '{before}' OR position < $2) \
         ORDER BY recorded_at DESC, position DESC LIMIT $3"
    );
    let mut handle = store.query().await?;
    Ok(on_engine!(handle.connection(), db => {
        sqlx::query_as(&sql)
            .persistent(false)
            .bind(question.actor)
            .bind(question.before.1.stored())
            .bind(i64::from(question.limit))
            .fetch_all(db)
            .await
    })?)
}

/// Those of some paths that a reader reaches as they stand, with their references.
///
/// # Errors
/// [`ReadError`].
pub async fn reached(
    store: &ReadStore,
    reach: &Reach,
    ids: &[String],
) -> Result<HashMap<String, String>, ReadError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut handle = store.query().await?;
    let found: Vec<(String, String)> = on_engine!(handle.connection(), db => {
        let mut query = QueryBuilder::new(
            "SELECT c.aggregate_id, c.reference FROM case_status AS c WHERE c.aggregate_id IN (",
        );
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id);
        }
        query.push(")");
        if let Some(condition) = within(reach) {
            query.push(" AND ");
            push_condition(&mut query, &condition);
        }
        query.build_query_as().fetch_all(db).await
    })?;
    Ok(found.into_iter().collect())
}
