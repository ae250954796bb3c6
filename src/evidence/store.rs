//! The tables of the evidence: tiles, checkpoints, cosignatures, and who signs.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::EvidenceError;
use crate::journal::{Journal, Pool, Stamp};
use crate::on_pool;
use sira_evidence::growth::Tile;
use sira_evidence::merkle::Hash;
use sira_evidence::{Note, SignatureLine};

/// How long a signer keeps others away when it is not heard of. A commit that comes right after its
/// death is signed by another process that much later at most.
const TERM_MS: i64 = 2_000;

/// A checkpoint as it is stored.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Number of events.
    pub size: u64,
    /// The signed note, without what witnesses added.
    pub note: String,
    /// When it was signed.
    pub signed_at: DateTime<Utc>,
}

type CheckpointColumns = (i64, String, Stamp);

fn checkpoint_row((size, note, Stamp(signed_at)): CheckpointColumns) -> Stored {
    Stored { size: u64::try_from(size).unwrap_or(0), note, signed_at }
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The newest checkpoint.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn newest(journal: &Journal) -> Result<Option<Stored>, EvidenceError> {
    let row: Option<CheckpointColumns> = on_pool!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT size, note, signed_at FROM evidence_checkpoints ORDER BY size DESC LIMIT 1",
        )
        .fetch_optional(db)
        .await
    })?;
    Ok(row.map(checkpoint_row))
}

/// Checkpoints larger than a size and not larger than another, the smallest first, at most `limit`: size
/// and note as they are stored.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn between(
    journal: &Journal,
    (after, up_to): (u64, u64),
    limit: u32,
) -> Result<Vec<(u64, String)>, EvidenceError> {
    let rows: Vec<(i64, String)> = on_pool!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT size, note FROM evidence_checkpoints WHERE size > $1 AND size <= $2 \
             ORDER BY size LIMIT $3",
        )
        .bind(number(after))
        .bind(number(up_to))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
    })?;
    Ok(rows.into_iter().map(|(size, note)| (u64::try_from(size).unwrap_or(0), note)).collect())
}

/// The size of the newest checkpoint; 0 before the first.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn newest_size(journal: &Journal) -> Result<u64, EvidenceError> {
    let size: Option<i64> = on_pool!(journal.pool(), db => {
        sqlx::query_scalar("SELECT max(size) FROM evidence_checkpoints").fetch_one(db).await
    })?;
    Ok(size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0))
}

/// The last tile of each level: level, index, and how many bytes it has.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn last_tiles(journal: &Journal) -> Result<Vec<(u32, u64, u64)>, EvidenceError> {
    let rows: Vec<(i64, i64, i64)> = on_pool!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT CAST(level AS bigint), tile_index, CAST(length(hashes) AS bigint) \
             FROM evidence_tiles AS tile WHERE NOT EXISTS (SELECT 1 FROM evidence_tiles AS later \
              WHERE later.level = tile.level AND later.tile_index > tile.tile_index)",
        )
        .fetch_all(db)
        .await
    })?;
    let unsigned = |number: i64| u64::try_from(number).unwrap_or(u64::MAX);
    let read = |(level, index, bytes)| {
        (u32::try_from(level).unwrap_or(u32::MAX), unsigned(index), unsigned(bytes))
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The checkpoint of a size.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn of_size(journal: &Journal, size: u64) -> Result<Option<Stored>, EvidenceError> {
    let row: Option<CheckpointColumns> = on_pool!(journal.pool(), db => {
        sqlx::query_as("SELECT size, note, signed_at FROM evidence_checkpoints WHERE size = $1")
            .bind(number(size))
            .fetch_optional(db)
            .await
    })?;
    Ok(row.map(checkpoint_row))
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
    let size: Option<i64> = on_pool!(journal.pool(), db => {
        let mut query = sqlx::query_scalar(&sql);
        for witness in witnesses {
            query = query.bind(witness.as_str());
        }
        query.bind(i64::try_from(quorum).unwrap_or(i64::MAX)).fetch_optional(db).await
    })?;
    Ok(size.and_then(|size| u64::try_from(size).ok()))
}

/// The cosignatures of a checkpoint, by the names of their keys.
///
/// # Errors
/// [`EvidenceError`].
pub async fn cosignatures(
    journal: &Journal,
    size: u64,
) -> Result<Vec<SignatureLine>, EvidenceError> {
    let lines: Vec<String> = on_pool!(journal.pool(), db => {
        sqlx::query_scalar(
            "SELECT line FROM evidence_cosignatures WHERE size = $1 ORDER BY witness",
        )
        .bind(number(size))
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
    on_pool!(journal.pool(), db => {
        sqlx::query(
            "INSERT INTO evidence_cosignatures (size, witness, line, received_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (size, witness) DO NOTHING",
        )
        .bind(number(size))
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
    let rows: Vec<(i64, String, String)> = on_pool!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT size, witness, line FROM evidence_cosignatures \
             WHERE size > $1 AND size <= $2 ORDER BY size, witness",
        )
        .bind(number(after))
        .bind(number(up_to))
        .fetch_all(db)
        .await
    })?;
    let read = |(size, witness, line)| (u64::try_from(size).unwrap_or(0), witness, line);
    Ok(rows.into_iter().map(read).collect())
}

/// The sizes of cosignatures whose checkpoint is not there.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn stray_cosignatures(journal: &Journal) -> Result<Vec<u64>, EvidenceError> {
    let sizes: Vec<i64> = on_pool!(journal.pool(), db => {
        sqlx::query_scalar(
            "SELECT size FROM evidence_cosignatures AS signed WHERE NOT EXISTS \
             (SELECT 1 FROM evidence_checkpoints AS one WHERE one.size = signed.size) ORDER BY size",
        )
        .fetch_all(db)
        .await
    })?;
    Ok(sizes.into_iter().map(|size| u64::try_from(size).unwrap_or(0)).collect())
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
    let rows: Vec<(i64, Vec<u8>)> = on_pool!(journal.pool(), db => {
        sqlx::query_as(
            "SELECT tile_index, hashes FROM evidence_tiles \
             WHERE level = $1 AND tile_index BETWEEN $2 AND $3 ORDER BY tile_index",
        )
        .bind(i32::try_from(level).unwrap_or(i32::MAX))
        .bind(number(first))
        .bind(number(last))
        .fetch_all(db)
        .await
    })?;
    let read = |(index, bytes): (i64, Vec<u8>)| {
        let (hashes, rest) = bytes.as_chunks::<32>();
        let hashes = if rest.is_empty() { hashes.to_vec() } else { Vec::new() };
        (u64::try_from(index).unwrap_or(0), hashes)
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
/// nobody else can store one of this size meanwhile. Nothing is durable before the commit; a crash
/// before it leaves no trace of the signature anywhere, and the next signer begins from what is stored.
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
    checkpoint: (u64, impl FnOnce() -> Note),
    now: DateTime<Utc>,
) -> Result<Option<Stored>, EvidenceError> {
    let (size, signed) = checkpoint;
    let take = take_lease(journal.pool());
    let note = on_pool!(journal.pool(), db => {
        let mut transaction = db.begin().await?;
        let taken = sqlx::query(&take)
            .bind(holder.to_string())
            .bind(TERM_MS)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        if taken == 0 {
            return Ok(None);
        }
        let last: Option<i64> =
            sqlx::query_scalar("SELECT max(size) FROM evidence_checkpoints")
                .fetch_one(&mut *transaction)
                .await?;
        if last.unwrap_or(0) != number(before) {
            return Ok(None);
        }
        for tile in tiles {
            sqlx::query(
                "INSERT INTO evidence_tiles (level, tile_index, hashes) VALUES ($1, $2, $3) \
                 ON CONFLICT (level, tile_index) DO UPDATE SET hashes = excluded.hashes",
            )
            .bind(i32::try_from(tile.level).unwrap_or(i32::MAX))
            .bind(number(tile.index))
            .bind(tile.hashes.as_flattened())
            .execute(&mut *transaction)
            .await?;
        }
        let note = signed().to_string();
        sqlx::query("INSERT INTO evidence_checkpoints (size, note, signed_at) VALUES ($1, $2, $3)")
            .bind(number(size))
            .bind(note.as_str())
            .bind(Stamp(now))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        note
    });
    Ok(Some(Stored { size, note, signed_at: now }))
}

/// Whether no other process is the signer just now, so that it is worth growing the tree.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn may_sign(journal: &Journal, holder: Uuid) -> Result<bool, EvidenceError> {
    let sql = format!(
        "SELECT count(*) FROM evidence_signer WHERE holder <> $1 AND until_ms >= {}",
        database_now(journal.pool()),
    );
    let others: i64 = on_pool!(journal.pool(), db => {
        sqlx::query_scalar(&sql).bind(holder.to_string()).fetch_one(db).await
    })?;
    Ok(others == 0)
}

/// The database's clock in milliseconds, so that processes agree.
fn database_now(pool: &Pool) -> &'static str {
    match pool {
        Pool::Postgres(_) => "(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
        Pool::Sqlite(_) => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    }
}

fn take_lease(pool: &Pool) -> String {
    let now = database_now(pool);
    format!(
        "INSERT INTO evidence_signer (id, holder, until_ms) VALUES (1, $1, {now} + $2) \
         ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms \
          WHERE evidence_signer.holder = excluded.holder OR evidence_signer.until_ms < {now}"
    )
}

/// Lets another process sign at once. If this fails, the term runs out.
///
/// # Errors
/// [`EvidenceError::Database`].
pub async fn give_back(journal: &Journal, holder: Uuid) -> Result<(), EvidenceError> {
    on_pool!(journal.pool(), db => {
        sqlx::query("DELETE FROM evidence_signer WHERE id = 1 AND holder = $1")
            .bind(holder.to_string())
            .execute(db)
            .await
            .map(drop)
    })?;
    Ok(())
}
