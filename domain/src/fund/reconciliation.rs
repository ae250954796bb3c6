//! Payments that were found on a statement of the operator or the bank: what a person confirms, line by
//! line, and takes back when it was wrong.

use std::collections::BTreeSet;

use rpds::HashTrieMapSync;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fund;
use crate::path::facts::Sha256Hex;
use crate::reference::ReversalGround;
use crate::refusal::{Item, Refusal, check_items};
use crate::values::{PaymentReference, Within};

/// Most lines that one command confirms or takes back: they are one event.
pub const RECONCILED_MAX: usize = 2_000;

/// A line of a statement's file, from 1. No operator gives files of more lines.
pub type StatementLineNumber = Within<1, 1_000_000>;

/// A line of a statement, and the payment that it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconciledLine {
    /// Line of the statement's file, from 1.
    pub line: StatementLineNumber,
    /// Reference of the payment, or of a reversal, as the fund knows it; however it is typed.
    pub payment_reference: PaymentReference,
}

/// Payments that are the lines of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reconciliation {
    /// SHA-256 of the statement's file, in hexadecimal.
    pub statement: Sha256Hex,
    /// Lines that are confirmed, 1 to 2,000.
    pub lines: Vec<ReconciledLine>,
}

/// Lines of a statement that were confirmed by mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconciliationWithdrawal {
    /// SHA-256 of the statement's file, in hexadecimal.
    pub statement: Sha256Hex,
    /// Lines of it that are taken back, 1 to 2,000.
    pub lines: Vec<StatementLineNumber>,
    /// Reason, from its list.
    pub ground: ReversalGround,
}

/// A line of a statement, by the file and the number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StatementPlace {
    /// SHA-256 of the statement's file.
    pub statement: Sha256Hex,
    /// The line.
    pub line: u32,
}

/// What is reconciled in a fund: a payment with one line, a line with one payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    by_reference: HashTrieMapSync<PaymentReference, StatementPlace>,
    by_place: HashTrieMapSync<StatementPlace, PaymentReference>,
}

impl Reconciled {
    /// The line that a payment was found on; none while it is not reconciled.
    #[must_use]
    pub fn place_of(&self, reference: &PaymentReference) -> Option<&StatementPlace> {
        self.by_reference.get(reference)
    }

    /// The payment that a line is; none while it is nobody's.
    #[must_use]
    pub fn payment_at(&self, place: &StatementPlace) -> Option<&PaymentReference> {
        self.by_place.get(place)
    }

    /// How many payments are reconciled.
    #[must_use]
    pub fn count(&self) -> usize {
        self.by_reference.size()
    }

    pub(super) fn confirm(&mut self, reconciliation: &Reconciliation) {
        for line in &reconciliation.lines {
            let place = reconciliation.place(line);
            self.by_reference.insert_mut(line.payment_reference.clone(), place.clone());
            self.by_place.insert_mut(place, line.payment_reference.clone());
        }
    }

    pub(super) fn withdraw(&mut self, withdrawal: &ReconciliationWithdrawal) {
        for place in withdrawal.places() {
            if let Some(reference) = self.by_place.get(&place).cloned() {
                self.by_reference.remove_mut(&reference);
                self.by_place.remove_mut(&place);
            }
        }
    }
}

impl Reconciliation {
    /// Where a line of it stands.
    #[must_use]
    pub fn place(&self, line: &ReconciledLine) -> StatementPlace {
        StatementPlace { statement: self.statement.clone(), line: line.line.get() }
    }

    /// What is left to confirm: each line once, without those that stand already.
    #[must_use]
    pub(super) fn left_in(self, fund: &Fund) -> Self {
        let mut seen = BTreeSet::new();
        let stands = |line: &ReconciledLine| {
            fund.reconciled.payment_at(&self.place(line)) == Some(&line.payment_reference)
        };
        let lines = self.lines.iter().filter(|line| !stands(line));
        let lines: Vec<_> = lines.filter(|line| seen.insert((*line).clone())).cloned().collect();
        Self { lines, ..self }
    }
}

impl ReconciliationWithdrawal {
    /// Where its lines stand.
    pub fn places(&self) -> impl Iterator<Item = StatementPlace> + '_ {
        let place = |line: &StatementLineNumber| StatementPlace {
            statement: self.statement.clone(),
            line: line.get(),
        };
        self.lines.iter().map(place)
    }

    /// What is left to take back: each line once, of those that stand or never did.
    #[must_use]
    pub(super) fn left_in(self, fund: &Fund) -> Self {
        let mut seen = BTreeSet::new();
        let mut lines = self.lines.clone();
        lines.retain(|line| seen.insert(*line));
        let was_taken_back = |line: &StatementLineNumber| {
            let place = StatementPlace { statement: self.statement.clone(), line: line.get() };
            fund.reconciled.payment_at(&place).is_none() && fund.withdrawn.contains(&place)
        };
        lines.retain(|line| !was_taken_back(line));
        Self { lines, ..self }
    }
}

/// Each line is of a payment that the fund knows, and neither is reconciled otherwise.
pub(super) fn check(fund: &Fund, reconciliation: &Reconciliation) -> Result<(), Refusal> {
    check_items(reconciliation.lines.len(), RECONCILED_MAX)?;
    let (mut lines, mut payments) = (BTreeSet::new(), BTreeSet::new());
    for line in &reconciliation.lines {
        let (number, reference) = (line.line.get(), &line.payment_reference);
        if !fund.payment_references.contains(reference) {
            let (item, name) = (Item::PaymentOfFund, reference.to_string());
            return Err(Refusal::Unknown { item, name, field: "lines" });
        }
        let is_used = fund.reconciled.payment_at(&reconciliation.place(line)).is_some();
        if is_used || !lines.insert(number) {
            let (item, name) = (Item::StatementLine, number.to_string());
            return Err(Refusal::Settled { item, name });
        }
        if fund.reconciled.place_of(reference).is_some() || !payments.insert(reference) {
            let (item, name) = (Item::PaymentOfFund, reference.to_string());
            return Err(Refusal::Settled { item, name });
        }
    }
    Ok(())
}

/// Each line was confirmed, and is taken back once.
pub(super) fn check_withdrawal(
    fund: &Fund,
    withdrawal: &ReconciliationWithdrawal,
) -> Result<(), Refusal> {
    check_items(withdrawal.lines.len(), RECONCILED_MAX)?;
    let mut seen = BTreeSet::new();
    for place in withdrawal.places() {
        if fund.reconciled.payment_at(&place).is_none() || !seen.insert(place.line) {
            let (item, name) = (Item::StatementLine, place.line.to_string());
            return Err(Refusal::Unknown { item, name, field: "lines" });
        }
    }
    Ok(())
}
