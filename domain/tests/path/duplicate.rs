//! Two registrations of one person: what is written to both streams, and what either refuses.

use serde_json::{Value, json};
use sira_domain::context::Context;
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact, judge_pair, link, unlink};
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

fn judged(word: &str, sent: &Beneficiary, theirs: &Beneficiary, on: &str, reason: &str) -> Both {
    let command = parse(word, &json!({ "other": PERSON, "reason": reason }));
    let context = Context { occurred_on: Some(on.parse().unwrap()), ..director() };
    judge_pair(sent, (theirs, &programme()), command, &context)
}

/// Two paths that were told apart, the first of which was asked.
fn told_apart() -> (Beneficiary, Beneficiary) {
    let (mut sent, mut theirs) = (up_to("register"), up_to("register"));
    let both = judged("dismiss-duplicate", &sent, &theirs, "2022-02-01", SEALED);
    let (own, mirrored) = both.unwrap().unwrap();
    assert_eq!(body_of(&own), json!({"DuplicateDismissed": {"other": PERSON, "reason": SEALED}}));
    assert_eq!(body_of(&mirrored), json!({"DuplicateDismissed": {"other": subject()}}));
    sent.take(own);
    theirs.take(mirrored);
    (sent, theirs)
}

#[test]
fn a_dismissal_is_written_to_both_streams_with_its_reason_in_one() {
    let (sent, theirs) = told_apart();
    assert_eq!(sent.state().dismissed, [other()]);
    assert_eq!(theirs.state().dismissed, [BeneficiaryId(subject())]);
    assert_eq!((sent.state().continues_as, theirs.state().continues_as), (None, None));
}

#[test]
fn a_dismissal_that_stands_is_answered_and_another_is_refused() {
    let (sent, theirs) = told_apart();
    assert_eq!(judged("dismiss-duplicate", &sent, &theirs, "2022-02-01", SEALED), Ok(None));
    let refusal = Refusal::Settled { item: Item::Dismissal, name: PERSON.into() };
    assert_eq!(judged("dismiss-duplicate", &sent, &theirs, "2022-02-02", SEALED), Err(refusal));
}

#[test]
fn a_reconsideration_takes_a_dismissal_back_and_it_can_be_made_again() {
    let (mut sent, mut theirs) = told_apart();
    for (word, on, count) in
        [("reconsider-duplicate", "2022-02-02", 0), ("dismiss-duplicate", "2022-02-03", 1)]
    {
        let (own, mirrored) = judged(word, &sent, &theirs, on, SEALED).unwrap().unwrap();
        sent.take(own);
        theirs.take(mirrored);
        assert_eq!((sent.state().dismissed.len(), theirs.state().dismissed.len()), (count, count));
    }
}

#[test]
fn what_was_not_dismissed_is_not_reconsidered() {
    let (one, theirs) = (up_to("register"), up_to("register"));
    let refusal = Refusal::Unknown { item: Item::Dismissal, name: PERSON.into(), field: "other" };
    assert_eq!(judged("reconsider-duplicate", &one, &theirs, "2022-02-01", SEALED), Err(refusal));
}

#[test]
fn a_link_takes_a_dismissal_back_and_a_linked_path_is_not_dismissed() {
    let (mut frozen, mut continuing) = told_apart();
    let (own, theirs) = link_to(&frozen, &continuing, PERSON).unwrap().unwrap();
    frozen.take(own);
    continuing.take(theirs);
    assert!(frozen.state().dismissed.is_empty() && continuing.state().dismissed.is_empty());
    let command = parse("dismiss-duplicate", &json!({ "other": subject(), "reason": SEALED }));
    let context = Context { subject: PERSON.parse().unwrap(), ..director() };
    let refused = judge_pair(&continuing, (&frozen, &programme()), command, &context);
    let refusal = Refusal::Settled { item: Item::Link, name: subject().to_string() };
    assert_eq!(refused, Err(refusal));
}

#[test]
fn a_path_is_not_told_apart_from_itself_from_a_frozen_one_or_from_nobody() {
    let command = parse("dismiss-duplicate", &json!({ "other": subject(), "reason": SEALED }));
    let one = up_to("register");
    let refusal = Refusal::Disagree { field: "other", other: "id" };
    assert_eq!(judge_pair(&one, (&one, &programme()), command, &director()), Err(refusal));
    let (frozen, _) = linked();
    let refusal = Refusal::Frozen { continues: other() };
    assert_eq!(judged("dismiss-duplicate", &one, &frozen, "2022-02-01", SEALED), Err(refusal));
    let refusal = Refusal::Unknown { item: Item::Path, name: PERSON.into(), field: "other" };
    let nobody = Beneficiary::default();
    assert_eq!(judged("dismiss-duplicate", &one, &nobody, "2022-02-01", SEALED), Err(refusal));
}

#[test]
fn a_path_of_another_programme_is_told_apart_under_its_own_rules() {
    let both = judged(
        "dismiss-duplicate",
        &up_to("register"),
        &of_another_programme(),
        "2022-02-01",
        SEALED,
    );
    let (own, theirs) = both.unwrap().unwrap();
    let (rules, _) = programme().rules_on("2022-02-01".parse().unwrap());
    assert_eq!((own.rules, theirs.rules), (rules, rules));
}

#[test]
fn a_pair_is_judged_too_late_by_the_rules_of_either_programme() {
    let (sent, theirs) = (up_to("register"), of_another_programme());
    let strict = {
        let golden = include_str!("../golden/RulesSet.4.0.json");
        let mut programme = programme();
        programme.take(&serde_json::from_str(golden).unwrap());
        programme
    };
    let command = parse("dismiss-duplicate", &json!({ "other": PERSON, "reason": SEALED }));
    let late = Context { occurred_on: Some("2022-01-20".parse().unwrap()), ..director() };
    let late = Context { now: late.now + chrono::TimeDelta::days(300), ..late };
    assert!(judge_pair(&sent, (&theirs, &programme()), command.clone(), &late).is_ok());
    let refused = judge_pair(&sent, (&theirs, &strict), command, &late);
    assert!(matches!(refused, Err(Refusal::TooFarBack { days: 60, .. })), "{refused:?}");
}
