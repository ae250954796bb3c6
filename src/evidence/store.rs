//! The tables of the evidence: tiles, checkpoints, cosignatures, and who signs.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sira_database::{Lease, LeaseRow, bound, on_engine, signed, unsigned};
use uuid::Uuid;

use super::EvidenceError;
use crate::journal::{Journal, RawTime, Stamp};
use sira_evidence::growth::Tile;
use sira_evidence::merkle::Hash;
use sira_evidence::{Note, SignatureLine};

/// How long a signer keeps others away when it is not heard of. A commit that comes right after its
/// death is signed by another process that much later at most.
const TERM: Duration = Duration::from_secs(2);
/// Who signs.
const SIGNER: Lease<'_> = Lease { table: "evidence_signer", row: LeaseRow::Only };

/// A checkpoint as it is stored.
#[derive(Clone, Debug)]
pub struct StoredCheckpoint {
    /// Number of events.
    pub size: u64,
    /// The signed note, without what witnesses added.
    pub note: String,
    /// When it was signed.
    pub signed_at: DateTime<Utc>,
}

/// A checkpoint as a check reads it: size, note, and the time of signing when it is one.
pub type CheckedRow = (u64, String, Option<DateTime<Utc>>);

type CheckpointColumns = (i64, String, Stamp);

fn checkpoint_row(
    (size, note, Stamp(signed_at)): CheckpointColumns,
) -> Result<StoredCheckpoint, EvidenceError> {
    Ok(StoredCheckpoint { size: unsigned(size)?, note, signed_at })
}

/// A number of a row that anybody may have written: below zero it is told as 0, which is the size of no
/// checkpoint and the index of a tile that is not this one.
fn clamped(number: i64) -> u64 {
    number.max(0).cast_unsigned()
}

/// The newest checkpoint.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn newest(journal: &Journal) -> Result<Option<StoredCheckpoint>, EvidenceError> {
    let row: Option<CheckpointColumns> = on_engine!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT size, note, signed_at FROM evidence_checkpoints ORDER BY size DESC LIMIT 1",
        )
        .fetch_optional(db)
        .await
    })?;
    row.map(checkpoint_row).transpose()
}

/// Checkpoints larger than a size and not larger than another, the smallest first, at most `limit`: size,
/// note and time of signing as they are stored.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn between(
    journal: &Journal,
    (after, up_to): (u64, u64),
    limit: u32,
) -> Result<Vec<CheckedRow>, EvidenceError> {
    let rows: Vec<(i64, String, RawTime)> = on_engine!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT size, note, signed_at FROM evidence_checkpoints WHERE size > $1 AND size <= $2 \
             ORDER BY size LIMIT $3",
        )
        .bind(bound(after))
        .bind(bound(up_to))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
    })?;
    let read = |(size, note, RawTime(signed_at))| (clamped(size), note, signed_at);
    Ok(rows.into_iter().map(read).collect())
}

/// The size of the newest checkpoint; 0 before the first.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn newest_size(journal: &Journal) -> Result<u64, EvidenceError> {
    let size: Option<i64> = on_engine!(journal.pool(), db => {
        sqlx::query_scalar("SELECT max(size) FROM evidence_checkpoints").fetch_one(db).await
    })?;
    Ok(size.map_or(0, clamped))
}

/// The last tile of each level: level, index, and how many bytes it has.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn last_tiles(journal: &Journal) -> Result<Vec<(u32, u64, u64)>, EvidenceError> {
    let rows: Vec<(i64, i64, i64)> = on_engine!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT CAST(level AS bigint), tile_index, CAST(length(hashes) AS bigint) \
             FROM evidence_tiles AS tile WHERE NOT EXISTS (SELECT 1 FROM evidence_tiles AS later \
              WHERE later.level = tile.level AND later.tile_index > tile.tile_index)",
        )
        .fetch_all(db)
        .await
    })?;
    // What no tile has is told as more than any has.
    let told = |number: i64| unsigned(number).unwrap_or(u64::MAX);
    let read = |(level, index, bytes)| {
        (u32::try_from(level).unwrap_or(u32::MAX), told(index), told(bytes))
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The checkpoint of a size.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn of_size(
    journal: &Journal,
    size: u64,
) -> Result<Option<StoredCheckpoint>, EvidenceError> {
    let row: Option<CheckpointColumns> = on_engine!(journal.pool(), db => {
        sqlx::query_as("SELECT size, note, signed_at FROM evidence_checkpoints WHERE size = $1")
            .bind(bound(size))
            .fetch_optional(db)
            .await
    })?;
    row.map(checkpoint_row).transpose()
}

/// The size of the newest checkpoint that so many of these witnesses have signed.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn witnessed(
    journal: &Journal,
    witnesses: &[String],
    quorum: usize,
) -> Result<Option<u64>, EvidenceError> {
    let names = (1..=witnesses.len()).map(|place| format!("${place}")).collect::<Vec<_>>();
    let sql = format!(
        "SELECT size FROM evidence_cosignatures WHERE witness IN ({}) GROUP BY size \
         HAVING count(*) >= ${} ORDER BY size DESC LIMIT 1",
        names.join(", "),
        witnesses.len() + 1,
    );
    let size: Option<i64> = on_engine!(journal.pool(), db => {
        let mut query = sqlx::query_scalar(&sql);
        for witness in witnesses {
            query = query.bind(witness.as_str());
        }
        query.bind(bound(quorum as u64)).fetch_optional(db).await
    })?;
    Ok(size.map(unsigned).transpose()?)
}

/// The cosignatures of a checkpoint, by the names of their keys.
///
/// # Errors
/// [`EvidenceError`].
pub async fn cosignatures(
    journal: &Journal,
    size: u64,
) -> Result<Vec<SignatureLine>, EvidenceError> {
    let lines: Vec<String> = on_engine!(journal.pool(), db => {
        sqlx::query_scalar(
            "SELECT line FROM evidence_cosignatures WHERE size = $1 ORDER BY witness",
        )
        .bind(bound(size))
        .fetch_all(db)
        .await
    })?;
    lines.iter().map(|line| Ok(line.parse()?)).collect()
}

/// Keeps a cosignature; the first of a witness for a checkpoint stands. Durable when it returns.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn keep_cosignature(
    journal: &Journal,
    size: u64,
    witness: &str,
    line: &SignatureLine,
    now: DateTime<Utc>,
) -> Result<(), EvidenceError> {
    let _turn = journal.pool().turn().await;
    on_engine!(journal.pool(), db => {
        sqlx::query(
            "INSERT INTO evidence_cosignatures (size, witness, line, received_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (size, witness) DO NOTHING",
        )
        .bind(signed(size)?)
        .bind(witness)
        .bind(line.to_string())
        .bind(Stamp(now))
        .execute(db)
        .await
        .map(drop)
    })?;
    Ok(())
}

/// Every cosignature of checkpoints after a size, up to another: size, witness and line as they are stored.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn cosignatures_between(
    journal: &Journal,
    after: u64,
    up_to: u64,
) -> Result<Vec<(u64, String, String)>, EvidenceError> {
    let rows: Vec<(i64, String, String)> = on_engine!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT size, witness, line FROM evidence_cosignatures \
             WHERE size > $1 AND size <= $2 ORDER BY size, witness",
        )
        .bind(bound(after))
        .bind(bound(up_to))
        .fetch_all(db)
        .await
    })?;
    let read = |(size, witness, line)| (clamped(size), witness, line);
    Ok(rows.into_iter().map(read).collect())
}

/// The sizes of cosignatures whose checkpoint is not there.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn stray_cosignatures(journal: &Journal) -> Result<Vec<u64>, EvidenceError> {
    let sizes: Vec<i64> = on_engine!(journal.pool(), db => {
        sqlx::query_scalar(
            "SELECT size FROM evidence_cosignatures AS signed WHERE NOT EXISTS \
             (SELECT 1 FROM evidence_checkpoints AS one WHERE one.size = signed.size) ORDER BY size",
        )
        .fetch_all(db)
        .await
    })?;
    Ok(sizes.into_iter().map(clamped).collect())
}

/// The tiles of a level between two indexes, both included, as they are stored: index and hashes. A tile
/// that is no row of hashes has none.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn tiles(
    journal: &Journal,
    level: u32,
    (first, last): (u64, u64),
) -> Result<Vec<(u64, Vec<Hash>)>, EvidenceError> {
    let rows: Vec<(i64, Vec<u8>)> = on_engine!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT tile_index, hashes FROM evidence_tiles \
             WHERE level = $1 AND tile_index BETWEEN $2 AND $3 ORDER BY tile_index",
        )
        .bind(i64::from(level))
        .bind(bound(first))
        .bind(bound(last))
        .fetch_all(db)
        .await
    })?;
    let read = |(index, bytes): (i64, Vec<u8>)| {
        let (hashes, rest) = bytes.as_chunks::<32>();
        let hashes = if rest.is_empty() { hashes.to_vec() } else { Vec::new() };
        (clamped(index), hashes)
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The hashes of a tile as far as they are known; none when there is no such tile.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn tile(
    journal: &Journal,
    level: u32,
    index: u64,
) -> Result<Option<Vec<Hash>>, EvidenceError> {
    Ok(tiles(journal, level, (index, index)).await?.pop().map(|(_, hashes)| hashes))
}

/// Signs and stores one checkpoint, with the tiles that a reader of it may ask for, as one transaction.
///
/// The signer's row is locked first and held to the end, so that signers of all processes come one
/// after another, and the signature is made only when the checkpoint before is known to be `before`:
/// nobody else can store one of this size meanwhile. Nothing is durable before the commit but what `sign`
/// remembers beside the key; a crash before the commit leaves no trace of the signature anywhere else, and the next
/// signer begins from what is stored.
///
/// None when another process is the signer, or has signed since: then nothing was signed here.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn sign(
    journal: &Journal,
    holder: Uuid,
    before: u64,
    tiles: &[Tile],
    checkpoint: (u64, impl FnOnce() -> Result<Note, EvidenceError>),
    now: DateTime<Utc>,
) -> Result<Option<StoredCheckpoint>, EvidenceError> {
    let (size, sign) = checkpoint;
    let _turn = journal.pool().turn().await;
    let mut transaction = journal.pool().begin().await?;
    if !SIGNER.take(transaction.connection(), holder, TERM).await? {
        return Ok(None);
    }
    let note = on_engine!(&mut transaction, db => {
        let last: Option<i64> =
            sqlx::query_scalar("SELECT max(size) FROM evidence_checkpoints")
                .fetch_one(&mut *db)
                .await?;
        if last.unwrap_or(0) != signed(before)? {
            return Ok(None);
        }
        for tile in tiles {
            sqlx::query(
                "INSERT INTO evidence_tiles (level, tile_index, hashes) VALUES ($1, $2, $3) \
                 ON CONFLICT (level, tile_index) DO UPDATE SET hashes = excluded.hashes",
            )
            .bind(i64::from(tile.level))
            .bind(signed(tile.index)?)
            .bind(tile.hashes.as_flattened())
            .execute(&mut *db)
            .await?;
        }
        let note = sign()?.to_string();
        sqlx::query("INSERT INTO evidence_checkpoints (size, note, signed_at) VALUES ($1, $2, $3)")
            .bind(signed(size)?)
            .bind(note.as_str())
            .bind(Stamp(now))
            .execute(&mut *db)
            .await?;
        note
    });
    transaction.commit().await?;
    Ok(Some(StoredCheckpoint { size, note, signed_at: now }))
}

/// Whether no other process is the signer just now, so that it is worth growing the tree.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn may_sign(journal: &Journal, holder: Uuid) -> Result<bool, EvidenceError> {
    let mut handle = journal.pool().acquire().await?;
    Ok(SIGNER.is_free(handle.connection(), holder).await?)
}

/// Lets another process sign at once. If this fails, the term runs out.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn give_back(journal: &Journal, holder: Uuid) -> Result<(), EvidenceError> {
    let _turn = journal.pool().turn().await;
    let mut handle = journal.pool().acquire().await?;
    Ok(SIGNER.give_back(handle.connection(), holder).await?)
}
