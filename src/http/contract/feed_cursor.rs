//! Where a reader of the events stands: a position, and the history that it is of.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use sira_evidence::leaf::hex;
use sira_numbers::Position;

use super::error::ApiError;
use super::parameter::FORM;
use crate::journal::{Journal, JournalError, RecordedEvent};

/// Digits of the leaf hash that a cursor shows: enough that no two histories are taken for one another, and short
/// enough to be read aloud.
const SHOWN: usize = 12;
/// What is shown before the first event.
const NOTHING: &str = "000000000000";
/// The form of a cursor, for people.
pub const CURSOR_FORM: &str = "0.., main:1234:89abcdef0123";

/// A place in the feed: `<journal>:<position>:<hash>`, the hash being the beginning of the leaf hash of the event at
/// that position, in hexadecimal digits; twelve zeros before the first event. A bare position is taken as well, and
/// says nothing of the history that it was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct FeedCursor {
    /// The last position that was read.
    pub position: Position,
    /// The journal's id and the beginning of the event's hash; none of a bare position.
    of: Option<(String, String)>,
}

impl FeedCursor {
    /// The place after an event.
    #[must_use]
    pub fn after(journal: &str, event: &RecordedEvent) -> Self {
        let mut shown = hex(&event.leaf_hash);
        shown.truncate(SHOWN);
        Self { position: event.position, of: Some((journal.to_owned(), shown)) }
    }

    /// Whether the journal holds the event that was read last.
    async fn is_in(&self, journal: &Journal) -> Result<bool, JournalError> {
        let Some((id, shown)) = &self.of else { return Ok(true) };
        if id != journal.id() {
            return Ok(false);
        }
        if self.position == Position::START {
            return Ok(shown == NOTHING);
        }
        let leaf = journal.leaf_at(self.position).await?;
        Ok(leaf.is_some_and(|leaf| hex(&leaf).starts_with(shown)))
    }

    /// The position to go on after.
    ///
    /// # Errors
    /// [`ApiError::OtherHistory`] when what was read is not in this journal: who goes on would miss what stands there
    /// instead. Of a bare position, when the journal has not come so far, `beyond`.
    pub async fn checked(
        &self,
        journal: &Journal,
        beyond: impl FnOnce(Position) -> ApiError,
    ) -> Result<Position, ApiError> {
        let head = journal.head().await?.position;
        if self.of.is_none() && self.position > head {
            return Err(beyond(head));
        }
        if self.position > head || !self.is_in(journal).await? {
            return Err(ApiError::OtherHistory);
        }
        Ok(self.position)
    }
}

impl fmt::Display for FeedCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((journal, shown)) = &self.of else { return self.position.fmt(f) };
        write!(f, "{journal}:{}:{}", self.position, shown)
    }
}

/// The text is no cursor.
#[derive(Debug, thiserror::Error)]
#[error("a cursor of the events is {CURSOR_FORM}")]
pub struct NotACursor;

impl FromStr for FeedCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        if let Ok(position) = text.parse() {
            return Ok(Self { position, of: None });
        }
        let mut parts = text.rsplitn(3, ':');
        let mut part = || parts.next().filter(|part| !part.is_empty()).ok_or(NotACursor);
        let (shown, position, journal) = (part()?, part()?, part()?);
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if shown.len() != SHOWN || !shown.as_bytes().iter().all(is_digit) {
            return Err(NotACursor);
        }
        let position = position.parse().map_err(|_| NotACursor)?;
        Ok(Self { position, of: Some((journal.to_owned(), shown.to_owned())) })
    }
}

impl TryFrom<String> for FeedCursor {
    type Error = NotACursor;

    fn try_from(text: String) -> Result<Self, NotACursor> {
        text.trim().parse()
    }
}

impl JsonSchema for FeedCursor {
    fn schema_name() -> Cow<'static, str> {
        "FeedCursor".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "pattern": r"^(\d{1,19}|.+:\d{1,19}:[0-9a-f]{12})$",
            "examples": ["0", "main:1234:89abcdef0123"], FORM: CURSOR_FORM,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is_one() {
        for text in
            ["0", "17", "main:17:0123456789ab", "a:b:17:0123456789ab", "main:0:000000000000"]
        {
            assert_eq!(text.parse::<FeedCursor>().unwrap().to_string(), text);
        }
        for text in [
            "",
            ":",
            "main",
            "main:17",
            "main:17:",
            "main:17:0123456789a",
            "main:17:0123456789abcd",
            "main:17:0123456789ag",
            ":17:0123456789ab",
            "main:-1:0123456789ab",
            "17:0123456789ab",
            "main:99999999999999999999:0123456789ab",
            "-1",
            "99999999999999999999",
        ] {
            assert!(text.parse::<FeedCursor>().is_err(), "{text}");
        }
    }
}
