//! What the parties of conventions have committed themselves to and not kept yet.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use sira_domain::values::ProgrammeId;
use sira_projections::lists::{
    self, COMMITMENTS, CommitmentItem, CommitmentPlace, CommitmentQuestion, OFFICES,
};

use super::{read_numbered, today};
use crate::http::App;
use crate::http::contract::answer::{Page, Read};
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::paging::{Cursor, Limit, page_limit};
use crate::http::contract::query::Query;
use crate::http::contract::reading;

/// Which commitments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedCommitments {
    /// The programme.
    programme: Option<ProgrammeId>,
    /// Those alone whose day is past.
    #[serde(default)]
    overdue: bool,
    /// Items of the page.
    #[serde(default = "page_limit")]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[expect(dead_code, reason = "it is read with the question that it belongs to")]
    cursor: Option<Cursor>,
}

/// `GET /v1/worklists/commitments`: of the programmes that the caller's list of programmes shows.
pub async fn commitments(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<AskedCommitments>,
) -> Result<Read<Page<CommitmentItem>>, ApiError> {
    let reach = caller.grant.scope.reach();
    let question = CommitmentQuestion {
        programme: asked.programme.map(|programme| programme.0),
        overdue: asked.overdue,
        today: today(&app),
        reach: &reach,
        after: asked.place_of(read_commitment)?,
        limit: asked.limit.get(),
    };
    let position = reading::arrive(&app, min, &[COMMITMENTS, OFFICES]).await?;
    let page = lists::commitments(&app.read, &question).await?;
    let next = page.next.map(|at| format!("{} {} {}", at.due_on, at.programme, at.commitment));
    let next_cursor = next.map(|place| asked.cursor_to(&place));
    Ok(Read { body: Page { items: page.items, next_cursor }, position })
}

fn read_commitment(text: &str) -> Option<CommitmentPlace> {
    let (due_on, programme, commitment) = read_numbered(text)?;
    Some(CommitmentPlace { due_on, programme, commitment })
}
