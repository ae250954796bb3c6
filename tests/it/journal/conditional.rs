//! Referred writes: a guard that lets a stream grow to a limit, asked by many at once.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sira::journal::{
    AppendOutcome, AppendRequest, BatchCheck, ConditionalWrite, GuardRefusal, Journal,
    RecordedEvent, StreamId, WriteGuard,
};
use sira_numbers::Version;
use uuid::Uuid;

use super::faults::journal_behind_proxy;
use super::{audit, commit, event, key, request, with_key, write};
use crate::support::Engine;
use crate::support::proxy::Fault;

/// Lets a stream grow to `limit` events.
#[derive(Debug)]
struct UpTo {
    limit: u64,
    version: AtomicU64,
}

#[derive(Debug, thiserror::Error)]
#[error("full at {0}")]
struct Full(u64);

struct Growing {
    guard: Arc<UpTo>,
    version: Version,
}

impl WriteGuard for UpTo {
    fn version(&self) -> Version {
        Version::of_count(self.version.load(Ordering::SeqCst))
    }

    fn catch_up(&self, events: &[RecordedEvent]) -> Result<(), GuardRefusal> {
        for event in events {
            let before = self.version.swap(event.sequence.get(), Ordering::SeqCst);
            assert_eq!(before + 1, event.sequence.get(), "events come in order, none left out");
        }
        Ok(())
    }

    fn reset(&self) {
        self.version.store(0, Ordering::SeqCst);
    }

    fn begin(self: Arc<Self>) -> Box<dyn BatchCheck> {
        let version = self.version();
        Box::new(Growing { guard: self, version })
    }
}

impl BatchCheck for Growing {
    fn version(&self) -> Version {
        self.version
    }

    fn check(&self, proposed: &(dyn Any + Send + Sync)) -> Result<(), GuardRefusal> {
        assert_eq!(proposed.downcast_ref(), Some(&"one more"));
        let limit = self.guard.limit;
        if self.version.get() < limit { Ok(()) } else { Err(GuardRefusal(Arc::new(Full(limit)))) }
    }

    fn take(&mut self, _: &(dyn Any + Send + Sync)) {
        self.version = self.version.next();
    }

    fn keep(self: Box<Self>) {
        self.guard.version.store(self.version.get(), Ordering::SeqCst);
    }
}

fn up_to(limit: u64) -> Arc<UpTo> {
    Arc::new(UpTo { limit, version: AtomicU64::new(0) })
}

/// A write to a stream of its own, and one more event for the shared stream.
fn one_more(shared: &StreamId, guard: &Arc<UpTo>) -> AppendRequest {
    let own = StreamId::new("A", Uuid::now_v7());
    let conditional = ConditionalWrite {
        stream: shared.clone(),
        event: event("shared"),
        guard: guard.clone(),
        proposed: Arc::new("one more"),
    };
    AppendRequest { conditional: vec![conditional], ..request([write(&own, 0, 1)]) }
}

fn shared() -> StreamId {
    StreamId::new("Shared", Uuid::now_v7())
}

async fn count(journal: &Journal, stream: &StreamId) -> usize {
    journal.read_stream(stream, 0.into()).await.unwrap().len()
}

/// Asks so many times at once; how many were let in.
async fn storm(journals: &[(&Journal, &Arc<UpTo>)], stream: &StreamId, asks: usize) -> usize {
    let asks = (0..asks).map(|index| {
        let (journal, guard) = journals[index % journals.len()];
        journal.append(one_more(stream, guard))
    });
    let outcomes = futures::future::join_all(asks).await;
    let committed =
        |outcome: &&Result<AppendOutcome, _>| matches!(outcome, Ok(AppendOutcome::Committed(_)));
    for outcome in outcomes.iter().filter(|outcome| !committed(outcome)) {
        let Ok(AppendOutcome::Forbidden(refusal)) = outcome else { panic!("{outcome:?}") };
        assert!(refusal.0.downcast_ref::<Full>().is_some(), "{refusal}");
    }
    outcomes.iter().filter(committed).count()
}

crate::on_both_engines! {
    async fn exactly_as_many_are_let_in_as_the_arbiter_allows_and_nobody_loses_a_race(engine) {
        let journal = engine.journal().await;
        let (stream, guard) = (shared(), up_to(40));
        assert_eq!(storm(&[(&journal, &guard)], &stream, 300).await, 40);
        assert_eq!((count(&journal, &stream).await, guard.version()), (40, 40.into()));
        let events = audit(&journal).await;
        assert_eq!(events.len(), 80, "one who is not let in writes nothing anywhere");
    }

    async fn an_arbiter_that_knows_nothing_yet_or_missed_plain_writes_is_brought_up_to_date(engine) {
        let journal = engine.journal().await;
        let stream = shared();
        commit(&journal, request([write(&stream, 0, 3)])).await;
        let guard = up_to(5);
        assert_eq!(commit(&journal, one_more(&stream, &guard)).await.versions, [1, 4].map(Version::from));
        commit(&journal, request([write(&stream, 4, 1)])).await;
        let outcome = journal.append(one_more(&stream, &guard)).await.unwrap();
        assert!(matches!(outcome, AppendOutcome::Forbidden(_)), "{outcome:?}");
        assert_eq!(guard.version(), 5.into());
    }

    async fn a_retry_gets_its_answer_whatever_the_arbiter_would_say_now(engine) {
        let journal = engine.journal().await;
        let (stream, guard) = (shared(), up_to(1));
        let asked = with_key(one_more(&stream, &guard), key("once"));
        commit(&journal, asked.clone()).await;
        let again = journal.append(asked).await.unwrap();
        assert!(matches!(again, AppendOutcome::Replayed(_)), "{again:?}");
        assert_eq!(count(&journal, &stream).await, 1);
    }

    async fn a_referral_beside_a_stale_write_moves_nothing(engine) {
        let journal = engine.journal().await;
        let (stream, guard) = (shared(), up_to(9));
        let mut stale = one_more(&stream, &guard);
        stale.writes[0].expected_version = 7.into();
        let outcomes = futures::future::join_all([
            journal.append(one_more(&stream, &guard)),
            journal.append(stale),
            journal.append(one_more(&stream, &guard)),
        ])
        .await;
        assert!(matches!(outcomes[1], Ok(AppendOutcome::Stale { .. })), "{outcomes:?}");
        assert_eq!((count(&journal, &stream).await, guard.version()), (2, 2.into()));
    }

    async fn two_processes_with_an_arbiter_each_let_in_no_more_than_one_would(engine) {
        let (one, two) = (engine.journal().await, engine.journal().await);
        let (stream, first, second) = (shared(), up_to(50), up_to(50));
        let sides = [(&one, &first), (&two, &second)];
        assert_eq!(storm(&sides, &stream, 160).await, 50);
        assert_eq!(count(&one, &stream).await, 50);
        audit(&two).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_commit_leaves_the_arbiter_where_the_stream_is() {
    let engine = Engine::postgres().await;
    let (journal, proxy) = journal_behind_proxy(&engine).await;
    let (stream, guard) = (shared(), up_to(1_000));
    for fault in [Fault::CommitLost, Fault::AnswerLost, Fault::CommitLost] {
        proxy.set(fault);
        let asks = (0..40).map(|_| journal.append(one_more(&stream, &guard)));
        let outcomes = futures::future::join_all(asks).await;
        assert!(outcomes.iter().all(|one| matches!(one, Ok(AppendOutcome::Committed(_)))));
        assert_eq!(guard.version().get(), count(&journal, &stream).await as u64);
    }
    assert_eq!(guard.version(), 120.into());
    audit(&journal).await;
}
