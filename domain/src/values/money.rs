//! Money: whole francs. The CFA franc (XOF, ISO 4217 number 952) has no minor unit.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use sira_numbers::at_most;

use super::ValueError;

/// The largest amount taken in one field: a million million francs, far above any envelope, and
/// small enough that sums of millions of them cannot overflow.
const XOF_MAX: u64 = 1_000_000_000_000;

/// An amount in whole CFA francs, never negative, at most 10^12.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Xof(u64);

impl Xof {
    /// An amount of nothing.
    pub const ZERO: Self = Self(0);
    /// The highest amount of a single field.
    pub const MAX: Self = Self(XOF_MAX);

    /// Checks and keeps an amount of whole francs.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `number_range` above 10^12.
    pub fn try_new(francs: u64) -> Result<Self, ValueError> {
        if francs > XOF_MAX {
            return Err(Self::out_of_range());
        }
        Ok(Self(francs))
    }

    fn out_of_range() -> ValueError {
        ValueError::new("number_range", format!("0..{XOF_MAX}"))
    }

    /// An amount known at compile time.
    ///
    /// # Panics
    /// Above 10^12 francs; in a constant, the build fails.
    #[must_use]
    pub const fn of(francs: u64) -> Self {
        assert!(francs <= XOF_MAX, "an amount is at most 10^12 francs");
        Self(francs)
    }

    /// The amount in whole francs.
    #[must_use]
    pub const fn francs(self) -> u64 {
        self.0
    }

    /// Tells whether it is an amount of nothing.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.0 == 0
    }

    /// The amount for a signed column, and for a difference. A sum stays at `i64::MAX`, which nine million
    /// of the largest amounts do not reach: it is then above every limit, as the true one would be.
    #[must_use]
    pub fn signed(self) -> i64 {
        at_most(self.0, i64::MAX)
    }

    /// The sum, held at `u64::MAX`; sums may pass the limit of a single field.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The rest after `other` is taken away, never below zero.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::iter::Sum for Xof {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

impl fmt::Display for Xof {
    /// Groups of three digits, as they are written in French: `250 000 XOF`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str("\u{202f}")?;
            }
            write!(f, "{digit}")?;
        }
        f.write_str("\u{a0}XOF")
    }
}

impl<'de> Deserialize<'de> for Xof {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let francs = i64::deserialize(deserializer)?;
        let francs = u64::try_from(francs).map_err(|_| Self::out_of_range());
        francs.and_then(Self::try_new).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Xof {
    fn schema_name() -> Cow<'static, str> {
        "Xof".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Whole CFA francs (XOF).",
            "type": "integer", "minimum": 0, "maximum": XOF_MAX
        })
    }
}

/// An amount in whole CFA francs that may be negative, such as a month's profit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SignedXof(i64);

impl SignedXof {
    /// Checks and keeps an amount.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `number_range` beyond 10^12 francs either way.
    pub fn try_new(francs: i64) -> Result<Self, ValueError> {
        if francs.unsigned_abs() > XOF_MAX {
            return Err(ValueError::new("number_range", format!("-{XOF_MAX}..{XOF_MAX}")));
        }
        Ok(Self(francs))
    }

    /// The amount in whole francs.
    #[must_use]
    pub const fn francs(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for SignedXof {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_new(i64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for SignedXof {
    fn schema_name() -> Cow<'static, str> {
        "SignedXof".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Whole CFA francs (XOF), negative for a loss.",
            "type": "integer", "minimum": -(XOF_MAX.cast_signed()), "maximum": XOF_MAX
        })
    }
}

/// A currency by its ISO 4217 letters, for incomes surveyed in another one; `XOF` by default.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CurrencyCode([u8; 3]);

impl CurrencyCode {
    /// Checks three capital letters.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `code_form`.
    pub fn try_new(code: &str) -> Result<Self, ValueError> {
        <[u8; 3]>::try_from(code.as_bytes())
            .ok()
            .filter(|letters| letters.iter().all(u8::is_ascii_uppercase))
            .map(Self)
            .ok_or_else(|| ValueError::new("code_form", "XOF"))
    }

    /// The three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XOF")
    }
}

impl Default for CurrencyCode {
    fn default() -> Self {
        Self(*b"XOF")
    }
}

super::ids::text_value!(CurrencyCode, "[A-Z]{3}", "A currency, ISO 4217.");
