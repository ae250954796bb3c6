//! What every route over a read model shares: waiting for a position, and the position that it reads at.

use std::time::Duration;

use sira_numbers::Position;
use tokio::time::Instant;

use super::error::ApiError;
use super::input::MinPosition;
use crate::http::App;

/// How long a reader waits for the position of its own write; far above the usual lag.
const WAIT_WITHIN: Duration = Duration::from_secs(5);
/// How often the checkpoint is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits until the named projections have reached the position that the caller asks for, at once when it
/// asks for none; then the position that every one of them has reached. The rows read afterwards may be
/// newer than it says, never older.
///
/// # Errors
/// [`ApiError::Behind`] for a read side that does not get there in time, or one that cannot be read.
pub async fn arrive(
    app: &App,
    MinPosition(asked): MinPosition,
    projections: &[&str],
) -> Result<Position, ApiError> {
    let until = Instant::now() + WAIT_WITHIN;
    loop {
        let position = position_of(app, projections).await?;
        if asked.is_none_or(|asked| position >= asked) {
            return Ok(position);
        }
        if Instant::now() >= until {
            return Err(ApiError::Behind);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn position_of(app: &App, projections: &[&str]) -> Result<Position, ApiError> {
    let mut lowest = Position::MAX;
    for projection in projections {
        lowest = lowest.min(app.read.position(app.commands.journal().id(), projection).await?);
    }
    Ok(lowest)
}

/// Waits as [`arrive`] does, for who learns the position of its answer elsewhere.
///
/// # Errors
/// As [`arrive`].
pub async fn wait(app: &App, min: MinPosition, projections: &[&str]) -> Result<(), ApiError> {
    if min.0.is_some() {
        arrive(app, min, projections).await?;
    }
    Ok(())
}
