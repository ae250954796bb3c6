//! Reading an event's payload.

use serde::de::DeserializeOwned;

use crate::{FeedEvent, FoldError};

/// Reads an event. What serde says of one that cannot be read may quote it, and is not repeated.
pub(crate) fn decode<E: DeserializeOwned>(recorded: &FeedEvent) -> Result<E, FoldError> {
    serde_json::from_str(&recorded.payload).map_err(|error| {
        let (kind, column) = (error.classify(), error.column());
        FoldError::Unfit(format!("the payload cannot be read ({kind:?}, column {column})").into())
    })
}
