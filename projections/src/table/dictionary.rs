//! The data dictionary: every table and column, from the definitions.

use std::fmt::Write as _;

use super::definition::{Keeping, Realm, Table};
use super::tables::TABLES;
use crate::face::READ_SCHEMA;
use crate::face::shown::{key, seen};

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
        Realm::Read => {
            "auditors read it as `audit.`, analysts what the last column says as `read.`"
        }
        Realm::Identity => "Sira alone reads it",
    };
    let kept = match table.keeping {
        Keeping::Versioned => {
            "every row ever told is kept; `until_position` is empty on those that stand"
        }
        Keeping::Current => "what is known now",
        Keeping::Merged(_) => "what all events come to, so far",
    };
    let is_shown = table.realm == Realm::Read;
    let schema = if is_shown { READ_SCHEMA } else { table.realm.schema() };
    let (head, line) = if is_shown { (" in `read` |", " --- |") } else { ("", "") };
    let _ = write!(
        out,
        "## {schema}.{}\n\n{} ({})\n\nProjection `{}`; {who}; {kept}.{}\n\n\
         | column | type | unit | meaning |{head}\n| --- | --- | --- | --- |{line}\n",
        table.name,
        table.about,
        table.about_fr,
        table.projection,
        key_of(table)
    );
    for column in table.all_columns() {
        let empty = if column.optional { ", may be empty" } else { "" };
        let seen =
            if is_shown { format!(" {} |", seen(table, column).word()) } else { String::new() };
        let _ = writeln!(
            out,
            "| `{}` | {}{empty} | {} | {} ({}) |{seen}",
            column.name,
            column.kind.word(),
            column.unit,
            column.about,
            column.fr
        );
    }
    out.push('\n');
}

/// The keys of its rows.
fn key_of(table: &Table) -> String {
    let words = |names: &[&str]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let own = words(table.key);
    match table.realm {
        Realm::Read => format!(" Key: {own}; in `read`: {}.", words(&key(table))),
        Realm::Identity => format!(" Key: {own}."),
    }
}
