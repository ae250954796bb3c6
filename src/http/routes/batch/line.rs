//! A line of a batch, as it is written.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::commands::form::Form;
use crate::http::contract::caller::CallHeaders;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::JsonBody;

/// A command of a batch: where it would be sent by itself, with which headers and body.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchLine {
    /// The address of the command, `/v1/beneficiaries` or `/v1/beneficiaries/<id>/commands/<word>`, and so with
    /// `programmes`, `cohorts` and `funds`. In place of the id may stand `@<name>`: what the line of that name
    /// (`as`) began. A document is attached by itself.
    pub path: String,
    /// The command's `Idempotency-Key`, up to 128 characters: given again with the same body, it has the same
    /// answer and no second effect.
    pub idempotency_key: String,
    /// A name for what this line begins, by which later lines of the batch say it.
    #[serde(default)]
    pub r#as: Option<String>,
    /// The command's `If-Match`.
    #[serde(default)]
    pub if_match: Option<String>,
    /// The command's `Sira-Device`.
    #[serde(default)]
    pub device: Option<String>,
    /// The command's `Sira-Device-Time`.
    #[serde(default)]
    pub device_time: Option<String>,
    /// The command's `Sira-Correlation-Id`.
    #[serde(default)]
    pub correlation_id: Option<String>,
    /// The command's `Sira-Causation-Id`.
    #[serde(default)]
    pub causation_id: Option<String>,
    /// The command's body.
    pub body: Map<String, Value>,
}

/// The body of a line in the very bytes that it was written in: what its idempotency key covers.
#[derive(Deserialize)]
struct WrittenBody<'a> {
    #[serde(borrow)]
    body: &'a RawValue,
}

/// The lines of a body in their order; empty ones are none.
pub fn split(bytes: &Bytes) -> Vec<Bytes> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).map(|line| bytes.slice_ref(line)).collect()
}

impl BatchLine {
    /// Reads a line.
    ///
    /// # Errors
    /// Every wrong field; or that it is no JSON.
    pub fn read(bytes: &Bytes) -> Result<Self, ApiError> {
        static FORM: LazyLock<Form> = LazyLock::new(Form::of::<BatchLine>);
        let value: Value = serde_json::from_slice(bytes).map_err(|_| ApiError::MalformedJson)?;
        Ok(FORM.read(value)?)
    }

    /// The headers that the command would be sent with.
    ///
    /// # Errors
    /// The header that is not what it should be.
    pub fn headers(&self) -> Result<CallHeaders, ApiError> {
        let mut headers = HeaderMap::new();
        let text = |text: &String| HeaderValue::from_str(text).unwrap_or(UNREADABLE);
        let mut give = |name: HeaderName, value: Option<&String>| {
            if let Some(value) = value {
                headers.insert(name, text(value));
            }
        };
        give(HeaderName::from_static("idempotency-key"), Some(&self.idempotency_key));
        give(header::IF_MATCH, self.if_match.as_ref());
        give(HeaderName::from_static("sira-device"), self.device.as_ref());
        give(HeaderName::from_static("sira-device-time"), self.device_time.as_ref());
        give(HeaderName::from_static("sira-correlation-id"), self.correlation_id.as_ref());
        give(HeaderName::from_static("sira-causation-id"), self.causation_id.as_ref());
        CallHeaders::read(&headers)
    }

    /// The body, with its exact bytes out of those of the line.
    ///
    /// # Errors
    /// That the line is no JSON.
    pub fn into_body(self, line: &Bytes) -> Result<JsonBody, ApiError> {
        let written: WrittenBody<'_> =
            serde_json::from_slice(line).map_err(|_| ApiError::MalformedJson)?;
        let bytes = line.slice_ref(written.body.get().as_bytes());
        Ok(JsonBody { object: self.body, bytes })
    }
}

/// Stands for a text that no header can hold, and is refused as such.
const UNREADABLE: HeaderValue = HeaderValue::from_static("");
