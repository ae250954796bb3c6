//! The list of tokens.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::error::ApiError;
use crate::http::contract::query::Query;
use crate::token::{IssuedToken, LIST_PAGE};

/// Which page of the list.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Asked {
    /// `next` of the page before.
    before: Option<Uuid>,
}

/// A page of tokens.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TokenPage")]
pub struct Tokens {
    /// The tokens, newest first.
    tokens: Vec<IssuedToken>,
    /// Where the next page begins; nothing on the last one.
    #[schemars(with = "Option<Uuid>")]
    next: Option<String>,
}

/// `GET /v1/tokens`.
pub async fn list(State(app): State<App>, asked: Query<Asked>) -> Result<Unkept<Tokens>, ApiError> {
    let tokens = app.tokens.list(asked.before).await?;
    // A full page may be the last one; the next is then empty.
    let next = tokens.last().filter(|_| tokens.len() == LIST_PAGE);
    let next = next.map(|token| token.token_id.clone());
    Ok(Unkept(Tokens { tokens, next }))
}
