//! Eligibility, interview, selection.

use serde_json::{Value, json};
use sira_domain::context::Context;
use sira_domain::path::{Beneficiary, Stage, decide};
use sira_domain::refusal::{Duty, Item, Quantity, Refusal, Step as Missing};
use sira_domain::role::Role;

use super::given::{SEALED, Step, context, give, parse, programme, recorded, refused, then, up_to};
use super::walk::{registration, walk};

fn assess() -> Step {
    ("assess-eligibility", "adviser", "2022-02-01", json!({}))
}

fn interview(scores: &Value) -> Step {
    ("record-interview", "interviewer", "2022-02-03", json!({ "scores": scores }))
}

fn decide_by(actor: &'static str, decision: &str, method: &str, session: &str) -> Step {
    let body = json!({"decision": decision, "method": method, "session": session});
    ("decide-selection", actor, "2022-02-20", body)
}

fn select() -> Step {
    decide_by("committee", "selected", "committee", "2022-02")
}

/// Somebody of 62 years, whom the rules do not call eligible, after an assessment and an interview.
fn too_old() -> Beneficiary {
    let mut old = registration();
    old["birth_year"] = json!(1960);
    let steps = [("register", "adviser", "2022-01-10", old), walk()[1].clone(), assess()];
    then(then(Beneficiary::default(), &steps), &[walk()[4].clone()])
}

fn director() -> Context {
    context("directrice", Role::Director, "2022-02-10", programme())
}

#[test]
fn eligibility_is_assessed_by_the_rules() {
    let path = recorded(up_to("submit-idea"), &assess(), "EligibilityAssessed");
    assert!(path.state().eligibility.as_ref().unwrap().assessment.eligible);
}

#[test]
fn eligibility_is_not_assessed_before_an_idea() {
    let refusal = Refusal::WrongStage { stage: Stage::Idea, allowed: &[Stage::Recruitment] };
    refused(&up_to("register"), &assess(), &refusal);
}

#[test]
fn only_a_director_overrides_the_rules_of_eligibility() {
    let body = json!({"override_reason": SEALED});
    let step = ("assess-eligibility", "adviser", "2022-02-01", body);
    refused(&up_to("submit-idea"), &step, &Refusal::NeedsRole { role: Role::Director });
}

#[test]
fn an_age_outside_the_rules_is_not_eligible() {
    let path = too_old();
    assert!(!path.state().eligibility.as_ref().unwrap().assessment.eligible);
    refused(&path, &select(), &Refusal::NotEligible);
}

#[test]
fn a_director_may_call_a_person_eligible_against_the_rules() {
    let mut path = too_old();
    let overriding = parse("assess-eligibility", &json!({"override_reason": SEALED}));
    for event in decide(&path, overriding, &director()).unwrap() {
        path.take(event);
    }
    recorded(path, &select(), "SelectionDecided");
}

#[test]
fn an_interview_is_scored_out_of_100() {
    let scores = json!([{"criterion": "motivation", "score": 16, "out_of": 20}]);
    let path = recorded(up_to("assess-eligibility"), &interview(&scores), "InterviewRecorded");
    assert_eq!(path.state().interview.as_ref().unwrap().total.get(), 80);
}

#[test]
fn an_interview_without_criteria_is_refused() {
    let refusal = Refusal::Below { what: Quantity::Items, required: 1, given: 0 };
    refused(&up_to("assess-eligibility"), &interview(&json!([])), &refusal);
}

#[test]
fn an_interview_of_more_than_20_criteria_is_refused() {
    let line = json!({"criterion": "m", "score": 1, "out_of": 20});
    let refusal = Refusal::Above { what: Quantity::Items, limit: 20, given: 21 };
    refused(&up_to("assess-eligibility"), &interview(&Value::from(vec![line; 21])), &refusal);
}

#[test]
fn a_score_is_not_above_the_maximum_of_its_criterion() {
    let scores = json!([{"criterion": "m", "score": 21, "out_of": 20}]);
    let refusal = Refusal::Above { what: Quantity::InterviewTotal, limit: 20, given: 21 };
    refused(&up_to("assess-eligibility"), &interview(&scores), &refusal);
}

#[test]
fn a_selection_moves_the_path_to_training() {
    let path = recorded(up_to("record-interview"), &select(), "SelectionDecided");
    assert_eq!(path.state().stage, Stage::Training);
}

#[test]
fn a_person_not_selected_closes_and_may_be_selected_later() {
    let refuse = decide_by("committee", "not_selected", "committee", "2022-02");
    let path = recorded(up_to("record-interview"), &refuse, "SelectionDecided");
    assert_eq!(path.state().path_closed_on, Some(super::given::day("2022-02-20")));
    let path = recorded(path, &decide_by("committee", "selected", "jury", "2"), "SelectionDecided");
    assert_eq!(path.state().path_closed_on, None);
}

#[test]
fn nobody_is_selected_without_an_assessment() {
    let refusal = Refusal::MissingStep { step: Missing::Eligibility };
    refused(&up_to("submit-idea"), &select(), &refusal);
}

#[test]
fn nobody_is_selected_without_an_interview() {
    let refusal = Refusal::MissingStep { step: Missing::Interview };
    refused(
        &up_to("assess-eligibility"),
        &decide_by("committee", "selected", "jury", "s"),
        &refusal,
    );
}

#[test]
fn the_interviewer_does_not_decide_the_selection() {
    let refusal = Refusal::SameActor {
        actor: "interviewer".parse().unwrap(),
        duty: Duty::Decider,
        other: Duty::Interviewer,
    };
    let step = decide_by("interviewer", "selected", "committee", "s");
    refused(&up_to("record-interview"), &step, &refusal);
}

#[test]
fn nobody_is_selected_below_the_pass_mark_of_the_interview() {
    let scores = json!([{"criterion": "m", "score": 9, "out_of": 20}]);
    let path = then(up_to("assess-eligibility"), &[interview(&scores)]);
    let refusal = Refusal::Below { what: Quantity::InterviewTotal, required: 50, given: 45 };
    refused(&path, &select(), &refusal);
}

#[test]
fn whoever_was_drawn_is_selected_without_an_interview() {
    let drawn = decide_by("committee", "selected", "lottery", "draw-1");
    recorded(up_to("assess-eligibility"), &drawn, "SelectionDecided");
}

#[test]
fn a_lottery_must_have_been_drawn_with_this_person() {
    let refusal = Refusal::Unknown { item: Item::Lottery, name: "none".into(), field: "session" };
    let step = decide_by("committee", "selected", "lottery", "none");
    refused(&up_to("assess-eligibility"), &step, &refusal);
}

#[test]
fn the_decision_follows_the_draw() {
    let refusal = Refusal::Disagree { field: "decision", other: "session" };
    let step = decide_by("committee", "not_selected", "lottery", "draw-1");
    refused(&up_to("assess-eligibility"), &step, &refusal);
}

#[test]
fn a_second_decision_of_another_day_is_a_decision_of_its_own() {
    let wait = decide_by("committee", "waitlisted", "committee", "2022-02");
    let later = ("decide-selection", "committee", "2022-02-21", wait.3.clone());
    let path = then(up_to("record-interview"), &[wait, later.clone()]);
    assert_eq!(give(&path, &later), Ok(Vec::new()));
}
