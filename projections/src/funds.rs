//! The row of a fund: a fold of its stream alone.

use sira_domain::fund::{Fund, FundEvent};
use uuid::Uuid;

use crate::changes::Changes;
use crate::decode::decode;
use crate::rule_book::RuleBook;
use crate::stream_fold::StreamFold;
use crate::table::TableId;
use crate::table::tables::fund_status::FundStatusRow;
use crate::{FeedEvent, FoldError};

/// The row of a fund; none before it is opened.
#[derive(Clone, Debug)]
pub struct FundFold {
    id: Uuid,
    fund: Fund,
    position: u64,
}

impl FundFold {
    /// A fund before its first event.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self { id, fund: Fund::default(), position: 0 }
    }

    fn row(&self) -> Option<FundStatusRow> {
        let fund = &self.fund;
        let envelope = fund.envelope.as_ref()?;
        Some(FundStatusRow {
            fund: self.id,
            programme: envelope.programme.0,
            code: envelope.code.as_str().to_owned().into(),
            donor: envelope.donor.as_str().to_owned().into(),
            starts_on: envelope.period.from,
            ends_on: envelope.period.to,
            budget: fund.budget,
            committed: fund.committed(),
            disbursed: fund.disbursed(),
            repaid: fund.repaid,
            interest: fund.interest,
            free: fund.free(),
            closed: fund.closed,
            version: fund.version,
            position: self.position,
        })
    }
}

impl StreamFold for FundFold {
    fn version(&self) -> u64 {
        self.fund.version
    }

    fn take(
        &mut self,
        event: &FeedEvent,
        _: &mut RuleBook,
        _: &mut Changes,
    ) -> Result<(), FoldError> {
        self.fund.take(&decode::<FundEvent>(event)?);
        self.position = event.position;
        Ok(())
    }

    fn show(&self, _: &RuleBook, changes: &mut Changes) {
        changes.of_mut(TableId::FundStatus).dropped.push(self.id);
        if let Some(row) = self.row() {
            changes.add(row);
        }
    }
}
