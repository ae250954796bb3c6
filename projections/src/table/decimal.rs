//! Exact decimal numbers.

use std::fmt;

/// A decimal number without rounding: `unscaled` over ten to the power of `scale`, so that 12.50 is
/// 1250 at scale 2. It holds 18 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal {
    scale: u8,
    unscaled: i64,
}

impl Decimal {
    /// Digits that a number has at most, those after the point included.
    pub const DIGITS_MAX: u8 = 18;

    /// A number of `unscaled` parts; none when it has more than [`Decimal::DIGITS_MAX`] digits, or
    /// more than that after the point.
    #[must_use]
    pub const fn try_new(unscaled: i64, scale: u8) -> Option<Self> {
        let fits = unscaled.unsigned_abs() < 10_u64.pow(Self::DIGITS_MAX as u32);
        if fits && scale <= Self::DIGITS_MAX { Some(Self { scale, unscaled }) } else { None }
    }

    /// A share as the nearest decimal of a scale, halves away from zero; none over 0, or when it has
    /// too many digits.
    #[must_use]
    pub fn of_ratio(over: i128, under: i128, scale: u8) -> Option<Self> {
        if under == 0 || scale > Self::DIGITS_MAX {
            return None;
        }
        let parts = over.checked_mul(10_i128.checked_pow(scale.into())?)?;
        let (whole, rest) = (parts / under, parts % under);
        let is_half_or_more = rest.unsigned_abs() >= under.unsigned_abs() - rest.unsigned_abs();
        let sign = if (parts < 0) == (under < 0) { 1 } else { -1 };
        let rounded = if rest != 0 && is_half_or_more { whole + sign } else { whole };
        Self::try_new(i64::try_from(rounded).ok()?, scale)
    }

    /// The number of parts.
    #[must_use]
    pub const fn unscaled(self) -> i64 {
        self.unscaled
    }

    /// Digits after the point.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let one = 10_u64.pow(self.scale.into());
        let (whole, part) =
            (self.unscaled.unsigned_abs() / one, self.unscaled.unsigned_abs() % one);
        if self.scale == 0 {
            return write!(f, "{sign}{whole}");
        }
        write!(f, "{sign}{whole}.{part:0width$}", width = self.scale.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(unscaled: i64, scale: u8) -> String {
        Decimal::try_new(unscaled, scale).unwrap().to_string()
    }

    #[test]
    fn a_decimal_shows_every_digit_of_its_scale() {
        assert_eq!(shown(1250, 2), "12.50");
        assert_eq!(shown(-5, 2), "-0.05");
        assert_eq!(shown(0, 1), "0.0");
        assert_eq!(shown(-7, 0), "-7");
    }

    #[test]
    fn more_digits_than_it_holds_are_refused() {
        assert!(Decimal::try_new(999_999_999_999_999_999, 18).is_some());
        assert!(Decimal::try_new(1_000_000_000_000_000_000, 0).is_none());
        assert!(Decimal::try_new(i64::MIN, 0).is_none());
        assert!(Decimal::try_new(1, 19).is_none());
    }

    #[test]
    fn a_ratio_is_rounded_to_the_nearest_and_halves_away_from_zero() {
        let ratio = |over, under| Decimal::of_ratio(over, under, 1).map(|ratio| ratio.to_string());
        assert_eq!(ratio(1, 3).as_deref(), Some("0.3"));
        assert_eq!(ratio(2, 3).as_deref(), Some("0.7"));
        assert_eq!(ratio(1, 20).as_deref(), Some("0.1"));
        assert_eq!(ratio(-1, 20).as_deref(), Some("-0.1"));
        assert_eq!(ratio(1, -3).as_deref(), Some("-0.3"));
        assert_eq!(ratio(49, 1000).as_deref(), Some("0.0"));
        assert_eq!(ratio(7, 7).as_deref(), Some("1.0"));
        assert_eq!(ratio(1, 0), None);
    }
}
