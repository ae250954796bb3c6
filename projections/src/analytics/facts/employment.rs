//! What somebody does for a living, as a survey told it last.

use sqlx::FromRow;

use super::super::cube::Cube;
use super::measure::Source;
use super::own::{OwnColumns, Tag, Unfit, tag};

/// What somebody does for a living.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Employment {
    /// Place of the status' word.
    pub status: Tag,
    /// Whether that is work.
    pub works: bool,
    /// Whether the work is better than before; none where it was not asked.
    pub is_better: Option<bool>,
}

#[derive(FromRow)]
pub(super) struct EmploymentRow {
    survey: String,
    status: String,
    works: bool,
    work_since: Option<String>,
}

impl OwnColumns for EmploymentRow {
    const SOURCE: Source = Source::Employment;
    const TABLE: &'static str = "employment";
    const COLUMNS: &'static str = "survey, status, works, work_since";
    type Told = Employment;

    fn measure(&self) -> &str {
        &self.survey
    }

    fn tells(&self, cube: &mut Cube) -> Result<Self::Told, Unfit> {
        Ok(Employment {
            status: tag(cube, &self.status)?,
            works: self.works,
            is_better: self.work_since.as_ref().map(|change| change == "better"),
        })
    }
}
