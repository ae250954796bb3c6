//! Rows in the binary form in which `PostgreSQL` takes them by `COPY`: nothing is written as text on this side and
//! read again on the other.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::table::Decimal;

/// What every such copy begins with: its signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with: a row of -1 fields.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
/// Bytes of one message: the server takes them while the next are made.
const MESSAGE_BYTES: usize = 256 << 10;

/// Days from the first of the common era to the day from which `PostgreSQL` counts, 2000-01-01.
const EPOCH_DAYS: i32 = 730_120;
/// Microseconds from 1970 to that day.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// A digit of a `numeric` counts to this.
const NUMERIC_BASE: u64 = 10_000;
/// The decimal digits of one such digit.
const NUMERIC_DIGITS: u8 = 4;

/// Rows being written down.
#[derive(Default)]
pub(crate) struct BinaryRows(Vec<u8>);

impl BinaryRows {
    /// Begins a row of so many fields.
    pub fn row(&mut self, fields: i16) {
        self.0.extend_from_slice(&fields.to_be_bytes());
    }

    /// A field of some bytes: `bytea`, and any other type as the server sends it.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let length = i32::try_from(bytes.len()).expect("no value of ours is of gigabytes");
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    /// A field of a text.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A field of an id, as text.
    pub fn id(&mut self, id: Uuid) {
        let mut buffer = Uuid::encode_buffer();
        self.text(id.hyphenated().encode_lower(&mut buffer));
    }

    /// A field of an `integer`.
    pub fn int4(&mut self, number: i32) {
        self.bytes(&number.to_be_bytes());
    }

    /// A field of a `bigint`.
    pub fn int8(&mut self, number: i64) {
        self.bytes(&number.to_be_bytes());
    }

    /// A field of a `date`.
    pub fn date(&mut self, day: NaiveDate) {
        self.int4(chrono::Datelike::num_days_from_ce(&day) - EPOCH_DAYS);
    }

    /// A field of a `timestamptz`.
    pub fn time(&mut self, time: DateTime<Utc>) {
        self.int8(time.timestamp_micros() - EPOCH_MICROS);
    }

    /// A field of a `numeric`: its digits to the base of ten thousand, the point between two of them.
    pub fn decimal(&mut self, number: Decimal) {
        let scale = number.scale();
        let parts = number.unscaled().unsigned_abs();
        // Filled up behind, so that the point stands between two digits.
        let filled = scale.next_multiple_of(NUMERIC_DIGITS);
        let mut rest = u128::from(parts) * 10_u128.pow(u32::from(filled - scale));
        let mut digits: Vec<u16> = Vec::with_capacity(8);
        while rest > 0 {
            let digit = rest % u128::from(NUMERIC_BASE);
            digits.push(u16::try_from(digit).expect("it is less than the base"));
            rest /= u128::from(NUMERIC_BASE);
        }
        let behind = i16::from(filled / NUMERIC_DIGITS);
        let count = i16::try_from(digits.len()).expect("a number has 18 digits");
        let weight = if count == 0 { 0 } else { count - behind - 1 };
        let sign: u16 = if number.unscaled() < 0 { 0x4000 } else { 0 };
        let mut bytes = Vec::with_capacity(16);
        bytes.extend_from_slice(&count.to_be_bytes());
        bytes.extend_from_slice(&weight.to_be_bytes());
        bytes.extend_from_slice(&sign.to_be_bytes());
        bytes.extend_from_slice(&i16::from(scale).to_be_bytes());
        digits.iter().rev().for_each(|digit| bytes.extend_from_slice(&digit.to_be_bytes()));
        self.bytes(&bytes);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds rows of the same table.
    pub fn extend(&mut self, more: &Self) {
        self.0.extend_from_slice(&more.0);
    }

    /// A field of nothing.
    pub fn null(&mut self) {
        self.0.extend_from_slice(&(-1_i32).to_be_bytes());
    }
}

/// Copies rows into a table with its columns (`table (a, b)`), each written down by `put`.
pub(crate) async fn copy_rows<T>(
    db: &mut PgConnection,
    table: &str,
    rows: impl Iterator<Item = T>,
    mut put: impl FnMut(&mut BinaryRows, T),
) -> Result<(), sqlx::Error> {
    let mut copy = db.copy_in_raw(&format!("COPY {table} FROM STDIN (FORMAT binary)")).await?;
    let mut written = BinaryRows(Vec::with_capacity(MESSAGE_BYTES * 2));
    written.0.extend_from_slice(HEADER);
    let mut rows = rows.peekable();
    loop {
        while written.0.len() < MESSAGE_BYTES
            && let Some(row) = rows.next()
        {
            put(&mut written, row);
        }
        let is_last = rows.peek().is_none();
        if is_last {
            written.0.extend_from_slice(&TRAILER);
        }
        if let Err(error) = copy.send(written.0.as_slice()).await {
            // The transaction is lost either way; the first error says why.
            let _ = copy.abort("a row could not be sent").await;
            return Err(error);
        }
        if is_last {
            return copy.finish().await.map(drop);
        }
        written.0.clear();
    }
}

/// Copies rows into a table that were written down before.
pub(super) async fn send_rows(
    db: &mut PgConnection,
    table: &str,
    rows: BinaryRows,
) -> Result<(), sqlx::Error> {
    let mut copy = db.copy_in_raw(&format!("COPY {table} FROM STDIN (FORMAT binary)")).await?;
    for part in [HEADER].into_iter().chain(rows.0.chunks(MESSAGE_BYTES)).chain([&TRAILER[..]]) {
        if let Err(error) = copy.send(part).await {
            let _ = copy.abort("a row could not be sent").await;
            return Err(error);
        }
    }
    copy.finish().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numeric(unscaled: i64, scale: u8) -> Vec<i16> {
        let mut rows = BinaryRows::default();
        rows.decimal(Decimal::try_new(unscaled, scale).unwrap());
        rows.0[4..].chunks(2).map(|two| i16::from_be_bytes([two[0], two[1]])).collect()
    }

    #[test]
    fn a_decimal_has_the_digits_that_the_server_gives_it() {
        // Digits, weight, sign, scale, then the digits; zeros behind the point may stand there.
        assert_eq!(numeric(0, 0), [0, 0, 0, 0]);
        assert_eq!(numeric(0, 2), [0, 0, 0, 2]);
        assert_eq!(numeric(7, 0), [1, 0, 0, 0, 7]);
        assert_eq!(numeric(12_345, 0), [2, 1, 0, 0, 1, 2_345]);
        assert_eq!(numeric(1_250, 2), [2, 0, 0, 2, 12, 5_000]);
        assert_eq!(numeric(-5, 1), [1, -1, 0x4000, 1, 5_000]);
        assert_eq!(numeric(1, 6), [1, -2, 0, 6, 100]);
    }

    #[test]
    fn days_and_moments_are_counted_from_2000() {
        let mut rows = BinaryRows::default();
        rows.date("2000-01-02".parse().unwrap());
        rows.time("2000-01-01T00:00:01Z".parse().unwrap());
        assert_eq!(rows.0[4..8], 1_i32.to_be_bytes());
        assert_eq!(rows.0[12..], 1_000_000_i64.to_be_bytes());
    }
}
