//! The order of days: no fact is of a day before what it rests on.

use proptest::prelude::*;
use serde_json::json;
use sira_domain::path::facts::Decision;
use sira_domain::path::{Beneficiary, Fact};
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;

use super::given::{
    OTHER, SEALED, Step, context, day, give, parse, programme, recorded, refused, then, up_to,
};
use super::history::any_history;
use super::walk::walk;

fn too_early(given: &str, earliest: &str) -> Refusal {
    Refusal::TooEarly { field: "occurred_on", given: day(given), earliest: day(earliest) }
}

/// The step of the walk by this word, on another day.
fn on(word: &str, on: &'static str) -> Step {
    let step = walk().into_iter().find(|step| step.0 == word).unwrap();
    (step.0, step.1, on, step.3)
}

#[test]
fn no_step_of_a_path_is_of_a_day_before_what_it_rests_on() {
    for (before, word, given, earliest) in [
        ("submit-idea", "assess-eligibility", "2022-01-10", "2022-01-11"),
        ("assess-eligibility", "record-interview", "2022-01-31", "2022-02-01"),
        ("record-interview", "decide-selection", "2022-02-02", "2022-02-03"),
        ("assess-eligibility", "decide-selection", "2022-01-31", "2022-02-01"),
        ("decide-selection", "record-attendance", "2022-02-19", "2022-02-20"),
        ("decide-selection", "record-assessment", "2022-02-19", "2022-02-20"),
        ("record-assessment", "complete-training", "2022-03-02", "2022-03-03"),
        ("complete-training", "submit-business-plan", "2022-03-04", "2022-03-05"),
        ("submit-business-plan", "validate-business-plan", "2022-03-19", "2022-03-20"),
        ("record-business-start", "record-support", "2022-05-01", "2022-05-02"),
        ("record-visit", "complete-path", "2024-05-01", "2024-05-02"),
    ] {
        let path = up_to(before);
        let mut step = on(word, given);
        if (before, word) == ("assess-eligibility", "decide-selection") {
            step.3 = json!({"decision": "selected", "method": "lottery", "session": "draw-1"});
        }
        refused(&path, &step, &too_early(given, earliest));
        // On that very day it is taken.
        let step = (step.0, step.1, earliest, step.3);
        assert_eq!(give(&path, &step).unwrap().len(), 1, "{word}");
    }
}

#[test]
fn a_path_is_resumed_and_reopened_no_earlier_than_it_was_suspended_and_left() {
    let suspend = ("suspend", "adviser", "2022-02-10", json!({"reason": "insecurity"}));
    let path = then(up_to("submit-idea"), &[suspend]);
    let resume = |on: &'static str| ("resume", "adviser", on, json!({}));
    refused(&path, &resume("2022-02-09"), &too_early("2022-02-09", "2022-02-10"));
    let path = recorded(path, &resume("2022-02-10"), "Resumed");
    let exit = ("exit", "adviser", "2022-02-20", json!({"reason": "moved"}));
    let path = then(path, &[exit]);
    let reopen = |on: &'static str| ("reopen", "director", on, json!({"reason": SEALED}));
    refused(&path, &reopen("2022-02-19"), &too_early("2022-02-19", "2022-02-20"));
    let path = recorded(path, &reopen("2022-02-20"), "Reopened");
    let exit = ("exit", "adviser", "2022-02-19", json!({"reason": "moved"}));
    refused(&path, &exit, &too_early("2022-02-19", "2022-02-20"));
}

#[test]
fn a_consent_is_withdrawn_and_a_grievance_answered_no_earlier_than_they_were_told() {
    let lodge = json!({"category": "staff", "channel": "box", "text": SEALED});
    let consent = json!({"scope": "photo", "text_version": "fr-1", "method": "oral_witness"});
    let path = then(
        up_to("register"),
        &[
            ("lodge-grievance", "adviser", "2022-02-10", lodge),
            ("record-consent", "adviser", "2022-02-10", consent),
        ],
    );
    let resolve = json!({"grievance": 1, "outcome": "upheld"});
    let early = too_early("2022-02-09", "2022-02-10");
    refused(&path, &("resolve-grievance", "director", "2022-02-09", resolve), &early);
    let withdraw = |scope| ("withdraw-consent", "adviser", "2022-02-09", json!({"scope": scope}));
    refused(&path, &withdraw("photo"), &early);
    recorded(path, &withdraw("programme"), "ConsentWithdrawn");
}

#[test]
fn a_late_sheet_is_of_any_day_since_the_first_assessment() {
    let again = ("assess-eligibility", "adviser", "2022-02-10", json!({}));
    let path = then(up_to("assess-eligibility"), &[again]);
    recorded(path, &on("record-interview", "2022-02-03"), "InterviewRecorded");
}

#[test]
fn what_a_later_fact_would_precede_is_not_retracted_from_under_it() {
    let again = ("assess-eligibility", "adviser", "2022-02-10", json!({}));
    let path = then(up_to("assess-eligibility"), &[again, on("record-interview", "2022-02-03")]);
    let retract = ("retract", "adviser", "2022-02-11", json!({"sequence": 3 + 1, "reason": OTHER}));
    let refusal = Refusal::RestsOn {
        sequence: serde_json::from_value(json!(6)).unwrap(),
        event: "InterviewRecorded",
        because: Box::new(too_early("2022-02-03", "2022-02-10")),
    };
    refused(&path, &retract, &refusal);
}

#[test]
fn a_journal_from_before_the_order_was_asked_stays_lawful_and_can_be_mended() {
    let mut path = up_to("assess-eligibility");
    let mut events = give(&path, &on("record-interview", "2022-02-03")).unwrap();
    events[0].occurred_on = day("2022-01-20");
    let adviser = context("interviewer", Role::Adviser, "2022-01-20", programme());
    assert_eq!(sira_domain::path::may_follow(&path, &events[0], &adviser), Ok(()));
    path.take(events.remove(0));
    // What was out of its order before does not forbid the retraction of something else.
    let note = ("add-note", "adviser", "2022-02-04", json!({"text": SEALED}));
    let path = then(path, &[note]);
    let sequence = path.version().last_sequence();
    let retract =
        ("retract", "adviser", "2022-02-05", json!({"sequence": sequence, "reason": OTHER}));
    recorded(path, &retract, "Retracted");
}

/// The day of the last standing fact before `place` that is one of these.
fn last_before(
    path: &Beneficiary,
    place: usize,
    is_one: fn(&Fact) -> bool,
) -> Option<chrono::NaiveDate> {
    let before = path.standing().take(place).filter(|(_, event)| is_one(&event.fact));
    before.last().map(|(_, event)| event.occurred_on)
}

fn is_in_order(path: &Beneficiary, place: usize, fact: &Fact, on: chrono::NaiveDate) -> bool {
    let since = |is_one: fn(&Fact) -> bool| {
        last_before(path, place, is_one).is_none_or(|earliest| earliest <= on)
    };
    match fact {
        Fact::SelectionDecided(selection) => {
            let interview = |fact: &Fact| matches!(fact, Fact::InterviewRecorded(_));
            since(|fact| matches!(fact, Fact::EligibilityAssessed(_)))
                && (selection.method.code() == "lottery" || since(interview))
        }
        Fact::AttendanceRecorded(_) | Fact::ModuleAssessed(_) => since(
            |fact| matches!(fact, Fact::SelectionDecided(past) if past.decision == Decision::Selected),
        ),
        Fact::TrainingCompleted(training) if !training.is_recognised() => {
            since(|fact| matches!(fact, Fact::AttendanceRecorded(_)))
        }
        Fact::BusinessPlanSubmitted(_) => since(|fact| matches!(fact, Fact::TrainingCompleted(_))),
        Fact::PathCompleted(_) => since(|fact| matches!(fact, Fact::VisitRecorded(_))),
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_is_recorded_and_retracted_no_fact_stands_before_what_it_rests_on(
        steps in any_history(),
        retractions in prop::collection::vec((0..40_usize, 1..60_u64), 0..12),
    ) {
        let mut path = Beneficiary::default();
        for (index, step) in steps.iter().enumerate() {
            for event in give(&path, step).unwrap_or_default() {
                path.take(event);
            }
            for (_, sequence) in retractions.iter().filter(|(place, _)| *place == index) {
                let body = json!({"sequence": sequence, "reason": OTHER});
                let director = context("directrice", Role::Director, "2025-01-01", programme());
                let taken_back = sira_domain::path::decide(&path, parse("retract", &body), &director);
                for event in taken_back.unwrap_or_default() {
                    path.take(event);
                }
            }
        }
        for (place, (sequence, event)) in path.standing().enumerate() {
            let holds = is_in_order(&path, place, &event.fact, event.occurred_on);
            prop_assert!(holds, "{sequence} {}", event.fact.event_type());
        }
    }
}
