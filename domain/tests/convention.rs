//! The convention lives: calls, commitments and reviews. Commands are given as the JSON that callers send.

use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Value, json};
use sira_domain::context::Context;
use sira_domain::programme::{Programme, ProgrammeCommand, decide, may_follow};
use sira_domain::refusal::{Item, Refusal};
use sira_domain::role::Role;
use sira_domain::values::Period;
use uuid::Uuid;

/// One command: its word, its day and its body.
type Given = (&'static str, &'static str, Value);

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn context(on: &str) -> Context {
    Context {
        now: "2026-06-01T09:00:00Z".parse().unwrap(),
        occurred_on: Some(day(on)),
        actor: "directrice".parse().unwrap(),
        role: Role::Director,
        subject: Uuid::nil(),
        programme: Arc::default(),
        backdating_reason: None,
    }
}

fn give(programme: &Programme, (word, on, body): &Given) -> Result<Option<String>, Refusal> {
    let command = ProgrammeCommand::parse(word, body.clone()).unwrap();
    let command = command.unwrap_or_else(|error| panic!("{word}: {error}"));
    let events = decide(programme, command, &context(on))?;
    Ok(events.first().map(|event| event.fact.event_type().to_owned()))
}

/// A programme of three parties after some commands, each of which was recorded once, is done already when it
/// is retried, and would be decided again by an audit.
fn after(steps: &[Given]) -> Programme {
    let parties = json!([{"name": "Agence d'essai", "role": "agency"}, {"name": "Essai Paix", "role": "implementer"},
                         {"name": "Bailleur un", "role": "donor"}, {"name": "Bailleur deux", "role": "donor"}]);
    let convention = json!({"name": "Essai", "parties": parties, "signed_on": "2021-07-06",
                            "term_years": 6, "renewable": true});
    let mut programme = Programme::default();
    let signed = [("sign-convention", "2021-07-06", convention)];
    for step in signed.iter().chain(steps) {
        let command = ProgrammeCommand::parse(step.0, step.2.clone()).unwrap().unwrap();
        let events = decide(&programme, command, &context(step.1));
        let events = events.unwrap_or_else(|refusal| panic!("{}: {refusal}", step.0));
        assert_eq!(events.len(), 1, "{}", step.0);
        assert_eq!(may_follow(&programme, &events[0], &context(step.1)), Ok(()), "{}", step.0);
        programme.take(&events[0]);
        assert_eq!(give(&programme, step), Ok(None), "retry of {}", step.0);
    }
    programme
}

fn refused(programme: &Programme, step: &Given, refusal: &Refusal) {
    assert_eq!(give(programme, step).as_ref(), Err(refusal), "{} on {}", step.0, step.1);
}

fn open_call(on: &'static str, from: &str, to: &str) -> Given {
    (
        "open-call",
        on,
        json!({"from": from, "to": to, "regions": ["segou", "mopti"], "keep_days": 30}),
    )
}

fn close_call(on: &'static str) -> Given {
    ("close-call", on, json!({}))
}

fn commit(party: &str) -> Given {
    let body = json!({"party": party, "what": "Former 200 personnes", "indicator": "trained", "due_on": "2022-12-31"});
    ("record-commitment", "2022-02-01", body)
}

fn fulfil(on: &'static str, commitment: u32) -> Given {
    ("fulfil-commitment", on, json!({"commitment": commitment, "evidence": "Rapport, page 4"}))
}

fn change(word: &'static str, on: &'static str, commitment: u32) -> Given {
    (word, on, json!({"commitment": commitment, "reason": "Constat fait par erreur"}))
}

fn retract(sequence: u32) -> Given {
    ("retract", "2022-06-01", json!({"sequence": sequence, "reason": "Saisi par erreur"}))
}

#[test]
fn people_may_apply_while_a_call_is_open_in_its_regions_alone() {
    let programme = after(&[open_call("2022-01-10", "2022-02-01", "2022-03-31")]);
    let segou = "segou".parse().unwrap();
    let asked = |programme: &Programme, on: &str| programme.check_call(segou, day(on)).map(drop);
    let call = Period { from: day("2022-02-01"), to: day("2022-03-31") };
    let closed =
        |on: &str, closed_on| Err(Refusal::CallNotOpen { call, closed_on, given: day(on) });
    assert_eq!(asked(&programme, "2022-01-31"), closed("2022-01-31", None));
    assert_eq!(asked(&programme, "2022-02-01"), Ok(()));
    assert_eq!(asked(&programme, "2022-03-31"), Ok(()));
    assert_eq!(asked(&programme, "2022-04-01"), closed("2022-04-01", None));
    let gao = "gao".parse().unwrap();
    let called = [segou, "mopti".parse().unwrap()].into();
    let refusal = Refusal::NotCalled { region: gao, called };
    assert_eq!(programme.check_call(gao, day("2022-02-01")).map(drop), Err(refusal));
    let programme =
        after(&[open_call("2022-01-10", "2022-02-01", "2022-03-31"), close_call("2022-02-10")]);
    assert_eq!(asked(&programme, "2022-02-10"), closed("2022-02-10", Some(day("2022-02-10"))));
    let none = Refusal::Unknown { item: Item::Call, name: String::new(), field: "programme" };
    assert_eq!(asked(&after(&[]), "2022-02-01"), Err(none));
}

#[test]
fn what_is_not_accepted_is_kept_for_the_days_of_the_call_and_no_longer() {
    let programme = after(&[open_call("2022-01-10", "2022-02-01", "2022-03-31")]);
    let call = programme.call.unwrap().call;
    assert_eq!(call.kept_until(), day("2022-04-30"));
    assert_eq!(call.kept_from(day("2022-02-10")), day("2022-03-12"));
    assert_eq!(call.kept_from(day("2022-04-15")), day("2022-04-30"));
}

#[test]
fn what_was_received_under_a_call_is_kept_by_it_though_it_is_over_or_taken_back() {
    let steps = [
        open_call("2021-07-10", "2021-08-01", "2021-08-31"),
        open_call("2022-01-10", "2022-02-01", "2022-03-31"),
        retract(3),
    ];
    for programme in [after(&steps[..2]), after(&steps)] {
        let call = programme.call_of(day("2022-02-05"), day("2022-04-30")).unwrap();
        assert_eq!(call.kept_from(day("2022-02-10")), day("2022-03-12"));
        let call = programme.call_of(day("2021-08-05"), day("2021-09-30")).unwrap();
        assert_eq!(call.kept_until(), day("2021-09-30"));
        // What was refused before is kept until another day than its call says.
        assert_eq!(programme.call_of(day("2022-02-05"), day("2022-03-12")), None);
    }
}

#[test]
fn a_call_is_opened_again_once_the_one_before_is_closed_or_over() {
    let first = open_call("2022-01-10", "2022-02-01", "2022-03-31");
    let programme = after(std::slice::from_ref(&first));
    let running = Refusal::Settled { item: Item::Call, name: "2022-02-01 2022-03-31".into() };
    refused(&programme, &open_call("2022-03-31", "2022-05-01", "2022-06-30"), &running);
    after(&[first.clone(), open_call("2022-04-01", "2022-05-01", "2022-06-30")]);
    after(&[first, close_call("2022-02-10"), open_call("2022-02-10", "2022-02-10", "2022-06-30")]);
}

#[test]
fn a_call_ends_after_it_begins_and_is_not_over_when_it_is_opened() {
    let disagree = Refusal::Disagree { field: "to", other: "from" };
    refused(&after(&[]), &open_call("2022-01-10", "2022-02-01", "2022-01-31"), &disagree);
    let (given, earliest) = (day("2022-01-09"), day("2022-01-10"));
    let early = Refusal::TooEarly { field: "to", given, earliest };
    refused(&after(&[]), &open_call("2022-01-10", "2022-01-01", "2022-01-09"), &early);
    let none = Refusal::Unknown { item: Item::Call, name: String::new(), field: "call" };
    refused(&after(&[]), &close_call("2022-01-10"), &none);
    let programme = after(&[open_call("2022-01-10", "2022-02-01", "2022-03-31")]);
    let (given, earliest) = (day("2022-01-09"), day("2022-01-10"));
    let early = Refusal::TooEarly { field: "occurred_on", given, earliest };
    refused(&programme, &close_call("2022-01-09"), &early);
}

#[test]
fn a_party_commits_itself_and_keeps_it() {
    let programme = after(&[commit("agency"), fulfil("2022-11-30", 1)]);
    let state = programme.commitment(1).unwrap();
    assert_eq!(state.commitment.party.as_str(), "Agence d'essai");
    assert!(!state.is_open());
    assert_eq!(state.fulfilled.as_ref().unwrap().on, day("2022-11-30"));
    let settled = Refusal::Settled { item: Item::Commitment, name: "1".into() };
    refused(&programme, &fulfil("2022-12-01", 1), &settled);
}

#[test]
fn a_commitment_is_of_a_party_by_its_name_or_by_a_part_that_it_has_alone() {
    let programme = after(&[commit("Bailleur deux"), commit("implementer")]);
    let names: Vec<_> =
        programme.commitments.iter().map(|one| one.commitment.party.as_str()).collect();
    assert_eq!(names, ["Bailleur deux", "Essai Paix"]);
    for party in ["donor", "Bailleur trois"] {
        let refusal = Refusal::Unknown { item: Item::Party, name: party.into(), field: "party" };
        refused(&programme, &commit(party), &refusal);
    }
}

#[test]
fn a_commitment_called_kept_by_mistake_is_open_again_and_may_be_kept_after_all() {
    let again = change("reopen-commitment", "2022-12-01", 1);
    let programme = after(&[commit("agency"), fulfil("2022-11-30", 1), again]);
    assert!(programme.commitment(1).unwrap().is_open());
    let open = Refusal::Disagree { field: "commitment", other: "fulfilled" };
    refused(&programme, &change("reopen-commitment", "2022-12-02", 1), &open);
    let (given, earliest) = (day("2022-11-30"), day("2022-12-01"));
    let early = Refusal::TooEarly { field: "occurred_on", given, earliest };
    refused(&programme, &fulfil("2022-11-30", 1), &early);
    let kept = fulfil("2022-12-15", 1);
    after(&[
        commit("agency"),
        fulfil("2022-11-30", 1),
        change("reopen-commitment", "2022-12-01", 1),
        kept,
    ]);
}

#[test]
fn a_withdrawn_commitment_stays_so_and_may_be_recorded_anew() {
    let withdraw = change("withdraw-commitment", "2022-03-01", 1);
    let programme = after(&[commit("agency"), withdraw.clone(), commit("agency")]);
    let numbers: Vec<_> = programme
        .commitments
        .iter()
        .map(sira_domain::programme::CommitmentState::is_open)
        .collect();
    assert_eq!(numbers, [false, true]);
    let settled = Refusal::Settled { item: Item::Commitment, name: "1".into() };
    refused(&programme, &fulfil("2022-04-01", 1), &settled);
    refused(&programme, &change("reopen-commitment", "2022-04-01", 1), &settled);
    refused(&programme, &change("withdraw-commitment", "2022-04-01", 1), &settled);
    let unknown =
        Refusal::Unknown { item: Item::Commitment, name: "3".into(), field: "commitment" };
    refused(&programme, &fulfil("2022-04-01", 3), &unknown);
    let none =
        Refusal::Unknown { item: Item::Commitment, name: String::new(), field: "commitment" };
    refused(&after(&[]), &withdraw, &none);
}

#[test]
fn the_number_of_a_commitment_that_is_taken_back_is_not_given_again() {
    let others = [commit("Essai Paix"), commit("Bailleur un")];
    let steps = [commit("Agence d'essai"), retract(2), others[0].clone(), others[1].clone()];
    let programme = after(&steps);
    let numbers = |programme: &Programme| -> Vec<u32> {
        programme.commitments.iter().map(|one| one.commitment.commitment).collect()
    };
    assert_eq!(numbers(&programme), [2, 3]);
    // What was numbered after one that falls away keeps its number, and does not rest on it.
    let programme = after(&[&steps[..], &[retract(4), commit("Bailleur deux")]].concat());
    assert_eq!(numbers(&programme), [3, 4]);
}

#[test]
fn a_review_is_of_a_day_that_has_come_and_the_next_one_is_later() {
    let review = |on: &str, next: Option<&str>| -> Given {
        let body = json!({"on": on, "findings": "Deux sur trois", "next_review_on": next});
        ("review-convention", "2022-08-12", body)
    };
    let programme = after(&[review("2022-08-10", Some("2023-02-10")), review("2022-08-11", None)]);
    assert_eq!(programme.reviews.len(), 2);
    let (given, earliest) = (day("2022-08-12"), day("2022-08-13"));
    let early = Refusal::TooEarly { field: "next_review_on", given, earliest };
    refused(&programme, &review("2022-08-12", Some("2022-08-12")), &early);
    let (given, today) = (day("2026-06-02"), day("2026-06-01"));
    refused(
        &programme,
        &review("2026-06-02", None),
        &Refusal::InFuture { field: "on", given, today },
    );
    let (given, earliest) = (day("2021-07-05"), day("2021-07-06"));
    refused(
        &programme,
        &review("2021-07-05", None),
        &Refusal::TooEarly { field: "on", given, earliest },
    );
}
