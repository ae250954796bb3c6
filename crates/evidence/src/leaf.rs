//! The canonical entry of an event and its leaf hash (RFC 6962). The writer and every verifier use
//! this one definition. It is fixed for ever: a change of form is a new first line.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};
use sha2::{Digest, Sha256};
use sira_numbers::{Position, Sequence};

use crate::recorded_event::StreamId;

/// The first line of an entry: what the rest means.
pub const FORM: &str = "sira.event/v1";

/// A field that an entry cannot hold: control characters would let two entries share one text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} holds a control character")]
pub struct UnfitField {
    /// Which field.
    pub field: &'static str,
}

/// The fields over which an event's leaf hash is taken.
#[derive(Clone, Copy, Debug)]
pub struct LeafEntry<'a> {
    /// The journal's id.
    pub journal: &'a str,
    /// Place in the journal; the leaf's index is one less.
    pub position: Position,
    /// The stream.
    pub stream: &'a StreamId,
    /// Place in the stream.
    pub sequence: Sequence,
    /// The event's name.
    pub event_type: &'a str,
    /// The version of the event's form.
    pub event_version: &'a str,
    /// Time of recording, whole microseconds.
    pub recorded_at: DateTime<Utc>,
    /// SHA-256 of the payload as stored.
    pub payload_hash: &'a [u8; 32],
    /// SHA-256 of the metadata as stored.
    pub metadata_hash: &'a [u8; 32],
}

impl LeafEntry<'_> {
    /// The entry's text: one field a line, each line ended by a newline.
    ///
    /// # Errors
    /// [`UnfitField`] when a field holds a control character.
    pub fn text(&self) -> Result<String, UnfitField> {
        fit("journal", self.journal)?;
        fit("aggregate_type", &self.stream.aggregate_type)?;
        fit("event_type", self.event_type)?;
        fit("event_version", self.event_version)?;
        let mut text = String::with_capacity(384);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{FORM}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            self.journal,
            self.position,
            self.stream.aggregate_type,
            self.stream.aggregate_id,
            self.sequence,
            self.event_type,
            self.event_version,
            time_text(self.recorded_at),
        );
        for hash in [self.payload_hash, self.metadata_hash] {
            push_hex(&mut text, hash);
            text.push('\n');
        }
        Ok(text)
    }

    /// SHA-256 over a zero byte and the entry's text: the hash of a leaf in RFC 6962.
    ///
    /// # Errors
    /// [`UnfitField`] when a field holds a control character.
    pub fn hash(&self) -> Result<[u8; 32], UnfitField> {
        let text = self.text()?;
        let mut hasher = Sha256::new();
        hasher.update([0]);
        hasher.update(text.as_bytes());
        Ok(hasher.finalize().into())
    }
}

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A time as entries hold it and as `SQLite` stores it: RFC 3339, six fractional digits, `Z`.
#[must_use]
pub fn time_text(time: DateTime<Utc>) -> String {
    // Digit by digit: it is written for every event that is recorded or verified, and the general
    // formatter takes as long as a hash does. Years of other than four digits are left to it.
    let Ok(year @ 0..=9_999) = u32::try_from(time.year()) else {
        return time.to_rfc3339_opts(SecondsFormat::Micros, true);
    };
    let mut text = String::with_capacity(27);
    let parts = [
        (year, 4, '-'),
        (time.month(), 2, '-'),
        (time.day(), 2, 'T'),
        (time.hour(), 2, ':'),
        (time.minute(), 2, ':'),
        (time.second(), 2, '.'),
        (time.nanosecond() / 1_000 % 1_000_000, 6, 'Z'),
    ];
    for (number, digits, end) in parts {
        for place in (0..digits).rev() {
            let digit = number / 10_u32.pow(place) % 10;
            text.push(char::from_digit(digit, 10).unwrap_or('0'));
        }
        text.push(end);
    }
    text
}

/// Refuses control characters in a field of an entry.
///
/// # Errors
/// [`UnfitField`], which names the field.
pub fn fit(field: &'static str, value: &str) -> Result<(), UnfitField> {
    if value.chars().any(char::is_control) {
        return Err(UnfitField { field });
    }
    Ok(())
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    push_hex(&mut text, bytes);
    text
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> StreamId {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        StreamId::new("Beneficiary", id)
    }

    fn entry<'a>(stream: &'a StreamId, event_type: &'a str, hash: &'a [u8; 32]) -> LeafEntry<'a> {
        LeafEntry {
            journal: "main",
            position: Position::FIRST,
            stream,
            sequence: Sequence::FIRST,
            event_type,
            event_version: "1.0",
            recorded_at: DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap(),
            payload_hash: hash,
            metadata_hash: hash,
        }
    }

    #[test]
    fn the_entry_is_fixed_for_ever() {
        let (stream, hash) = (stream(), sha256(b"{}"));
        let entry = entry(&stream, "Registered", &hash);
        assert_eq!(
            entry.text().unwrap(),
            "sira.event/v1\nmain\n1\nBeneficiary\n01890a5d-ac96-774b-bcce-b302099a8057\n1\n\
             Registered\n1.0\n2023-11-14T22:13:20.000001Z\n\
             44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\n\
             44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\n"
        );
        let mut hex = String::new();
        push_hex(&mut hex, &entry.hash().unwrap());
        assert_eq!(
            hex.trim_end(),
            "6b030cd1e0f3d78e2a7df3a0e2dea788f37c587918381e11cd4cd5c095c4ced6"
        );
    }

    proptest::proptest! {
        #[test]
        fn a_time_is_written_as_rfc_3339_has_it(
            micros in -62_167_219_200_000_000_i64..253_402_300_799_999_999,
        ) {
            let time = DateTime::from_timestamp_micros(micros).unwrap();
            assert_eq!(time_text(time), time.to_rfc3339_opts(SecondsFormat::Micros, true));
        }
    }

    #[test]
    fn times_outside_four_digits_are_written_too() {
        for year in [-1, 10_000] {
            let day = chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            let time = day.and_hms_opt(0, 0, 0).unwrap().and_utc();
            assert_eq!(time_text(time), time.to_rfc3339_opts(SecondsFormat::Micros, true));
        }
    }

    #[test]
    fn a_control_character_is_refused() {
        let (stream, hash) = (stream(), sha256(b"{}"));
        let refused = entry(&stream, "Registered\n1.0", &hash).hash();
        assert_eq!(refused, Err(UnfitField { field: "event_type" }));
    }
}
