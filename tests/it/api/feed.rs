//! The feed of events over real sockets: pages and server-sent events.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sira::clock::Clock;
use sira::grant::Scope;
use sira::http::ServeLimits;
use sira::journal::{AppendOutcome, AppendRequest, Journal, NewEvent, StreamId, StreamWrite};
use sira_database::on_engine;
use sira_domain::role::Role;
use sira_evidence::leaf::hex;
use sira_numbers::LARGEST;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::app::{NAME, Reply, TestApp, new_year, region};
use crate::evidence::marks::{put_back, record};
use crate::support::Engine;

/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A reader of server-sent events, as a browser is one.
struct Reader {
    response: Response,
    buffer: String,
}

impl Reader {
    async fn open(app: &TestApp, token: &str, last: Option<u64>) -> Self {
        let response = Self::ask(app, token, last).await;
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(!response.headers().contains_key("content-encoding"));
        Self { response, buffer: String::new() }
    }

    async fn ask(app: &TestApp, token: &str, last: Option<u64>) -> Response {
        let request = app.request(Method::GET, "/v1/events").bearer_auth(token);
        let request =
            request.header("accept", "text/event-stream").header("accept-encoding", "gzip");
        let request = match last {
            Some(last) => request.header("last-event-id", last.to_string()),
            None => request,
        };
        request.send().await.unwrap()
    }

    async fn open_after(app: &TestApp, token: &str, cursor: &str) -> Self {
        let response = Self::asked(app, token, cursor).await;
        assert_eq!(response.status().as_u16(), 200);
        Self { response, buffer: String::new() }
    }

    async fn asked(app: &TestApp, token: &str, cursor: &str) -> Response {
        let request = app.request(Method::GET, "/v1/events").bearer_auth(token);
        let request = request.header("accept", "text/event-stream");
        request.header("last-event-id", cursor).send().await.unwrap()
    }

    /// The next event with its id; none when the stream has ended.
    async fn next(&mut self) -> Option<(u64, Value)> {
        loop {
            while let Some(end) = self.buffer.find("\n\n") {
                let frame: String = self.buffer.drain(..end + 2).collect();
                let event = read_frame(&frame);
                if event.is_some() {
                    return event;
                }
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("a chunk in time");
            let chunk = chunk.ok().flatten()?;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The ids up to a position, each of which must follow the one before.
    async fn read_to(&mut self, mut at: u64, last: u64) {
        while at < last {
            let (id, event) = self.next().await.expect("the stream goes on");
            assert_eq!((id, event["id"].as_str().unwrap()), (at + 1, id.to_string().as_str()));
            at = id;
        }
    }
}

/// The position in a cursor.
fn position_of(cursor: &str) -> u64 {
    cursor.split(':').nth(1).unwrap().parse().unwrap()
}

fn read_frame(frame: &str) -> Option<(u64, Value)> {
    let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
    let id = position_of(field("id: ")?);
    Some((id, serde_json::from_str(field("data: ").unwrap()).unwrap()))
}

async fn note(app: &TestApp, id: &str) -> u64 {
    let text = format!("{NAME} {}", Uuid::now_v7());
    let done = app.done(Role::Adviser, id, "add-note", &json!({ "text": text })).await;
    assert_eq!(done["already_done"], json!(false));
    done["position"].as_u64().unwrap()
}

/// Events of a size that only a journal takes.
async fn append_large(journal: &Journal, count: usize, bytes: usize) {
    for _ in 0..count {
        let event = NewEvent {
            event_type: "Large".into(),
            event_version: "1.0".into(),
            payload: format!("{{\"Large\":\n\"{}\"}}", "x".repeat(bytes)),
            metadata: "{}".to_owned(),
        };
        let stream = StreamId::new("Test", Uuid::now_v7());
        let write = StreamWrite { stream, expected_version: 0.into(), events: vec![event] };
        let request = AppendRequest { writes: vec![write], ..AppendRequest::default() };
        let outcome = journal.append(request).await.unwrap();
        assert!(matches!(outcome, AppendOutcome::Committed(_)));
    }
}

async fn metric(app: &TestApp, name: &str) -> u64 {
    let metrics = Reply::of(app.request(Method::GET, "/metrics")).await.text;
    let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("{name} in {metrics}")).parse().unwrap()
}

crate::on_both_engines! {
    async fn pages_hold_every_event_once_as_it_was_recorded(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        for _ in 0..5 {
            note(&app, &id).await;
        }
        let token = app.token(Role::Auditor).await;
        let journal = app.commands.journal();
        let recorded = journal.read_feed(0.into(), 1000).await.unwrap();
        let (mut seen, mut after) = (Vec::new(), 0);
        loop {
            let reply = app.get(&token, &format!("/v1/events?after={after}&limit=2")).await;
            assert_eq!(reply.header("content-type"), "application/cloudevents-batch+json; charset=UTF-8");
            assert_eq!(reply.header("sira-position"), recorded.len().to_string());
            assert!(!reply.text.contains("Zoumbalé"), "a sealed part is open");
            let page = reply.ok(200);
            let Some(last) = page.as_array().unwrap().last() else { break };
            after = last["id"].as_str().unwrap().parse::<u64>().unwrap();
            seen.extend(page.as_array().unwrap().clone());
        }
        assert_eq!(seen.len(), recorded.len());
        for (event, recorded) in seen.iter().zip(&recorded) {
            assert_eq!(event["id"], json!(recorded.position.to_string()));
            assert_eq!(event["source"], json!("main"));
            assert_eq!(event["metadata"], json!(recorded.metadata));
            assert_eq!(event["data"], serde_json::from_str::<Value>(&recorded.payload).unwrap());
        }
    }

    async fn a_position_that_no_journal_holds_is_refused_by_name(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        let token = app.token(Role::Auditor).await;
        for beyond in [LARGEST + 1, u64::MAX] {
            let refused = app.get(&token, &format!("/v1/events?after={beyond}")).await;
            refused.problem(400, "bad-parameter");
            assert!(refused.text.contains("after"), "{}", refused.text);
            let headers = Reader::ask(&app, &token, Some(beyond)).await;
            assert_eq!(headers.status().as_u16(), 400);
            let asked = app.request(Method::GET, "/v1/programmes").bearer_auth(&token);
            let refused = Reply::of(asked.header("Sira-Min-Position", beyond)).await;
            refused.problem(400, "bad-parameter");
        }
        // One that a journal could hold, and this one does not yet.
        app.get(&token, &format!("/v1/events?after={LARGEST}")).await.problem(400, "bad-parameter");
    }

    async fn a_reader_of_another_history_is_told_so_and_goes_no_further(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        note(&app, &id).await;
        let token = app.token(Role::Auditor).await;
        let first = app.get(&token, "/v1/events?limit=3").await;
        let cursor = first.header("sira-cursor").to_owned();
        let recorded = app.commands.journal().read_feed(2.into(), 1).await.unwrap();
        assert_eq!(cursor, format!("main:3:{}", &hex(&recorded[0].leaf_hash)[..12]));
        let next = app.get(&token, &format!("/v1/events?after={cursor}")).await.ok(200);
        assert_eq!(next[0]["id"], json!("4"));
        let mut stream = Reader::open_after(&app, &token, &cursor).await;
        assert_eq!(stream.next().await.unwrap().0, 4);
        // Before the first event every history is the same, and yet another journal is another.
        app.get(&token, "/v1/events?after=main:0:000000000000").await.ok(200);
        let beyond = cursor.replacen(":3:", ":300:", 1);
        let others = [
            beyond.as_str(), "main:3:000000000000", "main:0:000000000001", "other:0:000000000000",
            &cursor.replacen("main", "other", 1), &cursor.replacen(":3:", ":2:", 1),
        ];
        for other in others {
            app.get(&token, &format!("/v1/events?after={other}")).await.problem(409, "other-history");
            let stream = Reader::asked(&app, &token, other).await;
            assert_eq!(stream.status().as_u16(), 409, "{other}");
        }
        for none in ["main:3", "main:3:00", "x", "main:3:00000000000g"] {
            app.get(&token, &format!("/v1/events?after={none}")).await.problem(400, "bad-parameter");
        }
        // The journal is put back, and grows beyond what was read.
        let last = app.get(&token, "/v1/events").await.header("sira-cursor").to_owned();
        let journal = app.commands.journal().clone();
        let head = journal.head().await.unwrap().position.get();
        app.projections.stop().await;
        app.keeper.stop().await;
        app.read.close().await;
        let journal = put_back(engine, journal, head - 1).await;
        record(&journal).await;
        record(&journal).await;
        journal.close().await;
        let app = TestApp::on(engine).await;
        let token = app.token(Role::Auditor).await;
        app.get(&token, &format!("/v1/events?after={last}")).await.problem(409, "other-history");
        app.get(&token, &format!("/v1/events?after={cursor}")).await.ok(200);
    }

    async fn a_page_is_bounded_in_bytes_and_never_empty_before_the_end(engine) {
        let app = TestApp::on(engine).await;
        append_large(app.commands.journal(), 6, 400_000).await;
        let token = app.token(Role::Admin).await;
        let page = app.get(&token, "/v1/events?limit=1000").await.ok(200);
        assert_eq!(page.as_array().unwrap().len(), 2, "1 MiB holds two of these");
        append_large(app.commands.journal(), 1, 1_048_000).await;
        let page = app.get(&token, "/v1/events?after=6").await.ok(200);
        assert_eq!(page.as_array().unwrap().len(), 1);
    }

    async fn only_a_role_that_reaches_everything_follows_the_journal(engine) {
        let app = TestApp::on(engine).await;
        for role in Role::ALL {
            let whole = app.token(role).await;
            let status = if matches!(role, Role::Auditor | Role::Admin) { 200 } else { 403 };
            assert_eq!(app.get(&whole, "/v1/events").await.status, status, "{role}");
            let part = app.token_of("une-region", role, region("segou")).await;
            app.get(&part, "/v1/events").await.problem(403, if status == 200 { "out-of-scope" } else { "forbidden" });
            let streamed = Reader::ask(&app, &part, None).await;
            assert_eq!(streamed.status().as_u16(), 403, "{role}");
        }
    }

    async fn a_reading_of_the_feed_is_recorded(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        let token = app.token_of("verificateur", Role::Auditor, Scope::All).await;
        app.get(&token, "/v1/events").await.ok(200);
        app.get(&token, "/v1/events?after=4").await.ok(200);
        let _reader = Reader::open(&app, &token, None).await;
        let entries: Vec<(String, String)> = on_engine!(app.commands.journal().pool(), db => {
            sqlx::query_as("SELECT actor, action FROM access_log WHERE action = 'feed'").fetch_all(db).await
        }).unwrap();
        // The page and the stream; the page that was empty showed nothing.
        assert_eq!(entries, vec![("verificateur".to_owned(), "feed".to_owned()); 2]);
    }

    async fn what_is_no_position_of_this_journal_is_refused(engine) {
        let app = TestApp::on(engine).await;
        app.registered().await;
        let token = app.token(Role::Auditor).await;
        for query in ["after=-1", "after=x", "after=5", "limit=0", "limit=1001", "no_such=1", "after=1&after=2"] {
            app.get(&token, &format!("/v1/events?{query}")).await.problem(400, "bad-parameter");
        }
        // The reader has seen what this journal does not hold: a restored old backup, say.
        for last in ["5", "x", ""] {
            let request = app.request(Method::GET, "/v1/events").bearer_auth(&token);
            let request = request.header("accept", "text/event-stream").header("last-event-id", last);
            Reply::of(request).await.problem(400, "bad-parameter");
        }
    }

    async fn a_reader_that_was_cut_off_goes_on_where_it_stopped(engine) {
        let app = TestApp::on(engine).await;
        let id = app.registered().await;
        let token = app.token(Role::Auditor).await;
        let mut reader = Reader::open(&app, &token, None).await;
        reader.read_to(0, 3).await;
        drop(reader);
        let last = note(&app, &id).await;
        let mut reader = Reader::open(&app, &token, Some(3)).await;
        reader.read_to(3, last).await;
        // Now live: each event comes on its own, soon after it was recorded.
        for at in last..last + 5 {
            let written = Instant::now();
            assert_eq!(note(&app, &id).await, at + 1);
            reader.read_to(at, at + 1).await;
            assert!(written.elapsed() < Duration::from_secs(5), "{:?}", written.elapsed());
        }
    }

    async fn what_another_process_records_comes_too(engine) {
        let apps = [TestApp::on(engine).await, TestApp::on(engine).await];
        let id = apps[0].registered().await;
        let token = apps[0].token(Role::Admin).await;
        let mut readers = [Reader::open(&apps[0], &token, None).await, Reader::open(&apps[1], &token, None).await];
        let mut at = 0;
        for round in 0..6 {
            let last = note(&apps[round % 2], &id).await;
            for reader in &mut readers {
                reader.read_to(at, last).await;
            }
            at = last;
        }
    }

    async fn a_revoked_token_ends_the_stream_before_anything_recorded_later(engine) {
        let apps = [TestApp::on(engine).await, TestApp::on(engine).await];
        let id = apps[0].registered().await;
        let (token, stays) = (apps[0].token(Role::Auditor).await, apps[0].token(Role::Admin).await);
        let mut reader = Reader::open(&apps[0], &token, None).await;
        let mut other = Reader::open(&apps[0], &stays, None).await;
        reader.read_to(0, 4).await;
        let listed = apps[0].tokens.list(None).await.unwrap();
        let auditor = listed.iter().find(|listed| listed.actor == "auditor").unwrap();
        // In the other process.
        apps[1].tokens.revoke(auditor.token_id.parse().unwrap(), None).await.unwrap();
        note(&apps[0], &id).await;
        assert_eq!(reader.next().await, None);
        other.read_to(0, 5).await;
        assert_eq!(Reader::ask(&apps[0], &token, Some(4)).await.status().as_u16(), 401);
    }

    async fn an_expired_token_ends_the_stream(engine) {
        let clock = Clock::manual(new_year());
        let app = TestApp::with(engine, clock.clone(), ServeLimits::default()).await;
        let token = app.tokens.issue("verificateur".parse().unwrap(), Role::Auditor, Scope::All, TimeDelta::hours(1));
        let token = token.await.unwrap();
        let mut reader = Reader::open(&app, &token, None).await;
        clock.set(new_year() + TimeDelta::minutes(61));
        assert_eq!(reader.next().await, None);
    }

    async fn the_server_ends_streams_at_once_when_it_stops(engine) {
        let app = TestApp::on(engine).await;
        let token = app.token(Role::Auditor).await;
        let mut reader = Reader::open(&app, &token, None).await;
        let stopped = Instant::now();
        drop(app);
        assert_eq!(reader.next().await, None);
        assert!(stopped.elapsed() < Duration::from_secs(5), "{:?}", stopped.elapsed());
    }

    async fn the_time_for_a_request_does_not_cut_a_stream_and_places_are_given_back(engine) {
        let limits = ServeLimits { request_within: Duration::from_secs(1), streams: 1, ..ServeLimits::default() };
        let app = TestApp::with(engine, Clock::System, limits).await;
        let id = app.registered().await;
        let token = app.token(Role::Auditor).await;
        let mut reader = Reader::open(&app, &token, None).await;
        let refused = Reader::ask(&app, &token, None).await;
        assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (503, &"30".parse().unwrap()));
        app.get(&token, "/v1/events").await.ok(200);
        assert_eq!(metric(&app, "sira_feed_readers").await, 1);
        tokio::time::sleep(Duration::from_secs(2)).await;
        note(&app, &id).await;
        reader.read_to(0, 5).await;
        drop(reader);
        for _ in 0..200 {
            if metric(&app, "sira_feed_readers").await == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Reader::open(&app, &token, Some(5)).await;
    }

    async fn a_slow_reader_holds_a_page_and_delays_nobody(engine) {
        let app = TestApp::on(engine).await;
        append_large(app.commands.journal(), 300, 200_000).await;
        let token = app.token(Role::Auditor).await;
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 << 10).unwrap();
        let address = app.url.strip_prefix("http://").unwrap();
        let mut slow = socket.connect(address.parse().unwrap()).await.unwrap();
        let request = format!("GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\
                               Connection: close\r\nAuthorization: Bearer {token}\r\n\r\n");
        slow.write_all(request.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        // 60 MB wait; what was handed out fits the buffers of a connection and a page.
        let handed = metric(&app, "sira_feed_events_total").await;
        assert!((1..100).contains(&handed), "{handed}");
        Reader::open(&app, &token, None).await.read_to(0, 300).await;
        let both = metric(&app, "sira_feed_events_total").await;
        assert!(both < 300 + 100, "{handed} {both}");
        // It has missed nothing.
        let (mut text, mut bytes, mut last) = (String::new(), vec![0; 1 << 16], 0);
        while last < 300 {
            let read = timeout(PATIENCE, slow.read(&mut bytes)).await.unwrap().unwrap();
            assert!(read > 0, "ended at {last}");
            text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
            while let Some(begin) = text.find("\nid: ") {
                let Some(end) = text[begin + 5..].find('\n') else { break };
                let id = position_of(text[begin + 5..begin + 5 + end].trim());
                assert_eq!(id, last + 1);
                last = id;
                text.drain(..begin + 5 + end);
            }
            // Nothing but an id's beginning is kept of what was read.
            let kept = text.len().saturating_sub(64);
            text.drain(..kept);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_takes_nothing_for_long_loses_its_place() {
    let engine = Engine::sqlite();
    let limits =
        ServeLimits { unread_within: Duration::from_secs(1), streams: 1, ..ServeLimits::default() };
    let app = TestApp::with(&engine, Clock::System, limits).await;
    append_large(app.commands.journal(), 100, 400_000).await;
    let token = app.token(Role::Auditor).await;
    let mut stalled = Reader::open(&app, &token, None).await;
    for _ in 0..200 {
        if metric(&app, "sira_feed_readers").await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(metric(&app, "sira_feed_readers").await, 0);
    let mut seen = 0;
    while let Some((id, _)) = stalled.next().await {
        seen = id;
    }
    assert!(seen < 100, "it was not cut off");
}
