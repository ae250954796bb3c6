//! Who feeds the projections, and who rebuilds them: one process at a time.
//!
//! A lease saves work and nothing rests on it: what keeps two runners from taking one batch twice is
//! the checkpoint's compare-and-set, and two builds apart that every transaction on a site moves the place
//! that it started from. A holder renews it while it lives; when it dies, another takes it
//! over at most [`TERM`] later.

use std::time::Duration;

use sira_database::LeaseRow;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use uuid::Uuid;

use crate::FoldError;
use crate::store::ReadStore;

/// How long a lease lasts when it is not renewed.
const TERM: Duration = Duration::from_secs(3);
/// How often it is renewed: three times a term, so that one renewal may be lost without losing the lease.
const RENEW: Duration = Duration::from_millis(800);
/// How often it is asked for by who does not hold it.
const ASK: Duration = Duration::from_millis(150);

const fn row(key: &str) -> sira_database::Lease<'_> {
    let row = LeaseRow::Named { column: "journal", name: key };
    sira_database::Lease { table: "projection_leases", row }
}

/// A lease that is held, and renewed until it is given back or dropped: two processes must not build on
/// one site.
pub(crate) struct Lease {
    held: watch::Receiver<bool>,
    stop: watch::Sender<bool>,
    renewing: JoinHandle<()>,
}

impl Lease {
    /// Takes it, waiting until one that was left behind by a process that was killed runs out.
    ///
    /// # Errors
    /// [`FoldError::Unavailable`] when another holds it, or the database is away.
    pub async fn take(store: &ReadStore, key: String) -> Result<Self, FoldError> {
        let holder = Uuid::now_v7();
        let until = Instant::now() + TERM * 2;
        while !ask(store, &key, holder).await? {
            if Instant::now() > until {
                return Err(FoldError::Unavailable("another process is rebuilding".into()));
            }
            tokio::time::sleep(TERM / 6).await;
        }
        let ((told, held), stop) = (watch::channel(true), watch::Sender::new(false));
        let asking = Asking { store: store.clone(), key, holder, renewed: Some(Instant::now()) };
        let renewing = tokio::spawn(asking.renew(told, stop.subscribe(), AfterLoss::GiveUp));
        Ok(Self { held, stop, renewing })
    }

    /// Fails when another has taken it over.
    pub fn check(&self) -> Result<(), FoldError> {
        if *self.held.borrow() {
            return Ok(());
        }
        Err(FoldError::Unavailable("another process has taken the rebuild over".into()))
    }

    /// Gives it back.
    pub async fn give_back(mut self) {
        self.stop.send_replace(true);
        // A task that panicked holds nothing either: the lease runs out.
        let _ = (&mut self.renewing).await;
    }
}

impl Drop for Lease {
    /// The task gives it back by itself.
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Asks for the lease and renews it until told to stop, and says whether it is held.
pub(crate) async fn keep(
    store: ReadStore,
    key: String,
    held: watch::Sender<bool>,
    stop: watch::Receiver<bool>,
) {
    let asking = Asking { store, key, holder: Uuid::now_v7(), renewed: None };
    asking.renew(held, stop, AfterLoss::AskAgain).await;
}

/// What becomes of a holder whose lease another has taken over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AfterLoss {
    AskAgain,
    GiveUp,
}

/// Who asks for a lease, and when it was theirs last.
struct Asking {
    store: ReadStore,
    key: String,
    holder: Uuid,
    renewed: Option<Instant>,
}

impl Asking {
    async fn renew(
        mut self,
        held: watch::Sender<bool>,
        mut stop: watch::Receiver<bool>,
        after_loss: AfterLoss,
    ) {
        while !*stop.borrow() {
            match ask(&self.store, &self.key, self.holder).await {
                Ok(true) => self.renewed = Some(Instant::now()),
                Ok(false) => self.renewed = None,
                // A database that is away for a moment takes the lease from nobody.
                Err(_) => self.renewed = self.renewed.filter(|at| at.elapsed() < TERM),
            }
            let is_held = self.renewed.is_some();
            held.send_if_modified(|was| std::mem::replace(was, is_held) != is_held);
            if !is_held && after_loss == AfterLoss::GiveUp {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(if is_held { RENEW } else { ASK }) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        held.send_replace(false);
        if let Ok(mut handle) = self.store.connection().await {
            // If this fails, the lease runs out.
            let _ = row(&self.key).give_back(handle.connection(), self.holder).await;
        }
    }
}

async fn ask(store: &ReadStore, key: &str, holder: Uuid) -> Result<bool, sqlx::Error> {
    let mut handle = store.connection().await?;
    row(key).take(handle.connection(), holder, TERM).await
}
