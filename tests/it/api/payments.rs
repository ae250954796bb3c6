//! Payments across paths and funds: listed by their reference, and reconciled with a statement.

use serde_json::{Value, json};
use sira::grant::Scope;
use sira_domain::role::Role;

use super::app::{Reply, TestApp, office, region};
use super::money::{approval, request, with_plan};

/// A fund, and a person who was paid `amounts` of it, each under a reference of this prefix, on 20 April and
/// the days after.
async fn paid(app: &TestApp, prefix: &str, amounts: &[u64]) -> (String, String, String) {
    let programme = app.programme().await;
    let fund = app.fund(&programme, "bailleur", 1_000_000).await;
    let id = with_plan(app, &programme).await;
    let sum = amounts.iter().sum();
    app.done(Role::Adviser, &id, "request-financing", &request(&fund, sum)).await;
    app.done(Role::Committee, &id, "approve-financing", &approval(amounts)).await;
    let sign = json!({ "occurred_on": "2022-04-12", "financing": 1 });
    app.done(Role::Director, &id, "sign-agreement", &sign).await;
    for (tranche, amount) in (1_u64..).zip(amounts) {
        let body = json!({ "occurred_on": format!("2022-04-{}", 19 + tranche), "financing": 1, "tranche": tranche,
                           "amount": amount, "method": "mobile_money", "payment_reference": format!("{prefix}-{tranche}") });
        app.done(Role::Finance, &id, "record-disbursement", &body).await;
    }
    (programme, fund, id)
}

async fn undone(app: &TestApp, id: &str, payment: &str, on: &str, reference: Option<&str>) {
    let finance = app.token(Role::Finance).await;
    let listed = list(app, &finance, &format!("?reference={payment}")).await;
    let mut body =
        json!({ "occurred_on": on, "sequence": listed[0]["sequence"], "ground": "bounced" });
    if let Some(reference) = reference {
        body["payment_reference"] = json!(reference);
    }
    let other = app.token_of("comptable", Role::Finance, Scope::All).await;
    app.command(&other, id, "reverse-disbursement", &body).await.ok(200);
}

async fn list(app: &TestApp, token: &str, query: &str) -> Vec<Value> {
    app.caught_up().await;
    let page = app.get(token, &format!("/v1/payments{query}")).await.ok(200);
    page["items"].as_array().unwrap().clone()
}

fn of<'a>(items: &'a [Value], field: &str) -> Vec<&'a Value> {
    items.iter().map(|item| &item[field]).collect()
}

const MAP: &str = "day=Date&day_form=%25d/%25m/%25Y&reference=R%C3%A9f%C3%A9rence&paid_out=D%C3%A9bit\
                   &paid_in=Cr%C3%A9dit&skip=1";

async fn compared(app: &TestApp, token: &str, fund: &str, accept: &str, csv: &str) -> Reply {
    let request = app.request(reqwest::Method::POST, &format!("/v1/funds/{fund}/statements?{MAP}"));
    let request = request.bearer_auth(token).header("content-type", "text/csv; charset=utf-8");
    Reply::of(request.header("accept", accept).body(csv.to_owned())).await
}

/// A statement of an operator: heading, and a line each.
fn statement(lines: &[&str]) -> String {
    format!("Compte du fonds;;;;\nDate;Titulaire;Référence;Débit;Crédit\n{}\n", lines.join("\n"))
}

fn states(answer: &Value) -> Vec<(String, Value, String)> {
    let rows = answer["rows"].as_array().unwrap();
    let told = |row: &Value| {
        let reference =
            row["payment"]["payment_reference"].as_str().or(row["line_reference"].as_str());
        (
            row["state"].as_str().unwrap().to_owned(),
            row["line"].clone(),
            reference.unwrap().to_owned(),
        )
    };
    rows.iter().map(told).collect()
}

crate::on_both_engines! {
    async fn a_payment_is_found_by_its_reference_however_it_is_typed(engine) {
        let app = TestApp::on(engine).await;
        let (_, fund, id) = paid(&app, "OM", &[100_000, 50_000]).await;
        let auditor = app.token(Role::Auditor).await;
        for typed in ["OM-1", "om-1", "OM%E2%80%911", "%20Om%20-1"] {
            let listed = list(&app, &auditor, &format!("?reference={typed}")).await;
            assert_eq!(of(&listed, "payment_reference"), [&json!("OM-1")], "{typed}");
            let shown = ["path", "fund", "kind", "amount", "financing", "tranche", "instrument", "occurred_on", "reversed", "outgoing"]
                .map(|field| listed[0][field].clone());
            assert_eq!(shown, [json!(id), json!(fund), json!("disbursement"), json!(100_000), json!(1), json!(1),
                               json!("grant"), json!("2022-04-20"), json!(false), json!(true)]);
            assert!(listed[0]["reference"].as_str().unwrap().len() > 8);
        }
        assert!(list(&app, &auditor, "?reference=OM-9").await.is_empty());
        let adviser = app.token(Role::Adviser).await;
        app.get(&adviser, "/v1/payments?reference=OM-1").await.problem(403, "forbidden");
    }

    async fn a_payment_that_was_undone_is_shown_with_its_reversal_and_counted_once(engine) {
        let app = TestApp::on(engine).await;
        let (_, fund, id) = paid(&app, "OM", &[100_000, 50_000]).await;
        undone(&app, &id, "OM-1", "2022-04-22", Some("RJ-1")).await;
        let again = json!({ "occurred_on": "2022-04-25", "financing": 1, "tranche": 1, "amount": 100_000,
                            "method": "mobile_money", "payment_reference": "OM-3" });
        app.done(Role::Finance, &id, "record-disbursement", &again).await;
        let finance = app.token(Role::Finance).await;
        let all = list(&app, &finance, &format!("?fund={fund}")).await;
        assert_eq!(of(&all, "payment_reference"), ["OM-3", "OM-2", "OM-1"].map(|one| json!(one)).each_ref());
        assert_eq!(of(&all, "reversed"), [false, false, true].map(|one| json!(one)).each_ref());
        let reversed = ["reversed_on", "reversal_ground", "reversal_reference"].map(|field| all[2][field].clone());
        assert_eq!(reversed, [json!("2022-04-22"), json!("bounced"), json!("RJ-1")]);
        let listed = list(&app, &finance, "?reference=rj-1").await;
        assert_eq!(of(&listed, "payment_reference"), [&json!("OM-1")]);
        assert_eq!(list(&app, &finance, "?reversed=true").await.len(), 1);
        let director = app.token(Role::Director).await;
        let figures = app.get(&director, "/v1/analytics/indicators?name=amount_disbursed").await;
        assert_eq!(figures.ok(200)["rows"][0]["value"], json!(150_000));
    }

    async fn payments_are_filtered_paged_and_kept_to_reach(engine) {
        let app = TestApp::on(engine).await;
        let (programme, fund, _) = paid(&app, "OM", &[10_000, 20_000, 30_000]).await;
        let finance = app.token(Role::Finance).await;
        let days = list(&app, &finance, "?from=2022-04-21&to=2022-04-21").await;
        assert_eq!(of(&days, "payment_reference"), [&json!("OM-2")]);
        for (query, count) in [("?kind=disbursement", 3), ("?kind=repayment", 0), ("?reconciled=false", 3), ("?reconciled=true", 0)] {
            assert_eq!(list(&app, &finance, query).await.len(), count, "{query}");
        }
        assert_eq!(list(&app, &finance, &format!("?programme={programme}&fund={fund}")).await.len(), 3);
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.get(&finance, &format!("/v1/payments?limit=2{cursor}")).await.ok(200);
            seen.extend(of(page["items"].as_array().unwrap(), "payment_reference").into_iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, ["OM-3", "OM-2", "OM-1"].map(|one| json!(one)));
        for (scope, count) in [(region("segou"), 3), (region("kidal"), 0), (office(&programme, "segou-1"), 3)] {
            let token = app.token_of("ailleurs", Role::Finance, scope).await;
            assert_eq!(list(&app, &token, "").await.len(), count);
        }
        app.get(&finance, "/v1/payments?kind=gift").await.error(400, "bad-parameter");
    }

    async fn a_statement_is_compared_line_by_line_and_its_holders_are_not_told(engine) {
        let app = TestApp::on(engine).await;
        let (_, fund, id) = paid(&app, "OM", &[100_000, 50_000, 30_000, 20_000]).await;
        undone(&app, &id, "OM-4", "2022-04-24", None).await;
        let csv = statement(&[
            "20/04/2022;Awa Inventée 76000000;om-1;100 000,00;",
            "21/04/2022;Awa;OM-2;55 000;",
            "22/04/2022;Awa;FR-9;1 500;",
            "23/04/2022;Awa;OM-4;20 000;",
            "24/04/2022;Awa;OM-4;;20 000",
            "24/04/2022;Awa;om-1;100 000;",
            "25/04/2022;Awa;OM-8;1.500;",
        ]);
        let finance = app.token(Role::Finance).await;
        let reply = compared(&app, &finance, &fund, "application/json", &csv).await;
        assert!(!reply.text.contains("Awa") && !reply.text.contains("76000000"), "{}", reply.text);
        let answer = reply.ok(200);
        let expected = [("matched", 3, "OM-1"), ("differing", 4, "OM-2"), ("surplus", 5, "FR-9"), ("reversed", 6, "OM-4"),
                        ("reversed", 7, "OM-4"), ("surplus", 8, "OM-1")];
        let mut expected: Vec<_> = expected.map(|(state, line, reference)| (state.to_owned(), json!(line), reference.to_owned())).to_vec();
        expected.push(("missing".to_owned(), Value::Null, "OM-3".to_owned()));
        assert_eq!(states(&answer), expected);
        assert_eq!(answer["rows"][1]["differs"], json!(["amount"]));
        assert_eq!(answer["rows"][5]["differs"], json!(["repeated"]));
        assert_eq!(answer["unread"], json!([{ "line": 9, "column": "Débit", "rule": "ambiguous_amount" }]));
        let sheet = compared(&app, &finance, &fund, "text/csv", &csv).await;
        assert!(sheet.text.lines().count() == 8 && sheet.text.contains("OM-3"), "{}", sheet.text);
        let book = compared(&app, &finance, &fund, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &csv).await;
        assert!(book.status == 200 && book.text.starts_with("PK"));
    }

    async fn what_was_undone_comes_back_once_and_is_missing_until_it_has(engine) {
        let app = TestApp::on(engine).await;
        let (_, fund, id) = paid(&app, "OM", &[100_000, 50_000, 30_000, 20_000]).await;
        let finance = app.token(Role::Finance).await;
        for (payment, reference) in [("OM-1", None), ("OM-2", Some("RJ-2")), ("OM-3", None), ("OM-4", None)] {
            undone(&app, &id, payment, "2022-04-24", reference).await;
        }
        let csv = statement(&[
            "20/04/2022;-;OM-1;100 000;",
            "21/04/2022;-;OM-2;50 000;",
            "22/04/2022;-;OM-3;30 000;",
            "24/04/2022;-;OM-1;;100 000",
            "25/04/2022;-;OM-1;;100 000",
            "24/04/2022;-;RJ-2;;50 000",
        ]);
        let answer = compared(&app, &finance, &fund, "application/json", &csv).await.ok(200);
        let expected = [("reversed", json!(3)), ("reversed", json!(4)), ("reversed", json!(5)), ("reversed", json!(6)),
                        ("surplus", json!(7)), ("matched", json!(8)), ("reversed", Value::Null), ("missing", Value::Null)];
        let rows = answer["rows"].as_array().unwrap();
        let shown: Vec<_> = rows.iter().map(|row| (row["state"].as_str().unwrap(), row["line"].clone())).collect();
        assert_eq!(shown, expected);
        assert_eq!(rows[4]["differs"], json!(["repeated"]));
        // Paid by the account, undone, and not come back; the last one never went over the account.
        let told = |row: &Value| (row["payment"]["payment_reference"].clone(), row["is_reversal"].clone());
        assert_eq!(told(&rows[6]), (json!("OM-4"), json!(false)));
        assert_eq!(told(&rows[7]), (json!("OM-3"), json!(true)));
    }

    async fn what_a_person_confirms_is_recorded_once_and_shown_on_the_payment(engine) {
        let app = TestApp::on(engine).await;
        let (_, fund, _) = paid(&app, "OM", &[100_000, 50_000]).await;
        let csv = statement(&["20/04/2022;-;OM-1;100 000;", "21/04/2022;-;OM-2;50 000;"]);
        let finance = app.token(Role::Finance).await;
        let answer = compared(&app, &finance, &fund, "*/*", &csv).await.ok(200);
        let body = json!({ "statement": answer["statement"], "lines": [{ "line": 3, "payment_reference": "OM-1" }] });
        let confirm = async |body: &Value| app.command_of(&finance, "funds", &fund, "confirm-reconciliation", body).await;
        let done = confirm(&body).await.ok(200);
        assert_eq!((&done["events"], &done["already_done"]), (&json!(["PaymentsReconciled"]), &json!(false)));
        assert_eq!(confirm(&body).await.ok(200)["already_done"], json!(true), "run twice, done once");
        let shown = list(&app, &finance, "?reconciled=true").await;
        let told = ["payment_reference", "statement", "statement_line"].map(|field| shown[0][field].clone());
        assert_eq!(told, [json!("OM-1"), answer["statement"].clone(), json!(3)]);
        let again = compared(&app, &finance, &fund, "*/*", &csv).await.ok(200);
        assert_eq!(of(again["rows"].as_array().unwrap(), "confirmed"), [&json!(true), &json!(false)]);
        let other = statement(&["20/04/2022;-;OM-1;100 000;"]);
        let other = compared(&app, &finance, &fund, "*/*", &other).await.ok(200);
        assert_eq!(other["rows"][0]["confirmed_elsewhere"], json!(true));
        let body = json!({ "statement": other["statement"], "lines": [{ "line": 3, "payment_reference": "OM-1" }] });
        let refused = confirm(&body).await;
        assert_eq!(refused.error(409, "refused").1, "already_settled");
        let back = json!({ "statement": answer["statement"], "lines": [3], "ground": "recorded_in_error" });
        let back = app.command_of(&finance, "funds", &fund, "withdraw-reconciliation", &back).await.ok(200);
        assert_eq!(back["events"], json!(["ReconciliationWithdrawn"]));
        assert_eq!(list(&app, &finance, "?reconciled=true").await, Vec::<Value>::new());
        confirm(&body).await.ok(200);
        let director = app.token(Role::Director).await;
        let forbidden = app.command_of(&director, "funds", &fund, "confirm-reconciliation", &body).await;
        forbidden.problem(403, "forbidden");
    }

    async fn a_statement_of_a_fund_is_for_whom_the_whole_fund_is_within_reach(engine) {
        let app = TestApp::on(engine).await;
        let (_, fund, _) = paid(&app, "OM", &[100_000]).await;
        let csv = statement(&["20/04/2022;-;OM-1;100 000;"]);
        let local = app.token_of("locale", Role::Finance, region("segou")).await;
        compared(&app, &local, &fund, "*/*", &csv).await.problem(403, "out-of-scope");
        let auditor = app.token(Role::Auditor).await;
        compared(&app, &auditor, &fund, "*/*", &csv).await.problem(403, "forbidden");
        let finance = app.token(Role::Finance).await;
        let wrong = compared(&app, &finance, &fund, "*/*", "x\nDate;Titulaire;Débit;Crédit\n").await;
        assert_eq!(wrong.error(400, "bad-parameter").1, "missing_column");
        assert!(wrong.json()["detail"].as_str().unwrap().contains("Référence"));
        let none = compared(&app, &finance, "0176bb3e-7000-7000-8000-000000000009", "*/*", &csv).await;
        none.problem(404, "not-found");
    }
}
