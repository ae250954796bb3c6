//! Taking a lottery or a ranked list back. Who was selected by it is said in the paths, and not in the programme: they are asked
//! before the programme is.

use serde_json::{Map, Value};
use sira_domain::path::Fact;
use sira_domain::programme::Programme;
use sira_domain::refusal::{Item, Refusal};
use sira_domain::values::Slug;
use sira_numbers::Sequence;
use uuid::Uuid;

use super::answer::Answer;
use super::{Call, CommandError, Commands};

impl Commands {
    /// Takes back an event of a programme that was recorded in error.
    ///
    /// # Errors
    /// Whatever forbids it; of a lottery or a ranked list, a decision of selection that names it. A decision that is recorded
    /// between this question and the append is not seen: see decision 24.
    pub async fn retract_in_programme(
        &self,
        id: Uuid,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let sequence = body.get("sequence").and_then(Value::as_u64);
        let sequence = sequence.and_then(|sequence| Sequence::try_new(sequence).ok());
        if let (Some(sequence), Some(programme)) = (sequence, self.current::<Programme>(id).await?)
            && let Some((session, listed, is_draw)) = programme.state.list_at(sequence)
        {
            self.check_selected_by(session, listed, is_draw).await?;
        }
        self.command::<Programme>(id, "retract", body, call).await
    }

    async fn check_selected_by(
        &self,
        session: &Slug,
        listed: &[Uuid],
        is_draw: bool,
    ) -> Result<(), CommandError> {
        for path in self.paths_now(listed).await?.values() {
            let decided = path.state.standing().find(|(_, event)| {
                matches!(&event.fact, Fact::SelectionDecided(selection)
                    if selection.session == *session && (selection.method.code() == "lottery") == is_draw)
            });
            if let Some((sequence, event)) = decided {
                let name = session.to_string();
                let item = if is_draw { Item::Lottery } else { Item::RankedList };
                let because = Refusal::Unknown { item, name, field: "session" };
                let (event, because) = (event.fact.event_type(), Box::new(because));
                return Err(Refusal::RestsOn { sequence, event, because }.into());
            }
        }
        Ok(())
    }
}
