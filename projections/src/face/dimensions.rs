//! The views `dim_*` for analysts: what codes mean, in French and English.

use std::collections::BTreeMap;

use sira_domain::reference::{List, RegionCode, lists};

use super::READ_SCHEMA;
use super::view::{View, ViewColumn, literal};
use crate::analytics::INDICATORS;

/// Every dimension; those that are read from tables, once these are in place.
pub(super) fn views(places: &BTreeMap<String, String>) -> Vec<View> {
    let mut views: Vec<View> = lists().iter().map(list).collect();
    views.push(regions());
    views.push(indicators());
    views.extend(PLACED.iter().filter_map(|placed| of_table(placed, places)));
    views
}

/// The word of one entry of a list: `sector` of `sectors`.
fn singular(list: &str) -> String {
    if let Some(stem) = list.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let plural = if list.ends_with("ses") && !list.ends_with("auses") { "es" } else { "s" };
    list.strip_suffix(plural).unwrap_or(list).to_owned()
}

const LABELLED: [(&str, &str); 3] = [
    ("code", "Code. The code."),
    ("label_fr", "Libellé en français. The label in French."),
    ("label_en", "Libellé en anglais. The label in English."),
];

fn list(list: &List) -> View {
    let rows = list.entries.iter().map(|entry| [entry.code, entry.label_fr, entry.label_en]);
    let rows = rows.map(|row| row.map(|text| Some(text.to_owned())).to_vec()).collect::<Vec<_>>();
    let about =
        format!("{}. {}. Source: {}. Clé / key: code.", list.title_fr, list.title_en, list.source);
    of_values(&format!("dim_{}", singular(list.name)), about, &LABELLED, &rows)
}

fn regions() -> View {
    let columns = [
        LABELLED.as_slice(),
        &[
            ("chef_lieu", "Chef-lieu. The region's chief town."),
            ("iso", "Code ISO 3166-2, vide sans. ISO 3166-2 code, empty where there is none."),
            (
                "valid_from",
                "Premier jour ; vide pour les premières. First day; empty for the first ones.",
            ),
            ("carved_from", "Région dont elle est issue. The region that it was carved from."),
        ],
    ]
    .concat();
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let rows = RegionCode::all().map(|region| {
        let from = region.valid_from().map(|day| day.to_string());
        let carved = region.carved_from().map(|region| region.code().to_owned());
        let name = text(region.name_fr());
        vec![
            text(region.code()),
            name.clone(),
            name,
            text(region.chef_lieu()),
            text(region.iso()),
            from,
            carved,
        ]
    });
    let about = "Régions et district, avec leurs dates. Regions and the district, with their dates. Clé / key: code.";
    let mut view = of_values("dim_region", about.to_owned(), &columns, &rows.collect::<Vec<_>>());
    for column in view.columns.iter_mut().filter(|column| column.name == "valid_from") {
        column.sql.push_str("::date");
    }
    view
}

fn indicators() -> View {
    let columns = [
        LABELLED.as_slice(),
        &[
            ("unit", "Unité. The unit."),
            ("definition_fr", "Définition en français. The definition in French."),
            ("definition_en", "Définition en anglais. The definition in English."),
        ],
    ]
    .concat();
    let rows = INDICATORS.iter().map(|one| {
        [one.name, one.fr, one.en, one.unit.word(), one.formula_fr, one.formula_en]
            .map(|text| Some(text.to_owned()))
            .to_vec()
    });
    let about = "Indicateurs de read.figures. Indicators of read.figures. Clé / key: code.";
    of_values("dim_indicator", about.to_owned(), &columns, &rows.collect::<Vec<_>>())
}

/// A view of rows that stand in the view itself.
fn of_values(
    name: &str,
    about: String,
    columns: &[(&str, &str)],
    rows: &[Vec<Option<String>>],
) -> View {
    let value = |value: &Option<String>| {
        value.as_ref().map_or_else(|| "NULL".to_owned(), |text| literal(text))
    };
    let row = |row: &Vec<Option<String>>| {
        format!("({})", row.iter().map(value).collect::<Vec<_>>().join(", "))
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let column = |(name, about): &(&str, &str)| ViewColumn {
        name: (*name).to_owned(),
        sql: format!("t.{name}::text"),
        about: (*about).to_owned(),
    };
    View {
        schema: READ_SCHEMA,
        name: name.to_owned(),
        about,
        columns: columns.iter().map(column).collect(),
        from: format!("(VALUES {}) AS t ({})", rows.join(", "), names.join(", ")),
    }
}

/// A dimension that is read from a table: its name, the table, what a row is, and its columns.
type Placed = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const PLACED: &[Placed] = &[
    (
        "dim_programme",
        "programme_status",
        "Programmes. Clé / key: programme.",
        &[
            ("programme", "Identifiant. Id of the programme."),
            ("name", "Nom. The programme's name."),
            ("signed_on", "Premier jour. First day of the term."),
            ("ends_on", "Dernier jour, reconductions comprises. Last day, renewals included."),
        ],
    ),
    (
        "dim_cohort",
        "cohort_status",
        "Groupes de formation. Training groups. Clé / key: cohort.",
        &[
            ("cohort", "Identifiant. Id of the cohort."),
            ("programme", "Programme. Id of its programme."),
            ("code", "Code. The cohort's own word."),
            ("starts_on", "Premier jour. First day."),
            ("ends_on", "Dernier jour. Last day."),
        ],
    ),
    (
        "dim_fund",
        "fund_status",
        "Fonds. Funds. Clé / key: fund.",
        &[
            ("fund", "Identifiant. Id of the fund."),
            ("programme", "Programme. Id of its programme."),
            ("code", "Code. The fund's own word."),
            ("donor", "Bailleur. The donor."),
            ("starts_on", "Premier jour d'engagement. First day of commitment."),
            ("ends_on", "Dernier jour d'engagement. Last day of commitment."),
        ],
    ),
    (
        "dim_office",
        "offices",
        "Antennes de chaque programme. Offices of each programme. Clé / key: programme, office.",
        &[
            ("programme", "Programme. Id of its programme."),
            ("office", "Code. The office's code."),
            ("name", "Nom. The office's name."),
            ("region", "Région. The region that it stands in."),
            ("opened_on", "Ouverte le. Day on which it was opened."),
            ("closed_on", "Fermée le. Last day; empty while it is open."),
        ],
    ),
];

fn of_table(read: &Placed, places: &BTreeMap<String, String>) -> Option<View> {
    let (name, table, about, columns) = *read;
    let place = places.get(table)?;
    let column = |(name, about): &(&str, &str)| ViewColumn {
        name: (*name).to_owned(),
        sql: format!("t.{name}"),
        about: (*about).to_owned(),
    };
    Some(View {
        schema: READ_SCHEMA,
        name: name.to_owned(),
        about: about.to_owned(),
        columns: columns.iter().map(column).collect(),
        from: format!("{place}.{table} AS t"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_named_by_one_of_its_entries() {
        let named: Vec<String> = lists().iter().map(|list| singular(list.name)).collect();
        for name in ["sector", "education", "grievance_category", "business_status", "module"] {
            assert!(named.iter().any(|one| one == name), "{name}: {named:?}");
        }
    }
}
