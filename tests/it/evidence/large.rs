//! A journal of several pages: what lies at the edge of one, or reaches over many of them, is named as anything else
//! is, whether the events wait for their judges in memory or in a file.

use chrono::NaiveDate;
use sira::clock::Clock;
use sira::evidence::verify::{CheckReport, DeviationKind, Options};
use sira::evidence::{Keeper, KeeperConfig, load_or_create_key};
use sira::generate::{Population, generate};
use sira::journal::{Journal, RecordedEvent};
use sira::keys::{KeyStore, MasterKey};
use sira_numbers::Position;
use std::time::Duration;
use tempfile::tempdir;

use super::{check_with, log_key};
use crate::api::app::{MASTER, SIGNING_KEY, keys_url};
use crate::on_both_engines;
use crate::support::Engine;
use crate::support::owner::past_the_guards;

/// Positions of a page of the check.
const PAGE: u64 = 2_000;

/// A generated population of several pages, signed to its end.
async fn signed(engine: &Engine) -> Journal {
    let clock = Clock::manual(Population::begins_at());
    let journal = engine.journal_with(engine.config(), clock.clone()).await;
    let master = MasterKey::from_text(MASTER).unwrap();
    let keys = KeyStore::open(&keys_url(engine), master, clock.clone()).await.unwrap();
    let until = NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
    let population = Population { cases: 600, seed: 3, until };
    generate(&journal, &keys, &clock, population, |_| {}).await.unwrap();
    keys.close().await;
    let folder = tempdir().unwrap();
    let key = load_or_create_key(&journal, folder.path(), Some(SIGNING_KEY), None).await.unwrap();
    let config = KeeperConfig::new(folder.path(), Some(key.unwrap().0));
    let keeper = Keeper::start(&journal, &Clock::System, config);
    let head = journal.head().await.unwrap().position;
    keeper.evidence().covering(head, Duration::from_mins(1)).await.unwrap();
    keeper.stop().await;
    journal
}

/// What the check says, and says the same wherever events wait.
async fn checked(journal: &Journal) -> CheckReport {
    let options =
        |memory_bytes| Options { key: Some(log_key()), memory_bytes, ..Options::default() };
    let report = check_with(journal, options(None)).await;
    for memory_bytes in [0, 100_000] {
        let other = check_with(journal, options(Some(memory_bytes))).await;
        assert_eq!(other.deviations, report.deviations);
        assert_eq!((other.streams, other.root), (report.streams, report.root));
    }
    report
}

fn is_named(report: &CheckReport, kind: DeviationKind, first: u64, last: Option<u64>) -> bool {
    let place = |at: Option<Position>| at.map(Position::get);
    let is_it = |one: &sira::evidence::verify::Deviation| {
        (one.kind, place(one.position), place(one.to)) == (kind, Some(first), last)
    };
    report.deviations.iter().any(is_it)
}

async fn events(journal: &Journal) -> Vec<RecordedEvent> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position::START, |event| event.position);
        let page = journal.read_feed(after, 5_000).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

on_both_engines! {
    async fn what_reaches_over_the_edge_of_a_page_is_named_and_nothing_else(engine) {
        let journal = signed(engine).await;
        let all = events(&journal).await;
        let size = all.len() as u64;
        assert!(size > 3 * PAGE, "{size}");
        let whole = checked(&journal).await;
        assert!(whole.holds(), "{:?}", whole.deviations);
        let run = async |sql: String| past_the_guards(engine.url(), &[&sql]).await;

        // The last event of a page goes to the stream of another person, whose next event lies pages behind.
        let is_path = |event: &&RecordedEvent| event.stream.aggregate_type == "beneficiary";
        let moved = all[..usize::try_from(PAGE).unwrap()].iter().rfind(is_path).unwrap();
        let later = all.iter().filter(is_path).find(|event| {
            event.position.get() > 2 * PAGE && event.sequence.get() > 2 && event.stream != moved.stream
        });
        let (stream, at) = (&later.unwrap().stream, moved.position);
        let given = |id: String| format!("UPDATE events SET aggregate_id = '{id}', sequence = sequence + 900 WHERE position = {at}");
        run(given(stream.aggregate_id.to_string())).await;
        let report = checked(&journal).await;
        assert!(is_named(&report, DeviationKind::Altered, at.get(), None), "{:?}", report.deviations);
        let in_order = |kind| report.deviations.iter().filter(|one| one.kind == kind).count();
        // It follows in no stream, nor does what comes after it in either.
        assert!(in_order(DeviationKind::Sequence) >= 2, "{:?}", report.deviations);
        run(format!(
            "UPDATE events SET aggregate_id = '{}', sequence = {} WHERE position = {at}",
            moved.stream.aggregate_id, moved.sequence
        )).await;
        assert!(checked(&journal).await.holds());

        // A place that nobody would ever come to.
        let far = i64::MAX - 1;
        run(format!("UPDATE events SET position = {far} WHERE position = {PAGE}")).await;
        let report = checked(&journal).await;
        assert!(is_named(&report, DeviationKind::Missing, PAGE, None), "{:?}", report.deviations);
        assert!(is_named(&report, DeviationKind::Unreadable, far.unsigned_abs(), None), "{:?}", report.deviations);
        run(format!("UPDATE events SET position = {PAGE} WHERE position = {far}")).await;
        assert!(checked(&journal).await.holds());

        // A hole that is wider than a page, and begins within one.
        let (first, last) = (PAGE - 10, 2 * PAGE + 510);
        run(format!("DELETE FROM events WHERE position BETWEEN {first} AND {last}")).await;
        let report = checked(&journal).await;
        assert!(is_named(&report, DeviationKind::Missing, first, Some(last)), "{:?}", report.deviations);
        assert_eq!(report.events, size);
        let others = [DeviationKind::Altered, DeviationKind::Unreadable, DeviationKind::Time];
        assert!(!report.deviations.iter().any(|one| others.contains(&one.kind)), "{:?}", report.deviations);
    }
}
