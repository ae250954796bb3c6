//! Referrals between the partners' services.

use serde_json::{Value, json};
use sira::clock::Clock;
use sira::http::ServeLimits;
use sira_domain::role::Role;

use super::app::TestApp;
use super::lists::every;
use super::worklists::is_kept_to_its_reach;

/// The open referrals, a page for each.
async fn open(app: &TestApp, token: &str, query: &str) -> Vec<Value> {
    app.caught_up().await;
    every(app, token, "/v1/worklists/referrals", query, 1).await
}

crate::on_both_engines! {
    async fn a_referral_is_shown_open_until_its_outcome_is_told_and_counted(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let refer = json!({ "occurred_on": "2022-02-01", "partner": "agency", "service": "microfinance",
                            "comment": "Tontine du quartier" });
        let answer = app.done(Role::Adviser, &id, "refer-to-partner", &refer).await;
        assert_eq!(answer["events"], json!(["ReferredToPartner"]));
        let again = app.done(Role::Adviser, &id, "refer-to-partner", &refer).await;
        assert_eq!(again["already_done"], json!(true));
        let auditor = app.token(Role::Auditor).await;
        let path = format!("/v1/beneficiaries/{id}");
        let status = app.get(&auditor, &path).await.ok(200);
        assert_eq!(status["referrals"], json!([{ "referral": 1, "partner": "agency",
            "service": "microfinance", "referred_on": "2022-02-01" }]));
        let waits = &open(&app, &auditor, "").await[0];
        assert_eq!(waits["referral"], json!(1));
        let outcome = json!({ "occurred_on": "2022-03-01", "referral": 1, "outcome": "served" });
        app.done(Role::Director, &id, "record-referral-outcome", &outcome).await;
        let status = app.get(&auditor, &path).await.ok(200);
        assert_eq!(status["referrals"][0]["settled"], json!(["2022-03-01", "served"]));
        app.caught_up().await;
        assert_eq!(open(&app, &auditor, "").await, Vec::<Value>::new());
        let asked = "/v1/analytics/indicators?name=referrals&from=2022-01-01&to=2022-12-31";
        let figures = app.get(&auditor, asked).await.ok(200);
        assert!(figures.to_string().contains("\"referrals\""), "{figures}");
    }

    async fn a_referral_is_to_a_party_and_to_a_service_of_the_list(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let adviser = app.token(Role::Adviser).await;
        let refer = |partner: &str, service: &str| {
            json!({ "occurred_on": "2022-02-01", "partner": partner, "service": service })
        };
        let reply = app.command(&adviser, &id, "refer-to-partner", &refer("donor", "literacy")).await;
        let problem = reply.problem(409, "refused");
        assert_eq!(problem["errors"][0]["pointer"], json!("/partner"));
        let reply = app.command(&adviser, &id, "refer-to-partner", &refer("agency", "loans")).await;
        assert_eq!(reply.problem(422, "invalid-body")["errors"][0]["pointer"], json!("/service"));
        let trainer = app.token(Role::Trainer).await;
        let reply = app.command(&trainer, &id, "refer-to-partner", &refer("agency", "literacy")).await;
        reply.problem(403, "forbidden");
    }

    async fn open_referrals_are_a_worklist_the_longest_waiting_first(engine) {
        let clock = Clock::manual("2022-03-03T12:00:00Z".parse().unwrap());
        let app = TestApp::with(engine, clock, ServeLimits::default()).await;
        let programme = app.programme().await;
        let id = app.register(&programme).await["id"].as_str().unwrap().to_owned();
        let mine = json!({ "occurred_on": "2022-01-20", "adviser": "moussa" });
        app.done(Role::Director, &id, "assign-adviser", &mine).await;
        for (on, service) in [("2022-02-01", "microfinance"), ("2022-01-20", "literacy"), ("2022-02-20", "microfinance")] {
            let refer = json!({ "occurred_on": on, "partner": "agency", "service": service });
            app.done(Role::Adviser, &id, "refer-to-partner", &refer).await;
        }
        let token = app.token(Role::Adviser).await;
        let shown = |items: &[Value]| -> Vec<Value> {
            items.iter().map(|item| json!([item["referral"], item["service"], item["days_open"], item["adviser"]])).collect()
        };
        let all = open(&app, &token, "").await;
        assert_eq!(shown(&all), [json!([2, "literacy", 42, "moussa"]), json!([1, "microfinance", 30, "moussa"]),
            json!([3, "microfinance", 11, "moussa"])]);
        is_kept_to_its_reach(&app, "referrals", 3).await;
        assert_eq!(open(&app, &token, "&service=literacy").await.len(), 1);
        assert_eq!(open(&app, &token, "&partner=implementer").await.len(), 0);
        let outcome = json!({ "occurred_on": "2022-03-01", "referral": 2, "outcome": "served" });
        app.done(Role::Adviser, &id, "record-referral-outcome", &outcome).await;
        assert_eq!(open(&app, &token, "").await.len(), 2);
        app.done(Role::Admin, &id, "erase-personal-data", &json!({ "ground": "request" })).await;
        assert_eq!(open(&app, &token, "").await, Vec::<Value>::new());
    }
}
