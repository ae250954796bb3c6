//! What the database itself guards: triggers and unique keys that somebody takes away or adds, and single bits of the
//! index by which streams are read.

use std::collections::BTreeMap;
use std::time::Duration;

use sira::clock::Clock;
use sira::evidence::verify::DeviationKind;
use sira::evidence::{Keeper, KeeperConfig};
use sira::journal::{AppendOutcome, AppendRequest, Journal, NewEvent, StreamId, StreamWrite};
use sira_numbers::{Position, Version};
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};

use super::base::{Base, Copy};
use crate::support::dice::Dice;

/// Bits of the index that `verify` is asked about.
const TRIES: usize = 80;

/// What somebody does to a guard, how it is put back on a server, and what is named.
struct Undone {
    done: &'static str,
    again: &'static str,
    named: &'static str,
}

const fn undone(done: &'static str, again: &'static str, named: &'static str) -> Undone {
    Undone { done, again, named }
}

const IN_A_FILE: &[Undone] = &[
    undone("DROP TRIGGER events_no_update", "", "missing: trigger events.events_no_update"),
    undone("DROP TRIGGER events_no_delete", "", "missing: trigger events.events_no_delete"),
    undone("DROP TRIGGER events_no_replace", "", "missing: trigger events.events_no_replace"),
    undone(
        "DROP TRIGGER checkpoint_is_not_removed",
        "",
        "missing: trigger evidence_checkpoints.checkpoint_is_not_removed",
    ),
    undone(
        "DROP TRIGGER events_no_update; CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT 1; END",
        "",
        "changed: trigger events.events_no_update",
    ),
    undone(
        "CREATE TRIGGER helpful AFTER INSERT ON events BEGIN DELETE FROM requests; END",
        "",
        "foreign: trigger events.helpful",
    ),
    undone(
        "CREATE TRIGGER helpful AFTER INSERT ON stream_aliases BEGIN DELETE FROM requests; END",
        "",
        "foreign: trigger stream_aliases.helpful",
    ),
    undone(
        "CREATE TABLE other AS SELECT * FROM stream_aliases; DROP TABLE stream_aliases; \
         ALTER TABLE other RENAME TO stream_aliases",
        "",
        "changed: table stream_aliases.stream_aliases",
    ),
    undone("DROP TABLE erasure_orders", "", "missing: table erasure_orders.erasure_orders"),
];

const ON_A_SERVER: &[Undone] = &[
    undone(
        "ALTER TABLE events DISABLE TRIGGER events_append_only",
        "ALTER TABLE events ENABLE TRIGGER events_append_only",
        "changed: trigger events.events_append_only",
    ),
    undone(
        "DROP TRIGGER events_append_only ON events",
        "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events \
         FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events()",
        "missing: trigger events.events_append_only",
    ),
    undone(
        "ALTER FUNCTION refuse_change_of_events RENAME TO kept; CREATE FUNCTION refuse_change_of_events() RETURNS \
         trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; DROP TRIGGER events_append_only ON events; \
         CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events \
         FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events()",
        "DROP TRIGGER events_append_only ON events; DROP FUNCTION refuse_change_of_events; \
         ALTER FUNCTION kept RENAME TO refuse_change_of_events; \
         CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events \
         FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events()",
        "changed: trigger events.events_append_only",
    ),
    undone(
        "DROP INDEX events_position; CREATE INDEX events_position ON events (position)",
        "DROP INDEX events_position; CREATE UNIQUE INDEX events_position ON events (position)",
        "changed: index events.events_position",
    ),
    undone(
        "ALTER TABLE events DROP CONSTRAINT events_pkey",
        "ALTER TABLE events ADD PRIMARY KEY (aggregate_type, aggregate_id, sequence)",
        "missing: constraint events.events_pkey",
    ),
    undone(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'events_pkey'::regclass",
        "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'events_pkey'::regclass",
        "changed: index events.events_pkey",
    ),
    undone(
        "ALTER TABLE events DROP CONSTRAINT events_sequence_check",
        "ALTER TABLE events ADD CONSTRAINT events_sequence_check CHECK (sequence >= 1)",
        "missing: constraint events.events_sequence_check",
    ),
    undone(
        "ALTER TABLE events ALTER COLUMN event_type DROP NOT NULL",
        "ALTER TABLE events ALTER COLUMN event_type SET NOT NULL",
        "changed: column events.event_type",
    ),
    undone(
        "CREATE FUNCTION help() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; \
         CREATE TRIGGER helpful BEFORE INSERT ON stream_aliases FOR EACH ROW EXECUTE FUNCTION help()",
        "DROP TRIGGER helpful ON stream_aliases; DROP FUNCTION help",
        "foreign: trigger stream_aliases.helpful",
    ),
    undone(
        "CREATE RULE helpful AS ON DELETE TO journal_settings DO INSTEAD NOTHING",
        "DROP RULE helpful ON journal_settings",
        "foreign: rule journal_settings.helpful",
    ),
];

async fn run(url: &str, sql: &str) {
    let done = if url.starts_with("sqlite:") {
        let mut db = SqliteConnection::connect(url).await.unwrap();
        let done = db.execute(sqlx::raw_sql(sql)).await.map(drop);
        db.close().await.unwrap();
        done
    } else {
        let mut db = PgConnection::connect(url).await.unwrap();
        let done = db.execute(sqlx::raw_sql(sql)).await.map(drop);
        db.close().await.unwrap();
        done
    };
    done.unwrap_or_else(|error| panic!("{error}: {sql}"));
}

/// Each guard that is undone is named by `verify`, and a start under it writes nothing and reads on.
pub async fn every_guard_is_watched(base: &Base) {
    let ways = if base.is_file() { IN_A_FILE } else { ON_A_SERVER };
    for Undone { done, again, named } in ways {
        let copy = base.copy("undone").await;
        run(&copy.url(), done).await;
        let report = copy.verified(&base.knowing_the_key()).await;
        let journal = Journal::open(&copy.config(), Clock::System).await;
        if let Ok(report) = &report {
            let is_it = |detail: &Option<String>| detail.as_deref() == Some(*named);
            let told = report.deviations.iter().filter(|one| one.kind == DeviationKind::Guard);
            assert!(
                told.clone().any(|one| is_it(&one.detail)),
                "{done}: {:?}",
                told.collect::<Vec<_>>()
            );
        } else {
            // A table that the check itself reads is gone.
            assert!(named.starts_with("missing: table"), "{done}: {report:?}");
        }
        let journal = journal.unwrap();
        assert_eq!(journal.halted().map(|why| why.word()), Some("guards"), "{done}");
        let refused = journal.append(request(&base.events[0].stream, 9)).await.unwrap_err();
        assert!(refused.to_string().contains(named), "{refused}");
        let read = journal.read_feed(0.into(), 5_000).await.unwrap();
        assert_eq!(read.len(), base.events.len(), "{done}");
        journal.close().await;
        if !again.is_empty() {
            run(&copy.url(), again).await;
            let report = copy.verified(&base.knowing_the_key()).await.unwrap();
            assert!(report.holds(), "{done}: {:?}", report.deviations);
        }
        copy.discard().await;
    }
}

fn request(stream: &StreamId, version: u64) -> AppendRequest {
    let event = NewEvent {
        event_type: "Noted".into(),
        event_version: "1.0".into(),
        payload: r#"{"note":1}"#.to_owned(),
        metadata: r#"{"actor":"a","role":"admin"}"#.to_owned(),
    };
    let expected_version = Version::of_count(version);
    let write = StreamWrite { stream: stream.clone(), expected_version, events: vec![event] };
    AppendRequest { writes: vec![write], ..AppendRequest::default() }
}

/// Where the cells of an index lie in the file: its keys, and no free space.
struct Entries {
    page_size: usize,
    ranges: Vec<std::ops::Range<usize>>,
}

impl Entries {
    fn of(file: &[u8], root: usize) -> Self {
        let page_size = match usize::from(u16::from_be_bytes([file[16], file[17]])) {
            1 => 65_536,
            size => size,
        };
        let mut entries = Self { page_size, ranges: Vec::new() };
        entries.walk(file, root);
        entries
    }

    fn walk(&mut self, file: &[u8], page: usize) {
        let start = (page - 1) * self.page_size;
        let bytes = &file[start..start + self.page_size];
        let short = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        // An inner page has the page of the smaller keys before each key, and that of the largest in its head.
        let (head, before) = match bytes[0] {
            2 => (12, 4),
            10 => (8, 0),
            other => panic!("page {page} is of kind {other}"),
        };
        for cell in 0..short(3) {
            let at = short(head + 2 * cell);
            if before > 0 {
                self.walk(file, number(at));
            }
            // A key is short: its length is one byte.
            let length = usize::from(bytes[at + before]);
            assert!(length < 128);
            self.ranges.push(start + at..start + at + before + 1 + length);
        }
        if before > 0 {
            self.walk(file, number(8));
        }
    }

    fn pick(&self, dice: &mut Dice) -> usize {
        let range = dice.pick(&self.ranges).clone();
        range.start + usize::try_from(dice.roll((range.end - range.start) as u64)).unwrap()
    }
}

/// A copy's file with the pages of its index of streams.
async fn indexed(copy: &Copy<'_>) -> (Vec<u8>, Entries) {
    let mut db = SqliteConnection::connect(&copy.url()).await.unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_events_1'";
    let root: i64 = sqlx::query_scalar(sql).fetch_one(&mut db).await.unwrap();
    db.close().await.unwrap();
    let file = std::fs::read(copy.file()).unwrap();
    let entries = Entries::of(&file, usize::try_from(root).unwrap());
    (file, entries)
}

/// Every bit of the index that is turned over is named; and whatever is written under it, no place of a stream that
/// is taken twice is ever signed.
pub async fn every_bit_of_an_index_is_watched(base: &Base) {
    let copy = base.copy("index").await;
    let (file, entries) = indexed(&copy).await;
    assert_eq!(entries.ranges.len(), base.events.len());
    let mut dice = Dice(0x1DE_C0DE);
    let (mut refused, mut named, mut written) = (0, 0, 0);
    for turn in 0..TRIES {
        let (at, bit) = (entries.pick(&mut dice), 1 << dice.roll(8));
        let mut bytes = file.clone();
        bytes[at] ^= bit;
        remove_logs(&copy);
        std::fs::write(copy.file(), &bytes).unwrap();
        match copy.verified(&base.knowing_the_key()).await {
            Err(_) => refused += 1,
            Ok(report) => {
                let is_named = report.deviations.iter().any(|one| one.kind == DeviationKind::Index);
                assert!(is_named, "bit {bit} of byte {at}: {:?}", report.deviations);
                named += 1;
            }
        }
        match Journal::open(&copy.config(), Clock::System).await {
            Err(_) => {}
            Ok(journal) => {
                assert_eq!(journal.halted().map(|why| why.word()), Some("index"), "byte {at}");
                journal.close().await;
            }
        }
        written += write_under(base, &copy, turn.is_multiple_of(3)).await;
    }
    assert!(named > TRIES / 2, "{refused} refused, {named} named");
    assert!(written > 2, "{written} events were written under a broken index");
    copy.discard().await;
}

/// Nothing of the copy before is left beside the file.
fn remove_logs(copy: &Copy<'_>) {
    for end in ["-wal", "-shm"] {
        let mut name = copy.file().into_os_string();
        name.push(end);
        let _ = std::fs::remove_file(name);
    }
}

/// Appends to every stream that reads shorter than it is, past the look at the start, before or after the signer
/// knows the streams' last events; how many events were taken.
async fn write_under(base: &Base, copy: &Copy<'_>, signs_first: bool) -> usize {
    let Ok(journal) = copy.journal().await else { return 0 };
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let mut config = KeeperConfig::new(folder.path(), Some(base.key.clone()));
        (config.gap, config.poll) = (Duration::from_millis(5), Duration::from_millis(5));
        Keeper::start(&journal, &Clock::System, config)
    };
    let (last, wait) = (Position::of_count(base.last().0), Duration::from_secs(5));
    let mut keeper = None;
    if signs_first {
        let started = keeper.insert(start());
        if started.evidence().covering(last, wait).await.is_err() {
            // What it reads cannot be read: it signs nothing.
            journal.close().await;
            return 0;
        }
    }
    let mut streams: BTreeMap<&StreamId, u64> = BTreeMap::new();
    for event in &base.events {
        *streams.entry(&event.stream).or_default() += 1;
    }
    let mut taken = 0;
    for (stream, events) in streams {
        let Ok(read) = journal.read_stream(stream, Version::ZERO).await else { continue };
        if read.len() as u64 == events {
            continue;
        }
        assert!(!signs_first, "{} of {events} events of {stream} are shown", read.len());
        let appended = journal.append(request(stream, read.len() as u64)).await;
        taken += usize::from(matches!(appended, Ok(AppendOutcome::Committed(_))));
    }
    let keeper = keeper.unwrap_or_else(start);
    if taken > 0 {
        for _ in 0..400 {
            if journal.halted().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(journal.halted().is_some(), "a doubled place is not noticed");
        assert!(journal.append(request(&base.events[0].stream, 1)).await.is_err());
    }
    keeper.stop().await;
    journal.close().await;
    assert_eq!(signed_doubles(copy).await, 0, "a place that was taken twice was signed");
    taken
}

/// How many events below the newest checkpoint have a place of their stream that another one has, as the table says
/// and no index.
async fn signed_doubles(copy: &Copy<'_>) -> i64 {
    let mut db = SqliteConnection::connect(&copy.url()).await.unwrap();
    let sql = "SELECT count(*) FROM (SELECT 1 FROM events NOT INDEXED \
         WHERE position <= (SELECT max(size) FROM evidence_checkpoints) \
         GROUP BY aggregate_type, aggregate_id || '', sequence + 0 HAVING count(*) > 1)";
    let doubles = sqlx::query_scalar(sql).fetch_one(&mut db).await.unwrap();
    db.close().await.unwrap();
    doubles
}
