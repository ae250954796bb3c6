//! Plan, approval, payments, loans.

use sira_domain::path::facts::{PlanConclusion, RefundOf};
use sira_domain::path::{Fact, FinancingState};
use sira_domain::reference::PaymentMethod;
use sira_domain::values::Xof;

use super::loans;
use super::memo::{Before, Memo};
use super::moment::{EventMoment, Op, reach};
use super::payments::{self, Undone};
use crate::table::TableId;
use crate::table::tables::finance_lines::FinanceLineRow;
use crate::table::tables::loan_status::LoanStatusRow;

/// A movement of money.
struct Line {
    name: &'static str,
    amount: Xof,
    tranche: Option<u32>,
    method: Option<PaymentMethod>,
}

impl Line {
    const fn of(name: &'static str, amount: Xof) -> Self {
        Self { name, amount, tranche: None, method: None }
    }
}

pub fn tell(moment: &EventMoment, before: &Before, memo: &mut Memo, ops: &mut Vec<Op>) {
    let fact = &moment.event.event.fact;
    let Some(number) = number(fact) else {
        tell_milestone(moment, memo, ops);
        return;
    };
    let Some(financing) = moment.state.financing(number) else { return };
    if matches!(fact, Fact::FinancingApproved(_)) {
        memo.fund = Some(financing.fund());
    }
    tell_milestone(moment, memo, ops);
    for line in lines(fact, financing, before) {
        tell_line(moment, memo, ops, financing, &line, None);
    }
    payments::tell(moment, ops, financing, None);
    loans::tell(moment, memo, ops, financing);
    tell_loan(moment, memo, ops, financing);
}

/// What a payment tells that was undone since: it counts nowhere, and is shown with its reversal.
pub fn tell_undone(moment: &EventMoment, undone: &Undone, memo: &Memo, ops: &mut Vec<Op>) {
    let fact = &moment.event.event.fact;
    let Some(financing) = number(fact).and_then(|number| moment.state.financing(number)) else {
        return;
    };
    for line in lines(fact, financing, &Before::default()) {
        tell_line(moment, memo, ops, financing, &line, Some(undone));
    }
    payments::tell(moment, ops, financing, Some(undone));
}

fn number(fact: &Fact) -> Option<u32> {
    Some(match fact {
        Fact::FinancingRequested(request) => request.financing,
        Fact::FinancingApproved(approval) => approval.financing,
        Fact::FinancingRefused(refusal) => refusal.financing,
        Fact::DisbursementRecorded(payment) => payment.financing,
        Fact::RepaymentRecorded(payment) => payment.financing,
        Fact::LoanRescheduled(rescheduling) => rescheduling.financing,
        Fact::LoanWrittenOff(write_off) => write_off.financing,
        Fact::DisbursementReversed(reversal) | Fact::RepaymentReversed(reversal) => {
            reversal.financing
        }
        Fact::RefundRecorded(refund) => refund.financing,
        Fact::RecoveryRecorded(recovery) => recovery.financing,
        Fact::GuaranteeCalled(call) => call.financing,
        Fact::GuaranteeReleased(number) => number.financing,
        Fact::FinancingCancelled(cancellation) => cancellation.financing,
        _ => return None,
    })
}

fn tell_milestone(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>) {
    let milestone = match &moment.event.event.fact {
        Fact::BusinessPlanSubmitted(_) => "plan_submitted",
        Fact::BusinessPlanValidated(review) => {
            let validated = review.conclusion == PlanConclusion::Validated;
            if validated && !memo.plan_reviewed {
                reach(moment, memo, ops, "plan_validated_first");
            }
            memo.plan_reviewed = true;
            if !validated {
                return;
            }
            "plan_validated"
        }
        Fact::FinancingRequested(_) => "financing_requested",
        Fact::FinancingApproved(_) => "approved",
        Fact::DisbursementRecorded(_) => "financed",
        Fact::FinancingWaived(_) => "waived",
        _ => return,
    };
    reach(moment, memo, ops, milestone);
}

fn lines(fact: &Fact, financing: &FinancingState, before: &Before) -> Vec<Line> {
    let some = |line, amount: Xof| (amount > Xof::ZERO).then(|| Line::of(line, amount));
    match fact {
        Fact::FinancingRequested(request) => vec![Line::of("requested", request.amount)],
        Fact::FinancingApproved(approval) if before.approved == Xof::ZERO => {
            vec![Line::of("approved", approval.amount)]
        }
        Fact::FinancingApproved(approval) => {
            some("released", before.approved.less(approval.amount)).into_iter().collect()
        }
        Fact::FinancingRefused(_) | Fact::FinancingCancelled(_) | Fact::GuaranteeReleased(_) => {
            some("released", before.approved.less(financing.paid_out())).into_iter().collect()
        }
        Fact::DisbursementRecorded(payment) => vec![Line {
            tranche: Some(payment.tranche),
            method: Some(payment.method),
            ..Line::of("disbursed", payment.amount)
        }],
        Fact::RepaymentRecorded(payment) => {
            let method = Some(payment.method);
            let principal = some("principal_repaid", payment.principal);
            let interest = some("interest_repaid", payment.interest);
            let credit = some("credit_received", payment.credit.unwrap_or_default());
            let lines = principal.into_iter().chain(interest).chain(credit);
            lines.map(|line| Line { method, ..line }).collect()
        }
        Fact::RefundRecorded(refund) => {
            let line = match refund.of {
                RefundOf::Unspent => "refunded",
                RefundOf::Credit => "credit_refunded",
            };
            vec![Line { method: Some(refund.method), ..Line::of(line, refund.amount) }]
        }
        Fact::RecoveryRecorded(recovery) => {
            let line = Line::of("recovered", recovery.amount);
            vec![Line { method: Some(recovery.method), ..line }]
        }
        Fact::GuaranteeCalled(call) => {
            vec![Line { method: Some(call.method), ..Line::of("guarantee_called", call.amount) }]
        }
        Fact::LoanWrittenOff(write_off) => vec![Line::of("written_off", write_off.amount)],
        _ => Vec::new(),
    }
}

fn tell_line(
    moment: &EventMoment,
    memo: &Memo,
    ops: &mut Vec<Op>,
    financing: &FinancingState,
    line: &Line,
    undone: Option<&Undone>,
) {
    let own = FinanceLineRow {
        aggregate_id: moment.id,
        sequence: moment.sequence,
        line: undone.map_or(line.name, |_| "reversed").into(),
        financing: financing.financing(),
        tranche: line.tranche,
        instrument: financing.instrument().code().into(),
        method: line.method.map(|method| method.code().into()),
        occurred_on: moment.on(),
        recorded_at: moment.event.recorded_at,
        amount: line.amount,
        reversed_line: undone.map(|_| line.name.into()),
        reversed_on: undone.map(|undone| undone.on),
    };
    moment.put_of(memo, Some(financing.fund()), ops, None, own);
}

fn tell_loan(moment: &EventMoment, memo: &Memo, ops: &mut Vec<Op>, financing: &FinancingState) {
    let Some(registration) = &moment.state.registration else { return };
    if financing.schedule().is_empty() {
        return;
    }
    if financing.paid().is_empty() {
        ops.push(Op::Clear(TableId::LoanStatus, financing.financing().into()));
        return;
    }
    let repaid: Xof = financing.repaid().iter().map(|back| back.principal).sum();
    let own = LoanStatusRow {
        aggregate_id: moment.id,
        reference: registration.reference.to_string().into(),
        sequence: moment.sequence,
        financing: financing.financing(),
        occurred_on: moment.on(),
        recorded_at: moment.event.recorded_at,
        disbursed: financing.disbursed(),
        repaid,
        outstanding: financing.owed(),
        interest_owed: financing.interest_owed(),
        credit: financing.credit(),
        recovered: financing.recovered().iter().map(|recovery| recovery.amount).sum(),
        oldest_unpaid_due_on: financing.oldest_unpaid_due_on(),
        reschedulings: financing.reschedulings(),
        written_off: financing.written_off_on().is_some(),
    };
    moment.put_of(memo, Some(financing.fund()), ops, Some(financing.financing().into()), own);
}
