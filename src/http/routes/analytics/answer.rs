//! Figures as JSON with their definitions, or as a sheet's bytes.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use sira_domain::reference::Language;
use sira_projections::analytics::{Indicator, Kind};
use sira_projections::table::time_text;

use super::row::Row;
use crate::figures::{Found, Question, When};
use crate::formats::Format;
use crate::http::contract::answer::Read;
use crate::http::contract::error::ApiError;
use crate::http::contract::operation::{AnswerHeader, Operation, Output};

/// What was asked and of when.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Head {
    /// Everything up to here is in the figures.
    position: u64,
    /// The day that they are of.
    day: NaiveDate,
    /// The time that was asked of, if one was.
    #[schemars(with = "Option<chrono::DateTime<chrono::Utc>>")]
    as_of: Option<String>,
    /// What they are broken down by.
    group_by: Vec<&'static str>,
}

impl Head {
    /// Of a question and its moment.
    #[must_use]
    pub fn of(question: &Question, found: &Found) -> Self {
        Self {
            position: found.at.position,
            day: found.at.day,
            as_of: match question.when {
                When::Time(time) => Some(time_text(time)),
                When::Now | When::Position(_) => None,
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
    /// `period` for what happens in a period, `day` for what stands on a day.
    over: &'static str,
    /// Where the definition comes from.
    source: &'static str,
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
                Kind::Flow => "period",
                Kind::Stock => "day",
            },
            source: indicator.source,
        });
    }
    list
}

/// Figures with their definitions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FigureTable {
    /// What was asked.
    #[serde(flatten)]
    pub head: Head,
    /// What each indicator is.
    pub definitions: Vec<Definition>,
    /// The cells, or the targets.
    pub rows: Vec<Row>,
}

/// Figures in the format that was asked for.
pub enum FigureAnswer {
    /// For a program.
    Json(Box<Read<FigureTable>>),
    /// For a spreadsheet or a statistician.
    Sheet {
        /// The format.
        format: Format,
        /// The sheet's name.
        name: String,
        /// The file.
        bytes: Vec<u8>,
        /// Everything up to here is in it.
        position: u64,
    },
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
        let mut response = match self {
            Self::Json(read) => read.into_response(),
            Self::Sheet { format, name, bytes, position } => {
                let mut response = bytes.into_response();
                let kind = HeaderValue::from_static(format.content_type());
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_TYPE, kind);
                let cached = HeaderValue::from_static("private, no-cache");
                headers.insert(header::CACHE_CONTROL, cached);
                headers.insert("sira-position", HeaderValue::from(position));
                if let Ok(how) = HeaderValue::from_str(&format.content_disposition(&name)) {
                    headers.insert(header::CONTENT_DISPOSITION, how);
                }
                response
            }
        };
        let vary = HeaderValue::from_static("Accept, Accept-Language");
        response.headers_mut().insert(header::VARY, vary);
        response
    }
}

impl Output for FigureAnswer {
    fn describe(operation: &mut Operation) {
        let table = operation.schema_of::<FigureTable>();
        let content: Vec<_> = Format::ALL
            .iter()
            .map(|format| match format {
                Format::Json => (format.media_type(), table.clone()),
                Format::Csv => (format.media_type(), json!({ "type": "string" })),
                Format::Parquet | Format::Xlsx => {
                    (format.media_type(), json!({ "type": "string", "format": "binary" }))
                }
            })
            .collect();
        operation.answer(200, "The figures.", &[AnswerHeader::Position], &content);
        operation.problems(&[406, 503]);
    }
}
