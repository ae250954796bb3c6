//! The row of a cohort: a fold of its stream alone.

use sira_domain::cohort::{Cohort, CohortEvent};
use uuid::Uuid;

use crate::changes::Changes;
use crate::decode::decode;
use crate::rule_book::RuleBook;
use crate::stream_fold::StreamFold;
use crate::table::TableId;
use crate::table::tables::cohort_status::CohortStatusRow;
use crate::{FeedEvent, FoldError};

/// The row of a cohort; none before it is planned.
#[derive(Clone, Debug)]
pub struct CohortFold {
    id: Uuid,
    cohort: Cohort,
    position: u64,
}

impl CohortFold {
    /// A cohort before its first event.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self { id, cohort: Cohort::default(), position: 0 }
    }

    fn row(&self) -> Option<CohortStatusRow> {
        let cohort = &self.cohort;
        let plan = cohort.plan.as_ref()?;
        let registers = || cohort.sessions.values().filter_map(|session| session.register.as_ref());
        Some(CohortStatusRow {
            cohort: self.id,
            programme: plan.programme.0,
            code: plan.code.as_str().to_owned().into(),
            office: plan.office.as_str().to_owned().into(),
            centre: plan.centre.as_str().to_owned().into(),
            capacity: plan.capacity.get(),
            seats_taken: cohort.members.len() as u64,
            sessions: cohort.sessions.len() as u64,
            registers: registers().count() as u64,
            present: registers().map(|counts| u64::from(counts.present)).sum(),
            absent: registers().map(|counts| u64::from(counts.absent)).sum(),
            starts_on: plan.period.from,
            ends_on: plan.period.to,
            closed_on: cohort.closed_on,
            version: cohort.version,
            position: self.position,
        })
    }
}

impl StreamFold for CohortFold {
    fn version(&self) -> u64 {
        self.cohort.version
    }

    fn take(
        &mut self,
        event: &FeedEvent,
        _: &mut RuleBook,
        _: &mut Changes,
    ) -> Result<(), FoldError> {
        self.cohort.take(&decode::<CohortEvent>(event)?);
        self.position = event.position;
        Ok(())
    }

    fn show(&self, _: &RuleBook, changes: &mut Changes) {
        changes.of_mut(TableId::CohortStatus).dropped.push(self.id);
        if let Some(row) = self.row() {
            changes.add(row);
        }
    }
}
