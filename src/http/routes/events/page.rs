//! The journal as pages of `CloudEvents`.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use sira_numbers::Position;

use super::record_reading;
use crate::export::events::write_cloud_event;
use crate::http::App;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::feed_cursor::FeedCursor;
use crate::journal::RecordedEvent;

/// Bytes of payloads and metadata of a page at most; a page holds at least one event, of at most 2 MiB.
const PAGE_BYTES_MAX: usize = 1 << 20;

/// Where the page ends, for the next.
const CURSOR: HeaderName = HeaderName::from_static("sira-cursor");

/// A page as a `CloudEvents` batch. `Sira-Position` is read before it: the page may go beyond, never
/// leave out.
pub async fn page(
    app: &App,
    caller: &Caller,
    limit: u32,
    after: Position,
) -> Result<Response, ApiError> {
    let journal = app.commands.journal();
    let head = journal.readable().await?;
    let events = journal.read_feed_within(after, limit, PAGE_BYTES_MAX).await?;
    if !events.is_empty() {
        record_reading(app, caller).await?;
    }
    let mut response = Response::new(Body::from(batch(journal.id(), &events)));
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/cloudevents-batch+json; charset=UTF-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("sira-position", HeaderValue::from(head.get()));
    if let Some(last) = events.last() {
        let cursor = FeedCursor::after(journal.id(), last).to_string();
        // A journal's id holds no control character.
        headers.extend(HeaderValue::from_str(&cursor).ok().map(|value| (CURSOR, value)));
    }
    Ok(response)
}

fn batch(journal: &str, events: &[RecordedEvent]) -> Vec<u8> {
    let mut out = vec![b'['];
    for (place, event) in events.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write_in_memory(journal, event, &mut out);
    }
    out.push(b']');
    out
}

/// Writes an event to memory, which does not fail.
pub fn write_in_memory(journal: &str, event: &RecordedEvent, out: &mut Vec<u8>) {
    let _ = write_cloud_event(journal, event, out);
}
