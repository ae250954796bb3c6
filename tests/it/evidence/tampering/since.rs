//! The nightly run: what it reads again since the last one, and what it does not.

use sira::evidence::verify::{DeviationKind, Options};
use sira::journal::StreamId;

use super::base::Base;
use super::expected::{Named, names};

/// The position up to which an earlier run found everything right.
const SINCE: u64 = 250;

/// What is changed, and what must be named then; nothing where it is not read.
struct Case {
    name: &'static str,
    sql: String,
    names: Option<Named>,
}

fn set(position: u64, what: &str) -> String {
    format!("UPDATE events SET {what} WHERE position = {position}")
}

/// The last event up to the checkpoint whose stream goes on after it, or does not.
fn older(base: &Base, since: u64, goes_on: bool) -> u64 {
    let later = |stream: &StreamId| {
        base.events.iter().any(|one| one.position.get() > since && one.stream == *stream)
    };
    let is_it = |position: &u64| {
        let event = base.event(*position);
        event.stream.aggregate_type == "beneficiary" && later(&event.stream) == goes_on
    };
    (1..=since).rev().find(is_it).unwrap()
}

fn cases(base: &Base, since: u64) -> Vec<Case> {
    let case = |name, sql, names| Case { name, sql, names };
    let (goes_on, has_ended) = (older(base, since, true), older(base, since, false));
    let hash = "leaf_hash = (SELECT leaf_hash FROM events WHERE position = 1)";
    let version = "event_version = '9.9'";
    let at = |kind, position| Some((kind, Some(position)));
    vec![
        case("contents after it", set(300, version), at(DeviationKind::Altered, 300)),
        case("the last", set(base.last().0, version), at(DeviationKind::Altered, base.last().0)),
        case("a hash before it", set(120, hash), at(DeviationKind::NotInTree, 120)),
        case("a hash before it, against it", set(120, hash), at(DeviationKind::Held, since)),
        case(
            "an id before it",
            set(120, "aggregate_id = 'nobody'"),
            at(DeviationKind::Unreadable, 120),
        ),
        case("a sequence before it", set(120, "sequence = 999"), at(DeviationKind::Sequence, 120)),
        case(
            "a hole before it",
            "DELETE FROM events WHERE position = 120".to_owned(),
            at(DeviationKind::Missing, 120),
        ),
        case(
            "what a path that goes on rests on",
            set(goes_on, version),
            at(DeviationKind::Altered, goes_on),
        ),
        case("what nothing newer rests on", set(has_ended, version), None),
    ]
}

pub async fn every_change_that_is_read_is_named(base: &Base) {
    let (since, note) = base.covering(SINCE);
    let options = Options { since: Some(note), ..base.knowing_the_key() };
    let copy = base.copy("since").await;
    let report = copy.verified(&options).await.unwrap();
    assert!(report.holds(), "{:?}", report.deviations);
    copy.discard().await;
    for case in cases(base, since) {
        let copy = base.copy("since").await;
        let mut hand = copy.hand().await;
        hand.run(&case.sql).await;
        hand.close().await;
        let report = copy.verified(&options).await.unwrap();
        if let Some(one) = case.names {
            assert!(names(&report, one), "{}: {:?}", case.name, report.deviations);
        } else {
            assert!(report.holds(), "{}: {:?}", case.name, report.deviations);
            assert!(!copy.verified(&base.knowing_the_key()).await.unwrap().holds());
        }
        copy.discard().await;
    }
}
