//! Past moments as an address names them.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::parameter::FORM;
use crate::clock::{read_day, read_moment};

/// A day of a question, written `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(pub NaiveDate);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        read_day(&text).map(Self).ok_or_else(|| serde::de::Error::custom("a day is expected"))
    }
}

impl JsonSchema for Day {
    fn schema_name() -> Cow<'static, str> {
        NaiveDate::schema_name()
    }

    fn inline_schema() -> bool {
        NaiveDate::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        NaiveDate::json_schema(generator)
    }
}

/// A day, which means its end (UTC), or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastMoment(pub DateTime<Utc>);

impl<'de> Deserialize<'de> for PastMoment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let moment = read_moment(&text);
        moment.map(Self).ok_or_else(|| serde::de::Error::custom("a day or a time is expected"))
    }
}

impl JsonSchema for PastMoment {
    fn schema_name() -> Cow<'static, str> {
        "PastMoment".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "examples": ["2026-01-31", "2026-01-31T12:00:00Z"],
            "pattern": "^\\d{4}-\\d{2}-\\d{2}([T ].+)?$", FORM: "YYYY-MM-DD, RFC 3339",
        })
    }
}
