//! The gate: whether a command may be given now, whatever its body says. It is the same rule that
//! decides, asked first.

use proptest::prelude::*;
use serde_json::{Value, json};
use sira_domain::path::{
    BENEFICIARY_COMMANDS, Beneficiary, BeneficiaryEvent, decide, gate, lawful,
};
use sira_domain::refusal::{Duty, Item, Refusal, Step as Missing};

use super::given::{
    COHORT, PERSON, SEALED, context, give, parse, programme, role_of, subject, then, up_to,
};
use super::history::any_history;
use super::walk::{asides, walk};

fn asked(path: &Beneficiary, word: &str, actor: &str, on: &str) -> Result<(), Refusal> {
    gate(path, word, &context(actor, role_of(word), on, programme()))
}

/// Bodies of a command: those of the tests' steps, and some that speak of other things.
fn bodies(word: &str) -> Vec<Value> {
    let steps = walk().into_iter().chain(asides()).filter(|step| step.0 == word);
    let mut bodies: Vec<Value> = steps.map(|step| step.3).collect();
    for (field, value) in [
        ("financing", json!(7)),
        ("session", json!("other")),
        ("method", json!("lottery")),
        ("reason", json!(SEALED)),
        ("plan", json!(9)),
        ("grievance", json!(9)),
        ("sequence", json!(1)),
        ("scope", json!("photo")),
        ("sector", json!("other")),
        ("milestone", json!(3)),
        ("continues", json!(PERSON)),
        ("cohort", json!(COHORT)),
        ("amount", json!(1)),
    ] {
        let mut other = bodies[0].clone();
        if other.get(field).is_some() {
            other[field] = value;
            let parsed = sira_domain::path::BeneficiaryCommand::parse(word, other.clone());
            bodies.extend(parsed.unwrap().is_ok().then_some(other));
        }
    }
    bodies
}

#[test]
fn a_word_that_is_no_command_is_named() {
    let context = context("adviser", sira_domain::role::Role::Adviser, "2022-02-01", programme());
    let refusal = Refusal::Unknown { item: Item::Command, name: "dance".into(), field: "command" };
    assert_eq!(gate(&up_to("register"), "dance", &context), Err(refusal));
}

#[test]
fn a_gate_is_open_where_some_body_is_taken() {
    for (place, step) in walk().into_iter().enumerate() {
        let mut path = Beneficiary::default();
        super::given::take_all(&mut path, &walk()[..place]);
        assert_eq!(asked(&path, step.0, step.1, step.2), Ok(()), "{}", step.0);
    }
}

#[test]
fn the_duties_of_others_close_the_gate() {
    let same =
        |duty, other| Err(Refusal::SameActor { actor: "adviser".parse().unwrap(), duty, other });
    let path = up_to("request-financing");
    let answer = asked(&path, "approve-financing", "adviser", "2022-04-20");
    assert_eq!(answer, same(Duty::Approver, Duty::Requester));
    assert_eq!(asked(&path, "approve-financing", "committee", "2022-04-20"), Ok(()));
}

#[test]
fn the_gate_says_the_condition_that_the_next_tranche_waits_for() {
    let path = then(up_to("sign-agreement"), &[walk()[16].clone()]);
    let refusal = Err(Refusal::MissingStep { step: Missing::BusinessStart });
    assert_eq!(asked(&path, "record-disbursement", "finance", "2022-06-01"), refusal);
    let started = then(path, &[walk()[17].clone()]);
    assert_eq!(asked(&started, "record-disbursement", "finance", "2022-06-01"), Ok(()));
}

#[test]
fn the_gate_is_closed_to_what_is_always_sealed_once_a_person_is_erased() {
    let erase = ("erase-personal-data", "admin", "2022-02-01", json!({"ground": "request"}));
    let path = then(up_to("register"), &[erase]);
    let closed = |word: &str| asked(&path, word, "adviser", "2022-02-02");
    for word in ["add-note", "attach-document", "lodge-grievance", "submit-idea", "update-identity"]
    {
        assert_eq!(closed(word), Err(Refusal::Erased), "{word}");
    }
    assert_eq!(closed("record-income"), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_gate_refuses_every_body_is_refused_with_the_same_refusal_or_is_a_retry(
        steps in any_history(),
        until in 0_usize..50,
        actor in prop::sample::select(vec!["adviser", "interviewer", "committee", "finance", "director"]),
        on in prop::sample::select(vec!["2021-01-01", "2022-02-01", "2022-04-22", "2022-06-15", "2024-06-01", "2027-01-01"]),
    ) {
        let mut path = Beneficiary::default();
        for step in steps.iter().take(until) {
            for event in give(&path, step).unwrap_or_default() {
                path.take(event);
            }
        }
        for entry in BENEFICIARY_COMMANDS {
            let context = context(actor, entry.roles[0], on, programme());
            let Err(refusal) = gate(&path, entry.word, &context) else { continue };
            for body in bodies(entry.word) {
                let decided = decide(&path, parse(entry.word, &body), &context);
                let is_same = decided.as_ref() == Err(&refusal);
                let is_retry = decided.as_ref().is_ok_and(Vec::is_empty);
                prop_assert!(is_same || is_retry, "{} {body}: {decided:?}, not {refusal:?}", entry.word);
            }
        }
    }

    #[test]
    fn whatever_the_gate_refuses_an_audit_calls_unlawful(steps in any_history(), until in 0_usize..50) {
        let mut path = Beneficiary::default();
        for step in steps.iter().take(until) {
            for event in give(&path, step).unwrap_or_default() {
                path.take(event);
            }
        }
        let whole = up_to("complete-path");
        for (event, (word, actor, on, _)) in whole.past().iter().zip(walk()) {
            let event: &BeneficiaryEvent = event;
            if asked(&path, word, actor, on).is_err() {
                prop_assert!(lawful(path.state(), event, &programme(), subject()).is_err(), "{word}");
            }
        }
    }
}
