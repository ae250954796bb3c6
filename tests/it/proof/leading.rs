//! Who feeds: one process at a time, and another soon after it has died.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sira_database::on_engine;
use sira_numbers::Position;
use sira_projections::ReadStore;

use crate::crash::server::{Place, Server};

/// A lease lasts three seconds: this long after a leader's death at most, with a moment to spare on a
/// loaded machine, another has caught up.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(8);

/// Ends every lease, as time would.
pub async fn end_leases(store: &ReadStore) {
    let mut last = None;
    // What was cut off in the middle may hold the row until its connection is given up.
    for _ in 0..20 {
        let mut handle = store.connection().await.unwrap();
        let ended = on_engine!(handle.connection(), db => {
            sqlx::query("DELETE FROM projection_leases").execute(db).await.map(drop)
        });
        match ended {
            Ok(()) => return,
            Err(error) => last = Some(error),
        }
    }
    panic!("{last:?}");
}

pub async fn sign_a_convention(server: &Server, token: &str) -> Position {
    let body = json!({ "name": "Essai", "signed_on": "2021-07-06", "term_years": 3, "renewable": true,
                       "parties": [{ "name": "Agence", "role": "agency" }] });
    let request = reqwest::Client::new().post(format!("{}/v1/programmes", server.url));
    let answer = request.bearer_auth(token).json(&body).send().await.unwrap();
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    Position::of_count(answer["position"].as_u64().unwrap())
}

/// Waits until a server says that every projection has taken a position in.
pub async fn until_ready_at(server: &Server, position: Position) {
    let begun = Instant::now();
    loop {
        let answer = reqwest::get(format!("{}/readyz", server.url)).await.unwrap();
        let ready: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let mut projections = ready["projections"].as_array().unwrap().iter();
        if projections.all(|one| one["position"].as_u64().unwrap() >= position.get()) {
            return;
        }
        assert!(begun.elapsed() < TAKEN_OVER_WITHIN, "{ready}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_leading_process_is_killed_another_feeds_within_the_lease() {
    let place = Place::embedded();
    let token = place.token("director");
    // Of two processes one leads. One is killed at a time, so that at least every other time it is that.
    let mut servers = vec![Server::start(&place).await, Server::start(&place).await];
    for _ in 0..3 {
        let position = sign_a_convention(&servers[0], &token).await;
        for server in &servers {
            until_ready_at(server, position).await;
        }
        servers.remove(0).kill();
        let position = sign_a_convention(&servers[0], &token).await;
        until_ready_at(&servers[0], position).await;
        servers.push(Server::start(&place).await);
    }
}
