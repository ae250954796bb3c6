//! Answers that last: how many there may be at once, and an end to them at shutdown.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The places of one listening server. Every request carries it as an extension.
#[derive(Clone)]
pub struct Streams {
    places: Arc<Semaphore>,
    closing: watch::Receiver<bool>,
}

/// Held by the server; dropped or told, it ends every stream.
pub struct Closing(watch::Sender<bool>);

/// One stream's place, given back when it is dropped.
pub struct Place {
    closing: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

impl Streams {
    /// Places for so many streams, and what ends them.
    pub fn new(limit: usize) -> (Self, Closing) {
        let (tell, closing) = watch::channel(false);
        (Self { places: Arc::new(Semaphore::new(limit)), closing }, Closing(tell))
    }

    /// A place, if one is left and the server goes on.
    pub fn enter(&self) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let place = Place { closing: self.closing.clone(), _permit: permit };
        (!place.is_closing()).then_some(place)
    }
}

impl Closing {
    /// Ends every stream.
    pub fn close(&self) {
        self.0.send_replace(true);
    }
}

impl Place {
    /// Whether the server is about to end.
    pub fn is_closing(&self) -> bool {
        // A sender that is gone was the server's.
        *self.closing.borrow() || self.closing.has_changed().is_err()
    }

    /// Resolves when the server is about to end.
    pub async fn closed(&mut self) {
        // An error says that the server is gone.
        let _ = self.closing.wait_for(|closing| *closing).await;
    }
}
