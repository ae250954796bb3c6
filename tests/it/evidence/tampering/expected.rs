//! What a check must say of other events, told from the events alone: slow, and by another hand than
//! the check itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sira::evidence::verify::{Kind, Report};
use sira::journal::RecordedEvent;

use super::base::Base;
use super::forge::{Effort, leaf};

/// A deviation at one position.
pub type Named = (Kind, Option<u64>);

/// Kinds that follow from others, at places that need not be told twice: every later checkpoint and
/// every higher tile is wrong with one event, and what comes after a forged event may be unlawful.
const FOLLOWING: [Kind; 4] = [Kind::Root, Kind::StreamIndex, Kind::Tile, Kind::Illegal];

/// Whether a report names a deviation: kind and position, alone or at the beginning of a run or within it.
pub fn names(report: &Report, (kind, at): Named) -> bool {
    report.deviations.iter().any(|one| {
        let (from, to) = (one.position, one.to.or(one.position));
        one.kind == kind && (from..=to).contains(&at)
    })
}

/// The deviations of a report, run by run taken apart, without those that follow from others.
pub fn named(report: &Report) -> BTreeSet<Named> {
    let mut named = BTreeSet::new();
    for one in report.deviations.iter().filter(|one| !FOLLOWING.contains(&one.kind)) {
        match (one.position, one.kind) {
            // A run of checkpoints: its first one says where it begins.
            (Some(first), Kind::Signature | Kind::Beyond) => {
                named.insert((one.kind, Some(first)));
            }
            (Some(first), _) => {
                let last = one.to.unwrap_or(first);
                named.extend((first..=last).map(|position| (one.kind, Some(position))));
            }
            (None, _) => {
                named.insert((one.kind, None));
            }
        }
    }
    named
}

/// What must be named of `after`, by who knows the key and holds the newest checkpoint.
pub fn expected(base: &Base, after: &[RecordedEvent], effort: Effort) -> BTreeSet<Named> {
    let mut all = disorder(after);
    let signed_anew = matches!(effort, Effort::OtherKey | Effort::OwnKey);
    let by_position: BTreeMap<u64, &RecordedEvent> =
        after.iter().map(|event| (event.position, event)).collect();
    let last = by_position.last_key_value().unwrap();
    for (position, event) in &by_position {
        let computed = leaf(event);
        let known = base.events.get(usize::try_from(position - 1).unwrap());
        if computed != event.leaf_hash && effort == Effort::Rows {
            all.insert((Kind::Altered, Some(*position)));
        } else if !signed_anew && known.is_some_and(|known| known.leaf_hash != computed) {
            all.insert((Kind::NotInTree, Some(*position)));
        }
    }
    let held = base.last().0;
    let is_same = |event: &RecordedEvent| {
        by_position.get(&event.position).is_some_and(|now| leaf(now) == event.leaf_hash)
    };
    if held > *last.0 {
        all.insert((Kind::HeldBeyond, Some(held)));
    } else if !base.events.iter().all(is_same) {
        all.insert((Kind::Held, Some(held)));
    }
    if signed_anew {
        if effort == Effort::OtherKey {
            all.insert((Kind::Signature, base.checkpoints.first().map(|first| first.0)));
        }
        return all;
    }
    if let Some(beyond) = base.checkpoints.iter().find(|one| one.0 > *last.0) {
        all.insert((Kind::Beyond, Some(beyond.0)));
    }
    if *last.0 != held || last.1.recorded_at > base.events.last().unwrap().recorded_at {
        all.insert((Kind::Head, None));
    }
    all
}

/// What is wrong with places, sequences and times, whatever was signed.
fn disorder(after: &[RecordedEvent]) -> BTreeSet<Named> {
    let mut sorted: Vec<&RecordedEvent> = after.iter().collect();
    sorted.sort_by_key(|event| event.position);
    let (mut all, mut sequences, mut place) = (BTreeSet::new(), HashMap::new(), 0);
    let mut time = chrono::DateTime::UNIX_EPOCH;
    for event in sorted {
        all.extend((place + 1..event.position).map(|missing| (Kind::Missing, Some(missing))));
        place = event.position;
        let before = sequences.insert(event.stream.clone(), event.sequence).unwrap_or(0);
        if event.sequence != before + 1 {
            all.insert((Kind::Sequence, Some(place)));
        }
        if event.recorded_at < time {
            all.insert((Kind::Time, Some(place)));
        }
        time = event.recorded_at;
    }
    all
}
