//! Faults: the real binary, of which each statement fails once as not done and once as done and reported failed, in
//! every way in which something is written (`kinds`), on both engines: by a library before its files, or by a proxy
//! before its database server. What is answered as done must be there, at once and after the process was killed;
//! what is refused is there whole or not at all, and is done once when it is asked again; and the server goes on by
//! itself.
//!
//! A sample here, drawn from `SIRA_FAULTS_SEED`. By hand: a larger one by `SIRA_FAULTS_SAMPLE`, or `SIRA_FAULTS=all`,
//! which gives every statement every fault; `SIRA_FAULTS_KIND` keeps to one kind.

mod files;
mod full;
mod kinds;
mod run;
mod slow;
mod wire;
mod world;

use std::collections::BTreeSet;

use kinds::{KINDS, ROUTES};
use run::Run;
use world::World;

/// What happens to a call of the system, or to a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing: it is counted.
    Count,
    /// There is no room; nothing was done.
    Full,
    /// The same, for this one and all that come, while others read on.
    FullForLong,
    /// The disk fails; nothing was done.
    Broken,
    /// It was done, and is reported as failed.
    DoneAndBroken,
    /// Half of it was done before there was no room.
    Torn,
    /// It is done, and each flush to the disk takes as long as on a slow one, for this one and all that come.
    Slow,
    /// The server gives it up.
    Cancelled,
    /// The connection is cut before the server hears of it.
    CutBefore,
    /// The server does it, and the connection is cut before its answer comes.
    CutAfter,
    /// This connection is cut, and every other one that is used.
    Away,
}

impl Mode {
    /// Those of a disk.
    const OF_FILES: &'static [Self] =
        &[Self::Full, Self::FullForLong, Self::Broken, Self::DoneAndBroken, Self::Torn];
    /// Those of a database server.
    const OF_A_SERVER: &'static [Self] = &[
        Self::Full,
        Self::FullForLong,
        Self::Cancelled,
        Self::CutBefore,
        Self::CutAfter,
        Self::Away,
    ];

    /// Whether it goes on until it is lifted.
    fn lasts(self) -> bool {
        matches!(self, Self::FullForLong | Self::Slow | Self::Away)
    }
}

/// What the faults have come to.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Calls or statements since they were armed.
    pub counted: u64,
    /// Faults that were given.
    pub faults: u64,
    /// Where.
    pub at: String,
}

#[test]
fn every_route_that_writes_is_tried_or_like_one_that_is() {
    let routes = sira::http::endpoints();
    let write: BTreeSet<&str> =
        routes.iter().filter(|route| route.method != "GET").map(|route| route.id).collect();
    let told: BTreeSet<&str> = ROUTES.iter().map(|(id, _)| *id).collect();
    assert_eq!(told, write, "say in ROUTES which kind stands for a route");
    assert_eq!(told.len(), ROUTES.len(), "one is told twice");
    for (id, kind) in ROUTES {
        match kind {
            Ok(kind) => assert!(KINDS.iter().any(|known| known.name == *kind), "{id}: {kind}"),
            Err(reason) => assert!(!reason.is_empty(), "{id}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_answered_is_there_whatever_call_of_the_disk_fails() {
    Run::on(World::on_files().await, Mode::OF_FILES).await.all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_answered_is_there_whatever_statement_fails_or_loses_its_answer() {
    Run::on(World::on_a_server().await, Mode::OF_A_SERVER).await.all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_for_seconds_under_load_leaves_nothing_behind() {
    full::fill_under_load(World::on_files().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_server_without_room_for_seconds_under_load_leaves_nothing_behind() {
    full::fill_under_load(World::on_a_server().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_waits_for_no_more_than_the_commits_before_it_on_a_slow_disk() {
    slow::read_under_load(World::on_files().await).await;
}
