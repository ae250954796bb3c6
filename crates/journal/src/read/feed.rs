//! Reading events, of one stream or of the feed, and the small tables beside them: aliases, answers to
//! requests, settings. Any connection will do, and no lock is taken for events: a committed one never
//! changes. Two of the small tables are written here too: a setting once, and answers are forgotten
//! after their time. Neither passes the writer, since neither has a position.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::stream::{Stream, TryStreamExt};
use sira_database::{number, on_engine};
use sira_numbers::{Position, Version};
use sqlx::QueryBuilder;

use crate::read::rows::{
    EventColumns, KeyColumns, SELECT_EVENTS_AFTER, check_order, event_row, is_below, key_row,
    select_events, stream_id,
};
use crate::stamp::Stamp;
use crate::types::{Head, KeyLookup, RequestKey};
use crate::{Journal, JournalError};
use crate::{RecordedEvent, StreamId};

/// Events that one page of the feed holds at most.
pub const MAX_FEED_PAGE: u32 = 10_000;
/// How often a stream is read that lacks what was seen of it, before that is said.
const ASKED_MAX: u32 = 4;
/// Pause between two such readings.
const ASKED_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// Keys that one statement of the purge removes: the writer inserts into the same table meanwhile.
const PURGE_CHUNK: i64 = 1_000;

impl Journal {
    /// The events of one stream after `after_version`, in order. An unknown stream has none.
    ///
    /// # Errors
    /// [`JournalError::Database`], `Unreadable` where a recorded event cannot be read, which may be one of these, or
    /// `Inconsistent` for a row that is none of ours, and when the events do not follow one another up to where the
    /// stream is known to be: a history with a hole is no history.
    pub async fn read_stream(
        &self,
        stream: &StreamId,
        after_version: Version,
    ) -> Result<Vec<RecordedEvent>, JournalError> {
        // Before the question: what is seen by then, the answer must hold.
        let floor = self.shared().floor(stream);
        let mut asked = 1;
        loop {
            let events = self.stream_rows(stream, after_version).await?;
            let last = events.last().map_or(after_version, |last| Version::of(last.sequence));
            let whole = check_order(Some((stream, after_version)), &events);
            match whole.and(if last < floor { Err(is_below(stream, last, floor)) } else { Ok(()) })
            {
                Err(error) if asked == ASKED_MAX => {
                    self.refuse_hole().await?;
                    return Err(error);
                }
                // On several nodes a commit may show on one before it does on another.
                Err(_) => tokio::time::sleep(ASKED_AGAIN_AFTER).await,
                Ok(()) => {
                    if !events.is_empty() {
                        self.shared().versions().saw(stream, last);
                    } else if after_version == Version::ZERO {
                        self.refuse_hole().await?;
                    }
                    return Ok(events);
                }
            }
            asked += 1;
        }
    }

    async fn stream_rows(
        &self,
        stream: &StreamId,
        after_version: Version,
    ) -> Result<Vec<RecordedEvent>, JournalError> {
        let rows: Vec<EventColumns> = on_engine!(self.pool(), db => {
            sqlx::query_as(SELECT_EVENTS_AFTER)
            .bind(stream.aggregate_type.as_ref())
            .bind(stream.aggregate_id.to_string())
            .bind(after_version.stored())
            .fetch_all(db)
            .await
        })?;
        rows.into_iter().map(event_row).collect()
    }

    /// The events after `after_position` in the order of the journal, at most `limit` and at most
    /// [`MAX_FEED_PAGE`]. The page ends before the first event that cannot be read, and goes on once it can be:
    /// nothing ever appears below a position that was read.
    ///
    /// # Errors
    /// [`JournalError::Database`], or `Inconsistent` for a row that is none of ours.
    pub async fn read_feed(
        &self,
        after_position: Position,
        limit: u32,
    ) -> Result<Vec<RecordedEvent>, JournalError> {
        let limit = i64::from(limit.min(MAX_FEED_PAGE));
        let rows: Vec<EventColumns> = on_engine!(self.pool(), db => {
            sqlx::query_as(select_events!(
                "WHERE position > $1 ORDER BY position LIMIT $2"
            ))
            .bind(after_position.stored())
            .bind(limit)
            .fetch_all(db)
            .await
        })?;
        let events = rows.into_iter().map(event_row).collect::<Result<Vec<_>, _>>()?;
        Ok(self.shared().readable.without_hole(after_position, events))
    }

    /// The events of some kinds of one type of stream, after a position and up to one that can be read
    /// ([`Journal::readable`]), in the order of the journal; at most `limit` and [`MAX_FEED_PAGE`]. The others stay
    /// where they are, so that who needs one event in twenty does not read all.
    ///
    /// # Errors
    /// [`JournalError::Database`], or `Inconsistent` for a row that is none of ours.
    pub async fn read_kinds(
        &self,
        after_position: Position,
        up_to: Position,
        (aggregate_type, kinds): (&str, &[&str]),
        limit: u32,
    ) -> Result<Vec<RecordedEvent>, JournalError> {
        let rows: Vec<EventColumns> = on_engine!(self.pool(), db => {
            let mut query = QueryBuilder::new(select_events!("WHERE position > "));
            query.push_bind(after_position.stored()).push(" AND position <= ");
            query.push_bind(up_to.stored()).push(" AND aggregate_type = ");
            query.push_bind(aggregate_type).push(" AND event_type IN (");
            let mut list = query.separated(", ");
            for kind in kinds {
                list.push_bind(*kind);
            }
            query.push(") ORDER BY position LIMIT ");
            query.push_bind(i64::from(limit.min(MAX_FEED_PAGE)));
            query.build_query_as().fetch_all(db).await
        })?;
        rows.into_iter().map(event_row).collect()
    }

    /// As [`Journal::read_feed`], and no further than to `limit_bytes` of payloads and metadata: a
    /// caller that holds a page for a slow reader must know how much that is. The first event is there
    /// whatever its size.
    ///
    /// # Errors
    /// [`JournalError::Database`], or `Inconsistent` for a row that is none of ours.
    pub async fn read_feed_within(
        &self,
        after_position: Position,
        limit: u32,
        limit_bytes: usize,
    ) -> Result<Vec<RecordedEvent>, JournalError> {
        let limit = i64::from(limit.min(MAX_FEED_PAGE));
        on_engine!(self.pool(), db => {
            let rows = sqlx::query_as(select_events!(
                "WHERE position > $1 ORDER BY position LIMIT $2"
            ))
            .bind(after_position.stored())
            .bind(limit)
            .fetch(db);
            take_within(rows, limit_bytes).await
        })
        .map(|events| self.shared().readable.without_hole(after_position, events))
    }

    /// Where the journal stands now.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn head(&self) -> Result<Head, JournalError> {
        let (next, Stamp(recorded_at)): (i64, Stamp) = on_engine!(self.pool(), db => {
            sqlx::query_as("SELECT next_position, recorded_at FROM journal_head WHERE journal = $1")
                .bind(self.id())
                .fetch_one(db)
                .await
        })?;
        let position = number::<Position>(next)?.before();
        Ok(Head { position, recorded_at })
    }

    /// The stream that a second name leads to.
    ///
    /// # Errors
    /// [`JournalError::Database`], or `Inconsistent` for a row that is none of ours.
    pub async fn find_alias(&self, alias: &str) -> Result<Option<StreamId>, JournalError> {
        let row: Option<(String, String)> = on_engine!(self.pool(), db => {
            sqlx::query_as(
                "SELECT aggregate_type, aggregate_id FROM stream_aliases WHERE alias = $1",
            )
            .bind(alias)
            .fetch_optional(db)
            .await
        })?;
        if row.is_none() {
            self.refuse_hole().await?;
        }
        row.map(|(aggregate_type, id)| stream_id(&alias, aggregate_type, &id)).transpose()
    }

    /// What was answered to a request with this key.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn find_answer(&self, key: &RequestKey) -> Result<Option<KeyLookup>, JournalError> {
        let row: Option<KeyColumns> = on_engine!(self.pool(), db => {
            sqlx::query_as(
                "SELECT actor, key, body_hash, answer, position, version, recorded_at \
                 FROM requests WHERE actor = $1 AND key = $2",
            )
            .bind(key.actor.as_str())
            .bind(key.key.as_str())
            .fetch_optional(db)
            .await
        })?;
        let Some(row) = row else {
            return Ok(None);
        };
        let (_, known) = key_row(row)?;
        let same = key.agrees(&known.body_hash);
        Ok(Some(if same { KeyLookup::Answer(known.answer) } else { KeyLookup::OtherBody }))
    }

    /// Forgets idempotency keys recorded before `time`, and says how many. Each chunk is durable by
    /// itself; what a crash leaves is taken by the next purge.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn forget_requests_before(&self, time: DateTime<Utc>) -> Result<u64, JournalError> {
        let mut forgotten = 0;
        loop {
            let _turn = self.pool().turn().await;
            let chunk = on_engine!(self.pool(), db => {
                sqlx::query(
                    "DELETE FROM requests WHERE (actor, key) IN (SELECT actor, key FROM requests \
                     WHERE recorded_at < $1 ORDER BY recorded_at LIMIT $2)",
                )
                .bind(Stamp(time))
                .bind(PURGE_CHUNK)
                .execute(db)
                .await
                .map(|done| done.rows_affected())
            })?;
            forgotten += chunk;
            if chunk == 0 {
                return Ok(forgotten);
            }
        }
    }

    /// A setting of this journal, kept with it.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn setting(&self, name: &str) -> Result<Option<String>, JournalError> {
        Ok(on_engine!(self.pool(), db => {
            sqlx::query_scalar("SELECT value FROM journal_settings WHERE name = $1")
                .bind(name)
                .fetch_optional(db)
                .await
        })?)
    }

    /// The values of the settings whose name begins so.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn settings_like(&self, beginning: &str) -> Result<Vec<String>, JournalError> {
        Ok(on_engine!(self.pool(), db => {
            sqlx::query_scalar(
                "SELECT value FROM journal_settings WHERE substr(name, 1, length($1)) = $1",
            )
            .bind(beginning)
            .fetch_all(db)
            .await
        })?)
    }

    /// Sets a setting that has no value yet, and returns the one that stands: of two processes that
    /// set it at once, both get the value of the one that came first.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn set_once(&self, name: &str, value: &str) -> Result<String, JournalError> {
        let _turn = self.pool().turn().await;
        on_engine!(self.pool(), db => {
            sqlx::query(
                "INSERT INTO journal_settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            )
            .bind(name)
            .bind(value)
            .execute(db)
            .await
            .map(|_| ())
        })?;
        let standing = self.setting(name).await?;
        standing.ok_or_else(|| JournalError::Inconsistent {
            table: "journal_settings",
            id: name.to_owned(),
            problem: "vanished after it was set".to_owned(),
        })
    }
}

/// Takes rows as they come from the database, and leaves the rest there once the bytes are used up.
async fn take_within(
    mut rows: impl Stream<Item = Result<EventColumns, sqlx::Error>> + Unpin,
    limit_bytes: usize,
) -> Result<Vec<RecordedEvent>, JournalError> {
    let (mut page, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        let event = event_row(row)?;
        bytes += event.payload.len() + event.metadata.len();
        if bytes > limit_bytes && !page.is_empty() {
            break;
        }
        page.push(event);
    }
    Ok(page)
}
