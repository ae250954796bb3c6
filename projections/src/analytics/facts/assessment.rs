//! The last assessment of a module.

use sqlx::FromRow;

use super::super::cube::Cube;
use super::measure::Source;
use super::own::{OwnColumns, Tag, Unfit, tag};

/// The last assessment of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// Place of the module's word.
    pub module: Tag,
    /// Points out of 100.
    pub score: u8,
    /// Whether the pass mark was met.
    pub passed: bool,
}

#[derive(FromRow)]
pub(super) struct AssessmentRow {
    module: String,
    score: i64,
    passed: bool,
}

impl OwnColumns for AssessmentRow {
    const SOURCE: Source = Source::TrainingAssessments;
    const TABLE: &'static str = "training_assessments";
    const COLUMNS: &'static str = "module, score, passed";
    type Told = Assessment;

    fn measure(&self) -> &'static str {
        "assessment"
    }

    fn tells(&self, cube: &mut Cube) -> Result<Self::Told, Unfit> {
        Ok(Assessment {
            module: tag(cube, &self.module)?,
            score: u8::try_from(self.score)?,
            passed: self.passed,
        })
    }
}
