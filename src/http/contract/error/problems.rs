//! Which problem each error is: the one place where errors become statuses.

use sira_domain::reference::Language;
use sira_domain::refusal::Refusal;
use sira_projections::analytics::Uncomputed;
use sira_projections::{FoldError, ReadError};

use super::super::problem::{self, Problem};
use super::super::query::{WrongParameter, parameters_problem};
use super::super::wording;
use super::ApiError;
use crate::commands::{CommandError, FormErrors};
use crate::documents::DocumentError;
use crate::evidence::EvidenceError;
use crate::figures::{FigureError, Rule};
use crate::journal::JournalError;
use crate::token::TokenError;

/// When to try again while a database is out of reach.
const UNAVAILABLE_RETRY_S: u32 = 5;
/// When to try again what only has to settle: a race, a queue, a view that is behind.
const SOON_RETRY_S: u32 = 1;
/// When to try again while an issuer is out of reach: its keys are not asked for more often.
const ISSUER_RETRY_S: u32 = 10;
/// When to try again while every place for a stream is taken.
const PLACE_RETRY_S: u32 = 30;

impl ApiError {
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
            Self::Withheld { line } => Problem::new(problem::WITHHELD).detail(match language {
                Language::Fr => format!("La ligne {line} a été refusée."),
                Language::En => format!("Line {line} was refused."),
            }),
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
            Self::UnsupportedMediaType { expected } => {
                let wrong = wording::of_rule("parameter_form", expected, language);
                let problem = Problem::new(problem::UNSUPPORTED_MEDIA_TYPE);
                problem.error("Content-Type", "parameter_form", wrong)
            }
            Self::BodyTooLarge => Problem::new(problem::BODY_TOO_LARGE),
            Self::Timeout => Problem::new(problem::TIMEOUT),
            Self::Parameters(wrong) => parameters_problem(wrong, language),
            Self::Unsigned { rule, detail } => {
                Problem::new(problem::INVALID_BODY).error("", *rule, detail)
            }
            Self::NameTaken => Problem::new(problem::REFUSED).error("/name", "unique", "name"),
            Self::TooManyReports { given, limit } => {
                let told = wording::of_reports(*given, *limit, language);
                Problem::new(problem::REFUSED).detail(told.clone()).error(
                    "/name",
                    "reports_standing",
                    told,
                )
            }
            Self::Behind => Problem::new(problem::BEHIND).retry_after(SOON_RETRY_S),
            Self::OtherHistory => Problem::new(problem::OTHER_HISTORY),
            Self::NoPlace => Problem::new(problem::BUSY).retry_after(PLACE_RETRY_S),
            Self::NoRoom => Problem::new(problem::NO_ROOM),
            Self::DocumentsOfPerson { held_bytes } => {
                let told = wording::of_documents(*held_bytes, language);
                let problem = Problem::new(problem::REFUSED).detail(told.clone());
                problem.error("/file", "documents_of_person", told)
            }
            Self::NoDocuments | Self::NoKeys => Problem::new(problem::UNAVAILABLE),
            Self::Command(error) => of_command(error, language),
            Self::Read(error) => of_read(error),
            Self::Panicked | Self::Sheet(_) | Self::Fold(FoldError::Unfit(_)) => {
                Problem::new(problem::INTERNAL)
            }
            Self::Fold(FoldError::Unavailable(_)) => unavailable(),
            Self::Evidence(error) => of_evidence(error),
            Self::Figures(error) => of_figures(error, language),
        }
    }
}

fn unavailable() -> Problem {
    Problem::new(problem::UNAVAILABLE).retry_after(UNAVAILABLE_RETRY_S)
}

fn of_command(error: &CommandError, language: Language) -> Problem {
    match error {
        CommandError::Form(errors) => of_form(errors, language),
        CommandError::Refused(refusal @ Refusal::OutsideReach { .. }) => {
            Problem::new(problem::OUT_OF_SCOPE).detail(refusal.detail(language))
        }
        CommandError::Refused(refusal) => of_refusal(refusal, language),
        CommandError::NotFound | CommandError::NoSuchCommand => Problem::new(problem::NOT_FOUND),
        CommandError::OutOfScope => Problem::new(problem::OUT_OF_SCOPE),
        CommandError::PreconditionFailed { expected, current } => {
            Problem::new(problem::PRECONDITION_FAILED)
                .detail(format!("If-Match \"{expected}\" != \"{current}\""))
        }
        CommandError::KeyReused => Problem::new(problem::IDEMPOTENCY_KEY_REUSED),
        CommandError::Misnamed { .. } => {
            let told = wording::of_misnamed(language);
            Problem::new(problem::INTERNAL).detail(told).error("/id", "misnamed", told)
        }
        CommandError::Contended(_) => Problem::new(problem::CONTENDED).retry_after(SOON_RETRY_S),
        CommandError::Journal(error) => of_journal(error),
        CommandError::Documents(DocumentError::TooLarge) => Problem::new(problem::BODY_TOO_LARGE),
        CommandError::Unreadable(_)
        | CommandError::Documents(DocumentError::Damaged | DocumentError::Address) => {
            Problem::new(problem::INTERNAL)
        }
        CommandError::Keys(_) | CommandError::Documents(_) => unavailable(),
    }
}

fn of_journal(error: &JournalError) -> Problem {
    match error {
        JournalError::Busy => Problem::new(problem::BUSY).retry_after(SOON_RETRY_S),
        JournalError::Inconsistent { .. } => Problem::new(problem::INTERNAL),
        JournalError::Halted(_) => Problem::new(problem::HALTED),
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
        TokenError::Expired | TokenError::Revoked | TokenError::Outdated => {
            Problem::new(problem::TOKEN_EXPIRED)
        }
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
        FigureError::TooManyQuestions => {
            Problem::new(problem::TOO_MANY_REQUESTS).retry_after(SOON_RETRY_S)
        }
        FigureError::Busy => Problem::new(problem::BUSY).retry_after(SOON_RETRY_S),
        FigureError::Behind => Problem::new(problem::BEHIND).retry_after(SOON_RETRY_S),
        FigureError::Future { today } => bad("as_of", format!("..{today}")),
        FigureError::NoSuchPosition { head } => bad("as_of_position", format!("0..{head}")),
        FigureError::Refused(refused) if refused.rule == Rule::Scope => {
            let told = wording::of_rule(refused.rule.word(), &refused.allowed, language);
            Problem::new(problem::OUT_OF_SCOPE).detail(told)
        }
        FigureError::Refused(refused) => {
            let rule = refused.rule.word();
            let allowed = refused.allowed.clone();
            let wrong =
                WrongParameter { rule, ..WrongParameter::value(refused.parameter, allowed) };
            parameters_problem(&[wrong], language)
        }
        FigureError::Uncomputed(Uncomputed::TooCostly(costly)) => {
            let (parameter, told) = wording::of_cost(*costly, language);
            parameters_problem(&[WrongParameter::refused(parameter, "too_costly", told)], language)
        }
        FigureError::Uncomputed(Uncomputed::DimensionNotHeld(missing)) => {
            let parameter = if missing.is_filter { missing.dimension.word() } else { "group_by" };
            let told = wording::of_dimension(missing, language);
            let wrong = WrongParameter::refused(parameter, "dimension_not_held", told);
            parameters_problem(&[wrong], language)
        }
        FigureError::Read(error) => of_read(error),
        FigureError::Journal(_) | FigureError::Command(_) => unavailable(),
        FigureError::Broken => Problem::new(problem::INTERNAL),
    }
}
