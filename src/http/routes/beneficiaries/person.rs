//! Everything that is held about a person, for that person: JSON, or a page to print.
//!
//! It is given to the director in whose region the path is: the one who answers for the data there.
//! Those who work with the person open what their work needs, each part by its own route; the whole,
//! with grievances against themselves and with who has looked, is not theirs to hand out.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::App;
use super::access::PERSON_READERS;
use super::beneficiaries::{current, find_id, log_access};
use super::lists::Pairs;
use super::parameters::Parameters;
use super::problem::{self, Problem};
use super::reading::unavailable;
use super::request::{Caller, Named};
use crate::formats::asked_for;
use crate::replay::person::{HeldError, held, page};

const PATH: &str = "/v1/beneficiaries/{id}/person";
/// The page may do nothing but be looked at.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// The routes.
pub fn routes() -> Router<App> {
    Router::new().route(PATH, get(person))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Page,
}

async fn person(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    caller.require(PERSON_READERS)?;
    Parameters::read(&caller, PATH, pairs)?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let language = caller.envelope.language;
    let form = form_of(accept).ok_or_else(|| {
        let problem = Problem::new(problem::NOT_ACCEPTABLE, language);
        caller.envelope.problem(&problem.detail("application/json, text/html"))
    })?;
    let id = find_id(&app, &caller.envelope, &id).await?;
    current(&app, &caller, id).await?;
    log_access(&app, &caller, "person", id).await?;
    let held = held(&app.commands, &app.read, id, language).await.map_err(|error| match error {
        HeldError::Command(error) => caller.envelope.command_error(&error),
        HeldError::Read(error) => unavailable(&caller, &error),
    })?;
    let held = held.ok_or_else(|| caller.envelope.kind(problem::NOT_FOUND))?;
    let mut response = match form {
        Form::Json => axum::Json(&held).into_response(),
        Form::Page => axum::response::Html(page(&held, language)).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    Ok(response)
}

/// JSON unless a page is asked for more, or named alone.
fn form_of(accept: Option<&str>) -> Option<Form> {
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
