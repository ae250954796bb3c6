//! Money and seats under any concurrency: random commands at cohorts and funds from many callers,
//! through the HTTP API of two server processes on one database, then the journal alone is audited.
//! The same with servers killed at random. A few seconds here; `SIRA_MODEL_SECONDS=600` by hand.

pub mod audit;
mod callers;
mod town;

use std::time::Duration;

use callers::Callers;
use town::Town;
use uuid::Uuid;

use crate::crash::cluster::Cluster;
use crate::crash::server::{Place, Server};

/// Rounds that two undisturbed servers are given at most.
const ROUNDS_MAX: usize = 8;

/// How long the callers go on, in all; of two undisturbed servers, in a round.
fn seconds() -> u64 {
    std::env::var("SIRA_MODEL_SECONDS").map_or(6, |seconds| seconds.parse().unwrap())
}

/// Two servers that nobody disturbs.
async fn undisturbed(place: &Place) {
    let servers = [Server::start(place).await, Server::start(place).await];
    let town = Town::build(place, &servers[0].url).await;
    let mut callers = Callers::of(&town);
    let urls = servers.each_ref().map(|server| server.url.clone());
    let mut lacks = Vec::new();
    // A busy machine comes to less in a round: they go on until each rule was met.
    for _ in 0..ROUNDS_MAX {
        let running = callers.start(&urls);
        tokio::time::sleep(Duration::from_secs(seconds())).await;
        callers.stop(running).await;
        callers.send_again(&urls[1]).await;
        lacks = audit::check(place, &callers).await.lacks();
        if lacks.is_empty() {
            break;
        }
    }
    assert_eq!(lacks, Vec::<String>::new());
    for server in servers {
        server.stop().await;
    }
}

/// Now one server is killed, now the other, and started again; what was in doubt is sent again.
async fn killed(place: &Place) {
    let mut servers = vec![Server::start(place).await, Server::start(place).await];
    let town = Town::build(place, &servers[0].url).await;
    let mut callers = Callers::of(&town);
    let rounds = seconds() / 2;
    for round in 0..rounds {
        let urls = [servers[0].url.clone(), servers[1].url.clone()];
        let running = callers.start(&urls);
        let drawn = u64::from(Uuid::new_v4().as_fields().0);
        tokio::time::sleep(Duration::from_millis(300 + drawn % 1_500)).await;
        servers.remove(usize::try_from(round % 2).unwrap()).kill();
        callers.stop(running).await;
        servers.push(Server::start(place).await);
        callers.send_again(&servers[1].url).await;
        audit::check(place, &callers).await;
    }
    for server in servers {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_commands_at_two_servers_on_postgres_overspend_no_fund_and_no_cohort() {
    let cluster = Cluster::start();
    undisturbed(&Place::on(&cluster)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_commands_at_two_servers_on_one_file_overspend_no_fund_and_no_cohort() {
    undisturbed(&Place::embedded()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_on_postgres_killed_at_random_overspend_no_fund_and_no_cohort() {
    let cluster = Cluster::start();
    killed(&Place::on(&cluster)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_on_one_file_killed_at_random_overspend_no_fund_and_no_cohort() {
    killed(&Place::embedded()).await;
}
