//! When a journal takes nothing more, and goes on reading: a clock that cannot be right, guards that are gone, a
//! history with a hole, a head with company.

use chrono::{DateTime, TimeDelta, Utc};
use sira::clock::Clock;
use sira::journal::{ClockFault, Halt, Journal, JournalError};
use sira_numbers::{Position, Version};

use super::{commit, request, stream, write};
use crate::on_both_engines;
use crate::support::Engine;
use crate::support::owner::past_the_guards;

fn day(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Why an append is refused now.
async fn refused(journal: &Journal) -> Halt {
    match journal.append(request([write(&stream(), 0, 1)])).await {
        Err(JournalError::Halted(why)) => {
            assert_eq!(journal.halted(), Some(why.clone()));
            why
        }
        other => panic!("{other:?}"),
    }
}

async fn record(journal: &Journal) -> DateTime<Utc> {
    commit(journal, request([write(&stream(), 0, 1)])).await.recorded_at
}

/// Sets the last recorded time under a journal, and opens it anew.
async fn with_head(engine: &Engine, journal: Journal, at: &str) -> Journal {
    journal.close().await;
    past_the_guards(engine.url(), &[&format!("UPDATE journal_head SET recorded_at = '{at}'")])
        .await;
    engine.journal().await
}

/// Refused as a contradiction, or, once a reader has met the place that is empty, as what cannot be read.
fn is_refused<T>(answer: &Result<T, JournalError>) -> bool {
    matches!(answer, Err(JournalError::Inconsistent { .. } | JournalError::Unreadable { .. }))
}

on_both_engines! {
    async fn a_clock_that_is_set_while_it_is_watched_gives_no_event_its_time(engine) {
        let clock = Clock::wrong();
        let journal = engine.journal_with(engine.config(), clock.clone()).await;
        record(&journal).await;
        for wrong in ["2099-01-01T00:00:00Z", "2001-01-01T00:00:00Z"] {
            clock.set(day(wrong));
            let why = refused(&journal).await;
            // Where there is a server, its clock says by how much.
            let is_right = match &why {
                Halt::Clock(ClockFault::Apart { .. }) => engine.port().is_some(),
                Halt::Clock(ClockFault::Jumped { .. }) => true,
                _ => false,
            };
            assert!(is_right, "{why:?}");
            assert_eq!(journal.head().await.unwrap().position, Position::FIRST);
        }
        clock.set(Clock::System.now());
        assert!(Clock::System.now() - record(&journal).await < TimeDelta::minutes(1));
        assert_eq!(journal.halted(), None);
    }

    async fn a_last_time_that_is_not_yet_waits_for_somebody_to_accept_it(engine) {
        let journal = engine.journal().await;
        record(&journal).await;
        let journal = with_head(engine, journal, "2999-01-01T00:00:00.000000Z").await;
        // A start knows it before anybody writes.
        assert!(matches!(journal.halted(), Some(Halt::Clock(ClockFault::HeadAhead { .. }))));
        assert!(matches!(refused(&journal).await, Halt::Clock(ClockFault::HeadAhead { .. })));
        assert!(journal.accept_clock("admin").await.unwrap());
        assert_eq!(record(&journal).await, day("2999-01-01T00:00:00Z"));
        assert!(!journal.accept_clock("admin").await.unwrap(), "it was accepted already");
        journal.close().await;
        let journal = engine.journal().await;
        assert_eq!(record(&journal).await, day("2999-01-01T00:00:00Z"));
        let kept = journal.settings_like("clock_accepted/").await.unwrap();
        assert!(matches!(kept.as_slice(), [one] if one.ends_with(" admin")), "{kept:?}");
    }

    async fn a_journal_that_rested_for_a_season_goes_on_and_after_decades_asks(engine) {
        let journal = engine.journal().await;
        record(&journal).await;
        let ago = |days| sira_evidence::leaf::time_text(Clock::System.now() - TimeDelta::days(days));
        let journal = with_head(engine, journal, &ago(200)).await;
        record(&journal).await;
        let journal = with_head(engine, journal, &ago(365 * 20)).await;
        assert!(matches!(refused(&journal).await, Halt::Clock(ClockFault::Rested { .. })));
        assert!(journal.accept_clock("admin").await.unwrap());
        record(&journal).await;
        assert_eq!(journal.halted(), None);
    }

    async fn a_head_with_company_opens_no_journal(engine) {
        let journal = engine.journal().await;
        record(&journal).await;
        journal.close().await;
        let second = "INSERT INTO journal_head (journal, next_position, recorded_at) \
             VALUES ('second', 1, '2026-01-01T00:00:00.000000Z')";
        past_the_guards(engine.url(), &[second]).await;
        let opened = Journal::open(&engine.config(), Clock::System).await;
        assert!(matches!(opened, Err(JournalError::OtherJournal { .. })));
    }

    async fn a_history_with_a_hole_or_without_its_end_is_not_shown(engine) {
        let journal = engine.journal().await;
        let (one, other) = (stream(), stream());
        commit(&journal, request([write(&other, 0, 5)])).await;
        commit(&journal, request([write(&one, 0, 5)])).await;
        let gone = |stream: &sira::journal::StreamId, sequence: u32| {
            format!("DELETE FROM events WHERE aggregate_id = '{}' AND sequence = {sequence}", stream.aggregate_id)
        };
        past_the_guards(engine.url(), &[&gone(&one, 3), &gone(&other, 5)]).await;
        for (stream, after) in [(&one, 0), (&one, 2), (&other, 0), (&other, 4)] {
            let read = journal.read_stream(stream, Version::from(after)).await;
            assert!(is_refused(&read), "{read:?}");
        }
        assert_eq!(journal.read_stream(&one, Version::from(3)).await.unwrap().len(), 2);
        let batch = journal.read_streams("Beneficiary", &[one.aggregate_id], 10.into()).await;
        assert!(is_refused(&batch), "{batch:?}");
        // Its last number is not given again.
        let again = journal.append(request([write(&other, 4, 1)])).await;
        assert!(!matches!(again, Ok(sira::journal::AppendOutcome::Committed(_))), "{again:?}");
        // Another process has not seen it: what the signer knows it learns.
        let journal = engine.journal().await;
        assert_eq!(journal.read_stream(&other, Version::ZERO).await.unwrap().len(), 4);
        let id = other.aggregate_id;
        journal.know_heads(move |stream| (stream.aggregate_id == id).then(|| 5.into()));
        assert!(journal.read_stream(&other, Version::ZERO).await.is_err());
        let again = journal.append(request([write(&other, 4, 1)])).await;
        assert!(is_refused(&again), "{again:?}");
    }

    async fn a_halted_journal_answers_each_append_and_reads_on(engine) {
        let journal = engine.journal().await;
        record(&journal).await;
        journal.halt(Halt::Index { told: "first".to_owned() });
        journal.halt(Halt::Index { told: "second".to_owned() });
        for _ in 0..2 {
            assert_eq!(refused(&journal).await, Halt::Index { told: "first".to_owned() });
        }
        assert_eq!(journal.read_feed(0.into(), 10).await.unwrap().len(), 1);
        journal.close().await;
        // The next start looks for itself.
        record(&engine.journal().await).await;
    }

    async fn the_guards_of_a_fresh_database_are_those_that_the_program_knows(engine) {
        let journal = engine.journal().await;
        assert_eq!(journal.guard_faults().await.unwrap(), Vec::new());
        let Some(found) = journal.guards_listed().await.unwrap() else { return };
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/journal/src/guards/postgres.txt");
        if std::env::var_os("SIRA_WRITE").is_some() {
            std::fs::write(path, &found).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), found);
        // Every table of the migrations is watched.
        let pool = match journal.pool() {
            sira::journal::Pool::Postgres(pool) => pool,
            sira::journal::Pool::Sqlite(_) => unreachable!(),
        };
        let sql = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(pool).await.unwrap();
        for table in tables.iter().filter(|table| *table != "_sqlx_migrations") {
            assert!(found.contains(&format!("column\t{table}\t")), "{table} is not watched");
        }
    }
}

#[tokio::test]
async fn a_server_says_when_its_indexes_cannot_be_compared_and_compares_them_when_they_can() {
    use sira::journal::IndexCheck;
    let engine = Engine::postgres().await;
    let journal = engine.journal().await;
    record(&journal).await;
    let unavailable = journal.check_indexes().await.unwrap();
    assert_eq!(unavailable, IndexCheck::Unavailable("CREATE EXTENSION amcheck"));
    past_the_guards(engine.url(), &["CREATE EXTENSION amcheck"]).await;
    assert_eq!(journal.check_indexes().await.unwrap(), IndexCheck::Done(Vec::new()));
}
