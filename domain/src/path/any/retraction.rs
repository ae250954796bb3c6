//! What a retraction says. Whether it may be made is a question on the whole stream: see
//! [`crate::path::retract`].

use sira_numbers::Sequence;

use crate::path::declare::bodies;
use crate::path::state::{Signed, State};
use crate::values::Sealed;

bodies! {
    /// Takes back an event that was recorded in error.
    Retraction {
        /// Sequence of the event in this stream.
        sequence: Sequence,
        /// Reason for taking it back.
        reason: Sealed,
    }
}

/// A retraction is not folded: the state is folded anew without the event that it takes back.
pub(in crate::path) fn fold_nothing(_: &mut State, _: &Signed, _: &Retraction) {}
