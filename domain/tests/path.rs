//! The path's rules: given events, when a command, then events or a refusal. Commands are given as
//! the JSON that callers send, so that their form is tested with them.

#![expect(clippy::too_many_lines, reason = "tables of cases are long")]

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use cqrs_es::test::TestFramework;
use proptest::prelude::*;
use serde_json::{Value, json};
use sira_domain::context::Context;
use sira_domain::path::{
    BENEFICIARY_COMMANDS, Beneficiary, BeneficiaryCommand, BeneficiaryEvent, Fact, Stage, Status,
    decide, lawful,
};
use sira_domain::programme::{Programme, ProgrammeCommand};
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use uuid::Uuid;

const PROGRAMME: &str = "0176bb3e-7000-7000-8000-000000000001";
const FUND: &str = "0176bb3e-7000-7000-8000-000000000002";
const PERSON: &str = "0176bb3e-7000-7000-8000-000000000003";
const COHORT: &str = "0176bb3e-7000-7000-8000-000000000005";
const SEALED: &str = "sealed:v1:00000000000000000000000000000001:c2VhbGVk";
const OTHER: &str = "sealed:v1:00000000000000000000000000000001:b3RoZXI";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn subject() -> Uuid {
    Uuid::from_u128(7)
}

/// A programme of 2021 with an office in Ségou and one in Mopti, and rules that ask for two modules.
fn programme() -> Programme {
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

fn context(actor: &str, role: Role, on: &str, programme: Programme) -> Context {
    Context {
        now: "2026-06-01T09:00:00Z".parse().unwrap(),
        occurred_on: Some(day(on)),
        actor: actor.parse().unwrap(),
        role,
        subject: subject(),
        programme: Arc::new(programme),
    }
}

/// One command of the walk: word, actor, day, body.
type Step = (&'static str, &'static str, &'static str, Value);

fn registration() -> Value {
    json!({
        "reference": "RRZN-CR20-D", "programme": PROGRAMME, "office": "segou", "region": "segou",
        "intake": "open_call", "channel": "office", "sex": "female", "birth_year": 1999, "education": "2",
        "consent": {"scope": "programme", "text_version": "fr-1", "method": "written"}, "identity": SEALED
    })
}

fn visit(milestone: u32) -> Value {
    json!({"milestone": milestone, "business_status": "trading", "monthly_revenue": 100_000, "next_step": SEALED})
}

/// A whole path with a loan in two tranches, each duty held by somebody else.
fn walk() -> Vec<Step> {
    let tranches = json!([{"tranche": 1, "amount": 60_000, "conditions": ["agreement_signed"]}, {"tranche": 2, "amount": 40_000, "conditions": ["business_started"]}]);
    let schedule = json!([{"due_on": "2022-12-01", "principal": 50_000, "interest": 1_000}, {"due_on": "2023-03-01", "principal": 50_000, "interest": 500}]);
    vec![
        ("register", "adviser", "2022-01-10", registration()),
        (
            "submit-idea",
            "adviser",
            "2022-01-11",
            json!({"title": SEALED, "sector": "C", "start_up_cost": 450_000, "jobs_expected": 3}),
        ),
        (
            "revise-idea",
            "adviser",
            "2022-01-12",
            json!({"title": OTHER, "sector": "poultry", "start_up_cost": 400_000, "jobs_expected": 2}),
        ),
        ("assess-eligibility", "adviser", "2022-02-01", json!({})),
        (
            "record-interview",
            "interviewer",
            "2022-02-03",
            json!({"scores": [{"criterion": "motivation", "score": 16, "out_of": 20}]}),
        ),
        (
            "decide-selection",
            "committee",
            "2022-02-20",
            json!({"decision": "selected", "method": "committee", "session": "2022-02"}),
        ),
        (
            "record-attendance",
            "trainer",
            "2022-03-01",
            json!({"session": "gp-1", "hours": 8, "present": true}),
        ),
        (
            "record-attendance",
            "trainer",
            "2022-03-02",
            json!({"session": "gp-2", "hours": 2, "present": false}),
        ),
        (
            "record-assessment",
            "trainer",
            "2022-03-03",
            json!({"module": "leadership", "score": 72}),
        ),
        (
            "record-assessment",
            "trainer",
            "2022-03-03",
            json!({"module": "management", "score": 50}),
        ),
        ("complete-training", "trainer", "2022-03-05", json!({})),
        (
            "submit-business-plan",
            "adviser",
            "2022-03-20",
            json!({"title": SEALED, "amount_needed": 150_000, "own_contribution": 15_000}),
        ),
        ("validate-business-plan", "committee", "2022-04-01", json!({"conclusion": "validated"})),
        (
            "request-financing",
            "adviser",
            "2022-04-02",
            json!({"instrument": "loan", "amount": 120_000, "own_contribution": 15_000, "fund": FUND}),
        ),
        (
            "approve-financing",
            "committee",
            "2022-04-20",
            json!({"financing": 1, "amount": 100_000, "tranches": tranches, "schedule": schedule}),
        ),
        ("sign-agreement", "director", "2022-04-25", json!({"financing": 1})),
        (
            "record-disbursement",
            "finance",
            "2022-05-01",
            json!({"financing": 1, "tranche": 1, "amount": 60_000, "method": "mobile_money", "payment_reference": "OM-1"}),
        ),
        (
            "record-business-start",
            "adviser",
            "2022-05-02",
            json!({"form": "individual", "sector": "C", "locality": SEALED}),
        ),
        (
            "record-disbursement",
            "finance",
            "2022-06-01",
            json!({"financing": 1, "tranche": 2, "amount": 40_000, "method": "mobile_money", "payment_reference": "OM-2"}),
        ),
        ("record-visit", "adviser", "2022-06-02", visit(1)),
        ("record-support", "adviser", "2022-06-10", json!({"kind": "coaching", "comment": SEALED})),
        (
            "record-repayment",
            "finance",
            "2022-12-01",
            json!({"financing": 1, "principal": 50_000, "interest": 1_000, "method": "bank_transfer", "payment_reference": "RB-1"}),
        ),
        (
            "reschedule-loan",
            "finance",
            "2023-02-01",
            json!({"financing": 1, "schedule": [{"due_on": "2023-06-01", "principal": 50_000, "interest": 500}], "reason": SEALED}),
        ),
        (
            "record-repayment",
            "finance",
            "2023-06-01",
            json!({"financing": 1, "principal": 50_000, "interest": 500, "method": "bank_transfer", "payment_reference": "RB-2"}),
        ),
        ("record-visit", "adviser", "2024-05-02", visit(24)),
        ("complete-path", "director", "2024-06-01", json!({})),
    ]
}

fn parse(word: &str, body: &Value) -> BeneficiaryCommand {
    BeneficiaryCommand::parse(word, body.clone())
        .unwrap()
        .unwrap_or_else(|error| panic!("{word}: {error}"))
}

fn role_of(word: &str) -> Role {
    BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == word).unwrap().roles[0]
}

fn give(
    path: &Beneficiary,
    (word, actor, on, body): &Step,
) -> Result<Vec<BeneficiaryEvent>, Refusal> {
    decide(path, parse(word, body), &context(actor, role_of(word), on, programme()))
}

fn take_all(path: &mut Beneficiary, steps: &[Step]) {
    for step in steps {
        let events = give(path, step).unwrap_or_else(|refusal| panic!("{}: {refusal}", step.0));
        assert_eq!(events.len(), 1, "{} recorded {} events", step.0, events.len());
        for event in events {
            path.take(event);
        }
    }
}

/// The path up to and with the last step of this word; from its beginning for `""`.
fn up_to(last: &str) -> Beneficiary {
    let steps = walk();
    let until = steps.iter().rposition(|(word, ..)| *word == last).map_or(0, |index| index + 1);
    let mut path = Beneficiary::default();
    take_all(&mut path, &steps[..until]);
    path
}

fn rule_of(result: Result<Vec<BeneficiaryEvent>, Refusal>) -> &'static str {
    match result {
        Ok(events) => panic!("not refused: {events:?}"),
        Err(refusal) => refusal.rule(),
    }
}

/// Commands beside the walk, with the step after which they are given.
fn asides() -> Vec<(&'static str, Step)> {
    vec![
        (
            "submit-idea",
            (
                "recognise-training",
                "director",
                "2021-09-01",
                json!({"proof": SEALED, "reason": SEALED}),
            ),
        ),
        (
            "request-financing",
            (
                "refuse-financing",
                "committee",
                "2022-04-20",
                json!({"financing": 1, "reason": "over_budget"}),
            ),
        ),
        (
            "complete-training",
            ("waive-financing", "director", "2022-04-15", json!({"reason": SEALED})),
        ),
        (
            "record-disbursement",
            (
                "write-off-loan",
                "director",
                "2024-01-01",
                json!({"financing": 1, "amount": 100_000, "reason": SEALED}),
            ),
        ),
        (
            "record-business-start",
            ("record-business-closure", "adviser", "2022-09-01", json!({"reason": "no_market"})),
        ),
        (
            "register",
            ("assign-adviser", "adviser", "2022-01-10", json!({"adviser": "conseiller-2"})),
        ),
        (
            "register",
            (
                "transfer",
                "director",
                "2022-02-01",
                json!({"office": "mopti", "region": "mopti", "reason": SEALED}),
            ),
        ),
        (
            "decide-selection",
            ("enrol-in-training", "adviser", "2022-02-25", json!({"cohort": COHORT})),
        ),
        ("register", ("link-duplicate", "director", "2022-02-01", json!({"continues": PERSON}))),
        ("register", ("suspend", "adviser", "2022-02-01", json!({"reason": "insecurity"}))),
        ("register", ("exit", "adviser", "2022-02-01", json!({"reason": "moved"}))),
        ("complete-path", ("reopen", "director", "2024-07-01", json!({"reason": SEALED}))),
        ("register", ("add-note", "adviser", "2022-02-01", json!({"text": SEALED}))),
        (
            "register",
            (
                "attach-document",
                "adviser",
                "2022-02-01",
                json!({"name": SEALED, "media_type": "application/pdf", "size_bytes": 12, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}),
            ),
        ),
        (
            "register",
            (
                "record-income",
                "adviser",
                "2022-02-01",
                json!({"survey": "baseline", "from": "2020-01-01", "to": "2020-12-31", "amount": 240_000, "source": "salary"}),
            ),
        ),
        (
            "register",
            ("record-community-action", "adviser", "2022-02-01", json!({"kind": "mediation"})),
        ),
        (
            "register",
            (
                "lodge-grievance",
                "adviser",
                "2022-02-01",
                json!({"category": "staff", "channel": "box", "text": SEALED}),
            ),
        ),
        (
            "submit-idea",
            ("retract", "adviser", "2022-02-01", json!({"sequence": 2, "reason": SEALED})),
        ),
        (
            "register",
            (
                "update-identity",
                "adviser",
                "2022-02-01",
                json!({"birth_year": 1998, "identity": OTHER}),
            ),
        ),
        (
            "register",
            (
                "record-consent",
                "adviser",
                "2022-02-01",
                json!({"scope": "photo", "text_version": "fr-1", "method": "oral_witness"}),
            ),
        ),
        ("register", ("withdraw-consent", "adviser", "2022-02-01", json!({"scope": "programme"}))),
        ("register", ("erase-personal-data", "admin", "2022-02-01", json!({"ground": "request"}))),
    ]
}

#[test]
fn a_whole_path_is_walked_and_every_retry_changes_nothing() {
    let mut path = Beneficiary::default();
    for step in walk() {
        let events = give(&path, &step).unwrap_or_else(|refusal| panic!("{}: {refusal}", step.0));
        assert_eq!(events.len(), 1, "{}", step.0);
        for event in events {
            path.take(event);
        }
        assert_eq!(give(&path, &step).map(|events| events.len()), Ok(0), "retry of {}", step.0);
    }
    assert_eq!((path.state().stage, path.state().status), (Stage::Completed, Status::Completed));
    assert_eq!(path.version(), walk().len() as u64);
}

#[test]
fn every_other_command_records_one_event_and_its_retry_none() {
    for (after, step) in asides() {
        let mut path = up_to(after);
        take_all(&mut path, std::slice::from_ref(&step));
        assert_eq!(give(&path, &step).map(|events| events.len()), Ok(0), "retry of {}", step.0);
    }
    // Those that need one of the others first.
    let mut path = up_to("register");
    take_all(
        &mut path,
        &[
            ("suspend", "adviser", "2022-02-01", json!({"reason": "illness"})),
            ("resume", "adviser", "2022-03-01", json!({})),
        ],
    );
    assert_eq!(path.state().status, Status::Active);
    let mut enrolled = up_to("decide-selection");
    take_all(
        &mut enrolled,
        &[
            ("enrol-in-training", "adviser", "2022-02-25", json!({"cohort": COHORT})),
            ("withdraw-from-training", "adviser", "2022-03-01", json!({"comment": SEALED})),
        ],
    );
    assert_eq!(enrolled.state().enrolment, None);
    let mut linked = up_to("register");
    take_all(
        &mut linked,
        &[
            ("link-duplicate", "director", "2022-02-01", json!({"continues": PERSON})),
            ("unlink-duplicate", "director", "2022-03-01", json!({"reason": SEALED})),
        ],
    );
    assert_eq!(linked.state().continues_as, None);
    let lodged = (
        "lodge-grievance",
        "adviser",
        "2022-02-01",
        json!({"category": "staff", "channel": "box", "text": SEALED}),
    );
    take_all(
        &mut path,
        &[
            lodged,
            (
                "resolve-grievance",
                "director",
                "2022-03-01",
                json!({"grievance": 1, "outcome": "upheld"}),
            ),
        ],
    );
}

#[test]
fn no_command_of_the_catalogue_is_without_a_test() {
    let mut tried: BTreeSet<_> = walk().into_iter().map(|step| step.0).collect();
    tried.extend(asides().into_iter().map(|(_, step)| step.0));
    tried.extend(["resume", "resolve-grievance", "withdraw-from-training", "unlink-duplicate"]);
    let known: BTreeSet<_> = BENEFICIARY_COMMANDS.iter().map(|entry| entry.word).collect();
    assert_eq!(tried, known);
}

#[test]
fn a_command_that_a_rule_forbids_is_refused_by_that_rule() {
    let approval = |amount: u32| json!({"financing": 1, "amount": amount, "tranches": [{"tranche": 1, "amount": amount}], "schedule": [{"due_on": "2022-12-01", "principal": amount, "interest": 0}]});
    let payment = |tranche: u32, amount: u32, reference: &str| json!({"financing": 1, "tranche": tranche, "amount": amount, "method": "mobile_money", "payment_reference": reference});
    let repayment = |principal: u32, reference: &str| json!({"financing": 1, "principal": principal, "interest": 0, "method": "mobile_money", "payment_reference": reference});
    let with = |field: &str, value: Value| {
        let mut body = registration();
        body[field] = value;
        body
    };
    let cases: Vec<(&str, Step, &str)> = vec![
        ("", ("add-note", "adviser", "2022-01-10", json!({"text": SEALED})), "not_registered"),
        ("", ("register", "adviser", "2020-01-10", registration()), "outside_term"),
        ("", ("register", "adviser", "2026-06-02", registration()), "date_in_future"),
        ("", ("register", "adviser", "1949-06-02", registration()), "date_too_early"),
        ("", ("register", "adviser", "2022-01-10", with("office", json!("gao"))), "office_closed"),
        (
            "",
            ("register", "adviser", "2022-01-10", with("region", json!("nioro"))),
            "region_not_valid",
        ),
        (
            "",
            ("register", "adviser", "2022-01-10", with("birth_year", json!(2030))),
            "date_in_future",
        ),
        (
            "register",
            ("register", "adviser", "2022-01-10", with("sex", json!("male"))),
            "already_done_otherwise",
        ),
        ("register", ("assess-eligibility", "adviser", "2022-02-01", json!({})), "wrong_stage"),
        (
            "register",
            (
                "submit-idea",
                "adviser",
                "2022-01-09",
                json!({"title": SEALED, "sector": "C", "start_up_cost": 1, "jobs_expected": 1}),
            ),
            "date_too_early",
        ),
        (
            "register",
            (
                "submit-idea",
                "adviser",
                "2022-01-11",
                json!({"title": SEALED, "sector": "fishing", "start_up_cost": 1, "jobs_expected": 1}),
            ),
            "unknown_item",
        ),
        ("register", ("resume", "adviser", "2022-02-01", json!({})), "wrong_status"),
        (
            "register",
            ("reopen", "director", "2022-02-01", json!({"reason": SEALED})),
            "wrong_status",
        ),
        (
            "register",
            ("withdraw-consent", "adviser", "2022-02-01", json!({"scope": "photo"})),
            "unknown_item",
        ),
        (
            "register",
            (
                "resolve-grievance",
                "director",
                "2022-02-01",
                json!({"grievance": 3, "outcome": "upheld"}),
            ),
            "unknown_item",
        ),
        (
            "register",
            (
                "record-income",
                "adviser",
                "2022-02-01",
                json!({"survey": "baseline", "from": "2020-02-01", "to": "2020-01-01", "amount": 1, "source": "salary"}),
            ),
            "fields_disagree",
        ),
        (
            "register",
            (
                "record-income",
                "adviser",
                "2022-02-01",
                json!({"survey": "baseline", "from": "2022-01-01", "to": "2022-12-31", "amount": 1, "source": "salary"}),
            ),
            "date_in_future",
        ),
        (
            "register",
            ("transfer", "director", "2022-02-01", json!({"office": "gao"})),
            "office_closed",
        ),
        (
            "register",
            ("transfer", "director", "2022-02-01", json!({"office": "segou"})),
            "fields_disagree",
        ),
        (
            "register",
            ("retract", "adviser", "2022-02-01", json!({"sequence": 9, "reason": SEALED})),
            "unknown_item",
        ),
        (
            "submit-idea",
            ("assess-eligibility", "adviser", "2022-02-01", json!({"override_reason": SEALED})),
            "needs_role",
        ),
        (
            "submit-idea",
            (
                "decide-selection",
                "committee",
                "2022-02-20",
                json!({"decision": "selected", "method": "committee", "session": "s"}),
            ),
            "missing_step",
        ),
        (
            "assess-eligibility",
            (
                "decide-selection",
                "committee",
                "2022-02-20",
                json!({"decision": "selected", "method": "jury", "session": "s"}),
            ),
            "missing_step",
        ),
        (
            "assess-eligibility",
            (
                "decide-selection",
                "committee",
                "2022-02-20",
                json!({"decision": "selected", "method": "lottery", "session": "none"}),
            ),
            "unknown_item",
        ),
        (
            "assess-eligibility",
            (
                "decide-selection",
                "committee",
                "2022-02-20",
                json!({"decision": "not_selected", "method": "lottery", "session": "draw-1"}),
            ),
            "fields_disagree",
        ),
        (
            "assess-eligibility",
            ("record-interview", "interviewer", "2022-02-03", json!({"scores": []})),
            "below_threshold",
        ),
        (
            "assess-eligibility",
            (
                "record-interview",
                "interviewer",
                "2022-02-03",
                json!({"scores": [{"criterion": "m", "score": 21, "out_of": 20}]}),
            ),
            "above_limit",
        ),
        (
            "record-interview",
            (
                "decide-selection",
                "interviewer",
                "2022-02-20",
                json!({"decision": "selected", "method": "committee", "session": "s"}),
            ),
            "separation_of_duties",
        ),
        (
            "decide-selection",
            (
                "record-assessment",
                "trainer",
                "2022-03-03",
                json!({"module": "cooking", "score": 50}),
            ),
            "unknown_item",
        ),
        (
            "decide-selection",
            (
                "record-attendance",
                "trainer",
                "2022-03-01",
                json!({"session": "gp-1", "hours": 0, "present": true}),
            ),
            "fields_disagree",
        ),
        (
            "decide-selection",
            ("complete-training", "trainer", "2022-03-05", json!({})),
            "below_threshold",
        ),
        (
            "record-attendance",
            (
                "record-attendance",
                "trainer",
                "2022-03-01",
                json!({"session": "gp-1", "hours": 9, "present": true}),
            ),
            "already_done_otherwise",
        ),
        (
            "record-attendance",
            ("complete-training", "trainer", "2022-03-05", json!({})),
            "below_threshold",
        ),
        (
            "complete-training",
            (
                "recognise-training",
                "director",
                "2022-03-06",
                json!({"proof": SEALED, "reason": SEALED}),
            ),
            "wrong_stage",
        ),
        (
            "complete-training",
            (
                "validate-business-plan",
                "committee",
                "2022-04-01",
                json!({"conclusion": "validated"}),
            ),
            "missing_step",
        ),
        (
            "complete-training",
            (
                "record-business-start",
                "adviser",
                "2022-05-02",
                json!({"form": "individual", "sector": "C"}),
            ),
            "missing_step",
        ),
        (
            "submit-business-plan",
            (
                "validate-business-plan",
                "committee",
                "2022-04-01",
                json!({"plan": 2, "conclusion": "validated"}),
            ),
            "unknown_item",
        ),
        (
            "submit-business-plan",
            (
                "request-financing",
                "adviser",
                "2022-04-02",
                json!({"instrument": "grant", "amount": 1, "own_contribution": 0, "fund": FUND}),
            ),
            "missing_step",
        ),
        (
            "validate-business-plan",
            (
                "validate-business-plan",
                "committee",
                "2022-04-02",
                json!({"conclusion": "to_revise"}),
            ),
            "already_settled",
        ),
        (
            "validate-business-plan",
            (
                "request-financing",
                "adviser",
                "2022-04-02",
                json!({"instrument": "grant", "amount": 300_001, "own_contribution": 0, "fund": FUND}),
            ),
            "amount_above_limit",
        ),
        (
            "validate-business-plan",
            (
                "request-financing",
                "adviser",
                "2022-04-02",
                json!({"instrument": "grant", "amount": 0, "own_contribution": 0, "fund": FUND}),
            ),
            "amount_differs",
        ),
        (
            "request-financing",
            ("approve-financing", "adviser", "2022-04-20", approval(100_000)),
            "separation_of_duties",
        ),
        (
            "request-financing",
            ("approve-financing", "committee", "2022-04-20", approval(120_001)),
            "amount_above_limit",
        ),
        (
            "request-financing",
            (
                "approve-financing",
                "committee",
                "2022-04-20",
                json!({"financing": 1, "amount": 100, "tranches": [{"tranche": 1, "amount": 99}], "schedule": []}),
            ),
            "amount_differs",
        ),
        (
            "request-financing",
            (
                "approve-financing",
                "committee",
                "2022-04-20",
                json!({"financing": 1, "amount": 100, "tranches": [{"tranche": 1, "amount": 100}], "schedule": []}),
            ),
            "below_threshold",
        ),
        (
            "request-financing",
            (
                "approve-financing",
                "committee",
                "2022-04-20",
                json!({"financing": 2, "amount": 100, "tranches": [], "schedule": []}),
            ),
            "unknown_item",
        ),
        (
            "request-financing",
            ("sign-agreement", "director", "2022-04-25", json!({"financing": 1})),
            "missing_step",
        ),
        (
            "record-repayment",
            (
                "refuse-financing",
                "committee",
                "2023-04-21",
                json!({"financing": 1, "reason": "other"}),
            ),
            "already_settled",
        ),
        (
            "approve-financing",
            ("approve-financing", "committee", "2022-04-21", approval(100_000)),
            "amount_above_limit",
        ),
        (
            "sign-agreement",
            ("approve-financing", "committee", "2022-04-26", approval(50_000)),
            "already_settled",
        ),
        (
            "decide-selection",
            ("withdraw-from-training", "adviser", "2022-03-01", json!({})),
            "missing_step",
        ),
        (
            "register",
            ("enrol-in-training", "adviser", "2022-02-25", json!({"cohort": COHORT})),
            "wrong_stage",
        ),
        (
            "register",
            ("link-duplicate", "director", "2022-02-01", json!({"continues": subject()})),
            "fields_disagree",
        ),
        (
            "register",
            ("unlink-duplicate", "director", "2022-02-01", json!({"reason": SEALED})),
            "unknown_item",
        ),
        (
            "register",
            (
                "submit-idea",
                "adviser",
                "2027-07-06",
                json!({"title": SEALED, "sector": "C", "start_up_cost": 1, "jobs_expected": 1}),
            ),
            "date_in_future",
        ),
        (
            "approve-financing",
            ("record-disbursement", "finance", "2022-05-01", payment(1, 60_000, "X")),
            "missing_step",
        ),
        (
            "sign-agreement",
            ("record-disbursement", "committee", "2022-05-01", payment(1, 60_000, "X")),
            "separation_of_duties",
        ),
        (
            "sign-agreement",
            ("record-disbursement", "finance", "2022-05-01", payment(1, 59_999, "X")),
            "amount_differs",
        ),
        (
            "sign-agreement",
            ("record-disbursement", "finance", "2022-05-01", payment(3, 60_000, "X")),
            "unknown_item",
        ),
        (
            "sign-agreement",
            ("record-disbursement", "finance", "2022-05-01", payment(2, 40_000, "X")),
            "missing_step",
        ),
        (
            "sign-agreement",
            ("record-disbursement", "finance", "2022-04-24", payment(1, 60_000, "X")),
            "date_too_early",
        ),
        (
            "record-business-start",
            ("record-disbursement", "finance", "2022-06-01", payment(2, 40_000, "OM-1")),
            "already_settled",
        ),
        (
            "record-business-start",
            ("record-disbursement", "finance", "2022-06-01", payment(1, 60_000, "X")),
            "already_settled",
        ),
        (
            "record-business-start",
            ("record-visit", "adviser", "2022-05-10", visit(1)),
            "date_too_early",
        ),
        (
            "record-business-start",
            ("record-visit", "adviser", "2022-07-02", visit(2)),
            "unknown_item",
        ),
        (
            "record-business-start",
            (
                "record-business-start",
                "adviser",
                "2022-06-02",
                json!({"form": "gie", "sector": "C"}),
            ),
            "already_settled",
        ),
        (
            "record-business-start",
            ("complete-path", "director", "2024-06-01", json!({})),
            "missing_step",
        ),
        (
            "record-support",
            ("record-repayment", "finance", "2022-12-01", repayment(100_001, "X")),
            "amount_above_limit",
        ),
        (
            "record-support",
            ("record-repayment", "finance", "2022-12-01", repayment(1, "OM-1")),
            "already_settled",
        ),
        (
            "record-support",
            (
                "reschedule-loan",
                "finance",
                "2022-12-01",
                json!({"financing": 1, "schedule": [{"due_on": "2023-06-01", "principal": 1, "interest": 0}], "reason": SEALED}),
            ),
            "amount_differs",
        ),
        (
            "record-support",
            (
                "write-off-loan",
                "director",
                "2022-12-01",
                json!({"financing": 1, "amount": 1, "reason": SEALED}),
            ),
            "amount_differs",
        ),
        (
            "record-support",
            ("record-visit", "adviser", "2022-06-03", visit(1)),
            "already_done_otherwise",
        ),
        (
            "record-visit",
            ("record-repayment", "finance", "2024-05-03", repayment(1, "X")),
            "already_settled",
        ),
        ("complete-path", ("record-visit", "adviser", "2024-06-02", visit(12)), "wrong_stage"),
    ];
    for (after, step, rule) in cases {
        let refused = rule_of(give(&up_to(after), &step));
        assert_eq!(refused, rule, "{} after {after:?}: {}", step.0, step.3);
    }
}

#[test]
fn facts_on_events_are_what_the_framework_of_cqrs_es_sees_too() {
    let given: Vec<BeneficiaryEvent> =
        up_to("record-interview").past().iter().map(|event| (**event).clone()).collect();
    let decision = json!({"decision": "selected", "method": "committee", "session": "2022-02"});
    let executor = || {
        let context = context("committee", Role::Committee, "2022-02-20", programme());
        TestFramework::<Beneficiary>::with(context).given(given.clone())
    };
    let expected = give(
        &up_to("record-interview"),
        &("decide-selection", "committee", "2022-02-20", decision.clone()),
    )
    .unwrap();
    executor().when(parse("decide-selection", &decision)).then_expect_events(expected);
}

#[test]
fn an_age_outside_the_rules_is_not_eligible_unless_a_director_says_why() {
    let mut path = Beneficiary::default();
    let mut old = registration();
    old["birth_year"] = json!(1960);
    take_all(
        &mut path,
        &[
            ("register", "adviser", "2022-01-10", old),
            walk()[1].clone(),
            ("assess-eligibility", "adviser", "2022-02-01", json!({})),
        ],
    );
    assert!(!path.state().eligibility.as_ref().unwrap().assessment.eligible);
    take_all(&mut path, &[walk()[4].clone()]);
    let selected = (
        "decide-selection",
        "committee",
        "2022-02-20",
        json!({"decision": "selected", "method": "committee", "session": "s"}),
    );
    assert_eq!(rule_of(give(&path, &selected)), "not_eligible");
    let overriding = parse("assess-eligibility", &json!({"override_reason": SEALED}));
    let director = context("directrice", Role::Director, "2022-02-10", programme());
    for event in decide(&path, overriding, &director).unwrap() {
        path.take(event);
    }
    assert!(give(&path, &selected).is_ok());
}

#[test]
fn a_fact_is_judged_by_the_rules_of_its_own_day() {
    let mut programme = programme();
    let stricter = json!({"effective_from": "2022-04-01", "rules": {"assessment_pass_mark": 80}});
    let command = ProgrammeCommand::parse("set-rules", stricter).unwrap().unwrap();
    let director = context("directrice", Role::Director, "2022-04-01", Programme::default());
    for event in sira_domain::programme::decide(&programme, command, &director).unwrap() {
        programme.take(&event);
    }
    let path = up_to("decide-selection");
    let assess = |on: &str| {
        let command = parse("record-assessment", &json!({"module": "leadership", "score": 60}));
        let context = context("trainer", Role::Trainer, on, programme.clone());
        let mut events = decide(&path, command, &context).unwrap();
        let event = events.remove(0);
        let Fact::ModuleAssessed(assessment) = event.fact else { panic!("another fact") };
        (event.rules, assessment.passed)
    };
    assert_eq!(assess("2022-03-31"), (1, true));
    assert_eq!(assess("2022-04-01"), (2, false));
}

#[test]
fn a_retracted_event_stays_in_the_stream_and_the_state_is_folded_without_it() {
    let mut path = up_to("revise-idea");
    let before = up_to("submit-idea");
    take_all(
        &mut path,
        &[("retract", "adviser", "2022-02-01", json!({"sequence": 3, "reason": SEALED}))],
    );
    assert_eq!(path.state(), before.state());
    assert_eq!((path.version(), path.is_retracted(3)), (4, true));
}

#[test]
fn what_later_events_rest_on_is_not_retracted_and_the_later_event_is_named() {
    let path = up_to("decide-selection");
    let retract =
        ("retract", "interviewer", "2022-03-01", json!({"sequence": 5, "reason": SEALED}));
    let Err(Refusal::RestsOn { sequence, event, because }) = give(&path, &retract) else {
        panic!("not refused")
    };
    assert_eq!((sequence, event, because.rule()), (6, "SelectionDecided", "missing_step"));
}

#[test]
fn only_the_author_or_a_director_retracts_and_money_never_is() {
    let path = up_to("complete-path");
    let by = |actor: &str, role: Role, sequence: u64| {
        let command = parse("retract", &json!({"sequence": sequence, "reason": SEALED}));
        decide(&path, command, &context(actor, role, "2024-06-02", programme()))
    };
    assert_eq!(rule_of(by("somebody", Role::Adviser, 21)), "needs_role");
    assert!(by("somebody", Role::Director, 21).is_ok());
    assert!(by("adviser", Role::Adviser, 21).is_ok());
    for money in [15, 17, 22] {
        assert_eq!(rule_of(by("directrice", Role::Director, money)), "not_retractable");
    }
}

#[test]
fn a_retracted_registration_can_be_made_again() {
    let mut path = up_to("register");
    take_all(
        &mut path,
        &[("retract", "adviser", "2022-02-01", json!({"sequence": 1, "reason": SEALED}))],
    );
    assert!(path.state().registration.is_none());
    take_all(&mut path, &[("register", "adviser", "2022-02-02", registration())]);
    assert!(path.state().registration.is_some());
}

#[test]
fn an_erased_person_takes_no_sealed_text_and_keeps_path_and_figures() {
    let mut path = up_to("record-support");
    let before = path.state().clone();
    take_all(
        &mut path,
        &[("erase-personal-data", "admin", "2022-07-01", json!({"ground": "request"}))],
    );
    assert!(path.state().is_erased() && path.state().identity.is_none());
    assert_eq!(path.state().financings, before.financings);
    let note = ("add-note", "adviser", "2022-07-02", json!({"text": SEALED}));
    assert_eq!(rule_of(give(&path, &note)), "person_erased");
    let repayment = json!({"financing": 1, "principal": 10, "interest": 0, "method": "in_kind", "payment_reference": "R"});
    take_all(&mut path, &[("record-repayment", "finance", "2022-07-02", repayment)]);
}

/// Commands by chance: mostly steps of the walk, shuffled, repeated, by whoever, whenever.
fn any_step() -> impl Strategy<Value = Step> {
    let steps: Vec<Step> =
        walk().into_iter().chain(asides().into_iter().map(|(_, step)| step)).collect();
    let actors =
        prop::sample::select(vec!["adviser", "interviewer", "committee", "finance", "director"]);
    let days = prop::sample::select(vec![
        "2022-01-10",
        "2022-03-05",
        "2022-05-02",
        "2023-06-01",
        "2024-06-01",
    ]);
    (prop::sample::select(steps), actors, days, 0..4_u8).prop_map(|(step, actor, on, change)| {
        let actor = if change & 1 == 0 { step.1 } else { actor };
        let on = if change & 2 == 0 { step.2 } else { on };
        (step.0, actor, on, step.3)
    })
}

/// The walk with some steps left out or given twice, and others thrown in.
fn any_history() -> impl Strategy<Value = Vec<Step>> {
    let length = walk().len();
    let counts =
        prop::collection::vec(prop::sample::select(vec![0_usize, 1, 1, 1, 1, 1, 2]), length);
    let extras = prop::collection::vec((0..length, any_step()), 0..25);
    (counts, extras).prop_map(|(counts, extras)| {
        let mut steps: Vec<Step> = Vec::new();
        for (index, (step, count)) in walk().into_iter().zip(counts).enumerate() {
            steps.extend(std::iter::repeat_n(step, count));
            steps.extend(
                extras.iter().filter(|(place, _)| *place == index).map(|(_, step)| step.clone()),
            );
        }
        steps
    })
}

fn check_invariants(path: &Beneficiary) {
    let state = path.state();
    for financing in &state.financings {
        assert!(
            financing.disbursed() <= financing.approved()
                && financing.approved() <= financing.requested()
        );
        let paid: BTreeSet<_> = financing.paid().iter().map(|paid| paid.tranche).collect();
        assert_eq!(paid.len(), financing.paid().len(), "a tranche was paid twice");
        if let Some(approval) = financing.approval() {
            assert_ne!(approval.by, financing.request().by, "the approver had asked for it");
        }
    }
    if let Some(selection) =
        state.selection.as_ref().filter(|selection| selection.selection.method.code() != "lottery")
    {
        assert_ne!(Some(&selection.by), state.interview.as_ref().map(|interview| &interview.by));
    }
    if let Some(business) = &state.business {
        assert!(state.training.as_ref().is_some_and(|training| training.on <= business.started_on));
    }
    assert_eq!(state.status == Status::Completed, state.stage == Stage::Completed);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_keeps_the_invariants_and_replays_to_the_same_state(steps in any_history()) {
        let programme = programme();
        let mut path = Beneficiary::default();
        for step in &steps {
            let before = path.state().clone();
            for event in give(&path, step).unwrap_or_default() {
                prop_assert!(lawful(&before, &event, &programme, subject()).is_ok());
                path.take(event);
            }
            check_invariants(&path);
        }
        let mut replayed = Beneficiary::default();
        for event in path.past() {
            let stored = serde_json::to_string(&**event).unwrap();
            replayed.take(serde_json::from_str(&stored).unwrap());
        }
        prop_assert_eq!(replayed, path);
    }

    #[test]
    fn a_retraction_is_refused_or_gives_the_state_without_the_event(steps in any_history(), chosen in 1_u64..40) {
        let mut path = Beneficiary::default();
        for step in &steps {
            for event in give(&path, step).unwrap_or_default() {
                path.take(event);
            }
        }
        let command = parse("retract", &json!({"sequence": chosen, "reason": OTHER}));
        let director = context("directrice", Role::Director, "2025-01-01", programme());
        let was_retracted = path.is_retracted(chosen);
        let Ok(events) = decide(&path, command, &director) else { return Ok(()) };
        prop_assert_eq!(events.is_empty(), was_retracted);
        let mut without = Beneficiary::default();
        let standing: Vec<BeneficiaryEvent> = path.standing().filter(|(sequence, _)| *sequence != chosen).map(|(_, event)| event.clone()).collect();
        for event in standing.into_iter().filter(|event| !matches!(event.fact, Fact::Retracted(_))) {
            prop_assert!(lawful(without.state(), &event, &programme(), subject()).is_ok());
            without.take(event);
        }
        for event in events {
        path.take(event);
    }
        let keyless = |path: &Beneficiary| { let mut state = path.state().clone(); state.keys.clear(); state };
        prop_assert_eq!(keyless(&path), keyless(&without));
    }
}
