//! Events that no rule would have let through, recorded past the rules by whoever runs the log: rightly
//! placed, rightly hashed, rightly signed. Only the rules, asked again, can tell.

use serde_json::{Value, json};
use sira::evidence::verify::{DeviationKind, Options};
use sira::journal::{AppendOutcome, AppendRequest, Journal, NewEvent, RecordedEvent, StreamWrite};
use sira_numbers::{Position, Version};

use super::base::{Base, Copy};
use super::expected::names;
use super::forge::other_key;

/// An event made of one that was recorded, and what the rules say of it.
struct Unlawful {
    name: &'static str,
    /// The type of the event that it is made of: the last one of that type.
    like: &'static str,
    change: fn(&mut RecordedEvent, &mut Value, &mut Value),
    says: &'static str,
}

fn unchanged(_: &mut RecordedEvent, _: &mut Value, _: &mut Value) {}

const UNLAWFUL: &[Unlawful] = &[
    Unlawful {
        name: "a fund is overspent",
        like: "Committed",
        change: |_, payload, _| payload["fact"]["Committed"]["amount"] = json!(999_999_999),
        says: "amount_above_limit",
    },
    Unlawful {
        name: "a payment reference is used twice",
        like: "Disbursed",
        change: unchanged,
        says: "already_settled",
    },
    Unlawful {
        name: "a tranche is paid twice",
        like: "DisbursementRecorded",
        change: unchanged,
        says: "already_settled",
    },
    Unlawful {
        name: "somebody is registered twice",
        like: "Registered",
        change: unchanged,
        says: "already_done_otherwise",
    },
    Unlawful {
        name: "a selection of somebody who was never registered",
        like: "SelectionDecided",
        change: |event, _, _| event.stream.aggregate_id = uuid::Uuid::nil(),
        says: "not_registered",
    },
    Unlawful {
        name: "a retraction of what is not there",
        like: "Retracted",
        change: |_, payload, _| payload["fact"]["Retracted"]["sequence"] = json!(999),
        says: "unknown_item",
    },
    Unlawful {
        name: "a fact of the future",
        like: "IncomeRecorded",
        change: |_, payload, _| payload["occurred_on"] = json!("2199-01-01"),
        says: "date_in_future",
    },
    Unlawful {
        name: "a fact of another age",
        like: "IncomeRecorded",
        change: |_, payload, _| payload["occurred_on"] = json!("1492-01-01"),
        says: "date_too_early",
    },
    Unlawful {
        name: "two names for who recorded it",
        like: "IncomeRecorded",
        change: |_, _, metadata| metadata["actor"] = json!("somebody"),
        says: "actor",
    },
    Unlawful {
        name: "a role that is none",
        like: "IncomeRecorded",
        change: |_, _, metadata| metadata["role"] = json!("king"),
        says: "metadata",
    },
    Unlawful {
        name: "a type that is not that of its contents",
        like: "IncomeRecorded",
        change: |event, _, _| "VisitRecorded".clone_into(&mut event.event_type),
        says: "event_type",
    },
    Unlawful {
        name: "contents that are none",
        like: "IncomeRecorded",
        change: |_, payload, _| *payload = json!({ "anything": 1 }),
        says: "payload",
    },
    Unlawful {
        name: "a seat is taken twice",
        like: "SeatTaken",
        change: unchanged,
        says: "already_settled",
    },
    Unlawful {
        name: "a second convention",
        like: "ConventionSigned",
        change: unchanged,
        says: "already_done_otherwise",
    },
    Unlawful {
        name: "an erasure of who is erased",
        like: "PersonalDataErased",
        change: unchanged,
        says: "already_settled",
    },
    Unlawful {
        name: "a kind of stream that is none",
        like: "IncomeRecorded",
        change: |event, _, _| event.stream.aggregate_type = "ghost".into(),
        says: "aggregate_type",
    },
    Unlawful {
        name: "anything in the log's own stream",
        like: "IncomeRecorded",
        change: |event, _, _| event.stream.aggregate_type = "evidence".into(),
        says: "event_type",
    },
];

/// Records an event as it is, past every rule; its position.
pub async fn record(journal: &Journal, base: &Base, event: &RecordedEvent) -> Position {
    let version = base.events.iter().filter(|one| one.stream == event.stream).count() as u64;
    record_after(journal, Version::of_count(version), event).await
}

async fn record_after(
    journal: &Journal,
    expected_version: Version,
    event: &RecordedEvent,
) -> Position {
    let new = NewEvent {
        event_type: event.event_type.clone().into(),
        event_version: event.event_version.clone().into(),
        payload: event.payload.clone(),
        metadata: event.metadata.clone(),
    };
    let write = StreamWrite { stream: event.stream.clone(), expected_version, events: vec![new] };
    let request = AppendRequest { writes: vec![write], ..AppendRequest::default() };
    match journal.append(request).await.unwrap() {
        AppendOutcome::Committed(committed) => committed.position,
        other => panic!("{other:?}"),
    }
}

/// Whether an event is of a seat that was given back later: it may be taken again.
fn was_given_back(base: &Base, taken: &RecordedEvent) -> bool {
    let who = |event: &RecordedEvent, fact: &str| {
        let payload: Value = serde_json::from_str(&event.payload).unwrap();
        payload["fact"][fact]["beneficiary"].clone()
    };
    let returned = base.events.iter().filter(|event| event.event_type == "SeatReturned");
    taken.event_type == "SeatTaken"
        && returned
            .filter(|event| event.position > taken.position && event.stream == taken.stream)
            .any(|event| who(event, "SeatReturned") == who(taken, "SeatTaken"))
}

/// Whether an event is of a path whose registration was retracted: whatever follows there is refused for that.
fn is_of_an_unregistered_path(base: &Base, event: &RecordedEvent) -> bool {
    let takes_back_the_first = |other: &RecordedEvent| {
        let payload: Value = serde_json::from_str(&other.payload).unwrap();
        payload["fact"]["Retracted"]["sequence"] == json!(1)
    };
    let mut retractions = base.events.iter().filter(|other| other.event_type == "Retracted");
    retractions.any(|other| other.stream == event.stream && takes_back_the_first(other))
}

async fn recorded(base: &Base, copy: &Copy<'_>, one: &Unlawful) -> Position {
    let is_like = |event: &&RecordedEvent| {
        event.event_type == one.like
            && !was_given_back(base, event)
            && !is_of_an_unregistered_path(base, event)
    };
    let like = base.events.iter().rfind(is_like).unwrap();
    let mut event = like.clone();
    let mut payload = serde_json::from_str(&event.payload).unwrap();
    let mut metadata = serde_json::from_str(&event.metadata).unwrap();
    (one.change)(&mut event, &mut payload, &mut metadata);
    (event.payload, event.metadata) = (payload.to_string(), metadata.to_string());
    let journal = copy.journal().await.unwrap();
    let position = record(&journal, base, &event).await;
    // The log's keeper signs whatever stands in the journal.
    base.sign(&journal, position).await;
    journal.close().await;
    position
}

pub async fn every_unlawful_event_is_named(base: &Base) {
    let mut wrong = Vec::new();
    for one in UNLAWFUL {
        let copy = base.copy("unlawful").await;
        let position = recorded(base, &copy, one).await;
        let report = copy.verified(&base.holding_the_last()).await.unwrap();
        let [found] = report.deviations.as_slice() else {
            wrong.push(format!("{}: {:?}", one.name, report.deviations));
            copy.discard().await;
            continue;
        };
        let why = found.detail.clone().unwrap_or_default();
        let is_it = found.kind == DeviationKind::Illegal && found.position == Some(position);
        if !is_it || why != one.says {
            wrong.push(format!("{}: {found:?}", one.name));
        }
        // A nightly run that begins before it sees it too.
        let since = Options { since: Some(base.last().1), ..base.knowing_the_key() };
        let nightly = copy.verified(&since).await.unwrap();
        if !names(&nightly, (DeviationKind::Illegal, Some(position.get()))) {
            wrong.push(format!("{}, since: {:?}", one.name, nightly.deviations));
        }
        copy.discard().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    a_selection_before_any_interview_is_named(base).await;
    an_approval_by_the_one_who_asked_is_named(base).await;
    a_retraction_that_takes_the_ground_away_is_named(base).await;
    a_payment_undone_by_who_recorded_it_is_named(base).await;
    a_key_that_nobody_introduced_is_named(base).await;
}

/// The first event of a type, with other contents.
fn like(base: &Base, kind: &str, change: impl FnOnce(&mut Value, &mut Value)) -> RecordedEvent {
    let mut event = base.events.iter().find(|event| event.event_type == kind).unwrap().clone();
    let mut payload = serde_json::from_str(&event.payload).unwrap();
    let mut metadata = serde_json::from_str(&event.metadata).unwrap();
    change(&mut payload, &mut metadata);
    (event.payload, event.metadata) = (payload.to_string(), metadata.to_string());
    event
}

/// Records events one after the other in a stream of `version` events; the last one must be named, and
/// it alone.
async fn the_last_is_named(base: &Base, version: Version, events: &[RecordedEvent], says: &str) {
    let copy = base.copy("chain").await;
    let journal = copy.journal().await.unwrap();
    let mut position = Position::START;
    for (more, event) in (0..).zip(events) {
        position = record_after(&journal, version.plus(more), event).await;
    }
    base.sign(&journal, position).await;
    journal.close().await;
    let report = copy.verified(&base.holding_the_last()).await.unwrap();
    // A registration that is told again gives a name that is somebody else's: that is named as well.
    let is_other = |one: &&sira::evidence::verify::Deviation| one.kind != DeviationKind::Name;
    let others: Vec<_> = report.deviations.iter().filter(is_other).collect();
    let [found] = others.as_slice() else { panic!("{:?}", report.deviations) };
    assert_eq!((found.kind, found.position), (DeviationKind::Illegal, Some(position)));
    assert_eq!(found.detail.as_deref(), Some(says));
    copy.discard().await;
}

/// A new path, lawful up to the idea, on which somebody is selected at once.
async fn a_selection_before_any_interview_is_named(base: &Base) {
    let id = uuid::Uuid::from_u128(80);
    let of = |kind: &str| {
        let mut event = like(base, kind, |_, _| ());
        event.stream.aggregate_id = id;
        event
    };
    let events = ["Registered", "IdeaSubmitted", "SelectionDecided"].map(of);
    the_last_is_named(base, 0.into(), &events, "missing_step").await;
}

/// A second financing, asked for and approved by one and the same.
async fn an_approval_by_the_one_who_asked_is_named(base: &Base) {
    let request = like(base, "FinancingRequested", |payload, _| {
        payload["fact"]["FinancingRequested"]["financing"] = json!(2);
    });
    let approval = like(base, "FinancingApproved", |payload, metadata| {
        payload["fact"]["FinancingApproved"]["financing"] = json!(2);
        payload["by"] = json!("adviser");
        metadata["actor"] = json!("adviser");
    });
    assert_eq!(request.stream, approval.stream);
    let version = base.events.iter().filter(|one| one.stream == request.stream).count() as u64;
    let version = Version::of_count(version);
    the_last_is_named(base, version, &[request, approval], "separation_of_duties").await;
}

/// A new path whose eligibility was assessed, retracted and assessed again: what was decided on it rests on the
/// second assessment, whose retraction must be named.
async fn a_retraction_that_takes_the_ground_away_is_named(base: &Base) {
    let id = uuid::Uuid::from_u128(81);
    let of = |kind: &str, sequence: u64| {
        let mut event = like(base, kind, |payload, metadata| {
            if kind == "Retracted" {
                payload["fact"]["Retracted"]["sequence"] = json!(sequence);
                metadata["role"] = json!("director");
            }
        });
        event.stream.aggregate_id = id;
        event
    };
    let events = [
        of("Registered", 0),
        of("IdeaSubmitted", 0),
        of("EligibilityAssessed", 0),
        of("Retracted", 3),
        of("EligibilityAssessed", 0),
        of("InterviewRecorded", 0),
        of("SelectionDecided", 0),
        of("Retracted", 5),
    ];
    the_last_is_named(base, 0.into(), &events, "later_event_rests_on_it").await;
}

/// A repayment that is undone by whoever recorded it.
async fn a_payment_undone_by_who_recorded_it_is_named(base: &Base) {
    let repaid = like(base, "RepaymentRecorded", |_, _| ());
    let undone = like(base, "RepaymentRecorded", |payload, _| {
        let back = payload["fact"]["RepaymentRecorded"].take();
        payload["fact"] = json!({ "RepaymentReversed": {
            "sequence": repaid.sequence, "financing": back["financing"], "kind": "repayment",
            "amount": back["principal"], "interest": back["interest"], "credit": back["credit"],
            "undone_reference": back["payment_reference"], "ground": "bounced",
        } });
    });
    let undone = RecordedEvent {
        event_type: "RepaymentReversed".to_owned(),
        event_version: "1.0".to_owned(),
        ..undone
    };
    let version = base.events.iter().filter(|one| one.stream == undone.stream).count() as u64;
    the_last_is_named(base, Version::of_count(version), &[undone], "separation_of_duties").await;
}

/// Every event there is but those that streams begin with, each alone in a stream of its own: rightly placed,
/// hashed and signed, and in the name of nothing that was recorded before it.
pub async fn no_event_stands_alone_but_a_first_one(base: &Base) {
    let copy = base.copy("alone").await;
    let journal = copy.journal().await.unwrap();
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("domain/tests/golden");
    let mut unlawful = Vec::new();
    let mut last = Position::START;
    let mut count = 0;
    for kind in sira_domain::STREAM_KINDS {
        let first = ["Registered", "ConventionSigned", "CohortPlanned", "FundOpened"];
        let later = kind.facts.iter().filter(|(name, ..)| !first.contains(name));
        for (name, form, ..) in later {
            count += 1;
            let file = golden.join(format!("{name}.{form}.json"));
            let payload = std::fs::read_to_string(&file).unwrap();
            let told: Value = serde_json::from_str(&payload).unwrap();
            let mut event = base.events[0].clone();
            event.stream.aggregate_type = kind.name.into();
            event.stream.aggregate_id = uuid::Uuid::from_u128(0x5_0000 + count);
            (*name).clone_into(&mut event.event_type);
            (*form).clone_into(&mut event.event_version);
            let mut metadata: Value = serde_json::from_str(&event.metadata).unwrap();
            metadata["actor"] = told["by"].clone();
            (event.payload, event.metadata) = (payload.trim().to_owned(), metadata.to_string());
            last = record(&journal, base, &event).await;
            unlawful.push((*name, last));
        }
    }
    assert!(count > 90, "{count}");
    base.sign(&journal, last).await;
    journal.close().await;
    let report = copy.verified(&base.holding_the_last()).await.unwrap();
    let is_named = |at: Position| names(&report, (DeviationKind::Illegal, Some(at.get())));
    let unnamed: Vec<_> =
        unlawful.iter().filter(|(_, at)| !is_named(*at)).map(|(name, _)| name).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    copy.discard().await;
}

/// An event that says of a stranger's key that it is the log's next, signed by that key alone.
async fn a_key_that_nobody_introduced_is_named(base: &Base) {
    let copy = base.copy("key").await;
    let stranger = other_key(base);
    let text = format!("sira.key/v1\n{}\n{}\n", base.verifier(), stranger.verifier());
    let note = sira::evidence::Note {
        signatures: vec![stranger.sign(&text, chrono::DateTime::UNIX_EPOCH)],
        text,
    };
    let mut event = base.events[0].clone();
    event.stream.aggregate_type = "evidence".into();
    "SigningKeyIntroduced".clone_into(&mut event.event_type);
    event.payload = json!({ "note": note.to_string() }).to_string();
    let journal = copy.journal().await.unwrap();
    let position = record(&journal, base, &event).await;
    journal.close().await;
    for options in [Options::default(), base.knowing_the_key()] {
        let report = copy.verified(&options).await.unwrap();
        assert!(
            names(&report, (DeviationKind::Key, Some(position.get()))),
            "{:?}",
            report.deviations
        );
    }
    copy.discard().await;
}
