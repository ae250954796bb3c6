//! Statistics of a cell: the middle, survival, and how sure a value is.
//!
//! Intervals are of 95 % confidence. They are computed in binary floating point, which only what is shown of them,
//! two digits behind the point, ever leaves.

use super::tally::PLACES;
use crate::table::Decimal;

/// The 97.5th percentile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// Fewer than these on either side say nothing of how sure a mean is.
const MEAN_OF_AT_LEAST: i128 = 10;

/// How long a business was followed, and what ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Followed {
    /// Days from its start to its closure, or to the last day on which it is known not to have closed.
    pub days: u32,
    /// Whether it closed then.
    pub closed: bool,
    /// Whether it started so long ago that the moment in question is over.
    pub is_old_enough: bool,
}

impl Followed {
    /// As one number, in the order of days.
    #[must_use]
    pub fn packed(self) -> i64 {
        i64::from(self.days) << 2 | i64::from(self.closed) << 1 | i64::from(self.is_old_enough)
    }

    /// The same, read back.
    #[must_use]
    pub fn unpacked(packed: i64) -> Self {
        Self {
            days: u32::try_from(packed >> 2).unwrap_or_default(),
            closed: packed & 2 != 0,
            is_old_enough: packed & 1 != 0,
        }
    }

    /// Whether it was there so many days after its start, as far as is known.
    #[must_use]
    pub const fn is_known_alive(self, days: u32) -> bool {
        self.days > days || self.days == days && !self.closed
    }

    /// Whether it had closed by then.
    #[must_use]
    pub const fn has_closed(self, days: u32) -> bool {
        self.closed && self.days <= days
    }
}

/// Survival after so many days, by the product limit of Kaplan and Meier (1958).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProductLimit {
    /// The share that survives; none where nobody was followed so long and not all have closed.
    pub survival: Option<f64>,
    /// Its interval, by Greenwood's variance of the logarithm of the negative logarithm; none where none closed or
    /// all did.
    pub interval: Option<(f64, f64)>,
    /// Followed for so many days at least.
    pub at_risk: u64,
    /// Closed by then.
    pub closed: u64,
    /// Started long enough ago, and neither known to be there nor to have closed.
    pub unknown: u64,
}

impl ProductLimit {
    /// Of those who were followed, after so many days.
    #[must_use]
    pub fn after(followed: &[Followed], days: u32) -> Self {
        let mut sorted = followed.to_vec();
        sorted.sort_unstable();
        let (mut survival, mut variance) = (1.0_f64, 0.0_f64);
        let mut closed = 0_u64;
        let mut place = 0;
        while let Some(one) = sorted.get(place).filter(|one| one.days <= days) {
            let (day, at_risk) = (one.days, sorted.len() - place);
            let same = sorted[place..].iter().take_while(|other| other.days == day);
            let (mut all, mut ended) = (0_usize, 0_usize);
            for other in same {
                all += 1;
                ended += usize::from(other.closed);
            }
            if ended > 0 {
                let (ended, at_risk) = (as_float(ended), as_float(at_risk));
                survival *= 1.0 - ended / at_risk;
                variance += ended / (at_risk * (at_risk - ended));
            }
            closed += ended as u64;
            place += all;
        }
        let at_risk = followed.iter().filter(|one| one.is_known_alive(days)).count() as u64;
        let is_unknown = |one: &&Followed| {
            one.is_old_enough && !one.is_known_alive(days) && !one.has_closed(days)
        };
        let unknown = followed.iter().filter(is_unknown).count() as u64;
        let is_told = at_risk > 0 || survival == 0.0;
        let is_between = survival > 0.0 && survival < 1.0;
        let interval = (is_told && is_between && variance.is_finite()).then(|| {
            let log = survival.ln();
            let spread = Z * variance.sqrt() / log.abs();
            let bound = |way: f64| (-((-log).ln() + way * spread).exp()).exp();
            (bound(1.0), bound(-1.0))
        });
        let survival = (is_told && !followed.is_empty()).then_some(survival);
        Self { survival, interval, at_risk, closed, unknown }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of businesses are far below 2^53")]
const fn as_float(count: usize) -> f64 {
    count as f64
}

/// A share of one as percent with [`PLACES`] places.
#[must_use]
pub fn percent(share: f64) -> Option<Decimal> {
    decimal(share * 100.0)
}

/// A number with [`PLACES`] places; none for one that is no number, or too large to be told so.
#[must_use]
pub fn decimal(number: f64) -> Option<Decimal> {
    let parts = (number * 100.0).round();
    if !parts.is_finite() || parts.abs() > 1e15 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and below 10^15")]
    let parts = parts as i128;
    Decimal::of_ratio(parts, 100, PLACES)
}

/// A sum, the sum of squares and how many: what a mean and its spread are made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    /// Sum of the values.
    pub sum: i128,
    /// Sum of their squares.
    pub squares: i128,
    /// How many.
    pub count: i128,
}

impl Moments {
    #[expect(clippy::cast_precision_loss, reason = "an interval is told with two digits")]
    fn mean(&self) -> f64 {
        self.sum as f64 / self.count as f64
    }

    /// The variance of the mean, from the unbiased variance of the values; none of too few.
    #[expect(clippy::cast_precision_loss, reason = "an interval is told with two digits")]
    fn variance_of_mean(&self) -> Option<f64> {
        if self.count < MEAN_OF_AT_LEAST {
            return None;
        }
        // Exact up to the division: a difference of two large sums.
        let spread = self.count.checked_mul(self.squares)? - self.sum.checked_mul(self.sum)?;
        let count = self.count as f64;
        Some(spread as f64 / (count * (count - 1.0)) / count)
    }
}

/// The interval of a mean, or of the difference of two, by the normal distribution with a variance of each side.
#[must_use]
pub fn interval(one: Moments, other: Option<Moments>) -> Option<(Decimal, Decimal)> {
    let variance = one.variance_of_mean()?;
    let (mean, variance) = match other {
        None => (one.mean(), variance),
        Some(other) => (one.mean() - other.mean(), variance + other.variance_of_mean()?),
    };
    let spread = Z * variance.sqrt();
    Some((decimal(mean - spread)?, decimal(mean + spread)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(days: u32, closed: bool) -> Followed {
        Followed { days, closed, is_old_enough: true }
    }

    #[test]
    fn what_is_packed_is_read_back_in_its_order() {
        let (one, other) = (followed(365, true), followed(366, false));
        assert_eq!(Followed::unpacked(one.packed()), one);
        assert!(one.packed() < other.packed());
    }

    /// The remission times of the 6-MP patients in Freireich and others (1963), an example of every textbook: the
    /// product limit is .857, .807, .753, .690, .627, .538, .448 after 6, 7, 10, 13, 16, 22 and 23 weeks.
    #[test]
    fn the_product_limit_is_that_of_the_textbooks() {
        let closed = [6, 6, 6, 7, 10, 13, 16, 22, 23].map(|week| followed(week, true));
        let left = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35].map(|week| followed(week, false));
        let all: Vec<_> = closed.into_iter().chain(left).collect();
        for (week, expected) in [
            (6, 0.857),
            (7, 0.807),
            (10, 0.753),
            (13, 0.690),
            (16, 0.627),
            (22, 0.538),
            (23, 0.448),
        ] {
            let survival = ProductLimit::after(&all, week).survival.unwrap();
            assert!((survival - expected).abs() < 0.0006, "{week}: {survival}");
        }
        // The interval by log(-log) after 10 weeks, as survival packages give it: .503 to .889.
        let (low, high) = ProductLimit::after(&all, 10).interval.unwrap();
        assert!((low - 0.503).abs() < 0.001 && (high - 0.889).abs() < 0.001, "{low} {high}");
    }

    #[test]
    fn who_was_not_seen_again_is_unknown_and_neither_alive_nor_dead() {
        let all = [followed(0, false), followed(400, false), followed(100, true)];
        let after = ProductLimit::after(&all, 365);
        assert_eq!((after.at_risk, after.closed, after.unknown), (1, 1, 1));
        // Two were at risk when one closed.
        assert_eq!(percent(after.survival.unwrap()).unwrap().to_string(), "50.00");
    }

    #[test]
    fn nothing_is_told_beyond_the_last_that_was_followed() {
        let all = [followed(100, false), followed(50, true)];
        assert_eq!(ProductLimit::after(&all, 365).survival, None);
        assert_eq!(ProductLimit::after(&[], 365).survival, None);
        assert_eq!(ProductLimit::after(&[followed(10, true)], 365).survival, Some(0.0));
    }

    #[test]
    fn a_mean_of_few_has_no_interval() {
        let moments = |values: &[i128]| Moments {
            sum: values.iter().sum(),
            squares: values.iter().map(|value| value * value).sum(),
            count: values.len() as i128,
        };
        assert_eq!(interval(moments(&[1, 2, 3]), None), None);
        // Ten values of mean 5.5 and variance 55/6: the mean's error is the root of 55/60.
        let (low, high) = interval(moments(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), None).unwrap();
        assert_eq!((low.to_string(), high.to_string()), ("3.62".into(), "7.38".into()));
    }
}
