//! What somebody without an account sends.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use sira_domain::identity::Phone;
use sira_domain::reference::RegionCode;
use sira_domain::values::{Slug, Text, ValueError, check_free_text, is_hidden, one_form};

use crate::commands::form::Form;
use crate::commands::{FieldError, FormErrors, FormRule};

/// Characters of a name at most: as of a registered person's.
pub const NAME_MAX: usize = 120;
/// Characters of the idea at most: what fits a telephone's screen a few times over.
const IDEA_MAX_CHARACTERS: usize = 1_000;

/// The language of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormLanguage {
    /// French.
    Fr,
    /// English.
    En,
}

/// The idea in a person's own words: 1 to 1,000 characters, line ends among them.
#[derive(Clone)]
pub struct OwnWords(String);

impl OwnWords {
    /// Checks and keeps a text.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `text_length` or `control_character`.
    pub fn try_new(text: &str) -> Result<Self, ValueError> {
        let text = check_free_text(text)?;
        if text.chars().count() > IDEA_MAX_CHARACTERS {
            return Err(ValueError::new("text_length", format!("1..{IDEA_MAX_CHARACTERS}")));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

impl fmt::Debug for OwnWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnWords(..)")
    }
}

impl<'de> Deserialize<'de> for OwnWords {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::try_new(&text).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for OwnWords {
    fn schema_name() -> Cow<'static, str> {
        "OwnWords".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The idea in the person's own words. It is sealed before it is stored.",
            "type": "string", "minLength": 1, "maxLength": IDEA_MAX_CHARACTERS
        })
    }
}

/// The body of an application.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Application")]
pub struct ApplicationFormBody {
    /// Family and given names, as the person writes them.
    name: Text<NAME_MAX>,
    /// Phone number at which the person is found.
    phone: Phone,
    /// Region of residence; one that the call asks.
    region: RegionCode,
    /// The idea in their words.
    idea: OwnWords,
    /// True: the person consents that what they tell is kept and read, to be called back.
    #[expect(dead_code, reason = "a body in which it is not true is refused before it is read")]
    consent: bool,
    /// Version of the text that they consented to.
    text_version: Slug,
    /// The language that they read it in.
    language: FormLanguage,
}

/// A checked application.
pub struct ApplicationForm {
    /// Family and given names.
    pub name: Text<NAME_MAX>,
    /// Phone number.
    pub phone: Phone,
    /// Region of residence.
    pub region: RegionCode,
    /// The idea.
    pub idea: OwnWords,
    /// Version of the text.
    pub text_version: Slug,
    /// The language of the text.
    pub language: FormLanguage,
}

impl fmt::Debug for ApplicationForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApplicationForm(..)")
    }
}

impl ApplicationForm {
    /// Reads an application.
    ///
    /// # Errors
    /// Every wrong field; none of them repeats what was told.
    pub fn read(mut body: Value) -> Result<Self, FormErrors> {
        static FORM: LazyLock<Form> = LazyLock::new(Form::of::<ApplicationFormBody>);
        if let Some(Value::String(name)) = body.get_mut("name") {
            *name = one_form(name);
        }
        let mut wrong = Vec::new();
        if body.get("consent") == Some(&Value::Bool(false)) {
            wrong.push(FieldError::new("/consent", FormRule::ConsentNeeded));
        }
        // Nobody is told apart by what no screen shows.
        let is_hiding = |text: &str| text.chars().any(is_hidden);
        if body.get("name").and_then(Value::as_str).is_some_and(is_hiding) {
            wrong.push(FieldError::new("/name", FormRule::ControlCharacter));
        }
        if !wrong.is_empty() {
            return Err(FORM.explain(&body, wrong));
        }
        let form: ApplicationFormBody = FORM.read(body)?;
        let ApplicationFormBody { name, phone, region, idea, text_version, language, .. } = form;
        Ok(Self { name, phone, region, idea, text_version, language })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body() -> Value {
        json!({ "name": "Awa Essai", "phone": "76 00 00 01", "region": "segou",
                "idea": "Transformer le karité\nau village", "consent": true,
                "text_version": "fr-1", "language": "fr" })
    }

    fn rules(body: Value) -> Vec<(String, &'static str)> {
        let errors = ApplicationForm::read(body).unwrap_err();
        errors.fields().iter().map(|error| (error.pointer.clone(), error.rule())).collect()
    }

    #[test]
    fn an_application_is_read_with_its_phone_in_one_form() {
        let form = ApplicationForm::read(body()).unwrap();
        assert_eq!(form.phone.as_str(), "+22376000001");
        assert_eq!(form.idea.into_text(), "Transformer le karité\nau village");
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let wrong = json!({ "name": "Awa\u{200b}", "phone": "12", "region": "Ségou", "idea": "",
                            "consent": false, "text_version": "FR 1", "language": "bm", "more": 1 });
        let fields: Vec<_> = rules(wrong).into_iter().map(|(pointer, _)| pointer).collect();
        let expected = [
            "/consent",
            "/idea",
            "/language",
            "/more",
            "/name",
            "/phone",
            "/region",
            "/text_version",
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn nothing_is_taken_without_consent_nor_beyond_a_thousand_characters() {
        let mut without = body();
        without["consent"] = json!(false);
        assert_eq!(rules(without), [("/consent".to_owned(), "consent_required")]);
        let mut long = body();
        long["idea"] = json!("é\n".repeat(501));
        assert_eq!(rules(long), [("/idea".to_owned(), "text_length")]);
    }
}
