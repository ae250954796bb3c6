//! Single bits of the embedded engine's file, on the pages that hold events.

use std::collections::BTreeSet;

use sira::evidence::verify::DeviationKind;
use sira::journal::RecordedEvent;
use sqlx::{Connection, SqliteConnection};

use super::base::{Base, Copy};
use crate::support::dice::Dice;

/// How many bits are tried.
const TRIES: usize = 160;

/// Where the cells of a table's leaf pages lie in the file: the bytes that its rows are made of, and no
/// free space.
struct Cells {
    page_size: usize,
    ranges: Vec<std::ops::Range<usize>>,
}

impl Cells {
    fn of(file: &[u8], root: usize) -> Self {
        let page_size = match usize::from(u16::from_be_bytes([file[16], file[17]])) {
            1 => 65_536,
            size => size,
        };
        let mut cells = Self { page_size, ranges: Vec::new() };
        cells.walk(file, root);
        cells
    }

    /// A page of the table's tree: inner ones lead to others, leaves hold rows.
    fn walk(&mut self, file: &[u8], page: usize) {
        let start = (page - 1) * self.page_size;
        let bytes = &file[start..start + self.page_size];
        let short = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let count = short(3);
        match bytes[0] {
            5 => {
                for cell in 0..count {
                    self.walk(file, number(short(12 + 2 * cell)));
                }
                self.walk(file, number(8));
            }
            13 => {
                // Rows only ever come: cells fill the page from its end without a gap.
                let first = (0..count).map(|cell| short(8 + 2 * cell)).min().unwrap();
                self.ranges.push(start + first..start + self.page_size);
            }
            other => panic!("page {page} is of kind {other}"),
        }
    }

    fn pick(&self, dice: &mut Dice) -> usize {
        let range = dice.pick(&self.ranges).clone();
        range.start + usize::try_from(dice.roll((range.end - range.start) as u64)).unwrap()
    }
}

async fn root_of_events(copy: &Copy<'_>) -> usize {
    let mut db = SqliteConnection::connect(&copy.url()).await.unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'events'";
    let root: i64 = sqlx::query_scalar(sql).fetch_one(&mut db).await.unwrap();
    // Everything is in the file itself when the last connection has closed.
    db.close().await.unwrap();
    usize::try_from(root).unwrap()
}

/// Every bit that is turned over is refused by the engine or named by the check, unless the rows read
/// the same as before: then nothing was changed of them.
pub async fn every_byte_of_an_event_is_watched(base: &Base) {
    let copy = base.copy("bytes").await;
    let root = root_of_events(&copy).await;
    let file = std::fs::read(copy.file()).unwrap();
    let cells = Cells::of(&file, root);
    let mut dice = Dice(0x5EED_BEEF);
    let (mut refused, mut named, mut the_same) = (0, 0, 0);
    let mut kinds = BTreeSet::new();
    for _ in 0..TRIES {
        let at = cells.pick(&mut dice);
        let mut bytes = file.clone();
        bytes[at] ^= 1 << dice.roll(8);
        std::fs::write(copy.file(), &bytes).unwrap();
        match copy.verified(&base.knowing_the_key()).await {
            Err(_) => refused += 1,
            Ok(report) if !report.holds() => {
                named += 1;
                kinds.extend(report.deviations.iter().map(|one| one.kind));
            }
            Ok(_) => {
                let read = events_of(&copy).await;
                assert!(read == base.events, "byte {at} was changed, and all agrees");
                the_same += 1;
            }
        }
    }
    assert!(named > TRIES / 2, "{refused} refused, {named} named, {the_same} the same");
    assert!(the_same < TRIES / 20, "{refused} refused, {named} named, {the_same} the same");
    assert!(kinds.contains(&DeviationKind::Altered), "{kinds:?}");
    copy.discard().await;
}

async fn events_of(copy: &Copy<'_>) -> Vec<RecordedEvent> {
    let journal = copy.journal().await.unwrap();
    let events = journal.read_feed(0.into(), 5_000).await.unwrap();
    journal.close().await;
    events
}
