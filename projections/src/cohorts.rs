//! The row of a cohort, from its stream alone.

use sira_domain::cohort::{Cohort, CohortEvent};
use sira_numbers::{Position, Version, counted};
use uuid::Uuid;

use crate::row_fold::InOneRow;
use crate::table::tables::cohort_status::CohortStatusRow;

impl InOneRow for Cohort {
    type Event = CohortEvent;
    type Row = CohortStatusRow;

    fn version(&self) -> Version {
        self.version
    }

    fn take(&mut self, event: &CohortEvent) {
        Self::take(self, event);
    }

    /// None before it is planned.
    fn row(&self, id: Uuid, position: Position) -> Option<CohortStatusRow> {
        let plan = self.plan.as_ref()?;
        let registers = || self.sessions.values().filter_map(|session| session.register.as_ref());
        Some(CohortStatusRow {
            cohort: id,
            programme: plan.programme.0,
            code: plan.code.as_str().to_owned().into(),
            office: plan.office.as_str().to_owned().into(),
            centre: plan.centre.as_str().to_owned().into(),
            capacity: plan.capacity.get(),
            seats_taken: counted(self.members.len()),
            sessions: counted(self.sessions.len()),
            registers: counted(registers().count()),
            present: registers().map(|counts| counts.present).sum(),
            absent: registers().map(|counts| counts.absent).sum(),
            starts_on: plan.period.from,
            ends_on: plan.period.to,
            closed_on: self.closed_on,
            version: self.version,
            position,
        })
    }
}
