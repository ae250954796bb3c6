//! Small writes beside the journal's, on a file that is written all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sira::access_log::{AccessEntry, record_access};
use sira::clock::Clock;
use sira::journal::{Journal, StreamId};
use sira_domain::role::Role;
use sqlx::{Connection, SqliteConnection};
use tokio::time::Instant;
use uuid::Uuid;

use super::{commit, request, stream, write};
use crate::support::Engine;

/// How long a reading that is recorded first may wait, on a loaded machine. Without turns it is seconds on any.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// Writes for as long as nobody says stop.
async fn write_on(journal: Journal, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        commit(&journal, request(vec![write(&stream(), 0, 60)])).await;
    }
}

async fn read_once(journal: &Journal) -> Duration {
    let begun = Instant::now();
    let entry = AccessEntry {
        at: Clock::System.now(),
        actor: &"adviser".parse().unwrap(),
        role: Role::Adviser,
        action: "history",
        stream: StreamId::new("Beneficiary", Uuid::now_v7()),
        request_id: "turns",
    };
    record_access(journal, &entry).await.unwrap();
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_small_write_waits_for_its_turn_and_not_for_everybody_s() {
    let engine = Engine::sqlite();
    let journal = engine.journal().await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..6).map(|_| tokio::spawn(write_on(journal.clone(), stop.clone()))).collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut waits = Vec::new();
    for _ in 0..60 {
        waits.push(read_once(&journal).await);
    }
    // Another process has no turn here: it waits for the lock of the file, as all did.
    let mut stranger = SqliteConnection::connect(engine.url()).await.unwrap();
    sqlx::raw_sql("PRAGMA busy_timeout = 20000").execute(&mut stranger).await.unwrap();
    let mut beside = Vec::new();
    for number in 0..20 {
        let begun = Instant::now();
        let name = format!("turn-{number}");
        sqlx::query("INSERT INTO journal_settings (name, value) VALUES ($1, '')")
            .bind(name)
            .execute(&mut stranger)
            .await
            .unwrap();
        beside.push(begun.elapsed());
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    waits.sort();
    beside.sort();
    println!(
        "with a turn: median {:?}, longest {:?}; without: median {:?}, longest {:?}",
        waits[30], waits[59], beside[10], beside[19]
    );
    assert!(waits[59] < WAIT_MAX, "{waits:?}");
}
