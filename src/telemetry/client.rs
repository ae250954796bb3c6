//! The exporter's way out: our own HTTP client, on our own runtime, for a thread that has neither.

use std::fmt;
use std::pin::Pin;

use axum::http::{Request, Response};
use bytes::Bytes;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;

/// Largest answer that is taken from a collector: an error in words.
const ANSWER_MAX_BYTES: usize = 64 << 10;

/// Sends on the runtime that it was made with.
pub(super) struct Client {
    runtime: Handle,
    client: reqwest::Client,
}

impl Client {
    pub fn new(runtime: Handle) -> Self {
        Self { runtime, client: reqwest::Client::new() }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl HttpClient for Client {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let mut answer = client.execute(request.try_into()?).await?;
            let mut response = Response::builder().status(answer.status());
            for (name, value) in answer.headers() {
                response = response.header(name, value);
            }
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await? {
                body.extend_from_slice(&chunk);
                if body.len() > ANSWER_MAX_BYTES {
                    return Err("the collector's answer is too long".into());
                }
            }
            Ok(response.body(body.into())?)
        });
        Box::pin(async move { sent.await? })
    }
}
