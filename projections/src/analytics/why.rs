//! Why somebody is counted: the events behind a cell.

use rustc_hash::{FxHashMap, FxHashSet};
use sira_numbers::{Position, Sequence};
use uuid::Uuid;

use super::cube::Cube;
use super::facts::{FigureFact, Link, Measure, Tells, day_of};
use super::indicators::{Indicator, Need};
use super::query::{Moment, PlacedQuery};

/// Events of one page at most.
pub const MAX_PAGE: usize = 1_000;

/// A place in the order of events: the position that told it, and its number there.
pub type ReasonPlace = (Position, u16);

/// An event behind a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellReason {
    /// The path.
    pub id: Uuid,
    /// The event's sequence in the path.
    pub sequence: Sequence,
    /// The position at which it came to count: the event's own, or that of the retraction that
    /// uncovered it.
    pub position: Position,
    /// Its number among what came to count there.
    pub number: u16,
    /// Day of the fact.
    pub occurred_on: chrono::NaiveDate,
    /// What it adds above the line, or in all.
    pub part: i64,
    /// What it adds below the line.
    pub whole: i64,
    /// Sequences of events of the same path that decide what it adds.
    pub beside: Vec<Sequence>,
}

/// A page of reasons, and how many there are in all.
#[derive(Clone, Debug)]
pub struct CellReasons {
    /// The page, in order.
    pub reasons: Vec<CellReason>,
    /// Events behind the cell, of all pages.
    pub events: u64,
    /// Where the next page begins after; none on the last.
    pub next: Option<ReasonPlace>,
}

/// The events behind a cell, those after a place.
#[must_use]
pub fn why(
    cube: &Cube,
    indicator: &Indicator,
    asked: &PlacedQuery,
    moment: Moment,
    after: Option<ReasonPlace>,
    limit: usize,
) -> CellReasons {
    let context = asked.context(indicator.kind, moment);
    let mut found: Vec<(FigureFact, i64, i64)> = Vec::new();
    let mut events = 0;
    for measure in indicator.measures {
        asked.walk(cube, (*measure, indicator.kind), |fact, path| {
            let Some(share) = (indicator.share)(*measure, fact, &context) else { return };
            events += 1;
            if after.is_none_or(|after| (fact.since, fact.part) > after) {
                // The event is one of the path that told it.
                let fact = FigureFact { case: path, ..*fact };
                found.push((fact, share.part, share.whole));
            }
        });
    }
    found.sort_unstable_by_key(|(fact, ..)| (fact.since, fact.part));
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(fact, ..)| (fact.since, fact.part));
    let beside = beside(cube, indicator, asked, &found);
    let reason = |(fact, part, whole): &(FigureFact, i64, i64)| CellReason {
        id: cube.cases.id(fact.case).unwrap_or_default(),
        sequence: fact.sequence.into(),
        position: fact.since,
        number: fact.part,
        occurred_on: day_of(fact.on),
        part: *part,
        whole: *whole,
        beside: beside.get(&fact.case).cloned().unwrap_or_default(),
    };
    let reasons = found.iter().map(reason).collect();
    CellReasons { reasons, events, next }
}

/// For each path of the page, the events that the indicator looks up beside.
fn beside(
    cube: &Cube,
    indicator: &Indicator,
    asked: &PlacedQuery,
    found: &[(FigureFact, i64, i64)],
) -> FxHashMap<u32, Vec<Sequence>> {
    let cases: FxHashSet<u32> = found.iter().map(|(fact, ..)| fact.case).collect();
    let mut beside: FxHashMap<u32, Vec<Sequence>> = FxHashMap::default();
    for need in indicator.needs {
        cube.walk(need.measure(), asked.persons(), |fact, path| {
            let counts = match (need, fact.tells) {
                (Need::JobsAt12Months, Tells::Visit(visit)) => visit.milestone == 12,
                _ => true,
            };
            if counts && cases.contains(&path) {
                beside.entry(path).or_default().push(fact.sequence.into());
            }
        });
    }
    for sequences in beside.values_mut() {
        sequences.sort_unstable();
        sequences.dedup();
    }
    beside
}

/// An event that changed a cell: its position, its path and its sequence there.
pub type Change = (Position, Uuid, Sequence);

/// The events that changed a cell between two positions: facts that came to count, facts that ceased
/// to, those that are looked up beside them, and links that made one person of two paths. Of linked paths, what
/// either tells is named, also where the other's counts in its place. At most `limit`, the earliest first; and how many.
#[must_use]
pub fn changes_between(
    cube: &Cube,
    indicator: &Indicator,
    asked: &PlacedQuery,
    (from, to): (Position, Position),
    limit: usize,
) -> (Vec<Change>, u64) {
    let mut found = Vec::new();
    let mut cases = FxHashSet::default();
    let mut take = |fact: &FigureFact| {
        let id = cube.cases.id(fact.case).unwrap_or_default();
        for position in [fact.since, fact.until] {
            if from < position && position <= to {
                found.push((position, id, fact.sequence.into()));
            }
        }
    };
    let is_known = |fact: &FigureFact| fact.since <= to && fact.until > from;
    for measure in indicator.measures {
        for fact in cube.facts(*measure).filter(is_known) {
            let mut is_asked = false;
            asked.each(cube, (*measure, indicator.kind), &fact, |_| is_asked = true);
            if is_asked {
                cases.insert(fact.case);
                take(&fact);
            }
        }
    }
    for link in cube.facts(Measure::Link).filter(is_known) {
        let Tells::Link(Link { continues_as }) = link.tells else { continue };
        if cases.contains(&link.case) || cases.contains(&continues_as) {
            cases.extend([link.case, continues_as]);
            take(&link);
        }
    }
    for need in indicator.needs {
        for fact in cube.facts(need.measure()).filter(is_known) {
            if cases.contains(&fact.case) {
                take(&fact);
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    let count = found.len() as u64;
    found.truncate(limit);
    (found, count)
}
