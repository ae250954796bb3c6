//! The fund: a donor's envelope. What is approved for beneficiaries is committed here in the same
//! append, so that money can neither be overspent nor paid twice.

mod command;
mod event;
mod gate;
mod moves;

use rpds::HashTrieSetSync;
use serde::{Deserialize, Serialize};

pub use command::{FUND_COMMANDS, FundCommand, FundVerb, decide, lawful};
pub use event::{
    Budget, Closing, Commitment, Envelope, FUND_FACTS, FundEvent, FundFact, Outlay, Return,
};
pub use gate::gate;
pub use moves::{named_fund, of_path};

use crate::values::{Text, Xof};

/// A fund. All of it is derived from its events. Its sums only grow; what is committed and paid out at
/// the moment is their difference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fund {
    /// Sequence of the last event; 0 before the first.
    pub version: u64,
    /// The envelope as opened; none before.
    pub envelope: Option<Envelope>,
    /// The budget as it stands.
    pub budget: Xof,
    /// True once the fund was closed; only repayments are taken then.
    pub closed: bool,
    /// Everything that was ever committed.
    pub committed_in_all: Xof,
    /// Everything that was given up again.
    pub released: Xof,
    /// Everything that was ever paid out.
    pub disbursed_in_all: Xof,
    /// Principal that came back.
    pub repaid: Xof,
    /// Interest that came in.
    pub interest: Xof,
    /// References of payments, each used once. Shared between versions: a state is kept for each, and
    /// a fund pays thousands.
    #[serde(skip)]
    pub payment_references: HashTrieSetSync<Text<60>>,
}

impl Fund {
    /// The type's name in the journal.
    pub const TYPE: &'static str = "fund";

    /// Committed and not given up or paid back: never above the budget.
    #[must_use]
    pub fn committed(&self) -> Xof {
        self.committed_in_all.less(self.released).less(self.repaid)
    }

    /// Paid out and not paid back: never above what is committed.
    #[must_use]
    pub fn disbursed(&self) -> Xof {
        self.disbursed_in_all.less(self.repaid)
    }

    /// The part of the budget that can still be committed.
    #[must_use]
    pub fn free(&self) -> Xof {
        self.budget.less(self.committed())
    }

    /// Committed and not paid out yet.
    #[must_use]
    pub fn open_commitments(&self) -> Xof {
        self.committed().less(self.disbursed())
    }

    /// Takes the next event in.
    pub fn take(&mut self, event: &FundEvent) {
        self.version += 1;
        match &event.fact {
            FundFact::FundOpened(envelope) => {
                self.budget = envelope.budget;
                self.envelope = Some(envelope.clone());
            }
            FundFact::BudgetAdjusted(budget) => self.budget = budget.budget,
            FundFact::FundClosed(_) => self.closed = true,
            FundFact::Committed(commitment) => {
                self.committed_in_all = self.committed_in_all.plus(commitment.amount);
            }
            FundFact::Released(commitment) => {
                self.released = self.released.plus(commitment.amount);
            }
            FundFact::Disbursed(outlay) => {
                self.disbursed_in_all = self.disbursed_in_all.plus(outlay.amount);
                self.payment_references.insert_mut(outlay.payment_reference.clone());
            }
            FundFact::Repaid(back) => {
                self.repaid = self.repaid.plus(back.principal);
                self.interest = self.interest.plus(back.interest);
                self.payment_references.insert_mut(back.payment_reference.clone());
            }
        }
    }
}

crate::aggregate::aggregate!(Fund, FundCommand, FundEvent, decide, |state, event| state
    .take(&event));
