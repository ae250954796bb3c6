//! Reconciling a fund's payments with a statement: a line is one payment, once.

use std::sync::Arc;

use serde_json::{Value, json};
use sira_domain::context::Context;
use sira_domain::fund::{self, Fund, FundCommand, FundEvent};
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::PaymentReference;
use uuid::Uuid;

fn context() -> Context {
    Context {
        now: "2022-08-12T09:00:00Z".parse().unwrap(),
        occurred_on: None,
        actor: "financiere".parse().unwrap(),
        role: Role::Finance,
        subject: Uuid::nil(),
        programme: Arc::new(Programme::default()),
        backdating_reason: None,
    }
}

fn statement(number: u8) -> String {
    format!("{number:064x}")
}

/// A fund that has paid `OM-1`, `OM-2` and `OM-3`, the last of them undone by `RJ-3`, and is closed.
fn fund() -> Fund {
    let paid = |reference: &str| {
        json!({"Disbursed": {"beneficiary": Uuid::from_u128(7), "financing": 1, "tranche": 1, "amount": 100,
                             "payment_reference": reference}})
    };
    let facts = [
        json!({"FundOpened": {"programme": Uuid::from_u128(1), "code": "bailleur", "donor": "Bailleur", "budget": 1_000,
                              "period": {"from": "2022-01-01", "to": "2023-12-31"}}}),
        json!({"Committed": {"beneficiary": Uuid::from_u128(7), "financing": 1, "amount": 300}}),
        paid("OM-1"),
        paid("OM-2"),
        paid("OM-3"),
        json!({"OutlayReversed": {"beneficiary": Uuid::from_u128(7), "financing": 1, "kind": "disbursement", "tranche": 1,
                                  "amount": 100, "interest": 0, "credit": 0, "undone_reference": "OM-3",
                                  "payment_reference": "RJ-3"}}),
        json!({"FundClosed": {}}),
    ];
    let mut fund = Fund::default();
    for fact in facts {
        let event = json!({"occurred_on": "2022-04-20", "by": "financiere", "fact": fact});
        fund.take(&serde_json::from_value::<FundEvent>(event).unwrap());
    }
    fund
}

fn give(fund: &mut Fund, word: &str, body: &Value) -> Result<usize, Refusal> {
    let command = FundCommand::parse(word, body.clone()).unwrap().unwrap();
    let events = fund::decide(fund, command, &context())?;
    for event in &events {
        fund.take(event);
    }
    Ok(events.len())
}

fn lines(of: u8, lines: &[(u32, &str)]) -> Value {
    let line =
        |(line, reference): &(u32, &str)| json!({"line": line, "payment_reference": reference});
    json!({"statement": statement(of), "lines": lines.iter().map(line).collect::<Vec<_>>()})
}

fn taken_back(of: u8, lines: &[u32]) -> Value {
    json!({"statement": statement(of), "lines": lines, "ground": "recorded_in_error"})
}

#[test]
fn lines_are_confirmed_once_also_after_the_fund_is_closed() {
    let mut fund = fund();
    let first = lines(1, &[(2, "OM-1"), (5, "RJ-3")]);
    assert_eq!(give(&mut fund, "confirm-reconciliation", &first), Ok(1));
    assert_eq!(give(&mut fund, "confirm-reconciliation", &first), Ok(0), "run twice, done once");
    let more = lines(1, &[(2, "om\u{2011}1"), (3, "OM-2"), (3, "om-2")]);
    assert_eq!(give(&mut fund, "confirm-reconciliation", &more), Ok(1), "only what is new");
    assert_eq!(fund.reconciled.count(), 3);
    let place = fund.reconciled.place_of(&PaymentReference::try_new(" Om-2 ").unwrap()).unwrap();
    assert_eq!((place.statement.as_str(), place.line), (statement(1).as_str(), 3));
}

#[test]
fn a_line_and_a_payment_are_each_reconciled_with_one_other() {
    let mut fund = fund();
    give(&mut fund, "confirm-reconciliation", &lines(1, &[(2, "OM-1")])).unwrap();
    let refused = [
        (lines(1, &[(2, "OM-2")]), "already_settled", "line 2 of this statement"),
        (lines(2, &[(9, "OM-1")]), "already_settled", "payment OM-1 is reconciled"),
        (lines(1, &[(4, "OM-2"), (4, "OM-3")]), "already_settled", "line 4"),
        (lines(1, &[(4, "OM-2"), (6, "OM-2")]), "already_settled", "payment OM-2"),
        (lines(1, &[(4, "OM-9")]), "unknown_item", "no payment of the fund has the reference OM-9"),
        (lines(1, &[]), "below_threshold", "at least 1"),
    ];
    for (body, rule, says) in refused {
        let refusal = give(&mut fund, "confirm-reconciliation", &body).unwrap_err();
        assert_eq!(refusal.rule(), rule, "{body}");
        assert!(refusal.to_string().contains(says), "{refusal}");
    }
}

#[test]
fn what_was_confirmed_by_mistake_is_taken_back_and_confirmed_rightly() {
    let mut fund = fund();
    give(&mut fund, "confirm-reconciliation", &lines(1, &[(2, "OM-2")])).unwrap();
    assert_eq!(give(&mut fund, "withdraw-reconciliation", &taken_back(1, &[2])), Ok(1));
    assert_eq!(give(&mut fund, "withdraw-reconciliation", &taken_back(1, &[2])), Ok(0));
    let unknown = give(&mut fund, "withdraw-reconciliation", &taken_back(1, &[7])).unwrap_err();
    assert_eq!((unknown.rule(), unknown.field()), ("unknown_item", Some("lines")));
    let rightly = lines(1, &[(2, "OM-1"), (3, "OM-2")]);
    assert_eq!(give(&mut fund, "confirm-reconciliation", &rightly), Ok(1));
    assert_eq!(give(&mut fund, "withdraw-reconciliation", &taken_back(1, &[2, 3])), Ok(1));
    assert_eq!(fund.reconciled.count(), 0);
}

#[test]
fn a_fund_takes_no_line_before_it_is_opened_and_no_more_than_it_should() {
    let mut none = Fund::default();
    let refusal = give(&mut none, "confirm-reconciliation", &lines(1, &[(2, "OM-1")]));
    assert_eq!(refusal.unwrap_err(), Refusal::NotRegistered);
    let many: Vec<(u32, &str)> = (1..=2_001).map(|line| (line, "OM-1")).collect();
    let refusal = give(&mut fund(), "confirm-reconciliation", &lines(1, &many)).unwrap_err();
    assert_eq!(refusal.rule(), "above_limit");
}
