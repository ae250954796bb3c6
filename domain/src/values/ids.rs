//! Ids and codes.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ValueError;

/// Serde, schema and `Display` of a type that is a checked text with `try_new` and `as_str`.
macro_rules! text_value {
    ($name:ident, $pattern:literal, $about:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::values::ValueError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::try_new(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                Self::try_new(&text).map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": $about, "type": "string", "pattern": concat!("^", $pattern, "$")
                })
            }
        }
    };
}
pub(crate) use text_value;

/// The id of a stream of one kind: a `UUIDv7`.
macro_rules! stream_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

stream_id! {
    /// The id of a beneficiary's stream.
    BeneficiaryId
}
stream_id! {
    /// The id of a programme's stream.
    ProgrammeId
}
stream_id! {
    /// The id of a cohort's stream.
    CohortId
}
stream_id! {
    /// The id of a fund's stream.
    FundId
}

const fn is_code_byte(byte: u8, extra: &[u8]) -> bool {
    let mut index = 0;
    while index < extra.len() {
        if extra[index] == byte {
            return true;
        }
        index += 1;
    }
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn check_code(code: &str, max: usize, extra: &[u8], form: &str) -> Result<Arc<str>, ValueError> {
    let fits =
        (1..=max).contains(&code.len()) && code.bytes().all(|byte| is_code_byte(byte, extra));
    if fits { Ok(code.into()) } else { Err(ValueError::new("code_form", form)) }
}

/// An actor: a member of staff or a program, by the name in their token. Who has a token of ours is
/// named with 1 to 64 characters of `a-z 0-9 . _ @ -`; who comes from an issuer that is trusted besides,
/// as `oidc:ISSUER/name`; who works on the command line, as `local:name`. So no two of them can have one
/// name: duties are kept apart by names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(Arc<str>);

impl ActorId {
    /// What a name is made of.
    const FORM: &str = "(oidc:[a-z0-9-]{1,20}/|local:)?[a-z0-9._@-]{1,64}";

    /// Checks and keeps a name.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `code_form`.
    pub fn try_new(name: &str) -> Result<Self, ValueError> {
        let own = match (name.strip_prefix("oidc:"), name.strip_prefix("local:")) {
            (Some(foreign), _) => {
                let (issuer, own) = foreign.split_once('/').unwrap_or_default();
                check_code(issuer, 20, b"-", Self::FORM)?;
                own
            }
            (None, Some(own)) => own,
            (None, None) => name,
        };
        check_code(own, 64, b"._@-", Self::FORM)?;
        Ok(Self(name.into()))
    }

    /// The name of somebody whom a trusted issuer knows.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `code_form`, for a name that cannot be recorded.
    pub fn of_issuer(issuer: &str, name: &str) -> Result<Self, ValueError> {
        Self::try_new(&format!("oidc:{issuer}/{name}"))
    }

    /// Whether it is a name that our own tokens are issued to.
    #[must_use]
    pub fn is_own(&self) -> bool {
        !self.0.contains(':')
    }

    /// The name, as it is recorded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
text_value!(
    ActorId,
    "(oidc:[a-z0-9-]{1,20}/|local:)?[a-z0-9._@-]{1,64}",
    "Who acts, by the name in their token."
);

/// An office of the programme, such as `segou-1`. 1 to 40 characters of `a-z 0-9 _ -`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfficeCode(Arc<str>);

impl OfficeCode {
    /// Checks and keeps a code.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `code_form`.
    pub fn try_new(code: &str) -> Result<Self, ValueError> {
        check_code(code, 40, b"_-", "[a-z0-9_-]{1,40}").map(Self)
    }

    /// The code as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
text_value!(OfficeCode, "[a-z0-9_-]{1,40}", "An office of the programme.");

/// A word of the programme's own, such as a training session or a scoring criterion. 1 to 60
/// characters of `a-z 0-9 _ - .`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(Arc<str>);

impl Slug {
    /// Checks and keeps a word.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `code_form`.
    pub fn try_new(word: &str) -> Result<Self, ValueError> {
        check_code(word, 60, b"_-.", "[a-z0-9_.-]{1,60}").map(Self)
    }

    /// The word as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
text_value!(Slug, "[a-z0-9_.-]{1,60}", "A word of the programme's own.");
