//! Payments one by one, with what undid them.

use chrono::NaiveDate;
use sira_domain::path::facts::{PaymentKind, Reversal};
use sira_domain::path::{Fact, FinancingState};
use sira_domain::reference::PaymentMethod;
use sira_domain::values::{PaymentReference, Xof};
use sira_numbers::Sequence;

use super::event::PathEvent;
use super::ledger::ToldRow;
use super::moment::{EventMoment, Op};
use crate::table::define::Word;
use crate::table::tables::payments::PaymentRow;
use crate::table::{TableId, TableRow};

/// The reversal of a payment.
#[derive(Clone, Debug)]
pub struct Undone {
    /// Day of the reversal.
    pub on: NaiveDate,
    /// Sequence of its event.
    pub sequence: Sequence,
    /// Code of why, where one was given.
    pub ground: Option<&'static str>,
    /// Its own reference.
    pub reference: Option<PaymentReference>,
}

impl Undone {
    /// The payment that an event undoes, by its sequence; none for any other event.
    pub fn of(index: usize, event: &PathEvent) -> Option<(Sequence, Self)> {
        let (Fact::DisbursementReversed(reversal) | Fact::RepaymentReversed(reversal)) =
            &event.event.fact
        else {
            return None;
        };
        let Reversal { ground, payment_reference, .. } = reversal;
        let undone = Self {
            on: event.event.occurred_on,
            sequence: Sequence::of_index(index),
            ground: ground.map(|ground| ground.code()),
            reference: payment_reference.clone(),
        };
        Some((reversal.sequence, undone))
    }
}

/// A payment as its fact tells it.
struct Paid<'a> {
    kind: PaymentKind,
    tranche: Option<u32>,
    method: PaymentMethod,
    amount: Xof,
    interest: Xof,
    credit: Xof,
    reference: &'a PaymentReference,
}

fn paid(fact: &Fact) -> Option<Paid<'_>> {
    let of = |kind, amount, method, reference| {
        let (interest, credit) = (Xof::ZERO, Xof::ZERO);
        Paid { kind, tranche: None, method, amount, interest, credit, reference }
    };
    Some(match fact {
        Fact::DisbursementRecorded(one) => Paid {
            tranche: Some(one.tranche),
            ..of(PaymentKind::Disbursement, one.amount, one.method, &one.payment_reference)
        },
        Fact::RepaymentRecorded(one) => {
            let credit = one.credit.unwrap_or_default();
            let amount = one.principal.plus(one.interest).plus(credit);
            let of = of(PaymentKind::Repayment, amount, one.method, &one.payment_reference);
            Paid { interest: one.interest, credit, ..of }
        }
        Fact::RefundRecorded(one) => {
            of(one.of.kind(), one.amount, one.method, &one.payment_reference)
        }
        Fact::RecoveryRecorded(one) => {
            of(PaymentKind::Recovery, one.amount, one.method, &one.payment_reference)
        }
        Fact::GuaranteeCalled(one) => {
            of(PaymentKind::GuaranteeCall, one.amount, one.method, &one.payment_reference)
        }
        _ => return None,
    })
}

/// Tells the payment that an event is, with its reversal; nothing for any other event.
pub fn tell(
    moment: &EventMoment,
    ops: &mut Vec<Op>,
    financing: &FinancingState,
    undone: Option<&Undone>,
) {
    let Some(paid) = paid(&moment.event.event.fact) else { return };
    let Some(registration) = &moment.state.registration else { return };
    let own = undone.and_then(|undone| undone.reference.as_ref());
    let row = PaymentRow {
        aggregate_id: moment.id,
        sequence: moment.sequence,
        kind: paid.kind.word().into(),
        programme: registration.programme.0,
        fund: financing.fund().0,
        financing: Some(financing.financing()),
        tranche: paid.tranche,
        instrument: Some(financing.instrument().code().into()),
        budget_line: financing.budget_line().map(|line| line.as_str().to_owned().into()),
        method: Some(paid.method.code().into()),
        occurred_on: moment.on(),
        recorded_at: moment.event.recorded_at,
        amount: paid.amount,
        interest: paid.interest,
        credit: paid.credit,
        payment_reference: typed(paid.reference),
        reference_form: form(paid.reference),
        reversed_on: undone.map(|undone| undone.on),
        reversal_sequence: undone.map(|undone| undone.sequence),
        reversal_ground: undone.and_then(|undone| undone.ground).map(Word::from),
        reversal_reference: own.map(typed),
        reversal_form: own.map(form),
    };
    ops.push(Op::Put(ToldRow { table: TableId::Payments, slot: None, row: row.row() }));
}

fn typed(reference: &PaymentReference) -> Word {
    reference.as_str().to_owned().into()
}

fn form(reference: &PaymentReference) -> Word {
    reference.form().to_owned().into()
}
