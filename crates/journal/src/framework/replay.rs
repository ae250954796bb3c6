//! Replay streams: events page by page, within a bound of memory.
//!
//! Whoever replays must be able to tell the end from a break: a stream that cannot go on says why before
//! it ends, and never ends as if it were complete.

use cqrs_es::persist::{PersistenceError, ReplayFeed, ReplayStream};
use sira_numbers::Sequence;

use super::serialized::{OutOfTurn, serialized};
use crate::{Journal, JournalError, RecordedEvent, StreamId, StreamPlace};

/// Events that are read at once, and that may wait for who takes them.
const PAGE: u32 = 200;
/// As many wait in the stream: the reader of the database is a page ahead of a slow fold, and no more.
const WAITING: usize = 200;

/// The events after a place for as long as they belong, up to where the journal stood at the beginning.
/// An event that does not follow the one before it in its stream breaks the replay off: one is missing.
pub(super) fn replay(
    journal: &Journal,
    from: StreamPlace,
    belongs: impl Fn(&RecordedEvent) -> bool + Send + 'static,
) -> ReplayStream {
    let (mut feed, stream) = ReplayStream::new(WAITING);
    let journal = journal.clone();
    tokio::spawn(async move {
        if let Err(error) = feed_all(&journal, from, belongs, &mut feed).await {
            // Nobody listens any more, or is told that what came until now is not all.
            let _ = feed.push(Err(error)).await;
        }
    });
    stream
}

async fn feed_all(
    journal: &Journal,
    mut after: StreamPlace,
    belongs: impl Fn(&RecordedEvent) -> bool,
    feed: &mut ReplayFeed,
) -> Result<(), PersistenceError> {
    // What there is comes all the same, and then that it is not all.
    let (head, end) = match journal.wholly_readable().await {
        Err(hole @ JournalError::Unreadable { .. }) => {
            (journal.head().await?.position, Err(hole.into()))
        }
        head => (head?, Ok(())),
    };
    let mut before: Option<(StreamId, Sequence)> = None;
    loop {
        let page = journal.read_by_stream(&after, head, PAGE).await?;
        let Some(last) = page.last() else { return end };
        after = place_of(last);
        for event in page {
            if !belongs(&event) {
                return end;
            }
            let is_next = match &before {
                Some((stream, sequence)) if *stream == event.stream => {
                    event.sequence == sequence.next()
                }
                _ => event.sequence == Sequence::FIRST,
            };
            before = Some((event.stream.clone(), event.sequence));
            if !is_next {
                return Err(OutOfTurn::of(&serialized(event)?));
            }
            feed.push(Ok(serialized(event)?)).await?;
        }
    }
}

fn place_of(event: &RecordedEvent) -> StreamPlace {
    StreamPlace {
        aggregate_type: event.stream.aggregate_type.to_string(),
        aggregate_id: event.stream.aggregate_id.to_string(),
        sequence: event.sequence,
    }
}
