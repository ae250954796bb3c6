//! To which training group and to which funds a person belongs, whenever they came to.
//!
//! What somebody reached before they had a group or a fund is theirs all the same: a donor who asks how many of
//! its people were registered is not told none. So the group of every fact, and the fund of those that are not
//! about money, are the person's as of the moment of the question, and not the row's. Somebody whom several
//! funds finance is one of each fund's people, and one person in all.

use rustc_hash::FxHashMap;
use sira_numbers::counted;

use super::cube::Cube;
use super::facts::measure::Source;
use super::facts::{FigureFact, Measure};
use super::persons::Persons;

/// What stands for the group of somebody who never joined one: a fact keeps its own.
const NO_GROUP: u32 = u32::MAX;
/// The list of funds of those who have no approved financing: no fund, which is a group of its own.
const NO_FINANCING: u32 = 0;
/// The list of those whose approved financings name no fund.
const NO_FUND: u32 = 1;

/// The groups and funds of people at a moment.
#[derive(Debug)]
pub struct Belongings {
    /// The group that each person joined last.
    cohorts: Vec<u32>,
    /// Which of the lists has the funds of each person's approved financings.
    funds: Vec<u32>,
    /// Funds in the order of their approval. Many have the same.
    lists: Vec<Vec<u16>>,
}

impl Measure {
    /// Whether the fund of its facts is their own: of money, and not of people.
    #[must_use]
    pub const fn has_fund_of_its_own(self) -> bool {
        matches!(self.source(), Source::FinanceLines | Source::LoanBalances | Source::Instalments)
    }
}

impl Belongings {
    /// What was known at the position of those persons.
    #[must_use]
    pub fn at(cube: &Cube, persons: &Persons) -> Self {
        let people = cube.cases.len();
        let mut cohorts = vec![NO_GROUP; people];
        let mut joined_on = vec![i32::MIN; people];
        persons.each(cube, Measure::Enrolled, |row, person| {
            let (place, on) = (person as usize, row.on());
            if on >= joined_on[place] {
                joined_on[place] = on;
                cohorts[place] = row.dims(&cube.profiles).cohort;
            }
        });
        let mut own =
            Self { cohorts, funds: vec![NO_FINANCING; people], lists: vec![vec![0], Vec::new()] };
        let mut longer = FxHashMap::default();
        persons.each(cube, Measure::ApprovedAmount, |row, person| {
            own.add_fund(person as usize, row.dims(&cube.profiles).fund, &mut longer);
        });
        own
    }

    /// One fund more of a person, if it is one and not known. `longer` knows the list that another becomes with a fund.
    fn add_fund(&mut self, person: usize, fund: u16, longer: &mut FxHashMap<(u32, u16), u32>) {
        let known = self.funds[person].max(NO_FUND);
        self.funds[person] = known;
        if fund == 0 || self.lists[known as usize].contains(&fund) {
            return;
        }
        self.funds[person] = *longer.entry((known, fund)).or_insert_with(|| {
            let mut list = self.lists[known as usize].clone();
            list.push(fund);
            self.lists.push(list);
            counted(self.lists.len() - 1)
        });
    }

    /// The group of a person; that of the fact where they have none.
    #[inline]
    pub fn cohort_of(&self, person: u32, of_fact: u32) -> u32 {
        let known = self.cohorts.get(person as usize).copied();
        known.filter(|known| *known != NO_GROUP).unwrap_or(of_fact)
    }

    /// The funds under which a person's facts count, each one time; 0 is none.
    #[inline]
    pub fn funds_of(&self, person: u32) -> &[u16] {
        let list = self.funds.get(person as usize).copied().unwrap_or(NO_FINANCING);
        self.lists.get(list as usize).map_or(&[], Vec::as_slice)
    }

    /// A fact as it belongs: once for each of the person's funds, or once with none where they have none.
    pub fn each(&self, measure: Measure, fact: &FigureFact, mut take: impl FnMut(&FigureFact)) {
        let mut fact = *fact;
        fact.dims.cohort = self.cohort_of(fact.case, fact.dims.cohort);
        if measure.has_fund_of_its_own() {
            return take(&fact);
        }
        for fund in self.funds_of(fact.case) {
            fact.dims.fund = *fund;
            take(&fact);
        }
    }
}
