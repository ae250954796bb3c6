//! Numbers in the engines' signed 64-bit columns. Positions, versions, sequences and counts are never
//! negative and stay far below the limit: a number that does not fit is a fault of the program or of the
//! row, and is said, not bent into shape.
//!
//! Positions, versions and sequences fit by what they are ([`sira_numbers`]): `stored()` cannot fail, and
//! [`number`] reads them. What is left to [`signed`], [`unsigned`] and [`bound`] are plain counts: sizes of
//! the tree, places of tiles, rows.

pub use sira_numbers::OutOfRange;
use sira_numbers::at_most;

/// A position, version or sequence out of a column.
///
/// # Errors
/// [`sqlx::Error::Decode`] below zero.
pub fn number<N: TryFrom<i64, Error = OutOfRange>>(column: i64) -> Result<N, sqlx::Error> {
    N::try_from(column).map_err(misfit)
}

/// What does not fit, as the engines' client says it.
fn misfit(error: OutOfRange) -> sqlx::Error {
    match error {
        OutOfRange::TooLarge(_) => sqlx::Error::Encode(Box::new(error)),
        OutOfRange::Negative(_) => sqlx::Error::Decode(Box::new(error)),
    }
}

/// A plain count for a column.
///
/// # Errors
/// [`sqlx::Error::Encode`] for what is too large for a signed 64-bit column.
pub fn signed(count: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(count).map_err(|_| misfit(OutOfRange::TooLarge(count)))
}

/// A plain count out of a column.
///
/// # Errors
/// [`sqlx::Error::Decode`] below zero.
pub fn unsigned(column: i64) -> Result<u64, sqlx::Error> {
    u64::try_from(column).map_err(|_| misfit(OutOfRange::Negative(column)))
}

/// A plain count that a column is compared with, and nothing else. What lies above every value of a column
/// compares as the largest value does, so that a caller may ask for everything up to `u64::MAX`.
#[must_use]
pub fn bound(count: u64) -> i64 {
    at_most(count, i64::MAX)
}

#[cfg(test)]
mod tests {
    use sira_numbers::{Position, Sequence, Version};

    use super::*;

    #[test]
    fn what_fits_comes_back() {
        for count in [0, 1, i64::MAX.cast_unsigned()] {
            let column = signed(count).unwrap();
            assert_eq!(unsigned(column).unwrap(), count);
            assert_eq!(number::<Position>(column).unwrap().stored(), column);
            assert_eq!(number::<Version>(column).unwrap().stored(), column);
            assert_eq!(number::<Sequence>(column).unwrap().stored(), column);
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        assert!(matches!(signed(i64::MAX.cast_unsigned() + 1), Err(sqlx::Error::Encode(_))));
        assert!(matches!(unsigned(-1), Err(sqlx::Error::Decode(_))));
        assert!(matches!(number::<Position>(-1), Err(sqlx::Error::Decode(_))));
        assert!(matches!(number::<Version>(-1), Err(sqlx::Error::Decode(_))));
        assert!(matches!(number::<Sequence>(i64::MIN), Err(sqlx::Error::Decode(_))));
    }

    #[test]
    fn a_bound_above_every_value_is_the_largest() {
        assert_eq!([bound(7), bound(u64::MAX)], [7, i64::MAX]);
    }
}
