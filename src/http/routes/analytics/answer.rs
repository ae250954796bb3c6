//! Figures as JSON with their definitions, or as a sheet's bytes.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::reference::Language;
use sira_numbers::Position;
use sira_projections::analytics::{Indicator, IndicatorKind};
use sira_projections::table::time_text;

use super::row::Row;
use crate::figures::{AnswerMemory, FigureError, FoundMoment, Question, When};
use crate::formats::{Format, FormatError};
use crate::http::App;
use crate::http::contract::error::ApiError;
use crate::http::contract::operation::{AnswerHeader, Operation, Output};
use crate::http::contract::wording;

/// What was asked and of when.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FigureHead {
    /// Everything up to here is in the figures.
    position: Position,
    /// The day that they are of.
    day: NaiveDate,
    /// The end of the period of reporting up to which figures are published, for those who must see nobody.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "NaiveDate")]
    published_at: Option<NaiveDate>,
    /// How published figures are to be read, in the caller's language.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    note: Option<&'static str>,
    /// The time that was asked of, if one was.
    #[schemars(with = "Option<chrono::DateTime<chrono::Utc>>")]
    as_of: Option<String>,
    /// What they are broken down by.
    group_by: Vec<&'static str>,
}

impl FigureHead {
    /// Of a question and its moment.
    #[must_use]
    pub fn of(question: &Question, found: &FoundMoment, language: Language) -> Self {
        Self {
            published_at: found.published_at,
            note: found.published_at.map(|_| wording::of_published(language)),
            position: found.at.position,
            day: found.at.day,
            as_of: match question.when {
                When::Time(time) => Some(time_text(time)),
                When::Now | When::Position(_) | When::At(_) => None,
            },
            group_by: question.query.group_by.iter().map(|group| group.word()).collect(),
        }
    }
}

/// What an indicator is, in the caller's language.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Definition {
    /// Its name.
    name: &'static str,
    /// What it is called.
    label: &'static str,
    /// How it is computed.
    formula: &'static str,
    /// Its unit.
    unit: &'static str,
    /// `period` for what happens in a period, `day` for what stands at its end.
    over: &'static str,
    /// `flow`, `stock`, `ratio` or `duration`.
    kind: &'static str,
    /// Where the definition comes from.
    source: &'static str,
    /// What must be known before anything is concluded from it; left out where nothing is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    caveat: Option<&'static str>,
}

/// The definitions of indicators in the caller's language, each once.
#[must_use]
pub fn definitions(
    indicators: impl Iterator<Item = &'static Indicator>,
    language: Language,
) -> Vec<Definition> {
    let french = language == Language::Fr;
    let mut list: Vec<Definition> = Vec::new();
    for indicator in indicators {
        if list.iter().any(|told| told.name == indicator.name) {
            continue;
        }
        list.push(Definition {
            name: indicator.name,
            label: indicator.label(french),
            formula: if french { indicator.formula_fr } else { indicator.formula_en },
            unit: indicator.unit.word(),
            over: match indicator.kind {
                IndicatorKind::Flow => "period",
                IndicatorKind::Stock | IndicatorKind::Trailing => "day",
            },
            kind: indicator.nature().word(),
            source: indicator.source,
            caveat: indicator.caveat.map(|(fr, en)| if french { fr } else { en }),
        });
    }
    list
}

/// Figures with their definitions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FigureTable {
    /// What was asked.
    #[serde(flatten)]
    pub head: FigureHead,
    /// What each indicator is.
    pub definitions: Vec<Definition>,
    /// The cells, or the targets.
    pub rows: Vec<Row>,
}

/// Figures in the format that was asked for, written: nothing is left to do but to send them.
pub struct FigureAnswer {
    bytes: Bytes,
    content_type: &'static str,
    /// How a sheet is to be kept.
    disposition: Option<String>,
    position: Position,
    /// What the answer takes of memory until it has been sent.
    memory: Option<AnswerMemory>,
}

/// Bytes of an answer that are handed on at once: compressing them is a millisecond's work, after which
/// other requests have their turn.
const PIECE_BYTES: usize = 64 * 1024;

impl FigureAnswer {
    /// For a program.
    ///
    /// # Errors
    /// That it cannot be written.
    pub fn json(body: &FigureTable, position: Position) -> Result<Self, FormatError> {
        let bytes = serde_json::to_vec(body).map_err(std::io::Error::from)?.into();
        let content_type = "application/json";
        Ok(Self { bytes, content_type, disposition: None, position, memory: None })
    }

    /// For a spreadsheet or a statistician.
    #[must_use]
    pub fn sheet(format: Format, name: &str, bytes: Vec<u8>, position: Position) -> Self {
        let disposition = Some(format.content_disposition(name));
        let content_type = format.content_type();
        Self { bytes: bytes.into(), content_type, disposition, position, memory: None }
    }

    /// Writes an answer on a thread of its own, and takes memory for it until it has been sent.
    ///
    /// # Errors
    /// That it cannot be written, or that there is no memory for it now.
    pub async fn written(
        app: &App,
        write: impl FnOnce() -> Result<Self, ApiError> + Send + 'static,
    ) -> Result<Self, ApiError> {
        let written = tokio::task::spawn_blocking(write).await;
        let written = written.map_err(|error| {
            tracing::error!(%error, "figures could not be written");
            FigureError::Broken
        })??;
        let memory = app.figures.answer_memory(written.bytes.len())?;
        Ok(Self { memory: Some(memory), ..written })
    }
}

/// The bytes, a piece at a time; the memory is given back with the last of them.
fn pieces(bytes: Bytes, memory: Option<AnswerMemory>) -> Body {
    let pieces = futures::stream::unfold((bytes, memory), |(mut bytes, memory)| async move {
        let piece = bytes.split_to(bytes.len().min(PIECE_BYTES));
        (!piece.is_empty()).then_some((Ok::<_, Infallible>(piece), (bytes, memory)))
    });
    Body::from_stream(pieces)
}

/// The format that an `Accept` header asks for.
///
/// # Errors
/// [`ApiError::NotAcceptable`].
pub fn negotiated(accept: Option<&str>) -> Result<Format, ApiError> {
    let offered = || Format::ALL.iter().map(|format| format.media_type()).collect();
    Format::negotiate(accept).ok_or_else(|| ApiError::NotAcceptable(offered()))
}

impl IntoResponse for FigureAnswer {
    fn into_response(self) -> Response {
        let Self { bytes, content_type, disposition, position, memory } = self;
        let body = if bytes.len() <= PIECE_BYTES { bytes.into() } else { pieces(bytes, memory) };
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert("sira-position", HeaderValue::from(position.get()));
        let how = disposition.and_then(|how| HeaderValue::from_str(&how).ok());
        if let Some(how) = how {
            headers.insert(header::CONTENT_DISPOSITION, how);
        }
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language"));
        response
    }
}

impl Output for FigureAnswer {
    fn describe(operation: &mut Operation) {
        operation.table::<FigureTable>(200, "The figures.", &[AnswerHeader::Position]);
        operation.problems(&[406, 429, 503]);
    }
}
