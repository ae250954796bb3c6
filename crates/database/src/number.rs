//! Numbers in the engines' signed 64-bit columns. Positions, versions, sequences and counts are never
//! negative and stay far below the limit: a number that does not fit is a fault of the program or of the
//! row, and is said, not bent into shape.

/// A number that its column, or its type, cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfRange {
    /// It is too large for a signed 64-bit column.
    #[error("{0} is too large for a column")]
    TooLarge(u64),
    /// The column holds a number below zero, where none is.
    #[error("a column holds {0}, which is below zero")]
    Negative(i64),
}

impl From<OutOfRange> for sqlx::Error {
    fn from(error: OutOfRange) -> Self {
        match error {
            OutOfRange::TooLarge(_) => Self::Encode(Box::new(error)),
            OutOfRange::Negative(_) => Self::Decode(Box::new(error)),
        }
    }
}

/// A number for a column.
///
/// # Errors
/// [`OutOfRange::TooLarge`].
pub fn signed(number: u64) -> Result<i64, OutOfRange> {
    i64::try_from(number).map_err(|_| OutOfRange::TooLarge(number))
}

/// A number out of a column.
///
/// # Errors
/// [`OutOfRange::Negative`].
pub fn unsigned(number: i64) -> Result<u64, OutOfRange> {
    u64::try_from(number).map_err(|_| OutOfRange::Negative(number))
}

/// A bound that a column is compared with, and nothing else. What lies above every value of a column
/// compares as the largest value does, so that a caller may ask for everything up to `u64::MAX`.
#[must_use]
pub fn bound(number: u64) -> i64 {
    number.min(i64::MAX.cast_unsigned()).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_comes_back() {
        for number in [0, 1, i64::MAX.cast_unsigned()] {
            assert_eq!(signed(number).and_then(unsigned), Ok(number));
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let above = i64::MAX.cast_unsigned() + 1;
        assert_eq!(signed(above), Err(OutOfRange::TooLarge(above)));
        assert_eq!(unsigned(-1), Err(OutOfRange::Negative(-1)));
        assert!(matches!(OutOfRange::Negative(-1).into(), sqlx::Error::Decode(_)));
    }

    #[test]
    fn a_bound_above_every_value_is_the_largest() {
        assert_eq!([bound(7), bound(u64::MAX)], [7, i64::MAX]);
    }
}
