//! The task that keeps what people connect to right, and holds them to their limits.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::{Blocked, count_offices, logins, settle};
use crate::store::ReadStore;

/// How often it is looked after: a session past its limit is ended that much later at most.
const EVERY: Duration = Duration::from_secs(5);
/// How long it is left alone at most while somebody holds something up: twice as long each time.
const HELD_MAX: Duration = Duration::from_mins(1);
/// How often the people of each office are counted, which reads a row each.
const COUNT_EVERY: Duration = Duration::from_mins(10);

/// Looks after the views while this process feeds the projections, until told to stop.
pub(crate) async fn keep(
    store: ReadStore,
    journal: String,
    leads: watch::Receiver<bool>,
    mut stop: watch::Receiver<bool>,
) {
    if !store.is_postgres() {
        return;
    }
    let (mut wait, mut counted, mut before) = (EVERY, None::<Instant>, Vec::new());
    while !*stop.borrow() {
        if *leads.borrow() {
            if counted.is_none_or(|at| at.elapsed() > COUNT_EVERY) {
                let done = count_offices(&store).await;
                counted = done.is_ok().then(Instant::now);
            }
            let held = look_after(&store, &journal, &mut before).await;
            wait = if held { (wait * 2).min(HELD_MAX) } else { EVERY };
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

/// Sets right what can be, and says whether something is held up. What is held up is logged once.
async fn look_after(store: &ReadStore, journal: &str, before: &mut Vec<Blocked>) -> bool {
    match logins::end_beyond_limits(store).await {
        Ok(ended) if ended.is_empty() => {}
        Ok(ended) => tracing::warn!(?ended, "sessions of analysts were ended at their time limit"),
        Err(error) => {
            tracing::debug!(%error, "analysts' sessions could not be held to their limits");
        }
    }
    match settle(store, journal).await {
        Ok(held) => {
            if held != *before {
                for one in &held {
                    tracing::warn!(what = one.what, by = ?one.by, "what analysts see waits for a session or a view of others");
                }
            }
            *before = held;
            !before.is_empty()
        }
        Err(error) => {
            let cause = std::error::Error::source(&error);
            tracing::warn!(%error, ?cause, "what analysts see could not be set right");
            true
        }
    }
}
