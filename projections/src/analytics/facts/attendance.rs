//! Somebody's attendance of one session.

use sqlx::FromRow;

use super::super::words::Dictionary;
use super::measure::Source;
use super::own::{OwnColumns, TooManyWords};

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

/// A session is a day at most, so its minutes have room.
fn minutes(minutes: i64) -> u32 {
    u32::try_from(minutes).unwrap_or_default()
}

impl OwnColumns for AttendanceRow {
    const SOURCE: Source = Source::TrainingAttendance;
    const TABLE: &'static str = "training_attendance";
    const COLUMNS: &'static str = "attended_minutes, minutes";
    type Told = Attendance;

    fn measure(&self) -> &'static str {
        "attendance"
    }

    fn tells(&self, _: &mut Dictionary) -> Result<Self::Told, TooManyWords> {
        let (attended_minutes, minutes) = (minutes(self.attended_minutes), minutes(self.minutes));
        Ok(Attendance { attended_minutes, minutes })
    }
}
