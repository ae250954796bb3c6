//! Who the person is: the only type that holds personal data in clear, between the edge that reads
//! it and the seal that closes it.

use std::borrow::Cow;
use std::fmt;

use chrono::NaiveDate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use crate::values::{Text, ValueError};

/// A person's identity, as told. Sealed before it leaves the request that brought it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Family and given names, as the person writes them.
    pub name: Text<120>,
    /// Phone number; one phone may serve several people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// National identification number; often missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nina: Option<Nina>,
    /// Exact birth date, when it is known; the year alone is kept outside the seal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<NaiveDate>,
    /// Address at which the person can be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Text<200>>,
    /// Village, town quarter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<Text<80>>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// A phone number in Mali, kept as E.164: `+223` and 8 digits (since 1 November 2008).
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Phone(Box<str>);

impl Phone {
    /// Reads a number with or without `+223` or `00223`, with spaces, dots or hyphens.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `phone_form`.
    pub fn try_new(typed: &str) -> Result<Self, ValueError> {
        let form = || ValueError::new("phone_form", "+223 XX XX XX XX");
        if typed.len() > 32 {
            return Err(form());
        }
        let kept: String =
            typed.chars().filter(|letter| !matches!(letter, ' ' | '.' | '-' | '\u{a0}')).collect();
        let local = kept.strip_prefix("+223").or(kept.strip_prefix("00223")).unwrap_or(&kept);
        let is_number = local.len() == 8
            && local.bytes().all(|byte| byte.is_ascii_digit())
            && matches!(local.as_bytes()[0], b'2'..=b'9');
        if is_number { Ok(Self(format!("+223{local}").into())) } else { Err(form()) }
    }

    /// The number in E.164.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A NINA (law 06-040 of 11 August 2006): 14 digits and a letter. Only the form is checked, since
/// the key's rule is not public.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Nina(Box<str>);

impl Nina {
    /// Reads a number with or without spaces, any case.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `nina_form`.
    pub fn try_new(typed: &str) -> Result<Self, ValueError> {
        let form = || ValueError::new("nina_form", "00000000000000A");
        if typed.len() > 32 {
            return Err(form());
        }
        let kept: String =
            typed.chars().filter(|letter| *letter != ' ').collect::<String>().to_ascii_uppercase();
        let (digits, key) = kept.split_at_checked(14).ok_or_else(form)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit())
            && key.len() == 1
            && key.bytes().all(|byte| byte.is_ascii_uppercase());
        if is_number { Ok(Self(kept.into())) } else { Err(form()) }
    }

    /// The 15 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! private_text {
    ($name:ident, $example:literal) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(deserializer)?;
                Self::try_new(&text).map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "maxLength": 32, "examples": [$example] })
            }
        }
    };
}
private_text!(Phone, "+22370000000");
private_text!(Nina, "10000000000000A");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_is_kept_in_one_form() {
        for typed in ["70 00 00 01", "+223 70000001", "00223-70-00-00-01", "70.00.00.01"] {
            assert_eq!(Phone::try_new(typed).unwrap().as_str(), "+22370000001", "{typed}");
        }
        for typed in ["", "7000000", "+33 6 12 34 56 78", "1234567a", "10000000"] {
            assert!(Phone::try_new(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_nina_is_checked_for_its_form_alone() {
        assert!(Nina::try_new("1 99 0102 030405 6 7 k").is_err());
        assert_eq!(Nina::try_new("19901020304056k").unwrap().as_str(), "19901020304056K");
        assert!(Nina::try_new("19901020304056").is_err());
        assert!(Nina::try_new("1990102030405é").is_err());
    }

    #[test]
    fn debug_shows_nobody() {
        let identity: Identity =
            serde_json::from_str(r#"{"name":"Personne Inventée","phone":"70000001"}"#).unwrap();
        assert_eq!(format!("{identity:?} {:?}", identity.phone), "Identity(..) Some(Phone(..))");
    }
}
