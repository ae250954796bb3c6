//! What waits for somebody: visits, stalled paths, decisions, repayments.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::http::ServeLimits;
use sira_domain::role::Role;
use sira_numbers::Position;

use super::app::{TestApp, office, region, steps, steps_with_recognised_training};
use super::lists::{every, list};
use super::money::{approval, with_plan};

fn noon(day: &str) -> DateTime<Utc> {
    format!("{day}T12:00:00Z").parse().unwrap()
}

async fn at(engine: &crate::support::Engine, day: &str) -> (TestApp, Clock) {
    let clock = Clock::manual(noon(day));
    (TestApp::with(engine, clock.clone(), ServeLimits::default()).await, clock)
}

async fn items(app: &TestApp, token: &str, name: &str, query: &str) -> Vec<Value> {
    every(app, token, &format!("/v1/worklists/{name}"), query, 1).await
}

fn fields(items: &[Value], names: &[&str]) -> Vec<Vec<Value>> {
    items.iter().map(|item| names.iter().map(|name| item[*name].clone()).collect()).collect()
}

async fn registered(app: &TestApp, programme: &str) -> String {
    app.register(programme).await["id"].as_str().unwrap().to_owned()
}

/// Who is kept out, and what is refused, whatever the list.
pub async fn is_kept_to_its_reach(app: &TestApp, name: &str, count: usize) {
    let path = format!("/v1/worklists/{name}");
    for (scope, expected) in [
        (app.office("segou-1").await, count),
        (region("segou"), count),
        (app.office("mopti-1").await, 0),
        (region("mopti"), 0),
    ] {
        let token = app.token_of("agent", Role::Adviser, scope.clone()).await;
        assert_eq!(every(app, &token, &path, "", 1).await.len(), expected, "{name} {scope:?}");
    }
    let token = app.token(Role::Director).await;
    for (filter, expected) in [
        ("office=segou-1", count),
        ("office=mopti-1", 0),
        ("region=segou", count),
        ("region=mopti", 0),
        ("adviser=moussa", count),
        ("adviser=awa", 0),
        ("programme=00000000-0000-7000-8000-000000000000", 0),
    ] {
        assert_eq!(
            every(app, &token, &path, &format!("&{filter}"), 1).await.len(),
            expected,
            "{name} {filter}"
        );
    }
    for query in ["?page=2", "?limit=0", "?stage=idea", "?cursor=x", "?office=A"] {
        list(app, &token, &format!("{path}{query}")).await.problem(400, "bad-parameter");
    }
    list(app, &app.token(Role::Analyst).await, &path).await.problem(403, "forbidden");
    let head = app.commands.journal().head().await.unwrap().position;
    let reply = list(app, &token, &path).await;
    assert!(reply.header("sira-position").parse::<Position>().unwrap() >= head, "{name}");
}

async fn in_charge(app: &TestApp, id: &str, on: &str) {
    app.done(
        Role::Director,
        id,
        "assign-adviser",
        &json!({ "occurred_on": on, "adviser": "moussa" }),
    )
    .await;
}

crate::on_both_engines! {
    async fn visits_are_due_by_the_clock_and_go_once_they_are_made(engine) {
        let (app, clock) = at(engine, "2022-10-20").await;
        let programme = app.programme().await;
        let steps = steps();
        let id = registered(&app, &programme).await;
        app.walk(&id, &steps, "record-business-start").await;
        let (_, word, one_month) = steps.iter().find(|(_, _, body)| body["milestone"] == json!(1)).unwrap();
        app.done(Role::Adviser, &id, word, one_month).await;
        in_charge(&app, &id, "2022-10-01").await;
        let gone = registered(&app, &programme).await;
        app.walk(&gone, &steps, "record-business-start").await;
        app.done(Role::Director, &gone, "exit", &json!({ "occurred_on": "2022-06-01", "reason": "moved" })).await;
        let token = app.token(Role::Adviser).await;
        let shown = ["id", "milestone", "due_on", "days_late", "adviser"];
        let three = vec![json!(id), json!(3), json!("2022-08-01"), json!(80), json!("moussa")];
        let six = |late: i64| vec![json!(id), json!(6), json!("2022-11-01"), json!(late), json!("moussa")];
        let due = items(&app, &token, "due-visits", "").await;
        assert_eq!(fields(&due, &shown), [three.clone(), six(0)]);
        let due = items(&app, &token, "due-visits", "&until=2022-10-31").await;
        assert_eq!(fields(&due, &shown), [three]);
        assert_eq!(items(&app, &token, "due-visits", "&until=2030-01-01").await.len(), 4);
        is_kept_to_its_reach(&app, "due-visits", 2).await;
        let (_, word, visit) = steps.iter().find(|(_, _, body)| body["milestone"] == json!(3)).unwrap();
        app.done(Role::Adviser, &id, word, visit).await;
        clock.set(noon("2022-11-04"));
        let due = items(&app, &token, "due-visits", "").await;
        assert_eq!(fields(&due, &shown), [six(3)]);
        app.done(Role::Director, &id, "transfer", &json!({ "occurred_on": "2022-11-04", "office": "mopti-1" })).await;
        let there = app.token_of("mopti", Role::Adviser, region("mopti")).await;
        assert_eq!(items(&app, &there, "due-visits", "").await.len(), 1);
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        assert_eq!(items(&app, &token, "due-visits", "").await, Vec::<Value>::new());
    }

    async fn a_path_without_a_fact_for_long_has_stalled(engine) {
        let (app, clock) = at(engine, "2022-02-20").await;
        let programme = app.programme().await;
        let steps = steps();
        let (quiet, busy, left) = (registered(&app, &programme).await, registered(&app, &programme).await, registered(&app, &programme).await);
        in_charge(&app, &quiet, "2022-01-10").await;
        app.walk(&busy, &steps, "submit-idea").await;
        app.done(Role::Director, &left, "exit", &json!({ "occurred_on": "2022-01-11", "reason": "moved" })).await;
        let token = app.token(Role::Adviser).await;
        assert_eq!(items(&app, &token, "stalled", "").await, Vec::<Value>::new());
        clock.set(noon("2022-03-11"));
        let stalled = items(&app, &token, "stalled", "").await;
        assert_eq!(fields(&stalled, &["id", "last_on", "status"]), [vec![json!(quiet), json!("2022-01-10"), json!("active")]]);
        is_kept_to_its_reach(&app, "stalled", 1).await;
        let stalled = items(&app, &token, "stalled", "&days=58").await;
        assert_eq!(fields(&stalled, &["id"]), [vec![json!(quiet)], vec![json!(busy)]], "the longest first");
        app.done(Role::Director, &busy, "link-duplicate", &json!({ "continues": quiet })).await;
        clock.set(noon("2022-12-01"));
        assert_eq!(items(&app, &token, "stalled", "").await.len(), 1, "a frozen path goes on elsewhere");
        for days in ["-1", "x", "36501"] {
            list(&app, &token, &format!("/v1/worklists/stalled?days={days}")).await.problem(400, "bad-parameter");
        }
    }

    async fn each_decision_is_waited_for_until_it_is_taken(engine) {
        let (app, _) = at(engine, "2026-01-01").await;
        let programme = app.programme().await;
        let id = registered(&app, &programme).await;
        in_charge(&app, &id, "2022-01-10").await;
        let token = app.token(Role::Committee).await;
        let awaited = async || {
            let listed = items(&app, &token, "awaiting-decision", "").await;
            listed.iter().map(|item| item["awaiting"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(awaited().await, Vec::<String>::new());
        let expected = [("submit-idea", Some("eligibility")), ("assess-eligibility", Some("interview")),
                        ("record-interview", Some("selection")), ("decide-selection", None)];
        for ((role, word, body), (_, next)) in steps().iter().zip(expected) {
            app.done(*role, &id, word, body).await;
            assert_eq!(awaited().await, next.map(str::to_owned).into_iter().collect::<Vec<_>>(), "after {word}");
            if let Some(next) = next {
                assert_eq!(items(&app, &token, "awaiting-decision", &format!("&awaiting={next}")).await.len(), 1);
                assert_eq!(items(&app, &token, "awaiting-decision", "&awaiting=agreement").await.len(), 0);
                is_kept_to_its_reach(&app, "awaiting-decision", 1).await;
            }
        }
        let other = registered(&app, &programme).await;
        app.walk(&other, &steps_with_recognised_training(), "recognise-training").await;
        let plan = json!({ "occurred_on": "2022-04-02", "title": "Karité", "amount_needed": 400_000, "own_contribution": 40_000 });
        app.done(Role::Adviser, &other, "submit-business-plan", &plan).await;
        assert_eq!(awaited().await, ["plan"]);
    }

    async fn a_repayment_is_overdue_from_the_day_after_until_it_is_paid(engine) {
        let (app, clock) = at(engine, "2022-05-31").await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 1_000_000).await;
        let id = with_plan(&app, &programme).await;
        in_charge(&app, &id, "2022-04-05").await;
        let loan = json!({ "occurred_on": "2022-04-06", "instrument": "loan", "amount": 200_000, "own_contribution": 0, "fund": fund });
        app.done(Role::Adviser, &id, "request-financing", &loan).await;
        let mut body = approval(&[200_000]);
        body["schedule"] = json!([{ "due_on": "2022-06-01", "principal": 100_000, "interest": 1_000 },
                                  { "due_on": "2022-07-01", "principal": 100_000, "interest": 1_000 }]);
        app.done(Role::Committee, &id, "approve-financing", &body).await;
        app.done(Role::Director, &id, "sign-agreement", &json!({ "occurred_on": "2022-04-12", "financing": 1 })).await;
        let paid = json!({ "occurred_on": "2022-04-20", "financing": 1, "tranche": 1, "amount": 200_000, "method": "mobile_money", "payment_reference": "OM-1" });
        app.done(Role::Finance, &id, "record-disbursement", &paid).await;
        let token = app.token(Role::Finance).await;
        let overdue = async |query: &str| items(&app, &token, "overdue-repayments", query).await;
        clock.set(noon("2022-06-01"));
        assert_eq!(overdue("").await, Vec::<Value>::new(), "on its day it is not late");
        clock.set(noon("2022-06-11"));
        let late = overdue("").await;
        let reference = app.get(&token, &format!("/v1/beneficiaries/{id}")).await.ok(200)["reference"].clone();
        let shown = ["id", "reference", "financing", "days_past_due", "outstanding", "oldest_unpaid_due_on"];
        assert_eq!(fields(&late, &shown), [vec![json!(id), reference.clone(), json!(1), json!(10), json!(200_000), json!("2022-06-01")]]);
        assert_eq!((overdue("&days=10").await.len(), overdue("&days=11").await.len()), (1, 0));
        list(&app, &token, "/v1/worklists/overdue-repayments?days=0").await.problem(400, "bad-parameter");
        is_kept_to_its_reach(&app, "overdue-repayments", 1).await;
        let back = |day: &str, reference: &str| json!({ "occurred_on": day, "financing": 1, "principal": 100_000, "interest": 1_000, "method": "mobile_money", "payment_reference": reference });
        app.done(Role::Finance, &id, "record-repayment", &back("2022-06-10", "RC-1")).await;
        assert_eq!(overdue("").await, Vec::<Value>::new());
        clock.set(noon("2022-07-03"));
        let late = overdue("").await;
        assert_eq!(fields(&late, &shown[3..]), [vec![json!(2), json!(100_000), json!("2022-07-01")]]);
        app.done(Role::Director, &id, "transfer", &json!({ "occurred_on": "2022-07-02", "office": "mopti-1" })).await;
        let (old, new) = (app.token_of("segou", Role::Finance, office(&programme, "segou-1")).await, app.token_of("mopti", Role::Finance, region("mopti")).await);
        assert_eq!(items(&app, &old, "overdue-repayments", "").await.len(), 0, "the office that handed it over");
        assert_eq!(items(&app, &new, "overdue-repayments", "").await.len(), 1);
        app.done(Role::Finance, &id, "record-repayment", &back("2022-07-03", "RC-2")).await;
        assert_eq!(overdue("").await, Vec::<Value>::new());
    }
}
