//! What a check must say of other events, told from the events alone: slow, and by another hand than
//! the check itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sira::evidence::verify::{CheckReport, DeviationKind};
use sira::journal::RecordedEvent;
use sira_numbers::Position;

use super::base::Base;
use super::forge::{Effort, leaf};

/// A deviation at one position.
pub type Named = (DeviationKind, Option<u64>);

/// Kinds that follow from others, at places that need not be told twice: every later checkpoint and
/// every higher tile is wrong with one event, and what comes after a forged event may be unlawful.
const FOLLOWING: [DeviationKind; 7] = [
    DeviationKind::Root,
    DeviationKind::StreamIndex,
    DeviationKind::Tile,
    DeviationKind::Illegal,
    DeviationKind::Report,
    DeviationKind::Request,
    DeviationKind::Index,
];

/// A place of a report as it is told here: the position of an event, or the size of a checkpoint.
fn place(told: Option<Position>) -> Option<u64> {
    told.map(Position::get)
}

/// Whether a report names a deviation: kind and position, alone or at the beginning of a run or within it.
pub fn names(report: &CheckReport, (kind, at): Named) -> bool {
    report.deviations.iter().any(|one| {
        let (from, to) = (place(one.position), place(one.to.or(one.position)));
        one.kind == kind && (from..=to).contains(&at)
    })
}

/// The deviations of a report, run by run taken apart, without those that follow from others.
pub fn named(report: &CheckReport) -> BTreeSet<Named> {
    let mut named = BTreeSet::new();
    for one in report.deviations.iter().filter(|one| !FOLLOWING.contains(&one.kind)) {
        match (place(one.position), one.kind) {
            // A run of checkpoints: its first one says where it begins.
            (Some(first), DeviationKind::Signature | DeviationKind::Beyond) => {
                named.insert((one.kind, Some(first)));
            }
            (Some(first), _) => {
                let last = place(one.to).unwrap_or(first);
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
    all.extend(misnamed(&base.events, after));
    let signed_anew = matches!(effort, Effort::OtherKey | Effort::OwnKey);
    let by_position: BTreeMap<u64, &RecordedEvent> =
        after.iter().map(|event| (event.position.get(), event)).collect();
    let last = by_position.last_key_value().unwrap();
    for (position, event) in &by_position {
        let computed = leaf(event);
        let known = base.events.get(usize::try_from(position - 1).unwrap());
        if computed != event.leaf_hash && effort == Effort::Rows {
            all.insert((DeviationKind::Altered, Some(*position)));
        } else if !signed_anew && known.is_some_and(|known| known.leaf_hash != computed) {
            all.insert((DeviationKind::NotInTree, Some(*position)));
        }
    }
    let held = base.last().0;
    let is_same = |event: &RecordedEvent| {
        by_position.get(&event.position.get()).is_some_and(|now| leaf(now) == event.leaf_hash)
    };
    if held > *last.0 {
        all.insert((DeviationKind::HeldBeyond, Some(held)));
    } else if !base.events.iter().all(is_same) {
        all.insert((DeviationKind::Held, Some(held)));
    }
    if signed_anew {
        if effort == Effort::OtherKey {
            all.insert((DeviationKind::Signature, base.checkpoints.first().map(|first| first.0)));
        }
        return all;
    }
    if let Some(beyond) = base.checkpoints.iter().find(|one| one.0 > *last.0) {
        all.insert((DeviationKind::Beyond, Some(beyond.0)));
    }
    if *last.0 != held || last.1.recorded_at > base.events.last().unwrap().recorded_at {
        all.insert((DeviationKind::Head, None));
    }
    all
}

/// Second names that the table has as the events gave them before, and as they give them now.
fn misnamed(before: &[RecordedEvent], after: &[RecordedEvent]) -> BTreeSet<Named> {
    let table: HashMap<String, &RecordedEvent> =
        before.iter().filter_map(|event| Some((name_of(event)?, event))).collect();
    let mut all = BTreeSet::new();
    for event in after {
        let Some(name) = name_of(event) else { continue };
        if table.get(&name).is_none_or(|first| first.stream != event.stream) {
            all.insert((DeviationKind::Name, Some(event.position.get())));
        }
    }
    let is_borne = |(name, first): (&String, &&RecordedEvent)| {
        let bears = |event: &RecordedEvent| {
            event.stream == first.stream && name_of(event).as_ref() == Some(name)
        };
        after.iter().any(bears)
    };
    if !table.iter().all(is_borne) {
        all.insert((DeviationKind::Name, None));
    }
    all
}

/// The second name that an event gives, read without the program.
pub fn name_of(event: &RecordedEvent) -> Option<String> {
    let told: serde_json::Value = serde_json::from_str(&event.payload).ok()?;
    let fact = &told["fact"][event.event_type.as_str()];
    let coded = |kind: &str| {
        Some(format!("{kind}/{}/{}", fact["programme"].as_str()?, fact["code"].as_str()?))
    };
    match (event.stream.aggregate_type.as_ref(), event.event_type.as_str()) {
        ("beneficiary", "Registered") => Some(fact["reference"].as_str()?.replace('-', "")),
        ("cohort", "CohortPlanned") => coded("cohort"),
        ("fund", "FundOpened") => coded("fund"),
        _ => None,
    }
}

/// What is wrong with places, sequences and times, whatever was signed.
fn disorder(after: &[RecordedEvent]) -> BTreeSet<Named> {
    let mut sorted: Vec<&RecordedEvent> = after.iter().collect();
    sorted.sort_by_key(|event| event.position);
    let (mut all, mut sequences, mut place) = (BTreeSet::new(), HashMap::new(), 0);
    let mut time = chrono::DateTime::UNIX_EPOCH;
    for event in sorted {
        all.extend(
            (place + 1..event.position.get())
                .map(|missing| (DeviationKind::Missing, Some(missing))),
        );
        place = event.position.get();
        let before = sequences.insert(event.stream.clone(), event.sequence).unwrap_or_default();
        if event.sequence != before.next() {
            all.insert((DeviationKind::Sequence, Some(place)));
        }
        if event.recorded_at < time {
            all.insert((DeviationKind::Time, Some(place)));
        }
        time = event.recorded_at;
    }
    all
}
