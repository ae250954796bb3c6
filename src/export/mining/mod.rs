//! The paths for process mining: OCEL 2.0 (JSON) with every kind of object, XES with a trace a
//! beneficiary.
//!
//! - **What is in it**: the facts that stand. An event that was recorded in error and taken back is
//!   left out with the retraction. A seat or a movement of money that is told in a cohort's or a fund's
//!   stream as well as in the beneficiary's is told once, by the beneficiary's event, which names both.
//! - **Time**: the process ran when things happened, so an event's time is its day in the field. When
//!   it was recorded is an attribute. Days are all that is known; the time of day is the event's
//!   position in microseconds, so that facts of one day keep the order in which they were recorded.
//! - **One person, two paths**: a path that is frozen as a duplicate stays a case of its own, with what happened in
//!   it, and says so: in OCEL its object `continues as` the other one, and in XES its trace has `continues_as`.
//!   Who counts people takes those that are `counted`: the funnel's, each once. Beside it stands whether a path is a
//!   `duplicate`, was `erased`, or is `withdrawn`: who has left and has not come back.
//! - **Nothing personal**: codes, numbers, days and ids, field by field from [`vocabulary`]; free
//!   texts, sealed or not, never. The staff have names that stand for theirs ([`super::StaffNames`]).
//!
//! Streams are read one after the other; memory holds a page of the journal and the facts of one
//! stream.

mod mined;
mod ocel;
mod relations;
mod streams;
pub mod vocabulary;
mod xes;

use std::io::Write;

use sira_domain::reference::Language;
use sira_numbers::Position;

use super::{ExportError, ExportProgress, Exported, StaffNames, reach};
use crate::journal::Journal;

/// A form of process-mining log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MiningForm {
    /// OCEL 2.0, JSON.
    Ocel,
    /// XES (IEEE 1849-2016), XML.
    Xes,
}

/// Writes the paths as they stood at a position, the last one when none is asked for. What is counted
/// in `rows` is the events written.
///
/// # Errors
/// [`ExportError`].
pub async fn export<W: Write + Send>(
    journal: &Journal,
    staff: &StaffNames,
    form: MiningForm,
    language: Language,
    up_to: Option<Position>,
    mut out: W,
    progress: ExportProgress<'_>,
) -> Result<(W, Exported), ExportError> {
    let (position, as_of) = reach(journal, up_to).await?;
    let rows = match form {
        MiningForm::Ocel => ocel::write(journal, language, position, &mut out, progress).await?,
        MiningForm::Xes => {
            let log = xes::Log { journal, staff, language, position };
            log.write(&mut out, progress).await?
        }
    };
    out.flush()?;
    Ok((out, Exported { rows, position, as_of }))
}
