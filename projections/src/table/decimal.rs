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

    /// Reads a number such as `-12.5` at a scale; none when it has other characters, or more digits
    /// than the scale or the type has.
    #[must_use]
    pub fn parse(text: &str, scale: u8) -> Option<Self> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !are_digits(whole) || !are_digits(part) || part.len() > scale.into()
        {
            return None;
        }
        let unscaled: i64 = format!("{whole}{part:0<width$}", width = scale.into()).parse().ok()?;
        Self::try_new(sign * unscaled, scale)
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
    fn what_a_decimal_shows_is_read_back() {
        for (unscaled, scale) in [(1250, 2), (-5, 2), (0, 1), (-7, 0), (i64::pow(10, 18) - 1, 18)] {
            let number = Decimal::try_new(unscaled, scale).unwrap();
            assert_eq!(Decimal::parse(&number.to_string(), scale), Some(number));
        }
        assert_eq!(Decimal::parse("3", 2), Decimal::try_new(300, 2));
        for text in ["", "-", ".5", "1.234", "1e3", "+1", "1.-2", "9999999999999999999"] {
            assert_eq!(Decimal::parse(text, 2), None, "{text}");
        }
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
