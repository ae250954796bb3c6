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
    /// A balance at the end of the period asked for, or on the day asked of before that.
    Stock,
    /// What happened in the twelve months up to that day, against balances at their two ends.
    Trailing,
}

/// What an indicator is, as those who read it say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Counted or added up over a period.
    Flow,
    /// A balance on a day.
    Stock,
    /// A sum over a sum, a mean, a difference of means.
    Ratio,
    /// A length of time.
    Duration,
}

impl Nature {
    /// Its word in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Stock => "stock",
            Self::Ratio => "ratio",
            Self::Duration => "duration",
        }
    }

    /// What it is called, in French and in English.
    #[must_use]
    pub const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Flow => ("flux de la période", "flow over the period"),
            Self::Stock => ("solde à la fin de la période", "balance at the end of the period"),
            Self::Ratio => ("rapport", "ratio"),
            Self::Duration => ("durée", "duration"),
        }
    }
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
    /// The nearest rank: the least value that at least so many percent do not exceed.
    Quantile(u8),
    /// The value in the middle; of an even count the mean of the two in the middle.
    Median,
    /// The share that survives so many days, by Kaplan and Meier.
    Survival {
        /// Days after the start.
        days: u32,
    },
}

impl Finish {
    /// Whether how sure it is is worked out from sums of squares.
    #[must_use]
    pub const fn is_of_means(self) -> bool {
        matches!(self, Self::Mean | Self::Difference)
    }

    /// Whether it needs each value, and not sums alone.
    #[must_use]
    pub const fn is_of_each_value(self) -> bool {
        matches!(self, Self::Quantile(_) | Self::Median | Self::Survival { .. })
    }
}

/// Whether an indicator is published to those who must see nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publication {
    /// Cell by cell, when enough people changed.
    OfMany,
    /// Never: what is told of one person against what was told of the same person before (a change, a most) moves by
    /// one person's answer, whoever else moves.
    Never,
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
    /// Jobs that the visit of twelve months saw.
    JobsAt12Months,
    /// Income at the baseline.
    Baseline,
    /// Whether the person worked at the baseline.
    WorkAtBaseline,
}

impl Need {
    /// The facts that are looked up.
    #[must_use]
    pub const fn measure(self) -> Measure {
        match self {
            Self::Day(measure) => measure,
            Self::JobsAt12Months => Measure::Visit,
            Self::Baseline => Measure::IncomeBaseline,
            Self::WorkAtBaseline => Measure::EmploymentBaseline,
        }
    }
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
    /// Whether an answer says how sure a value is, and of how many.
    pub has_detail: bool,
    /// Whether it is published to those who must see nobody.
    pub publication: Publication,
    /// What a reader must know before they conclude anything from it, in French and in English.
    pub caveat: Option<(&'static str, &'static str)>,
}

impl Indicator {
    /// The label in French or English.
    #[must_use]
    pub const fn label(&self, french: bool) -> &'static str {
        if french { self.fr } else { self.en }
    }

    /// Whether it is published to those who must see nobody.
    #[must_use]
    pub const fn is_published(&self) -> bool {
        matches!(self.publication, Publication::OfMany)
    }

    /// What it is.
    #[must_use]
    pub const fn nature(&self) -> Nature {
        match (self.finish, self.kind) {
            (Finish::Quantile(_) | Finish::Median, _) => Nature::Duration,
            (Finish::Total { .. }, IndicatorKind::Stock) => Nature::Stock,
            (Finish::Total { .. }, _) => Nature::Flow,
            _ => Nature::Ratio,
        }
    }

    /// What it can be broken down and filtered by: the dimensions that every fact has of which it is
    /// made. A balance is of a day, and facts that began in one month or another are all in it.
    #[must_use]
    pub fn dimensions(&self) -> Vec<Dimension> {
        let in_all = |dimension: &Dimension| {
            (self.kind == IndicatorKind::Flow || !dimension.is_time())
                && self.measures.iter().all(|measure| measure.dimensions().contains(dimension))
        };
        Dimension::ALL.iter().copied().filter(in_all).collect()
    }
}
