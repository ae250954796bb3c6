//! An auditor's replay: every stream of the journal is read once more by somebody else's code, and what
//! it comes to is compared with what the server makes of it.
//!
//! The second reader is the stock repository of `postgres-es` or `sqlite-es` with its own statements
//! (`stock`); its events are folded by `cqrs_es::Aggregate::apply`. It shares with the server the
//! domain, which says what an event means and how an older one is read, and nothing of how events are
//! found and loaded. A row that only one of the two sees, or that they read otherwise, shows as a stream
//! that differs.
//!
//! Streams are listed by a statement of this module and compared one after the other: in memory is one
//! stream at a time, in both its readings.

mod difference;
mod stock;
mod stream;

use std::time::Duration;

use sira_database::{on_engine, unsigned};
use sira_domain::cohort::Cohort;
use sira_domain::fund::Fund;
use sira_domain::path::Beneficiary;
use sira_domain::programme::Programme;
use tokio::sync::watch;

pub use difference::{Difference, DifferenceKind};

use super::EvidenceError;
use super::keys::STREAM_TYPE;
use super::verify::{CheckProgress, IN_PIECES};
use crate::journal::Journal;
use difference::differ;
use stock::Stock;
use stream::{keys_by_server, keys_by_stock, state_by_server, state_by_stock};

/// Streams that are listed at once.
const PAGE: i64 = 500;
/// How often two readings are made before they count as different: while a server runs, an event may be
/// appended between the two.
const READINGS: u32 = 4;
/// The pause between them.
const PAUSE: Duration = Duration::from_millis(50);

/// What a second reading came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondReading {
    /// The crate that read: `postgres-es` or `sqlite-es`.
    pub reader: &'static str,
    /// Streams that were compared.
    pub streams: u64,
    /// Events in them, as the listing counted.
    pub events: u64,
    /// Every stream that differs, in the order of the streams.
    pub differences: Vec<Difference>,
}

impl SecondReading {
    /// Whether both readers have every stream alike.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.differences.is_empty()
    }
}

/// A stream as the listing has it: whatever stands in the columns, an id or not.
struct Listed {
    aggregate_type: String,
    aggregate_id: String,
    events: u64,
}

/// Reads every stream of a journal a second time; `progress` is told how many events were compared.
///
/// # Errors
/// When the database cannot be reached, or the streams cannot be listed.
pub async fn read_again(
    journal: &Journal,
    progress: &watch::Sender<CheckProgress>,
) -> Result<SecondReading, EvidenceError> {
    let stock = Stock::on(journal.pool());
    let mut reading = SecondReading { reader: stock.name(), ..SecondReading::default() };
    // What becomes visible in pieces is waited for; what is missing for good is named below, and so is a journal
    // without a head.
    let _ = journal.readable_within(IN_PIECES).await;
    let all = journal.last_position().await?.get();
    let mut after = (String::new(), String::new());
    loop {
        let page = list(journal, &after).await?;
        let Some(last) = page.last() else { return Ok(reading) };
        after = (last.aggregate_type.clone(), last.aggregate_id.clone());
        for listed in page {
            reading.streams += 1;
            reading.events += listed.events;
            if let Some(kind) = compare(journal, &stock, &listed).await? {
                reading.differences.push(Difference::of(&listed, kind));
            }
            progress.send_replace(CheckProgress { done: reading.events, all });
        }
    }
}

/// The streams after one, in order, with the number of their rows.
async fn list(
    journal: &Journal,
    (aggregate_type, aggregate_id): &(String, String),
) -> Result<Vec<Listed>, EvidenceError> {
    let rows: Vec<(String, String, i64)> = on_engine!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT aggregate_type, aggregate_id, count(*) FROM events \
             WHERE (aggregate_type, aggregate_id) > ($1, $2) \
             GROUP BY aggregate_type, aggregate_id ORDER BY aggregate_type, aggregate_id LIMIT $3",
        )
        .bind(aggregate_type.as_str())
        .bind(aggregate_id.as_str())
        .bind(PAGE)
        .fetch_all(db)
        .await
    })?;
    let listed = |(aggregate_type, aggregate_id, events)| {
        Ok(Listed { aggregate_type, aggregate_id, events: unsigned(events)? })
    };
    rows.into_iter().map(listed).collect()
}

/// How the two readings of a stream differ; none when they do not.
async fn compare(
    journal: &Journal,
    stock: &Stock,
    listed: &Listed,
) -> Result<Option<DifferenceKind>, EvidenceError> {
    let mut found = compare_once(journal, stock, listed).await?;
    for _ in 1..READINGS {
        if matches!(found, None | Some(DifferenceKind::UnknownType)) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        found = compare_once(journal, stock, listed).await?;
    }
    Ok(found)
}

async fn compare_once(
    journal: &Journal,
    stock: &Stock,
    listed: &Listed,
) -> Result<Option<DifferenceKind>, EvidenceError> {
    let id = listed.aggregate_id.as_str();
    macro_rules! states {
        ($aggregate:ty) => {
            tokio::try_join!(
                state_by_server::<$aggregate>(journal, id),
                state_by_stock::<$aggregate>(stock, id),
            )
        };
    }
    let (server, second) = match listed.aggregate_type.as_str() {
        Beneficiary::TYPE => states!(Beneficiary),
        Programme::TYPE => states!(Programme),
        Cohort::TYPE => states!(Cohort),
        Fund::TYPE => states!(Fund),
        STREAM_TYPE => tokio::try_join!(keys_by_server(journal, id), keys_by_stock(stock, id)),
        _ => return Ok(Some(DifferenceKind::UnknownType)),
    }?;
    Ok(differ(&server, &second))
}
