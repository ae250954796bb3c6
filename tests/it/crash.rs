//! Crashes: the real binary under load, killed with SIGKILL at a random moment, started again, and
//! its journal read directly. Three rounds an engine, and one in four of the
//! database itself; `SIRA_CRASH_ROUNDS=20` for a longer run.
//!
//! A request that was cut off is in doubt. It is sent again with its idempotency key, and must then
//! be there once, whether the first sending had been stored or not.

pub mod cluster;
pub mod load;
pub mod server;
pub mod stored;

use std::time::Duration;

use cluster::Cluster;
use load::Load;
use server::{Place, Server};
use uuid::Uuid;

fn rounds() -> u32 {
    std::env::var("SIRA_CRASH_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap())
}

/// A moment of the load, anywhere from its first requests to well into it.
async fn a_random_moment() {
    let drawn = u64::from(Uuid::new_v4().as_fields().0);
    tokio::time::sleep(Duration::from_millis(50 + drawn % 1_200)).await;
}

/// Kills the server in the middle of the load, starts it again and looks at everything.
async fn kill_servers(place: &Place, load: &mut Load) {
    for round in 0..rounds() {
        let mut server = Server::start(place).await;
        let running = load.start(&server.url);
        a_random_moment().await;
        server.check_that_it_lives();
        server.kill();
        load.stop(running).await;
        let server = Server::start(place).await;
        load.send_again(&server.url).await;
        stored::check(place, load, &server.url).await;
        // Half of the time the next life begins after an end in good order.
        if round % 2 == 0 { server.stop().await } else { server.kill() }
    }
    assert!(load.acknowledged.len() > 50, "the load was none: {}", load.acknowledged.len());
    eprintln!("{} acknowledged, {} were in doubt", load.acknowledged.len(), load.doubted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_when_an_embedded_server_is_killed() {
    let place = Place::embedded();
    let mut load = Load::prepare(&place).await;
    kill_servers(&place, &mut load).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_when_a_server_on_postgres_or_postgres_is_killed() {
    let cluster = Cluster::start();
    let place = Place::on(&cluster);
    let mut load = Load::prepare(&place).await;
    kill_servers(&place, &mut load).await;

    // The database itself: the server lives on and finds its way back.
    let mut server = Server::start(&place).await;
    for _ in 0..rounds().div_ceil(4) {
        let running = load.start(&server.url);
        a_random_moment().await;
        cluster.kill();
        load.stop(running).await;
        server.check_that_it_lives();
        cluster.start_again();
        load.send_again(&server.url).await;
        stored::check(&place, &load, &server.url).await;
    }
    server.stop().await;
}
