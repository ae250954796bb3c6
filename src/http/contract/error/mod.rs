//! The one error of the HTTP edge. Which problem it is to a caller is said in `problems`.
//!
//! A handler gives an [`ApiError`] with `?`; its response carries it to the outermost layer, which knows the
//! caller's language and the request's id, writes it as RFC 9457 ([`rendered`]) and logs it once.

mod below;
mod problems;

use std::sync::Arc;

use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sira_domain::reference::Language;
use sira_domain::role::Role;
use sira_domain::values::ValueError;
use sira_numbers::Version;
use sira_projections::{FoldError, ReadError};
use tracing::Level;

use super::envelope::Envelope;
use super::problem::{self, Problem, ProblemKind};
use super::query::WrongParameter;
use crate::commands::CommandError;
use crate::evidence::EvidenceError;
use crate::figures::FigureError;
use crate::formats::FormatError;
use crate::token::TokenError;

/// Why a request is not answered with what it asks for.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The address leads nowhere, or to what is not there.
    #[error("not found")]
    NotFound,
    /// What stands in an id's place is neither an id nor a reference.
    #[error("no id and no reference: {0}")]
    NotAReference(ValueError),
    /// The address has no such method.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// No token came with the request.
    #[error("no token")]
    MissingToken,
    /// The token will not do.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Too many requests.
    #[error("too many requests")]
    TooManyRequests {
        /// Seconds until another may come.
        retry_after_s: u32,
    },
    /// The role may not; these may.
    #[error("not allowed for this role")]
    Forbidden(&'static [Role]),
    /// The scope does not reach so far.
    #[error("out of the caller's scope")]
    OutOfScope,
    /// The address gives none of the formats that are accepted; it gives these.
    #[error("none of the accepted formats is offered")]
    NotAcceptable(Vec<&'static str>),
    /// The stream is not at a version that `If-Match` names.
    #[error("If-Match is {if_match}, the version is {current}")]
    PreconditionFailed {
        /// The header.
        if_match: String,
        /// The version that stands; 0 before the first event.
        current: Version,
    },
    /// The body is not JSON.
    #[error("the body is not JSON")]
    MalformedJson,
    /// The body is of another type than the route takes.
    #[error("unsupported media type")]
    UnsupportedMediaType {
        /// The type that is taken here.
        expected: &'static str,
    },
    /// The body is too large.
    #[error("the body is too large")]
    BodyTooLarge,
    /// The request did not arrive in time.
    #[error("the request did not arrive in time")]
    Timeout,
    /// Parameters or headers are not what they should be.
    #[error("{} parameters or headers are not what they should be", .0.len())]
    Parameters(Vec<WrongParameter>),
    /// What was sent to the log's evidence is not taken, by this rule.
    #[error("{rule}: {detail}")]
    Unsigned {
        /// The rule's word.
        rule: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// Another report has the name.
    #[error("the name is taken")]
    NameTaken,
    /// As many reports stand as may.
    #[error("{given} reports stand, at most {limit} may")]
    TooManyReports {
        /// Reports that stand.
        given: u64,
        /// How many may.
        limit: u64,
    },
    /// The read models have not reached the position that is asked for in time.
    #[error("the read models are behind")]
    Behind,
    /// A reader of the events has read what this journal does not hold.
    #[error("what was read last is not in this journal")]
    OtherHistory,
    /// Every place for a reader of the events is taken.
    #[error("every place for a stream is taken")]
    NoPlace,
    /// The disk has no room for another document.
    #[error("there is no room for documents")]
    NoRoom,
    /// As much is kept of the person as may be.
    #[error("{held_bytes} bytes of documents are kept of the person")]
    DocumentsOfPerson {
        /// Bytes that are kept.
        held_bytes: u64,
    },
    /// This process was started without a store of documents.
    #[error("there is no document store")]
    NoDocuments,
    /// The key store cannot be reached.
    #[error("the key store cannot be reached")]
    NoKeys,
    /// A handler panicked.
    #[error("a handler panicked")]
    Panicked,
    /// A line of a batch was not given: one that it depends on was refused.
    #[error("line {line}, which it depends on, was refused")]
    Withheld {
        /// The number of that line, from 1.
        line: usize,
    },
    /// A command or what it stands on failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The read database failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A read model could not be opened.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// The evidence could not be given.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// Figures could not be computed.
    #[error(transparent)]
    Figures(#[from] FigureError),
    /// A sheet could not be written.
    #[error(transparent)]
    Sheet(#[from] FormatError),
}

impl ApiError {
    /// One parameter or header that is not what it should be.
    #[must_use]
    pub fn parameter(name: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Parameters(vec![WrongParameter::value(name, expected)])
    }

    /// A header that is not what it should be.
    #[must_use]
    pub fn header(name: &str, expected: impl Into<String>) -> Self {
        Self::Parameters(vec![WrongParameter::header(name, expected)])
    }

    /// How loudly it is logged: what is our own fault as an error, what passes as a warning, what is the
    /// caller's affair for who debugs.
    fn severity(kind: ProblemKind) -> Level {
        match kind.status {
            500 => Level::ERROR,
            503 if kind.slug == problem::UNAVAILABLE.slug => Level::ERROR,
            503 => Level::WARN,
            _ => Level::DEBUG,
        }
    }

    /// The problem as a response to one request; logged here, once.
    #[must_use]
    pub fn render(&self, envelope: &Envelope) -> Response {
        self.logged(envelope).respond(envelope.language, &envelope.request_id)
    }

    /// The problem that a caller meets; logged here, once.
    #[must_use]
    pub fn logged(&self, envelope: &Envelope) -> Problem {
        let problem = self.problem(envelope.language);
        let (request_id, slug) = (&*envelope.request_id, problem.kind().slug);
        let cause = std::error::Error::source(self);
        match Self::severity(problem.kind()) {
            Level::ERROR => {
                tracing::error!(request_id, slug, error = %self, ?cause, "a request failed");
            }
            Level::WARN => {
                tracing::warn!(request_id, slug, error = %self, ?cause, "a request was put off");
            }
            _ => tracing::debug!(request_id, slug, "a request was refused"),
        }
        problem
    }
}

/// An error that waits in a response for the layer that writes it.
#[derive(Clone)]
struct Unwritten(Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.problem(Language::Fr).kind().status;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(Unwritten(Arc::new(self)));
        response
    }
}

/// The error of a response that failed and is no problem document.
fn foreign(response: &Response) -> Option<ApiError> {
    let status = response.status();
    // What is no problem and yet JSON or a page is our own answer of that status, such as that of an unready process
    // or to a code that is on no paper. No library below answers with either.
    let kind = response.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let own = [problem::MEDIA_TYPE, "application/json", "text/html"];
    let is_own = own.iter().any(|own| kind.starts_with(own.as_bytes()));
    if is_own || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => ApiError::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ApiError::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge,
        StatusCode::REQUEST_TIMEOUT => ApiError::Timeout,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => ApiError::MalformedJson,
        _ => ApiError::Panicked,
    })
}

/// A response whose error, if it carries one, is written as a problem. Headers that inner layers have set
/// stay.
#[must_use]
pub fn rendered(mut response: Response, envelope: &Envelope) -> Response {
    let error = match response.extensions_mut().remove::<Unwritten>() {
        Some(Unwritten(error)) => error,
        // A library below refuses in words of its own.
        None => match foreign(&response) {
            Some(error) => Arc::new(error),
            None => return response,
        },
    };
    let mut written = error.render(envelope);
    for (name, value) in response.headers() {
        if ![CONTENT_LENGTH, CONTENT_TYPE].contains(name) && !written.headers().contains_key(name) {
            written.headers_mut().append(name, value.clone());
        }
    }
    written
}
