//! Commits that become visible in pieces: every reader stops at the first hole and goes on once it is closed, so that
//! nothing is left out for good, nothing is shown out of order, and what was acknowledged is there.
//!
//! One writer (`pieces`) records what another journal holds, head first and rows later, beside two servers under
//! load. `SIRA_VISIBILITY_EVENTS` records so many events, `SIRA_VISIBILITY_LEFT_MS` leaves prepared transactions for
//! so long at most: for an hour by hand, and for minutes.

mod pieces;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use sira::backup::{BackupError, back_up_journal, restore_journal};
use sira::clock::Clock;
use sira::evidence::verify::{CheckProgress, Options, verify};
use sira::http::ServeLimits;
use sira::journal::{Journal, JournalError};
use sira::keys::{KeyStore, MasterKey};
use sira_domain::role::Role;
use sira_numbers::Position;
use sira_projections::ReadStore;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::api::app::{MASTER, TestApp, keys_url, read_url, registration};
use crate::on_both_engines;
use crate::proof::check::check;
use crate::proof::life::Life;
use crate::proof::persons;
use crate::proof::tables::{journal_of, stored};
use crate::support::Engine;
use pieces::{Lots, Pieces};

/// How long a transaction that is prepared is left, by the second environment variable.
fn left_for() -> Duration {
    Duration::from_millis(asked("SIRA_VISIBILITY_LEFT_MS", 600))
}

/// How long anything may take to be there, once what hides it has come.
fn patience() -> Duration {
    Duration::from_mins(1) + left_for()
}

fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// A journal on an engine of its own, whose names open with the keys of another engine.
async fn donor(of: &Engine, events: usize) -> (Engine, Lots) {
    let engine = if of.port().is_some() { Engine::postgres().await } else { Engine::sqlite() };
    let journal = engine.journal().await;
    let master = MasterKey::from_text(MASTER).unwrap();
    let keys = KeyStore::open(&keys_url(of), master, Clock::System).await.unwrap();
    let read = ReadStore::open(&read_url(&engine)).await.unwrap();
    let app = TestApp::start(journal, keys, read, Clock::System, ServeLimits::default()).await;
    let mut life = Life::begin(app.commands.clone(), 77).await;
    while app.commands.journal().head().await.unwrap().position.get() < events as u64 {
        life.go_on().await;
    }
    let recorded = journal_of(app.commands.journal()).await;
    // The log's own stream is each journal's.
    let recorded = recorded.into_iter().filter(|one| one.stream.aggregate_type != "evidence");
    let lots = Lots::of(app.commands.journal(), recorded.collect()).await;
    app.projections.stop().await;
    (engine, lots)
}

/// What two servers go through meanwhile.
struct Around {
    apps: [TestApp; 2],
    programme: String,
    stop: AtomicBool,
    /// Nobody writes any more.
    is_whole: AtomicBool,
    answered: AtomicU32,
    waited: AtomicU32,
    /// Backups that were refused for a hole.
    refused: AtomicU32,
}

impl Around {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Asks again for as long as the answer is that something cannot be read yet; any other is given.
    async fn ask(&self, on: usize, token: &str, path: &str) -> (u16, Value) {
        let until = Instant::now() + patience();
        loop {
            let reply = self.apps[on].get(token, path).await;
            if reply.status != 503 || Instant::now() > until {
                return (reply.status, reply.json());
            }
            self.waited.fetch_add(1, Ordering::SeqCst);
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn write(&self, on: usize, path: &str, body: &Value) -> Value {
        let token = self.apps[on].token(Role::Adviser).await;
        let key = uuid::Uuid::now_v7().to_string();
        let until = Instant::now() + patience();
        loop {
            let reply = self.apps[on].keyed(&token, path, &key, body).await;
            if reply.status == 200 || reply.status == 201 {
                return reply.json();
            }
            assert_eq!(reply.status, 503, "{}", reply.json());
            assert!(Instant::now() < until, "{}", reply.json());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Writes at one server and reads at both: what was acknowledged is there at once, and stays.
    async fn use_it(self: Arc<Self>, writer: usize) {
        let token = self.apps[writer].token(Role::Adviser).await;
        while !self.is_over() {
            let body = registration(&self.programme);
            let made = self.write(writer, "/v1/beneficiaries", &body).await;
            let (id, reference) =
                (made["id"].as_str().unwrap(), made["reference"].as_str().unwrap());
            let note = format!("/v1/beneficiaries/{id}/commands/add-note");
            let noted = self.write(1 - writer, &note, &json!({ "text": "Vu." })).await;
            for (on, named) in [(0, id), (1, reference), (1, id), (0, reference)] {
                let path = format!("/v1/beneficiaries/{named}");
                let (status, answer) = self.ask(on, &token, &path).await;
                assert_eq!(status, 200, "what was acknowledged: {answer}");
                assert!(answer["version"].as_u64() >= noted["version"].as_u64(), "{answer}");
                self.answered.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// Reads the feed page by page: every position comes, in order, once.
    async fn follow(self: Arc<Self>, on: usize) -> Position {
        let token = self.apps[on].token(Role::Auditor).await;
        let mut at = Position::START;
        loop {
            let last = self.is_whole.load(Ordering::SeqCst);
            let path = format!("/v1/events?after={at}&limit=200");
            let (status, page) = self.ask(on, &token, &path).await;
            assert_eq!(status, 200, "{page}");
            let page = page.as_array().unwrap().clone();
            for event in &page {
                at = at.next();
                assert_eq!(event["id"], json!(at.to_string()), "the feed leaves something out");
            }
            if page.is_empty() && last {
                return at;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Opens the journal as another process does, and takes a backup that can be restored.
    async fn open_and_save(self: Arc<Self>, engine_url: String, folder: std::path::PathBuf) {
        let mut round = 0;
        while !self.is_over() {
            round += 1;
            let config = sira::journal::JournalConfig::new(engine_url.as_str());
            let other = Journal::open(&config, Clock::System).await.unwrap();
            other.close().await;
            let folder = folder.join(format!("saved-{round}"));
            let (journal, keys) = (self.apps[0].commands.journal(), self.apps[0].commands.keys());
            let now = Clock::System.now();
            match back_up_journal(journal, keys, &folder, now, &|_, _| {}).await {
                Ok(_) => {}
                // What is left for longer than a backup waits makes it refuse, rather than be short.
                Err(BackupError::Journal(JournalError::Unreadable { .. })) => {
                    self.refused.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                Err(error) => panic!("{error}"),
            }
            let target = Engine::sqlite();
            restore_journal(&target.config(), &folder, &|_, _| {}).await.unwrap();
            sleep(Duration::from_millis(300)).await;
        }
    }
}

/// Every read model holds what a naive reading of the journal gives, the index of people too.
async fn assert_read_models(app: &TestApp, head: Position) {
    let until = Instant::now() + patience();
    while !app.projections.status().iter().all(|one| one.position >= head) {
        assert!(Instant::now() < until, "{:?}", app.projections.status());
        sleep(Duration::from_millis(20)).await;
    }
    let events = journal_of(app.commands.journal()).await;
    check(&events, &stored(&app.read).await, head);
    persons::check(&events, &app.read, head).await;
}

on_both_engines! {
    async fn nothing_is_left_out_of_commits_that_become_visible_in_pieces(engine) {
        let events = asked("SIRA_VISIBILITY_EVENTS", 350);
        let (_donor, mut lots) = donor(engine, usize::try_from(events).unwrap()).await;
        let apps = [TestApp::on(engine).await, TestApp::on(engine).await];
        let programme = apps[0].programme().await;
        let around = Arc::new(Around {
            apps,
            programme,
            stop: AtomicBool::new(false),
            is_whole: AtomicBool::new(false),
            answered: AtomicU32::new(0),
            waited: AtomicU32::new(0),
            refused: AtomicU32::new(0),
        });
        let writers = [0, 1].map(|on| tokio::spawn(Arc::clone(&around).use_it(on)));
        let readers = [0, 1].map(|on| tokio::spawn(Arc::clone(&around).follow(on)));
        let saving = Arc::clone(&around).open_and_save(engine.url().to_owned(), engine.folder().to_owned());
        let saving = tokio::spawn(saving);
        let mut pieces = Pieces::on(engine, 0x51EE).await;
        pieces.left_for = left_for();
        let mut longest = None;
        while lots.left() > 0 {
            pieces.go_on(&mut lots).await;
            longest = longest.max(around.apps[0].commands.journal().hole().map(|hole| hole.age()));
        }
        sleep(pieces.left_for).await;
        pieces.end_due(true).await;
        around.stop.store(true, Ordering::SeqCst);
        for writer in writers {
            writer.await.unwrap();
        }
        saving.await.unwrap();
        around.is_whole.store(true, Ordering::SeqCst);
        let journal = around.apps[0].commands.journal().clone();
        let head = journal.wholly_readable().await.unwrap();
        for reader in readers {
            assert_eq!(reader.await.unwrap(), head);
        }
        let [answered, waited, refused] =
            [&around.answered, &around.waited, &around.refused].map(|count| count.load(Ordering::SeqCst));
        println!("{head} events, {} commits in pieces, {answered} answers, {waited} waited, {refused} backups refused, hole of {longest:?}", pieces.holes);
        assert!(answered > 20 && pieces.holes > 20);
        assert!(longest.is_some(), "no reader ever met a hole");
        for app in &around.apps {
            assert_read_models(app, head).await;
            assert!(app.commands.journal().hole().is_none());
        }
        let tree = around.apps[0].covered().await;
        assert_eq!(tree.checkpoint.size, head.get());
        let (progress, _) = watch::channel(CheckProgress::default());
        let report = verify(&journal, &Options::default(), &progress).await.unwrap();
        assert!(report.holds(), "{:?}", report.deviations);
    }

    async fn who_must_leave_nothing_out_waits_for_a_hole_and_says_when_it_lasts(engine) {
        let (_donor, mut lots) = donor(engine, 60).await;
        let config = sira::journal::JournalConfig { doubt_timeout: Duration::from_millis(300), ..engine.config() };
        let journal = engine.journal_with(config.clone(), Clock::System).await;
        let mut pieces = Pieces::on(engine, 7).await;
        while lots.left() > 20 {
            pieces.go_on(&mut lots).await;
        }
        pieces.end_due(true).await;
        let before = journal.wholly_readable().await.unwrap();
        pieces.hide(&mut lots).await;
        // The head is further: nobody goes on, and nobody says that what he looks for is not there.
        assert!(journal.head().await.unwrap().position > before);
        assert_eq!(journal.readable().await.unwrap(), before);
        assert_eq!(journal.freshness().await.unwrap().position, before);
        assert_eq!(journal.read_feed(before, 100).await.unwrap(), []);
        assert!(journal.read_feed(before.minus(3), 100).await.unwrap().len() == 3);
        let hole = |answer: Result<(), JournalError>| match answer {
            Err(JournalError::Unreadable { position }) => assert_eq!(position, before.next()),
            other => panic!("{other:?}"),
        };
        hole(journal.wholly_readable().await.map(drop));
        hole(journal.find_alias("7K3M-9QX2-C").await.map(drop));
        let unknown = sira::journal::StreamId::new("Beneficiary", uuid::Uuid::now_v7());
        hole(journal.read_stream(&unknown, 0.into()).await.map(drop));
        let met = journal.hole().unwrap();
        assert_eq!(met.position, before.next());
        pieces.show().await;
        let head = journal.wholly_readable().await.unwrap();
        assert!(head > before && journal.hole().is_none());
        assert_eq!(journal.freshness().await.unwrap().position, head);
        assert_eq!(journal.find_alias("7K3M-9QX2-C").await.unwrap(), None);
    }
}
