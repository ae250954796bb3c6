//! What is left of a body when its answer is there already.
//!
//! A refusal comes before its body has been read. What of the body still lies on the connection would be taken
//! for the next request, so the connection ends there, unless the rest is read. A short rest is read, and the
//! connection goes on: over a poor line a new one costs seconds. After a long one the answer says that the
//! connection ends, so that the caller sends nothing more over it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::{Stream, StreamExt};
use parking_lot::Mutex;

/// The longest rest that is read: any body of JSON is shorter.
const REST_MAX_BYTES: usize = 64 * 1024;
/// How long an answer waits for such a rest. What has not come by then is not worth an answer's time.
const REST_WITHIN: Duration = Duration::from_secs(1);

/// A body that can be taken back from who was handed it.
#[derive(Clone)]
struct LentBody(Arc<Mutex<Lent>>);

struct Lent {
    body: BodyDataStream,
    is_read: bool,
}

impl Stream for LentBody {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut lent = self.0.lock();
        let polled = lent.body.poll_next_unpin(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            lent.is_read = true;
        }
        polled
    }
}

impl LentBody {
    /// Reads a short rest; says whether nothing is left.
    async fn drain(mut self, is_waited_for: bool) -> bool {
        if self.0.lock().is_read {
            return true;
        }
        // Whoever asks whether to send its body has not sent it: it takes the answer for a no.
        if is_waited_for {
            return false;
        }
        let reading = async {
            let mut left = REST_MAX_BYTES;
            while let Some(Ok(bytes)) = self.next().await {
                match left.checked_sub(bytes.len()) {
                    Some(less) => left = less,
                    None => return false,
                }
            }
            true
        };
        tokio::time::timeout(REST_WITHIN, reading).await.unwrap_or(false)
    }
}

/// A body that says itself to be longer than what is drained need not be waited for.
fn is_long(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse::<usize>().ok()).is_some_and(|bytes| bytes > REST_MAX_BYTES)
}

/// Reads what an answer left of its request's body, or says that the connection ends.
pub(super) async fn drained(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let is_waited_for = parts.headers.contains_key(header::EXPECT) || is_long(&parts.headers);
    let lent = Lent { body: body.into_data_stream(), is_read: false };
    let lent = LentBody(Arc::new(Mutex::new(lent)));
    let request = Request::from_parts(parts, Body::from_stream(lent.clone()));
    let mut response = next.run(request).await;
    if !lent.drain(is_waited_for).await {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
