//! What the rows of one table have beside what all rows have.

use std::num::TryFromIntError;

use chrono::NaiveDate;
use sqlx::FromRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::super::cube::Cube;
use super::measure::Source;

/// The place of a word of a measure's own in the [`Words`](super::super::words::Words) of tags.
pub type Tag = u16;

/// A row that no fact holds: a number that is none of its column's, or more words in a dimension than a fact
/// has room to tell apart.
pub(super) struct Unfit;

impl From<TryFromIntError> for Unfit {
    fn from(_: TryFromIntError) -> Self {
        Self
    }
}

/// What the rows of one table have beside what all rows have.
pub(super) trait OwnColumns:
    for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
    /// The table.
    const SOURCE: Source;
    /// Its name.
    const TABLE: &'static str;
    /// The columns, as they are selected.
    const COLUMNS: &'static str;
    /// What a row tells.
    type Told;

    /// The word of the measure.
    fn measure(&self) -> &str;

    /// The day from which it is so no longer, of what lasts.
    fn ends_on(&self) -> Option<NaiveDate> {
        None
    }

    /// What the row tells; its words, and paths that it names, get places.
    fn tells(&self, cube: &mut Cube) -> Result<Self::Told, Unfit>;
}

/// The place of a word of a measure's own.
pub(super) fn tag(cube: &mut Cube, word: &str) -> Result<Tag, Unfit> {
    Ok(Tag::try_from(cube.dictionary.tags.place(word))?)
}
