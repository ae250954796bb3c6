//! What a person is looked up by: short texts that alike people share.
//!
//! Each is as selective as what it stands for is telling, so that a search meets a handful of people in a
//! million, and several are made of each person, so that a slip in one part leaves those of the others.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

use chrono::NaiveDate;

use super::PersonProfile;
use super::fold;
use super::name::Word;

/// Letters of a locality that two words of a name which few bear are looked up with: a slip behind them
/// still finds it.
const LOCALITY_BEGINS: usize = 2;

/// The terms that a person is looked up by. Personal data in clear: only keyed hashes of it are stored.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// The national id.
    pub national_id: Option<String>,
    /// The phone number in E.164.
    pub phone: Option<String>,
    /// Each two words of the name with the birth year and the region or the locality; words that few bear
    /// with the year or the locality alone.
    pub names: Vec<String>,
    /// The day of birth with a word of the name, with the region, and its place in the year with two words.
    pub births: Vec<String>,
    /// A word of the name, with the year and the locality or with how another word begins or ends.
    pub parts: Vec<String>,
}

impl fmt::Debug for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Terms(..)")
    }
}

/// Two words of a name.
struct Two<'a> {
    one: &'a Word,
    other: &'a Word,
}

impl Two<'_> {
    /// The two in one order, whichever is written first.
    fn term(&self) -> String {
        let (one, other) = (fold::skeleton(&self.one.key), fold::skeleton(&self.other.key));
        format!("{}+{}", (&one).min(&other), (&one).max(&other))
    }

    fn is_rare(&self) -> bool {
        !self.one.is_common && !self.other.is_common
    }
}

impl PersonProfile {
    /// The terms that this person is found by: some 12 of a name of two words, 52 at most.
    #[must_use]
    pub fn terms(&self) -> Terms {
        let year = self.birth.year;
        Terms {
            national_id: self.national_id.clone(),
            phone: self.phone.clone(),
            names: self.names(year..=year),
            births: self.birth.day.map(|day| self.births(day, true)).unwrap_or_default(),
            parts: self.parts(&[self.locality.is_some()]),
        }
    }

    /// The terms that people alike are sought by: as [`PersonProfile::terms`], for whole names in the years
    /// beside too, and with day and month of the birth in each other's place.
    #[must_use]
    pub fn sought(&self) -> Terms {
        let years = self.birth.year - 1..=self.birth.year + 1;
        let mut births = self.terms().births;
        births.extend(self.birth.swapped().into_iter().flat_map(|day| self.births(day, false)));
        // Who tells a locality is held against whoever does by the locality.
        let with_locality: &[bool] =
            if self.locality.is_some() { &[false] } else { &[true, false] };
        Terms {
            national_id: self.national_id.clone(),
            phone: self.phone.clone(),
            names: self.names(years),
            births,
            parts: self.parts(with_locality),
        }
    }

    fn names(&self, years: RangeInclusive<i32>) -> Vec<String> {
        let mut names = BTreeSet::new();
        for two in self.twos() {
            let pair = two.term();
            for year in years.clone() {
                if let Some(region) = self.region {
                    names.insert(format!("{pair}/{year}/region/{}", region.code()));
                }
                if let Some(locality) = &self.locality {
                    names.insert(format!("{pair}/{year}/locality/{locality}"));
                }
            }
            if two.is_rare() {
                names.insert(format!("{pair}/{}", self.birth.year));
                if let Some(locality) = &self.locality {
                    let begins: String = locality.chars().take(LOCALITY_BEGINS).collect();
                    names.insert(format!("{pair}/locality/{begins}"));
                }
            }
        }
        names.into_iter().collect()
    }

    fn births(&self, day: NaiveDate, is_told: bool) -> Vec<String> {
        let mut births: BTreeSet<_> =
            self.skeletons().map(|word| format!("{day}/word/{word}")).collect();
        if is_told {
            births.extend(self.region.map(|region| format!("{day}/region/{}", region.code())));
            let in_the_year = day.format("%m-%d");
            births.extend(self.twos().map(|two| format!("{}/{in_the_year}", two.term())));
        }
        births.into_iter().collect()
    }

    /// Words with the locality; and with how another word begins and ends, under whether a locality is told:
    /// a region holds too many to be sought in where a village can be.
    fn parts(&self, with_locality: &[bool]) -> Vec<String> {
        let mut parts = BTreeSet::new();
        if let Some(locality) = &self.locality {
            let is_rare = self.name.iter().all(|word| !word.is_common);
            for word in self.skeletons() {
                parts.insert(format!("{word}/{}/locality/{locality}", self.birth.year));
                if is_rare {
                    parts.insert(format!("{word}/locality/{locality}"));
                }
            }
        }
        let outer = match self.name.as_slice() {
            [first, .., last] => vec![(first, last), (last, first)],
            _ => Vec::new(),
        };
        let (Some(region), year) = (self.region, self.birth.year) else {
            return parts.into_iter().collect();
        };
        for (whole, other) in outer {
            let ends = [("begins", other.key.chars().next()), ("ends", other.key.chars().last())];
            for (how, letter) in ends {
                let Some(letter) = letter else { continue };
                for told in with_locality {
                    let place = format!("{}/{told}", region.code());
                    parts.insert(format!("{}/{how}/{letter}/{year}/{place}", whole.key));
                }
            }
        }
        parts.into_iter().collect()
    }

    /// Each two words of the name; the word alone when there is but one.
    fn twos(&self) -> impl Iterator<Item = Two<'_>> {
        let is_lone = self.name.len() == 1;
        let words = self.name.iter().enumerate();
        words.flat_map(move |(place, one)| {
            let rest = if is_lone { &self.name[..] } else { &self.name[place + 1..] };
            rest.iter().map(move |other| Two { one, other })
        })
    }

    fn skeletons(&self) -> impl Iterator<Item = String> {
        self.name.iter().map(|word| fold::skeleton(&word.key))
    }
}
