//! The directory of the staff: advisers are assigned from it.

use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Value, json};
use sira_domain::context::Context;
use sira_domain::programme::{Programme, ProgrammeCommand, ProgrammeEvent, decide, may_follow};
use sira_domain::refusal::{Item, Refusal};
use sira_domain::role::Role;
use uuid::Uuid;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn context() -> Context {
    Context {
        now: "2024-06-01T09:00:00Z".parse().unwrap(),
        occurred_on: Some(day("2022-01-01")),
        actor: "directrice".parse().unwrap(),
        role: Role::Director,
        subject: Uuid::nil(),
        programme: Arc::default(),
        backdating_reason: None,
    }
}

fn give(programme: &Programme, word: &str, body: &Value) -> Result<Vec<ProgrammeEvent>, Refusal> {
    let command = ProgrammeCommand::parse(word, body.clone()).unwrap().unwrap();
    decide(programme, command, &context())
}

fn after(steps: &[(&str, Value)]) -> Programme {
    let signing = json!({"name": "Essai", "parties": [{"name": "Agence", "role": "agency"}],
        "signed_on": "2021-07-06", "term_years": 3, "renewable": true});
    let office = json!({"office": "segou", "name": "Ségou", "region": "segou"});
    let first = [("sign-convention", signing), ("open-office", office)];
    let mut programme = Programme::default();
    for (word, body) in first.iter().chain(steps) {
        for event in give(&programme, word, body).unwrap() {
            assert_eq!(may_follow(&programme, &event, &context()), Ok(()));
            programme.take(&event);
        }
    }
    programme
}

fn post(more: &Value) -> Value {
    let mut post =
        json!({"actor": "awa", "role": "adviser", "office": "segou", "from": "2022-03-01"});
    post.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    post
}

fn is_adviser(programme: &Programme, actor: &str, office: &str, on: &str) -> bool {
    programme.check_adviser(&actor.parse().unwrap(), &office.parse().unwrap(), day(on)).is_ok()
}

#[test]
fn a_programme_without_a_directory_takes_any_adviser() {
    assert!(is_adviser(&after(&[]), "quiconque", "segou", "2022-03-01"));
}

#[test]
fn an_adviser_is_one_of_the_office_on_that_day() {
    let programme = after(&[("add-staff", post(&json!({"to": "2022-12-31"})))]);
    for (actor, office, on, is_one) in [
        ("awa", "segou", "2022-03-01", true),
        ("awa", "segou", "2022-12-31", true),
        ("awa", "segou", "2022-02-28", false),
        ("awa", "segou", "2023-01-01", false),
        ("awa", "mopti", "2022-06-01", false),
        ("quiconque", "segou", "2022-06-01", false),
    ] {
        assert_eq!(is_adviser(&programme, actor, office, on), is_one, "{actor} {office} {on}");
    }
    let refusal = programme.check_adviser(
        &"quiconque".parse().unwrap(),
        &"segou".parse().unwrap(),
        day("2022-06-01"),
    );
    let name = "quiconque".to_owned();
    assert_eq!(refusal, Err(Refusal::Unknown { item: Item::Adviser, name, field: "adviser" }));
}

#[test]
fn a_post_of_every_office_is_of_each_and_another_role_is_no_adviser() {
    let mut everywhere = post(&json!({}));
    everywhere.as_object_mut().unwrap().remove("office");
    let trainer = post(&json!({"actor": "binta", "role": "trainer"}));
    let programme = after(&[("add-staff", everywhere), ("add-staff", trainer)]);
    assert!(is_adviser(&programme, "awa", "mopti", "2022-06-01"));
    assert!(!is_adviser(&programme, "binta", "segou", "2022-06-01"));
}

#[test]
fn a_post_ends_may_end_on_another_day_and_may_be_taken_up_again() {
    let end = |to: &str| json!({"actor": "awa", "role": "adviser", "office": "segou", "to": to});
    let programme = after(&[
        ("add-staff", post(&json!({}))),
        ("end-staff", end("2022-12-31")),
        ("end-staff", end("2023-01-31")),
        ("add-staff", post(&json!({"from": "2024-01-01"}))),
    ]);
    for (on, is_one) in [("2023-01-31", true), ("2023-02-01", false), ("2024-01-01", true)] {
        assert_eq!(is_adviser(&programme, "awa", "segou", on), is_one, "{on}");
    }
}

#[test]
fn a_retry_changes_nothing() {
    let end = json!({"actor": "awa", "role": "adviser", "office": "segou", "to": "2022-12-31"});
    let programme = after(&[("add-staff", post(&json!({})))]);
    assert_eq!(give(&programme, "add-staff", &post(&json!({}))), Ok(Vec::new()));
    let programme = after(&[("add-staff", post(&json!({}))), ("end-staff", end.clone())]);
    assert_eq!(give(&programme, "end-staff", &end), Ok(Vec::new()));
}

#[test]
fn a_post_that_cannot_be_is_refused_by_name() {
    let programme = after(&[("add-staff", post(&json!({})))]);
    let name = || "awa".to_owned();
    let twice = post(&json!({"from": "2023-01-01"}));
    let refusal = Refusal::Differs { item: Item::Post, name: name() };
    assert_eq!(give(&programme, "add-staff", &twice), Err(refusal));
    let backwards = post(&json!({"actor": "binta", "to": "2022-02-01"}));
    let refusal = Refusal::Disagree { field: "to", other: "from" };
    assert_eq!(give(&programme, "add-staff", &backwards), Err(refusal));
    let nowhere = post(&json!({"office": "gao"}));
    let refusal = Refusal::Unknown { item: Item::Office, name: "gao".into(), field: "office" };
    assert_eq!(give(&programme, "add-staff", &nowhere), Err(refusal));
    let never = json!({"actor": "awa", "role": "trainer", "office": "segou", "to": "2022-12-31"});
    let refusal = Refusal::Unknown { item: Item::Post, name: name(), field: "actor" };
    assert_eq!(give(&programme, "end-staff", &never), Err(refusal));
    let early = json!({"actor": "awa", "role": "adviser", "office": "segou", "to": "2022-02-28"});
    let (given, earliest) = (day("2022-02-28"), day("2022-03-01"));
    let refusal = Refusal::TooEarly { field: "to", given, earliest };
    assert_eq!(give(&programme, "end-staff", &early), Err(refusal));
    let refusal = Refusal::Unknown { item: Item::Post, name: String::new(), field: "actor" };
    assert_eq!(give(&after(&[]), "end-staff", &early), Err(refusal));
}
