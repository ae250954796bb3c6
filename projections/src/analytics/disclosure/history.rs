//! What was released of one cell, and whether it may move on.

use rustc_hash::FxHashMap;

use super::contribution::{Contribution, Distance, Kin};

/// What was released of one cell: of each person, what they added from which release on.
#[derive(Clone, Debug, Default)]
pub struct History {
    releases: usize,
    people: FxHashMap<u32, Vec<(usize, Contribution)>>,
}

impl History {
    /// Releases so far.
    #[must_use]
    pub const fn releases(&self) -> usize {
        self.releases
    }

    /// What somebody added at a release; nothing at release 0, before the first.
    #[must_use]
    pub fn at(&self, person: u32, release: usize) -> Contribution {
        self.people.get(&person).map_or_else(Contribution::default, |told| standing(told, release))
    }

    /// Everybody who was ever counted.
    pub fn people(&self) -> impl Iterator<Item = u32> {
        self.people.keys().copied()
    }

    /// Takes a state in as the next release, if it may be told: it differs from the last release, and
    /// from whatever was released before by nobody or by many. Paths that were ever one person's are one of them,
    /// also where a link or its end moves what they add from one to the other. Says whether it was taken in.
    pub fn offer(&mut self, now: &FxHashMap<u32, Contribution>, kin: &Kin) -> bool {
        let last = self.distance(now, self.releases, kin);
        if last.is_none() || !last.is_of_many() {
            return false;
        }
        let is_told = |release| {
            let distance = self.distance(now, release, kin);
            distance.is_none() || distance.is_of_many()
        };
        if !(0..self.releases).all(is_told) {
            return false;
        }
        self.take(now);
        true
    }

    /// Whether a state of other people, told elsewhere, lies apart from all that was released of this cell by
    /// nobody or by many.
    #[must_use]
    pub fn is_apart(&self, other: &FxHashMap<u32, Contribution>, kin: &Kin) -> bool {
        (1..=self.releases).all(|release| {
            let distance = self.distance(other, release, kin);
            distance.is_none() || distance.is_of_many()
        })
    }

    fn distance(&self, now: &FxHashMap<u32, Contribution>, release: usize, kin: &Kin) -> Distance {
        let mut distance = Distance::default();
        let mut linked: FxHashMap<u32, [Contribution; 2]> = FxHashMap::default();
        let nothing = Contribution::default();
        let mut add = |person: u32, one: &Contribution, other: &Contribution| {
            if !kin.holds(person) {
                return distance.add(one, other);
            }
            let both = linked.entry(kin.of(person)).or_default();
            *both = [both[0].plus(*one), both[1].plus(*other)];
        };
        for (person, told) in &self.people {
            add(*person, now.get(person).unwrap_or(&nothing), &standing(told, release));
        }
        for (person, one) in now.iter().filter(|(person, _)| !self.people.contains_key(person)) {
            add(*person, one, &nothing);
        }
        for [one, other] in linked.values() {
            distance.add(one, other);
        }
        distance
    }

    fn take(&mut self, now: &FxHashMap<u32, Contribution>) {
        let last = self.releases;
        self.releases += 1;
        for (person, told) in &mut self.people {
            let one = now.get(person).copied().unwrap_or_default();
            if standing(told, last) != one {
                told.push((self.releases, one));
            }
        }
        for (person, one) in now {
            self.people.entry(*person).or_insert_with(|| vec![(self.releases, *one)]);
        }
    }
}

fn standing(told: &[(usize, Contribution)], release: usize) -> Contribution {
    let found = told.iter().rev().find(|(since, _)| *since <= release);
    found.map(|(_, one)| *one).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::Layout;
    use super::*;
    use crate::analytics::Indicators;
    use crate::analytics::disclosure::FEW;
    use crate::analytics::tally::Share;

    fn state(people: impl IntoIterator<Item = u32>) -> FxHashMap<u32, Contribution> {
        let layout = Layout::of(&[Indicators::named("registered").unwrap()]).unwrap();
        let one = |person| {
            let mut one = Contribution::default();
            one.add(&layout, 0, Share::of(1));
            (person, one)
        };
        people.into_iter().map(one).collect()
    }

    #[test]
    fn a_cell_moves_on_when_five_people_changed_and_not_before() {
        let mut cell = History::default();
        assert!(!cell.offer(&state(0..4), &Kin::default()), "four people are not told");
        assert!(cell.offer(&state(0..5), &Kin::default()));
        assert!(!cell.offer(&state(0..5), &Kin::default()), "nothing changed");
        assert!(!cell.offer(&state(0..9), &Kin::default()), "four more");
        assert!(cell.offer(&state(0..10), &Kin::default()));
        assert!(!cell.offer(&state(0..2), &Kin::default()), "two would be left");
        assert!(cell.offer(&state(0..0), &Kin::default()), "nobody is nobody in particular");
        assert_eq!(cell.releases(), 3);
    }

    #[test]
    fn a_cell_does_not_come_back_to_near_where_it_once_was() {
        let mut cell = History::default();
        assert!(cell.offer(&state(0..8), &Kin::default()));
        assert!(cell.offer(&state(0..16), &Kin::default()));
        // Seven changed since the last, and the first differs by one alone.
        assert!(!cell.offer(&state(0..9), &Kin::default()));
        assert!(cell.offer(&state(0..8), &Kin::default()), "the very state of then tells nobody");
    }

    /// A small generator of numbers, the same on every machine.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, limit: u32) -> u32 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            u32::try_from((self.0 >> 33) % u64::from(limit)).unwrap()
        }
    }

    /// People of one cell whose contribution to two answers differs.
    fn apart(cell: &History, (one, other): (Option<usize>, Option<usize>)) -> usize {
        let told = |person, release: Option<usize>| cell.at(person, release.unwrap_or(0));
        cell.people().filter(|person| told(*person, one) != told(*person, other)).count()
    }

    #[test]
    fn no_two_answers_differ_by_one_to_four_people() {
        for seed in 0..300 {
            let mut dice = Dice(seed);
            let cells = 1 + dice.below(4);
            let mut told: Vec<(History, Vec<usize>)> =
                vec![(History::default(), Vec::new()); cells as usize];
            let mut held: Vec<FxHashMap<u32, Contribution>> =
                vec![FxHashMap::default(); cells as usize];
            for _ in 0..12 {
                for (cell, (history, moments)) in told.iter_mut().enumerate() {
                    for _ in 0..dice.below(9) {
                        let person = u32::try_from(cell).unwrap() * 1_000 + dice.below(25);
                        if dice.below(3) == 0 {
                            held[cell].remove(&person);
                        } else {
                            held[cell].extend(state([person]));
                        }
                    }
                    history.offer(&held[cell], &Kin::default());
                    moments.push(history.releases());
                }
            }
            // Any two answers: which cells are added up, and as of which moment.
            for _ in 0..200 {
                let mut differing = 0;
                let (one, other) = (dice.below(12) as usize, dice.below(12) as usize);
                for (history, moments) in &told {
                    let (in_one, in_other) = (dice.below(2) == 1, dice.below(2) == 1);
                    let sides = (in_one.then(|| moments[one]), in_other.then(|| moments[other]));
                    differing += apart(history, sides);
                }
                assert!(differing == 0 || differing >= FEW, "seed {seed}: {differing}");
            }
        }
    }

    #[test]
    fn two_paths_that_become_one_persons_are_one_of_those_who_changed() {
        let mut kin = Kin::default();
        kin.join(100, 101);
        let mut cell = History::default();
        assert!(cell.offer(&state([0, 1, 2, 3, 4, 100, 101]), &kin));
        // Three more people come; and what two paths told is told by the one of them that goes on.
        let mut now = state([0, 1, 2, 3, 4, 101, 200, 201, 202]);
        let one = now[&101];
        now.insert(101, one.plus(one));
        assert!(cell.clone().offer(&now, &Kin::default()), "five paths changed");
        assert!(!cell.offer(&now, &kin), "three people are not told");
        now.extend(state([203, 204]));
        assert!(cell.offer(&now, &kin));
    }
}
