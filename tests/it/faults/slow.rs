//! A disk on which each flush takes 25 ms, under load: reading goes on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;

use super::Mode;
use super::kinds::{Case, KINDS};
use super::world::World;

/// Callers at once, and requests of each.
const CALLERS: usize = 12;
const EACH: usize = 25;
/// What a reading may take. One that is recorded first waits for the commits before it: the journal's, and the signer's.
const READ_MAX: Duration = Duration::from_millis(1_500);

async fn prepared(world: &World, name: &str) -> Case {
    let kind = KINDS.iter().find(|kind| kind.name == name).unwrap();
    (kind.prepare)(world).await
}

/// Reads for as long as is written: how long each reading took.
async fn read(world: &World, name: &str, is_over: &AtomicBool) -> Vec<Duration> {
    let case = prepared(world, name).await;
    let mut took = Vec::new();
    while !is_over.load(Ordering::SeqCst) {
        let begun = Instant::now();
        let answer = case.ask.send(world).await;
        assert!(answer.is_done(), "{name}: {answer:?}");
        took.push(begun.elapsed());
    }
    took.sort();
    took
}

pub async fn read_under_load(world: World) {
    let mut loads = Vec::new();
    for _ in 0..CALLERS {
        let mut cases = Vec::new();
        for _ in 0..EACH {
            cases.push(prepared(&world, "add-note").await);
        }
        loads.push(cases);
    }
    world.settled().await.unwrap();
    world.arm(Mode::Slow, 1);
    let (is_over, world) = (AtomicBool::new(false), &world);
    let write = async {
        let begun = Instant::now();
        let calls = join_all(loads.into_iter().map(|cases| async move {
            for case in cases {
                let answer = case.ask.send(world).await;
                assert!(answer.is_done(), "{answer:?}");
            }
        }));
        calls.await;
        is_over.store(true, Ordering::SeqCst);
        begun.elapsed()
    };
    let names = ["read a history", "read an identity"];
    let [histories, identities] = names.map(|name| read(world, name, &is_over));
    let (time, histories, identities) = tokio::join!(write, histories, identities);
    assert!(world.disarm().faults > 100, "nothing was flushed");
    for (name, took) in names.iter().zip([&histories, &identities]) {
        let (median, longest) = (took[took.len() / 2], took[took.len() - 1]);
        eprintln!(
            "{name}: {} times in {time:?}, median {median:?}, longest {longest:?}",
            took.len()
        );
        assert!(longest < READ_MAX, "{name}: {took:?}");
    }
    assert_eq!(world.verified(), None);
}
