//! What every request brings: its id, its language, who calls, and the body's exact bytes.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use sira_domain::reference::Language;
use sira_domain::role::Role;
use uuid::Uuid;

use super::App;
use super::gate::{Refusal, Visit, too_many};
use super::problem::{self, Problem};
use crate::commands::form::Wanted;
use crate::commands::{Call, CommandError, FieldError, FormRule};
use crate::journal::{Freshness, RequestKey};
use crate::token::{Grant, TokenError};

/// Longest id, key or client name taken from a header.
const HEADER_TEXT_MAX: usize = 128;
/// When to try again while an issuer is out of reach: its keys are not asked for more often.
const ISSUER_RETRY_S: u32 = 10;

/// What is known of a request before anything is done: enough to answer with a problem.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The request's id, the caller's own when it sent a fit one.
    pub request_id: Arc<str>,
    /// The caller's language; French unless `Accept-Language` asks for English first.
    pub language: Language,
}

impl Envelope {
    /// Reads it from the headers.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let given = header_text(headers, "x-request-id").filter(|id| is_token(id));
        let request_id =
            given.map_or_else(|| Uuid::now_v7().simple().to_string().into(), Into::into);
        Self { request_id, language: language_of(headers) }
    }

    /// The answer to a problem; what is our own fault is logged here, once.
    #[must_use]
    pub fn problem(&self, problem: &Problem) -> Response {
        problem.respond(&self.request_id)
    }

    /// The answer to a problem of one kind.
    #[must_use]
    pub fn kind(&self, kind: problem::Kind) -> Response {
        self.problem(&Problem::new(kind, self.language))
    }

    /// The answer to a command that was not carried out.
    #[must_use]
    pub fn command_error(&self, error: &CommandError) -> Response {
        let problem = Problem::of_command(error, self.language);
        let response = self.problem(&problem);
        if response.status().is_server_error() {
            tracing::error!(request_id = %self.request_id, error = %error, cause = ?std::error::Error::source(error), "a request failed");
        }
        response
    }
}

fn is_token(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty() && text.len() <= HEADER_TEXT_MAX).then_some(text)
}

fn language_of(headers: &HeaderMap) -> Language {
    let accepted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let first = accepted.split([',', ';', '-']).next().unwrap_or_default().trim();
    if first.eq_ignore_ascii_case("en") { Language::En } else { Language::Fr }
}

impl<S: Send + Sync> FromRequestParts<S> for Envelope {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // The outermost layer has made it already; without that layer it is made here.
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self::of(&parts.headers)))
    }
}

/// A caller whose token has been checked.
pub struct Caller {
    /// The request.
    pub envelope: Envelope,
    /// Who calls, in which role, reaching where.
    pub grant: Arc<Grant>,
    /// Where the journal stood when the token was checked, if it had to be asked: a reader need not
    /// ask again.
    pub fresh: Option<Freshness>,
    headers: CallHeaders,
}

/// Headers of a command.
#[derive(Default)]
struct CallHeaders {
    device: Option<String>,
    device_time: Option<DateTime<Utc>>,
    correlation_id: Option<String>,
    causation_id: Option<String>,
    client: Option<String>,
    if_match: Option<u64>,
    idempotency_key: Option<String>,
}

impl Caller {
    /// Refuses a role that may not.
    ///
    /// # Errors
    /// The answer to give.
    pub fn require(&self, roles: &[Role]) -> Result<(), Response> {
        if roles.contains(&self.grant.role) {
            return Ok(());
        }
        let language = self.envelope.language;
        let names: Vec<_> = roles.iter().map(|role| role.label(language)).collect();
        Err(self
            .envelope
            .problem(&Problem::new(problem::FORBIDDEN, language).detail(names.join(", "))))
    }

    /// The call that a body makes. The idempotency key covers what is asked (`target`) and with
    /// which bytes.
    #[must_use]
    pub fn call(&self, target: &str, body: &Bytes) -> Call {
        let key = self.headers.idempotency_key.as_ref().map(|key| RequestKey {
            actor: self.grant.actor.to_string(),
            key: key.clone(),
            body_hash: Sha256::new()
                .chain_update(target)
                .chain_update([0])
                .chain_update(body)
                .finalize()
                .into(),
        });
        Call {
            actor: self.grant.actor.clone(),
            role: self.grant.role,
            scope: self.grant.scope.clone(),
            office: self.grant.office(),
            device: self.headers.device.clone(),
            device_time: self.headers.device_time,
            request_id: self.envelope.request_id.to_string(),
            correlation_id: self.headers.correlation_id.clone(),
            causation_id: self.headers.causation_id.clone(),
            client: self.headers.client.clone(),
            occurred_on: None,
            if_match: self.headers.if_match,
            key,
            import: None,
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let Ok(envelope) = Envelope::from_request_parts(parts, app).await;
        let token =
            bearer(&parts.headers).ok_or_else(|| envelope.kind(problem::UNAUTHENTICATED))?;
        let visit = parts.extensions.get::<Visit>();
        let admitted = app.gate.admit(&app.tokens, visit, token).await;
        let (grant, fresh) = admitted.map_err(|refusal| refused(&envelope, refusal))?;
        let headers = read_headers(&parts.headers).map_err(|(name, expected)| {
            envelope.problem(&Problem::bad_parameter(envelope.language, name, expected))
        })?;
        Ok(Self { envelope, grant, fresh, headers })
    }
}

/// The token that a request brings.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    // The scheme's case is the caller's (RFC 9110, 11.1).
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The answer to who does not come in. A token that is right and gives no role is no 401: another
/// login would bring the same one, and a client that logs in anew at each 401 would never end.
fn refused(envelope: &Envelope, refusal: Refusal) -> Response {
    let language = envelope.language;
    match refusal {
        Refusal::TooMany(reset_s) => envelope.problem(&too_many(envelope, reset_s)),
        Refusal::Token(TokenError::Expired | TokenError::Revoked) => {
            envelope.kind(problem::TOKEN_EXPIRED)
        }
        Refusal::Token(TokenError::NoGrant) => envelope.kind(problem::NO_GRANT),
        Refusal::Token(TokenError::IssuerUnavailable) => envelope.problem(
            &Problem::new(problem::ISSUER_UNAVAILABLE, language).retry_after(ISSUER_RETRY_S),
        ),
        Refusal::Token(TokenError::Unavailable(source)) => envelope.command_error(&source.into()),
        Refusal::Token(_) => envelope.kind(problem::UNAUTHENTICATED),
    }
}

fn read_headers(headers: &HeaderMap) -> Result<CallHeaders, (&'static str, &'static str)> {
    let text = |name: &'static str| match headers.get(name) {
        None => Ok(None),
        Some(_) => header_text(headers, name)
            .filter(|text| text.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
            .map(|text| Some(text.to_owned()))
            .ok_or((name, "1..128 ASCII")),
    };
    let if_match = match headers.get(header::IF_MATCH) {
        None => None,
        Some(value) => Some(
            read_etag(value.to_str().unwrap_or_default()).ok_or(("If-Match", "\"<version>\""))?,
        ),
    };
    let device_time = match text("sira-device-time")? {
        None => None,
        Some(time) => {
            let time = DateTime::parse_from_rfc3339(&time)
                .map_err(|_| ("Sira-Device-Time", "RFC 3339"))?;
            Some(time.to_utc())
        }
    };
    Ok(CallHeaders {
        device: text("sira-device")?,
        device_time,
        correlation_id: text("sira-correlation-id")?,
        causation_id: text("sira-causation-id")?,
        // A program's own name, as it says it; cut rather than refused.
        client: headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(|text| {
            text.chars().filter(|letter| !letter.is_control()).take(HEADER_TEXT_MAX).collect()
        }),
        if_match,
        idempotency_key: text("idempotency-key")?,
    })
}

/// Reads `"<version>"`.
#[must_use]
pub fn read_etag(text: &str) -> Option<u64> {
    text.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

/// The parts of an address. One that is no UTF-8 leads nowhere.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Named<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let Ok(envelope) = Envelope::from_request_parts(parts, app).await;
        let named = Path::<T>::from_request_parts(parts, app).await;
        named.map(|Path(named)| Self(named)).map_err(|_| envelope.kind(problem::NOT_FOUND))
    }
}

/// A JSON object, with the exact bytes that it came in.
pub struct JsonBody {
    /// The object.
    pub object: Map<String, Value>,
    /// Its bytes.
    pub bytes: Bytes,
}

impl FromRequest<App> for JsonBody {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Ok(envelope) = Envelope::from_request_parts(&mut parts, app).await;
        if !is_json(&parts.headers) {
            return Err(envelope.kind(problem::UNSUPPORTED_MEDIA_TYPE));
        }
        let request = Request::from_parts(parts, body);
        let bytes = Bytes::from_request(request, app).await.map_err(|rejection| {
            let status = rejection.into_response().status();
            envelope.kind(match status {
                StatusCode::PAYLOAD_TOO_LARGE => problem::BODY_TOO_LARGE,
                // It broke off or fell silent: what came was not looked at yet.
                _ => problem::TIMEOUT,
            })
        })?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Self { object, bytes }),
            Ok(_) => {
                let error = FieldError::new("", FormRule::WrongType(Wanted::Object));
                Err(envelope.problem(&Problem::of_form(&error.into(), envelope.language)))
            }
            Err(_) => Err(envelope.kind(problem::MALFORMED_JSON)),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
