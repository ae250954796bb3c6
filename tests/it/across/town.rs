//! What the callers find: a programme, small funds and cohorts, people on their way.

use reqwest::Client;
use serde_json::{Value, json};

use crate::crash::server::Place;

/// People on their way.
const PEOPLE: usize = 36;
/// Seats of a cohort.
const SEATS: u32 = 5;
/// Budget of a fund.
const BUDGET: u64 = 700_000;

/// Everything that commands are sent to, and those who send them.
#[derive(Clone)]
pub struct Town {
    pub people: Vec<String>,
    pub cohorts: Vec<String>,
    pub funds: Vec<String>,
    /// Tokens by role. Some people hold two roles, so that separate duties are tried.
    pub tokens: Vec<(&'static str, String)>,
}

struct Builder<'a> {
    client: Client,
    url: &'a str,
    tokens: &'a [(&'static str, String)],
}

impl Builder<'_> {
    async fn post(&self, role: &str, path: &str, body: Value) -> Value {
        let token = &self.tokens.iter().find(|(known, _)| *known == role).unwrap().1;
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(token);
        let response = request.json(&body).send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{path} {body}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn begin(&self, role: &str, path: &str, body: Value) -> String {
        self.post(role, path, body).await["id"].as_str().unwrap().to_owned()
    }

    async fn person(&self, programme: &str, funds: &[String], number: usize) -> String {
        let registration = json!({
            "occurred_on": "2022-01-10", "programme": programme, "office": "segou-1", "region": "segou",
            "intake": "open_call", "channel": "office", "sex": "female", "birth_year": 1998,
            "consent": { "scope": "programme", "text_version": "v1", "method": "written" },
            "identity": { "name": format!("Personne {number}") },
        });
        let id = self.begin("adviser", "/v1/beneficiaries", registration).await;
        let mut steps = vec![
            (
                "adviser",
                "submit-idea",
                json!({ "title": "Karité", "sector": "C", "start_up_cost": 1, "jobs_expected": 1 }),
            ),
            ("adviser", "assess-eligibility", json!({})),
            (
                "adviser",
                "record-interview",
                json!({ "scores": [{ "criterion": "motivation", "score": 15, "out_of": 20 }] }),
            ),
            (
                "committee",
                "decide-selection",
                json!({ "decision": "selected", "method": "committee", "session": "s" }),
            ),
        ];
        // Half of them train, the others ask for money: every other one of those for a loan.
        if number.is_multiple_of(2) {
            let instrument = if number.is_multiple_of(4) { "loan" } else { "grant" };
            let fund = &funds[number / 4 % funds.len()];
            steps.extend([
                ("director", "recognise-training", json!({ "proof": "Attestation", "reason": "Ailleurs" })),
                ("adviser", "submit-business-plan", json!({ "title": "Karité", "amount_needed": 1, "own_contribution": 1 })),
                ("committee", "validate-business-plan", json!({ "conclusion": "validated" })),
                ("adviser", "request-financing", json!({ "instrument": instrument, "amount": 200_000, "own_contribution": 0, "fund": fund })),
            ]);
        }
        for (role, word, mut body) in steps {
            body["occurred_on"] = json!("2022-02-01");
            self.post(role, &format!("/v1/beneficiaries/{id}/commands/{word}"), body).await;
        }
        id
    }
}

impl Town {
    /// Builds it through a server.
    pub async fn build(place: &Place, url: &str) -> Self {
        let holders = [
            ("adviser", "adviser"),
            ("committee", "committee"),
            ("committee", "adviser"),
            ("finance", "finance"),
            ("finance", "committee"),
            ("director", "director"),
            ("trainer", "trainer"),
        ];
        let tokens: Vec<(&'static str, String)> =
            holders.iter().map(|(role, actor)| (*role, place.token_of(actor, role))).collect();
        let builder = Builder { client: Client::new(), url, tokens: &tokens };
        let convention = json!({ "name": "Essai", "signed_on": "2021-07-06", "term_years": 30, "renewable": true,
                                 "parties": [{ "name": "Agence inventée", "role": "agency" }] });
        let programme = builder.begin("director", "/v1/programmes", convention).await;
        for office in ["segou-1", "segou-2"] {
            let body = json!({ "office": office, "name": "Antenne", "region": "segou", "occurred_on": "2021-07-06" });
            builder
                .post("director", &format!("/v1/programmes/{programme}/commands/open-office"), body)
                .await;
        }
        let (mut funds, mut cohorts, mut people) = (Vec::new(), Vec::new(), Vec::new());
        for code in ["f1", "f2"] {
            let body = json!({ "occurred_on": "2022-01-01", "programme": programme, "code": code, "donor": "Bailleur",
                               "period": { "from": "2022-01-01", "to": "2026-12-31" }, "budget": BUDGET });
            funds.push(builder.begin("director", "/v1/funds", body).await);
        }
        for code in ["g1", "g2"] {
            let body = json!({ "occurred_on": "2022-02-01", "programme": programme, "code": code, "office": "segou-1",
                               "centre": "Centre", "capacity": SEATS, "modules": ["leadership"], "trainer": "trainer",
                               "period": { "from": "2022-02-01", "to": "2022-12-31" } });
            cohorts.push(builder.begin("director", "/v1/cohorts", body).await);
        }
        for number in 0..PEOPLE {
            people.push(builder.person(&programme, &funds, number).await);
        }
        Self { people, cohorts, funds, tokens }
    }
}
