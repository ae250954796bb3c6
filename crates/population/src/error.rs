//! Why a population was not generated.

use sira_domain::reference::UnknownCode;
use sira_domain::refusal::Refusal;
use sira_domain::values::ValueError;
use sira_journal::JournalError;
use sira_numbers::Position;

use crate::keys::KeyFailure;

/// Why a population was not generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The journal holds something else: invented people are never mixed with real ones.
    #[error("the journal holds {position} events that were not generated as this population")]
    NotEmpty {
        /// Its last position.
        position: Position,
    },
    /// A generation was begun here and did not end.
    #[error("a generation was begun in this journal and did not end")]
    Unfinished,
    /// Another population was generated here.
    #[error("the journal holds another generated population: {found}")]
    OtherPopulation {
        /// The one that is there.
        found: String,
    },
    /// The programme itself was refused something that everything rests on.
    #[error("{word} was refused: {refusal}")]
    Refused {
        /// The command.
        word: &'static str,
        /// The rule.
        refusal: Refusal,
    },
    /// Something was not recorded although nobody else may write.
    #[error("an append was not recorded: {0}")]
    NotRecorded(String),
    /// The model holds a value that the domain does not take.
    #[error("the model holds a value that the domain refuses")]
    Value(#[from] ValueError),
    /// The model holds a code that no list has.
    #[error("the model holds a code that no list has")]
    Code(#[from] UnknownCode),
    /// The journal failed.
    #[error("the journal failed")]
    Journal(#[from] JournalError),
    /// The key store failed.
    #[error("the key store failed")]
    Keys(#[source] KeyFailure),
    /// The other half of the work ended first.
    #[error("the simulation was stopped")]
    Stopped,
}
