//! The code on a paper, by which whoever holds it can have it checked.
//!
//! It says where in the journal the paper's fact stands, which nobody reads without the key, and is marked with a keyed
//! hash of that fact. So it is known again without anything being kept beside the journal, nobody who has not the key
//! can make one, and an altered fact is known no longer. It tells nothing of the person.

use std::fmt;
use std::str::FromStr;

use sira_domain::values::{CROCKFORD, crockford_digit};
use sira_numbers::Position;

use crate::journal::RecordedEvent;
use crate::keys::{KeyStore, KeysError};

/// Bytes of a position: more events than any country has.
const POSITION_BYTES: usize = 5;
/// Bytes of the mark: 80 bits, which nobody guesses at the pace at which an address may ask.
const MARK_BYTES: usize = 10;
const BYTES: usize = POSITION_BYTES + MARK_BYTES;
/// Characters of five bits each, without hyphens.
const LETTERS: usize = BYTES * 8 / 5;
/// Characters between two hyphens.
const GROUP: usize = 4;

/// The code on a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaperCode([u8; BYTES]);

/// A text that is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("XXXX-XXXX-XXXX-XXXX-XXXX-XXXX")]
pub struct NotACode;

impl PaperCode {
    /// The code of the paper that is made of an event; none where its row is not what was recorded.
    ///
    /// # Errors
    /// [`KeysError::Absent`].
    pub fn of(
        keys: &KeyStore,
        journal: &str,
        event: &RecordedEvent,
    ) -> Result<Option<Self>, KeysError> {
        if event.computed_leaf(journal).ok() != Some(event.leaf_hash) {
            return Ok(None);
        }
        let place = event.position.get().to_be_bytes();
        let mark = keys.paper_mark(&[journal.as_bytes(), &place, &event.leaf_hash])?;
        let mut code = [0; BYTES];
        code[..POSITION_BYTES].copy_from_slice(&place[place.len() - POSITION_BYTES..]);
        code[POSITION_BYTES..].copy_from_slice(&mark[..MARK_BYTES]);
        Ok(Some(Self(code).hidden(keys)?))
    }

    /// With its place hidden under its mark, or told again: where a fact stands in the journal is in exports, and whoever
    /// holds a paper is not to find a path in one.
    fn hidden(self, keys: &KeyStore) -> Result<Self, KeysError> {
        let mut code = self.0;
        let (place, mark) = code.split_at_mut(POSITION_BYTES);
        let under = keys.paper_mark(&[b"place", mark])?;
        place.iter_mut().zip(under).for_each(|(byte, under)| *byte ^= under);
        Ok(Self(code))
    }

    /// Where the paper's fact stands, if it stands anywhere.
    ///
    /// # Errors
    /// [`KeysError::Absent`].
    pub fn position(self, keys: &KeyStore) -> Result<Option<Position>, KeysError> {
        let told = self.hidden(keys)?;
        let place = told.0[..POSITION_BYTES].iter();
        let place = place.fold(0_u64, |place, byte| place << 8 | u64::from(*byte));
        Ok(Position::try_new(place).ok().filter(|position| *position > Position::START))
    }

    /// Whether two are the same, in a time that does not tell how much of them is.
    #[must_use]
    pub fn is_same_as(self, other: Self) -> bool {
        let apart = self.0.iter().zip(other.0).fold(0, |apart, (one, other)| apart | (one ^ other));
        apart == 0
    }
}

impl fmt::Display for PaperCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        for letter in 0..LETTERS {
            if letter > 0 && letter % GROUP == 0 {
                f.write_str("-")?;
            }
            let value = number >> (5 * (LETTERS - 1 - letter)) & 31;
            write!(f, "{}", char::from(CROCKFORD[value as usize]))?;
        }
        Ok(())
    }
}

impl FromStr for PaperCode {
    type Err = NotACode;

    /// As people type it: any case, hyphens and spaces anywhere, `O` for `0`, `I` and `L` for `1`.
    fn from_str(text: &str) -> Result<Self, NotACode> {
        if text.len() > 3 * LETTERS {
            return Err(NotACode);
        }
        let typed = text.bytes().filter(|byte| !matches!(byte, b'-' | b' '));
        let digits: Option<Vec<u8>> = typed.map(crockford_digit).collect();
        let digits = digits.filter(|digits| digits.len() == LETTERS).ok_or(NotACode)?;
        let number = digits.iter().fold(0_u128, |number, digit| number << 5 | u128::from(*digit));
        let mut code = [0; BYTES];
        code.copy_from_slice(&number.to_be_bytes()[size_of::<u128>() - BYTES..]);
        Ok(Self(code))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_code_is_read_back_as_it_was_written_and_as_people_type_it(bytes: [u8; BYTES]) {
            let code = PaperCode(bytes);
            let text = code.to_string();
            prop_assert_eq!(text.len(), 29);
            prop_assert_eq!(text.parse(), Ok(code));
            let typed = text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            prop_assert_eq!(typed.parse(), Ok(code));
        }
    }

    #[test]
    fn what_is_no_code_is_none() {
        let long = "0".repeat(25);
        for text in ["", "0000", "0000-0000-0000-0000-0000-000U", long.as_str(), "\u{e9}"] {
            assert_eq!(text.parse::<PaperCode>(), Err(NotACode), "{text}");
        }
    }
}
