//! The list of tokens.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::grant::{KnownPlaces, Scope};
use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::query::Query;
use crate::token::{IssuedToken, LIST_PAGE};

/// Which page of the list.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedTokens {
    /// `next` of the page before.
    before: Option<Uuid>,
}

/// A page of tokens.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TokenPage")]
pub struct TokenPage {
    /// The tokens that reach nothing beyond the caller's own reach, newest first; a page may hold fewer
    /// than it looked at, and none.
    tokens: Vec<IssuedToken>,
    /// Where the next page begins; nothing on the last one.
    #[schemars(with = "Option<Uuid>")]
    next: Option<String>,
}

/// `GET /v1/tokens`.
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Query<AskedTokens>,
) -> Result<Unkept<TokenPage>, ApiError> {
    let page = app.tokens.list(asked.before).await?;
    // A full page may be the last one; the next is then empty.
    let next = page.last().filter(|_| page.len() == LIST_PAGE as usize);
    let next = next.map(|token| token.token_id.clone());
    let known = app.commands.known_places().await?;
    let mut tokens = Vec::new();
    for token in page {
        if is_within(&caller, &token, &known) {
            tokens.push(token);
        }
    }
    Ok(Unkept(TokenPage { tokens, next }))
}

/// Whether a token reaches nothing that its keeper does not. One of an older form, which reaches nothing,
/// is for those who reach everything.
pub fn is_within(caller: &Caller, token: &IssuedToken, known: &KnownPlaces) -> bool {
    let own = &caller.grant.scope;
    match serde_json::from_str::<Scope>(&token.scope) {
        Ok(scope) => own.covers(&scope, known),
        Err(_) => *own == Scope::All,
    }
}
