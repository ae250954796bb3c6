//! How far the journal can be read: up to the first recorded event that cannot be seen.
//!
//! On one database a commit shows its rows and the head at one moment, so that there is never a hole. Where a
//! commit becomes visible in pieces (a prepared transaction of a pooler or of a distributed `PostgreSQL`, a
//! replica), the head may be seen before the rows below it, and a reader that went on past the hole would leave
//! out what appears there later. So every reader stops at the first hole and asks again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sira_database::{Connection, number, on_engine};
use sira_numbers::Position;
use tokio::time::{Instant, sleep};

use crate::{Journal, JournalError, RecordedEvent};

/// A hole that lasts longer is told in the log. A commit in pieces takes milliseconds.
const TOLD_AFTER: Duration = Duration::from_secs(5);
/// How often is looked again by who waits.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Events that are looked at when a journal is opened: minutes of the heaviest load.
pub(crate) const RECENT_EVENTS: u64 = 200_000;
/// Positions that are compared at once when a hole is looked for.
const POSITIONS: u32 = 10_000;

/// A recorded event that cannot be seen.
#[derive(Clone, Copy, Debug)]
pub struct Hole {
    /// Its position.
    pub position: Position,
    since: Instant,
}

impl Hole {
    /// How long it has not been seen.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.since.elapsed()
    }
}

/// What this process knows of it.
#[derive(Default)]
pub(crate) struct Readable(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// Every event up to here was seen. Committed events do not vanish.
    up_to: Position,
    hole: Option<Hole>,
    is_told: bool,
}

impl Readable {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn hole(&self) -> Option<Hole> {
        self.seen().hole
    }

    fn up_to(&self) -> Position {
        self.seen().up_to
    }

    /// Every event after `after`, up to another position, was seen.
    pub fn saw(&self, after: Position, up_to: Position) {
        let mut seen = self.seen();
        if after <= seen.up_to {
            seen.up_to = seen.up_to.max(up_to);
        }
        let is_closed = |hole: &mut Hole| after < hole.position && hole.position <= up_to;
        if let Some(hole) = seen.hole.take_if(is_closed)
            && std::mem::take(&mut seen.is_told)
        {
            let (position, after_s) = (hole.position.get(), hole.age().as_secs());
            tracing::info!(position, after_s, "the recorded event can be read");
        }
    }

    /// The event at a position was recorded and is not there. Told once when that lasts.
    pub fn missed(&self, position: Position) {
        let mut seen = self.seen();
        let same = seen.hole.filter(|hole| hole.position <= position);
        let hole = same.unwrap_or_else(|| {
            seen.is_told = false;
            Hole { position, since: Instant::now() }
        });
        seen.hole = Some(hole);
        if !seen.is_told && hole.age() >= TOLD_AFTER {
            seen.is_told = true;
            let position = hole.position.get();
            tracing::error!(
                position,
                "a recorded event cannot be read: every reader waits before it"
            );
        }
    }

    /// What of a page comes without a hole after a position.
    pub fn without_hole(
        &self,
        after: Position,
        mut events: Vec<RecordedEvent>,
    ) -> Vec<RecordedEvent> {
        let last = followed(after, events.iter().map(|event| event.position));
        self.saw(after, last);
        let seen = usize::try_from(last.since(after)).unwrap_or(usize::MAX);
        if seen < events.len() {
            self.missed(last.next());
            events.truncate(seen);
        }
        events
    }
}

impl Journal {
    /// The last position up to which every event can be read now: the head's, unless there is a hole below it.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn readable(&self) -> Result<Position, JournalError> {
        let head = self.head().await?.position;
        let readable = &self.shared().readable;
        let known = readable.up_to();
        if head <= known {
            return Ok(head);
        }
        let mut handle = self.pool().acquire().await?;
        let missing = first_hole(handle.connection(), known, head).await?;
        drop(handle);
        let last = missing.map_or(head, Position::before);
        readable.saw(known, last);
        if let Some(missing) = missing {
            readable.missed(missing);
        }
        Ok(last)
    }

    /// The last position that was recorded, once everything up to it can be read: for who must leave nothing out.
    /// A hole is waited for, as long as the fate of a commit is.
    ///
    /// # Errors
    /// [`JournalError::Unreadable`] when it does not close, [`JournalError::Database`].
    pub async fn wholly_readable(&self) -> Result<Position, JournalError> {
        let head = self.head().await?.position;
        let readable = self.readable_within(self.shared().config.doubt_timeout).await?;
        if readable < head {
            return Err(JournalError::Unreadable { position: readable.next() });
        }
        Ok(head)
    }

    /// As [`Journal::readable`], once everything that was recorded when this was asked can be read, or the time is up.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn readable_within(&self, time: Duration) -> Result<Position, JournalError> {
        let deadline = Instant::now() + time;
        let head = self.head().await?.position;
        loop {
            let readable = self.readable().await?;
            if readable >= head || Instant::now() >= deadline {
                return Ok(readable);
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Nobody is told that something is not there while a recorded event cannot be read: it may be that one.
    pub(crate) async fn refuse_hole(&self) -> Result<(), JournalError> {
        self.readable().await?;
        let hole = self.hole();
        hole.map_or(Ok(()), |hole| Err(JournalError::Unreadable { position: hole.position }))
    }

    /// The recorded event that cannot be seen and that readers wait before; none where there is no hole.
    #[must_use]
    pub fn hole(&self) -> Option<Hole> {
        self.shared().readable.hole()
    }
}

/// The last of the positions that follow one another right after a position.
pub(crate) fn followed(after: Position, positions: impl IntoIterator<Item = Position>) -> Position {
    let mut last = after;
    for position in positions {
        if position != last.next() {
            break;
        }
        last = position;
    }
    last
}

/// The first of the events after a position, up to another, that is not there.
pub(crate) async fn first_hole(
    mut connection: Connection<'_>,
    after: Position,
    up_to: Position,
) -> Result<Option<Position>, sqlx::Error> {
    const COUNT: &str = "SELECT count(*) FROM events WHERE position > $1 AND position <= $2";
    const PAGE: &str = "SELECT position FROM events WHERE position > $1 AND position <= $2 \
         ORDER BY position LIMIT $3";
    let seen: i64 = on_engine!(connection.again(), db => {
        sqlx::query_scalar(COUNT).bind(after.stored()).bind(up_to.stored()).fetch_one(db).await?
    });
    if u64::try_from(seen) == Ok(up_to.since(after)) {
        return Ok(None);
    }
    let mut at = after;
    while at < up_to {
        let page: Vec<i64> = on_engine!(connection.again(), db => {
            sqlx::query_scalar(PAGE)
                .bind(at.stored())
                .bind(up_to.stored())
                .bind(i64::from(POSITIONS))
                .fetch_all(db)
                .await?
        });
        let page: Vec<Position> = page.into_iter().map(number).collect::<Result<_, _>>()?;
        let last = followed(at, page.iter().copied());
        if page.last() != Some(&last) {
            return Ok(Some(last.next()));
        }
        at = last;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_without_a_hole_ends_before_the_first() {
        let last = |after: u32, page: &[u32]| {
            followed(after.into(), page.iter().copied().map(Position::from)).get()
        };
        assert_eq!(last(3, &[4, 5, 6]), 6);
        assert_eq!(last(3, &[5, 6]), 3);
        assert_eq!(last(3, &[4, 6]), 4);
        assert_eq!(last(3, &[]), 3);
    }

    #[test]
    fn a_hole_is_closed_by_who_sees_its_event_and_by_nobody_else() {
        let readable = Readable::default();
        readable.saw(Position::START, 5.into());
        readable.missed(8.into());
        // Who stands before another hole behind it has not closed it.
        readable.missed(12.into());
        assert_eq!(readable.hole().map(|hole| hole.position), Some(8.into()));
        readable.saw(8.into(), 12.into());
        assert_eq!(readable.hole().map(|hole| hole.position), Some(8.into()));
        readable.saw(5.into(), 12.into());
        assert!(readable.hole().is_none());
        assert_eq!(readable.up_to(), 12.into());
    }
}
