//! Which facts a question is about, decided once for each combination of what people are.
//!
//! There are some ten thousand combinations, whatever the number of people, and a fact has the code of its own: so
//! a filter and a breakdown by what people are is one look into a table. What is not theirs (group, fund, the
//! measure's own word, the day) is looked at fact by fact.

use super::compute::Key;
use super::cube::Cube;
use super::facts::{Dims, FigureFact};
use super::place::{place_among, place_of, place_on};
use super::query::ReachPlaces;
use super::words::Dimension;

/// The group of a combination that is not asked for.
const NOT_ASKED: u32 = u32::MAX;
/// Days of which the places in an interval are held: some two hundred years. A day that nobody meant is worked out.
const HELD_DAYS: usize = 73_000;

/// Which facts are asked for, and in which group each is.
#[derive(Debug)]
pub struct Sifting {
    /// By the code of a profile.
    groups: Vec<u32>,
    /// The places of each group in the breakdown; 0 in those that are not of what people are.
    keys: Vec<Key>,
    /// The dimensions of the breakdown that are told fact by fact, with their places in the key.
    own: Vec<(usize, Dimension)>,
    /// The filters that are.
    filters: Vec<(Dimension, Vec<u32>)>,
    /// The funds that the asker reaches; none for all.
    funds: Option<Vec<u32>>,
    /// The first day of any fact, and the place of each day from it on, in the interval of the breakdown.
    days: (i32, Vec<u32>),
}

impl Sifting {
    /// From the filters, the reach and the breakdown of a question.
    pub fn new(
        cube: &Cube,
        filters: &[(Dimension, Vec<u32>)],
        reach: &ReachPlaces,
        breakdown: &[Dimension],
    ) -> Self {
        let is_own = |dimension| place_among(&Dims::default(), dimension).is_none();
        let mut keys: Vec<Key> = Vec::new();
        let mut known = rustc_hash::FxHashMap::default();
        let mut group = |dims: &Dims| {
            let fits = |(dimension, places): &(Dimension, Vec<u32>)| {
                place_among(dims, *dimension).is_none_or(|place| places.contains(&place))
            };
            if !reach.holds_office(dims) || !filters.iter().all(fits) {
                return NOT_ASKED;
            }
            let mut key = Key::default();
            for (slot, dimension) in key.iter_mut().zip(breakdown) {
                *slot = place_among(dims, *dimension).unwrap_or_default();
            }
            *known.entry(key).or_insert_with(|| {
                keys.push(key);
                sira_numbers::counted(keys.len() - 1)
            })
        };
        let groups = cube.profiles.iter().map(&mut group).collect();
        let own = breakdown.iter().copied().enumerate().filter(|(_, one)| is_own(*one)).collect();
        let own_filters = filters.iter().filter(|(dimension, _)| is_own(*dimension));
        Self {
            groups,
            keys,
            own,
            filters: own_filters.cloned().collect(),
            funds: match reach {
                ReachPlaces::Funds(funds) => Some(funds.clone()),
                ReachPlaces::All | ReachPlaces::Offices(_) => None,
            },
            days: places_of_days(cube, breakdown),
        }
    }

    /// The group of a combination; none where it is not asked for.
    #[inline]
    pub fn group_of(&self, profile: u32) -> Option<usize> {
        let group = self.groups.get(profile as usize).copied();
        group.filter(|group| *group != NOT_ASKED).map(|group| group as usize)
    }

    /// Whether a fact of a combination that is asked for is itself.
    #[inline]
    pub fn holds(&self, fact: &FigureFact) -> bool {
        let is_reached = |funds: &Vec<u32>| funds.contains(&fact.dims.fund.into());
        self.funds.as_ref().is_none_or(is_reached)
            && self
                .filters
                .iter()
                .all(|(dimension, places)| places.contains(&self.place_of(fact, *dimension)))
    }

    /// The cell of a fact of a group.
    #[inline]
    pub fn key_of(&self, group: usize, fact: &FigureFact) -> Key {
        let mut key = self.keys[group];
        for (slot, dimension) in &self.own {
            key[*slot] = self.place_of(fact, *dimension);
        }
        key
    }

    /// Whether a group is a cell, whatever the fact.
    pub const fn is_by_group(&self) -> bool {
        self.own.is_empty()
    }

    /// How many groups there are.
    pub const fn groups(&self) -> usize {
        self.keys.len()
    }

    fn place_of(&self, fact: &FigureFact, dimension: Dimension) -> u32 {
        if dimension.is_time() && self.own.iter().any(|(_, own)| *own == dimension) {
            let (first, places) = &self.days;
            let day = usize::try_from(i64::from(fact.on) - i64::from(*first)).ok();
            if let Some(place) = day.and_then(|day| places.get(day)) {
                return *place;
            }
        }
        place_of(fact, dimension)
    }
}

/// The place of each day in the interval of a breakdown that has one.
fn places_of_days(cube: &Cube, breakdown: &[Dimension]) -> (i32, Vec<u32>) {
    let mut intervals = breakdown.iter().filter(|dimension| dimension.is_time());
    let ((Some(interval), None), Some((first, last))) =
        ((intervals.next(), intervals.next()), cube.days())
    else {
        return (0, Vec::new());
    };
    let days = (first..=last).take(HELD_DAYS).map(|day| place_on(day, *interval));
    (first, days.collect())
}
