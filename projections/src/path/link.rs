//! Which path a frozen one continues as.

use sira_domain::path::Fact;

use super::ledger::Slot;
use super::memo::Memo;
use super::moment::{EventMoment, Op};
use crate::table::TableId;
use crate::table::tables::case_links::CaseLinkRow;

/// A path is frozen for one other at most.
const SLOT: Slot = 0;

/// The link is told by the frozen path alone: the other one's event says the same of it.
pub fn tell(moment: &EventMoment, memo: &Memo, ops: &mut Vec<Op>) {
    match &moment.event.event.fact {
        Fact::DuplicateLinked(link) if link.freezes() => {
            let own = CaseLinkRow {
                aggregate_id: moment.id,
                sequence: moment.sequence,
                continues_as: link.continues.0,
                occurred_on: moment.on(),
                recorded_at: moment.event.recorded_at,
            };
            moment.put(memo, ops, Some(SLOT), own);
        }
        Fact::DuplicateUnlinked(_) if moment.state.continues_as.is_none() => {
            ops.push(Op::Clear(TableId::CaseLinks, SLOT));
        }
        _ => {}
    }
}
