//! The projections that are folded stream by stream, and the tables of each.

use crate::families::StreamFamily;
use crate::places;
use crate::store::ReadConnection;
use crate::table::{Realm, TABLES, Table, create_statements, drop_statement};

/// A projection folded stream by stream.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// The version of its rows' form: a higher one than the stored is rebuilt.
    pub version: u32,
    /// What it is folded from: an event of these that cannot be read stops it.
    pub families: &'static [StreamFamily],
}

const fn model(name: &'static str, version: u32, families: &'static [StreamFamily]) -> Model {
    Model { name, version, families }
}

/// Every such projection.
pub const MODELS: &[Model] = &[
    model("case_status", 5, &[StreamFamily::Path]),
    model("case_links", 2, &[StreamFamily::Path]),
    model("case_milestones", 4, &[StreamFamily::Path]),
    model("training_attendance", 3, &[StreamFamily::Path]),
    model("cohort_status", 2, &[StreamFamily::Cohort]),
    model("finance_lines", 4, &[StreamFamily::Path]),
    model("fund_status", 4, &[StreamFamily::Fund]),
    model("loan_status", 4, &[StreamFamily::Path]),
    model("visits", 3, &[StreamFamily::Path]),
    model("follow_up_schedule", 3, &[StreamFamily::Path, StreamFamily::Programme]),
    model("indicator_values", 3, &[StreamFamily::Path, StreamFamily::Programme]),
    model("activity_log", 1, &[]),
    model("grievances", 2, &[StreamFamily::Path]),
    model("programme_status", 2, &[StreamFamily::Programme]),
    model("offices", 1, &[StreamFamily::Programme]),
    model("staff", 2, &[]),
    model("commitments", 2, &[StreamFamily::Programme]),
    model("payments", 1, &[StreamFamily::Path, StreamFamily::Fund]),
    model("referrals", 1, &[StreamFamily::Path]),
    model("loan_balances", 1, &[StreamFamily::Path]),
    model("instalments", 1, &[StreamFamily::Path]),
    model("job_counts", 1, &[StreamFamily::Path]),
    model("businesses", 1, &[StreamFamily::Path]),
    model("case_spells", 1, &[StreamFamily::Path]),
    model("employment", 1, &[StreamFamily::Path]),
    model("visits_due", 1, &[StreamFamily::Path, StreamFamily::Programme]),
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

/// Makes tables in place, empty, with their indexes: on `PostgreSQL`, those that others see a part of as a
/// new version.
pub(crate) async fn make_live(
    mut connection: ReadConnection<'_>,
    tables: &[&'static Table],
) -> Result<(), sqlx::Error> {
    let version = match connection.again() {
        ReadConnection::Postgres(db) => Some(places::new_version(db).await?),
        ReadConnection::Sqlite(_) => None,
    };
    for table in tables {
        let schema = version.as_deref().filter(|_| table.realm == Realm::Read);
        make_tables(connection.again(), &[*table], schema).await?;
        index_tables(connection.again(), &[*table], schema).await?;
        if let (ReadConnection::Postgres(db), Some(version)) = (connection.again(), schema) {
            places::put(db, table, version).await?;
        }
    }
    Ok(())
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

/// Makes the tables' indexes.
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
