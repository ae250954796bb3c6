//! Every way in which something is written: for each one request, and what must be so once it was answered as done.

use futures::future::BoxFuture;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sira::clock::Clock;
use sira::evidence::Note;

use super::world::{Answer, Store, World, cohort_plan, token_id};

/// What is sent.
#[derive(Clone)]
pub enum Body {
    Nothing,
    Json(Value),
    Text(String),
    /// JSON values, one a line.
    Lines(String),
    Pdf(Vec<u8>),
    /// No request: words for the command line.
    Words(Vec<String>),
}

/// One request.
#[derive(Clone)]
pub struct Ask {
    pub method: Method,
    pub path: String,
    /// None for who has no account.
    pub token: Option<String>,
    /// Idempotency key, and the request's id.
    pub key: String,
    pub body: Body,
}

/// What was said, and must be so from then on.
#[derive(Clone, Debug)]
pub enum Fact {
    /// So many events of a request.
    Events { key: String, count: i64 },
    /// What a reading shows at a place.
    Shown { role: &'static str, path: String, at: String, is: Value },
    /// That a reading shows something at a place.
    There { role: &'static str, path: String, at: String },
    /// The bytes that a reading gives.
    Bytes { role: &'static str, path: String, bytes: usize },
    /// How a token is answered.
    Token { token: String, status: u16 },
    /// A row at least, in a database.
    Row { store: Store, question: String, least: i64 },
}

/// What must be so, from an answer.
type Facts = Box<dyn Fn(&Answer) -> Vec<Fact> + Send + Sync>;

/// A request, and what follows when it is done.
pub struct Case {
    pub ask: Ask,
    /// Whether 404 says that it was done before: of what is destroyed there is nothing left that could say more.
    pub is_gone_when_done: bool,
    /// From the answer.
    pub facts: Facts,
}

/// A way to write.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub prepare: for<'w> fn(&'w World) -> BoxFuture<'w, Case>,
}

macro_rules! kinds {
    ($($name:literal $prepare:ident)*) => {
        /// Each of them.
        pub const KINDS: &[Kind] = &[$(
            Kind { name: $name, prepare: |world| Box::pin($prepare(world)) },
        )*];
    };
}

kinds! {
    "register" register
    "batch" batch
    "add-note" add_note
    "update-identity" update_identity
    "enrol-in-training" enrol
    "record-disbursement" disburse
    "attach-document" attach
    "link-duplicate" link
    "erase-personal-data" erase
    "open-fund" open_fund
    "set-target" set_target
    "schedule-session" schedule
    "adjust-budget" adjust
    "freeze-report" freeze
    "withdraw-report" withdraw
    "make-report-document" make_document
    "withdraw-report-document" withdraw_document
    "add-cosignatures" cosign
    "reassign-paths" reassign
    "erase-past-retention" erase_past
    "apply" apply
    "accept-application" accept
    "refuse-application" refuse
    "revoke-token" revoke
    "issue a token" issue
    "read an identity" read_identity
    "read a history" read_history
}

/// Which kind stands for a route that writes; none: nothing is written there, with the reason.
#[rustfmt::skip]
pub const ROUTES: &[(&str, Result<&str, &str>)] = &[
    ("register", Ok("register")),
    ("post-batch", Ok("batch")),
    // One event on the person's own path, with or without sealed texts: one append.
    ("add-note", Ok("add-note")),
    ("correct-registration", Ok("add-note")),
    ("submit-idea", Ok("add-note")),
    ("revise-idea", Ok("add-note")),
    ("assess-eligibility", Ok("add-note")),
    ("record-interview", Ok("add-note")),
    ("decide-selection", Ok("add-note")),
    ("record-attendance", Ok("add-note")),
    ("record-assessment", Ok("add-note")),
    ("complete-training", Ok("add-note")),
    ("recognise-training", Ok("add-note")),
    ("submit-business-plan", Ok("add-note")),
    ("validate-business-plan", Ok("add-note")),
    ("request-financing", Ok("add-note")),
    ("refuse-financing", Ok("add-note")),
    ("sign-agreement", Ok("add-note")),
    ("reschedule-loan", Ok("add-note")),
    ("waive-financing", Ok("add-note")),
    ("record-business-start", Ok("add-note")),
    ("record-visit", Ok("add-note")),
    ("record-support", Ok("add-note")),
    ("record-business-closure", Ok("add-note")),
    ("complete-path", Ok("add-note")),
    ("assign-adviser", Ok("add-note")),
    ("transfer", Ok("add-note")),
    ("accept-transfer", Ok("add-note")),
    ("return-transfer", Ok("add-note")),
    ("suspend", Ok("add-note")),
    ("resume", Ok("add-note")),
    ("reopen", Ok("add-note")),
    ("record-income", Ok("add-note")),
    ("record-employment", Ok("add-note")),
    ("record-community-action", Ok("add-note")),
    ("refer-to-partner", Ok("add-note")),
    ("record-referral-outcome", Ok("add-note")),
    ("lodge-grievance", Ok("add-note")),
    ("resolve-grievance", Ok("add-note")),
    ("dismiss-duplicate", Ok("add-note")),
    ("reconsider-duplicate", Ok("add-note")),
    ("record-consent", Ok("add-note")),
    ("withdraw-consent", Ok("add-note")),
    ("update-identity", Ok("update-identity")),
    ("attach-document", Ok("attach-document")),
    ("erase-personal-data", Ok("erase-personal-data")),
    ("link-duplicate", Ok("link-duplicate")),
    ("unlink-duplicate", Ok("link-duplicate")),
    // A path and a cohort, whose seats it counts.
    ("enrol-in-training", Ok("enrol-in-training")),
    ("withdraw-from-training", Ok("enrol-in-training")),
    ("exit", Ok("enrol-in-training")),
    ("retract", Ok("enrol-in-training")),
    // A path and a fund, whose money it moves.
    ("record-disbursement", Ok("record-disbursement")),
    ("approve-financing", Ok("record-disbursement")),
    ("record-repayment", Ok("record-disbursement")),
    ("write-off-loan", Ok("record-disbursement")),
    ("reverse-disbursement", Ok("record-disbursement")),
    ("reverse-repayment", Ok("record-disbursement")),
    ("record-refund", Ok("record-disbursement")),
    ("record-recovery", Ok("record-disbursement")),
    ("call-guarantee", Ok("record-disbursement")),
    ("release-guarantee", Ok("record-disbursement")),
    ("cancel-financing", Ok("record-disbursement")),
    // A new stream of another kind.
    ("open-fund", Ok("open-fund")),
    ("sign-convention", Ok("open-fund")),
    ("plan-cohort", Ok("open-fund")),
    // One event on a programme.
    ("set-target", Ok("set-target")),
    ("renew-convention", Ok("set-target")),
    ("set-rules", Ok("set-target")),
    ("open-office", Ok("set-target")),
    ("close-office", Ok("set-target")),
    ("add-staff", Ok("set-target")),
    ("end-staff", Ok("set-target")),
    ("erase-staff-name", Ok("set-target")),
    ("amend-office", Ok("set-target")),
    ("retract-in-programme", Ok("set-target")),
    ("record-lottery", Ok("set-target")),
    ("open-call", Ok("set-target")),
    ("close-call", Ok("set-target")),
    ("record-commitment", Ok("set-target")),
    ("fulfil-commitment", Ok("set-target")),
    ("reopen-commitment", Ok("set-target")),
    ("withdraw-commitment", Ok("set-target")),
    ("review-convention", Ok("set-target")),
    ("rank-candidates", Ok("set-target")),
    // One event on a cohort, and on a fund.
    ("schedule-session", Ok("schedule-session")),
    ("record-register", Ok("schedule-session")),
    ("correct-register", Ok("schedule-session")),
    ("move-session", Ok("schedule-session")),
    ("cancel-session", Ok("schedule-session")),
    ("amend-cohort", Ok("schedule-session")),
    ("retract-in-cohort", Ok("schedule-session")),
    ("close-cohort", Ok("schedule-session")),
    ("adjust-budget", Ok("adjust-budget")),
    ("amend-fund", Ok("adjust-budget")),
    ("retract-in-fund", Ok("adjust-budget")),
    ("close-fund", Ok("adjust-budget")),
    ("confirm-reconciliation", Ok("adjust-budget")),
    ("withdraw-reconciliation", Ok("adjust-budget")),
    ("record-overhead", Ok("adjust-budget")),
    ("reverse-overhead", Ok("adjust-budget")),
    ("compare-statement", Err("nothing is recorded: it answers a comparison")),
    // Beside the journal.
    ("freeze-report", Ok("freeze-report")),
    ("withdraw-report", Ok("withdraw-report")),
    ("make-report-document", Ok("make-report-document")),
    ("withdraw-report-document", Ok("withdraw-report-document")),
    ("add-cosignatures", Ok("add-cosignatures")),
    ("reassign-paths", Ok("reassign-paths")),
    ("erase-past-retention", Ok("erase-past-retention")),
    ("apply", Ok("apply")),
    ("accept-application", Ok("accept-application")),
    ("refuse-application", Ok("refuse-application")),
    ("revoke-token", Ok("revoke-token")),
];

impl Fact {
    /// Whether it is so; what is so in its place.
    pub async fn check(&self, world: &World) -> Result<(), String> {
        let (is_so, found) = match self {
            Self::Events { key, count } => {
                let found = world.events_of(key).await;
                (found == *count, found.to_string())
            }
            Self::Shown { role, path, at, is } => {
                let answer = world.read(role, path).await;
                let body = answer.json();
                let shown = body.pointer(at).unwrap_or(&Value::Null);
                (answer.is_done() && shown == is, format!("{} {shown}", answer.status))
            }
            Self::There { role, path, at } => {
                let answer = world.read(role, path).await;
                let body = answer.json();
                let is_there = body.pointer(at).is_some_and(|shown| !shown.is_null());
                (answer.is_done() && is_there, format!("{} {body}", answer.status))
            }
            Self::Bytes { role, path, bytes } => {
                let answer = world.read(role, path).await;
                (
                    answer.is_done() && answer.text.len() == *bytes,
                    format!("{} {}", answer.status, answer.text.len()),
                )
            }
            Self::Token { token, status } => {
                let asked = || world.request(Method::GET, "/v1/me").bearer_auth(token);
                let mut answer = world.sent(asked()).await;
                for _ in 0..100 {
                    if answer.status != 503 {
                        break;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    answer = world.sent(asked()).await;
                }
                (answer.status == *status, answer.status.to_string())
            }
            Self::Row { store, question, least } => {
                let found = world.number(*store, question).await;
                (found >= *least, found.to_string())
            }
        };
        if is_so { Ok(()) } else { Err(format!("{self:?}: {found}")) }
    }
}

impl Ask {
    async fn of(world: &World, role: &str, path: &str, body: Value) -> Self {
        let token = Some(world.token(role).await);
        let key = format!("faults-{}", world.next());
        Self { method: Method::POST, path: path.to_owned(), token, key, body: Body::Json(body) }
    }

    /// Sends it.
    pub async fn send(&self, world: &World) -> Answer {
        let request = world.request(self.method.clone(), &self.path);
        let request = match &self.body {
            Body::Nothing => request,
            Body::Json(body) => request.json(body),
            Body::Text(text) => request.body(text.clone()),
            Body::Lines(lines) => {
                request.header("content-type", "application/x-ndjson").body(lines.clone())
            }
            Body::Pdf(bytes) => {
                let form = Form::new()
                    .text("name", "Attestation.pdf")
                    .text("media_type", "application/pdf");
                request.multipart(form.part("file", Part::bytes(bytes.clone())))
            }
            Body::Words(words) => return world.run_among_faults(words).await,
        };
        let request = request.header("x-forwarded-for", world.an_address());
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let request = match self.method {
            Method::POST => request.header("idempotency-key", &self.key),
            _ => request,
        };
        world.sent(request.header("x-request-id", &self.key)).await
    }
}

/// A command that records one event, and shows nothing else that has to be looked at.
fn command(ask: Ask) -> Case {
    Case { ask, is_gone_when_done: false, facts: Box::new(|_| Vec::new()) }
}

fn with(case: Case, facts: impl Fn(&Answer) -> Vec<Fact> + Send + Sync + 'static) -> Case {
    Case { facts: Box::new(facts), ..case }
}

/// A request that is no command.
fn beside(ask: Ask, facts: impl Fn(&Answer) -> Vec<Fact> + Send + Sync + 'static) -> Case {
    Case { ask, is_gone_when_done: false, facts: Box::new(facts) }
}

fn at_path(id: &str, word: &str) -> String {
    format!("/v1/beneficiaries/{id}/commands/{word}")
}

fn named(id: &str, name: &str) -> Fact {
    let path = format!("/v1/beneficiaries/{id}?identity=true");
    shown(path, "/identity/name", json!(name))
}

async fn register(world: &World) -> Case {
    let name = format!("Personne {}", world.next());
    let ask = Ask::of(world, "adviser", "/v1/beneficiaries", world.registration(&name)).await;
    with(command(ask), move |answer| vec![named(answer.json()["id"].as_str().unwrap(), &name)])
}

/// A person and what is known of her at once: all of it, or none.
async fn batch(world: &World) -> Case {
    let (number, name) = (world.next(), format!("Personne {}", world.next()));
    let begun = json!({ "path": "/v1/beneficiaries", "as": "p", "idempotency_key": format!("b-{number}-1"),
                        "body": world.registration(&name) });
    let noted = json!({ "path": at_path("@p", "add-note"), "idempotency_key": format!("b-{number}-2"),
                        "body": { "text": "Note" } });
    let mut ask = Ask::of(world, "adviser", "/v1/batch?atomic=true", Value::Null).await;
    ask.body = Body::Lines(format!("{begun}\n{noted}\n"));
    with(command(ask), move |answer| {
        let last = answer.text.lines().last().and_then(|line| serde_json::from_str(line).ok());
        let last: Value = last.unwrap_or_default();
        let id = last["answer"]["id"].as_str().unwrap_or("nobody").to_owned();
        let (path, version) = (format!("/v1/beneficiaries/{id}"), json!(2));
        vec![named(&id, &name), shown(path, "/version", version)]
    })
}

async fn add_note(world: &World) -> Case {
    let id = world.person().await;
    let text = format!("Note {}", world.next());
    let ask = Ask::of(world, "adviser", &at_path(&id, "add-note"), json!({ "text": text })).await;
    with(command(ask), move |answer| {
        let version = answer.json()["version"].clone();
        let path = format!("/v1/beneficiaries/{id}");
        vec![shown(path, "/version", version)]
    })
}

async fn update_identity(world: &World) -> Case {
    let (id, name) = (world.person().await, format!("Personne corrigée {}", world.next()));
    let body = json!({ "identity": { "name": name } });
    let ask = Ask::of(world, "adviser", &at_path(&id, "update-identity"), body).await;
    with(command(ask), move |_| vec![named(&id, &name)])
}

async fn selected(world: &World) -> String {
    let id = world.person().await;
    let scores = json!([{ "criterion": "motivation", "score": 15, "out_of": 20 }]);
    let idea = json!({ "title": "Karité", "sector": "C", "start_up_cost": 1, "jobs_expected": 1 });
    for (role, word, mut body) in [
        ("adviser", "submit-idea", idea),
        ("adviser", "assess-eligibility", json!({})),
        ("adviser", "record-interview", json!({ "scores": scores })),
        (
            "committee",
            "decide-selection",
            json!({ "decision": "selected", "method": "committee", "session": "s" }),
        ),
    ] {
        body["occurred_on"] = json!("2022-02-01");
        world.done(role, &id, word, &body).await;
    }
    id
}

async fn enrol(world: &World) -> Case {
    let id = selected(world).await;
    let plan = cohort_plan(&world.programme, &format!("g{}", world.next()));
    let cohort = world.post("director", "/v1/cohorts", &plan).await["id"].clone();
    let body = json!({ "occurred_on": "2022-02-10", "cohort": cohort });
    let ask = Ask::of(world, "adviser", &at_path(&id, "enrol-in-training"), body).await;
    let path = format!("/v1/cohorts/{}", cohort.as_str().unwrap());
    with(command(ask), move |_| {
        let (role, at) = ("director", format!("/members/{id}"));
        vec![Fact::There { role, path: path.clone(), at }]
    })
}

async fn disburse(world: &World) -> Case {
    let id = selected(world).await;
    let asked = json!({ "instrument": "grant", "amount": 1_000, "own_contribution": 0, "fund": world.fund });
    let approval =
        json!({ "financing": 1, "amount": 1_000, "tranches": [{ "tranche": 1, "amount": 1_000 }] });
    for (role, word, mut body) in [
        ("director", "recognise-training", json!({ "proof": "Attestation", "reason": "Ailleurs" })),
        (
            "adviser",
            "submit-business-plan",
            json!({ "title": "Karité", "amount_needed": 1, "own_contribution": 1 }),
        ),
        ("committee", "validate-business-plan", json!({ "conclusion": "validated" })),
        ("adviser", "request-financing", asked),
        ("committee", "approve-financing", approval),
        ("director", "sign-agreement", json!({ "financing": 1 })),
    ] {
        body["occurred_on"] = json!("2022-02-01");
        world.done(role, &id, word, &body).await;
    }
    let reference = format!("OM-{}", world.next());
    let body = json!({ "occurred_on": "2022-03-01", "financing": 1, "tranche": 1, "amount": 1_000,
                       "method": "mobile_money", "payment_reference": reference });
    let ask = Ask::of(world, "finance", &at_path(&id, "record-disbursement"), body).await;
    let path = format!("/v1/beneficiaries/{id}");
    with(command(ask), move |_| {
        let (role, at) = ("director", "/financings/0/paid/0/amount".to_owned());
        vec![Fact::Shown { role, path: path.clone(), at, is: json!(1_000) }]
    })
}

async fn attach(world: &World) -> Case {
    let id = world.person().await;
    let mut bytes = b"%PDF-1.7\n".to_vec();
    bytes.resize(70_000, b'a');
    let number = world.next().to_be_bytes().map(|byte| b'a' + byte % 26);
    bytes.extend(number);
    bytes.extend(world.next().to_string().bytes());
    let length = bytes.len();
    let ask = Ask::of(world, "adviser", &at_path(&id, "attach-document"), json!(null)).await;
    let hash = sira_evidence::leaf::hex(&Sha256::digest(&bytes));
    let ask = Ask { body: Body::Pdf(bytes), ..ask };
    with(command(ask), move |_| {
        let path = format!("/v1/beneficiaries/{id}/documents/{hash}");
        vec![Fact::Bytes { role: "director", path, bytes: length }]
    })
}

async fn link(world: &World) -> Case {
    let (frozen, continues) = (world.person().await, world.person().await);
    let body = json!({ "continues": continues });
    let ask = Ask::of(world, "director", &at_path(&frozen, "link-duplicate"), body).await;
    let path = format!("/v1/beneficiaries/{frozen}");
    with(command(ask), move |answer| {
        let (role, at, is) = ("director", "/version".to_owned(), answer.json()["version"].clone());
        vec![Fact::Shown { role, path: path.clone(), at, is }]
    })
}

fn erased(id: &str) -> Fact {
    let path = format!("/v1/beneficiaries/{id}?identity=true");
    shown(path, "/identity", Value::Null)
}

async fn erase(world: &World) -> Case {
    let id = world.person().await;
    let body = json!({ "ground": "request" });
    let ask = Ask::of(world, "admin", &at_path(&id, "erase-personal-data"), body).await;
    let destroyed = world.number(Store::Keys, DESTROYED).await;
    with(command(ask), move |_| {
        let question = DESTROYED.to_owned();
        vec![erased(&id), Fact::Row { store: Store::Keys, question, least: destroyed + 1 }]
    })
}

/// Keys that are destroyed, of which there are never fewer.
const DESTROYED: &str = "SELECT count(*) FROM person_keys WHERE wrapped IS NULL";

async fn open_fund(world: &World) -> Case {
    let code = format!("f{}", world.next());
    let body = json!({ "occurred_on": "2022-01-01", "programme": world.programme, "code": code, "donor": "Bailleur",
                       "period": { "from": "2022-01-01", "to": "2026-12-31" }, "budget": 1_000 });
    let ask = Ask::of(world, "director", "/v1/funds", body).await;
    with(command(ask), move |answer| {
        let path = format!("/v1/funds/{}", answer.json()["id"].as_str().unwrap());
        vec![Fact::Shown {
            role: "director",
            path,
            at: "/envelope/code".to_owned(),
            is: json!(code),
        }]
    })
}

async fn set_target(world: &World) -> Case {
    let body = json!({ "occurred_on": "2022-01-01", "indicator": "registered", "value": 1 + world.next(),
                       "period": { "from": "2022-01-01", "to": "2022-12-31" } });
    let path = format!("/v1/programmes/{}/commands/set-target", world.programme);
    command(Ask::of(world, "director", &path, body).await)
}

async fn schedule(world: &World) -> Case {
    let session = format!("s{}", world.next());
    let body =
        json!({ "occurred_on": "2022-02-01", "session": session, "on": "2022-03-02", "hours": 3 });
    let path = format!("/v1/cohorts/{}/commands/schedule-session", world.cohort);
    command(Ask::of(world, "trainer", &path, body).await)
}

async fn adjust(world: &World) -> Case {
    let number = world.next();
    let body = json!({ "budget": 900_000_000 + number, "amendment": format!("Avenant {number}") });
    let path = format!("/v1/funds/{}/commands/adjust-budget", world.fund);
    command(Ask::of(world, "director", &path, body).await)
}

/// So many reports of one actor, far below what may stand.
const REPORTS_OF_ACTOR: u32 = 40;

async fn freeze(world: &World) -> Case {
    let (number, name) = (world.next(), format!("r{}", world.next()));
    let body = json!({ "name": name, "subject": "indicators", "query": "name=registered" });
    let mut ask = Ask::of(world, "director", "/v1/analytics/reports", body).await;
    let actor = format!("directrice.{}", number / REPORTS_OF_ACTOR);
    ask.token = Some(world.token_of(&actor, "director").await);
    beside(ask, move |_| {
        let path = format!("/v1/analytics/reports/{name}");
        vec![shown(path, "/name", json!(name))]
    })
}

async fn withdraw(world: &World) -> Case {
    let name = format!("r{}", world.next());
    let body = json!({ "name": name, "subject": "indicators", "query": "name=registered" });
    world.post("director", "/v1/analytics/reports", &body).await;
    let path = format!("/v1/analytics/reports/{name}/withdraw");
    let ask = Ask::of(world, "director", &path, json!({})).await;
    let path = format!("/v1/analytics/reports/{name}");
    beside(ask, move |_| vec![shown(&path, "/withdrawn_by", json!("director"))])
}

/// What a director is shown at a place.
fn shown(path: impl Into<String>, at: &str, is: Value) -> Fact {
    Fact::Shown { role: "director", path: path.into(), at: at.to_owned(), is }
}

fn document(world: &World, name: &str) -> Value {
    json!({ "name": name, "programme": world.programme, "from": "2022-01-01", "to": "2022-12-31", "parts": ["funnel"] })
}

async fn make_document(world: &World) -> Case {
    let (number, name) = (world.next(), format!("d{}", world.next()));
    let mut ask = Ask::of(world, "director", "/v1/reports", document(world, &name)).await;
    let actor = format!("directrice.{}", number / REPORTS_OF_ACTOR);
    ask.token = Some(world.token_of(&actor, "director").await);
    beside(ask, move |answer| {
        let (path, is) = (format!("/v1/reports/{name}"), answer.json()["content_sha256"].clone());
        vec![shown(&path, "/content_sha256", is)]
    })
}

async fn withdraw_document(world: &World) -> Case {
    let name = format!("d{}", world.next());
    world.post("director", "/v1/reports", &document(world, &name)).await;
    let path = format!("/v1/reports/{name}/withdraw");
    let ask = Ask::of(world, "director", &path, json!({ "reason": "Erreur" })).await;
    let path = format!("/v1/reports/{name}");
    beside(ask, move |_| vec![shown(&path, "/withdrawn_because", json!("Erreur"))])
}

async fn cosign(world: &World) -> Case {
    // Something new, so that it is the first signature of its size.
    world.person().await;
    let head = world.head().await;
    let note = loop {
        let answer = world.get("auditor", "/v1/evidence/checkpoint").await;
        let note = answer.text.parse::<Note>();
        if let Some(note) = note.ok().filter(|note| size_of(note) >= head) {
            break note;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let signatures = vec![world.witness.sign(&note.text, Clock::System.now())];
    let signed = Note { text: note.text.clone(), signatures };
    let ask = Ask::of(world, "donor", "/v1/evidence/cosignatures", json!(null)).await;
    let ask = Ask { body: Body::Text(signed.to_string()), ..ask };
    beside(ask, move |_| {
        let size = size_of(&note);
        let question = format!("SELECT count(*) FROM evidence_cosignatures WHERE size = {size}");
        vec![Fact::Row { store: Store::Journal, question, least: 1 }]
    })
}

fn size_of(note: &Note) -> u64 {
    note.text.parse::<sira::evidence::Checkpoint>().unwrap().size
}

async fn reassign(world: &World) -> Case {
    let (from, to) = (format!("awa{}", world.next()), format!("binta{}", world.next()));
    let people = [world.person().await, world.person().await];
    for id in &people {
        let body = json!({ "adviser": from, "occurred_on": "2022-02-01" });
        world.done("director", id, "assign-adviser", &body).await;
    }
    // The order reads the lists.
    loop {
        let listed =
            world.read("director", &format!("/v1/beneficiaries?adviser={from}")).await.json();
        if listed["items"].as_array().is_some_and(|items| items.len() == people.len()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let order = json!({ "from": from, "adviser": to });
    let ask = Ask::of(world, "director", "/v1/reassignments", order).await;
    beside(ask, move |_| {
        let shown = |id: &String| {
            let path = format!("/v1/beneficiaries/{id}");
            shown(path, "/adviser", json!(to))
        };
        people.iter().map(shown).collect()
    })
}

async fn erase_past(world: &World) -> Case {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let id = world.person().await;
        let reason = json!({ "occurred_on": "2022-05-01", "reason": "moved" });
        world.done("adviser", &id, "exit", &reason).await;
        ids.push(id);
    }
    let order = json!({ "ids": ids, "reason": "Durée échue" });
    let ask = Ask::of(world, "admin", "/v1/retention/erasures", order).await;
    beside(ask, move |_| ids.iter().map(|id| erased(id)).collect())
}

fn application(region: &str, name: &str) -> Value {
    json!({ "name": name, "phone": "76 12 34 56", "region": region, "idea": "Karité", "consent": true,
            "text_version": "fr-1", "language": "fr" })
}

async fn apply(world: &World) -> Case {
    let body = application("mopti", &format!("Personne {}", world.next()));
    let path = format!("/v1/open-call/{}", world.programme);
    let ask = Ask { token: None, ..Ask::of(world, "adviser", &path, body).await };
    let question = "SELECT count(*) FROM applications WHERE region = 'mopti'";
    let before = world.number(Store::Keys, question).await;
    beside(ask, move |_| {
        vec![Fact::Row { store: Store::Keys, question: question.to_owned(), least: before + 1 }]
    })
}

/// Somebody applies, and is found in the list.
async fn applied(world: &World, region: &str) -> (String, String) {
    let name = format!("Personne {}", world.next());
    let path = format!("/v1/open-call/{}", world.programme);
    world.post("adviser", &path, &application(region, &name)).await;
    let list = format!("/v1/worklists/applications?region={region}&identity=true&limit=200");
    let listed = world.read("adviser", &list).await.json();
    let items = listed["items"].as_array().unwrap_or_else(|| panic!("{listed}")).iter();
    let own = items.rev().find(|item| item["name"] == json!(name));
    (own.unwrap_or_else(|| panic!("{name}: {listed}"))["id"].as_str().unwrap().to_owned(), name)
}

async fn accept(world: &World) -> Case {
    let (id, name) = applied(world, "segou").await;
    let body =
        json!({ "office": "segou-1", "sex": "female", "birth_year": 1998, "education": "2" });
    let ask = Ask::of(world, "adviser", &format!("/v1/applications/{id}/accept"), body).await;
    with(command(ask), move |answer| {
        let question = format!(
            "SELECT count(*) FROM applications WHERE application_id = '{id}' AND sealed IS NULL"
        );
        vec![
            named(answer.json()["id"].as_str().unwrap(), &name),
            Fact::Row { store: Store::Keys, question, least: 1 },
        ]
    })
}

async fn refuse(world: &World) -> Case {
    let (id, _) = applied(world, "kayes").await;
    let body = json!({ "reason": "withdrawn" });
    let ask = Ask::of(world, "adviser", &format!("/v1/applications/{id}/refuse"), body).await;
    let case = beside(ask, move |_| {
        // Destroyed at once: there is no row of it, and none of its key's bytes.
        let row = format!("SELECT 1 - count(*) FROM applications WHERE application_id = '{id}'");
        let bytes = "SELECT 1 - count(*) FROM key_store WHERE name LIKE 'rewrite%'".to_owned();
        [row, bytes].map(|question| Fact::Row { store: Store::Keys, question, least: 1 }).into()
    });
    Case { is_gone_when_done: true, ..case }
}

async fn revoke(world: &World) -> Case {
    let (token, id) = world.new_token();
    let path = format!("/v1/tokens/{id}/revoke");
    let ask = Ask { body: Body::Nothing, ..Ask::of(world, "admin", &path, json!(null)).await };
    beside(ask, move |_| vec![Fact::Token { token: token.clone(), status: 401 }])
}

async fn issue(world: &World) -> Case {
    let words = ["token", "issue", "--actor", "jeton", "--role", "adviser", "--all"];
    let ask = Ask::of(world, "admin", "", json!(null)).await;
    let ask = Ask { body: Body::Words(words.map(str::to_owned).into()), ..ask };
    beside(ask, |answer| {
        // It is one of ours.
        let _ = token_id(&answer.text);
        vec![Fact::Token { token: answer.text.clone(), status: 200 }]
    })
}

async fn reading(world: &World, path: String, action: &str) -> Case {
    let ask = Ask::of(world, "director", &path, json!(null)).await;
    let ask = Ask { method: Method::GET, body: Body::Nothing, ..ask };
    let (key, action) = (ask.key.clone(), action.to_owned());
    beside(ask, move |_| {
        let question = format!(
            "SELECT count(*) FROM access_log WHERE request_id = '{key}' AND action = '{action}'"
        );
        vec![Fact::Row { store: Store::Journal, question, least: 1 }]
    })
}

async fn read_identity(world: &World) -> Case {
    let id = world.person().await;
    reading(world, format!("/v1/beneficiaries/{id}?identity=true"), "identity").await
}

async fn read_history(world: &World) -> Case {
    let id = world.person().await;
    reading(world, format!("/v1/beneficiaries/{id}/history"), "history").await
}
