//! The end that a server is told to make: SIGTERM, or Ctrl-C.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::CliError;
use crate::say::Say;

/// Exit status of a server that was told twice: it has not ended in good order.
const TOLD_TWICE: i32 = 3;

/// Handlers that are in place from the moment this is made: a signal that comes before anybody waits
/// for it is not lost, and no longer kills.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Puts the handlers in place. To be called before the server says that it is there: whoever waits
    /// for that may stop it in the same moment.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn install() -> Result<Self, CliError> {
        let failed = |error| CliError::failed("signals", error);
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
        })
    }

    /// Resolves at the first signal. From then on a second one ends the process at once, whatever is
    /// under way: what was answered is committed, and what was not is as after a crash.
    pub async fn stop(mut self, say: Say) {
        self.next().await;
        tokio::spawn(async move {
            self.next().await;
            say.note("Second signal : arrêt immédiat.", "A second signal: stopping at once.");
            std::process::exit(TOLD_TWICE);
        });
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
