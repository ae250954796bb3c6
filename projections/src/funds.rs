//! The rows of a fund, from its stream alone: where it stands, and which of its payments were found on a
//! statement.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sira_domain::fund::{
    Fund, FundEvent, FundFact, Overhead, OverheadReversal, Reconciliation, StatementPlace,
};
use sira_domain::values::{PaymentReference, Xof};
use sira_numbers::{Position, Sequence, Version};
use uuid::Uuid;

use crate::changes::{Changes, Ending, VersionedRow};
use crate::decode::decode;
use crate::rule_book::RuleBook;
use crate::stream_fold::StreamFold;
use crate::table::tables::fund_status::FundStatusRow;
use crate::table::tables::payments::PaymentRow;
use crate::table::tables::reconciliations::ReconciliationRow;
use crate::table::{TableId, TableRow};
use crate::{FeedEvent, FoldError};

/// What a fund weighs without its payments, roughly, in bytes.
const OWN_WEIGHT: usize = 4_000;
/// What a payment weighs in it: its reference, and the line that it was found on.
const PAYMENT_WEIGHT: usize = 400;

/// A row that stands.
#[derive(Clone, Copy, Debug)]
struct Told {
    since: Position,
    part: u32,
    /// Where it is among the changes under way; none once those were written.
    fresh: Option<usize>,
}

/// A fund's fold. Its payments are thousands, so of a row that stands no more is kept than ends it.
#[derive(Clone, Debug)]
pub(crate) struct FundFold {
    id: Uuid,
    fund: Fund,
    position: Position,
    reconciled: HashMap<StatementPlace, Told>,
    fresh: Vec<StatementPlace>,
    overheads: HashMap<PaymentReference, (Told, PaymentRow)>,
}

/// Where and when an event was recorded.
#[derive(Clone, Copy)]
struct RecordedAt {
    position: Position,
    time: DateTime<Utc>,
    sequence: Sequence,
}

impl FundFold {
    /// A fund before its first event.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        let (reconciled, fresh, overheads) = (HashMap::new(), Vec::new(), HashMap::new());
        Self { id, fund: Fund::default(), position: Position::START, reconciled, fresh, overheads }
    }

    fn tell(&mut self, event: &FundEvent, at: RecordedAt, changes: &mut Changes) {
        match &event.fact {
            FundFact::PaymentsReconciled(confirmed) => {
                self.confirm(confirmed, event, at, changes);
            }
            FundFact::ReconciliationWithdrawn(withdrawal) => {
                for place in withdrawal.places() {
                    if let Some(told) = self.reconciled.remove(&place) {
                        end(changes, TableId::Reconciliations, told, at.position);
                    }
                }
            }
            FundFact::OverheadPaid(overhead) => self.pay(overhead, event, at, changes),
            FundFact::OverheadReversed(reversal) => self.undo(reversal, event, at, changes),
            _ => {}
        }
    }

    fn pay(
        &mut self,
        overhead: &Overhead,
        event: &FundEvent,
        at: RecordedAt,
        changes: &mut Changes,
    ) {
        let Some(envelope) = &self.fund.envelope else { return };
        let reference = &overhead.payment_reference;
        let row = PaymentRow {
            aggregate_id: self.id,
            sequence: at.sequence,
            kind: "overhead".into(),
            programme: envelope.programme.0,
            fund: self.id,
            financing: None,
            tranche: None,
            instrument: None,
            budget_line: Some(overhead.line.as_str().to_owned().into()),
            method: None,
            occurred_on: event.occurred_on,
            recorded_at: at.time,
            amount: overhead.amount,
            interest: Xof::ZERO,
            credit: Xof::ZERO,
            payment_reference: reference.as_str().to_owned().into(),
            reference_form: reference.form().to_owned().into(),
            reversed_on: None,
            reversal_sequence: None,
            reversal_ground: None,
            reversal_reference: None,
            reversal_form: None,
        };
        let told = begin(changes, row.clone(), at.position, 0);
        self.overheads.insert(reference.clone(), (told, row));
    }

    fn undo(
        &mut self,
        reversal: &OverheadReversal,
        event: &FundEvent,
        at: RecordedAt,
        changes: &mut Changes,
    ) {
        let Some((told, row)) = self.overheads.get_mut(&reversal.undone_reference) else { return };
        end(changes, TableId::Payments, *told, at.position);
        let own = reversal.payment_reference.as_ref();
        row.reversed_on = Some(event.occurred_on);
        row.reversal_sequence = Some(at.sequence);
        row.reversal_ground = Some(reversal.ground.code().into());
        row.reversal_reference = own.map(|reference| reference.as_str().to_owned().into());
        row.reversal_form = own.map(|reference| reference.form().to_owned().into());
        *told = begin(changes, row.clone(), at.position, 0);
    }

    fn confirm(
        &mut self,
        confirmed: &Reconciliation,
        event: &FundEvent,
        at: RecordedAt,
        changes: &mut Changes,
    ) {
        for (part, line) in (0..).zip(&confirmed.lines) {
            let row = ReconciliationRow {
                fund: self.id,
                sequence: at.sequence,
                reference_form: line.payment_reference.form().to_owned().into(),
                statement: confirmed.statement.as_str().to_owned().into(),
                statement_line: line.line.get(),
                occurred_on: event.occurred_on,
                recorded_at: at.time,
            };
            let told = begin(changes, row, at.position, part);
            let place = confirmed.place(line);
            self.fresh.push(place.clone());
            self.reconciled.insert(place, told);
        }
    }

    /// None before it is opened.
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
            repaid: fund.came_back(),
            interest: fund.interest,
            credit: fund.credit,
            reversed: fund.disbursements_reversed,
            overheads: fund.overheads,
            free: fund.free(),
            closed: fund.closed,
            version: fund.version,
            position: self.position,
        })
    }
}

/// Tells a row of a versioned table.
fn begin<R: TableRow>(changes: &mut Changes, row: R, since: Position, part: u32) -> Told {
    let rows = &mut changes.of_mut(R::TABLE).told;
    rows.push(VersionedRow { since, part, until: None, row: row.row() });
    Told { since, part, fresh: Some(rows.len() - 1) }
}

/// Ends a row that stands.
fn end(changes: &mut Changes, table: TableId, told: Told, until: Position) {
    let Told { since, part, fresh } = told;
    let table = changes.of_mut(table);
    match fresh {
        Some(fresh) => table.told[fresh].until = Some(until),
        None => table.ended.push(Ending { since, part, until }),
    }
}

impl StreamFold for FundFold {
    fn version(&self) -> Version {
        self.fund.version
    }

    fn take(
        &mut self,
        event: &FeedEvent,
        _: &mut RuleBook,
        changes: &mut Changes,
    ) -> Result<(), FoldError> {
        let fact: FundEvent = decode(event)?;
        self.fund.take(&fact);
        self.position = event.position;
        let FeedEvent { position, recorded_at, sequence, .. } = *event;
        self.tell(&fact, RecordedAt { position, time: recorded_at, sequence }, changes);
        Ok(())
    }

    fn show(&self, _: &RuleBook, changes: &mut Changes) {
        changes.of_mut(TableId::FundStatus).dropped.push(self.id);
        if let Some(row) = self.row() {
            changes.add(row);
        }
    }

    fn settle(&mut self) {
        for place in std::mem::take(&mut self.fresh) {
            if let Some(told) = self.reconciled.get_mut(&place) {
                told.fresh = None;
            }
        }
        // A fund has few costs of its own.
        for (told, _) in self.overheads.values_mut() {
            told.fresh = None;
        }
    }

    fn weight(&self) -> usize {
        OWN_WEIGHT + self.fund.payment_references.size() * PAYMENT_WEIGHT
    }
}
