//! What may be appended, and what a refused request leaves behind: nothing.

use futures::future::join_all;
use sira::clock::Clock;
use sira::journal::{Alias, AppendOutcome, JournalError, KeyLookup, RequestKey};
use sira_numbers::Version;

use super::{audit, commit, event, guard, key, request, stream, with_key, write};
use crate::on_both_engines;

on_both_engines! {
    async fn sixty_four_concurrent_writers_leave_no_gap(engine) {
        let journal = engine.journal().await;
        let writers = (0..64).map(|_| {
            let journal = journal.clone();
            tokio::spawn(async move {
                let stream = stream();
                for version in 0..10_u32 {
                    commit(&journal, request([write(&stream, version * 2, 2)])).await;
                }
            })
        });
        for writer in join_all(writers).await {
            writer.unwrap();
        }
        assert_eq!(audit(&journal).await.len(), 64 * 20);
        assert_eq!(*journal.committed().borrow(), (64 * 20).into());
        journal.close().await;
    }

    async fn a_stale_expected_version_is_refused_with_both_numbers(engine) {
        let journal = engine.journal().await;
        let stream = stream();
        commit(&journal, request([write(&stream, 0, 3)])).await;
        // Too low, as a lost race is; and too high, which would leave a gap in the stream.
        for expected in [0, 2, 4, 9].map(Version::from) {
            let outcome = journal.append(request([write(&stream, expected, 1)])).await.unwrap();
            let stale = AppendOutcome::Stale { stream: stream.clone(), expected, actual: 3.into() };
            assert_eq!(outcome, stale);
        }
        assert_eq!(audit(&journal).await.len(), 3);
    }

    async fn an_unknown_stream_cannot_be_continued(engine) {
        let journal = engine.journal().await;
        let stream = stream();
        let outcome = journal.append(request([write(&stream, 5, 1)])).await.unwrap();
        assert_eq!(outcome, AppendOutcome::Stale { stream, expected: 5.into(), actual: 0.into() });
        assert_eq!(audit(&journal).await.len(), 0);
    }

    async fn a_stale_guard_refuses_the_whole_request(engine) {
        let journal = engine.journal().await;
        let (rules, path) = (stream(), stream());
        commit(&journal, request([write(&rules, 0, 1)])).await;
        let mut good = request([write(&path, 0, 1)]);
        good.guards.push(guard(&rules, 1));
        commit(&journal, good).await;
        commit(&journal, request([write(&rules, 1, 1)])).await;
        let mut late = request([write(&path, 1, 1)]);
        late.guards.push(guard(&rules, 1));
        let outcome = journal.append(late).await.unwrap();
        assert_eq!(outcome, AppendOutcome::Stale { stream: rules, expected: 1.into(), actual: 2.into() });
        assert_eq!(audit(&journal).await.len(), 3);
    }

    async fn two_streams_are_written_together_or_not_at_all(engine) {
        let journal = engine.journal().await;
        let (path, fund) = (stream(), stream());
        let both = commit(&journal, request([write(&path, 0, 2), write(&fund, 0, 1)])).await;
        assert_eq!((both.position, both.versions), (3.into(), vec![2.into(), 1.into()]));
        let outcome = journal.append(request([write(&path, 2, 1), write(&fund, 0, 1)])).await;
        assert!(matches!(outcome, Ok(AppendOutcome::Stale { .. })));
        assert_eq!(journal.read_stream(&path, 0.into()).await.unwrap().len(), 2);
        assert_eq!(audit(&journal).await.len(), 3);
    }

    async fn a_refused_request_does_not_fail_its_neighbours(engine) {
        let journal = engine.journal().await;
        let (a, b, c) = (stream(), stream(), stream());
        // Polled in order, so that they wait together and become one batch.
        let outcomes = join_all([
            journal.append(request([write(&a, 0, 1)])),
            journal.append(request([write(&b, 7, 1)])),
            journal.append(request([write(&a, 0, 1)])),
            journal.append(request([write(&a, 1, 1)])),
            journal.append(request([write(&c, 0, 1)])),
        ])
        .await;
        let committed: Vec<bool> = outcomes
            .iter()
            .map(|outcome| matches!(outcome, Ok(AppendOutcome::Committed(_))))
            .collect();
        assert_eq!(committed, [true, false, false, true, true]);
        assert_eq!(audit(&journal).await.len(), 3);
    }

    async fn a_key_is_answered_once_and_replayed_after(engine) {
        let journal = engine.journal().await;
        let stream = stream();
        let first = with_key(request([write(&stream, 0, 2)]), key("k"));
        let committed = commit(&journal, first.clone()).await;
        // The stream has moved on since: a retry is answered all the same.
        commit(&journal, request([write(&stream, 2, 1)])).await;
        let AppendOutcome::Replayed(stored) = journal.append(first.clone()).await.unwrap() else {
            panic!("not replayed");
        };
        assert_eq!((stored.position, stored.version), (2.into(), 2.into()));
        assert_eq!(stored.recorded_at, committed.recorded_at);
        assert_eq!(stored.answer, first.answer);
        assert_eq!(
            journal.find_answer(&key("k")).await.unwrap(),
            Some(KeyLookup::Answer(stored))
        );
        let other = RequestKey { body_hash: crate::journal::other_body(), ..key("k") };
        assert_eq!(journal.find_answer(&other).await.unwrap(), Some(KeyLookup::OtherBody));
        let reused = journal.append(with_key(request([write(&stream, 3, 1)]), other)).await;
        assert_eq!(reused.unwrap(), AppendOutcome::KeyReused);
        let of_another = RequestKey { actor: "moussa".to_owned(), ..key("k") };
        commit(&journal, with_key(request([write(&stream, 3, 1)]), of_another)).await;
        assert_eq!(audit(&journal).await.len(), 4);
    }

    async fn the_same_key_twice_in_one_batch_has_one_effect(engine) {
        let journal = engine.journal().await;
        let (stream, late) = (stream(), stream());
        let twin = with_key(request([write(&stream, 0, 1)]), key("k"));
        let other = RequestKey { body_hash: crate::journal::other_body(), ..key("k") };
        let outcomes = join_all([
            journal.append(twin.clone()),
            journal.append(twin),
            journal.append(with_key(request([write(&late, 0, 1)]), other)),
        ])
        .await;
        assert!(matches!(outcomes[0], Ok(AppendOutcome::Committed(_))));
        assert!(matches!(&outcomes[1], Ok(AppendOutcome::Replayed(stored)) if stored.version == 1.into()));
        assert!(matches!(outcomes[2], Ok(AppendOutcome::KeyReused)));
        assert_eq!(audit(&journal).await.len(), 1);
    }

    async fn an_answer_without_events_is_remembered(engine) {
        let journal = engine.journal().await;
        commit(&journal, request([write(&stream(), 0, 3)])).await;
        let nothing = with_key(request([]), key("already done"));
        let committed = commit(&journal, nothing.clone()).await;
        assert_eq!((committed.position, committed.versions.len()), (3.into(), 0));
        let replayed = journal.append(nothing).await.unwrap();
        assert!(matches!(replayed, AppendOutcome::Replayed(stored) if stored.position == 3.into()));
        assert_eq!(audit(&journal).await.len(), 3);
    }

    async fn an_alias_leads_to_one_stream(engine) {
        let journal = engine.journal().await;
        let (a, b) = (stream(), stream());
        let named = |stream: &_| {
            let mut request = request([write(stream, 0, 1)]);
            request.alias = Some(Alias { alias: "7K3M-9QX2-C".to_owned(), stream: stream.clone() });
            request
        };
        commit(&journal, named(&a)).await;
        assert_eq!(journal.append(named(&b)).await.unwrap(), AppendOutcome::AliasTaken);
        assert_eq!(journal.find_alias("7K3M-9QX2-C").await.unwrap(), Some(a));
        assert_eq!(journal.find_alias("none").await.unwrap(), None);
        assert_eq!(audit(&journal).await.len(), 1);
    }

    async fn the_time_never_goes_back_when_the_clock_does(engine) {
        let at = |text: &str| text.parse().unwrap();
        let clock = Clock::manual(at("2026-03-01T12:00:00.000001Z"));
        let journal = engine.journal_with(engine.config(), clock.clone()).await;
        let first = commit(&journal, request([write(&stream(), 0, 1)])).await;
        clock.set(at("2026-02-01T00:00:00Z"));
        let second = commit(&journal, request([write(&stream(), 0, 1)])).await;
        assert_eq!(second.recorded_at, first.recorded_at);
        clock.set(at("2026-04-01T00:00:00Z"));
        let third = commit(&journal, request([write(&stream(), 0, 1)])).await;
        assert_eq!(third.recorded_at, clock.now());
        audit(&journal).await;
    }

    async fn what_no_journal_can_hold_is_refused_at_once(engine) {
        let journal = engine.journal().await;
        let stream = stream();
        let mut bad = Vec::new();
        for payload in ["", "{", "{} {}", "\u{0}"] {
            let mut event = event("x");
            payload.clone_into(&mut event.payload);
            bad.push(event);
        }
        for name in ["", "A\nB", "\u{7f}", &"x".repeat(256)] {
            let mut event = event("x");
            event.event_type = name.to_owned().into();
            bad.push(event);
        }
        for event in bad {
            let mut write = write(&stream, 0, 0);
            write.events.push(event);
            let refused = journal.append(request([write])).await;
            assert!(matches!(refused, Err(JournalError::Invalid { .. })), "{refused:?}");
        }
        let twice = request([write(&stream, 0, 1), write(&stream, 1, 1)]);
        assert!(matches!(journal.append(twice).await, Err(JournalError::Invalid { .. })));
        let empty = request([write(&stream, 0, 0)]);
        assert!(matches!(journal.append(empty).await, Err(JournalError::Invalid { .. })));
        assert_eq!(audit(&journal).await.len(), 0);
    }

    async fn a_request_that_only_the_database_refuses_stands_alone(engine) {
        let journal = engine.journal().await;
        // Valid JSON, but nested more deeply than a server's stack allows. SQLite takes it as text.
        let mut deep = write(&stream(), 0, 1);
        deep.events[0].payload = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let outcomes = join_all([
            journal.append(request([write(&stream(), 0, 1)])),
            journal.append(request([deep])),
            journal.append(request([write(&stream(), 0, 1)])),
        ])
        .await;
        assert!(matches!(outcomes[0], Ok(AppendOutcome::Committed(_))));
        assert_eq!(outcomes[1].is_err(), engine.port().is_some());
        assert!(matches!(outcomes[2], Ok(AppendOutcome::Committed(_))));
        audit(&journal).await;
    }
}
