//! `GET /check/{code}`: whether a paper is genuine. It says of which kind and day, and nothing of anybody; whoever
//! holds a paper may ask.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sira_domain::reference::Language;

use super::problems::page;
use crate::formats::written::{day, whole};
use crate::http::App;
use crate::http::contract::envelope::Envelope;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{Accepted, Named};
use crate::http::contract::operation::{Operation, Output};
use crate::http::contract::problem::ProblemBody;
use crate::paper::{CheckedPaper, PaperCode, check};

/// The answer, for a program or for a person.
pub enum CheckAnswer {
    /// For a program.
    Json(CheckedPaper),
    /// For a person, with whether the code is known.
    Page(String, bool),
}

/// `GET /check/{code}`.
pub async fn checked(
    State(app): State<App>,
    envelope: Envelope,
    Named(code): Named<String>,
    accepted: Accepted,
) -> Result<CheckAnswer, ApiError> {
    let found = match code.parse::<PaperCode>() {
        Ok(code) => check(&app.commands, code).await?,
        Err(_) => None,
    };
    if accepted.prefers_page() {
        let (title, text) = told(found, envelope.language);
        return Ok(CheckAnswer::Page(page(title, &format!("<p>{text}</p>")).0, found.is_some()));
    }
    found.map(CheckAnswer::Json).ok_or(ApiError::NotFound)
}

/// A title and a sentence, of our own words alone.
fn told(found: Option<CheckedPaper>, language: Language) -> (&'static str, String) {
    let Some(paper) = found else {
        return match language {
            Language::Fr => (
                "Code inconnu",
                "Ce code n'est celui d'aucun document. Vérifiez qu'il est bien recopié.".to_owned(),
            ),
            Language::En => (
                "Unknown code",
                "This is the code of no paper. See whether it was copied rightly.".to_owned(),
            ),
        };
    };
    let on = day(paper.occurred_on, language);
    let amount = paper.amount.map(|amount| whole(&amount.signed().to_string(), language));
    let kind = match (amount, language) {
        (None, _) => paper.kind.label(language).to_owned(),
        (Some(amount), Language::Fr) => {
            format!("{}, {amount} francs CFA,", paper.kind.label(language))
        }
        (Some(amount), Language::En) => format!("{}, {amount} XOF,", paper.kind.label(language)),
    };
    match (language, paper.stands) {
        (Language::Fr, true) => ("Document authentique", format!("{kind} du {on}.")),
        (Language::Fr, false) => (
            "Document authentique, mais annulé depuis",
            format!("{kind} du {on} : ce qu'il dit a été annulé depuis."),
        ),
        (Language::En, true) => ("Genuine paper", format!("{kind} of {on}.")),
        (Language::En, false) => (
            "Genuine paper, undone since",
            format!("{kind} of {on}: what it says was undone since."),
        ),
    }
}

impl IntoResponse for CheckAnswer {
    fn into_response(self) -> Response {
        let mut response = match self {
            Self::Json(paper) => axum::Json(paper).into_response(),
            Self::Page(page, true) => axum::response::Html(page).into_response(),
            Self::Page(page, false) => {
                (StatusCode::NOT_FOUND, axum::response::Html(page)).into_response()
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language"));
        response
    }
}

impl Output for CheckAnswer {
    fn describe(operation: &mut Operation) {
        let paper = operation.schema_of::<CheckedPaper>();
        let content = [("application/json", paper), ("text/html", json!({ "type": "string" }))];
        operation.answer(200, "The paper is genuine.", &[], &content);
        let problem = operation.schema_of::<ProblemBody<'static>>();
        let unknown =
            [("application/problem+json", problem), ("text/html", json!({ "type": "string" }))];
        operation.answer(404, "No paper has this code.", &[], &unknown);
        operation.problems(&[503]);
    }
}
