//! The answer to a command.

use sira_domain::path::{BeneficiaryEvent, warnings};
use sira_domain::programme::Programme;
use sira_domain::reference::Language;
use sira_numbers::{Position, Version};
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
    pub version: Version,
    /// The position in the journal of the command's last event.
    pub position: Position,
    /// Types of the events appended.
    pub events: Vec<String>,
    /// Whether it had already happened, so that nothing was appended.
    pub already_done: bool,
    /// Paths that may be the same person's, when the command told who somebody is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<Duplicate>,
    /// Whether nobody has looked for such paths yet: the search was out of reach, or too many people are registered
    /// at once. The worklist of duplicates will show them. Left out when somebody has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub duplicates_to_follow: bool,
    /// What was taken though it looks wrong, and should be looked at again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<CommandWarning>,
    /// Whether this is the answer of an earlier request with the same idempotency key.
    #[serde(skip)]
    pub replayed: bool,
}

/// What was taken though it looks wrong. It says nothing of the person.
#[derive(
    Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct CommandWarning {
    /// JSON pointer to the field (RFC 6901).
    pub pointer: String,
    /// The rule's word.
    pub rule: String,
    /// What looks wrong, with the numbers.
    pub text: InBothLanguages,
}

/// A sentence for readers of either language: an answer is kept under its key whoever asks again.
#[derive(
    Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct InBothLanguages {
    /// In French.
    pub fr: String,
    /// In English.
    pub en: String,
}

impl CommandWarning {
    /// A national id of another form than those that are given out.
    pub(super) fn of_nina() -> Self {
        let text = InBothLanguages {
            fr: "le numéro NINA n'a pas la forme habituelle, 14 chiffres et une lettre ; il ne \
                 sert pas à reconnaître la personne"
                .to_owned(),
            en: "the national id does not have the usual form, 14 digits and a letter; nobody is \
                 recognised by it"
                .to_owned(),
        };
        Self { pointer: "/identity/nina".to_owned(), rule: "nina_form".to_owned(), text }
    }

    /// What an event tells that its rules do not hold plausible.
    pub(super) fn of_event(event: &BeneficiaryEvent, programme: &Programme) -> Vec<Self> {
        let shown = warnings(event, programme).into_iter().map(|warning| Self {
            pointer: format!("/{}", warning.field.replace('.', "/")),
            rule: warning.rule.to_owned(),
            text: InBothLanguages {
                fr: warning.text(Language::Fr),
                en: warning.text(Language::En),
            },
        });
        shown.collect()
    }
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
            duplicates_to_follow: false,
            warnings: Vec::new(),
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
        let version = if stored.version == Version::ZERO { answer.version } else { stored.version };
        Ok(Self { version, position: stored.position, replayed: true, ..answer })
    }
}
