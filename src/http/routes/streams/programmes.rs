//! Programmes.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use sira_domain::programme::Programme;
use sira_domain::values::Period;
use sira_numbers::Position;
use uuid::Uuid;

use super::{Place, Resource};
use crate::commands::{Answer, Call, CommandError, Commands};
use crate::http::contract::access::Access;
use crate::http::contract::endpoint::Tag;

/// A programme as it is shown.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProgrammeStatus")]
pub struct ShownProgramme {
    /// Its state.
    #[serde(flatten)]
    state: Programme,
    /// Its id.
    id: Uuid,
    /// Position of its last event.
    position: Position,
    /// The convention's term with its renewals; nothing before it is signed.
    term: Option<Period>,
}

impl Resource for Programme {
    const PLACE: Place = Place {
        tag: Tag("programmes"),
        collection: "/v1/programmes",
        item: ("/v1/programmes/{id}", Access::AnyRole),
        history: "/v1/programmes/{id}/history",
        commands: "/v1/programmes/{id}/commands",
        ids: ["get-programme", "get-programme-history", "list-programme-commands"],
        summary: "A programme: convention, term, rules, targets, offices.",
    };
    type Shown = ShownProgramme;

    fn derived(&self, shown: &mut Map<String, Value>) {
        shown.insert("term".into(), serde_json::to_value(self.term()).unwrap_or_default());
    }

    async fn carry_out(
        commands: &Commands,
        id: Uuid,
        word: &str,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        if word == "retract" {
            return commands.retract_in_programme(id, body, call).await;
        }
        commands.command::<Self>(id, word, body, call).await
    }
}
