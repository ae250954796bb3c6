//! Streams being read and folded: in segments of whole streams, several of them at once.

use sira_numbers::Position;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::build::end_of;
use super::lot::Lot;
use super::progress::Failure;
use crate::changes::Changes;
use crate::folds::{Folds, Poison};
use crate::{Feed, FeedEvent, FeedPlace, FoldError};

/// Reads every event up to a position after a place, in pages of a size, and hands them out in segments: each of whole
/// streams, so that one does not wait for another to be folded.
pub(super) async fn read_segments<F: Feed>(
    feed: F,
    mut after: FeedPlace,
    (head, size): (Position, u32),
    segments: mpsc::Sender<Result<Vec<FeedEvent>, FoldError>>,
) {
    let mut read = Vec::new();
    loop {
        let page = match feed.read_by_stream(&after, head, size).await {
            Ok(page) => page,
            Err(error) => {
                // The receiver is gone when the build has failed already.
                let _ = segments.send(Err(FoldError::Unavailable(error))).await;
                return;
            }
        };
        let is_last = page.len() < size as usize;
        if let Some(last) = page.last() {
            after.aggregate_type.clone_from(&last.aggregate_type);
            after.aggregate_id = last.aggregate_id.to_string();
            after.sequence = last.sequence;
        }
        read.extend(page);
        let segment = if is_last { std::mem::take(&mut read) } else { whole_streams(&mut read) };
        if (!segment.is_empty() && segments.send(Ok(segment)).await.is_err()) || is_last {
            return;
        }
    }
}

/// Takes the streams out of what was read that are whole: all but the last, which may go on.
fn whole_streams(read: &mut Vec<FeedEvent>) -> Vec<FeedEvent> {
    let Some(last) = read.last() else { return Vec::new() };
    let is_before = |event: &FeedEvent| !is_of_one_stream(event, last);
    let whole = read.iter().rposition(is_before).map_or(0, |place| place + 1);
    let rest = read.split_off(whole);
    std::mem::replace(read, rest)
}

fn is_of_one_stream(one: &FeedEvent, other: &FeedEvent) -> bool {
    one.aggregate_id == other.aggregate_id && one.aggregate_type == other.aggregate_type
}

/// A segment being folded.
pub(super) type FoldingSegment = JoinHandle<(Folds, Result<Lot, FoldError>)>;

/// Folds a segment on a thread that may be blocked, with folds that are given back: what they have read of rules is
/// good for the next.
pub(super) fn fold_segment<F: Feed>(
    feed: F,
    mut folds: Folds,
    events: Vec<FeedEvent>,
    is_postgres: bool,
) -> FoldingSegment {
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let mut lot = runtime.block_on(fold(&feed, &mut folds, &events));
        if is_postgres {
            lot = lot.and_then(Lot::written_down);
        }
        (folds, lot)
    })
}

async fn fold<F: Feed>(
    feed: &F,
    folds: &mut Folds,
    events: &[FeedEvent],
) -> Result<Lot, FoldError> {
    let (mut changes, mut failures) = (Changes::default(), Vec::new());
    let mut after = FeedPlace::default();
    for stream in events.chunk_by(is_of_one_stream) {
        for event in stream {
            folds.learn(feed, std::slice::from_ref(event)).await?;
            if let Err(poison) = folds.take_logged(event, &mut changes) {
                folds.poison(poison.family);
                failures.push(failure(&poison));
                // What is not folded from its family still takes it.
                folds.take_logged(event, &mut changes).map_err(FoldError::from)?;
            }
        }
        folds.show(&mut changes);
        folds.clear();
        if let Some(last) = stream.last() {
            after = end_of(&last.aggregate_type, &last.aggregate_id.to_string());
        }
    }
    Ok(Lot { changes, copies: Vec::new(), rows: 0, after, events: events.len() as u64, failures })
}

/// An event that did not fit, for whoever shows it.
pub(super) fn failure(poison: &Poison) -> Failure {
    let cause = poison.cause.to_string();
    tracing::error!(
        position = poison.position.get(),
        cause,
        "an event does not fit the read models"
    );
    Failure { family: poison.family, position: poison.position, cause }
}
