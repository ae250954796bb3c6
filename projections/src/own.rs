//! The rows of a programme, a cohort or a fund: a fold of its stream alone.

use sira_domain::cohort::{Cohort, CohortEvent};
use sira_domain::fund::{Fund, FundEvent};
use sira_domain::programme::{ProgrammeEvent, ProgrammeFact, Target};
use uuid::Uuid;

use crate::changes::Changes;
use crate::path::{Ledger, Told, sex_word};
use crate::table::{Cell, Row, TableId};

/// A programme's targets.
#[derive(Clone, Debug, Default)]
pub struct ProgrammeFold {
    /// Sequence of the last event.
    pub version: u64,
    ledger: Ledger,
    set: Vec<Target>,
}

impl ProgrammeFold {
    /// Takes the next event in.
    pub fn take(&mut self, id: Uuid, event: &ProgrammeEvent, position: u64, changes: &mut Changes) {
        self.version += 1;
        let ProgrammeFact::TargetSet(target) = &event.fact else { return };
        let place = self.set.iter().position(|known| known.is_for_the_same(target));
        let place = place.unwrap_or_else(|| {
            self.set.push(target.clone());
            self.set.len() - 1
        });
        let row = [
            id.into(),
            target.indicator.as_str().to_owned().into(),
            target.period.from.into(),
            target.period.to.into(),
            Cell::maybe(target.region.map(|region| region.code())),
            Cell::maybe(target.sex.map(sex_word)),
            target.value.get().into(),
        ];
        let slot = u32::try_from(place).ok();
        let told = Told { table: TableId::Targets, slot, row: row.into_iter().collect() };
        self.ledger.put(told, position, changes);
    }

    /// The changes were written.
    pub fn settle(&mut self) {
        self.ledger.settle();
    }
}

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

/// The row of a fund; none before it is opened.
#[derive(Clone, Debug, Default)]
pub struct FundFold {
    fund: Fund,
    position: u64,
}

impl FundFold {
    /// Sequence of the last event.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.fund.version
    }

    /// Takes the next event in.
    pub fn take(&mut self, event: &FundEvent, position: u64) {
        self.fund.take(event);
        self.position = position;
    }

    /// Replaces its row.
    pub fn show(&self, id: Uuid, changes: &mut Changes) {
        let table = changes.of_mut(TableId::FundStatus);
        table.dropped.push(id);
        table.rows.extend(self.row(id));
    }

    fn row(&self, id: Uuid) -> Option<Row> {
        let fund = &self.fund;
        let envelope = fund.envelope.as_ref()?;
        let row = [
            id.into(),
            envelope.programme.0.into(),
            envelope.code.as_str().to_owned().into(),
            envelope.donor.as_str().to_owned().into(),
            envelope.period.from.into(),
            envelope.period.to.into(),
            fund.budget.francs().into(),
            fund.committed().francs().into(),
            fund.disbursed().francs().into(),
            fund.repaid.francs().into(),
            fund.interest.francs().into(),
            fund.free().francs().into(),
            fund.closed.into(),
            fund.version.into(),
            self.position.into(),
        ];
        Some(row.into_iter().collect())
    }
}
