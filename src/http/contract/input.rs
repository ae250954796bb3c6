//! What handlers read of a request: parts of the address, headers, bodies with their exact bytes.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sira_numbers::{Position, Version};

use super::error::ApiError;
use super::etag::Condition;
use super::feed_cursor::{CURSOR_FORM, FeedCursor};
use super::operation::{Input, Operation};
use super::parameter::parameters;
use super::query::Query;
use crate::commands::form::Wanted;
use crate::commands::{FieldError, FormErrors, FormRule};
use crate::formats::asked_for;
use crate::http::App;

impl<Q: JsonSchema> Input for Query<Q> {
    fn describe(operation: &mut Operation) {
        for parameter in parameters::<Q>() {
            operation.parameter("query", &parameter);
        }
        operation.problems(&[400]);
    }
}

/// The parts of an address. One that is no UTF-8 leads nowhere.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Named<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let named = Path::<T>::from_request_parts(parts, app).await;
        named.map(|Path(named)| Self(named)).map_err(|_| ApiError::NotFound)
    }
}

impl<T> Input for Named<T> {
    /// Which parts there are is said by the route's path.
    fn describe(operation: &mut Operation) {
        operation.problems(&[404]);
    }
}

/// `Sira-Min-Position`: the position that must be in the answer; none when none is asked for.
pub struct MinPosition(pub Option<Position>);

impl FromRequestParts<App> for MinPosition {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        position(&parts.headers, "Sira-Min-Position").map(Self)
    }
}

impl Input for MinPosition {
    fn describe(operation: &mut Operation) {
        operation.header("SiraMinPosition");
        operation.problems(&[400]);
    }
}

/// `Last-Event-ID`: the place of the last event that a follower of the events has received.
pub struct LastEventId(pub Option<FeedCursor>);

impl FromRequestParts<App> for LastEventId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        const NAME: &str = "Last-Event-ID";
        let Some(value) = parts.headers.get(NAME) else { return Ok(Self(None)) };
        let cursor = value.to_str().ok().and_then(|text| text.trim().parse().ok());
        let cursor = cursor.ok_or_else(|| ApiError::header(NAME, CURSOR_FORM))?;
        Ok(Self(Some(cursor)))
    }
}

impl Input for LastEventId {
    fn describe(operation: &mut Operation) {
        operation.header("LastEventId");
    }
}

fn position(headers: &HeaderMap, name: &str) -> Result<Option<Position>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let position = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    position.map(Some).ok_or_else(|| ApiError::header(name, "0.."))
}

/// `If-None-Match`: which versions the caller has already. One that cannot be read is passed over, as the
/// whole answer is always right.
pub struct IfNoneMatch(Option<Condition>);

impl IfNoneMatch {
    /// Whether the caller has this version.
    #[must_use]
    pub fn holds(&self, version: Version) -> bool {
        self.0.as_ref().is_some_and(|condition| condition.holds_weakly(version))
    }
}

impl FromRequestParts<App> for IfNoneMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self(Condition::read(&parts.headers, header::IF_NONE_MATCH).ok().flatten()))
    }
}

impl Input for IfNoneMatch {
    fn describe(operation: &mut Operation) {
        operation.header("IfNoneMatch");
    }
}

/// `Accept`, where an address gives several formats.
pub struct Accepted(pub Option<String>);

impl FromRequestParts<App> for Accepted {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        let lines = parts.headers.get_all(header::ACCEPT).iter();
        let lines: Vec<_> = lines.filter_map(|line| line.to_str().ok()).collect();
        Ok(Self((!lines.is_empty()).then(|| lines.join(","))))
    }
}

impl Accepted {
    /// Whether a page is asked for more than JSON.
    #[must_use]
    pub fn prefers_page(&self) -> bool {
        let quality = |media_type| self.0.as_deref().map_or(0, |one| asked_for(one, media_type));
        quality("text/html") > quality("application/json")
    }
}

/// Which formats there are is said by the answer.
impl Input for Accepted {}

/// A JSON object, with the exact bytes that it came in.
#[derive(Clone)]
pub struct JsonBody {
    /// The object.
    pub object: Map<String, Value>,
    /// Its bytes.
    pub bytes: Bytes,
}

impl FromRequest<App> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::UnsupportedMediaType { expected: "application/json" });
        }
        let bytes = whole(request, app).await?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Self { object, bytes }),
            Ok(_) => Err(FieldError::new("", FormRule::WrongType(Wanted::Object)).into()),
            Err(_) => Err(ApiError::MalformedJson),
        }
    }
}

impl Input for JsonBody {
    /// The schema is that of the command, which the route names.
    fn describe(operation: &mut Operation) {
        operation.problems(&[400, 408, 413, 415, 422]);
    }
}

/// A body with a form of its own, beside those of commands.
pub trait Body: Sized {
    /// The type whose schema describes it.
    type Schema: JsonSchema;

    /// Reads it.
    ///
    /// # Errors
    /// Every wrong field.
    fn read(body: Value) -> Result<Self, FormErrors>;
}

/// Such a body, with the exact bytes that it came in.
pub struct FormBody<T> {
    /// What it says.
    pub form: T,
    /// Its bytes.
    pub bytes: Bytes,
}

impl<T: Body> FromRequest<App> for FormBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let JsonBody { object, bytes } = JsonBody::from_request(request, app).await?;
        Ok(Self { form: T::read(Value::Object(object))?, bytes })
    }
}

impl<T: Body> Input for FormBody<T> {
    fn describe(operation: &mut Operation) {
        let schema = operation.schema_of::<T::Schema>();
        operation.body("application/json", &schema);
    }
}

/// A signed note (C2SP signed-note), as text.
pub struct NoteBody(pub Bytes);

impl FromRequest<App> for NoteBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        whole(request, app).await.map(Self)
    }
}

impl Input for NoteBody {
    fn describe(operation: &mut Operation) {
        let about = "The checkpoint as a signed note, with the witness's signature line.";
        operation
            .body("text/plain", &serde_json::json!({ "type": "string", "description": about }));
    }
}

/// A table as CSV, in its bytes.
pub struct CsvBody(pub Bytes);

impl FromRequest<App> for CsvBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        if !is_of(request.headers(), "text/csv") {
            return Err(ApiError::UnsupportedMediaType { expected: "text/csv" });
        }
        whole(request, app).await.map(Self)
    }
}

impl Input for CsvBody {
    fn describe(operation: &mut Operation) {
        let about = "A heading line, and a line a row; UTF-8 or Windows-1252.";
        operation.body("text/csv", &serde_json::json!({ "type": "string", "description": about }));
    }
}

/// JSON values, one a line, in their bytes (NDJSON).
pub struct LinesBody(pub Bytes);

impl LinesBody {
    /// Its media type.
    pub const MEDIA_TYPE: &'static str = "application/x-ndjson";
}

impl FromRequest<App> for LinesBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        if !is_of(request.headers(), Self::MEDIA_TYPE) {
            return Err(ApiError::UnsupportedMediaType { expected: Self::MEDIA_TYPE });
        }
        whole(request, app).await.map(Self)
    }
}

impl Input for LinesBody {
    /// The schema of a line is the route's.
    fn describe(operation: &mut Operation) {
        operation.problems(&[400, 408, 413, 415, 422]);
    }
}

/// A body's bytes, whole.
async fn whole(request: Request, app: &App) -> Result<Bytes, ApiError> {
    let bytes = Bytes::from_request(request, app).await;
    bytes.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge,
        // It broke off or fell silent: what came was not looked at yet.
        _ => ApiError::Timeout,
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    is_of(headers, "application/json")
}

fn is_of(headers: &HeaderMap, media_type: &str) -> bool {
    let kind =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(media_type))
}
