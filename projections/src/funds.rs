//! The row of a fund: a fold of its stream alone.

use sira_domain::fund::{Fund, FundEvent};
use uuid::Uuid;

use crate::changes::Changes;
use crate::table::{Row, TableId};

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
