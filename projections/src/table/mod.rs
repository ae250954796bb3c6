//! What a read model's tables are: one definition that makes the tables on either engine, the rows'
//! form, the exports' columns and the data dictionary.

mod cell;
mod ddl;
mod decimal;
pub(crate) mod define;
pub(crate) mod definition;
mod dictionary;
pub(crate) mod tables;

pub use cell::{Cell, Row, time_text};
pub use ddl::create_statements;
pub(crate) use ddl::drop_statement;
pub use decimal::Decimal;
pub use definition::{Column, DATA_SCHEMA, Keeping, Kind, Merge, Realm, Table, VERSION_COLUMNS};
pub use dictionary::dictionary_md;
pub use tables::{TABLES, TableId};

/// A row of a table, with a field for each of its own columns.
pub(crate) trait TableRow: Sized {
    /// The table.
    const TABLE: TableId;

    /// Its values, in the order of the columns; those that figures are broken down by are not among
    /// them.
    fn cells(self) -> impl Iterator<Item = Cell>;

    /// The row as it is stored, of a table that figures are not broken down by.
    fn row(self) -> Row {
        self.cells().collect()
    }
}

impl Table {
    /// The table of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }
}
