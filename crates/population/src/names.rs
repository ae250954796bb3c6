//! Invented people: first names as they are heard, surnames that nobody bears, and a mark between the
//! two. A name reads "Aminata Fictive Baloumara": at home on a screen, and nobody's.
//!
//! National ids begin with 99 (no nationality and no sex has a 9) and phone numbers with 3 (no
//! operator of Mali has that range), so that neither can be dialled or belong to anyone.

use sira_domain::identity::{Identity, Nina, Phone};
use sira_domain::path::facts::Sex;
use sira_domain::reference::RegionCode;
use sira_domain::values::{Text, ValueError};
use sira_numbers::at_most;

use crate::chance::Chance;

const WOMEN: [&str; 24] = [
    "Aminata",
    "Fatoumata",
    "Mariam",
    "Kadiatou",
    "Oumou",
    "Djeneba",
    "Hawa",
    "Aïssata",
    "Assétou",
    "Awa",
    "Bintou",
    "Coumba",
    "Fanta",
    "Korotoumou",
    "Maïmouna",
    "Nana",
    "Niagalé",
    "Rokia",
    "Safiatou",
    "Salimata",
    "Sira",
    "Sitan",
    "Tenin",
    "Zeïnabou",
];
const MEN: [&str; 24] = [
    "Adama",
    "Abdoulaye",
    "Amadou",
    "Bakary",
    "Boubacar",
    "Daouda",
    "Drissa",
    "Fousseyni",
    "Ibrahim",
    "Issa",
    "Lassana",
    "Madou",
    "Mahamane",
    "Mamadou",
    "Modibo",
    "Moussa",
    "Oumar",
    "Ousmane",
    "Salif",
    "Sékou",
    "Seydou",
    "Souleymane",
    "Yacouba",
    "Youssouf",
];
/// First and last parts of surnames; no pair is a surname that is borne.
const HEADS: [&str; 20] = [
    "Balou", "Bembi", "Dagnou", "Dolim", "Fabou", "Gantou", "Kalbi", "Kenza", "Komba", "Lassou",
    "Mandou", "Nagnou", "Niamba", "Ouarbi", "Sambi", "Sorgou", "Tamba", "Tiembi", "Woloum",
    "Zanbi",
];
const TAILS: [&str; 15] = [
    "mara", "koro", "nadou", "gassou", "lima", "bori", "téba", "fama", "doula", "rakou", "sinko",
    "melin", "naré", "goula", "pari",
];
const QUARTERS: [&str; 10] = [
    "Quartier du Marché",
    "Quartier du Fleuve",
    "Quartier Commerce",
    "Secteur 2",
    "Secteur 5",
    "Médine",
    "Hamdallaye",
    "Missira",
    "Dougoukoro",
    "Banankoro",
];

/// Who somebody is, as told at registration.
#[derive(Clone)]
pub(crate) struct Person {
    pub sex: Sex,
    pub birth_year: u32,
    first: &'static str,
    surname: String,
    phone: Option<u64>,
    nina: Option<String>,
    birth_date: bool,
    locality: &'static str,
}

impl Person {
    /// Invents somebody. `number` keeps national ids apart.
    pub fn invent(sex: Sex, birth_year: u32, number: u64, chance: &mut Chance) -> Self {
        let firsts: &[&str] = if sex == Sex::Female { &WOMEN } else { &MEN };
        let surname = format!("{}{}", chance.pick(&HEADS), chance.pick(&TAILS));
        // One phone in twenty serves a whole compound.
        let phone = if chance.in_thousand(50) {
            chance.below(2_000)
        } else {
            2_000 + chance.below(9_998_000)
        };
        let letter = char::from(b'A' + at_most(chance.below(26), 25));
        let nina = format!("99{:02}{number:010}{letter}", birth_year % 100);
        Self {
            sex,
            birth_year,
            first: *chance.pick(firsts),
            surname,
            phone: chance.in_thousand(940).then_some(phone),
            nina: chance.in_thousand(750).then_some(nina),
            birth_date: chance.in_thousand(450),
            locality: *chance.pick(&QUARTERS),
        }
    }

    /// The same person, written down by somebody else: another spelling, no national id.
    pub fn misheard(&self, chance: &mut Chance) -> Self {
        let mut again = self.clone();
        match chance.below(3) {
            0 => again.surname = again.surname.replacen("ou", "u", 1),
            1 => again.surname.push('h'),
            _ => again.birth_year += 1,
        }
        again.nina = None;
        again.birth_date = false;
        again
    }

    /// The identity to be sealed.
    pub fn identity(&self, region: RegionCode, number: u64) -> Result<Identity, ValueError> {
        let mark = if self.sex == Sex::Female { "Fictive" } else { "Fictif" };
        let phone = self.phone.map(|number| Phone::try_new(&format!("+2233{number:07}")));
        let nina = self.nina.as_deref().map(Nina::try_new);
        let day = at_most(number % 365, 364) + 1;
        let year = self.birth_year.cast_signed();
        let born = chrono::NaiveDate::from_yo_opt(year, day);
        Ok(Identity {
            name: Text::try_new(&format!("{} {mark} {}", self.first, self.surname))?,
            phone: phone.transpose()?,
            nina: nina.transpose()?,
            birth_date: born.filter(|_| self.birth_date),
            address: None,
            locality: Some(Text::try_new(&format!("{}, {}", self.locality, region.chef_lieu()))?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invented_person_is_marked_and_cannot_be_called() {
        let mut chance = Chance::new(1, 1);
        for number in 0..500 {
            let person = Person::invent(Sex::Female, 1999, number, &mut chance);
            let identity = person.identity("segou".parse().unwrap(), number).unwrap();
            assert!(identity.name.as_str().contains(" Fictive "));
            assert!(identity.phone.is_none_or(|phone| phone.as_str().starts_with("+2233")));
            assert!(identity.nina.is_none_or(|nina| nina.as_str().starts_with("99")));
        }
    }
}
