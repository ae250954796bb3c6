//! Paths made by the domain and written by the journal, beside the running server.

use std::sync::Arc;

use sira::clock::Clock;
use sira::journal::{
    AppendRequest, Guard, Journal, JournalConfig, NewEvent, StreamId, StreamWrite,
};
use sira_domain::context::Context;
use sira_domain::path::{BENEFICIARY_COMMANDS, Beneficiary, BeneficiaryCommand, decide};
use sira_domain::values::ActorId;
use sira_numbers::Version;
use uuid::Uuid;

use crate::work::Target;
use crate::{Failure, stock};

/// Paths written in one request.
const PATHS_AT_ONCE: usize = 200;

/// A step after registration: the command, who gives it, its body.
pub type Step = (&'static str, &'static str, String);

fn sealed() -> String {
    format!("sealed:v1:{}:{}", Uuid::nil().simple(), "A".repeat(139))
}

/// The body of an idea.
pub fn idea() -> String {
    let text = sealed();
    format!(r#"{{"title":"{text}","sector":"C","start_up_cost":450000,"jobs_expected":3}}"#)
}

/// The steps to a decision of selection.
pub fn to_selection() -> Vec<Step> {
    let sheet = r#"{"scores":[{"criterion":"motivation","score":16,"out_of":20}]}"#;
    let decision = r#"{"decision":"selected","method":"committee","session":"2026-02"}"#;
    vec![
        ("submit-idea", "adviser", idea()),
        ("assess-eligibility", "adviser", "{}".to_owned()),
        ("record-interview", "adviser", sheet.to_owned()),
        ("decide-selection", "committee", decision.to_owned()),
    ]
}

/// The steps to a request for financing from a fund.
pub fn to_financing(fund: &str) -> Vec<Step> {
    let text = sealed();
    let mut steps = to_selection();
    let request =
        format!(r#"{{"instrument":"grant","amount":200000,"own_contribution":0,"fund":"{fund}"}}"#);
    steps.extend([
        ("recognise-training", "director", format!(r#"{{"proof":"{text}","reason":"{text}"}}"#)),
        (
            "submit-business-plan",
            "adviser",
            format!(r#"{{"title":"{text}","amount_needed":1,"own_contribution":1}}"#),
        ),
        ("validate-business-plan", "committee", r#"{"conclusion":"validated"}"#.to_owned()),
        ("request-financing", "adviser", request),
    ]);
    steps
}

/// The events of a path: registered, then these steps.
pub fn events(programme: &str, steps: &[Step]) -> Result<Vec<NewEvent>, Failure> {
    let target = Target {
        port: 0,
        programme: programme.to_owned(),
        adviser: String::new(),
        committee: String::new(),
        sealed: Some(sealed()),
    };
    let registration = ("register", "adviser", target.registration());
    let (mut path, mut new_events) = (Beneficiary::default(), Vec::new());
    for (word, actor, body) in std::iter::once(&registration).chain(steps) {
        let entry = BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == *word);
        let context = Context {
            now: Clock::System.now(),
            occurred_on: None,
            backdating_reason: None,
            actor: ActorId::try_new(actor)?,
            role: entry.ok_or("no such command")?.roles[0],
            subject: Uuid::nil(),
            programme: Arc::new(stock::programme()?),
        };
        let command = BeneficiaryCommand::parse(word, serde_json::from_str(body)?)
            .ok_or("no such command")??;
        for event in decide(&path, command, &context)? {
            new_events.push(NewEvent {
                event_type: event.fact.event_type().into(),
                event_version: event.fact.event_version().into(),
                payload: serde_json::to_string(&event)?,
                metadata: r#"{"actor":"adviser","role":"adviser","request_id":"bench","rules_version":"0"}"#.to_owned(),
            });
            path.take(event);
        }
    }
    Ok(new_events)
}

/// Writes so many paths of these events; their ids.
pub async fn preload(
    url: &str,
    programme: &str,
    events: &[NewEvent],
    paths: usize,
) -> Result<Vec<Uuid>, Failure> {
    let journal = Journal::open(&JournalConfig::new(url), Clock::System).await?;
    let programme_id = Uuid::try_parse(programme)?;
    let mut ids = Vec::with_capacity(paths);
    while ids.len() < paths {
        let batch: Vec<Uuid> =
            (0..PATHS_AT_ONCE.min(paths - ids.len())).map(|_| Uuid::now_v7()).collect();
        let write = |id: &Uuid| StreamWrite {
            stream: StreamId { aggregate_type: "beneficiary".into(), aggregate_id: *id },
            expected_version: Version::ZERO,
            events: events.to_vec(),
        };
        let guard = Guard {
            stream: StreamId { aggregate_type: "programme".into(), aggregate_id: programme_id },
            version: Version::from(2),
        };
        let writes = batch.iter().map(write).collect();
        let request = AppendRequest { writes, guards: vec![guard], ..AppendRequest::default() };
        journal.append(request).await?;
        ids.extend(batch);
    }
    journal.close().await;
    Ok(ids)
}
