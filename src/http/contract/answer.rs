//! Answers, by what may be kept of them and which headers they carry.

use std::marker::PhantomData;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use sira_numbers::{Position, Version};

use super::etag::etag;
use super::operation::{AnswerHeader, Operation, Output};
use crate::commands;

const POSITION: HeaderName = HeaderName::from_static("sira-position");
/// A path must not linger in a proxy; its reader may keep it to ask again with its tag.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
/// Kept by nobody.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

fn json(body: &impl Serialize) -> Response {
    json_bytes(serde_json::to_vec(body).unwrap_or_default())
}

fn json_bytes(body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// JSON that is the same for everybody who may ask.
pub struct Plain<T>(pub T);

impl<T: Serialize> IntoResponse for Plain<T> {
    fn into_response(self) -> Response {
        json(&self.0)
    }
}

impl<T: JsonSchema> Output for Plain<T> {
    fn describe(operation: &mut Operation) {
        operation.json::<T>(200, "The answer.", &[]);
    }
}

/// JSON that nobody keeps.
pub struct Unkept<T>(pub T);

impl<T: Serialize> IntoResponse for Unkept<T> {
    fn into_response(self) -> Response {
        let mut response = json(&self.0);
        response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
        response
    }
}

impl<T: JsonSchema> Output for Unkept<T> {
    fn describe(operation: &mut Operation) {
        operation.json::<T>(200, "The answer.", &[]);
    }
}

/// What came in and waits for somebody, told without more.
pub struct TakenIn<T>(pub T);

impl<T: Serialize> IntoResponse for TakenIn<T> {
    fn into_response(self) -> Response {
        let mut response = Unkept(self.0).into_response();
        *response.status_mut() = StatusCode::ACCEPTED;
        response
    }
}

impl<T: JsonSchema> Output for TakenIn<T> {
    fn describe(operation: &mut Operation) {
        operation.json::<T>(202, "It came in.", &[]);
    }
}

/// JSON from read models, which says up to which position it has read.
pub struct Read<T> {
    /// What was read.
    pub body: T,
    /// Everything up to here is in it.
    pub position: Position,
}

impl<T: Serialize> IntoResponse for Read<T> {
    fn into_response(self) -> Response {
        let mut response = json(&self.body);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, PRIVATE);
        headers.insert(POSITION, HeaderValue::from(self.position.get()));
        response
    }
}

impl<T: JsonSchema> Output for Read<T> {
    fn describe(operation: &mut Operation) {
        operation.json::<T>(200, "The answer.", &[AnswerHeader::Position]);
        operation.problems(&[503]);
    }
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; nothing on the last one.
    pub next_cursor: Option<String>,
}

/// Where a stream stands at a version: JSON with the version's tag, or nothing for a caller who has that
/// version already.
pub struct AtVersion<T> {
    body: Option<Bytes>,
    version: Version,
    position: Position,
    shown: PhantomData<fn() -> T>,
}

impl<T> AtVersion<T> {
    /// A version in its bytes, which are those of a `T`.
    #[must_use]
    pub fn of_bytes(body: Bytes, version: Version, position: Position) -> Self {
        Self { body: Some(body), version, position, shown: PhantomData }
    }

    /// A version that the caller has.
    #[must_use]
    pub fn unchanged(version: Version, position: Position) -> Self {
        Self { body: None, version, position, shown: PhantomData }
    }
}

impl<T> IntoResponse for AtVersion<T> {
    fn into_response(self) -> Response {
        let status = if self.body.is_some() { StatusCode::OK } else { StatusCode::NOT_MODIFIED };
        let mut response = json_bytes(self.body.unwrap_or_default());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::ETAG, etag(self.version));
        headers.insert(POSITION, HeaderValue::from(self.position.get()));
        headers.insert(header::CACHE_CONTROL, PRIVATE);
        response
    }
}

impl<T: JsonSchema> Output for AtVersion<T> {
    fn describe(operation: &mut Operation) {
        let headers = [AnswerHeader::ETag, AnswerHeader::Position];
        operation.json::<T>(200, "Where it stands.", &headers);
        operation.answer(304, "The caller has this version.", &headers, &[]);
    }
}

/// What a command on a stream has done.
pub struct Done(pub commands::Answer);

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let answer = self.0;
        let mut response = json(&answer);
        let headers = response.headers_mut();
        headers.insert(header::ETAG, etag(answer.version));
        headers.insert(POSITION, HeaderValue::from(answer.position.get()));
        if answer.replayed {
            headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}

const OF_A_COMMAND: [AnswerHeader; 3] =
    [AnswerHeader::ETag, AnswerHeader::Position, AnswerHeader::Replayed];

impl Output for Done {
    fn describe(operation: &mut Operation) {
        operation.json::<commands::Answer>(200, "Recorded, or already done.", &OF_A_COMMAND);
        describe_command(operation);
    }
}

/// What the command has done that begins a stream, which is then to be found in its collection.
pub struct Begun {
    /// What was done.
    pub answer: commands::Answer,
    /// The collection's path.
    pub collection: &'static str,
}

impl IntoResponse for Begun {
    fn into_response(self) -> Response {
        let location = format!("{}/{}", self.collection, self.answer.id);
        let mut response = Done(self.answer).into_response();
        *response.status_mut() = StatusCode::CREATED;
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

impl Output for Begun {
    fn describe(operation: &mut Operation) {
        let mut headers = OF_A_COMMAND.to_vec();
        headers.push(AnswerHeader::Location);
        operation.json::<commands::Answer>(201, "Recorded, or already done.", &headers);
        describe_command(operation);
    }
}

/// What every command reads and may meet.
fn describe_command(operation: &mut Operation) {
    for header in [
        "IdempotencyKey",
        "IfMatch",
        "SiraDevice",
        "SiraDeviceTime",
        "SiraCorrelationId",
        "SiraCausationId",
    ] {
        operation.header(header);
    }
    operation.problems(&[409, 412, 422, 503]);
}

/// Plain text that nobody keeps.
pub struct PlainText(pub String);

impl IntoResponse for PlainText {
    fn into_response(self) -> Response {
        text(self.0, "text/plain; charset=utf-8", NO_STORE)
    }
}

impl Output for PlainText {
    fn describe(operation: &mut Operation) {
        let schema = serde_json::json!({ "type": "string" });
        operation.answer(200, "The text.", &[], &[("text/plain", schema)]);
    }
}

/// A page of HTML that may be kept for a day.
pub struct Html(pub String);

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        let cached = HeaderValue::from_static("max-age=86400");
        text(self.0, "text/html; charset=utf-8", cached)
    }
}

impl Output for Html {
    fn describe(operation: &mut Operation) {
        let schema = serde_json::json!({ "type": "string" });
        operation.answer(200, "The page.", &[], &[("text/html", schema)]);
    }
}

fn text(body: String, kind: &'static str, cached: HeaderValue) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, cached);
    response
}
