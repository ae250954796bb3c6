//! To which training group and to which funds a person belongs, whenever they came to.
//!
//! What somebody reached before they had a group or a fund is theirs all the same: a donor who asks how many of
//! its people were registered is not told none. So the group of every fact, and the fund of those that are not
//! about money, are the person's as of the moment of the question, and not the row's. Somebody whom several
//! funds finance is one of each fund's people, and one person in all.

use rustc_hash::FxHashMap;
use sira_numbers::Position;

use super::cube::Cube;
use super::facts::measure::Source;
use super::facts::{FigureFact, Measure};

/// The groups and funds of people at a moment.
#[derive(Debug, Default)]
pub struct Belongings {
    /// The group that each person joined last.
    cohorts: FxHashMap<u32, u32>,
    /// The funds of each person's approved financings, in the order of their approval.
    funds: FxHashMap<u32, Vec<u16>>,
}

impl Measure {
    /// Whether the fund of its facts is their own: of money, and not of people.
    #[must_use]
    pub const fn has_fund_of_its_own(self) -> bool {
        matches!(self.source(), Source::FinanceLines | Source::LoanBalances | Source::Instalments)
    }
}

impl Belongings {
    /// What was known at a position.
    #[must_use]
    pub fn at(cube: &Cube, position: Position) -> Self {
        let mut own = Self::default();
        let mut joined: FxHashMap<u32, (i32, u32)> = FxHashMap::default();
        cube.each(Measure::Enrolled, position, |fact, person| {
            let last = joined.entry(person).or_insert((i32::MIN, 0));
            if fact.on >= last.0 {
                *last = (fact.on, fact.dims.cohort);
            }
        });
        own.cohorts = joined.into_iter().map(|(person, (_, cohort))| (person, cohort)).collect();
        cube.each(Measure::ApprovedAmount, position, |fact, person| {
            let funds = own.funds.entry(person).or_default();
            if fact.dims.fund != 0 && !funds.contains(&fact.dims.fund) {
                funds.push(fact.dims.fund);
            }
        });
        own
    }

    /// A fact as it belongs: once for each of the person's funds, or once with none where they have none.
    pub fn each(&self, measure: Measure, fact: &FigureFact, mut take: impl FnMut(&FigureFact)) {
        let mut fact = *fact;
        if let Some(cohort) = self.cohorts.get(&fact.case) {
            fact.dims.cohort = *cohort;
        }
        if measure.has_fund_of_its_own() {
            return take(&fact);
        }
        let funds = self.funds.get(&fact.case).map_or(&[0][..], Vec::as_slice);
        for fund in funds {
            fact.dims.fund = *fund;
            take(&fact);
        }
    }
}
