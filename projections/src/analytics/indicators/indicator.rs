//! What an indicator is.

use super::super::context::ShareContext;
use super::super::facts::{FigureFact, Measure};
use super::super::tally::Share;
use super::super::words::Dimension;

/// The unit of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// People, paths or businesses.
    Count,
    /// Percent.
    Percent,
    /// Whole francs.
    Xof,
    /// Whole units of the currency in column `category`, a year.
    CurrencyPerYear,
    /// Days.
    Days,
    /// Jobs.
    Jobs,
    /// Full-time equivalents, 40 hours a week.
    FullTime,
    /// Points out of 100.
    Points,
}

impl Unit {
    /// Its word in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Percent => "percent",
            Self::Xof => "XOF",
            Self::CurrencyPerYear => "currency a year",
            Self::Days => "days",
            Self::Jobs => "jobs",
            Self::FullTime => "FTE",
            Self::Points => "points",
        }
    }
}

/// Over what time an indicator is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndicatorKind {
    /// What happened in the period asked for.
    Flow,
    /// How things stand on the day asked for; the period says nothing.
    Stock,
}

/// How shares become a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Added up, in parts of the unit.
    Total {
        /// Parts of one unit.
        parts: u8,
    },
    /// 100 x part / whole.
    Percent,
    /// part / whole.
    Mean,
    /// Mean of those counted less mean of the others.
    Difference,
    /// The value below which so many percent lie.
    Quantile(u8),
}

/// Which route answers with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the routes have these names")]
pub enum Family {
    Indicators,
    Funnel,
    Durations,
    Training,
    Finance,
    Survival,
}

/// What is looked up of the same person beside the fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// Whether, and on which day, the person has reached something.
    Day(Measure),
    /// How the business was seen at the visit of so many months.
    Visit(u32),
}

/// One indicator: its words, and what a fact adds to it.
#[derive(Clone, Copy, Debug)]
pub struct Indicator {
    /// Its word in queries, answers and targets.
    pub name: &'static str,
    /// Its name in French.
    pub fr: &'static str,
    /// Its name in English.
    pub en: &'static str,
    /// How it is computed, in French.
    pub formula_fr: &'static str,
    /// How it is computed, in English.
    pub formula_en: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
    /// Unit of the value.
    pub unit: Unit,
    /// Over what time.
    pub kind: IndicatorKind,
    /// The routes that answer with it, beside `indicators`, which answers with every one asked for by
    /// name.
    pub families: &'static [Family],
    /// The facts that are walked.
    pub measures: &'static [Measure],
    /// What is looked up beside them.
    pub needs: &'static [Need],
    /// What one fact adds; nothing when it does not count.
    pub share: fn(Measure, &FigureFact, &ShareContext) -> Option<Share>,
    /// How shares become a value.
    pub finish: Finish,
    /// Whether part and whole are people: then those who are not counted can be told from the two.
    pub of_people: bool,
    /// Whether it is always told apart by the measure's own word (a currency).
    pub by_category: bool,
}

impl Indicator {
    /// The label in French or English.
    #[must_use]
    pub const fn label(&self, french: bool) -> &'static str {
        if french { self.fr } else { self.en }
    }

    /// What it can be broken down and filtered by: the dimensions that every fact has of which it is
    /// made.
    #[must_use]
    pub fn dimensions(&self) -> Vec<Dimension> {
        let in_all = |dimension: &Dimension| {
            self.measures.iter().all(|measure| measure.dimensions().contains(dimension))
        };
        Dimension::ALL.iter().copied().filter(in_all).collect()
    }
}
