//! Who the person is, in clear: between the edge that reads it and the seal that closes it. Beside it only
//! what is compared of a person ([`crate::likeness::PersonProfile`]) is in clear; neither is stored, logged
//! or shown by `Debug`.

use std::borrow::Cow;
use std::fmt;

use chrono::NaiveDate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use crate::refusal::Refusal;
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

impl Identity {
    /// Somebody of whom the name alone is known.
    const fn named(name: Text<120>) -> Self {
        Self { name, phone: None, nina: None, birth_date: None, address: None, locality: None }
    }

    /// Completed years on a day; none where the birth date is not known. Whoever was born on a
    /// 29 February has their birthday on 1 March of other years.
    #[must_use]
    pub fn completed_years(&self, on: NaiveDate) -> Option<u32> {
        self.birth_date.map(|born| on.years_since(born).unwrap_or(0))
    }
}

/// What changes in a person's identity: a field that is left out stays as it is, `null` takes it away, and a
/// value takes its place.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IdentityAmendment {
    /// Family and given names, as the person writes them; nobody is without.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Text<120>")]
    pub name: Option<Text<120>>,
    /// Phone number; one phone may serve several people.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<Phone>")]
    pub phone: Option<Option<Phone>>,
    /// National identification number; often missing.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<Nina>")]
    pub nina: Option<Option<Nina>>,
    /// Exact birth date, when it is known; the year alone is kept outside the seal.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<NaiveDate>")]
    pub birth_date: Option<Option<NaiveDate>>,
    /// Address at which the person can be found.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<Text<200>>")]
    pub address: Option<Option<Text<200>>>,
    /// Village, town quarter.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<Text<80>>")]
    pub locality: Option<Option<Text<80>>>,
}

/// A field that is there, whatever it holds.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl IdentityAmendment {
    /// The identity with what changes; none where it has no name, before and after.
    #[must_use]
    pub fn amend(self, standing: Option<Identity>) -> Option<Identity> {
        let name = self.name.or_else(|| standing.as_ref().map(|known| known.name.clone()))?;
        let known = standing.unwrap_or_else(|| Identity::named(name.clone()));
        Some(Identity {
            name,
            phone: self.phone.unwrap_or(known.phone),
            nina: self.nina.unwrap_or(known.nina),
            birth_date: self.birth_date.unwrap_or(known.birth_date),
            address: self.address.unwrap_or(known.address),
            locality: self.locality.unwrap_or(known.locality),
        })
    }
}

impl fmt::Debug for IdentityAmendment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityAmendment(..)")
    }
}

/// Nobody is told of who is not born yet.
///
/// # Errors
/// [`Refusal::InFuture`], which does not say the date.
pub fn check_born(birth_date: Option<NaiveDate>, today: NaiveDate) -> Result<(), Refusal> {
    match birth_date.filter(|born| *born > today) {
        Some(given) => Err(Refusal::InFuture { field: "identity/birth_date", given, today }),
        None => Ok(()),
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// A phone number, kept as E.164. One without a country is of Mali: `+223` and 8 digits (since 1 November 2008).
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Phone(Box<str>);

impl Phone {
    /// Fewest and most digits of a number with its country (ITU-T E.164); no number has fewer than seven.
    const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

    /// Reads a number of Mali, with or without `+223` or `00223`, or of another country with `+` or `00`
    /// before it; with spaces, dots or hyphens.
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
        let abroad = kept.strip_prefix('+').or(kept.strip_prefix("00"));
        if let Some(digits) = abroad.filter(|digits| !digits.starts_with("223")) {
            let is_number = Self::DIGITS.contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && !digits.starts_with('0');
            return if is_number { Ok(Self(format!("+{digits}").into())) } else { Err(form()) };
        }
        let local = abroad.and_then(|digits| digits.strip_prefix("223")).unwrap_or(&kept);
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

/// A NINA (law 06-040 of 11 August 2006): 14 digits and a letter. One of another form is taken as it is typed,
/// and told about ([`Nina::is_regular`]): nobody is kept out for a number that was copied wrongly.
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
        let is_of_it =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/' | b'-');
        let is_number = kept.bytes().all(is_of_it)
            && kept.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        if is_number { Ok(Self(kept.into())) } else { Err(form()) }
    }

    /// Tells whether it has the form of the law: only such a one says who somebody is. The key's own rule is not
    /// public.
    #[must_use]
    pub fn is_regular(&self) -> bool {
        let (digits, key) = self.0.split_at_checked(14).unwrap_or((&self.0, ""));
        digits.bytes().all(|byte| byte.is_ascii_digit())
            && key.len() == 1
            && key.bytes().all(|byte| byte.is_ascii_uppercase())
    }

    /// The characters, without spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! private_text {
    ($name:ident, $pattern:literal, $example:literal) => {
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
                json_schema!({
                    "type": "string", "maxLength": 32, "pattern": $pattern, "examples": [$example]
                })
            }
        }
    };
}
private_text!(
    Phone,
    r"^[ .\u00a0-]*(((\+|0[ .\u00a0-]*0)[ .\u00a0-]*2[ .\u00a0-]*2[ .\u00a0-]*3)?[ .\u00a0-]*[2-9]([ .\u00a0-]*[0-9]){7}|(\+|0[ .\u00a0-]*0)[ .\u00a0-]*([13-9]([ .\u00a0-]*[0-9]){6,14}|2[ .\u00a0-]*[013-9]([ .\u00a0-]*[0-9]){5,13}|2[ .\u00a0-]*2[ .\u00a0-]*[0-24-9]([ .\u00a0-]*[0-9]){4,12}))[ .\u00a0-]*$",
    "+22370000000"
);
private_text!(Nina, "^ *[A-Za-z0-9]( *[A-Za-z0-9./-])* *$", "10000000000000A");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_is_kept_in_one_form() {
        for typed in ["70 00 00 01", "+223 70000001", "00223-70-00-00-01", "70.00.00.01"] {
            assert_eq!(Phone::try_new(typed).unwrap().as_str(), "+22370000001", "{typed}");
        }
        for typed in ["+33 6 12 34 56 78", "0033.6.12.34.56.78"] {
            assert_eq!(Phone::try_new(typed).unwrap().as_str(), "+33612345678", "{typed}");
        }
        for typed in [
            "",
            "7000000",
            "1234567a",
            "10000000",
            "+223 7000000",
            "+0612345678",
            "+33",
            "+1234567890123456",
        ] {
            assert!(Phone::try_new(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_nina_of_another_form_is_taken_and_known_for_one() {
        let regular = Nina::try_new("1 9901020304056 k").unwrap();
        assert_eq!((regular.as_str(), regular.is_regular()), ("19901020304056K", true));
        for odd in ["1 99 0102 030405 6 7 k", "19901020304056", "A-12/3"] {
            assert!(!Nina::try_new(odd).unwrap().is_regular(), "{odd}");
        }
        for none in ["", " ", "-1", "1990102030405é"] {
            assert!(Nina::try_new(none).is_err(), "{none}");
        }
    }

    fn born(date: &str) -> Identity {
        serde_json::from_value(serde_json::json!({"name": "Personne", "birth_date": date})).unwrap()
    }

    #[test]
    fn an_age_is_of_completed_years() {
        let on = |day: &str| day.parse().unwrap();
        for (date, day, years) in [
            ("2004-02-02", "2022-02-01", 17),
            ("2004-02-02", "2022-02-02", 18),
            ("1986-02-02", "2022-02-01", 35),
            ("2004-02-29", "2022-02-28", 17),
            ("2004-02-29", "2022-03-01", 18),
        ] {
            assert_eq!(born(date).completed_years(on(day)), Some(years), "{date} on {day}");
        }
    }

    #[test]
    fn who_is_not_born_yet_is_nobody_and_the_refusal_does_not_say_the_date() {
        let today = "2026-06-01".parse().unwrap();
        let check = |date: &str| check_born(born(date).birth_date, today);
        assert!(check("2026-06-01").is_ok());
        let refusal = check("2026-06-02").unwrap_err();
        assert_eq!(refusal.rule(), "date_in_future");
        assert!(!refusal.to_string().contains("2026-06-02"), "{refusal}");
    }

    #[test]
    fn debug_shows_nobody() {
        let identity: Identity =
            serde_json::from_str(r#"{"name":"Personne Inventée","phone":"70000001"}"#).unwrap();
        assert_eq!(format!("{identity:?} {:?}", identity.phone), "Identity(..) Some(Phone(..))");
    }
}
