//! A register is of those who held a seat on the day of its session, whenever it is entered.

use std::collections::BTreeMap;

use serde_json::json;
use sira_domain::cohort::{
    Cohort, CohortCommand, CohortEvent, Register, correct_register, lawful, take_register,
};
use sira_domain::context::Context;
use sira_domain::path::Beneficiary;
use sira_domain::refusal::{Item, Refusal, Step as Missing};
use sira_domain::role::Role;
use sira_domain::values::{BeneficiaryId, Period};
use uuid::Uuid;

use super::given::{COHORT, PROGRAMME, Step, context, day, programme, then, up_to};

fn person(number: u128) -> BeneficiaryId {
    BeneficiaryId(Uuid::from_u128(number))
}

fn by_director(on: &str) -> Context {
    context("directrice", Role::Director, on, programme())
}

/// A group of this many seats with a session on the fourth of March.
fn group(capacity: u32) -> Cohort {
    let mut cohort = Cohort::default();
    for (word, body) in [
        (
            "plan-cohort",
            json!({"programme": PROGRAMME, "code": "g1", "office": "segou", "centre": "Centre",
                "capacity": capacity, "modules": ["leadership"], "trainer": "trainer",
                "period": {"from": "2022-03-01", "to": "2022-04-30"}}),
        ),
        ("schedule-session", json!({"session": "s1", "on": "2022-03-04", "hours": 6})),
    ] {
        let command = CohortCommand::parse(word, body).unwrap().unwrap();
        let events = sira_domain::cohort::decide(&cohort, command, &by_director("2022-02-01"));
        for event in events.unwrap() {
            cohort.take(&event);
        }
    }
    cohort
}

fn seat(on: &str, kind: &str, who: u128) -> CohortEvent {
    let fact = json!({kind: {"beneficiary": person(who)}});
    serde_json::from_value(json!({"occurred_on": on, "by": "adviser", "fact": fact})).unwrap()
}

fn with_seats(mut cohort: Cohort, events: &[CohortEvent]) -> Cohort {
    for event in events {
        lawful(&cohort, event, &programme()).unwrap();
        cohort.take(event);
    }
    cohort
}

fn enrolled(on: &'static str, more: &[Step]) -> Beneficiary {
    let enrol = ("enrol-in-training", "adviser", on, json!({"cohort": COHORT}));
    then(then(up_to("decide-selection"), &[enrol]), more)
}

/// Four people: one stays, one left on the tenth, one was away on the fourth, and one joined on the ninth.
fn paths() -> BTreeMap<BeneficiaryId, Beneficiary> {
    let exit = ("exit", "adviser", "2022-03-10", json!({"reason": "moved"}));
    let suspend = ("suspend", "adviser", "2022-03-02", json!({"reason": "illness"}));
    let resume = ("resume", "adviser", "2022-03-08", json!({}));
    BTreeMap::from([
        (person(1), enrolled("2022-02-25", &[])),
        (person(2), enrolled("2022-02-25", &[exit])),
        (person(3), enrolled("2022-02-25", &[suspend, resume])),
        (person(4), enrolled("2022-03-09", &[])),
    ])
}

fn cohort() -> Cohort {
    let taken = |who| seat("2022-02-25", "SeatTaken", who);
    let seats = [
        taken(1),
        taken(2),
        taken(3),
        seat("2022-03-09", "SeatTaken", 4),
        seat("2022-03-10", "SeatReturned", 2),
    ];
    with_seats(group(10), &seats)
}

/// The sheet of the fourth of March, as it is entered much later.
fn entered(cohort: &Cohort, on_sheet: &[u128]) -> Result<Option<Register>, Refusal> {
    let lines: Vec<_> =
        on_sheet.iter().map(|who| json!({"beneficiary": person(*who), "present": true})).collect();
    let sheet = serde_json::from_value(json!({"session": "s1", "lines": lines})).unwrap();
    let paths = paths();
    let paths = paths.iter().map(|(id, path)| (*id, path)).collect();
    let trainer = context("trainer", Role::Trainer, "2022-03-04", programme());
    take_register(cohort, &sheet, &paths, &trainer)
}

fn line(line: u32, who: u128, because: Refusal) -> Result<Option<Register>, Refusal> {
    Err(Refusal::Line { line, beneficiary: person(who), because: Box::new(because) })
}

#[test]
fn a_sheet_holds_those_who_were_members_on_its_day_and_have_left_since() {
    let register = entered(&cohort(), &[1, 2]).unwrap().unwrap();
    assert_eq!(register.attendance.len(), 2);
    let missing = Refusal::MissingStep { step: Missing::RegisterLine };
    assert_eq!(entered(&cohort(), &[1]), line(2, 2, missing));
}

#[test]
fn a_sheet_does_not_hold_who_joined_later_or_was_suspended_on_its_day() {
    let (given, earliest) = (day("2022-03-04"), day("2022-03-09"));
    let early = Refusal::TooEarly { field: "session", given, earliest };
    assert_eq!(entered(&cohort(), &[1, 2, 4]), line(3, 4, early));
    let Err(Refusal::Line { line, because, .. }) = entered(&cohort(), &[1, 2, 3]) else {
        panic!("no line is refused")
    };
    assert_eq!((line, because.rule()), (3, "wrong_status"));
    assert!(because.to_string().contains("2022-03-02 to 2022-03-07"), "{because}");
}

#[test]
fn a_sheet_does_not_hold_who_had_left_before_its_day() {
    let left = seat("2022-03-01", "SeatReturned", 2);
    let taken = |who| seat("2022-02-25", "SeatTaken", who);
    let cohort = with_seats(group(10), &[taken(1), taken(2), left]);
    let period = Period { from: day("2022-02-25"), to: day("2022-03-01") };
    let outside = Refusal::OutsidePeriod { item: Item::Member, period, given: day("2022-03-04") };
    assert_eq!(entered(&cohort, &[1, 2]), line(2, 2, outside));
    assert!(entered(&cohort, &[1]).unwrap().is_some());
}

/// The group whose sheet of the fourth of March was recorded with these on it.
fn recorded(cohort: &Cohort, on_sheet: &[u128]) -> (Cohort, BTreeMap<BeneficiaryId, Beneficiary>) {
    let register = entered(cohort, on_sheet).unwrap().unwrap();
    let (mut cohort, mut paths) = (cohort.clone(), paths());
    cohort.take(&register.counts);
    for (member, event) in register.attendance {
        paths.get_mut(&member).unwrap().take(event);
    }
    (cohort, paths)
}

/// A correction that adds the line of somebody.
fn added(
    (cohort, paths): &(Cohort, BTreeMap<BeneficiaryId, Beneficiary>),
    who: u128,
) -> Result<Option<Register>, Refusal> {
    let correction = serde_json::from_value(json!({"session": "s1", "reason": "Oubliée",
        "lines": [{"beneficiary": person(who), "present": true}]}))
    .unwrap();
    let paths = paths.iter().map(|(id, path)| (*id, path)).collect();
    correct_register(cohort, &correction, &paths, &by_director("2022-03-12"))
}

#[test]
fn a_correction_adds_whoever_was_a_member_on_the_day_of_the_session_and_nobody_else() {
    let taken = |who| seat("2022-02-25", "SeatTaken", who);
    let left = seat("2022-03-01", "SeatReturned", 2);
    let late = seat("2022-03-09", "SeatTaken", 4);
    let group = with_seats(group(10), &[taken(1), taken(2), left, late]);
    let held = recorded(&group, &[1]);
    let period = Period { from: day("2022-02-25"), to: day("2022-03-01") };
    let outside = Refusal::OutsidePeriod { item: Item::Member, period, given: day("2022-03-04") };
    assert_eq!(added(&held, 2), line(1, 2, outside));
    let (given, earliest) = (day("2022-03-04"), day("2022-03-09"));
    assert_eq!(
        added(&held, 4),
        line(1, 4, Refusal::TooEarly { field: "session", given, earliest })
    );
    // Whoever took a seat again held one on that day.
    let here = with_seats(held.0, &[seat("2022-03-04", "SeatTaken", 2)]);
    let register = added(&(here, held.1), 2).unwrap().unwrap();
    assert_eq!(register.attendance.len(), 1);
}

#[test]
fn a_session_that_was_held_is_registered_after_the_group_was_closed() {
    let mut closed = cohort();
    let event: CohortEvent = serde_json::from_value(
        json!({"occurred_on": "2022-03-20", "by": "trainer", "fact": {"CohortClosed": {}}}),
    )
    .unwrap();
    closed.take(&event);
    assert!(entered(&closed, &[1, 2]).unwrap().is_some());
    closed.closed_on = Some(day("2022-03-03"));
    assert_eq!(entered(&closed, &[1, 2]).unwrap_err().rule(), "already_settled");
}
