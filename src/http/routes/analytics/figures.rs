//! Indicators and targets, as JSON with their definitions or as a sheet.

use axum::extract::State;
use sira_projections::analytics::{AnalyticsQuery, PROJECTIONS, indicator_groups};

use super::answer::{FigureAnswer, negotiated};
use super::asked::AskedFigures;
use super::{TAG, reader, sheet};
use crate::figures::{Question, Reader, Subject};
use crate::http::App;
use crate::http::contract::access::Access::AnyRole;
use crate::http::contract::caller::Caller;
use crate::http::contract::endpoint::Endpoint;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{Accepted, MinPosition};
use crate::http::contract::reading::wait;

/// The subjects' operations and what each answers, in the order of [`Subject::ALL`].
const SUBJECTS: [(&str, &str); Subject::ALL.len()] = [
    ("get-funnel", "How far the people registered in a period have come."),
    ("get-indicators", "Every indicator with its definition, or those named."),
    ("get-durations", "Days from one stage to another."),
    ("get-training", "Training: people, attendance, modules."),
    ("get-finance", "Money: requested, committed, disbursed, repaid, at risk."),
    ("get-survival", "How many businesses still trade."),
    ("get-timeseries", "Indicators by month, quarter or year."),
    ("get-targets", "The targets of the conventions, and what was reached."),
];

/// The routes, one a subject.
pub fn endpoints() -> Vec<Endpoint> {
    vec![of::<0>(), of::<1>(), of::<2>(), of::<3>(), of::<4>(), of::<5>(), of::<6>(), of::<7>()]
}

fn of<const SUBJECT: usize>() -> Endpoint {
    let path = format!("/v1/analytics/{}", Subject::ALL[SUBJECT].0);
    let (id, summary) = SUBJECTS[SUBJECT];
    Endpoint::get(path, AnyRole, (TAG, id), summary, figures::<SUBJECT>)
}

async fn figures<const SUBJECT: usize>(
    State(app): State<App>,
    caller: Caller,
    Accepted(accept): Accepted,
    min: MinPosition,
    AskedFigures(parameters): AskedFigures<SUBJECT>,
) -> Result<FigureAnswer, ApiError> {
    let (word, subject) = Subject::ALL[SUBJECT];
    let question = Question::read(parameters, subject)?;
    let format = negotiated(accept.as_deref())?;
    wait(&app, min, &PROJECTIONS).await?;
    let language = caller.language();
    let (reader, _turn) = reader(&app, &caller).await?;
    if subject == Subject::Targets {
        let (found, reached) = match reader {
            Reader::Exact(own) => {
                let found = app.figures.moment(question.when).await?;
                let reach = caller.grant.scope.reach();
                let query = AnalyticsQuery { reach: own, ..question.query.clone() };
                (found, app.figures.targets(query, reach, found.at).await?)
            }
            Reader::Published(to) => app.figures.published_targets(&question, &to).await?,
        };
        let write = move || sheet::targets(language, format, &question, &found, &reached);
        return FigureAnswer::written(&app, write).await;
    }
    let (found, figures) = match reader {
        Reader::Exact(reach) => {
            let found = app.figures.moment(question.when).await?;
            let query = AnalyticsQuery { reach, ..question.query.clone() };
            let indicators = question.indicators.clone();
            (found, app.figures.compute(indicators, query, found.at).await?)
        }
        Reader::Published(to) => app.figures.published(&question, &to).await?,
    };
    let mut groups = question.query.group_by.clone();
    groups.extend(figures.iter().flat_map(|one| indicator_groups(one.indicator, &[])));
    let labels = app.figures.labels(&groups).await?;
    let write =
        move || sheet::figures(language, format, word, &question, &found, (&figures, &labels));
    FigureAnswer::written(&app, write).await
}
