//! The projections that are folded stream by stream, and the tables of each.

use crate::families::Family;
use crate::store::ReadConnection;
use crate::table::{TABLES, Table, create_statements, drop_statement};

/// A projection folded stream by stream.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// The version of its rows' form: a higher one than the stored is rebuilt.
    pub version: u32,
    /// What it is folded from: an event of these that cannot be read stops it.
    pub families: &'static [Family],
}

const fn model(name: &'static str, version: u32, families: &'static [Family]) -> Model {
    Model { name, version, families }
}

/// Every such projection.
pub const MODELS: &[Model] = &[
    model("case_status", 3, &[Family::Path]),
    model("case_milestones", 1, &[Family::Path]),
    model("training_attendance", 1, &[Family::Path]),
    model("cohort_status", 2, &[Family::Cohort]),
    model("finance_lines", 1, &[Family::Path]),
    model("fund_status", 2, &[Family::Fund]),
    model("loan_status", 2, &[Family::Path]),
    model("visits", 1, &[Family::Path]),
    model("follow_up_schedule", 2, &[Family::Path, Family::Programme]),
    model("indicator_values", 1, &[Family::Path, Family::Programme]),
    model("activity_log", 1, &[]),
    model("grievances", 1, &[Family::Path]),
    model("programme_status", 1, &[Family::Programme]),
    model("offices", 1, &[Family::Programme]),
    model("staff", 1, &[]),
];

impl Model {
    /// The model of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        MODELS.iter().find(|model| model.name == name)
    }

    /// The tables that it writes.
    pub fn tables(&self) -> impl Iterator<Item = &'static Table> + use<> {
        let name = self.name;
        TABLES.iter().filter(move |table| table.projection == name)
    }
}

/// The tables of some projections.
pub(crate) fn tables_of(models: &[&'static Model]) -> Vec<&'static Table> {
    models.iter().flat_map(|model| model.tables()).collect()
}

/// Makes tables anew, empty, where statements without a schema lead; indexes come with
/// [`index_tables`].
pub(crate) async fn make_tables(
    mut connection: ReadConnection<'_>,
    tables: &[&'static Table],
    schema: Option<&str>,
) -> Result<(), sqlx::Error> {
    for table in tables {
        let schema = schema_of(&connection, table, schema);
        let drop = drop_statement(table, schema);
        let (create, _) = create_statements(table, schema);
        for statement in [drop, create] {
            connection.again().run(&statement).await?;
        }
    }
    Ok(())
}

/// Makes the tables' indexes, and lets analysts read.
pub(crate) async fn index_tables(
    mut connection: ReadConnection<'_>,
    tables: &[&'static Table],
    schema: Option<&str>,
) -> Result<(), sqlx::Error> {
    for table in tables {
        let schema = schema_of(&connection, table, schema);
        let (_, indexes) = create_statements(table, schema);
        for statement in indexes {
            connection.again().run(&statement).await?;
        }
    }
    Ok(())
}

/// On `PostgreSQL` a table is made in the schema given, or in its own.
fn schema_of<'a>(
    connection: &ReadConnection<'_>,
    table: &Table,
    schema: Option<&'a str>,
) -> Option<&'a str> {
    match connection {
        ReadConnection::Postgres(_) => Some(schema.unwrap_or(table.realm.schema())),
        ReadConnection::Sqlite(_) => None,
    }
}
