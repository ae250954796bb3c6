//! The printable page: one HTML file, without a script, a font, a picture or a link to anywhere.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use sira_domain::reference::Language;

use super::words::{field, meaning};
use super::{Held, HeldEvent};

/// Readable on a phone, and printed in black on white without cutting an event in two.
const STYLE: &str = "body{font:1rem/1.45 system-ui,sans-serif;max-width:46rem;margin:1.5rem auto;padding:0 1rem;color:#111}\
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #999}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .5rem .2rem 0;border-bottom:1px solid #ddd}\
dl{display:grid;grid-template-columns:minmax(9rem,16rem) 1fr;gap:.1rem .8rem;margin:.3rem 0}dt{color:#444}dd{margin:0;overflow-wrap:anywhere}\
article{margin:.8rem 0;padding:.4rem 0 .4rem .7rem;border-left:3px solid #bbb;break-inside:avoid}\
.back{border-left-style:dotted}.small{color:#444;font-size:.88rem}";

struct Page<'a> {
    held: &'a Held,
    language: Language,
    out: String,
}

/// Everything held about a person as one page of HTML.
#[must_use]
pub fn page(held: &Held, language: Language) -> String {
    let mut page = Page { held, language, out: String::new() };
    page.head();
    page.identity();
    page.standing();
    page.list("Consentements", "Consents", &held.consents);
    page.list("Documents remis", "Documents handed in", &held.documents);
    page.list("Notes", "Notes", &held.notes);
    page.list("Plaintes", "Grievances", &held.grievances);
    page.events();
    page.models();
    page.readings();
    page.out.push_str("</html>\n");
    page.out
}

impl Page<'_> {
    fn pick<'w>(&self, fr: &'w str, en: &'w str) -> &'w str {
        match self.language {
            Language::Fr => fr,
            Language::En => en,
        }
    }

    fn add(&mut self, html: &str) {
        self.out.push_str(html);
    }

    fn heading(&mut self, fr: &str, en: &str) {
        let text = escape(self.pick(fr, en));
        let _ = write!(self.out, "<h2>{text}</h2>");
    }

    fn paragraph(&mut self, class: &str, text: &str) {
        let _ = write!(self.out, "<p class=\"{class}\">{}</p>", escape(text));
    }

    fn head(&mut self) {
        let title = self.pick(
            "Ce que le programme détient à votre sujet",
            "What the programme holds about you",
        );
        let lang = self.pick("fr", "en");
        let _ = write!(
            self.out,
            "<!doctype html><html lang=\"{lang}\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
             <style>{STYLE}</style><h1>{title}</h1>"
        );
        let held = self.held;
        let reference = held.reference.clone().unwrap_or_else(|| held.id.to_string());
        let made = to_the_second(&held.made_at);
        let programme = held.programme["name"].as_str().unwrap_or("-");
        let line = match self.language {
            Language::Fr => format!("{programme}. Parcours {reference}. Établi le {made} UTC."),
            Language::En => format!("{programme}. Path {reference}. Made on {made} UTC."),
        };
        self.paragraph("", &line);
        let law = self.pick(
            "La loi malienne n° 2013-015 du 21 mai 2013 sur la protection des données à caractère \
             personnel vous donne le droit de voir ce qui est détenu à votre sujet, de le faire corriger \
             ou effacer, et de vous y opposer : adressez-vous à l'antenne qui vous suit, ou à l'Autorité \
             de protection des données à caractère personnel (APDP).",
            "Mali's law 2013-015 of 21 May 2013 on the protection of personal data gives you the right \
             to see what is held about you, to have it corrected or erased, and to object to it: ask the \
             office in charge of you, or the data protection authority (APDP).",
        );
        self.paragraph("small", law);
        if let Some(receipt) = held.programme["data_protection_receipt"].as_str() {
            let word = self.pick("Récépissé de l'APDP :", "APDP receipt:");
            self.paragraph("small", &format!("{word} {receipt}"));
        }
        if let Some(day) = held.erased_on {
            let said = match self.language {
                Language::Fr => format!(
                    "Les données personnelles ont été effacées le {day} : le nom, les coordonnées et \
                     tout texte ont été détruits et ne se relisent plus. Ce qui suit est ce qui reste."
                ),
                Language::En => format!(
                    "The personal data were erased on {day}: name, contacts and every text were \
                     destroyed and cannot be read again. What follows is what is left."
                ),
            };
            let _ = write!(self.out, "<p><strong>{}</strong></p>", escape(&said));
        }
    }

    fn identity(&mut self) {
        self.heading("Identité", "Identity");
        if let Some(identity) = &self.held.identity {
            self.fields(identity);
        } else {
            let word = self.pick("Effacée.", "Erased.");
            self.paragraph("", word);
        }
    }

    fn standing(&mut self) {
        self.heading("Où en est le parcours", "Where the path stands");
        let names = ["stage", "status", "office", "region"];
        let mut shown: Map<String, Value> = Map::new();
        for name in names {
            if let Some(value) = self.held.status.get(name) {
                shown.insert(name.to_owned(), value.clone());
            }
        }
        let registration = &self.held.status["registration"];
        for name in ["sex", "birth_year", "education", "displaced"] {
            if let Some(value) = registration.get(name) {
                shown.insert(name.to_owned(), value.clone());
            }
        }
        if let Value::Object(links) = &self.held.links {
            let linked =
                |value: &Value| value.as_array().map_or(!value.is_null(), |ids| !ids.is_empty());
            shown.extend(links.clone().into_iter().filter(|(_, value)| linked(value)));
        }
        self.fields(&shown);
    }

    fn list(&mut self, fr: &str, en: &str, items: &[Value]) {
        self.heading(fr, en);
        if items.is_empty() {
            let none = self.pick("Aucun.", "None.");
            self.paragraph("", none);
        }
        for item in items {
            let Value::Object(fields) = item else { continue };
            let mut fields = fields.clone();
            fields.remove("type");
            let back = fields.remove("retracted") == Some(Value::Bool(true));
            self.add(if back { "<article class=\"back\">" } else { "<article>" });
            if back {
                let word = self.pick("Retiré", "Retracted");
                self.paragraph("small", word);
            }
            self.fields(&fields);
            self.add("</article>");
        }
    }

    fn events(&mut self) {
        self.heading("Tout ce qui a été enregistré", "Everything that was recorded");
        let held = self.held;
        for event in &held.events {
            self.event(event);
        }
    }

    fn event(&mut self, event: &HeldEvent) {
        self.add(if event.retracted { "<article class=\"back\">" } else { "<article>" });
        let on = event.occurred_on.as_str().unwrap_or("-");
        let head = format!("{}. {} — {on}", event.sequence, event.label);
        let _ = write!(self.out, "<strong>{}</strong>", escape(&head));
        let at = to_the_second(&event.recorded_at);
        let by = match &event.by.office {
            Some(office) => format!("{} ({office})", event.by.label),
            None => event.by.label.clone(),
        };
        let (stage, status) =
            (event.after.stage.label(self.language), event.after.status.label(self.language));
        let rules = event.rules_version;
        let line = match self.language {
            Language::Fr => {
                format!(
                    "Enregistré le {at} UTC par : {by}. Règles {rules}. Ensuite : {stage}, {status}."
                )
            }
            Language::En => {
                format!(
                    "Recorded on {at} UTC by: {by}. Rules {rules}. Afterwards: {stage}, {status}."
                )
            }
        };
        self.paragraph("small", &line);
        if let Some(by) = &event.retracted_by {
            let reason = by["reason"].as_str().unwrap_or("-");
            let word = self.pick("Retiré par l'événement", "Retracted by event");
            self.paragraph("small", &format!("{word} {} : {reason}", by["sequence"]));
        }
        if let Value::Object(fields) = &event.fact {
            self.fields(fields);
        }
        self.add("</article>");
    }

    /// The models say the same as the events, in tables; a person is told which, and the JSON form has
    /// the rows.
    fn models(&mut self) {
        self.heading("Tableaux qui en sont tirés", "Tables drawn from it");
        let said = self.pick(
            "Sans votre nom, ces tableaux servent aux chiffres du programme ; leurs lignes sont dans la \
             version JSON de ce document.",
            "Without your name, these tables serve the programme's figures; their rows are in the JSON \
             form of this document.",
        );
        self.paragraph("small", said);
        let held = self.held;
        self.add("<table>");
        for (name, rows) in &held.read_models {
            let table = sira_projections::table::Table::named(name);
            let about = table.map_or(*name, |table| self.pick(table.about_fr, table.about));
            let _ = write!(
                self.out,
                "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(name),
                escape(about),
                rows.len()
            );
        }
        self.add("</table>");
    }

    fn readings(&mut self) {
        self.heading("Qui a consulté ces données", "Who read these data");
        let said = self.pick(
            "Par fonction ; l'auditeur du programme connaît les noms.",
            "By function; the programme's auditor knows the names.",
        );
        self.paragraph("small", said);
        let held = self.held;
        self.add("<table>");
        for reading in &held.readings {
            let _ = write!(
                self.out,
                "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
                to_the_second(&reading.at),
                escape(&reading.role_label),
                escape(&reading.label)
            );
        }
        self.add("</table>");
    }

    fn fields(&mut self, fields: &Map<String, Value>) {
        self.add("<dl>");
        // Ids of keys say nothing to a person.
        for (name, value) in fields.iter().filter(|(name, _)| *name != "keys") {
            let label = escape(field(name, self.language));
            let _ = write!(self.out, "<dt>{label}</dt><dd>");
            self.value(name, value);
            self.add("</dd>");
        }
        self.add("</dl>");
    }

    fn value(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {
                let gone = if self.held.erased_on.is_some() {
                    self.pick("(effacé)", "(erased)")
                } else {
                    "-"
                };
                self.add(gone);
            }
            Value::Bool(flag) => {
                let word = if *flag { self.pick("oui", "yes") } else { self.pick("non", "no") };
                self.add(word);
            }
            Value::Number(number) => self.add(&number.to_string()),
            Value::String(text) => {
                let told = meaning(name, text, self.language).unwrap_or(text);
                self.add(&escape(told));
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                for item in items {
                    self.value(name, item);
                }
            }
            Value::Array(items) => {
                for (place, item) in items.iter().enumerate() {
                    self.add(if place > 0 { ", " } else { "" });
                    self.value(name, item);
                }
            }
            Value::Object(fields) => self.fields(fields),
        }
    }
}

fn to_the_second(at: &str) -> String {
    let (day, time) = at.split_once('T').unwrap_or((at, ""));
    format!("{day} {}", time.get(..8).unwrap_or_default())
}

/// Text as text: nothing that anybody ever typed is markup.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}
