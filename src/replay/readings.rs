//! Who read whom: what the access log says, newest first.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use sira_database::on_engine;
use sira_domain::reference::Language;
use sqlx::FromRow;

use crate::journal::{Journal, JournalError, Stamp, StreamId};
use sira_evidence::leaf::time_text;

/// What may be read of a person, by its word in the access log.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("identity", "Identité", "Identity"),
    ("history", "Historique", "History"),
    ("document", "Document", "Document"),
    ("search", "Recherche par nom ou téléphone", "Search by name or phone"),
    ("duplicate", "Doublon probable", "Likely duplicate"),
    ("application", "Candidature", "Application"),
    ("evidence", "Preuve du parcours", "Evidence of the path"),
    ("access", "Registre des consultations", "Record of readings"),
    ("person", "Tout ce qui est détenu", "Everything held"),
    ("paper", "Attestation, reçu ou convention", "Certificate, receipt or agreement"),
    ("exact_figures", "Chiffres exacts", "Exact figures"),
];

/// One reading, as the log holds it.
#[derive(Clone, Debug, FromRow)]
pub struct Reading {
    /// Its id.
    pub entry_id: String,
    /// When.
    pub at: Stamp,
    /// By whom.
    pub actor: String,
    /// In which role.
    pub role: String,
    /// What was read.
    pub action: String,
    /// The kind of stream.
    pub aggregate_type: Option<String>,
    /// Whose.
    pub aggregate_id: Option<String>,
    /// In which request.
    pub request_id: String,
}

/// A reading of one person, as it is shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Reading")]
pub struct ShownReading {
    /// When.
    pub at: String,
    /// By whom.
    pub actor: String,
    /// In which role.
    pub role: String,
    /// What was read.
    pub action: String,
    /// What that is called.
    pub label: String,
    /// In which request.
    pub request_id: String,
}

/// A place in the order of readings: of one moment those with a lower id come later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingPlace {
    /// The moment.
    pub at: DateTime<Utc>,
    /// The entry's id.
    pub entry_id: String,
}

impl Reading {
    /// Its place.
    #[must_use]
    pub fn place(&self) -> ReadingPlace {
        ReadingPlace { at: self.at.0, entry_id: self.entry_id.clone() }
    }

    /// As it is shown to a reader of a language.
    #[must_use]
    pub fn shown(&self, language: Language) -> ShownReading {
        ShownReading {
            at: time_text(self.at.0),
            actor: self.actor.clone(),
            role: self.role.clone(),
            action: self.action.clone(),
            label: action_label(&self.action, language).to_owned(),
            request_id: self.request_id.clone(),
        }
    }
}

/// What a way of reading is called; its own word when it has no name.
#[must_use]
pub fn action_label(action: &str, language: Language) -> &str {
    let known = ACTIONS.iter().find(|(word, ..)| *word == action);
    known.map_or(action, |(_, fr, en)| match language {
        Language::Fr => fr,
        Language::En => en,
    })
}

/// Later than any time that a clock of ours shows.
pub(super) fn end_of_time() -> DateTime<Utc> {
    DateTime::from_timestamp(253_402_300_799, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Who read a stream, newest first: at most `limit` readings before a place.
///
/// # Errors
/// [`JournalError::Database`].
pub async fn readings_of(
    journal: &Journal,
    stream: &StreamId,
    before: Option<&ReadingPlace>,
    limit: u32,
) -> Result<Vec<Reading>, JournalError> {
    let at = Stamp(before.map_or_else(end_of_time, |place| place.at));
    Ok(on_engine!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT entry_id, at, actor, role, action, aggregate_type, aggregate_id, request_id \
             FROM access_log WHERE aggregate_id = $1 AND aggregate_type = $2 \
             AND at <= $3 AND (at < $3 OR entry_id < $4) \
             ORDER BY at DESC, entry_id DESC LIMIT $5",
        )
        .bind(stream.aggregate_id.to_string())
        .bind(stream.aggregate_type.as_ref())
        .bind(at)
        .bind(before.map_or("", |place| place.entry_id.as_str()))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
    })?)
}

/// What somebody read since a time, newest first: at most `limit` readings before a place.
///
/// # Errors
/// [`JournalError::Database`].
pub async fn readings_by(
    journal: &Journal,
    actor: &str,
    from: DateTime<Utc>,
    before: &ReadingPlace,
    limit: u32,
) -> Result<Vec<Reading>, JournalError> {
    Ok(on_engine!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT entry_id, at, actor, role, action, aggregate_type, aggregate_id, request_id \
             FROM access_log WHERE actor = $1 AND at >= $2 \
             AND at <= $3 AND (at < $3 OR entry_id < $4) \
             ORDER BY at DESC, entry_id DESC LIMIT $5",
        )
        .bind(actor)
        .bind(Stamp(from))
        .bind(Stamp(before.at))
        .bind(before.entry_id.as_str())
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
    })?)
}
