//! Who read a person's data: every reading of an identity or a history leaves an entry.

use chrono::{DateTime, Utc};
use sira_database::on_engine;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::journal::{Journal, JournalError, Stamp, StreamId};

/// One reading.
pub struct AccessEntry<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub actor: &'a ActorId,
    /// In which role.
    pub role: Role,
    /// What was read: `identity`, `history`, a `document`; or how somebody was found: `search` by name
    /// or phone, `duplicate` as a likely duplicate; a `paper` that was printed; an `application` of somebody without an account;
    /// `exact_figures` for a question of an analyst to whom
    /// they were granted.
    pub action: &'static str,
    /// Whose.
    pub stream: StreamId,
    /// In which request.
    pub request_id: &'a str,
}

/// Entries of one statement: eight values each stay below what either engine binds.
const ENTRIES_PER_STATEMENT: usize = 1_000;

/// Records a reading; durable when it returns. A crash before that leaves nothing, and nothing has
/// been shown.
///
/// # Errors
/// When the database cannot be written.
pub async fn record_access(journal: &Journal, entry: &AccessEntry<'_>) -> Result<(), JournalError> {
    record_accesses(journal, std::slice::from_ref(entry)).await
}

/// Records the readings of a list: one entry a person. As [`record_access`].
///
/// # Errors
/// When the database cannot be written.
pub async fn record_accesses(
    journal: &Journal,
    entries: &[AccessEntry<'_>],
) -> Result<(), JournalError> {
    for some in entries.chunks(ENTRIES_PER_STATEMENT) {
        let _turn = journal.pool().turn().await;
        on_engine!(journal.pool(), pool => {
            let mut insert = QueryBuilder::new(
                "INSERT INTO access_log \
                 (entry_id, at, actor, role, action, aggregate_type, aggregate_id, request_id) ",
            );
            insert.push_values(some, |mut row, entry| {
                row.push_bind(Uuid::now_v7().to_string())
                    .push_bind(Stamp(entry.at))
                    .push_bind(entry.actor.as_str())
                    .push_bind(entry.role.word())
                    .push_bind(entry.action)
                    .push_bind(entry.stream.aggregate_type.to_string())
                    .push_bind(entry.stream.aggregate_id.to_string())
                    .push_bind(entry.request_id);
            });
            insert.build().execute(pool).await.map(drop)
        })
        .map_err(JournalError::Database)?;
    }
    Ok(())
}
