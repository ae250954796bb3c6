//! Somebody's attendance of one session.

use sqlx::FromRow;

use super::super::cube::Cube;
use super::measure::Source;
use super::own::{OwnColumns, Unfit};

/// Somebody's attendance of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attendance {
    /// Minutes that they were there.
    pub attended_minutes: u32,
    /// Minutes that the session took.
    pub minutes: u32,
}

#[derive(FromRow)]
pub(super) struct AttendanceRow {
    attended_minutes: i64,
    minutes: i64,
}

impl OwnColumns for AttendanceRow {
    const SOURCE: Source = Source::TrainingAttendance;
    const TABLE: &'static str = "training_attendance";
    const COLUMNS: &'static str = "attended_minutes, minutes";
    type Told = Attendance;

    fn measure(&self) -> &'static str {
        "attendance"
    }

    fn tells(&self, _: &mut Cube) -> Result<Self::Told, Unfit> {
        let attended_minutes = self.attended_minutes.try_into()?;
        Ok(Attendance { attended_minutes, minutes: self.minutes.try_into()? })
    }
}
