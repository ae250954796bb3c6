//! A fact of a past day is judged by what stood on its day, whatever stands at its recording.

use serde_json::{Value, json};
use sira_domain::context::Context;
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Status, decide, may_follow};
use sira_domain::programme::{Programme, ProgrammeCommand};
use sira_domain::reference::BackdatingReason;
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::Period;

use super::given::{
    SEALED, Step, context, day, give, parse, programme, recorded, refused, then, up_to,
};
use super::walk::walk;

fn support(on: &'static str) -> Step {
    ("record-support", "adviser", on, json!({"kind": "coaching"}))
}

fn suspend(on: &'static str) -> Step {
    ("suspend", "adviser", on, json!({"reason": "insecurity"}))
}

fn resume(on: &'static str) -> Step {
    ("resume", "adviser", on, json!({}))
}

fn then_suspended(from: &str, to: &str, given: &str) -> Refusal {
    let period = Period { from: day(from), to: day(to) };
    let allowed = &[Status::Active];
    Refusal::StatusThen { status: Status::Suspended, period, given: day(given), allowed }
}

/// The programme with more commands of a day.
fn with(mut programme: Programme, on: &str, commands: &[(&str, Value)]) -> Programme {
    for (word, body) in commands {
        let command = ProgrammeCommand::parse(word, body.clone()).unwrap().unwrap();
        let director = context("directrice", Role::Director, on, Programme::default());
        for event in sira_domain::programme::decide(&programme, command, &director).unwrap() {
            programme.take(&event);
        }
    }
    programme
}

#[test]
fn what_happened_while_a_path_was_active_is_recorded_when_it_is_not_any_more() {
    let started = up_to("record-business-start");
    let exit = ("exit", "adviser", "2022-07-01", json!({"reason": "moved"}));
    for end in [suspend("2022-07-01"), exit] {
        let path =
            recorded(then(started.clone(), &[end]), &support("2022-06-30"), "SupportProvided");
        assert_ne!(path.state().status, Status::Active);
    }
    let completed = recorded(up_to("complete-path"), &support("2024-05-31"), "SupportProvided");
    assert_eq!(completed.state().status, Status::Completed);
}

#[test]
fn a_day_inside_a_suspension_is_refused_with_its_first_and_last_day() {
    let path = then(up_to("record-business-start"), &[suspend("2022-06-20"), resume("2022-07-10")]);
    for on in ["2022-06-20", "2022-07-01", "2022-07-09"] {
        refused(&path, &support(on), &then_suspended("2022-06-20", "2022-07-09", on));
    }
    let path = recorded(path, &support("2022-06-19"), "SupportProvided");
    recorded(path, &support("2022-07-10"), "SupportProvided");
}

#[test]
fn a_suspension_that_lasts_is_told_with_the_day_since_which_it_does() {
    let path = then(up_to("record-business-start"), &[suspend("2022-06-20")]);
    let mut refusal = then_suspended("2022-06-20", "2022-06-20", "2022-07-01");
    if let Refusal::StatusThen { period, .. } = &mut refusal {
        period.to = chrono::NaiveDate::MAX;
    }
    refused(&path, &support("2022-07-01"), &refusal);
}

#[test]
fn what_changes_who_is_in_charge_is_asked_of_today() {
    let path =
        then(up_to("register"), &[("exit", "adviser", "2022-02-01", json!({"reason": "moved"}))]);
    let assign = ("assign-adviser", "adviser", "2022-01-20", json!({"adviser": "conseiller-2"}));
    let allowed = &[Status::Active, Status::Suspended];
    refused(&path, &assign, &Refusal::WrongStatus { status: Status::Exited, allowed });
}

#[test]
fn a_retracted_suspension_forbids_nothing() {
    let path = then(up_to("record-business-start"), &[suspend("2022-06-20"), resume("2022-07-10")]);
    let last = path.version().get();
    let retract = |sequence: u64| {
        ("retract", "adviser", "2022-08-01", json!({"sequence": sequence, "reason": SEALED}))
    };
    let path = then(path, &[retract(last), retract(last - 1)]);
    recorded(path, &support("2022-07-01"), "SupportProvided");
}

#[test]
fn a_journal_from_before_the_day_was_asked_stays_lawful() {
    let path = then(up_to("record-business-start"), &[suspend("2022-06-20")]);
    let mut told: BeneficiaryEvent = give(&path, &support("2022-06-19")).unwrap().remove(0);
    told.occurred_on = day("2022-07-01");
    let path = then(path, &[resume("2022-07-10")]);
    let adviser = context("adviser", Role::Adviser, "2022-07-01", programme());
    assert_eq!(may_follow(&path, &told, &adviser), Ok(()));
}

#[test]
fn the_office_in_charge_then_was_open_then() {
    let gao = json!({"office": "gao", "name": "Gao", "region": "gao"});
    let later = with(programme(), "2022-03-01", &[("open-office", gao)]);
    let transfer = json!({"office": "gao", "region": "gao", "reason": SEALED});
    let director = context("directrice", Role::Director, "2022-03-10", later.clone());
    let mut path = up_to("submit-idea");
    for event in decide(&path, parse("transfer", &transfer), &director).unwrap() {
        path.take(event);
    }
    let assess = |on: &str| {
        let adviser = context("adviser", Role::Adviser, on, later.clone());
        decide(&path, parse("assess-eligibility", &json!({})), &adviser).map(|events| events.len())
    };
    assert_eq!(assess("2022-02-10"), Ok(1), "Ségou was in charge");
    assert_eq!(assess("2022-03-10"), Ok(1));
    let close = json!({"office": "segou"});
    let closed = with(later.clone(), "2022-02-28", &[("close-office", close)]);
    let adviser = context("adviser", Role::Adviser, "2022-03-05", closed);
    let refusal = decide(&path, parse("assess-eligibility", &json!({})), &adviser).unwrap_err();
    assert_eq!(refusal.rule(), "office_closed");
    assert!(refusal.to_string().contains("2022-02-28"), "{refusal}");
}

/// The programme that takes what is at most 30 days old; it is the first of June 2026.
fn of_thirty_days() -> Programme {
    let rules = json!({"effective_from": "2022-01-01", "rules": {"backdating_days": 30}});
    with(programme(), "2022-01-01", &[("set-rules", rules)])
}

fn late(
    path: &Beneficiary,
    word: &str,
    role: Role,
    on: &str,
    reason: Option<&str>,
) -> Result<Vec<BeneficiaryEvent>, Refusal> {
    let body = walk().into_iter().find(|step| step.0 == word).unwrap().3;
    let backdating_reason = reason.map(|code| code.parse::<BackdatingReason>().unwrap());
    let context = Context { backdating_reason, ..context("quelqu-un", role, on, of_thirty_days()) };
    decide(path, parse(word, &body), &context)
}

#[test]
fn what_lies_further_back_than_the_rule_is_recorded_by_a_director_with_a_reason() {
    let path = up_to("record-business-start");
    let (given, earliest) = (day("2026-05-01"), day("2026-05-02"));
    let refusal = Refusal::TooFarBack { given, earliest, days: 30 };
    for (role, reason) in
        [(Role::Adviser, None), (Role::Adviser, Some("insecurity")), (Role::Director, None)]
    {
        assert_eq!(late(&path, "record-support", role, "2026-05-01", reason), Err(refusal.clone()));
    }
    assert_eq!(late(&path, "record-support", Role::Adviser, "2026-05-02", None).unwrap().len(), 1);
    let events =
        late(&path, "record-support", Role::Director, "2026-05-01", Some("insecurity")).unwrap();
    assert_eq!(events[0].backdating_reason.unwrap().code(), "insecurity");
    // An audit asks the same, by the role that recorded it.
    for (role, verdict) in [(Role::Director, Ok(())), (Role::Adviser, Err(refusal))] {
        let context = context("quelqu-un", role, "2026-05-01", of_thirty_days());
        assert_eq!(may_follow(&path, &events[0], &context), verdict);
    }
}

#[test]
fn what_finance_pays_it_says_itself_why_it_is_recorded_late() {
    let path = up_to("sign-agreement");
    let pay = |reason| late(&path, "record-disbursement", Role::Finance, "2026-04-01", reason);
    assert_eq!(pay(None).unwrap_err().rule(), "too_far_back");
    assert_eq!(pay(Some("late_document")).unwrap().len(), 1);
}

#[test]
fn without_the_rule_a_fact_may_lie_back_as_far_as_the_registration() {
    let events = give(&up_to("record-business-start"), &support("2022-05-02")).unwrap();
    let stored = serde_json::to_value(&events[0]).unwrap();
    assert!(stored.get("backdating_reason").is_none(), "{stored}");
}

#[test]
fn an_event_that_was_recorded_late_is_read_as_it_is_written() {
    let stored = r#"{"occurred_on":"2022-08-12","by":"directrice","rules":1,"backdating_reason":"no_network","fact":{"SupportProvided":{"kind":"coaching"}}}"#;
    let event: BeneficiaryEvent = serde_json::from_str(stored).unwrap();
    assert_eq!(serde_json::to_string(&event).unwrap(), stored);
}
