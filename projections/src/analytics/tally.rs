//! What a cell adds up, and what it comes to.

use super::indicator::Finish;
use crate::table::Decimal;

/// Digits behind the point of every value.
pub const PLACES: u8 = 2;
/// Cells of fewer people than this are hidden from those who must see nobody.
pub const FEW: usize = 5;

/// What one fact adds to a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// To what is counted, or above the line.
    pub part: i64,
    /// Below the line; 0 where nothing is divided.
    pub whole: i64,
    /// Whether it belongs to those compared with (of a difference).
    pub other: bool,
}

impl Share {
    /// Counted or added up.
    #[must_use]
    pub const fn of(part: i64) -> Self {
        Self { part, whole: 0, other: false }
    }

    /// Above and below the line.
    #[must_use]
    pub const fn over(part: i64, whole: i64) -> Self {
        Self { part, whole, other: false }
    }
}

/// Up to [`FEW`] different people: whether there are as many is all that is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Few {
    people: [u32; FEW],
    count: usize,
}

impl Few {
    /// Counts somebody, once.
    pub fn add(&mut self, person: u32) {
        if self.count < FEW && !self.people[..self.count].contains(&person) {
            self.people[self.count] = person;
            self.count += 1;
        }
    }

    /// Counts all of another cell.
    pub fn add_all(&mut self, other: &Self) {
        for person in &other.people[..other.count] {
            self.add(*person);
        }
    }

    /// Whether there is somebody, but not enough to hide among.
    #[must_use]
    pub const fn is_small(&self) -> bool {
        self.count > 0 && self.count < FEW
    }

    /// Whether there are enough.
    #[must_use]
    pub const fn is_enough(&self) -> bool {
        self.count >= FEW
    }
}

/// A cell being added up.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Above the line.
    pub part: i128,
    /// Below the line.
    pub whole: i128,
    /// The same of those compared with.
    pub other: (i128, i128),
    /// Every value, where an order statistic is asked for.
    values: Vec<i64>,
    /// Facts added.
    pub facts: u64,
    /// People behind it.
    pub people: Few,
    /// People of whom something is above the line.
    pub counted: Few,
    /// People of whom something is below the line and nothing of that fact above it.
    pub rest: Few,
}

impl Tally {
    /// Adds a fact of somebody.
    pub fn add(&mut self, share: Share, person: u32, finish: Finish) {
        let (part, whole) = (i128::from(share.part), i128::from(share.whole));
        if share.other {
            self.other.0 += part;
            self.other.1 += whole;
        } else {
            self.part += part;
            self.whole += whole;
        }
        if matches!(finish, Finish::Quantile(_)) {
            self.values.push(share.part);
        }
        self.facts += 1;
        self.people.add(person);
        if share.part == 0 && share.whole != 0 {
            self.rest.add(person);
        } else {
            self.counted.add(person);
        }
    }

    /// Adds another cell.
    pub fn merge(&mut self, other: &Self) {
        self.part += other.part;
        self.whole += other.whole;
        self.other.0 += other.other.0;
        self.other.1 += other.other.1;
        self.values.extend_from_slice(&other.values);
        self.facts += other.facts;
        self.people.add_all(&other.people);
        self.counted.add_all(&other.counted);
        self.rest.add_all(&other.rest);
    }

    /// What it comes to; none where there is nothing to divide by, or nobody to take the middle of.
    #[must_use]
    pub fn value(&self, finish: Finish) -> Option<Decimal> {
        match finish {
            Finish::Total { parts } => quotient(self.part, parts.into()),
            Finish::Percent => quotient(self.part * 100, self.whole),
            Finish::Mean => quotient(self.part, self.whole),
            Finish::Difference => difference((self.part, self.whole), self.other),
            Finish::Quantile(percent) => self.quantile(percent),
        }
    }

    /// The lower of the two values in the middle, of an even count: a value that somebody has.
    fn quantile(&self, percent: u8) -> Option<Decimal> {
        let mut values = self.values.clone();
        if values.is_empty() {
            return None;
        }
        let place = (values.len() * usize::from(percent)).div_ceil(100).max(1) - 1;
        let (_, value, _) = values.select_nth_unstable(place);
        quotient((*value).into(), 1)
    }
}

/// Divided with [`PLACES`] places, half away from zero; none where there is nothing to divide by.
fn quotient(part: i128, whole: i128) -> Option<Decimal> {
    Decimal::of_ratio(part, whole, PLACES)
}

/// The difference of two means, from the exact fractions.
fn difference(one: (i128, i128), other: (i128, i128)) -> Option<Decimal> {
    let part = one.0 * other.1 - other.0 * one.1;
    quotient(part, one.1 * other.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: Option<Decimal>) -> String {
        value.map_or("none".to_owned(), |value| value.to_string())
    }

    #[test]
    fn a_difference_of_means_is_rounded_once() {
        // 1/3 - 1/6 is 1/6, not 0.33 less 0.17.
        assert_eq!(shown(difference((1, 3), (1, 6))), "0.17");
        assert_eq!(shown(difference((1, 3), (1, 0))), "none");
    }

    #[test]
    fn a_median_is_a_value_that_somebody_has() {
        let mut tally = Tally::default();
        for (person, days) in [(1, 9), (2, 3), (3, 40), (4, 5)] {
            tally.add(Share::of(days), person, Finish::Quantile(50));
        }
        assert_eq!(shown(tally.value(Finish::Quantile(50))), "5.00");
        assert_eq!(shown(tally.value(Finish::Quantile(90))), "40.00");
        assert_eq!(shown(Tally::default().value(Finish::Quantile(50))), "none");
    }

    #[test]
    fn four_people_are_few_however_often_they_come() {
        let mut few = Few::default();
        for person in [1, 2, 3, 4, 1, 2] {
            few.add(person);
        }
        assert!(few.is_small() && !few.is_enough());
        few.add(5);
        assert!(few.is_enough() && !few.is_small());
    }
}
