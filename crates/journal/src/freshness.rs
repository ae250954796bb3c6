//! Telling a reader that what it has cached is current: one read of the head serves all who wait.
//!
//! A caller may trust an answer whose read began after its call. So callers queue up, and a task takes
//! all that wait, reads the head once, and answers them; who comes while a read is under way waits for
//! the next one. Before anyone is answered, the streams that other processes wrote since the last read
//! have been told to whoever registered for it: a cache evicts them, and only then may `known` move.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sira_database::{Database, Link, number, on_engine};
use sira_numbers::Position;
use tokio::sync::{Notify, oneshot};

use crate::StreamId;
use crate::append::writer::{Shared, in_time};
use crate::own_commits::Range;
use crate::read::readable::first_hole;
use crate::read::rows::stream_id;
use crate::stamp::Stamp;
use crate::types::Head;
use crate::{Freshness, JournalError};

/// Foreign events that are told stream by stream; beyond it a cache does better to start anew.
const MAX_FOREIGN_EVENTS: u64 = 10_000;
/// Positions that one read may span to find them: our own events lie between the foreign ones, and are read
/// past.
const MAX_SPAN: u64 = 50_000;

/// What other processes wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// Into these streams.
    Streams(Vec<StreamId>),
    /// More than is worth telling: every stream may have changed.
    Everything,
}

/// Told of foreign writes before anyone learns of their position.
pub(crate) type Listener = Box<dyn Fn(Foreign) + Send + Sync>;

type Reply = oneshot::Sender<Result<Freshness, JournalError>>;

#[derive(Default)]
struct Waiting {
    replies: Vec<Reply>,
    closed: bool,
}

/// Where callers queue up.
#[derive(Default)]
pub(crate) struct FreshnessQueue {
    waiting: Mutex<Waiting>,
    wake: Notify,
    pub listeners: Mutex<Vec<Listener>>,
}

impl FreshnessQueue {
    pub async fn ask(&self) -> Result<Freshness, JournalError> {
        let (reply, answer) = oneshot::channel();
        let first = {
            let mut waiting = self.waiting();
            if waiting.closed {
                return Err(JournalError::Closed);
            }
            waiting.replies.push(reply);
            waiting.replies.len() == 1
        };
        if first {
            self.wake.notify_one();
        }
        answer.await.unwrap_or(Err(JournalError::Closed))
    }

    pub fn close(&self) {
        self.waiting().closed = true;
        self.wake.notify_one();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that reads.
pub(crate) struct FreshnessTask {
    pub database: Database,
    pub shared: Arc<Shared>,
    pub queue: Arc<FreshnessQueue>,
    /// None before the first read and after the connection broke.
    pub link: Option<Link>,
    /// Every foreign write up to here was told.
    pub known: Position,
}

impl FreshnessTask {
    /// Runs until the queue is closed.
    pub async fn run(mut self) {
        let queue = Arc::clone(&self.queue);
        loop {
            queue.wake.notified().await;
            let (replies, closed) = {
                let mut waiting = queue.waiting();
                (std::mem::take(&mut waiting.replies), waiting.closed)
            };
            if !replies.is_empty() {
                answer(replies, self.refresh().await);
            }
            if closed {
                return;
            }
        }
    }

    async fn refresh(&mut self) -> Result<Freshness, JournalError> {
        let (Head { mut position, recorded_at }, token_changes) = self.read_head().await?;
        if position > self.known {
            let gaps = self.shared.own.foreign(self.known, position).await;
            if !gaps.is_empty() {
                // Looked for first: what is seen from then on is told.
                let hole = self.hole(position).await?;
                let foreign = self.foreign(&gaps).await?;
                self.tell(&foreign);
                position = hole.map_or(position, Position::before);
            }
            // What lies behind a hole is told again once that is closed, with what appeared there.
            self.known = position;
            self.shared.announce(position);
        }
        Ok(Freshness { position, recorded_at, token_changes })
    }

    /// The first event after what is known, up to where the head stands, that cannot be read yet.
    async fn hole(&mut self, head: Position) -> Result<Option<Position>, JournalError> {
        let (shared, known) = (Arc::clone(&self.shared), self.known);
        let mut link = self.link().await?;
        let hole = in_time(&shared, first_hole(link.connection(), known, head)).await?;
        self.link = Some(link);
        shared.readable.saw(known, hole.map_or(head, Position::before));
        if let Some(hole) = hole {
            shared.readable.missed(hole);
        }
        Ok(hole)
    }

    fn tell(&self, foreign: &Foreign) {
        let listeners = self.queue.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        for listener in listeners.iter() {
            listener(foreign.clone());
        }
    }

    /// Reads the head; once more on a new connection if the old one was of no use.
    async fn read_head(&mut self) -> Result<(Head, i64), JournalError> {
        let rested = self.link.is_some();
        match self.read_head_once().await {
            Err(_) if rested => self.read_head_once().await,
            result => result,
        }
    }

    async fn read_head_once(&mut self) -> Result<(Head, i64), JournalError> {
        let shared = Arc::clone(&self.shared);
        let mut link = self.link().await?;
        let read = head_row(&mut link, &shared.config.journal);
        let (next, Stamp(recorded_at), token_changes) = in_time(&shared, read).await?;
        self.link = Some(link);
        Ok((Head { position: number::<Position>(next)?.before(), recorded_at }, token_changes))
    }

    /// The connection, taken out of its place: it is put back only after a statement went well.
    async fn link(&mut self) -> Result<Link, sqlx::Error> {
        if let Some(link) = self.link.take() {
            return Ok(link);
        }
        in_time(&self.shared, self.database.connect()).await
    }

    async fn foreign(&mut self, gaps: &[Range]) -> Result<Foreign, JournalError> {
        let events: u64 = gaps.iter().map(|(first, last)| last.since(*first) + 1).sum();
        let (Some((first, _)), Some((_, last))) = (gaps.first(), gaps.last()) else {
            return Ok(Foreign::Streams(Vec::new()));
        };
        if events > MAX_FOREIGN_EVENTS || last.since(*first) >= MAX_SPAN {
            return Ok(Foreign::Everything);
        }
        let shared = Arc::clone(&self.shared);
        let mut link = self.link().await?;
        let rows = in_time(&shared, stream_rows(&mut link, (*first, *last))).await?;
        self.link = Some(link);
        let inside = |position: Position| gaps.iter().any(|(a, b)| (*a..=*b).contains(&position));
        let mut streams = Vec::new();
        for (position, aggregate_type, id) in rows {
            if inside(number(position)?) {
                streams.push(stream_id(&position, aggregate_type, &id)?);
            }
        }
        streams.sort_unstable();
        streams.dedup();
        Ok(Foreign::Streams(streams))
    }
}

/// Answers all who waited. One that waits no longer is no failure.
fn answer(replies: Vec<Reply>, fresh: Result<Freshness, JournalError>) {
    match fresh {
        Ok(fresh) => replies.into_iter().for_each(|reply| drop(reply.send(Ok(fresh)))),
        Err(error) => {
            let errors = error.for_each(replies.len());
            for (reply, error) in replies.into_iter().zip(errors) {
                let _ = reply.send(Err(error));
            }
        }
    }
}

/// The head, and how often a token was changed: one statement, one round trip, one moment.
async fn head_row(link: &mut Link, journal: &str) -> Result<(i64, Stamp, i64), sqlx::Error> {
    const HEAD: &str = "SELECT next_position, recorded_at, \
         (SELECT changes FROM token_changes WHERE id = 1) FROM journal_head WHERE journal = $1";
    on_engine!(link, db => sqlx::query_as(HEAD).bind(journal).fetch_one(db).await)
}

/// Positions and streams of the events in a range.
async fn stream_rows(
    link: &mut Link,
    (first, last): Range,
) -> Result<Vec<(i64, String, String)>, sqlx::Error> {
    const STREAMS: &str = "SELECT position, aggregate_type, aggregate_id FROM events \
         WHERE position BETWEEN $1 AND $2";
    let (first, last) = (first.stored(), last.stored());
    on_engine!(link, db => sqlx::query_as(STREAMS).bind(first).bind(last).fetch_all(db).await)
}
