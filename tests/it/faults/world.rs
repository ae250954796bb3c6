//! A real server behind faults, what it is asked, and what its databases hold.

use std::collections::{BTreeMap, HashMap};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::evidence::{Algorithm, Checkpoint, Note, NoteKey};
use sqlx::{Connection, PgConnection, SqliteConnection};
use tokio::sync::Mutex;

use super::files::FileFaults;
use super::wire::WireFaults;
use super::{Given, Mode};
use crate::crash::server::{Place, Server};
use crate::support::Engine;

/// How long a server may take until it answers as ever, once a fault is over.
pub const RECOVERS_IN: Duration = Duration::from_secs(15);
/// How long any answer may take: a client waits no longer.
const ANSWERS_IN: Duration = Duration::from_mins(1);

/// What stands between the server and its store.
enum Faults {
    Files(FileFaults),
    Wire { faults: WireFaults, url: String },
}

/// A server with a programme in it, on one engine.
pub struct World {
    faults: Faults,
    place: Place,
    server: Option<Server>,
    pub url: String,
    client: Client,
    tokens: Mutex<HashMap<String, String>>,
    pub witness: NoteKey,
    count: AtomicU32,
    pub programme: String,
    pub fund: String,
    pub cohort: String,
    /// Roots of checkpoints that were handed out, by size.
    handed_out: std::sync::Mutex<BTreeMap<u64, String>>,
    _engine: Option<Engine>,
}

/// What a caller has of a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// 0 when there was none.
    pub status: u16,
    pub text: String,
}

impl Answer {
    pub fn is_done(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| json!(self.text))
    }
}

impl World {
    /// On an embedded database, with a library before its files.
    pub async fn on_files() -> Self {
        let place = Place::embedded();
        let faults = Faults::Files(FileFaults::before(place.folder()));
        Self::on(place, faults, None).await
    }

    /// On `PostgreSQL`, with a proxy before it.
    pub async fn on_a_server() -> Self {
        let engine = Engine::postgres().await;
        let place = Place::at(engine.url());
        let port = engine.port().unwrap();
        let faults = WireFaults::before(port).await;
        let own = format!("@127.0.0.1:{}/", faults.port);
        let url = engine.url().replace(&format!("@localhost:{port}/"), &own);
        assert_ne!(url, engine.url());
        Self::on(place, Faults::Wire { faults, url }, Some(engine)).await
    }

    async fn on(place: Place, faults: Faults, engine: Option<Engine>) -> Self {
        let client = Client::builder().timeout(ANSWERS_IN).build().unwrap();
        let witness = sira::evidence::generate_key("temoin.invente", Algorithm::Cosignature);
        let mut world = Self {
            faults,
            place,
            server: None,
            url: String::new(),
            client,
            tokens: Mutex::default(),
            witness: witness.unwrap(),
            count: AtomicU32::new(0),
            programme: String::new(),
            fund: String::new(),
            cohort: String::new(),
            handed_out: std::sync::Mutex::default(),
            _engine: engine,
        };
        // One address may not apply for many people, and a proxy may say where each comes from.
        let trusted = "trusted_proxies = [\"127.0.0.1\"]\n";
        std::fs::write(world.place.folder().join("sira.toml"), trusted).unwrap();
        world.start().await;
        world.build().await;
        world
    }

    /// The binary, with the faults before it.
    fn sira(&self) -> Command {
        let mut command = self.place.sira();
        match &self.faults {
            Faults::Files(faults) => faults.surround(&mut command),
            Faults::Wire { url, .. } => {
                command.env("SIRA_DATABASE_URL", url).env("SIRA_KEYS_DATABASE_URL", url);
            }
        }
        let keys = self.witness.verifier().to_string();
        // Tokens that were revoked are tried again and again.
        command
            .env("SIRA_RATE_LIMIT_FAILURES", "0")
            .env("SIRA_WITNESS_KEYS", keys)
            .env("SIRA_EVIDENCE_ORIGIN", "sira.test/faults");
        command
    }

    pub async fn start(&mut self) {
        let mut command = self.sira();
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        let server = Server::of(command.stderr(Stdio::piped()).spawn().unwrap()).await;
        self.url.clone_from(&server.url);
        self.server = Some(server);
    }

    /// SIGKILL, and a new start.
    pub async fn restart(&mut self) {
        self.server.take().unwrap().kill();
        self.start().await;
    }

    /// Fails when the server has ended of itself.
    pub fn check_that_it_lives(&mut self) {
        self.server.as_mut().unwrap().check_that_it_lives();
    }

    /// Words given to the binary, with no faults before it.
    pub fn run(&self, words: &[&str]) -> std::process::Output {
        self.place.sira().args(words).output().unwrap()
    }

    /// The same with the faults before it, as an answer.
    pub async fn run_among_faults(&self, words: &[String]) -> Answer {
        let mut command = self.sira();
        command.args(words);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        let output = output.await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            return Answer { status: 200, text: text(&output.stdout) };
        }
        Answer { status: 503, text: text(&output.stderr) }
    }

    pub fn arm(&self, mode: Mode, first: u64) {
        match &self.faults {
            Faults::Files(faults) => faults.arm(mode, first),
            Faults::Wire { faults, .. } => faults.arm(mode, first),
        }
    }

    pub fn disarm(&self) -> Given {
        match &self.faults {
            Faults::Files(faults) => faults.disarm(),
            Faults::Wire { faults, .. } => faults.disarm(),
        }
    }

    pub fn counted(&self) -> Given {
        match &self.faults {
            Faults::Files(faults) => faults.counted(),
            Faults::Wire { faults, .. } => faults.counted(),
        }
    }

    pub fn is_embedded(&self) -> bool {
        matches!(self.faults, Faults::Files(_))
    }

    /// A number that was not given out before.
    pub fn next(&self) -> u32 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    /// Another address for each request.
    pub fn an_address(&self) -> String {
        let [_, a, b, c] = self.next().to_be_bytes();
        format!("10.{a}.{b}.{c}")
    }

    /// A token of somebody in a role, who reaches everything.
    pub async fn token_of(&self, actor: &str, role: &str) -> String {
        let mut tokens = self.tokens.lock().await;
        let name = format!("{actor} {role}");
        if let Some(token) = tokens.get(&name) {
            return token.clone();
        }
        // A donor sees funds alone.
        let token = if role == "donor" {
            let words = ["token", "issue", "--actor", actor, "--role", role, "--fund", &self.fund];
            String::from_utf8(self.run(&words).stdout).unwrap().trim().to_owned()
        } else {
            self.place.token_of(actor, role)
        };
        tokens.insert(name, token.clone());
        token
    }

    pub async fn token(&self, role: &str) -> String {
        self.token_of(role, role).await
    }

    /// A token of its own, and its id.
    pub fn new_token(&self) -> (String, String) {
        let token = self.place.token_of("jeton", "adviser");
        let id = token_id(&token);
        (token, id)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub async fn sent(&self, request: RequestBuilder) -> Answer {
        let Ok(response) = request.send().await else {
            return Answer { status: 0, text: "no answer".to_owned() };
        };
        let status = response.status().as_u16();
        match response.text().await {
            Ok(text) => Answer { status, text },
            Err(_) => Answer { status: 0, text: "broken off".to_owned() },
        }
    }

    pub async fn get(&self, role: &str, path: &str) -> Answer {
        let token = self.token(role).await;
        self.sent(self.request(Method::GET, path).bearer_auth(token)).await
    }

    /// A reading with patience: a server may have to open its connections anew.
    pub async fn read(&self, role: &str, path: &str) -> Answer {
        let until = Instant::now() + RECOVERS_IN;
        loop {
            let answer = self.get(role, path).await;
            if answer.status != 503 || Instant::now() > until {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A command with no fault in its way, which must be carried out: at once, or when the server has recovered
    /// from the fault before.
    pub async fn post(&self, role: &str, path: &str, body: &Value) -> Value {
        let (token, key) = (self.token(role).await, format!("before-{}", self.next()));
        let until = Instant::now() + RECOVERS_IN;
        loop {
            let request = self.request(Method::POST, path).bearer_auth(&token).json(body);
            let request = request.header("x-forwarded-for", self.an_address());
            let answer = self.sent(request.header("idempotency-key", &key)).await;
            if answer.is_done() {
                return answer.json();
            }
            let may_recover = answer.status == 503 && Instant::now() < until;
            assert!(may_recover, "{path} {body}: {answer:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn done(&self, role: &str, id: &str, word: &str, body: &Value) -> Value {
        self.post(role, &format!("/v1/beneficiaries/{id}/commands/{word}"), body).await
    }

    pub fn registration(&self, name: &str) -> Value {
        json!({
            "occurred_on": "2022-01-10", "programme": self.programme, "office": "segou-1", "region": "segou",
            "intake": "open_call", "channel": "office", "sex": "female", "birth_year": 1998,
            "consent": { "scope": "programme", "text_version": "v1", "method": "written" },
            "identity": { "name": name },
        })
    }

    /// A person who is registered; the path's id.
    pub async fn person(&self) -> String {
        let body = self.registration(&format!("Personne {}", self.next()));
        let answer = self.post("adviser", "/v1/beneficiaries", &body).await;
        answer["id"].as_str().unwrap().to_owned()
    }

    async fn build(&mut self) {
        let begin = async |path: &str, body: Value| {
            let answer = self.post("director", path, &body).await;
            answer["id"].as_str().unwrap().to_owned()
        };
        let convention = json!({ "name": "Essai", "signed_on": "2021-07-06", "term_years": 30, "renewable": true,
                                 "parties": [{ "name": "Agence inventée", "role": "agency" }] });
        let programme = begin("/v1/programmes", convention).await;
        let commands = format!("/v1/programmes/{programme}/commands");
        let office = json!({ "office": "segou-1", "name": "Antenne", "region": "segou", "occurred_on": "2021-07-06" });
        self.post("director", &format!("{commands}/open-office"), &office).await;
        let rules = json!({ "effective_from": "2021-07-06", "rules": { "retention_months": 12 } });
        self.post("admin", &format!("{commands}/set-rules"), &rules).await;
        let today = Clock::System.now().date_naive();
        let days = chrono::Days::new(60);
        let regions = ["segou", "mopti", "kayes"];
        let call = json!({ "from": today - days, "to": today + days, "regions": regions, "keep_days": 30 });
        self.post("director", &format!("{commands}/open-call"), &call).await;
        let envelope = json!({ "occurred_on": "2022-01-01", "programme": programme, "code": "f0",
            "donor": "Bailleur", "period": { "from": "2022-01-01", "to": "2026-12-31" }, "budget": 900_000_000 });
        let fund = begin("/v1/funds", envelope).await;
        let cohort = begin("/v1/cohorts", cohort_plan(&programme, "g0")).await;
        (self.programme, self.fund, self.cohort) = (programme, fund, cohort);
    }

    /// A number that the journal's database, or that of the keys, gives to a question: asked around the server.
    pub async fn number(&self, store: Store, question: &str) -> i64 {
        let url = self.place.url();
        if self.is_embedded() {
            let url = match store {
                Store::Journal => url,
                Store::Keys => url.replace("journal.db", "keys.db"),
            };
            let mut db = SqliteConnection::connect(&url).await.unwrap();
            return sqlx::query_scalar(question).fetch_one(&mut db).await.unwrap();
        }
        let mut db = PgConnection::connect(&url).await.unwrap();
        if store == Store::Keys {
            sqlx::query("SET search_path = keys").execute(&mut db).await.unwrap();
        }
        sqlx::query_scalar(question).fetch_one(&mut db).await.unwrap()
    }

    /// Checkpoints that were handed out and are not stored.
    pub async fn lost_checkpoints(&self) -> Vec<String> {
        let (stored, handed_out) =
            (self.stored_checkpoints().await, self.handed_out.lock().unwrap());
        let is_lost = |(size, text): &(&u64, &String)| {
            stored.get(*size).is_none_or(|note| !note.starts_with(text.as_str()))
        };
        let lost = handed_out.iter().filter(is_lost);
        lost.map(|(size, _)| format!("a checkpoint of {size} was handed out and is not stored"))
            .collect()
    }

    /// The checkpoints that are stored, by size.
    async fn stored_checkpoints(&self) -> BTreeMap<u64, String> {
        let question = "SELECT size, note FROM evidence_checkpoints";
        let url = self.place.url();
        let rows: Vec<(i64, String)> = if self.is_embedded() {
            let mut db = SqliteConnection::connect(&url).await.unwrap();
            sqlx::query_as(question).fetch_all(&mut db).await.unwrap()
        } else {
            let mut db = PgConnection::connect(&url).await.unwrap();
            sqlx::query_as(question).fetch_all(&mut db).await.unwrap()
        };
        rows.into_iter().map(|(size, note)| (size.unsigned_abs(), note)).collect()
    }

    /// Events that a request has recorded.
    pub async fn events_of(&self, key: &str) -> i64 {
        let id = if self.is_embedded() {
            "metadata ->> '$.request_id'"
        } else {
            "metadata::jsonb ->> 'request_id'"
        };
        self.number(Store::Journal, &format!("SELECT count(*) FROM events WHERE {id} = '{key}'"))
            .await
    }

    pub async fn head(&self) -> u64 {
        let head =
            self.number(Store::Journal, "SELECT coalesce(max(position), 0) FROM events").await;
        head.unsigned_abs()
    }

    /// The newest checkpoint that is handed out: its size; nothing where none can be had.
    pub async fn checkpoint(&self) -> Option<u64> {
        let answer = self.get("auditor", "/v1/evidence/checkpoint").await;
        if !answer.is_done() {
            return None;
        }
        let note: Note = answer.text.parse().unwrap();
        let checkpoint: Checkpoint = note.text.parse().unwrap();
        let (size, root) = (checkpoint.size, note.text);
        let mut handed_out = self.handed_out.lock().unwrap();
        let known = handed_out.entry(size).or_insert_with(|| root.clone());
        assert_eq!(*known, root, "two checkpoints of {size}");
        Some(size)
    }

    /// What `sira verify` finds in the journal.
    pub fn verified(&self) -> Option<String> {
        let output = self.run(&["verify"]);
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (!output.status.success())
            .then(|| format!("sira verify: {} {}", said(&output.stdout), said(&output.stderr)))
    }

    /// Waits until everything recorded by now is in the read models, and signed.
    pub async fn settled(&self) -> Result<(), String> {
        let (head, until) = (self.head().await, Instant::now() + RECOVERS_IN);
        loop {
            let signed = self.checkpoint().await.unwrap_or(0);
            let ready = self.get("auditor", "/readyz").await.json();
            let lists = ready["projections"].as_array().into_iter().flatten();
            let behind: Vec<_> = lists
                .filter(|one| {
                    one["position"].as_u64().unwrap_or(0) < head || one["state"] != "live"
                })
                .map(|one| format!("{} {} {}", one["name"], one["state"], one["position"]))
                .collect();
            if signed >= head && behind.is_empty() && ready["ready"] == json!(true) {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(format!(
                    "head {head}, signed {signed}, behind: {behind:?}, {}",
                    ready["parts"]
                ));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    Journal,
    Keys,
}

pub fn cohort_plan(programme: &str, code: &str) -> Value {
    json!({ "occurred_on": "2022-02-01", "programme": programme, "code": code, "office": "segou-1",
            "centre": "Centre", "capacity": 30, "modules": ["leadership"], "trainer": "trainer",
            "period": { "from": "2022-02-01", "to": "2022-12-31" } })
}

/// The id in a token.
pub fn token_id(token: &str) -> String {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["jti"].as_str().unwrap().to_owned()
}
