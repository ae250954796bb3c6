//! The fund: a donor's envelope. What is approved for beneficiaries is committed here in the same
//! append, so that money can neither be overspent nor paid twice.

mod command;
mod event;
mod gate;
mod lines;
mod moves;
mod overheads;
mod own;
mod reconciliation;

use std::collections::BTreeMap;

use rpds::{HashTrieMapSync, HashTrieSetSync};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_numbers::Version;

pub use command::{FUND_COMMANDS, FundCommand, FundVerb, check_served, decide, ground, lawful};
pub use event::{
    Budget, Commitment, Envelope, FUND_FACTS, FundAmendment, FundEvent, FundFact, Movement, Outlay,
    Return, Undoing,
};
pub use gate::gate;
pub use lines::{BudgetLine, LineBudget, LineState, check_request};
pub use moves::{named_fund, of_path};
pub use overheads::{
    Overhead, OverheadReversal, OverheadReversalRequest, PaidOverhead, PaidOverheads,
};
pub use own::check_author_of;
pub use reconciliation::{
    RECONCILED_MAX, Reconciled, ReconciledLine, Reconciliation, ReconciliationWithdrawal,
    StatementLineNumber, StatementPlace,
};

use crate::path::facts::PaymentKind;
use crate::values::{BeneficiaryId, PaymentReference, Slug, Xof};

/// A fund. All of it is derived from its events. What is committed and paid out at the moment is a
/// difference of its sums; what was undone is taken out of the sum that it was in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(default)]
pub struct Fund {
    /// Sequence of the last event; 0 before the first.
    pub version: Version,
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
    /// Everything that was ever paid out, and was not undone.
    pub disbursed_in_all: Xof,
    /// Principal that came back.
    pub repaid: Xof,
    /// Interest that came in.
    pub interest: Xof,
    /// Unspent grants and kits that came back.
    pub refunded: Xof,
    /// Money that came in after a write-off or a call.
    pub recovered: Xof,
    /// Paid back above all that was owed, and not refunded: it is held for the persons.
    pub credit: Xof,
    /// Payments out that were undone.
    pub disbursements_reversed: Xof,
    /// Payments in that were undone, with their interest and credit.
    pub repayments_reversed: Xof,
    /// Costs of the fund itself that were paid and not undone.
    pub overheads: Xof,
    /// Lines of the budget, by their words; none of a fund without lines.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub lines: BTreeMap<Slug, LineState>,
    /// References of payments, each used once. Shared between versions: a state is kept for each, and
    /// a fund pays thousands.
    #[serde(skip)]
    pub payment_references: HashTrieSetSync<PaymentReference>,
    /// The fund's own facts, with what was committed under each.
    #[serde(skip)]
    own: Vec<own::OwnFact>,
    /// Payments that were found on a statement, with their lines.
    #[serde(skip)]
    pub reconciled: Reconciled,
    /// Lines of statements that were confirmed and taken back.
    #[serde(skip)]
    pub withdrawn: HashTrieSetSync<StatementPlace>,
    /// Costs of the fund itself, by the references of their payments.
    #[serde(skip)]
    pub overheads_paid: PaidOverheads,
    /// The line that a financing draws from, where the fund has lines.
    #[serde(skip)]
    line_of: HashTrieMapSync<(BeneficiaryId, u32), Slug>,
}

impl Fund {
    /// The type's name in the journal.
    pub const TYPE: &'static str = "fund";

    /// Everything of what was paid out that came back: it can be committed again.
    #[must_use]
    pub fn came_back(&self) -> Xof {
        self.repaid.plus(self.refunded).plus(self.recovered)
    }

    /// Committed and not given up or paid back. It passes the budget only where money that came back was
    /// committed again and then turned out not to have come.
    #[must_use]
    pub fn committed(&self) -> Xof {
        self.committed_in_all.less(self.released).less(self.came_back())
    }

    /// Paid out and not paid back: never above what is committed.
    #[must_use]
    pub fn disbursed(&self) -> Xof {
        self.disbursed_in_all.less(self.came_back())
    }

    /// The part of the budget that can still be committed.
    #[must_use]
    pub fn free(&self) -> Xof {
        self.budget.less(self.committed()).less(self.overheads)
    }

    /// Committed and not paid out yet.
    #[must_use]
    pub fn open_commitments(&self) -> Xof {
        self.committed().less(self.disbursed())
    }

    /// Takes the next event in.
    pub fn take(&mut self, event: &FundEvent) {
        self.version = self.version.next();
        match &event.fact {
            FundFact::FundOpened(envelope) => {
                self.take_own(event);
                self.lines = lines::opened(envelope);
            }
            FundFact::BudgetAdjusted(budget) => {
                self.take_own(event);
                for line in &budget.lines {
                    self.on_line(&line.line, |state| state.amount = line.amount);
                }
            }
            FundFact::FundClosed(_) | FundFact::FundAmended(_) | FundFact::FundFactRetracted(_) => {
                self.take_own(event);
            }
            FundFact::Committed(commitment) => {
                let Commitment { beneficiary, financing, amount, budget_line, .. } = commitment;
                self.committed_in_all = self.committed_in_all.plus(*amount);
                self.note_commitment(event);
                if let Some(line) = budget_line {
                    self.line_of.insert_mut((*beneficiary, *financing), line.clone());
                }
                self.draw(*beneficiary, *financing, |line| {
                    line.committed = line.committed.plus(*amount);
                });
            }
            FundFact::Released(Commitment { beneficiary, financing, amount, .. }) => {
                self.released = self.released.plus(*amount);
                self.draw(*beneficiary, *financing, |line| {
                    line.committed = line.committed.less(*amount);
                });
            }
            FundFact::Disbursed(outlay) => {
                self.draw(outlay.beneficiary, outlay.financing, |line| line.pay(outlay.amount));
                self.disbursed_in_all = self.disbursed_in_all.plus(outlay.amount);
                self.payment_references.insert_mut(outlay.payment_reference.clone());
            }
            FundFact::Repaid(back) => {
                self.draw(back.beneficiary, back.financing, |line| line.come_back(back.principal));
                self.repaid = self.repaid.plus(back.principal);
                self.interest = self.interest.plus(back.interest);
                self.credit = self.credit.plus(back.credit.unwrap_or_default());
                self.payment_references.insert_mut(back.payment_reference.clone());
            }
            FundFact::Refunded(moved) => {
                self.draw(moved.beneficiary, moved.financing, |line| line.come_back(moved.amount));
                self.refunded = self.refunded.plus(moved.amount);
                self.payment_references.insert_mut(moved.payment_reference.clone());
            }
            FundFact::CreditRefunded(moved) => {
                self.credit = self.credit.less(moved.amount);
                self.payment_references.insert_mut(moved.payment_reference.clone());
            }
            FundFact::Recovered(moved) => {
                self.draw(moved.beneficiary, moved.financing, |line| line.come_back(moved.amount));
                self.recovered = self.recovered.plus(moved.amount);
                self.payment_references.insert_mut(moved.payment_reference.clone());
            }
            FundFact::Called(moved) => {
                self.draw(moved.beneficiary, moved.financing, |line| line.pay(moved.amount));
                self.disbursed_in_all = self.disbursed_in_all.plus(moved.amount);
                self.payment_references.insert_mut(moved.payment_reference.clone());
            }
            FundFact::OutlayReversed(undone) | FundFact::ReturnReversed(undone) => {
                self.undo(undone);
            }
            FundFact::PaymentsReconciled(reconciliation) => {
                self.reconciled.confirm(reconciliation);
            }
            FundFact::ReconciliationWithdrawn(withdrawal) => {
                self.reconciled.withdraw(withdrawal);
                for place in withdrawal.places() {
                    self.withdrawn.insert_mut(place);
                }
            }
            FundFact::OverheadPaid(overhead) => self.pay_overhead(overhead, event),
            FundFact::OverheadReversed(reversal) => self.undo_overhead(reversal),
        }
    }

    /// Changes the line that a financing draws from; nothing where it draws from none.
    fn draw(
        &mut self,
        beneficiary: BeneficiaryId,
        financing: u32,
        change: impl FnOnce(&mut LineState),
    ) {
        if let Some(line) = self.line_of.get(&(beneficiary, financing)).cloned() {
            self.on_line(&line, change);
        }
    }

    fn on_line(&mut self, line: &Slug, change: impl FnOnce(&mut LineState)) {
        if let Some(state) = self.lines.get_mut(line) {
            change(state);
        }
    }

    fn pay_overhead(&mut self, overhead: &Overhead, event: &FundEvent) {
        let amount = overhead.amount;
        self.overheads = self.overheads.plus(amount);
        self.note_commitment(event);
        self.on_line(&overhead.line, |line| {
            line.committed = line.committed.plus(amount);
            line.pay(amount);
        });
        self.payment_references.insert_mut(overhead.payment_reference.clone());
        let (by, on) = (event.by.clone(), event.occurred_on);
        let paid = PaidOverhead { overhead: overhead.clone(), by, on, reversal: None };
        self.overheads_paid.insert_mut(overhead.payment_reference.clone(), paid);
    }

    fn undo_overhead(&mut self, reversal: &OverheadReversal) {
        let amount = reversal.amount;
        self.overheads = self.overheads.less(amount);
        self.on_line(&reversal.line, |line| {
            line.committed = line.committed.less(amount);
            line.disbursed = line.disbursed.less(amount);
        });
        self.disbursements_reversed = self.disbursements_reversed.plus(amount);
        if let Some(paid) = self.overheads_paid.get(&reversal.undone_reference).cloned() {
            let paid = PaidOverhead { reversal: Some(reversal.clone()), ..paid };
            self.overheads_paid.insert_mut(reversal.undone_reference.clone(), paid);
        }
        if let Some(reference) = &reversal.payment_reference {
            self.payment_references.insert_mut(reference.clone());
        }
    }

    /// Takes a payment that is undone out of the sums that it was in; its reference stays used.
    fn undo(&mut self, undone: &Undoing) {
        let amount = undone.amount;
        let kind = undone.kind;
        self.draw(undone.beneficiary, undone.financing, |line| line.undo(kind, amount));
        match kind {
            PaymentKind::Disbursement | PaymentKind::GuaranteeCall => {
                self.disbursed_in_all = self.disbursed_in_all.less(amount);
            }
            PaymentKind::CreditRefund => self.credit = self.credit.plus(amount),
            PaymentKind::Repayment => {
                self.repaid = self.repaid.less(amount);
                self.interest = self.interest.less(undone.interest);
                self.credit = self.credit.less(undone.credit);
            }
            PaymentKind::Recovery => self.recovered = self.recovered.less(amount),
            PaymentKind::UnspentRefund => self.refunded = self.refunded.less(amount),
        }
        let in_all = amount.plus(undone.interest).plus(undone.credit);
        let sum = if undone.kind.is_outgoing() {
            &mut self.disbursements_reversed
        } else {
            &mut self.repayments_reversed
        };
        *sum = sum.plus(in_all);
        if let Some(reference) = &undone.payment_reference {
            self.payment_references.insert_mut(reference.clone());
        }
    }
}

crate::aggregate::aggregate!(Fund, FundCommand, FundEvent, decide, |state, event| state
    .take(&event));
