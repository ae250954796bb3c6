//! Import: rows of a CSV file become commands, through the same door and the same rules as any.
//!
//! A row's path has an id made from the map's source and the row's own key, so that a file can be
//! imported again, whole or mended, after a kill or a year: what has already happened is answered
//! as such, and nothing is done twice. Every event carries its batch, the file's hash and its row.

mod map;
mod run;
mod withdraw;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use sira_numbers::since_1970;
use uuid::Uuid;

pub(crate) use map::STEPS_MAX;
pub use map::{FillError, ImportMap, MapError, MapStep, SourceRow, StepCondition};
pub use run::{Import, ImportError, ImportOutcome, RefusedRow};
pub use withdraw::{BatchWithdrawal, MovedOn, WithdrawError, withdraw};

/// The id of a row's path: a `UUIDv7` whose time is the first instant of 2021 (the convention's
/// year, for want of a better one) and whose random bits come from the source and the key.
#[must_use]
pub fn path_id(source: &str, key: &str) -> Uuid {
    let epoch = NaiveDate::from_ymd_opt(2021, 1, 1)
        .unwrap_or_default()
        .and_hms_opt(0, 0, 0)
        .unwrap_or_default();
    let millis = since_1970(epoch.and_utc().timestamp_millis());
    let digest = Sha256::new().chain_update(source).chain_update([0]).chain_update(key).finalize();
    let mut random = [0_u8; 10];
    random.copy_from_slice(&digest[..10]);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
