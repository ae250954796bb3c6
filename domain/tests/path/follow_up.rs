//! Start, visits, support, closure, end.

use serde_json::{Value, json};
use sira_domain::path::{Stage, Status, decide};
use sira_domain::programme::{Programme, ProgrammeCommand};
use sira_domain::refusal::{Amount, Item, Refusal, Step as Missing};
use sira_domain::role::Role;
use sira_domain::values::Xof;

use super::given::{
    SEALED, Step, context, day, give, parse, programme, recorded, refused, then, up_to,
};
use super::walk::{visit, walk};

fn start(on: &'static str, sector: &str) -> Step {
    ("record-business-start", "adviser", on, json!({"form": "individual", "sector": sector}))
}

fn visit_on(on: &'static str, milestone: u32) -> Step {
    ("record-visit", "adviser", on, visit(milestone))
}

fn close(on: &'static str) -> Step {
    ("record-business-closure", "adviser", on, json!({"reason": "no_market"}))
}

fn complete(body: Value) -> Step {
    ("complete-path", "director", "2024-06-01", body)
}

fn too_early(given: &str, earliest: &str) -> Refusal {
    Refusal::TooEarly { field: "occurred_on", given: day(given), earliest: day(earliest) }
}

#[test]
fn a_business_starts_once_money_was_paid() {
    let pay = walk()[16].clone();
    let path = then(up_to("sign-agreement"), &[pay]);
    let path = recorded(path, &start("2022-05-02", "C"), "BusinessStarted");
    assert_eq!(path.state().stage, Stage::FollowUp);
}

#[test]
fn a_business_starts_without_money_when_a_director_allows_it() {
    let waive = ("waive-financing", "director", "2022-04-15", json!({"reason": SEALED}));
    let path = then(up_to("complete-training"), &[waive]);
    recorded(path, &start("2022-05-02", "C"), "BusinessStarted");
}

#[test]
fn a_business_does_not_start_without_money_or_leave() {
    let refusal = Refusal::MissingStep { step: Missing::Financing };
    refused(&up_to("complete-training"), &start("2022-05-02", "C"), &refusal);
}

#[test]
fn a_business_does_not_start_before_the_training_is_done() {
    let waive = ("waive-financing", "director", "2022-03-06", json!({"reason": SEALED}));
    let path = then(up_to("complete-training"), &[waive]);
    refused(&path, &start("2022-03-04", "C"), &too_early("2022-03-04", "2022-03-05"));
}

#[test]
fn a_second_business_waits_for_the_first_to_close() {
    let path = up_to("record-business-start");
    let refusal = Refusal::Settled { item: Item::Business, name: "C".into() };
    refused(&path, &start("2022-06-02", "G"), &refusal);
    recorded(then(path, &[close("2022-06-01")]), &start("2022-06-02", "G"), "BusinessStarted");
}

#[test]
fn a_business_is_of_a_sector_that_the_programme_knows() {
    let waive = ("waive-financing", "director", "2022-04-15", json!({"reason": SEALED}));
    let path = then(up_to("complete-training"), &[waive]);
    let refusal = Refusal::Unknown { item: Item::Sector, name: "gold".into(), field: "sector" };
    refused(&path, &start("2022-05-02", "gold"), &refusal);
}

#[test]
fn a_visit_is_made_at_a_milestone() {
    let path =
        recorded(up_to("record-business-start"), &visit_on("2022-06-02", 1), "VisitRecorded");
    assert_eq!(path.state().last_visit_on, Some(day("2022-06-02")));
}

#[test]
fn a_visit_is_made_at_most_15_days_early() {
    let path = up_to("record-business-start");
    let early = visit_on("2022-05-10", 1);
    refused(&path, &early, &too_early("2022-05-10", "2022-05-18"));
    recorded(path, &visit_on("2022-05-18", 1), "VisitRecorded");
}

#[test]
fn a_visit_is_not_made_before_the_start() {
    let early = visit_on("2022-05-01", 1);
    refused(&up_to("record-business-start"), &early, &too_early("2022-05-01", "2022-05-02"));
}

#[test]
fn a_visit_is_of_the_rules_of_its_day_or_of_those_that_the_business_started_under() {
    let path = up_to("record-business-start");
    let mut later = programme();
    let body = json!({"effective_from": "2022-05-15", "rules": {"follow_up_months": [2, 6]}});
    let command = ProgrammeCommand::parse("set-rules", body).unwrap().unwrap();
    let set = context("directrice", Role::Director, "2022-05-15", Programme::default());
    for event in sira_domain::programme::decide(&later, command, &set).unwrap() {
        later.take(&event);
    }
    let visited = |on: &str, milestone: u32| {
        let context = context("adviser", Role::Adviser, on, later.clone());
        decide(&path, parse("record-visit", &visit(milestone)), &context)
    };
    assert!(visited("2022-07-02", 2).is_ok(), "by the rules of the day");
    assert!(visited("2022-08-02", 3).is_ok(), "by those of the start, under which it is due");
    let unknown = Refusal::Unknown { item: Item::Milestone, name: "4".into(), field: "milestone" };
    assert_eq!(visited("2022-09-02", 4), Err(unknown));
}

#[test]
fn a_visit_is_of_a_milestone_of_the_rules() {
    let refusal = Refusal::Unknown { item: Item::Milestone, name: "2".into(), field: "milestone" };
    refused(&up_to("record-business-start"), &visit_on("2022-07-02", 2), &refusal);
}

#[test]
fn a_milestone_is_visited_once() {
    let refusal = Refusal::Differs { item: Item::Milestone, name: "1".into() };
    refused(&up_to("record-support"), &visit_on("2022-06-03", 1), &refusal);
}

#[test]
fn a_completed_path_takes_no_visit() {
    let refusal = Refusal::WrongStage { stage: Stage::Completed, allowed: &[Stage::FollowUp] };
    refused(&up_to("complete-path"), &visit_on("2024-06-02", 12), &refusal);
}

#[test]
fn support_is_recorded_in_follow_up() {
    let step = ("record-support", "adviser", "2022-06-10", json!({"kind": "coaching"}));
    let path = recorded(up_to("record-business-start"), &step, "SupportProvided");
    assert_eq!(path.state().actions.supports, 1);
    let refusal = Refusal::WrongStage { stage: Stage::Idea, allowed: &[Stage::FollowUp] };
    refused(&up_to("register"), &step, &refusal);
}

#[test]
fn a_business_closes_once() {
    let path = recorded(up_to("record-business-start"), &close("2022-09-01"), "BusinessClosed");
    let refusal = Refusal::Settled { item: Item::Closure, name: "C".into() };
    refused(&path, &close("2022-09-02"), &refusal);
}

#[test]
fn a_business_does_not_close_before_it_started() {
    let step = close("2022-05-01");
    refused(&up_to("record-business-start"), &step, &too_early("2022-05-01", "2022-05-02"));
}

#[test]
fn a_path_is_completed_after_its_last_visit_with_nothing_owed() {
    let path = recorded(up_to("record-visit"), &complete(json!({})), "PathCompleted");
    assert_eq!((path.state().stage, path.state().status), (Stage::Completed, Status::Completed));
}

#[test]
fn a_path_is_not_completed_without_its_last_visit() {
    let refusal = Refusal::MissingStep { step: Missing::FinalVisit };
    refused(&up_to("record-business-start"), &complete(json!({})), &refusal);
}

#[test]
fn a_path_is_not_completed_with_a_loan_open() {
    let path = then(up_to("record-support"), &[visit_on("2024-05-02", 24)]);
    let (limit, given) = (Xof::ZERO, Xof::of(101_500));
    let refusal = Refusal::TooMuch { what: Amount::LeftOwed, limit, given };
    refused(&path, &complete(json!({})), &refusal);
}

#[test]
fn a_director_may_complete_a_path_all_the_same_and_say_why() {
    let step = complete(json!({"override_reason": SEALED}));
    recorded(up_to("record-business-start"), &step, "PathCompleted");
}

#[test]
fn a_visit_beside_the_milestones_is_of_any_day_after_the_start() {
    let step = ("record-visit", "adviser", "2022-05-03", json!({"business_status": "trading"}));
    let path = recorded(up_to("record-business-start"), &step, "VisitRecorded");
    assert!(path.state().visits.is_empty() && give(&path, &step) == Ok(Vec::new()));
}
