//! The rows of a programme, of its offices and of its targets: a fold of its stream alone.

use sira_domain::programme::{Programme, ProgrammeEvent, ProgrammeFact, Target};
use uuid::Uuid;

use crate::changes::Changes;
use crate::decode::decode;
use crate::path::{Ledger, Told, sex_word};
use crate::rule_book::RuleBook;
use crate::stream_fold::StreamFold;
use crate::table::tables::offices::OfficeRow;
use crate::table::tables::programme_status::ProgrammeStatusRow;
use crate::table::tables::targets::TargetRow;
use crate::table::{TableId, TableRow};
use crate::{FeedEvent, FoldError};

/// A programme as its stream tells it, with the targets that were told.
#[derive(Clone, Debug)]
pub struct ProgrammeFold {
    id: Uuid,
    programme: Programme,
    renewals: u32,
    position: u64,
    version: u64,
    ledger: Ledger,
    set: Vec<Target>,
}

impl ProgrammeFold {
    /// A programme before its first event.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        let (programme, ledger, set) = (Programme::default(), Ledger::default(), Vec::new());
        Self { id, programme, renewals: 0, position: 0, version: 0, ledger, set }
    }

    fn take_event(&mut self, event: &ProgrammeEvent, position: u64, changes: &mut Changes) {
        self.version += 1;
        self.position = position;
        match &event.fact {
            ProgrammeFact::TargetSet(target) => self.set_target(target, position, changes),
            // No row tells who was drawn, and a draw is thousands of people.
            ProgrammeFact::LotteryDrawn(_) => {}
            ProgrammeFact::ConventionRenewed(_) => {
                self.renewals += 1;
                self.programme.take(event);
            }
            ProgrammeFact::ConventionSigned(_)
            | ProgrammeFact::RulesSet(_)
            | ProgrammeFact::OfficeOpened(_)
            | ProgrammeFact::OfficeClosed(_) => self.programme.take(event),
        }
    }

    fn set_target(&mut self, target: &Target, position: u64, changes: &mut Changes) {
        let place = self.set.iter().position(|known| known.is_for_the_same(target));
        let place = place.unwrap_or_else(|| {
            self.set.push(target.clone());
            self.set.len() - 1
        });
        let row = TargetRow {
            programme: self.id,
            indicator: target.indicator.as_str().to_owned().into(),
            from_on: target.period.from,
            to_on: target.period.to,
            region: target.region.map(|region| region.code().into()),
            sex: target.sex.map(|sex| sex_word(sex).into()),
            value: target.value.get(),
        };
        let slot = u32::try_from(place).ok();
        let told = Told { table: TableId::Targets, slot, row: row.row() };
        self.ledger.put(told, position, changes);
    }

    /// The row of the programme; none before its convention is signed.
    fn row(&self) -> Option<ProgrammeStatusRow> {
        let (programme, convention) = (&self.programme, self.programme.convention.as_ref()?);
        let term = programme.term()?;
        let is_open = |office: &&sira_domain::programme::OfficeState| office.closed_on.is_none();
        let rules = programme.rule_sets.iter().map(|set| set.version).max().unwrap_or(0);
        Some(ProgrammeStatusRow {
            programme: self.id,
            name: convention.name.as_str().to_owned().into(),
            signed_on: convention.signed_on,
            ends_on: term.to,
            term_years: convention.term_years.get() + programme.renewed_years,
            renewals: self.renewals,
            renewable: convention.renewable,
            offices: programme.offices.len() as u64,
            offices_open: programme.offices.values().filter(is_open).count() as u64,
            rules_version: rules,
            parties: serde_json::to_string(&convention.parties).unwrap_or_default().into(),
            version: self.version,
            position: self.position,
        })
    }

    fn offices(&self) -> impl Iterator<Item = OfficeRow> {
        self.programme.offices.values().map(|state| OfficeRow {
            programme: self.id,
            office: state.office.office.as_str().to_owned().into(),
            name: state.office.name.as_str().to_owned().into(),
            region: state.office.region.code().into(),
            opened_on: state.opened_on,
            closed_on: state.closed_on,
        })
    }
}

impl StreamFold for ProgrammeFold {
    fn version(&self) -> u64 {
        self.version
    }

    fn take(
        &mut self,
        event: &FeedEvent,
        rules: &mut RuleBook,
        changes: &mut Changes,
    ) -> Result<(), FoldError> {
        let decoded: ProgrammeEvent = decode(event)?;
        rules.take(self.id, &decoded);
        self.take_event(&decoded, event.position, changes);
        Ok(())
    }

    fn show(&self, _: &RuleBook, changes: &mut Changes) {
        for table in [TableId::ProgrammeStatus, TableId::Offices] {
            changes.of_mut(table).dropped.push(self.id);
        }
        if let Some(row) = self.row() {
            changes.add(row);
        }
        self.offices().for_each(|row| changes.add(row));
    }

    fn settle(&mut self) {
        self.ledger.settle();
    }
}
