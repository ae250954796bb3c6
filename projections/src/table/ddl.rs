//! Statements that make the tables.

use super::definition::{Keeping, Kind, Table};

/// Whether statements are for `PostgreSQL`.
type IsPostgres = bool;

const fn sql_type(kind: Kind, postgres: IsPostgres) -> &'static str {
    match (kind, postgres) {
        (Kind::Id | Kind::Text, _) | (Kind::Decimal(_) | Kind::Date | Kind::Time, false) => "text",
        (Kind::Int, _) => "bigint",
        (Kind::Decimal(_), true) => "numeric",
        (Kind::Date, true) => "date",
        (Kind::Time, true) => "timestamptz",
        (Kind::Flag, _) => "boolean",
    }
}

/// The statements that make a table, in `schema` on `PostgreSQL`; its indexes come after the rows of
/// a rebuild, as a list of their own.
#[must_use]
pub fn create_statements(table: &Table, schema: Option<&str>) -> (String, Vec<String>) {
    let postgres = schema.is_some();
    let name = qualified(table, schema);
    let mut columns: Vec<String> = table
        .all_columns()
        .map(|column| {
            let null = if column.optional { "" } else { " NOT NULL" };
            format!("{} {}{null}", column.name, sql_type(column.kind, postgres))
        })
        .collect();
    let mut after = Vec::new();
    match table.keeping {
        Keeping::Versioned if postgres => after.push(format!(
            "ALTER TABLE {name} ADD CONSTRAINT {}_pkey PRIMARY KEY (since_position, part)",
            table.name
        )),
        Keeping::Versioned => columns.push("PRIMARY KEY (since_position, part)".to_owned()),
        Keeping::Current => {}
        // Rows find each other by it, from the first one on.
        Keeping::Merged(_) => columns.push(format!("PRIMARY KEY ({})", table.key.join(", "))),
    }
    if table.keeping == Keeping::Versioned {
        after.push(format!(
            "CREATE INDEX {0}_until ON {name} (until_position) WHERE until_position IS NOT NULL",
            table.name
        ));
    }
    for definition in table.indexes {
        let (list, only) = definition.split_once(" WHERE ").unwrap_or((definition, ""));
        let plain: String = list
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
            .collect();
        let some = if only.is_empty() { "" } else { "_some" };
        let index = format!("{}_{plain}", table.name);
        // PostgreSQL cuts names at 63 bytes.
        let index = format!("{}{some}", &index[..index.len().min(58)]);
        let only = if only.is_empty() { String::new() } else { format!(" WHERE {only}") };
        after.push(format!("CREATE INDEX {index} ON {name} ({list}){only}"));
    }
    (format!("CREATE TABLE {name} ({})", columns.join(", ")), after)
}

/// The statement that removes a table.
pub(crate) fn drop_statement(table: &Table, schema: Option<&str>) -> String {
    format!("DROP TABLE IF EXISTS {}", qualified(table, schema))
}

fn qualified(table: &Table, schema: Option<&str>) -> String {
    schema.map_or_else(|| table.name.to_owned(), |schema| format!("{schema}.{}", table.name))
}
