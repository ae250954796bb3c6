//! Ceilings a person, and one need that several funds finance.

use serde_json::{Value, json};
use sira_domain::path::{Beneficiary, decide};
use sira_domain::programme::{Programme, ProgrammeCommand};
use sira_domain::reference::Language;
use sira_domain::refusal::{Amount, Item, Refusal};
use sira_domain::role::Role;
use sira_domain::values::Xof;

use super::given::{FUND, Step, context, parse, programme, role_of, up_to};

const OTHER_FUND: &str = "0176bb3e-7000-7000-8000-000000000012";

/// The programme with these ceilings a person.
fn with_ceilings(ceilings: &Value) -> Programme {
    let mut programme = programme();
    let rules = json!({"effective_from": "2021-07-07", "rules": {"modules": ["leadership", "management"],
        "planned_hours": 10, "own_sectors": ["poultry"], "ceiling_per_person": ceilings}});
    let command = ProgrammeCommand::parse("set-rules", rules).unwrap().unwrap();
    let context = context("directrice", Role::Director, "2021-07-07", Programme::default());
    for event in sira_domain::programme::decide(&programme, command, &context).unwrap() {
        programme.take(&event);
    }
    programme
}

fn give(path: &mut Beneficiary, programme: &Programme, step: &Step) -> Result<(), Refusal> {
    let (word, actor, on, body) = step;
    let context = context(actor, role_of(word), on, programme.clone());
    for event in decide(path, parse(word, body), &context)? {
        path.take(event);
    }
    Ok(())
}

fn request(instrument: &str, amount: u64, fund: &str, co_finances: Option<u32>) -> Step {
    let mut body =
        json!({"instrument": instrument, "amount": amount, "own_contribution": 0, "fund": fund});
    if let Some(number) = co_finances {
        body["co_finances"] = json!(number);
    }
    ("request-financing", "adviser", "2022-04-02", body)
}

fn approve(financing: u32, amount: u64) -> Step {
    let body = json!({"financing": financing, "amount": amount, "tranches": [{"tranche": 1, "amount": amount}]});
    ("approve-financing", "committee", "2022-04-20", body)
}

fn planned() -> Beneficiary {
    up_to("validate-business-plan")
}

fn above(what: Amount, limit: u64, given: u64) -> Result<(), Refusal> {
    Err(Refusal::TooMuch { what, limit: Xof::of(limit), given: Xof::of(given) })
}

#[test]
fn two_grants_stay_under_one_ceiling_a_person() {
    let programme = with_ceilings(&json!({"grant": 300_000}));
    let mut path = planned();
    for amount in [200_000, 150_000] {
        give(&mut path, &programme, &request("grant", amount, FUND, None)).unwrap();
    }
    give(&mut path, &programme, &approve(1, 200_000)).unwrap();
    let refused = give(&mut path, &programme, &approve(2, 150_000));
    assert_eq!(refused, above(Amount::PersonCeiling, 300_000, 350_000));
    let told = refused.unwrap_err().detail(Language::Fr).replace('\u{202f}', " ");
    assert!(told.contains("350 000 FCFA, dépasse") || told.contains("350 000"), "{told}");
    assert!(told.find("350 000") < told.find("300 000"), "{told}");
    give(&mut path, &programme, &approve(2, 100_000)).unwrap();
}

#[test]
fn what_was_refused_or_cancelled_counts_no_longer() {
    let programme = with_ceilings(&json!({"grant": 300_000}));
    let mut path = planned();
    for amount in [300_000, 250_000] {
        give(&mut path, &programme, &request("grant", amount, FUND, None)).unwrap();
    }
    give(&mut path, &programme, &approve(1, 300_000)).unwrap();
    assert!(give(&mut path, &programme, &approve(2, 250_000)).is_err());
    let cancel = (
        "cancel-financing",
        "directrice",
        "2022-04-21",
        json!({"financing": 1, "ground": "other"}),
    );
    give(&mut path, &programme, &cancel).unwrap();
    let later = ("approve-financing", "committee", "2022-04-22", approve(2, 250_000).3);
    give(&mut path, &programme, &later).unwrap();
}

#[test]
fn every_instrument_counts_under_the_ceiling_in_all() {
    let programme = with_ceilings(&json!({"in_all": 400_000}));
    let mut path = planned();
    give(&mut path, &programme, &request("grant", 200_000, FUND, None)).unwrap();
    give(&mut path, &programme, &request("kit", 300_000, FUND, None)).unwrap();
    give(&mut path, &programme, &approve(1, 200_000)).unwrap();
    let refused = give(&mut path, &programme, &approve(2, 300_000));
    assert_eq!(refused, above(Amount::PersonCeilingInAll, 400_000, 500_000));
    give(&mut path, &programme, &approve(2, 200_000)).unwrap();
}

#[test]
fn without_a_ceiling_a_person_nothing_changes() {
    let programme = programme();
    let mut path = planned();
    for (number, amount) in [(1, 300_000), (2, 290_000)] {
        give(&mut path, &programme, &request("grant", amount, FUND, None)).unwrap();
        give(&mut path, &programme, &approve(number, amount)).unwrap();
    }
}

#[test]
fn the_parts_of_one_need_are_judged_by_their_sum_and_come_from_several_funds() {
    let programme = programme();
    let mut path = planned();
    give(&mut path, &programme, &request("grant", 200_000, FUND, None)).unwrap();
    let refused = give(&mut path, &programme, &request("grant", 150_000, OTHER_FUND, Some(1)));
    assert_eq!(refused, above(Amount::NeedCeiling, 300_000, 350_000));
    let same = give(&mut path, &programme, &request("grant", 50_000, FUND, Some(1)));
    assert_eq!(same, Err(Refusal::Disagree { field: "fund", other: "co_finances" }));
    let unknown = give(&mut path, &programme, &request("grant", 50_000, OTHER_FUND, Some(9)));
    let item = Item::Financing;
    assert_eq!(unknown, Err(Refusal::Unknown { item, name: "9".into(), field: "co_finances" }));
    give(&mut path, &programme, &request("grant", 100_000, OTHER_FUND, Some(1))).unwrap();
    let parts: Vec<_> =
        path.state().financings.iter().map(|one| (one.financing(), one.co_finances())).collect();
    assert_eq!(parts, [(1, None), (2, Some(1))]);
    // A part of a part is a part of the same need.
    let third = "0176bb3e-7000-7000-8000-000000000022";
    let refused = give(&mut path, &programme, &request("grant", 1, third, Some(2)));
    assert_eq!(refused, above(Amount::NeedCeiling, 300_000, 300_001));
    give(&mut path, &programme, &approve(1, 200_000)).unwrap();
    give(&mut path, &programme, &approve(2, 100_000)).unwrap();
}

#[test]
fn a_chain_of_parts_is_one_need_from_its_first_part_to_its_last() {
    let programme = programme();
    let mut path = planned();
    let funds = ["22", "32"].map(|end| format!("0176bb3e-7000-7000-8000-0000000000{end}"));
    give(&mut path, &programme, &request("grant", 200_000, FUND, None)).unwrap();
    give(&mut path, &programme, &request("grant", 60_000, OTHER_FUND, Some(1))).unwrap();
    give(&mut path, &programme, &request("grant", 30_000, &funds[0], Some(2))).unwrap();
    let refused = give(&mut path, &programme, &request("grant", 50_000, &funds[1], Some(3)));
    assert_eq!(refused, above(Amount::NeedCeiling, 300_000, 340_000));
    // The fund of the first part is still one that the need has.
    let same = give(&mut path, &programme, &request("grant", 5_000, FUND, Some(3)));
    assert_eq!(same, Err(Refusal::Disagree { field: "fund", other: "co_finances" }));
    give(&mut path, &programme, &request("grant", 10_000, &funds[1], Some(3))).unwrap();
}
