//! Figures by hand: `cargo test --release --test it throughput -- --ignored --nocapture --test-threads 1`.
//! Set `SIRA_TEST_POSTGRES_URL` to a database on a server with `fsync` on for a durable figure.

use std::time::{Duration, Instant};

use sira::clock::Clock;
use sira::journal::{Journal, JournalConfig};

use super::{commit, key, request, stream, with_key, write};
use crate::support::Engine;

const SECONDS: u64 = 5;

async fn load(journal: &Journal, callers: usize) -> (f64, Duration) {
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let journal = journal.clone();
            tokio::spawn(async move {
                let mut waits = Vec::new();
                while Instant::now() < until {
                    let stream = stream();
                    for version in 0..5 {
                        let name = format!("{caller}-{}-{version}", stream.aggregate_id);
                        let request = with_key(request([write(&stream, version, 1)]), key(&name));
                        let begun = Instant::now();
                        commit(&journal, request).await;
                        waits.push(begun.elapsed());
                    }
                }
                waits
            })
        })
        .collect();
    let begun = Instant::now();
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await.unwrap());
    }
    waits.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "a figure for a person")]
    let rate = waits.len() as f64 / begun.elapsed().as_secs_f64();
    (rate, waits[waits.len() / 2])
}

async fn ask(journal: &Journal, callers: usize) -> f64 {
    let until = Instant::now() + Duration::from_secs(2);
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let journal = journal.clone();
            tokio::spawn(async move {
                let mut asked = 0_u32;
                while Instant::now() < until {
                    journal.freshness().await.unwrap();
                    asked += 1;
                }
                asked
            })
        })
        .collect();
    let mut asked = 0.0;
    for task in tasks {
        asked += f64::from(task.await.unwrap());
    }
    asked / 2.0
}

async fn measure(name: &str, config: JournalConfig) {
    Journal::migrate(&config).await.unwrap();
    let journal = Journal::open(&config, Clock::System).await.unwrap();
    for callers in [1, 32, 256, 512] {
        let (rate, median) = load(&journal, callers).await;
        println!("{name}: append, {callers} callers: {rate:.0} events/s, median {median:?}");
    }
    let rate = ask(&journal, 64).await;
    println!("{name}: freshness, 64 callers: {rate:.0} calls/s");
    journal.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute and asserts nothing"]
async fn throughput() {
    let sqlite = Engine::sqlite();
    measure("sqlite", sqlite.config()).await;
    if let Ok(url) = std::env::var("SIRA_TEST_POSTGRES_URL") {
        measure("postgres", JournalConfig::new(url)).await;
    } else {
        let postgres = Engine::postgres().await;
        measure("postgres (no fsync)", postgres.config()).await;
    }
}
