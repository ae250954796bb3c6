//! Why a number is none of ours.

use std::num::ParseIntError;

/// The largest number that can be stored: that of a signed 64-bit column.
pub const LARGEST: u64 = i64::MAX.cast_unsigned();

/// A number that its column, or its type, cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfRange {
    /// It is above [`LARGEST`], and no column holds it.
    #[error("{0} is too large: {LARGEST} is the largest")]
    TooLarge(u64),
    /// A column holds a number below zero, where none is.
    #[error("{0} is below zero")]
    Negative(i64),
}

/// A text that is none of the numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is no whole number, or has more digits than any.
    #[error(transparent)]
    NoNumber(#[from] ParseIntError),
    /// It is a number, and too large.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}
