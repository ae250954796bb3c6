//! The paths that are counted, each with what it needs, which is not.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use sira::evidence::growth::Growth;
use sira::evidence::merkle::{inclusion_ranges, join, subtrees, verify_inclusion};
use sira::http::foreign;
use sira::http::problem::{INVALID_BODY, Problem};
use sira::journal::{RecordedEvent, StreamId};
use sira::keys::PersonKey;
use sira_domain::context::Context;
use sira_domain::path::{
    BENEFICIARY_COMMANDS, Beneficiary, BeneficiaryCommand, BeneficiaryEvent, decide,
};
use sira_domain::reference::Language;
use sira_domain::role::Role;
use sira_numbers::{Position, Sequence};
use sira_projections::analytics::{
    AnalyticsQuery, Cube, Dimension, Dims, Family, FigureFact, Indicators, Measure, Moment, Tells,
    compute,
};
use sira_projections::case_status::case_status;
use sira_projections::path::{PathEvent, PathFold};
use sira_projections::{Changes, RuleBook};
use uuid::Uuid;

use super::count_instructions_of;
use crate::Failure;

/// A path: its name, and what runs it.
type CountedPath = (&'static str, fn() -> Result<(), Failure>);

/// Every path that is counted.
pub const PATHS: &[CountedPath] = &[
    ("decide_and_apply", decide_and_apply),
    ("fold_60_events", fold_60_events),
    ("seal_and_open", seal_and_open),
    ("leaf_hash", leaf_hash),
    ("grow_256_leaves", || {
        grow_256_leaves();
        Ok(())
    }),
    ("check_inclusion", || {
        check_inclusion();
        Ok(())
    }),
    ("case_status", show_case_status),
    ("rows_of_60_events", rows_of_60_events),
    ("funnel_of_400_paths", funnel_of_400_paths),
    ("register_body", register_body),
    ("problem", || {
        problem();
        Ok(())
    }),
];

const ID: Uuid = Uuid::from_u128(0x0190_f7f5_0000_7000_8000_0000_0000_0001);

/// Events as they are stored, one of a kind, in an order that a path may have.
const STORED: &[&str] = &[
    include_str!("../../../domain/tests/golden/Registered.2.0.json"),
    include_str!("../../../domain/tests/golden/AdviserAssigned.1.0.json"),
    include_str!("../../../domain/tests/golden/IdeaSubmitted.1.0.json"),
    include_str!("../../../domain/tests/golden/EligibilityAssessed.1.0.json"),
    include_str!("../../../domain/tests/golden/InterviewRecorded.1.0.json"),
    include_str!("../../../domain/tests/golden/SelectionDecided.1.0.json"),
    include_str!("../../../domain/tests/golden/TrainingEnrolled.1.0.json"),
    include_str!("../../../domain/tests/golden/ModuleAssessed.1.0.json"),
    include_str!("../../../domain/tests/golden/TrainingCompleted.1.0.json"),
    include_str!("../../../domain/tests/golden/BusinessPlanSubmitted.1.0.json"),
    include_str!("../../../domain/tests/golden/BusinessPlanValidated.1.0.json"),
    include_str!("../../../domain/tests/golden/FinancingRequested.1.0.json"),
    include_str!("../../../domain/tests/golden/FinancingApproved.1.0.json"),
    include_str!("../../../domain/tests/golden/DisbursementRecorded.1.0.json"),
    include_str!("../../../domain/tests/golden/BusinessStarted.1.0.json"),
    include_str!("../../../domain/tests/golden/VisitRecorded.1.0.json"),
    include_str!("../../../domain/tests/golden/RepaymentRecorded.1.0.json"),
    include_str!("../../../domain/tests/golden/IncomeRecorded.1.0.json"),
    include_str!("../../../domain/tests/golden/SupportProvided.1.0.json"),
    include_str!("../../../domain/tests/golden/NoteAdded.1.0.json"),
];
/// Those that come again and again.
const REPEATED: &[&str] = STORED.split_at(15).1;

fn stored() -> impl Iterator<Item = &'static str> {
    STORED.iter().chain(REPEATED.iter().cycle()).copied().take(60)
}

fn events() -> Result<Vec<BeneficiaryEvent>, Failure> {
    Ok(stored().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn path() -> Result<Beneficiary, Failure> {
    let mut path = Beneficiary::default();
    events()?.into_iter().for_each(|event| path.take(event));
    Ok(path)
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000)
}

/// A note on a path of sixty events: from the body to the state after it.
fn decide_and_apply() -> Result<(), Failure> {
    let mut path = path()?;
    let body = json!({ "text": "sealed:v1:00000000000000000000000000000001:c2VhbGVk" });
    let context = Context {
        now: now(),
        occurred_on: NaiveDate::from_ymd_opt(2024, 9, 1),
        backdating_reason: None,
        actor: "awa".parse()?,
        role: Role::Adviser,
        subject: ID,
        programme: std::sync::Arc::default(),
    };
    count_instructions_of(|| {
        let command = BeneficiaryCommand::parse("add-note", body).ok_or("no such command")??;
        for event in decide(&path, command, &context)? {
            path.take(event);
        }
        Ok(())
    })
}

/// A state from stored events, as after a restart.
fn fold_60_events() -> Result<(), Failure> {
    count_instructions_of(path).map(drop)
}

fn seal_and_open() -> Result<(), Failure> {
    let (key, context) = (PersonKey::throwaway()?, format!("beneficiary/{ID}/text"));
    let text = "Une note de deux lignes, comme un conseiller en écrit après une visite. ".repeat(3);
    count_instructions_of(|| {
        let sealed = key.seal(&context, text.as_bytes())?;
        key.open(&context, &sealed)?;
        Ok(())
    })
}

/// The leaf of an event, from what is stored of it.
fn leaf_hash() -> Result<(), Failure> {
    let recorded = RecordedEvent {
        position: Position::from(1_234_567),
        stream: StreamId::new("beneficiary", ID),
        sequence: Sequence::from(7),
        event_type: "Registered".into(),
        event_version: "3.0".into(),
        payload: STORED[0].into(),
        metadata: r#"{"actor":"awa","role":"adviser","rules":1}"#.into(),
        recorded_at: now(),
        leaf_hash: [0; 32],
    };
    count_instructions_of(|| recorded.computed_leaf("0190f7f500007000")).map(drop)?;
    Ok(())
}

fn leaf(index: u64) -> [u8; 32] {
    Sha256::digest(index.to_be_bytes()).into()
}

fn grow_256_leaves() {
    let mut growth = Growth::default();
    (0..1_000).for_each(|index| growth.push(leaf(index), &mut |_| {}));
    count_instructions_of(|| {
        (1_000..1_256).for_each(|index| growth.push(leaf(index), &mut |_| {}));
        growth.root()
    });
}

/// A proof in a tree of a million leaves, as who is handed a bundle checks one.
fn check_inclusion() {
    let (index, size) = (123_456, 1_000_000);
    // Any hashes will do for the way; what they lead to is the root.
    let beside = |range: std::ops::Range<u64>| {
        let parts = subtrees(range);
        join(&parts.iter().map(|part| leaf(part.index)).collect::<Vec<_>>())
    };
    let proof: Vec<_> = inclusion_ranges(index, size).into_iter().map(beside).collect();
    count_instructions_of(|| verify_inclusion(&leaf(index), index, size, &proof, &[0; 32]))
        .expect_err("the root is another one");
}

/// Where a path stands, as it is answered.
fn show_case_status() -> Result<(), Failure> {
    let path = path()?;
    count_instructions_of(|| case_status(ID, Position::from(60), now(), &path).to_string());
    Ok(())
}

/// The rows of the read models of one path.
fn rows_of_60_events() -> Result<(), Failure> {
    let events = (1_u32..).zip(events()?);
    let events: Vec<_> = events
        .map(|(position, event)| PathEvent { position: position.into(), recorded_at: now(), event })
        .collect();
    count_instructions_of(|| {
        let (mut fold, mut changes) = (PathFold::new(ID), Changes::default());
        let rules = RuleBook::default();
        for event in events {
            fold.take_event(event, &rules, &mut changes);
        }
        changes
    });
    Ok(())
}

/// How far people are, as the facts of the read models hold it: each came in one of two regions, and of four
/// people one stops at each of the stages told here.
fn people(count: u32) -> Cube {
    let mut cube = Cube::new();
    let regions = ["segou", "mopti"].map(|region| cube.dictionary.regions.place(region));
    let sexes = ["female", "male"].map(|sex| cube.dictionary.sexes.place(sex));
    let stages = [Measure::Registered, Measure::IdeaSubmitted, Measure::Selected, Measure::Trained];
    let mut since = Position::START;
    for place in 0..count {
        let case = cube.cases.place(Uuid::from_u128(ID.as_u128() + u128::from(place)));
        let pick = |words: [u32; 2], bit: u32| words[(place >> bit) as usize & 1];
        let dims = Dims {
            region: u16::try_from(pick(regions, 0)).unwrap_or_default(),
            sex: u8::try_from(pick(sexes, 1)).unwrap_or_default(),
            ..Dims::default()
        };
        for (stage, on) in stages.iter().zip(19_000..).take(1 + place as usize % stages.len()) {
            since = since.next();
            let fact = FigureFact {
                since,
                until: Position::MAX,
                tells: Tells::Nothing,
                dims,
                case,
                sequence: 1,
                on,
                ends_on: None,
                part: 0,
            };
            cube.add(*stage, fact);
        }
    }
    cube.position = since;
    cube
}

/// The funnel of four hundred people by region and sex.
fn funnel_of_400_paths() -> Result<(), Failure> {
    let cube = people(400);
    let indicators = Indicators::of(Family::Funnel);
    let group_by = vec![Dimension::Region, Dimension::Sex];
    let at = Moment { position: cube.position, day: now().date_naive() };
    let query = AnalyticsQuery { group_by, ..AnalyticsQuery::default() };
    let asked = query.on(&cube, &indicators, at)?;
    let figures = count_instructions_of(|| compute(&cube, &indicators, &asked, at));
    if figures.iter().any(|figure| figure.cells.len() != 4) {
        return Err("the funnel has not its four groups".into());
    }
    Ok(())
}

/// A registration from its bytes to the typed command, its identity sealed.
fn register_body() -> Result<(), Failure> {
    let entry = BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == "register");
    let entry = entry.ok_or("no such command")?;
    let body = json!({
        "occurred_on": "2022-01-11", "programme": ID, "office": "segou", "region": "segou",
        "cercle": "Ségou", "intake": "facilitator", "channel": "outreach", "sex": "female",
        "birth_year": 1999, "education": "2", "displaced": false,
        "consent": { "scope": "programme", "text_version": "fr-1", "method": "written" },
        "identity": { "name": "Personne Inventée", "phone": "70 00 00 01", "locality": "Pélengana" },
    });
    let bytes = body.to_string();
    let read = count_instructions_of(|| {
        let body: Map<String, Value> = serde_json::from_str(&bytes)?;
        Ok::<_, Failure>(foreign::form_problem(entry, &body, Language::Fr))
    });
    read?.map_or(Ok(()), |problem| Err(problem.into()))
}

/// An answer to a body with a wrong field.
fn problem() {
    count_instructions_of(|| {
        let problem = Problem::new(INVALID_BODY);
        let problem =
            problem.error("/birth_year", "number_range", "doit être un nombre de 1900 à 2100");
        problem.respond(Language::Fr, "0190f7f500007000800000000000000a")
    });
}
