//! Whole histories: a walk from one end to the other, retractions, and histories by chance.

use std::collections::BTreeSet;

use cqrs_es::test::TestFramework;
use proptest::prelude::*;
use serde_json::json;
use sira_domain::path::facts::TrancheCondition;
use sira_domain::path::{
    BENEFICIARY_COMMANDS, Beneficiary, BeneficiaryEvent, Fact, Stage, Status, decide, lawful,
};
use sira_domain::refusal::{Item, Refusal, Step as Missing};
use sira_domain::role::Role;
use sira_numbers::{Sequence, Version};

use super::given::{
    OTHER, SEALED, Step, context, give, parse, programme, refused, subject, take_all, up_to,
};
use super::walk::{asides, registration, walk};

#[test]
fn a_whole_path_is_walked_and_every_retry_changes_nothing() {
    let mut path = Beneficiary::default();
    for step in walk() {
        let events = give(&path, &step).unwrap_or_else(|refusal| panic!("{}: {refusal}", step.0));
        assert_eq!(events.len(), 1, "{}", step.0);
        for event in events {
            path.take(event);
        }
        assert_eq!(give(&path, &step).map(|events| events.len()), Ok(0), "retry of {}", step.0);
    }
    assert_eq!((path.state().stage, path.state().status), (Stage::Completed, Status::Completed));
    assert_eq!(path.version(), Version::of_count(walk().len() as u64));
}

#[test]
fn facts_on_events_are_what_the_framework_of_cqrs_es_sees_too() {
    let given: Vec<BeneficiaryEvent> =
        up_to("record-interview").past().iter().map(|event| (**event).clone()).collect();
    let decision = json!({"decision": "selected", "method": "committee", "session": "2022-02"});
    let executor = || {
        let context = context("committee", Role::Committee, "2022-02-20", programme());
        TestFramework::<Beneficiary>::with(context).given(given.clone())
    };
    let expected = give(
        &up_to("record-interview"),
        &("decide-selection", "committee", "2022-02-20", decision.clone()),
    )
    .unwrap();
    executor().when(parse("decide-selection", &decision)).then_expect_events(expected);
}

#[test]
fn a_retracted_event_stays_in_the_stream_and_the_state_is_folded_without_it() {
    let mut path = up_to("revise-idea");
    let before = up_to("submit-idea");
    take_all(
        &mut path,
        &[("retract", "adviser", "2022-02-01", json!({"sequence": 3, "reason": SEALED}))],
    );
    assert_eq!(path.state(), before.state());
    assert_eq!((path.version(), path.is_retracted(3.into())), (4.into(), true));
}

#[test]
fn what_later_events_rest_on_is_not_retracted_and_the_later_event_is_named() {
    let path = up_to("decide-selection");
    let retract =
        ("retract", "interviewer", "2022-03-01", json!({"sequence": 5, "reason": SEALED}));
    let because = Box::new(Refusal::MissingStep { step: Missing::Interview });
    let refusal = Refusal::RestsOn { sequence: 6.into(), event: "SelectionDecided", because };
    refused(&path, &retract, &refusal);
}

/// What is recorded, taken back and recorded again, by whom; and the fact that then rests on it.
const RECORDED_TWICE: [(&str, &str, &str); 4] = [
    ("assess-eligibility", "decide-selection", "SelectionDecided"),
    ("complete-training", "submit-business-plan", "BusinessPlanSubmitted"),
    ("sign-agreement", "record-disbursement", "DisbursementRecorded"),
    ("record-business-start", "record-disbursement", "DisbursementRecorded"),
];

#[test]
fn what_was_retracted_once_holds_nothing_up_when_its_second_recording_is_retracted() {
    for (word, resting, event) in RECORDED_TWICE {
        let steps = walk();
        let first = steps.iter().position(|step| step.0 == word).unwrap();
        let last = first + steps[first..].iter().position(|step| step.0 == resting).unwrap();
        let on = steps[first].2;
        let retract = |sequence: usize| {
            ("retract", "director", on, json!({"sequence": sequence, "reason": SEALED}))
        };
        let mut path = Beneficiary::default();
        take_all(&mut path, &steps[..=first]);
        take_by(&mut path, &retract(first + 1), Role::Director);
        take_all(&mut path, &steps[first..=last]);
        let second = Sequence::from(u32::try_from(first + 3).unwrap());
        let why = by(&path, &retract(first + 3), Role::Director).unwrap_err();
        assert!(!path.is_retracted(second));
        let Refusal::RestsOn { event: named, .. } = why else { panic!("{word}: {why}") };
        assert_eq!(named, event, "{word}");
    }
}

/// A command, given in a role of its own.
fn by(
    path: &Beneficiary,
    (word, actor, on, body): &Step,
    role: Role,
) -> Result<Vec<BeneficiaryEvent>, Refusal> {
    decide(path, parse(word, body), &context(actor, role, on, programme()))
}

fn take_by(path: &mut Beneficiary, step: &Step, role: Role) {
    for event in by(path, step, role).unwrap_or_else(|refusal| panic!("{}: {refusal}", step.0)) {
        path.take(event);
    }
}

#[test]
fn only_the_author_or_a_director_retracts_and_money_never_is() {
    let path = up_to("complete-path");
    let by = |actor: &str, role: Role, sequence: Sequence| {
        let command = parse("retract", &json!({"sequence": sequence, "reason": SEALED}));
        decide(&path, command, &context(actor, role, "2024-06-02", programme()))
    };
    let needs_director = Err(Refusal::NeedsRole { role: Role::Director });
    assert_eq!(by("somebody", Role::Adviser, 21.into()), needs_director);
    assert!(by("somebody", Role::Director, 21.into()).is_ok());
    assert!(by("adviser", Role::Adviser, 21.into()).is_ok());
    for (sequence, event) in
        [(15, "FinancingApproved"), (17, "DisbursementRecorded"), (22, "RepaymentRecorded")]
    {
        let sequence = Sequence::from(sequence);
        let never = Err(Refusal::NotRetractable { sequence, event });
        assert_eq!(by("directrice", Role::Director, sequence), never);
    }
}

#[test]
fn a_retracted_registration_can_be_made_again() {
    let mut path = up_to("register");
    take_all(
        &mut path,
        &[("retract", "adviser", "2022-02-01", json!({"sequence": 1, "reason": SEALED}))],
    );
    assert!(path.state().registration.is_none());
    take_all(&mut path, &[("register", "adviser", "2022-02-02", registration())]);
    assert!(path.state().registration.is_some());
}

#[test]
fn an_event_that_there_is_not_is_not_retracted() {
    let step = ("retract", "adviser", "2022-02-01", json!({"sequence": 9, "reason": SEALED}));
    let refusal = Refusal::Unknown { item: Item::Event, name: "9".into(), field: "sequence" };
    refused(&up_to("register"), &step, &refusal);
}

#[test]
fn no_command_of_the_catalogue_is_without_a_step() {
    let steps = walk().into_iter().chain(asides());
    let tried: BTreeSet<_> = steps.map(|step| step.0).collect();
    let known: BTreeSet<_> = BENEFICIARY_COMMANDS.iter().map(|entry| entry.word).collect();
    assert_eq!(tried, known);
}

/// Commands by chance: mostly steps of the walk, shuffled, repeated, by whoever, whenever.
pub fn any_step() -> impl Strategy<Value = Step> {
    let steps: Vec<Step> = walk().into_iter().chain(asides()).collect();
    let actors =
        prop::sample::select(vec!["adviser", "interviewer", "committee", "finance", "director"]);
    let days = prop::sample::select(vec![
        "2022-01-10",
        "2022-03-05",
        "2022-05-02",
        "2023-06-01",
        "2024-06-01",
    ]);
    (prop::sample::select(steps), actors, days, 0..4_u8).prop_map(|(step, actor, on, change)| {
        let actor = if change & 1 == 0 { step.1 } else { actor };
        let on = if change & 2 == 0 { step.2 } else { on };
        (step.0, actor, on, step.3)
    })
}

/// The walk with some steps left out or given twice, and others thrown in.
pub fn any_history() -> impl Strategy<Value = Vec<Step>> {
    let length = walk().len();
    let counts =
        prop::collection::vec(prop::sample::select(vec![0_usize, 1, 1, 1, 1, 1, 2]), length);
    let extras = prop::collection::vec((0..length, any_step()), 0..25);
    (counts, extras).prop_map(|(counts, extras)| {
        let mut steps: Vec<Step> = Vec::new();
        for (index, (step, count)) in walk().into_iter().zip(counts).enumerate() {
            steps.extend(std::iter::repeat_n(step, count));
            steps.extend(
                extras.iter().filter(|(place, _)| *place == index).map(|(_, step)| step.clone()),
            );
        }
        steps
    })
}

fn check_invariants(path: &Beneficiary) {
    let state = path.state();
    for financing in &state.financings {
        assert!(
            financing.disbursed() <= financing.approved()
                && financing.approved() <= financing.requested()
        );
        let paid: BTreeSet<_> = financing.paid().iter().map(|paid| paid.tranche).collect();
        assert_eq!(paid.len(), financing.paid().len(), "a tranche was paid twice");
        if let Some(approval) = financing.approval() {
            assert_ne!(approval.by, financing.request().by, "the approver had asked for it");
        }
    }
    if let Some(selection) =
        state.selection.as_ref().filter(|selection| selection.selection.method.code() != "lottery")
    {
        assert_ne!(Some(&selection.by), state.interview.as_ref().map(|interview| &interview.by));
    }
    if let Some(business) = &state.business {
        assert!(state.training.as_ref().is_some_and(|training| training.on <= business.started_on));
    }
    assert_eq!(state.status == Status::Completed, state.stage == Stage::Completed);
}

/// Retracts what stands so far from the end, if that is allowed; the fact that was taken back.
fn retract_from_the_end(path: &mut Beneficiary, back: usize) -> Option<Fact> {
    let is_fact = |event: &BeneficiaryEvent| !matches!(event.fact, Fact::Retracted(_));
    let (sequence, fact) = {
        let mut standing = path.standing().rev().filter(|(_, event)| is_fact(event));
        standing.nth(back).map(|(sequence, event)| (sequence, event.fact.clone()))?
    };
    let step =
        ("retract", "directrice", "2025-01-01", json!({"sequence": sequence, "reason": OTHER}));
    let retracted = by(path, &step, Role::Director).ok()?;
    for event in retracted {
        path.take(event);
    }
    Some(fact)
}

/// Records a fact anew by the step of the history that leads to it, if that is allowed.
fn record_anew(path: &mut Beneficiary, fact: &Fact, steps: &[Step]) {
    let led = steps.iter().filter_map(|step| give(path, step).ok()).flatten();
    let again: Option<BeneficiaryEvent> = led.into_iter().find(|event| event.fact == *fact);
    if let Some(event) = again {
        path.take(event);
    }
}

/// Every event that stands is allowed by those that stand before it alone, and no payment stands without the
/// agreement, the eligibility and the training that it was made on.
fn check_standing(path: &Beneficiary) -> Result<(), TestCaseError> {
    let mut standing = Beneficiary::default();
    for (sequence, event) in path.standing() {
        if matches!(event.fact, Fact::Retracted(_)) {
            continue;
        }
        let judged = lawful(standing.state(), event, &programme(), subject());
        prop_assert!(judged.is_ok(), "{sequence} {}: {judged:?}", event.fact.event_type());
        if let Fact::DisbursementRecorded(payment) = &event.fact {
            let state = standing.state();
            prop_assert!(state.financing(payment.financing).unwrap().agreement_on().is_some());
            prop_assert!(state.training.is_some());
            let tranche = state.financing(payment.financing).unwrap().tranches();
            let asks =
                &tranche.iter().find(|one| one.tranche == payment.tranche).unwrap().conditions;
            let needs_business = asks.contains(&TrancheCondition::BusinessStarted);
            prop_assert!(!needs_business || state.business.is_some());
        }
        standing.take(event.clone());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_keeps_the_invariants_and_replays_to_the_same_state(steps in any_history()) {
        let programme = programme();
        let mut path = Beneficiary::default();
        for step in &steps {
            let before = path.state().clone();
            for event in give(&path, step).unwrap_or_default() {
                prop_assert!(lawful(&before, &event, &programme, subject()).is_ok());
                path.take(event);
            }
            check_invariants(&path);
        }
        let mut replayed = Beneficiary::default();
        for event in path.past() {
            let stored = serde_json::to_string(&**event).unwrap();
            replayed.take(serde_json::from_str(&stored).unwrap());
        }
        prop_assert_eq!(replayed, path);
    }

    #[test]
    fn after_any_retractions_what_stands_rests_on_what_stands(
        steps in any_history(),
        retractions in prop::collection::vec(prop::collection::vec(0_usize..6, 0..4), 60),
    ) {
        let mut path = Beneficiary::default();
        for (index, step) in steps.iter().enumerate() {
            for event in give(&path, step).unwrap_or_default() {
                path.take(event);
            }
            for back in retractions.get(index).into_iter().flatten() {
                if let Some(again) = retract_from_the_end(&mut path, *back) {
                    record_anew(&mut path, &again, &steps);
                }
            }
        }
        check_standing(&path)?;
    }

    #[test]
    fn a_retraction_is_refused_or_gives_the_state_without_the_event(steps in any_history(), chosen in (1_u32..40).prop_map(Sequence::from)) {
        let mut path = Beneficiary::default();
        for step in &steps {
            for event in give(&path, step).unwrap_or_default() {
                path.take(event);
            }
        }
        let command = parse("retract", &json!({"sequence": chosen, "reason": OTHER}));
        let director = context("directrice", Role::Director, "2025-01-01", programme());
        let was_retracted = path.is_retracted(chosen);
        let Ok(events) = decide(&path, command, &director) else { return Ok(()) };
        prop_assert_eq!(events.is_empty(), was_retracted);
        let mut without = Beneficiary::default();
        let standing: Vec<BeneficiaryEvent> = path.standing().filter(|(sequence, _)| *sequence != chosen).map(|(_, event)| event.clone()).collect();
        for event in standing.into_iter().filter(|event| !matches!(event.fact, Fact::Retracted(_))) {
            prop_assert!(lawful(without.state(), &event, &programme(), subject()).is_ok());
            without.take(event);
        }
        for event in events {
            path.take(event);
        }
        let keyless = |path: &Beneficiary| { let mut state = path.state().clone(); state.keys.clear(); state };
        prop_assert_eq!(keyless(&path), keyless(&without));
    }
}
