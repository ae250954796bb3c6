//! Business plan, request, approval, refusal, agreement.

use serde_json::{Value, json};
use sira_domain::path::{Beneficiary, FinancingState};
use sira_domain::refusal::{Amount, Duty, Item, Quantity, Refusal, Step as Missing};
use sira_domain::values::Xof;

use super::given::{FUND, OTHER, SEALED, Step, day, give, recorded, refused, then, up_to};

fn submit(title: &str) -> Step {
    let body = json!({"title": title, "amount_needed": 150_000, "own_contribution": 15_000});
    ("submit-business-plan", "adviser", "2022-03-20", body)
}

fn review(body: Value) -> Step {
    ("validate-business-plan", "committee", "2022-04-01", body)
}

fn request(instrument: &str, amount: u64) -> Step {
    let body =
        json!({"instrument": instrument, "amount": amount, "own_contribution": 0, "fund": FUND});
    ("request-financing", "adviser", "2022-04-02", body)
}

fn approve(actor: &'static str, on: &'static str, body: Value) -> Step {
    ("approve-financing", actor, on, body)
}

/// A loan approved in one tranche and one instalment.
fn whole(amount: u64) -> Value {
    json!({"financing": 1, "amount": amount, "tranches": [{"tranche": 1, "amount": amount}],
           "schedule": [{"due_on": "2022-12-01", "principal": amount, "interest": 0}]})
}

fn approval_with(field: &str, value: Value) -> Step {
    let mut body = whole(100_000);
    body[field] = value;
    approve("committee", "2022-04-20", body)
}

fn refuse(on: &'static str) -> Step {
    ("refuse-financing", "committee", on, json!({"financing": 1, "reason": "over_budget"}))
}

fn sign(on: &'static str, financing: u32) -> Step {
    ("sign-agreement", "director", on, json!({ "financing": financing }))
}

fn waive(reason: &str) -> Step {
    ("waive-financing", "director", "2022-04-15", json!({ "reason": reason }))
}

fn settled(name: &str) -> Refusal {
    Refusal::Settled { item: Item::Financing, name: name.into() }
}

fn unknown(name: &str) -> Refusal {
    Refusal::Unknown { item: Item::Financing, name: name.into(), field: "financing" }
}

fn only(path: &Beneficiary) -> &FinancingState {
    let [financing] = path.state().financings.as_slice() else { panic!("not one financing") };
    financing
}

#[test]
fn a_plan_is_numbered_by_its_version() {
    let path = recorded(up_to("complete-training"), &submit(SEALED), "BusinessPlanSubmitted");
    let path = recorded(path, &submit(OTHER), "BusinessPlanSubmitted");
    assert_eq!(path.state().plan.as_ref().unwrap().plan, 2);
}

#[test]
fn the_last_plan_is_reviewed_when_the_command_names_none() {
    let path = up_to("submit-business-plan");
    recorded(path, &review(json!({"conclusion": "validated"})), "BusinessPlanValidated");
}

#[test]
fn a_plan_that_was_never_submitted_is_not_reviewed() {
    let refusal = Refusal::MissingStep { step: Missing::BusinessPlan };
    refused(&up_to("complete-training"), &review(json!({"conclusion": "validated"})), &refusal);
}

#[test]
fn a_plan_other_than_the_last_is_not_reviewed() {
    let refusal = Refusal::Unknown { item: Item::BusinessPlan, name: "2".into(), field: "plan" };
    let step = review(json!({"plan": 2, "conclusion": "validated"}));
    refused(&up_to("submit-business-plan"), &step, &refusal);
}

#[test]
fn a_validated_plan_is_not_sent_back() {
    let refusal = Refusal::Settled { item: Item::BusinessPlan, name: "1".into() };
    let step = review(json!({"conclusion": "to_revise"}));
    refused(&up_to("validate-business-plan"), &step, &refusal);
}

#[test]
fn a_financing_is_requested_on_a_validated_plan() {
    let path =
        recorded(up_to("validate-business-plan"), &request("loan", 120_000), "FinancingRequested");
    assert!(matches!(only(&path), FinancingState::Requested(_)));
}

#[test]
fn no_financing_is_requested_on_a_plan_that_is_not_validated() {
    let refusal = Refusal::MissingStep { step: Missing::ValidatedPlan };
    refused(&up_to("submit-business-plan"), &request("grant", 1), &refusal);
}

#[test]
fn no_financing_is_requested_above_the_ceiling_of_its_instrument() {
    let (limit, given) = (Xof::of(300_000), Xof::of(300_001));
    let refusal = Refusal::TooMuch { what: Amount::Ceiling, limit, given };
    refused(&up_to("validate-business-plan"), &request("grant", 300_001), &refusal);
}

#[test]
fn no_financing_is_requested_of_nothing() {
    let (expected, given) = (Xof::of(1), Xof::ZERO);
    let refusal = Refusal::OtherAmount { what: Amount::Requested, expected, given };
    refused(&up_to("validate-business-plan"), &request("grant", 0), &refusal);
}

#[test]
fn a_financing_is_approved_in_tranches_with_a_schedule() {
    let step = approve("committee", "2022-04-20", whole(100_000));
    let path = recorded(up_to("request-financing"), &step, "FinancingApproved");
    let FinancingState::Approved(_, award) = only(&path) else { panic!("not approved") };
    assert_eq!((award.amount, award.tranches.len()), (Xof::of(100_000), 1));
    assert_eq!(award.loan.as_ref().unwrap().schedule.len(), 1);
}

#[test]
fn nothing_is_approved_where_nothing_was_requested() {
    let step = approve("committee", "2022-04-20", whole(100_000));
    refused(&up_to("validate-business-plan"), &step, &unknown(""));
}

#[test]
fn a_financing_that_there_is_not_is_not_approved() {
    refused(&up_to("request-financing"), &approval_with("financing", json!(2)), &unknown("2"));
}

#[test]
fn nobody_approves_what_they_asked_for() {
    let refusal = Refusal::SameActor {
        actor: "adviser".parse().unwrap(),
        duty: Duty::Approver,
        other: Duty::Requester,
    };
    refused(&up_to("request-financing"), &approve("adviser", "2022-04-20", whole(1)), &refusal);
}

#[test]
fn no_more_is_approved_than_was_requested() {
    let (limit, given) = (Xof::of(120_000), Xof::of(120_001));
    let refusal = Refusal::TooMuch { what: Amount::Requested, limit, given };
    refused(
        &up_to("request-financing"),
        &approve("committee", "2022-04-20", whole(120_001)),
        &refusal,
    );
}

#[test]
fn tranches_add_up_to_the_amount_approved() {
    let (expected, given) = (Xof::of(100_000), Xof::of(99_000));
    let refusal = Refusal::OtherAmount { what: Amount::Tranches, expected, given };
    let step = approval_with("tranches", json!([{"tranche": 1, "amount": 99_000}]));
    refused(&up_to("request-financing"), &step, &refusal);
}

#[test]
fn tranches_are_numbered_from_1() {
    let refusal = Refusal::Disagree { field: "tranches", other: "tranche" };
    let step = approval_with("tranches", json!([{"tranche": 2, "amount": 100_000}]));
    refused(&up_to("request-financing"), &step, &refusal);
}

#[test]
fn a_tranche_is_not_of_nothing() {
    let (expected, given) = (Xof::of(1), Xof::ZERO);
    let refusal = Refusal::OtherAmount { what: Amount::Tranche, expected, given };
    let step = approval_with("tranches", json!([{"tranche": 1, "amount": 0}]));
    refused(&up_to("request-financing"), &step, &refusal);
}

#[test]
fn a_loan_has_a_schedule() {
    let refusal = Refusal::Below { what: Quantity::Items, required: 1, given: 0 };
    refused(&up_to("request-financing"), &approval_with("schedule", json!([])), &refusal);
}

#[test]
fn a_schedule_adds_up_to_the_amount_approved() {
    let (expected, given) = (Xof::of(100_000), Xof::of(1));
    let refusal = Refusal::OtherAmount { what: Amount::Schedule, expected, given };
    let schedule = json!([{"due_on": "2022-12-01", "principal": 1, "interest": 0}]);
    refused(&up_to("request-financing"), &approval_with("schedule", schedule), &refusal);
}

#[test]
fn a_schedule_is_in_the_order_of_its_days() {
    let refusal = Refusal::Disagree { field: "schedule", other: "due_on" };
    let schedule = json!([{"due_on": "2022-12-01", "principal": 50_000, "interest": 0},
                          {"due_on": "2022-11-01", "principal": 50_000, "interest": 0}]);
    refused(&up_to("request-financing"), &approval_with("schedule", schedule), &refusal);
}

#[test]
fn only_a_loan_has_a_schedule() {
    let path = then(up_to("validate-business-plan"), &[request("grant", 100_000)]);
    let refusal = Refusal::Disagree { field: "schedule", other: "instrument" };
    refused(&path, &approve("committee", "2022-04-20", whole(100_000)), &refusal);
}

#[test]
fn a_second_approval_reduces_the_first() {
    let step = approve("committee", "2022-04-21", whole(60_000));
    let path = recorded(up_to("approve-financing"), &step, "FinancingApproved");
    assert_eq!(only(&path).approved(), Xof::of(60_000));
}

#[test]
fn a_second_approval_does_not_raise_the_first() {
    let (limit, given) = (Xof::of(99_999), Xof::of(100_000));
    let refusal = Refusal::TooMuch { what: Amount::Approved, limit, given };
    refused(
        &up_to("approve-financing"),
        &approve("committee", "2022-04-21", whole(100_000)),
        &refusal,
    );
}

#[test]
fn a_signed_financing_is_not_approved_again() {
    let step = approve("committee", "2022-04-26", whole(50_000));
    refused(&up_to("sign-agreement"), &step, &settled("1"));
}

#[test]
fn a_request_may_be_refused() {
    let path = recorded(up_to("request-financing"), &refuse("2022-04-20"), "FinancingRefused");
    assert!(matches!(only(&path), FinancingState::Refused(..)));
}

#[test]
fn an_approval_may_be_refused_for_what_is_not_paid_yet() {
    let path = recorded(up_to("record-business-start"), &refuse("2022-05-03"), "FinancingRefused");
    let FinancingState::CutShort(_, award, _) = only(&path) else { panic!("not cut short") };
    assert_eq!((award.amount, award.tranches.len()), (Xof::of(60_000), 1));
}

#[test]
fn a_financing_paid_out_whole_is_not_refused() {
    refused(&up_to("record-repayment"), &refuse("2023-04-21"), &settled("1"));
}

#[test]
fn when_none_is_open_all_are_named() {
    let again = request("loan", 90_000);
    let second = json!({"financing": 2, "reason": "other"});
    let path = then(
        up_to("request-financing"),
        &[refuse("2022-04-20"), again, ("refuse-financing", "committee", "2022-04-21", second)],
    );
    refused(&path, &approve("committee", "2022-04-22", whole(1)), &settled("1, 2"));
}

#[test]
fn an_agreement_is_signed_on_an_approved_financing() {
    let path = recorded(up_to("approve-financing"), &sign("2022-04-25", 1), "AgreementSigned");
    assert_eq!(only(&path).agreement_on(), Some(day("2022-04-25")));
}

#[test]
fn a_financing_that_is_not_approved_is_not_signed() {
    let refusal = Refusal::MissingStep { step: Missing::Approval };
    refused(&up_to("request-financing"), &sign("2022-04-25", 1), &refusal);
}

#[test]
fn an_agreement_is_not_signed_before_the_approval() {
    let (given, earliest) = (day("2022-04-19"), day("2022-04-20"));
    let refusal = Refusal::TooEarly { field: "occurred_on", given, earliest };
    refused(&up_to("approve-financing"), &sign("2022-04-19", 1), &refusal);
}

#[test]
fn an_agreement_is_signed_once() {
    refused(&up_to("sign-agreement"), &sign("2022-04-26", 1), &settled("1"));
}

#[test]
fn a_start_without_money_is_allowed_once() {
    let path = recorded(up_to("complete-training"), &waive(SEALED), "FinancingWaived");
    let refusal = Refusal::Settled { item: Item::Waiver, name: String::new() };
    refused(&path, &waive(OTHER), &refusal);
}

#[test]
fn a_start_without_money_is_not_allowed_where_money_was_paid() {
    let pay = json!({"financing": 1, "tranche": 1, "amount": 60_000, "method": "mobile_money", "payment_reference": "OM-1"});
    let path =
        then(up_to("sign-agreement"), &[("record-disbursement", "finance", "2022-05-01", pay)]);
    refused(&path, &waive(SEALED), &settled("1"));
}

#[test]
fn a_plan_already_validated_answers_its_retry() {
    let retry = review(json!({"conclusion": "validated"}));
    assert_eq!(give(&up_to("validate-business-plan"), &retry), Ok(Vec::new()));
}
