//! Stored events are for ever: each type and version has a golden file, written once and never
//! edited, that this build must still read and still write byte for byte.

#![expect(clippy::too_many_lines, reason = "tables of cases are long")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use cqrs_es::persist::SerializedEvent;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sira_domain::cohort::{COHORT_FACTS, CohortEvent};
use sira_domain::fund::{FUND_FACTS, FundEvent};
use sira_domain::path::{BeneficiaryEvent, FACTS};
use sira_domain::programme::{PROGRAMME_FACTS, ProgrammeEvent};
use sira_domain::upcast::{is_outdated, upcasters};

const SEALED: &str = "sealed:v1:00000000000000000000000000000001:c2VhbGVk";
const PROGRAMME: &str = "0176bb3e-7000-7000-8000-000000000001";
const FUND: &str = "0176bb3e-7000-7000-8000-000000000002";
const PERSON: &str = "0176bb3e-7000-7000-8000-000000000003";
const COHORT: &str = "0176bb3e-7000-7000-8000-000000000005";

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.json"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A body for each type of fact of a path, with every field that it can have.
fn bodies() -> Vec<(&'static str, Value)> {
    let plan = json!({"plan": 1, "title": SEALED, "amount_needed": 450_000, "own_contribution": 45_000, "summary": SEALED});
    let instalment = json!({"due_on": "2022-09-01", "principal": 100_000, "interest": 2_000});
    vec![
        (
            "Registered",
            json!({
            "reference": "RRZN-CR20-D", "programme": "0176bb3e-7000-7000-8000-000000000001", "office": "segou",
            "region": "segou", "cercle": "Ségou", "intake": "facilitator", "channel": "outreach", "sex": "female",
            "birth_year": 1999, "education": "2",
            "disability": {"seeing": 1, "hearing": 1, "walking": 3, "remembering": 1, "self_care": 1, "communicating": 2},
            "displaced": false, "consent": {"scope": "programme", "text_version": "fr-1", "method": "written"},
            "origin": {"source": "paper", "row": "12"}, "identity": SEALED}),
        ),
        (
            "IdeaSubmitted",
            json!({"title": SEALED, "sector": "C", "summary": SEALED, "start_up_cost": 450_000, "jobs_expected": 3}),
        ),
        (
            "IdeaRevised",
            json!({"title": SEALED, "sector": "poultry", "start_up_cost": 500_000, "jobs_expected": 2}),
        ),
        (
            "EligibilityAssessed",
            json!({"rules": [{"rule": "age", "outcome": "met"}, {"rule": "residence", "outcome": "not_met"}], "eligible": true, "override_reason": SEALED}),
        ),
        (
            "InterviewRecorded",
            json!({"scores": [{"criterion": "motivation", "score": 16, "out_of": 20}], "total": 80, "comment": SEALED}),
        ),
        (
            "SelectionDecided",
            json!({"decision": "waitlisted", "method": "lottery", "session": "2022-02", "rank": 12, "reason": SEALED}),
        ),
        ("TrainingEnrolled", json!({"cohort": COHORT})),
        ("TrainingWithdrawn", json!({"cohort": COHORT, "comment": SEALED})),
        (
            "AttendanceRecorded",
            json!({"session": "gp-1", "hours": 3, "minutes": 30, "present": true}),
        ),
        ("ModuleAssessed", json!({"module": "leadership", "score": 72, "passed": true})),
        (
            "TrainingCompleted",
            json!({"basis": "attended", "attended_minutes": 1200, "planned_minutes": 1440, "modules": ["leadership", "management"], "proof": SEALED, "reason": SEALED}),
        ),
        ("BusinessPlanSubmitted", plan),
        ("BusinessPlanValidated", json!({"plan": 1, "conclusion": "to_revise", "comment": SEALED})),
        (
            "FinancingRequested",
            json!({"financing": 1, "instrument": "loan", "amount": 100_000, "own_contribution": 10_000, "fund": FUND}),
        ),
        (
            "FinancingApproved",
            json!({"financing": 1, "amount": 100_000, "tranches": [{"tranche": 1, "amount": 100_000, "conditions": ["agreement_signed", "business_started", "visit_recorded", "document_attached"]}], "schedule": [instalment]}),
        ),
        ("FinancingRefused", json!({"financing": 1, "reason": "over_budget", "comment": SEALED})),
        ("AgreementSigned", json!({"financing": 1})),
        (
            "DisbursementRecorded",
            json!({"financing": 1, "tranche": 1, "amount": 100_000, "method": "mobile_money", "payment_reference": "OM-1"}),
        ),
        (
            "RepaymentRecorded",
            json!({"financing": 1, "principal": 50_000, "interest": 1_000, "method": "cash_signature", "payment_reference": "RC-1"}),
        ),
        ("LoanRescheduled", json!({"financing": 1, "schedule": [instalment], "reason": SEALED})),
        ("LoanWrittenOff", json!({"financing": 1, "amount": 50_000, "reason": SEALED})),
        ("FinancingWaived", json!({"reason": SEALED})),
        (
            "BusinessStarted",
            json!({"form": "individual", "registration_number": SEALED, "sector": "C", "locality": SEALED}),
        ),
        (
            "VisitRecorded",
            json!({"milestone": 6, "business_status": "trading", "monthly_revenue": 110_000, "monthly_profit": -5_000, "jobs": {"women": 2, "men": 1, "under_35": 2, "full_time_hundredths": 250}, "difficulties": ["no_market", "insecurity"], "next_step": SEALED}),
        ),
        ("SupportProvided", json!({"kind": "coaching", "comment": SEALED})),
        ("BusinessClosed", json!({"reason": "input_prices", "comment": SEALED})),
        ("PathCompleted", json!({"override_reason": SEALED})),
        ("AdviserAssigned", json!({"adviser": "conseiller-2"})),
        (
            "Transferred",
            json!({"from_office": "segou", "office": "mopti", "region": "mopti", "reason": SEALED}),
        ),
        ("Suspended", json!({"reason": "insecurity", "comment": SEALED})),
        ("Resumed", json!({})),
        ("Exited", json!({"reason": "salaried_job", "comment": SEALED})),
        ("Reopened", json!({"reason": SEALED})),
        ("NoteAdded", json!({"text": SEALED})),
        (
            "DocumentAttached",
            json!({"name": SEALED, "media_type": "application/pdf", "size_bytes": 48_213, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}),
        ),
        (
            "IncomeRecorded",
            json!({"survey": "baseline", "from": "2021-01-01", "to": "2021-12-31", "amount": 240_000, "currency": "XOF", "source": "declared_total"}),
        ),
        (
            "CommunityActionRecorded",
            json!({"kind": "mediation", "people_reached": 40, "comment": SEALED}),
        ),
        (
            "GrievanceLodged",
            json!({"grievance": 1, "category": "payment_delay", "channel": "phone", "text": SEALED}),
        ),
        ("GrievanceResolved", json!({"grievance": 1, "outcome": "upheld", "text": SEALED})),
        ("Retracted", json!({"sequence": 4, "reason": SEALED})),
        ("DuplicateLinked", json!({"other": PERSON, "continues": PERSON})),
        ("DuplicateUnlinked", json!({"other": PERSON, "reason": SEALED})),
        ("IdentityUpdated", json!({"birth_year": 1998, "identity": SEALED})),
        (
            "ConsentRecorded",
            json!({"scope": "photo", "text_version": "fr-1", "method": "oral_witness"}),
        ),
        ("ConsentWithdrawn", json!({"scope": "photo"})),
        (
            "PersonalDataErased",
            json!({"ground": "request", "keys": ["00000000-0000-0000-0000-000000000001"]}),
        ),
    ]
}

fn programme_bodies() -> Vec<(&'static str, Value)> {
    let rules = json!({
        "age_women": {"min": 18, "max": 35}, "age_men": {"min": 18, "max": 30}, "residence": ["segou"],
        "max_education": "2", "interview_pass_mark": 60, "attendance_percent": 80, "planned_hours": 40,
        "assessment_pass_mark": 50, "modules": ["leadership"], "own_sectors": ["poultry"],
        "follow_up_months": [1, 6], "ceilings": {"grant": 300_000, "kit": 500_000, "loan": 2_000_000, "guarantee": 2_000_000}
    , "retention_months": 60});
    vec![
        (
            "ConventionSigned",
            json!({
            "name": "Convention ANPE - Think Peace",
            "parties": [{"name": "ANPE Mali", "role": "agency"}, {"name": "Think Peace", "role": "implementer"}],
            "signed_on": "2021-07-06", "term_years": 3, "renewable": true, "data_protection_receipt": "APDP-0"}),
        ),
        ("ConventionRenewed", json!({"term_years": 3})),
        ("RulesSet", json!({"version": 1, "effective_from": "2021-07-06", "rules": rules})),
        (
            "TargetSet",
            json!({"indicator": "trained", "period": {"from": "2021-07-06", "to": "2022-07-05"}, "region": "segou", "sex": "female", "value": 500}),
        ),
        ("OfficeOpened", json!({"office": "segou", "name": "Antenne de Ségou", "region": "segou"})),
        ("OfficeClosed", json!({"office": "segou"})),
        (
            "LotteryDrawn",
            json!({"session": "2022-02", "entries": ["0176bb3e-7000-7000-8000-000000000003"], "seed": "boule 7", "places": 1}),
        ),
    ]
}

fn cohort_bodies() -> Vec<(&'static str, Value)> {
    let period = json!({"from": "2022-03-01", "to": "2022-04-30"});
    vec![
        (
            "CohortPlanned",
            json!({"programme": PROGRAMME, "code": "segou-2022-1", "office": "segou", "centre": "Centre de Ségou",
                   "capacity": 40, "modules": ["leadership", "management"], "trainer": "formatrice", "period": period}),
        ),
        (
            "SessionScheduled",
            json!({"session": "s1", "on": "2022-03-01", "hours": 6, "minutes": 30, "module": "leadership"}),
        ),
        ("SeatTaken", json!({"beneficiary": PERSON})),
        ("SeatReturned", json!({"beneficiary": PERSON})),
        ("RegisterRecorded", json!({"session": "s1", "present": 38, "absent": 2})),
        ("CohortClosed", json!({})),
    ]
}

fn fund_bodies() -> Vec<(&'static str, Value)> {
    let period = json!({"from": "2022-01-01", "to": "2024-06-30"});
    let line = json!({"beneficiary": PERSON, "financing": 1, "amount": 100_000});
    vec![
        (
            "FundOpened",
            json!({"programme": PROGRAMME, "code": "bailleur-2022", "donor": "Bailleur d'exemple", "period": period, "budget": 50_000_000}),
        ),
        ("BudgetAdjusted", json!({"budget": 60_000_000, "amendment": "Avenant 1"})),
        ("FundClosed", json!({})),
        ("Committed", line.clone()),
        ("Released", line),
        (
            "Disbursed",
            json!({"beneficiary": PERSON, "financing": 1, "tranche": 1, "amount": 60_000, "payment_reference": "OM-1"}),
        ),
        (
            "Repaid",
            json!({"beneficiary": PERSON, "financing": 1, "principal": 50_000, "interest": 1_000, "payment_reference": "RC-1"}),
        ),
    ]
}

fn known() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str, &'static str)>
{
    FACTS.iter().chain(PROGRAMME_FACTS).chain(COHORT_FACTS).chain(FUND_FACTS)
}

fn payload(event_type: &str, body: &Value) -> Value {
    json!({"occurred_on": "2022-08-12", "by": "conseiller", "rules": 1, "fact": {event_type: body}})
}

fn programme_payload(event_type: &str, body: &Value) -> Value {
    json!({"occurred_on": "2022-08-12", "by": "directrice", "fact": {event_type: body}})
}

/// Reads the sample as an event, and holds what is written of it against the golden file. With
/// `SIRA_WRITE_GOLDEN=1` a missing file is written; one that is there is never touched.
fn check<E: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str, sample: Value) {
    let event: E = serde_json::from_value(sample).unwrap_or_else(|error| panic!("{name}: {error}"));
    let written = serde_json::to_string(&event).unwrap();
    if !file(name).exists() && std::env::var("SIRA_WRITE_GOLDEN").is_ok() {
        std::fs::write(file(name), format!("{written}\n")).unwrap();
    }
    assert_eq!(read(name).trim_end(), written, "{name} is written otherwise than it was");
    assert_eq!(serde_json::from_str::<E>(&read(name)).unwrap(), event, "{name} reads otherwise");
}

#[test]
fn every_event_is_written_and_read_as_its_golden_file_says() {
    let versions: Vec<_> = known().map(|(name, version, ..)| (*name, *version)).collect();
    let version_of = |name: &str| versions.iter().find(|(known, _)| *known == name).unwrap().1;
    for (event_type, body) in bodies() {
        let name = format!("{event_type}.{}", version_of(event_type));
        check::<BeneficiaryEvent>(&name, payload(event_type, &body));
    }
    for (event_type, body) in programme_bodies() {
        let name = format!("{event_type}.{}", version_of(event_type));
        check::<ProgrammeEvent>(&name, programme_payload(event_type, &body));
    }
    for (event_type, body) in cohort_bodies() {
        let name = format!("{event_type}.{}", version_of(event_type));
        check::<CohortEvent>(&name, programme_payload(event_type, &body));
    }
    for (event_type, body) in fund_bodies() {
        let name = format!("{event_type}.{}", version_of(event_type));
        check::<FundEvent>(&name, programme_payload(event_type, &body));
    }
}

#[test]
fn every_type_of_event_has_a_sample() {
    let sampled = [bodies(), programme_bodies(), cohort_bodies(), fund_bodies()].concat();
    let sampled: BTreeSet<_> = sampled.into_iter().map(|(name, _)| name).collect();
    let known: BTreeSet<_> = known().map(|(name, ..)| *name).collect();
    assert_eq!(sampled, known);
}

#[test]
fn no_golden_file_is_left_without_a_reader() {
    let known: BTreeSet<String> =
        known().map(|(name, version, ..)| format!("{name}.{version}")).collect();
    for entry in std::fs::read_dir(file("x").parent().unwrap()).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        let (event_type, version) = name.split_once('.').unwrap();
        assert!(known.contains(&name) || is_outdated(event_type, version), "{name}");
    }
}

/// A stored event in the present form of its type, by the one upcaster that it needs.
fn upcast(stored: SerializedEvent) -> SerializedEvent {
    let all = upcasters();
    let needed: Vec<_> = all
        .iter()
        .filter(|upcaster| upcaster.can_upcast(&stored.event_type, &stored.event_version))
        .collect();
    assert_eq!(needed.len(), 1);
    needed[0].upcast(stored)
}

#[test]
fn rules_of_the_first_form_keep_data_for_as_long_as_the_programme_wants() {
    let stored = SerializedEvent::new(
        PROGRAMME.into(),
        2,
        "programme".into(),
        "RulesSet".into(),
        "1.0".into(),
        serde_json::from_str(&read("RulesSet.1.0")).unwrap(),
        Value::Null,
    );
    let event: ProgrammeEvent = serde_json::from_value(upcast(stored).payload).unwrap();
    let sira_domain::programme::ProgrammeFact::RulesSet(set) = event.fact else {
        panic!("another fact")
    };
    assert_eq!((set.rules.retention_months, set.rules.interview_pass_mark.get()), (None, 60));
    assert!(is_outdated("RulesSet", "1.0") && !is_outdated("RulesSet", "2.0"));
}

#[test]
fn a_registration_of_the_first_form_is_read_as_the_second() {
    let stored = SerializedEvent::new(
        "0176bb3e-7000-7000-8000-000000000004".into(),
        1,
        "beneficiary".into(),
        "Registered".into(),
        "1.0".into(),
        serde_json::from_str(&read("Registered.1.0")).unwrap(),
        Value::Null,
    );
    assert!(
        serde_json::from_value::<BeneficiaryEvent>(stored.payload.clone()).is_err(),
        "it needs its upcaster"
    );
    let read = upcast(stored);
    let event: BeneficiaryEvent = serde_json::from_value(read.payload).unwrap();
    let sira_domain::path::Fact::Registered(registration) = event.fact else {
        panic!("another fact")
    };
    assert_eq!((registration.intake.code(), registration.channel.code()), ("open_call", "office"));
    assert!(!is_outdated("Registered", "2.0"));
}
