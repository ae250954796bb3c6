//! Going over the reporting moments, the earliest first, and releasing what may be told.

use std::sync::Arc;

use chrono::NaiveDate;
use rustc_hash::FxHashMap;

use super::super::belongings::Belongings;
use super::super::context::{LookedUp, ShareContext};
use super::super::cube::Cube;
use super::super::facts::FigureFact;
use super::super::indicators::{Indicator, IndicatorKind, Need};
use super::super::persons::Persons;
use super::super::query::{Moment, Times};
use super::super::tally::Tally;
use super::contribution::{Contribution, Kin, Layout};
use super::history::History;
use super::lattice::{Audience, CellKey, FUND, at_home, words};
use super::schedule::Schedule;
use super::table::{PublishedTable, Release, Series};

/// A table while it is built. The same facts and the same schedule give the same table, whenever it is
/// built; it takes one walk over the indicators' facts for each reporting moment, and the cube is needed
/// for no longer than that, so that others may bring it up to date in between.
pub struct Building {
    indicators: Vec<&'static Indicator>,
    audience: Audience,
    layout: Option<Layout>,
    /// The cell in which each person was first counted.
    homes: FxHashMap<u32, CellKey>,
    known: FxHashMap<CellKey, Known>,
    through: Option<Moment>,
    /// Paths that were one person's at any moment so far.
    kin: Kin,
    /// The cells of one place, under each fund.
    places: FxHashMap<CellKey, Vec<CellKey>>,
    /// The reporting moment from which on somebody was counted under two funds.
    shared_since: Option<NaiveDate>,
}

/// What is the same of the cells of one place under different funds.
const fn place_of(key: &CellKey) -> CellKey {
    [key[0], 0, key[2], key[3], key[4], key[5]]
}

/// Whether anybody is counted under two funds.
fn shares_people(standing: &FxHashMap<CellKey, State>) -> bool {
    let mut funds: FxHashMap<u32, u32> = FxHashMap::default();
    let mut people = standing
        .iter()
        .flat_map(|(key, state)| state.people.keys().map(move |person| (*person, key[FUND])));
    people.any(|(person, fund)| *funds.entry(person).or_insert(fund) != fund)
}

/// A cell while the table is built.
struct Known {
    series: Series,
    history: History,
}

impl Known {
    fn new(cube: &Cube, key: &CellKey) -> Self {
        let series = Series { words: words(&cube.dictionary, key), releases: Vec::new() };
        Self { series, history: History::default() }
    }
}

/// A cell as it stands at one moment.
struct State {
    people: FxHashMap<u32, Contribution>,
    tallies: Box<[Tally]>,
}

impl State {
    fn new(indicators: usize) -> Self {
        let tallies = (0..indicators).map(|_| Tally::default()).collect();
        Self { people: FxHashMap::default(), tallies }
    }
}

impl Building {
    /// Nothing yet of some indicators that move on together.
    #[must_use]
    pub fn new(indicators: &[&'static Indicator], audience: Audience) -> Self {
        let indicators: Vec<_> =
            indicators.iter().copied().filter(|indicator| indicator.is_published()).collect();
        Self {
            layout: Layout::of(&indicators),
            indicators,
            audience,
            homes: FxHashMap::default(),
            known: FxHashMap::default(),
            through: None,
            kin: Kin::default(),
            places: FxHashMap::default(),
            shared_since: None,
        }
    }

    /// Goes on to the next reporting moment of a schedule. The cube knows everything up to it, and is the
    /// one of the steps before.
    pub fn step(&mut self, cube: &Cube, schedule: &Schedule, moment: Moment) {
        let Some(layout) = self.layout.clone() else { return };
        self.through = Some(moment);
        let persons = Persons::at(cube, moment.position);
        for (path, person) in persons.paths() {
            self.kin.join(path, person);
        }
        let mut standing = self.walk(cube, &layout, &persons, moment);
        // A cell that everybody has left is offered as empty.
        for key in self.known.keys() {
            standing.entry(*key).or_insert_with(|| State::new(self.indicators.len()));
        }
        let by_fund = self.audience == Audience::Donor;
        if by_fund && self.shared_since.is_none() && shares_people(&standing) {
            self.shared_since = Some(moment.day);
        }
        // In the order of their words, as one that is released may keep another back.
        let mut standing: Vec<_> = standing.into_iter().collect();
        for (key, _) in &standing {
            self.known.entry(*key).or_insert_with(|| Known::new(cube, key));
        }
        standing.sort_by(|(one, _), (other, _)| {
            self.known[one].series.words.cmp(&self.known[other].series.words)
        });
        for (key, state) in standing {
            self.offer(&key, state, schedule, moment);
        }
    }

    /// Releases a cell as it stands, where it may be told: apart from what was told of it by nobody or by many, and
    /// so apart from what was told of the same place under other funds. Somebody whom two funds finance is one of
    /// the people of both, so the one less the other tells those who are of one alone.
    fn offer(&mut self, key: &CellKey, state: State, schedule: &Schedule, moment: Moment) {
        let others = self.places.entry(place_of(key)).or_default();
        if !others.contains(key) {
            others.push(*key);
        }
        let is_apart = others.iter().filter(|other| *other != key).all(|other| {
            self.known.get(other).is_none_or(|cell| cell.history.is_apart(&state.people, &self.kin))
        });
        let Some(cell) = self.known.get_mut(key) else { return };
        let publishes = schedule.publishes(&cell.series.words[0], moment.day);
        if publishes && is_apart && cell.history.offer(&state.people, &self.kin) {
            cell.series.releases.push(Release { on: moment.day, tallies: state.tallies });
        }
    }

    /// The table as far as it was built.
    #[must_use]
    pub fn finish(self) -> PublishedTable {
        let told = self.known.into_values().map(|cell| cell.series);
        let mut cells: Vec<_> = told.filter(|series| !series.releases.is_empty()).collect();
        cells.sort_by(|one, other| one.words.cmp(&other.words));
        let through = self.through.map(|moment| moment.day);
        PublishedTable {
            indicators: self.indicators,
            audience: self.audience,
            through,
            cells,
            shared_since: self.shared_since,
        }
    }

    /// Every cell as it stands at a moment.
    fn walk(
        &mut self,
        cube: &Cube,
        layout: &Layout,
        persons: &Persons,
        moment: Moment,
    ) -> FxHashMap<CellKey, State> {
        let needs: Vec<Need> =
            self.indicators.iter().flat_map(|indicator| indicator.needs).copied().collect();
        let times = Times::until(moment.day);
        let context = ShareContext::new(times, &Arc::new(LookedUp::new(cube, persons, &needs)));
        let by_fund = (self.audience == Audience::Donor).then(|| Belongings::at(cube, persons));
        let count = self.indicators.len();
        let mut states: FxHashMap<CellKey, State> = FxHashMap::default();
        for (place, indicator) in self.indicators.iter().enumerate() {
            for measure in indicator.measures {
                let mut count = |fact: &FigureFact| {
                    let lasts = indicator.kind != IndicatorKind::Stock || fact.lasts_on(times.day);
                    if !self.audience.holds(fact) || !lasts {
                        return;
                    }
                    let Some(share) = (indicator.share)(*measure, fact, &context) else { return };
                    let key = self.audience.key_of(fact, indicator.by_category);
                    let key = at_home(key, *self.homes.entry(fact.case).or_insert(key));
                    let state = states.entry(key).or_insert_with(|| State::new(count));
                    let person = state.people.entry(fact.case).or_default();
                    person.add(layout, place, share);
                    state.tallies[place].add(share, indicator.finish);
                };
                cube.walk(*measure, persons, |fact, _| match &by_fund {
                    Some(own) => own.each(*measure, fact, &mut count),
                    None => count(fact),
                });
            }
        }
        states
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use sira_numbers::Position;
    use uuid::Uuid;

    use super::super::answer::cells;
    use super::super::{Ask, kin};
    use super::*;
    use crate::analytics::facts::fact::{Dims, STANDS};
    use crate::analytics::facts::{FigureFact, Measure, Tells, number_of};
    use crate::analytics::{Dimension, Indicators};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A small programme, told event by event.
    struct Town {
        cube: Cube,
        position: Position,
        standing: FxHashMap<u32, Position>,
    }

    impl Town {
        fn new() -> Self {
            Self { cube: Cube::new(), position: Position::START, standing: FxHashMap::default() }
        }

        /// Tells where somebody is registered, in the place of what was told before.
        fn tell(&mut self, person: u32, region: &str, age_band: &str) {
            self.forget(person);
            self.position = self.position.next();
            let words = &mut self.cube.dictionary;
            let dims = Dims {
                programme: u16::try_from(words.programmes.place("p")).unwrap(),
                region: u16::try_from(words.regions.place(region)).unwrap(),
                sex: u8::try_from(words.sexes.place("female")).unwrap(),
                age_band: u8::try_from(words.age_bands.place(age_band)).unwrap(),
                ..Dims::default()
            };
            let fact = FigureFact {
                since: self.position,
                until: STANDS,
                tells: Tells::Nothing,
                dims,
                case: self.cube.cases.place(Uuid::from_u128(person.into())),
                sequence: 1,
                on: number_of(day("2024-01-01")),
                ends_on: None,
                part: 0,
            };
            self.cube.add(Measure::Registered, fact);
            self.standing.insert(person, self.position);
        }

        fn forget(&mut self, person: u32) {
            if let Some(since) = self.standing.remove(&person) {
                self.position = self.position.next();
                let source = Measure::Registered.source();
                self.cube.end(source, (since, 0), self.position);
            }
        }
    }

    impl Town {
        /// Tells that a fund finances somebody.
        fn finance(&mut self, person: u32, fund: &str) {
            self.position = self.position.next();
            let fund = u16::try_from(self.cube.dictionary.funds.place(fund)).unwrap();
            let case = self.cube.cases.place(Uuid::from_u128(person.into()));
            let known =
                self.cube.facts(Measure::Registered).find(|fact| fact.case == case).unwrap();
            let dims = Dims { fund, ..known.dims };
            let fact = FigureFact { since: self.position, dims, ..known };
            self.cube.add(Measure::ApprovedAmount, fact);
        }
    }

    /// What a donor of some funds is told of the people of each, and of all in one.
    fn told_to_donor(table: &PublishedTable, groups: &[Dimension]) -> Vec<Option<i128>> {
        let ask = Ask {
            filters: Vec::new(),
            groups: groups.to_vec(),
            before: None,
            to: day("2024-01-31"),
            funds: Some(vec!["a".into(), "b".into()]),
            regions: None,
        };
        let told = cells(table, Indicators::named("registered").unwrap(), &ask);
        told.iter().map(|cell| cell.part).collect()
    }

    /// The donors' table of a town of twenty whom two funds finance.
    fn financed(a: std::ops::Range<u32>, b: std::ops::Range<u32>) -> PublishedTable {
        let mut town = Town::new();
        (0..20).for_each(|person| town.tell(person, "segou", "18_24"));
        a.for_each(|person| town.finance(person, "a"));
        b.for_each(|person| town.finance(person, "b"));
        let moment = Moment { position: town.position, day: day("2024-01-31") };
        let schedule = Schedule { moments: vec![moment], ..Schedule::default() };
        let mut building =
            Building::new(&kin(Indicators::named("registered").unwrap()), Audience::Donor);
        building.step(&town.cube, &schedule, moment);
        building.finish()
    }

    #[test]
    fn the_people_of_one_fund_less_those_of_another_are_many_or_nobody() {
        // The sixth of the first fund is the only one whom the second does not finance.
        assert_eq!(told_to_donor(&financed(0..6, 0..5), &[Dimension::Fund]), [Some(6)]);
        assert_eq!(told_to_donor(&financed(0..6, 0..6), &[Dimension::Fund]), [Some(6), Some(6)]);
        assert_eq!(told_to_donor(&financed(0..6, 4..12), &[Dimension::Fund]), [Some(6), Some(8)]);
    }

    #[test]
    fn people_of_two_funds_are_not_added_up_twice() {
        assert_eq!(told_to_donor(&financed(0..6, 4..12), &[]), [None]);
        assert_eq!(told_to_donor(&financed(0..6, 6..12), &[]), [Some(12)]);
    }

    fn table(town: &Town, name: &str, moments: &[Moment]) -> PublishedTable {
        let schedule = Schedule { moments: moments.to_vec(), ..Schedule::default() };
        let kin = kin(Indicators::named(name).unwrap());
        let mut building = Building::new(&kin, Audience::Analyst);
        for moment in moments {
            building.step(&town.cube, &schedule, *moment);
        }
        building.finish()
    }

    fn count(table: &PublishedTable, region: Option<&str>, to: &str) -> Option<i128> {
        let words = |region: &str| (Dimension::Region, vec![region.to_owned()]);
        let ask = Ask {
            filters: region.map(words).into_iter().collect(),
            groups: Vec::new(),
            before: None,
            to: day(to),
            funds: None,
            regions: None,
        };
        cells(table, Indicators::named("registered").unwrap(), &ask)[0].part
    }

    #[test]
    fn five_people_who_move_do_not_hide_the_sixth_who_comes() {
        let mut town = Town::new();
        for person in 0..24 {
            town.tell(person, if person < 12 { "segou" } else { "mopti" }, "18_24");
        }
        let first = Moment { position: town.position, day: day("2024-01-31") };
        (0..5).for_each(|person| town.tell(person, "mopti", "18_24"));
        town.tell(100, "mopti", "18_24");
        let second = Moment { position: town.position, day: day("2024-02-29") };
        let table = table(&town, "registered", &[first, second]);
        for to in ["2024-01-31", "2024-02-29"] {
            assert_eq!(count(&table, None, to), Some(24), "the whole does not move by one");
            assert_eq!(count(&table, Some("mopti"), to), Some(12));
        }
    }

    #[test]
    fn a_table_is_a_function_of_the_facts_up_to_its_moments() {
        let mut town = Town::new();
        let mut moments = Vec::new();
        for month in 1..=12_u32 {
            for person in 0..month * 3 {
                town.tell(month * 100 + person, ["segou", "mopti"][person as usize % 2], "18_24");
            }
            (0..month).for_each(|person| town.forget((month / 2) * 100 + person));
            let end = day(&format!("2024-{month:02}-28")).with_day_of_its_end();
            moments.push(Moment { position: town.position, day: end });
        }
        let late = table(&town, "registered", &moments);
        for known in 1..=12 {
            let early = table(&town, "registered", &moments[..known]);
            for moment in &moments[..known] {
                let day = moment.day.to_string();
                for region in [None, Some("segou"), Some("mopti")] {
                    assert_eq!(count(&early, region, &day), count(&late, region, &day), "{day}");
                    assert!(count(&late, region, &day).is_none_or(|told| told >= 5));
                }
            }
        }
    }

    trait EndOfMonth {
        fn with_day_of_its_end(self) -> Self;
    }

    impl EndOfMonth for NaiveDate {
        fn with_day_of_its_end(self) -> Self {
            sira_domain::programme::Reporting::Month.next_end(self)
        }
    }
}
