//! Whole numbers with a range in their type.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::ValueError;

/// A whole number from `MIN` to `MAX`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Within<const MIN: u32, const MAX: u32>(u32);

/// A score out of 100.
pub type Score = Within<0, 100>;

impl<const MIN: u32, const MAX: u32> Within<MIN, MAX> {
    /// Checks and keeps `number`.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `number_range` when `number` is outside the range.
    pub fn try_new(number: u64) -> Result<Self, ValueError> {
        u32::try_from(number)
            .ok()
            .filter(|number| (MIN..=MAX).contains(number))
            .map(Self)
            .ok_or_else(Self::out_of_range)
    }

    fn out_of_range() -> ValueError {
        ValueError::new("number_range", format!("{MIN}..{MAX}"))
    }

    /// The number, which lies in the range of the type.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number as one that is subtracted from others, such as a year: every range of ours ends below
    /// 2^31, which is checked when the program is compiled.
    #[must_use]
    pub const fn signed(self) -> i32 {
        const { assert!(MAX <= i32::MAX.cast_unsigned(), "a range ends below 2^31") };
        self.0.cast_signed()
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Within<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        // A negative number is out of every range; 2^63 and more were refused just above.
        let number = u64::try_from(number).map_err(|_| Self::out_of_range());
        number.and_then(Self::try_new).map_err(serde::de::Error::custom)
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Within<MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Within{MIN}To{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}
