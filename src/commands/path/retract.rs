//! Retracting many events of a path at once: what the withdrawal of an import needs.

use serde_json::Value;
use sira_domain::path::{Beneficiary, decide};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::super::pipeline::{Attempt, Pipeline, carry_out};
use super::super::{Call, CommandError, Commands};
use super::append::answer_of;
use super::{Decided, FoundPath, PathDraft, SealedCommand, entry_of};

/// Retractions of one path, on their way.
struct Retractions<'a> {
    commands: &'a Commands,
    id: Uuid,
    /// One of each event, the latest first.
    drafts: Vec<PathDraft>,
    sealed: Vec<SealedCommand>,
    call: &'a Call,
    only_judge: bool,
}

impl Commands {
    /// Retracts several events of one path, the last first, in one append; with `only_judge`
    /// nothing is written. Says how many were, or would be, retracted; those that are retracted
    /// already are passed over.
    ///
    /// # Errors
    /// Whatever forbids it; then none is retracted.
    pub async fn retract_all(
        &self,
        id: Uuid,
        sequences: &[Sequence],
        reason: &str,
        call: &Call,
        only_judge: bool,
    ) -> Result<u64, CommandError> {
        let entry = entry_of("retract")?;
        let mut latest_first = sequences.to_vec();
        latest_first.sort_unstable_by(|one, other| other.cmp(one));
        let body = |sequence: Sequence| {
            let fields =
                [("sequence", Value::from(sequence.get())), ("reason", Value::from(reason))];
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        let drafts = latest_first.into_iter().map(|sequence| PathDraft::new(entry, body(sequence)));
        let drafts = drafts.collect();
        let _turn = self.0.beneficiaries.turn(id).await;
        let (commands, sealed) = (self, Vec::new());
        let retractions = Retractions { commands, id, drafts, sealed, call, only_judge };
        carry_out(retractions).await.map(|answer| answer.events.len() as u64)
    }
}

impl Pipeline for Retractions<'_> {
    type Loaded = FoundPath;
    type Decided = Decided;

    fn commands(&self) -> &Commands {
        self.commands
    }

    fn call(&self) -> &Call {
        self.call
    }

    async fn load(&mut self) -> Result<FoundPath, CommandError> {
        self.commands.find(self.id).await
    }

    async fn decide(&mut self, case: &FoundPath) -> Result<Decided, CommandError> {
        let mut before = std::mem::take(&mut self.sealed).into_iter();
        for draft in &self.drafts {
            let sealed = self.commands.seal(draft, case, before.next()).await?;
            self.sealed.push(sealed);
        }
        let context = self.commands.context(case.id, &case.programme.state, self.call);
        let mut path = Beneficiary::clone(&case.path.state);
        let (mut events, mut guards) = (Vec::new(), Vec::new());
        for sealed in &self.sealed {
            let known = self.commands.know(case, sealed, &context).await?;
            guards.extend(known.guards);
            for event in decide(&path, known.command, &context)? {
                path.take(event.clone());
                events.push(event);
            }
        }
        let conditional = self.commands.write_to_neighbour(case, &events, self.call).await?;
        Ok(Decided { events, conditional, guards, warnings: Vec::new() })
    }

    async fn append(&mut self, case: FoundPath, decided: Decided) -> Result<Attempt, CommandError> {
        if self.only_judge || decided.events.is_empty() {
            return Ok(Attempt::Done(answer_of(&case, &decided.events, None)));
        }
        self.commands.store(&case, decided, None, self.call).await
    }

    async fn is_current(&self, case: &FoundPath) -> Result<bool, CommandError> {
        self.commands.stands(case).await
    }
}
