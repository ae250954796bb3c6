//! What is wrong with parameters and headers, in the reader's language. What is wrong with a body is told by
//! [`crate::commands::form`].

use sira_domain::reference::Language;
use sira_projections::analytics::DimensionNotHeld;
use sira_projections::analytics::cost::{MAX_FACTS, TooCostly};
use sira_projections::analytics::query::MAX_CELLS;

use crate::documents::PERSON_MAX_BYTES;

/// The rules, by their word.
const RULES: &[(&str, &str, &str)] = &[
    ("unknown_parameter", "paramètre inconnu ; attendu : {}", "unknown parameter; expected: {}"),
    ("repeated_parameter", "à donner une seule fois", "to be given once"),
    ("missing_parameter", "paramètre obligatoire : {}", "required parameter: {}"),
    ("parameter_form", "valeur attendue : {}", "expected value: {}"),
    (
        "published_without_position",
        "les chiffres publiés se demandent à la fin d'une période close (as_of) ; la plus proche : {}",
        "published figures are asked as of the end of a closed period (as_of); the nearest: {}",
    ),
    (
        "reporting_moment",
        "les chiffres se publient à la fin de périodes closes ; les plus proches : {}",
        "figures are published as of the end of closed periods; the nearest: {}",
    ),
    (
        "reporting_border",
        "une période publiée commence et finit avec des périodes closes ; bornes les plus proches : {}",
        "a published period begins and ends with closed periods; the nearest borders: {}",
    ),
    (
        "published_dimensions",
        "les chiffres publiés ne se répartissent et ne se filtrent que par : {}",
        "published figures are broken down and filtered by these alone: {}",
    ),
    (
        "published_without_period",
        "cet indicateur se publie depuis le début du programme, sans période : {}",
        "this indicator is published from the beginning of the programme on, without a period: {}",
    ),
    (
        "not_published",
        "cet indicateur n'est pas publié, car il suit chaque personne d'une réponse à l'autre : {}",
        "this indicator is not published, as it follows each person from one answer to the next: {}",
    ),
    (
        "published_by_region",
        "les chiffres ne se publient pas par antenne ; un jeton nomme tout, des régions ou des fonds",
        "figures are not published by office; a token names everything, regions or funds",
    ),
];

/// That a reference leads to somebody who does not have it.
#[must_use]
pub const fn of_misnamed(language: Language) -> &'static str {
    match language {
        Language::Fr => {
            "cette référence mène à une personne qui ne la porte pas ; rien n'est montré ni enregistré : prévenez \
             l'administrateur"
        }
        Language::En => {
            "this reference leads to a person who does not have it; nothing is shown or recorded: tell the administrator"
        }
    }
}

/// That a list is too long to be written whole.
#[must_use]
pub fn of_long_list(most: usize, language: Language) -> String {
    match language {
        Language::Fr => format!(
            "une liste entière compte au plus {most} lignes : choisissez une antenne, une région ou une échéance plus proche"
        ),
        Language::En => format!(
            "a whole list has at most {most} rows: choose an office, a region or an earlier day"
        ),
    }
}

/// How published figures are to be read.
#[must_use]
pub const fn of_published(language: Language) -> &'static str {
    match language {
        Language::Fr => {
            "Chiffres publiés à la fin de périodes closes. Une case n'avance que lorsqu'au moins cinq \
             personnes y ont changé ; jusque-là elle reste telle quelle (held). Ce qui est enregistré ou \
             publié tard compte dans la période où il est publié."
        }
        Language::En => {
            "Figures as published at the end of closed periods. A cell moves on only when at least five \
             people in it changed; until then it stands as it was (held). What is recorded or published \
             late counts in the period in which it is published."
        }
    }
}

/// What a rule asks for.
#[must_use]
pub fn of_rule(rule: &str, limit: &str, language: Language) -> String {
    let known = RULES.iter().find(|(known, _, _)| *known == rule);
    let sentence = known.map_or("{}", |(_, fr, en)| match language {
        Language::Fr => fr,
        Language::En => en,
    });
    sentence.replace("{}", limit)
}

/// What is said where as much is kept of a person as may be.
#[must_use]
pub fn of_documents(held_bytes: u64, language: Language) -> String {
    let (held, limit) = (held_bytes >> 20, PERSON_MAX_BYTES >> 20);
    match language {
        Language::Fr => format!("{held} Mio de pièces jointes sont déjà gardés, {limit} au plus"),
        Language::En => format!("{held} MiB of documents are kept already, at most {limit} may be"),
    }
}

/// What is said where as many reports stand as may.
#[must_use]
pub fn of_reports(given: u64, limit: u64, language: Language) -> String {
    match language {
        Language::Fr => format!(
            "{given} rapports figés sont en place, {limit} au plus : retirez-en un (withdraw)"
        ),
        Language::En => {
            format!("{given} frozen reports stand, at most {limit} may: withdraw one first")
        }
    }
}

/// What is said of a question that costs too much: the parameter to mend, and what it would cost.
#[must_use]
pub fn of_cost(costly: TooCostly, language: Language) -> (&'static str, String) {
    match (costly, language) {
        (TooCostly::Cells(cells), Language::Fr) => (
            "group_by",
            format!(
                "une réponse a au plus {MAX_CELLS} cases, celle-ci pourrait en avoir {cells} : \
                 répartissez moins, filtrez, ou nommez moins d'indicateurs"
            ),
        ),
        (TooCostly::Cells(cells), Language::En) => (
            "group_by",
            format!(
                "an answer has at most {MAX_CELLS} cells, this one could have {cells}: break down \
                 less, filter, or name fewer indicators"
            ),
        ),
        (TooCostly::Facts(facts), Language::Fr) => (
            "name",
            format!(
                "une question parcourt au plus {MAX_FACTS} faits, celle-ci {facts} : nommez moins \
                 d'indicateurs"
            ),
        ),
        (TooCostly::Facts(facts), Language::En) => (
            "name",
            format!(
                "a question walks at most {MAX_FACTS} facts, this one {facts}: name fewer indicators"
            ),
        ),
    }
}

/// What is said of a dimension that an indicator has not: which, and which ones it has.
#[must_use]
pub fn of_dimension(missing: &DimensionNotHeld, language: Language) -> String {
    let held: Vec<_> = missing.held.iter().map(|dimension| dimension.word()).collect();
    let (indicator, dimension, held) =
        (missing.indicator, missing.dimension.word(), held.join(", "));
    match language {
        Language::Fr => format!(
            "l'indicateur {indicator} n'a pas la dimension {dimension} ; dimensions possibles : {held}"
        ),
        Language::En => {
            format!("indicator {indicator} has no dimension {dimension}; it has: {held}")
        }
    }
}
