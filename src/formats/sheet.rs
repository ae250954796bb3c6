//! What a sheet is: its name, its columns, and where it comes from.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sira_domain::reference::Language;
use sira_projections::table::{self, Cell, Kind, Table};

use super::FormatError;

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetColumn {
    /// Its name, and its heading in English.
    pub name: Cow<'static, str>,
    /// What its cells hold.
    pub kind: Kind,
    /// Its unit; empty for codes, days and ids.
    pub unit: Cow<'static, str>,
    /// Its heading in French.
    pub fr: Cow<'static, str>,
}

impl SheetColumn {
    /// A column without a unit.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        kind: Kind,
        fr: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { name: name.into(), kind, unit: Cow::Borrowed(""), fr: fr.into() }
    }

    /// The same column, with a unit.
    #[must_use]
    pub fn of(mut self, unit: impl Into<Cow<'static, str>>) -> Self {
        self.unit = unit.into();
        self
    }

    /// Its heading.
    #[must_use]
    pub fn heading(&self, language: Language) -> &str {
        match language {
            Language::Fr => &self.fr,
            Language::En => &self.name,
        }
    }
}

impl From<&table::Column> for SheetColumn {
    fn from(column: &table::Column) -> Self {
        Self::new(column.name, column.kind, column.fr).of(column.unit)
    }
}

/// A table to be written.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Its name: what a file is called after it, so letters, digits, `_` and `-`.
    pub name: Cow<'static, str>,
    /// Its columns.
    pub columns: Vec<SheetColumn>,
    /// Where its rows come from: names and values that go into the file's metadata, such as the
    /// journal and the position. Nothing personal.
    pub about: Vec<(Cow<'static, str>, String)>,
    /// When what it shows was so: the time of its position rather than the time of writing, so that
    /// the same figures make the same file.
    pub as_of: DateTime<Utc>,
}

impl Sheet {
    /// A sheet that tells nothing of where it comes from yet.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        columns: Vec<SheetColumn>,
        as_of: DateTime<Utc>,
    ) -> Self {
        Self { name: name.into(), columns, about: Vec::new(), as_of }
    }

    /// The sheet of a read model's table, with the columns of versions first where it has them.
    #[must_use]
    pub fn of_table(table: &Table, as_of: DateTime<Utc>) -> Self {
        Self::new(table.name, table.all_columns().map(SheetColumn::from).collect(), as_of)
    }

    /// The same sheet, telling one thing more about where it comes from.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "texts and numbers are handed over alike")]
    pub fn about(mut self, name: impl Into<Cow<'static, str>>, value: impl ToString) -> Self {
        self.about.push((name.into(), value.to_string()));
        self
    }

    pub(super) fn check(&self) -> Result<(), FormatError> {
        let names: BTreeSet<_> = self.columns.iter().map(|column| &column.name).collect();
        if self.columns.is_empty() || names.len() != self.columns.len() {
            return Err(FormatError::Columns { sheet: self.name.to_string() });
        }
        Ok(())
    }

    /// Every format refuses the same rows, so that a mistake shows in the first that is tried.
    pub(super) fn check_row(&self, row: &[Cell]) -> Result<(), FormatError> {
        let place =
            self.columns.iter().zip(row).position(|(column, cell)| !fits(column.kind, cell));
        let shorter =
            || (row.len() != self.columns.len()).then(|| row.len().min(self.columns.len()));
        match place.or_else(shorter) {
            None => Ok(()),
            Some(place) => {
                Err(FormatError::Row { sheet: self.name.to_string(), column: place + 1 })
            }
        }
    }
}

const fn fits(kind: Kind, cell: &Cell) -> bool {
    match (kind, cell) {
        (Kind::Decimal(scale), Cell::Decimal(number)) => number.scale() == scale,
        (_, Cell::Null)
        | (Kind::Id, Cell::Id(_))
        | (Kind::Text, Cell::Text(_))
        | (Kind::Int, Cell::Int(_))
        | (Kind::Date, Cell::Date(_))
        | (Kind::Time, Cell::Time(_))
        | (Kind::Flag, Cell::Flag(_)) => true,
        _ => false,
    }
}
