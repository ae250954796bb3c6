//! A loan: its schedule, what came back, and where it stands on a day.

use chrono::NaiveDate;
use serde::Serialize;
use sira_numbers::at_most;

use super::facts::Instalment;
use super::state::FinancingState;
use crate::path::declare::parts;
use crate::values::{PaymentReference, Xof};

parts! {
    /// A repayment of a loan.
    PaidBack {
        /// Day of the repayment.
        on: NaiveDate,
        /// Principal paid back.
        principal: Xof,
        /// Interest paid with it.
        interest: Xof,
        /// Amount above all that was owed, kept as the person's credit.
        #[serde(default, skip_serializing_if = "Xof::is_zero")]
        credit: Xof,
        /// The payment's own reference.
        payment_reference: PaymentReference,
        /// True when a new schedule replaced the one that it was paid on.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        before_schedule: bool,
    }
}

/// Everything that is known of a financing that is to be paid back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loan {
    /// Repayment schedule in force.
    pub schedule: Vec<Instalment>,
    /// Repayments that stand, in the order of their recording.
    pub repaid: Vec<PaidBack>,
    /// Number of times that the loan was rescheduled.
    pub reschedulings: u32,
    /// Day the loan was written off; none while it is still collected.
    pub written_off_on: Option<NaiveDate>,
}

/// What a part of the repayments adds up to.
fn sum<'a>(repaid: impl IntoIterator<Item = &'a PaidBack>, part: impl Fn(&PaidBack) -> Xof) -> Xof {
    repaid.into_iter().map(part).sum()
}

impl Loan {
    /// A loan that begins by this schedule.
    #[must_use]
    pub const fn of(schedule: Vec<Instalment>) -> Self {
        Self { schedule, repaid: Vec::new(), reschedulings: 0, written_off_on: None }
    }

    pub(super) fn take_repayment(&mut self, repayment: PaidBack) {
        self.repaid.push(repayment);
    }

    pub(super) fn reschedule(&mut self, schedule: Vec<Instalment>) {
        self.schedule = schedule;
        self.reschedulings += 1;
        for repayment in &mut self.repaid {
            repayment.before_schedule = true;
        }
    }

    /// Principal that came back and stayed.
    #[must_use]
    pub fn principal_repaid(&self) -> Xof {
        sum(&self.repaid, |repayment| repayment.principal)
    }

    /// Repayments on the schedule in force.
    fn on_schedule(&self) -> impl Iterator<Item = &PaidBack> {
        self.repaid.iter().filter(|repayment| !repayment.before_schedule)
    }

    fn principal_on_schedule(&self) -> Xof {
        sum(self.on_schedule(), |repayment| repayment.principal)
    }

    fn interest_on_schedule(&self) -> Xof {
        sum(self.on_schedule(), |repayment| repayment.interest)
    }

    /// Principal of `disbursed` that is not back; nothing once the loan is written off.
    pub(super) fn owed_of(&self, disbursed: Xof) -> Xof {
        if self.written_off_on.is_some() {
            return Xof::ZERO;
        }
        disbursed.less(self.principal_repaid())
    }

    /// Instalments of the schedule in force that are for what was lent.
    fn for_what_was_lent(&self, disbursed: Xof) -> impl Iterator<Item = &Instalment> {
        let before = self.repaid.iter().filter(|repayment| repayment.before_schedule);
        let lent = disbursed.less(sum(before, |repayment| repayment.principal));
        for_it(&self.schedule, lent).map(|(instalment, _)| instalment)
    }

    /// Interest of the schedule in force that is not paid; nothing once the loan is written off.
    pub(super) fn interest_owed_of(&self, disbursed: Xof) -> Xof {
        if self.written_off_on.is_some() {
            return Xof::ZERO;
        }
        let scheduled: Xof =
            self.for_what_was_lent(disbursed).map(|instalment| instalment.interest).sum();
        scheduled.less(self.interest_on_schedule())
    }

    /// The day of the oldest instalment of which any part is unpaid. What is owed beyond the schedule, as
    /// after a repayment before the last rescheduling bounced, is due with its last instalment.
    pub(super) fn oldest_unpaid_due_on(&self, disbursed: Xof) -> Option<NaiveDate> {
        let (mut principal, mut interest) = (Xof::ZERO, Xof::ZERO);
        let (principal_paid, interest_paid) =
            (self.principal_on_schedule(), self.interest_on_schedule());
        let unpaid = self.for_what_was_lent(disbursed).find(|instalment| {
            principal = principal.plus(instalment.principal);
            interest = interest.plus(instalment.interest);
            principal > principal_paid || interest > interest_paid
        });
        unpaid.or(self.schedule.last()).map(|instalment| instalment.due_on)
    }
}

/// Instalments of a schedule that are for what was lent, in order, each with the principal of it that was: a tranche
/// that was never paid out is in the schedule and is not owed, nor is its interest. An instalment without principal
/// stays with the principal after it.
pub(super) fn for_it(
    schedule: &[Instalment],
    lent: Xof,
) -> impl Iterator<Item = (&Instalment, Xof)> {
    let mut remaining = lent;
    let scheduled: Xof = schedule.iter().map(|instalment| instalment.principal).sum();
    let is_whole = remaining > Xof::ZERO && remaining >= scheduled;
    schedule.iter().map_while(move |instalment| {
        let is_for_it = is_whole || remaining > Xof::ZERO;
        let principal = instalment.principal.min(remaining);
        remaining = remaining.less(principal);
        is_for_it.then_some((instalment, principal))
    })
}

/// The standing of a loan on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LoanStanding {
    /// Principal paid out and not yet back.
    pub outstanding: Xof,
    /// Principal that was due by that day and is not back.
    pub overdue: Xof,
    /// Interest that was due by that day and is not paid.
    pub interest_overdue: Xof,
    /// Days since the oldest instalment was due of which any part is unpaid; 0 when nothing is overdue.
    pub days_past_due: u32,
}

impl FinancingState {
    /// Principal paid out and not yet back; nothing for a grant or a kit.
    #[must_use]
    pub fn owed(&self) -> Xof {
        self.loan().map_or(Xof::ZERO, |loan| loan.owed_of(self.disbursed()))
    }

    /// Interest of the schedule in force that is not paid yet, due or not; it is the most that is taken
    /// as interest.
    #[must_use]
    pub fn interest_owed(&self) -> Xof {
        self.loan().map_or(Xof::ZERO, |loan| loan.interest_owed_of(self.disbursed()))
    }

    /// Everything that is owed: the loan is closed when it is nothing.
    #[must_use]
    pub fn owed_in_all(&self) -> Xof {
        self.owed().plus(self.interest_owed())
    }

    /// Paid back above all that was owed, and not refunded yet.
    #[must_use]
    pub fn credit(&self) -> Xof {
        self.loan().map_or(Xof::ZERO, |loan| {
            sum(&loan.repaid, |repayment| repayment.credit).less(self.refunded())
        })
    }

    /// The day of the oldest instalment of the schedule in force of which any part, principal or interest,
    /// is unpaid; none when nothing is owed.
    #[must_use]
    pub fn oldest_unpaid_due_on(&self) -> Option<NaiveDate> {
        if self.owed_in_all() == Xof::ZERO {
            return None;
        }
        self.loan().and_then(|loan| loan.oldest_unpaid_due_on(self.disbursed()))
    }

    /// The standing of the loan on `day`; none for what is no loan, is not paid out, or is paid back or
    /// written off. Repayments count towards the oldest instalment of the schedule in force.
    #[must_use]
    pub fn loan_standing(&self, day: NaiveDate) -> Option<LoanStanding> {
        let (outstanding, interest_owed) = (self.owed(), self.interest_owed());
        let loan = self.loan().filter(|_| self.owed_in_all() > Xof::ZERO)?;
        let past = |part: fn(&Instalment) -> Xof| -> Xof {
            let due = loan.for_what_was_lent(self.disbursed());
            due.filter(|instalment| instalment.due_on < day).map(part).sum()
        };
        let overdue = past(|instalment| instalment.principal).less(loan.principal_on_schedule());
        let interest_overdue =
            past(|instalment| instalment.interest).less(loan.interest_on_schedule());
        let oldest = self.oldest_unpaid_due_on().filter(|oldest| *oldest < day);
        let days = oldest.map_or(0, |oldest| (day - oldest).num_days().unsigned_abs());
        Some(LoanStanding {
            outstanding,
            overdue: overdue.min(outstanding),
            interest_overdue: interest_overdue.min(interest_owed),
            days_past_due: at_most(days, u32::MAX),
        })
    }

    /// Principal paid back on the schedule in force.
    #[must_use]
    pub fn repaid_since_schedule(&self) -> Xof {
        self.loan().map_or(Xof::ZERO, Loan::principal_on_schedule)
    }
}
