//! A whole list as a sheet, or as a page to print.

use std::cmp::Ordering;
use std::collections::HashMap;

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use sira_domain::labels::{record_label, record_value};
use sira_domain::reference::Language;
use sira_projections::table::{Cell, Kind};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::columns::{ListColumn, ListForm};
use crate::formats::written::{day, moment, whole};
use crate::formats::{Format, FormatError, Sheet, SheetColumn, write_sheet};

/// Columns that name a person.
const OF_A_PERSON: [&str; 3] = ["name", "phone", "locality"];

/// A whole list, as it is written.
pub struct ListPaper {
    /// What it is.
    pub form: &'static ListForm,
    /// Its rows, as a program reads them.
    pub rows: Vec<Map<String, Value>>,
    /// What holds for all of it and what was asked for: fields and values, as a program reads them.
    pub about: Vec<(String, Value)>,
    /// What programmes, groups and funds are called, by id.
    pub names: HashMap<String, String>,
    /// When it is made.
    pub made_at: DateTime<Utc>,
    /// By whom.
    pub made_by: String,
    /// In which language.
    pub language: Language,
    /// Whether it names people.
    pub names_people: bool,
}

/// A part of a page.
struct Part {
    heading: Option<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Template)]
#[template(path = "paper/list.html")]
struct ListPage<'a> {
    paper: &'a ListPaper,
    heads: Vec<(String, String)>,
    headings: Vec<(&'static str, bool)>,
    blank: Option<&'static str>,
    parts: Vec<Part>,
    count: usize,
}

impl ListPaper {
    const fn pick<'w>(&self, words: (&'w str, &'w str)) -> &'w str {
        match self.language {
            Language::Fr => words.0,
            Language::En => words.1,
        }
    }

    fn has(&self, column: &ListColumn) -> bool {
        if self.rows.is_empty() {
            self.names_people || !OF_A_PERSON.contains(&column.name)
        } else {
            self.rows.iter().any(|row| row.contains_key(column.name))
        }
    }

    /// The columns that some row has: an empty list keeps all of them.
    fn columns(&self) -> Vec<&'static ListColumn> {
        self.form.columns.iter().filter(|column| self.has(column)).collect()
    }

    /// Puts the whole list in its order; what is told is told before what is not.
    fn in_order(&self) -> Vec<&Map<String, Value>> {
        let mut rows: Vec<_> = self.rows.iter().collect();
        if !self.form.order.is_empty() {
            rows.sort_by(|one, other| {
                let by = self.form.order.iter();
                let by = by.map(|name| compare(one.get(*name), other.get(*name)));
                by.fold(Ordering::Equal, Ordering::then)
            });
        }
        rows
    }

    /// What stands in the head, in words: nothing that is not so, and no count of none.
    fn heads(&self) -> Vec<(String, String)> {
        let told = self.about.iter().filter_map(|(name, value)| {
            let word = match value {
                Value::Bool(false) => None,
                Value::Number(number) if number.as_u64() == Some(0) => None,
                // As it stands in an address.
                Value::String(text) if text == "true" => self.word(name, &Value::Bool(true)),
                Value::String(text) => match text.parse() {
                    Ok(on) => Some(day(on, self.language)),
                    Err(_) => self.word(name, value),
                },
                other => self.word(name, other),
            };
            let label = record_label(name, self.language).unwrap_or(name);
            Some((label.to_owned(), word?))
        });
        told.collect()
    }

    fn word(&self, name: &str, value: &Value) -> Option<String> {
        match value {
            Value::Null => None,
            Value::Bool(flag) => {
                Some(self.pick(if *flag { ("oui", "yes") } else { ("non", "no") }).to_owned())
            }
            Value::String(text) => {
                let known = record_value(name, text, self.language).map(str::to_owned);
                Some(
                    known.or_else(|| self.names.get(text).cloned()).unwrap_or_else(|| text.clone()),
                )
            }
            other => Some(other.to_string()),
        }
    }

    fn cell(&self, column: &ListColumn, value: &Value) -> Cell {
        let day = || value.as_str().and_then(|text| text.get(..10)?.parse::<NaiveDate>().ok());
        match column.kind {
            Kind::Int => Cell::maybe(value.as_i64()),
            Kind::Date => Cell::maybe(day()),
            _ => Cell::maybe(self.word(column.name, value)),
        }
    }

    /// As a sheet.
    ///
    /// # Errors
    /// That it cannot be written.
    pub fn sheet(&self, format: Format) -> Result<Vec<u8>, FormatError> {
        let columns = self.columns();
        let kind = |kind| match kind {
            Kind::Int | Kind::Date => kind,
            _ => Kind::Text,
        };
        let heading = |column: &&ListColumn| {
            SheetColumn::new(column.name, kind(column.kind), column.label(Language::Fr))
        };
        let mut sheet =
            Sheet::new(self.form.name, columns.iter().map(heading).collect(), self.made_at);
        for (name, value) in self.heads() {
            sheet = sheet.about(name, value);
        }
        let cells: Vec<Vec<Cell>> = self
            .in_order()
            .into_iter()
            .map(|row| {
                let cell = |column: &&ListColumn| {
                    self.cell(column, row.get(column.name).unwrap_or(&Value::Null))
                };
                columns.iter().map(cell).collect()
            })
            .collect();
        write_sheet(format, sheet, self.language, cells.iter().map(Vec::as_slice))
    }

    fn text(&self, column: &ListColumn, value: &Value) -> String {
        match self.cell(column, value) {
            Cell::Null => "–".to_owned(),
            Cell::Int(_) => whole(&value.to_string(), self.language),
            Cell::Date(on) => day(on, self.language),
            other => other.to_string(),
        }
    }

    /// As a page to print.
    #[must_use]
    pub fn page(&self) -> String {
        let is_shown = |column: &&&ListColumn| Some(column.name) != self.form.parts;
        let all = self.columns();
        let shown: Vec<_> = all.iter().filter(is_shown).copied().collect();
        let mut parts: Vec<Part> = Vec::new();
        for row in self.in_order() {
            let of = |name: &str| row.get(name).unwrap_or(&Value::Null);
            let heading = self.form.parts.and_then(|name| {
                all.iter().find(|column| column.name == name)?;
                self.word(name, of(name))
            });
            let cells = shown.iter().map(|column| self.text(column, of(column.name))).collect();
            match parts.last_mut().filter(|part| part.heading == heading) {
                Some(part) => part.rows.push(cells),
                None => parts.push(Part { heading, rows: vec![cells] }),
            }
        }
        let headings =
            shown.iter().map(|column| (column.label(self.language), column.kind == Kind::Int));
        let page = ListPage {
            paper: self,
            heads: self.heads(),
            headings: headings.collect(),
            blank: self.form.blank.map(|words| self.pick(words)),
            parts,
            count: self.rows.len(),
        };
        // Into a text it cannot fail: no filter of the templates does.
        format!("{page}\n")
    }
}

/// A text as it is put in order: by its letters, whatever their case and accents.
fn folded(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.nfd().filter(|letter| !is_combining_mark(*letter)).collect::<String>().to_lowercase()
}

/// Numbers by their size, everything else by its words; nothing comes last.
fn compare(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    let told = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
    match (told(one), told(other)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(one), Some(other)) => match (one.as_i64(), other.as_i64()) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => folded(&one).cmp(&folded(&other)),
        },
    }
}

impl ListPage<'_> {
    fn pick<'w>(&self, fr: &'w str, en: &'w str) -> &'w str {
        self.paper.pick((fr, en))
    }

    fn title(&self) -> &'static str {
        self.paper.pick(self.paper.form.title)
    }

    fn made(&self) -> String {
        moment(self.paper.made_at, self.paper.language)
    }
}
