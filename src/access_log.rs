//! Who read a person's data: every reading of an identity or a history leaves an entry.

use chrono::{DateTime, Utc};
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use uuid::Uuid;

use crate::journal::{Journal, JournalError, Stamp, StreamId, on_pool};

/// One reading.
pub struct AccessEntry<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub actor: &'a ActorId,
    /// In which role.
    pub role: Role,
    /// What was read: `identity` or `history`.
    pub action: &'static str,
    /// Whose.
    pub stream: StreamId,
    /// In which request.
    pub request_id: &'a str,
}

/// Records a reading; durable when it returns. A crash before that leaves nothing, and nothing has
/// been shown.
///
/// # Errors
/// When the database cannot be written.
pub async fn record_access(journal: &Journal, entry: &AccessEntry<'_>) -> Result<(), JournalError> {
    on_pool!(journal.pool(), pool => {
        sqlx::query(
            "INSERT INTO access_log (entry_id, at, actor, role, action, aggregate_type, aggregate_id, request_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(Stamp(entry.at))
        .bind(entry.actor.as_str())
        .bind(entry.role.word())
        .bind(entry.action)
        .bind(entry.stream.aggregate_type.as_ref())
        .bind(entry.stream.aggregate_id.to_string())
        .bind(entry.request_id)
        .execute(pool)
        .await
        .map(drop)
    })
    .map_err(JournalError::Database)
}
