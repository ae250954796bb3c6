//! Every wrong field of a body.

use chrono::{Datelike, NaiveDate};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;
use sira_domain::values::is_hidden;

use super::code::{Nearest, nearest_names};
use super::first::is_field_name;
use super::rule::{CodeShape, FieldError, FormRule, Wanted};
use super::schema::{Field, Form};

/// The place of the day of the fact, in every command.
const DAY: &str = "/occurred_on";
/// The place of the year of birth, in the commands that tell it.
const BIRTH_YEAR: &str = "/birth_year";
/// The largest number that an answer repeats: a phone number has eight digits, a national
/// identification number more.
const GIVEN_MAX: i64 = 9_999_999;

/// Every wrong field; several of one field with the one first that matters most.
pub(super) fn check(form: &Form, body: &Value) -> Vec<FieldError> {
    let mut found = Vec::new();
    for error in form.validator.iter_errors(body) {
        read(form, &error, &mut found);
        if found.len() > 4 * super::ERRORS_MAX {
            break;
        }
    }
    check_values(form, form.body(), body, "", &mut found);
    check_birth(body, &mut found);
    found.sort_by_key(|error| weight(&error.rule));
    found
}

/// Of several faults of one field the heaviest is told: a text that is too long and holds a control
/// character is mended by looking at the character.
const fn weight(rule: &FormRule) -> u8 {
    match rule {
        FormRule::WrongType(_) | FormRule::Missing | FormRule::UnknownField { .. } => 0,
        FormRule::ControlCharacter => 1,
        _ => 2,
    }
}

/// One fault that the schema finds.
fn read(form: &Form, error: &ValidationError<'_>, found: &mut Vec<FieldError>) {
    let pointer = error.instance_path().as_str();
    let Some(field) = form.field(pointer) else { return };
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            found.extend(unexpected.iter().map(|name| unknown_field(pointer, name, field)));
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            found.push(FieldError::new(format!("{pointer}/{name}"), FormRule::Missing));
        }
        _ if pointer == DAY => {
            found.push(FieldError::new(DAY, FormRule::CodeForm(CodeShape::DAY)));
        }
        kind => {
            let rule = rule_of(kind, field, error.instance());
            found.extend(rule.map(|rule| FieldError::new(pointer, rule)));
        }
    }
}

/// A name that is none of the fields here. One that does not look like a field's is not repeated, and
/// the object that it stands in is named.
fn unknown_field(pointer: &str, name: &str, parent: Field<'_>) -> FieldError {
    let (meant, known) = nearest_names(name, &parent.fields());
    let rule = FormRule::UnknownField { meant, known };
    if is_field_name(name) {
        FieldError::new(format!("{pointer}/{name}"), rule)
    } else {
        FieldError::new(pointer, rule)
    }
}

/// The rule that a value breaks; none when our type, which trims a text first, finds nothing wrong.
fn rule_of(kind: &Kind, field: Field<'_>, given: &Value) -> Option<FormRule> {
    Some(match (kind, given) {
        (Kind::Type { .. }, _) => FormRule::WrongType(wanted(field)),
        (Kind::Enum { .. } | Kind::Constant { .. }, Value::String(given)) => {
            let list = field.text("x-list");
            FormRule::UnknownCode(Nearest::of_codes(list, field.codes(), Some(given)))
        }
        (_, Value::Number(_)) => number_rule(field, given),
        (Kind::Format { .. }, _) => FormRule::WrongType(wanted(field)),
        (_, Value::String(text)) => text_rule(field, text)?,
        (Kind::MinItems { .. } | Kind::MaxItems { .. }, _) => FormRule::ListLength {
            min: field.count("minItems").unwrap_or(0),
            max: field.count("maxItems"),
        },
        _ => FormRule::WrongType(wanted(field)),
    })
}

/// The kind of value that a field holds.
fn wanted(field: Field<'_>) -> Wanted {
    match field.text("format") {
        Some("date") => return Wanted::Day,
        Some("uuid") => return Wanted::Id,
        _ => {}
    }
    if field.is_of("object") {
        Wanted::Object
    } else if field.is_of("array") {
        Wanted::List
    } else if field.is_of("integer") {
        let (min, max) = field.range();
        Wanted::WholeNumber { min, max }
    } else if field.is_of("boolean") {
        Wanted::YesNo
    } else if field.is_of("string") {
        Wanted::Text
    } else {
        Wanted::Described
    }
}

fn number_rule(field: Field<'_>, given: &Value) -> FormRule {
    let (min, max) = field.range();
    match given.as_i64() {
        Some(number) => {
            let given = Some(number).filter(|number| number.abs() <= GIVEN_MAX);
            FormRule::NumberRange { min, max, given }
        }
        None => FormRule::WrongType(Wanted::WholeNumber { min, max }),
    }
}

fn text_rule(field: Field<'_>, text: &str) -> Option<FormRule> {
    match field.name {
        "Phone" => return Some(FormRule::PhoneForm),
        "Nina" => return Some(FormRule::NinaForm),
        _ => {}
    }
    if let Some(shape) = field.text("pattern").and_then(CodeShape::of_pattern) {
        return Some(FormRule::CodeForm(shape));
    }
    let (min, max) = (field.count("minLength").unwrap_or(0), field.count("maxLength")?);
    // A free text may have lines; a text of one line may not.
    let is_free = matches!(field.name, "FreeText" | "OwnWords");
    let is_line_end = |letter: char| is_free && matches!(letter, '\n' | '\r' | '\t');
    let text = text.trim();
    let is_wrong = |letter: char| letter.is_control() || (!is_free && is_hidden(letter));
    if text.chars().any(|letter| is_wrong(letter) && !is_line_end(letter)) {
        return Some(FormRule::ControlCharacter);
    }
    let length = text.chars().count() as u64;
    (!(min..=max).contains(&length)).then_some(FormRule::TextLength { min, max })
}

/// Finds the faults that no schema names: a number with a decimal point is no whole number even when
/// only zeros follow, a count has the limits of its type, and a period ends after it begins.
fn check_values(
    form: &Form,
    field: Field<'_>,
    value: &Value,
    pointer: &str,
    found: &mut Vec<FieldError>,
) {
    match value {
        Value::Number(number) if field.is_of("integer") => {
            let (min, max) = field.range();
            let fits = match number.as_i64() {
                Some(number) => (min..=max).contains(&number),
                None => number.is_u64() && max == i64::MAX,
            };
            if !fits {
                found.push(FieldError::new(pointer, number_rule(field, value)));
            }
        }
        Value::Object(fields) => {
            if field.name == "Period" && ends_before_it_begins(value) {
                found.push(FieldError::new(pointer, FormRule::PeriodOrder));
            }
            for (name, value) in fields {
                if let Some(property) = field.schema["properties"].get(name) {
                    let field = form.resolve(name, property);
                    check_values(form, field, value, &format!("{pointer}/{name}"), found);
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = field.schema.get("items") else { return };
            for (place, value) in items.iter().enumerate() {
                let field = form.resolve("", schema);
                check_values(form, field, value, &format!("{pointer}/{place}"), found);
            }
        }
        _ => {}
    }
}

fn day_of(value: &Value) -> Option<NaiveDate> {
    value.as_str().and_then(|text| text.parse().ok())
}

fn ends_before_it_begins(period: &Value) -> bool {
    day_of(&period["from"]).zip(day_of(&period["to"])).is_some_and(|(from, to)| to < from)
}

/// The year of an exact birth date fills a year that is left out, and must agree with one that is
/// given.
fn check_birth(body: &Value, found: &mut Vec<FieldError>) {
    let born = &body["identity"]["birth_date"];
    if born.is_null() {
        return;
    }
    if body["birth_year"].is_null() {
        // The date is named when it is wrong; the year is not missing then.
        found.retain(|error| error.pointer != BIRTH_YEAR);
    } else if let Some(born) = day_of(born) {
        found.extend(birth_fault(born, &body["birth_year"]));
    }
}

/// The fault of a year of birth that is told beside an exact date and is not the date's. A year that is no
/// whole number has another fault, which the schema names.
pub(in super::super) fn birth_fault(born: NaiveDate, year: &Value) -> Option<FieldError> {
    let is_another = year.as_i64().is_some_and(|year| year != i64::from(born.year()));
    let rule = FormRule::FieldsDisagree { other: "identity/birth_date" };
    is_another.then(|| FieldError::new(BIRTH_YEAR, rule))
}
