//! The rules of cohorts, funds and loans: given a stream, when a command or an event of a path, then
//! events or a refusal with its numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::{Value, json};
use sira_domain::cohort::{self, COHORT_COMMANDS, Cohort, CohortCommand, CohortEvent};
use sira_domain::context::Context;
use sira_domain::fund::{self, FUND_COMMANDS, Fund, FundCommand, FundEvent};
use sira_domain::path::{FinancingState, LoanStanding, portfolio_at_risk};
use sira_domain::programme::{Programme, ProgrammeCommand};
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::Xof;
use uuid::Uuid;

const PROGRAMME: &str = "0176bb3e-7000-7000-8000-000000000001";

fn person(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

/// The convention of 6 July 2021: three years, renewable, with an office in Ségou.
fn programme() -> Programme {
    let mut programme = Programme::default();
    let commands = [
        (
            "sign-convention",
            json!({"name": "Convention ANPE - Think Peace", "signed_on": "2021-07-06", "term_years": 3, "renewable": true,
                   "parties": [{"name": "ANPE Mali", "role": "agency"}, {"name": "Think Peace", "role": "implementer"}]}),
        ),
        ("open-office", json!({"office": "segou", "name": "Ségou", "region": "segou"})),
    ];
    for (word, body) in commands {
        let command = ProgrammeCommand::parse(word, body).unwrap().unwrap();
        let context = context("2021-07-06", Programme::default());
        for event in sira_domain::programme::decide(&programme, command, &context).unwrap() {
            programme.take(&event);
        }
    }
    programme
}

fn context(on: &str, programme: Programme) -> Context {
    Context {
        now: "2026-06-01T09:00:00Z".parse().unwrap(),
        occurred_on: Some(on.parse().unwrap()),
        actor: "directrice".parse().unwrap(),
        role: Role::Director,
        subject: Uuid::nil(),
        programme: Arc::new(programme),
    }
}

fn fund_command(
    fund: &Fund,
    on: &str,
    word: &str,
    body: &Value,
) -> Result<Vec<FundEvent>, Refusal> {
    let command = FundCommand::parse(word, body.clone()).unwrap().unwrap();
    fund::decide(fund, command, &context(on, programme()))
}

fn envelope(budget: u64) -> Value {
    json!({"programme": PROGRAMME, "code": "bailleur", "donor": "Bailleur", "budget": budget,
           "period": {"from": "2022-01-01", "to": "2023-12-31"}})
}

fn fund_of(budget: u64) -> Fund {
    let mut fund = Fund::default();
    for event in fund_command(&fund, "2022-01-01", "open-fund", &envelope(budget)).unwrap() {
        fund.take(&event);
    }
    fund
}

/// An event that a path's decision brings to a fund.
fn moved(on: &str, kind: &str, amount: u64, reference: u32) -> FundEvent {
    let id = person(7);
    let body = match kind {
        "Disbursed" => {
            json!({"beneficiary": id, "financing": 1, "tranche": 1, "amount": amount, "payment_reference": format!("P-{reference}")})
        }
        "Repaid" => {
            json!({"beneficiary": id, "financing": 1, "principal": amount, "interest": 1, "payment_reference": format!("P-{reference}")})
        }
        _ => json!({"beneficiary": id, "financing": 1, "amount": amount}),
    };
    serde_json::from_value(json!({"occurred_on": on, "by": "comite", "fact": {kind: body}}))
        .unwrap()
}

fn after(budget: u64, events: &[(&str, u64)]) -> Fund {
    let mut fund = fund_of(budget);
    for (reference, (kind, amount)) in (0..).zip(events) {
        let event = moved("2022-06-01", kind, *amount, reference);
        fund::lawful(&fund, &event, &programme()).unwrap();
        fund.take(&event);
    }
    fund
}

#[test]
fn a_fund_says_what_it_committed_paid_got_back_and_has_left() {
    let fund =
        after(1_000, &[("Committed", 600), ("Disbursed", 400), ("Released", 100), ("Repaid", 150)]);
    let sums = [fund.committed(), fund.disbursed(), fund.open_commitments(), fund.free()];
    assert_eq!(sums.map(Xof::francs), [350, 250, 100, 650]);
    assert_eq!((fund.committed_in_all.francs(), fund.interest.francs()), (600, 1));
}

/// What has happened, what is asked (day, kind, amount, reference), the rule and the number it says.
type Case = (
    &'static [(&'static str, u64)],
    (&'static str, &'static str, u64, u32),
    &'static str,
    &'static str,
);

#[test]
fn what_a_fund_cannot_bear_is_refused_with_the_number_that_forbids_it() {
    let spent: &'static [(&str, u64)] = &[("Committed", 600), ("Disbursed", 400)];
    let cases: &[Case] = &[
        (&[], ("2022-06-01", "Committed", 1_001, 9), "amount_above_limit", "1\u{202f}000"),
        (spent, ("2022-06-01", "Committed", 401, 9), "amount_above_limit", "400"),
        (&[], ("2021-12-31", "Committed", 1, 9), "outside_period", "2022-01-01 au 2023-12-31"),
        (&[], ("2024-01-01", "Committed", 1, 9), "outside_period", "2023-12-31"),
        (spent, ("2022-06-01", "Released", 201, 9), "amount_above_limit", "200"),
        (spent, ("2022-06-01", "Disbursed", 201, 9), "amount_above_limit", "200"),
        (spent, ("2022-06-01", "Disbursed", 100, 1), "already_settled", "P-1"),
        (spent, ("2022-06-01", "Repaid", 401, 9), "amount_above_limit", "400"),
        (spent, ("2022-06-01", "Repaid", 100, 1), "already_settled", "P-1"),
    ];
    for (given, (on, kind, amount, reference), rule, number) in cases {
        let fund = after(1_000, given);
        let refusal =
            fund::lawful(&fund, &moved(on, kind, *amount, *reference), &programme()).unwrap_err();
        let detail = refusal.detail(sira_domain::reference::Language::Fr);
        assert_eq!(refusal.rule(), *rule, "{kind} {amount}");
        assert!(detail.contains(number), "{detail} does not say {number}");
    }
}

#[test]
fn a_funds_own_commands_are_carried_out_once_and_refused_by_rule() {
    let fund = after(1_000, &[("Committed", 600), ("Disbursed", 400)]);
    let again = fund_command(&fund, "2022-01-01", "open-fund", &envelope(1_000));
    assert_eq!(again.unwrap(), Vec::new());
    let adjusted = json!({"budget": 600, "amendment": "Avenant 1"});
    assert_eq!(fund_command(&fund, "2022-07-01", "adjust-budget", &adjusted).unwrap().len(), 1);
    let cases = [
        ("open-fund", envelope(2_000), "already_done_otherwise"),
        ("adjust-budget", json!({"budget": 599, "amendment": "Avenant 1"}), "amount_below_limit"),
        ("close-fund", json!({}), "amount_above_limit"),
    ];
    for (word, body, rule) in &cases {
        assert_eq!(
            fund_command(&fund, "2022-07-01", word, body).unwrap_err().rule(),
            *rule,
            "{word}"
        );
    }
    let known: BTreeSet<_> = FUND_COMMANDS.iter().map(|entry| entry.word).collect();
    assert_eq!(known, cases.iter().map(|(word, ..)| *word).collect(), "a command without a test");
    let mut closed = after(1_000, &[("Committed", 400), ("Disbursed", 400)]);
    closed.take(&fund_command(&closed, "2023-12-31", "close-fund", &json!({})).unwrap()[0]);
    assert_eq!(fund_command(&closed, "2023-12-31", "close-fund", &json!({})).unwrap(), Vec::new());
    let late = fund::lawful(&closed, &moved("2023-12-31", "Committed", 1, 9), &programme());
    assert_eq!(late.unwrap_err().rule(), "already_settled");
    assert!(fund::lawful(&closed, &moved("2025-01-01", "Repaid", 400, 9), &programme()).is_ok());
    let nothing = fund_command(&Fund::default(), "2022-01-01", "open-fund", &envelope(0));
    assert_eq!(nothing.unwrap_err().rule(), "amount_below_limit");
}

fn cohort_command(
    cohort: &Cohort,
    on: &str,
    word: &str,
    body: &Value,
) -> Result<Vec<CohortEvent>, Refusal> {
    let command = CohortCommand::parse(word, body.clone()).unwrap().unwrap();
    cohort::decide(cohort, command, &context(on, programme()))
}

fn plan(field: &str, value: Value) -> Value {
    let mut plan = json!({"programme": PROGRAMME, "code": "g1", "office": "segou", "centre": "Centre", "capacity": 2,
        "modules": ["leadership"], "trainer": "formatrice", "period": {"from": "2022-03-01", "to": "2022-04-30"}});
    plan[field] = value;
    plan
}

fn planned() -> Cohort {
    let mut cohort = Cohort::default();
    let session = json!({"session": "s1", "on": "2022-03-02", "hours": 6, "module": "leadership"});
    for (word, body) in [("plan-cohort", plan("code", json!("g1"))), ("schedule-session", session)]
    {
        for event in cohort_command(&cohort, "2022-02-01", word, &body).unwrap() {
            cohort.take(&event);
        }
    }
    cohort
}

fn seat(on: &str, kind: &str, who: u128) -> CohortEvent {
    let fact = json!({kind: {"beneficiary": person(who)}});
    serde_json::from_value(json!({"occurred_on": on, "by": "conseiller", "fact": fact})).unwrap()
}

#[test]
fn a_cohort_has_the_seats_it_was_planned_with() {
    let mut cohort = planned();
    for who in [1, 2] {
        let taken = seat("2022-02-20", "SeatTaken", who);
        cohort::lawful(&cohort, &taken, &programme()).unwrap();
        cohort.take(&taken);
    }
    let refused = |event: CohortEvent| cohort::lawful(&cohort, &event, &programme()).unwrap_err();
    assert_eq!(
        refused(seat("2022-02-20", "SeatTaken", 3)).detail(sira_domain::reference::Language::En),
        "seats of the cohort: 3, at most 2"
    );
    assert_eq!(refused(seat("2022-02-20", "SeatTaken", 1)).rule(), "already_settled");
    assert_eq!(refused(seat("2022-05-01", "SeatTaken", 3)).rule(), "outside_period");
    assert_eq!(refused(seat("2022-02-20", "SeatReturned", 3)).rule(), "unknown_item");
    let mut freed = cohort.clone();
    freed.take(&seat("2022-03-01", "SeatReturned", 2));
    assert!(cohort::lawful(&freed, &seat("2022-03-01", "SeatTaken", 3), &programme()).is_ok());
}

#[test]
fn a_cohorts_own_commands_are_carried_out_once_and_refused_by_rule() {
    let cohort = planned();
    let session = |field: &str, value: Value| {
        let mut session = json!({"session": "s2", "on": "2022-03-03", "hours": 6});
        session[field] = value;
        session
    };
    for (word, body) in [
        ("plan-cohort", plan("code", json!("g1"))),
        (
            "schedule-session",
            json!({"session": "s1", "on": "2022-03-02", "hours": 6, "module": "leadership"}),
        ),
    ] {
        assert_eq!(
            cohort_command(&cohort, "2022-02-01", word, &body).unwrap(),
            Vec::new(),
            "{word}"
        );
    }
    let new = Cohort::default();
    let cases = [
        (&new, "plan-cohort", plan("office", json!("gao")), "office_closed"),
        (&new, "plan-cohort", plan("modules", json!(["welding"])), "unknown_item"),
        (&new, "plan-cohort", plan("modules", json!([])), "below_threshold"),
        (
            &new,
            "plan-cohort",
            plan("period", json!({"from": "2024-07-01", "to": "2024-07-06"})),
            "outside_term",
        ),
        (&cohort, "plan-cohort", plan("capacity", json!(3)), "already_done_otherwise"),
        (&new, "schedule-session", session("hours", json!(6)), "not_registered"),
        (&cohort, "schedule-session", session("session", json!("s1")), "already_done_otherwise"),
        (&cohort, "schedule-session", session("on", json!("2022-05-01")), "outside_period"),
        (&cohort, "schedule-session", session("hours", json!(0)), "fields_disagree"),
        (&cohort, "schedule-session", session("module", json!("management")), "unknown_item"),
        (&cohort, "close-cohort", json!({}), "outside_period"),
    ];
    for (cohort, word, body, rule) in &cases {
        assert_eq!(
            cohort_command(cohort, "2022-02-01", word, body).unwrap_err().rule(),
            *rule,
            "{word} {body}"
        );
    }
    let mut tried: BTreeSet<_> = cases.iter().map(|(_, word, ..)| *word).collect();
    tried.insert("record-register");
    assert_eq!(
        tried,
        COHORT_COMMANDS.iter().map(|entry| entry.word).collect(),
        "a command without a test"
    );
    let mut closed = cohort.clone();
    closed.take(&cohort_command(&cohort, "2022-04-30", "close-cohort", &json!({})).unwrap()[0]);
    assert_eq!(
        cohort_command(&closed, "2022-04-30", "close-cohort", &json!({})).unwrap(),
        Vec::new()
    );
    let late = cohort::lawful(&closed, &seat("2022-04-30", "SeatTaken", 1), &programme());
    assert_eq!(late.unwrap_err().rule(), "already_settled");
}

#[test]
fn a_register_is_of_its_sessions_day_and_never_of_one_to_come() {
    let cohort = planned();
    let take = |on: &str, session: &str, now: &str| {
        let sheet = serde_json::from_value(
            json!({"session": session, "lines": [{"beneficiary": person(1), "present": true}]}),
        )
        .unwrap();
        let context = Context { now: now.parse().unwrap(), ..context(on, programme()) };
        cohort::take_register(&cohort, &sheet, &BTreeMap::new(), &context).unwrap_err().rule()
    };
    let now = "2022-06-01T00:00:00Z";
    assert_eq!(take("2022-03-03", "s1", now), "fields_disagree");
    assert_eq!(take("2022-03-02", "s9", now), "unknown_item");
    assert_eq!(take("2022-03-02", "s1", "2022-03-01T23:00:00Z"), "date_in_future");
    assert_eq!(take("2022-03-02", "s1", now), "unknown_item", "nobody by that id");
}

/// A loan of 90,000 in three instalments, paid out whole.
fn loan(repaid: u64, since_schedule: u64) -> FinancingState {
    let due = |on: &str| json!({"due_on": on, "principal": 30_000, "interest": 0});
    let back =
        json!({"on": "2022-06-01", "principal": repaid, "interest": 0, "payment_reference": "R"});
    serde_json::from_value(json!({
        "financing": 1, "instrument": "loan", "fund": PROGRAMME, "requested": 90_000,
        "request": {"on": "2022-01-01", "by": "a"}, "approval": {"on": "2022-01-02", "by": "b"}, "refusal": null,
        "approved": 90_000, "tranches": [], "schedule": [due("2022-06-30"), due("2022-07-31"), due("2022-08-31")],
        "agreement_on": "2022-01-03", "written_off_on": null, "reschedulings": 0,
        "paid": [{"tranche": 1, "on": "2022-01-04", "amount": 90_000, "payment_reference": "P"}],
        "repaid": [back], "repaid_since_schedule": since_schedule
    }))
    .unwrap()
}

fn standing(loan: &FinancingState, on: &str) -> (u64, u64, u32) {
    let day: NaiveDate = on.parse().unwrap();
    let standing = loan.loan_standing(day).unwrap();
    (standing.outstanding.francs(), standing.overdue.francs(), standing.days_past_due)
}

#[test]
fn days_past_due_count_from_the_oldest_instalment_that_is_not_paid() {
    let unpaid = loan(0, 0);
    assert_eq!(standing(&unpaid, "2022-06-30"), (90_000, 0, 0), "the day it is due is not late");
    assert_eq!(standing(&unpaid, "2022-07-01"), (90_000, 30_000, 1));
    assert_eq!(standing(&unpaid, "2022-08-01"), (90_000, 60_000, 32));
    let partly = loan(40_000, 40_000);
    assert_eq!(standing(&partly, "2022-08-01"), (50_000, 20_000, 1));
    assert_eq!(standing(&partly, "2022-09-10"), (50_000, 50_000, 41));
    assert_eq!(loan(90_000, 90_000).loan_standing("2023-01-01".parse().unwrap()), None);
    let mut lost = serde_json::to_value(loan(0, 0)).unwrap();
    lost["written_off_on"] = json!("2022-12-31");
    let lost: FinancingState = serde_json::from_value(lost).unwrap();
    assert_eq!(lost.loan_standing("2023-01-01".parse().unwrap()), None);
}

#[test]
fn a_new_schedule_starts_the_count_anew() {
    let mut rescheduled = serde_json::to_value(loan(30_000, 0)).unwrap();
    rescheduled["schedule"].as_array_mut().unwrap().remove(0);
    let rescheduled: FinancingState = serde_json::from_value(rescheduled).unwrap();
    assert_eq!(standing(&rescheduled, "2022-07-31"), (60_000, 0, 0));
    assert_eq!(standing(&rescheduled, "2022-08-03"), (60_000, 30_000, 3));
}

#[test]
fn portfolio_at_risk_over_30_days_counts_whole_balances() {
    let at = |outstanding: u64, days_past_due: u32| LoanStanding {
        outstanding: Xof::of(outstanding),
        overdue: Xof::ZERO,
        days_past_due,
    };
    let loans = [at(100, 0), at(200, 30), at(400, 31), at(800, 90)];
    assert_eq!(portfolio_at_risk(loans, 30), (Xof::of(1_200), Xof::of(1_500)));
    assert_eq!(portfolio_at_risk([], 30), (Xof::ZERO, Xof::ZERO));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_overspends_a_fund_or_pays_a_reference_twice(
        moves in prop::collection::vec((prop::sample::select(vec!["Committed", "Released", "Disbursed", "Repaid"]), 1_u64..500, 0_u32..12), 1..80),
        cuts in prop::collection::vec(1_u64..2_000, 0..10),
    ) {
        let mut fund = fund_of(1_000);
        let mut references = BTreeSet::new();
        let mut replay = vec![];
        for (index, (kind, amount, reference)) in moves.into_iter().enumerate() {
            let event = moved("2022-06-01", kind, amount, reference);
            if fund::lawful(&fund, &event, &programme()).is_ok() {
                if matches!(kind, "Disbursed" | "Repaid") {
                    prop_assert!(references.insert(reference), "a reference was used twice");
                }
                fund.take(&event);
                replay.push(event);
            }
            if let Some(budget) = cuts.get(index) {
                let body = json!({"budget": budget, "amendment": "Avenant"});
                for event in fund_command(&fund, "2022-06-01", "adjust-budget", &body).unwrap_or_default() {
                    fund.take(&event);
                    replay.push(event);
                }
            }
            prop_assert!(fund.disbursed() <= fund.committed() && fund.committed() <= fund.budget);
            let parts = fund.disbursed().plus(fund.open_commitments()).plus(fund.free());
            prop_assert_eq!(parts, fund.budget, "every franc is somewhere");
        }
        let mut replayed = fund_of(1_000);
        for event in &replay {
            let stored = serde_json::to_string(event).unwrap();
            replayed.take(&serde_json::from_str(&stored).unwrap());
        }
        prop_assert_eq!(replayed, fund);
    }
}
