//! Checks a whole journal against itself, its checkpoints, and what somebody else holds of it.
//!
//! Everything is computed again from the stored bytes (`contents`): positions, times, leaf hashes, the
//! sequences of every stream, the tree with its tiles, the stream index, and at each stored checkpoint
//! its roots and signature. Beside it each event is asked whether it was a legal decision after its
//! predecessors (`legality`). The small tables that steer what is written are held against the events that they come
//! from (`names`), and what else stands beside them is looked at with the database's own guards and indexes
//! (`tables`). What is wrong is named by position and kind.
//!
//! What no check of a journal alone can see is a history rewritten by who holds the signing key: for that
//! there is a checkpoint that somebody else kept ([`Options::against`]), and witnesses. Nor what was done
//! to events that no signed checkpoint covers, which should be those of the last seconds alone; that there
//! are more is a deviation, and how many are covered is always told.

mod contents;
mod legality;
mod names;
mod older;
mod pages;
mod parts;
mod paths;
mod recorded;
mod report;
mod tables;
mod timeline;

use std::time::Duration;

use chrono::{DateTime, Utc};
use sira_numbers::Position;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub use names::sample_names;
pub use report::{CheckNote, CheckReport, Deviation, DeviationKind};

use super::keys::KeyHistory;
use super::{EvidenceError, store};
use crate::journal::{Journal, JournalError};
use contents::{Contents, Held, Listeners, Span, Trust};
use legality::Judge;
use parts::Parts;
use sira_evidence::Checkpoint;
use sira_evidence::{Note, VerifierKey};

/// Pages of events that may wait for who is told of them.
const PAGES_AHEAD: usize = 4;

/// How long an event that cannot be read is waited for: a commit in pieces takes less.
pub(super) const IN_PIECES: Duration = Duration::from_secs(1);

/// What to check, and against what.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The verifier key that the reader knows; without it the journal's own word is taken.
    pub key: Option<VerifierKey>,
    /// Checkpoints that were kept elsewhere: today's tree must extend each.
    pub against: Vec<Note>,
    /// A checkpoint up to which an earlier run found everything right. Of older events only places and
    /// leaf hashes are read, which must lead to this checkpoint's root, and the contents of those that
    /// newer ones are judged by. Other old contents are left to a full run.
    pub since: Option<Note>,
    /// The time now: every event but those of the last minute must be covered by a signed checkpoint. For a
    /// copy of a journal, none: then that minute is the one before its last event.
    pub now: Option<DateTime<Utc>>,
    /// Bytes of events that may wait in memory until they are judged; none: as many as a small machine has room for.
    /// More than that wait in a sealed file without a name, in the folder for such files (`TMPDIR`).
    pub memory_bytes: Option<usize>,
}

/// How far a check has come: events checked, of how many, each event counting once for its contents and
/// once for its legality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckProgress {
    /// Done.
    pub done: u64,
    /// In all.
    pub all: u64,
}

/// Checks a journal; `progress` is told how far it has come.
///
/// # Errors
/// When the database cannot be read, or a checkpoint that is handed in is none.
pub async fn verify(
    journal: &Journal,
    options: &Options,
    progress: &watch::Sender<CheckProgress>,
) -> Result<CheckReport, EvidenceError> {
    // In this order: whatever is recorded and signed meanwhile lies beyond both.
    let covered = store::newest_size(journal).await?;
    // What becomes visible in pieces is waited for; what is missing for good is named below, and so is a journal
    // without a head.
    let _ = journal.readable_within(IN_PIECES).await;
    let size = journal.last_position().await?;
    progress.send_replace(CheckProgress { done: 0, all: 2 * size.get() });
    let (trust, mut faults) = known_keys(journal, options).await?;
    let mut held = Vec::new();
    for note in options.against.iter().chain(&options.since) {
        held.push(held_checkpoint(note, trust.as_ref(), &mut faults)?);
    }
    let since =
        options.since.as_ref().and_then(|_| held.last()).map_or(0, |held| held.checkpoint.size);
    let since = Position::of_count(since);
    let span = Span { size, since, covered, now: options.now };
    let (judge, heard) = mpsc::channel(PAGES_AHEAD);
    let (names, given) = mpsc::channel(PAGES_AHEAD);
    let told = Listeners { judge, names };
    let contents = Contents::new(journal, span, trust, held, progress, told);
    let parts = Parts::new(size.since(since), options.memory_bytes);
    let judge = Judge::new(journal, since, parts).await?;
    let contents = Pass::begin(contents.check());
    let hearing = Pass::begin(judge.hear(heard, progress.clone()));
    let naming = Pass::begin(names::hear(journal.clone(), given));
    // They stand beside the events: whatever is recorded meanwhile is of no matter to them.
    let tables = Pass::begin(tables::check(journal.clone()));
    let mut report = contents.finished().await?;
    report.illegal(paths::judge(journal, since, hearing.finished().await?, progress).await?);
    report.deviations.extend(faults);
    report.deviations.extend(names::check(journal, naming.finished().await?).await?);
    let (faults, notes) = tables.finished().await?;
    report.deviations.extend(faults);
    report.notes.extend(notes);
    report.deviations.sort_by_key(|deviation| deviation.position);
    Ok(report)
}

/// A pass over the journal, beside others; it ends when nobody waits for it any more.
struct Pass<T>(JoinHandle<Result<T, EvidenceError>>);

impl<T: Send + 'static> Pass<T> {
    fn begin(pass: impl Future<Output = Result<T, EvidenceError>> + Send + 'static) -> Self {
        Self(tokio::spawn(pass))
    }

    /// What it came to; one that panicked panics here.
    async fn finished(mut self) -> Result<T, EvidenceError> {
        (&mut self.0).await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

impl<T> Drop for Pass<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The keys that checkpoints must be signed by.
async fn known_keys(
    journal: &Journal,
    options: &Options,
) -> Result<(Option<Trust>, Vec<Deviation>), EvidenceError> {
    let mut faults = Vec::new();
    let keys = match KeyHistory::of(journal).await {
        Ok(keys) => keys,
        Err(EvidenceError::Introduction { position }) => {
            faults.push(Deviation::at(position, DeviationKind::Key));
            None
        }
        Err(EvidenceError::RecoveryKey { position, source }) => {
            let fault = Deviation::at(position, DeviationKind::RecoveryKey);
            faults.push(fault.because(source.to_string()));
            None
        }
        Err(EvidenceError::Note(_) | EvidenceError::Journal(JournalError::Inconsistent { .. })) => {
            faults.push(Deviation::of(DeviationKind::Key));
            None
        }
        Err(error) => return Err(error),
    };
    if keys.is_none() && faults.is_empty() && store::newest_size(journal).await? > 0 {
        // Checkpoints were signed, and the journal does not say any more by whom.
        faults.push(Deviation::of(DeviationKind::Key));
    }
    let Some(known) = &options.key else {
        return Ok((keys.map(|keys| Trust { keys, from: 0 }), faults));
    };
    // Whatever stands before the key that the reader knows, its own checkpoints must tell: anybody can
    // make a key and let it introduce that one.
    if let Some(keys) = keys {
        if keys.first == *known {
            return Ok((Some(Trust { keys, from: 0 }), faults));
        }
        if let Some(from) = keys.introductions.iter().find(|one| one.key == *known) {
            let from = from.position.get();
            return Ok((Some(Trust { keys, from }), faults));
        }
    }
    // Whoever rewrote the journal may have rewritten what it says of its keys: the reader's key counts.
    if faults.is_empty() {
        faults.push(Deviation::of(DeviationKind::Key));
    }
    let keys = KeyHistory::of_first(known.clone());
    Ok((Some(Trust { keys, from: 0 }), faults))
}

fn held_checkpoint(
    note: &Note,
    trust: Option<&Trust>,
    faults: &mut Vec<Deviation>,
) -> Result<Held, EvidenceError> {
    let checkpoint: Checkpoint = note.text.parse()?;
    // What the reader holds is right whoever signs today; that the log's keys have not signed it is
    // worth knowing.
    let is_signed =
        trust.is_none_or(|trust| note.verify(trust.keys.of_size(checkpoint.size)).is_ok());
    if !is_signed {
        faults.push(Deviation::at_size(checkpoint.size, DeviationKind::HeldSignature));
    }
    Ok(Held { checkpoint, note: note.clone(), is_signed })
}
