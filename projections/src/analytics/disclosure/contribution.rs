//! What one person adds to a cell, and how far two states of a cell lie apart.

use std::hash::{Hash as _, Hasher as _};

use rustc_hash::{FxHashMap, FxHasher};

use super::super::indicators::{Finish, Indicator};
use super::super::statistics::Followed;
use super::super::tally::Share;
use super::{DOMINANT_PERCENT, FEW};

/// Sums that the indicators of one table have at most.
const SUMS: usize = 6;

/// What one person adds to a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contribution {
    /// Of every fact that counts, whatever its order: it differs when any of them does.
    digest: u64,
    /// To each sum that can be told, or worked out from what is told.
    sums: [i64; SUMS],
}

/// Which of the sums is whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout(Vec<(usize, Finish)>);

/// Sums that an indicator has: what it adds up, what it divides by, and what is left of that.
const fn sums_of(finish: Finish) -> usize {
    match finish {
        Finish::Total { .. } | Finish::Quantile(_) | Finish::Median => 1,
        Finish::Mean => 2,
        Finish::Percent | Finish::Survival { .. } => 3,
        Finish::Difference => 4,
    }
}

impl Layout {
    /// The sums of some indicators; none when they have more than there is room for.
    #[must_use]
    pub fn of(indicators: &[&'static Indicator]) -> Option<Self> {
        let mut places = Vec::new();
        let mut next = 0;
        for indicator in indicators {
            places.push((next, indicator.finish));
            next += sums_of(indicator.finish);
        }
        (next <= SUMS).then_some(Self(places))
    }
}

impl Contribution {
    /// Adds a fact to the sums of one of the indicators.
    pub fn add(&mut self, layout: &Layout, indicator: usize, share: Share) {
        let Some((first, finish)) = layout.0.get(indicator).copied() else { return };
        // How long a business has been followed grows of itself every day: nobody changes by that. Whether it has
        // closed is what moves the share that survives.
        let share = match finish {
            Finish::Survival { .. } => Share::of(Followed::unpacked(share.part).closed.into()),
            _ => share,
        };
        let mut hasher = FxHasher::default();
        (indicator, share.part, share.whole, share.other).hash(&mut hasher);
        // Two facts of one value do not cancel out, and their order says nothing.
        self.digest = self.digest.wrapping_add(hasher.finish() | 1);
        let Share { part, whole, other } = share;
        match finish {
            Finish::Total { .. } => self.sums[first] += part,
            Finish::Quantile(_) | Finish::Median => self.sums[first] += 1,
            Finish::Survival { .. } => {
                self.sums[first] += part;
                self.sums[first + 1] += 1;
                self.sums[first + 2] += 1 - part;
            }
            Finish::Percent => {
                self.sums[first] += part;
                self.sums[first + 1] += whole;
                self.sums[first + 2] += whole - part;
            }
            Finish::Mean | Finish::Difference => {
                let side = first + if other { 2 } else { 0 };
                self.sums[side] += part;
                self.sums[side + 1] += whole;
            }
        }
    }
}

impl Contribution {
    /// What two add together.
    #[must_use]
    pub(super) fn plus(self, other: Self) -> Self {
        let mut sums = self.sums;
        sums.iter_mut().zip(other.sums).for_each(|(sum, more)| *sum = sum.saturating_add(more));
        Self { digest: self.digest.wrapping_add(other.digest), sums }
    }
}

/// Paths that were ever one person's, each with the one that stands for all of them.
#[derive(Clone, Debug, Default)]
pub struct Kin(FxHashMap<u32, u32>);

impl Kin {
    /// Two paths are one person's.
    pub(super) fn join(&mut self, one: u32, other: u32) {
        let (from, to) = (self.of(one), self.of(other));
        // Told at every moment at which a link stands: each is joined once.
        if from == to && self.holds(one) && self.holds(other) {
            return;
        }
        self.0.values_mut().filter(|known| **known == from).for_each(|known| *known = to);
        self.0.insert(one, to);
        self.0.insert(other, to);
    }

    /// The path that stands for a person.
    pub(super) fn of(&self, path: u32) -> u32 {
        self.0.get(&path).copied().unwrap_or(path)
    }

    pub(super) fn holds(&self, path: u32) -> bool {
        self.0.contains_key(&path)
    }
}

/// How far two states of a cell lie apart.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Distance {
    people: usize,
    sums: [Part; SUMS],
}

/// How far one sum lies apart.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    people: usize,
    total: u64,
    largest: u64,
}

impl Distance {
    /// Takes in what one person adds to the one state and to the other.
    pub(super) fn add(&mut self, one: &Contribution, other: &Contribution) {
        if one == other {
            return;
        }
        self.people += 1;
        for (part, (one, other)) in self.sums.iter_mut().zip(one.sums.iter().zip(&other.sums)) {
            let apart = one.abs_diff(*other);
            part.people += usize::from(apart > 0);
            part.total = part.total.saturating_add(apart);
            part.largest = part.largest.max(apart);
        }
    }

    /// Whether nobody differs.
    pub(super) const fn is_none(&self) -> bool {
        self.people == 0
    }

    /// Whether enough people differ, in all and in each sum that moves at all, and none of them makes
    /// up nearly all of a sum's change.
    pub(super) fn is_of_many(&self) -> bool {
        let is_told = |part: &Part| {
            let most = u128::from(part.total) * u128::from(DOMINANT_PERCENT);
            part.people == 0 || part.people >= FEW && u128::from(part.largest) * 100 <= most
        };
        self.people >= FEW && self.sums.iter().all(is_told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(list: &[i64]) -> Distance {
        let layout = Layout(vec![(0, Finish::Total { parts: 1 })]);
        let mut distance = Distance::default();
        for amount in list {
            let mut one = Contribution::default();
            one.add(&layout, 0, Share::of(*amount));
            distance.add(&one, &Contribution::default());
        }
        distance
    }

    #[test]
    fn a_sum_is_told_over_five_people_of_whom_none_makes_up_nearly_all() {
        assert!(amounts(&[100, 100, 100, 100, 100]).is_of_many());
        assert!(!amounts(&[100, 100, 100, 100]).is_of_many());
        // A person whose amount is nothing is one more of the people, and none more of the sum.
        assert!(!amounts(&[100, 100, 100, 100, 0]).is_of_many());
        // 85 of 100 is the most that one may have.
        assert!(amounts(&[8_500, 375, 375, 375, 375]).is_of_many());
        assert!(!amounts(&[8_504, 374, 374, 374, 374]).is_of_many());
    }

    #[test]
    fn what_is_left_of_a_share_is_a_sum_of_its_own() {
        let layout = Layout(vec![(0, Finish::Percent)]);
        let mut distance = Distance::default();
        for person in 0..30 {
            let mut one = Contribution::default();
            one.add(&layout, 0, Share::over(i64::from(person > 1), 1));
            distance.add(&one, &Contribution::default());
        }
        assert!(
            !distance.is_of_many(),
            "two people are not counted, and could be told from the rest"
        );
    }

    #[test]
    fn a_business_changes_survival_when_it_closes_and_not_as_days_pass() {
        let layout = Layout(vec![(0, Finish::Survival { days: 365 })]);
        let told = |days, closed| {
            let mut one = Contribution::default();
            let followed = Followed { days, closed, is_old_enough: days >= 365 };
            one.add(&layout, 0, Share::of(followed.packed()));
            one
        };
        let distance = |closed: usize| {
            let mut distance = Distance::default();
            for number in 0..12 {
                distance.add(&told(100, false), &told(131, number < closed));
            }
            distance
        };
        assert!(distance(0).is_none(), "a month has passed");
        assert!(!distance(1).is_of_many(), "one has closed");
        assert!(distance(5).is_of_many());
    }
}
