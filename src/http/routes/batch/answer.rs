//! The answer to a batch: a line for each of its lines.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use sira_numbers::Position;

use super::given::{Batch, On, Outcome};
use crate::commands::Answer;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::LinesBody;
use crate::http::contract::operation::{AnswerHeader, Operation, Output};
use crate::http::contract::problem::ProblemBody;

/// What became of one line of a batch.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BatchAnswer")]
struct LineAnswer<'a> {
    /// The number of the line, from 1; empty lines are not counted.
    line: usize,
    /// The status that the command would have had by itself.
    status: u16,
    /// Its answer, when it was carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Answer")]
    answer: Option<&'a Answer>,
    /// Whether it is the answer of an earlier request with the same idempotency key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    replayed: bool,
    /// The problem, when it was not carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ProblemBody")]
    problem: Option<ProblemBody<'a>>,
}

/// The answers of a batch, written.
pub struct BatchAnswers {
    written: Vec<u8>,
    position: Position,
}

impl BatchAnswers {
    /// Writes what became of each line.
    pub fn of(caller: &Caller, batch: &Batch) -> Self {
        let (mut written, mut position) = (Vec::new(), Position::START);
        for (place, (given, outcome)) in batch.commands.iter().zip(&batch.outcomes).enumerate() {
            let begins = given.as_ref().is_some_and(|given| given.on == On::New);
            let unsaid = Err(ApiError::Panicked);
            let outcome = outcome.get().unwrap_or(&unsaid);
            if let Ok(answer) = outcome {
                position = position.max(answer.position);
            }
            write(&mut written, caller, (place + 1, begins), outcome);
        }
        Self { written, position }
    }
}

fn write(written: &mut Vec<u8>, caller: &Caller, (line, begins): (usize, bool), outcome: &Outcome) {
    let problem = outcome.as_ref().err().map(|error| error.logged(&caller.envelope));
    let status = match &problem {
        Some(problem) => problem.kind().status,
        None if begins => 201,
        None => 200,
    };
    let answer = LineAnswer {
        line,
        status,
        answer: outcome.as_ref().ok(),
        replayed: outcome.as_ref().is_ok_and(|answer| answer.replayed),
        problem: problem
            .as_ref()
            .map(|problem| problem.body(caller.language(), &caller.envelope.request_id)),
    };
    // What serialises always is written whole.
    let _ = serde_json::to_writer(&mut *written, &answer);
    written.push(b'\n');
}

impl IntoResponse for BatchAnswers {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.written.into());
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static(LinesBody::MEDIA_TYPE);
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert("sira-position", HeaderValue::from(self.position.get()));
        response
    }
}

impl Output for BatchAnswers {
    fn describe(operation: &mut Operation) {
        let schema = operation.schema_of::<LineAnswer<'_>>();
        operation.answer(
            200,
            "What became of each line, in the order of the lines: the status, and the answer or the problem, that the command would have had by itself.",
            &[AnswerHeader::Position],
            &[(LinesBody::MEDIA_TYPE, schema)],
        );
        operation.problems(&[409, 429, 503]);
    }
}
