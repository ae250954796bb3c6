//! Values of rows.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use sira_domain::values::{SignedXof, Xof};
use sira_numbers::{Position, Sequence, Version};
use uuid::Uuid;

use super::decimal::Decimal;

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// An exact number.
    Decimal(Decimal),
    /// A word.
    Text(Cow<'static, str>),
    /// A stream's id.
    Id(Uuid),
    /// A day.
    Date(NaiveDate),
    /// A moment.
    Time(DateTime<Utc>),
    /// Yes or no.
    Flag(bool),
}

/// The values of one row, in the order of its table's own columns.
pub type Row = Arc<[Cell]>;

impl Cell {
    /// A word, or nothing.
    pub fn maybe<T: Into<Self>>(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }

    /// Writes the value as `COPY` takes it in its text format.
    pub(crate) fn write_copy(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("\\N"),
            Self::Int(number) => {
                let _ = write!(out, "{number}");
            }
            Self::Decimal(number) => {
                let _ = write!(out, "{number}");
            }
            Self::Text(text) => escape(text, out),
            Self::Id(id) => {
                let mut buffer = Uuid::encode_buffer();
                out.push_str(id.hyphenated().encode_lower(&mut buffer));
            }
            Self::Date(day) => {
                let _ = write!(out, "{day}");
            }
            Self::Time(time) => out.push_str(&time_text(*time)),
            Self::Flag(flag) => out.push(if *flag { 't' } else { 'f' }),
        }
    }
}

/// A moment as it stands in text: RFC 3339, microseconds, UTC.
#[must_use]
pub fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            letter => out.push(letter),
        }
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Int(number) => write!(f, "{number}"),
            Self::Decimal(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Id(id) => write!(f, "{id}"),
            Self::Date(day) => write!(f, "{day}"),
            Self::Time(time) => f.write_str(&time_text(*time)),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

impl From<&'static str> for Cell {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<Cow<'static, str>> for Cell {
    fn from(text: Cow<'static, str>) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<Xof> for Cell {
    fn from(amount: Xof) -> Self {
        Self::Int(amount.signed())
    }
}

impl From<SignedXof> for Cell {
    fn from(amount: SignedXof) -> Self {
        amount.francs().into()
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<Decimal> for Cell {
    fn from(number: Decimal) -> Self {
        Self::Decimal(number)
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}

macro_rules! from_numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Cell {
            fn from(number: $number) -> Self {
                Self::Int(number.stored())
            }
        }
    )*};
}
from_numbers!(Position, Sequence, Version);

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<NaiveDate> for Cell {
    fn from(day: NaiveDate) -> Self {
        Self::Date(day)
    }
}

impl From<DateTime<Utc>> for Cell {
    fn from(time: DateTime<Utc>) -> Self {
        Self::Time(time)
    }
}

impl From<Uuid> for Cell {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}
