//! The answer to a command.

use uuid::Uuid;

use super::CommandError;
use super::aggregate::Aggregate;
use super::cache::Loaded;
use crate::journal::{JournalError, StoredAnswer};
use crate::read_side::Duplicate;

/// The answer to a command that was carried out.
#[derive(
    Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Answer {
    /// The stream's id.
    pub id: Uuid,
    /// The beneficiary's reference, when the command gave or needed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The stream's version after the command: the sequence of its last event.
    pub version: u64,
    /// The position in the journal of the command's last event.
    pub position: u64,
    /// Types of the events appended.
    pub events: Vec<String>,
    /// Whether it had already happened, so that nothing was appended.
    pub already_done: bool,
    /// Paths that may be the same person's, when the command told who somebody is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<Duplicate>,
    /// Whether this is the answer of an earlier request with the same idempotency key.
    #[serde(skip)]
    pub replayed: bool,
}

impl Answer {
    /// The answer before the append: on the stream as it was found, with the types of the events
    /// that the command leads to; none when it had already happened.
    pub(super) fn of<A: Aggregate>(id: Uuid, found: &Loaded<A>, events: Vec<String>) -> Self {
        Self {
            id,
            reference: None,
            version: found.state.version(),
            position: found.position,
            already_done: events.is_empty(),
            events,
            duplicates: Vec::new(),
            replayed: false,
        }
    }

    /// The text that is kept under an idempotency key.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The answer that an idempotency key was given first.
    pub(super) fn replayed(stored: &StoredAnswer) -> Result<Self, CommandError> {
        let answer: Self =
            serde_json::from_str(&stored.answer).map_err(|_| JournalError::Inconsistent {
                table: "requests",
                id: stored.position.to_string(),
                problem: "the stored answer cannot be read".to_owned(),
            })?;
        let version = if stored.version == 0 { answer.version } else { stored.version };
        Ok(Self { version, position: stored.position, replayed: true, ..answer })
    }
}
