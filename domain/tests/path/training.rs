//! Seat, attendance, modules, completion.

use serde_json::{Value, json};
use sira_domain::path::facts::{Completion, CompletionRequest, TrainingBasis};
use sira_domain::path::{BeneficiaryCommand, Fact, Stage, decide};
use sira_domain::programme::{Programme, ProgrammeCommand};
use sira_domain::refusal::{Item, Quantity, Refusal, Step as Missing};
use sira_domain::role::Role;

use super::given::{
    COHORT, SEALED, Step, context, day, parse, programme, recorded, refused, subject, then, up_to,
};
use super::walk::walk;

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
fn who_left_when_an_exit_kept_the_seat_gives_it_back_all_the_same() {
    let exit = ("exit", "adviser", "2022-02-28", json!({"reason": "moved"}));
    let mut path = then(up_to("decide-selection"), &[enrol()]);
    for mut event in super::given::give(&path, &exit).unwrap() {
        let Fact::Exited(left) = &mut event.fact else { panic!("another fact") };
        left.seat = None;
        path.take(event);
    }
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

/// The programme with rules that say nothing but which modules there are.
fn by_the_sessions() -> Programme {
    let mut programme = programme();
    let rules = json!({"effective_from": "2021-07-07", "rules": {"modules": ["leadership"]}});
    let command = ProgrammeCommand::parse("set-rules", rules).unwrap().unwrap();
    let director = context("directrice", Role::Director, "2021-07-07", programme.clone());
    for event in sira_domain::programme::decide(&programme, command, &director).unwrap() {
        programme.take(&event);
    }
    programme
}

/// Somebody with a seat, the module, and these hours: completion in a group of eight sessions of six hours.
fn completed_after(sessions: &[(&str, u32)]) -> Result<Completion, Refusal> {
    let path = then(up_to("decide-selection"), &[enrol(), assess("leadership")]);
    let attended: Vec<Step> = sessions.iter().map(|(word, hours)| attend(word, *hours)).collect();
    let path = then(path, &attended);
    let request = CompletionRequest { cohort_minutes: Some(8 * 6 * 60) };
    let trainer = context("trainer", Role::Trainer, "2022-03-05", by_the_sessions());
    let events = decide(&path, BeneficiaryCommand::CompleteTraining(request), &trainer)?;
    let Fact::TrainingCompleted(completion) = &events[0].fact else { panic!("another fact") };
    Ok(completion.clone())
}

#[test]
fn who_joins_on_the_last_day_has_not_attended_the_sessions_before() {
    let refusal = Refusal::Below { what: Quantity::Attendance, required: 80, given: 12 };
    assert_eq!(completed_after(&[("g1.s8", 6)]), Err(refusal));
}

#[test]
fn a_session_made_up_elsewhere_counts_as_attended_and_is_not_planned_once_more() {
    let sessions: Vec<(String, u32)> = (1..=6).map(|n| (format!("g1.s{n}"), 6)).collect();
    let mut sessions: Vec<(&str, u32)> =
        sessions.iter().map(|(word, hours)| (word.as_str(), *hours)).collect();
    let refusal = Refusal::Below { what: Quantity::Attendance, required: 80, given: 75 };
    assert_eq!(completed_after(&sessions), Err(refusal));
    sessions.extend([("g2.s7", 6), ("g2.s8", 6), ("g2.s9", 6)]);
    let completion = completed_after(&sessions).unwrap();
    let minutes = (completion.attended_minutes, completion.planned_minutes);
    assert_eq!(minutes, (Some(2_880), Some(2_880)), "no more than was planned");
    assert_eq!(completion.cohort.map(|cohort| cohort.to_string()).as_deref(), Some(COHORT));
}

#[test]
fn an_exit_gives_the_seat_back_and_is_not_retracted() {
    let exit = ("exit", "adviser", "2022-02-26", json!({"reason": "moved"}));
    let path = recorded(then(up_to("decide-selection"), &[enrol()]), &exit, "Exited");
    assert!(path.state().enrolment.is_none());
    let event = path.past().last().unwrap();
    let told = sira_domain::cohort::of_path(event, sira_domain::values::BeneficiaryId(subject()));
    assert_eq!(told.unwrap().1.fact.event_type(), "SeatReturned");
    let sequence = path.version().last_sequence();
    let retract =
        ("retract", "adviser", "2022-02-27", json!({"sequence": sequence, "reason": SEALED}));
    refused(&path, &retract, &Refusal::NotRetractable { sequence, event: "Exited" });
}

#[test]
fn an_exit_after_the_training_keeps_the_seat_that_was_used() {
    let steps = walk();
    let mut path = then(up_to("decide-selection"), &[enrol()]);
    super::given::take_all(&mut path, &steps[6..11]);
    let exit = ("exit", "adviser", "2022-03-26", json!({"reason": "moved"}));
    let path = recorded(path, &exit, "Exited");
    assert!(path.state().enrolment.is_some());
}
