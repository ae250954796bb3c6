//! The journal in its order, page by page, read ahead on several connections.
//!
//! A page is a range of positions, so that several can be asked for at once; what can be told of a row alone, its
//! leaf hash above all, is computed where the page was read. Who takes the pages gets them in their order, and every
//! row in it: where positions are missing, or stand twice, the reading goes on from the last row that was read.

use std::collections::VecDeque;
use std::thread::available_parallelism;

use sira_numbers::Position;
use tokio::task::JoinHandle;

use super::names::GivenName;
use crate::evidence::index::key_of;
use crate::evidence::merkle::Hash;
use crate::journal::{Journal, JournalError, RawEvent, RecordedEvent};

/// Positions of one page.
pub(super) const PAGE: u32 = 2_000;
/// Rows of one page at most: with the guards of the table there are no more than positions.
const ROWS_MAX: u32 = 2 * PAGE;
/// Pages that are read ahead at most: beyond that the connections are what is waited for.
const AHEAD_MAX: usize = 4;

/// A row as it was read.
pub(super) enum ReadRow {
    /// One that has the form of an event.
    Event(Box<HashedEvent>),
    /// One that has not, and why.
    Unfit(Position, &'static str),
}

/// An event, with what its contents come to.
pub(super) struct HashedEvent {
    pub event: RecordedEvent,
    /// The leaf hash that its contents have, or the field that no entry may hold.
    pub leaf: Result<Hash, &'static str>,
    /// The key of its stream in the stream index.
    pub key: Hash,
}

/// Rows in their order, and the position up to which these are all.
pub(super) struct ReadPage {
    pub rows: Vec<ReadRow>,
    /// The second names that its events give.
    pub names: Vec<GivenName>,
    reached: Position,
}

/// The pages after a position, up to another.
pub(super) struct Pages {
    journal: Journal,
    at: Position,
    size: Position,
    /// What is being read: where each page begins.
    ahead: VecDeque<(Position, JoinHandle<Result<ReadPage, JournalError>>)>,
    ahead_max: usize,
}

impl Pages {
    pub fn new(journal: &Journal, at: Position, size: Position) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        let ahead_max = (cores + 1).min(AHEAD_MAX);
        Self { journal: journal.clone(), at, size, ahead: VecDeque::new(), ahead_max }
    }

    /// The next page; none after the last.
    pub async fn next(&mut self) -> Result<Option<ReadPage>, JournalError> {
        if self.at >= self.size {
            return Ok(None);
        }
        self.read_ahead();
        let Some((_, reading)) = self.ahead.pop_front() else { return Ok(None) };
        let page = reading.await.map_err(|_| JournalError::Closed)??;
        let mut reached = page.reached;
        if page.rows.is_empty() && reached < self.size {
            // A forged position must not keep a check busy for ever: it is gone to at once.
            let next = self.journal.positions(reached, self.size, 1).await?;
            reached = next.first().map_or(self.size, |next| next.before());
        }
        self.at = reached;
        if self.ahead.front().is_some_and(|(from, _)| *from != reached) {
            self.let_go();
        }
        Ok(Some(page))
    }

    fn read_ahead(&mut self) {
        let mut from = match self.ahead.back() {
            Some((from, _)) => page_end(*from, self.size),
            None => self.at,
        };
        while self.ahead.len() < self.ahead_max && from < self.size {
            let to = page_end(from, self.size);
            self.ahead.push_back((from, tokio::spawn(read(self.journal.clone(), from, to))));
            from = to;
        }
    }

    /// What was read ahead does not go on from where the reading stands.
    fn let_go(&mut self) {
        for (_, reading) in self.ahead.drain(..) {
            reading.abort();
        }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.let_go();
    }
}

fn page_end(from: Position, size: Position) -> Position {
    from.plus(u64::from(PAGE)).min(size)
}

async fn read(
    journal: Journal,
    after: Position,
    up_to: Position,
) -> Result<ReadPage, JournalError> {
    let (rows, reached) = raw_page(&journal, after, up_to).await?;
    let mut names = Vec::new();
    let mut read = Vec::with_capacity(rows.len());
    for row in rows {
        read.push(match row {
            RawEvent::Unfit { position, problem } => ReadRow::Unfit(position, problem),
            RawEvent::Event(event) => {
                names.extend(GivenName::by(&event));
                let leaf = event.computed_leaf(journal.id()).map_err(|unfit| unfit.field);
                let key = key_of(&event.stream);
                ReadRow::Event(Box::new(HashedEvent { event: *event, leaf, key }))
            }
        });
    }
    Ok(ReadPage { rows: read, names, reached })
}

/// The rows after a position, up to another, and the position up to which these are all. One that the driver cannot
/// decode is read row by row, so that only the rows that are broken are reported.
pub(super) async fn raw_page(
    journal: &Journal,
    after: Position,
    up_to: Position,
) -> Result<(Vec<RawEvent>, Position), JournalError> {
    match journal.read_raw(after, up_to, ROWS_MAX).await {
        Ok(rows) => {
            let last = rows.last().filter(|_| rows.len() == ROWS_MAX as usize).map(position_of);
            Ok((rows, last.unwrap_or(up_to)))
        }
        Err(error) if is_of_a_row(&error) => {
            let positions = journal.positions(after, up_to, ROWS_MAX).await?;
            let last = positions.last().filter(|_| positions.len() == ROWS_MAX as usize).copied();
            Ok((one_by_one(journal, positions).await?, last.unwrap_or(up_to)))
        }
        Err(error) => Err(error),
    }
}

pub(super) fn position_of(row: &RawEvent) -> Position {
    match row {
        RawEvent::Event(event) => event.position,
        RawEvent::Unfit { position, .. } => *position,
    }
}

pub(super) fn is_of_a_row(error: &JournalError) -> bool {
    matches!(
        error,
        JournalError::Database(sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))
    )
}

async fn one_by_one(
    journal: &Journal,
    positions: Vec<Position>,
) -> Result<Vec<RawEvent>, JournalError> {
    let mut rows = Vec::new();
    for position in positions {
        match journal.read_raw(position.before(), position, 1).await {
            Ok(row) => rows.extend(row),
            Err(error) if is_of_a_row(&error) => {
                rows.push(RawEvent::Unfit { position, problem: "text" });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(rows)
}
