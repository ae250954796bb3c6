//! Rows that are made anew under another index key, while the live ones are fed.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::rebuild::rebuild_projection;
use crate::{Feed, FoldError, Projection, ReadStore};

/// A renewal under way; given up when dropped, and gone on with by the next.
pub(super) struct Renewal(JoinHandle<Result<(), FoldError>>);

impl Renewal {
    /// Begins. Must be called within a Tokio runtime.
    pub fn begin<F: Feed, P: Projection>(
        feed: F,
        store: ReadStore,
        projection: Arc<P>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        tracing::info!(
            projection = projection.name(),
            "rows are being made anew under the index key in force"
        );
        Self(tokio::spawn(async move {
            rebuild_projection(&feed, &store, &*projection, &|_| (), &stop).await
        }))
    }

    /// Whether it has ended, one way or the other.
    pub fn has_ended(&self) -> bool {
        self.0.is_finished()
    }

    /// Takes note of how it ended; false when it failed, and has to be begun again.
    pub async fn end(mut self, name: &str) -> bool {
        let done =
            (&mut self.0).await.unwrap_or_else(|lost| Err(FoldError::Unavailable(lost.into())));
        match &done {
            Ok(()) => tracing::info!(projection = name, "rows are under the index key in force"),
            Err(error) => tracing::warn!(
                projection = name,
                cause = ?std::error::Error::source(error),
                "rows could not be made anew under the index key in force"
            ),
        }
        done.is_ok()
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.abort();
    }
}
