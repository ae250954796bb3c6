//! Budget lines of a fund, its own costs, and its currency.

use std::sync::Arc;

use serde_json::{Value, json};
use sira_domain::context::Context;
use sira_domain::fund::{self, Fund, FundCommand, FundEvent};
use sira_domain::programme::{Programme, ProgrammeCommand};
use sira_domain::reference::Language;
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use uuid::Uuid;

const PROGRAMME: &str = "0176bb3e-7000-7000-8000-000000000001";

fn context(actor: &str, programme: Programme) -> Context {
    Context {
        now: "2022-08-12T09:00:00Z".parse().unwrap(),
        occurred_on: None,
        actor: actor.parse().unwrap(),
        role: Role::Finance,
        subject: Uuid::nil(),
        programme: Arc::new(programme),
        backdating_reason: None,
    }
}

fn programme() -> Programme {
    let mut programme = Programme::default();
    let body = json!({"name": "Essai", "signed_on": "2021-07-06", "term_years": 3, "renewable": true,
                      "parties": [{"name": "Agence", "role": "agency"}]});
    let command = ProgrammeCommand::parse("sign-convention", body).unwrap().unwrap();
    let decided =
        sira_domain::programme::decide(&programme, command, &context("a", Programme::default()));
    for event in decided.unwrap() {
        programme.take(&event);
    }
    programme
}

fn give(fund: &mut Fund, actor: &str, word: &str, body: &Value) -> Result<usize, Refusal> {
    let command = FundCommand::parse(word, body.clone()).unwrap().unwrap();
    let events = fund::decide(fund, command, &context(actor, programme()))?;
    for event in &events {
        fund.take(event);
    }
    Ok(events.len())
}

fn envelope(lines: &Value) -> Value {
    json!({"programme": PROGRAMME, "code": "bailleur", "donor": "Bailleur", "budget": 1_000,
           "period": {"from": "2022-01-01", "to": "2023-12-31"}, "lines": lines})
}

fn lines() -> Value {
    json!([{"line": "dons", "label": "Subventions", "amount": 700, "instruments": ["grant", "kit"]},
           {"line": "tout", "label": "Divers", "amount": 200},
           {"line": "frais", "label": "Frais généraux", "amount": 100, "overheads": true}])
}

fn opened() -> Fund {
    let mut fund = Fund::default();
    give(&mut fund, "a", "open-fund", &envelope(&lines())).unwrap();
    fund
}

fn event(kind: &str, mut body: Value) -> FundEvent {
    body["beneficiary"] = json!(Uuid::from_u128(7));
    body["financing"] = json!(1);
    serde_json::from_value(
        json!({"occurred_on": "2022-08-12", "by": "comite", "fact": {kind: body}}),
    )
    .unwrap()
}

fn move_in(fund: &mut Fund, kind: &str, body: Value) -> Result<(), Refusal> {
    let event = event(kind, body);
    fund::lawful(fund, &event, &programme())?;
    fund.take(&event);
    Ok(())
}

fn commit(fund: &mut Fund, line: &str, instrument: &str, amount: u64) -> Result<(), Refusal> {
    move_in(
        fund,
        "Committed",
        json!({"amount": amount, "budget_line": line, "instrument": instrument}),
    )
}

fn of_line(fund: &Fund, line: &str) -> [u64; 3] {
    let state = &fund.lines[&sira_domain::values::Slug::try_new(line).unwrap()];
    [state.committed, state.disbursed, state.free()].map(sira_domain::values::Xof::francs)
}

fn says(refusal: &Refusal, words: &[&str]) {
    let told = refusal.detail(Language::Fr).replace('\u{202f}', " ");
    for word in words {
        assert!(told.contains(word), "{told}: {word}");
    }
}

#[test]
fn lines_add_up_to_the_budget_and_have_words_of_their_own() {
    let wrong = [
        (json!([{"line": "a", "label": "A", "amount": 999}]), "amount_differs"),
        (
            json!([{"line": "a", "label": "A", "amount": 500}, {"line": "a", "label": "B", "amount": 500}]),
            "already_done_otherwise",
        ),
        (
            json!([{"line": "a", "label": "A", "amount": 1_000, "overheads": true, "instruments": ["kit"]}]),
            "fields_disagree",
        ),
    ];
    for (lines, rule) in wrong {
        let refusal = give(&mut Fund::default(), "a", "open-fund", &envelope(&lines)).unwrap_err();
        assert_eq!(refusal.rule(), rule, "{lines}");
    }
    let mut fund = opened();
    assert_eq!(give(&mut fund, "a", "open-fund", &envelope(&lines())), Ok(0));
    assert_eq!(of_line(&fund, "dons"), [0, 0, 700]);
}

#[test]
fn a_fund_is_kept_in_the_currency_that_is_paid() {
    let mut body = envelope(&json!([]));
    body["currency"] = json!("EUR");
    let refusal = give(&mut Fund::default(), "a", "open-fund", &body).unwrap_err();
    assert_eq!((refusal.rule(), refusal.field()), ("unknown_item", Some("currency")));
    says(&refusal, &["XOF", "EUR"]);
    body["currency"] = json!("XOF");
    assert_eq!(give(&mut Fund::default(), "a", "open-fund", &body), Ok(1));
}

#[test]
fn a_commitment_draws_from_its_line_within_what_the_line_has() {
    let mut fund = opened();
    let refused = [
        ("dons", "loan", 10, "fields_disagree"),
        ("frais", "grant", 10, "fields_disagree"),
        ("autre", "grant", 10, "unknown_item"),
        ("dons", "grant", 701, "amount_above_limit"),
    ];
    for (line, instrument, amount, rule) in refused {
        let refusal = commit(&mut fund, line, instrument, amount).unwrap_err();
        assert_eq!(refusal.rule(), rule, "{line} {instrument} {amount}");
    }
    says(
        &commit(&mut fund, "dons", "grant", 701).unwrap_err(),
        &["701", "700", "ligne budgétaire"],
    );
    let without = move_in(&mut fund, "Committed", json!({"amount": 10})).unwrap_err();
    assert_eq!(without, Refusal::Disagree { field: "budget_line", other: "fund" });
    commit(&mut fund, "dons", "grant", 600).unwrap();
    assert_eq!((of_line(&fund, "dons"), of_line(&fund, "tout")), ([600, 0, 100], [0, 0, 200]));
    assert!(commit(&mut fund, "dons", "kit", 101).is_err());
    let outlay = json!({"tranche": 1, "amount": 400, "payment_reference": "P-1"});
    move_in(&mut fund, "Disbursed", outlay).unwrap();
    move_in(&mut fund, "Released", json!({"amount": 200})).unwrap();
    assert_eq!(of_line(&fund, "dons"), [400, 400, 300]);
    move_in(&mut fund, "Refunded", json!({"amount": 150, "payment_reference": "P-2"})).unwrap();
    assert_eq!(of_line(&fund, "dons"), [250, 250, 450]);
}

#[test]
fn lines_are_adjusted_within_what_they_have_committed() {
    let mut fund = opened();
    commit(&mut fund, "dons", "grant", 600).unwrap();
    let adjust = |budget: u64, lines: Value| json!({"budget": budget, "amendment": "Avenant 1", "lines": lines});
    let refused = [
        (adjust(1_100, json!([])), "amount_differs"),
        (adjust(899, json!([{"line": "dons", "amount": 599}])), "amount_below_limit"),
        (adjust(1_100, json!([{"line": "autre", "amount": 100}])), "unknown_item"),
    ];
    for (body, rule) in refused {
        assert_eq!(
            give(&mut fund, "a", "adjust-budget", &body).unwrap_err().rule(),
            rule,
            "{body}"
        );
    }
    let body = adjust(900, json!([{"line": "dons", "amount": 600}]));
    assert_eq!(give(&mut fund, "a", "adjust-budget", &body), Ok(1));
    assert_eq!(give(&mut fund, "a", "adjust-budget", &body), Ok(0));
    assert_eq!((of_line(&fund, "dons"), fund.free().francs()), ([600, 0, 0], 300));
}

#[test]
fn overheads_are_paid_from_their_line_and_undone_by_somebody_else() {
    let mut fund = opened();
    let cost = |line: &str, amount: u64, reference: &str| json!({"line": line, "amount": amount, "payment_reference": reference, "what": "Loyer"});
    for (body, rule) in [
        (cost("dons", 10, "V-1"), "fields_disagree"),
        (cost("autre", 10, "V-1"), "unknown_item"),
        (cost("frais", 0, "V-1"), "amount_differs"),
        (cost("frais", 101, "V-1"), "amount_above_limit"),
    ] {
        assert_eq!(
            give(&mut fund, "f", "record-overhead", &body).unwrap_err().rule(),
            rule,
            "{body}"
        );
    }
    assert_eq!(give(&mut fund, "f", "record-overhead", &cost("frais", 60, "V-1")), Ok(1));
    assert_eq!(give(&mut fund, "f", "record-overhead", &cost("frais", 60, "v-1")), Ok(0));
    let again = give(&mut fund, "f", "record-overhead", &cost("frais", 30, "V-1")).unwrap_err();
    assert_eq!(again.rule(), "already_settled");
    assert_eq!(
        (of_line(&fund, "frais"), fund.overheads.francs(), fund.free().francs()),
        ([60, 60, 40], 60, 940)
    );
    let undo = json!({"undone_reference": "V-1", "ground": "bounced", "payment_reference": "RJ-1"});
    assert_eq!(
        give(&mut fund, "f", "reverse-overhead", &undo).unwrap_err().rule(),
        "separation_of_duties"
    );
    let unknown = json!({"undone_reference": "V-9", "ground": "bounced"});
    assert_eq!(
        give(&mut fund, "g", "reverse-overhead", &unknown).unwrap_err().rule(),
        "unknown_item"
    );
    assert_eq!(give(&mut fund, "g", "reverse-overhead", &undo), Ok(1));
    assert_eq!(give(&mut fund, "g", "reverse-overhead", &undo), Ok(0));
    let other = json!({"undone_reference": "V-1", "ground": "other"});
    assert_eq!(
        give(&mut fund, "g", "reverse-overhead", &other).unwrap_err().rule(),
        "already_settled"
    );
    assert_eq!((of_line(&fund, "frais"), fund.overheads.francs()), ([0, 0, 100], 0));
    for used in ["V-1", "RJ-1"] {
        let again = give(&mut fund, "f", "record-overhead", &cost("frais", 60, used)).unwrap_err();
        assert_eq!(again.rule(), "already_settled", "{used}");
    }
}

fn retract(sequence: u32) -> Value {
    json!({"sequence": sequence, "reason": "Saisi deux fois"})
}

#[test]
fn a_cost_of_the_fund_itself_does_not_hold_its_period() {
    let mut fund = opened();
    let cost = json!({"line": "frais", "amount": 60, "payment_reference": "V-1", "what": "Loyer"});
    assert_eq!(give(&mut fund, "f", "record-overhead", &cost), Ok(1));
    let period = json!({"from": "2022-09-01", "to": "2023-12-31"});
    let later = json!({"period": period, "reason": "Avenant"});
    assert_eq!(give(&mut fund, "a", "amend-fund", &later), Ok(1));
    // Nor does one of the days between keep the old period from coming back.
    assert_eq!(give(&mut fund, "a", "retract", &retract(3)), Ok(1));
    commit(&mut fund, "dons", "grant", 10).unwrap();
    assert_eq!(give(&mut fund, "a", "amend-fund", &later).unwrap_err().rule(), "outside_period");
}

#[test]
fn a_retraction_that_a_cost_forbids_names_the_cost() {
    let mut fund = opened();
    commit(&mut fund, "dons", "grant", 700).unwrap();
    let outlay = json!({"tranche": 1, "amount": 700, "payment_reference": "P-1"});
    move_in(&mut fund, "Disbursed", outlay).unwrap();
    let back = json!({"principal": 500, "interest": 0, "payment_reference": "P-2"});
    move_in(&mut fund, "Repaid", back).unwrap();
    commit(&mut fund, "dons", "grant", 500).unwrap();
    // What came back was committed again, and had not come: the fund has committed more than it has.
    let bounced = json!({"kind": "repayment", "amount": 500, "interest": 0, "credit": 0, "undone_reference": "P-2"});
    move_in(&mut fund, "ReturnReversed", bounced).unwrap();
    let donor = json!({"donor": "Autre bailleur", "reason": "Faute"});
    assert_eq!(give(&mut fund, "a", "amend-fund", &donor), Ok(1));
    let cost = json!({"line": "frais", "amount": 60, "payment_reference": "V-1", "what": "Loyer"});
    assert_eq!(give(&mut fund, "f", "record-overhead", &cost), Ok(1));
    let refusal = give(&mut fund, "a", "retract", &retract(7)).unwrap_err();
    assert!(
        matches!(&refusal, Refusal::RestsOn { sequence, event: "OverheadPaid", .. } if *sequence == 8.into()),
        "{refusal}"
    );
}
