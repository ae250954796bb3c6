//! The types, made alike.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

use crate::out_of_range::{LARGEST, OutOfRange, ParseError};

macro_rules! number {
    ($(#[doc = $about:literal])* $name:ident, $(#[doc = $zero_about:literal])* $zero:ident) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            $(#[doc = $zero_about])*
            pub const $zero: Self = Self(0);
            /// That of the first event.
            pub const FIRST: Self = Self(1);
            /// The largest that there is, which none will ever reach: the end of what has none.
            pub const MAX: Self = Self(LARGEST);

            /// A number from elsewhere.
            ///
            /// # Errors
            /// [`OutOfRange::TooLarge`] above [`LARGEST`].
            pub const fn try_new(number: u64) -> Result<Self, OutOfRange> {
                if number > LARGEST {
                    return Err(OutOfRange::TooLarge(number));
                }
                Ok(Self(number))
            }

            /// That of the last of so many events, which were counted here and are not told by anybody:
            /// nobody counts beyond [`Self::MAX`], where it stays.
            #[must_use]
            pub const fn of_count(events: u64) -> Self {
                Self(if events > LARGEST { LARGEST } else { events })
            }

            /// A number out of a column.
            ///
            /// # Errors
            /// [`OutOfRange::Negative`] below zero.
            pub const fn of_stored(column: i64) -> Result<Self, OutOfRange> {
                if column < 0 {
                    return Err(OutOfRange::Negative(column));
                }
                Ok(Self(column.cast_unsigned()))
            }

            /// The plain number, for whoever counts with another kind: sizes, pages, bytes.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The number for a column, which holds every one of them.
            #[must_use]
            pub const fn stored(self) -> i64 {
                self.0.cast_signed()
            }

            /// The one after it. [`Self::MAX`] has none and stays: a second event there is refused by the
            /// table's key.
            #[must_use]
            pub const fn next(self) -> Self {
                self.plus(1)
            }

            /// The one before it; zero has none and stays.
            #[must_use]
            pub const fn before(self) -> Self {
                self.minus(1)
            }

            /// The one `count` places on, at most [`Self::MAX`]: what is said of all up to there is said of
            /// all that there are.
            #[must_use]
            pub const fn plus(self, count: u64) -> Self {
                Self::of_count(self.0.saturating_add(count))
            }

            /// The one `count` places back, and zero where there are not so many.
            #[must_use]
            pub const fn minus(self, count: u64) -> Self {
                Self(self.0.saturating_sub(count))
            }

            /// How many there are after `other` up to this one; none when it is not after `other`.
            #[must_use]
            pub const fn since(self, other: Self) -> u64 {
                self.0.saturating_sub(other.0)
            }

            /// This one and those after it, up to and including `last`; none when `last` comes before it.
            pub fn through(self, last: Self) -> impl DoubleEndedIterator<Item = Self> {
                (self.0..=last.0).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                Ok(Self::try_new(text.parse()?)?)
            }
        }

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                Self(number.into())
            }
        }

        /// Out of a column, as [`Self::of_stored`]: how a row's struct reads its fields.
        impl TryFrom<i64> for $name {
            type Error = OutOfRange;

            fn try_from(column: i64) -> Result<Self, OutOfRange> {
                Self::of_stored(column)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::try_new(u64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }

        /// Said as a plain integer that is not negative, which is what it is to a reader of JSON.
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                u64::schema_name()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                u64::json_schema(generator)
            }
        }
    };
}

number! {
    /// The place of an event in the journal, from 1 without gaps; commit order is position order.
    Position,
    /// Before the first event: where a journal is that holds none, and where who reads all of it begins.
    START
}

number! {
    /// How many events a stream has, which is the sequence of its last one.
    Version,
    /// That of a stream that is not there.
    ZERO
}

number! {
    /// The place of an event in its stream, from 1 without gaps.
    Sequence,
    /// Before the first event of the stream.
    START
}

impl Version {
    /// The version of a stream whose last event is this one.
    #[must_use]
    pub const fn of(last: Sequence) -> Self {
        Self(last.0)
    }

    /// The sequence of the stream's last event; [`Sequence::START`] when it has none.
    #[must_use]
    pub const fn last_sequence(self) -> Sequence {
        Sequence(self.0)
    }

    /// The sequence that the stream's next event will have.
    #[must_use]
    pub const fn next_sequence(self) -> Sequence {
        self.last_sequence().next()
    }
}

impl Sequence {
    /// The sequence of the event at a place in a list of a whole stream, counted from 0.
    #[must_use]
    pub const fn of_index(index: usize) -> Self {
        Self::FIRST.plus(index as u64)
    }

    /// The place in a list of the whole stream, counted from 0; none before the first event, nor where
    /// no list is so long.
    #[must_use]
    pub fn index(self) -> Option<usize> {
        usize::try_from(self.0.checked_sub(1)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    macro_rules! codec {
        ($($name:ident as $kind:ty;)*) => {$(
            mod $name {
                use super::*;

                proptest! {
                    #[test]
                    fn what_fits_is_the_same_in_a_column_in_json_and_in_text(number in 0..=LARGEST) {
                        let one = <$kind>::try_new(number).unwrap();
                        prop_assert_eq!(one.get(), number);
                        prop_assert_eq!(one.stored().cast_unsigned(), number);
                        prop_assert_eq!(<$kind>::of_stored(one.stored()), Ok(one));
                        prop_assert_eq!(<$kind>::try_from(one.stored()), Ok(one));
                        let json = serde_json::to_string(&one).unwrap();
                        prop_assert_eq!(&json, &number.to_string());
                        prop_assert_eq!(serde_json::from_str::<$kind>(&json).unwrap(), one);
                        prop_assert_eq!(one.to_string().parse(), Ok(one));
                        prop_assert_eq!(one.to_string(), json);
                    }

                    #[test]
                    fn what_is_too_large_is_said_wherever_it_comes_from(number in LARGEST + 1..) {
                        let said = OutOfRange::TooLarge(number);
                        prop_assert_eq!(<$kind>::try_new(number), Err(said));
                        let text = number.to_string();
                        prop_assert_eq!(text.parse::<$kind>(), Err(said.into()));
                        let read = serde_json::from_str::<$kind>(&text).unwrap_err().to_string();
                        prop_assert!(read.contains(&said.to_string()), "{}", read);
                    }

                    #[test]
                    fn what_is_below_zero_is_said(column in i64::MIN..0) {
                        prop_assert_eq!(<$kind>::of_stored(column), Err(OutOfRange::Negative(column)));
                        prop_assert!(serde_json::from_str::<$kind>(&column.to_string()).is_err());
                        prop_assert!(column.to_string().parse::<$kind>().is_err());
                    }

                    #[test]
                    fn steps_and_spans_are_those_of_plain_numbers(
                        from in 0..=LARGEST / 2,
                        count in 0..=LARGEST / 2,
                    ) {
                        let one = <$kind>::try_new(from).unwrap();
                        let other = one.plus(count);
                        prop_assert_eq!((other.get(), other.since(one)), (from + count, count));
                        prop_assert_eq!(other.minus(count), one);
                        prop_assert_eq!(one.since(other.next()), 0);
                        prop_assert_eq!((one.next().get(), one.next().before()), (from + 1, one));
                        let some = one.through(one.plus(count % 9)).collect::<Vec<_>>();
                        prop_assert_eq!(some.len() as u64, count % 9 + 1);
                        prop_assert!(some.is_sorted() && some[0] == one);
                    }
                }

                #[test]
                fn nothing_lies_beyond_the_ends() {
                    assert_eq!(<$kind>::MAX.next(), <$kind>::MAX);
                    assert_eq!(<$kind>::FIRST.plus(u64::MAX), <$kind>::MAX);
                    assert_eq!(<$kind>::of_count(u64::MAX), <$kind>::MAX);
                    assert_eq!(<$kind>::FIRST.before(), <$kind>::default());
                    assert_eq!(<$kind>::default().before(), <$kind>::default());
                    assert_eq!(<$kind>::MAX.stored(), i64::MAX);
                }

                #[test]
                fn its_schema_is_that_of_a_plain_number() {
                    let schema = serde_json::to_value(schemars::schema_for!($kind)).unwrap();
                    assert_eq!((&schema["type"], &schema["minimum"]), (&"integer".into(), &0.into()));
                    assert!(schema.get("$defs").is_none(), "{schema}");
                }
            }
        )*};
    }
    codec! {
        positions as Position;
        versions as Version;
        sequences as Sequence;
    }

    #[test]
    fn a_version_is_the_sequence_of_the_last_event() {
        let third = Sequence::from(3);
        assert_eq!(Version::of(third), Version::from(3));
        assert_eq!(Version::of(third).last_sequence(), third);
        assert_eq!(Version::of(third).next_sequence(), Sequence::from(4));
        assert_eq!(Version::ZERO.last_sequence(), Sequence::START);
        assert_eq!(Version::ZERO.next_sequence(), Sequence::FIRST);
    }

    #[test]
    fn a_sequence_counts_from_one_and_a_list_from_zero() {
        assert_eq!(Sequence::of_index(0), Sequence::FIRST);
        assert_eq!((Sequence::FIRST.index(), Sequence::from(7).index()), (Some(0), Some(6)));
        assert_eq!(Sequence::START.index(), None);
    }
}
