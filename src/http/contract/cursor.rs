//! Cursors: a place in the answer to a question, as the caller carries it to the next page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Longest cursor that is looked at: ours are shorter.
const CURSOR_MAX_BYTES: usize = 512;
/// Bytes of a cursor that say which question it goes on with. A cursor gives no right, so this keeps
/// from mistakes and need not keep from malice.
const QUESTION_BYTES: usize = 8;

/// A place as a cursor. `question` is all that decides what is listed and in which order.
#[must_use]
pub fn write_cursor(question: &str, place: &str) -> String {
    let mut bytes = fingerprint(question).to_vec();
    bytes.extend(place.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place that a cursor names; none when it is not one, or goes on with another question.
#[must_use]
pub fn read_cursor(question: &str, cursor: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|_| cursor.len() <= CURSOR_MAX_BYTES)?;
    let (asked, place) = bytes.split_at_checked(QUESTION_BYTES)?;
    (asked == fingerprint(question)).then(|| String::from_utf8(place.to_vec()).ok())?
}

fn fingerprint(question: &str) -> [u8; QUESTION_BYTES] {
    let whole = Sha256::digest(question);
    std::array::from_fn(|index| whole[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_in_its_own_question_alone() {
        let cursor = write_cursor("stage=idea", "2026-01-01 7");
        assert_eq!(read_cursor("stage=idea", &cursor).as_deref(), Some("2026-01-01 7"));
        assert_eq!(read_cursor("stage=training", &cursor), None);
        for other in ["", "x", "AAAA", &cursor[1..], &"A".repeat(600)] {
            assert_eq!(read_cursor("stage=idea", other), None, "{other}");
        }
    }
}
