//! The readers of what a request brings, each as a plain function: for the property tests and the fuzz
//! targets, which give them anything. Nothing else calls these.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::reference::Language;

use super::peer::{Peer, TrustedProxies};
use super::problem::Problem;
use super::request::Envelope;
use super::{feed, lists, person, reading, request};
use crate::commands::check_form;

/// Writes the cursor of a place in the answer to a question.
#[must_use]
pub fn write_cursor(question: &str, place: &str) -> String {
    reading::write_cursor(question, place)
}

/// Reads a cursor of a question.
#[must_use]
pub fn read_cursor(question: &str, cursor: &str) -> Option<String> {
    reading::read_cursor(question, cursor)
}

/// Reads a place in the list of cases, and writes it again.
#[must_use]
pub fn case_place(text: &str) -> Option<String> {
    lists::read_place(text).map(|place| lists::write_place(&place))
}

/// Reads an entity tag.
#[must_use]
pub fn etag(text: &str) -> Option<u64> {
    request::read_etag(text)
}

/// The id that a request goes by, and its language.
#[must_use]
pub fn envelope(headers: &HeaderMap) -> (String, Language) {
    let envelope = Envelope::of(headers);
    (envelope.request_id.to_string(), envelope.language)
}

/// Reads the headers of a command; the name of the one that is wrong.
///
/// # Errors
/// That name.
pub fn command_headers(headers: &HeaderMap) -> Result<(), &'static str> {
    request::read_headers(headers).map(|_| ()).map_err(|(name, _)| name)
}

/// The token that a request brings.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    request::bearer(headers)
}

/// Whether a reader of the feed wants a stream.
#[must_use]
pub fn wants_stream(headers: &HeaderMap) -> bool {
    feed::wants_stream(headers)
}

/// Whether what is held about a person can be given in a form that is taken.
#[must_use]
pub fn is_person_acceptable(accept: Option<&str>) -> bool {
    person::form_of(accept).is_some()
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
    let error = check_form(entry, body.clone()).err()?;
    Some(format!("{:?}", Problem::of_command(&error, language)))
}
