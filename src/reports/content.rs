//! What a report says: one content, whatever form it is written in.
//!
//! It is kept as it was made, as text, and its hash is over that text. Every form of a report is written from it alone
//! and carries it, so that whoever holds a file can be told whether it is what was frozen.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sira_domain::reference::Language;
use sira_evidence::leaf::hex;
use sira_numbers::Position;
use uuid::Uuid;

/// The version of the content's form.
pub const FORM: u32 = 1;

/// A text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BothLanguages {
    /// In French.
    pub fr: String,
    /// In English.
    pub en: String,
}

impl BothLanguages {
    /// From two texts.
    #[must_use]
    pub fn of(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self { fr: fr.into(), en: en.into() }
    }

    /// The same text in both.
    #[must_use]
    pub fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { fr: text.clone(), en: text }
    }

    /// The text in a language.
    #[must_use]
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Fr => &self.fr,
            Language::En => &self.en,
        }
    }
}

/// How the values of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportColumnKind {
    /// Words.
    Text,
    /// A number with at most two places.
    Number,
    /// The same, of a hundred.
    Percent,
    /// A day.
    Date,
}

/// A column of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportColumn {
    /// Its heading.
    pub heading: BothLanguages,
    /// How its values are written.
    pub kind: ReportColumnKind,
}

/// A value of a part: nothing, a number or a day as text, or words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ReportCell {
    /// Words in both languages.
    Words(BothLanguages),
    /// A number with a point, or a day as `YYYY-MM-DD`.
    Plain(String),
    /// Nothing is told.
    Nothing(()),
}

impl ReportCell {
    /// A number or a day; nothing where there is none.
    #[must_use]
    pub fn maybe(value: Option<impl ToString>) -> Self {
        value.map_or(Self::Nothing(()), |value| Self::Plain(value.to_string()))
    }
}

/// A part of a report: a table with its title, or a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportPart {
    /// Its word.
    pub part: String,
    /// Its title.
    pub title: BothLanguages,
    /// What is to be known before it is read.
    pub note: BothLanguages,
    /// Its columns; none of a text.
    pub columns: Vec<ReportColumn>,
    /// Its rows, a cell a column.
    pub rows: Vec<Vec<ReportCell>>,
    /// The text of a part that is one.
    pub text: BothLanguages,
}

/// What an indicator of the report is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportDefinition {
    /// Its word.
    pub name: String,
    /// What it is called.
    pub label: BothLanguages,
    /// How it is computed.
    pub formula: BothLanguages,
    /// Its unit.
    pub unit: BothLanguages,
    /// Whether it is a flow, a balance, a ratio or a length of time.
    pub kind: BothLanguages,
    /// Where the definition comes from.
    pub source: String,
    /// What must be known before anything is concluded from it.
    pub caveat: BothLanguages,
}

/// Where a report stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportAnchor {
    /// What was recorded up to here is in it.
    pub position: Position,
    /// The leaf hash of the event there, hexadecimal.
    pub leaf_hash: String,
    /// Size of the last signed checkpoint when it was made; none before the first.
    pub checkpoint_size: Option<u64>,
    /// That checkpoint's root, in base64 as it was signed.
    pub checkpoint_root: Option<String>,
}

/// All that a report says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportContent {
    /// The version of this form.
    pub form: u32,
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: BothLanguages,
    /// The programme's id.
    pub programme: Uuid,
    /// What the programme's convention is called.
    pub programme_name: String,
    /// First day of its period.
    pub from: NaiveDate,
    /// Last day of its period.
    pub to: NaiveDate,
    /// The day that what it tells is known of.
    pub as_of: NaiveDate,
    /// The end of the reporting period up to which figures were published, where it tells published figures.
    pub published_at: Option<NaiveDate>,
    /// For whom it is.
    pub audience: BothLanguages,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Who made it.
    pub made_by: String,
    /// Where it stands in the log.
    pub anchor: ReportAnchor,
    /// Its parts, in order.
    pub parts: Vec<ReportPart>,
    /// What its indicators are.
    pub definitions: Vec<ReportDefinition>,
}

impl ReportContent {
    /// The text that is kept, and that the hash is over.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// SHA-256 of a content's text, hexadecimal.
    #[must_use]
    pub fn hash_of(text: &str) -> String {
        hex(&Sha256::digest(text.as_bytes()))
    }

    /// Reads a content's text; none for one that is none, or not written as it is here.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let content: Self = serde_json::from_str(text).ok()?;
        (content.form == FORM && content.text() == text).then_some(content)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A small report with every kind of part.
    pub fn small() -> ReportContent {
        let column =
            |fr: &str, en: &str, kind| ReportColumn { heading: BothLanguages::of(fr, en), kind };
        ReportContent {
            form: FORM,
            name: "essai-2024".into(),
            title: BothLanguages::of("Rapport d'essai", "Trial report"),
            programme: Uuid::nil(),
            programme_name: "Convention d'essai".into(),
            from: "2024-01-01".parse().unwrap(),
            to: "2024-12-31".parse().unwrap(),
            as_of: "2025-01-15".parse().unwrap(),
            published_at: None,
            audience: BothLanguages::of("tous", "everybody"),
            made_at: "2025-01-15T10:00:00Z".parse().unwrap(),
            made_by: "directrice".into(),
            anchor: ReportAnchor {
                position: Position::of_count(12),
                leaf_hash: "ab".repeat(32),
                checkpoint_size: Some(12),
                checkpoint_root: Some("AAAA".into()),
            },
            parts: vec![
                ReportPart {
                    part: "indicators".into(),
                    title: BothLanguages::of("Indicateurs", "Indicators"),
                    note: BothLanguages::default(),
                    columns: vec![
                        column("Indicateur", "Indicator", ReportColumnKind::Text),
                        column("Valeur", "Value", ReportColumnKind::Number),
                        column("Part", "Share", ReportColumnKind::Percent),
                        column("Jour", "Day", ReportColumnKind::Date),
                    ],
                    rows: vec![
                        vec![
                            ReportCell::Words(BothLanguages::of("Inscrits <b>", "Registered <b>")),
                            ReportCell::Plain("12345.50".into()),
                            ReportCell::Plain("66.67".into()),
                            ReportCell::Plain("2024-12-31".into()),
                        ],
                        vec![
                            ReportCell::Words(BothLanguages::of("Déplacés", "Displaced")),
                            ReportCell::Nothing(()),
                            ReportCell::Nothing(()),
                            ReportCell::Nothing(()),
                        ],
                    ],
                    text: BothLanguages::default(),
                },
                ReportPart {
                    part: "narrative".into(),
                    title: BothLanguages::of("Commentaire", "Narrative"),
                    note: BothLanguages::default(),
                    columns: Vec::new(),
                    rows: Vec::new(),
                    text: BothLanguages::of(
                        "Une année utile.\n\nDeux alinéas.",
                        "A useful year.\n\nTwo paragraphs.",
                    ),
                },
            ],
            definitions: vec![ReportDefinition {
                name: "registered".into(),
                label: BothLanguages::of("Personnes inscrites", "People registered"),
                formula: BothLanguages::of("personnes inscrites", "people registered"),
                unit: BothLanguages::of("nombre", "count"),
                kind: BothLanguages::of("flux", "flow"),
                source: "own definition".into(),
                caveat: BothLanguages::default(),
            }],
        }
    }

    #[test]
    fn a_content_is_read_back_as_it_was_written_and_in_no_other_way() {
        let text = small().text();
        assert_eq!(ReportContent::read(&text), Some(small()));
        assert_eq!(
            ReportContent::read(&text.replace("12345.50", "12345.51")).unwrap().text().len(),
            text.len()
        );
        for other in
            [text.replace(':', ": "), text.replace("\"form\":1", "\"form\":2"), "{}".into()]
        {
            assert_eq!(ReportContent::read(&other), None);
        }
    }
}
