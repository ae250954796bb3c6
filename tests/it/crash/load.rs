//! Concurrent commands, each with an idempotency key, and what is known of each afterwards.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{Days, NaiveDate};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::server::{Place, Server};

/// Callers at once.
const CALLERS: u32 = 16;

/// A command on its way.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Idempotency key, and the request's id, which its events keep.
    pub key: String,
    pub path: String,
    pub body: Value,
}

/// A command whose answer came.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    pub sent: Sent,
    pub answer: Value,
}

/// What one caller knows when the server is gone.
#[derive(Default)]
pub struct Outcome {
    acknowledged: Vec<Acknowledged>,
    doubtful: Vec<Sent>,
}

/// Everything that was ever sent, and the people it was about.
pub struct Load {
    pub adviser: String,
    pub programme: String,
    client: Client,
    count: Arc<AtomicU32>,
    people: Arc<Mutex<Vec<String>>>,
    pub acknowledged: Vec<Acknowledged>,
    doubtful: Vec<Sent>,
    pub doubted: usize,
}

impl Load {
    /// Issues tokens, and begins a programme through a first server.
    pub async fn prepare(place: &Place) -> Self {
        let (admin, adviser) = (place.token("admin"), place.token("adviser"));
        let client = Client::builder().timeout(Duration::from_mins(1)).build().unwrap();
        let server = Server::start(place).await;
        let post = async |path: &str, body: Value| {
            let request =
                client.post(format!("{}{path}", server.url)).bearer_auth(&admin).json(&body);
            let response = request.send().await.unwrap();
            assert!(response.status().is_success(), "{}", response.text().await.unwrap());
            response.json::<Value>().await.unwrap()
        };
        let convention = json!({ "name": "Essai", "signed_on": "2021-07-06", "term_years": 30, "renewable": true,
                                 "parties": [{ "name": "Agence inventée", "role": "agency" }] });
        let signed = post("/v1/programmes", convention).await;
        let programme = signed["id"].as_str().unwrap().to_owned();
        let office = json!({ "office": "segou-1", "name": "Antenne", "region": "segou", "occurred_on": "2021-07-06" });
        post(&format!("/v1/programmes/{programme}/commands/open-office"), office).await;
        server.stop().await;
        let (count, people) = (Arc::default(), Arc::default());
        let (acknowledged, doubtful) = (Vec::new(), Vec::new());
        Self { adviser, programme, client, count, people, acknowledged, doubtful, doubted: 0 }
    }

    /// Starts the callers; each goes on until the server fails it.
    pub fn start(&self, url: &str) -> Vec<JoinHandle<Outcome>> {
        (0..CALLERS).map(|_| tokio::spawn(self.caller(url).call())).collect()
    }

    fn caller(&self, url: &str) -> Caller {
        Caller {
            url: url.to_owned(),
            adviser: self.adviser.clone(),
            programme: self.programme.clone(),
            client: self.client.clone(),
            count: self.count.clone(),
            people: self.people.clone(),
        }
    }

    /// Gathers what the callers know.
    pub async fn stop(&mut self, running: Vec<JoinHandle<Outcome>>) {
        for caller in running {
            let outcome = caller.await.unwrap();
            self.acknowledged.extend(outcome.acknowledged);
            self.doubted += outcome.doubtful.len();
            self.doubtful.extend(outcome.doubtful);
        }
    }

    /// Sends again what is in doubt, all at once and each twice: the second one must be a replay.
    pub async fn send_again(&mut self, url: &str) {
        let caller = self.caller(url);
        for sent in std::mem::take(&mut self.doubtful) {
            let first = caller.send_until_answered(&sent).await;
            let second = caller.send_until_answered(&sent).await;
            assert_eq!(first, second, "{sent:?}");
            self.acknowledged.push(Acknowledged { sent, answer: first });
        }
    }
}

struct Caller {
    url: String,
    adviser: String,
    programme: String,
    client: Client,
    count: Arc<AtomicU32>,
    people: Arc<Mutex<Vec<String>>>,
}

impl Caller {
    async fn call(self) -> Outcome {
        let mut outcome = Outcome::default();
        loop {
            let sent = self.next();
            let Some(answer) = self.send(&sent).await else {
                outcome.doubtful.push(sent);
                return outcome;
            };
            outcome.acknowledged.push(Acknowledged { sent, answer });
        }
    }

    /// A registration, a note or an income; the later ones often on the same few people.
    fn next(&self) -> Sent {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let key = format!("crash-{number}");
        let people = self.people.lock().unwrap();
        let person = people.get(number as usize % 7).or(people.first()).cloned();
        let Some(person) = person.filter(|_| !number.is_multiple_of(3)) else {
            return Sent {
                path: "/v1/beneficiaries".to_owned(),
                body: self.registration(&key),
                key,
            };
        };
        if number % 3 == 1 {
            let path = format!("/v1/beneficiaries/{person}/commands/add-note");
            return Sent { path, body: json!({ "text": format!("Note {key}") }), key };
        }
        let day = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + Days::new(number.into());
        let body = json!({ "survey": "baseline", "from": day, "to": day, "amount": number, "source": "other" });
        Sent { path: format!("/v1/beneficiaries/{person}/commands/record-income"), body, key }
    }

    fn registration(&self, key: &str) -> Value {
        json!({
            "occurred_on": "2022-01-10", "programme": self.programme, "office": "segou-1", "region": "segou",
            "intake": "open_call", "channel": "office", "sex": "male", "birth_year": 1998,
            "consent": { "scope": "programme", "text_version": "v1", "method": "written" },
            "identity": { "name": format!("Personne {key}") },
        })
    }

    /// Sends a command; `None` when it is in doubt.
    async fn send(&self, sent: &Sent) -> Option<Value> {
        let request = self
            .client
            .post(format!("{}{}", self.url, sent.path))
            .bearer_auth(&self.adviser)
            .header("idempotency-key", &sent.key)
            .header("x-request-id", &sent.key)
            .json(&sent.body);
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        if status == 503 {
            return None;
        }
        assert!(status == 200 || status == 201, "{sent:?}: {status} {text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        if status == 201 {
            self.people.lock().unwrap().push(answer["id"].as_str().unwrap().to_owned());
        }
        Some(answer)
    }

    /// A server that has just lost its database may ask for patience.
    async fn send_until_answered(&self, sent: &Sent) -> Value {
        for _ in 0..120 {
            if let Some(answer) = self.send(sent).await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        panic!("never answered: {sent:?}");
    }
}
