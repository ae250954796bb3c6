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
use sira_domain::path::FinancingState;
use sira_domain::programme::{Programme, ProgrammeCommand};
use sira_domain::refusal::{Item, Refusal};
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
        backdating_reason: None,
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
        "Refunded" | "Recovered" | "Called" | "CreditRefunded" => {
            json!({"beneficiary": id, "financing": 1, "amount": amount, "payment_reference": format!("P-{reference}")})
        }
        _ => json!({"beneficiary": id, "financing": 1, "amount": amount}),
    };
    serde_json::from_value(json!({"occurred_on": on, "by": "comite", "fact": {kind: body}}))
        .unwrap()
}

/// The event that undoes a payment.
fn undone(payment: &FundEvent) -> FundEvent {
    let stored = serde_json::to_value(payment).unwrap();
    let (name, body) = stored["fact"].as_object().unwrap().iter().next().unwrap();
    let kind = match name.as_str() {
        "Disbursed" => "disbursement",
        "Repaid" => "repayment",
        "Refunded" => "unspent_refund",
        "CreditRefunded" => "credit_refund",
        "Recovered" => "recovery",
        _ => "guarantee_call",
    };
    let way = match name.as_str() {
        "Disbursed" | "CreditRefunded" | "Called" => "OutlayReversed",
        _ => "ReturnReversed",
    };
    let amount = body.get("principal").or(body.get("amount")).unwrap();
    let nothing = json!(0);
    let fact = json!({way: {
        "beneficiary": person(7), "financing": 1, "kind": kind, "amount": amount,
        "interest": body.get("interest").unwrap_or(&nothing), "credit": body.get("credit").unwrap_or(&nothing),
        "undone_reference": body["payment_reference"],
    }});
    serde_json::from_value(json!({"occurred_on": "2022-06-01", "by": "comptable", "fact": fact}))
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

#[test]
fn what_is_undone_leaves_the_sums_as_if_it_had_not_been() {
    let before = after(1_000, &[("Committed", 600), ("Disbursed", 400)]);
    for kind in ["Disbursed", "Repaid", "Refunded", "Recovered", "Called"] {
        let payment = moved("2022-06-01", kind, 150, 9);
        fund::lawful(&before, &payment, &programme()).unwrap();
        let mut fund = before.clone();
        fund.take(&payment);
        let undoing = undone(&payment);
        fund::lawful(&fund, &undoing, &programme()).unwrap();
        fund.take(&undoing);
        let sums = |fund: &Fund| {
            let sums = [fund.committed(), fund.disbursed(), fund.open_commitments(), fund.free()];
            (sums, fund.interest, fund.credit)
        };
        assert_eq!(sums(&fund), sums(&before), "{kind}");
        let again = fund::lawful(&fund, &payment, &programme()).unwrap_err();
        assert_eq!(again.rule(), "already_settled", "{kind}");
    }
}

#[test]
fn what_bounced_is_recorded_though_it_was_committed_again_and_of_a_closed_fund() {
    let spent = &[("Committed", 1_000), ("Disbursed", 1_000), ("Repaid", 500), ("Committed", 500)];
    let mut fund = after(1_000, spent);
    let bounced = undone(&moved("2022-06-01", "Repaid", 500, 2));
    fund::lawful(&fund, &bounced, &programme()).unwrap();
    fund.take(&bounced);
    assert_eq!((fund.committed().francs(), fund.free().francs()), (1_500, 0));
    let more = fund::lawful(&fund, &moved("2022-06-01", "Committed", 1, 9), &programme());
    assert_eq!(more.unwrap_err().rule(), "amount_above_limit");
    fund.closed = true;
    let given_up = moved("2022-06-01", "Released", 500, 9);
    assert!(fund::lawful(&fund, &given_up, &programme()).is_ok());
}

#[test]
fn a_reference_is_used_once_however_it_is_typed() {
    let spent = after(1_000, &[("Committed", 600), ("Disbursed", 100)]);
    for typed in ["p-1", "P\u{2011}1", " P - 1 "] {
        let mut payment = serde_json::to_value(moved("2022-06-01", "Disbursed", 100, 0)).unwrap();
        payment["fact"]["Disbursed"]["payment_reference"] = json!(typed);
        let payment: FundEvent = serde_json::from_value(payment).unwrap();
        let refusal = fund::lawful(&spent, &payment, &programme()).unwrap_err();
        assert_eq!(refusal.rule(), "already_settled", "{typed}");
    }
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
        ("amend-fund", json!({"reason": "Rien"}), "below_threshold"),
        ("retract", retraction(1), "not_retractable"),
        // Each has its own cases in `lines.rs` and `reconciliation.rs`.
        (
            "record-overhead",
            json!({"line": "frais", "amount": 1, "payment_reference": "V-1", "what": "Loyer"}),
            "unknown_item",
        ),
        (
            "reverse-overhead",
            json!({"undone_reference": "V-1", "ground": "bounced"}),
            "unknown_item",
        ),
        (
            "confirm-reconciliation",
            json!({"statement": "0".repeat(64), "lines": [{"line": 1, "payment_reference": "V-1"}]}),
            "unknown_item",
        ),
        (
            "withdraw-reconciliation",
            json!({"statement": "0".repeat(64), "lines": [1], "ground": "other"}),
            "unknown_item",
        ),
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

fn move_to(session: &str, on: &str) -> Value {
    json!({"session": session, "on": on, "reason": "Salle occupée"})
}

fn correction() -> Value {
    json!({"session": "s1", "lines": [{"beneficiary": person(1), "present": true}], "reason": "Erreur"})
}

fn amended(mut fields: Value) -> Value {
    fields["reason"] = json!("Erreur");
    fields
}

fn retraction(sequence: u32) -> Value {
    json!({"sequence": sequence, "reason": "Saisi deux fois"})
}

/// A cohort after a command, whose retry changes nothing.
fn cohort_after(mut cohort: Cohort, word: &str, body: &Value) -> Cohort {
    let events = cohort_command(&cohort, "2022-02-02", word, body).unwrap();
    assert_eq!(events.len(), 1, "{word}");
    cohort.take(&events[0]);
    assert_eq!(cohort_command(&cohort, "2022-02-02", word, body), Ok(Vec::new()), "{word}");
    cohort
}

#[test]
fn sessions_are_moved_and_cancelled_and_plans_amended_and_all_of_it_is_taken_back() {
    let planned = planned();
    let cohort = cohort_after(planned.clone(), "move-session", &move_to("s1", "2022-03-05"));
    assert_eq!(cohort.sessions[&"s1".parse().unwrap()].plan.on.to_string(), "2022-03-05");
    let more = amended(json!({"capacity": 30, "centre": "Maison des jeunes"}));
    let cohort = cohort_after(cohort, "amend-cohort", &more);
    assert_eq!(cohort.plan.as_ref().unwrap().capacity.get(), 30);
    let gone = json!({"session": "s1", "reason": "Pluies"});
    let cohort = cohort_after(cohort, "cancel-session", &gone);
    assert!(cohort.sessions.is_empty());
    // The session that is cancelled is the one that was moved.
    let refusal = cohort_command(&cohort, "2022-02-02", "retract", &retraction(2)).unwrap_err();
    assert!(matches!(refusal, Refusal::RestsOn { event: "SessionMoved", .. }), "{refusal}");
    let cohort = cohort_after(cohort, "retract", &retraction(5));
    let cohort = cohort_after(cohort, "retract", &retraction(4));
    let cohort = cohort_after(cohort, "retract", &retraction(3));
    assert_eq!((&cohort.sessions, &cohort.plan), (&planned.sessions, &planned.plan));
    assert_eq!(cohort.version.get(), 8);
}

#[test]
fn what_was_moved_or_amended_is_told_again_as_it_was_and_not_as_it_is() {
    let session = |on: &str| json!({"session": "s1", "on": on, "hours": 6, "module": "leadership"});
    let cohort = cohort_after(planned(), "move-session", &move_to("s1", "2022-03-05"));
    let cohort = cohort_after(cohort, "amend-cohort", &amended(json!({"capacity": 30})));
    let fund = fund_after(fund_of(1_000), "amend-fund", &amended(json!({"donor": "Autre"})));
    let name = json!({"office": "segou", "name": "Ségou-ville", "reason": "Faute"});
    let programme = programme_command(&programme(), "amend-office", &name).unwrap();
    let of_cohort = |word: &str, body: &Value| cohort_command(&cohort, "2022-02-01", word, body);
    assert_eq!(of_cohort("schedule-session", &session("2022-03-02")), Ok(Vec::new()));
    assert_eq!(of_cohort("plan-cohort", &plan("capacity", json!(2))), Ok(Vec::new()));
    assert_eq!(fund_command(&fund, "2022-01-01", "open-fund", &envelope(1_000)), Ok(Vec::new()));
    let office = |name: &str| json!({"office": "segou", "name": name, "region": "segou"});
    let again = programme_command(&programme, "open-office", &office("Ségou"));
    assert_eq!(again.as_ref(), Ok(&programme));
    let mut other_donor = envelope(1_000);
    other_donor["donor"] = json!("Autre");
    let otherwise = [
        of_cohort("schedule-session", &session("2022-03-05")).unwrap_err(),
        of_cohort("plan-cohort", &plan("capacity", json!(30))).unwrap_err(),
        fund_command(&fund, "2022-01-01", "open-fund", &other_donor).unwrap_err(),
        programme_command(&programme, "open-office", &office("Ségou-ville")).unwrap_err(),
    ];
    assert_eq!(otherwise.map(|refusal| refusal.rule()), ["already_done_otherwise"; 4]);
}

#[test]
fn a_post_that_has_ended_is_told_again_as_it_was_added() {
    let post =
        json!({"actor": "oumou", "role": "adviser", "office": "segou", "from": "2022-01-01"});
    let end = json!({"actor": "oumou", "role": "adviser", "office": "segou", "to": "2022-06-30"});
    let manned = programme_command(&programme(), "add-staff", &post).unwrap();
    let ended = programme_command(&manned, "end-staff", &end).unwrap();
    assert_eq!(programme_command(&ended, "add-staff", &post).as_ref(), Ok(&ended));
    let mut shorter = post;
    shorter["to"] = json!("2022-06-30");
    let otherwise = programme_command(&ended, "add-staff", &shorter).unwrap_err();
    assert_eq!(otherwise.rule(), "already_done_otherwise");
}

#[test]
fn a_cohort_is_not_made_smaller_than_its_members() {
    let mut cohort = planned();
    for who in [1, 2] {
        cohort.take(&seat("2022-02-20", "SeatTaken", who));
    }
    let less = amended(json!({"capacity": 1}));
    let refusal = cohort_command(&cohort, "2022-03-01", "amend-cohort", &less).unwrap_err();
    assert_eq!(refusal.rule(), "above_limit");
    let seat = cohort_command(&cohort, "2022-03-01", "retract", &retraction(3)).unwrap_err();
    assert_eq!(seat.rule(), "not_retractable");
}

#[test]
fn a_cohort_that_was_closed_in_error_is_opened_again() {
    let mut cohort = planned();
    for event in cohort_command(&cohort, "2022-04-30", "close-cohort", &json!({})).unwrap() {
        cohort.take(&event);
    }
    let cohort = cohort_after(cohort, "retract", &retraction(3));
    assert_eq!(cohort.closed_on, None);
}

fn fund_after(mut fund: Fund, word: &str, body: &Value) -> Fund {
    let events = fund_command(&fund, "2022-02-02", word, body).unwrap();
    assert_eq!(events.len(), 1, "{word}");
    fund.take(&events[0]);
    assert_eq!(fund_command(&fund, "2022-02-02", word, body), Ok(Vec::new()), "{word}");
    fund
}

fn committed(fund: &mut Fund, on: &str, amount: u64) {
    let fact = json!({"Committed": {"beneficiary": person(1), "financing": 1, "amount": amount}});
    let event = json!({"occurred_on": on, "by": "comite", "fact": fact});
    let event: FundEvent = serde_json::from_value(event).unwrap();
    fund::lawful(fund, &event, &programme()).unwrap();
    fund.take(&event);
}

#[test]
fn a_funds_own_facts_are_amended_and_taken_back_unless_commitments_rest_on_them() {
    let budget = |budget: u64| json!({"budget": budget, "amendment": "A-1"});
    let mut fund = fund_after(fund_of(1_000), "adjust-budget", &budget(2_000));
    committed(&mut fund, "2022-03-01", 1_500);
    let refusal = fund_command(&fund, "2022-04-01", "retract", &retraction(2)).unwrap_err();
    assert!(
        matches!(&refusal, Refusal::RestsOn { sequence, event: "Committed", .. } if *sequence == 3.into()),
        "{refusal}"
    );
    let released = json!({"occurred_on": "2022-03-02", "by": "comite", "fact": {"Released": {"beneficiary": person(1), "financing": 1, "amount": 1_500}}});
    fund.take(&serde_json::from_value(released).unwrap());
    // What was committed once was committed under that budget, though nothing of it is left.
    assert!(fund_command(&fund, "2022-04-01", "retract", &retraction(2)).is_err());
    let fund = fund_after(fund, "adjust-budget", &budget(3_000));
    let fund = fund_after(fund, "retract", &retraction(5));
    assert_eq!(fund.budget, Xof::of(2_000));
    let wrong = json!({"period": {"from": "2022-06-01", "to": "2023-12-31"}, "reason": "Avenant"});
    let refusal = fund_command(&fund, "2022-04-01", "amend-fund", &wrong).unwrap_err();
    assert_eq!(refusal.rule(), "outside_period");
    let longer = json!({"donor": "Autre bailleur", "period": {"from": "2022-01-01", "to": "2024-12-31"}, "reason": "Avenant"});
    let fund = fund_after(fund, "amend-fund", &longer);
    assert_eq!(fund.envelope.as_ref().unwrap().donor.as_str(), "Autre bailleur");
    assert_eq!(
        fund_command(&fund, "2022-04-01", "retract", &retraction(3)).unwrap_err().rule(),
        "unknown_item"
    );
    assert_eq!(
        fund_command(&fund, "2022-04-01", "retract", &retraction(1)).unwrap_err().rule(),
        "not_retractable"
    );
    let fund = fund_after(fund, "retract", &retraction(7));
    assert_eq!(fund.envelope.as_ref().unwrap().donor.as_str(), "Bailleur");
}

fn programme_command(
    programme: &Programme,
    word: &str,
    body: &Value,
) -> Result<Programme, Refusal> {
    let command = ProgrammeCommand::parse(word, body.clone()).unwrap().unwrap();
    let events = sira_domain::programme::decide(
        programme,
        command,
        &context("2022-02-01", Programme::default()),
    )?;
    let mut after = programme.clone();
    for event in &events {
        after.take(event);
    }
    Ok(after)
}

#[test]
fn a_renewal_that_was_recorded_twice_a_target_and_a_name_are_taken_back() {
    let before = programme();
    let renewal = json!({"term_years": 3});
    let once = programme_command(&before, "renew-convention", &renewal).unwrap();
    let twice = programme_command(&once, "renew-convention", &renewal).unwrap();
    assert_eq!((twice.term().unwrap().to.to_string(), twice.renewals()), ("2030-07-05".into(), 2));
    let back = programme_command(&twice, "retract", &retraction(4)).unwrap();
    assert_eq!((back.term(), back.renewals()), (once.term(), 1));
    assert_eq!(programme_command(&back, "retract", &retraction(4)).unwrap(), back);
    let name = json!({"office": "segou", "name": "Ségou-ville", "reason": "Faute"});
    let named = programme_command(&back, "amend-office", &name).unwrap();
    assert_eq!(named.offices[&"segou".parse().unwrap()].office.name.as_str(), "Ségou-ville");
    assert_eq!(programme_command(&named, "amend-office", &name).unwrap(), named);
    let target = json!({"indicator": "financed", "period": {"from": "2022-01-01", "to": "2022-12-31"}, "value": 10});
    let aimed = programme_command(&named, "set-target", &target).unwrap();
    let back = programme_command(&aimed, "retract", &retraction(7)).unwrap();
    assert!(back.targets.is_empty());
    assert_eq!(
        programme_command(&back, "retract", &retraction(1)).unwrap_err().rule(),
        "not_retractable"
    );
}

#[test]
fn an_opening_is_not_taken_back_under_its_closing_and_a_code_keeps_its_region() {
    let before = programme();
    let closed = programme_command(&before, "close-office", &json!({"office": "segou"})).unwrap();
    let refusal = programme_command(&closed, "retract", &retraction(2)).unwrap_err();
    assert!(matches!(refusal, Refusal::RestsOn { event: "OfficeClosed", .. }), "{refusal}");
    let open = programme_command(&closed, "retract", &retraction(3)).unwrap();
    assert!(open.check_office(&"segou".parse().unwrap(), "2022-02-02".parse().unwrap()).is_ok());
    let none = programme_command(&open, "retract", &retraction(2)).unwrap();
    let segou = "segou".parse().unwrap();
    assert!(none.check_office(&segou, "2022-02-02".parse().unwrap()).is_err());
    assert_eq!(none.region_of(&segou).unwrap().code(), "segou");
    let elsewhere = json!({"office": "segou", "name": "Ségou", "region": "mopti"});
    assert_eq!(
        programme_command(&none, "open-office", &elsewhere).unwrap_err().rule(),
        "office_of_another_region"
    );
    let again = json!({"office": "segou", "name": "Ségou", "region": "segou"});
    let again = programme_command(&none, "open-office", &again).unwrap();
    assert!(again.check_office(&segou, "2022-02-02".parse().unwrap()).is_ok());
}

#[test]
fn an_office_whose_only_opening_was_taken_back_is_opened_of_a_day_before_that() {
    let office = json!({"office": "mopti", "name": "Mopti", "region": "mopti"});
    let opened = programme_command(&programme(), "open-office", &office).unwrap();
    let none = programme_command(&opened, "retract", &retraction(3)).unwrap();
    let command = ProgrammeCommand::parse("open-office", office).unwrap().unwrap();
    let earlier = context("2021-09-01", Programme::default());
    assert_eq!(sira_domain::programme::decide(&none, command, &earlier).unwrap().len(), 1);
}

#[test]
fn an_office_whose_only_opening_was_taken_back_is_unknown() {
    let office = json!({"office": "mopti", "name": "Mopti", "region": "mopti"});
    let opened = programme_command(&programme(), "open-office", &office).unwrap();
    let none = programme_command(&opened, "retract", &retraction(3)).unwrap();
    let post =
        json!({"actor": "oumou", "role": "adviser", "office": "mopti", "from": "2022-01-01"});
    let name = json!({"office": "mopti", "name": "Mopti-ville", "reason": "Faute"});
    for (word, body) in [
        ("add-staff", &post),
        ("amend-office", &name),
        ("close-office", &json!({"office": "mopti"})),
    ] {
        let refusal = programme_command(&none, word, body).unwrap_err();
        let item = Item::Office;
        assert_eq!(
            refusal,
            Refusal::Unknown { item, name: "mopti".into(), field: "office" },
            "{word}"
        );
    }
    // A post that was given there keeps the opening from being taken back.
    let manned = programme_command(&opened, "add-staff", &post).unwrap();
    let refusal = programme_command(&manned, "retract", &retraction(3)).unwrap_err();
    assert!(matches!(refusal, Refusal::RestsOn { event: "StaffPostAdded", .. }), "{refusal}");
    let on = "2022-02-02".parse().unwrap();
    let closed = none.check_office(&"mopti".parse().unwrap(), on).unwrap_err();
    assert!(matches!(closed, Refusal::OfficeClosed { open: None, .. }), "{closed}");
}

#[test]
fn rules_that_are_taken_back_judge_nothing_new_and_their_version_is_not_given_out_again() {
    let rules = |pass_mark: u32| json!({"effective_from": "2022-02-01", "rules": {"interview_pass_mark": pass_mark}});
    let on = "2022-02-02".parse().unwrap();
    let set = programme_command(&programme(), "set-rules", &rules(90)).unwrap();
    assert_eq!(set.rules_on(on).0, 1);
    let back = programme_command(&set, "retract", &retraction(3)).unwrap();
    assert_eq!(back.rules_on(on).0, 0);
    assert_eq!(back.rules_of(1).interview_pass_mark.get(), 90, "what it judged stays judged by it");
    let anew = programme_command(&back, "set-rules", &rules(60)).unwrap();
    assert_eq!(anew.rules_on(on).0, 2);
}

#[test]
fn a_version_that_was_taken_back_does_not_keep_what_came_before_it_from_being_taken_back() {
    let rules = |pass_mark: u32| json!({"effective_from": "2022-02-01", "rules": {"interview_pass_mark": pass_mark}});
    let name = json!({"office": "segou", "name": "Ségou-ville", "reason": "Faute"});
    let mut programme = programme_command(&programme(), "amend-office", &name).unwrap();
    for pass_mark in [70, 80, 90] {
        programme = programme_command(&programme, "set-rules", &rules(pass_mark)).unwrap();
    }
    // The last version falls away, then the first: those that came after each keep their numbers.
    for sequence in [6, 4, 3] {
        programme = programme_command(&programme, "retract", &retraction(sequence)).unwrap();
    }
    let on = "2022-02-02".parse().unwrap();
    assert_eq!(programme.rules_on(on).0, 2);
    let marks = [1, 2, 3].map(|version| programme.rules_of(version).interview_pass_mark.get());
    assert_eq!(marks, [70, 80, 90]);
    assert_eq!(programme_command(&programme, "set-rules", &rules(60)).unwrap().rules_on(on).0, 4);
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
        (&cohort, "correct-register", correction(), "unknown_item"),
        (&cohort, "move-session", move_to("s9", "2022-03-03"), "unknown_item"),
        (&cohort, "move-session", move_to("s1", "2022-05-01"), "outside_period"),
        (&cohort, "move-session", move_to("s1", "2022-03-02"), "nothing_changes"),
        (&cohort, "cancel-session", json!({"session": "s9", "reason": "Pluies"}), "unknown_item"),
        (&cohort, "amend-cohort", json!({"reason": "Rien"}), "below_threshold"),
        (&cohort, "amend-cohort", amended(json!({"modules": ["management"]})), "unknown_item"),
        (
            &cohort,
            "amend-cohort",
            amended(json!({"period": {"from": "2022-03-05", "to": "2022-04-30"}})),
            "outside_period",
        ),
        (&cohort, "retract", retraction(1), "not_retractable"),
        (&cohort, "retract", retraction(9), "unknown_item"),
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
fn a_cohort_is_not_closed_before_a_session_that_was_held() {
    let mut cohort = planned();
    let held: CohortEvent =
        serde_json::from_value(json!({"occurred_on": "2022-03-02", "by": "formateur",
        "fact": {"RegisterRecorded": {"session": "s1", "present": 1, "absent": 0}}}))
        .unwrap();
    cohort.take(&held);
    let close = |on: &str| cohort_command(&cohort, on, "close-cohort", &json!({}));
    assert_eq!(close("2022-03-01").unwrap_err().rule(), "date_too_early");
    assert_eq!(close("2022-03-02").unwrap().len(), 1);
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
    rescheduled["repaid"][0]["before_schedule"] = json!(true);
    let rescheduled: FinancingState = serde_json::from_value(rescheduled).unwrap();
    assert_eq!(standing(&rescheduled, "2022-07-31"), (60_000, 0, 0));
    assert_eq!(standing(&rescheduled, "2022-08-03"), (60_000, 30_000, 3));
}

fn is_payment(event: &FundEvent) -> bool {
    let stored = serde_json::to_value(&event.fact).unwrap();
    ["Disbursed", "Repaid", "Refunded", "Recovered", "Called"]
        .iter()
        .any(|name| stored.get(name).is_some())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_overspends_a_fund_or_pays_a_reference_twice(
        moves in prop::collection::vec((prop::sample::select(vec![
            "Committed", "Released", "Disbursed", "Repaid", "Refunded", "Recovered", "Called", "Undone",
        ]), 1_u64..500, 0_u32..12), 1..80),
        cuts in prop::collection::vec(1_u64..2_000, 0..10),
    ) {
        let mut fund = fund_of(1_000);
        let mut references = BTreeSet::new();
        let mut replay = vec![];
        for (index, (kind, amount, reference)) in moves.into_iter().enumerate() {
            let event = if kind == "Undone" {
                let payments: Vec<&FundEvent> = replay.iter().filter(|event| is_payment(event)).collect();
                let Some(payment) = payments.len().checked_sub(1).map(|last| payments[usize::try_from(amount).unwrap() % (last + 1)]) else {
                    continue;
                };
                let undoing = undone(payment);
                if replay.contains(&undoing) {
                    // That a payment is undone once is a rule of the path.
                    continue;
                }
                undoing
            } else {
                moved("2022-06-01", kind, amount, reference)
            };
            if fund::lawful(&fund, &event, &programme()).is_ok() {
                if is_payment(&event) {
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
            let bounced = fund.repayments_reversed;
            prop_assert!(fund.disbursed() <= fund.committed());
            prop_assert!(fund.committed() <= fund.budget.plus(bounced));
            let parts = fund.disbursed().plus(fund.open_commitments()).plus(fund.free());
            prop_assert_eq!(parts, fund.budget.max(fund.committed()), "every franc is somewhere");
        }
        let mut replayed = fund_of(1_000);
        for event in &replay {
            let stored = serde_json::to_string(event).unwrap();
            replayed.take(&serde_json::from_str(&stored).unwrap());
        }
        prop_assert_eq!(replayed, fund);
    }
}
