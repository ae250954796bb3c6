//! One event of a path, the path right after it, and what becomes of rows.

use chrono::NaiveDate;
use sira_domain::path::State;
use sira_domain::values::FundId;
use sira_numbers::Sequence;
use uuid::Uuid;

use super::dims::breakdown;
use super::event::PathEvent;
use super::ledger::{Slot, ToldRow};
use super::memo::Memo;
use crate::table::tables::case_milestones::MilestoneRow;
use crate::table::{Cell, Column, Row, TableId, TableRow};

/// First place of incomes in `indicator_values`.
pub const INCOME_SLOTS: Slot = 1_000_000_000;

/// What becomes of a row.
#[derive(Clone, Debug)]
pub enum Op {
    /// It is told.
    Put(ToldRow),
    /// What stood in that place ends.
    Clear(TableId, Slot),
    /// One cell of what stands in that place is another, and all else stays as it was told.
    Amend(TableId, Slot, &'static str, Cell),
}

/// A row with another value in one of its columns.
pub fn amended(table: TableId, row: &[Cell], column: &str, value: &Cell) -> Row {
    let cell = |(known, cell): (&Column, &Cell)| {
        if known.name == column { value.clone() } else { cell.clone() }
    };
    table.table().columns.iter().zip(row.iter()).map(cell).collect()
}

/// One event and the path right after it.
pub struct EventMoment<'a> {
    pub id: Uuid,
    pub sequence: Sequence,
    pub event: &'a PathEvent,
    pub state: &'a State,
}

impl EventMoment<'_> {
    /// Day of the fact.
    pub fn on(&self) -> NaiveDate {
        self.event.event.occurred_on
    }

    /// Tells a row: its own cells, then what figures are broken down by. A path without a
    /// registration tells nothing.
    pub fn put<R: TableRow>(&self, memo: &Memo, ops: &mut Vec<Op>, slot: Option<Slot>, own: R) {
        self.put_of(memo, memo.fund, ops, slot, own);
    }

    /// The same, of a fund.
    pub fn put_of<R: TableRow>(
        &self,
        memo: &Memo,
        fund: Option<FundId>,
        ops: &mut Vec<Op>,
        slot: Option<Slot>,
        own: R,
    ) {
        let Some(breakdown) = breakdown(self.state, memo, fund) else { return };
        let row = own.cells().chain(breakdown.cells()).collect();
        ops.push(Op::Put(ToldRow { table: R::TABLE, slot, row }));
    }
}

/// What a path may reach, in the order of the path. The place is the number of its row.
pub const MILESTONES: [&str; 19] = [
    "registered",
    "idea_submitted",
    "eligible",
    "interviewed",
    "selected",
    "enrolled",
    "trained",
    "plan_validated",
    "financing_requested",
    "approved",
    "financed",
    "waived",
    "started",
    "closed",
    "completed",
    "exited",
    "plan_submitted",
    "plan_validated_first",
    "dropped_out",
];

/// Tells that a milestone is reached, once.
pub fn reach(moment: &EventMoment, memo: &mut Memo, ops: &mut Vec<Op>, milestone: &'static str) {
    let Some(place) = MILESTONES.iter().position(|name| *name == milestone) else { return };
    if memo.reached & (1 << place) != 0 {
        return;
    }
    memo.reached |= 1 << place;
    let Some(registration) = &moment.state.registration else { return };
    let days = (moment.on() - registration.on).num_days();
    let own = MilestoneRow {
        aggregate_id: moment.id,
        milestone: milestone.into(),
        sequence: moment.sequence,
        occurred_on: moment.on(),
        recorded_at: moment.event.recorded_at,
        days,
    };
    moment.put(memo, ops, Some(place as Slot), own);
}

/// Whether a milestone stands.
pub fn has_reached(memo: &Memo, milestone: &str) -> bool {
    let place = MILESTONES.iter().position(|name| *name == milestone);
    place.is_some_and(|place| memo.reached & (1 << place) != 0)
}

/// Tells that a milestone is reached no longer.
pub fn unreach(memo: &mut Memo, ops: &mut Vec<Op>, milestone: &str) {
    let Some(place) = MILESTONES.iter().position(|name| *name == milestone) else { return };
    if memo.reached & (1 << place) != 0 {
        memo.reached &= !(1 << place);
        ops.push(Op::Clear(TableId::CaseMilestones, place as Slot));
    }
}
