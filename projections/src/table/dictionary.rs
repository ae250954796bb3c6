//! The data dictionary: every table and column, from the definitions.

use std::fmt::Write as _;

use super::definition::{Keeping, Realm, Table};
use super::tables::TABLES;

/// The dictionary's tables as Markdown.
#[must_use]
pub fn dictionary_md() -> String {
    let mut out = String::new();
    for table in TABLES {
        write_table(table, &mut out);
    }
    out
}

fn write_table(table: &Table, out: &mut String) {
    let who = match table.realm {
        Realm::Read => "analysts may read it",
        Realm::Identity => "Sira alone reads it",
    };
    let kept = match table.keeping {
        Keeping::Versioned => {
            "every row ever told is kept; `until_position` is empty on those that stand"
        }
        Keeping::Current => "what is known now",
        Keeping::Merged(_) => "what all events come to, so far",
    };
    let schema = table.realm.schema();
    let _ = write!(
        out,
        "## {schema}.{}\n\n{} ({})\n\nProjection `{}`; {who}; {kept}.\n\n\
         | column | type | unit | meaning |\n| --- | --- | --- | --- |\n",
        table.name, table.about, table.about_fr, table.projection
    );
    for column in table.all_columns() {
        let empty = if column.optional { ", may be empty" } else { "" };
        let _ = writeln!(
            out,
            "| `{}` | {}{empty} | {} | {} ({}) |",
            column.name,
            column.kind.word(),
            column.unit,
            column.about,
            column.fr
        );
    }
    out.push('\n');
}
