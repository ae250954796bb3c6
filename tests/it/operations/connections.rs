//! What a server takes of a database server, and what it leaves in its log.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::crash::cluster::Cluster;
use crate::crash::load::Load;
use crate::crash::server::{Place, Server};

/// How long servers are under load here.
const LOADED_FOR: Duration = Duration::from_secs(4);
/// Readings at once, on top of the load: more than there are connections.
const READERS: usize = 24;

/// Connections by name, as `docs/operations.md` has them.
fn documented() -> BTreeMap<String, i64> {
    let text = include_str!("../../../docs/operations.md");
    let table = text.split("**Connections to PostgreSQL**").nth(1).unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with("| `"));
    let rows = rows.take_while(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`').to_owned(), cells[2].parse().unwrap())
    })
    .collect()
}

/// The most connections of each name that were seen at once.
async fn watch(cluster: &Cluster) -> BTreeMap<String, i64> {
    let mut db = PgConnection::connect(&cluster.url()).await.unwrap();
    let mut most = BTreeMap::new();
    let until = Instant::now() + LOADED_FOR;
    while Instant::now() < until {
        let question = "SELECT application_name, count(*) FROM pg_stat_activity
                         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1";
        let seen: Vec<(String, i64)> = sqlx::query_as(question).fetch_all(&mut db).await.unwrap();
        for (name, count) in seen {
            let known = most.entry(name).or_insert(0);
            *known = count.max(*known);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    most
}

/// Reads lists, states and identities, all at once, again and again.
async fn read(server: &Server, load: &Load) {
    let client = Client::new();
    let until = Instant::now() + LOADED_FOR;
    while Instant::now() < until {
        let paths =
            ["/v1/beneficiaries?identity=true&limit=5", "/v1/programmes", "/v1/worklists/stalled"];
        let readings = (0..READERS).map(|number| {
            let path = format!("{}{}", server.url, paths[number % paths.len()]);
            client.get(path).bearer_auth(&load.adviser).send()
        });
        for answer in futures::future::join_all(readings).await {
            let answer = answer.unwrap();
            assert!(answer.status().is_success(), "{}: {}", answer.url().path(), answer.status());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_takes_no_more_connections_than_are_told() {
    let cluster = Cluster::start();
    let place = Place::on(&cluster);
    let mut load = Load::prepare(&place).await;
    let mut server = Server::start(&place).await;
    let running = load.start(&server.url);
    let (most, ()) = tokio::join!(watch(&cluster), read(&server, &load));
    server.check_that_it_lives();
    server.stop().await;
    load.stop(running).await;
    let told = documented();
    eprintln!("{most:?}");
    for (name, count) in &most {
        let told = told.get(name).unwrap_or_else(|| panic!("`{name}` is not told"));
        assert!(count <= told, "{count} connections of `{name}`, {told} are told");
    }
    let of_a_server = told.iter().filter(|(name, _)| *name != "sira-rebuild");
    assert_eq!(of_a_server.clone().map(|(_, told)| told).sum::<i64>(), 30);
    for (name, _) in of_a_server {
        assert!(most.contains_key(name), "`{name}` was never seen");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_under_load_leave_no_warning_in_the_database_servers_log() {
    let cluster = Cluster::start();
    let place = Place::on(&cluster);
    let mut load = Load::prepare(&place).await;
    let servers = [Server::start(&place).await, Server::start(&place).await];
    let mut running = Vec::new();
    for server in &servers {
        running.extend(load.start(&server.url));
    }
    tokio::time::sleep(LOADED_FOR).await;
    repeat(&servers[0], &load).await;
    for server in servers {
        server.stop().await;
    }
    load.stop(running).await;
    let log = cluster.log();
    // Keys that were met again, which is when something is taken back.
    assert!(log.contains("duplicate key value"), "nothing was met twice");
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains("WARNING:")).collect();
    assert_eq!(warnings, Vec::<&str>::new());
}

/// Sends each of some requests twice, as a client does over a poor connection.
async fn repeat(server: &Server, load: &Load) {
    let client = Client::new();
    for number in 0..20 {
        let body = json!({
            "occurred_on": "2022-01-10", "programme": load.programme, "office": "segou-1", "region": "segou",
            "intake": "open_call", "channel": "office", "sex": "male", "birth_year": 1998,
            "consent": { "scope": "programme", "text_version": "v1", "method": "written" },
            "identity": { "name": format!("Personne {number}") },
        });
        let mut answers = Vec::new();
        for _ in 0..2 {
            let request =
                client.post(format!("{}/v1/beneficiaries", server.url)).bearer_auth(&load.adviser);
            let request = request.header("idempotency-key", format!("twice-{number}")).json(&body);
            answers.push(request.send().await.unwrap().text().await.unwrap());
        }
        assert_eq!(answers[0], answers[1]);
    }
}
