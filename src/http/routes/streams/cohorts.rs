//! Cohorts.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use sira_domain::cohort::Cohort;
use sira_numbers::Position;
use uuid::Uuid;

use super::{Place, Resource};
use crate::commands::{Answer, Call, CommandError, Commands, REGISTER_COMMANDS};
use crate::http::contract::access::Access::Roles;
use crate::http::contract::access::COHORT_READERS;
use crate::http::contract::endpoint::Tag;

/// A cohort as it is shown.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CohortStatus")]
pub struct ShownCohort {
    /// Its state.
    #[serde(flatten)]
    state: Cohort,
    /// Its id.
    id: Uuid,
    /// Position of its last event.
    position: Position,
    /// Seats that are taken.
    seats_taken: u32,
    /// Seats that are left.
    seats_free: u32,
}

impl Resource for Cohort {
    const PLACE: Place = Place {
        tag: Tag("cohorts"),
        collection: "/v1/cohorts",
        item: ("/v1/cohorts/{id}", Roles(COHORT_READERS)),
        history: "/v1/cohorts/{id}/history",
        commands: "/v1/cohorts/{id}/commands",
        ids: ["get-cohort", "get-cohort-history", "list-cohort-commands"],
        summary: "A cohort: plan, sessions, members, free seats.",
    };
    type Shown = ShownCohort;

    fn derived(&self, shown: &mut Map<String, Value>) {
        let seats = self.plan.as_ref().map_or(0, |plan| plan.capacity.get() as usize);
        shown.insert("seats_taken".into(), self.members.len().into());
        shown.insert("seats_free".into(), seats.saturating_sub(self.members.len()).into());
    }

    async fn carry_out(
        commands: &Commands,
        id: Uuid,
        word: &str,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        if let Some(word) = REGISTER_COMMANDS.into_iter().find(|known| *known == word) {
            return commands.record_register(id, word, body, call).await;
        }
        commands.command::<Self>(id, word, body, call).await
    }
}
