//! What the fold of a path remembers beyond its state.

use chrono::{DateTime, NaiveDate, Utc};
use sira_domain::beneficiary::facts::Instalment;
use sira_domain::beneficiary::{Fact, State};
use sira_domain::values::{CohortId, FundId, Xof};

use super::ledger::Slot;

/// What the fold of a path remembers beyond its state.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    /// Milestones that stand, a bit each.
    pub reached: u32,
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
    pub dues_told: u32,
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
#[derive(Clone, Copy, Debug)]
pub struct IncomeTold {
    /// Sequence of its event.
    pub sequence: u64,
    /// Day of the survey.
    pub on: NaiveDate,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// An instalment that was told as due.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// Number of the financing.
    pub financing: u32,
    /// Where its row stands.
    pub slot: Slot,
    /// The day.
    pub due_on: NaiveDate,
    /// Principal of its schedule up to and with this one.
    pub principal_so_far: Xof,
}

/// What stood before an event that replaces it.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// Of the financing that the event is about: what was approved.
    pub approved: Xof,
    /// What was paid back since the schedule in force was set.
    pub repaid_since_schedule: Xof,
}

impl Memo {
    /// What an event is about to replace.
    #[must_use]
    pub fn before(&self, state: &State, fact: &Fact) -> Before {
        let number = match fact {
            Fact::FinancingApproved(approval) => approval.financing,
            Fact::FinancingRefused(refusal) => refusal.financing,
            Fact::LoanRescheduled(rescheduling) => rescheduling.financing,
            _ => return Before::default(),
        };
        state.financing(number).map_or_else(Before::default, |financing| Before {
            approved: financing.approved,
            repaid_since_schedule: financing.repaid_since_schedule,
        })
    }

    /// Forgets instalments of a financing that are not kept, and says where they stood.
    pub fn drop_dues(&mut self, financing: u32, kept: impl Fn(&Due) -> bool) -> Vec<Slot> {
        let mut dropped = Vec::new();
        self.dues.retain(|due| {
            let stays = due.financing != financing || kept(due);
            if !stays {
                dropped.push(due.slot);
            }
            stays
        });
        dropped
    }

    /// Remembers the instalments of a schedule as due, and says where each stands.
    pub fn add_dues(&mut self, financing: u32, schedule: &[Instalment]) -> Vec<Slot> {
        let mut so_far = Xof::ZERO;
        schedule
            .iter()
            .map(|instalment| {
                so_far = so_far.plus(instalment.principal);
                let slot = super::tell::DUE_SLOTS + self.dues_told;
                self.dues_told += 1;
                let (due_on, principal_so_far) = (instalment.due_on, so_far);
                self.dues.push(Due { financing, slot, due_on, principal_so_far });
                slot
            })
            .collect()
    }
}
