//! Lotteries: who may be entered, that a list is drawn once, and what is recorded of the draw.

use serde_json::{Value, json};
use sira_domain::path::{Beneficiary, Stage, Status};
use sira_domain::programme::lottery::{check_entry, rank};
use sira_domain::programme::{
    Programme, ProgrammeCommand, ProgrammeEvent, ProgrammeFact, decide, may_follow,
};
use sira_domain::refusal::{Item, Refusal, Step as Missing};
use sira_domain::role::Role;
use sira_domain::values::BeneficiaryId;
use uuid::Uuid;

use super::given::{PERSON, PROGRAMME, context, programme, subject, then, up_to};

fn drawn(programme: &Programme, body: &Value) -> Result<Vec<ProgrammeEvent>, Refusal> {
    let command = ProgrammeCommand::parse("record-lottery", body.clone()).unwrap().unwrap();
    let director = context("directrice", Role::Director, "2022-02-10", Programme::default());
    decide(programme, command, &director)
}

fn list(session: &str, entries: &[u128]) -> Value {
    let entries: Vec<Uuid> = entries.iter().map(|number| Uuid::from_u128(*number)).collect();
    json!({"session": session, "entries": entries, "seed": "boule 12", "places": 1})
}

#[test]
fn a_draw_is_recorded_with_its_ranks_and_an_audit_draws_it_again() {
    let mut events = drawn(&programme(), &list("draw-2", &[1, 2, 3])).unwrap();
    let ProgrammeFact::LotteryDrawn(draw) = &events[0].fact else { panic!("another fact") };
    assert_eq!(draw.ranked, rank(&draw.entries, "boule 12"));
    let director = context("directrice", Role::Director, "2022-02-10", Programme::default());
    assert_eq!(may_follow(&programme(), &events[0], &director), Ok(()));
    let mut after = programme();
    after.take(&events[0]);
    assert_eq!(drawn(&after, &list("draw-2", &[3, 2, 1])).unwrap(), [], "a retry");
    let known = after.lotteries.values().find(|draw| draw.entries.len() == 3).unwrap();
    assert_eq!(known.drawn.first(), known.ranked.first());
    // A result that is not the draw's does not pass.
    let ProgrammeFact::LotteryDrawn(draw) = &mut events[0].fact else { panic!("another fact") };
    draw.ranked.reverse();
    assert_eq!(
        may_follow(&programme(), &events[0], &director).unwrap_err().rule(),
        "already_done_otherwise"
    );
}

#[test]
fn nobody_stands_on_a_list_twice() {
    let because = Box::new(Refusal::Settled { item: Item::Entry, name: "1".into() });
    let beneficiary = BeneficiaryId(Uuid::from_u128(1));
    let refusal = Refusal::Entry { entry: 3, beneficiary, because };
    assert_eq!(refusal.pointer(), "/entries/2");
    assert_eq!(drawn(&programme(), &list("draw-2", &[1, 2, 1])), Err(refusal));
}

#[test]
fn a_list_is_drawn_once_whatever_it_is_called() {
    let mut after = programme();
    for event in drawn(&after, &list("draw-2", &[1, 2, 3])).unwrap() {
        after.take(&event);
    }
    let mut again = list("draw-3", &[2, 3, 1]);
    again["seed"] = json!("boule 13");
    let refusal = Refusal::SameList { session: "draw-2".parse().unwrap() };
    assert_eq!(drawn(&after, &again), Err(refusal));
    // A journal from before it was asked stays lawful.
    let events = drawn(&programme(), &again).unwrap();
    let director = context("directrice", Role::Director, "2022-02-10", Programme::default());
    assert_eq!(may_follow(&after, &events[0], &director), Ok(()));
}

fn entered(path: Option<&Beneficiary>, session: &str) -> Result<(), Refusal> {
    let programme = programme();
    let id = PROGRAMME.parse().unwrap();
    let state = path.map(Beneficiary::state);
    let asked = check_entry((id, &programme), &session.parse().unwrap(), (1, subject()), state);
    asked.map_err(|refusal| match refusal {
        Refusal::Entry { entry: 1, because, .. } => *because,
        other => panic!("{other}"),
    })
}

#[test]
fn an_entry_is_of_an_eligible_person_of_the_programme_who_waits_for_a_decision() {
    let eligible = up_to("assess-eligibility");
    assert_eq!(entered(Some(&eligible), "draw-1"), Ok(()));
    let stage = |stage| Refusal::WrongStage { stage, allowed: &[Stage::Recruitment] };
    assert_eq!(entered(Some(&up_to("register")), "draw-1"), Err(stage(Stage::Idea)));
    assert_eq!(entered(Some(&up_to("decide-selection")), "draw-1"), Err(stage(Stage::Training)));
    let missing = Refusal::MissingStep { step: Missing::Eligibility };
    assert_eq!(entered(Some(&up_to("submit-idea")), "draw-1"), Err(missing));
    assert_eq!(entered(None, "draw-1").unwrap_err().rule(), "unknown_item");
    let exit = ("exit", "adviser", "2022-02-05", json!({"reason": "moved"}));
    let left = Refusal::WrongStatus { status: Status::Exited, allowed: &[Status::Active] };
    assert_eq!(entered(Some(&then(eligible.clone(), &[exit])), "draw-1"), Err(left));
    let id: Uuid = PERSON.parse().unwrap();
    let other = check_entry(
        (id, &programme()),
        &"draw-1".parse().unwrap(),
        (1, subject()),
        Some(eligible.state()),
    );
    assert_eq!(other.unwrap_err().rule(), "other_programme");
}

#[test]
fn who_stands_in_a_draw_that_is_not_decided_is_not_drawn_again() {
    let open = Refusal::Settled { item: Item::Lottery, name: "draw-1".into() };
    let eligible = up_to("assess-eligibility");
    assert_eq!(entered(Some(&eligible), "draw-2"), Err(open));
    let refused = (
        "decide-selection",
        "committee",
        "2022-02-20",
        json!({"decision": "not_selected", "method": "committee", "session": "2022-02"}),
    );
    let reopen = ("reopen", "director", "2022-02-21", json!({"reason": super::given::SEALED}));
    let path = then(up_to("record-interview"), &[refused, reopen]);
    assert_eq!(entered(Some(&path), "draw-2"), Ok(()), "decided after the draw, and reopened");
    let waits = (
        "decide-selection",
        "committee",
        "2022-02-20",
        json!({"decision": "waitlisted", "method": "committee", "session": "2022-02"}),
    );
    let path = then(up_to("record-interview"), &[waits]);
    let waiting = Refusal::Settled { item: Item::Selection, name: "2022-02".into() };
    assert_eq!(entered(Some(&path), "draw-2"), Err(waiting));
}
