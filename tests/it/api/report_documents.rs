//! Reports as documents: made for one audience, kept as they were made, written as a page, a workbook or a table, and
//! told from what was changed afterwards.

use std::collections::BTreeMap;

use calamine::{Data, Reader as _, Xlsx};
use chrono::{DateTime, TimeZone as _, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::grant::Scope;
use sira::http::ServeLimits;
use sira::reports::{ReportContent, ReportVerdict, rewrite};
use sira_domain::role::Role;
use sira_domain::values::FundId;

use super::app::{Reply, TestApp, region, registration, with};
use super::money::{approval, request, with_plan};
use crate::on_both_engines;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

fn at(year: i32, month: u32, day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(year, month, day, 12, 0, 0).unwrap()
}

/// The bytes of a report in a form and a language.
async fn bytes(app: &TestApp, token: &str, name: &str, accept: &str, language: &str) -> Vec<u8> {
    let request = app.request(Method::GET, &format!("/v1/reports/{name}")).bearer_auth(token);
    let request = request.header("accept", accept).header("accept-language", language);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with(accept.split(';').next().unwrap())
    );
    response.bytes().await.unwrap().to_vec()
}

async fn shown(app: &TestApp, token: &str, name: &str) -> Reply {
    app.get(token, &format!("/v1/reports/{name}")).await
}

fn part<'a>(content: &'a Value, word: &str) -> &'a Value {
    content["parts"].as_array().unwrap().iter().find(|part| part["part"] == word).unwrap()
}

/// The value of a line of a part, by its label in French and the place of its column.
fn cell(content: &Value, word: &str, label: &str, column: usize) -> Value {
    let rows = part(content, word)["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row[0]["fr"] == label);
    row.unwrap_or_else(|| panic!("{label}: {rows:?}"))[column].clone()
}

/// A programme with a fund, a person who was financed and five others.
async fn town(app: &TestApp) -> (String, String) {
    let programme = app.programme().await;
    let fund = app.fund(&programme, "bailleur", 1_000_000).await;
    let id = with_plan(app, &programme).await;
    app.done(Role::Adviser, &id, "request-financing", &request(&fund, 300_000)).await;
    app.done(Role::Committee, &id, "approve-financing", &approval(&[300_000])).await;
    app.done(
        Role::Director,
        &id,
        "sign-agreement",
        &json!({ "occurred_on": "2022-04-12", "financing": 1 }),
    )
    .await;
    let paid = json!({ "occurred_on": "2022-04-20", "financing": 1, "tranche": 1, "amount": 300_000, "method": "mobile_money",
        "payment_reference": "OM-1" });
    app.done(Role::Finance, &id, "record-disbursement", &paid).await;
    let token = app.token(Role::Adviser).await;
    for _ in 0..5 {
        let body = with(
            with(registration(&programme), "/region", json!("mopti")),
            "/office",
            json!("mopti-1"),
        );
        app.post(&token, "/v1/beneficiaries", &body).await.ok(201);
    }
    let target = json!({ "occurred_on": "2022-01-01", "indicator": "registered", "period": { "from": "2022-01-01", "to": "2022-12-31" }, "value": 12 });
    let director = app.token(Role::Director).await;
    app.command_of(&director, "programmes", &programme, "set-target", &target).await.ok(200);
    app.caught_up().await;
    (programme, fund)
}

fn of_2022(name: &str, programme: &str) -> Value {
    json!({ "name": name, "programme": programme, "from": "2022-01-01", "to": "2022-12-31",
            "narrative": { "fr": "Une première année.\n\n<script>alert(1)</script>", "en": "A first year." } })
}

on_both_engines! {
    async fn a_report_is_one_content_in_every_form(engine) {
        let app = TestApp::on(engine).await;
        let (programme, _) = town(&app).await;
        let director = app.token(Role::Director).await;
        let body = of_2022("annee-2022", &programme);
        let made = app.post(&director, "/v1/reports", &body).await.ok(201);
        assert_eq!(made["already_done"], json!(false));
        let told = shown(&app, &director, "annee-2022").await.ok(200);
        assert_eq!(told["is_as_frozen"], json!(true));
        let content = &told["content"];
        let parts: Vec<_> = content["parts"].as_array().unwrap().iter().map(|part| part["part"].as_str().unwrap()).collect();
        assert_eq!(parts, ["narrative", "funnel", "indicators", "targets", "finance", "survival", "regions", "funds"]);
        assert_eq!(cell(content, "indicators", "Personnes inscrites", 1), json!("6.00"));
        assert_eq!(cell(content, "finance", "Montant décaissé", 1), json!("300000.00"));
        assert_eq!(cell(content, "funnel", "Financés", 1), json!("1"));
        assert_eq!(cell(content, "regions", "Mopti", 1), json!("5.00"));
        let target = &part(content, "targets")["rows"][0];
        assert_eq!((&target[4], &target[5], &target[8]["fr"]), (&json!("12.00"), &json!("6.00"), &json!("en retard")));
        let fund = &part(content, "funds")["rows"][0];
        assert_eq!((&fund[0]["fr"], &fund[4], &fund[6]), (&json!("bailleur"), &json!("1000000"), &json!("300000")));
        let defined: Vec<_> = content["definitions"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert!(["registered", "par30", "survival_12"].iter().all(|name| defined.contains(name)), "{defined:?}");

        // The page shows it, and nothing that anybody typed runs.
        let page = bytes(&app, &director, "annee-2022", "text/html", "fr").await;
        let text = String::from_utf8(page.clone()).unwrap();
        for seen in ["Rapport du 01/01/2022 au 31/12/2022", "300\u{202f}000", "Convention d&#39;essai", "01/01/2022", "Définitions"] {
            assert!(text.contains(seen), "{seen}");
        }
        assert_eq!(text.matches("<script").count(), 1, "what it carries, and no other");
        // The workbook has a sheet a part, with French headings and real numbers.
        let book = bytes(&app, &director, "annee-2022", XLSX, "fr").await;
        let mut read: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(&book)).unwrap();
        let names = read.sheet_names();
        assert_eq!(names[..3], ["Rapport", "Commentaire", "Du projet à l'activité"].map(|name| name.replace('\'', "")), "{names:?}");
        let sheet = read.worksheet_range("Indicateurs").unwrap();
        let first: Vec<_> = sheet.rows().nth(3).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(first[..3], ["Indicateur", "Valeur", "Unité"]);
        let registered = sheet.rows().find(|row| row[0] == Data::String("Personnes inscrites".into())).unwrap();
        assert_eq!(registered[1], Data::Float(6.0));
        let english = bytes(&app, &director, "annee-2022", XLSX, "en").await;
        let mut read: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(english)).unwrap();
        assert!(read.worksheet_range("Indicators").is_ok());
        let csv = String::from_utf8(bytes(&app, &director, "annee-2022", "text/csv", "en").await).unwrap();
        assert!(csv.contains("People registered,Value,6.00"), "{csv}");
        app.request(Method::GET, "/v1/reports/annee-2022").bearer_auth(&director).header("accept", "image/png").send().await
            .map(|response| assert_eq!(response.status(), 406)).unwrap();

        // Each file says by itself that it shows what it carries; a number that was changed is noticed.
        for file in [page, book] {
            let ReportVerdict::Whole { content, .. } = rewrite(&file) else { panic!("not whole") };
            assert_eq!(json!(ReportContent::hash_of(&content.text())), told["content_sha256"]);
        }
        let changed = text.replacen("300\u{202f}000", "900\u{202f}000", 1);
        assert!(matches!(rewrite(changed.as_bytes()), ReportVerdict::Differs { .. }));
    }

    async fn a_report_stays_what_it_was_and_its_name_is_its_own(engine) {
        let app = TestApp::on(engine).await;
        let (programme, _) = town(&app).await;
        let director = app.token(Role::Director).await;
        let body = of_2022("annee", &programme);
        let made = app.post(&director, "/v1/reports", &body).await.ok(201);
        let token = app.token(Role::Adviser).await;
        app.post(&token, "/v1/beneficiaries", &registration(&programme)).await.ok(201);
        app.caught_up().await;
        let told = shown(&app, &director, "annee").await.ok(200);
        assert_eq!((&told["content_sha256"], &told["is_as_frozen"]), (&made["content_sha256"], &json!(true)));
        assert_eq!(cell(&told["content"], "indicators", "Personnes inscrites", 1), json!("6.00"));
        let again = app.post(&director, "/v1/reports", &body).await.ok(200);
        assert_eq!((&again["already_done"], &again["content_sha256"]), (&json!(true), &made["content_sha256"]));
        let other = with(body.clone(), "/to", json!("2022-06-30"));
        app.post(&director, "/v1/reports", &other).await.problem(409, "refused");
        // As it was known then, and not with what stands now.
        let past = json!({ "name": "alors", "programme": programme, "from": "2022-01-01", "to": "2022-12-31", "as_of": "2021-12-31", "parts": ["indicators"] });
        app.post(&director, "/v1/reports", &past).await.ok(201);
        let then = shown(&app, &director, "alors").await.ok(200);
        assert_eq!(cell(&then["content"], "indicators", "Personnes inscrites", 1), json!("0.00"));
        let funds = with(with(past.clone(), "/parts", json!(["funds"])), "/name", json!("x"));
        app.post(&director, "/v1/reports", &funds).await.problem(400, "bad-parameter");
        let future = with(with(past, "/as_of", json!("2999-01-01")), "/name", json!("y"));
        app.post(&director, "/v1/reports", &future).await.problem(400, "bad-parameter");
        app.post(&director, "/v1/reports", &with(body.clone(), "/name", json!("a/b"))).await.problem(400, "bad-parameter");
        app.post(&director, "/v1/reports", &with(body, "/parts", json!(["unheard"]))).await.problem(422, "invalid-body");
    }

    async fn reports_are_listed_by_page_and_withdrawn_with_a_reason(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        app.caught_up().await;
        let director = app.token(Role::Director).await;
        for number in 1..=3 {
            let body = json!({ "name": format!("r-{number}"), "programme": programme, "from": "2022-01-01", "to": "2022-12-31", "parts": ["funnel"] });
            app.post(&director, "/v1/reports", &body).await.ok(201);
        }
        let first = app.get(&director, "/v1/reports?limit=2").await.ok(200);
        let names = |page: &Value| page["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = app.get(&director, &format!("/v1/reports?limit=2&cursor={cursor}")).await.ok(200);
        let mut all = [names(&first), names(&second)].concat();
        all.sort();
        assert_eq!((all, second["next_cursor"].clone()), (vec!["r-1".into(), "r-2".into(), "r-3".into()], Value::Null));
        app.get(&director, "/v1/reports?cursor=AAAA").await.problem(400, "bad-parameter");
        let reason = json!({ "reason": "Une cible manquait" });
        let analyst = app.token(Role::Analyst).await;
        app.post(&analyst, "/v1/reports/r-1/withdraw", &reason).await.problem(404, "not-found");
        app.post(&director, "/v1/reports/r-1/withdraw", &json!({ "reason": "" })).await.problem(422, "invalid-body");
        let withdrawn = app.post(&director, "/v1/reports/r-1/withdraw", &reason).await.ok(200);
        assert_eq!(withdrawn["withdrawn_because"], json!("Une cible manquait"));
        app.post(&director, "/v1/reports/r-1/withdraw", &json!({ "reason": "Autre" })).await.ok(200);
        let told = shown(&app, &director, "r-1").await.ok(200);
        assert_eq!((&told["withdrawn_because"], &told["is_as_frozen"]), (&json!("Une cible manquait"), &json!(true)), "the first stays");
        assert_eq!(names(&app.get(&director, "/v1/reports").await.ok(200)).len(), 3);
        app.get(&director, "/v1/reports/unheard").await.problem(404, "not-found");
    }

    async fn a_report_for_a_donor_tells_what_the_donor_is_told_and_nobody_else_more(engine) {
        let clock = Clock::manual(at(2026, 1, 6));
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let (programme, fund) = town(&app).await;
        clock.set(at(2026, 2, 10));
        app.caught_up().await;
        let donor_scope = Scope::Funds(vec![FundId(fund.parse().unwrap())]);
        let people = [
            ("nationale", Role::Director, Scope::All),
            ("auditrice", Role::Auditor, Scope::All),
            ("de-segou", Role::Director, region("segou")),
            ("analyste", Role::Analyst, Scope::All),
            ("bailleur", Role::Donor, donor_scope),
        ];
        let mut tokens = BTreeMap::new();
        for (name, role, scope) in people {
            tokens.insert(name, app.token_of(name, role, scope).await);
        }
        let mut body = of_2022("bailleur-2022", &programme);
        body["audience"] = json!({ "told": "to_donor", "scope": { "funds": [fund] } });
        app.post(&tokens["de-segou"], "/v1/reports", &body).await.problem(403, "out-of-scope");
        app.post(&tokens["nationale"], "/v1/reports", &body).await.ok(201);
        let donor = shown(&app, &tokens["bailleur"], "bailleur-2022").await.ok(200);
        assert_eq!(donor["content"]["published_at"], json!("2026-01-31"));
        // One person was financed: nothing is published of her, and nothing of what one payment moves.
        let content = donor["content"].to_string();
        assert!(!content.contains("300000"), "{content}");
        assert_eq!(cell(&donor["content"], "finance", "Montant décaissé", 1)["fr"], json!("non publié"));
        assert_eq!(part(&donor["content"], "funds")["rows"][0][6], Value::Null);
        for reader in ["nationale", "auditrice"] {
            assert_eq!(shown(&app, &tokens[reader], "bailleur-2022").await.ok(200)["content"], donor["content"], "{reader}");
        }
        for other in ["de-segou", "analyste"] {
            shown(&app, &tokens[other], "bailleur-2022").await.problem(404, "not-found");
            assert_eq!(app.get(&tokens[other], "/v1/reports").await.ok(200)["items"], json!([]));
        }
        // What is told exactly is for those who are told so.
        let own = app.post(&tokens["nationale"], "/v1/reports", &of_2022("exact", &programme)).await;
        own.ok(201);
        shown(&app, &tokens["bailleur"], "exact").await.problem(404, "not-found");
    }
}
