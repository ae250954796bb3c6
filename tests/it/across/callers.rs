//! Callers who ask for anything of anyone, each request with its key, and what became of each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::town::Town;
use crate::support::dice::Dice;

/// Callers at once.
const CALLERS: u64 = 24;

/// A request on its way.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Idempotency key, and the request's id, which its events keep.
    pub key: String,
    pub word: &'static str,
    pub path: String,
    pub body: Value,
    token: String,
}

/// A request that was answered.
#[derive(Clone, Debug)]
pub struct Answered {
    pub sent: Sent,
    pub status: u16,
    pub answer: Value,
}

/// Everything that was ever sent.
pub struct Callers {
    town: Arc<Town>,
    client: Client,
    count: Arc<AtomicU64>,
    pub answered: Vec<Answered>,
    doubtful: Vec<Sent>,
}

/// Callers at work.
pub struct Running {
    over: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<(Vec<Answered>, Vec<Sent>)>>,
}

impl Callers {
    pub fn of(town: &Town) -> Self {
        Self {
            town: Arc::new(town.clone()),
            client: Client::builder().timeout(Duration::from_mins(1)).build().unwrap(),
            count: Arc::default(),
            answered: Vec::new(),
            doubtful: Vec::new(),
        }
    }

    /// Starts them, half of them at each server; each goes on until told to stop, or until its server
    /// is gone.
    pub fn start(&self, urls: &[String; 2]) -> Running {
        let over = Arc::new(AtomicBool::new(false));
        let caller = |number: u64| {
            let seed = Uuid::new_v4().as_u64_pair().0 | 1;
            Caller {
                town: self.town.clone(),
                client: self.client.clone(),
                url: urls[usize::try_from(number % 2).unwrap()].clone(),
                dice: Dice(seed),
                count: self.count.clone(),
            }
        };
        let tasks = (0..CALLERS).map(|number| tokio::spawn(caller(number).call(over.clone())));
        Running { tasks: tasks.collect(), over }
    }

    pub async fn stop(&mut self, running: Running) {
        running.over.store(true, Ordering::SeqCst);
        for task in running.tasks {
            let (answered, doubtful) = task.await.unwrap();
            self.answered.extend(answered);
            self.doubtful.extend(doubtful);
        }
    }

    /// Sends again what is in doubt, until it is answered.
    pub async fn send_again(&mut self, url: &str) {
        for sent in std::mem::take(&mut self.doubtful) {
            let answered = async {
                loop {
                    if let Some(answered) = send(&self.client, url, &sent).await {
                        return answered;
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            };
            let answered = tokio::time::timeout(Duration::from_mins(1), answered).await;
            self.answered.push(answered.unwrap_or_else(|_| panic!("never answered: {sent:?}")));
        }
    }
}

async fn send(client: &Client, url: &str, sent: &Sent) -> Option<Answered> {
    let request = client
        .post(format!("{url}{}", sent.path))
        .bearer_auth(&sent.token)
        .header("idempotency-key", &sent.key)
        .header("x-request-id", &sent.key)
        .json(&sent.body);
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    let answer = response.json().await.ok()?;
    assert!(matches!(status, 200 | 409 | 503), "{sent:?}: {status} {answer}");
    (status != 503).then(|| Answered { sent: sent.clone(), status, answer })
}

struct Caller {
    town: Arc<Town>,
    client: Client,
    url: String,
    dice: Dice,
    count: Arc<AtomicU64>,
}

impl Caller {
    async fn call(mut self, over: Arc<AtomicBool>) -> (Vec<Answered>, Vec<Sent>) {
        let (mut answered, mut doubtful) = (Vec::new(), Vec::new());
        while !over.load(Ordering::SeqCst) {
            let sent = self.next().await;
            let Some(sent) = sent else { break };
            let Some(answer) = send(&self.client, &self.url, &sent).await else {
                doubtful.push(sent);
                break;
            };
            answered.push(answer);
        }
        (answered, doubtful)
    }

    /// Anything: most of it is refused, by a different rule each time. None when the server is gone.
    async fn next(&mut self) -> Option<Sent> {
        let chance = self.dice.roll(26);
        if chance < 9 {
            return self.about_money().await;
        }
        let dice = &mut self.dice;
        let town = &self.town;
        let person = dice.pick(&town.people).clone();
        let (role, word, mut body) = match chance {
            9..=11 => {
                ("adviser", "enrol-in-training", json!({ "cohort": dice.pick(&town.cohorts) }))
            }
            12 => ("adviser", "withdraw-from-training", json!({ "comment": "Déménage" })),
            13 => ("committee", "approve-financing", approval(dice, 1, false)),
            14 => {
                let body = payment(dice, 1, 1);
                ("finance", "record-disbursement", body)
            }
            15 => {
                let budget = 400_000 + 50_000 * dice.roll(12);
                let fund = dice.pick(&town.funds).clone();
                let body = json!({ "budget": budget, "amendment": "Avenant" });
                return Some(self.sent(
                    "director",
                    "adjust-budget",
                    &format!("/v1/funds/{fund}"),
                    body,
                ));
            }
            16 | 17 => return self.at_a_cohort().await,
            18 if dice.roll(6) == 0 => {
                ("director", "link-duplicate", json!({ "continues": dice.pick(&town.people) }))
            }
            18 => ("director", "unlink-duplicate", json!({ "reason": "Deux personnes" })),
            19 => {
                ("director", "transfer", json!({ "office": format!("segou-{}", 1 + dice.roll(2)) }))
            }
            20 => ("adviser", "accept-transfer", json!({})),
            21 => ("adviser", "return-transfer", json!({ "reason": "Habite ailleurs" })),
            22 => {
                ("director", "assign-adviser", json!({ "adviser": *dice.pick(&["awa", "binta"]) }))
            }
            23 => {
                let year = 1990 + dice.roll(9);
                (
                    "adviser",
                    "correct-registration",
                    json!({ "birth_year": year, "reason": "Erreur" }),
                )
            }
            _ => {
                let back = json!({ "sequence": 2 + dice.roll(24), "reason": "Saisi par erreur" });
                ("director", "retract", back)
            }
        };
        body["occurred_on"] = json!("2022-03-01");
        Some(self.sent(role, word, &format!("/v1/beneficiaries/{person}"), body))
    }

    /// The next step of somebody's last financing as it stood a moment ago: others are at it too.
    async fn about_money(&mut self) -> Option<Sent> {
        let even = 2 * self.dice.roll(self.town.people.len() as u64 / 2);
        let path =
            format!("/v1/beneficiaries/{}", self.town.people[usize::try_from(even).unwrap()]);
        let token = self.token("finance");
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(token);
        let shown: Value = request.send().await.ok()?.json().await.ok()?;
        let last = shown["financings"].as_array().and_then(|all| all.last()).cloned()?;
        let (role, word, mut body) = self.next_step(&last);
        body["occurred_on"] = json!("2022-03-01");
        Some(self.sent(role, word, &path, body))
    }

    fn next_step(&mut self, last: &Value) -> (&'static str, &'static str, Value) {
        let dice = &mut self.dice;
        let number = last["financing"].as_u64().unwrap();
        let is_loan = last["instrument"] == "loan";
        let paid = last["paid"].as_array().map_or(0, Vec::len);
        let is_paid = |tranche: &Value| {
            let mut paid = last["paid"].as_array().into_iter().flatten();
            paid.any(|one| one["tranche"] == tranche["tranche"])
        };
        let mut tranches = last["tranches"].as_array().into_iter().flatten();
        let unpaid = tranches.find(|tranche| !is_paid(tranche));
        let again = || json!({ "instrument": last["instrument"], "amount": 200_000, "own_contribution": 0, "fund": last["fund"] });
        if last["refusal"].is_object() {
            return ("adviser", "request-financing", again());
        }
        if last["approval"].is_null() || (last["agreement_on"].is_null() && dice.roll(4) == 0) {
            return ("committee", "approve-financing", approval(dice, number, is_loan));
        }
        if dice.roll(12) == 0 {
            return (
                "committee",
                "refuse-financing",
                json!({ "financing": number, "reason": "other" }),
            );
        }
        if paid > 0 && dice.roll(4) == 0 {
            return put_right(dice, number);
        }
        if last["agreement_on"].is_null() {
            return ("director", "sign-agreement", json!({ "financing": number }));
        }
        if let Some(tranche) = unpaid {
            let mut body = payment(dice, number, tranche["tranche"].as_u64().unwrap());
            body["amount"] = tranche["amount"].clone();
            return ("finance", "record-disbursement", body);
        }
        let sum = |list: &str, field: &str| -> u64 {
            let all = last[list].as_array().into_iter().flatten();
            all.map(|one| one[field].as_u64().unwrap()).sum()
        };
        if is_loan && sum("paid", "amount") > sum("repaid", "principal") {
            let body = json!({ "financing": number, "principal": 10_000 * (1 + dice.roll(9)), "interest": dice.roll(3) * 100,
                               "method": "mobile_money", "payment_reference": reference(dice) });
            return ("finance", "record-repayment", body);
        }
        ("adviser", "request-financing", again())
    }

    /// A session, or its register or a correction of one, as the cohort was a moment ago; now and then with a line
    /// too few.
    async fn at_a_cohort(&mut self) -> Option<Sent> {
        let cohort = self.dice.pick(&self.town.cohorts).clone();
        let path = format!("/v1/cohorts/{cohort}");
        let session = format!("s{}", self.dice.roll(200));
        if self.dice.roll(3) == 0 {
            let body = json!({ "occurred_on": "2022-02-01", "session": session, "on": "2022-03-02", "hours": 3 });
            return Some(self.sent("trainer", "schedule-session", &path, body));
        }
        let token = &self.token("trainer");
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(token);
        let shown: Value = request.send().await.ok()?.json().await.ok()?;
        let planned = shown["sessions"].as_object()?.keys().next_back().cloned();
        let members = shown["members"].as_object()?.keys();
        let lines: Vec<Value> = members
            .filter_map(|member| {
                let present = self.dice.roll(4) != 0;
                let line = json!({ "beneficiary": member, "present": present });
                (self.dice.roll(12) != 0).then_some(line)
            })
            .collect();
        let registered = shown["sessions"].as_object()?.iter();
        let registered: Vec<_> = registered
            .filter(|(_, session)| session["register"].is_object())
            .map(|(word, _)| word.clone())
            .collect();
        if !registered.is_empty() && self.dice.roll(2) == 0 {
            let session = self.dice.pick(&registered).clone();
            let body = json!({ "session": session, "lines": lines, "reason": "Mauvaise ligne" });
            return Some(self.sent("trainer", "correct-register", &path, body));
        }
        let body = json!({ "session": planned.unwrap_or(session), "lines": lines });
        Some(self.sent("trainer", "record-register", &path, body))
    }

    fn token(&mut self, role: &str) -> String {
        let held: Vec<&String> = self
            .town
            .tokens
            .iter()
            .filter(|(known, _)| *known == role)
            .map(|(_, token)| token)
            .collect();
        (*self.dice.pick(&held)).clone()
    }

    fn sent(&mut self, role: &str, word: &'static str, stream: &str, body: Value) -> Sent {
        let key = format!("model-{}", self.count.fetch_add(1, Ordering::Relaxed));
        let token = self.token(role);
        Sent { key, word, path: format!("{stream}/commands/{word}"), body, token }
    }
}

/// A reference out of so many that some are drawn twice.
fn reference(dice: &mut Dice) -> String {
    format!("P-{}", dice.roll(2_000))
}

fn payment(dice: &mut Dice, financing: u64, tranche: u64) -> Value {
    json!({ "financing": financing, "tranche": tranche, "amount": 50_000 * (1 + dice.roll(2)),
            "method": "mobile_money", "payment_reference": reference(dice) })
}

/// A payment undone, or money that comes back; often of what is not there.
fn put_right(dice: &mut Dice, financing: u64) -> (&'static str, &'static str, Value) {
    let undo = json!({ "sequence": 8 + dice.roll(20), "ground": "bounced" });
    let moved = json!({ "financing": financing, "amount": 5_000 * (1 + dice.roll(3)),
                        "method": "mobile_money", "payment_reference": reference(dice) });
    match dice.roll(8) {
        0..3 => ("finance", "reverse-disbursement", undo),
        3..6 => ("finance", "reverse-repayment", undo),
        6 => ("finance", "record-refund", moved),
        _ => ("committee", "cancel-financing", json!({ "financing": financing, "ground": "left" })),
    }
}

/// One or two tranches of 50,000 or 100,000; for a loan with its schedule.
fn approval(dice: &mut Dice, financing: u64, is_loan: bool) -> Value {
    let amounts: Vec<u64> = (0..=dice.roll(2)).map(|_| 50_000 * (1 + dice.roll(2))).collect();
    let tranches: Vec<Value> = (1..)
        .zip(&amounts)
        .map(|(number, amount)| json!({ "tranche": number, "amount": amount }))
        .collect();
    let amount: u64 = amounts.iter().sum();
    let mut body = json!({ "financing": financing, "amount": amount, "tranches": tranches });
    if is_loan {
        body["schedule"] = json!([{ "due_on": "2023-01-01", "principal": amount, "interest": 0 }]);
    }
    body
}
