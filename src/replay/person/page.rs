//! The printable page: one HTML file, without a script, a font, a picture or a link to anywhere.
//!
//! Its words stand in `templates/person/`, which escapes all that anybody ever typed.

use askama::Template;
use serde_json::{Map, Value};
use sira_domain::labels::{record_label, record_value};
use sira_domain::reference::Language;

use super::{Held, HeldEvent};

#[derive(Template)]
#[template(path = "person/page.html")]
struct Page<'a> {
    held: &'a Held,
    language: Language,
    reference: String,
    programme: &'a str,
    standing: Map<String, Value>,
}

/// Fields with their names, in their order.
#[derive(Template)]
#[template(path = "person/fields.html")]
struct Fields {
    rows: Vec<(String, Shown)>,
}

/// A value as a person reads it.
#[derive(Template)]
#[template(path = "person/value.html")]
enum Shown {
    Word(String),
    Words(Vec<Self>),
    Blocks(Vec<Self>),
    Fields(Fields),
}

/// Everything held about a person as one page of HTML.
#[must_use]
pub fn page(held: &Held, language: Language) -> String {
    let reference = held.reference.clone().unwrap_or_else(|| held.id.to_string());
    let programme = held.programme["name"].as_str().unwrap_or("-");
    let page = Page { held, language, reference, programme, standing: standing(held) };
    // Into a text it cannot fail: no filter of the templates does.
    format!("{page}\n")
}

/// What is told of where the path stands.
fn standing(held: &Held) -> Map<String, Value> {
    let of = |place: &Value, names: &[&str]| -> Vec<(String, Value)> {
        let told =
            names.iter().filter_map(|name| Some(((*name).to_owned(), place.get(name)?.clone())));
        told.collect()
    };
    let mut shown = of(&held.status, &["stage", "status", "office", "region"]);
    let registered = ["sex", "birth_year", "education", "displaced"];
    shown.extend(of(&held.status["registration"], &registered));
    let linked = |value: &Value| value.as_array().map_or(!value.is_null(), |ids| !ids.is_empty());
    let links = held.links.as_object().into_iter().flatten();
    shown.extend(
        links.filter(|(_, value)| linked(value)).map(|(name, value)| (name.clone(), value.clone())),
    );
    shown.into_iter().collect()
}

impl Page<'_> {
    fn is_french(&self) -> bool {
        self.language == Language::Fr
    }

    fn pick<'w>(&self, fr: &'w str, en: &'w str) -> &'w str {
        if self.is_french() { fr } else { en }
    }

    /// Consents, documents, notes and grievances, each with whether it was taken back.
    fn lists(&self) -> [(&'static str, Vec<(Fields, bool)>); 4] {
        let held = self.held;
        [
            ("Consentements", "Consents", &held.consents),
            ("Documents remis", "Documents handed in", &held.documents),
            ("Notes", "Notes", &held.notes),
            ("Plaintes", "Grievances", &held.grievances),
        ]
        .map(|(fr, en, items)| {
            let items = items.iter().filter_map(Value::as_object).map(|item| {
                let mut item = item.clone();
                item.remove("type");
                let is_back = item.remove("retracted") == Some(Value::Bool(true));
                (self.fields(&item), is_back)
            });
            (self.pick(fr, en), items.collect())
        })
    }

    /// What a table of the read models is about.
    fn about(&self, name: &'static str) -> &'static str {
        let table = sira_projections::table::Table::named(name);
        table.map_or(name, |table| self.pick(table.about_fr, table.about))
    }

    fn fields(&self, fields: &Map<String, Value>) -> Fields {
        // Ids of keys say nothing to a person.
        let told = fields.iter().filter(|(name, _)| *name != "keys");
        let rows = told.map(|(name, value)| {
            let label = record_label(name, self.language).unwrap_or(name);
            (label.to_owned(), self.shown(name, value))
        });
        Fields { rows: rows.collect() }
    }

    fn shown(&self, name: &str, value: &Value) -> Shown {
        let word = |word: &str| Shown::Word(word.to_owned());
        match value {
            Value::Null if self.held.erased_on.is_some() => word(self.pick("(effacé)", "(erased)")),
            Value::Null => word("-"),
            Value::Bool(true) => word(self.pick("oui", "yes")),
            Value::Bool(false) => word(self.pick("non", "no")),
            Value::Number(number) => Shown::Word(number.to_string()),
            Value::String(text) => word(record_value(name, text, self.language).unwrap_or(text)),
            Value::Array(items) => {
                let shown = items.iter().map(|item| self.shown(name, item)).collect();
                let is_of_blocks = items.iter().any(Value::is_object);
                if is_of_blocks { Shown::Blocks(shown) } else { Shown::Words(shown) }
            }
            Value::Object(fields) => Shown::Fields(self.fields(fields)),
        }
    }
}

/// In which function an event was recorded.
fn function_of(event: &HeldEvent) -> String {
    match &event.by.office {
        Some(office) => format!("{} ({office})", event.by.label),
        None => event.by.label.clone(),
    }
}

fn to_the_second(at: &str) -> String {
    let (day, time) = at.split_once('T').unwrap_or((at, ""));
    format!("{day} {}", time.get(..8).unwrap_or_default())
}
