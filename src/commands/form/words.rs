//! The rules of form in words, as they are read by those who fill the forms.

use sira_domain::reference::Language;

use super::code::Nearest;
use super::rule::{CodeShape, FieldError, FormRule, Wanted};

/// A sentence in both languages.
struct Words {
    fr: String,
    en: String,
}

/// From here on a limit is that of the machine rather than of the field, and is not said.
const LIMIT_SAID_MAX: i64 = u32::MAX as i64;
/// Numbers below are written without separators, so that a year reads as one.
const UNGROUPED_MAX: u64 = 9_999;

impl FieldError {
    /// A sentence about the field that says what the rule asks for. It never repeats what may be
    /// personal.
    #[must_use]
    pub fn detail(&self, language: Language) -> String {
        let Words { fr, en } = self.rule.words();
        match language {
            Language::Fr => fr,
            Language::En => en,
        }
    }
}

fn say(fr: impl Into<String>, en: impl Into<String>) -> Words {
    Words { fr: fr.into(), en: en.into() }
}

impl FormRule {
    fn words(&self) -> Words {
        match self {
            Self::UnknownField { meant, known } => unknown_field(meant, known),
            Self::UnknownCode(nearest) => unknown_code(nearest),
            Self::WrongType(wanted) => {
                let Words { fr, en } = wanted.words();
                say(format!("doit être {fr}"), format!("must be {en}"))
            }
            Self::NumberRange { min, max, given } => number_range(*min, *max, *given),
            Self::CodeForm(CodeShape { fr, en, example, .. }) => say(
                format!("doit être {fr}, par exemple « {example} »"),
                format!("must be {en}, for example “{example}”"),
            ),
            Self::TextLength { min, max } => {
                let (fr, en) = (grouped(*max, '\u{202f}'), grouped(*max, ','));
                say(
                    format!("doit compter de {min} à {fr} caractères"),
                    format!("must have {min} to {en} characters"),
                )
            }
            Self::ListLength { min, max: Some(max) } => {
                let (fr, en) = (grouped(*max, '\u{202f}'), grouped(*max, ','));
                say(
                    format!("doit compter de {min} à {fr} éléments"),
                    format!("must have {min} to {en} items"),
                )
            }
            Self::ListLength { min, max: None } => {
                let (elements, items) =
                    if *min > 1 { ("éléments", "items") } else { ("élément", "item") };
                say(
                    format!("doit compter au moins {min} {elements}"),
                    format!("must have at least {min} {items}"),
                )
            }
            Self::FieldsDisagree { other } => say(
                format!("ne concorde pas avec le champ « {other} »"),
                format!("does not agree with the field “{other}”"),
            ),
            Self::RequiredTogether { others } => {
                say(format!("demande aussi : {others}"), format!("also needs: {others}"))
            }
            Self::NotInTable { table } => say(
                format!(
                    "la table « {table} » du fichier de correspondance ne donne aucun code pour cette valeur"
                ),
                format!("the table “{table}” of the map gives no code for this value"),
            ),
            Self::DateRange { range } => {
                let (from, to) = range.split_once("..").unwrap_or((range, ""));
                say(
                    format!("doit être une date du {from} au {to}"),
                    format!("must be a date from {from} to {to}"),
                )
            }
            Self::Missing
            | Self::MissingColumn
            | Self::ControlCharacter
            | Self::PeriodOrder
            | Self::PhoneForm
            | Self::NinaForm
            | Self::ReferenceCheck
            | Self::ConsentNeeded
            | Self::StandsAlone
            | Self::UnknownLine
            | Self::LineNameTaken
            | Self::SealedForm => {
                let (fr, en) = self.fixed_words();
                say(fr, en)
            }
        }
    }

    /// The rules that ask for one thing only.
    const fn fixed_words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => ("ce champ est obligatoire", "this field is required"),
            Self::MissingColumn => {
                ("le fichier n'a pas cette colonne", "the file has no such column")
            }
            Self::ControlCharacter => (
                "ne doit contenir aucun caractère invisible à l'écran (de contrôle, de largeur nulle, de sens d'écriture)",
                "must not contain a character that no screen shows (control, zero width, writing direction)",
            ),
            Self::PeriodOrder => (
                "la période ne peut pas finir avant d'avoir commencé",
                "the period cannot end before it begins",
            ),
            Self::PhoneForm => (
                "doit être un numéro de téléphone du Mali, par exemple « +223 70 00 00 00 »",
                "must be a phone number in Mali, for example “+223 70 00 00 00”",
            ),
            Self::NinaForm => (
                "doit être un numéro NINA, de 14 chiffres et une lettre, par exemple « 10000000000000A »",
                "must be a NINA, of 14 digits and a letter, for example “10000000000000A”",
            ),
            Self::ReferenceCheck => (
                "n'est pas une référence valable : le dernier caractère ne correspond pas aux autres",
                "is not a valid reference: its last character does not match the others",
            ),
            Self::ConsentNeeded => (
                "doit être donné (« true ») : sans consentement, rien n'est gardé",
                "must be given (“true”): nothing is kept without consent",
            ),
            Self::SealedForm => ("doit être un texte scellé", "must be a sealed text"),
            Self::StandsAlone => (
                "cette commande ne peut pas faire partie d'un envoi « tout ou rien » : envoyez-la à part",
                "this command cannot be part of a batch that is all or nothing: send it by itself",
            ),
            Self::UnknownLine => (
                "aucune ligne plus haut ne porte ce nom (« as »)",
                "no line further up has this name (“as”)",
            ),
            Self::LineNameTaken => {
                ("une ligne plus haut porte déjà ce nom", "a line further up has this name already")
            }
            _ => ("n'a pas la forme voulue", "does not have the form wanted"),
        }
    }
}

impl Wanted {
    fn words(self) -> Words {
        match self {
            Self::WholeNumber { min, max } if min > i64::MIN => {
                let Words { fr, en } = limits(min, max);
                say(format!("un nombre entier {fr}"), format!("a whole number {en}"))
            }
            other => {
                let (fr, en) = other.fixed_words();
                say(fr, en)
            }
        }
    }

    const fn fixed_words(self) -> (&'static str, &'static str) {
        match self {
            Self::Object => ("un objet JSON, entre accolades", "a JSON object, in braces"),
            Self::List => ("une liste, entre crochets", "a list, in brackets"),
            Self::Text => ("un texte, entre guillemets", "a text, in quotation marks"),
            Self::YesNo => ("vrai (« true ») ou faux (« false »)", "“true” or “false”"),
            Self::YesNoColumn => ("« oui », « non », « 1 » ou « 0 »", "“yes”, “no”, “1” or “0”"),
            Self::WholeNumber { .. } => ("un nombre entier", "a whole number"),
            Self::Day => (
                "une date de la forme AAAA-MM-JJ, par exemple « 2026-03-14 »",
                "a date of the form YYYY-MM-DD, for example “2026-03-14”",
            ),
            Self::Id => (
                "un identifiant (UUID), par exemple « 01890a5d-ac96-774b-bcce-b302099a8057 »",
                "an id (UUID), for example “01890a5d-ac96-774b-bcce-b302099a8057”",
            ),
            Self::Amount => (
                "un montant sans espaces, par exemple « 9930 » ou « 9930.05 »",
                "an amount without spaces, for example “9930” or “9930.05”",
            ),
            Self::Multipart => (
                "un formulaire « multipart/form-data » avec un fichier",
                "a “multipart/form-data” form with a file",
            ),
            Self::Described => (
                "de la forme que décrit la documentation de l'API, à /docs",
                "of the form that the API's documentation describes, at /docs",
            ),
        }
    }
}

fn unknown_field(meant: &[String], known: &[String]) -> Words {
    let (fr, en) = ("ce champ n'existe pas ici", "there is no such field here");
    if !meant.is_empty() {
        let (fr_names, en_names) = (quoted(meant, "« ", " »", "ou"), quoted(meant, "“", "”", "or"));
        return say(
            format!("{fr} ; voulez-vous dire {fr_names} ?"),
            format!("{en}; did you mean {en_names}?"),
        );
    }
    if known.is_empty() {
        return say(fr, en);
    }
    let names = known.join(", ");
    say(format!("{fr} ; champs admis : {names}"), format!("{en}; the fields are: {names}"))
}

/// `« a », « b » ou « c »`.
fn quoted(names: &[String], open: &str, close: &str, or: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{open}{name}{close}")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {or} {last}", others.join(", ")),
        None => String::new(),
    }
}

fn unknown_code(nearest: &Nearest) -> Words {
    let Nearest { list, codes, meant } = nearest;
    let (of_list_fr, of_list_en) = match list {
        Some(list) => (format!("un code de la liste {list}"), format!("a code of the list {list}")),
        None => ("un des codes admis".to_owned(), "one of the codes".to_owned()),
    };
    let Words { fr, en } = match meant {
        Some((given, meant)) => say(
            format!("« {given} » n'est pas {of_list_fr} ; voulez-vous dire « {meant} » ?"),
            format!("“{given}” is not {of_list_en}; did you mean “{meant}”?"),
        ),
        None => say(format!("doit être {of_list_fr}"), format!("must be {of_list_en}")),
    };
    if codes.is_empty() {
        if meant.is_some() {
            return say(fr, en);
        }
        return say(format!("{fr} (voir /v1/reference)"), format!("{en} (see /v1/reference)"));
    }
    let codes = codes.join(", ");
    if meant.is_some() {
        return say(format!("{fr} Codes admis : {codes}"), format!("{en} The codes are: {codes}"));
    }
    say(format!("{fr} : {codes}"), format!("{en}: {codes}"))
}

fn number_range(min: i64, max: i64, given: Option<i64>) -> Words {
    let limits = limits(min, max);
    match given {
        Some(given) => say(
            format!("doit être un nombre {}, et non {}", limits.fr, number(given, '\u{202f}')),
            format!("must be a number {}, not {}", limits.en, number(given, ',')),
        ),
        None => say(
            format!("doit être un nombre {}", limits.fr),
            format!("must be a number {}", limits.en),
        ),
    }
}

/// `de 1 à 20`, or `à partir de 1` where the upper limit is the machine's.
fn limits(min: i64, max: i64) -> Words {
    let (min_fr, min_en) = (number(min, '\u{202f}'), number(min, ','));
    if max >= LIMIT_SAID_MAX && !is_round(max) {
        return say(format!("à partir de {min_fr}"), format!("from {min_en} on"));
    }
    let (max_fr, max_en) = (number(max, '\u{202f}'), number(max, ','));
    say(format!("de {min_fr} à {max_fr}"), format!("from {min_en} to {max_en}"))
}

/// Whether a limit is somebody's choice, as 10^12 francs, and not the end of a machine's word.
const fn is_round(limit: i64) -> bool {
    limit % 1_000 == 0
}

fn number(number: i64, separator: char) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(number.unsigned_abs(), separator))
}

/// `1 000 000`, in groups of three digits.
fn grouped(number: u64, separator: char) -> String {
    let digits = number.to_string();
    if number <= UNGROUPED_MAX {
        return digits;
    }
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}
