//! What may be done with a stream now: each command of the caller's role, allowed or the rule that forbids
//! it, answered by the decision that a command meets.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::reference::Language;
use sira_domain::refusal::Refusal;
use uuid::Uuid;

use super::Resource;
use crate::commands::{Aggregate, AllowedCommand};
use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;

/// The commands of the caller's role on one stream.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AvailableCommands {
    /// The stream.
    id: Uuid,
    /// The commands, in the order of the path.
    commands: Vec<AvailableCommand>,
}

/// A command, and whether it may be given now.
#[derive(Debug, Serialize, JsonSchema)]
struct AvailableCommand {
    /// Its word in the route.
    command: &'static str,
    /// The stage that it belongs to; `any` for those of every stage.
    stage: &'static str,
    /// What it does, in the caller's language.
    label: &'static str,
    /// Whether it may be given now. What its body says may break a rule all the same.
    allowed: bool,
    /// The rule that forbids it, whatever its body says.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<ShownRefusal>,
}

/// A rule that forbids a command.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CommandRefusal")]
struct ShownRefusal {
    /// The rule's own word.
    rule: &'static str,
    /// The rule with its numbers, in the caller's language.
    detail: String,
    /// JSON pointer to the field of the body that it is about; empty for none.
    pointer: String,
}

impl ShownRefusal {
    fn of(refusal: &Refusal, language: Language) -> Self {
        Self { rule: refusal.rule(), detail: refusal.detail(language), pointer: refusal.pointer() }
    }
}

/// `GET /v1/{programmes,cohorts,funds}/{id}/commands`.
pub async fn commands<S: Resource>(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<Uuid>,
) -> Result<Unkept<AvailableCommands>, ApiError> {
    available::<S>(&app, &caller, id).await
}

/// What may be done with a stream now.
pub async fn available<A: Aggregate>(
    app: &App,
    caller: &Caller,
    id: Uuid,
) -> Result<Unkept<AvailableCommands>, ApiError> {
    let allowed = app.commands.allowed::<A>(id, &caller.bare_call()).await?;
    let language = caller.language();
    let commands = allowed.iter().map(|command| shown::<A>(command, language)).collect();
    Ok(Unkept(AvailableCommands { id, commands }))
}

fn shown<A: Aggregate>(command: &AllowedCommand, language: Language) -> AvailableCommand {
    let entry = A::COMMANDS.iter().find(|entry| entry.word == command.word);
    AvailableCommand {
        command: command.word,
        stage: command.stage,
        label: entry.map_or("", |entry| match language {
            Language::Fr => entry.about_fr,
            Language::En => entry.about_en,
        }),
        allowed: command.refusal.is_none(),
        refusal: command.refusal.as_ref().map(|refusal| ShownRefusal::of(refusal, language)),
    }
}
