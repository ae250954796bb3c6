//! What stood on a past day: in which status a path was then, and which office was in charge of it. A fact
//! of a past day is judged by that, whatever stands at its recording.
//!
//! On the day of a change the path is as the change left it.

use chrono::NaiveDate;

use super::case::Case;
use super::event::BeneficiaryEvent;
use super::stage::{Stage, Status};
use super::state::State;
use crate::refusal::Refusal;
use crate::values::{OfficeCode, Period};

/// The changes of a path's status and of the office in charge, by the day of each. A change that is told
/// late is of its own day, and what was told before of later days gives way to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Past {
    /// The days from which each status stands; a path is active before the first.
    statuses: Vec<(NaiveDate, Status)>,
    /// The days on which an office handed over, and which one it was.
    handovers: Vec<(NaiveDate, OfficeCode)>,
}

impl Past {
    /// The path has another status from this day on.
    pub fn note_status(&mut self, from: NaiveDate, status: Status) {
        self.statuses.retain(|(day, _)| *day < from);
        self.statuses.push((from, status));
    }

    /// An office hands over on this day.
    pub fn note_handover(&mut self, on: NaiveDate, from: OfficeCode) {
        self.handovers.push((on, from));
    }

    /// The days from which each status stands, the earliest first.
    fn statuses(&self) -> &[(NaiveDate, Status)] {
        &self.statuses
    }

    /// The status on a day, and the days during which it stood; without an end where it still stands, none
    /// where it stood from the beginning.
    fn status_on(&self, day: NaiveDate) -> (Status, Option<Period>) {
        let later = self.statuses.partition_point(|(from, _)| *from <= day);
        let Some((from, status)) = later.checked_sub(1).and_then(|at| self.statuses.get(at)) else {
            return (Status::Active, None);
        };
        let next = self.statuses.get(later).and_then(|(next, _)| next.pred_opt());
        (*status, Some(Period { from: *from, to: next.unwrap_or(NaiveDate::MAX) }))
    }

    /// The office that was in charge on a day, of a path that is now in the charge of `today`.
    fn office_on<'a>(&'a self, day: NaiveDate, today: &'a OfficeCode) -> &'a OfficeCode {
        let handed_over = self.handovers.iter().find(|(on, _)| day < *on);
        handed_over.map_or(today, |(_, from)| from)
    }
}

impl State {
    /// The status that the path was in on a day.
    #[must_use]
    pub fn status_on(&self, day: NaiveDate) -> Status {
        self.past.status_on(day).0
    }

    /// The days from which each status stood, the earliest first; the path was active before the first.
    #[must_use]
    pub fn statuses(&self) -> &[(NaiveDate, Status)] {
        self.past.statuses()
    }

    /// The office that was in charge on a day; none before the registration.
    #[must_use]
    pub fn office_on(&self, day: NaiveDate) -> Option<&OfficeCode> {
        self.office.as_ref().map(|today| self.past.office_on(day, today))
    }

    /// The stage on a day, as far as an end that came later is not looked at.
    pub(super) fn stage_on(&self, day: NaiveDate) -> Stage {
        let had_not_ended = self.status_on(day) != Status::Completed;
        if self.stage == Stage::Completed && had_not_ended { Stage::FollowUp } else { self.stage }
    }
}

/// Tells whether a path of this status takes what is recorded of these: one that a decision closed takes
/// what an active one does, since another decision may open it.
pub(super) fn is_admitted(status: Status, allowed: &[Status]) -> bool {
    allowed.contains(&status) || status == Status::Closed && allowed.contains(&Status::Active)
}

/// Asks whether the path had one of these statuses on the day of the fact.
///
/// # Errors
/// [`Refusal::StatusThen`] with the days during which it had another.
pub(super) fn check_status(case: &Case, allowed: &'static [Status]) -> Result<(), Refusal> {
    let (status, period) = case.state.past.status_on(case.on);
    match period {
        _ if is_admitted(status, allowed) => Ok(()),
        Some(period) => Err(Refusal::StatusThen { status, period, given: case.on, allowed }),
        None => Err(Refusal::WrongStatus { status, allowed }),
    }
}

/// Asks whether what stood on the day of the fact allowed it. It is asked of commands alone: what stood at the
/// recording was enough when older journals were written.
///
/// # Errors
/// [`Refusal::StatusThen`] and [`Refusal::OfficeClosed`].
pub(super) fn check(case: &Case, event: &BeneficiaryEvent) -> Result<(), Refusal> {
    event.fact.kind().admission().check_then(case)
}
