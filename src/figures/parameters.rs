//! The parameters of questions about figures, for the API's document.

use serde_json::{Value, json};
use sira_domain::reference::{EducationLevel, RegionCode};
use sira_projections::analytics::query::{MAX_GROUPS, MAX_WORDS};
use sira_projections::analytics::why::MAX_PAGE;
use sira_projections::analytics::{Dimension, Family, Indicator, Indicators};
use sira_projections::path::AGE_BANDS;

use super::Subject;

/// A parameter: its name, what it asks for, and its JSON Schema.
pub type Described = (&'static str, &'static str, Value);

/// The parameters of a subject's route.
#[must_use]
pub fn parameters_of(subject: Subject) -> Vec<Described> {
    let mut all = of_every_question();
    let words: Vec<_> = Dimension::ALL.iter().map(|dimension| dimension.word()).collect();
    let groups = json!({
        "type": "array", "maxItems": MAX_GROUPS, "uniqueItems": true,
        "items": { "type": "string", "enum": words },
    });
    all.push(("group_by", "What to break down by: the words of the filters.", groups));
    let headings = json!({ "type": "string", "enum": ["en", "fr"], "default": "en" });
    all.push(("headings", "`fr` for French headings of CSV and XLSX.", headings));
    let about = "Names of indicators; all of the route's own when left out.";
    match subject {
        Subject::Targets => {}
        Subject::Family(family) => all.push(("name", about, names(&own_or_every(family)))),
        Subject::Timeseries => {
            all.push(("name", about, names(&every())));
            let intervals = json!({ "type": "string", "enum": ["month", "quarter", "year"], "default": "quarter" });
            all.push(("interval", "Length of the periods.", intervals));
        }
    }
    all
}

/// The parameters of the route that tells the events behind a cell.
#[must_use]
pub fn parameters_of_cell() -> Vec<Described> {
    let mut all = of_every_question();
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 50 });
    all.push(("limit", "Events of the page.", limit));
    all.push(("cursor", "`next_cursor` of the page before.", json!({ "type": "string" })));
    all
}

/// The indicators that a family's route gives: its own, and any that is named where it is open.
fn own_or_every(family: Family) -> Vec<&'static Indicator> {
    if family == Family::Indicators { every() } else { Indicators::of(family) }
}

fn every() -> Vec<&'static Indicator> {
    let mut all: Vec<&'static Indicator> = Vec::new();
    let families = Subject::ALL.iter().filter_map(|(_, subject)| match subject {
        Subject::Family(family) => Some(*family),
        Subject::Timeseries | Subject::Targets => None,
    });
    for indicator in families.flat_map(Indicators::of) {
        if !all.iter().any(|known| known.name == indicator.name) {
            all.push(indicator);
        }
    }
    all
}

fn names(indicators: &[&'static Indicator]) -> Value {
    let names: Vec<_> = indicators.iter().map(|one| one.name).collect();
    words(&json!({ "type": "string", "enum": names }))
}

/// One or more words, which an address writes with commas between them.
fn words(word: &Value) -> Value {
    json!({ "type": "array", "minItems": 1, "maxItems": MAX_WORDS, "items": word })
}

fn of_every_question() -> Vec<Described> {
    let day = || json!({ "type": "string", "format": "date" });
    let moment = json!({
        "type": "string", "examples": ["2026-01-31", "2026-01-31T12:00:00Z"],
        "pattern": "^\\d{4}-\\d{2}-\\d{2}([T ].+)?$",
    });
    let position = json!({ "type": "integer", "format": "uint64", "minimum": 0 });
    let mut all = vec![
        ("from", "First day of the period (day of the fact).", day()),
        ("to", "Last day of the period.", day()),
        ("as_of", "What was recorded by the end of this day (UTC), or by this time.", moment),
        (
            "as_of_position",
            "What was recorded up to this position: the same figures for ever.",
            position,
        ),
    ];
    let filter = |dimension: &Dimension| {
        (dimension.word(), "Facts with one of these words alone.", words(&word_of(*dimension)))
    };
    all.extend(Dimension::ALL.iter().map(filter));
    all
}

/// The words that a dimension can have.
fn word_of(dimension: Dimension) -> Value {
    let one_of = |words: &[&str]| json!({ "type": "string", "enum": words });
    let written = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    match dimension {
        Dimension::Programme | Dimension::Cohort | Dimension::Fund => {
            json!({ "type": "string", "format": "uuid" })
        }
        Dimension::Region => {
            one_of(&RegionCode::all().map(|region| region.code()).collect::<Vec<_>>())
        }
        Dimension::Sex => one_of(&["female", "male"]),
        Dimension::AgeBand => one_of(&AGE_BANDS),
        Dimension::Disability | Dimension::Displaced | Dimension::Trained => {
            one_of(&["true", "false"])
        }
        Dimension::Year => written("^\\d{4}$"),
        Dimension::Quarter => written("^\\d{4}-Q[1-4]$"),
        Dimension::Month => written("^\\d{4}-\\d{2}$"),
        Dimension::Education => {
            one_of(&EducationLevel::all().map(|level| level.code()).collect::<Vec<_>>())
        }
        Dimension::Office | Dimension::Tag | Dimension::Sector => {
            json!({ "type": "string", "minLength": 1, "maxLength": 64 })
        }
    }
}
