//! Balances at the end of a period, with both times free of each other: what was so on a day, as known at a moment;
//! and what is due, paid, held and survives, after the definitions of those who read it.

use reqwest::Method;
use serde_json::{Value, json};
use sira::grant::Scope;
use sira_domain::role::Role;
use sira_domain::values::FundId;

use super::app::{Reply, TestApp, registration, steps, with};
use super::money::{approval, with_plan};
use crate::on_both_engines;

/// The rows of a question, as a director sees them, once everything recorded is in them.
async fn rows(app: &TestApp, query: &str) -> Vec<Value> {
    asked(app, query).await.ok(200)["rows"].as_array().unwrap().clone()
}

async fn asked(app: &TestApp, query: &str) -> Reply {
    let token = app.token(Role::Director).await;
    let head = app.commands.journal().head().await.unwrap().position;
    let request = app.request(Method::GET, &format!("/v1/analytics/{query}")).bearer_auth(token);
    Reply::of(request.header("sira-min-position", head.get())).await
}

/// The value of the only row of an indicator.
async fn value(app: &TestApp, name: &str, query: &str) -> Value {
    let found = rows(app, &format!("indicators?name={name}&{query}")).await;
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found[0]["value"].clone()
}

/// What a series tells: each period's word with its value.
async fn series(app: &TestApp, name: &str, query: &str) -> Vec<(String, Value)> {
    let interval = query.split('&').find_map(|part| part.strip_prefix("interval=")).unwrap();
    let found = rows(app, &format!("timeseries?name={name}&{query}")).await;
    found
        .iter()
        .map(|row| (row[interval].as_str().unwrap().to_owned(), row["value"].clone()))
        .collect()
}

fn told(list: &[(&str, Value)]) -> Vec<(String, Value)> {
    list.iter().map(|(word, value)| ((*word).to_owned(), value.clone())).collect()
}

/// A loan that is paid out, by its schedule: day, principal, interest.
pub async fn lend(
    app: &TestApp,
    programme: &str,
    fund: &str,
    paid_on: &str,
    schedule: &[(&str, u64, u64)],
) -> String {
    let id = with_plan(app, programme).await;
    let amount: u64 = schedule.iter().map(|(_, principal, _)| principal).sum();
    let loan = json!({ "occurred_on": "2022-04-06", "instrument": "loan", "amount": amount, "own_contribution": 0, "fund": fund });
    app.done(Role::Adviser, &id, "request-financing", &loan).await;
    let mut body = approval(&[amount]);
    body["schedule"] = schedule
        .iter()
        .map(|(due_on, principal, interest)| json!({ "due_on": due_on, "principal": principal, "interest": interest }))
        .collect();
    app.done(Role::Committee, &id, "approve-financing", &body).await;
    app.done(
        Role::Director,
        &id,
        "sign-agreement",
        &json!({ "occurred_on": "2022-04-12", "financing": 1 }),
    )
    .await;
    let paid = json!({ "occurred_on": paid_on, "financing": 1, "tranche": 1, "amount": amount, "method": "mobile_money",
        "payment_reference": format!("OM-{id}") });
    app.done(Role::Finance, &id, "record-disbursement", &paid).await;
    id
}

pub async fn pay_back(app: &TestApp, id: &str, on: &str, principal: u64, interest: u64) -> Value {
    let back = json!({ "occurred_on": on, "financing": 1, "principal": principal, "interest": interest,
        "method": "mobile_money", "payment_reference": format!("RC-{id}-{on}") });
    app.done(Role::Finance, id, "record-repayment", &back).await
}

pub async fn started(app: &TestApp, programme: &str) -> String {
    let id = app.register(programme).await["id"].as_str().unwrap().to_owned();
    app.walk(&id, &steps(), "record-business-start").await;
    id
}

/// Somebody who waits since the tenth of February 2022.
async fn waitlisted(app: &TestApp) -> String {
    let id = app.registered().await;
    app.walk(&id, &steps(), "record-interview").await;
    let waits = json!({ "occurred_on": "2022-02-10", "decision": "waitlisted", "method": "committee", "session": "2022-02", "reason": "Attente" });
    app.done(Role::Committee, &id, "decide-selection", &waits).await;
    id
}

fn visit(on: &str, milestone: Option<u32>, status: &str, jobs: Option<(u32, u32)>) -> Value {
    let mut body = json!({ "occurred_on": on, "business_status": status });
    if let Some(months) = milestone {
        body["milestone"] = json!(months);
    }
    if let Some((women, men)) = jobs {
        body["jobs"] = json!({ "women": women, "men": men, "under_35": 0, "full_time_hundredths": (women + men) * 100 });
    }
    body
}

on_both_engines! {
    async fn a_balance_is_that_of_the_end_of_its_period(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 1_000_000).await;
        let schedule = [("2024-06-30", 50_000, 0), ("2025-03-15", 50_000, 0)];
        let one = lend(&app, &programme, &fund, "2024-01-15", &schedule).await;
        lend(&app, &programme, &fund, "2024-01-15", &schedule).await;
        pay_back(&app, &one, "2024-06-30", 50_000, 0).await;
        let before = app.commands.journal().head().await.unwrap().position;
        pay_back(&app, &one, "2025-03-15", 50_000, 0).await;
        let year = "interval=quarter&from=2024-01-01&to=2024-12-31";
        let quarters = [("2024-Q1", json!(200_000)), ("2024-Q2", json!(150_000)), ("2024-Q3", json!(150_000)), ("2024-Q4", json!(150_000))];
        assert_eq!(series(&app, "outstanding", year).await, told(&quarters));
        let at_risk = [("2024-Q1", json!(0)), ("2024-Q2", json!(0)), ("2024-Q3", json!(66.67)), ("2024-Q4", json!(66.67))];
        assert_eq!(series(&app, "par30", year).await, told(&at_risk));
        assert_eq!(value(&app, "par30", "to=2024-12-31").await, json!(66.67));
        assert_eq!(value(&app, "arrears", "to=2024-12-31").await, json!(50_000));
        assert_eq!(value(&app, "outstanding", "").await, json!(100_000));
        assert_eq!(value(&app, "par30", "").await, json!(100));
        assert_eq!(value(&app, "outstanding", "to=2024-01-14").await, json!(0));
        // As it was known before the last payment: the day of the balance is another thing.
        let then = format!("as_of_position={before}");
        assert_eq!(value(&app, "outstanding", &then).await, json!(150_000));
        assert_eq!(value(&app, "outstanding", &format!("{then}&to=2024-03-31")).await, json!(200_000));
        // A series tells of the range alone, and of every period of it.
        let months: Vec<_> = series(&app, "amount_repaid", "interval=month&from=2024-05-01&to=2024-08-31").await;
        assert_eq!(months, told(&[("2024-05", json!(0)), ("2024-06", json!(50_000)), ("2024-07", json!(0)), ("2024-08", json!(0))]));
        assert_eq!(series(&app, "outstanding", "interval=year&from=2023-01-01&to=2023-12-31").await, told(&[("2023", json!(0))]));
        // A balance is not of the month in which something began.
        asked(&app, "indicators?name=outstanding&group_by=month").await.problem(400, "bad-parameter");
    }

    async fn a_payment_told_late_changes_the_balances_from_its_day_on(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 1_000_000).await;
        let id = lend(&app, &programme, &fund, "2024-01-15", &[("2024-03-31", 60_000, 0), ("2024-06-30", 40_000, 0)]).await;
        pay_back(&app, &id, "2024-06-30", 30_000, 0).await;
        let known = app.commands.journal().head().await.unwrap().position;
        let version = pay_back(&app, &id, "2024-04-15", 20_000, 0).await["version"].as_u64().unwrap();
        let year = "interval=quarter&from=2024-01-01&to=2024-09-30";
        let now = [("2024-Q1", json!(100_000)), ("2024-Q2", json!(50_000)), ("2024-Q3", json!(50_000))];
        assert_eq!(series(&app, "outstanding", year).await, told(&now));
        assert_eq!(value(&app, "outstanding", "to=2024-04-15").await, json!(80_000));
        let then = [("2024-Q1", json!(100_000)), ("2024-Q2", json!(70_000)), ("2024-Q3", json!(70_000))];
        assert_eq!(series(&app, "outstanding", &format!("{year}&as_of_position={known}")).await, told(&then));
        let undo = json!({ "occurred_on": "2024-04-20", "sequence": version, "ground": "other" });
        let other = app.token_of("autre", Role::Finance, Scope::All).await;
        app.command(&other, &id, "reverse-repayment", &undo).await.ok(200);
        assert_eq!(series(&app, "outstanding", year).await, told(&then));
    }

    async fn a_repayment_rate_is_of_what_first_fell_due_in_the_period(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 5_000_000).await;
        let rate = async |query: &str| value(&app, "repayment_rate", query).await;
        // Of two instalments one is paid on its day, the other half, and late.
        let id = lend(&app, &programme, &fund, "2022-05-01", &[("2022-06-01", 100_000, 10_000), ("2022-07-01", 100_000, 10_000)]).await;
        pay_back(&app, &id, "2022-06-01", 100_000, 10_000).await;
        pay_back(&app, &id, "2022-08-10", 50_000, 0).await;
        let of = |from: &str, to: &str| format!("from={from}&to={to}&fund={fund}");
        assert_eq!(rate(&of("2022-06-01", "2022-06-30")).await, json!(100));
        assert_eq!(rate(&of("2022-07-01", "2022-07-31")).await, json!(0));
        assert_eq!(rate(&of("2022-07-01", "2022-08-31")).await, json!(45.45));
        assert_eq!(rate(&of("2022-08-01", "2022-08-31")).await, Value::Null, "what is late is not due again");
        assert_eq!(value(&app, "arrears", "to=2022-08-31").await, json!(60_000));

        // What was rescheduled and never paid stays what it was: nothing of what fell due.
        let other = app.fund(&programme, "deux", 5_000_000).await;
        let id = lend(&app, &programme, &other, "2022-05-01", &[("2022-06-01", 100_000, 0)]).await;
        let new = json!({ "occurred_on": "2022-06-20", "financing": 1, "ground": "illness",
            "schedule": [{ "due_on": "2023-06-01", "principal": 100_000, "interest": 0 }] });
        app.done(Role::Finance, &id, "reschedule-loan", &new).await;
        assert_eq!(rate(&format!("from=2022-06-01&to=2022-06-30&fund={other}")).await, json!(0));
        assert_eq!(rate(&format!("fund={other}")).await, json!(0));
        assert_eq!(value(&app, "arrears", &format!("to=2022-06-19&fund={other}")).await, json!(100_000));
        assert_eq!(value(&app, "arrears", &format!("to=2022-06-20&fund={other}")).await, json!(0));
        assert_eq!(value(&app, "par30", &format!("to=2022-06-30&fund={other}")).await, json!(100));

        // Settled early: nothing was left to fall due, and all that did was paid.
        let third = app.fund(&programme, "trois", 5_000_000).await;
        let id = lend(&app, &programme, &third, "2022-05-01", &[("2022-06-01", 50_000, 4_000), ("2022-09-01", 50_000, 4_000)]).await;
        pay_back(&app, &id, "2022-06-01", 100_000, 4_000).await;
        assert_eq!(rate(&format!("fund={third}")).await, json!(100));
        assert_eq!(rate(&format!("from=2022-09-01&to=2022-09-30&fund={third}")).await, Value::Null, "paid in advance");
        assert_eq!(value(&app, "amount_repaid", &format!("fund={third}")).await, json!(104_000));
    }

    async fn a_series_begins_with_a_whole_period(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "fonds-1", 10_000_000).await;
        let id = lend(&app, &programme, &fund, "2022-04-20", &[("2022-06-15", 60_000, 0)]).await;
        // In the month in which it falls due, and before the day on which it does.
        pay_back(&app, &id, "2022-06-03", 60_000, 0).await;
        let told_of = series(&app, "repayment_rate", "interval=month&to=2022-06-30").await;
        assert_eq!(told_of, told(&[("2022-06", json!(100))]));
    }

    async fn what_is_written_off_is_set_against_the_portfolio(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 5_000_000).await;
        for _ in 0..2 {
            lend(&app, &programme, &fund, "2022-05-01", &[("2023-12-01", 100_000, 0)]).await;
        }
        let lost = lend(&app, &programme, &fund, "2022-05-01", &[("2023-06-01", 100_000, 0)]).await;
        let off = json!({ "occurred_on": "2023-07-15", "financing": 1, "amount": 100_000, "ground": "unreachable" });
        app.done(Role::Director, &lost, "write-off-loan", &off).await;
        // 100,000 of a mean of 300,000 at the beginning and 200,000 at the end.
        assert_eq!(value(&app, "write_off_ratio", "to=2023-07-31").await, json!(40));
        assert_eq!(value(&app, "write_off_ratio", "to=2023-07-14").await, json!(0));
        assert_eq!(value(&app, "write_off_ratio", "to=2024-07-20").await, json!(0), "it was more than a year ago");
    }

    async fn a_visit_is_on_time_until_fifteen_days_after_it_fell_due(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = started(&app, &programme).await;
        let told = async |query: &str| {
            let row = rows(&app, &format!("indicators?name=visits_on_time&{query}")).await.remove(0);
            (row["value"].clone(), row["numerator"].clone(), row["denominator"].clone())
        };
        let tell = async |word: &str, body: Value| app.done(Role::Adviser, &id, word, &body).await;
        tell("record-visit", visit("2022-06-16", Some(1), "trading", None)).await;
        tell("record-visit", visit("2022-08-17", Some(3), "trading", None)).await;
        // Those of 1 and 3 months were made, the second a day too late; those of 6, 12 and 24 were not.
        assert_eq!(told("").await, (json!(20), json!(1), json!(5)));
        assert_eq!(told("from=2022-06-01&to=2022-06-30").await, (json!(100), json!(1), json!(1)));
        assert_eq!(told("from=2022-07-01&to=2022-10-31").await, (json!(0), json!(0), json!(1)));
        // What falls due after the path has ended is due no longer, and again when it goes on before.
        tell("exit", json!({ "occurred_on": "2023-05-01", "reason": "moved" })).await;
        assert_eq!(told("").await, (json!(33.33), json!(1), json!(3)));
        let again = json!({ "occurred_on": "2023-06-01", "reason": "Revenue" });
        app.done(Role::Director, &id, "reopen", &again).await;
        assert_eq!(told("").await, (json!(25), json!(1), json!(4)));
        tell("record-business-closure", json!({ "occurred_on": "2024-05-01", "reason": "other" })).await;
        assert_eq!(told("").await, (json!(33.33), json!(1), json!(3)));
        // Another business is due its own, and not those that the person has had.
        tell("record-business-start", json!({ "occurred_on": "2024-06-01", "form": "individual", "sector": "C" })).await;
        assert_eq!(told("from=2024-06-01&to=2024-12-31").await, (json!(0), json!(0), json!(1)));
    }

    async fn jobs_are_held_new_lost_and_kept(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = started(&app, &programme).await;
        let start = app.get(&app.token(Role::Director).await, &format!("/v1/beneficiaries/{id}")).await.ok(200);
        assert_eq!(start["business"]["started_on"], json!("2022-05-01"));
        for body in [visit("2022-11-01", Some(6), "trading", Some((2, 1))), visit("2023-05-01", Some(12), "trading", Some((3, 2))),
            visit("2024-05-01", Some(24), "trading", Some((2, 2)))] {
            app.done(Role::Adviser, &id, "record-visit", &body).await;
        }
        let held = async |to: &str| value(&app, "jobs_held", &format!("to={to}")).await;
        assert_eq!(held("2022-10-31").await, json!(0));
        assert_eq!(held("2022-11-01").await, json!(3));
        assert_eq!(held("2023-12-31").await, json!(5));
        assert_eq!(held("2024-12-31").await, json!(4));
        assert_eq!(held("2025-05-01").await, json!(0), "nobody has seen them for a year");
        assert_eq!(value(&app, "jobs_women", "to=2023-12-31").await, json!(3));
        assert_eq!(value(&app, "jobs_full_time", "to=2023-12-31").await, json!(5));
        let years = "interval=year&from=2022-01-01&to=2024-12-31";
        assert_eq!(series(&app, "jobs_created", years).await, told(&[("2022", json!(3)), ("2023", json!(2)), ("2024", json!(0))]));
        assert_eq!(series(&app, "jobs_net", years).await, told(&[("2022", json!(3)), ("2023", json!(2)), ("2024", json!(-1))]));
        assert_eq!(value(&app, "jobs_at_12_months", "").await, json!(5));
        assert_eq!(value(&app, "jobs_sustained", "").await, json!(4));
        app.done(Role::Adviser, &id, "record-business-closure", &json!({ "occurred_on": "2024-08-01", "reason": "other" })).await;
        assert_eq!(held("2024-07-31").await, json!(4));
        assert_eq!(held("2024-08-01").await, json!(0));
        assert_eq!(value(&app, "jobs_net", "").await, json!(0), "what was created and lost");
        assert_eq!(value(&app, "jobs_created", "").await, json!(5));
    }

    async fn survival_is_of_each_business_and_who_was_not_seen_is_unknown(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let mut paths = Vec::new();
        for _ in 0..4 {
            paths.push(started(&app, &programme).await);
        }
        let tell = async |path: usize, word: &str, body: Value| {
            app.done(Role::Adviser, &paths[path], word, &body).await;
        };
        // One is seen at two years and not at one; one closes after 200 days and another starts in its place; one is
        // unreachable ever since; one is seen at six months and never again.
        tell(0, "record-visit", visit("2024-05-02", Some(24), "trading", None)).await;
        tell(1, "record-business-closure", json!({ "occurred_on": "2022-11-17", "reason": "other" })).await;
        tell(1, "record-business-start", json!({ "occurred_on": "2023-01-01", "form": "individual", "sector": "C" })).await;
        tell(1, "record-visit", visit("2024-01-05", Some(12), "trading", None)).await;
        tell(2, "record-visit", visit("2023-05-01", Some(12), "unreachable", None)).await;
        tell(3, "record-visit", visit("2022-11-01", Some(6), "paused", None)).await;
        let found = async |name: &str, query: &str| rows(&app, &format!("survival?name={name}&{query}")).await.remove(0);
        let of_2022 = "from=2022-01-01&to=2022-12-31";
        // Of the four that started in 2022: followed for 732, 200 (closed), 0 and 184 days.
        let year = found("survival_12", of_2022).await;
        assert_eq!((&year["value"], &year["of"]), (&json!(50), &json!({ "businesses": 4, "at_risk": 1, "closed": 1, "unknown": 2 })));
        assert!(year["low"].as_f64().unwrap() < 50.0 && year["high"].as_f64().unwrap() > 50.0, "{year}");
        assert_eq!(found("survival_6", of_2022).await["value"], json!(100));
        assert_eq!(found("survival_12_seen", of_2022).await["value"], json!(50));
        assert_eq!(found("survival_12_low", of_2022).await["value"], json!(25));
        // The second business of the same person is one of its own.
        let all = found("survival_12", "").await;
        assert_eq!(all["of"]["businesses"], json!(5));
    }

    async fn a_persons_group_and_fund_are_theirs_whenever_they_got_them(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let (fund, second) = (app.fund(&programme, "un", 1_000_000).await, app.fund(&programme, "deux", 1_000_000).await);
        let id = lend(&app, &programme, &fund, "2022-05-01", &[("2022-09-01", 100_000, 0)]).await;
        app.register(&programme).await;
        // A second fund takes part in the same need.
        let part = json!({ "occurred_on": "2022-06-06", "instrument": "grant", "amount": 50_000, "own_contribution": 0, "fund": second });
        app.done(Role::Adviser, &id, "request-financing", &part).await;
        let approved = json!({ "occurred_on": "2022-06-10", "financing": 2, "amount": 50_000, "tranches": [{ "tranche": 1, "amount": 50_000 }] });
        app.done(Role::Committee, &id, "approve-financing", &approved).await;
        for one in [&fund, &second] {
            assert_eq!(value(&app, "registered", &format!("fund={one}")).await, json!(1), "{one}");
            assert_eq!(value(&app, "trained", &format!("fund={one}")).await, json!(1));
            assert_eq!(value(&app, "funnel_registered", &format!("fund={one}")).await, json!(1));
        }
        assert_eq!(value(&app, "registered", &format!("fund={fund},{second}")).await, json!(1), "one person");
        assert_eq!(value(&app, "registered", "fund=none").await, json!(1));
        assert_eq!(value(&app, "registered", "").await, json!(2));
        let by_fund = rows(&app, "indicators?name=registered&group_by=fund").await;
        assert_eq!(by_fund.len(), 3, "{by_fund:?}");
        // The money is of the fund that gives it.
        assert_eq!(value(&app, "amount_committed", &format!("fund={second}")).await, json!(50_000));
        assert_eq!(value(&app, "outstanding", &format!("fund={second}")).await, json!(0));
        // A donor reaches the people of its fund.
        let scope = Scope::Funds(vec![FundId(second.parse().unwrap())]);
        let finance = app.token_of("financier", Role::Finance, scope).await;
        let reply = app.get(&finance, "/v1/analytics/indicators?name=registered").await.ok(200);
        assert_eq!(reply["rows"][0]["value"], json!(1));
    }

    async fn sector_and_education_are_dimensions_and_what_has_no_word_can_be_asked_for(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let token = app.token(Role::Adviser).await;
        app.post(&token, "/v1/beneficiaries", &with(registration(&programme), "/education", json!("3"))).await.ok(201);
        let mut unknown = registration(&programme);
        unknown.as_object_mut().unwrap().remove("education");
        let id = app.post(&token, "/v1/beneficiaries", &unknown).await.ok(201)["id"].as_str().unwrap().to_owned();
        app.walk(&id, &steps(), "assess-eligibility").await;
        assert_eq!(value(&app, "registered", "education=3").await, json!(1));
        assert_eq!(value(&app, "registered", "education=none").await, json!(1));
        assert_eq!(value(&app, "eligible", "sector=C").await, json!(1));
        assert_eq!(value(&app, "eligible", "sector=A").await, json!(0));
        let by = rows(&app, "indicators?name=registered&group_by=education").await;
        let words: Vec<_> = by.iter().map(|row| row["education"].clone()).collect();
        assert_eq!(words, [Value::Null, json!("3")]);
        // Every cell of a breakdown leads to the events behind it.
        let token = app.token(Role::Director).await;
        let why = app.get(&token, "/v1/analytics/indicators/registered/why?education=none").await.ok(200);
        assert_eq!((&why["events"], &why["items"][0]["id"]), (&json!(1), &json!(id)));
        asked(&app, "indicators?name=registered&education=9").await.problem(400, "bad-parameter");
    }

    async fn paths_are_active_waiting_or_ended_on_the_day_that_is_asked_of(engine) {
        let app = TestApp::on(engine).await;
        let id = waitlisted(&app).await;
        app.done(Role::Director, &id, "suspend", &json!({ "occurred_on": "2022-03-01", "reason": "season" })).await;
        app.done(Role::Director, &id, "resume", &json!({ "occurred_on": "2022-04-01" })).await;
        let chosen = json!({ "occurred_on": "2022-05-10", "decision": "selected", "method": "committee", "session": "2022-05", "reason": "Place libre" });
        app.done(Role::Committee, &id, "decide-selection", &chosen).await;
        let on = async |name: &str, day: &str| value(&app, name, &format!("to={day}")).await;
        for (day, active, suspended, waiting) in [("2022-01-09", 0, 0, 0), ("2022-02-09", 1, 0, 0), ("2022-02-10", 1, 0, 1),
            ("2022-03-15", 0, 1, 1), ("2022-04-15", 1, 0, 1), ("2022-05-10", 1, 0, 0)] {
            let found = [on("paths_active", day).await, on("paths_suspended", day).await, on("waiting", day).await];
            assert_eq!(found, [json!(active), json!(suspended), json!(waiting)], "{day}");
        }
    }

    async fn who_comes_back_waits_again_from_that_day_on_and_not_in_between(engine) {
        let app = TestApp::on(engine).await;
        let id = waitlisted(&app).await;
        app.done(Role::Adviser, &id, "exit", &json!({ "occurred_on": "2022-03-01", "reason": "moved" })).await;
        app.done(Role::Director, &id, "reopen", &json!({ "occurred_on": "2022-05-01", "reason": "Revenue" })).await;
        for (day, waiting) in [("2022-02-15", 1), ("2022-03-01", 0), ("2022-04-15", 0), ("2022-05-01", 1), ("2022-06-01", 1)] {
            assert_eq!(value(&app, "waiting", &format!("to={day}")).await, json!(waiting), "{day}");
        }
    }

    async fn a_closure_told_late_takes_the_jobs_seen_after_it(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = started(&app, &programme).await;
        for (on, women) in [("2022-07-01", 2), ("2022-09-01", 3)] {
            app.done(Role::Adviser, &id, "record-visit", &visit(on, None, "trading", Some((women, 0)))).await;
        }
        assert_eq!(value(&app, "jobs_held", "to=2022-09-15").await, json!(3));
        let closed = json!({ "occurred_on": "2022-08-01", "reason": "no_market" });
        app.done(Role::Adviser, &id, "record-business-closure", &closed).await;
        assert_eq!(value(&app, "jobs_held", "to=2022-07-15").await, json!(2));
        for day in ["2022-08-01", "2022-09-15"] {
            assert_eq!(value(&app, "jobs_held", &format!("to={day}")).await, json!(0), "{day}");
        }
        assert_eq!(value(&app, "jobs_net", "to=2022-12-31").await, json!(0), "what came has gone");
    }
}
