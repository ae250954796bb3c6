//! Everything that is held about a person, for that person: JSON, or a page to print.
//!
//! It is given to the director in whose region the path is: the one who answers for the data there.
//! Those who work with the person open what their work needs, each part by its own route; the whole,
//! with grievances against themselves and with who has looked, is not theirs to hand out.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::find::{found, log_access, stream_of};
use crate::formats::asked_for;
use crate::http::App;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{Accepted, Named};
use crate::http::contract::operation::{Operation, Output};
use crate::http::contract::query::{Nothing, Query};
use crate::replay::person::{Held, held, page};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Form {
    Json,
    Page,
}

/// `GET /v1/beneficiaries/{id}/person`.
pub async fn person(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Accepted(accept): Accepted,
    _: Query<Nothing>,
) -> Result<HeldAnswer, ApiError> {
    let language = caller.language();
    let offered = || ApiError::NotAcceptable(vec!["application/json", "text/html"]);
    let form = form_of(accept.as_deref()).ok_or_else(offered)?;
    let (id, _) = found(&app, &caller, &id).await?;
    log_access(&app, &caller, "person", stream_of(id)).await?;
    let held = held(&app.commands, &app.read, id, language).await?.ok_or(ApiError::NotFound)?;
    Ok(match form {
        Form::Json => HeldAnswer::Json(Box::new(held)),
        Form::Page => HeldAnswer::Page(page(&held, language)),
    })
}

/// What is held, in the form that was asked for.
pub enum HeldAnswer {
    /// For a program.
    Json(Box<Held>),
    /// To print.
    Page(String),
}

impl IntoResponse for HeldAnswer {
    fn into_response(self) -> Response {
        let mut response = match self {
            Self::Json(held) => axum::Json(held).into_response(),
            Self::Page(page) => axum::response::Html(page).into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language"));
        response
    }
}

impl Output for HeldAnswer {
    fn describe(operation: &mut Operation) {
        let held = operation.schema_of::<Held>();
        let page = json!({ "type": "string" });
        let content = [("application/json", held), ("text/html", page)];
        operation.answer(200, "Everything that is held.", &[], &content);
        operation.problems(&[406, 503]);
    }
}

/// JSON unless a page is asked for more, or named alone.
pub(in crate::http) fn form_of(accept: Option<&str>) -> Option<Form> {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else {
        return Some(Form::Json);
    };
    let (json, page) = (asked_for(accept, "application/json"), asked_for(accept, "text/html"));
    match (json, page) {
        (0, 0) => None,
        (json, page) if page > json => Some(Form::Page),
        _ => Some(Form::Json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_given_to_who_asks_for_one() {
        for (accept, form) in [
            (None, Some(Form::Json)),
            (Some("*/*"), Some(Form::Json)),
            (Some("text/html"), Some(Form::Page)),
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Form::Page)),
            (Some("application/json, text/html;q=0.9"), Some(Form::Json)),
            (Some("application/json;q=0, text/*"), Some(Form::Page)),
            (Some("text/csv"), None),
        ] {
            assert_eq!(form_of(accept), form, "{accept:?}");
        }
    }
}
