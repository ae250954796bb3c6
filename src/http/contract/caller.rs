//! Who calls, and with which headers.

use std::ops::Deref;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use sira_domain::reference::Language;
use sira_numbers::{Version, at_most};

use super::envelope::{Envelope, HEADER_TEXT_MAX, header_text};
use super::error::ApiError;
use super::etag::Condition;
use crate::commands::{Call, CommandError};
use crate::http::App;
use crate::http::server::gate::{GateRefusal, GateVisit};
use crate::journal::{Freshness, RequestKey};
use crate::token::Grant;

/// A caller whose token has been checked, and whose role may use the route. Cheap to clone.
#[derive(Clone)]
pub struct Caller(Arc<Known>);

/// What is known of a caller.
pub struct Known {
    /// The request.
    pub envelope: Envelope,
    /// Who calls, in which role, reaching where.
    pub grant: Arc<Grant>,
    /// Where the journal stood when the token was checked, if it had to be asked: a reader need not
    /// ask again.
    pub fresh: Option<Freshness>,
    headers: CallHeaders,
}

impl Deref for Caller {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}

/// Headers of a command.
#[derive(Clone, Default)]
pub(in crate::http) struct CallHeaders {
    device: Option<String>,
    device_time: Option<DateTime<Utc>>,
    correlation_id: Option<String>,
    causation_id: Option<String>,
    client: Option<String>,
    if_match: Option<Condition>,
    idempotency_key: Option<String>,
}

impl Caller {
    /// Checks who calls: their token first, and then the form of their headers.
    ///
    /// # Errors
    /// The answer to who does not come in.
    pub(super) async fn admit(app: &App, parts: &mut Parts) -> Result<Self, ApiError> {
        let Ok(envelope) = Envelope::from_request_parts(parts, app).await;
        let token = bearer(&parts.headers).ok_or(ApiError::MissingToken)?;
        let visit = parts.extensions.get::<GateVisit>();
        let (grant, fresh) = app.gate.admit(&app.tokens, visit, token).await?;
        let headers = CallHeaders::read(&parts.headers)?;
        Ok(Self(Arc::new(Known { envelope, grant, fresh, headers })))
    }

    /// The caller's language.
    #[must_use]
    pub fn language(&self) -> Language {
        self.envelope.language
    }

    /// What the caller's `If-Match` asks for, if anything.
    #[must_use]
    pub fn if_match(&self) -> Option<&Condition> {
        self.headers.if_match.as_ref()
    }

    /// The same caller with the headers of one line of a batch.
    #[must_use]
    pub(in crate::http) fn with(&self, headers: CallHeaders) -> Self {
        let Known { envelope, grant, fresh, headers: own } = &*self.0;
        let headers = CallHeaders { client: own.client.clone(), ..headers };
        let (envelope, grant) = (envelope.clone(), grant.clone());
        Self(Arc::new(Known { envelope, grant, fresh: *fresh, headers }))
    }

    /// The call that a body makes, at whatever version. The idempotency key covers what is asked
    /// (`target`) and with which bytes.
    ///
    /// # Errors
    /// When the key of the hash cannot be had.
    pub async fn call(&self, app: &App, target: &str, body: &Bytes) -> Result<Call, ApiError> {
        let key = match &self.headers.idempotency_key {
            None => None,
            Some(key) => {
                let hasher = app.commands.keys().request_hash_key().await;
                let hasher = hasher.map_err(CommandError::from)?;
                let actor = self.grant.actor.to_string();
                let body_hash = hasher.hash(&[target.as_bytes(), &[0], body]);
                Some(RequestKey { actor, key: key.clone(), body_hash })
            }
        };
        Ok(Call { key, ..self.bare_call() })
    }

    /// The call that is made without a body and without an idempotency key.
    #[must_use]
    pub fn bare_call(&self) -> Call {
        Call {
            actor: self.grant.actor.clone(),
            role: self.grant.role,
            scope: self.grant.scope.clone(),
            office: self.grant.office().cloned(),
            device: self.headers.device.clone(),
            device_time: self.headers.device_time,
            request_id: self.envelope.request_id.to_string(),
            correlation_id: self.headers.correlation_id.clone(),
            causation_id: self.headers.causation_id.clone(),
            client: self.headers.client.clone(),
            occurred_on: None,
            backdating_reason: None,
            if_match: None,
            key: None,
            import: None,
        }
    }

    /// The version to demand of a stream, of those that `If-Match` names: the one that stands, when it is
    /// among them, or else the first, so that the command itself says what became of it (a retry names a
    /// version that its first attempt has left behind). `*` is met by whatever stands.
    ///
    /// # Errors
    /// [`ApiError::PreconditionFailed`] where no version could meet it.
    pub fn version_to_demand(&self, current: Version) -> Result<Option<Version>, ApiError> {
        let Some(condition) = self.if_match() else { return Ok(None) };
        if *condition == Condition::Any && current > Version::ZERO {
            return Ok(None);
        }
        let versions = condition.strong_versions();
        let demanded = versions.iter().find(|version| **version == current);
        let failed = || ApiError::PreconditionFailed { if_match: condition.to_string(), current };
        demanded.or(versions.first()).copied().map(Some).ok_or_else(failed)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    /// The guard of the route has let the caller in; an open route has none, and no caller.
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::MissingToken)
    }
}

impl From<GateRefusal> for ApiError {
    fn from(refusal: GateRefusal) -> Self {
        match refusal {
            GateRefusal::TooMany(reset_s) => Self::TooManyRequests {
                retry_after_s: at_most(reset_s.max(0).unsigned_abs(), u32::MAX),
            },
            GateRefusal::Token(error) => Self::Token(error),
        }
    }
}

/// The token that a request brings.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    // The scheme's case is the caller's (RFC 9110, 11.1).
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

impl CallHeaders {
    pub(in crate::http) fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        let text = |name: &'static str| match headers.get(name) {
            None => Ok(None),
            Some(_) => header_text(headers, name)
                .filter(|text| text.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
                .map(|text| Some(text.to_owned()))
                .ok_or_else(|| ApiError::header(name, "1..128 ASCII")),
        };
        let if_match = Condition::if_match(headers);
        let if_match =
            if_match.map_err(|_| ApiError::header("If-Match", "\"<version>\", ... | *"))?;
        let device_time = text("sira-device-time")?.map(|time| DateTime::parse_from_rfc3339(&time));
        let device_time = device_time.transpose();
        let device_time =
            device_time.map_err(|_| ApiError::header("Sira-Device-Time", "RFC 3339"))?;
        Ok(Self {
            device: text("sira-device")?,
            device_time: device_time.map(|time| time.to_utc()),
            correlation_id: text("sira-correlation-id")?,
            causation_id: text("sira-causation-id")?,
            // A program's own name, as it says it; cut rather than refused.
            client: headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(
                |text| {
                    text.chars()
                        .filter(|letter| !letter.is_control())
                        .take(HEADER_TEXT_MAX)
                        .collect()
                },
            ),
            if_match,
            idempotency_key: text("idempotency-key")?,
        })
    }
}
