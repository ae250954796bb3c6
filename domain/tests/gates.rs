//! The gates of programmes, cohorts and funds: whatever the gate refuses, every body is refused with
//! the same refusal, or has happened already.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use sira_domain::cohort::{self, COHORT_COMMANDS, Cohort, CohortCommand, CohortEvent};
use sira_domain::context::Context;
use sira_domain::fund::{self, FUND_COMMANDS, Fund, FundCommand, FundEvent};
use sira_domain::programme::{self, PROGRAMME_COMMANDS, Programme, ProgrammeCommand};
use sira_domain::refusal::{Amount, Item, Refusal};
use sira_domain::role::Role;
use sira_domain::values::{Period, Xof};
use uuid::Uuid;

const PROGRAMME: &str = "0176bb3e-7000-7000-8000-000000000001";
const DAYS: [&str; 6] =
    ["2020-01-01", "2022-02-01", "2022-03-02", "2022-04-30", "2023-12-31", "2026-07-01"];

fn context(on: &str, programme: &Programme) -> Context {
    Context {
        now: "2026-06-01T09:00:00Z".parse().unwrap(),
        occurred_on: Some(on.parse().unwrap()),
        backdating_reason: None,
        actor: "directrice".parse().unwrap(),
        role: Role::Director,
        subject: Uuid::nil(),
        programme: Arc::new(programme.clone()),
    }
}

/// One command: its word, its day and its body.
type Given = (&'static str, &'static str, Value);

fn programme_bodies() -> Vec<Given> {
    let party = json!([{"name": "Agence", "role": "agency"}]);
    let convention = |name: &str, renewable: bool| {
        json!({"name": name, "parties": party,
        "signed_on": "2021-07-06", "term_years": 3, "renewable": renewable})
    };
    vec![
        ("sign-convention", "2021-07-06", convention("Essai", false)),
        ("sign-convention", "2021-07-06", convention("Autre", true)),
        ("renew-convention", "2022-02-01", json!({"term_years": 1})),
        ("set-rules", "2022-02-01", json!({"effective_from": "2021-07-06", "rules": {}})),
        (
            "set-target",
            "2022-02-01",
            json!({"indicator": "registered", "value": 12,
            "period": {"from": "2022-01-01", "to": "2022-12-31"}}),
        ),
        (
            "open-office",
            "2021-07-06",
            json!({"office": "segou", "name": "Ségou", "region": "segou"}),
        ),
        ("close-office", "2022-04-30", json!({"office": "segou"})),
        ("close-office", "2022-04-30", json!({"office": "gao"})),
        (
            "rank-candidates",
            "2022-02-01",
            json!({"session": "r", "entries": [Uuid::nil()], "seats": 1}),
        ),
        (
            "record-lottery",
            "2022-02-01",
            json!({"session": "d", "entries": [Uuid::nil()],
            "seed": "7", "places": 1}),
        ),
        ("close-call", "2022-02-01", json!({})),
        (
            "record-commitment",
            "2022-02-01",
            json!({"party": "agency", "what": "Former 200 personnes", "due_on": "2022-12-31"}),
        ),
        ("fulfil-commitment", "2022-03-02", json!({"commitment": 1})),
        ("fulfil-commitment", "2022-03-02", json!({"commitment": 2})),
        ("reopen-commitment", "2022-04-30", json!({"commitment": 1, "reason": "Par erreur"})),
        ("withdraw-commitment", "2022-04-30", json!({"commitment": 1, "reason": "Abandonné"})),
        (
            "review-convention",
            "2022-04-30",
            json!({"on": "2022-04-30", "findings": "En bonne voie", "next_review_on": "2022-10-30"}),
        ),
        (
            "open-call",
            "2022-02-01",
            json!({"from": "2022-02-01", "to": "2022-03-01", "regions": ["segou"], "keep_days": 30}),
        ),
        (
            "open-call",
            "2022-03-02",
            json!({"from": "2022-02-01", "to": "2022-04-01", "regions": ["gao"], "keep_days": 9}),
        ),
    ]
}

fn fund_bodies() -> Vec<Given> {
    let open = |budget: u64| {
        json!({"programme": PROGRAMME, "code": "bailleur", "donor": "Bailleur",
        "budget": budget, "period": {"from": "2022-01-01", "to": "2023-12-31"}})
    };
    vec![
        ("open-fund", "2022-02-01", open(1_000)),
        ("open-fund", "2022-02-01", open(2_000)),
        ("adjust-budget", "2022-03-02", json!({"budget": 600, "amendment": "Avenant 1"})),
        ("adjust-budget", "2022-03-02", json!({"budget": 0, "amendment": "Avenant 2"})),
        ("close-fund", "2023-12-31", json!({})),
        (
            "confirm-reconciliation",
            "2022-04-30",
            json!({"statement": "0".repeat(64),
            "lines": [{"line": 4, "payment_reference": "OM-1"}]}),
        ),
        (
            "record-overhead",
            "2022-04-30",
            json!({"line": "frais", "amount": 10, "payment_reference": "V-1",
            "what": "Loyer"}),
        ),
        ("reverse-overhead", "2022-04-30", json!({"undone_reference": "V-1", "ground": "bounced"})),
        (
            "withdraw-reconciliation",
            "2022-04-30",
            json!({"statement": "0".repeat(64), "lines": [4],
            "ground": "recorded_in_error"}),
        ),
    ]
}

fn cohort_bodies() -> Vec<Given> {
    let plan = |code: &str| {
        json!({"programme": PROGRAMME, "code": code, "office": "segou",
        "centre": "Centre", "capacity": 2, "modules": ["leadership"], "trainer": "formatrice",
        "period": {"from": "2022-03-01", "to": "2022-04-30"}})
    };
    let session = |name: &str| json!({"session": name, "on": "2022-03-02", "hours": 6});
    let line = json!([{"beneficiary": Uuid::from_u128(1), "present": true}]);
    vec![
        ("plan-cohort", "2022-02-01", plan("g1")),
        ("plan-cohort", "2022-02-01", plan("g2")),
        ("schedule-session", "2022-02-01", session("s1")),
        ("schedule-session", "2022-02-01", session("s2")),
        ("record-register", "2022-03-02", json!({"session": "s1", "lines": line})),
        ("close-cohort", "2022-04-30", json!({})),
    ]
}

fn programme_after(steps: &[Given]) -> Programme {
    let mut state = Programme::default();
    for (word, on, body) in steps {
        let command = ProgrammeCommand::parse(word, body.clone()).unwrap().unwrap();
        let decided = programme::decide(&state, command, &context(on, &Programme::default()));
        for event in decided.unwrap_or_default() {
            state.take(&event);
        }
    }
    state
}

/// The programme that funds and cohorts belong to.
fn whole_programme() -> Programme {
    let steps = programme_bodies();
    programme_after(&[steps[0].clone(), steps[5].clone()])
}

fn money(kind: &str, amount: u64) -> FundEvent {
    let mut body = json!({"beneficiary": Uuid::from_u128(7), "financing": 1, "amount": amount});
    if kind == "Disbursed" {
        body["tranche"] = json!(1);
        body["payment_reference"] = json!(format!("P-{amount}"));
    }
    serde_json::from_value(
        json!({"occurred_on": "2022-06-01", "by": "comite", "fact": {kind: body}}),
    )
    .unwrap()
}

fn fund_after(steps: &[Given], commitments: &[(&str, u64)]) -> Fund {
    let programme = whole_programme();
    let mut state = Fund::default();
    for (word, on, body) in steps {
        let command = FundCommand::parse(word, body.clone()).unwrap().unwrap();
        for event in fund::decide(&state, command, &context(on, &programme)).unwrap_or_default() {
            state.take(&event);
        }
        for (kind, amount) in commitments {
            let event = money(kind, *amount);
            if fund::lawful(&state, &event, &programme).is_ok() {
                state.take(&event);
            }
        }
    }
    state
}

fn cohort_after(steps: &[Given]) -> Cohort {
    let programme = whole_programme();
    let mut state = Cohort::default();
    for (word, on, body) in steps {
        let command = CohortCommand::parse(word, body.clone()).unwrap().unwrap();
        let context = context(on, &programme);
        let events: Vec<CohortEvent> = match &command {
            CohortCommand::RecordRegister(_) => Vec::new(),
            _ => cohort::decide(&state, command, &context).unwrap_or_default(),
        };
        for event in events {
            state.take(&event);
        }
    }
    state
}

fn some_of(bodies: Vec<Given>) -> impl Strategy<Value = Vec<Given>> {
    prop::collection::vec(prop::sample::select(bodies), 0..8)
}

/// Refused as the gate refuses, or done already.
fn agrees<E: PartialEq>(decided: &Result<Vec<E>, Refusal>, gate: &Refusal) -> bool {
    decided.as_ref().err() == Some(gate) || decided.as_ref().is_ok_and(Vec::is_empty)
}

#[test]
fn a_word_that_is_no_command_of_the_aggregate_is_named() {
    let context = context("2022-02-01", &whole_programme());
    let refusal =
        Err(Refusal::Unknown { item: Item::Command, name: "register".into(), field: "command" });
    assert_eq!(programme::gate(&Programme::default(), "register", &context), refusal);
    assert_eq!(cohort::gate(&Cohort::default(), "register", &context), refusal);
    assert_eq!(fund::gate(&Fund::default(), "register", &context), refusal);
}

#[test]
fn before_it_has_begun_a_stream_takes_the_first_command_alone() {
    let context = context("2022-02-01", &whole_programme());
    for (table, first) in [
        (PROGRAMME_COMMANDS, "sign-convention"),
        (COHORT_COMMANDS, "plan-cohort"),
        (FUND_COMMANDS, "open-fund"),
    ] {
        for word in table.iter().map(|entry| entry.word) {
            let answer = match first {
                "sign-convention" => programme::gate(&Programme::default(), word, &context),
                "plan-cohort" => cohort::gate(&Cohort::default(), word, &context),
                _ => fund::gate(&Fund::default(), word, &context),
            };
            let expected = if word == first { Ok(()) } else { Err(Refusal::NotRegistered) };
            assert_eq!(answer, expected, "{word}");
        }
    }
}

#[test]
fn a_convention_that_is_not_renewable_is_not_renewed() {
    let signed = programme_after(&programme_bodies()[..1]);
    let context = context("2022-02-01", &Programme::default());
    let refusal = Err(Refusal::Settled { item: Item::Convention, name: "Essai".into() });
    assert_eq!(programme::gate(&signed, "renew-convention", &context), refusal);
    assert_eq!(programme::gate(&signed, "set-rules", &context), Ok(()));
}

#[test]
fn an_office_is_closed_where_one_is_open() {
    let steps = programme_bodies();
    let context = context("2022-04-30", &Programme::default());
    let none = Err(Refusal::Unknown { item: Item::Office, name: String::new(), field: "office" });
    let signed = programme_after(&steps[..1]);
    assert_eq!(programme::gate(&signed, "close-office", &context), none);
    let open = programme_after(&[steps[0].clone(), steps[5].clone()]);
    assert_eq!(programme::gate(&open, "close-office", &context), Ok(()));
}

#[test]
fn a_cohort_does_not_close_before_it_begins_and_has_a_register_for_a_session_alone() {
    let steps = cohort_bodies();
    let planned = cohort_after(&steps[..1]);
    let context = context("2022-02-01", &whole_programme());
    let period = Period { from: "2022-03-01".parse().unwrap(), to: "2022-04-30".parse().unwrap() };
    let given = "2022-02-01".parse().unwrap();
    let outside = Err(Refusal::OutsidePeriod { item: Item::Cohort, period, given });
    assert_eq!(cohort::gate(&planned, "close-cohort", &context), outside);
    let none = Err(Refusal::Unknown { item: Item::Session, name: String::new(), field: "session" });
    assert_eq!(cohort::gate(&planned, "record-register", &context), none);
    assert_eq!(cohort::gate(&cohort_after(&steps[..3]), "record-register", &context), Ok(()));
}

#[test]
fn a_fund_with_money_to_be_paid_out_does_not_close() {
    let fund = fund_after(&fund_bodies()[..1], &[("Committed", 600), ("Disbursed", 400)]);
    let context = context("2022-07-01", &whole_programme());
    let (what, limit, given) = (Amount::LeftCommitted, Xof::ZERO, Xof::of(200));
    let refusal = Err(Refusal::TooMuch { what, limit, given });
    assert_eq!(fund::gate(&fund, "close-fund", &context), refusal);
    assert_eq!(fund::gate(&fund, "adjust-budget", &context), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_programmes_gate_refuses_every_body_is(steps in some_of(programme_bodies()), on in prop::sample::select(&DAYS[..])) {
        let state = programme_after(&steps);
        let context = context(on, &Programme::default());
        for (word, _, body) in programme_bodies() {
            let Err(refusal) = programme::gate(&state, word, &context) else { continue };
            let command = ProgrammeCommand::parse(word, body).unwrap().unwrap();
            let decided = programme::decide(&state, command, &context);
            prop_assert!(agrees(&decided, &refusal), "{word}: {decided:?}, not {refusal:?}");
        }
    }

    #[test]
    fn whatever_a_cohorts_gate_refuses_every_body_is(steps in some_of(cohort_bodies()), on in prop::sample::select(&DAYS[..])) {
        let state = cohort_after(&steps);
        let context = context(on, &whole_programme());
        for (word, _, body) in cohort_bodies() {
            let Err(refusal) = cohort::gate(&state, word, &context) else { continue };
            match CohortCommand::parse(word, body).unwrap().unwrap() {
                CohortCommand::RecordRegister(sheet) => {
                    let taken = cohort::take_register(&state, &sheet, &BTreeMap::new(), &context);
                    prop_assert_eq!(taken.err(), Some(refusal));
                }
                command => {
                    let decided = cohort::decide(&state, command, &context);
                    prop_assert!(agrees(&decided, &refusal), "{word}: {decided:?}, not {refusal:?}");
                }
            }
        }
    }

    #[test]
    fn whatever_a_funds_gate_refuses_every_body_is(
        steps in some_of(fund_bodies()),
        moves in prop::collection::vec((prop::sample::select(vec!["Committed", "Disbursed"]), 1_u64..400), 0..3),
        on in prop::sample::select(&DAYS[..]),
    ) {
        let state = fund_after(&steps, &moves);
        let context = context(on, &whole_programme());
        for (word, _, body) in fund_bodies() {
            let Err(refusal) = fund::gate(&state, word, &context) else { continue };
            let command = FundCommand::parse(word, body).unwrap().unwrap();
            let decided = fund::decide(&state, command, &context);
            prop_assert!(agrees(&decided, &refusal), "{word}: {decided:?}, not {refusal:?}");
        }
    }
}
