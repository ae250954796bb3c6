//! The map of a statement: which of its columns are day, amount, direction and reference.

use chrono::{Datelike as _, NaiveDate};
use schemars::JsonSchema;
use serde::Deserialize;
use sira_domain::reference::Language;
use sira_domain::values::{Period, Text, Within};

/// Most lines before the heading line: banks write addresses and periods there.
const SKIP_MAX: u32 = 100;
/// Most days that a line may be apart from its payment and still match: a transfer over a holiday.
const DAYS_APART_MAX: u32 = 31;

/// A name of a column or a word of one.
pub type ColumnName = Text<120>;

/// The map, as its file or the address says it. A statement has `amount` with `direction` and `out_word`, or
/// `amount` with its sign, or `paid_out` and `paid_in`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapForm {
    /// Column of the day.
    pub day: ColumnName,
    /// Form of the day: `%d/%m/%Y` and the like; `%Y-%m-%d` when left out.
    pub day_form: Option<Text<40>>,
    /// Column of the reference.
    pub reference: ColumnName,
    /// Column of the amount; below zero it went out, unless `direction` says it.
    pub amount: Option<ColumnName>,
    /// Column of the direction.
    pub direction: Option<ColumnName>,
    /// Word in the column of the direction for money that went out; any other came in.
    pub out_word: Option<ColumnName>,
    /// Column of amounts that went out of the account.
    pub paid_out: Option<ColumnName>,
    /// Column of amounts that came into it.
    pub paid_in: Option<ColumnName>,
    /// Sign between thousands, beside spaces, where there is one.
    pub thousands: Option<ThousandsSign>,
    /// Sign between columns; found in the heading line when left out.
    pub delimiter: Option<DelimiterSign>,
    /// Lines before the heading line.
    pub skip: Option<Within<0, SKIP_MAX>>,
    /// Days that a line may be apart from its payment and still match; 0 when left out.
    pub days_apart: Option<Within<0, DAYS_APART_MAX>>,
    /// First day of the statement's period; that of its first line when left out.
    pub from: Option<NaiveDate>,
    /// Last day of the statement's period; that of its last line when left out.
    pub to: Option<NaiveDate>,
}

/// A sign between thousands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThousandsSign {
    /// `1.500` is fifteen hundred.
    Point,
    /// `1,500` is fifteen hundred.
    Comma,
}

/// A sign between columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DelimiterSign {
    /// `;`
    Semicolon,
    /// `,`
    Comma,
    /// A tab.
    Tab,
    /// `|`
    Bar,
}

impl ThousandsSign {
    const fn sign(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }
}

impl DelimiterSign {
    const fn sign(self) -> u8 {
        match self {
            Self::Semicolon => b';',
            Self::Comma => b',',
            Self::Tab => b'\t',
            Self::Bar => b'|',
        }
    }
}

/// The columns that say amount and direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AmountColumns {
    /// One amount, out where it is below zero.
    Signed(String),
    /// One amount, and a column with a word for what went out.
    Worded { amount: String, direction: String, out_word: String },
    /// A column each.
    Apart { paid_out: String, paid_in: String },
}

/// A checked map.
#[derive(Clone, Debug)]
pub struct StatementMap {
    pub(super) day: String,
    pub(super) day_form: String,
    pub(super) reference: String,
    pub(super) amount: AmountColumns,
    pub(super) thousands: Option<char>,
    pub(super) delimiter: Option<u8>,
    pub(super) skip: u32,
    days_apart: u32,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

/// A map that cannot be used, or does not fit its statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementMapError {
    /// It has not its form.
    #[error("the map does not have its form: {0}")]
    Form(String),
    /// Neither an amount nor two columns of amounts, or both.
    #[error(
        "a map has `amount`, with `direction` and `out_word` or with its sign, or else `paid_out` and `paid_in`"
    )]
    Amounts,
    /// The pattern of days cannot be read by.
    #[error("`day_form` is a pattern such as %d/%m/%Y, with day, month and year")]
    DayForm,
    /// The period ends before it begins, or in no year that there is.
    #[error("`to` is not before `from`, and both are in the years 1 to 9999")]
    Period,
    /// The statement has no such column.
    #[error("the heading line of the statement has no column {0}")]
    NoColumn(String),
    /// The statement has a column twice, and either may be meant.
    #[error("the heading line of the statement has the column {0} twice")]
    Twice(String),
    /// There is no heading line.
    #[error("the statement has no heading line after the lines to skip")]
    Empty,
}

impl StatementMapError {
    /// What is wrong, in the reader's language.
    #[must_use]
    pub fn detail(&self, language: Language) -> String {
        if language == Language::En {
            return self.to_string();
        }
        match self {
            Self::Form(why) => format!("la correspondance n'a pas sa forme : {why}"),
            Self::Amounts => "une correspondance a `amount`, avec `direction` et `out_word` ou avec son signe, ou \
                              bien `paid_out` et `paid_in`"
                .to_owned(),
            Self::DayForm => {
                "`day_form` est un modèle comme %d/%m/%Y, avec jour, mois et année".to_owned()
            }
            Self::Period => {
                "`to` n'est pas avant `from`, et tous deux sont dans les années 1 à 9999".to_owned()
            }
            Self::NoColumn(name) => {
                format!("la ligne d'en-tête du relevé n'a pas de colonne « {name} »")
            }
            Self::Twice(name) => {
                format!("la ligne d'en-tête du relevé a deux fois la colonne « {name} »")
            }
            Self::Empty => "le relevé n'a pas de ligne d'en-tête après celles à sauter".to_owned(),
        }
    }
}

impl StatementMapError {
    /// The field of the map that is wrong, where it is one's.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Amounts => "amount",
            Self::DayForm => "day_form",
            Self::Period => "to",
            Self::Form(_) | Self::NoColumn(_) | Self::Twice(_) | Self::Empty => "statement",
        }
    }

    /// The rule's word.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Form(_) => "map_form",
            Self::Amounts => "map_amounts",
            Self::DayForm => "day_form",
            Self::Period => "period_order",
            Self::NoColumn(_) => "missing_column",
            Self::Twice(_) => "repeated_column",
            Self::Empty => "no_heading",
        }
    }
}

impl StatementMap {
    /// Reads and checks a map from its file.
    ///
    /// # Errors
    /// [`StatementMapError`].
    pub fn read(text: &str) -> Result<Self, StatementMapError> {
        let form: Result<MapForm, _> = toml::from_str(text);
        Self::of(form.map_err(|error| StatementMapError::Form(error.message().to_owned()))?)
    }

    /// Checks a map.
    ///
    /// # Errors
    /// [`StatementMapError`].
    pub fn of(form: MapForm) -> Result<Self, StatementMapError> {
        let name = |name: ColumnName| name.as_str().to_owned();
        let (paid_out, paid_in) = (form.paid_out.map(name), form.paid_in.map(name));
        let worded = (form.direction.map(name), form.out_word.map(name));
        let amount = match (form.amount.map(name), worded, paid_out, paid_in) {
            (Some(amount), (None, None), None, None) => AmountColumns::Signed(amount),
            (Some(amount), (Some(direction), Some(out_word)), None, None) => {
                AmountColumns::Worded { amount, direction, out_word }
            }
            (None, (None, None), Some(paid_out), Some(paid_in)) => {
                AmountColumns::Apart { paid_out, paid_in }
            }
            _ => return Err(StatementMapError::Amounts),
        };
        let day_form = form.day_form.map_or("%Y-%m-%d".to_owned(), |form| form.as_str().to_owned());
        check_day_form(&day_form)?;
        let is_odd = |day: NaiveDate| !(1..=9999).contains(&day.year());
        let is_backward = form.from.zip(form.to).is_some_and(|(from, to)| to < from);
        if is_backward || form.from.into_iter().chain(form.to).any(is_odd) {
            return Err(StatementMapError::Period);
        }
        Ok(Self {
            day: name(form.day),
            day_form,
            reference: name(form.reference),
            amount,
            thousands: form.thousands.map(ThousandsSign::sign),
            delimiter: form.delimiter.map(DelimiterSign::sign),
            skip: form.skip.map_or(0, Within::get),
            days_apart: form.days_apart.map_or(0, Within::get),
            from: form.from,
            to: form.to,
        })
    }

    /// Days that a line may be apart from its payment and still match.
    pub(super) fn days_apart(&self) -> i64 {
        self.days_apart.into()
    }

    /// The statement's period: as the map says it, or else that of its lines.
    pub(super) fn period_or(&self, of_lines: Option<Period>) -> Option<Period> {
        let from = self.from.or(of_lines.map(|period| period.from))?;
        let to = self.to.or(of_lines.map(|period| period.to))?;
        Some(Period { from, to: to.max(from) })
    }

    /// The columns that it reads.
    pub(super) fn columns(&self) -> Vec<&str> {
        let mut all = vec![self.day.as_str(), self.reference.as_str()];
        match &self.amount {
            AmountColumns::Signed(amount) => all.push(amount),
            AmountColumns::Worded { amount, direction, .. } => {
                all.extend([amount.as_str(), direction]);
            }
            AmountColumns::Apart { paid_out, paid_in } => all.extend([paid_out.as_str(), paid_in]),
        }
        all
    }
}

/// A pattern is good when a day written by it is read back by it.
fn check_day_form(form: &str) -> Result<(), StatementMapError> {
    use std::fmt::Write as _;
    let day = NaiveDate::from_ymd_opt(2022, 11, 23).unwrap_or_default();
    let mut written = String::new();
    // An unknown letter after a percent sign fails here, rather than panicking.
    let is_written = write!(written, "{}", day.format(form)).is_ok();
    if is_written && NaiveDate::parse_from_str(&written, form) == Ok(day) {
        return Ok(());
    }
    Err(StatementMapError::DayForm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_says_the_amounts_in_one_of_three_ways() {
        for text in [
            "day = \"Date\"\nreference = \"Réf\"\namount = \"Montant\"",
            "day = \"Date\"\nreference = \"Réf\"\namount = \"Montant\"\ndirection = \"Sens\"\nout_word = \"D\"",
            "day = \"Date\"\nreference = \"Réf\"\npaid_out = \"Débit\"\npaid_in = \"Crédit\"\ndelimiter = \"semicolon\"",
        ] {
            assert!(StatementMap::read(text).is_ok(), "{text}");
        }
        let amounts =
            |more: &str| StatementMap::read(&format!("day = \"D\"\nreference = \"R\"\n{more}"));
        for more in [
            "",
            "paid_out = \"A\"",
            "amount = \"M\"\npaid_in = \"A\"",
            "amount = \"M\"\nout_word = \"D\"",
        ] {
            assert_eq!(amounts(more).unwrap_err(), StatementMapError::Amounts, "{more}");
        }
        for (more, error) in [
            (
                "amount = \"M\"\nfrom = \"2022-03-01\"\nto = \"2022-02-28\"",
                StatementMapError::Period,
            ),
            ("amount = \"M\"\nday_form = \"%d/%m\"", StatementMapError::DayForm),
            ("amount = \"M\"\nday_form = \"%Q\"", StatementMapError::DayForm),
        ] {
            assert_eq!(amounts(more).unwrap_err(), error, "{more}");
        }
        assert!(matches!(
            amounts("amount = \"M\"\nholder = \"Nom\""),
            Err(StatementMapError::Form(_))
        ));
    }
}
