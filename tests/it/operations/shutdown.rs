//! A server that is told to stop: in good order at the first signal, at once at the second.

use std::time::Duration;

use reqwest::Client;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::crash::cluster::Cluster;
use crate::crash::load::Load;
use crate::crash::server::{Place, Server};
use crate::crash::stored;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped_as_soon_as_it_says_that_it_listens_ends_in_good_order() {
    let place = Place::embedded();
    for _ in 0..5 {
        Server::start(&place).await.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_a_server_at_once() {
    let place = Place::embedded();
    for signals in [["-TERM", "-TERM"], ["-INT", "-TERM"]] {
        let mut server = Server::start(&place).await;
        // Half a request holds up the end in good order.
        let address = server.url.strip_prefix("http://").unwrap();
        let mut held = TcpStream::connect(address).await.unwrap();
        let token = place.token("adviser");
        let begun = format!(
            "POST /v1/beneficiaries HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
        );
        held.write_all(begun.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.signal(signals[0]);
        tokio::time::sleep(Duration::from_secs(1)).await;
        server.check_that_it_lives();
        let told = Instant::now();
        server.signal(signals[1]);
        assert_eq!(server.ended().await.code(), Some(3));
        assert!(told.elapsed() < Duration::from_secs(3), "{:?}", told.elapsed());
    }
}

/// Stops a server under load and with a reader of its events, and looks at everything.
async fn stop_under_load(place: &Place) {
    let mut load = Load::prepare(place).await;
    let auditor = place.token("auditor");
    let mut server = Server::start(place).await;
    let events = Client::new().get(format!("{}/v1/events", server.url));
    let events = events.bearer_auth(&auditor).header("accept", "text/event-stream");
    let mut events = events.send().await.unwrap();
    let running = load.start(&server.url);
    tokio::time::sleep(Duration::from_millis(800)).await;
    let told = Instant::now();
    server.signal("-TERM");
    let reading = async { while events.chunk().await.ok().flatten().is_some() {} };
    timeout(Duration::from_secs(10), reading).await.expect("the stream ends");
    let status = server.ended().await;
    assert!(status.success(), "{status}");
    assert!(told.elapsed() < Duration::from_secs(15), "{:?}", told.elapsed());
    load.stop(running).await;
    assert!(load.acknowledged.len() > 10, "the load was none: {}", load.acknowledged.len());
    let server = Server::start(place).await;
    load.send_again(&server.url).await;
    stored::check(place, &load, &server.url).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_embedded_server_has_answered_is_there_after_it_was_stopped() {
    stop_under_load(&Place::embedded()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_on_postgres_has_answered_is_there_after_it_was_stopped() {
    let cluster = Cluster::start();
    stop_under_load(&Place::on(&cluster)).await;
}
