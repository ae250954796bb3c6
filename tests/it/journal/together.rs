//! Requests that stand together: all are recorded, or none.

use std::sync::Arc;

use futures::future::join_all;
use sira::journal::{Alias, AppendOutcome, AppendRequest, Bulk, Journal, JournalError, StreamId};
use sira_numbers::Version;

use super::faults::journal_behind_proxy;
use super::{audit, commit, guard, key, other_body, request, stream, with_key, write};
use crate::support::Engine;
use crate::support::proxy::Fault;

async fn together(
    journal: &Journal,
    requests: impl IntoIterator<Item = AppendRequest>,
) -> Result<Vec<AppendOutcome>, JournalError> {
    journal.append_together(Bulk::new(requests.into_iter().collect()).unwrap()).await
}

fn are_committed(outcomes: &[AppendOutcome]) -> bool {
    outcomes.iter().all(|outcome| matches!(outcome, AppendOutcome::Committed(_)))
}

/// Two requests on one stream and one on another.
fn three(one: &StreamId, other: &StreamId) -> [AppendRequest; 3] {
    [
        with_key(request([write(one, 0, 1)]), key(&format!("{one}-1"))),
        with_key(request([write(one, 1, 2)]), key(&format!("{one}-2"))),
        with_key(request([write(other, 0, 1)]), key(&format!("{other}-1"))),
    ]
}

crate::on_both_engines! {
    async fn each_is_judged_on_what_those_before_it_do(engine) {
        let journal = engine.journal().await;
        let (one, other) = (stream(), stream());
        let outcomes = together(&journal, three(&one, &other)).await.unwrap();
        let versions: Vec<u64> = outcomes
            .iter()
            .map(|outcome| match outcome {
                AppendOutcome::Committed(committed) => committed.versions[0].get(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(versions, [1, 3, 1]);
        assert_eq!(audit(&journal).await.len(), 4);
        assert!(together(&journal, []).await.unwrap().is_empty());
    }

    async fn one_that_is_refused_keeps_all_of_them_out_whatever_it_is_refused_for(engine) {
        let journal = engine.journal().await;
        let (known, named) = (stream(), stream());
        commit(&journal, with_key(request([write(&known, 0, 2)]), key("known"))).await;
        let alias = |stream: &StreamId| Alias { alias: "0000".to_owned(), stream: stream.clone() };
        let first = AppendRequest { alias: Some(alias(&named)), ..request([write(&named, 0, 1)]) };
        commit(&journal, first).await;
        let fresh = stream();
        let mut taken = key("known");
        taken.body_hash = other_body();
        let refused = [
            request([write(&known, 1, 1)]),
            AppendRequest { guards: vec![guard(&known, 1)], ..request([write(&stream(), 0, 1)]) },
            AppendRequest { alias: Some(alias(&fresh)), ..request([write(&fresh, 0, 1)]) },
            with_key(request([write(&known, 2, 1)]), key("known")),
            with_key(request([write(&known, 2, 1)]), taken),
        ];
        for one in refused {
            let (before, after) = (stream(), stream());
            let requests = [request([write(&before, 0, 1)]), one, request([write(&after, 0, 1)])];
            let outcomes = together(&journal, requests).await.unwrap();
            assert_eq!((&outcomes[0], &outcomes[2]), (&AppendOutcome::Withheld, &AppendOutcome::Withheld));
            assert!(!matches!(outcomes[1], AppendOutcome::Committed(_) | AppendOutcome::Withheld), "{outcomes:?}");
            assert_eq!(audit(&journal).await.len(), 3, "{outcomes:?}");
        }
        // What was withheld is not known of: its streams begin at nothing, and its keys are free.
        let (one, other) = (stream(), stream());
        let [a, b, c] = three(&one, &other);
        let stale = request([write(&known, 0, 1)]);
        let outcomes = together(&journal, [a.clone(), b.clone(), stale]).await.unwrap();
        assert!(!are_committed(&outcomes));
        assert!(are_committed(&together(&journal, [a, b, c]).await.unwrap()));
    }

    async fn the_same_again_is_answered_and_not_recorded(engine) {
        let journal = engine.journal().await;
        let (one, other) = (stream(), stream());
        assert!(are_committed(&together(&journal, three(&one, &other)).await.unwrap()));
        let again = together(&journal, three(&one, &other)).await.unwrap();
        assert!(again.iter().all(|one| matches!(one, AppendOutcome::Replayed(_))), "{again:?}");
        let twice = [with_key(request([write(&stream(), 0, 1)]), key("t")), with_key(request([write(&stream(), 0, 1)]), key("t"))];
        assert!(matches!(together(&journal, twice).await, Err(JournalError::Invalid { field: "key", .. })));
        assert_eq!(audit(&journal).await.len(), 4);
    }

    async fn among_many_others_none_is_taken_in_part_and_the_others_are_not_kept_out(engine) {
        let journal = Arc::new(engine.journal().await);
        let hot = stream();
        let groups = (0..30_u64).map(|number| {
            let (journal, hot) = (journal.clone(), hot.clone());
            async move {
                let own = stream();
                // All of them want the same place on one stream: one of them gets it.
                let requests = [request([write(&own, 0, 2)]), request([write(&hot, 0, 1)]), request([write(&own, 2, 1)])];
                let taken = are_committed(&together(&journal, requests).await.unwrap());
                let events = journal.read_stream(&own, Version::ZERO).await.unwrap().len();
                assert_eq!(events, if taken { 3 } else { 0 }, "group {number}");
                u64::from(taken)
            }
        });
        let singles = (0..30).map(|_| {
            let journal = journal.clone();
            async move { drop(commit(&journal, request([write(&stream(), 0, 1)])).await) }
        });
        let (taken, _) = futures::future::join(join_all(groups), join_all(singles)).await;
        assert_eq!(taken.iter().sum::<u64>(), 1);
        assert_eq!(audit(&journal).await.len(), 34);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_breaks_in_the_commit_leaves_all_of_them_or_none() {
    let engine = Engine::postgres().await;
    let (journal, proxy) = journal_behind_proxy(&engine).await;
    let mut taken = 0;
    for number in 0..6 {
        let (one, other) = (stream(), stream());
        let faults = [Fault::None, Fault::AnswerLost, Fault::CommitLost];
        proxy.set(faults[number % faults.len()]);
        let outcomes = together(&journal, three(&one, &other)).await.unwrap();
        assert!(are_committed(&outcomes), "{outcomes:?}");
        taken += 4;
        assert_eq!(audit(&journal).await.len(), taken);
    }
}
