//! Who feeds the projections: one process at a time.
//!
//! The lease saves work and nothing rests on it: what keeps two runners from taking one batch twice is
//! the checkpoint's compare-and-set. A holder renews it while it lives; when it dies, another takes it
//! over at most [`TERM`] later.

use std::time::Duration;

use sira_database::{Lease, LeaseRow};
use tokio::sync::watch;
use uuid::Uuid;

use crate::store::{ReadConnection, ReadStore};

/// How long a lease lasts when it is not renewed.
pub(crate) const TERM: Duration = Duration::from_secs(3);
/// How often it is renewed.
const RENEW: Duration = Duration::from_millis(800);
/// How often it is asked for by who does not hold it.
const ASK: Duration = Duration::from_millis(150);

/// Takes or renews a lease; false when another holds it.
pub(crate) async fn take(
    connection: ReadConnection<'_>,
    key: &str,
    holder: Uuid,
) -> Result<bool, sqlx::Error> {
    lease(key).take(connection, holder, TERM).await
}

/// Gives a lease back.
pub(crate) async fn give_back(
    connection: ReadConnection<'_>,
    key: &str,
    holder: Uuid,
) -> Result<(), sqlx::Error> {
    lease(key).give_back(connection, holder).await
}

const fn lease(key: &str) -> Lease<'_> {
    let row = LeaseRow::Named { column: "journal", name: key };
    Lease { table: "projection_leases", row }
}

/// Asks for the lease and renews it until told to stop, and says whether it is held.
pub(super) async fn keep(
    store: ReadStore,
    journal: String,
    held: watch::Sender<bool>,
    mut stop: watch::Receiver<bool>,
) {
    let holder = Uuid::now_v7();
    while !*stop.borrow() {
        let is_held = match store.connection().await {
            Ok(mut handle) => take(handle.connection(), &journal, holder).await.unwrap_or(false),
            Err(_) => false,
        };
        held.send_if_modified(|was| std::mem::replace(was, is_held) != is_held);
        tokio::select! {
            () = tokio::time::sleep(if is_held { RENEW } else { ASK }) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
    held.send_replace(false);
    if let Ok(mut handle) = store.connection().await {
        // If this fails, the lease runs out.
        let _ = give_back(handle.connection(), &journal, holder).await;
    }
}
