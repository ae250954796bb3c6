//! What the fold of a path remembers beyond its state.

use chrono::NaiveDate;
use sira_domain::path::facts::Instalment;
use sira_domain::path::{Fact, State};
use sira_domain::values::{CohortId, FundId, Within, Xof};

use super::ledger::Slot;
use crate::table::Row;

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
    /// Incomes told, in order.
    pub incomes: Vec<IncomeTold>,
    /// Instalments told as due.
    pub dues: Vec<Due>,
    /// How many instalments were ever told, for their places.
    pub dues_told: Slot,
    /// The earliest revenue seen: its day and amount.
    pub first_revenue: Option<(NaiveDate, i64)>,
    /// The latest revenue seen.
    pub last_revenue: Option<(NaiveDate, i64)>,
    /// Day of the visit whose jobs stand.
    pub jobs_on: Option<NaiveDate>,
    /// Version of the rules that the business started under.
    pub start_rules: u32,
    /// Latest day of any fact.
    pub last_on: Option<NaiveDate>,
}

/// An income as it was told.
#[derive(Clone, Debug)]
pub struct IncomeTold {
    /// Where its row stands.
    pub slot: Slot,
    /// Its row, as of a person not trained yet.
    pub row: Row,
}

/// An instalment that was told as due.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// Number of the financing.
    pub financing: u32,
    /// Where its row stands.
    pub slot: Slot,
    /// Its day.
    pub day: NaiveDate,
    /// Principal that is due of it.
    pub principal: Xof,
    /// Interest.
    pub interest: Xof,
    /// Whether its schedule was replaced: what was kept of it stays.
    pub settled: bool,
}

/// What becomes of an instalment when its schedule changes.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// It is due no longer.
    Gone(Slot),
    /// Less of it is due.
    Less(Due),
}

/// What stood before an event that replaces it.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// Of the financing that the event is about: what was approved.
    pub approved: Xof,
    /// What was paid back since the schedule in force was set.
    pub repaid_since_schedule: Xof,
}

impl Before {
    /// What an event is about to replace.
    #[must_use]
    pub fn of(state: &State, fact: &Fact) -> Self {
        let number = match fact {
            Fact::FinancingApproved(approval) => approval.financing,
            Fact::FinancingRefused(refusal) => refusal.financing,
            Fact::LoanRescheduled(rescheduling) => rescheduling.financing,
            Fact::FinancingCancelled(cancellation) => cancellation.financing,
            Fact::GuaranteeReleased(number) => number.financing,
            _ => return Self::default(),
        };
        state.financing(number).map_or_else(Self::default, |financing| Self {
            approved: financing.approved(),
            repaid_since_schedule: financing.repaid_since_schedule(),
        })
    }
}

impl Memo {
    /// Cuts the schedule in force of a financing to its first `limit` of principal. What fell due by
    /// `whole_by` stays as it is. An instalment without principal stays with the principal after it.
    pub fn cut_dues(&mut self, financing: u32, limit: Xof, whole_by: NaiveDate) -> Vec<Cut> {
        let (mut left, mut cuts) = (limit, Vec::new());
        self.dues.retain_mut(|due| {
            if due.financing != financing || due.settled {
                return true;
            }
            let kept = due.principal.min(left);
            let stays = kept > Xof::ZERO || (due.principal == Xof::ZERO && left > Xof::ZERO);
            left = left.less(kept);
            if due.day <= whole_by {
                return true;
            }
            if !stays {
                cuts.push(Cut::Gone(due.slot));
            } else if kept < due.principal {
                due.principal = kept;
                cuts.push(Cut::Less(*due));
            }
            stays
        });
        cuts
    }

    /// Tells whether anything of a financing was told as due and is due still.
    pub fn has_dues(&self, financing: u32) -> bool {
        self.dues.iter().any(|due| due.financing == financing)
    }

    /// What is due of a financing's schedule so far stays, whatever the next one says.
    pub fn settle_dues(&mut self, financing: u32) {
        for due in self.dues.iter_mut().filter(|due| due.financing == financing) {
            due.settled = true;
        }
    }

    /// Remembers the instalments of a schedule as due.
    pub fn add_dues(&mut self, financing: u32, schedule: &[Instalment]) -> Vec<Due> {
        let first = self.dues_told;
        self.dues_told += schedule.len() as Slot;
        let due = |(number, instalment): (Slot, &Instalment)| Due {
            financing,
            slot: super::moment::DUE_SLOTS + number,
            day: instalment.due_on,
            principal: instalment.principal,
            interest: instalment.interest,
            settled: false,
        };
        let added: Vec<Due> = (first..).zip(schedule).map(due).collect();
        self.dues.extend_from_slice(&added);
        added
    }
}
