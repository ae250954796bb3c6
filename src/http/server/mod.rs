//! The listening side: connections, their limits, and an end in good order.

pub mod gate;
pub mod limits;
pub mod metrics;
pub mod peer;
mod stalling;
pub(super) mod streams;
mod unread;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Layer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::timeout::RequestBodyTimeoutLayer;

use peer::{Peer, counted};
use stalling::stalling;
use streams::Streams;
use unread::drained;

use super::contract::envelope::Envelope;
use super::contract::error::ApiError;
use crate::at_once::AtOnce;

/// Answers shorter than this fit a packet or two: compressing them saves no time.
const COMPRESSED_FROM_BYTES: u16 = 2_048;

/// What a caller may take of the server.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// Connections at once; further ones wait to be accepted.
    pub connections: usize,
    /// Connections at once of one address; further ones are closed at once.
    pub connections_of_address: usize,
    /// Time to send the first byte of a new connection.
    pub first_byte_within: Duration,
    /// Time to send a request's headers, also between two requests of one connection.
    pub headers_within: Duration,
    /// Longest silence inside a body.
    pub body_silence: Duration,
    /// Time for a whole request.
    pub request_within: Duration,
    /// Time for a whole upload of a document.
    pub upload_within: Duration,
    /// Readers that follow the events at once.
    pub streams: usize,
    /// Those of one token.
    pub streams_of_token: usize,
    /// Longest time in which a caller takes nothing of what it asked for.
    pub unread_within: Duration,
    /// Time for requests under way to end at shutdown.
    pub drain_within: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            // A quarter of all: an office, a town behind its operator or a proxy that is not trusted has
            // room, and three addresses cannot take every place.
            connections_of_address: 2_500,
            // Whoever connects has something to say; a second connection that a browser opens ahead of
            // need is opened again when it is used.
            first_byte_within: Duration::from_secs(15),
            headers_within: Duration::from_secs(75),
            body_silence: Duration::from_secs(20),
            // Poor connections: a body of 64 kB at 2 kB a second.
            request_within: Duration::from_mins(1),
            // 50 MB at 16 kB a second; a silence ends it sooner.
            upload_within: Duration::from_hours(1),
            // Each holds a page of at most some 300 kB while its reader is slow, and asks for the
            // head of the journal twice a second, together with all others.
            streams: 256,
            // A program, its standby and a person who looks, twice over.
            streams_of_token: 8,
            // A poor connection gets a packet through in this time, or it is none.
            unread_within: Duration::from_mins(1),
            drain_within: Duration::from_secs(20),
        }
    }
}

/// Serves until `stop` resolves, then ends in good order: no new connection, requests under way
/// finish or time out, streams of events end at once.
///
/// A slow caller costs one connection and its buffers, no thread, and is cut off by the limits.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ServeLimits,
    stop: impl Future<Output = ()>,
) {
    // Pictures and PDF are compressed already.
    let compressed = SizeAbove::new(COMPRESSED_FROM_BYTES)
        .and(NotForContentType::IMAGES)
        // The compressor would hold events back until it has enough of them.
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("application/pdf"));
    let (streams, closing) = Streams::new(limits.streams, limits.streams_of_token);
    let router = router
        .layer(Extension(streams))
        .layer(RequestBodyTimeoutLayer::new(limits.body_silence))
        .layer(CompressionLayer::new().compress_when(compressed))
        .layer(from_fn(drained))
        .layer(from_fn_with_state(limits, within));
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    // Not `pipeline_flush`: with it hyper takes a body whole into memory, however slow its reader.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.headers_within);
    let builder = Arc::new(builder);
    let (graceful, places) =
        (GracefulShutdown::new(), Arc::new(Semaphore::new(limits.connections)));
    let neighbours = AtOnce::new(limits.connections_of_address);
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        // Closed without a word: whoever holds so many reads none.
        let Some(share) = neighbours.enter(counted(peer.ip().to_canonical())) else { continue };
        let service = TowerToHyperService::new(Extension(Peer(peer)).layer(router.clone()));
        let (builder, watcher) = (builder.clone(), graceful.watcher());
        tokio::spawn(async move {
            let spoke = tokio::time::timeout(limits.first_byte_within, stream.peek(&mut [0])).await;
            if !matches!(spoke, Ok(Ok(1))) {
                return;
            }
            let stream = stalling(stream, limits.unread_within);
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            // A connection that breaks is the caller's affair.
            let _ = watcher.watch(connection.into_owned()).await;
            drop((place, share));
        });
    }
    drop(listener);
    // Whoever follows the events would otherwise do so until the time to drain is over.
    closing.close();
    if tokio::time::timeout(limits.drain_within, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still under way at shutdown");
    }
}

/// Cuts off a request that takes too long. A command under way is not cut: it runs in a task of its
/// own, and its retry gets its answer.
async fn within(State(limits): State<ServeLimits>, request: Request, next: Next) -> Response {
    let envelope = Envelope::of(request.headers());
    let is_upload = request.uri().path().ends_with("/commands/attach-document");
    let limit = if is_upload { limits.upload_within } else { limits.request_within };
    let answer = tokio::time::timeout(limit, next.run(request)).await;
    answer.unwrap_or_else(|_| ApiError::Timeout.render(&envelope))
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Small answers must not wait for the next one.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, place))
        }
        Err(error) => {
            // Out of file handles, say: wait for some to be given back rather than spin.
            tracing::warn!(error = %error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}
