//! Commands on a programme, a cohort or a fund.

use axum::extract::State;
use sira_domain::catalogue::CommandEntry;
use sira_numbers::Version;
use uuid::Uuid;

use super::Resource;
use crate::commands::Answer;
use crate::http::App;
use crate::http::contract::answer::{Begun, Done};
use crate::http::contract::caller::Caller;
use crate::http::contract::endpoint::Endpoint;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{JsonBody, Named};

/// The route of the command that begins a stream.
pub fn beginning<S: Resource>(entry: &'static CommandEntry) -> Endpoint {
    Endpoint::command(S::PLACE.collection, entry, begin::<S>)
}

async fn begin<S: Resource>(
    State(app): State<App>,
    caller: Caller,
    body: JsonBody,
) -> Result<Begun, ApiError> {
    let answer = begin_stream::<S>(&app, &caller, body).await?;
    Ok(Begun { answer, collection: S::PLACE.collection })
}

/// Begins a stream.
pub async fn begin_stream<S: Resource>(
    app: &App,
    caller: &Caller,
    body: JsonBody,
) -> Result<Answer, ApiError> {
    let collection = S::PLACE.collection;
    let if_match = caller.version_to_demand(Version::ZERO)?;
    let mut call = caller.call(app, &format!("POST {collection}"), &body.bytes).await?;
    call.if_match = if_match;
    let answer = app.commands.begin::<S>(body.object, call).await;
    app.metrics.count_command(S::FIRST, answer.is_ok());
    Ok(answer?)
}

/// The route of any other command.
pub fn commanding<S: Resource>(entry: &'static CommandEntry) -> Endpoint {
    let word = entry.word;
    let handler = async move |app: State<App>, caller: Caller, id: Named<Uuid>, body: JsonBody| {
        command::<S>(app, caller, id, word, body).await
    };
    Endpoint::command(format!("{}/{{id}}/commands/{word}", S::PLACE.collection), entry, handler)
}

async fn command<S: Resource>(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<Uuid>,
    word: &'static str,
    body: JsonBody,
) -> Result<Done, ApiError> {
    Ok(Done(give::<S>(&app, &caller, (id, word), body).await?))
}

/// Gives a command on a stream.
pub async fn give<S: Resource>(
    app: &App,
    caller: &Caller,
    (id, word): (Uuid, &'static str),
    body: JsonBody,
) -> Result<Answer, ApiError> {
    let mut call = caller.call(app, &format!("POST {id} {word}"), &body.bytes).await?;
    if caller.if_match().is_some() {
        let current = app.commands.current::<S>(id).await?;
        let version = current.map_or(Version::ZERO, |stream| stream.state.version());
        call.if_match = caller.version_to_demand(version)?;
    }
    let answer = S::carry_out(&app.commands, id, word, body.object, call).await;
    app.metrics.count_command(word, answer.is_ok());
    Ok(answer?)
}
