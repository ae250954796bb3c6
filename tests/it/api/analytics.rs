//! Figures through the API: exact values of a small programme, moments, breakdowns, who sees what, the
//! events behind a cell, targets, and frozen reports.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeZone as _, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::grant::Scope;
use sira::http::ServeLimits;
use sira_database::on_engine;
use sira_domain::role::Role;
use sira_domain::values::FundId;
use sira_projections::analytics::{Family, INDICATORS, Indicators};

use super::app::{
    NAME, Reply, TestApp, office, region, registration, steps, steps_with_recognised_training, with,
};
use super::money::{approval, request, with_plan};
use crate::on_both_engines;

/// An answer that knows of everything recorded by now.
async fn fresh(app: &TestApp, token: &str, path: &str) -> Reply {
    accepting(app, token, path, "application/json").await
}

async fn accepting(app: &TestApp, token: &str, path: &str, accept: &str) -> Reply {
    let head = app.commands.journal().head().await.unwrap().position;
    let request = app.request(Method::GET, path).bearer_auth(token);
    Reply::of(request.header("sira-min-position", head.get()).header("accept", accept)).await
}

/// The rows of a question, as a director sees them.
async fn rows(app: &TestApp, query: &str) -> Vec<Value> {
    let token = app.token(Role::Director).await;
    let reply = fresh(app, &token, &format!("/v1/analytics/{query}")).await.ok(200);
    reply["rows"].as_array().unwrap().clone()
}

/// The value of the only row of an indicator.
async fn value(app: &TestApp, name: &str, query: &str) -> Value {
    let found = rows(app, &format!("indicators?name={name}&{query}")).await;
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found[0]["value"].clone()
}

async fn register_one(app: &TestApp, programme: &str, sex: &str, region: &str) -> String {
    let token = app.token(Role::Adviser).await;
    let body = with(registration(programme), "/sex", json!(sex));
    let body = with(body, "/region", json!(region));
    let body = with(body, "/office", json!(format!("{region}-1")));
    let answer = app.post(&token, "/v1/beneficiaries", &body).await.ok(201);
    answer["id"].as_str().unwrap().to_owned()
}

async fn register(app: &TestApp, programme: &str, count: usize, sex: &str, region: &str) {
    for _ in 0..count {
        register_one(app, programme, sex, region).await;
    }
}

fn at(year: i32, month: u32, day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(year, month, day, 12, 0, 0).unwrap()
}

on_both_engines! {
    async fn a_walked_path_is_counted_in_every_figure_that_it_belongs_to(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        app.walk(&id, &steps(), "complete-path").await;
        let income = json!({ "occurred_on": "2023-02-01", "survey": "follow_up", "from": "2022-01-01",
            "to": "2022-12-31", "amount": 365_000, "source": "business" });
        app.done(Role::Adviser, &id, "record-income", &income).await;
        for (name, wanted) in [
            ("registered", json!(1)), ("eligible", json!(1)), ("selected", json!(1)), ("trained", json!(1)),
            ("attendance_rate", json!(100)), ("module_mean_score", Value::Null), ("businesses_started", json!(1)),
            ("survival_6", json!(100)), ("survival_12", json!(100)), ("survival_24", json!(100)),
            ("jobs_created", json!(3)), ("jobs_women", json!(2)), ("jobs_under_35", json!(2)),
            ("jobs_full_time", json!(2.5)), ("revenue_change", json!(0)), ("womens_share", json!(100)),
            ("young_share", json!(100)), ("people_with_disability", json!(0)), ("financed", json!(0)),
            ("amount_disbursed", json!(0)), ("par30", Value::Null), ("mean_income_follow_up", json!(365_000)),
            ("registration_to_selection", json!(31)),
        ] {
            if wanted.is_null() && name == "module_mean_score" {
                let modules = rows(&app, "indicators?name=module_mean_score").await;
                assert_eq!(modules.len(), 4, "one row a module: {modules:?}");
                continue;
            }
            // Jobs are held at the end of a period: those that nobody has seen for a year are not.
            let of = if name.starts_with("jobs_") { "to=2024-12-31" } else { "" };
            assert_eq!(value(&app, name, of).await, wanted, "{name}");
        }
        // Before the visit of 12 months was due, only the one of 6 was.
        assert_eq!(value(&app, "survival_6", "from=2022-05-01&to=2022-05-01").await, json!(100));
        assert_eq!(value(&app, "survival_6", "from=2022-05-02").await, Value::Null);
        let funnel = rows(&app, "funnel").await;
        let reached: Vec<_> = funnel.iter().map(|row| (row["indicator"].as_str().unwrap(), row["value"].clone())).collect();
        assert!(reached.contains(&("funnel_started", json!(100))) && reached.contains(&("funnel_financed", json!(0))), "{reached:?}");
    }

    async fn a_linked_person_is_one_with_the_facts_and_the_money_of_both_paths(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let admin = app.token(Role::Admin).await;
        let rules = json!({ "effective_from": "2021-07-06", "rules": { "modules": ["leadership"], "ceilings": { "grant": 1_000_000 } } });
        app.command_of(&admin, "programmes", &programme, "set-rules", &rules).await.ok(200);
        let fund = app.fund(&programme, "bailleur", 2_000_000).await;
        let frozen = with_plan(&app, &programme).await;
        app.done(Role::Adviser, &frozen, "request-financing", &request(&fund, 1_000_000)).await;
        app.done(Role::Committee, &frozen, "approve-financing", &approval(&[1_000_000])).await;
        app.done(Role::Director, &frozen, "sign-agreement", &json!({ "occurred_on": "2022-04-12", "financing": 1 })).await;
        let paid = json!({ "occurred_on": "2022-04-20", "financing": 1, "tranche": 1, "amount": 1_000_000,
            "method": "mobile_money", "payment_reference": "OM-1" });
        app.done(Role::Finance, &frozen, "record-disbursement", &paid).await;
        // The same person, registered elsewhere five days before.
        let adviser = app.token(Role::Adviser).await;
        let earlier = with(registration(&programme), "/occurred_on", json!("2022-01-05"));
        let earlier = with(with(earlier, "/region", json!("mopti")), "/office", json!("mopti-1"));
        let going_on = app.post(&adviser, "/v1/beneficiaries", &earlier).await.ok(201)["id"].clone();
        let two = [("registered", json!(2)), ("financed", json!(1)), ("amount_disbursed", json!(1_000_000)),
            ("trained", json!(1)), ("funnel_financed", json!(50)), ("registration_to_selection", json!(31))];
        let one = [("registered", json!(1)), ("financed", json!(1)), ("amount_disbursed", json!(1_000_000)),
            ("trained", json!(1)), ("funnel_financed", json!(100)), ("registration_to_selection", json!(36))];
        let are = async |wanted: &[(&str, Value)], query: &str| {
            for (name, wanted) in wanted {
                assert_eq!(value(&app, name, query).await, *wanted, "{name} {query}");
            }
        };
        are(&two, "").await;
        let before = app.commands.journal().head().await.unwrap().position;
        app.done(Role::Director, &frozen, "link-duplicate", &json!({ "continues": going_on })).await;
        are(&one, "").await;
        // Where and when the person was registered first, and once in all the parts.
        assert_eq!(value(&app, "registered", "from=2022-01-05&to=2022-01-05&region=mopti").await, json!(1));
        assert_eq!(value(&app, "registered", "region=segou").await, json!(0));
        let director = app.token(Role::Director).await;
        let behind = fresh(&app, &director, "/v1/analytics/indicators/financed/why").await.ok(200);
        assert_eq!((&behind["events"], &behind["items"][0]["id"]), (&json!(1), &json!(frozen)));
        are(&two, &format!("as_of_position={before}")).await;
        let linked = app.commands.journal().head().await.unwrap().position;
        app.done(Role::Director, &frozen, "unlink-duplicate", &json!({ "reason": "Deux personnes" })).await;
        are(&two, "").await;
        are(&one, &format!("as_of_position={linked}")).await;
    }

    async fn what_both_paths_of_a_person_tell_counts_once(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let mut ids = Vec::new();
        for _ in 0..2 {
            let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
            app.walk(&id, &steps(), "record-visit").await;
            let income = json!({ "occurred_on": "2023-02-01", "survey": "follow_up", "from": "2022-01-01",
                "to": "2022-12-31", "amount": 365_000, "source": "business" });
            app.done(Role::Adviser, &id, "record-income", &income).await;
            ids.push(id);
        }
        let seen = json!({ "occurred_on": "2024-06-02", "business_status": "trading", "monthly_revenue": 90_000,
            "jobs": { "women": 5, "men": 0, "under_35": 1, "full_time_hundredths": 500 },
            "difficulties": ["input_prices"], "next_step": "Embaucher" });
        app.done(Role::Adviser, &ids[1], "record-visit", &seen).await;
        app.done(Role::Director, &ids[1], "link-duplicate", &json!({ "continues": ids[0] })).await;
        for (name, wanted) in [
            ("registered", json!(1)), ("eligible", json!(1)), ("selected", json!(1)), ("trained", json!(1)),
            ("businesses_started", json!(1)), ("survival_6", json!(100)), ("survival_24", json!(100)),
            ("womens_share", json!(100)), ("attendance_rate", json!(100)), ("mean_income_follow_up", json!(365_000)),
            // Of the business that was heard of last, on the path that is frozen.
            ("jobs_created", json!(5)), ("jobs_women", json!(5)), ("revenue_change", json!(30_000)),
        ] {
            let of = if name.starts_with("jobs_") { "to=2024-12-31" } else { "" };
            assert_eq!(value(&app, name, of).await, wanted, "{name}");
        }
        let funnel = rows(&app, "funnel").await;
        let registered = funnel.iter().find(|row| row["indicator"] == "funnel_selected").unwrap();
        assert_eq!((&registered["numerator"], &registered["denominator"]), (&json!(1), &json!(1)), "{registered}");
        let modules = rows(&app, "indicators?name=module_pass_rate").await;
        assert!(modules.len() == 4 && modules.iter().all(|row| row["denominator"] == json!(1)), "one assessment a module: {modules:?}");
    }

    async fn every_indicator_answers_with_its_definition(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        register(&app, &programme, 1, "female", "segou").await;
        let director = app.token(Role::Director).await;
        let all: Vec<_> = INDICATORS.iter().map(|indicator| indicator.name).collect();
        for some in all.chunks(40) {
            let path = format!("/v1/analytics/indicators?name={}", some.join(","));
            let answer = fresh(&app, &director, &path).await.ok(200);
            let definitions = answer["definitions"].as_array().unwrap();
            assert_eq!(definitions.len(), some.len());
            for definition in definitions {
                let indicator = Indicators::named(definition["name"].as_str().unwrap()).unwrap();
                assert_eq!(definition["label"], json!(indicator.fr));
                assert_eq!(definition["formula"], json!(indicator.formula_fr));
                assert_eq!(definition["unit"], json!(indicator.unit.word()));
            }
        }
        let english = app.request(Method::GET, "/v1/analytics/survival").bearer_auth(&director).header("accept-language", "en");
        let answer = Reply::of(english).await.ok(200);
        let names = Indicators::of(Family::Survival);
        assert_eq!(answer["definitions"].as_array().unwrap().len(), names.len());
        assert_eq!(answer["definitions"][0]["label"], json!(names[0].en));
    }

    async fn a_past_moment_gives_what_was_known_then(engine) {
        let clock = Clock::manual(at(2022, 3, 1));
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let programme = app.programme().await;
        register(&app, &programme, 2, "female", "segou").await;
        let first = app.commands.journal().head().await.unwrap().position;
        let before = rows(&app, "indicators").await;
        clock.set(at(2022, 3, 2));
        // Told late: it happened in January, and nobody knew on the first of March.
        let id = register_one(&app, &programme, "male", "mopti").await;
        app.walk(&id, &steps(), "decide-selection").await;
        let second = app.commands.journal().head().await.unwrap().position;
        clock.set(at(2022, 3, 3));
        let retraction = json!({ "occurred_on": "2022-03-03", "sequence": 5, "reason": "Erreur" });
        app.done(Role::Director, &id, "retract", &retraction).await;
        let counts = async |query: &str| {
            (value(&app, "registered", query).await, value(&app, "selected", query).await)
        };
        assert_eq!(counts("").await, (json!(3), json!(0)));
        assert_eq!(counts("as_of=2022-03-01").await, (json!(2), json!(0)));
        assert_eq!(counts("as_of=2022-03-02").await, (json!(3), json!(1)));
        assert_eq!(counts("as_of=2022-03-02T12:00:00Z").await, (json!(3), json!(1)));
        assert_eq!(counts(&format!("as_of_position={second}")).await, (json!(3), json!(1)));
        assert_eq!(counts("as_of=2020-01-01").await, (json!(0), json!(0)));
        // All of yesterday's figures are those that a server stopped yesterday told.
        assert_eq!(rows(&app, "indicators?as_of=2022-03-01").await, before);
        assert_eq!(rows(&app, &format!("indicators?as_of_position={first}")).await, before);
        let director = app.token(Role::Director).await;
        let ahead = format!("/v1/analytics/indicators?as_of_position={}", second.plus(1_000));
        app.get(&director, &ahead).await.problem(400, "bad-parameter");
    }

    async fn figures_are_broken_down_filtered_and_kept_to_the_callers_reach(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        register(&app, &programme, 3, "female", "segou").await;
        register(&app, &programme, 2, "male", "segou").await;
        register(&app, &programme, 1, "male", "mopti").await;
        let grouped = rows(&app, "indicators?name=registered&group_by=region,sex").await;
        let cells: Vec<_> = grouped.iter().map(|row| (row["region"].as_str().unwrap(), row["sex"].as_str().unwrap(), row["value"].as_u64().unwrap())).collect();
        assert_eq!(cells, [("mopti", "male", 1), ("segou", "female", 3), ("segou", "male", 2)]);
        assert_eq!(value(&app, "registered", "region=segou&sex=male").await, json!(2));
        assert_eq!(value(&app, "registered", "region=segou,mopti").await, json!(6));
        assert_eq!(value(&app, "registered", "from=2022-01-11").await, json!(0));
        let series = rows(&app, "timeseries?name=registered&interval=month&to=2022-01-31").await;
        assert_eq!((series.len(), &series[0]["month"], &series[0]["value"]), (1, &json!("2022-01"), &json!(6)));
        let seen = async |role, scope| {
            let token = app.token_of("somebody", role, scope).await;
            let answer = fresh(&app, &token, "/v1/analytics/indicators?name=registered").await.ok(200);
            answer["rows"][0]["value"].clone()
        };
        assert_eq!(seen(Role::Adviser, office(&programme, "segou-1")).await, json!(5));
        assert_eq!(seen(Role::Director, region("mopti")).await, json!(1));
        assert_eq!(seen(Role::Director, region("gao")).await, json!(0));
        assert_eq!(seen(Role::Donor, Scope::Funds(Vec::new())).await, Value::Null);
        for bad in ["timeseries?interval=year&group_by=quarter", "timeseries?interval=month&group_by=sex,year", "indicators?surname=x", "indicators?region=atlantis", "funnel?name=par30", "nothing"] {
            let token = app.token(Role::Director).await;
            let reply = app.get(&token, &format!("/v1/analytics/{bad}")).await;
            assert!([400, 404].contains(&reply.status), "{bad}: {}", reply.text);
        }
    }

    async fn a_dimension_that_an_indicator_has_not_is_refused_by_name(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        let director = app.token(Role::Director).await;
        let ask = async |query: &str| fresh(&app, &director, &format!("/v1/analytics/{query}")).await;
        for (query, parameter, indicator, dimension) in [
            ("indicators?name=par30&group_by=trained", "group_by", "par30", "trained"),
            ("indicators?name=outstanding&group_by=sex,trained", "group_by", "outstanding", "trained"),
            ("indicators?name=outstanding&trained=true", "trained", "outstanding", "trained"),
            ("indicators?name=registered&group_by=category", "group_by", "registered", "category"),
            // What is due has no instrument, what is paid has.
            ("indicators?name=repayment_rate&group_by=category", "group_by", "repayment_rate", "category"),
            // One of several has it not.
            ("indicators?name=amount_repaid,par30&group_by=category", "group_by", "par30", "category"),
            ("funnel?category=loan", "category", "funnel_registered", "category"),
            ("timeseries?name=par30&category=loan", "category", "par30", "category"),
            ("timeseries?name=par30&group_by=category", "group_by", "par30", "category"),
            ("timeseries?name=registered,par30&group_by=trained&interval=year", "group_by", "registered", "trained"),
            ("timeseries?trained=true", "trained", "registered", "trained"),
            ("indicators/registered/why?category=loan&region=segou", "category", "registered", "category"),
            ("indicators/par30/why?trained=true", "trained", "par30", "trained"),
        ] {
            let problem = ask(query).await.problem(400, "bad-parameter");
            let told = problem["detail"].as_str().unwrap().to_owned();
            let expected = format!("{parameter}: l'indicateur {indicator} n'a pas la dimension {dimension} ; dimensions possibles : programme, region, ");
            assert!(told.starts_with(&expected), "{query}: {told}");
            assert!(!told[expected.len()..].contains(dimension), "{query}: {told}");
        }
        for query in ["indicators?name=mean_income_follow_up&group_by=trained", "finance?name=amount_repaid&group_by=category", "funnel?group_by=region"] {
            ask(query).await.ok(200);
        }
    }

    async fn a_donor_sees_the_figures_of_its_own_fund_alone(engine) {
        let clock = Clock::manual(at(2026, 1, 10));
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let programme = app.programme().await;
        let mut funds = Vec::new();
        for (code, people, amount) in [("un", 5, 100_000), ("deux", 6, 50_000)] {
            let fund = app.fund(&programme, code, 10_000_000).await;
            for _ in 0..people {
                let id = with_plan(&app, &programme).await;
                app.done(Role::Adviser, &id, "request-financing", &request(&fund, amount)).await;
                app.done(Role::Committee, &id, "approve-financing", &approval(&[amount])).await;
            }
            funds.push(fund);
        }
        let scope = Scope::Funds(vec![sira_domain::values::FundId(funds[0].parse().unwrap())]);
        let donor = app.token_of("bailleur", Role::Donor, scope).await;
        app.caught_up().await;
        clock.set(at(2026, 2, 10));
        let finance = fresh(&app, &donor, "/v1/analytics/finance?name=amount_committed&group_by=fund").await.ok(200);
        assert_eq!(finance["rows"].as_array().unwrap().len(), 1, "{finance}");
        assert_eq!((&finance["rows"][0]["fund"], &finance["rows"][0]["value"]), (&json!(funds[0]), &json!(500_000)));
        assert_eq!(value(&app, "amount_committed", "").await, json!(800_000));
        let other = format!("/v1/analytics/finance?name=amount_committed&fund={}", funds[1]);
        assert_eq!(fresh(&app, &donor, &other).await.ok(200)["rows"][0]["value"], Value::Null);
    }

    async fn every_cell_leads_to_the_events_behind_it(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
            app.walk(&id, &steps_with_recognised_training(), "decide-selection").await;
            ids.push(id);
        }
        let director = app.token(Role::Director).await;
        let mut path = "/v1/analytics/indicators/selected/why?limit=2".to_owned();
        let (mut found, mut pages) = (Vec::new(), 0);
        loop {
            let page = fresh(&app, &director, &path).await.ok(200);
            assert_eq!(page["events"], json!(3));
            found.extend(page["items"].as_array().unwrap().clone());
            pages += 1;
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/v1/analytics/indicators/selected/why?limit=2&cursor={cursor}");
        }
        assert_eq!((pages, found.len()), (2, 3));
        for item in &found {
            let id = item["id"].as_str().unwrap();
            assert!(ids.iter().any(|known| known == id));
            let history = app.get(&director, &format!("/v1/beneficiaries/{id}/history")).await.ok(200);
            let events = history["events"].as_array().unwrap();
            let event = events.iter().find(|event| event["sequence"] == item["sequence"]).unwrap();
            assert_eq!(event["type"], json!("SelectionDecided"), "{event}");
            assert_eq!(event["position"], item["position"]);
        }
        let funnel = fresh(&app, &director, "/v1/analytics/indicators/funnel_selected/why").await.ok(200);
        assert_eq!(funnel["items"][0]["beside"], json!([5]), "the selection stands beside the registration");
        fresh(&app, &director, "/v1/analytics/indicators/unheard/why").await.problem(404, "not-found");
        let cursor = path.rsplit_once('=').unwrap().1;
        let elsewhere = format!("/v1/analytics/indicators/registered/why?cursor={cursor}");
        app.get(&director, &elsewhere).await.problem(400, "bad-parameter");
    }

    async fn who_has_handed_a_person_over_is_no_longer_told_who_is_counted(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let stays = register_one(&app, &programme, "female", "segou").await;
        let goes = register_one(&app, &programme, "female", "segou").await;
        let transfer = json!({ "occurred_on": "2022-02-01", "office": "mopti-1", "reason": "Déménage" });
        app.hand_over(&goes, &transfer).await;
        let path = "/v1/analytics/indicators/registered/why?office=segou-1";
        let ids = async |scope| {
            let token = app.token_of("somebody", Role::Adviser, scope).await;
            let answer = fresh(&app, &token, path).await.ok(200);
            let items = answer["items"].as_array().unwrap();
            items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(office(&programme, "segou-1")).await, [json!(stays), Value::Null]);
        assert_eq!(ids(Scope::All).await, [json!(stays), json!(goes)]);
    }

    async fn figures_come_as_csv_parquet_and_xlsx_too(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        register(&app, &programme, 2, "female", "segou").await;
        let director = app.token(Role::Director).await;
        let path = "/v1/analytics/indicators?name=registered,womens_share&group_by=region";
        let csv = accepting(&app, &director, path, "text/csv").await;
        assert_eq!(csv.status, 200);
        let mut lines = csv.text.trim_start_matches('\u{feff}').lines();
        assert_eq!(lines.next(), Some("indicator,region,value,unit,numerator,denominator,suppressed,held"));
        assert_eq!(lines.next(), Some("registered,segou,2.00,count,2,,false,false"));
        assert_eq!(lines.next(), Some("womens_share,segou,100.00,percent,2,2,false,false"));
        let french = accepting(&app, &director, &format!("{path}&headings=fr"), "text/csv").await;
        assert!(french.text.contains("Indicateur,Région,Valeur,Unité"), "{}", french.text);
        for (accept, start) in [("application/vnd.apache.parquet", "PAR1"), ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "PK")] {
            let reply = accepting(&app, &director, path, accept).await;
            assert_eq!((reply.status, reply.header("content-type")), (200, accept));
            assert!(reply.text.starts_with(start));
            assert!(!reply.header("sira-position").is_empty());
        }
        accepting(&app, &director, path, "image/png").await.problem(406, "not-acceptable");
    }

    async fn a_target_stands_beside_what_was_reached(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        register(&app, &programme, 4, "female", "segou").await;
        register(&app, &programme, 2, "male", "segou").await;
        let director = app.token(Role::Director).await;
        let period = json!({ "from": "2022-01-01", "to": "2022-12-31" });
        for target in [
            json!({ "occurred_on": "2021-07-06", "indicator": "registered", "period": period, "value": 8 }),
            json!({ "occurred_on": "2021-07-06", "indicator": "registered", "period": period, "region": "segou", "sex": "female", "value": 5 }),
            json!({ "occurred_on": "2021-07-06", "indicator": "registered", "period": { "from": "2023-01-01", "to": "2023-12-31" }, "value": 5 }),
        ] {
            app.post(&director, &format!("/v1/programmes/{programme}/commands/set-target"), &target).await.ok(200);
        }
        let found = rows(&app, "targets?to=2022-12-31").await;
        assert_eq!(found.len(), 2, "{found:?}");
        let all = found.iter().find(|row| row["region"].is_null()).unwrap();
        assert_eq!((&all["target"], &all["actual"], &all["gap"], &all["percent"]), (&json!(8), &json!(6), &json!(-2), &json!(75)));
        let women = found.iter().find(|row| row["sex"] == "female").unwrap();
        assert_eq!((&women["actual"], &women["percent"]), (&json!(4), &json!(80)));
        // The year is over: what is not reached is behind.
        assert_eq!((&all["elapsed_percent"], &all["pace"]), (&json!(100), &json!("behind")));
        let unknown = json!({ "indicator": "no-such-indicator", "period": period, "value": 8 });
        let path = format!("/v1/programmes/{programme}/commands/set-target");
        assert_eq!(app.post(&director, &path, &unknown).await.error(409, "refused").0, "/indicator");
        let commitment = json!({ "party": "agency", "what": "Former", "indicator": "no-such-indicator", "due_on": "2023-01-01" });
        let path = format!("/v1/programmes/{programme}/commands/record-commitment");
        assert_eq!(app.post(&director, &path, &commitment).await.error(409, "refused").0, "/indicator");
    }

    async fn nothing_is_told_or_frozen_of_a_day_that_has_not_come(engine) {
        let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 3, 31, 10, 0, 0).unwrap());
        let app = TestApp::with(engine, clock, ServeLimits::default()).await;
        let programme = app.programme().await;
        register(&app, &programme, 1, "female", "segou").await;
        let director = app.token(Role::Director).await;
        rows(&app, "indicators?name=par30&as_of=2026-03-31").await;
        for subject in ["indicators?name=par30", "timeseries?name=par30&interval=month", "funnel?", "targets?"] {
            let path = format!("/v1/analytics/{subject}&as_of=2026-04-01");
            let (pointer, rule) = app.get(&director, &path).await.error(400, "bad-parameter");
            assert_eq!(pointer, "?as_of", "{subject} {rule}");
        }
        let body = json!({ "name": "avenir", "subject": "indicators", "query": "name=par30&as_of=2030-01-01" });
        let refused = app.post(&director, "/v1/analytics/reports", &body).await;
        assert_eq!(refused.problem(400, "bad-parameter")["errors"][0]["pointer"], json!("?as_of"));
    }

    async fn a_target_is_compared_with_its_own_people_whoever_asks(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        register(&app, &programme, 4, "female", "segou").await;
        register(&app, &programme, 3, "female", "mopti").await;
        let director = app.token(Role::Director).await;
        let period = json!({ "from": "2022-01-01", "to": "2022-12-31" });
        for region in [json!(null), json!("segou"), json!("mopti")] {
            let mut target = json!({ "occurred_on": "2021-07-06", "indicator": "registered", "period": period, "value": 5 });
            if region.is_string() {
                target["region"] = region;
            }
            app.post(&director, &format!("/v1/programmes/{programme}/commands/set-target"), &target).await.ok(200);
        }
        let told = async |role: Role, scope: Scope| -> Vec<Value> {
            let token = app.token_of("qui-demande", role, scope).await;
            app.caught_up().await;
            let rows = app.get(&token, "/v1/analytics/targets").await.ok(200)["rows"].clone();
            let mut rows: Vec<_> = rows.as_array().unwrap().iter().map(|row| json!([row["region"], row["actual"], row["untold"], row["pace"]])).collect();
            rows.sort_by_key(|row| row[0].to_string());
            rows
        };
        let other = |region: Value| json!([region, null, "target_of_other_people", null]);
        let (mopti, segou) = (json!(["mopti", 3, null, "behind"]), json!(["segou", 4, null, "behind"]));
        let whole = json!([null, 7, null, "reached"]);
        for role in [Role::Director, Role::Auditor, Role::Finance] {
            assert_eq!(told(role, Scope::All).await, [mopti.clone(), segou.clone(), whole.clone()], "{role:?}");
        }
        // One number for one target: who reaches a part is told nothing of the whole, nor of a region of which
        // somebody is with another region's office.
        for role in [Role::Director, Role::Adviser, Role::Finance] {
            assert_eq!(told(role, region("segou")).await, [other(json!("mopti")), segou.clone(), other(json!(null))], "{role:?}");
            assert_eq!(told(role, app.office("segou-1").await).await, [other(json!("mopti")), other(json!("segou")), other(json!(null))], "{role:?}");
        }
        let token = app.token(Role::Adviser).await;
        let elsewhere = with(with(registration(&programme), "/office", json!("mopti-1")), "/region", json!("segou"));
        app.post(&token, "/v1/beneficiaries", &elsewhere).await.ok(201);
        let all = [other(json!("mopti")), other(json!("segou")), other(json!(null))];
        assert_eq!(told(Role::Director, region("segou")).await, all);
        assert_eq!(told(Role::Director, Scope::All).await[1], json!(["segou", 5, null, "reached"]));
    }

    async fn a_frozen_report_stays_and_says_what_changed_since(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        register(&app, &programme, 3, "female", "segou").await;
        let director = app.token(Role::Director).await;
        rows(&app, "indicators?name=registered").await;
        let body = json!({ "name": "t1-2022", "subject": "indicators", "query": "name=registered,womens_share&group_by=region" });
        let frozen = app.post(&director, "/v1/analytics/reports", &body).await.ok(201);
        let position = frozen["position"].as_u64().unwrap();
        let again = app.post(&director, "/v1/analytics/reports", &body).await.ok(200);
        assert_eq!((&again["already_done"], &again["position"]), (&json!(true), &frozen["position"]));
        let other = with(body.clone(), "/query", json!("name=selected"));
        app.post(&director, "/v1/analytics/reports", &other).await.problem(409, "refused");

        register(&app, &programme, 1, "male", "segou").await;
        register(&app, &programme, 1, "male", "mopti").await;
        rows(&app, "indicators?name=registered").await;
        let shown = app.get(&director, "/v1/analytics/reports/t1-2022").await.ok(200);
        assert_eq!((&shown["is_as_frozen"], &shown["position"]), (&json!(true), &json!(position)));
        let cell = |indicator: &str, region: &str| {
            let rows = shown["rows"].as_array().unwrap();
            rows.iter().find(|row| row["indicator"] == indicator && row["region"] == region).unwrap().clone()
        };
        let segou = cell("registered", "segou");
        assert_eq!((&segou["frozen"]["value"], &segou["now"]["value"]), (&json!(3), &json!(4)));
        assert_eq!((&segou["events_count"], segou["events"].as_array().unwrap().len()), (&json!(1), 1));
        assert!(segou["events"][0]["position"].as_u64().unwrap() > position);
        let mopti = cell("registered", "mopti");
        assert_eq!((&mopti["frozen"], &mopti["now"]["value"]), (&Value::Null, &json!(1)));
        assert_eq!(cell("womens_share", "segou")["now"]["value"], json!(75));
        let figures = rows(&app, &format!("indicators?name=registered&as_of_position={position}")).await;
        assert_eq!(figures[0]["value"], json!(3));
        let list = app.get(&app.token(Role::Auditor).await, "/v1/analytics/reports").await.ok(200);
        assert_eq!(list["reports"][0]["name"], json!("t1-2022"));
        let adviser = app.token(Role::Adviser).await;
        app.post(&adviser, "/v1/analytics/reports", &body).await.problem(403, "forbidden");
        for (bad, pointer) in [(json!({ "subject": "indicators" }), "/name"), (json!({ "name": "x", "subject": "indicators", "kind": 1 }), "/kind")] {
            assert_eq!(app.post(&director, "/v1/analytics/reports", &bad).await.error(422, "invalid-body").0, pointer);
        }
        on_engine!(app.commands.journal().pool(), db => {
            let changed = sqlx::query("UPDATE reports SET position = 1").execute(db).await;
            assert!(changed.is_err(), "the database itself refuses");
        });
    }

    async fn a_report_has_one_audience_and_tells_it_one_story(engine) {
        let clock = Clock::manual(at(2026, 1, 6));
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let programme = app.programme().await;
        for region in ["segou", "mopti"] {
            register(&app, &programme, 6, "female", region).await;
        }
        clock.set(at(2026, 2, 10));
        let fund: FundId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().map(FundId).unwrap();
        let people = [
            ("nationale", Role::Director, Scope::All),
            ("auditrice", Role::Auditor, Scope::All),
            ("de-segou", Role::Director, region("segou")),
            ("conseillere", Role::Adviser, region("segou")),
            ("de-mopti", Role::Director, region("mopti")),
            ("antenne", Role::Adviser, app.office("segou-1").await),
            ("analyste", Role::Analyst, Scope::All),
            ("analyste-segou", Role::Analyst, region("segou")),
            ("bailleur", Role::Donor, Scope::Funds(vec![fund])),
        ];
        let mut tokens = BTreeMap::new();
        for (name, role, scope) in people {
            tokens.insert(name, app.token_of(name, role, scope).await);
        }
        let told = |told: &str, scope: Value| json!({ "told": told, "scope": scope });
        let exact_segou = told("exact", json!({ "regions": ["segou"] }));
        let donor = told("to_donor", json!({ "funds": [fund.0] }));
        // Each: who freezes it, for whom, and who may read it.
        let reports: [(&str, &str, Option<Value>, &[&str]); 6] = [
            ("r-tout", "nationale", None, &["nationale", "auditrice"]),
            ("r-segou", "de-segou", None, &["nationale", "auditrice", "de-segou", "conseillere"]),
            ("r-segou-2", "nationale", Some(exact_segou.clone()), &["nationale", "auditrice", "de-segou", "conseillere"]),
            ("r-publie", "analyste", None, &["nationale", "auditrice", "analyste"]),
            ("r-publie-segou", "analyste-segou", None, &["nationale", "auditrice", "analyste", "analyste-segou"]),
            ("r-bailleur", "nationale", Some(donor.clone()), &["nationale", "auditrice", "bailleur"]),
        ];
        for (name, by, audience, _) in &reports {
            let mut body = json!({ "name": name, "subject": "indicators", "query": "name=registered&group_by=region" });
            if *name == "r-bailleur" {
                body["query"] = json!("name=financed");
            }
            if let Some(audience) = audience {
                body["audience"] = audience.clone();
            }
            app.caught_up().await;
            app.post(&tokens[by], "/v1/analytics/reports", &body).await.ok(201);
        }
        let body = |audience: &Value| json!({ "name": "x", "subject": "indicators", "query": "name=registered", "audience": audience });
        for (by, audience) in [("de-mopti", &exact_segou), ("de-segou", &donor), ("analyste", &exact_segou), ("de-segou", &told("exact", json!("all")))] {
            app.post(&tokens[by], "/v1/analytics/reports", &body(audience)).await.problem(403, "out-of-scope");
        }
        for (name, _, _, readers) in &reports {
            let mut shown = BTreeSet::new();
            for (who, token) in &tokens {
                let reply = app.get(token, &format!("/v1/analytics/reports/{name}")).await;
                if !readers.contains(who) {
                    reply.problem(403, "out-of-scope");
                    continue;
                }
                let told = reply.ok(200);
                assert_eq!(told["is_as_frozen"], json!(true), "{name} {who}");
                let cells: Vec<_> = told["rows"].as_array().unwrap().iter().map(|row| (row["region"].to_string(), row["frozen"].to_string())).collect();
                shown.insert(format!("{} {cells:?}", told["answer_sha256"]));
            }
            assert_eq!(shown.len(), 1, "{name}: {shown:?}");
        }
        for (who, token) in &tokens {
            let list = app.get(token, "/v1/analytics/reports").await.ok(200);
            let mut named: Vec<_> = list["reports"].as_array().unwrap().iter().map(|report| report["name"].as_str().unwrap().to_owned()).collect();
            named.sort();
            let mut readable: Vec<_> = reports.iter().filter(|(.., readers)| readers.contains(who)).map(|(name, ..)| (*name).to_owned()).collect();
            readable.sort();
            assert_eq!(named, readable, "{who}");
        }
    }

    async fn no_route_gives_an_analyst_a_name(engine) {
        let app = TestApp::on(engine).await;
        let programme = app.programme().await;
        let answer = app.register(&programme).await;
        let id = answer["id"].as_str().unwrap();
        app.done(Role::Adviser, id, "add-note", &json!({ "text": NAME })).await;
        let cohort = app.cohort(&programme, "c1", 20).await;
        let fund = app.fund(&programme, "f1", 1_000).await;
        let analyst = app.token(Role::Analyst).await;
        rows(&app, "indicators?name=registered").await;
        for route in sira::http::endpoints() {
            let target = match route.path.split('/').nth(2) {
                Some("programmes") => &programme,
                Some("cohorts") => &cohort,
                Some("funds") => &fund,
                _ => id,
            };
            let path = route.path.replace("{id}", target).replace("{*tile}", "0/000.p/1");
            let path = path.replace("{slug}", "forbidden").replace("{name}", "registered").replace("{sha256}", &"0".repeat(64));
            for query in ["", "?identity=true", "?q=Zoumbal%C3%A9"] {
                let request = app.request(route.method.clone(), &format!("{path}{query}"));
                let request = if route.method == reqwest::Method::POST { request.json(&json!({ "text": "x" })) } else { request };
                let reply = Reply::of(request.bearer_auth(&analyst)).await;
                for part in ["Inventée", "Zoumbalé", "+22370000001", "70 00 00 01", "puits"] {
                    assert!(!reply.text.contains(part), "{} {path}{query}: {}", route.method, reply.text);
                }
                let about_people = path.starts_with("/v1/beneficiaries") || path.contains("/worklists/");
                assert!(!about_people || reply.status == 403 || reply.status == 400 || reply.status == 422, "{} {path}{query} {}", route.method, reply.status);
            }
        }
    }
}
