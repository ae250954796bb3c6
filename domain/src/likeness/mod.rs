//! How alike two people are: by national id, by phone, or by name, birth year and place.
//!
//! Pure, and in whole numbers. A score says how sure one may be that two registrations are of one
//! person; people decide. What is looked up before anything is compared are [`Terms`]: short texts
//! that alike people share, few for each person, so that an index over them needs no other search.

mod fold;
mod search;

use std::fmt;

use serde::{Deserialize, Serialize};
use strsim::osa_distance;

use crate::identity::Identity;
use crate::reference::RegionCode;

pub use search::{SOUGHT_WORDS_MAX, searched_by, sought_by};

/// From this score on two registrations are proposed as one person. Below it are only people with a
/// name in common.
pub const PROPOSED_FROM: u8 = 40;

/// The score of one national id: whatever else differs.
const SAME_NATIONAL_ID: u8 = 100;
/// The score of one phone and nothing else: a family, a shop, a village may share it.
const SAME_PHONE: u8 = 40;
/// The score of one phone with a name and birth year alike, wherever the two live.
const SAME_PHONE_AND_NAME: u8 = 90;
/// The points of names that are equal, word by word, count; less for words that are only near.
const SAME_NAME: u32 = 70;
/// The points of one birth year; a year beside it counts half, for years are often estimated.
const SAME_YEAR: u8 = 10;
/// The points of one village or quarter.
const SAME_PLACE: u8 = 15;
/// The points taken off when a place is not known, within one region.
const UNKNOWN_PLACE: u8 = 10;
/// Words are near when they differ in one letter, from this many letters on.
const NEAR_FROM_LETTERS: usize = 5;
/// The points of a near word, an equal one being 100.
const NEAR_WORD: u32 = 85;
/// From this mean of its words on a name is alike.
const ALIKE_NAME_FROM: u32 = 85;
/// Words of a name that are compared and looked up: a name of more is cut in its middle.
const WORDS_MAX: usize = 4;

/// A reason why two registrations may be of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// One national identification number.
    NationalId,
    /// The same phone number.
    Phone,
    /// Alike in name and birth year, and nothing speaks against one place.
    NameBirthLocality,
}

impl Reason {
    /// The word in answers and tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NationalId => "national_id",
            Self::Phone => "phone",
            Self::NameBirthLocality => "name_birth_locality",
        }
    }

    /// The reason that a word stands for.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::NationalId, Self::Phone, Self::NameBirthLocality]
            .into_iter()
            .find(|reason| reason.word() == word)
    }
}

/// A measure of how alike two people are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Likeness {
    /// From 0, nothing in common, to 100, one person.
    pub score: u8,
    /// The reasons, the strongest first; empty when the score is 0.
    pub reasons: Vec<Reason>,
}

impl Likeness {
    /// Tells whether it is worth a person's look.
    #[must_use]
    pub fn is_proposed(&self) -> bool {
        self.score >= PROPOSED_FROM
    }
}

/// The part of a person that is compared. Personal data in clear: it is never stored or logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    /// Keys of the name's words.
    name: Vec<String>,
    birth_year: i32,
    region: Option<RegionCode>,
    /// Keys of the locality's words.
    locality: Option<String>,
    phone: Option<String>,
    national_id: Option<String>,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile(..)")
    }
}

/// The terms that a person is looked up by. Personal data in clear: only keyed hashes of it are stored.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// The national id.
    pub national_id: Option<String>,
    /// The phone number in E.164.
    pub phone: Option<String>,
    /// Each two words of the name with the birth year and the region or the locality.
    pub names: Vec<String>,
}

impl fmt::Debug for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Terms(..)")
    }
}

impl Profile {
    /// The part of an identity that is compared; year and region are kept outside of it.
    #[must_use]
    pub fn new(identity: &Identity, birth_year: i32, region: Option<RegionCode>) -> Self {
        let mut name: Vec<_> = keys(identity.name.as_str());
        if name.len() > WORDS_MAX {
            // First names and the family name, whichever end it is written at.
            name.drain(WORDS_MAX - 1..name.len() - 1);
        }
        let locality = identity.locality.as_ref().map(|locality| keys(locality.as_str()).concat());
        Self {
            name,
            birth_year,
            region,
            locality: locality.filter(|locality| !locality.is_empty()),
            phone: identity.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            national_id: identity.nina.as_ref().map(|nina| nina.as_str().to_owned()),
        }
    }

    /// The terms that this person is found by: at most 14 terms.
    #[must_use]
    pub fn terms(&self) -> Terms {
        self.terms_in(self.birth_year..=self.birth_year)
    }

    /// The terms that people alike are sought by: as [`Profile::terms`], in the years beside too.
    #[must_use]
    pub fn sought(&self) -> Terms {
        self.terms_in(self.birth_year - 1..=self.birth_year + 1)
    }

    fn terms_in(&self, years: std::ops::RangeInclusive<i32>) -> Terms {
        let mut names = Vec::new();
        for pair in self.pairs() {
            for year in years.clone() {
                if let Some(region) = self.region {
                    names.push(format!("{pair}/{year}/region/{}", region.code()));
                }
                if let Some(locality) = &self.locality {
                    names.push(format!("{pair}/{year}/locality/{locality}"));
                }
            }
        }
        Terms { national_id: self.national_id.clone(), phone: self.phone.clone(), names }
    }

    /// Each two words of the name, in one order; the word alone when there is but one.
    fn pairs(&self) -> Vec<String> {
        let words: Vec<_> = self.name.iter().map(|key| fold::skeleton(key)).collect();
        if let [word] = words.as_slice() {
            return vec![word.clone()];
        }
        let mut pairs = Vec::new();
        for (place, one) in words.iter().enumerate() {
            for other in &words[place + 1..] {
                pairs.push(format!("{}+{}", one.min(other), one.max(other)));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}

fn keys(text: &str) -> Vec<String> {
    fold::words(text).iter().map(|word| fold::key(word)).collect()
}

/// Measures how alike two people are; the same whichever is named first.
#[must_use]
pub fn likeness(one: &Profile, other: &Profile) -> Likeness {
    let by_name = score_by_name(one, other);
    let same_phone = one.phone.is_some() && one.phone == other.phone;
    let mut found = Likeness::default();
    let mut add = |score: u8, reason| {
        found.score = found.score.max(score);
        found.reasons.push(reason);
    };
    if one.national_id.is_some() && one.national_id == other.national_id {
        add(SAME_NATIONAL_ID, Reason::NationalId);
    }
    if same_phone {
        let alike = name_likeness(one, other).is_some() && years_apart(one, other) <= 1;
        let alike = alike && !have_other_ids(one, other);
        add(if alike { SAME_PHONE_AND_NAME } else { SAME_PHONE }, Reason::Phone);
    }
    if by_name >= PROPOSED_FROM {
        add(by_name, Reason::NameBirthLocality);
    }
    found
}

/// Name, birth year and place together; 0 as soon as one of them speaks against it.
fn score_by_name(one: &Profile, other: &Profile) -> u8 {
    let Some(name) = name_likeness(one, other) else { return 0 };
    if have_other_ids(one, other) {
        return 0;
    }
    let year = match years_apart(one, other) {
        0 => SAME_YEAR,
        1 => SAME_YEAR / 2,
        _ => return 0,
    };
    let name = u8::try_from(SAME_NAME * name / 100).unwrap_or(u8::MAX);
    match (&one.locality, &other.locality) {
        (Some(one), Some(other)) if is_near(one, other) => name + year + SAME_PLACE,
        (Some(_), Some(_)) => 0,
        _ if one.region.is_some() && one.region == other.region => name + year - UNKNOWN_PLACE,
        _ => 0,
    }
}

fn years_apart(one: &Profile, other: &Profile) -> u32 {
    one.birth_year.abs_diff(other.birth_year)
}

/// Two national ids that differ in more than a slip of the pen are two people.
fn have_other_ids(one: &Profile, other: &Profile) -> bool {
    match (&one.national_id, &other.national_id) {
        (Some(one), Some(other)) => osa_distance(one, other) > 1,
        _ => false,
    }
}

/// The mean likeness of the words of the shorter name, each with a word of its own in the longer
/// one, whatever the order; further words of the longer name do not count. None when it is not
/// alike, or when one word stands against several: a given name alone says nothing.
fn name_likeness(one: &Profile, other: &Profile) -> Option<u32> {
    let (short, long) = if one.name.len() <= other.name.len() {
        (&one.name, &other.name)
    } else {
        (&other.name, &one.name)
    };
    if short.is_empty() || (short.len() == 1 && long.len() > 1) {
        return None;
    }
    // Equal words first, so that a near word never takes the place of an equal one.
    let mut left: Vec<&str> = long.iter().map(String::as_str).collect();
    let mut unmatched = Vec::new();
    for word in short {
        match left.iter().position(|candidate| candidate == word) {
            Some(place) => drop(left.swap_remove(place)),
            None => unmatched.push(word),
        }
    }
    let words = u32::try_from(short.len()).unwrap_or(u32::MAX);
    let mut sum = 100 * (words - u32::try_from(unmatched.len()).unwrap_or(words));
    for word in unmatched {
        let place = left.iter().position(|candidate| is_near(candidate, word))?;
        left.swap_remove(place);
        sum += NEAR_WORD;
    }
    Some(sum / words).filter(|mean| *mean >= ALIKE_NAME_FROM)
}

/// Equal, or one slip apart with the same first letter: Amadou and Mamadou are two names.
fn is_near(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let shorter = one.chars().count().min(other.chars().count());
    shorter >= NEAR_FROM_LETTERS
        && one.chars().next() == other.chars().next()
        && !fold::is_number(one)
        && !fold::is_number(other)
        && osa_distance(one, other) == 1
}

#[cfg(test)]
mod tests;
