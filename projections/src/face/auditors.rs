//! The views for auditors: every row with its history, and the events.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::AUDIT_SCHEMA;
use super::view::{View, ViewColumn};
use crate::table::{Realm, TABLES};

/// A view of every table that is in place: what it holds, as it is.
pub(super) fn views(places: &BTreeMap<String, String>) -> Vec<View> {
    let shown = TABLES.iter().filter(|table| table.realm == Realm::Read);
    let view = |table: &crate::table::Table| {
        let place = places.get(table.name)?;
        let columns = table.all_columns().map(|column| ViewColumn {
            name: column.name.to_owned(),
            sql: format!("t.{}", column.name),
            about: format!("{} : {}", column.fr, column.about),
        });
        Some(View {
            schema: AUDIT_SCHEMA,
            name: table.name.to_owned(),
            about: format!(
                "{} {} Clé / key: {}.",
                table.about_fr,
                table.about,
                table.key.join(", ")
            ),
            columns: columns.collect(),
            from: format!("{place}.{} AS t", table.name),
        })
    };
    shown.filter_map(view).collect()
}

/// The columns of the events, with what each means.
const EVENT: &[(&str, &str)] = &[
    ("position", "Place dans le journal. Place in the whole journal, from 1."),
    ("aggregate_type", "Type de flux. beneficiary, programme, cohort or fund."),
    ("aggregate_id", "Flux. Id of the stream."),
    ("sequence", "Rang dans le flux. Place in the stream, from 1."),
    ("event_type", "Type d'événement. The event's type."),
    ("event_version", "Version de la forme. Version of the stored form."),
    (
        "payload",
        "Contenu ; ce qui nomme une personne reste scellé. Content; what names a person stays sealed.",
    ),
    ("metadata", "Auteur, rôle, requête. Author, role, request."),
    ("recorded_at", "Enregistré à. When it was recorded."),
    ("leaf_hash", "Empreinte, feuille de l'arbre des preuves. Hash, a leaf of the evidence tree."),
];

/// The view of a journal's events, where they lie in this database: none where the journal is elsewhere,
/// or this user may not read it.
pub(super) async fn events(
    db: &mut PgConnection,
    journal: &str,
) -> Result<Option<View>, sqlx::Error> {
    let schemas: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(nspname) FROM pg_class AS head
           JOIN pg_namespace AS schema ON schema.oid = head.relnamespace
          WHERE head.relname = 'journal_head' AND head.relkind IN ('r', 'p')
            AND has_schema_privilege(schema.oid, 'USAGE') AND has_table_privilege(head.oid, 'SELECT')
            AND EXISTS (SELECT 1 FROM pg_class AS events
                  WHERE events.relname = 'events' AND events.relnamespace = schema.oid
                    AND has_table_privilege(events.oid, 'SELECT'))
          ORDER BY 1",
    )
    .fetch_all(&mut *db)
    .await?;
    for schema in schemas {
        let asked =
            format!("SELECT EXISTS (SELECT 1 FROM {schema}.journal_head WHERE journal = $1)");
        let is_it: bool = sqlx::query_scalar(&asked).bind(journal).fetch_one(&mut *db).await?;
        if is_it {
            return Ok(Some(events_in(&schema)));
        }
    }
    Ok(None)
}

fn events_in(schema: &str) -> View {
    let column = |(name, about): &(&str, &str)| ViewColumn {
        name: (*name).to_owned(),
        sql: format!("t.{name}"),
        about: (*about).to_owned(),
    };
    View {
        schema: AUDIT_SCHEMA,
        name: "events".to_owned(),
        about: "Tous les événements du journal. Every event of the journal. Clé / key: position."
            .to_owned(),
        columns: EVENT.iter().map(column).collect(),
        from: format!("{schema}.events AS t"),
    }
}
