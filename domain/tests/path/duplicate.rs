//! Two registrations of one person: what is written to both streams, and what either refuses.

use serde_json::{Value, json};
use sira_domain::context::Context;
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact, link, unlink};
use sira_domain::refusal::{Item, Refusal};
use sira_domain::role::Role;
use sira_domain::values::BeneficiaryId;
use uuid::Uuid;

use super::given::{PERSON, SEALED, context, parse, programme, subject, up_to};

type Both = Result<Option<(BeneficiaryEvent, BeneficiaryEvent)>, Refusal>;

fn other() -> BeneficiaryId {
    BeneficiaryId(PERSON.parse().unwrap())
}

fn director() -> Context {
    context("directrice", Role::Director, "2022-02-01", programme())
}

fn link_to(frozen: &Beneficiary, continuing: &Beneficiary, continues: &str) -> Both {
    let command = parse("link-duplicate", &json!({ "continues": continues }));
    link(frozen, continuing, command, &director())
}

/// Two paths, the first frozen in favour of the second.
fn linked() -> (Beneficiary, Beneficiary) {
    let (mut frozen, mut continuing) = (up_to("register"), up_to("register"));
    let (own, theirs) = link_to(&frozen, &continuing, PERSON).unwrap().unwrap();
    frozen.take(own);
    continuing.take(theirs);
    (frozen, continuing)
}

/// A registered path of another programme.
fn of_another_programme() -> Beneficiary {
    let mut registered = serde_json::to_value(&*up_to("register").past()[0]).unwrap();
    registered["fact"]["Registered"]["programme"] = json!(Uuid::from_u128(9));
    let mut path = Beneficiary::default();
    path.take(serde_json::from_value::<BeneficiaryEvent>(registered).unwrap());
    path
}

fn body_of(event: &BeneficiaryEvent) -> Value {
    let fact: &Fact = &event.fact;
    serde_json::to_value(fact).unwrap()
}

#[test]
fn a_link_is_written_to_both_streams() {
    let (own, theirs) = link_to(&up_to("register"), &up_to("register"), PERSON).unwrap().unwrap();
    assert_eq!(body_of(&own), json!({"DuplicateLinked": {"other": PERSON, "continues": PERSON}}));
    assert_eq!(
        body_of(&theirs),
        json!({"DuplicateLinked": {"other": subject(), "continues": PERSON}})
    );
    let (frozen, continuing) = linked();
    assert_eq!(frozen.state().continues_as, Some(other()));
    assert_eq!(continuing.state().duplicates, [BeneficiaryId(subject())]);
}

#[test]
fn a_link_that_stands_is_answered_without_an_event() {
    let (frozen, continuing) = linked();
    assert_eq!(link_to(&frozen, &continuing, PERSON), Ok(None));
}

#[test]
fn a_path_that_others_continue_as_is_not_frozen_itself() {
    let (_, continuing) = linked();
    let refusal = Refusal::Settled { item: Item::Duplicate, name: subject().to_string() };
    let third = up_to("register");
    assert_eq!(link_to(&continuing, &third, PERSON), Err(refusal));
}

#[test]
fn a_frozen_path_continues_nobody() {
    let (frozen, _) = linked();
    let refusal = Refusal::Frozen { continues: other() };
    assert_eq!(link_to(&up_to("register"), &frozen, PERSON), Err(refusal));
}

#[test]
fn a_path_that_nobody_registered_continues_nobody() {
    let refusal = Refusal::Unknown { item: Item::Path, name: PERSON.into(), field: "continues" };
    assert_eq!(link_to(&up_to("register"), &Beneficiary::default(), PERSON), Err(refusal));
}

#[test]
fn a_path_of_another_programme_continues_nobody() {
    let refusal = Refusal::OtherProgramme { item: Item::Path, name: PERSON.into() };
    assert_eq!(link_to(&up_to("register"), &of_another_programme(), PERSON), Err(refusal));
}

#[test]
fn an_unlinking_keeps_its_reason_in_the_stream_of_the_frozen_path_alone() {
    let (mut frozen, mut continuing) = linked();
    let command = parse("unlink-duplicate", &json!({"reason": SEALED}));
    let later = Context { occurred_on: Some("2022-03-01".parse().unwrap()), ..director() };
    let (own, theirs) = unlink(&frozen, &continuing, command.clone(), &later).unwrap().unwrap();
    assert_eq!(body_of(&own), json!({"DuplicateUnlinked": {"other": PERSON, "reason": SEALED}}));
    assert_eq!(body_of(&theirs), json!({"DuplicateUnlinked": {"other": subject()}}));
    frozen.take(own);
    continuing.take(theirs);
    assert_eq!((frozen.state().continues_as, continuing.state().duplicates.len()), (None, 0));
    assert_eq!(unlink(&frozen, &continuing, command, &later), Ok(None), "the retry");
}
