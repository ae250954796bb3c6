//! The row of a cohort: a fold of its stream alone.

use sira_domain::cohort::{Cohort, CohortEvent};
use uuid::Uuid;

use crate::changes::Changes;
use crate::table::{Cell, Row, TableId};

/// The row of a cohort; none before it is planned.
#[derive(Clone, Debug, Default)]
pub struct CohortFold {
    cohort: Cohort,
    position: u64,
}

impl CohortFold {
    /// Sequence of the last event.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.cohort.version
    }

    /// Takes the next event in.
    pub fn take(&mut self, event: &CohortEvent, position: u64) {
        self.cohort.take(event);
        self.position = position;
    }

    /// Replaces its row.
    pub fn show(&self, id: Uuid, changes: &mut Changes) {
        let table = changes.of_mut(TableId::CohortStatus);
        table.dropped.push(id);
        table.rows.extend(self.row(id));
    }

    fn row(&self, id: Uuid) -> Option<Row> {
        let cohort = &self.cohort;
        let plan = cohort.plan.as_ref()?;
        let registers = || cohort.sessions.values().filter_map(|session| session.register.as_ref());
        let row = [
            id.into(),
            plan.programme.0.into(),
            plan.code.as_str().to_owned().into(),
            plan.office.as_str().to_owned().into(),
            plan.centre.as_str().to_owned().into(),
            plan.capacity.get().into(),
            (cohort.members.len() as u64).into(),
            (cohort.sessions.len() as u64).into(),
            (registers().count() as u64).into(),
            registers().map(|counts| u64::from(counts.present)).sum::<u64>().into(),
            registers().map(|counts| u64::from(counts.absent)).sum::<u64>().into(),
            plan.period.from.into(),
            plan.period.to.into(),
            Cell::maybe(cohort.closed_on),
            cohort.version.into(),
            self.position.into(),
        ];
        Some(row.into_iter().collect())
    }
}
