//! How alike two people are: by national id, by phone, or by name, birth and place.
//!
//! Pure, and in whole numbers. A score says how sure one may be that two registrations are of one
//! person; people decide. What is looked up before anything is compared are [`Terms`]: short texts
//! that alike people share, few for each person, so that an index over them needs no other search.

mod birth;
mod fold;
mod name;
mod place;
mod search;
mod terms;

use std::fmt;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_numbers::at_most;
use strsim::osa_distance;

use crate::identity::Identity;
use crate::reference::RegionCode;

use birth::{Birth, Births};
use name::{Compared, Names, Word};
use place::{Place, Places};

pub use search::{SOUGHT_WORDS_MAX, searched_by, sought_by};
pub use terms::Terms;

/// From this score on two registrations are proposed as one person. Below it are only people with a
/// name or a phone in common.
pub const PROPOSED_FROM: u8 = 40;

/// The score of one national id: whatever else differs.
const SAME_NATIONAL_ID: u8 = 100;
/// The score of one phone with a name and birth alike, wherever the two live.
const SAME_PHONE_AND_NAME: u8 = 90;
/// The score of one phone with a lone given name that stands in the other's name, and a birth alike; of one
/// phone with one name, and another birth; and of one phone and one day of birth, with another name.
const SAME_PHONE_AND_MORE: u8 = 60;
/// The points of one day of birth in two villages of one region, beside those of the two villages.
const MOVED_IN_ONE_REGION: i32 = 20;
/// The score of one phone and nothing else: a shop, a village may share it.
const SAME_PHONE: u8 = 40;
/// The score of one phone with one word of the name: brothers, sisters and twins share it. Not proposed.
const PHONE_OF_A_FAMILY: u8 = 30;

/// Why two registrations may be of one person.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// One national identification number.
    NationalId,
    /// The same phone number.
    Phone,
    /// Alike in name and birth, and nothing speaks against one place.
    NameBirthLocality,
    /// Alike in name, with one day of birth, in two places.
    NameBirthDate,
    /// Alike in a name that few people bear, and in the year of birth, in two places.
    RareName,
}

impl Reason {
    /// Every reason.
    const ALL: [Self; 5] = [
        Self::NationalId,
        Self::Phone,
        Self::NameBirthLocality,
        Self::NameBirthDate,
        Self::RareName,
    ];

    /// The word in answers and tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NationalId => "national_id",
            Self::Phone => "phone",
            Self::NameBirthLocality => "name_birth_locality",
            Self::NameBirthDate => "name_birth_date",
            Self::RareName => "rare_name",
        }
    }

    /// The reason that a word stands for.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
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
pub struct PersonProfile {
    name: Vec<Word>,
    birth: Birth,
    region: Option<RegionCode>,
    /// Keys of the locality's words.
    locality: Option<String>,
    /// Keys of the address's words.
    address: Option<String>,
    phone: Option<String>,
    national_id: Option<String>,
}

impl fmt::Debug for PersonProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonProfile(..)")
    }
}

impl PersonProfile {
    /// The part of an identity that is compared; year and region are kept outside of it.
    #[must_use]
    pub fn new(identity: &Identity, birth_year: i32, region: Option<RegionCode>) -> Self {
        let day: Option<NaiveDate> = identity.birth_date;
        Self {
            name: name::words(identity.name.as_str()),
            birth: Birth::new(birth_year, day),
            region,
            locality: identity.locality.as_ref().and_then(|locality| joined(locality.as_str())),
            address: identity.address.as_ref().and_then(|address| joined(address.as_str())),
            phone: identity.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            national_id: identity
                .nina
                .as_ref()
                .filter(|nina| nina.is_regular())
                .map(|nina| nina.as_str().to_owned()),
        }
    }

    fn place(&self) -> Place<'_> {
        Place {
            region: self.region,
            locality: self.locality.as_deref(),
            address: self.address.as_deref(),
        }
    }
}

/// The keys of a text's words in one; none when it has no word.
fn joined(text: &str) -> Option<String> {
    let keys: String = fold::words(text).iter().map(|word| fold::key(word)).collect();
    (!keys.is_empty()).then_some(keys)
}

/// Measures how alike two people are; the same whichever is named first.
#[must_use]
pub fn likeness(one: &PersonProfile, other: &PersonProfile) -> Likeness {
    let names = name::compare(&one.name, &other.name);
    let births = birth::compare(one.birth, other.birth);
    let mut found = Likeness::default();
    let mut add = |score: u8, reason| {
        found.score = found.score.max(score);
        found.reasons.push(reason);
    };
    if one.national_id.is_some() && one.national_id == other.national_id {
        add(SAME_NATIONAL_ID, Reason::NationalId);
    }
    let are_two = have_other_ids(one, other);
    if one.phone.is_some() && one.phone == other.phone {
        add(score_by_phone(names, births.0, are_two), Reason::Phone);
    }
    if !are_two && let Some((score, reason)) = score_by_name(one, other, names, births) {
        add(score, reason);
    }
    found
}

fn score_by_phone(names: Compared, births: Births, are_two: bool) -> u8 {
    match names.names {
        _ if are_two => SAME_PHONE,
        Names::One if births != Births::Two => SAME_PHONE_AND_NAME,
        Names::One => SAME_PHONE_AND_MORE,
        Names::Lone if births != Births::Two => SAME_PHONE_AND_MORE,
        Names::Lone | Names::OneOther => PHONE_OF_A_FAMILY,
        Names::Two if births == Births::OneDay => SAME_PHONE_AND_MORE,
        Names::Two => SAME_PHONE,
    }
}

/// Name, birth and place together, each with points for and against; none below what is proposed.
fn score_by_name(
    one: &PersonProfile,
    other: &PersonProfile,
    names: Compared,
    (births, birth_points): (Births, i32),
) -> Option<(u8, Reason)> {
    // Brothers and sisters share a name, a village and the years; a day of birth only twins do.
    if names.names == Names::OneOther && births != Births::OneDay {
        return None;
    }
    let (places, place_points) = place::compare(&one.place(), &other.place());
    let has_moved_near = places == Places::Two
        && births == Births::OneDay
        && one.region.is_some()
        && one.region == other.region;
    let moved = if has_moved_near { MOVED_IN_ONE_REGION } else { 0 };
    let points = names.points + birth_points + place_points + moved;
    let score = at_most(u64::try_from(points).ok()?, 99);
    let reason = match (places, births) {
        (Places::NotTwo, _) => Reason::NameBirthLocality,
        (Places::Two, Births::OneDay) => Reason::NameBirthDate,
        (Places::Two, _) => Reason::RareName,
    };
    (score >= PROPOSED_FROM).then_some((score, reason))
}

/// Two national ids that differ in more than a slip of the pen are two people.
fn have_other_ids(one: &PersonProfile, other: &PersonProfile) -> bool {
    match (&one.national_id, &other.national_id) {
        (Some(one), Some(other)) => osa_distance(one, other) > 1,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
