//! What questions may take at once: walks over the facts, answers in memory, questions of one token.
//!
//! A walk runs on a thread of its own, and so does the writing of its answer, so that the threads that serve
//! commands wait for neither. What is under way is bounded by number and by bytes: questions that find
//! everything taken are told so at once, rather than pile up.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::FigureError;
use crate::at_once::{AtOnce, Share};

/// Questions of one token at once: the charts of a page.
const QUESTIONS_OF_TOKEN: usize = 6;
/// Questions that wait for a walk at most; each holds a connection and little else.
const WAITING_MAX: usize = 64;
/// Facts from which a walk is a long one: some tenths of a second.
pub(super) const LONG_WALK_FACTS: u64 = 10_000_000;
/// Long walks at once: whoever asks a short question does not wait for several of them.
const LONG_WALKS: usize = 1;
/// Memory for answers that are being sent, in KiB. Slow readers hold theirs for long.
const ANSWERS_KIB: usize = 256 * 1024;

/// The places of one process.
#[derive(Debug)]
pub(super) struct Budget {
    tokens: AtOnce<Uuid>,
    waiting: Arc<Semaphore>,
    walks: Arc<Semaphore>,
    long: Arc<Semaphore>,
    answers: Arc<Semaphore>,
}

/// A walk's place, held while it lasts.
pub(super) struct WalkPlace {
    _walk: OwnedSemaphorePermit,
    _long: Option<OwnedSemaphorePermit>,
}

/// The memory of an answer, held until it has been sent.
#[derive(Debug)]
pub struct AnswerMemory {
    _kib: OwnedSemaphorePermit,
}

/// A question of a token, held until it is answered.
pub type Turn = Share<Uuid>;

impl Budget {
    /// As many walks as there are processors less one, so that commands keep theirs; one at least.
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let places = |count| Arc::new(Semaphore::new(count));
        Self {
            tokens: AtOnce::new(QUESTIONS_OF_TOKEN),
            waiting: places(WAITING_MAX),
            walks: places(cores.saturating_sub(1).max(1)),
            long: places(LONG_WALKS),
            answers: places(ANSWERS_KIB),
        }
    }

    /// A token's turn.
    pub(super) fn turn(&self, token: Uuid) -> Result<Turn, FigureError> {
        self.tokens.enter(token).ok_or(FigureError::TooManyQuestions)
    }

    /// A place for a walk over so many facts, when one is free.
    pub(super) async fn walk(&self, facts: u64) -> Result<WalkPlace, FigureError> {
        let _waiting = self.waiting.try_acquire().map_err(|_| FigureError::Busy)?;
        let long = if facts >= LONG_WALK_FACTS {
            let place = Arc::clone(&self.long).acquire_owned().await;
            Some(place.map_err(|_| FigureError::Broken)?)
        } else {
            None
        };
        let walk = Arc::clone(&self.walks).acquire_owned().await;
        let walk = walk.map_err(|_| FigureError::Broken)?;
        Ok(WalkPlace { _walk: walk, _long: long })
    }

    /// Memory for an answer of so many bytes, if it is left.
    pub(super) fn answer(&self, bytes: usize) -> Result<AnswerMemory, FigureError> {
        let kib = sira_numbers::at_most(bytes.div_ceil(1024) as u64, u32::MAX);
        let taken = Arc::clone(&self.answers).try_acquire_many_owned(kib);
        taken.map(|kib| AnswerMemory { _kib: kib }).map_err(|_| FigureError::Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_in_memory_are_bounded_by_their_bytes() {
        let budget = Budget::new();
        let held = budget.answer(200 << 20).unwrap();
        assert!(matches!(budget.answer(100 << 20), Err(FigureError::Busy)));
        drop(held);
        assert!(budget.answer(100 << 20).is_ok());
    }

    #[test]
    fn a_tokens_questions_leave_those_of_others_alone() {
        let budget = Budget::new();
        let (one, other) = (Uuid::nil(), Uuid::max());
        let turns: Vec<_> = (0..QUESTIONS_OF_TOKEN).map(|_| budget.turn(one).unwrap()).collect();
        assert!(matches!(budget.turn(one), Err(FigureError::TooManyQuestions)));
        assert!(budget.turn(other).is_ok());
        drop(turns);
        assert!(budget.turn(one).is_ok());
    }

    #[tokio::test]
    async fn a_short_walk_does_not_wait_behind_long_ones() {
        let budget = Budget::new();
        let long = budget.walk(LONG_WALK_FACTS).await.unwrap();
        // The second long one waits for the first, before it takes a walk's place.
        let second = budget.walk(LONG_WALK_FACTS);
        let waited = tokio::time::timeout(std::time::Duration::from_millis(20), second).await;
        assert!(waited.is_err());
        drop(long);
        assert!(budget.walk(1).await.is_ok());
    }
}
