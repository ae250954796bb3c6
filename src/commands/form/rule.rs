//! What can be wrong with a field.

use std::fmt;

use sira_domain::values::ValueError;

use super::code::Nearest;

/// A field that breaks a rule of form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer to it (RFC 6901); empty for the whole body.
    pub pointer: String,
    /// The rule that it breaks.
    pub rule: FormRule,
}

impl FieldError {
    /// A field that breaks a rule.
    #[must_use]
    pub fn new(pointer: impl Into<String>, rule: FormRule) -> Self {
        Self { pointer: pointer.into(), rule }
    }

    /// A field whose value breaks the rule of its type.
    #[must_use]
    pub fn of_value(pointer: impl Into<String>, error: &ValueError) -> Self {
        Self::new(pointer, FormRule::of_value(error.rule, &error.limit))
    }

    /// The rule's own word, which clients know: one of [`ValueError::RULES`], or `unknown_field`,
    /// `missing_field`, `wrong_type`, `unknown_code`, `fields_disagree`.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.rule.word()
    }
}

impl fmt::Display for FieldError {
    /// For the log: the place and the rule's word, and nothing of the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.rule())
    }
}

/// A rule of form, with what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormRule {
    /// There is no field of this name here.
    UnknownField {
        /// Fields whose names are near, the nearest first.
        meant: Vec<String>,
        /// All fields that there are, when they are few.
        known: Vec<String>,
    },
    /// The field is required.
    Missing,
    /// The file has no such column.
    MissingColumn,
    /// The value is of another kind.
    WrongType(Wanted),
    /// The value is no code of its list.
    UnknownCode(Nearest),
    /// The value of a column is not in the table of an import's map that gives its code.
    NotInTable {
        /// The table's name.
        table: String,
    },
    /// The text is empty or too long.
    TextLength {
        /// The fewest characters that it may have, once trimmed.
        min: u64,
        /// The most characters that it may have, once trimmed.
        max: u64,
    },
    /// The text holds a control character.
    ControlCharacter,
    /// The number is out of its range.
    NumberRange {
        /// The least that may stand.
        min: i64,
        /// The most that may stand.
        max: i64,
        /// The number that was given, where it cannot be personal.
        given: Option<i64>,
    },
    /// The day is out of its range.
    DateRange {
        /// The range, as two days.
        range: String,
    },
    /// The period ends before it begins.
    PeriodOrder,
    /// The text does not have the form of its code.
    CodeForm(&'static CodeShape),
    /// The text is no phone number.
    PhoneForm,
    /// The text is no national identification number.
    NinaForm,
    /// The reference has a wrong check character.
    ReferenceCheck,
    /// Nothing is kept of a person without their consent.
    ConsentNeeded,
    /// The text is not sealed.
    SealedForm,
    /// The list is empty or too long.
    ListLength {
        /// The fewest items that it may have.
        min: u64,
        /// Most items; none when the list has no such limit.
        max: Option<u64>,
    },
    /// Other fields have to come with this one.
    RequiredTogether {
        /// The names of these fields.
        others: String,
    },
    /// The command cannot stand together with others in a batch of which all is recorded or nothing.
    StandsAlone,
    /// No line before this one has this name.
    UnknownLine,
    /// A line before this one has this name.
    LineNameTaken,
    /// The value says something else than another field.
    FieldsDisagree {
        /// The other field, by its path in the body.
        other: &'static str,
    },
}

/// The kind of value that a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A JSON object.
    Object,
    /// A JSON array.
    List,
    /// A JSON string.
    Text,
    /// True or false.
    YesNo,
    /// True or false, in a column of a file.
    YesNoColumn,
    /// A whole number, within these limits.
    WholeNumber {
        /// The least that may stand.
        min: i64,
        /// The most that may stand.
        max: i64,
    },
    /// A day of the calendar.
    Day,
    /// The id of a stream.
    Id,
    /// A decimal number, in a column of a file.
    Amount,
    /// A form in parts, with a file.
    Multipart,
    /// A value that only the description of the command tells of.
    Described,
}

/// The form of a kind of code, told in words.
#[derive(Debug, PartialEq, Eq)]
pub struct CodeShape {
    /// The form as the domain and the schemas write it.
    pub(super) patterns: &'static [&'static str],
    /// The form in words, in French.
    pub(super) fr: &'static str,
    /// The form in words, in English.
    pub(super) en: &'static str,
    /// A code of this form.
    pub(super) example: &'static str,
}

impl FormRule {
    /// The rule's own word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::UnknownField { .. } => "unknown_field",
            Self::Missing | Self::MissingColumn => "missing_field",
            Self::WrongType(_) => "wrong_type",
            Self::UnknownCode(_) | Self::NotInTable { .. } => "unknown_code",
            Self::TextLength { .. } => "text_length",
            Self::ControlCharacter => "control_character",
            Self::NumberRange { .. } => "number_range",
            Self::DateRange { .. } => "date_range",
            Self::PeriodOrder => "period_order",
            Self::CodeForm(_) => "code_form",
            Self::PhoneForm => "phone_form",
            Self::NinaForm => "nina_form",
            Self::ReferenceCheck => "reference_check",
            Self::SealedForm => "sealed_form",
            Self::ConsentNeeded => "consent_required",
            Self::ListLength { .. } => "list_length",
            Self::RequiredTogether { .. } => "required_together",
            Self::FieldsDisagree { .. } => "fields_disagree",
            Self::StandsAlone => "stands_alone",
            Self::UnknownLine => "unknown_line",
            Self::LineNameTaken => "line_name_taken",
        }
    }

    /// The rule that a value of the domain names, with its limit. One that is not known here, which a
    /// test keeps from happening, is told as a value that only the description tells of.
    #[must_use]
    pub fn of_value(rule: &str, limit: &str) -> Self {
        let described = Self::WrongType(Wanted::Described);
        let whole = |text: &str| text.parse::<i64>().ok();
        let range = limit.split_once("..").and_then(|(min, max)| Some((whole(min)?, whole(max)?)));
        let count =
            range.and_then(|(min, max)| Some((u64::try_from(min).ok()?, u64::try_from(max).ok()?)));
        match (rule, range, count) {
            ("text_length", _, Some((min, max))) => Self::TextLength { min, max },
            ("list_length", _, Some((min, max))) => Self::ListLength { min, max: Some(max) },
            ("number_range", Some((min, max)), _) => Self::NumberRange { min, max, given: None },
            ("date_range", ..) => Self::DateRange { range: limit.to_owned() },
            ("control_character", ..) => Self::ControlCharacter,
            ("period_order", ..) => Self::PeriodOrder,
            ("phone_form", ..) => Self::PhoneForm,
            ("nina_form", ..) => Self::NinaForm,
            ("reference_check", ..) => Self::ReferenceCheck,
            ("sealed_form", ..) => Self::SealedForm,
            ("required_together", ..) => Self::RequiredTogether { others: limit.to_owned() },
            ("code_form", ..) => CodeShape::of_pattern(limit).map_or(described, Self::CodeForm),
            ("unknown_code", ..) => {
                Self::UnknownCode(Nearest::of_codes(None, limit.split(", "), None))
            }
            _ => described,
        }
    }
}
