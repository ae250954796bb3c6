//! What is wrong with parameters and headers, in the reader's language. What is wrong with a body is told by
//! [`crate::commands::form`].

use sira_domain::reference::Language;
use sira_projections::analytics::DimensionNotHeld;

/// The rules, by their word.
const RULES: &[(&str, &str, &str)] = &[
    ("unknown_parameter", "paramètre inconnu ; attendu : {}", "unknown parameter; expected: {}"),
    ("repeated_parameter", "à donner une seule fois", "to be given once"),
    ("missing_parameter", "paramètre obligatoire : {}", "required parameter: {}"),
    ("parameter_form", "valeur attendue : {}", "expected value: {}"),
];

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
