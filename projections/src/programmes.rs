//! The rows of a programme, of its offices and of its targets: a fold of its stream alone.

use sira_domain::programme::{Programme, ProgrammeEvent, ProgrammeFact, Target};
use uuid::Uuid;

use crate::changes::Changes;
use crate::path::{Ledger, Told, sex_word};
use crate::table::{Cell, Row, TableId};

/// A programme as its stream tells it, with the targets that were told.
#[derive(Clone, Debug, Default)]
pub struct ProgrammeFold {
    programme: Programme,
    renewals: u32,
    position: u64,
    version: u64,
    ledger: Ledger,
    set: Vec<Target>,
}

impl ProgrammeFold {
    /// Sequence of the last event.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Takes the next event in.
    pub fn take(&mut self, id: Uuid, event: &ProgrammeEvent, position: u64, changes: &mut Changes) {
        self.version += 1;
        self.position = position;
        match &event.fact {
            ProgrammeFact::TargetSet(target) => self.set_target(id, target, position, changes),
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

    fn set_target(&mut self, id: Uuid, target: &Target, position: u64, changes: &mut Changes) {
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

    /// Replaces its rows in the tables of the present.
    pub fn show(&self, id: Uuid, changes: &mut Changes) {
        for table in [TableId::ProgrammeStatus, TableId::Offices] {
            changes.of_mut(table).dropped.push(id);
        }
        changes.of_mut(TableId::ProgrammeStatus).rows.extend(self.row(id));
        changes.of_mut(TableId::Offices).rows.extend(self.offices(id));
    }

    /// The changes were written.
    pub fn settle(&mut self) {
        self.ledger.settle();
    }

    /// The row of the programme; none before its convention is signed.
    fn row(&self, id: Uuid) -> Option<Row> {
        let (programme, convention) = (&self.programme, self.programme.convention.as_ref()?);
        let term = programme.term()?;
        let is_open = |office: &&sira_domain::programme::OfficeState| office.closed_on.is_none();
        let rules = programme.rule_sets.iter().map(|set| set.version).max().unwrap_or(0);
        let row = [
            id.into(),
            convention.name.as_str().to_owned().into(),
            convention.signed_on.into(),
            term.to.into(),
            (convention.term_years.get() + programme.renewed_years).into(),
            self.renewals.into(),
            convention.renewable.into(),
            (programme.offices.len() as u64).into(),
            (programme.offices.values().filter(is_open).count() as u64).into(),
            rules.into(),
            serde_json::to_string(&convention.parties).unwrap_or_default().into(),
            self.version.into(),
            self.position.into(),
        ];
        Some(row.into_iter().collect())
    }

    fn offices(&self, id: Uuid) -> impl Iterator<Item = Row> {
        self.programme.offices.values().map(move |state| {
            let row = [
                id.into(),
                state.office.office.as_str().to_owned().into(),
                state.office.name.as_str().to_owned().into(),
                state.office.region.code().into(),
                state.opened_on.into(),
                Cell::maybe(state.closed_on),
            ];
            row.into_iter().collect()
        })
    }
}
