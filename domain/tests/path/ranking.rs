//! Ranked lists: the order of candidates, the turn of those who wait, and the quotas.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sira_domain::path::facts::Selection;
use sira_domain::path::{Beneficiary, Fact, State, decide, may_follow};
use sira_domain::programme::ranking::{check_turn, rank};
use sira_domain::programme::{
    Programme, ProgrammeCommand, RankedList, RankingRequest, Rules, decide as decide_programme,
};
use sira_domain::refusal::{Item, Quantity, Refusal, Step as Missing};
use sira_domain::role::Role;
use sira_domain::values::BeneficiaryId;
use uuid::Uuid;

use super::given::{PROGRAMME, SEALED, context, day, give, parse, programme, subject, then, up_to};
use super::walk::registration;

fn person(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// An eligible person with this total of the interview.
fn candidate(sex: &str, born: u32, displaced: bool, score: u32) -> Beneficiary {
    let mut body = registration();
    body["sex"] = json!(sex);
    body["birth_year"] = json!(born);
    body["displaced"] = json!(displaced);
    let sheet = json!({"scores": [{"criterion": "idea", "score": score, "out_of": 100}]});
    then(
        Beneficiary::default(),
        &[
            ("register", "adviser", "2022-01-10", body),
            super::walk::walk()[1].clone(),
            ("assess-eligibility", "adviser", "2022-02-01", json!({})),
            ("record-interview", "interviewer", "2022-02-03", sheet),
        ],
    )
}

fn decided(path: Beneficiary, decision: &str) -> Beneficiary {
    let body = json!({"decision": decision, "method": "committee", "session": "s1"});
    then(path, &[("decide-selection", "committee", "2022-02-20", body)])
}

fn rules(value: Value) -> Rules {
    serde_json::from_value(value).unwrap()
}

fn request(seats: u32, count: u128) -> RankingRequest {
    let entries: Vec<Uuid> = (1..=count).map(person).collect();
    serde_json::from_value(json!({"session": "s1", "seats": seats, "entries": entries})).unwrap()
}

fn states(paths: &[Beneficiary]) -> BTreeMap<Uuid, &State> {
    (1..).map(person).zip(paths.iter().map(Beneficiary::state)).collect()
}

fn order(rules: &Rules, paths: &[Beneficiary]) -> Vec<u128> {
    let request = request(1, paths.len() as u128);
    let ranked = rank(PROGRAMME.parse().unwrap(), rules, &request, &states(paths)).unwrap();
    ranked.into_iter().map(|(who, _)| who.as_u128()).collect()
}

#[test]
fn candidates_are_ranked_by_score_and_ties_by_the_rules_in_their_order() {
    let paths = [
        candidate("male", 1990, false, 70),
        candidate("female", 1992, false, 70),
        candidate("female", 1998, false, 70),
        candidate("male", 1999, true, 70),
        candidate("male", 1985, false, 90),
    ];
    let by = |ties: Value| order(&rules(json!({"tie_breakers": ties})), &paths);
    assert_eq!(by(json!(["women_first", "younger_first"])), [5, 3, 2, 4, 1]);
    assert_eq!(by(json!(["displaced_first", "younger_first"])), [5, 4, 3, 2, 1]);
    let by_lot = by(json!([]));
    assert_eq!((by_lot[0], by_lot.len()), (5, 5));
    assert_eq!(by_lot, by(json!(["earlier_registration"])), "all of one day: the lot decides");
}

#[test]
fn a_candidate_is_eligible_interviewed_and_of_the_region() {
    let whole = [candidate("male", 1990, false, 70), up_to("assess-eligibility")];
    let asked = |request: &RankingRequest| {
        rank(PROGRAMME.parse().unwrap(), &Rules::default(), request, &states(&whole))
    };
    let missing = Box::new(Refusal::MissingStep { step: Missing::Interview });
    let entry = |entry: u32, because| {
        let beneficiary = BeneficiaryId(person(entry.into()));
        Err(Refusal::Entry { entry, beneficiary, because })
    };
    assert_eq!(asked(&request(1, 2)), entry(2, missing));
    let elsewhere = RankingRequest { region: "gao".parse().ok(), ..request(1, 1) };
    let because = Box::new(Refusal::Disagree { field: "region", other: "entries" });
    assert_eq!(asked(&elsewhere), entry(1, because));
}

/// The programme with a list of these places for one session, in the order of their numbers.
fn listed(seats: u32, count: u128) -> (Programme, RankedList) {
    let mut request = request(seats, count);
    let score = sira_domain::values::Score::try_new(60).unwrap();
    request.ranked = request.entries.iter().map(|who| (*who, score)).collect();
    let mut programme = programme();
    let committee = context("committee", Role::Committee, "2022-02-10", Programme::default());
    let command = ProgrammeCommand::RankCandidates(request);
    let events = decide_programme(&programme, command.clone(), &committee).unwrap();
    let audited = sira_domain::programme::may_follow(&programme, &events[0], &committee);
    assert_eq!(audited, Ok(()));
    programme.take(&events[0]);
    assert_eq!(decide_programme(&programme, command, &committee).unwrap(), [], "a retry");
    let list = programme.rankings.values().next().unwrap().clone();
    (programme, list)
}

fn selected(reason: Option<&str>) -> Selection {
    let mut body = json!({"decision": "selected", "method": "committee", "session": "s1"});
    if let Some(reason) = reason {
        body["reason"] = json!(reason);
    }
    serde_json::from_value(body).unwrap()
}

fn turn(
    (seats, rules): (u32, &Rules),
    who: u128,
    reason: Option<&str>,
    paths: &[Beneficiary],
) -> Result<(), Refusal> {
    let (_, list) = listed(seats, paths.len() as u128);
    let asked = (person(who), day("2022-03-01"));
    check_turn(&list, rules, asked, &selected(reason), &states(paths))
}

fn woman(score: u32) -> Beneficiary {
    candidate("female", 1995, false, score)
}

fn man(score: u32) -> Beneficiary {
    candidate("male", 1995, false, score)
}

#[test]
fn who_waits_with_a_better_rank_is_not_passed_over_without_a_reason() {
    let any = &Rules::default();
    let paths = [man(90), decided(woman(80), "waitlisted"), decided(man(70), "waitlisted")];
    let left = ("exit", "adviser", "2022-02-25", json!({"reason": "moved"}));
    let freed = |first: Beneficiary| [first, paths[1].clone(), paths[2].clone()];
    let gone = freed(then(decided(man(90), "selected"), &[left]));
    let refusal = Refusal::PassedOver { rank: 3, over: 2, waiting: 1 };
    assert_eq!(turn((1, any), 3, None, &gone), Err(refusal));
    assert_eq!(turn((1, any), 3, Some(SEALED), &gone), Ok(()));
    assert_eq!(turn((1, any), 2, None, &gone), Ok(()), "the first who waits");
    // The first on the list is not decided yet.
    let refusal = Refusal::PassedOver { rank: 3, over: 1, waiting: 2 };
    assert_eq!(turn((1, any), 3, None, &paths), Err(refusal));
    // Within the places the order of recording does not matter.
    assert_eq!(turn((2, any), 2, None, &paths), Ok(()));
    let refused = freed(decided(man(90), "not_selected"));
    assert_eq!(turn((1, any), 2, None, &refused), Ok(()));
}

#[test]
fn no_more_are_selected_than_there_are_places() {
    let paths = [decided(man(90), "selected"), woman(80)];
    let refusal = Refusal::Above { what: Quantity::Places, limit: 1, given: 2 };
    assert_eq!(turn((1, &Rules::default()), 2, Some(SEALED), &paths), Err(refusal));
}

#[test]
fn a_quota_is_kept_whatever_the_order_in_which_people_are_selected() {
    let half = rules(json!({"selection_quotas": [{"sex": "female", "min_percent": 50}]}));
    let paths = [decided(man(90), "selected"), man(85), woman(80), woman(75)];
    let quota = half.selection_quotas[0];
    let refusal = Refusal::QuotaBroken { quota, limit: 1, given: 2 };
    assert_eq!(turn((3, &half), 2, None, &paths), Err(refusal));
    assert_eq!(turn((3, &half), 3, None, &paths), Ok(()));
    assert_eq!(turn((4, &half), 2, None, &paths), Ok(()));
    let few =
        rules(json!({"selection_quotas": [{"age_max": 30, "region": "segou", "max_seats": 0}]}));
    let quota = few.selection_quotas[0];
    let refusal = Refusal::QuotaBroken { quota, limit: 0, given: 2 };
    assert_eq!(turn((3, &few), 3, None, &paths), Err(refusal));
}

#[test]
fn a_decision_that_names_a_list_is_of_somebody_on_it() {
    let (programme, _) = listed(1, 2);
    let path = up_to("record-interview");
    let body = json!({"decision": "selected", "method": "committee", "session": "s1"});
    let committee = context("committee", Role::Committee, "2022-02-20", programme);
    let refusal = Refusal::Unknown { item: Item::RankedList, name: "s1".into(), field: "session" };
    assert_eq!(decide(&path, parse("decide-selection", &body), &committee), Err(refusal.clone()));
    // An audit finds the same.
    let events = give(&path, &("decide-selection", "committee", "2022-02-20", body)).unwrap();
    assert!(matches!(events[0].fact, Fact::SelectionDecided(_)));
    assert_eq!(may_follow(&path, &events[0], &committee), Err(refusal));
    let (own, _) = listed(1, subject().as_u128());
    let committee = context("committee", Role::Committee, "2022-02-20", own);
    assert_eq!(may_follow(&path, &events[0], &committee), Ok(()));
}

#[test]
fn a_session_is_ranked_once() {
    let (programme, _) = listed(1, 2);
    let committee = context("committee", Role::Committee, "2022-02-10", Programme::default());
    let command = ProgrammeCommand::RankCandidates(request(1, 3));
    let refusal = Refusal::Differs { item: Item::RankedList, name: "s1".into() };
    assert_eq!(decide_programme(&programme, command, &committee), Err(refusal));
}
