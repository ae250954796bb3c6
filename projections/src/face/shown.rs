//! The views of the read models' tables for analysts: what of each column they see.

use std::collections::BTreeMap;

use super::READ_SCHEMA;
use super::view::{View, ViewColumn};
use crate::table::{Column, DATA_SCHEMA, Keeping, Kind, Realm, TABLES, Table, TableId};

/// The column in place of a path's id and reference.
const PERSON: &str = "person";
/// The column that tells rows of one person apart.
const NUMBER: &str = "number";
/// The id of the path that stands for the person: of a frozen one, that which continues.
const PERSON_ID: &str = "coalesce(l.continues_as, t.aggregate_id)";

/// What analysts see of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Its value.
    AsItIs,
    /// A surrogate of the person, in column `person`.
    Surrogate,
    /// The first day of its month.
    Month,
    /// Its days as whole months, in column `months`.
    Months,
    /// The office, or its region where few people are in it.
    OfficeOrRegion,
    /// Nothing.
    Nothing,
}

impl Seen {
    /// In a few words, for the data dictionary.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::AsItIs => "yes",
            Self::Surrogate => "as `person`",
            Self::Month => "its month",
            Self::Months => "as `months`",
            Self::OfficeOrRegion => "its region where few people are",
            Self::Nothing => "no",
        }
    }
}

/// Whether a table's rows are of people.
fn is_of_people(table: &Table) -> bool {
    table.columns.iter().any(|column| column.name == "aggregate_id")
}

/// What analysts see of a column of a table.
pub(crate) fn seen(table: &Table, column: &Column) -> Seen {
    match column.name {
        "aggregate_id" => Seen::Surrogate,
        // What an office knows a person or an event by, or what only one person may have.
        "continues_as" | "reference" | "birth_year" | "sequence" | "version" | "position"
        | "since_position" | "part" | "until_position" | "erased" => Seen::Nothing,
        "office" if table.name != "offices" => Seen::OfficeOrRegion,
        _ if !is_of_people(table) => Seen::AsItIs,
        "days" => Seen::Months,
        _ if matches!(column.kind, Kind::Date | Kind::Time) => Seen::Month,
        _ => Seen::AsItIs,
    }
}

/// The columns that no two rows of a table's view are alike in.
pub(crate) fn key(table: &Table) -> Vec<&'static str> {
    let person = |name: &&'static str| if *name == "aggregate_id" { PERSON } else { *name };
    match (table.keeping, table.name) {
        (Keeping::Versioned, "case_milestones") => vec![PERSON, "milestone"],
        (Keeping::Versioned, _) if is_of_people(table) => vec![PERSON, NUMBER],
        (Keeping::Versioned, _) => {
            vec!["programme", "indicator", "from_on", "to_on", "region", "sex"]
        }
        _ => table.key.iter().map(person).collect(),
    }
}

/// The views of every table that is in place.
pub(super) fn views(places: &BTreeMap<String, String>) -> Vec<View> {
    let shown = TABLES.iter().filter(|table| table.realm == Realm::Read);
    shown.filter_map(|table| view(table, places)).collect()
}

fn view(table: &Table, places: &BTreeMap<String, String>) -> Option<View> {
    let from = from(table, places)?;
    let mut columns: Vec<ViewColumn> = Vec::new();
    for column in table.columns {
        columns.extend(column_of(table, column));
        if column.name == "aggregate_id" && key(table).contains(&NUMBER) {
            columns.push(number());
        }
    }
    let about = format!("{} {} Clé / key: {}.", table.about_fr, table.about, key(table).join(", "));
    Some(View { schema: READ_SCHEMA, name: table.name.to_owned(), about, columns, from })
}

/// The rows that stand, without those of erased people. Of somebody who has two paths, the tables of the present
/// have the one that continues, and the others the facts of both.
fn from(table: &Table, places: &BTreeMap<String, String>) -> Option<String> {
    let mut from = format!("{}.{} AS t", places.get(table.name)?, table.name);
    if is_of_people(table) {
        let (cases, links) = (places.get("case_status")?, places.get("case_links")?);
        from = format!(
            "{from} JOIN {cases}.case_status AS c ON c.aggregate_id = t.aggregate_id AND NOT c.erased \
             LEFT JOIN {links}.case_links AS l \
               ON l.aggregate_id = t.aggregate_id AND l.until_position IS NULL \
             CROSS JOIN {DATA_SCHEMA}.surrogate_key AS k"
        );
    }
    if table.columns.iter().any(|column| seen(table, column) == Seen::OfficeOrRegion) {
        from = format!(
            "{from} LEFT JOIN {DATA_SCHEMA}.office_shown AS o \
               ON o.programme = t.programme AND o.office = t.office"
        );
    }
    match table.keeping {
        Keeping::Versioned => from.push_str(" WHERE t.until_position IS NULL"),
        _ if is_of_people(table) => from.push_str(" WHERE l.aggregate_id IS NULL"),
        _ => {}
    }
    if table.id == TableId::CaseMilestones {
        from.push_str(&reached_once(places)?);
    }
    Some(from)
}

/// Who has two paths has reached a milestone once, as figures say: on the first day, and has left where they
/// would go on. The rows in question are those of linked paths alone, so it costs nothing where there are none.
fn reached_once(places: &BTreeMap<String, String>) -> Option<String> {
    let (milestones, links) = (places.get("case_milestones")?, places.get("case_links")?);
    Some(format!(
        " AND (t.since_position, t.part) NOT IN (SELECT since_position, part FROM ( \
            SELECT m.since_position, m.part, m.left_behind, \
                   row_number() OVER (PARTITION BY m.person, m.milestone, m.left_behind \
                       ORDER BY m.occurred_on, m.aggregate_id <> m.person, m.since_position, m.part) AS place \
              FROM (SELECT own.*, p.person, \
                           own.milestone = 'exited' AND own.aggregate_id <> p.person AS left_behind \
                      FROM (SELECT aggregate_id, continues_as AS person FROM {links}.case_links \
                             WHERE until_position IS NULL \
                            UNION SELECT continues_as, continues_as FROM {links}.case_links \
                             WHERE until_position IS NULL) AS p \
                      JOIN {milestones}.case_milestones AS own \
                        ON own.aggregate_id = p.aggregate_id AND own.until_position IS NULL) AS m) AS told \
          WHERE told.place > 1 OR told.left_behind)"
    ))
}

fn column_of(table: &Table, column: &Column) -> Option<ViewColumn> {
    let own = format!("t.{}", column.name);
    let meaning = format!("{} : {}", column.fr, column.about);
    let (name, sql, about) = match seen(table, column) {
        Seen::Nothing => return None,
        Seen::AsItIs => (column.name, own, meaning),
        Seen::Surrogate => (
            PERSON,
            surrogate(),
            "Personne : un substitut de la personne, le même dans toutes les tables, sans usage \
             ailleurs. A surrogate of the person, the same in every table and of no use elsewhere."
                .to_owned(),
        ),
        Seen::Month => {
            let month = format!("date_trunc('month', {own} AT TIME ZONE 'UTC')::date");
            let day = format!("date_trunc('month', {own}::timestamp)::date");
            let sql = if column.kind == Kind::Time { month } else { day };
            let about =
                format!("{meaning} Le mois, par son premier jour. The month, as its first day.");
            (column.name, sql, about)
        }
        Seen::Months => {
            let about = "Mois : mois depuis l'inscription (30 jours), arrondis. Months since \
                         registration (of 30 days), rounded.";
            ("months", format!("round({own} / 30.0)::bigint"), about.to_owned())
        }
        Seen::OfficeOrRegion => {
            let has_region = table.columns.iter().any(|column| column.name == "region");
            let otherwise = if has_region { "t.region" } else { "NULL" };
            let about = format!(
                "{meaning} La région si l'antenne compte peu de personnes. The region where few people are in it."
            );
            (column.name, format!("coalesce(o.shown, {otherwise})"), about)
        }
    };
    Some(ViewColumn { name: name.to_owned(), sql, about })
}

/// HMAC-SHA-256 of the id of the person's path under a key that the views alone read, cut to 96 bits: two people of
/// a million share one with a chance of one in 10^17.
fn surrogate() -> String {
    format!(
        "left(encode(sha256(k.outer_pad || sha256(k.inner_pad || convert_to({PERSON_ID}, 'UTF8'))), 'hex'), 24)"
    )
}

fn number() -> ViewColumn {
    let sql =
        format!("row_number() OVER (PARTITION BY {PERSON_ID} ORDER BY t.since_position, t.part)");
    let about = "Numéro : rang de la ligne parmi celles de la personne, dans l'ordre où les faits ont été \
                 connus. Number of the row among those of the person, in the order in which they became known.";
    ViewColumn { name: NUMBER.to_owned(), sql, about: about.to_owned() }
}
