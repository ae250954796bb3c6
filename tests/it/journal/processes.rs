//! Several processes on one database: two journals in one test are two processes to the database.

use futures::future::join_all;
use sira::journal::{AppendOutcome, Journal};
use sira_numbers::Version;

use super::{audit, commit, guard, key, request, stream, with_key, write};
use crate::on_both_engines;

on_both_engines! {
    async fn two_processes_interleave_without_a_gap(engine) {
        let journals = [engine.journal().await, engine.journal().await];
        let writers = (0..16).map(|n| {
            let journal = journals[n % 2].clone();
            tokio::spawn(async move {
                let stream = stream();
                for version in 0..15 {
                    commit(&journal, request([write(&stream, version, 1)])).await;
                }
            })
        });
        for writer in join_all(writers).await {
            writer.unwrap();
        }
        assert_eq!(audit(&journals[0]).await, audit(&journals[1]).await);
        assert_eq!(audit(&journals[0]).await.len(), 16 * 15);
    }

    async fn two_processes_on_one_stream_lose_no_update(engine) {
        let journals = [engine.journal().await, engine.journal().await];
        let stream = stream();
        let writers = journals.clone().map(|journal| {
            let stream = stream.clone();
            tokio::spawn(async move {
                for _ in 0..30 {
                    append_in_the_end(&journal, &stream).await;
                }
            })
        });
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(audit(&journals[0]).await.len(), 60);
    }

    async fn the_same_key_in_two_processes_has_one_effect(engine) {
        let journals = [engine.journal().await, engine.journal().await];
        for round in 0..20 {
            let stream = stream();
            let twin = with_key(request([write(&stream, 0, 1)]), key(&round.to_string()));
            let outcomes = join_all(journals.each_ref().map(|journal| journal.append(twin.clone()))).await;
            let committed = outcomes.iter().filter(|o| matches!(o, Ok(AppendOutcome::Committed(_))));
            let replayed = outcomes.iter().filter(|o| matches!(o, Ok(AppendOutcome::Replayed(_))));
            assert_eq!((committed.count(), replayed.count()), (1, 1), "{outcomes:?}");
        }
        assert_eq!(audit(&journals[0]).await.len(), 20);
    }

    async fn a_guard_sees_what_another_process_wrote(engine) {
        let (here, there) = (engine.journal().await, engine.journal().await);
        let (rules, path) = (stream(), stream());
        // This process wrote the rules itself and knows their version exactly, until the other writes.
        commit(&here, request([write(&rules, 0, 1)])).await;
        commit(&there, request([write(&rules, 1, 1)])).await;
        let mut late = request([write(&path, 0, 1)]);
        late.guards.push(guard(&rules, 1));
        let outcome = here.append(late).await.unwrap();
        assert_eq!(outcome, AppendOutcome::Stale { stream: rules, expected: 1.into(), actual: 2.into() });
        assert_eq!(audit(&here).await.len(), 2);
    }

    async fn a_floor_that_another_process_has_passed_is_not_taken_for_the_version(engine) {
        let (here, there) = (engine.journal().await, engine.journal().await);
        let stream = stream();
        commit(&here, request([write(&stream, 0, 2)])).await;
        commit(&there, request([write(&stream, 2, 2)])).await;
        let outcome = here.append(request([write(&stream, 2, 1)])).await.unwrap();
        assert_eq!(outcome, AppendOutcome::Stale { stream: stream.clone(), expected: 2.into(), actual: 4.into() });
        commit(&here, request([write(&stream, 4, 1)])).await;
        assert_eq!(audit(&there).await.len(), 5);
    }

    async fn a_setting_is_set_by_whoever_comes_first(engine) {
        let (here, there) = (engine.journal().await, engine.journal().await);
        assert_eq!(here.setting("origin").await.unwrap(), None);
        assert_eq!(here.set_once("origin", "a").await.unwrap(), "a");
        assert_eq!(there.set_once("origin", "b").await.unwrap(), "a");
        assert_eq!(there.setting("origin").await.unwrap().as_deref(), Some("a"));
    }
}

/// Loads the stream and appends to it, until no other was faster.
async fn append_in_the_end(journal: &Journal, stream: &sira::journal::StreamId) {
    loop {
        let version = journal.read_stream(stream, 0.into()).await.unwrap().len() as u64;
        let version = Version::of_count(version);
        let outcome = journal.append(request([write(stream, version, 1)])).await.unwrap();
        match outcome {
            AppendOutcome::Committed(_) => return,
            AppendOutcome::Stale { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}
