//! The reference lists, for forms and exports.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::reference::{RegionCode, lists};

use crate::http::contract::access::Access;
use crate::http::contract::answer::Plain;
use crate::http::contract::endpoint::{Endpoint, Tag};

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get(
        "/v1/reference",
        Access::AnyRole,
        (Tag("reference"), "get-reference"),
        "Every reference list, labelled in French and English.",
        show,
    )]
}

/// Every list.
#[derive(Debug, Serialize, JsonSchema)]
struct Reference {
    /// The lists of codes.
    lists: Vec<List>,
    /// The regions, with when they began to exist.
    regions: Vec<Region>,
}

/// A list of codes.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReferenceList")]
struct List {
    /// Its name.
    name: &'static str,
    /// Title in French.
    fr: &'static str,
    /// Title in English.
    en: &'static str,
    /// Where its codes come from.
    source: &'static str,
    /// Its codes.
    entries: Vec<Entry>,
}

/// A code.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReferenceEntry")]
struct Entry {
    /// The code.
    code: &'static str,
    /// Label in French.
    fr: &'static str,
    /// Label in English.
    en: &'static str,
}

/// A region.
#[derive(Debug, Serialize, JsonSchema)]
struct Region {
    /// Its code.
    code: &'static str,
    /// Its name.
    name: &'static str,
    /// First day on which it existed; nothing for those that were always there.
    valid_from: Option<NaiveDate>,
    /// The region that it was carved from, if any.
    carved_from: Option<RegionCode>,
}

async fn show() -> Plain<Reference> {
    let lists = lists().iter().map(|list| {
        let entries = list.entries.iter().map(|entry| Entry {
            code: entry.code,
            fr: entry.label_fr,
            en: entry.label_en,
        });
        List {
            name: list.name,
            fr: list.title_fr,
            en: list.title_en,
            source: list.source,
            entries: entries.collect(),
        }
    });
    let regions = RegionCode::all().map(|region| Region {
        code: region.code(),
        name: region.name_fr(),
        valid_from: region.valid_from(),
        carved_from: region.carved_from(),
    });
    Plain(Reference { lists: lists.collect(), regions: regions.collect() })
}
