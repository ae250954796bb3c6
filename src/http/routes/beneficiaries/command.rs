//! Commands on a path.

use axum::extract::State;
use sira_domain::catalogue::CommandEntry;
use sira_numbers::Version;
use uuid::Uuid;

use super::PATH;
use super::find::find_id;
use crate::commands::Answer;
use crate::http::App;
use crate::http::contract::answer::{Begun, Done};
use crate::http::contract::caller::Caller;
use crate::http::contract::endpoint::Endpoint;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{JsonBody, Named};

/// The route of the command that begins a path.
pub fn registering(entry: &'static CommandEntry) -> Endpoint {
    Endpoint::command(PATH, entry, register)
}

async fn register(
    State(app): State<App>,
    caller: Caller,
    body: JsonBody,
) -> Result<Begun, ApiError> {
    let answer = begin(&app, &caller, body).await?;
    Ok(Begun { answer, collection: PATH })
}

/// Registers a person.
pub async fn begin(app: &App, caller: &Caller, body: JsonBody) -> Result<Answer, ApiError> {
    let if_match = caller.version_to_demand(Version::ZERO)?;
    let mut call = caller.call(app, &format!("POST {PATH}"), &body.bytes).await?;
    call.if_match = if_match;
    let answer = app.commands.register(None, body.object, call).await;
    app.metrics.count_command("register", answer.is_ok());
    Ok(answer?)
}

/// The route of any other command.
pub fn commanding(entry: &'static CommandEntry) -> Endpoint {
    let word = entry.word;
    let handler =
        async move |app: State<App>, caller: Caller, id: Named<String>, body: JsonBody| {
            command(app, caller, id, word, body).await
        };
    Endpoint::command(format!("{PATH}/{{id}}/commands/{word}"), entry, handler)
}

async fn command(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    word: &'static str,
    body: JsonBody,
) -> Result<Done, ApiError> {
    let id = find_id(&app, &id).await?;
    Ok(Done(give(&app, &caller, (id, word), body).await?))
}

/// Gives a command on a path.
pub async fn give(
    app: &App,
    caller: &Caller,
    (id, word): (Uuid, &'static str),
    body: JsonBody,
) -> Result<Answer, ApiError> {
    let mut call = caller.call(app, &format!("POST {id} {word}"), &body.bytes).await?;
    if caller.if_match().is_some() {
        let current = app.commands.current_beneficiary(id).await?;
        let version = current.map_or(Version::ZERO, |path| path.state.version());
        call.if_match = caller.version_to_demand(version)?;
    }
    let answer = app.commands.command_beneficiary(id, word, body.object, call).await;
    app.metrics.count_command(word, answer.is_ok());
    Ok(answer?)
}
