//! A loan: its schedule, what came back, and where it stands on a day.

use chrono::NaiveDate;
use serde::Serialize;

use super::facts::Instalment;
use super::state::FinancingState;
use crate::path::declare::parts;
use crate::values::{Text, Xof};

parts! {
    /// A repayment of a loan.
    PaidBack {
        /// Day of the repayment.
        on: NaiveDate,
        /// Principal paid back.
        principal: Xof,
        /// Interest paid with it.
        interest: Xof,
        /// The payment's own reference.
        payment_reference: Text<60>,
    }
}

/// Everything that is known of a financing that is to be paid back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loan {
    /// Repayment schedule in force.
    pub schedule: Vec<Instalment>,
    /// Repayments, in the order of their recording.
    pub repaid: Vec<PaidBack>,
    /// Number of times that the loan was rescheduled.
    pub reschedulings: u32,
    /// Principal paid back since the schedule in force was set.
    pub repaid_since_schedule: Xof,
    /// Day the loan was written off; none while it is still collected.
    pub written_off_on: Option<NaiveDate>,
}

impl Loan {
    /// A loan that begins by this schedule.
    #[must_use]
    pub fn of(schedule: Vec<Instalment>) -> Self {
        Self {
            schedule,
            repaid: Vec::new(),
            reschedulings: 0,
            repaid_since_schedule: Xof::ZERO,
            written_off_on: None,
        }
    }

    pub(super) fn take_repayment(&mut self, repayment: PaidBack) {
        self.repaid_since_schedule = self.repaid_since_schedule.plus(repayment.principal);
        self.repaid.push(repayment);
    }

    pub(super) fn reschedule(&mut self, schedule: Vec<Instalment>) {
        self.schedule = schedule;
        self.reschedulings += 1;
        self.repaid_since_schedule = Xof::ZERO;
    }

    /// Principal of `disbursed` that is not back; nothing once the loan is written off.
    fn owed_of(&self, disbursed: Xof) -> Xof {
        if self.written_off_on.is_some() {
            return Xof::ZERO;
        }
        disbursed.less(self.repaid.iter().map(|repayment| repayment.principal).sum())
    }
}

/// The standing of a loan on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LoanStanding {
    /// Principal paid out and not yet back.
    pub outstanding: Xof,
    /// Principal that was due by that day and is not back.
    pub overdue: Xof,
    /// Days since the oldest unpaid instalment was due; 0 when nothing is overdue.
    pub days_past_due: u32,
}

impl FinancingState {
    /// Principal paid out and not yet back; nothing for a grant or a kit.
    #[must_use]
    pub fn owed(&self) -> Xof {
        self.loan().map_or(Xof::ZERO, |loan| loan.owed_of(self.disbursed()))
    }

    /// The day of the oldest instalment of the schedule in force that is not wholly paid; none when
    /// nothing is owed.
    #[must_use]
    pub fn oldest_unpaid_due_on(&self) -> Option<NaiveDate> {
        if self.owed() == Xof::ZERO {
            return None;
        }
        let mut due = Xof::ZERO;
        let unpaid = self.schedule().iter().find(|instalment| {
            due = due.plus(instalment.principal);
            due > self.repaid_since_schedule()
        });
        unpaid.map(|instalment| instalment.due_on)
    }

    /// The standing of the loan on `day`; none for what is no loan, is not paid out, or is paid back or
    /// written off. Repayments count towards the oldest instalment of the schedule in force.
    #[must_use]
    pub fn loan_standing(&self, day: NaiveDate) -> Option<LoanStanding> {
        let outstanding = self.owed();
        if outstanding == Xof::ZERO {
            return None;
        }
        let past = self.schedule().iter().filter(|instalment| instalment.due_on < day);
        let due: Xof = past.map(|instalment| instalment.principal).sum();
        let oldest = self.oldest_unpaid_due_on().filter(|oldest| *oldest < day);
        // A tranche that was never paid out is in the schedule and is not owed.
        let overdue = due.less(self.repaid_since_schedule()).min(outstanding);
        let days = oldest.map_or(0, |oldest| (day - oldest).num_days());
        Some(LoanStanding {
            outstanding,
            overdue,
            days_past_due: u32::try_from(days).unwrap_or(u32::MAX),
        })
    }
}

/// Portfolio at risk: what is outstanding on loans more than `days` past due, and on all of them.
/// PAR30 is the first over the second with 30 days (CGAP, Microfinance Consensus Guidelines, 2003).
#[must_use]
pub fn portfolio_at_risk(loans: impl IntoIterator<Item = LoanStanding>, days: u32) -> (Xof, Xof) {
    loans.into_iter().fold((Xof::ZERO, Xof::ZERO), |(at_risk, all), loan| {
        let risky = if loan.days_past_due > days { loan.outstanding } else { Xof::ZERO };
        (at_risk.plus(risky), all.plus(loan.outstanding))
    })
}
