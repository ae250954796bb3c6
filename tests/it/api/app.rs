//! A running server of one test's own, and the words in which tests speak to it.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use ed25519_dalek::SigningKey;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::commands::Commands;
use sira::documents::DocumentStore;
use sira::evidence::{Evidence, Keeper, KeeperConfig, SignedTree, Witnesses, load_or_create_key};
use sira::figures::Figures;
use sira::grant::{AskedScope, Scope, ScopeOffice};
use sira::http::{App, AppParts, Gate, Metrics, ServeLimits, router, serve};
use sira::journal::Journal;
use sira::keys::{KeyStore, MasterKey};
use sira::read_side::{DuplicateFinder, JournalFeed, OpenedKeys, start_projections};
use sira::token::Tokens;
use sira_domain::role::Role;
use sira_domain::values::{OfficeCode, ProgrammeId};
use sira_numbers::Position;
use sira_projections::{ReadStore, Runner};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::shape;
use crate::support::Engine;

pub const MASTER: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The day of a manual clock's start.
pub fn new_year() -> DateTime<Utc> {
    "2026-01-01T08:00:00Z".parse().unwrap()
}

/// A server process: its own journal, key store and tokens on the test's databases.
pub struct TestApp {
    pub url: String,
    pub commands: Commands,
    pub tokens: Tokens,
    pub read: ReadStore,
    pub projections: Runner<JournalFeed>,
    pub evidence: Evidence,
    pub keeper: Keeper,
    client: Client,
    _folder: tempfile::TempDir,
    _stop: oneshot::Sender<()>,
}

/// What a server differs in from others.
struct Around {
    gate: Gate,
    witnesses: Witnesses,
    signs: bool,
    public_hashes: bool,
}

impl Around {
    fn gate(gate: Gate) -> Self {
        Self { gate, witnesses: Witnesses::default(), signs: true, public_hashes: false }
    }
}

/// Where the keys of a test's engine are: a file beside the journal, or the same server.
pub fn keys_url(engine: &Engine) -> String {
    engine.url().replace("/journal.db", "/keys.db")
}

/// Where the read side of a test's engine is.
pub fn read_url(engine: &Engine) -> String {
    engine.url().replace("/journal.db", "/read.db")
}

/// The log's signing key, which every server on a test's journal has.
pub const SIGNING_KEY: &str =
    "PRIVATE+KEY+sira.test/log+01238aab+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

/// What signs and proves a journal in a test: with a folder of its own, as another machine would be.
async fn keep_evidence(commands: &Commands, around: &Around) -> (Keeper, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let loaded =
        load_or_create_key(commands.journal(), folder.path(), Some(SIGNING_KEY), None).await;
    let (key, _) = loaded.unwrap().unwrap();
    let mut config = KeeperConfig::new(folder.path(), around.signs.then_some(key));
    config.witnesses = around.witnesses.clone();
    config.gap = std::time::Duration::from_millis(20);
    config.poll = std::time::Duration::from_millis(50);
    (Keeper::start(commands.journal(), commands.clock(), config), folder)
}

impl TestApp {
    /// A server on the system's clock. A second one on the same engine is a second process.
    pub async fn on(engine: &Engine) -> Self {
        Self::with(engine, Clock::System, ServeLimits::default()).await
    }

    pub async fn with(engine: &Engine, clock: Clock, limits: ServeLimits) -> Self {
        let (journal, keys, read) = Self::databases(engine, &clock).await;
        Self::start(journal, keys, read, clock, limits).await.keeping_documents(engine)
    }

    /// Documents lie in a folder of the engine's, which every server on it shares.
    fn keeping_documents(self, engine: &Engine) -> Self {
        let folder = engine.folder().join("documents");
        let store =
            DocumentStore::open(folder.to_str().unwrap(), &engine.folder().join("incoming"));
        let _ = self.commands.clone().keeping(store.unwrap());
        self
    }

    /// A server behind a gate of the test's own.
    pub async fn gated(engine: &Engine, clock: Clock, gate: Gate) -> Self {
        let (journal, keys, read) = Self::databases(engine, &clock).await;
        let around = Around::gate(gate);
        Self::start_gated(journal, keys, read, clock, ServeLimits::default(), around).await
    }

    /// A server that publishes what enough of these witnesses have signed.
    pub async fn witnessed(engine: &Engine, witnesses: Witnesses) -> Self {
        let clock = Clock::System;
        let (journal, keys, read) = Self::databases(engine, &clock).await;
        let around = Around { witnesses, ..Around::gate(Gate::open(clock.clone())) };
        Self::start_gated(journal, keys, read, clock, ServeLimits::default(), around).await
    }

    /// A server whose hashes are public, behind a gate of the test's own.
    pub async fn with_public_hashes(engine: &Engine, gate: Gate) -> Self {
        let clock = Clock::System;
        let (journal, keys, read) = Self::databases(engine, &clock).await;
        let around = Around { public_hashes: true, ..Around::gate(gate) };
        Self::start_gated(journal, keys, read, clock, ServeLimits::default(), around).await
    }

    /// A server that leaves signing to others.
    pub async fn without_signing(engine: &Engine) -> Self {
        let clock = Clock::System;
        let (journal, keys, read) = Self::databases(engine, &clock).await;
        let around = Around { signs: false, ..Around::gate(Gate::open(clock.clone())) };
        Self::start_gated(journal, keys, read, clock, ServeLimits::default(), around).await
    }

    async fn databases(engine: &Engine, clock: &Clock) -> (Journal, KeyStore, ReadStore) {
        let journal = engine.journal_with(engine.config(), clock.clone()).await;
        let master = MasterKey::from_text(MASTER).unwrap();
        let keys = KeyStore::open(&keys_url(engine), master, clock.clone()).await.unwrap();
        let read = ReadStore::open(&read_url(engine)).await.unwrap();
        (journal, keys, read)
    }

    /// A server on databases that are open already.
    pub async fn start(
        journal: Journal,
        keys: KeyStore,
        read: ReadStore,
        clock: Clock,
        limits: ServeLimits,
    ) -> Self {
        let gate = Gate::open(clock.clone());
        Self::start_gated(journal, keys, read, clock, limits, Around::gate(gate)).await
    }

    async fn start_gated(
        journal: Journal,
        keys: KeyStore,
        read: ReadStore,
        clock: Clock,
        limits: ServeLimits,
        around: Around,
    ) -> Self {
        let signing = SigningKey::from_bytes(&[7; 32]);
        let tokens = Tokens::new(journal.clone(), clock.clone(), &signing).unwrap();
        let projections = start_projections(&journal, &keys, &read);
        let finder = DuplicateFinder::new(read.clone(), OpenedKeys::new(keys.clone()));
        let commands = Commands::new(journal, keys, clock, 16 << 20).proposing(finder);
        let (keeper, folder) = keep_evidence(&commands, &around).await;
        let evidence = keeper.evidence().clone();
        let app = App::from(AppParts {
            figures: Figures::new(commands.clone(), read.clone()),
            commands: commands.clone(),
            tokens: tokens.clone(),
            gate: around.gate,
            read: read.clone(),
            evidence: Some(keeper.evidence().clone()),
            projections: projections.statuses(),
            metrics: Arc::new(Metrics::default()),
            public_url: Some("https://sira.example".into()),
            public_hashes: around.public_hashes,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(serve(listener, router(app), limits, async move {
            let _ = stopped.await;
        }));
        let client = Client::new();
        Self {
            url,
            commands,
            tokens,
            read,
            projections,
            evidence,
            keeper,
            client,
            _folder: folder,
            _stop: stop,
        }
    }

    /// A token of someone called like their role, reaching everything.
    pub async fn token(&self, role: Role) -> String {
        self.token_of(role.word(), role, Scope::All).await
    }

    pub async fn token_of(&self, actor: &str, role: Role, scope: Scope) -> String {
        let actor = actor.parse().unwrap();
        self.tokens.issue(actor, role, scope, Duration::days(365)).await.unwrap()
    }

    /// The scope of an office that one programme alone has.
    pub async fn office(&self, code: &str) -> Scope {
        let known = self.commands.known_places().await.unwrap();
        let offices = vec![OfficeCode::try_new(code).unwrap()];
        let asked = AskedScope { offices, ..AskedScope::default() };
        asked.resolve(Role::Adviser, &known).unwrap()
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, token: &str, path: &str) -> Reply {
        Reply::of(self.request(Method::GET, path).bearer_auth(token)).await
    }

    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Reply {
        Reply::of(self.request(Method::POST, path).bearer_auth(token).json(body)).await
    }

    /// As [`TestApp::post`], under a key of idempotency.
    pub async fn keyed(&self, token: &str, path: &str, key: &str, body: &Value) -> Reply {
        let request = self.request(Method::POST, path).bearer_auth(token);
        Reply::of(request.header("idempotency-key", key).json(body)).await
    }

    /// The lines of a batch, and what became of each.
    pub async fn batch(&self, token: &str, query: &str, lines: &[Value]) -> Vec<Value> {
        let reply = self.batch_reply(token, query, lines).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        for part in NAME.split(' ') {
            assert!(!reply.text.contains(part), "a batch names a person: {}", reply.text);
        }
        let answers = reply.lines();
        assert_eq!(answers.len(), lines.len(), "{}", reply.text);
        answers
    }

    /// The same, as it comes.
    pub async fn batch_reply(&self, token: &str, query: &str, lines: &[Value]) -> Reply {
        let body = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let request = self.request(Method::POST, &format!("/v1/batch{query}")).bearer_auth(token);
        Reply::of(request.header("content-type", "application/x-ndjson").body(body)).await
    }

    pub async fn command(&self, token: &str, id: &str, word: &str, body: &Value) -> Reply {
        self.post(token, &format!("/v1/beneficiaries/{id}/commands/{word}"), body).await
    }

    /// A command by a role that may, which must be carried out.
    pub async fn done(&self, role: Role, id: &str, word: &str, body: &Value) -> Value {
        let token = self.token(role).await;
        self.command(&token, id, word, body).await.ok(200)
    }

    /// Hands a path over to another office, which accepts it.
    pub async fn hand_over(&self, id: &str, transfer: &Value) {
        self.done(Role::Director, id, "transfer", transfer).await;
        let mut acceptance = json!({});
        if let Some(day) = transfer.get("occurred_on") {
            acceptance["occurred_on"] = day.clone();
        }
        self.done(Role::Director, id, "accept-transfer", &acceptance).await;
    }

    /// Waits until the read models hold everything recorded by now; the position.
    pub async fn caught_up(&self) -> Position {
        let head = self.commands.journal().head().await.unwrap().position;
        for _ in 0..3_000 {
            if self.projections.status().iter().all(|one| one.position >= head) {
                return head;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{:?}", self.projections.status());
    }

    /// Waits until a published checkpoint covers everything recorded by now.
    pub async fn covered(&self) -> Arc<SignedTree> {
        let head = self.commands.journal().head().await.unwrap().position;
        let tree = self.evidence.covering(head, std::time::Duration::from_secs(30)).await.unwrap();
        assert!(tree.checkpoint.size >= head.get(), "no checkpoint of {head} events in time");
        tree
    }

    /// A signed programme with an office in Ségou and one in Mopti; its id.
    pub async fn programme(&self) -> String {
        let admin = self.token(Role::Admin).await;
        let convention = json!({
            "name": "Convention d'essai", "signed_on": "2021-07-06", "term_years": 30,
            "renewable": true,
            "parties": [{ "name": "Agence inventée", "role": "agency" }],
        });
        let signed = self.post(&admin, "/v1/programmes", &convention).await.ok(201);
        let id = signed["id"].as_str().unwrap().to_owned();
        for region in ["segou", "mopti"] {
            let office = json!({
                "office": format!("{region}-1"), "name": "Antenne", "region": region,
                "occurred_on": "2021-07-06",
            });
            let path = format!("/v1/programmes/{id}/commands/open-office");
            self.post(&admin, &path, &office).await.ok(200);
        }
        id
    }

    /// A cohort in Ségou; its id.
    pub async fn cohort(&self, programme: &str, code: &str, capacity: u32) -> String {
        let director = self.token(Role::Director).await;
        let plan = json!({
            "occurred_on": "2022-02-15", "programme": programme, "code": code, "office": "segou-1",
            "centre": "Centre inventé", "capacity": capacity, "modules": ["leadership", "management"],
            "trainer": "trainer", "period": { "from": "2022-02-20", "to": "2022-04-30" },
        });
        let answer = self.post(&director, "/v1/cohorts", &plan).await.ok(201);
        answer["id"].as_str().unwrap().to_owned()
    }

    /// A donor's fund; its id.
    pub async fn fund(&self, programme: &str, code: &str, budget: u64) -> String {
        let director = self.token(Role::Director).await;
        let envelope = json!({
            "occurred_on": "2022-01-01", "programme": programme, "code": code, "donor": "Bailleur inventé",
            "period": { "from": "2022-01-01", "to": "2026-12-31" }, "budget": budget,
        });
        let answer = self.post(&director, "/v1/funds", &envelope).await.ok(201);
        answer["id"].as_str().unwrap().to_owned()
    }

    /// A command to a cohort or a fund.
    pub async fn command_of(
        &self,
        token: &str,
        collection: &str,
        id: &str,
        word: &str,
        body: &Value,
    ) -> Reply {
        self.post(token, &format!("/v1/{collection}/{id}/commands/{word}"), body).await
    }

    /// Registers an invented person in Ségou; the answer.
    pub async fn register(&self, programme: &str) -> Value {
        let token = self.token(Role::Adviser).await;
        self.post(&token, "/v1/beneficiaries", &registration(programme)).await.ok(201)
    }

    /// A programme and a person in it; the person's id.
    pub async fn registered(&self) -> String {
        let programme = self.programme().await;
        let answer = self.register(&programme).await;
        answer["id"].as_str().unwrap().to_owned()
    }

    /// Takes a path's steps up to and with the step `last`; the last answer.
    pub async fn walk(&self, id: &str, steps: &[Step], last: &str) -> Value {
        let mut answer = Value::Null;
        let until = steps.iter().rposition(|(_, word, _)| *word == last).unwrap();
        for (role, word, body) in &steps[..=until] {
            answer = self.done(*role, id, word, body).await;
            assert_eq!(answer["already_done"], json!(false), "{word}");
        }
        answer
    }
}

/// An office's scope.
pub fn office(programme: &str, code: &str) -> Scope {
    let programme = ProgrammeId(programme.parse().unwrap());
    Scope::Offices(vec![ScopeOffice { programme, office: OfficeCode::try_new(code).unwrap() }])
}

/// A region's scope.
pub fn region(code: &str) -> Scope {
    Scope::Regions(vec![code.parse().unwrap()])
}

/// The name of the invented person, which no problem may ever repeat.
pub const NAME: &str = "Personne Inventée Zoumbalé";

/// A registration in Ségou.
pub fn registration(programme: &str) -> Value {
    json!({
        "occurred_on": "2022-01-10",
        "programme": programme,
        "office": "segou-1",
        "region": "segou",
        "intake": "open_call",
        "channel": "office",
        "sex": "female",
        "birth_year": 1998,
        "education": "3",
        "displaced": false,
        "consent": { "scope": "programme", "text_version": "v1", "method": "written" },
        "identity": { "name": NAME, "phone": "70 00 00 01", "address": "Derrière le puits imaginaire" },
    })
}

/// The same body with one field set, by its JSON pointer.
pub fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[field] = value;
    body
}

/// One step of a path: by whom, which command, with which body.
pub type Step = (Role, &'static str, Value);

/// The steps from registration to the end: training attended, a start without money.
pub fn steps() -> Vec<Step> {
    [before_training(), attended_training(), after_training()].concat()
}

/// As [`steps`], with a training that was done elsewhere.
pub fn steps_with_recognised_training() -> Vec<Step> {
    let recognised = vec![(
        Role::Director,
        "recognise-training",
        json!({ "occurred_on": "2022-04-01", "proof": "Attestation inventée", "reason": "Formée ailleurs",
                "modules": ["leadership"] }),
    )];
    [before_training(), recognised, after_training()].concat()
}

fn before_training() -> Vec<Step> {
    vec![
        (
            Role::Adviser,
            "submit-idea",
            json!({ "occurred_on": "2022-01-12", "title": "Beurre de karité", "sector": "C",
                    "summary": "Transformation au village", "start_up_cost": 250_000, "jobs_expected": 3 }),
        ),
        (Role::Adviser, "assess-eligibility", json!({ "occurred_on": "2022-02-01" })),
        (
            Role::Adviser,
            "record-interview",
            json!({ "occurred_on": "2022-02-05", "comment": "Très motivée",
                    "scores": [{ "criterion": "motivation", "score": 15, "out_of": 20 }] }),
        ),
        (
            Role::Committee,
            "decide-selection",
            json!({ "occurred_on": "2022-02-10", "decision": "selected", "method": "committee",
                    "session": "2022-02", "reason": "Bon dossier" }),
        ),
    ]
}

fn attended_training() -> Vec<Step> {
    let mut steps: Vec<Step> = (1..=2)
        .map(|day| {
            let body = json!({ "occurred_on": format!("2022-03-0{day}"), "session": format!("s{day}"),
                               "hours": 8, "present": true });
            (Role::Trainer, "record-attendance", body)
        })
        .collect();
    for module in ["leadership", "management", "processing", "social_entrepreneurship"] {
        let body = json!({ "occurred_on": "2022-03-20", "module": module, "score": 70 });
        steps.push((Role::Trainer, "record-assessment", body));
    }
    steps.push((Role::Trainer, "complete-training", json!({ "occurred_on": "2022-04-01" })));
    steps
}

fn after_training() -> Vec<Step> {
    let mut steps = vec![
        (
            Role::Director,
            "waive-financing",
            json!({ "occurred_on": "2022-04-10", "reason": "Commence avec ses outils" }),
        ),
        (
            Role::Adviser,
            "record-business-start",
            json!({ "occurred_on": "2022-05-01", "form": "individual", "sector": "C",
                    "locality": "Village imaginaire" }),
        ),
    ];
    let visits = [
        (1, "2022-06-01"),
        (3, "2022-08-01"),
        (6, "2022-11-01"),
        (12, "2023-05-01"),
        (24, "2024-05-01"),
    ];
    for (milestone, day) in visits {
        let body = json!({
            "occurred_on": day, "milestone": milestone, "business_status": "trading",
            "monthly_revenue": 60_000, "monthly_profit": -1_500,
            "jobs": { "women": 2, "men": 1, "under_35": 2, "full_time_hundredths": 250 },
            "difficulties": ["input_prices"], "next_step": "Chercher un marché",
        });
        steps.push((Role::Adviser, "record-visit", body));
    }
    steps.push((Role::Director, "complete-path", json!({ "occurred_on": "2024-06-01" })));
    steps
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub async fn of(request: RequestBuilder) -> Self {
        let (client, request) = request.build_split();
        let request = request.unwrap();
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = client.execute(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let reply = Self { status, headers, text: response.text().await.unwrap() };
        shape::check(&method, &path, &reply);
        reply
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The values of a body that holds one a line.
    pub fn lines(&self) -> Vec<Value> {
        let lines = self.text.lines();
        lines.map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body of an answer that must have this status.
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// A problem as every problem must be: its form, its request id, its page, and nobody's name.
    pub fn problem(&self, status: u16, slug: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let body = self.json();
        assert_eq!(body["type"], json!(format!("/problems/{slug}")), "{body}");
        assert_eq!(body["status"], json!(status));
        assert!(!body["title"].as_str().unwrap().is_empty());
        assert_eq!(body["request_id"].as_str().unwrap(), self.header("x-request-id"));
        for part in NAME.split(' ') {
            assert!(!self.text.contains(part), "the problem names a person: {}", self.text);
        }
        body
    }

    /// The pointer and rule of a problem's one wrong field.
    pub fn error(&self, status: u16, slug: &str) -> (String, String) {
        let body = self.problem(status, slug);
        let errors = body["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{body}");
        assert!(errors[0]["detail"].is_string());
        let field = |name: &str| errors[0][name].as_str().unwrap().to_owned();
        (field("pointer"), field("rule"))
    }
}
