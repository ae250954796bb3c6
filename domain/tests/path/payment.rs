//! Money paid out, paid back, rescheduled, written off.

use serde_json::{Value, json};
use sira_domain::path::{Beneficiary, FinancingState};
use sira_domain::refusal::{Amount, Duty, Item, Refusal, Step as Missing};
use sira_domain::values::Xof;

use super::given::{SEALED, Step, day, recorded, refused, then, up_to};

fn pay_by(
    actor: &'static str,
    on: &'static str,
    tranche: u32,
    amount: u64,
    reference: &str,
) -> Step {
    let body = json!({"financing": 1, "tranche": tranche, "amount": amount, "method": "mobile_money",
                      "payment_reference": reference});
    ("record-disbursement", actor, on, body)
}

fn pay(on: &'static str, tranche: u32, amount: u64, reference: &str) -> Step {
    pay_by("finance", on, tranche, amount, reference)
}

fn repay(on: &'static str, principal: u64, reference: &str) -> Step {
    let body = json!({"financing": 1, "principal": principal, "interest": 0, "method": "mobile_money",
                      "payment_reference": reference});
    ("record-repayment", "finance", on, body)
}

fn reschedule(schedule: &Value) -> Step {
    let body = json!({"financing": 1, "schedule": schedule, "reason": SEALED});
    ("reschedule-loan", "finance", "2022-12-01", body)
}

fn write_off(amount: u64) -> Step {
    let body = json!({"financing": 1, "amount": amount, "reason": SEALED});
    ("write-off-loan", "director", "2024-01-01", body)
}

fn settled(item: Item, name: &str) -> Refusal {
    Refusal::Settled { item, name: name.into() }
}

fn loan(path: &Beneficiary) -> &FinancingState {
    &path.state().financings[0]
}

#[test]
fn a_tranche_is_paid_whole() {
    let path = up_to("sign-agreement");
    let path = recorded(path, &pay("2022-05-01", 1, 60_000, "OM-1"), "DisbursementRecorded");
    assert_eq!((loan(&path).disbursed(), loan(&path).owed()), (Xof::of(60_000), Xof::of(60_000)));
}

#[test]
fn nothing_is_paid_before_the_agreement() {
    let refusal = Refusal::MissingStep { step: Missing::Agreement };
    refused(&up_to("approve-financing"), &pay("2022-05-01", 1, 60_000, "X"), &refusal);
}

#[test]
fn nothing_is_paid_where_nothing_was_requested() {
    let refusal =
        Refusal::Unknown { item: Item::Financing, name: String::new(), field: "financing" };
    refused(&up_to("complete-training"), &pay("2022-05-01", 1, 60_000, "X"), &refusal);
}

#[test]
fn the_approver_does_not_pay() {
    let refusal = Refusal::SameActor {
        actor: "committee".parse().unwrap(),
        duty: Duty::Payer,
        other: Duty::Approver,
    };
    let step = pay_by("committee", "2022-05-01", 1, 60_000, "X");
    refused(&up_to("sign-agreement"), &step, &refusal);
}

#[test]
fn a_tranche_is_not_paid_in_part() {
    let (expected, given) = (Xof::of(60_000), Xof::of(59_999));
    let refusal = Refusal::OtherAmount { what: Amount::Tranche, expected, given };
    refused(&up_to("sign-agreement"), &pay("2022-05-01", 1, 59_999, "X"), &refusal);
}

#[test]
fn a_tranche_that_there_is_not_is_not_paid() {
    let refusal = Refusal::Unknown { item: Item::Tranche, name: "3".into(), field: "tranche" };
    refused(&up_to("sign-agreement"), &pay("2022-05-01", 3, 60_000, "X"), &refusal);
}

#[test]
fn a_tranche_whose_condition_is_not_met_is_not_paid() {
    let refusal = Refusal::MissingStep { step: Missing::BusinessStart };
    refused(&up_to("sign-agreement"), &pay("2022-05-01", 2, 40_000, "X"), &refusal);
}

#[test]
fn nothing_is_paid_before_the_day_of_the_agreement() {
    let (given, earliest) = (day("2022-04-24"), day("2022-04-25"));
    let refusal = Refusal::TooEarly { field: "occurred_on", given, earliest };
    refused(&up_to("sign-agreement"), &pay("2022-04-24", 1, 60_000, "X"), &refusal);
}

#[test]
fn a_payment_reference_is_used_once() {
    let refusal = settled(Item::PaymentReference, "OM-1");
    refused(&up_to("record-business-start"), &pay("2022-06-01", 2, 40_000, "OM-1"), &refusal);
}

#[test]
fn a_tranche_is_paid_once() {
    let refusal = settled(Item::Tranche, "1");
    refused(&up_to("record-business-start"), &pay("2022-06-01", 1, 60_000, "X"), &refusal);
}

#[test]
fn a_financing_paid_out_whole_takes_no_payment() {
    let refusal = settled(Item::Financing, "1");
    refused(&up_to("record-disbursement"), &pay("2022-06-02", 1, 60_000, "X"), &refusal);
}

#[test]
fn a_tranche_may_ask_for_a_visit_and_a_document_since_the_one_before() {
    let conditions = |condition: &str| {
        json!([{"tranche": 1, "amount": 60_000},
        {"tranche": 2, "amount": 40_000, "conditions": [condition]}])
    };
    for (condition, missing) in
        [("visit_recorded", Missing::Visit), ("document_attached", Missing::Document)]
    {
        let body = json!({"financing": 1, "amount": 100_000, "tranches": conditions(condition),
            "schedule": [{"due_on": "2022-12-01", "principal": 100_000, "interest": 0}]});
        let path = then(
            up_to("request-financing"),
            &[
                ("approve-financing", "committee", "2022-04-20", body),
                ("sign-agreement", "director", "2022-04-25", json!({"financing": 1})),
                pay("2022-05-01", 1, 60_000, "OM-1"),
            ],
        );
        let step = pay("2022-06-01", 2, 40_000, "OM-2");
        refused(&path, &step, &Refusal::MissingStep { step: missing });
    }
}

#[test]
fn a_loan_is_paid_back() {
    let path =
        recorded(up_to("record-support"), &repay("2022-12-01", 50_000, "RB"), "RepaymentRecorded");
    assert_eq!(loan(&path).owed(), Xof::of(50_000));
}

#[test]
fn no_more_is_paid_back_than_is_owed() {
    let (limit, given) = (Xof::of(100_000), Xof::of(100_001));
    let refusal = Refusal::TooMuch { what: Amount::Owed, limit, given };
    refused(&up_to("record-support"), &repay("2022-12-01", 100_001, "X"), &refusal);
}

#[test]
fn a_repayment_is_not_of_nothing() {
    let (expected, given) = (Xof::of(1), Xof::ZERO);
    let refusal = Refusal::OtherAmount { what: Amount::Repayment, expected, given };
    refused(&up_to("record-support"), &repay("2022-12-01", 0, "X"), &refusal);
}

#[test]
fn nothing_is_paid_back_before_it_was_paid_out() {
    let (given, earliest) = (day("2022-04-30"), day("2022-05-01"));
    let refusal = Refusal::TooEarly { field: "occurred_on", given, earliest };
    refused(&up_to("record-support"), &repay("2022-04-30", 1, "X"), &refusal);
}

#[test]
fn a_repayment_does_not_use_the_reference_of_a_payment() {
    let refusal = settled(Item::PaymentReference, "OM-1");
    refused(&up_to("record-support"), &repay("2022-12-01", 1, "OM-1"), &refusal);
}

#[test]
fn a_loan_paid_back_takes_no_more() {
    refused(&up_to("record-visit"), &repay("2024-05-03", 1, "X"), &settled(Item::Financing, "1"));
}

#[test]
fn a_loan_is_rescheduled_for_what_is_owed() {
    let schedule = json!([{"due_on": "2023-06-01", "principal": 100_000, "interest": 0}]);
    let path = recorded(up_to("record-support"), &reschedule(&schedule), "LoanRescheduled");
    assert_eq!(loan(&path).reschedulings(), 1);
}

#[test]
fn a_new_schedule_is_not_for_another_amount() {
    let (expected, given) = (Xof::of(100_000), Xof::of(1));
    let refusal = Refusal::OtherAmount { what: Amount::Schedule, expected, given };
    let schedule = json!([{"due_on": "2023-06-01", "principal": 1, "interest": 0}]);
    refused(&up_to("record-support"), &reschedule(&schedule), &refusal);
}

#[test]
fn a_loan_that_is_not_paid_out_is_not_rescheduled() {
    let schedule = json!([{"due_on": "2023-06-01", "principal": 1, "interest": 0}]);
    refused(&up_to("sign-agreement"), &reschedule(&schedule), &settled(Item::Financing, "1"));
}

#[test]
fn a_loan_is_written_off_for_what_is_owed() {
    let path = recorded(up_to("record-support"), &write_off(100_000), "LoanWrittenOff");
    assert_eq!(
        (loan(&path).owed(), loan(&path).written_off_on()),
        (Xof::ZERO, Some(day("2024-01-01")))
    );
}

#[test]
fn a_loan_is_not_written_off_in_part() {
    let (expected, given) = (Xof::of(100_000), Xof::of(1));
    let refusal = Refusal::OtherAmount { what: Amount::Owed, expected, given };
    refused(&up_to("record-support"), &write_off(1), &refusal);
}

#[test]
fn a_loan_is_written_off_once() {
    let path = then(up_to("record-support"), &[write_off(100_000)]);
    let again = ("write-off-loan", "director", "2024-01-02", write_off(100_000).3);
    refused(&path, &again, &settled(Item::Financing, "1"));
}

#[test]
fn a_financing_is_shown_as_one_flat_record_whatever_its_state() {
    let shown = |last: &str| serde_json::to_value(loan(&up_to(last))).unwrap();
    let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        fields(&shown("request-financing")),
        [
            "financing",
            "instrument",
            "fund",
            "requested",
            "request",
            "approved",
            "reschedulings",
            "repaid_since_schedule"
        ]
    );
    assert_eq!(
        fields(&shown("record-repayment")),
        [
            "financing",
            "instrument",
            "fund",
            "requested",
            "request",
            "approval",
            "approved",
            "tranches",
            "schedule",
            "agreement_on",
            "paid",
            "repaid",
            "reschedulings",
            "repaid_since_schedule"
        ]
    );
    for last in ["request-financing", "approve-financing", "record-repayment"] {
        let read: FinancingState = serde_json::from_value(shown(last)).unwrap();
        assert_eq!(&read, loan(&up_to(last)), "{last}");
    }
}
