//! The journal as server-sent events (WHATWG HTML, 9.2).
//!
//! The reader pulls: a page is read from the database only when the connection has taken the one
//! before, so that a slow reader holds one page and a place, and never delays anybody else.

use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use sira_numbers::{Position, counted};
use tokio::sync::watch;
use tokio::time::Instant;

use super::page::write_in_memory;
use super::reaches_everything;
use crate::http::App;
use crate::http::contract::caller::bearer;
use crate::http::contract::feed_cursor::FeedCursor;
use crate::http::server::streams::ReaderPlace;
use crate::journal::RecordedEvent;

/// Events asked for at first and at most. What a page leaves for its bytes was read in vain, so each
/// page asks for twice what the one before could hold.
const PAGE_EVENTS: RangeInclusive<u32> = 8..=256;
/// Bytes of payloads and metadata of a page at most, unless one event alone has more.
const PAGE_BYTES: usize = 256 << 10;
/// How often the token is checked and the head is read, for what other processes wrote, while there is
/// nothing to send. All streams of a process share one read.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Longest silence: proxies cut a connection that says nothing for a minute.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);
/// How long a reader waits before it comes again, in milliseconds; told at the beginning.
const RETRY_MS: u32 = 2_000;

/// One reader, where it stands.
struct Reader {
    app: App,
    token: String,
    /// The last position that was handed out.
    at: Position,
    /// Events to ask for next.
    limit: u32,
    committed: watch::Receiver<Position>,
    place: ReaderPlace,
    looked_at: Option<Instant>,
    spoke_at: Instant,
    greeted: bool,
}

/// The answer to who follows the journal after a position. It ends with the token, the server, or a
/// failure of the database; the reader comes again and says where it stopped.
pub(super) fn answer(
    app: App,
    headers: &HeaderMap,
    after: Position,
    place: ReaderPlace,
) -> Response {
    let committed = app.commands.journal().committed();
    app.metrics.count_feed_readers(1);
    let reader = Reader {
        token: bearer(headers).unwrap_or_default().to_owned(),
        at: after,
        limit: *PAGE_EVENTS.start(),
        committed,
        place,
        looked_at: None,
        spoke_at: Instant::now(),
        greeted: false,
        app,
    };
    let frames = futures::stream::unfold(reader, |mut reader| async move {
        let frame = reader.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(frame)), reader))
    });
    let mut response = Response::new(Body::from_stream(frames));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("sira-position", HeaderValue::from(after.get()));
    // nginx would gather frames before it hands them on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.app.metrics.count_feed_readers(-1);
    }
}

impl Reader {
    /// The next bytes to send; none at the end.
    async fn next(&mut self) -> Option<Vec<u8>> {
        let frame = self.frame().await?;
        self.spoke_at = Instant::now();
        Some(frame)
    }

    async fn frame(&mut self) -> Option<Vec<u8>> {
        if !self.greeted {
            self.greeted = true;
            // At once: a browser says that the stream is open with the first bytes.
            return Some(format!("retry: {RETRY_MS}\n\n").into_bytes());
        }
        loop {
            let has_more = *self.committed.borrow_and_update() > self.at;
            // Before every page: what was recorded after a revocation never goes out.
            if self.place.is_closing() || !self.look(has_more).await {
                return None;
            }
            if *self.committed.borrow_and_update() > self.at {
                let page = self.page().await?;
                if !page.is_empty() {
                    return Some(page);
                }
            }
            if self.spoke_at.elapsed() >= HEARTBEAT_EVERY {
                return Some(b":\n\n".to_vec());
            }
            tokio::select! {
                () = self.place.closed() => return None,
                _ = self.committed.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Checks the token and asks the journal where it stands, when that was long enough ago or must be
    /// now; whether the stream goes on.
    async fn look(&mut self, must: bool) -> bool {
        if !must && self.looked_at.is_some_and(|at| at.elapsed() < LOOK_EVERY) {
            return true;
        }
        self.looked_at = Some(Instant::now());
        let grant = self.app.gate.check_again(&self.app.tokens, &self.token).await;
        if !grant.is_ok_and(|grant| reaches_everything(&grant)) {
            return false;
        }
        // It also moves `committed` to what other processes wrote.
        let fresh = self.app.commands.journal().freshness().await;
        if let Err(error) = &fresh {
            tracing::warn!(error = %error, "a stream of events ends: the journal does not answer");
        }
        fresh.is_ok()
    }

    /// The frames of the next page; none when the journal cannot be read, or holds a gap.
    async fn page(&mut self) -> Option<Vec<u8>> {
        let journal = self.app.commands.journal();
        let read = journal.read_feed_within(self.at, self.limit, PAGE_BYTES).await;
        let events = match read {
            Ok(events) => events,
            Err(error) => {
                tracing::warn!(error = %error, "a stream of events ends: the journal cannot be read");
                return None;
            }
        };
        self.app.metrics.count_feed_events(events.len() as u64);
        let twice = counted(events.len() * 2);
        self.limit = twice.clamp(*PAGE_EVENTS.start(), *PAGE_EVENTS.end());
        let mut frames = Vec::new();
        for event in events {
            let position = self.at.next();
            if event.position != position {
                tracing::error!(
                    position = position.get(),
                    "a stream of events ends: an event is missing"
                );
                return None;
            }
            self.at = event.position;
            write_frame(journal.id(), &event, &mut frames);
        }
        Some(frames)
    }
}

/// One event: its cursor as the id, and its `CloudEvent` as one line.
fn write_frame(journal: &str, event: &RecordedEvent, out: &mut Vec<u8>) {
    out.extend(format!("id: {}\ndata: ", FeedCursor::after(journal, event)).into_bytes());
    write_in_memory(journal, event, out);
    out.extend(b"\n\n");
}
