//! Where an event stands: its [`Position`] in the journal, its [`Sequence`] in its stream, and the
//! [`Version`] that a stream has after it.
//!
//! All three count from 1, and 0 is before the first. Both engines hold them as signed 64-bit integers, so
//! a value is never above [`i64::MAX`]: what was made here can always be stored, and what was stored is
//! checked once, where it is read ([`Position::of_stored`]).

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

/// A number that is no place: negative, or above [`i64::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {given} is outside 0..=9223372036854775807")]
pub struct OutOfRange {
    /// Which kind of place: `position`, `sequence` or `version`.
    pub what: &'static str,
    /// The number.
    pub given: i128,
}

/// A text that is no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePlaceError {
    /// Not a whole number.
    #[error("not a whole number")]
    Number(#[from] ParseIntError),
    /// A number that no place has.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

macro_rules! places {
    ($($(#[$doc:meta])* $name:ident $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Before the first.
            pub const ZERO: Self = Self(0);
            /// The first.
            pub const FIRST: Self = Self(1);
            /// Above every one that is given: the largest that a database holds.
            pub const MAX: Self = Self(i64::MAX as u64);

            /// A place from a number.
            ///
            /// # Errors
            /// [`OutOfRange`] above [`i64::MAX`].
            pub const fn try_new(number: u64) -> Result<Self, OutOfRange> {
                if number > i64::MAX as u64 {
                    return Err(OutOfRange { what: $what, given: number as i128 });
                }
                Ok(Self(number))
            }

            /// A place from what a database holds.
            ///
            /// # Errors
            /// [`OutOfRange`] below 0.
            pub const fn of_stored(stored: i64) -> Result<Self, OutOfRange> {
                if stored < 0 {
                    return Err(OutOfRange { what: $what, given: stored as i128 });
                }
                Ok(Self(stored.unsigned_abs()))
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// As a database holds it.
            #[must_use]
            pub const fn stored(self) -> i64 {
                self.0.cast_signed()
            }

            /// So many places on; stays at [`Self::MAX`], which no journal reaches.
            #[must_use]
            pub const fn plus(self, count: u64) -> Self {
                let sum = self.0.saturating_add(count);
                if sum > Self::MAX.0 { Self::MAX } else { Self(sum) }
            }

            /// The place after this one.
            #[must_use]
            pub const fn next(self) -> Self {
                self.plus(1)
            }

            /// The place before this one; 0 stays 0.
            #[must_use]
            pub const fn before(self) -> Self {
                Self(self.0.saturating_sub(1))
            }

            /// How many places this one is after `earlier`; 0 when it is not.
            #[must_use]
            pub const fn since(self, earlier: Self) -> u64 {
                self.0.saturating_sub(earlier.0)
            }

            /// Whether it is before the first.
            #[must_use]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = ParsePlaceError;

            fn from_str(text: &str) -> Result<Self, ParsePlaceError> {
                Ok(Self::try_new(text.parse()?)?)
            }
        }

        impl TryFrom<u64> for $name {
            type Error = OutOfRange;

            fn try_from(number: u64) -> Result<Self, OutOfRange> {
                Self::try_new(number)
            }
        }

        impl From<$name> for u64 {
            fn from(place: $name) -> Self {
                place.0
            }
        }

        impl From<$name> for i64 {
            fn from(place: $name) -> Self {
                place.stored()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = u64::deserialize(deserializer)?;
                Self::try_new(number).map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": i64::MAX })
            }
        }
    )*};
}

places! {
    /// An event's place in the whole journal, without gaps.
    Position "position";
    /// An event's place in its stream, without gaps.
    Sequence "sequence";
    /// How far a stream has come: the sequence of its last event, 0 before the first.
    Version "version";
}

impl From<Sequence> for Version {
    fn from(last: Sequence) -> Self {
        Self(last.0)
    }
}

impl Version {
    /// The sequence of the event that made this version; that of no event for 0.
    #[must_use]
    pub const fn sequence(self) -> Sequence {
        Sequence(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_can_be_stored_and_read_again() {
        for number in [0, 1, 4_711, i64::MAX.unsigned_abs()] {
            let place = Position::try_new(number).unwrap();
            assert_eq!(Position::of_stored(place.stored()), Ok(place));
            assert_eq!(place.to_string().parse(), Ok(place));
            assert_eq!(serde_json::from_str::<Position>(&place.to_string()).unwrap(), place);
        }
    }

    #[test]
    fn what_no_database_holds_is_no_place() {
        let above = i64::MAX.unsigned_abs() + 1;
        assert_eq!(
            Sequence::try_new(above),
            Err(OutOfRange { what: "sequence", given: i128::from(above) })
        );
        assert_eq!(Version::of_stored(-1), Err(OutOfRange { what: "version", given: -1 }));
        assert!("-1".parse::<Position>().is_err() && "1.5".parse::<Position>().is_err());
        assert!(serde_json::from_str::<Position>("9223372036854775808").is_err());
    }

    #[test]
    fn counting_stops_at_the_ends() {
        assert_eq!(Position::ZERO.before(), Position::ZERO);
        assert_eq!(Position::MAX.next(), Position::MAX);
        assert_eq!(Position::FIRST.plus(2).since(Position::FIRST), 2);
        assert_eq!(Position::FIRST.since(Position::MAX), 0);
    }
}
