//! What a cell adds up, and what it comes to.

use super::compute::CellDetail;
use super::indicators::Finish;
use super::statistics::{Followed, Moments, ProductLimit, interval, percent};
use crate::table::Decimal;

/// Digits behind the point of every value.
pub const PLACES: u8 = 2;

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

/// A cell being added up.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Above the line.
    pub part: i128,
    /// Below the line.
    pub whole: i128,
    /// The same of those compared with.
    pub other: (i128, i128),
    /// Sums of squares of both, where how sure a mean is is told.
    squares: (i128, i128),
    /// Every value, where an order statistic is asked for.
    values: Vec<i64>,
    /// Facts added.
    pub facts: u64,
}

impl Tally {
    /// Adds a fact.
    pub fn add(&mut self, share: Share, finish: Finish) {
        let (part, whole) = (i128::from(share.part), i128::from(share.whole));
        if share.other {
            self.other.0 += part;
            self.other.1 += whole;
            if finish.is_of_means() {
                self.squares.1 = self.squares.1.saturating_add(part * part);
            }
        } else {
            self.part += part;
            self.whole += whole;
            if finish.is_of_means() {
                self.squares.0 = self.squares.0.saturating_add(part * part);
            }
        }
        if finish.is_of_each_value() {
            self.values.push(share.part);
        }
        self.facts += 1;
    }

    /// Adds another cell.
    pub fn merge(&mut self, other: &Self) {
        self.part += other.part;
        self.whole += other.whole;
        self.other.0 += other.other.0;
        self.other.1 += other.other.1;
        self.squares.0 = self.squares.0.saturating_add(other.squares.0);
        self.squares.1 = self.squares.1.saturating_add(other.squares.1);
        self.values.extend_from_slice(&other.values);
        self.facts += other.facts;
    }

    /// Takes an earlier state of a cell from a later one: what came in between. Not for order statistics,
    /// of which periods are not made so.
    pub fn take_away(&mut self, earlier: &Self) {
        self.part -= earlier.part;
        self.whole -= earlier.whole;
        self.other.0 -= earlier.other.0;
        self.other.1 -= earlier.other.1;
        self.squares.0 = self.squares.0.saturating_sub(earlier.squares.0);
        self.squares.1 = self.squares.1.saturating_sub(earlier.squares.1);
        self.facts = self.facts.saturating_sub(earlier.facts);
    }

    /// Bytes that it takes in memory, about.
    #[must_use]
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.values.capacity() * size_of::<i64>()
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
            Finish::Median => self.median_among(1),
            Finish::Survival { days } => self.product_limit(days).survival.and_then(percent),
        }
    }

    /// How sure the value is, and of how many.
    #[must_use]
    pub fn detail(&self, finish: Finish) -> Option<CellDetail> {
        let moments = |sum, count, squares| Moments { sum, squares, count };
        let own = moments(self.part, self.whole, self.squares.0);
        match finish {
            Finish::Survival { days } => {
                let found = self.product_limit(days);
                let interval =
                    found.interval.and_then(|(low, high)| Some((percent(low)?, percent(high)?)));
                let numbers = [
                    ("businesses", self.facts),
                    ("at_risk", found.at_risk),
                    ("closed", found.closed),
                    ("unknown", found.unknown),
                ];
                let numbers = numbers.map(|(word, number)| (word, number.into())).to_vec();
                Some(CellDetail { interval, numbers })
            }
            Finish::Difference => {
                let other = moments(self.other.0, self.other.1, self.squares.1);
                let interval = interval(own, Some(other));
                Some(CellDetail {
                    interval,
                    numbers: vec![("people", own.count), ("others", other.count)],
                })
            }
            Finish::Mean => Some(CellDetail {
                interval: interval(own, None),
                numbers: vec![("people", own.count)],
            }),
            Finish::Total { .. } | Finish::Percent | Finish::Quantile(_) | Finish::Median => None,
        }
    }

    fn product_limit(&self, days: u32) -> ProductLimit {
        let followed: Vec<_> =
            self.values.iter().map(|packed| Followed::unpacked(*packed)).collect();
        ProductLimit::after(&followed, days)
    }

    /// The median, where at least so many values lie on either side of the middle or in it: of an even count the mean
    /// of the two in the middle.
    #[must_use]
    pub fn median_among(&self, least: usize) -> Option<Decimal> {
        let mut values = self.values.clone();
        let count = values.len();
        if count == 0 || count.div_ceil(2) < least {
            return None;
        }
        values.sort_unstable();
        let (low, high) = (values[(count - 1) / 2], values[count / 2]);
        quotient(i128::from(low) + i128::from(high), 2)
    }

    /// The quantile of all values: see [`Tally::quantile_among`].
    fn quantile(&self, percent: u8) -> Option<Decimal> {
        self.quantile_among(percent, 1)
    }

    /// The quantile of so many percent, where at least so many values lie on either side of it, itself among
    /// them: the nearest rank, the least value that at least so many percent do not exceed. Of an even count that is
    /// the lower of the two in the middle: a decile is told so, and the median is the usual one.
    #[must_use]
    pub fn quantile_among(&self, percent: u8, least: usize) -> Option<Decimal> {
        let mut values = self.values.clone();
        let below = (values.len() * usize::from(percent)).div_ceil(100).max(1);
        if below < least || values.len() + 1 < below + least {
            return None;
        }
        let (_, value, _) = values.select_nth_unstable(below - 1);
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
    fn a_quantile_is_the_nearest_rank() {
        let mut tally = Tally::default();
        for days in [9, 3, 40, 5] {
            tally.add(Share::of(days), Finish::Quantile(50));
        }
        assert_eq!(shown(tally.value(Finish::Quantile(50))), "5.00");
        assert_eq!(shown(tally.value(Finish::Quantile(90))), "40.00");
        assert_eq!(shown(Tally::default().value(Finish::Quantile(50))), "none");
    }

    #[test]
    fn a_middle_is_told_where_enough_lie_on_either_side() {
        let mut tally = Tally::default();
        for days in 1..=9 {
            tally.add(Share::of(days), Finish::Quantile(50));
        }
        assert_eq!(shown(tally.quantile_among(50, 5)), "5.00");
        assert_eq!(shown(tally.quantile_among(90, 5)), "none");
        assert_eq!(shown(tally.quantile_among(50, 6)), "none");
    }
}
