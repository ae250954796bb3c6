//! Answers that last: how many there may be at once, and an end to them at shutdown.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use uuid::Uuid;

use crate::at_once::{AtOnce, Share};

/// The places of one listening server. Every request carries it as an extension.
#[derive(Clone)]
pub struct Streams {
    places: Arc<Semaphore>,
    of_token: AtOnce<Uuid>,
    closing: watch::Receiver<bool>,
}

/// Why there is no place for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// The token has as many streams as one may have.
    OfToken,
    /// Every place is taken, or the server ends.
    OfServer,
}

/// Held by the server; dropped or told, it ends every stream.
pub struct Closing(watch::Sender<bool>);

/// One stream's place, given back when it is dropped.
pub struct ReaderPlace {
    closing: watch::Receiver<bool>,
    _share: Share<Uuid>,
    _permit: OwnedSemaphorePermit,
}

impl Streams {
    /// Places for so many streams, so many of them for one token, and what ends them.
    pub fn new(limit: usize, of_token: usize) -> (Self, Closing) {
        let (tell, closing) = watch::channel(false);
        let places = Arc::new(Semaphore::new(limit));
        (Self { places, of_token: AtOnce::new(of_token), closing }, Closing(tell))
    }

    /// A place for a token's stream.
    ///
    /// # Errors
    /// [`NoPlace`]: the token or the server has none left.
    pub fn enter(&self, token: Uuid) -> Result<ReaderPlace, NoPlace> {
        let permit = Arc::clone(&self.places).try_acquire_owned();
        let permit = permit.map_err(|_| NoPlace::OfServer)?;
        let share = self.of_token.enter(token).ok_or(NoPlace::OfToken)?;
        let closing = self.closing.clone();
        let place = ReaderPlace { closing, _share: share, _permit: permit };
        if place.is_closing() { Err(NoPlace::OfServer) } else { Ok(place) }
    }
}

impl Closing {
    /// Ends every stream.
    pub fn close(&self) {
        self.0.send_replace(true);
    }
}

impl ReaderPlace {
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
