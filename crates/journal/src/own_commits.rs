//! Which positions this process wrote itself. Everything else below the head is foreign.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sira_numbers::Position;
use tokio::sync::Notify;

/// Ranges kept while nobody asks for freshness. Beyond it the oldest are forgotten and would count as
/// foreign, which costs a reload and nothing else.
const MAX_RANGES: usize = 4096;

/// Positions from the first to the second, both included.
pub(crate) type Range = (Position, Position);

#[derive(Default)]
struct Ledger {
    /// Set before COMMIT is sent and resolved when its fate is known. Between the two, another
    /// connection may already see these positions, and if the commit failed another process may even
    /// have taken them: nobody may call them own or foreign yet.
    pending: Option<Range>,
    /// Ascending; neighbours are joined.
    ranges: VecDeque<Range>,
}

/// Shared by the writer, which fills it, and the freshness task, which asks it.
#[derive(Default)]
pub(crate) struct OwnCommits {
    ledger: Mutex<Ledger>,
    resolved: Notify,
}

impl OwnCommits {
    /// The writer is about to commit these positions.
    pub fn begin(&self, range: Range) {
        self.ledger().pending = Some(range);
    }

    /// They are committed.
    pub fn confirm(&self) {
        let mut ledger = self.ledger();
        if let Some(range) = ledger.pending.take() {
            push(&mut ledger.ranges, range);
        }
        drop(ledger);
        self.resolved.notify_waiters();
    }

    /// They are not committed, or nobody knows: whatever appears there counts as foreign.
    pub fn withdraw(&self) {
        self.ledger().pending = None;
        self.resolved.notify_waiters();
    }

    /// The ranges in `known + 1 ..= head` that others wrote. Waits while a commit of this process in
    /// that span has no known fate; that is the time between two messages of one connection.
    pub async fn foreign(&self, known: Position, head: Position) -> Vec<Range> {
        loop {
            // Made before the ledger is read, so that a resolution in between is not missed.
            let resolved = self.resolved.notified();
            if let Some(ranges) = self.settled(known, head) {
                return ranges;
            }
            resolved.await;
        }
    }

    fn settled(&self, known: Position, head: Position) -> Option<Vec<Range>> {
        let mut ledger = self.ledger();
        if ledger.pending.is_some_and(|(first, _)| first <= head) {
            return None;
        }
        while ledger.ranges.front().is_some_and(|(_, last)| *last <= known) {
            ledger.ranges.pop_front();
        }
        Some(gaps(&ledger.ranges, known, head))
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push(ranges: &mut VecDeque<Range>, range: Range) {
    match ranges.back_mut() {
        Some(last) if last.1.next() == range.0 => last.1 = range.1,
        _ => ranges.push_back(range),
    }
    if ranges.len() > MAX_RANGES {
        ranges.pop_front();
    }
}

/// What of `known + 1 ..= head` the ranges leave out.
fn gaps(ranges: &VecDeque<Range>, known: Position, head: Position) -> Vec<Range> {
    let mut gaps = Vec::new();
    let mut next = known.next();
    for &(first, last) in ranges.iter().take_while(|(first, _)| *first <= head) {
        if first > next {
            gaps.push((next, first.before()));
        }
        next = next.max(last.next());
    }
    if next <= head {
        gaps.push((next, head));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u32, last: u32) -> Range {
        (first.into(), last.into())
    }

    fn committed(ranges: &[Range]) -> OwnCommits {
        let own = OwnCommits::default();
        for range in ranges {
            own.begin(*range);
            own.confirm();
        }
        own
    }

    #[tokio::test]
    async fn what_lies_between_own_commits_is_foreign() {
        let own = committed(&[range(1, 3), range(4, 5), range(8, 9)]);
        assert_eq!(own.foreign(0.into(), 11.into()).await, vec![range(6, 7), range(10, 11)]);
        assert_eq!(own.foreign(6.into(), 8.into()).await, vec![range(7, 7)]);
        assert_eq!(own.foreign(7.into(), 9.into()).await, vec![]);
    }

    #[tokio::test]
    async fn a_withdrawn_commit_is_foreign_if_it_appears() {
        let own = OwnCommits::default();
        own.begin(range(1, 2));
        own.withdraw();
        assert_eq!(own.foreign(0.into(), 2.into()).await, vec![range(1, 2)]);
    }

    #[tokio::test]
    async fn a_pending_commit_is_waited_for() {
        let own = std::sync::Arc::new(OwnCommits::default());
        own.begin(range(1, 2));
        let asked = tokio::spawn({
            let own = std::sync::Arc::clone(&own);
            async move { own.foreign(0.into(), 2.into()).await }
        });
        tokio::task::yield_now().await;
        own.confirm();
        assert_eq!(asked.await.unwrap(), vec![]);
    }
}
