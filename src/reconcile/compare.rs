//! A statement beside the payments of a fund: what is on both, on one alone, or otherwise on each.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::values::Period;
use sira_projections::lists::ListedPayment;

use super::statement::{Direction, Statement, StatementLine, UnreadLine};

/// How a line and a payment stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// On the statement as in the fund.
    Matched,
    /// In the fund, and not on the statement within its period.
    Missing,
    /// On the statement alone, or there once more.
    Surplus,
    /// Under one reference, and otherwise: by amount, day or direction.
    Differing,
    /// A payment that was undone.
    Reversed,
}

impl RowState {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Missing => "missing",
            Self::Surplus => "surplus",
            Self::Differing => "differing",
            Self::Reversed => "reversed",
        }
    }
}

/// A line of the statement, a payment of the fund, or both.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ComparedRow {
    /// How they stand to each other.
    pub state: RowState,
    /// What differs: `amount`, `day`, `direction`; `repeated` for a line that a line before it was already.
    pub differs: Vec<&'static str>,
    /// Line of the statement's file, from 1.
    pub line: Option<u32>,
    /// Its day.
    pub line_on: Option<NaiveDate>,
    /// Its amount, whole francs.
    pub line_amount: Option<u64>,
    /// Its direction, as the account sees it.
    pub line_direction: Option<Direction>,
    /// Its reference.
    pub line_reference: Option<String>,
    /// Whether the payment's own event or that of its reversal is meant.
    pub is_reversal: bool,
    /// Whether a person has confirmed already that this line is this payment.
    pub confirmed: bool,
    /// Whether another line, of this statement or another, was confirmed as this payment.
    pub confirmed_elsewhere: bool,
    /// The payment; none of a surplus line.
    pub payment: Option<ListedPayment>,
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// On the statement as in the fund.
    pub matched: usize,
    /// In the fund alone.
    pub missing: usize,
    /// On the statement alone.
    pub surplus: usize,
    /// Under one reference, and otherwise.
    pub differing: usize,
    /// Undone.
    pub reversed: usize,
    /// Lines that could not be read.
    pub unread: usize,
    /// Lines that move no money under a reference: balances, fees.
    pub passed_over: u32,
    /// Payments of the period that were found on another statement, and are not on this one.
    pub reconciled_before: usize,
}

/// What a comparison came to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Compared {
    /// SHA-256 of the statement's file: what a confirmation names.
    pub statement: String,
    /// The statement's period; none without a line.
    pub period: Option<Period>,
    /// How many there are of each.
    pub counts: Counts,
    /// Every line and every payment of the period: those on the statement in its order, then those that are
    /// missing.
    pub rows: Vec<ComparedRow>,
    /// Lines that could not be read, without what stands there.
    pub unread: Vec<UnreadLine>,
}

/// What the account should show under a reference: a payment, or the reversal of one.
struct Expected<'a> {
    payment: &'a ListedPayment,
    is_reversal: bool,
    on: NaiveDate,
    direction: Direction,
}

fn expected(payments: &[ListedPayment]) -> HashMap<String, Expected<'_>> {
    let mut all = HashMap::new();
    for payment in payments {
        let direction = if payment.outgoing { Direction::Out } else { Direction::In };
        let on = payment.occurred_on;
        let form = payment.reference_form.clone();
        all.insert(form, Expected { payment, is_reversal: false, on, direction });
        if let (Some(form), Some(on)) = (&payment.reversal_form, payment.reversed_on) {
            let direction = direction.back();
            all.insert(form.clone(), Expected { payment, is_reversal: true, on, direction });
        }
    }
    all
}

/// Compares. References are one payment's each within a fund, so a line has one payment at most.
#[must_use]
pub(super) fn compare_statement(
    hash: &str,
    period: Option<Period>,
    days_apart: i64,
    statement: Statement,
    payments: &[ListedPayment],
) -> Compared {
    let expected = expected(payments);
    let mut seen: HashSet<(&str, bool)> = HashSet::new();
    let mut rows = Vec::new();
    for line in &statement.lines {
        let form = line.reference.form();
        let row = match expected.get_key_value(form) {
            None => ComparedRow { state: RowState::Surplus, ..of_line(line) },
            // The same line again; of what was undone, once the other way is its return.
            Some((_, one)) if seen.contains(&(form, is_return(line, one))) => {
                let differs = vec!["repeated"];
                let payment = Some(one.payment.clone());
                ComparedRow { state: RowState::Surplus, differs, payment, ..of_line(line) }
            }
            Some((_, one)) => of_both(hash, line, one, days_apart),
        };
        if let Some((form, one)) = expected.get_key_value(form) {
            seen.insert((form, is_return(line, one)));
        }
        rows.push(row);
    }
    let mut reconciled_before = 0;
    for payment in payments {
        let was_seen = seen.contains(&(payment.reference_form.as_str(), false));
        if has_not_come_back(payment, period, was_seen, &seen) {
            let payment = Some(payment.clone());
            let state = RowState::Missing;
            rows.push(ComparedRow { state, is_reversal: true, payment, ..nothing() });
        }
        let is_within = period.is_some_and(|period| period.holds(payment.occurred_on));
        if !is_within || was_seen {
            continue;
        }
        if payment.reconciled {
            reconciled_before += 1;
            continue;
        }
        let state = if payment.reversed { RowState::Reversed } else { RowState::Missing };
        rows.push(ComparedRow { state, payment: Some(payment.clone()), ..nothing() });
    }
    let of = |state| rows.iter().filter(|row| row.state == state).count();
    let counts = Counts {
        matched: of(RowState::Matched),
        missing: of(RowState::Missing),
        surplus: of(RowState::Surplus),
        differing: of(RowState::Differing),
        reversed: of(RowState::Reversed),
        unread: statement.unread.len(),
        passed_over: statement.passed_over,
        reconciled_before,
    };
    Compared { statement: hash.to_owned(), period, counts, rows, unread: statement.unread }
}

/// Whether a payment was undone within the period, went over the account, and its money is on no statement as
/// come back. What was undone and never went over the account has nothing to come back.
fn has_not_come_back(
    payment: &ListedPayment,
    period: Option<Period>,
    was_seen: bool,
    seen: &HashSet<(&str, bool)>,
) -> bool {
    let is_within = |on| period.is_some_and(|period| period.holds(on));
    let came_back = payment.reversal_reconciled_on.is_some()
        || seen.contains(&(payment.reference_form.as_str(), true))
        || payment.reversal_form.as_deref().is_some_and(|form| seen.contains(&(form, false)));
    payment.reversed_on.is_some_and(is_within) && (was_seen || payment.reconciled) && !came_back
}

/// Whether a line is the return of a payment that was undone, under the payment's own reference.
fn is_return(line: &StatementLine, one: &Expected<'_>) -> bool {
    one.payment.reversed && !one.is_reversal && line.direction == one.direction.back()
}

fn of_both(hash: &str, line: &StatementLine, one: &Expected<'_>, days_apart: i64) -> ComparedRow {
    let payment = one.payment;
    let is_return = is_return(line, one);
    let mut differs = Vec::new();
    if u64::try_from(payment.amount) != Ok(line.amount) {
        differs.push("amount");
    }
    if !is_return && (line.on - one.on).num_days().abs() > days_apart {
        differs.push("day");
    }
    if !is_return && line.direction != one.direction {
        differs.push("direction");
    }
    let was_undone = payment.reversed && !one.is_reversal;
    let state = match (differs.is_empty(), was_undone) {
        (false, _) => RowState::Differing,
        (true, true) => RowState::Reversed,
        (true, false) => RowState::Matched,
    };
    let place = if one.is_reversal {
        (&payment.reversal_statement, payment.reversal_statement_line)
    } else {
        (&payment.statement, payment.statement_line)
    };
    let confirmed = (place.0.as_deref(), place.1) == (Some(hash), Some(i64::from(line.line)));
    ComparedRow {
        state,
        differs,
        is_reversal: one.is_reversal || is_return,
        confirmed,
        confirmed_elsewhere: place.0.is_some() && !confirmed,
        payment: Some(payment.clone()),
        ..of_line(line)
    }
}

fn of_line(line: &StatementLine) -> ComparedRow {
    ComparedRow {
        line: Some(line.line),
        line_on: Some(line.on),
        line_amount: Some(line.amount),
        line_direction: Some(line.direction),
        line_reference: Some(line.reference.to_string()),
        ..nothing()
    }
}

const fn nothing() -> ComparedRow {
    ComparedRow {
        state: RowState::Missing,
        differs: Vec::new(),
        line: None,
        line_on: None,
        line_amount: None,
        line_direction: None,
        line_reference: None,
        is_reversal: false,
        confirmed: false,
        confirmed_elsewhere: false,
        payment: None,
    }
}
