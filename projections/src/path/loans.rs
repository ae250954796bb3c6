//! Loans by the day: what was owed from one day to the next, and what fell due, part by part.
//!
//! An event changes the balances of its own day and of later ones: those are told anew, and the one before
//! ends where they begin.

use chrono::{Datelike, NaiveDate};
use sira_domain::path::{DuePart, Fact, FinancingState, LoanBook, LoanMove, PaidBack};
use sira_domain::values::Xof;

use super::ledger::Slot;
use super::memo::Memo;
use super::moment::{EventMoment, Op};
use crate::table::TableId;
use crate::table::tables::instalments::InstalmentRow;
use crate::table::tables::loan_balances::LoanBalanceRow;

/// A loan as far as it was told.
#[derive(Clone, Debug)]
pub struct LoanTold {
    /// Number of the financing.
    financing: u32,
    book: LoanBook,
    /// Days from which a balance stands, in order.
    balances: Vec<NaiveDate>,
    /// Parts of instalments that stand.
    parts: Vec<DuePart>,
}

/// Tells what an event makes of the loan that it is about.
pub fn tell(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>, financing: &FinancingState) {
    let Some(what) = moved(moment) else { return };
    let number = financing.financing();
    let known = memo.loans.iter().position(|loan| loan.financing == number);
    let place = match (known, &what) {
        (Some(place), _) => place,
        // Nothing is owed before the first payment, and nothing of what is no loan.
        (None, LoanMove::PaidOut(_)) if !financing.schedule().is_empty() => {
            let book = LoanBook::of(financing.schedule().to_vec(), financing.reschedulings());
            let (balances, parts) = (Vec::new(), Vec::new());
            memo.loans.push(LoanTold { financing: number, book, balances, parts });
            memo.loans.len() - 1
        }
        (None, _) => return,
    };
    let mut loan = memo.loans[place].clone();
    loan.book.take(moment.on(), what);
    loan.tell_balances(moment, memo, ops, financing);
    loan.tell_parts(moment, memo, ops, financing);
    memo.loans[place] = loan;
}

/// What an event does to a loan; nothing for what changes no balance.
fn moved(moment: &EventMoment) -> Option<LoanMove> {
    Some(match &moment.event.event.fact {
        Fact::DisbursementRecorded(payment) => LoanMove::PaidOut(payment.amount),
        Fact::RepaymentRecorded(payment) => LoanMove::PaidBack(PaidBack {
            on: moment.on(),
            principal: payment.principal,
            interest: payment.interest,
            credit: Xof::ZERO,
            payment_reference: payment.payment_reference.clone(),
            before_schedule: false,
        }),
        Fact::LoanRescheduled(rescheduling) => LoanMove::Rescheduled(rescheduling.schedule.clone()),
        Fact::LoanWrittenOff(_) => LoanMove::WrittenOff,
        _ => return None,
    })
}

/// A day as part of a place: fewer than 2^20 until the year 2871.
fn day_slot(day: NaiveDate) -> Slot {
    day.num_days_from_ce().unsigned_abs().into()
}

impl LoanTold {
    fn balance_slot(&self, day: NaiveDate) -> Slot {
        Slot::from(self.financing) << 20 | day_slot(day)
    }

    /// The place of a part: by the loan, its terms, the instalment, and the day on which it was paid.
    fn part_slot(&self, part: &DuePart) -> Slot {
        let paid_on = part.paid_on.map_or(0, day_slot);
        let financing = Slot::from(self.financing) << 44;
        financing | Slot::from(part.terms) << 32 | Slot::from(part.instalment) << 20 | paid_on
    }

    fn tell_balances(
        &mut self,
        moment: &EventMoment,
        memo: &Memo,
        ops: &mut Vec<Op>,
        financing: &FinancingState,
    ) {
        let from = moment.on();
        let table = TableId::LoanBalances;
        let earlier = self.balances.partition_point(|day| *day < from);
        if let Some(before) = earlier.checked_sub(1).map(|last| self.balances[last]) {
            ops.push(Op::Amend(table, self.balance_slot(before), "ended_on", Some(from).into()));
        }
        self.balances.truncate(earlier);
        let days = self.book.days();
        let later = days.partition_point(|day| *day < from);
        for (place, day) in days.iter().enumerate().skip(later) {
            let Some(balance) = self.book.balance_on(*day) else { continue };
            self.balances.push(*day);
            let own = LoanBalanceRow {
                aggregate_id: moment.id,
                sequence: moment.sequence,
                financing: self.financing,
                occurred_on: *day,
                ended_on: days.get(place + 1).copied(),
                recorded_at: moment.event.recorded_at,
                outstanding: balance.outstanding,
                interest_owed: balance.interest_owed,
                oldest_unpaid_due_on: balance.oldest_unpaid_due_on,
                reschedulings: balance.reschedulings,
            };
            let slot = Some(self.balance_slot(*day));
            moment.put_of(memo, Some(financing.fund()), ops, slot, own);
        }
    }

    fn tell_parts(
        &mut self,
        moment: &EventMoment,
        memo: &Memo,
        ops: &mut Vec<Op>,
        financing: &FinancingState,
    ) {
        let parts = self.book.due_parts();
        let slot = |part: &DuePart| self.part_slot(part);
        for gone in &self.parts {
            if !parts.iter().any(|part| slot(part) == slot(gone)) {
                ops.push(Op::Clear(TableId::Instalments, slot(gone)));
            }
        }
        for part in parts.iter().filter(|part| !self.parts.contains(part)) {
            let own = InstalmentRow {
                aggregate_id: moment.id,
                sequence: moment.sequence,
                financing: self.financing,
                terms: part.terms,
                instalment: part.instalment + 1,
                occurred_on: part.due_on,
                recorded_at: moment.event.recorded_at,
                amount: part.amount,
                paid_on: part.paid_on,
                ended_on: part.ended_on,
            };
            moment.put_of(memo, Some(financing.fund()), ops, Some(slot(part)), own);
        }
        self.parts = parts;
    }
}
