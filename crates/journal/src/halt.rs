//! A journal that takes nothing more.
//!
//! Some findings mean that what is recorded next could be false: two events at one place of a stream, a guard of the
//! schema that is gone, an index that differs from its table, a clock that is wrong. Then every append is refused by
//! this process, reads go on, and somebody has to act; a new start looks again. Why it is so:
//! `docs/decisions/0034-checked-before-trusted.md`.

use sira_numbers::{Position, Sequence};

use crate::clock_watch::ClockFault;
use crate::{Journal, JournalError, StreamId};

/// Why a journal takes nothing more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// An event stands at a place of its stream that does not follow the one before.
    #[error(
        "the event at position {position} is number {sequence} of {stream}, whose last one was {last}: run `sira \
         verify`, then restore a backup or ask for help"
    )]
    Sequence {
        /// Where the event stands in the journal.
        position: Position,
        /// Its stream.
        stream: StreamId,
        /// Its place there.
        sequence: Sequence,
        /// The place of the stream's event before it.
        last: Sequence,
    },
    /// Guards of the tables are not as this program's migrations make them.
    #[error(
        "guards of the journal's tables are not as they were made ({what}): the log tells the text of each; make them \
         again, run `sira verify`, and start anew"
    )]
    Guards {
        /// Which, and what is wrong with each.
        what: String,
    },
    /// The database finds that an index differs from its table, or that its file is damaged.
    #[error(
        "the database's file is damaged ({told}): run `sira verify`, then make the indexes anew (REINDEX) or restore a \
         backup"
    )]
    Index {
        /// The database's words.
        told: String,
    },
    /// The clock is not believed. Once it is right again, so is the journal, without a new start.
    #[error(transparent)]
    Clock(ClockFault),
}

impl Halt {
    /// One word for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Sequence { .. } => "sequence",
            Self::Guards { .. } => "guards",
            Self::Index { .. } => "index",
            Self::Clock(_) => "clock",
        }
    }
}

impl Journal {
    /// From now on this process records nothing: every append is answered [`JournalError::Halted`]. The first reason
    /// stands until the process ends.
    pub fn halt(&self, why: Halt) {
        self.shared().halt(why);
    }

    /// Why this process records nothing just now; none when it does.
    #[must_use]
    pub fn halted(&self) -> Option<Halt> {
        let shared = self.shared();
        shared.halted().or_else(|| shared.watch.standing().map(Halt::Clock))
    }

    /// Lets the last events of streams be known from elsewhere than the database's index of streams: what a proof was
    /// made of. A stream that stands there is not shown, and not written to, below that place. The last one given
    /// counts.
    pub fn know_heads(
        &self,
        heads: impl Fn(&StreamId) -> Option<Sequence> + Send + Sync + 'static,
    ) {
        self.shared().know_heads(Box::new(heads));
    }
}

impl From<Halt> for JournalError {
    fn from(why: Halt) -> Self {
        Self::Halted(why)
    }
}
