//! What a table is made of.

use super::cell::Cell;
use super::tables::TableId;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A stream's id, as text.
    Id,
    /// A code or a word.
    Text,
    /// A whole number.
    Int,
    /// An exact number with this many digits after the point.
    Decimal(u8),
    /// A day.
    Date,
    /// A moment, UTC.
    Time,
    /// Yes or no.
    Flag,
}

impl Kind {
    /// Its word, in the data dictionary and in exports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Text => "text",
            Self::Int => "integer",
            Self::Decimal(_) => "decimal",
            Self::Date => "date",
            Self::Time => "time",
            Self::Flag => "boolean",
        }
    }
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be empty.
    pub optional: bool,
    /// Its unit; empty for codes, days and ids.
    pub unit: &'static str,
    /// Its heading in French.
    pub fr: &'static str,
    /// What it means.
    pub about: &'static str,
}

/// The schema on `PostgreSQL` in which the server looks for the tables of [`Realm::Read`], and keeps its
/// own books.
pub const DATA_SCHEMA: &str = "read_data";

/// Who may see a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Realm {
    /// Nothing about a person by name. Analysts see a part of it, in schema `read` on `PostgreSQL`, and
    /// auditors all, in schema `audit`; the server's own names are in `read_data`.
    Read,
    /// Sira alone: what says who somebody is, of those served or of the staff. Schema `identity`.
    Identity,
}

impl Realm {
    /// The schema on `PostgreSQL` of the names that the server uses. Those of [`Self::Read`] are views:
    /// the tables lie in a schema for each of their versions.
    #[must_use]
    pub const fn schema(self) -> &'static str {
        match self {
            Self::Read => DATA_SCHEMA,
            Self::Identity => "identity",
        }
    }
}

/// How rows come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// Every row ever told is kept, with the positions between which it stood: what was known at any
    /// position can be asked again.
    Versioned,
    /// A row is what is known now; a change replaces it.
    Current,
    /// Rows of one key add up, each column in its own way, whatever the order of the events.
    Merged(&'static [Merge]),
}

/// How a column of two rows of one key becomes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// It is the same in both.
    Key,
    /// The lesser of the two.
    Least,
    /// The greater of the two.
    Greatest,
    /// Their sum.
    Sum,
}

impl Merge {
    /// What two values become.
    #[must_use]
    pub fn of(self, one: &Cell, other: &Cell) -> Cell {
        match (self, one, other) {
            (Self::Sum, Cell::Int(one), Cell::Int(other)) => one.saturating_add(*other).into(),
            (Self::Least, ..) => one.min(other).clone(),
            (Self::Greatest, ..) => one.max(other).clone(),
            (Self::Key | Self::Sum, ..) => one.clone(),
        }
    }
}

/// A table of a read model.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Which it is.
    pub id: TableId,
    /// Its name.
    pub name: &'static str,
    /// The projection that writes it.
    pub projection: &'static str,
    /// Who may see it.
    pub realm: Realm,
    /// How its rows come and go.
    pub keeping: Keeping,
    /// The columns that no two rows are alike in, and that are never empty.
    pub key: &'static [&'static str],
    /// What a row is.
    pub about: &'static str,
    /// The same in French.
    pub about_fr: &'static str,
    /// Its columns, without those of [`VERSION_COLUMNS`].
    pub columns: &'static [Column],
    /// Column lists that are indexed, each for a filter or an order that somebody asks for; with
    /// ` WHERE ` and a condition, only the rows that meet it.
    pub indexes: &'static [&'static str],
}

/// The columns that every versioned table has before its own.
pub const VERSION_COLUMNS: &[Column] = &[
    Column {
        name: "since_position",
        kind: Kind::Int,
        optional: false,
        unit: "position",
        fr: "Depuis la position",
        about: "Position of the event that told this row.",
    },
    Column {
        name: "part",
        kind: Kind::Int,
        optional: false,
        unit: "",
        fr: "Part",
        about: "Number of the row among those of the same event, from 0.",
    },
    Column {
        name: "until_position",
        kind: Kind::Int,
        optional: true,
        unit: "position",
        fr: "Jusqu'à la position",
        about: "Position of the event that took this row back or replaced it; empty while it stands.",
    },
];

impl Table {
    /// Every column, those of the version first.
    pub fn all_columns(&self) -> impl Iterator<Item = &'static Column> {
        let version: &[Column] = match self.keeping {
            Keeping::Versioned => VERSION_COLUMNS,
            Keeping::Current | Keeping::Merged(_) => &[],
        };
        version.iter().chain(self.columns)
    }

    /// The names of every column, with commas between them.
    #[must_use]
    pub fn column_list(&self) -> String {
        self.all_columns().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }
}
