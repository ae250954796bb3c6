//! Withdrawing a whole import: every event of the batch is retracted, or none is.

use std::collections::BTreeMap;

use sira_domain::reference::Language;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use sira_numbers::Sequence;
use uuid::Uuid;

use crate::commands::{Call, CommandError, Commands};
use crate::journal::JournalError;

/// The extent of a withdrawal that was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchWithdrawal {
    /// The number of paths with a retracted event.
    pub paths: u64,
    /// The number of events retracted.
    pub events: u64,
}

/// A path on which later events rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedOn {
    /// The id of the path.
    pub id: Uuid,
    /// The rule that keeps the batch from being taken out of it, in words.
    pub because: String,
}

/// A batch that was not withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// No event carries this batch.
    #[error("no event carries this batch")]
    NoSuchBatch,
    /// Paths have moved on; nothing was retracted.
    #[error("{} paths have moved on since", .0.len())]
    MovedOn(Vec<MovedOn>),
    /// The journal or the key store failed.
    #[error(transparent)]
    Failed(#[from] CommandError),
}

/// Retracts every event of a batch that is not retracted yet.
///
/// All paths are judged before the first is touched; then each path's retractions are one append. A
/// crash leaves some paths withdrawn and some not: running it again completes it.
///
/// # Errors
/// [`WithdrawError`].
pub async fn withdraw(
    commands: &Commands,
    batch: &str,
    reason: &str,
    actor: ActorId,
    language: Language,
) -> Result<BatchWithdrawal, WithdrawError> {
    let events = commands.journal().read_batch(batch).await.map_err(failed)?;
    let mut paths: BTreeMap<Uuid, Vec<Sequence>> = BTreeMap::new();
    for event in &events {
        paths.entry(event.stream.aggregate_id).or_default().push(event.sequence);
    }
    if paths.is_empty() {
        return Err(WithdrawError::NoSuchBatch);
    }
    let call = Call::local(actor, Role::Director, format!("withdraw-{batch}"));
    let mut moved_on = Vec::new();
    for (id, sequences) in &paths {
        match commands.retract_all(*id, sequences, reason, &call, true).await {
            Ok(_) => {}
            Err(CommandError::Refused(refusal)) => {
                moved_on.push(MovedOn { id: *id, because: refusal.detail(language) });
            }
            Err(error) => return Err(error.into()),
        }
    }
    if !moved_on.is_empty() {
        return Err(WithdrawError::MovedOn(moved_on));
    }
    let mut done = BatchWithdrawal::default();
    for (id, sequences) in &paths {
        done.events += commands.retract_all(*id, sequences, reason, &call, false).await?;
        done.paths += 1;
    }
    Ok(done)
}

fn failed(error: JournalError) -> WithdrawError {
    WithdrawError::Failed(error.into())
}
