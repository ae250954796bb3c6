//! Offices and terms are of intervals: a day between two of them is of none.

use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Value, json};
use sira_domain::context::Context;
use sira_domain::programme::{Programme, ProgrammeCommand, ProgrammeEvent, decide, may_follow};
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::Period;
use uuid::Uuid;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn context(on: &str) -> Context {
    Context {
        now: "2030-06-01T09:00:00Z".parse().unwrap(),
        occurred_on: Some(day(on)),
        backdating_reason: None,
        actor: "directrice".parse().unwrap(),
        role: Role::Director,
        subject: Uuid::nil(),
        programme: Arc::default(),
    }
}

fn give(
    programme: &Programme,
    (word, on, body): &(&str, &str, Value),
) -> Result<Vec<ProgrammeEvent>, Refusal> {
    let command = ProgrammeCommand::parse(word, body.clone()).unwrap().unwrap();
    decide(programme, command, &context(on))
}

/// A programme of three years after more steps, each of which an audit finds lawful.
fn after(steps: &[(&str, &str, Value)]) -> Programme {
    let signing = json!({"name": "Essai", "parties": [{"name": "Agence", "role": "agency"}],
        "signed_on": "2021-07-06", "term_years": 3, "renewable": true});
    let mut programme = Programme::default();
    for step in [("sign-convention", "2021-07-06", signing)].iter().chain(steps) {
        for event in give(&programme, step).unwrap() {
            assert_eq!(may_follow(&programme, &event, &context(step.1)), Ok(()));
            programme.take(&event);
        }
    }
    programme
}

fn open(on: &'static str) -> (&'static str, &'static str, Value) {
    ("open-office", on, json!({"office": "segou", "name": "Ségou", "region": "segou"}))
}

fn close(on: &'static str) -> (&'static str, &'static str, Value) {
    ("close-office", on, json!({"office": "segou"}))
}

fn renew(on: &'static str) -> (&'static str, &'static str, Value) {
    ("renew-convention", on, json!({"term_years": 2}))
}

#[test]
fn an_office_that_is_opened_again_was_open_before_and_not_between() {
    let steps = [
        open("2021-08-01"),
        close("2021-12-31"),
        open("2022-03-01"),
        close("2022-06-30"),
        open("2023-01-01"),
    ];
    let programme = after(&steps);
    let segou = "segou".parse().unwrap();
    for (on, is_open) in [
        ("2021-07-31", false),
        ("2021-08-01", true),
        ("2021-12-31", true),
        ("2022-01-01", false),
        ("2022-02-28", false),
        ("2022-03-01", true),
        ("2022-06-30", true),
        ("2022-07-01", false),
        ("2023-01-01", true),
        ("2029-01-01", true),
    ] {
        assert_eq!(programme.check_office(&segou, day(on)).is_ok(), is_open, "{on}");
    }
}

#[test]
fn an_office_is_not_opened_again_before_it_was_closed() {
    let programme = after(&[open("2021-08-01"), close("2021-12-31")]);
    let (given, earliest) = (day("2021-12-30"), day("2021-12-31"));
    let refusal = Refusal::TooEarly { field: "occurred_on", given, earliest };
    assert_eq!(give(&programme, &open("2021-12-30")), Err(refusal));
    assert_eq!(give(&programme, &open("2021-12-31")).unwrap().len(), 1);
}

#[test]
fn a_convention_renewed_after_it_lapsed_leaves_the_days_between_without_a_term() {
    let programme = after(&[renew("2025-01-01"), renew("2026-12-31")]);
    let term = Period::try_new(day("2025-01-01"), day("2028-12-31")).unwrap();
    assert_eq!(programme.term(), Some(term));
    for (on, holds) in [
        ("2021-07-05", false),
        ("2021-07-06", true),
        ("2024-07-05", true),
        ("2024-07-06", false),
        ("2024-12-31", false),
        ("2025-01-01", true),
        ("2028-12-31", true),
        ("2029-01-01", false),
    ] {
        let expected = Refusal::OutsideTerm { term, given: day(on) };
        assert_eq!(programme.check_term(day(on)).err(), (!holds).then_some(expected), "{on}");
    }
}

#[test]
fn a_convention_renewed_in_time_or_on_the_next_day_goes_on_without_a_gap() {
    for on in ["2023-01-01", "2024-07-05", "2024-07-06"] {
        let programme = after(&[renew(on)]);
        let term = Period::try_new(day("2021-07-06"), day("2026-07-05")).unwrap();
        assert_eq!((programme.term(), programme.lapsed.len()), (Some(term), 0), "{on}");
    }
}
