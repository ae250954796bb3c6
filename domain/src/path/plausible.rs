//! Numbers that cannot be, and numbers that the programme does not hold plausible: a part is not above its
//! whole, and above a bound of the rules a number is refused, or taken with a warning.

use crate::programme::{AmountBounds, CountBounds, Plausibility, Programme};
use crate::reference::Language;
use crate::refusal::{Amount, Quantity, Refusal};
use crate::values::{Within, Xof};

use super::event::BeneficiaryEvent;
use super::fact::Fact;
use super::facts::{Income, Jobs, Visit};

/// Days of the month by which incomes are compared.
const MONTH_DAYS: u64 = 30;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measured {
    Money(Amount),
    Count(Quantity),
}

/// A number that a fact tells, with its bounds.
struct Told {
    field: &'static str,
    what: Measured,
    given: u64,
    warn_above: Option<u64>,
    refuse_above: Option<u64>,
}

impl Told {
    fn amount(
        field: &'static str,
        what: Amount,
        given: u64,
        bounds: Option<AmountBounds>,
    ) -> Option<Self> {
        let bounds = bounds?;
        Some(Self {
            field,
            what: Measured::Money(what),
            given,
            warn_above: bounds.warn_above.map(Xof::francs),
            refuse_above: bounds.refuse_above.map(Xof::francs),
        })
    }

    fn count(
        field: &'static str,
        what: Quantity,
        given: u32,
        bounds: Option<CountBounds>,
    ) -> Option<Self> {
        let bounds = bounds?;
        Some(Self {
            field,
            what: Measured::Count(what),
            given: given.into(),
            warn_above: bounds.warn_above.map(|bound| bound.get().into()),
            refuse_above: bounds.refuse_above.map(|bound| bound.get().into()),
        })
    }

    fn above(&self, limit: Option<u64>) -> Option<Refusal> {
        let limit = limit.filter(|limit| self.given > *limit)?;
        Some(match self.what {
            Measured::Money(what) => {
                Refusal::TooMuch { what, limit: Xof::of(limit), given: Xof::of(self.given) }
            }
            Measured::Count(what) => {
                let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
                Refusal::Above { what, limit: number(limit), given: number(self.given) }
            }
        })
    }
}

/// The numbers of a fact that the rules may bound.
fn told(fact: &Fact, rules: &Plausibility) -> Vec<Told> {
    let numbers = match fact {
        Fact::VisitRecorded(visit) => of_visit(visit, rules),
        Fact::IncomeRecorded(income) => {
            let monthly = monthly(income);
            vec![Told::amount("amount", Amount::MonthlyIncome, monthly, rules.monthly_income)]
        }
        Fact::IdeaSubmitted(idea) | Fact::IdeaRevised(idea) => {
            let (cost, jobs) = (idea.start_up_cost.francs(), idea.jobs_expected.get());
            vec![
                Told::amount("start_up_cost", Amount::StartUpCost, cost, rules.start_up_cost),
                Told::count("jobs_expected", Quantity::JobsExpected, jobs, rules.jobs_expected),
            ]
        }
        Fact::CommunityActionRecorded(action) => {
            let reached = action.people_reached.map_or(0, Within::get);
            vec![Told::count(
                "people_reached",
                Quantity::PeopleReached,
                reached,
                rules.people_reached,
            )]
        }
        Fact::AttendanceRecorded(session) => {
            let minutes = session.length_minutes();
            vec![Told::count("hours", Quantity::SessionMinutes, minutes, rules.session_minutes)]
        }
        _ => Vec::new(),
    };
    numbers.into_iter().flatten().collect()
}

fn of_visit(visit: &Visit, rules: &Plausibility) -> Vec<Option<Told>> {
    let revenue = visit.monthly_revenue.map_or(0, Xof::francs);
    let profit = visit.monthly_profit.map_or(0, |profit| profit.francs().max(0).unsigned_abs());
    let jobs = visit.jobs.as_ref().map_or(0, Jobs::held);
    vec![
        Told::amount("monthly_revenue", Amount::MonthlyRevenue, revenue, rules.visit_revenue),
        Told::amount("monthly_profit", Amount::MonthlyProfit, profit, rules.visit_profit),
        Told::count("jobs", Quantity::Jobs, jobs, rules.jobs),
    ]
}

/// The income over thirty days of its period, rounded down.
fn monthly(income: &Income) -> u64 {
    let days = (income.to - income.from).num_days().max(0).unsigned_abs() + 1;
    let over = u128::from(income.amount.francs()) * u128::from(MONTH_DAYS) / u128::from(days);
    u64::try_from(over).unwrap_or(u64::MAX).min(Xof::MAX.francs())
}

/// Asks whether every number is one that the rules hold possible.
///
/// # Errors
/// [`Refusal::TooMuch`] and [`Refusal::Above`] with the bound.
pub(super) fn check(fact: &Fact, rules: &Plausibility) -> Result<(), Refusal> {
    let above = told(fact, rules).iter().find_map(|told| told.above(told.refuse_above));
    above.map_or(Ok(()), Err)
}

/// Asks whether no part is above its whole. It is asked of commands alone: a journal from before it was asked
/// stays lawful.
///
/// # Errors
/// [`Refusal::TooMuch`] and [`Refusal::Above`] with the whole.
pub(super) fn check_parts(fact: &Fact) -> Result<(), Refusal> {
    let Fact::VisitRecorded(visit) = fact else { return Ok(()) };
    if let Some(jobs) = &visit.jobs {
        let limit = jobs.held();
        for (what, part, whole) in [
            (Quantity::JobsUnder35, jobs.under_35.get(), limit),
            (Quantity::FullTime, jobs.full_time_hundredths.get(), limit * 100),
        ] {
            if part > whole {
                return Err(Refusal::Above { what, limit: whole, given: part });
            }
        }
    }
    match (visit.monthly_revenue, visit.monthly_profit) {
        (Some(revenue), Some(profit)) if profit.francs() > revenue.signed() => {
            let given = Xof::of(profit.francs().unsigned_abs());
            Err(Refusal::TooMuch { what: Amount::ProfitOfRevenue, limit: revenue, given })
        }
        _ => Ok(()),
    }
}

impl Jobs {
    /// All of them, whoever holds them.
    #[must_use]
    pub fn held(&self) -> u32 {
        self.women.get() + self.men.get()
    }
}

/// A number that was taken, and that the programme does not hold plausible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The field that it stands in.
    pub field: &'static str,
    /// The rule's own word: stable, for programs.
    pub rule: &'static str,
    above: Refusal,
}

impl Warning {
    /// What is not plausible, in the reader's language, with its numbers.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        self.above.detail(language)
    }
}

/// What an event tells that its rules warn of. Nothing of it is stored: it follows from event and rules.
#[must_use]
pub fn warnings(event: &BeneficiaryEvent, programme: &Programme) -> Vec<Warning> {
    let rules = programme.rules_of(event.rules);
    let Some(rules) = &rules.plausibility else { return Vec::new() };
    let warned = told(&event.fact, rules).into_iter().filter_map(|told| {
        let above = told.above(told.warn_above)?;
        Some(Warning { field: told.field, rule: "implausible", above })
    });
    warned.collect()
}
