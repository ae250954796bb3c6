//! What is known of a request before anything is done: enough to answer with a problem.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use sira_domain::reference::Language;
use uuid::Uuid;

/// Longest id, key or client name taken from a header.
pub(super) const HEADER_TEXT_MAX: usize = 128;

/// A request's id and its caller's language.
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
}

fn is_token(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
}

/// A header's text, trimmed; none when it is empty or too long.
pub(super) fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
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
