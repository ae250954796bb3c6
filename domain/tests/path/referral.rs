//! Referrals between the partners' services.

use serde_json::{Value, json};
use sira_domain::path::{Beneficiary, Fact};
use sira_domain::refusal::{Item, Refusal};

use super::given::{SEALED, Step, day, last_fact, recorded, refused, then, up_to};

fn refer_on(on: &'static str, service: &str) -> Step {
    let body = json!({"partner": "agency", "service": service, "comment": SEALED});
    ("refer-to-partner", "adviser", on, body)
}

fn refer() -> Step {
    refer_on("2022-02-01", "microfinance")
}

fn settle_on(on: &'static str, referral: u32) -> Step {
    let body = json!({"referral": referral, "outcome": "served"});
    ("record-referral-outcome", "adviser", on, body)
}

fn retract(sequence: u64) -> Step {
    ("retract", "adviser", "2022-04-01", json!({"sequence": sequence, "reason": SEALED}))
}

fn open(path: &Beneficiary) -> Vec<u32> {
    let referrals = path.state().referrals.iter();
    referrals.filter(|one| one.settled.is_none()).map(|one| one.referral).collect()
}

#[test]
fn a_person_is_referred_to_a_partner_and_the_outcome_told() {
    let path = recorded(up_to("register"), &refer(), "ReferredToPartner");
    assert_eq!(open(&path), [1]);
    let path = recorded(path, &settle_on("2022-03-01", 1), "ReferralOutcomeRecorded");
    assert_eq!(open(&path), [0; 0]);
    let settled = path.state().referrals[0].settled.unwrap();
    assert_eq!((settled.0, settled.1.code()), (day("2022-03-01"), "served"));
}

#[test]
fn referrals_are_numbered_within_the_path_and_a_retracted_one_keeps_its_number() {
    let path = then(up_to("register"), &[refer(), refer_on("2022-02-02", "literacy")]);
    assert_eq!(open(&path), [1, 2]);
    let path = then(path, &[retract(2), refer_on("2022-02-03", "civil_documents")]);
    assert_eq!(open(&path), [2, 3]);
    assert!(
        matches!(last_fact(&path), Fact::ReferredToPartner(referral) if referral.referral == 3)
    );
}

#[test]
fn a_person_is_not_referred_to_who_is_no_party_of_the_convention() {
    let body = json!({"partner": "donor", "service": "microfinance"});
    let refusal = Refusal::Unknown { item: Item::Party, name: "donor".into(), field: "partner" };
    refused(&up_to("register"), &("refer-to-partner", "adviser", "2022-02-01", body), &refusal);
}

#[test]
fn an_outcome_is_of_a_referral_that_waits_for_it() {
    let none = Refusal::Unknown { item: Item::Referral, name: String::new(), field: "referral" };
    refused(&up_to("register"), &settle_on("2022-03-01", 1), &none);
    let path = then(up_to("register"), &[refer()]);
    let unknown = Refusal::Unknown { item: Item::Referral, name: "2".into(), field: "referral" };
    refused(&path, &settle_on("2022-03-01", 2), &unknown);
    let early = Refusal::TooEarly {
        field: "occurred_on",
        given: day("2022-01-31"),
        earliest: day("2022-02-01"),
    };
    refused(&path, &settle_on("2022-01-31", 1), &early);
    let path = then(path, &[settle_on("2022-03-01", 1)]);
    let settled = Refusal::Settled { item: Item::Referral, name: "1".into() };
    refused(&path, &settle_on("2022-03-02", 1), &settled);
}

#[test]
fn an_outcome_told_in_error_is_retracted_and_then_the_referral_may_be() {
    let path = then(up_to("register"), &[refer(), settle_on("2022-03-01", 1)]);
    let refusal = Refusal::RestsOn {
        sequence: serde_json::from_value(json!(3)).unwrap(),
        event: "ReferralOutcomeRecorded",
        because: Box::new(Refusal::Unknown {
            item: Item::Referral,
            name: String::new(),
            field: "referral",
        }),
    };
    refused(&path, &retract(2), &refusal);
    let path = recorded(path, &retract(3), "Retracted");
    assert_eq!(open(&path), [1]);
    let path = then(path, &[retract(2)]);
    assert!(path.state().referrals.is_empty());
}

#[test]
fn the_outcome_may_be_told_of_who_has_left_and_of_a_frozen_path() {
    let exit: (_, _, _, Value) = ("exit", "adviser", "2022-02-02", json!({"reason": "moved"}));
    let path = then(up_to("register"), &[refer(), exit]);
    recorded(path, &settle_on("2022-03-01", 1), "ReferralOutcomeRecorded");
}
