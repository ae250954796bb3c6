//! Referrals between the partners' services.

use serde_json::json;
use sira_domain::role::Role;

use super::app::TestApp;

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
        let outcome = json!({ "occurred_on": "2022-03-01", "referral": 1, "outcome": "served" });
        app.done(Role::Director, &id, "record-referral-outcome", &outcome).await;
        let status = app.get(&auditor, &path).await.ok(200);
        assert_eq!(status["referrals"][0]["settled"], json!(["2022-03-01", "served"]));
        app.caught_up().await;
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
}
