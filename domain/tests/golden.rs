//! Stored events are for ever: each type and version has a golden file, written once and never
//! edited, that this build must still read and still write byte for byte.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cqrs_es::persist::SerializedEvent;
use serde_json::Value;
use sira_domain::STREAM_KINDS;
use sira_domain::catalogue::FactEntry;
use sira_domain::path::BeneficiaryEvent;
use sira_domain::programme::ProgrammeEvent;
use sira_domain::upcast::{is_outdated, upcasters};

const PROGRAMME: &str = "0176bb3e-7000-7000-8000-000000000001";

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.json"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn known() -> impl Iterator<Item = &'static FactEntry> {
    STREAM_KINDS.iter().flat_map(|kind| kind.facts)
}

/// A type of event has one sample, its golden file: with every field that it can have, in the order in
/// which they are written.
#[test]
fn every_event_is_written_as_its_golden_file_says() {
    for kind in STREAM_KINDS {
        for (event_type, version, ..) in kind.facts {
            let name = format!("{event_type}.{version}");
            let golden = read(&name);
            let stored: Value = serde_json::from_str(&golden).unwrap();
            assert!(stored["fact"][event_type].is_object(), "{name} is of another type");
            let written = (kind.rewrite)(&golden).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(golden.trim_end(), written, "{name} is written otherwise than it was");
        }
    }
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

/// A stored event of an older form in the present one, by the upcasters that it needs. From each form one
/// alone leads on: of two, the order in which they happen to be listed would decide what is read.
fn upcast(stored: SerializedEvent) -> SerializedEvent {
    let upcasters = upcasters();
    let mut read = stored;
    let mut taken = 0;
    loop {
        let (name, version) = (&read.event_type, &read.event_version);
        let needed: Vec<_> = upcasters.iter().filter(|one| one.can_upcast(name, version)).collect();
        assert!(needed.len() <= 1, "{name} {version}");
        let Some(upcaster) = needed.first() else { break };
        read = upcaster.upcast(read);
        taken += 1;
    }
    assert!(taken > 0, "{} {} is no older form", read.event_type, read.event_version);
    read
}

#[test]
fn rules_of_older_forms_say_nothing_of_what_they_could_not_say() {
    let rules = |version: &str| {
        let stored = SerializedEvent::new(
            PROGRAMME.into(),
            2,
            "programme".into(),
            "RulesSet".into(),
            version.into(),
            serde_json::from_str(&read(&format!("RulesSet.{version}"))).unwrap(),
            Value::Null,
        );
        let event: ProgrammeEvent = serde_json::from_value(upcast(stored).payload).unwrap();
        let sira_domain::programme::ProgrammeFact::RulesSet(set) = event.fact else {
            panic!("another fact")
        };
        let months = set.rules.retention_months.map(sira_domain::values::Within::get);
        assert!(set.rules.ceiling_per_person.is_none(), "{version}");
        (months, set.rules.figures_published.is_some(), set.rules.interview_pass_mark.get())
    };
    assert_eq!(rules("1.0"), (None, false, 60));
    assert_eq!(rules("2.0"), (Some(60), false, 60));
    assert_eq!(rules("3.0"), (Some(60), true, 60));
    assert!(is_outdated("RulesSet", "3.0") && !is_outdated("RulesSet", "4.0"));
}

#[test]
fn a_lottery_of_the_first_form_is_read_with_the_result_of_its_draw() {
    let stored = SerializedEvent::new(
        PROGRAMME.into(),
        2,
        "programme".into(),
        "LotteryDrawn".into(),
        "1.0".into(),
        serde_json::from_str(&read("LotteryDrawn.1.0")).unwrap(),
        Value::Null,
    );
    let event: ProgrammeEvent = serde_json::from_value(upcast(stored).payload).unwrap();
    let sira_domain::programme::ProgrammeFact::LotteryDrawn(draw) = event.fact else {
        panic!("another fact")
    };
    assert_eq!(draw.ranked, draw.entries, "the only entry is the first");
    assert!(is_outdated("LotteryDrawn", "1.0") && !is_outdated("LotteryDrawn", "2.0"));
}

#[test]
fn attendance_of_the_first_form_is_of_a_whole_session() {
    let stored = SerializedEvent::new(
        "0176bb3e-7000-7000-8000-000000000004".into(),
        9,
        "beneficiary".into(),
        "AttendanceRecorded".into(),
        "1.0".into(),
        serde_json::from_str(&read("AttendanceRecorded.1.0")).unwrap(),
        Value::Null,
    );
    let read = upcast(stored);
    let event: BeneficiaryEvent = serde_json::from_value(read.payload).unwrap();
    let sira_domain::path::Fact::AttendanceRecorded(told) = event.fact else {
        panic!("another fact")
    };
    assert_eq!((told.present, told.minutes_present), (true, None));
    // By the version an older program knows that it does not know all that a newer one may say.
    assert!(is_outdated("AttendanceRecorded", "1.0") && !is_outdated("AttendanceRecorded", "2.0"));
}

#[test]
fn a_registration_of_the_first_form_is_read_as_the_present_one() {
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
    assert_eq!(registration.adviser, None, "nobody took charge with the registration then");
    assert!(is_outdated("Registered", "2.0") && !is_outdated("Registered", "3.0"));
}
