//! A little of everything that a journal holds, so that no table is empty.

use serde_json::{Value, json};
use sira::export::StaffNames;
use sira::grant::Scope;
use sira::journal::RecordedEvent;
use sira_domain::role::Role;

use crate::api::app::{TestApp, registration, steps, steps_with_recognised_training, with};
use crate::api::money::with_plan;

/// Login of an adviser, which may stand in the event log alone.
pub const LOGIN: &str = "zoumana.login";

/// Parts of what was told in confidence: they may stand in no export at all.
pub const SECRETS: [&str; 9] = [
    "Inventée",
    "Zoumbal",
    "puits",
    "70 00 00 01",
    "70000001",
    "karité",
    "motivée",
    "imaginaire",
    "confidence",
];

/// Who is there.
pub struct Town {
    pub programme: String,
    pub people: Vec<String>,
}

/// Builds it: people who went all the way, with a loan, in a cohort, registered twice, taken back,
/// moved and erased.
pub async fn town(app: &TestApp) -> Town {
    let programme = app.programme().await;
    let cohort = app.cohort(&programme, "groupe-1", 10).await;
    let fund = app.fund(&programme, "fonds-1", 9_000_000).await;
    targets(app, &programme).await;
    let mut people = vec![all_the_way(app, &programme).await];
    people.push(with_loan(app, &programme, &fund).await);
    people.extend(class(app, &programme, &cohort).await);
    // Who left the group was registered twice.
    let twice = json!({ "occurred_on": "2022-03-02", "continues": people[2] });
    app.done(Role::Director, &people[4], "link-duplicate", &twice).await;
    people.push(taken_back(app, &programme).await);
    people.push(app.register(&programme).await["id"].as_str().unwrap().to_owned());
    let last = people.last().unwrap();
    let ground = json!({ "ground": "request" });
    app.done(Role::Admin, last, "erase-personal-data", &ground).await;
    app.caught_up().await;
    Town { programme, people }
}

/// The names that stand for the staff's.
pub fn staff(app: &TestApp) -> StaffNames {
    StaffNames::new(app.commands.keys().index_key())
}

/// Every event of the journal.
pub async fn journal_of(app: &TestApp) -> Vec<RecordedEvent> {
    let events = app.commands.journal().read_feed(0.into(), 10_000).await.unwrap();
    assert!(events.len() < 10_000);
    events
}

async fn targets(app: &TestApp, programme: &str) {
    let admin = app.token(Role::Admin).await;
    let target = json!({ "occurred_on": "2022-01-02", "indicator": "trained",
        "period": { "from": "2022-01-01", "to": "2022-12-31" }, "region": "segou", "sex": "female", "value": 40 });
    let path = format!("/v1/programmes/{programme}/commands/set-target");
    app.post(&admin, &path, &target).await.ok(200);
    let commitment = json!({ "occurred_on": "2022-01-02", "party": "agency", "what": "Doter le fonds",
        "due_on": "2022-12-31" });
    let path = format!("/v1/programmes/{programme}/commands/record-commitment");
    app.post(&admin, &path, &commitment).await.ok(200);
}

async fn all_the_way(app: &TestApp, programme: &str) -> String {
    let adviser = app.token_of(LOGIN, Role::Adviser, Scope::All).await;
    let body = registration(programme);
    let answer = app.post(&adviser, "/v1/beneficiaries", &body).await.ok(201);
    let id = answer["id"].as_str().unwrap().to_owned();
    let assigned = json!({ "occurred_on": "2022-01-11", "adviser": LOGIN });
    app.done(Role::Director, &id, "assign-adviser", &assigned).await;
    app.walk(&id, &steps(), "complete-path").await;
    let income = json!({ "occurred_on": "2024-06-02", "survey": "tracer", "from": "2023-06-01", "to": "2024-05-31",
        "amount": 910_000, "source": "business" });
    app.done(Role::Adviser, &id, "record-income", &income).await;
    id
}

async fn with_loan(app: &TestApp, programme: &str, fund: &str) -> String {
    let id = with_plan(app, programme).await;
    let request = json!({ "occurred_on": "2022-04-06", "instrument": "loan", "amount": 300_000,
        "own_contribution": 10_000, "fund": fund });
    app.done(Role::Adviser, &id, "request-financing", &request).await;
    let approval = json!({ "occurred_on": "2022-04-10", "financing": 1, "amount": 300_000,
        "tranches": [{ "tranche": 1, "amount": 300_000 }],
        "schedule": [
            { "due_on": "2022-08-01", "principal": 150_000, "interest": 6_000 },
            { "due_on": "2022-09-01", "principal": 150_000, "interest": 6_000 },
        ] });
    app.done(Role::Committee, &id, "approve-financing", &approval).await;
    let signed = json!({ "occurred_on": "2022-04-12", "financing": 1 });
    app.done(Role::Director, &id, "sign-agreement", &signed).await;
    let paid = json!({ "occurred_on": "2022-04-20", "financing": 1, "tranche": 1, "amount": 300_000,
        "method": "mobile_money", "payment_reference": "OM-1" });
    app.done(Role::Finance, &id, "record-disbursement", &paid).await;
    let start = json!({ "occurred_on": "2022-05-01", "form": "individual", "sector": "C" });
    app.done(Role::Adviser, &id, "record-business-start", &start).await;
    let back = json!({ "occurred_on": "2022-08-01", "financing": 1, "principal": 150_000,
        "interest": 6_000, "method": "mobile_money", "payment_reference": "OM-2" });
    app.done(Role::Finance, &id, "record-repayment", &back).await;
    let matched = json!({ "statement": "ab".repeat(32), "lines": [{ "line": 4, "payment_reference": "OM-2" }] });
    let finance = app.token(Role::Finance).await;
    app.command_of(&finance, "funds", fund, "confirm-reconciliation", &matched).await.ok(200);
    let grievance = json!({ "occurred_on": "2022-08-02", "category": "payment_delay", "channel": "phone",
        "text": "Dit en confidence" });
    app.done(Role::Adviser, &id, "lodge-grievance", &grievance).await;
    id
}

/// Three in the cohort, with a register and an assessment; one gives the seat back.
async fn class(app: &TestApp, programme: &str, cohort: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for sex in ["male", "female", "male"] {
        let token = app.token(Role::Adviser).await;
        let body = with(registration(programme), "/sex", json!(sex));
        let answer = app.post(&token, "/v1/beneficiaries", &body).await.ok(201);
        let id = answer["id"].as_str().unwrap().to_owned();
        app.walk(&id, &steps(), "decide-selection").await;
        let seat = json!({ "occurred_on": "2022-02-20", "cohort": cohort });
        app.done(Role::Adviser, &id, "enrol-in-training", &seat).await;
        ids.push(id);
    }
    let withdrawal = json!({ "occurred_on": "2022-02-25", "comment": "Dit en confidence" });
    app.done(Role::Adviser, &ids[2], "withdraw-from-training", &withdrawal).await;
    let trainer = app.token(Role::Trainer).await;
    let session = json!({ "occurred_on": "2022-02-21", "session": "s1", "on": "2022-03-01", "hours": 6,
        "module": "leadership" });
    app.command_of(&trainer, "cohorts", cohort, "schedule-session", &session).await.ok(200);
    let lines: Vec<Value> =
        ids[..2].iter().map(|id| json!({ "beneficiary": id, "present": *id == ids[0] })).collect();
    let register = json!({ "session": "s1", "lines": lines });
    app.command_of(&trainer, "cohorts", cohort, "record-register", &register).await.ok(200);
    let score = json!({ "occurred_on": "2022-03-20", "module": "leadership", "score": 61 });
    app.done(Role::Trainer, &ids[0], "record-assessment", &score).await;
    ids
}

/// An idea that was recorded in error and taken back, told late, by somebody who then moved.
async fn taken_back(app: &TestApp, programme: &str) -> String {
    let id = app.register(programme).await["id"].as_str().unwrap().to_owned();
    app.walk(&id, &steps_with_recognised_training(), "submit-idea").await;
    let retraction = json!({ "sequence": 2, "reason": "Dit en confidence" });
    app.done(Role::Director, &id, "retract", &retraction).await;
    let moved = json!({ "occurred_on": "2022-02-01", "office": "mopti-1", "region": "mopti" });
    app.done(Role::Director, &id, "transfer", &moved).await;
    id
}
