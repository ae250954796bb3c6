//! Freshness: no answer older than the question, foreign writes told first, own ones not.

use std::sync::{Arc, Mutex};

use futures::future::join_all;
use sira::journal::{Foreign, Journal};

use super::{commit, request, stream, write};
use crate::on_both_engines;

/// Collects what a listener is told.
fn listen(journal: &Journal) -> Arc<Mutex<Vec<Foreign>>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&told);
    journal.on_foreign(Box::new(move |foreign| ear.lock().unwrap().push(foreign)));
    told
}

on_both_engines! {
    async fn foreign_writes_are_told_before_their_position(engine) {
        let (here, there) = (engine.journal().await, engine.journal().await);
        let told = listen(&here);
        let (mine, theirs) = (stream(), stream());
        commit(&here, request([write(&mine, 0, 2)])).await;
        assert_eq!(here.freshness().await.unwrap().position, 2.into());
        assert_eq!(*told.lock().unwrap(), []);
        commit(&there, request([write(&theirs, 0, 1)])).await;
        commit(&here, request([write(&mine, 2, 1)])).await;
        assert_eq!(here.freshness().await.unwrap().position, 4.into());
        assert_eq!(*told.lock().unwrap(), [Foreign::Streams(vec![theirs])]);
        assert_eq!(here.known_version(&mine), 3.into());
        assert_eq!(*here.committed().borrow(), 4.into());
    }

    async fn very_many_foreign_writes_are_told_as_everything(engine) {
        let (here, there) = (engine.journal().await, engine.journal().await);
        let told = listen(&here);
        for _ in 0..3 {
            commit(&there, request([write(&stream(), 0, 4000)])).await;
        }
        here.freshness().await.unwrap();
        assert_eq!(*told.lock().unwrap(), [Foreign::Everything]);
    }

    async fn no_answer_is_older_than_the_question(engine) {
        let (here, there) = (engine.journal().await, engine.journal().await);
        let readers = (0..16).map(|_| {
            let (here, there) = (here.clone(), there.clone());
            tokio::spawn(async move {
                for _ in 0..10 {
                    let committed = commit(&there, request([write(&stream(), 0, 1)])).await;
                    assert!(here.freshness().await.unwrap().position >= committed.position);
                    let committed = commit(&here, request([write(&stream(), 0, 1)])).await;
                    assert!(here.freshness().await.unwrap().position >= committed.position);
                }
            })
        });
        for reader in join_all(readers).await {
            reader.unwrap();
        }
    }

    async fn own_commits_under_load_are_never_told_as_foreign(engine) {
        let journal = engine.journal().await;
        let told = listen(&journal);
        let work = (0..16).map(|_| {
            let journal = journal.clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    commit(&journal, request([write(&stream(), 0, 1)])).await;
                    journal.freshness().await.unwrap();
                }
            })
        });
        join_all(work).await;
        assert_eq!(*told.lock().unwrap(), []);
        journal.close().await;
        assert!(journal.freshness().await.is_err());
    }
}
