//! What stands beside the events and is in no tree: the guards of the tables, the indexes, frozen reports, and the
//! answers that are kept for retries.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sira_database::on_engine;
use sira_numbers::Position;
use uuid::Uuid;

use super::pages::is_of_a_row;
use super::report::{CheckNote, Deviation, DeviationKind};
use crate::evidence::EvidenceError;
use crate::journal::{IndexCheck, Journal, JournalError, RawTime};
use sira_evidence::leaf::{hex, sha256};

/// Rows that are read at once.
const PAGE: i64 = 1_000;

/// Checks the tables as the database guards and keeps them.
///
/// # Errors
/// When they cannot be read.
pub(super) async fn check(
    journal: Journal,
) -> Result<(Vec<Deviation>, Vec<CheckNote>), EvidenceError> {
    let (mut faults, mut notes) = (Vec::new(), Vec::new());
    for fault in journal.guard_faults().await? {
        faults.push(Deviation::of(DeviationKind::Guard).because(fault.to_string()));
    }
    match journal.check_indexes().await? {
        IndexCheck::Done(found) => {
            let told = |fault| Deviation::of(DeviationKind::Index).because(fault);
            faults.extend(found.into_iter().map(|fault| told(fault.told)));
        }
        IndexCheck::Unavailable(run) => notes.push(CheckNote::IndexesNotCompared { run }),
    }
    faults.extend(frozen_questions(&journal).await?);
    faults.extend(frozen_documents(&journal).await?);
    faults.extend(answers(&journal).await?);
    Ok((faults, notes))
}

/// A frozen question's name and position, the hash that was kept with it, and that of the event there.
type FrozenPlace = (String, i64, Vec<u8>, Option<Vec<u8>>);

/// A frozen question names the event up to which it was asked by position and hash.
async fn frozen_questions(journal: &Journal) -> Result<Vec<Deviation>, EvidenceError> {
    let rows: Vec<FrozenPlace> = on_engine!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT reports.name, reports.position, reports.leaf_hash, events.leaf_hash FROM reports \
             LEFT JOIN events ON events.position = reports.position ORDER BY reports.name",
        )
        .fetch_all(db)
        .await
    })?;
    let is_wrong = |(_, _, kept, there): &FrozenPlace| *kept != there.clone().unwrap_or_default();
    let told =
        |(name, position, ..): FrozenPlace| placed(position, DeviationKind::Report).because(name);
    Ok(rows.into_iter().filter(is_wrong).map(told).collect())
}

/// A frozen document is kept with the hash of its text.
async fn frozen_documents(journal: &Journal) -> Result<Vec<Deviation>, EvidenceError> {
    let (mut after, mut faults) = (String::new(), Vec::new());
    loop {
        // One at a time: a document may be large.
        let row: Option<(String, String, String)> = on_engine!(journal.pool(), db => {
            sqlx::query_as(
                "SELECT name, content, content_sha256 FROM report_documents \
                 WHERE name > $1 ORDER BY name LIMIT 1",
            )
            .bind(&after)
            .fetch_optional(db)
            .await
        })?;
        let Some((name, content, kept)) = row else { return Ok(faults) };
        if hex(&sha256(content.as_bytes())) != kept {
            faults.push(Deviation::of(DeviationKind::Report).because(name.clone()));
        }
        after = name;
    }
}

/// What an answer says of its stream.
#[derive(Deserialize)]
struct AnsweredStream {
    id: Uuid,
}

type AnswerColumns =
    (String, String, i64, i64, String, RawTime, Option<String>, Option<i64>, Option<RawTime>);

/// An answer names the event that it was given after; a retry is answered from it, and nothing is recorded then.
async fn answers(journal: &Journal) -> Result<Vec<Deviation>, EvidenceError> {
    let (mut after, mut faults) = ((String::new(), String::new()), Vec::new());
    loop {
        let rows: Result<Vec<AnswerColumns>, _> = on_engine!(journal.pool(), db => {
            sqlx::query_as(
                "SELECT requests.actor, requests.key, requests.position, requests.version, answer, \
                 requests.recorded_at, events.aggregate_id, events.sequence, events.recorded_at \
                 FROM requests LEFT JOIN events ON events.position = requests.position \
                 WHERE (requests.actor, requests.key) > ($1, $2) \
                 ORDER BY requests.actor, requests.key LIMIT $3",
            )
            .bind(&after.0)
            .bind(&after.1)
            .bind(PAGE)
            .fetch_all(db)
            .await
        });
        let rows = match rows.map_err(JournalError::from) {
            Err(error) if is_of_a_row(&error) => {
                faults.push(Deviation::of(DeviationKind::Request).because("unreadable"));
                return Ok(faults);
            }
            rows => rows?,
        };
        let Some(last) = rows.last() else { return Ok(faults) };
        after = (last.0.clone(), last.1.clone());
        let wrong = rows.iter().filter(|row| !is_right(row));
        faults.extend(wrong.map(|row| placed(row.2, DeviationKind::Request)));
    }
}

fn is_right(row: &AnswerColumns) -> bool {
    let (_, _, position, version, answer, RawTime(at), id, sequence, event_at) = row;
    let (Some(id), Some(sequence), Some(RawTime(event_at))) = (id, sequence, event_at) else {
        // Before the first event there may be an answer too.
        return *position == 0;
    };
    let told = serde_json::from_str::<AnsweredStream>(answer).ok().map(|told| told.id.to_string());
    // Of a request that wrote to one stream alone; the last event of another may stand in another stream.
    let is_of_it = told.as_ref() != Some(id) || version == sequence;
    // It was answered when that event was recorded, or later when there was nothing to record.
    at.zip(*event_at).is_some_and(|(at, event_at): (DateTime<Utc>, _)| at >= event_at) && is_of_it
}

/// At a position of a row that anybody may have written; below zero there is none.
fn placed(position: i64, kind: DeviationKind) -> Deviation {
    Position::of_stored(position).map_or(Deviation::of(kind), |at| Deviation::at(at, kind))
}
