//! Money that bounces, comes back, goes beyond what is owed, or is guaranteed.

use serde_json::{Value, json};
use sira_domain::path::{Beneficiary, FinancingState, LoanRisk, PAR_DAYS};
use sira_domain::refusal::{Amount, Duty, Item, Refusal, Step as Missing};
use sira_domain::values::Xof;

use super::given::{FUND, SEALED, Step, day, recorded, refused, then, up_to};
use super::walk::walk;

fn reverse(word: &'static str, actor: &'static str, on: &'static str, sequence: u32) -> Step {
    (word, actor, on, json!({"sequence": sequence, "ground": "bounced"}))
}

fn reverse_disbursement(on: &'static str, sequence: u32) -> Step {
    reverse("reverse-disbursement", "comptable", on, sequence)
}

fn reverse_repayment(on: &'static str, sequence: u32) -> Step {
    reverse("reverse-repayment", "comptable", on, sequence)
}

fn pay(on: &'static str, tranche: u32, amount: u64, reference: &str) -> Step {
    let body = json!({"financing": 1, "tranche": tranche, "amount": amount, "method": "mobile_money",
                      "payment_reference": reference});
    ("record-disbursement", "finance", on, body)
}

fn repay(
    on: &'static str,
    (principal, interest, credit): (u64, u64, u64),
    reference: &str,
) -> Step {
    let mut body = json!({"financing": 1, "principal": principal, "interest": interest,
                          "method": "mobile_money", "payment_reference": reference});
    if credit > 0 {
        body["credit"] = json!(credit);
    }
    ("record-repayment", "finance", on, body)
}

fn moved(word: &'static str, on: &'static str, amount: u64, reference: &str) -> Step {
    let body = json!({"financing": 1, "amount": amount, "method": "bank_transfer",
                      "payment_reference": reference});
    (word, "finance", on, body)
}

fn write_off(amount: u64) -> Step {
    let body = json!({"financing": 1, "amount": amount, "ground": "unreachable"});
    ("write-off-loan", "director", "2024-01-01", body)
}

/// The walk up to a step, with another instrument, signed.
fn signed(instrument: &str) -> Beneficiary {
    let request = json!({"instrument": instrument, "amount": 120_000, "own_contribution": 15_000, "fund": FUND});
    let approval =
        json!({"financing": 1, "amount": 100_000, "tranches": [{"tranche": 1, "amount": 100_000}]});
    then(
        up_to("validate-business-plan"),
        &[
            ("request-financing", "adviser", "2022-04-02", request),
            ("approve-financing", "committee", "2022-04-20", approval),
            ("sign-agreement", "director", "2022-04-25", json!({"financing": 1})),
        ],
    )
}

fn loan(path: &Beneficiary) -> &FinancingState {
    &path.state().financings[0]
}

fn settled(item: Item, name: &str) -> Refusal {
    Refusal::Settled { item, name: name.into() }
}

fn too_much(what: Amount, limit: u64, given: u64) -> Refusal {
    Refusal::TooMuch { what, limit: Xof::of(limit), given: Xof::of(given) }
}

fn no_payment(name: &str) -> Refusal {
    Refusal::Unknown { item: Item::Payment, name: name.into(), field: "sequence" }
}

#[test]
fn a_bounced_tranche_is_undone_and_can_be_paid_again() {
    let path = up_to("record-support");
    let path = recorded(path, &reverse_disbursement("2022-06-20", 19), "DisbursementReversed");
    assert_eq!((loan(&path).disbursed(), loan(&path).owed()), (Xof::of(60_000), Xof::of(60_000)));
    refused(&path, &pay("2022-06-21", 2, 40_000, "om-2"), &settled(Item::PaymentReference, "OM-2"));
    let path = recorded(path, &pay("2022-06-21", 2, 40_000, "OM-3"), "DisbursementRecorded");
    assert_eq!(loan(&path).disbursed(), Xof::of(100_000));
    assert_eq!(loan(&path).reversed().len(), 1);
}

#[test]
fn the_same_payment_again_after_its_reversal_is_no_retry() {
    let path = then(up_to("record-support"), &[reverse_disbursement("2022-06-20", 19)]);
    let step = walk().into_iter().rfind(|step| step.0 == "record-disbursement").unwrap();
    refused(&path, &step, &settled(Item::PaymentReference, "OM-2"));
}

#[test]
fn nobody_undoes_a_payment_that_they_recorded() {
    let refusal = Refusal::SameActor {
        actor: "finance".parse().unwrap(),
        duty: Duty::Reverser,
        other: Duty::Recorder,
    };
    let step = reverse("reverse-disbursement", "finance", "2022-06-20", 19);
    refused(&up_to("record-support"), &step, &refusal);
    let step = reverse("reverse-repayment", "finance", "2022-12-05", 22);
    refused(&up_to("reschedule-loan"), &step, &refusal);
}

#[test]
fn a_payment_is_undone_once_for_a_reason_and_not_before_its_day() {
    let path = up_to("record-support");
    let early = Refusal::TooEarly {
        field: "occurred_on",
        given: day("2022-05-31"),
        earliest: day("2022-06-01"),
    };
    refused(&path, &reverse_disbursement("2022-05-31", 19), &early);
    let without = ("reverse-disbursement", "comptable", "2022-06-20", json!({"sequence": 19}));
    refused(&path, &without, &Refusal::Disagree { field: "ground", other: "reason" });
    let path = then(path, &[reverse_disbursement("2022-06-20", 19)]);
    refused(&path, &reverse_disbursement("2022-06-21", 19), &settled(Item::Payment, "19"));
}

#[test]
fn only_payments_are_undone_and_each_by_the_command_of_its_way() {
    let path = up_to("reschedule-loan");
    for sequence in [16, 22, 99] {
        let step = reverse_disbursement("2023-02-02", sequence);
        refused(&path, &step, &no_payment(&sequence.to_string()));
    }
    refused(&path, &reverse_repayment("2023-02-02", 19), &no_payment("19"));
    let none = up_to("sign-agreement");
    refused(&none, &reverse_disbursement("2022-05-01", 9), &no_payment(""));
}

#[test]
fn a_payment_is_not_undone_of_which_more_came_back() {
    let path = then(up_to("record-support"), &[repay("2022-12-01", (50_000, 1_000, 0), "RB-1")]);
    let refusal = too_much(Amount::Reversed, 50_000, 60_000);
    refused(&path, &reverse_disbursement("2022-12-05", 17), &refusal);
    recorded(path, &reverse_disbursement("2022-12-05", 19), "DisbursementReversed");
}

#[test]
fn a_repayment_that_bounced_is_owed_again() {
    let path = then(up_to("record-support"), &[repay("2022-12-01", (50_000, 1_000, 0), "RB-1")]);
    assert_eq!(loan(&path).owed_in_all(), Xof::of(50_500));
    assert_eq!(loan(&path).oldest_unpaid_due_on(), Some(day("2023-03-01")));
    let path = recorded(path, &reverse_repayment("2022-12-05", 22), "RepaymentReversed");
    assert_eq!(loan(&path).owed_in_all(), Xof::of(101_500));
    assert_eq!(loan(&path).oldest_unpaid_due_on(), Some(day("2022-12-01")));
}

#[test]
fn a_repayment_before_the_last_rescheduling_is_due_at_its_end_once_it_bounced() {
    let path = up_to("reschedule-loan");
    let path = recorded(path, &reverse_repayment("2023-02-05", 22), "RepaymentReversed");
    let path = then(path, &[repay("2023-06-01", (50_000, 500, 0), "RB-2")]);
    assert_eq!(loan(&path).owed(), Xof::of(50_000));
    assert_eq!(loan(&path).oldest_unpaid_due_on(), Some(day("2023-06-01")));
}

#[test]
fn a_tranche_that_bounced_after_the_rest_was_refused_waits_again() {
    let refuse = (
        "refuse-financing",
        "committee",
        "2022-05-10",
        json!({"financing": 1, "reason": "over_budget"}),
    );
    let path =
        then(up_to("record-business-start"), &[refuse, reverse_disbursement("2022-05-20", 17)]);
    assert_eq!(loan(&path).approved(), Xof::of(60_000));
    recorded(path, &pay("2022-05-21", 1, 60_000, "OM-9"), "DisbursementRecorded");
}

#[test]
fn interest_is_taken_up_to_what_is_owed() {
    let path = up_to("record-support");
    let refusal = too_much(Amount::InterestOwed, 1_500, 999_999);
    refused(&path, &repay("2022-12-01", (0, 999_999, 0), "X"), &refusal);
    let path = recorded(path, &repay("2022-12-01", (0, 1_500, 0), "RB-1"), "RepaymentRecorded");
    assert_eq!(loan(&path).interest_owed(), Xof::ZERO);
}

#[test]
fn a_loan_is_closed_when_neither_principal_nor_interest_is_owed() {
    let path = then(up_to("record-support"), &[repay("2022-12-01", (100_000, 1_000, 0), "RB-1")]);
    assert_eq!((loan(&path).owed(), loan(&path).interest_owed()), (Xof::ZERO, Xof::of(500)));
    let path = recorded(path, &repay("2022-12-02", (0, 500, 0), "RB-2"), "RepaymentRecorded");
    refused(&path, &repay("2022-12-03", (1, 0, 0), "X"), &settled(Item::Financing, "1"));
}

#[test]
fn a_path_is_not_completed_with_interest_owed() {
    let visit = ("record-visit", "adviser", "2024-05-02", super::walk::visit(24));
    let path =
        then(up_to("record-support"), &[repay("2022-12-01", (100_000, 1_000, 0), "RB-1"), visit]);
    let complete = ("complete-path", "director", "2024-06-01", json!({}));
    refused(&path, &complete, &too_much(Amount::LeftOwed, 0, 500));
}

#[test]
fn what_is_paid_above_all_that_is_owed_is_credit_which_is_shown_and_refunded() {
    let path = up_to("record-support");
    let refusal = too_much(Amount::LeftBeforeCredit, 0, 500);
    refused(&path, &repay("2022-12-01", (100_000, 1_000, 200), "X"), &refusal);
    let path = then(path, &[repay("2022-12-01", (100_000, 1_500, 200), "RB-1")]);
    let shown = serde_json::to_value(loan(&path)).unwrap();
    assert_eq!((loan(&path).credit(), &shown["credit"]), (Xof::of(200), &json!(200)));
    let path = recorded(path, &repay("2022-12-02", (0, 0, 300), "RB-2"), "RepaymentRecorded");
    let refusal = too_much(Amount::Refund, 500, 501);
    refused(&path, &moved("record-refund", "2022-12-05", 501, "X"), &refusal);
    let path = recorded(path, &moved("record-refund", "2022-12-05", 400, "RT"), "RefundRecorded");
    assert_eq!(loan(&path).credit(), Xof::of(100));
    let refusal = too_much(Amount::ReversedCredit, 100, 200);
    refused(&path, &reverse_repayment("2022-12-06", 22), &refusal);
    let path = recorded(path, &reverse_disbursement("2022-12-06", 24), "DisbursementReversed");
    assert_eq!(loan(&path).credit(), Xof::of(500));
}

#[test]
fn an_unspent_grant_comes_back() {
    let path = then(signed("grant"), &[pay("2022-05-01", 1, 100_000, "OM-1")]);
    let refusal = too_much(Amount::Refund, 100_000, 100_001);
    refused(&path, &moved("record-refund", "2022-06-01", 100_001, "X"), &refusal);
    let path =
        recorded(path, &moved("record-refund", "2022-06-01", 30_000, "RS"), "RefundRecorded");
    assert_eq!(
        (loan(&path).refunded(), loan(&path).refundable()),
        (Xof::of(30_000), Xof::of(70_000))
    );
    let path = recorded(path, &reverse_repayment("2022-06-02", 18), "RepaymentReversed");
    assert_eq!(loan(&path).refundable(), Xof::of(100_000));
}

#[test]
fn nothing_is_refunded_where_nothing_was_paid_or_overpaid() {
    refused(
        &signed("grant"),
        &moved("record-refund", "2022-06-01", 1, "X"),
        &settled(Item::Financing, "1"),
    );
    let path = up_to("record-support");
    refused(&path, &moved("record-refund", "2022-12-01", 1, "X"), &settled(Item::Financing, "1"));
}

#[test]
fn what_comes_in_after_a_write_off_is_recovered_up_to_what_was_lost() {
    let path = up_to("record-support");
    let refusal = Refusal::MissingStep { step: Missing::WriteOff };
    refused(&path, &moved("record-recovery", "2024-02-01", 1, "X"), &refusal);
    let path = then(path, &[write_off(100_000)]);
    let refusal = too_much(Amount::Lost, 100_000, 100_001);
    refused(&path, &moved("record-recovery", "2024-02-01", 100_001, "X"), &refusal);
    let path =
        recorded(path, &moved("record-recovery", "2024-02-01", 100_000, "RV"), "RecoveryRecorded");
    refused(&path, &moved("record-recovery", "2024-02-02", 1, "X"), &settled(Item::Financing, "1"));
    let path = recorded(path, &reverse_repayment("2024-02-03", 23), "RepaymentReversed");
    assert_eq!(loan(&path).lost(), Xof::of(100_000));
}

#[test]
fn a_guarantee_is_called_or_released_and_does_not_count_as_paid_out() {
    let path = signed("guarantee");
    let refusal = Refusal::Disagree { field: "financing", other: "instrument" };
    refused(&path, &pay("2022-05-01", 1, 100_000, "X"), &refusal);
    let start = (
        "record-business-start",
        "adviser",
        "2022-05-02",
        json!({"form": "individual", "sector": "C"}),
    );
    let path = then(path, &[start]);
    let refusal = too_much(Amount::Guaranteed, 100_000, 100_001);
    refused(&path, &moved("call-guarantee", "2023-01-01", 100_001, "X"), &refusal);
    let path =
        recorded(path, &moved("call-guarantee", "2023-01-01", 80_000, "AG"), "GuaranteeCalled");
    let sums = [loan(&path).disbursed(), loan(&path).called(), loan(&path).lost()];
    assert_eq!(sums.map(Xof::francs), [0, 80_000, 80_000]);
    let path =
        recorded(path, &moved("record-recovery", "2023-02-01", 50_000, "RV"), "RecoveryRecorded");
    let release = ("release-guarantee", "finance", "2023-03-01", json!({"financing": 1}));
    let path = recorded(path, &release, "GuaranteeReleased");
    refused(&path, &moved("call-guarantee", "2023-03-02", 1, "X"), &settled(Item::Financing, "1"));
}

#[test]
fn a_loan_is_no_guarantee() {
    let path = up_to("sign-agreement");
    refused(&path, &moved("call-guarantee", "2023-01-01", 1, "X"), &settled(Item::Financing, "1"));
}

#[test]
fn a_financing_of_which_nothing_is_paid_is_cancelled() {
    let cancel = |on: &'static str| {
        ("cancel-financing", "committee", on, json!({"financing": 1, "reason": SEALED}))
    };
    let path = recorded(up_to("sign-agreement"), &cancel("2022-04-28"), "FinancingCancelled");
    assert_eq!(loan(&path).approved(), Xof::ZERO);
    refused(&path, &pay("2022-05-01", 1, 60_000, "X"), &settled(Item::Financing, "1"));
    let refusal = too_much(Amount::AlreadyPaid, 0, 60_000);
    refused(&up_to("record-business-start"), &cancel("2022-05-28"), &refusal);
    let refusal = Refusal::MissingStep { step: Missing::Approval };
    refused(&up_to("request-financing"), &cancel("2022-04-28"), &refusal);
}

#[test]
fn an_instalment_is_late_while_any_part_of_it_is_unpaid() {
    let schedule = json!([{"due_on": "2022-12-01", "principal": 0, "interest": 1_000},
                          {"due_on": "2025-03-01", "principal": 100_000, "interest": 500}]);
    let body = json!({"financing": 1, "schedule": schedule, "ground": "poor_sales"});
    let path = then(up_to("record-support"), &[("reschedule-loan", "finance", "2022-07-01", body)]);
    let standing = loan(&path).loan_standing(day("2025-05-02")).unwrap();
    assert_eq!((standing.days_past_due, standing.interest_overdue), (883, Xof::of(1_500)));
    let risk = LoanRisk {
        outstanding: standing.outstanding,
        oldest_unpaid_due_on: loan(&path).oldest_unpaid_due_on(),
        rescheduled: false,
    };
    assert!(risk.is_at_risk(day("2023-01-15"), PAR_DAYS));
    let path = then(path, &[repay("2023-01-16", (0, 1_000, 0), "RB-1")]);
    let on_time = loan(&path).loan_standing(day("2023-02-01")).unwrap();
    assert_eq!((on_time.days_past_due, on_time.interest_overdue), (0, Xof::ZERO));
}

#[test]
fn interest_of_a_tranche_that_was_never_paid_is_not_owed() {
    let path = up_to("record-business-start");
    assert_eq!(
        (loan(&path).owed(), loan(&path).interest_owed()),
        (Xof::of(60_000), Xof::of(1_500))
    );
    let path = then(path, &[repay("2022-12-01", (50_000, 1_000, 0), "RB-1")]);
    assert_eq!((loan(&path).owed(), loan(&path).interest_owed()), (Xof::of(10_000), Xof::of(500)));
}

#[test]
fn the_loan_of_an_erased_person_is_rescheduled_and_written_off_by_a_code() {
    let erase = ("erase-personal-data", "admin", "2022-12-10", json!({"ground": "request"}));
    let path = then(up_to("record-support"), &[erase]);
    let schedule = json!([{"due_on": "2024-06-01", "principal": 100_000, "interest": 0}]);
    let with = |more: (&str, Value)| {
        let mut body = json!({"financing": 1, "schedule": schedule});
        body[more.0] = more.1;
        ("reschedule-loan", "finance", "2022-12-11", body)
    };
    refused(&path, &with(("reason", json!(SEALED))), &Refusal::Erased);
    let path = recorded(path, &with(("ground", json!("illness"))), "LoanRescheduled");
    recorded(path, &write_off(100_000), "LoanWrittenOff");
}
