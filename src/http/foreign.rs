//! The readers of what a request brings, each as a plain function: for the property tests and the fuzz
//! targets, which give them anything. Nothing else calls these.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::reference::Language;

use super::contract::envelope::Envelope;
use super::contract::etag::Condition;
use super::contract::{caller, cursor};
use super::routes::{beneficiaries, events};
use super::server::peer::{Peer, TrustedProxies};
use crate::commands::{CommandError, check_form};

/// Writes the cursor of a place in the answer to a question.
#[must_use]
pub fn write_cursor(question: &str, place: &str) -> String {
    cursor::write_cursor(question, place)
}

/// Reads a cursor of a question.
#[must_use]
pub fn read_cursor(question: &str, cursor: &str) -> Option<String> {
    cursor::read_cursor(question, cursor)
}

/// Reads a place in the list of cases, and writes it again.
#[must_use]
pub fn case_place(text: &str) -> Option<String> {
    beneficiaries::list::read_place(text).map(|place| beneficiaries::list::write_place(&place))
}

/// Reads a condition on entity tags, and writes it again.
#[must_use]
pub fn condition(text: &str) -> Option<String> {
    let mut headers = HeaderMap::new();
    headers.insert(header::IF_MATCH, HeaderValue::from_str(text).ok()?);
    Condition::if_match(&headers).ok()?.map(|condition| condition.to_string())
}

/// The id that a request goes by, and its language.
#[must_use]
pub fn envelope(headers: &HeaderMap) -> (String, Language) {
    let envelope = Envelope::of(headers);
    (envelope.request_id.to_string(), envelope.language)
}

/// Reads the headers of a command.
///
/// # Errors
/// All that is said of the one that is wrong.
pub fn command_headers(headers: &HeaderMap) -> Result<(), String> {
    caller::CallHeaders::read(headers).map(drop).map_err(|error| format!("{error:?}"))
}

/// The token that a request brings.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    caller::bearer(headers)
}

/// Whether a reader of the feed wants a stream.
#[must_use]
pub fn wants_stream(accept: Option<&str>) -> bool {
    events::wants_stream(accept)
}

/// Whether what is held about a person can be given in a form that is taken.
#[must_use]
pub fn is_person_acceptable(accept: Option<&str>) -> bool {
    beneficiaries::person::form_of(accept).is_some()
}

/// The address that a request is counted by.
#[must_use]
pub fn counted_address(
    trusted: &TrustedProxies,
    peer: IpAddr,
    headers: HeaderMap,
) -> Option<IpAddr> {
    let mut request = Request::new(Body::empty());
    *request.headers_mut() = headers;
    request.extensions_mut().insert(Peer((peer, 0).into()));
    trusted.client(&request)
}

/// All that is said of a command's body that has not its form.
#[must_use]
pub fn form_problem(
    entry: &'static CommandEntry,
    body: &Map<String, Value>,
    language: Language,
) -> Option<String> {
    match check_form(entry, body.clone()).err()? {
        CommandError::Form(errors) => Some(errors.told(language)),
        other => Some(other.to_string()),
    }
}
