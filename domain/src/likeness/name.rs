//! Names side by side, word by word.

use sira_numbers::counted;
use strsim::osa_distance;

use super::fold;

/// Words of a name that are compared and looked up: a name of more is cut in its middle.
const WORDS_MAX: usize = 4;
/// Shorter words are one word only when they are equal: one letter is much of them.
const SLIP_FROM_LETTERS: usize = 3;
/// Letters from which on the beginning of a word stands for it.
const BEGINNING_FROM_LETTERS: usize = 4;
/// Of ten letters, those that two words have in common at least when they are somewhat alike.
const SOMEWHAT_FROM_TENTHS: usize = 6;
/// Letters from which on a name that is written in one word is held against one in several.
const JOINED_FROM_LETTERS: usize = 8;

/// The points of names that are equal, word by word.
const EQUAL: i32 = 70;
/// The points taken off for a word with a slip of the pen: Traoré, Traroé.
const SLIP: i32 = 10;
/// The points taken off for a word that is only somewhat alike.
const SOMEWHAT: i32 = 35;
/// The points of a name of which one word is another: brothers and sisters, a name that was changed.
const ONE_OTHER: i32 = -20;
/// The points of a lone word that stands in a longer name: a given name alone says nothing.
const LONE: i32 = 10;
/// The points of a lone word with a slip.
const LONE_SLIP: i32 = 0;
/// The points of two names.
const OTHER: i32 = -100;
/// The points of a name that few people bear.
const RARE: i32 = 25;
/// The points of a name that few people bear, of which one word is another or is not told: a family of few.
const RARE_BUT_ONE: i32 = 45;

/// A word of a name.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// As it is written, in plain letters.
    plain: String,
    /// As it is said.
    pub(super) key: String,
    /// Whether many bear it.
    pub(super) is_common: bool,
}

impl Word {
    fn new(plain: String) -> Self {
        let key = fold::key(&plain);
        let is_common = fold::is_common(&key);
        Self { plain, key, is_common }
    }
}

/// The words of a name that are compared.
pub(super) fn words(name: &str) -> Vec<Word> {
    let mut words: Vec<_> = fold::words(name).into_iter().map(Word::new).collect();
    if words.len() > WORDS_MAX {
        // First names and the family name, whichever end it is written at.
        words.drain(WORDS_MAX - 1..words.len() - 1);
    }
    words
}

/// How alike two words are, the most alike first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// One name, in whatever spelling.
    Equal,
    /// One letter too many, too few, another one, or two that have changed places.
    Slip,
    /// More than that, and yet alike.
    Somewhat,
    /// Two words.
    Other,
    /// Two words that are known to be two: names that many bear, numbers.
    Known,
}

fn nearness(one: &Word, other: &Word) -> Nearness {
    if one.key == other.key {
        return Nearness::Equal;
    }
    let number = fold::is_number(&one.plain) || fold::is_number(&other.plain);
    if number || (one.is_common && other.is_common) {
        return Nearness::Known;
    }
    if is_slip(&one.plain, &other.plain) || is_slip(&one.key, &other.key) {
        Nearness::Slip
    } else if is_somewhat(&one.plain, &other.plain) || is_somewhat(&one.key, &other.key) {
        Nearness::Somewhat
    } else {
        Nearness::Other
    }
}

/// Tells whether two texts differ by a slip of the pen.
pub(super) fn is_slip(one: &str, other: &str) -> bool {
    let (one_letters, other_letters) = (one.chars().count(), other.chars().count());
    one_letters.min(other_letters) >= SLIP_FROM_LETTERS
        && one_letters.abs_diff(other_letters) <= 1
        && osa_distance(one, other) == 1
}

/// Tells whether one is the beginning of the other, or most letters are the same.
pub(super) fn is_somewhat(one: &str, other: &str) -> bool {
    let (short, long) =
        if one.chars().count() <= other.chars().count() { (one, other) } else { (other, one) };
    let (few, many) = (short.chars().count(), long.chars().count());
    if few >= BEGINNING_FROM_LETTERS && long.starts_with(short) {
        return true;
    }
    // What the lengths differ by is the least that the words do.
    few * 10 >= many * SOMEWHAT_FROM_TENTHS
        && (many - osa_distance(short, long).min(many)) * 10 >= many * SOMEWHAT_FROM_TENTHS
}

/// What two names are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// One name: each word of the shorter one has its own in the longer one.
    One,
    /// One word stands against several, and is one of them.
    Lone,
    /// One word is another: brothers and sisters are.
    OneOther,
    /// Two names.
    Two,
}

/// Names side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared {
    pub(super) names: Names,
    pub(super) points: i32,
}

/// Compares two names, whatever the order of their words. Further words of the longer one do not count.
pub(super) fn compare(one: &[Word], other: &[Word]) -> Compared {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.is_empty() {
        return Compared { names: Names::Two, points: OTHER };
    }
    let matched = matched(short, long);
    let count = |nearness| counted(matched.iter().filter(|(_, near)| *near == nearness).count());
    let (equal, slips, somewhat) =
        (count(Nearness::Equal), count(Nearness::Slip), count(Nearness::Somewhat));
    let known = count(Nearness::Known);
    let others = count(Nearness::Other) + known;
    let is_lone = short.len() == 1 && long.len() > 1;
    let has_rare_words =
        matched.iter().all(|(is_common, near)| *near >= Nearness::Other || !is_common);
    let (names, points) = match (others, equal + slips) {
        (0, 1) if is_lone => (Names::Lone, if equal == 1 { LONE } else { LONE_SLIP }),
        (0, _) if !is_lone && somewhat == 0 => (Names::One, EQUAL - of(slips, SLIP)),
        _ if are_joined(short, long) => (Names::One, EQUAL - SLIP),
        (0, _) if !is_lone => (Names::One, EQUAL - of(slips, SLIP) - of(somewhat, SOMEWHAT)),
        (1, _) if short.len() > 1 => {
            (Names::OneOther, ONE_OTHER - of(slips, SLIP) - of(somewhat, SOMEWHAT))
        }
        _ => (Names::Two, OTHER),
    };
    let is_rare = has_rare_words && known == 0 && names != Names::Two;
    let rare = if names == Names::One { RARE } else { RARE_BUT_ONE };
    Compared { names, points: points + if is_rare { rare } else { 0 } }
}

fn of(count: u32, points: i32) -> i32 {
    i32::try_from(count).map_or(0, |count| count * points)
}

/// Each word of the shorter name beside its own in the longer one, the most alike first, so that a near
/// word never takes the place of an equal one: whether many bear either of the two, and how near they are.
fn matched(short: &[Word], long: &[Word]) -> Vec<(bool, Nearness)> {
    let mut all: Vec<_> = short
        .iter()
        .enumerate()
        .flat_map(|(mine, word)| {
            long.iter().enumerate().map(move |(its, other)| (nearness(word, other), mine, its))
        })
        .collect();
    all.sort_unstable();
    let (mut left, mut taken, mut matched) =
        (vec![true; short.len()], vec![true; long.len()], Vec::new());
    for (near, mine, its) in all {
        if left[mine] && taken[its] {
            (left[mine], taken[its]) = (false, false);
            matched.push((short[mine].is_common || long[its].is_common, near));
        }
    }
    matched
}

/// Tells whether two names are one when spaces do not count: Cheick Oumar, Cheickoumar.
fn are_joined(short: &[Word], long: &[Word]) -> bool {
    let joined = |words: &[Word]| words.iter().map(|word| word.plain.as_str()).collect::<String>();
    let (one, other) = (joined(short), joined(long));
    let has_number = short.iter().chain(long).any(|word| fold::is_number(&word.plain));
    short.len() != long.len()
        && !has_number
        && one.chars().count() >= JOINED_FROM_LETTERS
        && (one == other || is_slip(&one, &other))
}
