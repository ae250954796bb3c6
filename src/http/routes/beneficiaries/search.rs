//! Whom somebody looks for: by words of a name or by a phone.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use sira_domain::likeness::sought_by;

use crate::http::contract::parameter::FORM;

/// Characters of a search at most: as many as a name may have.
const SEARCH_MAX: usize = 120;

/// The terms that people are found by.
#[derive(Clone, Debug)]
pub struct SearchTerms(pub Vec<String>);

impl<'de> Deserialize<'de> for SearchTerms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let terms = sought_by(&text).filter(|_| text.chars().count() <= SEARCH_MAX);
        terms.map(Self).ok_or_else(|| serde::de::Error::custom("words or a phone are expected"))
    }
}

impl JsonSchema for SearchTerms {
    fn schema_name() -> Cow<'static, str> {
        "Sought".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "minLength": 1, "maxLength": SEARCH_MAX,
            FORM: "1..8 words, 1..120 characters, or a phone",
        })
    }
}
