//! Folding of names: spellings of one name become one key.
//!
//! French and Bambara spellings stand side by side in Mali's registers (Diarra and Jara, Coulibaly
//! and Kulibali), and clerks write what they hear. The rules below join what sounds alike; the few
//! names that no rule joins are in `data/name_variants.csv`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words that are no name of a person: articles, "son of", "called", titles.
const PARTICLES: &[&str] = &[
    "ag", "al", "alias", "ben", "bint", "de", "dit", "dite", "dr", "el", "elhadj", "elhadji",
    "epouse", "hadj", "hadja", "hadji", "la", "le", "mint", "mlle", "mme", "mr", "nee", "ould",
    "veuve", "vve", "walet",
];

/// Spellings and what they become, in the order in which they are applied. A capital stands for a
/// sound that later rules must not touch.
const SPELLINGS: &[(&str, &str)] = &[
    ("x", "ks"),
    // `ch` is said as in French, `tch` nearly so.
    ("tch", "X"),
    ("sch", "X"),
    ("ch", "X"),
    ("sh", "X"),
    ("ph", "f"),
    ("th", "t"),
    ("kh", "k"),
    ("gh", "g"),
    // The hard c: Coulibaly, Koulibali; the soft one: Cissé, Sissé.
    ("ck", "k"),
    ("qu", "k"),
    ("q", "k"),
    ("ce", "se"),
    ("ci", "si"),
    ("cy", "si"),
    ("c", "k"),
    // Before e and i French writes gu for the sound that Bambara writes g.
    ("gue", "ge"),
    ("gui", "gi"),
    // gn, ny, ni before a vowel: Gnaré, Nyaré, Niaré.
    ("gn", "N"),
    ("nia", "Na"),
    ("nie", "Ne"),
    ("nio", "No"),
    ("niu", "Nu"),
    ("nya", "Na"),
    ("nye", "Ne"),
    ("nyo", "No"),
    ("nyu", "Nu"),
    // dj, j, dy, di before a vowel: Djeneba, Jeneba; Diarra, Jara.
    ("dj", "j"),
    ("dia", "ja"),
    ("die", "je"),
    ("dio", "jo"),
    ("diu", "ju"),
    ("dya", "ja"),
    ("dye", "je"),
    ("dyo", "jo"),
    ("dyu", "ju"),
    // A lone h is not said: Hawa, Awa; Mahamadou, Mamadou.
    ("h", ""),
    // ou is u, and w before a vowel: Touré, Ture; Ouattara, Wattara.
    ("oo", "u"),
    ("ou", "u"),
    ("ua", "wa"),
    ("ue", "we"),
    ("ui", "wi"),
    ("uo", "wo"),
    // y and i are one letter, said y before a vowel: Sylla, Silla; Mariam, Maryam.
    ("y", "i"),
    ("ia", "ya"),
    ("ie", "ye"),
    ("io", "yo"),
    ("iu", "yu"),
    ("nb", "mb"),
    ("np", "mp"),
];

/// Key of each spelling in the table, and the key of the name it stands for.
static VARIANTS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let lines = include_str!("../../data/name_variants.csv").lines();
    let lines = lines.filter(|line| !line.starts_with('#')).skip(1);
    let mut variants = HashMap::new();
    for (name, others) in lines.filter_map(|line| line.split_once(';')) {
        for other in others.split(' ') {
            variants.insert(sound(other), sound(name));
        }
    }
    variants
});

/// The keys of the names that many people bear.
static COMMON: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let lines = include_str!("../../data/common_names.csv").lines();
    let names = lines.filter(|line| !line.starts_with('#')).skip(1);
    let names = names.filter_map(|line| line.split_once(';')).map(|(name, _)| key(name));
    let variants = VARIANTS.values().cloned();
    names.chain(variants).collect()
});

/// Tells whether many people bear a name, by its key. Two such names that differ are two names, however
/// near; one that is not among them says more of who bears it.
pub(super) fn is_common(key: &str) -> bool {
    COMMON.contains(key)
}

/// The words of a name, in plain lower-case letters: accents folded, apostrophes gone, hyphens a
/// space, particles left out (unless nothing else is there).
pub(super) fn words(name: &str) -> Vec<String> {
    let plain: String = name.nfc().flat_map(plain_letter).collect();
    let all: Vec<_> = plain
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let kept: Vec<_> =
        all.iter().filter(|word| !PARTICLES.contains(&word.as_str())).cloned().collect();
    if kept.is_empty() { all } else { kept }
}

fn plain_letter(letter: char) -> Vec<char> {
    let spelled = match letter {
        'ñ' | 'Ñ' | 'ɲ' | 'Ɲ' => "ny",
        'ç' | 'Ç' => "s",
        'œ' | 'Œ' | 'æ' | 'Æ' | 'ɛ' | 'Ɛ' => "e",
        'ɔ' | 'Ɔ' => "o",
        'ŋ' | 'Ŋ' => "n",
        // N'Diaye is written Ndiaye as well.
        '\'' | '’' | 'ʼ' | '‘' | '`' => "",
        _ => {
            return letter
                .nfd()
                .filter(|c| !is_combining_mark(*c))
                .flat_map(char::to_lowercase)
                .collect();
        }
    };
    spelled.chars().collect()
}

/// The key of a word: equal for the spellings of one name.
pub(super) fn key(word: &str) -> String {
    if is_number(word) {
        return word.to_owned();
    }
    let sound = sound(word);
    VARIANTS.get(&sound).cloned().unwrap_or(sound)
}

/// The sound of a word, by the rules alone.
fn sound(word: &str) -> String {
    let mut spoken = without_mute_end(word);
    for (from, to) in SPELLINGS {
        // Most rules have nothing to do in a word: only one that has makes another text.
        if spoken.contains(from) {
            spoken = spoken.replace(from, to);
        }
    }
    let mut sound = String::with_capacity(spoken.len());
    for letter in spoken.chars() {
        if !sound.ends_with(letter) {
            sound.push(letter);
        }
    }
    sound
}

/// A final e is often left out or added (Cissé, Ciss; Traor), and a final w is not said (Sow).
fn without_mute_end(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ce") {
        return format!("{stem}s");
    }
    let stem = word.strip_suffix('e').filter(|stem| stem.len() >= 3);
    stem.or(word.strip_suffix("w").filter(|stem| stem.ends_with('o'))).unwrap_or(word).to_owned()
}

/// A number in a name is said one way only: people of an anonymous file differ by nothing else.
pub(super) fn is_number(word: &str) -> bool {
    word.chars().any(char::is_numeric)
}

/// A coarser key, under which a name is looked up: first letter and consonants, so that a vowel
/// more or less still finds it.
pub(super) fn skeleton(key: &str) -> String {
    const LETTERS_MAX: usize = 4;
    if is_number(key) {
        return key.to_owned();
    }
    let is_kept = |(place, letter): &(usize, char)| {
        *place == 0 || !matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'w' | 'y')
    };
    key.chars().enumerate().filter(is_kept).map(|(_, letter)| letter).take(LETTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(name: &str) -> String {
        let words = words(name);
        assert_eq!(words.len(), 1, "{name}");
        key(&words[0])
    }

    #[test]
    fn spellings_of_one_name_have_one_key() {
        let names: &[&[&str]] = &[
            &["Ouattara", "Wattara", "Watara"],
            &["Coulibaly", "Koulibali", "Kulibali", "Coulibali", "KOULIBALY"],
            &["Diarra", "Jara", "Djarra", "Dyara"],
            &["Djeneba", "Jeneba", "Diénéba", "Djénéba"],
            &["Cissé", "Sissé", "Cisse", "Ciss"],
            &["Sissoko", "Cissokho", "Sissokho", "Cissoko"],
            &["Touré", "Ture", "Toure", "Tour"],
            &["Traoré", "Traore", "Taraoré", "Tarawélé"],
            &["Keïta", "Keita", "Keyta", "Kéita"],
            &["Sylla", "Silla"],
            &["Niaré", "Gnaré", "Nyaré", "Ɲaré", "Ñaré"],
            &["Mariam", "Maryam", "Mariama"],
            &["N'Diaye", "Ndiaye", "N’Diaye", "Njaye"],
            &["Fatoumata", "Fatimata", "Fatou"],
            &["Aminata", "Ami"],
            &["Boubacar", "Aboubacar", "Boubakar"],
            &["Amadou", "Ahmadou", "Hamadou"],
            &["Mamadou", "Mahamadou", "Mamadu"],
            &["Mohamed", "Mohammed", "Mouhamed"],
            &["Hawa", "Awa"],
            &["Oumar", "Omar", "Umar"],
            &["Konaté", "Konate"],
            &["Dembélé", "Denbélé", "Dembele"],
            &["Guindo", "Gindo"],
            &["Thiam", "Tiam"],
            &["Diallo", "Jalloh", "Dialo"],
            &["Sow", "So"],
        ];
        for spellings in names {
            for spelling in *spellings {
                assert_eq!(key_of(spelling), key_of(spellings[0]), "{spelling}");
            }
        }
    }

    #[test]
    fn different_names_have_different_keys() {
        let names = [
            "Mamadou",
            "Mohamed",
            "Amadou",
            "Moussa",
            "Issa",
            "Seydou",
            "Fatoumata",
            "Aminata",
            "Mamoudou",
            "Awa",
            "Adama",
            "Traoré",
            "Touré",
            "Diarra",
            "Diallo",
            "Keïta",
            "Koné",
            "Konaté",
            "Sissoko",
            "Cissé",
            "Lassana",
            "Fousseyni",
        ];
        let mut keys: Vec<_> = names.map(key_of).into();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), names.len());
    }

    #[test]
    fn particles_case_and_hyphens_do_not_count() {
        assert_eq!(words("EL-HADJ Ag  Ali dit Bêbê"), ["ali", "bebe"]);
        assert_eq!(words("Cheick-Oumar"), ["cheick", "oumar"]);
        assert_eq!(words("e\u{301}le\u{300}ne"), ["elene"]);
        assert_eq!(words("Hadja"), ["hadja"]);
        assert!(words(" - ").is_empty());
    }

    #[test]
    fn the_table_is_read_whole_and_maps_each_spelling_once() {
        let text = include_str!("../../data/name_variants.csv");
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).skip(1).collect();
        let mut seen = HashMap::new();
        for line in &lines {
            let (name, others) = line.split_once(';').unwrap();
            for word in others.split(' ').chain([name]) {
                assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()), "{word}");
                let before = seen.insert(sound(word), name);
                assert!(before.is_none_or(|before| before == name), "{word} stands twice");
            }
        }
        assert!(lines.len() > 20);
    }
}
