//! What the fold of a path remembers beyond its state.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sira_domain::path::{Fact, State, Status};
use sira_domain::values::{CohortId, FundId, Within, Xof};

use super::due_visits::ScheduleTold;
use super::jobs::BusinessTold;
use super::ledger::Slot;
use super::loans::LoanTold;

/// What the fold of a path remembers beyond its state.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    /// Milestones that stand, a bit each.
    pub reached: u32,
    /// The year of birth as it was corrected, where the path was folded again; none: as registered.
    pub birth_year: Option<Within<1900, 2100>>,
    /// The cohort last joined.
    pub cohort: Option<CohortId>,
    /// The fund of the last approved financing.
    pub fund: Option<FundId>,
    /// Modules assessed, in the order of their first assessment.
    pub modules: Vec<String>,
    /// Places of the incomes told, in order.
    pub incomes: Vec<Slot>,
    /// Day of the employment that each kind of survey told last.
    pub employment_on: BTreeMap<&'static str, NaiveDate>,
    /// Whether any version of the plan was reviewed.
    pub plan_reviewed: bool,
    /// Loans that were paid out.
    pub loans: Vec<LoanTold>,
    /// Businesses, in the order of their starts.
    pub businesses: Vec<BusinessTold>,
    /// The visits that each of them is due.
    pub schedules: Vec<ScheduleTold>,
    /// Day on which the path was frozen for another, while it is.
    pub frozen_on: Option<NaiveDate>,
    /// Days from which each status stands, as told.
    pub statuses: Vec<(NaiveDate, Status)>,
    /// Place and first day of the waiting list that the person is on.
    pub waiting: Option<(Slot, NaiveDate)>,
    /// The same of the one that they were on last.
    pub waited: Option<(Slot, NaiveDate)>,
    /// The earliest revenue seen: its day and amount.
    pub first_revenue: Option<(NaiveDate, i64)>,
    /// The latest revenue seen.
    pub last_revenue: Option<(NaiveDate, i64)>,
    /// Version of the rules that the business started under.
    pub start_rules: u32,
    /// Latest day of any fact.
    pub last_on: Option<NaiveDate>,
}

/// What stood before an event that replaces it.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// Of the financing that the event is about: what was approved.
    pub approved: Xof,
}

impl Before {
    /// What an event is about to replace.
    #[must_use]
    pub fn of(state: &State, fact: &Fact) -> Self {
        let number = match fact {
            Fact::FinancingApproved(approval) => approval.financing,
            Fact::FinancingRefused(refusal) => refusal.financing,
            Fact::FinancingCancelled(cancellation) => cancellation.financing,
            Fact::GuaranteeReleased(number) => number.financing,
            _ => return Self::default(),
        };
        state
            .financing(number)
            .map_or_else(Self::default, |financing| Self { approved: financing.approved() })
    }
}
