//! Budget lines of a fund: what of its budget is for what, and what it has left. A line of overheads is for
//! the fund's own costs, and no financing draws from it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fund;
use super::command::at_most;
use super::event::{Budget, Commitment, Envelope};
use crate::path::facts::{FinancingCase, PaymentKind};
use crate::path::{BeneficiaryEvent, Fact};
use crate::reference::Instrument;
use crate::refusal::{Amount, Item, Refusal, check_items};
use crate::values::{CurrencyCode, Slug, Text, Xof};

/// Most lines of one fund: a donor's budget has some dozens.
const LINES_MAX: usize = 50;

/// A line of a fund's budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetLine {
    /// The line's own word, unique in its fund.
    pub line: Slug,
    /// What it is called.
    pub label: Text<120>,
    /// The part of the budget that it has.
    pub amount: Xof,
    /// Instruments that draw from it; every one when none is named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub instruments: BTreeSet<Instrument>,
    /// Whether it is for the fund's own costs: then no financing draws from it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overheads: bool,
}

/// The new amount of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineBudget {
    /// The line's own word.
    pub line: Slug,
    /// The part of the budget that it has from now on.
    pub amount: Xof,
}

/// A line as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineState {
    /// What it is called.
    pub label: Text<120>,
    /// The part of the budget that it has.
    pub amount: Xof,
    /// Instruments that draw from it; every one when none is named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub instruments: BTreeSet<Instrument>,
    /// Whether it is for the fund's own costs.
    pub overheads: bool,
    /// Committed and not given up or paid back; of a line of overheads, what was paid.
    pub committed: Xof,
    /// Paid out and not undone or paid back.
    pub disbursed: Xof,
}

impl LineState {
    /// The part of it that can still be committed, or paid.
    #[must_use]
    pub fn free(&self) -> Xof {
        self.amount.less(self.committed)
    }

    pub(super) fn pay(&mut self, amount: Xof) {
        self.disbursed = self.disbursed.plus(amount);
    }

    /// What comes back is neither committed nor paid out any more.
    pub(super) fn come_back(&mut self, amount: Xof) {
        self.disbursed = self.disbursed.less(amount);
        self.committed = self.committed.less(amount);
    }

    /// Takes a payment that is undone out of what it had moved.
    pub(super) fn undo(&mut self, kind: PaymentKind, amount: Xof) {
        match kind {
            PaymentKind::Disbursement | PaymentKind::GuaranteeCall => {
                self.disbursed = self.disbursed.less(amount);
            }
            PaymentKind::Repayment | PaymentKind::Recovery | PaymentKind::UnspentRefund => {
                self.disbursed = self.disbursed.plus(amount);
                self.committed = self.committed.plus(amount);
            }
            PaymentKind::CreditRefund => {}
        }
    }

    fn takes(&self, instrument: Instrument) -> bool {
        !self.overheads && (self.instruments.is_empty() || self.instruments.contains(&instrument))
    }
}

/// The lines of an envelope, nothing drawn from them yet.
pub(super) fn opened(envelope: &Envelope) -> BTreeMap<Slug, LineState> {
    let state = |line: &BudgetLine| LineState {
        label: line.label.clone(),
        amount: line.amount,
        instruments: line.instruments.clone(),
        overheads: line.overheads,
        committed: Xof::ZERO,
        disbursed: Xof::ZERO,
    };
    envelope.lines.iter().map(|line| (line.line.clone(), state(line))).collect()
}

fn unknown(line: &Slug, field: &'static str) -> Refusal {
    Refusal::Unknown { item: Item::BudgetLine, name: line.to_string(), field }
}

fn adds_up(budget: Xof, lines: impl Iterator<Item = Xof>) -> Result<(), Refusal> {
    let given: Xof = lines.sum();
    if given == budget {
        return Ok(());
    }
    Err(Refusal::OtherAmount { what: Amount::BudgetLines, expected: budget, given })
}

/// Lines have words of their own and add up to the budget, and the money is counted in the one currency that
/// the programme's payments are in.
pub(super) fn check_opening(envelope: &Envelope) -> Result<(), Refusal> {
    if let Some(currency) = envelope.currency.filter(|one| *one != CurrencyCode::default()) {
        let name = currency.as_str().to_owned();
        return Err(Refusal::Unknown { item: Item::Currency, name, field: "currency" });
    }
    if envelope.lines.is_empty() {
        return Ok(());
    }
    check_items(envelope.lines.len(), LINES_MAX)?;
    let mut seen = BTreeSet::new();
    for line in &envelope.lines {
        if !seen.insert(&line.line) {
            let (item, name) = (Item::BudgetLine, line.line.to_string());
            return Err(Refusal::Differs { item, name });
        }
        if line.overheads && !line.instruments.is_empty() {
            return Err(Refusal::Disagree { field: "instruments", other: "overheads" });
        }
    }
    adds_up(envelope.budget, envelope.lines.iter().map(|line| line.amount))
}

/// The amounts of the lines after an adjustment that names some of them.
fn adjusted(fund: &Fund, budget: &Budget) -> Result<BTreeMap<Slug, Xof>, Refusal> {
    let mut amounts: BTreeMap<Slug, Xof> =
        fund.lines.iter().map(|(line, state)| (line.clone(), state.amount)).collect();
    for line in &budget.lines {
        let amount = amounts.get_mut(&line.line).ok_or_else(|| unknown(&line.line, "lines"))?;
        *amount = line.amount;
    }
    Ok(amounts)
}

/// Lines add up to the new budget, and none is below what it has committed.
pub(super) fn check_adjustment(fund: &Fund, budget: &Budget) -> Result<(), Refusal> {
    let amounts = adjusted(fund, budget)?;
    if amounts.is_empty() {
        return Ok(());
    }
    for (line, state) in &fund.lines {
        let (given, least) = (amounts[line], state.committed);
        if given < least {
            return Err(Refusal::TooLittle { what: Amount::LineCommitted, least, given });
        }
    }
    adds_up(budget.budget, amounts.into_values())
}

/// Whether an adjustment leaves everything as it stands.
pub(super) fn stands(fund: &Fund, budget: &Budget) -> bool {
    fund.budget == budget.budget
        && budget
            .lines
            .iter()
            .all(|line| fund.lines.get(&line.line).is_some_and(|state| state.amount == line.amount))
}

/// A commitment draws from a line of the fund where it has lines, within what the line has left.
pub(super) fn check_commitment(fund: &Fund, commitment: &Commitment) -> Result<(), Refusal> {
    let line = drawn_from(fund, commitment.budget_line.as_ref(), commitment.instrument)?;
    let Some(line) = line else { return Ok(()) };
    at_most(Amount::LineBalance, line.free(), commitment.amount)
}

/// The line that a financing draws from; none where the fund has no lines.
fn drawn_from<'a>(
    fund: &'a Fund,
    line: Option<&Slug>,
    instrument: Option<Instrument>,
) -> Result<Option<&'a LineState>, Refusal> {
    let Some(line) = line else {
        return if fund.lines.is_empty() {
            Ok(None)
        } else {
            Err(Refusal::Disagree { field: "budget_line", other: "fund" })
        };
    };
    let state = fund.lines.get(line).ok_or_else(|| unknown(line, "budget_line"))?;
    if instrument.is_some_and(|instrument| !state.takes(instrument)) || state.overheads {
        return Err(Refusal::Disagree { field: "budget_line", other: "instrument" });
    }
    Ok(Some(state))
}

/// Asks of a request for financing whether it names a line that the fund has for its instrument. Lines are
/// never taken away, so what is right at the request is right at the approval.
///
/// # Errors
/// The line is missing, unknown, or for something else.
pub fn check_request(fund: &Fund, event: &BeneficiaryEvent) -> Result<(), Refusal> {
    let Fact::FinancingRequested(request) = &event.fact else { return Ok(()) };
    let FinancingCase { budget_line, instrument, .. } = request;
    drawn_from(fund, budget_line.as_ref(), Some(*instrument)).map(drop)
}

/// The line of overheads that a cost is paid from.
pub(super) fn overhead_line<'a>(fund: &'a Fund, line: &Slug) -> Result<&'a LineState, Refusal> {
    let state = fund.lines.get(line).ok_or_else(|| unknown(line, "line"))?;
    if state.overheads {
        return Ok(state);
    }
    Err(Refusal::Disagree { field: "line", other: "overheads" })
}
