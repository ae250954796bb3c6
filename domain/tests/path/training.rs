//! Seat, attendance, modules, completion.

use serde_json::{Value, json};
use sira_domain::path::facts::TrainingBasis;
use sira_domain::path::{Fact, Stage, decide};
use sira_domain::programme::{Programme, ProgrammeCommand};
use sira_domain::refusal::{Item, Quantity, Refusal, Step as Missing};
use sira_domain::role::Role;

use super::given::{
    COHORT, SEALED, Step, context, day, parse, programme, recorded, refused, then, up_to,
};

fn enrol() -> Step {
    ("enrol-in-training", "adviser", "2022-02-25", json!({"cohort": COHORT}))
}

fn withdraw(on: &'static str) -> Step {
    ("withdraw-from-training", "adviser", on, json!({"comment": SEALED}))
}

fn attend(session: &str, hours: u32) -> Step {
    let body = json!({"session": session, "hours": hours, "present": true});
    ("record-attendance", "trainer", "2022-03-01", body)
}

fn assess(module: &str) -> Step {
    ("record-assessment", "trainer", "2022-03-03", json!({"module": module, "score": 50}))
}

fn complete() -> Step {
    ("complete-training", "trainer", "2022-03-05", json!({}))
}

fn recognise(on: &'static str) -> Step {
    ("recognise-training", "director", on, json!({"proof": SEALED, "reason": SEALED}))
}

#[test]
fn a_person_takes_a_seat() {
    let path = recorded(up_to("decide-selection"), &enrol(), "TrainingEnrolled");
    assert_eq!(path.state().enrolment.as_ref().unwrap().cohort.to_string(), COHORT);
}

#[test]
fn nobody_takes_a_seat_before_being_selected() {
    let refusal = Refusal::WrongStage { stage: Stage::Idea, allowed: &[Stage::Training] };
    refused(&up_to("register"), &enrol(), &refusal);
}

#[test]
fn nobody_takes_a_second_seat() {
    let other = "0176bb3e-7000-7000-8000-000000000009";
    let again = ("enrol-in-training", "adviser", "2022-02-26", json!({"cohort": other}));
    let refusal = Refusal::Settled { item: Item::Seat, name: COHORT.into() };
    refused(&then(up_to("decide-selection"), &[enrol()]), &again, &refusal);
}

#[test]
fn a_seat_is_given_back() {
    let path = then(up_to("decide-selection"), &[enrol()]);
    let path = recorded(path, &withdraw("2022-03-01"), "TrainingWithdrawn");
    assert_eq!(path.state().enrolment, None);
}

#[test]
fn a_seat_that_nobody_took_is_not_given_back() {
    let refusal = Refusal::MissingStep { step: Missing::Enrolment };
    refused(&up_to("decide-selection"), &withdraw("2022-03-01"), &refusal);
}

#[test]
fn a_seat_is_not_given_back_before_it_was_taken() {
    let refusal = Refusal::TooEarly {
        field: "occurred_on",
        given: day("2022-02-24"),
        earliest: day("2022-02-25"),
    };
    refused(&then(up_to("decide-selection"), &[enrol()]), &withdraw("2022-02-24"), &refusal);
}

#[test]
fn a_seat_that_was_used_is_not_given_back() {
    let path = then(up_to("decide-selection"), &[enrol(), attend("s", 8)]);
    let path = then(path, &[assess("leadership"), assess("management"), complete()]);
    let refusal = Refusal::Settled { item: Item::Training, name: COHORT.into() };
    refused(&path, &withdraw("2022-03-06"), &refusal);
}

#[test]
fn a_person_who_has_left_gives_the_seat_back_all_the_same() {
    let exit = ("exit", "adviser", "2022-02-28", json!({"reason": "moved"}));
    let path = then(up_to("decide-selection"), &[enrol(), exit]);
    recorded(path, &withdraw("2022-03-01"), "TrainingWithdrawn");
}

#[test]
fn attendance_is_recorded_session_by_session() {
    let path = recorded(up_to("decide-selection"), &attend("gp-1", 8), "AttendanceRecorded");
    assert_eq!(path.state().sessions.values().map(|session| session.minutes).sum::<u32>(), 480);
}

#[test]
fn a_session_is_not_recorded_again_with_other_hours() {
    let refusal = Refusal::Differs { item: Item::Session, name: "gp-1".into() };
    refused(&up_to("record-attendance"), &attend("gp-1", 9), &refusal);
}

#[test]
fn a_session_has_a_length() {
    let refusal = Refusal::Disagree { field: "hours", other: "minutes" };
    refused(&up_to("decide-selection"), &attend("gp-1", 0), &refusal);
}

#[test]
fn a_module_is_passed_at_the_pass_mark() {
    let path = recorded(up_to("decide-selection"), &assess("leadership"), "ModuleAssessed");
    assert!(path.state().assessments.values().all(|assessment| assessment.passed));
}

#[test]
fn a_module_is_one_of_the_programmes() {
    let refusal = Refusal::Unknown { item: Item::Module, name: "cooking".into(), field: "module" };
    refused(&up_to("decide-selection"), &assess("cooking"), &refusal);
}

#[test]
fn a_module_is_judged_by_the_rules_of_its_own_day() {
    let mut programme = programme();
    let stricter = json!({"effective_from": "2022-04-01", "rules": {"assessment_pass_mark": 80}});
    let command = ProgrammeCommand::parse("set-rules", stricter).unwrap().unwrap();
    let director = context("directrice", Role::Director, "2022-04-01", Programme::default());
    for event in sira_domain::programme::decide(&programme, command, &director).unwrap() {
        programme.take(&event);
    }
    let path = up_to("decide-selection");
    let assess = |on: &str| {
        let command = parse("record-assessment", &json!({"module": "leadership", "score": 60}));
        let context = context("trainer", Role::Trainer, on, programme.clone());
        let event = decide(&path, command, &context).unwrap().remove(0);
        let Fact::ModuleAssessed(assessment) = event.fact else { panic!("another fact") };
        (event.rules, assessment.passed)
    };
    assert_eq!(assess("2022-03-31"), (1, true));
    assert_eq!(assess("2022-04-01"), (2, false));
}

#[test]
fn a_training_is_completed_by_attendance_and_modules() {
    let path = recorded(up_to("record-assessment"), &complete(), "TrainingCompleted");
    assert_eq!(path.state().stage, Stage::Financing);
}

#[test]
fn a_training_without_enough_attendance_is_not_completed() {
    let refusal = Refusal::Below { what: Quantity::Attendance, required: 80, given: 0 };
    refused(&up_to("decide-selection"), &complete(), &refusal);
}

#[test]
fn a_training_without_all_modules_is_not_completed() {
    let refusal = Refusal::Below { what: Quantity::ModulesPassed, required: 2, given: 0 };
    refused(&up_to("record-attendance"), &complete(), &refusal);
}

#[test]
fn a_training_done_elsewhere_is_recognised_even_of_a_day_before_the_registration() {
    let path = recorded(up_to("submit-idea"), &recognise("2021-09-01"), "TrainingCompleted");
    let training = path.state().training.as_ref().unwrap();
    assert_eq!(
        (training.completion.basis, training.on),
        (TrainingBasis::Recognised, day("2021-09-01"))
    );
}

#[test]
fn a_training_that_was_attended_is_not_recognised_too() {
    let allowed = &[Stage::Idea, Stage::Recruitment, Stage::Training];
    let refusal = Refusal::WrongStage { stage: Stage::Financing, allowed };
    refused(&up_to("complete-training"), &recognise("2022-03-06"), &refusal);
}

#[test]
fn a_recognised_training_may_name_its_modules() {
    let body: Value = json!({"proof": SEALED, "reason": SEALED, "modules": ["leadership"]});
    let step = ("recognise-training", "director", "2021-09-01", body);
    let path = recorded(up_to("submit-idea"), &step, "TrainingCompleted");
    assert_eq!(path.state().training.as_ref().unwrap().completion.modules.len(), 1);
}
