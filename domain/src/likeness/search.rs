//! What a person is searched by: the beginnings of the words of the name, and the phone.
//!
//! As everywhere here, spellings of one name count as one: Koulibali is found by `Couli`, and Jeneba by
//! `djén`. Both a word's key and the keys of its first letters are terms, since what somebody has typed so
//! far folds otherwise than the whole word does.

use std::collections::BTreeSet;

use super::fold;
use crate::identity::{Identity, Phone};

/// Words of one search at most.
pub const SOUGHT_WORDS_MAX: usize = 8;
/// Letters from which on a beginning is a term; shorter words are found whole.
const BEGINNING_FROM: usize = 3;

/// The terms that a person is found by; some five for each word of the name.
#[must_use]
pub fn searched_by(identity: &Identity) -> Vec<String> {
    let mut terms = BTreeSet::new();
    for word in fold::words(identity.name.as_str()) {
        add_word(&word, &mut terms);
    }
    let mut terms: Vec<_> = terms.iter().map(|key| of_word(key)).collect();
    terms.extend(identity.phone.as_ref().map(of_phone));
    terms
}

/// The terms that all must be had by whoever is meant by a text: its words, each whole or the beginning
/// of one, or a phone. None when the text has no word, or more than [`SOUGHT_WORDS_MAX`].
#[must_use]
pub fn sought_by(text: &str) -> Option<Vec<String>> {
    if let Ok(phone) = Phone::try_new(text.trim()) {
        return Some(vec![of_phone(&phone)]);
    }
    let words = fold::words(text);
    let term = |word: &String| match Phone::try_new(word) {
        Ok(phone) => of_phone(&phone),
        Err(_) => of_word(&fold::key(word)),
    };
    let terms: BTreeSet<_> = words.iter().map(term).collect();
    (1..=SOUGHT_WORDS_MAX).contains(&terms.len()).then(|| terms.into_iter().collect())
}

fn of_word(key: &str) -> String {
    format!("word/{key}")
}

fn of_phone(phone: &Phone) -> String {
    format!("phone/{}", phone.as_str())
}

/// The keys of a word and of its beginnings. A number is found whole.
fn add_word(word: &str, keys: &mut BTreeSet<String>) {
    let key = fold::key(word);
    if !fold::is_number(word) {
        for beginning in beginnings(word) {
            keys.insert(fold::key(beginning));
        }
        keys.extend(beginnings(&key).map(str::to_owned));
    }
    keys.insert(key);
}

/// The beginnings of a word that are shorter than itself.
fn beginnings(word: &str) -> impl Iterator<Item = &str> {
    word.char_indices().skip(BEGINNING_FROM).map(|(end, _)| &word[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> Identity {
        serde_json::from_value(serde_json::json!({ "name": name, "phone": "70000001" })).unwrap()
    }

    fn finds(text: &str, name: &str) -> bool {
        let terms = searched_by(&person(name));
        sought_by(text).unwrap().iter().all(|term| terms.contains(term))
    }

    #[test]
    fn a_name_is_found_by_any_of_its_words_in_any_spelling_and_order() {
        for text in ["coulibaly", "KOULIBALI", "djénéba", "Jeneba Kulibali", "coulibaly djeneba"]
        {
            assert!(finds(text, "Djénéba Coulibaly"), "{text}");
        }
        assert!(!finds("djeneba traore", "Djénéba Coulibaly"));
        assert!(finds("ba", "Awa Bâ") && !finds("ba", "Awa Bagayoko"));
        assert!(finds("Cheick", "Cheick-Oumar Sow") && finds("sow", "Cheick-Oumar So"));
    }

    #[test]
    fn a_name_is_found_by_what_is_typed_so_far() {
        let names = ["Ouattara", "Mariam", "Djénéba", "Coulibaly", "Sissoko", "Niaré", "Fatoumata"];
        for name in names {
            let letters: Vec<char> = name.chars().collect();
            for typed in 3..=letters.len() {
                let text: String = letters[..typed].iter().collect();
                assert!(finds(&text, name), "{text} {name}");
            }
        }
        assert!(finds("koul", "Coulibaly") && finds("jen", "Djénéba") && finds("watt", "Ouattara"));
        assert!(!finds("bali", "Coulibaly"), "an end is no beginning");
    }

    #[test]
    fn a_phone_is_found_in_any_form_and_a_number_whole() {
        for text in ["70 00 00 01", "+22370000001", "awa 70000001"] {
            assert!(finds(text, "Awa Essai"), "{text}");
        }
        assert!(!finds("70000002", "Awa Essai"));
        assert!(finds("1042", "Personne 1042") && !finds("104", "Personne 1042"));
    }

    #[test]
    fn a_search_has_words_and_not_too_many() {
        assert_eq!(sought_by(" - "), None);
        assert_eq!(sought_by("un deux trois quatre cinq six sept huit neuf"), None);
        assert_eq!(sought_by("awa AWA Hawa").map(|terms| terms.len()), Some(1));
    }

    #[test]
    fn a_person_has_few_terms() {
        let terms = searched_by(&person("Fatoumata Coulibaly Diarra"));
        assert!(terms.len() <= 24, "{}", terms.len());
    }
}
