//! A rebuild that goes on while the live projections are fed.

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::models::Model;
use crate::rebuild::{Failure, rebuild_models};
use crate::{Feed, FoldError, ReadStore};

/// A rebuild under way; given up when dropped, and gone on with by the next.
pub(super) struct Build(JoinHandle<Result<Vec<Failure>, FoldError>>);

impl Build {
    /// Begins to rebuild. Must be called within a Tokio runtime.
    pub fn begin<F: Feed>(
        feed: F,
        store: ReadStore,
        stale: Vec<&'static Model>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let names: Vec<_> = stale.iter().map(|model| model.name).collect();
        tracing::info!(projections = ?names, "read models are being rebuilt");
        Self(tokio::spawn(
            async move { rebuild_models(&feed, &store, &stale, &|_| (), &stop).await },
        ))
    }

    /// Whether it has ended, one way or the other.
    pub fn has_ended(&self) -> bool {
        self.0.is_finished()
    }

    /// How it ended: the events that did not fit.
    pub async fn end(mut self) -> Result<Vec<Failure>, FoldError> {
        (&mut self.0).await.unwrap_or_else(|lost| Err(FoldError::Unavailable(lost.into())))
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        self.0.abort();
    }
}
