//! Whether a paper is genuine.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::path::Beneficiary;
use sira_domain::values::Xof;

use super::code::PaperCode;
use super::handed::{PaperKind, amount_of, stands};
use crate::commands::{CommandError, Commands};

/// A paper whose code is genuine: what kind it is, of which day and amount, and nothing of anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckedPaper {
    /// What it is.
    pub kind: PaperKind,
    /// Day of the fact that it is of.
    pub occurred_on: NaiveDate,
    /// The amount of a receipt in whole francs: it is what a forged one would change.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "Xof")]
    pub amount: Option<Xof>,
    /// Whether that fact still stands: it was not retracted, the payment not undone, the financing not cancelled.
    pub stands: bool,
}

/// The paper of a code; none where nobody has given that code out.
///
/// # Errors
/// When the journal or the key store cannot be read.
pub async fn check(
    commands: &Commands,
    code: PaperCode,
) -> Result<Option<CheckedPaper>, CommandError> {
    let Some(position) = code.position(commands.keys())? else { return Ok(None) };
    let journal = commands.journal();
    let found = journal.read_feed(position.before(), 1).await?.pop();
    let Some(event) = found.filter(|event| event.position == position) else { return Ok(None) };
    if event.stream.aggregate_type != Beneficiary::TYPE {
        return Ok(None);
    }
    let own = PaperCode::of(commands.keys(), journal.id(), &event)?;
    if !own.is_some_and(|own| own.is_same_as(code)) {
        return Ok(None);
    }
    let id = event.stream.aggregate_id;
    let Some(path) = commands.current_beneficiary(id).await? else { return Ok(None) };
    let own = event.sequence.index().and_then(|index| path.state.past().get(index));
    let Some(own) = own else { return Ok(None) };
    Ok(PaperKind::of(&own.fact).map(|kind| CheckedPaper {
        kind,
        occurred_on: own.occurred_on,
        amount: amount_of(&own.fact),
        stands: stands(&path.state, event.sequence),
    }))
}
