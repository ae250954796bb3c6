//! The one error of the HTTP edge, and the one place where errors become problems.
//!
//! A handler gives an [`ApiError`] with `?`; its response carries it to the outermost layer, which knows the
//! caller's language and the request's id, writes it as RFC 9457 ([`rendered`]) and logs it once.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::response::{IntoResponse, Response};
use sira_domain::reference::Language;
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::ValueError;
use sira_projections::analytics::Uncomputed;
use sira_projections::{FoldError, ReadError};
use tracing::Level;

use super::envelope::Envelope;
use super::problem::{self, Kind, Problem};
use super::query::{WrongParameter, parameters_problem};
use super::wording;
use crate::commands::{CommandError, FieldError, FormErrors};
use crate::documents::DocumentError;
use crate::evidence::EvidenceError;
use crate::figures::{FigureError, ReportError};
use crate::formats::FormatError;
use crate::journal::JournalError;
use crate::keys::KeysError;
use crate::replay::activity::ActivityError;
use crate::replay::person::HeldError;
use crate::retention::RetentionError;
use crate::stored::Unreadable;
use crate::token::TokenError;

/// When to try again while a database is out of reach.
const UNAVAILABLE_RETRY_S: u32 = 5;
/// When to try again what only has to settle: a race, a queue, a view that is behind.
const SOON_RETRY_S: u32 = 1;
/// When to try again while an issuer is out of reach: its keys are not asked for more often.
const ISSUER_RETRY_S: u32 = 10;
/// When to try again while every place for a stream is taken.
const PLACE_RETRY_S: u32 = 30;

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
        current: u64,
    },
    /// The body is not JSON.
    #[error("the body is not JSON")]
    MalformedJson,
    /// The body is of another type than the route takes.
    #[error("unsupported media type")]
    UnsupportedMediaType,
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
    /// The read models have not reached the position that is asked for in time.
    #[error("the read models are behind")]
    Behind,
    /// Every place for a reader of the events is taken.
    #[error("every place for a stream is taken")]
    NoPlace,
    /// This process was started without a store of documents.
    #[error("there is no document store")]
    NoDocuments,
    /// The key store cannot be reached.
    #[error("the key store cannot be reached")]
    NoKeys,
    /// A handler panicked.
    #[error("a handler panicked")]
    Panicked,
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

    /// The problem that a caller meets, in its language.
    #[must_use]
    pub fn problem(&self, language: Language) -> Problem {
        match self {
            Self::NotFound => Problem::new(problem::NOT_FOUND),
            Self::NotAReference(error) => {
                Problem::new(problem::NOT_FOUND).error("/id", error.rule, format!("id: {error}"))
            }
            Self::MethodNotAllowed => Problem::new(problem::METHOD_NOT_ALLOWED),
            Self::MissingToken => Problem::new(problem::UNAUTHENTICATED),
            Self::Token(error) => of_token(error),
            Self::TooManyRequests { retry_after_s } => {
                Problem::new(problem::TOO_MANY_REQUESTS).retry_after(*retry_after_s)
            }
            Self::Forbidden(roles) => {
                let names: Vec<_> = roles.iter().map(|role| role.label(language)).collect();
                Problem::new(problem::FORBIDDEN).detail(names.join(", "))
            }
            Self::OutOfScope => Problem::new(problem::OUT_OF_SCOPE),
            Self::NotAcceptable(offered) => {
                Problem::new(problem::NOT_ACCEPTABLE).detail(offered.join(", "))
            }
            Self::PreconditionFailed { if_match, current } => {
                Problem::new(problem::PRECONDITION_FAILED)
                    .detail(format!("If-Match {if_match} != \"{current}\""))
            }
            Self::MalformedJson => Problem::new(problem::MALFORMED_JSON),
            Self::UnsupportedMediaType => Problem::new(problem::UNSUPPORTED_MEDIA_TYPE),
            Self::BodyTooLarge => Problem::new(problem::BODY_TOO_LARGE),
            Self::Timeout => Problem::new(problem::TIMEOUT),
            Self::Parameters(wrong) => parameters_problem(wrong, language),
            Self::Unsigned { rule, detail } => {
                Problem::new(problem::INVALID_BODY).error("", *rule, detail)
            }
            Self::NameTaken => Problem::new(problem::REFUSED).error("/name", "unique", "name"),
            Self::Behind => Problem::new(problem::BEHIND).retry_after(SOON_RETRY_S),
            Self::NoPlace => Problem::new(problem::BUSY).retry_after(PLACE_RETRY_S),
            Self::NoDocuments | Self::NoKeys => Problem::new(problem::UNAVAILABLE),
            Self::Panicked | Self::Sheet(_) => Problem::new(problem::INTERNAL),
            Self::Command(error) => of_command(error, language),
            Self::Read(error) => of_read(error),
            Self::Fold(FoldError::Unfit(_)) => Problem::new(problem::INTERNAL),
            Self::Fold(FoldError::Unavailable(_)) => unavailable(),
            Self::Evidence(error) => of_evidence(error),
            Self::Figures(error) => of_figures(error, language),
        }
    }

    /// How loudly it is logged: what is our own fault as an error, what passes as a warning, what is the
    /// caller's affair for who debugs.
    fn severity(kind: Kind) -> Level {
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
        let problem = self.problem(envelope.language);
        let (request_id, slug) = (&*envelope.request_id, problem.kind().slug);
        let cause = std::error::Error::source(self);
        match Self::severity(problem.kind()) {
            Level::ERROR => {
                tracing::error!(request_id, slug, error = %self, ?cause, "a request failed")
            }
            Level::WARN => {
                tracing::warn!(request_id, slug, error = %self, ?cause, "a request was put off")
            }
            _ => tracing::debug!(request_id, slug, "a request was refused"),
        }
        problem.respond(envelope.language, request_id)
    }
}

fn unavailable() -> Problem {
    Problem::new(problem::UNAVAILABLE).retry_after(UNAVAILABLE_RETRY_S)
}

fn of_command(error: &CommandError, language: Language) -> Problem {
    match error {
        CommandError::Form(errors) => of_form(errors, language),
        CommandError::Refused(refusal) => of_refusal(refusal, language),
        CommandError::NotFound | CommandError::NoSuchCommand => Problem::new(problem::NOT_FOUND),
        CommandError::OutOfScope => Problem::new(problem::OUT_OF_SCOPE),
        CommandError::PreconditionFailed { expected, current } => {
            Problem::new(problem::PRECONDITION_FAILED)
                .detail(format!("If-Match \"{expected}\" != \"{current}\""))
        }
        CommandError::KeyReused => Problem::new(problem::IDEMPOTENCY_KEY_REUSED),
        CommandError::Contended(_) => Problem::new(problem::CONTENDED).retry_after(SOON_RETRY_S),
        CommandError::Journal(error) => of_journal(error),
        CommandError::KeyMissing(_) | CommandError::Unreadable(_) => {
            Problem::new(problem::INTERNAL)
        }
        CommandError::Documents(DocumentError::TooLarge) => Problem::new(problem::BODY_TOO_LARGE),
        CommandError::Documents(DocumentError::Damaged | DocumentError::Address) => {
            Problem::new(problem::INTERNAL)
        }
        CommandError::Keys(_) | CommandError::Documents(_) => unavailable(),
    }
}

fn of_journal(error: &JournalError) -> Problem {
    match error {
        JournalError::Busy => Problem::new(problem::BUSY).retry_after(SOON_RETRY_S),
        JournalError::Inconsistent { .. } => Problem::new(problem::INTERNAL),
        _ => unavailable(),
    }
}

/// Every field that breaks a rule of form.
fn of_form(errors: &FormErrors, language: Language) -> Problem {
    errors.fields().iter().fold(Problem::new(problem::INVALID_BODY), |problem, error| {
        problem.error(error.pointer.clone(), error.rule(), error.detail(language))
    })
}

fn of_refusal(refusal: &Refusal, language: Language) -> Problem {
    let detail = refusal.detail(language);
    let problem = Problem::new(problem::REFUSED).detail(detail.clone());
    problem.error(refusal.pointer(), refusal.rule(), detail)
}

/// A token that is right and gives no role is no 401: another login would bring the same one, and a client
/// that logs in anew at each 401 would never end.
fn of_token(error: &TokenError) -> Problem {
    match error {
        TokenError::Expired | TokenError::Revoked => Problem::new(problem::TOKEN_EXPIRED),
        TokenError::NoGrant => Problem::new(problem::NO_GRANT),
        TokenError::IssuerUnavailable => {
            Problem::new(problem::ISSUER_UNAVAILABLE).retry_after(ISSUER_RETRY_S)
        }
        TokenError::Unavailable(error) => of_journal(error),
        TokenError::Invalid => Problem::new(problem::UNAUTHENTICATED),
        // Of this process's own key: no caller's token says so.
        TokenError::Key | TokenError::File(_) => Problem::new(problem::INTERNAL),
    }
}

/// A question that took too long was stopped; anything else is the database's state.
fn of_read(error: &ReadError) -> Problem {
    if error.is_too_slow() {
        return Problem::new(problem::QUERY_TOO_SLOW).retry_after(UNAVAILABLE_RETRY_S);
    }
    unavailable()
}

fn of_evidence(error: &EvidenceError) -> Problem {
    match error {
        EvidenceError::NotCovered => Problem::new(problem::NOT_COVERED).retry_after(SOON_RETRY_S),
        EvidenceError::TileMissing { .. } => Problem::new(problem::NOT_FOUND),
        EvidenceError::Journal(_) | EvidenceError::Database(_) => {
            Problem::new(problem::UNAVAILABLE).retry_after(SOON_RETRY_S)
        }
        _ => Problem::new(problem::INTERNAL),
    }
}

fn of_figures(error: &FigureError, language: Language) -> Problem {
    let bad = |name: &str, expected: String| {
        parameters_problem(&[WrongParameter::value(name, expected)], language)
    };
    match error {
        FigureError::Behind => Problem::new(problem::BEHIND).retry_after(SOON_RETRY_S),
        FigureError::NoSuchPosition { head } => bad("as_of_position", format!("0..{head}")),
        FigureError::Uncomputed(Uncomputed::TooManyCells(error)) => {
            bad("group_by", error.to_string())
        }
        FigureError::Uncomputed(Uncomputed::DimensionNotHeld(missing)) => {
            let parameter = if missing.is_filter { missing.dimension.word() } else { "group_by" };
            bad(parameter, wording::of_dimension(missing, language))
        }
        FigureError::Read(error) => of_read(error),
        FigureError::Journal(_) | FigureError::Command(_) => unavailable(),
        FigureError::Broken => Problem::new(problem::INTERNAL),
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

/// A response whose error, if it carries one, is written as a problem. Headers that inner layers have set
/// stay.
#[must_use]
pub fn rendered(mut response: Response, envelope: &Envelope) -> Response {
    let Some(Unwritten(error)) = response.extensions_mut().remove::<Unwritten>() else {
        return response;
    };
    let mut written = error.render(envelope);
    for (name, value) in response.headers() {
        if name != CONTENT_LENGTH && !written.headers().contains_key(name) {
            written.headers_mut().append(name, value.clone());
        }
    }
    written
}

macro_rules! from_below {
    ($($below:ty),*) => {$(
        impl From<$below> for ApiError {
            fn from(error: $below) -> Self {
                Self::Command(error.into())
            }
        }
    )*};
}
from_below!(JournalError, KeysError, DocumentError, FormErrors, Refusal, Unreadable);

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        FormErrors::from(error).into()
    }
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Bad(bad) => bad.into(),
            ReportError::NameTaken => Self::NameTaken,
            ReportError::Unknown => Self::NotFound,
            ReportError::Figures(error) => Self::Figures(error),
        }
    }
}

impl From<RetentionError> for ApiError {
    fn from(error: RetentionError) -> Self {
        match error {
            RetentionError::Read(error) => Self::Read(error),
            RetentionError::Command(error) => Self::Command(error),
        }
    }
}

impl From<HeldError> for ApiError {
    fn from(error: HeldError) -> Self {
        match error {
            HeldError::Read(error) => Self::Read(error),
            HeldError::Command(error) => Self::Command(error),
        }
    }
}

impl From<ActivityError> for ApiError {
    fn from(error: ActivityError) -> Self {
        match error {
            ActivityError::Read(error) => Self::Read(error),
            ActivityError::Journal(error) => Self::Command(error),
        }
    }
}
