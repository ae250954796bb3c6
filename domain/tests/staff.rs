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

fn sealed(key: u8) -> String {
    format!("sealed:v1:{key:032x}:c2VhbGVk")
}

#[test]
fn a_sealed_name_is_erased_on_all_posts_of_its_member_and_on_nobody_elses() {
    let erase = json!({"actor": "awa"});
    let programme = after(&[
        ("add-staff", post(&json!({"sealed_name": sealed(1)}))),
        ("add-staff", post(&json!({"role": "trainer", "sealed_name": sealed(1)}))),
        ("add-staff", post(&json!({"actor": "binta", "sealed_name": sealed(2)}))),
        ("erase-staff-name", erase.clone()),
    ]);
    let names: Vec<_> = programme.staff.iter().map(|post| post.sealed_name.is_some()).collect();
    assert_eq!(names, [false, false, true]);
    let keys: Vec<_> = programme.erased_staff_keys().map(|key| key.0.as_u128()).collect();
    assert_eq!(keys, [1]);
    assert!(is_adviser(&programme, "awa", "segou", "2022-03-01"), "the post stays");
    assert_eq!(give(&programme, "erase-staff-name", &erase), Ok(Vec::new()));
}

#[test]
fn a_name_whose_post_was_taken_back_is_sealed_still_and_can_be_erased() {
    let erase = json!({"actor": "awa"});
    let programme = after(&[
        ("add-staff", post(&json!({"sealed_name": sealed(1)}))),
        ("retract", json!({"sequence": 3, "reason": "Erreur"})),
    ]);
    assert_eq!(programme.staff, []);
    assert_eq!(give(&programme, "erase-staff-name", &erase).unwrap().len(), 1);
    // And once it is erased it stays so, though its post is taken back afterwards.
    let programme = after(&[
        ("add-staff", post(&json!({"sealed_name": sealed(1)}))),
        ("erase-staff-name", erase.clone()),
        ("retract", json!({"sequence": 3, "reason": "Erreur"})),
    ]);
    assert_eq!(give(&programme, "erase-staff-name", &erase), Ok(Vec::new()));
}

#[test]
fn a_name_is_told_in_one_way_and_its_erasure_is_of_a_name_that_is_sealed() {
    let both = post(&json!({"name": "Madame A.", "sealed_name": sealed(1)}));
    let refusal = Refusal::Disagree { field: "sealed_name", other: "name" };
    assert_eq!(give(&after(&[]), "add-staff", &both), Err(refusal));
    let named = after(&[("add-staff", post(&json!({"name": "Madame A."})))]);
    let refusal = Refusal::Unknown { item: Item::Post, name: "awa".into(), field: "actor" };
    assert_eq!(give(&named, "erase-staff-name", &json!({"actor": "awa"})), Err(refusal));
    let erased = after(&[
        ("add-staff", post(&json!({"sealed_name": sealed(1)}))),
        ("erase-staff-name", json!({"actor": "awa"})),
    ]);
    let sequence = sira_numbers::Sequence::from(4);
    let refusal = Refusal::NotRetractable { sequence, event: "StaffNameErased" };
    let back = json!({"sequence": 4, "reason": "Erreur"});
    assert_eq!(give(&erased, "retract", &back), Err(refusal));
}
