//! Which commands may be given now: the answer of the real decision, not of a table beside it.

use std::sync::Arc;

use sira_domain::catalogue::CommandEntry;
use sira_domain::jurisdiction::Ground;
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use uuid::Uuid;

use super::super::{Call, CommandError, Commands};
use super::Aggregate;

/// A command of the caller's role, and whether a stream takes it as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedCommand {
    /// The word in the route.
    pub word: &'static str,
    /// The stage that the command belongs to.
    pub stage: &'static str,
    /// The rule that forbids it, whatever its body says; none when it may be given. What its body says
    /// may break a rule all the same.
    pub refusal: Option<Refusal>,
}

/// The ground that a scope does not hold, as far as the stream and the command's word tell it.
fn out_of_reach<A: Aggregate>(
    entry: &CommandEntry,
    state: &A,
    programme: &Programme,
    call: &Call,
) -> Option<Refusal> {
    let needs = match state.standing_ground(entry, programme) {
        Some(ground) if !call.scope.holds(&ground) => ground,
        None if !call.scope.may_hold(entry.jurisdiction) => Ground::Everywhere,
        _ => return None,
    };
    Some(Refusal::OutsideReach { needs })
}

impl Commands {
    /// Every command of the caller's role that is given to a stream which has begun, in the order of
    /// the path, as the stream and its programme stand now.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], also of a stream that is out of reach; or the journal's.
    pub async fn allowed<A: Aggregate>(
        &self,
        id: Uuid,
        call: &Call,
    ) -> Result<Vec<AllowedCommand>, CommandError> {
        let fresh = self.0.journal.freshness().await?;
        let stream = self.since::<A>(&fresh, id).await?.ok_or(CommandError::NotFound)?;
        let programme = match stream.state.programme() {
            Some(programme) => {
                self.since::<Programme>(&fresh, programme).await?.map(|found| found.state.clone())
            }
            None => None,
        };
        let programme = programme.unwrap_or_else(Arc::default);
        if !stream.state.is_within(id, &call.scope, &programme) {
            return Err(CommandError::NotFound);
        }
        let context = self.context(id, &programme, call);
        let given = A::COMMANDS
            .iter()
            .filter(|entry| entry.word != A::FIRST && entry.roles.contains(&call.role));
        let allowed = given.map(|entry| AllowedCommand {
            word: entry.word,
            stage: entry.stage,
            refusal: out_of_reach(entry, &*stream.state, &programme, call)
                .or_else(|| stream.state.gate(entry.word, &context).err()),
        });
        Ok(allowed.collect())
    }
}
