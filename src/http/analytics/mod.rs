//! Figures: indicators and what is made of them, why somebody is counted, targets, frozen reports.
//!
//! A handler reads the question, lets [`Figures`](crate::figures::Figures) find its moment and compute
//! it, and shapes the answer. What a caller may see is said by its scope; analysts and donors see no
//! cell of few people.

mod answer;
mod reasons;
mod reports;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::get;
use sira_domain::reference::Language;
use sira_projections::analytics::{AnalyticsQuery, DimensionNotHeld, PROJECTIONS, Uncomputed};

use super::App;
use super::problem::{self, Problem};
use super::reading::{bad_parameter, unavailable, wait_for_position};
use super::request::{Caller, Envelope};
use crate::figures::{BadParameter, FigureError, Parameters, Question, Subject, sees_nobody};

/// The routes.
pub fn routes() -> Router<App> {
    let mut router = Router::new()
        .route("/v1/analytics/indicators/{name}/why", get(reasons::why))
        .route("/v1/analytics/reports", get(reports::list).post(reports::freeze))
        .route("/v1/analytics/reports/{name}", get(reports::show));
    for (word, subject) in Subject::ALL {
        let handler = async move |state, caller, headers, asked| {
            figures(state, caller, headers, asked, (word, subject)).await
        };
        router = router.route(&format!("/v1/analytics/{word}"), get(handler));
    }
    router
}

/// The parameters of an address.
struct Asked(Parameters);

impl FromRequestParts<App> for Asked {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let Ok(envelope) = Envelope::from_request_parts(parts, app).await;
        let read = parts.uri.query().unwrap_or_default().parse();
        read.map(Self).map_err(|bad: BadParameter| {
            envelope.problem(&Problem::bad_parameter(envelope.language, "query", &bad.expected))
        })
    }
}

async fn figures(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Asked(parameters): Asked,
    (word, subject): (&'static str, Subject),
) -> Result<Response, Response> {
    let question = Question::read(parameters, subject).map_err(|bad| refused(&caller, &bad))?;
    wait_for_position(&app, &caller, &headers, &PROJECTIONS).await?;
    let failed = |error| failed(&caller, &error);
    let found = app.figures.moment(question.when).await.map_err(failed)?;
    let query = reached(&app, &caller, &question).await?;
    let hides_few = sees_nobody(caller.grant.role);
    if subject == Subject::Targets {
        let reached = app.figures.targets(query, found.at, hides_few).await.map_err(failed)?;
        return answer::targets(&caller, &headers, &question, &found, &reached);
    }
    let indicators = question.indicators.clone();
    let figures = app.figures.compute(indicators, query, found.at, hides_few).await;
    answer::figures(&caller, &headers, word, &question, &found, &figures.map_err(failed)?)
}

/// The question, kept to what the caller may see.
async fn reached(
    app: &App,
    caller: &Caller,
    question: &Question,
) -> Result<AnalyticsQuery, Response> {
    let reach = app.figures.reach(&caller.grant.scope).await;
    let reach = reach.map_err(|error| failed(caller, &error))?;
    Ok(AnalyticsQuery { reach, ..question.query.clone() })
}

fn refused(caller: &Caller, bad: &BadParameter) -> Response {
    bad_parameter(caller, &bad.name, &bad.expected)
}

fn failed(caller: &Caller, error: &FigureError) -> Response {
    let language = caller.envelope.language;
    match error {
        FigureError::Behind => {
            caller.envelope.problem(&Problem::new(problem::BEHIND, language).retry_after(1))
        }
        FigureError::NoSuchPosition { head } => {
            bad_parameter(caller, "as_of_position", &format!("0..{head}"))
        }
        FigureError::Uncomputed(Uncomputed::TooManyCells(error)) => {
            bad_parameter(caller, "group_by", &error.to_string())
        }
        FigureError::Uncomputed(Uncomputed::DimensionNotHeld(missing)) => {
            let parameter = if missing.is_filter { missing.dimension.word() } else { "group_by" };
            bad_parameter(caller, parameter, &not_held(missing, language))
        }
        FigureError::Read(error) => unavailable(caller, error),
        FigureError::Journal(_) | FigureError::Command(_) => {
            tracing::error!(request_id = &*caller.envelope.request_id, error = %error, cause = ?std::error::Error::source(error), "figures could not be computed");
            caller.envelope.problem(&Problem::new(problem::UNAVAILABLE, language).retry_after(5))
        }
        FigureError::Broken => caller.envelope.kind(problem::INTERNAL),
    }
}

/// What is said of a dimension that an indicator has not: which, and which ones it has.
fn not_held(missing: &DimensionNotHeld, language: Language) -> String {
    let held: Vec<_> = missing.held.iter().map(|dimension| dimension.word()).collect();
    let (indicator, dimension, held) =
        (missing.indicator, missing.dimension.word(), held.join(", "));
    match language {
        Language::Fr => format!(
            "l'indicateur {indicator} n'a pas la dimension {dimension} ; dimensions possibles : {held}"
        ),
        Language::En => {
            format!("indicator {indicator} has no dimension {dimension}; it has: {held}")
        }
    }
}
