//! Reconciliation: a statement of a mobile-money operator or a bank beside the payments of a fund.
//!
//! Of a statement four things are read: day, amount, direction and reference of each line. Whose account it
//! was, the name or the phone that stands beside, is never read, so that it is neither kept nor told. What
//! was compared is answered to whoever asked and kept nowhere; what a person confirms is an event of the
//! fund with the file's hash and the lines' numbers.

mod amount;
mod compare;
mod map;
mod read;
mod sheet;
mod statement;

use std::collections::HashSet;

use bytes::Bytes;
use compare::compare_statement;
use sha2::{Digest, Sha256};
use sira_domain::reference::Language;
use sira_evidence::leaf::hex;
use sira_projections::lists::{fund_payments, payments_referred};
use sira_projections::{ReadError, ReadStore};
use uuid::Uuid;

pub use compare::{Compared, ComparedRow, Counts, RowState};
pub use map::{DelimiterSign, MapForm, StatementMap, StatementMapError, ThousandsSign};
pub use sheet::{sheet_of, write_compared};
pub use statement::{Direction, StatementLine, UnreadLine};

/// Largest statement, in bytes: a year of a national programme's payments fits.
pub const STATEMENT_MAX_BYTES: usize = 4 * 1024 * 1024;
/// Most lines of a statement, and most payments of its period: the whole comparison is held in memory.
pub const LINES_MAX: usize = 20_000;

/// A statement that cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// Its map does not fit it.
    #[error(transparent)]
    Map(#[from] StatementMapError),
    /// It is too long.
    #[error("the statement has more than {LINES_MAX} lines or {STATEMENT_MAX_BYTES} bytes")]
    TooLong,
    /// The fund has too many payments in the statement's period.
    #[error("the fund has more than {LINES_MAX} payments in the statement's period")]
    TooMany,
    /// The read models cannot be asked.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl ReconcileError {
    /// What is wrong, in the reader's language; nothing of what the statement holds.
    #[must_use]
    pub fn detail(&self, language: Language) -> String {
        let fr = match self {
            Self::Map(error) => return error.detail(language),
            Self::TooLong => {
                format!("le relevé dépasse {LINES_MAX} lignes ou {STATEMENT_MAX_BYTES} octets")
            }
            Self::TooMany => {
                format!("le fonds a plus de {LINES_MAX} paiements dans la période du relevé")
            }
            Self::Read(_) => "les paiements du fonds ne peuvent pas être lus".to_owned(),
        };
        if language == Language::Fr { fr } else { self.to_string() }
    }
}

/// The SHA-256 of a statement's bytes, by which a confirmation names it.
#[must_use]
pub fn statement_hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Compares a statement with the payments of a fund, as the read models tell them.
///
/// # Errors
/// [`ReconcileError`].
pub async fn reconcile(
    store: &ReadStore,
    fund: Uuid,
    map: StatementMap,
    bytes: Bytes,
) -> Result<Compared, ReconcileError> {
    if bytes.len() > STATEMENT_MAX_BYTES {
        return Err(ReconcileError::TooLong);
    }
    // Some megabytes are read for a tenth of a second: not where other requests wait.
    let read = tokio::task::spawn_blocking(move || {
        let statement = read::read(&map, &bytes)?;
        Ok::<_, ReconcileError>((statement_hash(&bytes), statement, map))
    });
    let read = read.await.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()));
    let (hash, statement, map) = read?;
    let period = map.period_or(statement.period());
    let limit = u32::try_from(LINES_MAX).unwrap_or(u32::MAX);
    let mut payments = match period {
        Some(period) => fund_payments(store, fund, period, limit + 1).await?,
        None => Vec::new(),
    };
    if payments.len() > LINES_MAX {
        return Err(ReconcileError::TooMany);
    }
    let forms: Vec<String> =
        statement.lines.iter().map(|line| line.reference.form().to_owned()).collect();
    let mut known: HashSet<(String, i64)> =
        payments.iter().map(|payment| (payment.stream.clone(), payment.sequence)).collect();
    // A payment of another day is found by its reference.
    for other in payments_referred(store, fund, &forms).await? {
        if known.insert((other.stream.clone(), other.sequence)) {
            payments.push(other);
        }
    }
    Ok(compare_statement(&hash, period, map.days_apart(), statement, &payments))
}
