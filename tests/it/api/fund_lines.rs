//! Budget lines, the fund's own costs, ceilings a person and several funds for one need, over HTTP.

use serde_json::{Value, json};
use sira::grant::Scope;
use sira_domain::role::Role;
use sira_domain::values::FundId;
use sira_projections::Reach;
use sira_projections::lists;

use super::app::{TestApp, region};
use super::money::{approval, refused, request, with_plan};

async fn with_lines(app: &TestApp, programme: &str, code: &str) -> String {
    let director = app.token(Role::Director).await;
    let envelope = json!({
        "occurred_on": "2022-01-01", "programme": programme, "code": code, "donor": "Bailleur inventé",
        "period": { "from": "2022-01-01", "to": "2026-12-31" }, "budget": 400_000, "currency": "XOF",
        "lines": [{ "line": "dons", "label": "Subventions", "amount": 250_000, "instruments": ["grant"] },
                  { "line": "kits", "label": "Kits", "amount": 100_000 },
                  { "line": "frais", "label": "Frais généraux", "amount": 50_000, "overheads": true }],
    });
    let answer = app.post(&director, "/v1/funds", &envelope).await.ok(201);
    answer["id"].as_str().unwrap().to_owned()
}

fn drawn(fund: &str, amount: u64, line: Option<&str>) -> Value {
    let mut body = request(fund, amount);
    if let Some(line) = line {
        body["budget_line"] = json!(line);
    }
    body
}

async fn line(app: &TestApp, fund: &str, line: &str) -> Vec<Value> {
    let token = app.token(Role::Finance).await;
    let shown = app.get(&token, &format!("/v1/funds/{fund}")).await.ok(200);
    ["amount", "committed", "disbursed"].map(|field| shown["lines"][line][field].clone()).to_vec()
}

crate::on_both_engines! {
    async fn a_financing_draws_from_the_line_that_it_names_and_no_further(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = with_lines(&app, &programme, "lignes").await;
        let id = with_plan(&app, &programme).await;
        for (asked, rule) in [(None, "fields_disagree"), (Some("frais"), "fields_disagree"), (Some("autre"), "unknown_item")] {
            assert_eq!(refused(&app, Role::Adviser, &id, "request-financing", &drawn(&fund, 200_000, asked)).await.0, rule);
        }
        let plain = app.fund(&programme, "bailleur", 1_000_000).await;
        let none = refused(&app, Role::Adviser, &id, "request-financing", &drawn(&plain, 1_000, Some("dons"))).await;
        assert_eq!(none.0, "unknown_item");
        app.done(Role::Adviser, &id, "request-financing", &drawn(&fund, 200_000, Some("dons"))).await;
        app.done(Role::Committee, &id, "approve-financing", &approval(&[200_000])).await;
        assert_eq!(line(&app, &fund, "dons").await, [250_000, 200_000, 0].map(|one| json!(one)));
        let other = with_plan(&app, &programme).await;
        app.done(Role::Adviser, &other, "request-financing", &drawn(&fund, 100_000, Some("dons"))).await;
        let (rule, detail) = refused(&app, Role::Committee, &other, "approve-financing", &approval(&[100_000])).await;
        assert_eq!(rule, "amount_above_limit");
        assert!(detail.contains("100\u{202f}000") && detail.contains("50\u{202f}000") && detail.contains("ligne"), "{detail}");
        app.done(Role::Committee, &other, "approve-financing", &approval(&[50_000])).await;
        let director = app.token(Role::Director).await;
        let adjust = json!({ "occurred_on": "2022-05-01", "budget": 500_000, "amendment": "Avenant 1", "lines": [{ "line": "dons", "amount": 350_000 }] });
        app.command_of(&director, "funds", &fund, "adjust-budget", &adjust).await.ok(200);
        assert_eq!(line(&app, &fund, "dons").await, [350_000, 250_000, 0].map(|one| json!(one)));
        let donor = app.token_of("bailleur", Role::Donor, Scope::Funds(vec![FundId(fund.parse().unwrap())])).await;
        assert!(app.get(&donor, &format!("/v1/funds/{fund}")).await.ok(200).get("lines").is_none());
    }

    async fn overheads_are_paid_from_their_line_listed_and_undone(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let fund = with_lines(&app, &programme, "lignes").await;
        let finance = app.token(Role::Finance).await;
        let cost = json!({ "occurred_on": "2022-03-01", "line": "frais", "amount": 30_000, "payment_reference": "VIR-1", "what": "Loyer de mars" });
        app.command_of(&finance, "funds", &fund, "record-overhead", &cost).await.ok(200);
        let again = app.command_of(&finance, "funds", &fund, "record-overhead", &cost).await.ok(200);
        assert_eq!(again["already_done"], json!(true));
        app.caught_up().await;
        let listed = app.get(&finance, "/v1/payments?reference=vir-1").await.ok(200);
        let shown = ["kind", "budget_line", "amount", "outgoing", "path", "reversed"].map(|field| listed["items"][0][field].clone());
        assert_eq!(shown, [json!("overhead"), json!("frais"), json!(30_000), json!(true), Value::Null, json!(false)]);
        // It is nobody's payment: who reaches some people sees it, and who reaches funds alone does not.
        let local = app.token_of("locale", Role::Finance, region("kidal")).await;
        let seen = app.get(&local, "/v1/payments?kind=overhead").await.ok(200);
        assert_eq!(seen["items"].as_array().unwrap().len(), 1);
        let donors = lists::PaymentQuestion {
            reference: None,
            programme: None,
            fund: None,
            kind: Some("overhead"),
            from: None,
            to: None,
            reversed: None,
            reconciled: None,
            reach: &Reach::Funds(vec![fund.parse().unwrap()]),
            after: None,
            limit: 9,
        };
        assert_eq!(lists::payments(&app.read, &donors).await.unwrap().items, []);
        let undo = json!({ "occurred_on": "2022-03-04", "undone_reference": "VIR-1", "ground": "bounced", "payment_reference": "RJ-1" });
        let same = app.command_of(&finance, "funds", &fund, "reverse-overhead", &undo).await;
        assert_eq!(same.error(409, "refused").1, "separation_of_duties");
        let other = app.token_of("comptable", Role::Finance, Scope::All).await;
        app.command_of(&other, "funds", &fund, "reverse-overhead", &undo).await.ok(200);
        assert_eq!(line(&app, &fund, "frais").await, [50_000, 0, 0].map(|one| json!(one)));
        app.caught_up().await;
        let listed = app.get(&finance, "/v1/payments?reference=RJ-1&kind=overhead").await.ok(200);
        assert_eq!(listed["items"][0]["reversed_on"], json!("2022-03-04"));
    }

    async fn one_need_has_its_parts_from_two_funds_and_a_person_one_ceiling(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let admin = app.token(Role::Admin).await;
        let rules = json!({ "effective_from": "2021-07-06", "rules": { "modules": ["leadership"], "ceiling_per_person": { "in_all": 280_000 } } });
        app.command_of(&admin, "programmes", &programme, "set-rules", &rules).await.ok(200);
        let (one, two) = (app.fund(&programme, "un", 1_000_000).await, app.fund(&programme, "deux", 1_000_000).await);
        let id = with_plan(&app, &programme).await;
        app.done(Role::Adviser, &id, "request-financing", &request(&one, 200_000)).await;
        let mut part = request(&two, 150_000);
        part["co_finances"] = json!(1);
        assert_eq!(refused(&app, Role::Adviser, &id, "request-financing", &part).await.0, "amount_above_limit");
        part["amount"] = json!(100_000);
        app.done(Role::Adviser, &id, "request-financing", &part).await;
        app.done(Role::Committee, &id, "approve-financing", &approval(&[200_000])).await;
        let second = |amount: u64| {
            let mut body = approval(&[amount]);
            body["financing"] = json!(2);
            body
        };
        let (rule, detail) = refused(&app, Role::Committee, &id, "approve-financing", &second(100_000)).await;
        assert_eq!(rule, "amount_above_limit");
        assert!(detail.contains("300\u{202f}000") && detail.contains("280\u{202f}000"), "{detail}");
        app.done(Role::Committee, &id, "approve-financing", &second(80_000)).await;
        let shown = app.get(&admin, &format!("/v1/beneficiaries/{id}")).await.ok(200);
        assert_eq!(shown["financings"][1]["co_finances"], json!(1));
    }
}
