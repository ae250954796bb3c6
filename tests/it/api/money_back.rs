//! Money that bounces, comes back or is given up: put right in path, fund, lists and figures at once.

use serde_json::{Value, json};
use sira::grant::Scope;
use sira_domain::role::Role;

use super::app::TestApp;
use super::money::{approval, request, with_plan};

fn paid(tranche: u32, amount: u64, reference: &str) -> Value {
    json!({ "occurred_on": "2022-04-20", "financing": 1, "tranche": tranche, "amount": amount,
            "method": "mobile_money", "payment_reference": reference })
}

fn moved(on: &str, amount: u64, reference: &str) -> Value {
    json!({ "occurred_on": on, "financing": 1, "amount": amount, "method": "bank_transfer",
            "payment_reference": reference })
}

fn back(on: &str, (principal, interest, credit): (u64, u64, u64), reference: &str) -> Value {
    json!({ "occurred_on": on, "financing": 1, "principal": principal, "interest": interest,
            "credit": credit, "method": "mobile_money", "payment_reference": reference })
}

/// A fund of a million, and a path with a signed financing of 200,000 of this instrument.
async fn signed(app: &TestApp, instrument: &str) -> (String, String) {
    let programme = app.programme().await;
    let fund = app.fund(&programme, "bailleur", 1_000_000).await;
    let id = with_plan(app, &programme).await;
    let mut asked = request(&fund, 200_000);
    asked["instrument"] = json!(instrument);
    app.done(Role::Adviser, &id, "request-financing", &asked).await;
    let mut body = approval(&[200_000]);
    if instrument == "loan" {
        body["schedule"] = json!([{ "due_on": "2022-06-01", "principal": 100_000, "interest": 1_000 },
                                  { "due_on": "2022-07-01", "principal": 100_000, "interest": 1_000 }]);
    }
    app.done(Role::Committee, &id, "approve-financing", &body).await;
    let sign = json!({ "occurred_on": "2022-04-12", "financing": 1 });
    app.done(Role::Director, &id, "sign-agreement", &sign).await;
    (id, fund)
}

async fn accountant(app: &TestApp) -> String {
    app.token_of("comptable", Role::Finance, Scope::All).await
}

async fn version(app: &TestApp, id: &str) -> u64 {
    let token = app.token(Role::Director).await;
    app.get(&token, &format!("/v1/beneficiaries/{id}")).await.ok(200)["version"].as_u64().unwrap()
}

async fn financing(app: &TestApp, id: &str) -> Value {
    let token = app.token(Role::Director).await;
    let shown = app.get(&token, &format!("/v1/beneficiaries/{id}")).await.ok(200);
    shown["financings"][0].clone()
}

async fn fund_of(app: &TestApp, fund: &str, fields: [&str; 3]) -> [u64; 3] {
    let token = app.token(Role::Director).await;
    let shown = app.get(&token, &format!("/v1/funds/{fund}")).await.ok(200);
    fields.map(|field| shown[field].as_u64().unwrap())
}

async fn refused(
    app: &TestApp,
    token: &str,
    id: &str,
    word: &str,
    body: &Value,
) -> (String, String) {
    let reply = app.command(token, id, word, body).await;
    let rule = reply.error(409, "refused").1;
    (rule, reply.json()["detail"].as_str().unwrap().to_owned())
}

async fn figure(app: &TestApp, name: &str) -> Value {
    let token = app.token(Role::Auditor).await;
    app.caught_up().await;
    let answer = app.get(&token, &format!("/v1/analytics/indicators?name={name}")).await.ok(200);
    let [row] = answer["rows"].as_array().unwrap().as_slice() else { return json!(0) };
    row["value"].clone()
}

crate::on_both_engines! {
    async fn a_bounced_payment_is_put_right_in_path_fund_and_figures(engine) {
        let app = TestApp::on(engine).await;
        let (id, fund) = signed(&app, "grant").await;
        app.done(Role::Finance, &id, "record-disbursement", &paid(1, 200_000, "OM-1")).await;
        let sequence = version(&app, &id).await;
        assert_eq!(figure(&app, "amount_disbursed").await, json!(200_000));
        let body = json!({ "occurred_on": "2022-04-22", "sequence": sequence, "reason": "Compte fermé", "payment_reference": "RJ-1" });
        let (recorder, other) = (app.token(Role::Finance).await, accountant(&app).await);
        let (rule, _) = refused(&app, &recorder, &id, "reverse-disbursement", &body).await;
        assert_eq!(rule, "separation_of_duties");
        let (rule, _) = refused(&app, &other, &id, "reverse-repayment", &body).await;
        assert_eq!(rule, "unknown_item");
        let done = app.command(&other, &id, "reverse-disbursement", &body).await.ok(200);
        assert_eq!(done["events"], json!(["DisbursementReversed"]));
        let sums = fund_of(&app, &fund, ["committed", "disbursed", "disbursements_reversed"]).await;
        assert_eq!(sums, [200_000, 0, 200_000]);
        assert_eq!((figure(&app, "amount_disbursed").await, figure(&app, "financed").await), (json!(0), json!(0)));
        let again = app.command(&other, &id, "reverse-disbursement", &json!({ "occurred_on": "2022-04-23", "sequence": sequence, "ground": "bounced" })).await;
        assert_eq!(again.error(409, "refused").1, "already_settled");
        for typed in ["OM-1", "om-1", "OM\u{2011}1", "rj-1"] {
            let (rule, _) = refused(&app, &recorder, &id, "record-disbursement", &paid(1, 200_000, typed)).await;
            assert_eq!(rule, "already_settled", "{typed}");
        }
        let mut anew = paid(1, 200_000, "OM-2");
        anew["occurred_on"] = json!("2022-04-25");
        app.done(Role::Finance, &id, "record-disbursement", &anew).await;
        assert_eq!(figure(&app, "amount_disbursed").await, json!(200_000));
        let auditor = app.token(Role::Auditor).await;
        let history = app.get(&auditor, &format!("/v1/funds/{fund}/history")).await.ok(200);
        let told: Vec<_> = history["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(told, ["FundOpened", "Committed", "Disbursed", "OutlayReversed", "Disbursed"]);
    }

    async fn a_bounced_repayment_is_owed_and_late_again(engine) {
        let app = TestApp::on(engine).await;
        let (id, fund) = signed(&app, "loan").await;
        app.done(Role::Finance, &id, "record-disbursement", &paid(1, 200_000, "OM-1")).await;
        app.done(Role::Finance, &id, "record-repayment", &back("2022-06-01", (100_000, 1_000, 0), "RC-1")).await;
        let body = json!({ "occurred_on": "2022-06-03", "sequence": version(&app, &id).await, "ground": "bounced" });
        app.command(&accountant(&app).await, &id, "reverse-repayment", &body).await.ok(200);
        let sums = fund_of(&app, &fund, ["committed", "disbursed", "interest"]).await;
        assert_eq!(sums, [200_000, 200_000, 0]);
        let token = app.token(Role::Finance).await;
        app.caught_up().await;
        let late = app.get(&token, "/v1/worklists/overdue-repayments").await.ok(200);
        let shown = ["outstanding", "interest_owed", "oldest_unpaid_due_on"].map(|field| late["items"][0][field].clone());
        assert_eq!(shown, [json!(200_000), json!(2_000), json!("2022-06-01")]);
    }

    async fn interest_alone_is_late_and_counts_in_the_portfolio_at_risk(engine) {
        let app = TestApp::on(engine).await;
        let (id, _) = signed(&app, "loan").await;
        app.done(Role::Finance, &id, "record-disbursement", &paid(1, 200_000, "OM-1")).await;
        app.done(Role::Finance, &id, "record-repayment", &back("2022-06-01", (199_000, 1_000, 0), "RC-1")).await;
        app.done(Role::Finance, &id, "record-repayment", &back("2022-07-01", (1_000, 0, 0), "RC-2")).await;
        let token = app.token(Role::Finance).await;
        app.caught_up().await;
        let late = app.get(&token, "/v1/worklists/overdue-repayments").await.ok(200);
        assert_eq!(late["items"][0]["interest_owed"], json!(1_000));
        let (rule, detail) = refused(&app, &token, &id, "record-repayment", &back("2022-08-01", (0, 999_999, 0), "RC-3")).await;
        assert_eq!(rule, "amount_above_limit");
        assert!(detail.contains("1\u{202f}000"), "{detail}");
        let reply = app.command(&token, &id, "record-repayment", &back("2022-08-01", (0, 999_999, 0), "RC-3")).await;
        assert_eq!(reply.json()["errors"][0]["pointer"], json!("/interest"));
        app.done(Role::Finance, &id, "record-repayment", &back("2022-08-01", (0, 1_000, 0), "RC-3")).await;
        app.caught_up().await;
        assert_eq!(app.get(&token, "/v1/worklists/overdue-repayments").await.ok(200)["items"], json!([]));
    }

    async fn credit_is_shown_held_by_the_fund_and_refunded(engine) {
        let app = TestApp::on(engine).await;
        let (id, fund) = signed(&app, "loan").await;
        app.done(Role::Finance, &id, "record-disbursement", &paid(1, 200_000, "OM-1")).await;
        app.done(Role::Finance, &id, "record-repayment", &back("2022-06-01", (200_000, 2_000, 3_000), "RC-1")).await;
        assert_eq!(financing(&app, &id).await["credit"], json!(3_000));
        assert_eq!(fund_of(&app, &fund, ["committed", "interest", "credit"]).await, [0, 2_000, 3_000]);
        let token = app.token(Role::Finance).await;
        let (rule, _) = refused(&app, &token, &id, "record-refund", &moved("2022-06-05", 3_001, "RT-0")).await;
        assert_eq!(rule, "amount_above_limit");
        app.done(Role::Finance, &id, "record-refund", &moved("2022-06-05", 3_000, "RT-1")).await;
        assert_eq!(fund_of(&app, &fund, ["committed", "interest", "credit"]).await, [0, 2_000, 0]);
    }

    async fn what_is_not_spent_or_recovered_comes_back_to_the_fund(engine) {
        let app = TestApp::on(engine).await;
        let (id, fund) = signed(&app, "grant").await;
        app.done(Role::Finance, &id, "record-disbursement", &paid(1, 200_000, "OM-1")).await;
        app.done(Role::Finance, &id, "record-refund", &moved("2022-06-01", 50_000, "RS-1")).await;
        assert_eq!(fund_of(&app, &fund, ["committed", "disbursed", "free"]).await, [150_000, 150_000, 850_000]);
        assert_eq!(figure(&app, "amount_refunded").await, json!(50_000));
    }

    async fn what_was_written_off_is_recovered_and_an_erased_persons_loan_is_kept_by_codes(engine) {
        let app = TestApp::on(engine).await;
        let (id, fund) = signed(&app, "loan").await;
        app.done(Role::Finance, &id, "record-disbursement", &paid(1, 200_000, "OM-1")).await;
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        let schedule = json!([{ "due_on": "2023-06-01", "principal": 200_000, "interest": 0 }]);
        let finance = app.token(Role::Finance).await;
        let told = json!({ "financing": 1, "schedule": schedule, "reason": "Maladie" });
        let (rule, _) = refused(&app, &finance, &id, "reschedule-loan", &told).await;
        assert_eq!(rule, "person_erased");
        let coded = json!({ "financing": 1, "schedule": schedule, "ground": "illness" });
        app.done(Role::Finance, &id, "reschedule-loan", &coded).await;
        let lost = json!({ "financing": 1, "amount": 200_000, "ground": "unreachable" });
        app.done(Role::Director, &id, "write-off-loan", &lost).await;
        let mut some = moved("", 60_000, "RV-1");
        some.as_object_mut().unwrap().remove("occurred_on");
        app.done(Role::Finance, &id, "record-recovery", &some).await;
        assert_eq!(fund_of(&app, &fund, ["disbursed", "recovered", "free"]).await, [140_000, 60_000, 860_000]);
        assert_eq!(figure(&app, "amount_recovered").await, json!(60_000));
    }

    async fn a_guarantee_is_called_and_released_and_never_counts_as_disbursed(engine) {
        let app = TestApp::on(engine).await;
        let (id, fund) = signed(&app, "guarantee").await;
        let finance = app.token(Role::Finance).await;
        let (rule, _) = refused(&app, &finance, &id, "record-disbursement", &paid(1, 200_000, "OM-1")).await;
        assert_eq!(rule, "fields_disagree");
        app.done(Role::Finance, &id, "call-guarantee", &moved("2022-09-01", 80_000, "AG-1")).await;
        app.done(Role::Finance, &id, "release-guarantee", &json!({ "occurred_on": "2022-10-01", "financing": 1 })).await;
        assert_eq!(fund_of(&app, &fund, ["committed", "disbursed", "free"]).await, [80_000, 80_000, 920_000]);
        assert_eq!((figure(&app, "amount_disbursed").await, figure(&app, "guarantees_called").await), (json!(0), json!(80_000)));
    }

    async fn a_financing_that_is_given_up_frees_the_fund(engine) {
        let app = TestApp::on(engine).await;
        let (id, fund) = signed(&app, "grant").await;
        let cancel = json!({ "occurred_on": "2022-04-15", "financing": 1, "ground": "renounced" });
        app.done(Role::Committee, &id, "cancel-financing", &cancel).await;
        assert_eq!(fund_of(&app, &fund, ["committed", "disbursed", "free"]).await, [0, 0, 1_000_000]);
    }

    async fn a_payment_keeps_the_agreement_that_it_rests_on(engine) {
        let app = TestApp::on(engine).await;
        let (id, _) = signed(&app, "grant").await;
        let sign = json!({ "occurred_on": "2022-04-13", "financing": 1 });
        let first = version(&app, &id).await;
        app.done(Role::Director, &id, "retract", &json!({ "sequence": first, "reason": "Erreur" })).await;
        app.done(Role::Director, &id, "sign-agreement", &sign).await;
        let second = version(&app, &id).await;
        app.done(Role::Finance, &id, "record-disbursement", &paid(1, 200_000, "OM-1")).await;
        let director = app.token(Role::Director).await;
        let (rule, _) = refused(&app, &director, &id, "retract", &json!({ "sequence": second, "reason": "Erreur" })).await;
        assert_eq!(rule, "later_event_rests_on_it");
    }
}
