//! What a member of the staff did. Looking at it opens nobody's data, and leaves no entry.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_domain::values::ActorId;
use sira_projections::lists::OFFICES;

use super::super::beneficiaries::CASES;
use crate::http::App;
use crate::http::contract::answer::Read;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::moment::Day;
use crate::http::contract::paging::{Cursor, Limit, page_limit};
use crate::http::contract::query::Query;
use crate::http::contract::reading::arrive;
use crate::replay::activity::{self, ActivityQuestion, DeedPlace, ShownDeed, after, beginning_of};

/// Whose deeds, and which page.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedDeeds {
    /// Who, by the name in their token.
    actor: ActorId,
    /// Recorded on this day (UTC) or later.
    from: Option<Day>,
    /// Recorded on this day (UTC) or before.
    to: Option<Day>,
    /// Items of the page.
    #[serde(default = "page_limit")]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[expect(dead_code, reason = "it is read with the question that it belongs to")]
    cursor: Option<Cursor>,
}

/// Deeds of one member of the staff.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Activity {
    /// Who.
    actor: ActorId,
    /// The deeds, newest first.
    items: Vec<ShownDeed>,
    /// Where the next page begins; nothing on the last one.
    next_cursor: Option<String>,
}

/// `GET /v1/activity`.
pub async fn activity(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<AskedDeeds>,
) -> Result<Read<Activity>, ApiError> {
    let question = ActivityQuestion {
        actor: &asked.actor,
        from: asked.from.map(|day| beginning_of(day.0)),
        before: asked.to.map(|day| after(day.0)),
        scope: &caller.grant.scope,
        after: asked.place_of(DeedPlace::read)?,
        limit: asked.limit.get() as usize,
        language: caller.language(),
    };
    let position = arrive(&app, min, &["activity_log", CASES, OFFICES]).await?;
    let page = activity::activity(&app.commands, &app.read, &question).await?;
    let next_cursor = page.next.map(|place| asked.cursor_to(&place.text()));
    let body = Activity { actor: asked.actor.clone(), items: page.items, next_cursor };
    Ok(Read { body, position })
}
