//! The walk of a question: over each measure once, whatever the number of indicators that are made of it.

use rustc_hash::FxHashMap;

use super::compute::{Key, groups};
use super::context::ShareContext;
use super::cube::Cube;
use super::facts::{FigureFact, Measure};
use super::indicators::{Indicator, IndicatorKind};
use super::query::{Moment, PlacedQuery};
use super::sifting::Sifting;
use super::tally::Tally;

/// The tallies of one indicator by key.
pub type Tallies = FxHashMap<Key, Tally>;

/// A cell that no fact of an indicator has added to.
const UNTOUCHED: u32 = u32::MAX;

/// Walks the facts of some indicators, each measure once: the tallies of each indicator by key.
#[must_use]
pub fn tallies(
    cube: &Cube,
    indicators: &[&'static Indicator],
    asked: &PlacedQuery,
    moment: Moment,
) -> Vec<Tallies> {
    let mut counts: Vec<Count> =
        indicators.iter().map(|one| Count::new(one, asked, moment)).collect();
    let mut cells = [Cells::default(), Cells::default()];
    for measure in measures_of(indicators) {
        let places =
            (0..counts.len()).filter(|at| counts[*at].indicator.measures.contains(&measure));
        let places: Vec<usize> = places.collect();
        walk(
            cube,
            measure,
            asked,
            &mut MeasureWalk { measure, places, counts: &mut counts, cells: &mut cells },
        );
    }
    let [plain, by_category] = &cells;
    let told = counts.into_iter().map(|count| {
        let cells = if count.has_own_sifting { by_category } else { plain };
        count.told(&cells.keys)
    });
    told.collect()
}

/// The measures of some indicators, each once.
fn measures_of(indicators: &[&'static Indicator]) -> Vec<Measure> {
    let mut measures = Vec::new();
    for measure in indicators.iter().flat_map(|indicator| indicator.measures) {
        if !measures.contains(measure) {
            measures.push(*measure);
        }
    }
    measures
}

/// What is counted of one indicator.
struct Count {
    indicator: &'static Indicator,
    context: ShareContext,
    /// Whether it is broken down by its category beside what is asked for.
    has_own_sifting: bool,
    /// Of each cell of the walk, which of the tallies is its own.
    places: Vec<u32>,
    tallies: Vec<(u32, Tally)>,
}

impl Count {
    fn new(indicator: &'static Indicator, asked: &PlacedQuery, moment: Moment) -> Self {
        let has_own_sifting = groups(indicator, &asked.groups).len() > asked.groups.len();
        let context = asked.context(indicator.kind, moment);
        Self { indicator, context, has_own_sifting, places: Vec::new(), tallies: Vec::new() }
    }

    /// Adds a fact to a cell, if it counts.
    #[inline]
    fn add(&mut self, measure: Measure, fact: &FigureFact, cell: impl FnOnce() -> u32) {
        let Some(share) = (self.indicator.share)(measure, fact, &self.context) else { return };
        let cell = cell();
        let place = cell as usize;
        if place >= self.places.len() {
            self.places.resize(place + 1, UNTOUCHED);
        }
        if self.places[place] == UNTOUCHED {
            self.places[place] = sira_numbers::counted(self.tallies.len());
            self.tallies.push((cell, Tally::default()));
        }
        self.tallies[self.places[place] as usize].1.add(share, self.indicator.finish);
    }

    fn told(self, keys: &[Key]) -> Tallies {
        self.tallies.into_iter().map(|(cell, tally)| (keys[cell as usize], tally)).collect()
    }
}

/// The cells of a walk, in the order in which they were found.
#[derive(Default)]
struct Cells {
    keys: Vec<Key>,
    known: FxHashMap<Key, u32>,
    /// By the group, where a group is a cell.
    of_groups: Vec<u32>,
    /// Facts of one cell often come one after the other.
    last: Option<(Key, u32)>,
}

impl Cells {
    #[inline]
    fn cell(&mut self, sifting: &Sifting, group: usize, fact: &FigureFact) -> u32 {
        if !sifting.is_by_group() {
            let key = sifting.key_of(group, fact);
            return self.of_key(key);
        }
        if self.of_groups.is_empty() {
            self.of_groups.resize(sifting.groups(), UNTOUCHED);
        }
        if self.of_groups[group] == UNTOUCHED {
            self.of_groups[group] = self.of_key(sifting.key_of(group, fact));
        }
        self.of_groups[group]
    }

    fn of_key(&mut self, key: Key) -> u32 {
        if let Some((known, cell)) = self.last
            && known == key
        {
            return cell;
        }
        let cell = *self.known.entry(key).or_insert_with(|| {
            self.keys.push(key);
            sira_numbers::counted(self.keys.len() - 1)
        });
        self.last = Some((key, cell));
        cell
    }
}

/// The walk over one measure: the indicators that are made of it, by their places, and their cells.
struct MeasureWalk<'w> {
    measure: Measure,
    places: Vec<usize>,
    counts: &'w mut [Count],
    /// Those of what is asked for, and those of it and the category.
    cells: &'w mut [Cells; 2],
}

/// The kinds of indicators of which a fact is of the time.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Kinds([bool; 3]);

impl Kinds {
    const fn holds(self, kind: IndicatorKind) -> bool {
        self.0[kind as usize]
    }
}

fn walk(cube: &Cube, measure: Measure, asked: &PlacedQuery, walk: &mut MeasureWalk<'_>) {
    const KINDS: [IndicatorKind; 3] =
        [IndicatorKind::Flow, IndicatorKind::Stock, IndicatorKind::Trailing];
    let mut used = Kinds([false; 3]);
    walk.places.iter().for_each(|at| used.0[walk.counts[*at].indicator.kind as usize] = true);
    let of_the_time = |on: i32, ends_on| {
        let is = |kind| used.holds(kind) && asked.is_of_the_time(kind, on, ends_on);
        let kinds = Kinds(KINDS.map(is));
        (kinds != Kinds([false; 3])).then_some(kinds)
    };
    let is_passed = |block: &_| {
        KINDS.into_iter().all(|kind| !used.holds(kind) || asked.passes_over(kind, block))
    };
    let persons = asked.persons();
    persons.scan_opened(cube, measure, is_passed, |seen| {
        let Some(group) = asked.sifting().group_of(seen.profile()) else { return };
        let Some(kinds) = of_the_time(seen.on(), seen.ends_on()) else { return };
        let fact = seen.counted(&cube.profiles);
        asked.belonging(measure, fact, |fact| walk.add(asked, fact, group, kinds));
    });
    for linked in persons.linked(cube, measure) {
        let fact = FigureFact { case: linked.person, ..linked.fact };
        let profile = cube.profiles.find(&fact.dims);
        let Some(group) = profile.and_then(|code| asked.sifting().group_of(code)) else { continue };
        let Some(kinds) = of_the_time(fact.on, fact.ends_on) else { continue };
        asked.belonging(measure, fact, |fact| walk.add(asked, fact, group, kinds));
    }
}

impl MeasureWalk<'_> {
    /// Counts a fact of a group in each indicator of whose time it is.
    #[inline]
    fn add(&mut self, asked: &PlacedQuery, fact: &FigureFact, group: usize, kinds: Kinds) {
        let mut found = [None; 2];
        for at in &self.places {
            let count = &mut self.counts[*at];
            if !kinds.holds(count.indicator.kind) {
                continue;
            }
            let which = usize::from(count.has_own_sifting);
            let (cells, found) = (&mut self.cells[which], &mut found[which]);
            count.add(self.measure, fact, || {
                let sifting = if which == 0 { asked.sifting() } else { asked.by_category() };
                *found.get_or_insert_with(|| cells.cell(sifting, group, fact))
            });
        }
    }
}
