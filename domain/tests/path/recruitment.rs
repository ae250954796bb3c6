//! Eligibility, interview, selection.

use serde_json::{Value, json};
use sira_domain::context::Context;
use sira_domain::path::facts::{AgeBasis, AgeFound, EligibilityRequest, Outcome};
use sira_domain::path::{
    Beneficiary, BeneficiaryCommand, ClosedBecause, Fact, Stage, Status, decide,
};
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

/// Status, what closed the path and the day of it.
fn closing(path: &Beneficiary) -> (Status, Option<ClosedBecause>, Option<String>) {
    let state = path.state();
    (state.status, state.closed_because, state.path_closed_on.map(|on| on.to_string()))
}

fn closed(because: ClosedBecause, on: &str) -> (Status, Option<ClosedBecause>, Option<String>) {
    (Status::Closed, Some(because), Some(on.to_owned()))
}

const OPEN: (Status, Option<ClosedBecause>, Option<String>) = (Status::Active, None, None);

#[test]
fn who_is_not_selected_or_not_eligible_has_a_closed_path_that_may_be_reopened() {
    let refuse = decide_by("committee", "not_selected", "committee", "2022-02");
    let not_selected = then(up_to("record-interview"), &[refuse]);
    let old = too_old();
    for (path, because, on) in [
        (not_selected, ClosedBecause::NotSelected, "2022-02-20"),
        (old, ClosedBecause::NotEligible, "2022-02-03"),
    ] {
        assert_eq!(closing(&path), closed(because, on));
        let reopen = ("reopen", "director", "2022-03-01", json!({"reason": SEALED}));
        let path = recorded(path, &reopen, "Reopened");
        assert_eq!(closing(&path), OPEN);
    }
}

#[test]
fn an_assessment_that_finds_the_person_eligible_opens_the_path_and_a_decision_stays_until_another()
{
    let mut path = too_old();
    let overriding = parse("assess-eligibility", &json!({"override_reason": SEALED}));
    for event in decide(&path, overriding, &director()).unwrap() {
        path.take(event);
    }
    assert_eq!(closing(&path), OPEN);
    let refuse = decide_by("committee", "not_selected", "committee", "2022-02");
    let again = ("assess-eligibility", "adviser", "2022-03-01", json!({}));
    let path = then(up_to("record-interview"), &[refuse, again]);
    assert_eq!(closing(&path), closed(ClosedBecause::NotSelected, "2022-03-01"));
}

#[test]
fn a_closed_path_is_suspended_resumed_and_left_as_a_closed_one() {
    let suspend = ("suspend", "adviser", "2022-02-05", json!({"reason": "insecurity"}));
    let resume = ("resume", "adviser", "2022-02-06", json!({}));
    let path = then(too_old(), &[suspend]);
    assert_eq!(path.state().status, Status::Suspended);
    let path = then(path, &[resume]);
    assert_eq!(closing(&path), closed(ClosedBecause::NotEligible, "2022-02-03"));
    let exit = ("exit", "adviser", "2022-02-07", json!({"reason": "moved"}));
    let path = recorded(path, &exit, "Exited");
    assert_eq!(closing(&path), (Status::Exited, None, Some("2022-02-07".to_owned())));
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

/// What an assessment of somebody born in a year says of their age; completed years where they are known.
fn age_of(birth_year: u32, completed_years: Option<u32>) -> (Outcome, bool, AgeFound) {
    let mut person = registration();
    person["birth_year"] = json!(birth_year);
    let steps = [("register", "adviser", "2022-01-10", person), walk()[1].clone()];
    let path = then(Beneficiary::default(), &steps);
    let request = EligibilityRequest { override_reason: None, completed_years };
    let adviser = context("adviser", Role::Adviser, "2022-02-01", programme());
    let events = decide(&path, BeneficiaryCommand::AssessEligibility(request), &adviser).unwrap();
    let Fact::EligibilityAssessed(assessment) = &events[0].fact else { panic!("another fact") };
    let age = assessment.rules.iter().find(|rule| rule.rule.as_str() == "age").unwrap().outcome;
    (age, assessment.eligible, assessment.age.clone().unwrap())
}

/// The rules let in from 15 to 40.
#[test]
fn an_age_is_of_completed_years_where_the_birth_date_is_known() {
    let dated = |years| AgeFound { basis: AgeBasis::BirthDate, years };
    assert_eq!(age_of(2007, Some(14)), (Outcome::NotMet, false, dated(14)));
    assert_eq!(age_of(2007, Some(15)), (Outcome::Met, true, dated(15)));
    assert_eq!(age_of(1981, Some(40)), (Outcome::Met, true, dated(40)));
    assert_eq!(age_of(1981, Some(41)), (Outcome::NotMet, false, dated(41)));
}

#[test]
fn a_year_of_birth_alone_leaves_the_age_to_be_proved_where_the_birthday_decides() {
    let by_year = |years| AgeFound { basis: AgeBasis::BirthYear, years };
    assert_eq!(age_of(2007, None), (Outcome::ToBeProved, false, by_year(15)));
    assert_eq!(age_of(2006, None), (Outcome::Met, true, by_year(16)));
    assert_eq!(age_of(1982, None), (Outcome::Met, true, by_year(40)));
    assert_eq!(age_of(1981, None), (Outcome::ToBeProved, false, by_year(41)));
    assert_eq!(age_of(1980, None), (Outcome::NotMet, false, by_year(42)));
    assert_eq!(age_of(2008, None), (Outcome::NotMet, false, by_year(14)));
}

#[test]
fn an_age_that_the_year_of_birth_cannot_give_is_refused() {
    let person = registration();
    let steps = [("register", "adviser", "2022-01-10", person), walk()[1].clone()];
    let path = then(Beneficiary::default(), &steps);
    let adviser = context("adviser", Role::Adviser, "2022-02-01", programme());
    for (years, is_possible) in [(21, false), (22, true), (23, true), (24, false)] {
        let request = EligibilityRequest { override_reason: None, completed_years: Some(years) };
        let decided = decide(&path, BeneficiaryCommand::AssessEligibility(request), &adviser);
        let refusal = Refusal::Disagree { field: "age", other: "birth_year" };
        assert_eq!(decided.as_ref().err(), (!is_possible).then_some(&refusal), "{years}");
    }
}

#[test]
fn what_is_to_be_proved_closes_nothing_and_selects_nobody() {
    let mut person = registration();
    person["birth_year"] = json!(2007);
    let steps = [("register", "adviser", "2022-01-10", person), walk()[1].clone(), assess()];
    let path = then(Beneficiary::default(), &steps);
    assert_eq!(closing(&path), OPEN);
    refused(&then(path, &[walk()[4].clone()]), &select(), &Refusal::NotEligible);
}

#[test]
fn a_caller_does_not_say_an_age_nor_the_minutes_of_a_group() {
    for (word, field) in
        [("assess-eligibility", "completed_years"), ("complete-training", "cohort_minutes")]
    {
        let parsed = BeneficiaryCommand::parse(word, json!({ field: 20 })).unwrap();
        assert!(parsed.is_err(), "{word}");
    }
}
