//! Money across a path and a fund: committed, released, paid and paid back in one append, by different
//! people, never more than there is and never twice.

use serde_json::{Value, json};
use sira::grant::Scope;
use sira_domain::role::Role;

use super::app::{Reply, TestApp, steps_with_recognised_training};
use crate::support::Engine;

/// A path whose business plan is validated; its id.
pub async fn with_plan(app: &TestApp, programme: &str) -> String {
    let id = app.register(programme).await["id"].as_str().unwrap().to_owned();
    app.walk(&id, &steps_with_recognised_training(), "recognise-training").await;
    let plan = json!({ "occurred_on": "2022-04-02", "title": "Beurre de karité", "amount_needed": 400_000, "own_contribution": 40_000 });
    app.done(Role::Adviser, &id, "submit-business-plan", &plan).await;
    let review = json!({ "occurred_on": "2022-04-05", "conclusion": "validated" });
    app.done(Role::Committee, &id, "validate-business-plan", &review).await;
    id
}

pub fn request(fund: &str, amount: u64) -> Value {
    json!({ "occurred_on": "2022-04-06", "instrument": "grant", "amount": amount, "own_contribution": 10_000, "fund": fund })
}

pub fn approval(amounts: &[u64]) -> Value {
    let tranches: Vec<Value> = (1..)
        .zip(amounts)
        .map(|(number, amount)| json!({ "tranche": number, "amount": amount }))
        .collect();
    json!({ "occurred_on": "2022-04-10", "financing": 1, "amount": amounts.iter().sum::<u64>(), "tranches": tranches })
}

fn payment(tranche: u32, amount: u64, reference: &str) -> Value {
    json!({ "occurred_on": "2022-04-20", "financing": 1, "tranche": tranche, "amount": amount,
            "method": "mobile_money", "payment_reference": reference })
}

async fn asked(app: &TestApp, programme: &str, fund: &str, amount: u64) -> String {
    let id = with_plan(app, programme).await;
    app.done(Role::Adviser, &id, "request-financing", &request(fund, amount)).await;
    id
}

async fn fund_of(app: &TestApp, fund: &str) -> [u64; 4] {
    let token = app.token(Role::Director).await;
    let shown = app.get(&token, &format!("/v1/funds/{fund}")).await.ok(200);
    ["budget", "committed", "disbursed", "free"].map(|field| shown[field].as_u64().unwrap())
}

/// The rule and the words of a command to a path that is refused.
pub async fn refused(
    app: &TestApp,
    role: Role,
    id: &str,
    word: &str,
    body: &Value,
) -> (String, String) {
    let token = app.token(role).await;
    let reply = app.command(&token, id, word, body).await;
    let broken = reply.error(409, "refused").1;
    (broken, reply.json()["detail"].as_str().unwrap().to_owned())
}

crate::on_both_engines! {
    async fn a_financing_is_committed_paid_in_tranches_and_told_by_both_streams(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 1_000_000).await;
        let id = asked(&app, &programme, &fund, 300_000).await;
        let approved = app.done(Role::Committee, &id, "approve-financing", &approval(&[200_000, 100_000])).await;
        assert_eq!(approved["events"], json!(["FinancingApproved"]));
        assert_eq!(fund_of(&app, &fund).await, [1_000_000, 300_000, 0, 700_000]);
        app.done(Role::Director, &id, "sign-agreement", &json!({ "occurred_on": "2022-04-12", "financing": 1 })).await;
        app.done(Role::Finance, &id, "record-disbursement", &payment(1, 200_000, "OM-1")).await;
        assert_eq!(fund_of(&app, &fund).await, [1_000_000, 300_000, 200_000, 700_000]);
        let again = app.done(Role::Finance, &id, "record-disbursement", &payment(1, 200_000, "OM-1")).await;
        assert_eq!(again["already_done"], json!(true));
        assert_eq!(fund_of(&app, &fund).await[2], 200_000);
        let auditor = app.token(Role::Auditor).await;
        let history = app.get(&auditor, &format!("/v1/funds/{fund}/history")).await.ok(200);
        let told: Vec<_> = history["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(told, ["FundOpened", "Committed", "Disbursed"]);
        assert_eq!(history["events"][1]["fact"]["beneficiary"], json!(id));
        let path = app.get(&auditor, &format!("/v1/beneficiaries/{id}/history")).await.ok(200);
        let approved_at = path["events"].as_array().unwrap().iter().find(|event| event["type"] == "FinancingApproved").unwrap();
        let (one, other) = (&approved_at["position"], &history["events"][1]["position"]);
        assert_eq!(one.as_u64().unwrap() + 1, other.as_u64().unwrap(), "one append");
    }

    async fn an_approval_above_the_free_balance_is_refused_with_the_balance_and_writes_nothing(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 250_000).await;
        let id = asked(&app, &programme, &fund, 300_000).await;
        let before = app.commands.journal().head().await.unwrap().position;
        let (rule, detail) = refused(&app, Role::Committee, &id, "approve-financing", &approval(&[300_000])).await;
        assert_eq!(rule, "amount_above_limit");
        assert!(detail.contains("solde libre") && detail.contains("250\u{202f}000"), "{detail}");
        assert_eq!(app.commands.journal().head().await.unwrap().position, before);
        app.done(Role::Committee, &id, "approve-financing", &approval(&[250_000])).await;
        assert_eq!(fund_of(&app, &fund).await, [250_000, 250_000, 0, 0]);
    }

    async fn a_reduction_and_a_refusal_give_the_money_back_to_the_fund(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 1_000_000).await;
        let id = asked(&app, &programme, &fund, 300_000).await;
        app.done(Role::Committee, &id, "approve-financing", &approval(&[300_000])).await;
        app.done(Role::Committee, &id, "approve-financing", &approval(&[120_000, 80_000])).await;
        assert_eq!(fund_of(&app, &fund).await, [1_000_000, 200_000, 0, 800_000]);
        app.done(Role::Director, &id, "sign-agreement", &json!({ "occurred_on": "2022-04-12", "financing": 1 })).await;
        app.done(Role::Finance, &id, "record-disbursement", &payment(1, 120_000, "OM-1")).await;
        let refusal = json!({ "occurred_on": "2022-05-01", "financing": 1, "reason": "other" });
        app.done(Role::Committee, &id, "refuse-financing", &refusal).await;
        assert_eq!(fund_of(&app, &fund).await, [1_000_000, 120_000, 120_000, 880_000]);
        let (rule, _) = refused(&app, Role::Finance, &id, "record-disbursement", &payment(2, 80_000, "OM-2")).await;
        assert_eq!(rule, "already_settled");
        let sequence = app.get(&app.token(Role::Director).await, &format!("/v1/beneficiaries/{id}")).await.ok(200)["version"].clone();
        let (rule, _) = refused(&app, Role::Director, &id, "retract", &json!({ "sequence": sequence, "reason": "Erreur" })).await;
        assert_eq!(rule, "not_retractable", "what gave money back is not undone in one stream alone");
    }

    async fn a_payment_reference_is_used_once_in_a_fund_whoever_it_pays(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 1_000_000).await;
        let other_fund = app.fund(&programme, "autre", 1_000_000).await;
        let sign = json!({ "occurred_on": "2022-04-12", "financing": 1 });
        let mut paths = Vec::new();
        for fund in [&fund, &fund, &other_fund] {
            let id = asked(&app, &programme, fund, 100_000).await;
            app.done(Role::Committee, &id, "approve-financing", &approval(&[100_000])).await;
            app.done(Role::Director, &id, "sign-agreement", &sign).await;
            paths.push(id);
        }
        app.done(Role::Finance, &paths[0], "record-disbursement", &payment(1, 100_000, "OM-77")).await;
        let (rule, detail) = refused(&app, Role::Finance, &paths[1], "record-disbursement", &payment(1, 100_000, "OM-77")).await;
        assert_eq!(rule, "already_settled");
        assert!(detail.contains("OM-77"), "{detail}");
        app.done(Role::Finance, &paths[2], "record-disbursement", &payment(1, 100_000, "OM-77")).await;
        app.done(Role::Finance, &paths[1], "record-disbursement", &payment(1, 100_000, "OM-78")).await;
    }

    async fn a_loan_paid_back_frees_the_fund_again(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 200_000).await;
        let id = with_plan(&app, &programme).await;
        let loan = json!({ "occurred_on": "2022-04-06", "instrument": "loan", "amount": 200_000, "own_contribution": 0, "fund": fund });
        app.done(Role::Adviser, &id, "request-financing", &loan).await;
        let mut body = approval(&[200_000]);
        body["schedule"] = json!([{ "due_on": "2022-06-01", "principal": 100_000, "interest": 1_000 }, { "due_on": "2022-07-01", "principal": 100_000, "interest": 1_000 }]);
        app.done(Role::Committee, &id, "approve-financing", &body).await;
        app.done(Role::Director, &id, "sign-agreement", &json!({ "occurred_on": "2022-04-12", "financing": 1 })).await;
        app.done(Role::Finance, &id, "record-disbursement", &payment(1, 200_000, "OM-1")).await;
        assert_eq!(fund_of(&app, &fund).await, [200_000, 200_000, 200_000, 0]);
        let back = json!({ "occurred_on": "2022-06-01", "financing": 1, "principal": 100_000, "interest": 1_000, "method": "mobile_money", "payment_reference": "RC-1" });
        app.done(Role::Finance, &id, "record-repayment", &back).await;
        assert_eq!(fund_of(&app, &fund).await, [200_000, 100_000, 100_000, 100_000]);
    }

    async fn three_duties_are_three_people_whatever_their_roles(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 1_000_000).await;
        let id = asked(&app, &programme, &fund, 100_000).await;
        let requester = app.token_of("adviser", Role::Committee, Scope::All).await;
        let (_, rule) = app.command(&requester, &id, "approve-financing", &approval(&[100_000])).await.error(409, "refused");
        assert_eq!(rule, "separation_of_duties");
        app.done(Role::Committee, &id, "approve-financing", &approval(&[100_000])).await;
        app.done(Role::Director, &id, "sign-agreement", &json!({ "occurred_on": "2022-04-12", "financing": 1 })).await;
        let approver = app.token_of("committee", Role::Finance, Scope::All).await;
        let (_, rule) = app.command(&approver, &id, "record-disbursement", &payment(1, 100_000, "OM-1")).await.error(409, "refused");
        assert_eq!(rule, "separation_of_duties");
    }

    async fn a_fund_is_not_closed_or_cut_below_what_it_has_promised(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 1_000_000).await;
        let id = asked(&app, &programme, &fund, 300_000).await;
        app.done(Role::Committee, &id, "approve-financing", &approval(&[300_000])).await;
        let director = app.token(Role::Director).await;
        let cut = json!({ "budget": 299_999, "amendment": "Avenant 1" });
        let reply = app.command_of(&director, "funds", &fund, "adjust-budget", &cut).await;
        assert_eq!(reply.error(409, "refused").1, "amount_below_limit");
        let closed = app.command_of(&director, "funds", &fund, "close-fund", &json!({})).await;
        assert_eq!(closed.error(409, "refused").1, "amount_above_limit");
        assert!(closed.text.contains("300\u{202f}000"), "{}", closed.text);
        let cut = json!({ "budget": 300_000, "amendment": "Avenant 1" });
        app.command_of(&director, "funds", &fund, "adjust-budget", &cut).await.ok(200);
        assert_eq!(fund_of(&app, &fund).await, [300_000, 300_000, 0, 0]);
        let refusal = json!({ "occurred_on": "2022-05-01", "financing": 1, "reason": "other" });
        app.done(Role::Committee, &id, "refuse-financing", &refusal).await;
        app.command_of(&director, "funds", &fund, "close-fund", &json!({})).await.ok(200);
        let late = asked(&app, &programme, &fund, 100_000).await;
        let (rule, _) = refused(&app, Role::Committee, &late, "approve-financing", &approval(&[100_000])).await;
        assert_eq!(rule, "already_settled");
    }

    async fn a_fund_that_is_unknown_or_of_another_programme_is_refused(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let elsewhere = app.programme().await;
        let fund = app.fund(&elsewhere, "bailleur", 1_000_000).await;
        let id = with_plan(&app, &programme).await;
        let (rule, _) = refused(&app, Role::Adviser, &id, "request-financing", &request(&fund, 100)).await;
        assert_eq!(rule, "other_programme");
        let nowhere = uuid::Uuid::now_v7().to_string();
        let (rule, _) = refused(&app, Role::Adviser, &id, "request-financing", &request(&nowhere, 100)).await;
        assert_eq!(rule, "unknown_item");
    }

    async fn a_fund_opened_twice_under_one_code_is_one_fund(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let one = app.fund(&programme, "bailleur", 1_000_000).await;
        assert_eq!(app.fund(&programme, "bailleur", 1_000_000).await, one);
        let director = app.token(Role::Director).await;
        let other = json!({ "occurred_on": "2022-01-01", "programme": programme, "code": "bailleur", "donor": "Un autre",
                            "period": { "from": "2022-01-01", "to": "2026-12-31" }, "budget": 5 });
        assert_eq!(app.post(&director, "/v1/funds", &other).await.error(409, "refused").1, "already_done_otherwise");
    }

    async fn a_donor_sees_the_budget_of_its_own_fund_and_nothing_that_a_payment_moves(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 1_000_000).await;
        let other = app.fund(&programme, "autre", 1_000_000).await;
        let scope = Scope::Funds(vec![sira_domain::values::FundId(fund.parse().unwrap())]);
        let donor = app.token_of("bailleur", Role::Donor, scope).await;
        let shown = app.get(&donor, &format!("/v1/funds/{fund}")).await.ok(200);
        assert_eq!((&shown["budget"], &shown["free"]), (&json!(1_000_000), &Value::Null));
        app.get(&donor, &format!("/v1/funds/{other}")).await.problem(404, "not-found");
        app.get(&donor, &format!("/v1/funds/{fund}/history")).await.problem(403, "forbidden");
    }

    async fn a_hot_fund_commits_exactly_its_budget_and_refuses_the_rest(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = app.fund(&programme, "bailleur", 1_000_000).await;
        let mut paths = Vec::new();
        for _ in 0..30 {
            paths.push(asked(&app, &programme, &fund, 100_000).await);
        }
        let token = app.token(Role::Committee).await;
        let body = approval(&[100_000]);
        let replies: Vec<Reply> = futures::future::join_all(paths.iter().map(|id| app.command(&token, id, "approve-financing", &body))).await;
        let done = replies.iter().filter(|reply| reply.status == 200).count();
        let refused = replies.iter().filter(|reply| reply.status == 409).map(|reply| reply.error(409, "refused").1);
        assert!(refused.into_iter().all(|rule| rule == "amount_above_limit"));
        assert_eq!(done, 10);
        assert_eq!(fund_of(&app, &fund).await, [1_000_000, 1_000_000, 0, 0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_share_one_hot_fund_fairly() {
    let engine = Engine::postgres().await;
    let (one, two) = (TestApp::on(&engine).await, TestApp::on(&engine).await);
    let programme = one.programme().await;
    let fund = one.fund(&programme, "bailleur", 2_000_000).await;
    let mut paths = Vec::new();
    for _ in 0..40 {
        paths.push(asked(&one, &programme, &fund, 100_000).await);
    }
    let token = one.token(Role::Committee).await;
    let body = approval(&[100_000]);
    let asks = paths.iter().enumerate().map(|(index, id)| {
        let app = if index % 2 == 0 { &one } else { &two };
        app.command(&token, id, "approve-financing", &body)
    });
    let replies = futures::future::join_all(asks).await;
    let done = |side: usize| {
        replies.iter().skip(side).step_by(2).filter(|reply| reply.status == 200).count()
    };
    assert!(
        replies
            .iter()
            .all(|reply| reply.status == 200
                || reply.error(409, "refused").1 == "amount_above_limit")
    );
    assert_eq!(done(0) + done(1), 20);
    for app in [&one, &two] {
        assert_eq!(fund_of(app, &fund).await, [2_000_000, 2_000_000, 0, 0]);
    }
}
