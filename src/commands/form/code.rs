//! Codes and names that were nearly right.

use super::rule::CodeShape;

/// Most codes of a list that an answer names; of a longer one the list is named.
const CODES_SHOWN_MAX: usize = 12;
/// Edits from a code beyond which nobody meant it.
const EDITS_MAX: usize = 3;
/// Most names that are proposed for an unknown one.
const MEANT_MAX: usize = 3;

/// A code that is not in its list, and what is near.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Nearest {
    /// The list's name; none for a choice that is no list of its own.
    pub list: Option<String>,
    /// The codes, when they are few.
    pub codes: Vec<String>,
    /// The value given and the code that it is near to. A value that is near to none is not kept: it
    /// may be something personal in the wrong place.
    pub meant: Option<(String, String)>,
}

impl Nearest {
    /// Looks for the code that was meant.
    pub(crate) fn of_codes<'a>(
        list: Option<&str>,
        codes: impl IntoIterator<Item = &'a str>,
        given: Option<&str>,
    ) -> Self {
        let codes: Vec<&str> = codes.into_iter().collect();
        let meant =
            given.and_then(|given| Some((given.to_owned(), nearest(given, &codes)?.to_owned())));
        let shown = if codes.len() <= CODES_SHOWN_MAX { codes } else { Vec::new() };
        Self {
            list: list.map(str::to_owned),
            codes: shown.into_iter().map(str::to_owned).collect(),
            meant,
        }
    }
}

/// The number of edits between two words, by letters alone: `Ségou` is as near to `segou` as can be.
fn edits(given: &str, known: &str) -> usize {
    strsim::damerau_levenshtein(&given.trim().to_lowercase(), known)
}

/// The code that was meant: few edits away, and fewer than half its letters.
fn nearest<'a>(given: &str, codes: &[&'a str]) -> Option<&'a str> {
    let fits = |known: &str, edits: usize| edits <= EDITS_MAX && edits * 2 < known.len();
    // A long value is no slip of the finger, and measuring it would cost time.
    if given.len() > 2 * super::schema::CODE_MAX_BYTES {
        return None;
    }
    codes
        .iter()
        .map(|known| (edits(given, known), *known))
        .filter(|(edits, known)| fits(known, *edits))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, known)| known)
}

/// Names near to an unknown one, the nearest first; and all of them when they are few.
pub(super) fn nearest_names(given: &str, known: &[&str]) -> (Vec<String>, Vec<String>) {
    let mut near: Vec<(usize, &str)> = known
        .iter()
        .map(|name| (edits(given, name), *name))
        .filter(|(edits, name)| *edits <= EDITS_MAX && edits * 2 < name.len())
        .collect();
    near.sort_unstable();
    let meant = near.into_iter().take(MEANT_MAX).map(|(_, name)| name.to_owned()).collect();
    let shown = if known.len() <= CODES_SHOWN_MAX { known } else { &[] };
    (meant, shown.iter().map(|name| (*name).to_owned()).collect())
}

const SHAPES: &[CodeShape] = &[
    CodeShape {
        patterns: &["(oidc:[a-z0-9-]{1,20}/|local:)?[a-z0-9._@-]{1,64}"],
        fr: "un identifiant de 1 à 64 caractères parmi a-z, 0-9, « . », « _ », « @ » et « - », précédé de « oidc:ÉMETTEUR/ » s'il vient d'un autre émetteur",
        en: "a name of 1 to 64 characters of a-z, 0-9, “.”, “_”, “@” and “-”, after “oidc:ISSUER/” if it is of another issuer",
        example: "awa.diarra",
    },
    CodeShape {
        patterns: &["[a-z0-9_-]{1,40}"],
        fr: "un code de 1 à 40 caractères parmi a-z, 0-9, « _ » et « - »",
        en: "a code of 1 to 40 characters of a-z, 0-9, “_” and “-”",
        example: "segou-1",
    },
    CodeShape {
        patterns: &["[a-z0-9_.-]{1,60}"],
        fr: "un mot de 1 à 60 caractères parmi a-z, 0-9, « _ », « . » et « - »",
        en: "a word of 1 to 60 characters of a-z, 0-9, “_”, “.” and “-”",
        example: "2022-02",
    },
    CodeShape {
        patterns: &["[a-z0-9_.-]{1,29}"],
        fr: "un mot de 1 à 29 caractères parmi a-z, 0-9, « _ », « . » et « - »",
        en: "a word of 1 to 29 characters of a-z, 0-9, “_”, “.” and “-”",
        example: "s1",
    },
    CodeShape {
        patterns: &["[a-z0-9_]{1,40}"],
        fr: "un code de 1 à 40 caractères parmi a-z, 0-9 et « _ »",
        en: "a code of 1 to 40 characters of a-z, 0-9 and “_”",
        example: "accounting",
    },
    CodeShape {
        patterns: &["([A-U]|[a-z0-9_]{1,40})"],
        fr: "une section de la CITI rév. 4 (de A à U) ou un code du programme, de 1 à 40 caractères parmi a-z, 0-9 et « _ »",
        en: "an ISIC rev. 4 section (A to U) or a code of the programme, of 1 to 40 characters of a-z, 0-9 and “_”",
        example: "C",
    },
    CodeShape {
        patterns: &["[A-Z]{3}", "XOF"],
        fr: "une monnaie par ses trois lettres de l'ISO 4217",
        en: "a currency by its three letters of ISO 4217",
        example: "XOF",
    },
    CodeShape {
        patterns: &[
            "[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]",
            "XXXX-XXXX-X",
        ],
        fr: "un identifiant (UUID) ou une référence de neuf caractères",
        en: "an id (UUID) or a reference of nine characters",
        example: "7K3M-9QX2-C",
    },
    CodeShape {
        patterns: &["[0-9a-f]{64}"],
        fr: "une empreinte SHA-256 de 64 chiffres hexadécimaux en minuscules",
        en: "a SHA-256 of 64 lower-case hexadecimal digits",
        example: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    },
    CodeShape {
        patterns: &["YYYY-MM-DD"],
        fr: "une date de la forme AAAA-MM-JJ",
        en: "a date of the form YYYY-MM-DD",
        example: "2026-03-14",
    },
];

impl CodeShape {
    /// A day of the calendar.
    pub(crate) const DAY: &'static Self = &SHAPES[SHAPES.len() - 1];

    /// The shape of a pattern, with or without its anchors.
    #[must_use]
    pub fn of_pattern(pattern: &str) -> Option<&'static Self> {
        let bare = pattern.strip_prefix('^').unwrap_or(pattern);
        let bare = bare.strip_suffix('$').unwrap_or(bare);
        SHAPES.iter().find(|shape| shape.patterns.contains(&bare))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_code_that_was_meant() {
        let regions = ["bamako", "segou", "sikasso", "mopti", "gao", "kayes"];
        for (given, meant) in [
            ("bamakoo", Some("bamako")),
            ("Segou", Some("segou")),
            ("mpoti", Some("mopti")),
            ("gaao", Some("gao")),
            ("tombouctou", None),
            ("Personne Inventée", None),
        ] {
            assert_eq!(nearest(given, &regions), meant, "{given}");
        }
    }

    #[test]
    fn a_value_that_is_near_to_no_code_is_not_kept() {
        let nearest = Nearest::of_codes(Some("regions"), ["bamako", "segou"], Some("Awa Diarra"));
        assert_eq!(nearest.meant, None);
        assert_eq!(nearest.codes, ["bamako", "segou"]);
    }

    #[test]
    fn the_example_of_a_shape_has_its_form() {
        assert_eq!(CodeShape::DAY.patterns, ["YYYY-MM-DD"]);
        for shape in SHAPES {
            let schema = serde_json::json!({ "pattern": format!("^{}$", shape.patterns[0]) });
            if shape != CodeShape::DAY {
                assert!(jsonschema::is_valid(&schema, &shape.example.into()), "{}", shape.example);
            }
        }
    }
}
