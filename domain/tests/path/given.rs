//! What a test is given: a programme, a path after some steps, and how a command is put to it.

use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Value, json};
use sira_domain::context::Context;
use sira_domain::path::{
    BENEFICIARY_COMMANDS, Beneficiary, BeneficiaryCommand, BeneficiaryEvent, Fact, decide,
};
use sira_domain::programme::{Programme, ProgrammeCommand};
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use uuid::Uuid;

use super::walk::walk;

pub const PROGRAMME: &str = "0176bb3e-7000-7000-8000-000000000001";
pub const FUND: &str = "0176bb3e-7000-7000-8000-000000000002";
pub const PERSON: &str = "0176bb3e-7000-7000-8000-000000000003";
pub const COHORT: &str = "0176bb3e-7000-7000-8000-000000000005";
pub const SEALED: &str = "sealed:v1:00000000000000000000000000000001:c2VhbGVk";
pub const OTHER: &str = "sealed:v1:00000000000000000000000000000001:b3RoZXI";

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn subject() -> Uuid {
    Uuid::from_u128(7)
}

/// A programme of 2021 with an office in Ségou and one in Mopti, and rules that ask for two modules.
pub fn programme() -> Programme {
    let mut programme = Programme::default();
    let commands = [
        (
            "sign-convention",
            json!({"name": "Essai", "parties": [{"name": "Agence", "role": "agency"}], "signed_on": "2021-07-06", "term_years": 6, "renewable": true}),
        ),
        ("open-office", json!({"office": "segou", "name": "Ségou", "region": "segou"})),
        ("open-office", json!({"office": "mopti", "name": "Mopti", "region": "mopti"})),
        (
            "set-rules",
            json!({"effective_from": "2021-07-06", "rules": {"modules": ["leadership", "management"], "planned_hours": 10, "own_sectors": ["poultry"]}}),
        ),
        (
            "record-lottery",
            json!({"session": "draw-1", "entries": [subject()], "seed": "boule 7", "places": 1}),
        ),
    ];
    for (word, body) in commands {
        let command = ProgrammeCommand::parse(word, body).unwrap().unwrap();
        let context = context("directrice", Role::Director, "2021-07-06", Programme::default());
        for event in sira_domain::programme::decide(&programme, command, &context).unwrap() {
            programme.take(&event);
        }
    }
    programme
}

pub fn context(actor: &str, role: Role, on: &str, programme: Programme) -> Context {
    Context {
        now: "2026-06-01T09:00:00Z".parse().unwrap(),
        occurred_on: Some(day(on)),
        backdating_reason: None,
        actor: actor.parse().unwrap(),
        role,
        subject: subject(),
        programme: Arc::new(programme),
    }
}

/// One command of the walk: word, actor, day, body.
pub type Step = (&'static str, &'static str, &'static str, Value);

pub fn parse(word: &str, body: &Value) -> BeneficiaryCommand {
    BeneficiaryCommand::parse(word, body.clone())
        .unwrap()
        .unwrap_or_else(|error| panic!("{word}: {error}"))
}

pub fn role_of(word: &str) -> Role {
    BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == word).unwrap().roles[0]
}

pub fn give(
    path: &Beneficiary,
    (word, actor, on, body): &Step,
) -> Result<Vec<BeneficiaryEvent>, Refusal> {
    decide(path, parse(word, body), &context(actor, role_of(word), on, programme()))
}

pub fn take_all(path: &mut Beneficiary, steps: &[Step]) {
    for step in steps {
        let events = give(path, step).unwrap_or_else(|refusal| panic!("{}: {refusal}", step.0));
        assert_eq!(events.len(), 1, "{} recorded {} events", step.0, events.len());
        for event in events {
            path.take(event);
        }
    }
}

/// The path up to and with the last step of this word; from its beginning for `""`.
pub fn up_to(last: &str) -> Beneficiary {
    let steps = walk();
    let until = steps.iter().rposition(|(word, ..)| *word == last).map_or(0, |index| index + 1);
    let mut path = Beneficiary::default();
    take_all(&mut path, &steps[..until]);
    path
}

/// A command that is recorded as one event of this type, and whose retry changes nothing; then the path
/// after it.
pub fn recorded(mut path: Beneficiary, step: &Step, event_type: &str) -> Beneficiary {
    let events = give(&path, step).unwrap_or_else(|refusal| panic!("{}: {refusal}", step.0));
    let types: Vec<_> = events.iter().map(|event| event.fact.event_type()).collect();
    assert_eq!(types, [event_type], "{}", step.0);
    for event in events {
        path.take(event);
    }
    assert_eq!(give(&path, step), Ok(Vec::new()), "retry of {}", step.0);
    path
}

/// A command is refused with this refusal, with all that it says.
pub fn refused(path: &Beneficiary, step: &Step, refusal: &Refusal) {
    assert_eq!(give(path, step).as_ref(), Err(refusal), "{} on {}: {}", step.0, step.2, step.3);
}

/// The path after more steps.
pub fn then(mut path: Beneficiary, steps: &[Step]) -> Beneficiary {
    take_all(&mut path, steps);
    path
}

/// The last event's fact.
pub fn last_fact(path: &Beneficiary) -> &Fact {
    &path.past().last().unwrap().fact
}
