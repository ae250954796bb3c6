//! The three numbers that domain, evidence, journal and read models count with, each a type of its own so
//! that none is taken for another: [`Position`], [`Version`] and [`Sequence`].
//!
//! Each is at most [`LARGEST`], the largest number of an engine's signed 64-bit column: what is one of
//! them can be stored, and what is not is said ([`OutOfRange`]) where it comes in, not bent into shape.
//! Where a plain count goes into a smaller type and may be cut short, [`at_most`], [`counted`] and
//! [`since_1970`] say so by their names, and why that is right.

mod number;
mod out_of_range;
mod plain;

pub use number::{Position, Sequence, Version};
pub use out_of_range::{LARGEST, OutOfRange, ParseError};
pub use plain::{at_most, counted, since_1970};
