//! What every route over a read model shares: waiting for a position, the answer that says how far it
//! has read, cursors, and what is said when the read database is away.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sira_projections::ReadError;
use tokio::time::Instant;

use super::App;
use super::problem::{self, Problem};
use super::request::Caller;

/// Items of a page when nothing is said: a screen or two.
pub(super) const PAGE: u32 = 50;
/// How long a reader waits for the position of its own write; far above the usual lag.
const WAIT_WITHIN: Duration = Duration::from_secs(5);
/// How often the checkpoint is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Longest cursor that is looked at: ours are shorter.
const CURSOR_MAX_BYTES: usize = 512;
/// Bytes of a cursor that say which question it goes on with. A cursor gives no right, so this keeps
/// from mistakes and need not keep from malice.
const QUESTION_BYTES: usize = 8;

/// Waits until the named projections have reached the position that the caller asks for in
/// `Sira-Min-Position`; at once when it asks for none.
///
/// # Errors
/// The answer to give: a header that is no position, a read side that does not get there in time
/// (`behind`), or one that cannot be read.
pub(super) async fn wait_for_position(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    projections: &[&str],
) -> Result<(), Response> {
    let Some(asked) = headers.get("sira-min-position") else { return Ok(()) };
    let asked = asked.to_str().ok().and_then(|text| text.trim().parse::<u64>().ok());
    let asked = asked.ok_or_else(|| bad_parameter(caller, "Sira-Min-Position", "0.."))?;
    let until = Instant::now() + WAIT_WITHIN;
    while position_of(app, caller, projections).await? < asked {
        if Instant::now() >= until {
            let problem = Problem::new(problem::BEHIND, caller.envelope.language);
            return Err(caller.envelope.problem(&problem.retry_after(1)));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// The position that every one of the named projections has reached. To be read before the rows: they
/// may be newer than it says, never older.
///
/// # Errors
/// The answer to give.
pub(super) async fn position_of(
    app: &App,
    caller: &Caller,
    projections: &[&str],
) -> Result<u64, Response> {
    let mut lowest = u64::MAX;
    for projection in projections {
        let reached = app.read.position(app.commands.journal().id(), projection).await;
        lowest = lowest.min(reached.map_err(|error| unavailable(caller, &error))?);
    }
    Ok(lowest)
}

/// The answer when the read database could not be read, or was stopped since the question took too long;
/// the cause is logged here, once.
pub(super) fn unavailable(caller: &Caller, error: &ReadError) -> Response {
    let request_id = &*caller.envelope.request_id;
    if error.is_too_slow() {
        tracing::warn!(request_id, "a question took too long");
        let problem = Problem::new(problem::QUERY_TOO_SLOW, caller.envelope.language);
        return caller.envelope.problem(&problem.retry_after(5));
    }
    tracing::error!(request_id, error = %error, cause = ?std::error::Error::source(error), "a read model could not be read");
    let problem = Problem::new(problem::UNAVAILABLE, caller.envelope.language);
    caller.envelope.problem(&problem.retry_after(5))
}

/// The answer to a parameter or header that is not what it should be.
pub(super) fn bad_parameter(caller: &Caller, name: &str, expected: &str) -> Response {
    caller.envelope.problem(&Problem::bad_parameter(caller.envelope.language, name, expected))
}

/// An answer from read models, which says up to which position it has read.
pub(super) fn answer(body: &Value, position: u64) -> Response {
    let mut response = body.to_string().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Paths must not linger in a proxy.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert("sira-position", HeaderValue::from(position));
    response
}

/// A place in the answer to a question, as the caller carries it to the next page. `question` is all
/// that decides what is listed and in which order.
pub(super) fn write_cursor(question: &str, place: &str) -> String {
    let mut bytes = fingerprint(question).to_vec();
    bytes.extend(place.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place that a cursor names; none when it is not one, or goes on with another question.
pub(super) fn read_cursor(question: &str, cursor: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|_| cursor.len() <= CURSOR_MAX_BYTES)?;
    let (asked, place) = bytes.split_at_checked(QUESTION_BYTES)?;
    (asked == fingerprint(question)).then(|| String::from_utf8(place.to_vec()).ok())?
}

fn fingerprint(question: &str) -> [u8; QUESTION_BYTES] {
    let whole = Sha256::digest(question);
    std::array::from_fn(|index| whole[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_in_its_own_question_alone() {
        let cursor = write_cursor("stage=idea", "2026-01-01 7");
        assert_eq!(read_cursor("stage=idea", &cursor).as_deref(), Some("2026-01-01 7"));
        assert_eq!(read_cursor("stage=training", &cursor), None);
        for other in ["", "x", "AAAA", &cursor[1..], &"A".repeat(600)] {
            assert_eq!(read_cursor("stage=idea", other), None, "{other}");
        }
    }
}
