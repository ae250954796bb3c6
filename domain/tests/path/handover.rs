//! A path handed over is accepted or returned; until then it may be taken back.

use serde_json::{Value, json};
use sira_domain::path::{Beneficiary, Fact, may_follow};
use sira_domain::refusal::{Item, Refusal};
use sira_domain::role::Role;

use super::given::{
    PERSON, SEALED, Step, context, day, give, last_fact, programme, recorded, refused, then, up_to,
};

fn handed_over() -> Beneficiary {
    let adviser =
        step("assign-adviser", "adviser", "2022-01-20", json!({"adviser": "conseiller-2"}));
    then(up_to("register"), &[adviser, transfer()])
}

fn step(word: &'static str, by: &'static str, on: &'static str, body: Value) -> Step {
    (word, by, on, body)
}

fn transfer() -> Step {
    let body = json!({"office": "mopti", "region": "mopti"});
    step("transfer", "adviser", "2022-02-01", body)
}

fn accept(body: Value) -> Step {
    step("accept-transfer", "conseillere", "2022-02-03", body)
}

fn give_back() -> Step {
    step("return-transfer", "conseillere", "2022-02-03", json!({"reason": SEALED}))
}

#[test]
fn who_registers_takes_charge() {
    assert_eq!(up_to("register").state().adviser.as_ref().unwrap().as_str(), "adviser");
}

#[test]
fn a_transfer_waits_to_be_accepted() {
    let path = handed_over();
    let handover = path.state().handover.as_ref().unwrap();
    assert_eq!((handover.from_office.as_str(), handover.on), ("segou", day("2022-02-01")));
    assert_eq!(path.state().office.as_ref().unwrap().as_str(), "mopti");
    assert_eq!(path.state().adviser, None);
}

#[test]
fn who_accepts_takes_charge() {
    let path = recorded(handed_over(), &accept(json!({})), "TransferAccepted");
    assert_eq!(path.state().handover, None);
    assert_eq!(path.state().adviser.as_ref().unwrap().as_str(), "conseillere");
}

#[test]
fn who_accepts_may_name_another() {
    let path = then(handed_over(), &[accept(json!({"adviser": "conseiller-9"}))]);
    assert_eq!(path.state().adviser.as_ref().unwrap().as_str(), "conseiller-9");
}

#[test]
fn a_path_returned_is_where_it_was_with_its_adviser() {
    let path = recorded(handed_over(), &give_back(), "TransferReturned");
    let state = path.state();
    assert_eq!(state.office.as_ref().unwrap().as_str(), "segou");
    assert_eq!(state.region.unwrap().code(), "segou");
    assert_eq!(state.adviser.as_ref().unwrap().as_str(), "conseiller-2");
    assert_eq!(state.handover, None);
}

#[test]
fn until_it_is_returned_a_path_is_in_the_charge_of_the_office_that_took_it_over() {
    let path = then(handed_over(), &[give_back()]);
    let office = |on: &str| path.state().office_on(day(on)).unwrap().to_string();
    assert_eq!(["2022-01-31", "2022-02-01", "2022-02-02"].map(office), ["segou", "mopti", "mopti"]);
    assert_eq!(office("2022-02-03"), "segou");
    // It is not handed over again on a day on which the other office had it.
    let again =
        step("transfer", "adviser", "2022-02-02", json!({"office": "mopti", "region": "mopti"}));
    let (given, earliest) = (day("2022-02-02"), day("2022-02-03"));
    refused(&path, &again, &Refusal::TooEarly { field: "occurred_on", given, earliest });
}

#[test]
fn what_waits_for_nobody_is_neither_accepted_nor_returned() {
    let refusal = Refusal::Unknown { item: Item::Transfer, name: String::new(), field: "office" };
    for path in [up_to("register"), then(handed_over(), &[accept(json!({}))])] {
        refused(&path, &give_back(), &refusal);
    }
    refused(&up_to("register"), &accept(json!({})), &refusal);
}

/// The path as somebody's duplicate, frozen while it waited.
fn frozen(mut path: Beneficiary) -> Beneficiary {
    let link = json!({"occurred_on": "2022-02-02", "by": "directrice", "rules": 1,
        "fact": {"DuplicateLinked": {"other": PERSON, "continues": PERSON}}});
    path.take(serde_json::from_value(link).unwrap());
    assert!(path.state().continues_as.is_some());
    path
}

#[test]
fn what_waits_is_answered_though_the_path_has_ended_or_is_frozen() {
    let exit = step("exit", "conseillere", "2022-02-02", json!({"reason": "moved"}));
    for path in [then(handed_over(), &[exit]), frozen(handed_over())] {
        assert!(path.state().handover.is_some());
        for (answer, event) in
            [(accept(json!({})), "TransferAccepted"), (give_back(), "TransferReturned")]
        {
            let answered = recorded(path.clone(), &answer, event);
            assert_eq!(answered.state().handover, None);
            assert_eq!(answered.state().status, path.state().status);
        }
    }
}

#[test]
fn a_transfer_is_not_accepted_on_a_day_before_it() {
    let early = step("accept-transfer", "conseillere", "2022-01-31", json!({}));
    let (given, earliest) = (day("2022-01-31"), day("2022-02-01"));
    let refusal = Refusal::TooEarly { field: "occurred_on", given, earliest };
    refused(&handed_over(), &early, &refusal);
}

#[test]
fn a_transfer_is_taken_back_by_a_retraction_and_not_once_it_was_accepted() {
    let retract =
        step("retract", "adviser", "2022-02-02", json!({"sequence": 3, "reason": SEALED}));
    let path = recorded(handed_over(), &retract, "Retracted");
    assert_eq!(path.state().office.as_ref().unwrap().as_str(), "segou");
    assert_eq!(path.state().adviser.as_ref().unwrap().as_str(), "conseiller-2");
    let accepted = then(handed_over(), &[accept(json!({}))]);
    assert!(matches!(give(&accepted, &retract), Err(Refusal::RestsOn { .. })));
}

#[test]
fn a_transfer_of_before_acceptance_was_asked_waits_for_nobody() {
    let mut path = up_to("register");
    let events = give(&path, &transfer()).unwrap();
    let mut event = events[0].clone();
    let Fact::Transferred(body) = &mut event.fact else { panic!("no transfer") };
    body.to_accept = false;
    let context = context("adviser", Role::Adviser, "2022-02-01", programme());
    assert_eq!(may_follow(&path, &event, &context), Ok(()));
    path.take(event);
    assert_eq!(path.state().handover, None);
    assert!(matches!(last_fact(&path), Fact::Transferred(_)));
    assert_eq!(give(&path, &transfer()), Ok(Vec::new()));
}
