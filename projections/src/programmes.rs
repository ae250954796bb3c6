//! The rows of a programme, of its offices and of its targets: a fold of its stream alone.

use sira_domain::programme::{Programme, ProgrammeEvent, ProgrammeFact, Target};
use sira_numbers::{Position, Version, counted};
use uuid::Uuid;

use crate::changes::Changes;
use crate::decode::decode;
use crate::path::{Ledger, Slot, ToldRow, sex_word};
use crate::rule_book::RuleBook;
use crate::stream_fold::StreamFold;
use crate::table::tables::commitments::CommitmentRow;
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
    position: Position,
    version: Version,
    ledger: Ledger,
    set: Vec<Target>,
}

impl ProgrammeFold {
    /// A programme before its first event.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        let (programme, ledger, set) = (Programme::default(), Ledger::default(), Vec::new());
        Self { id, programme, position: Position::START, version: Version::ZERO, ledger, set }
    }

    fn take_event(&mut self, event: &ProgrammeEvent, position: Position, changes: &mut Changes) {
        self.version = self.version.next();
        self.position = position;
        self.programme.take(event);
        match &event.fact {
            ProgrammeFact::TargetSet(target) => self.set_target(target, position, changes),
            ProgrammeFact::ProgrammeFactRetracted(_) => self.set_targets_anew(position, changes),
            // What else a row tells is read from the programme as it stands.
            ProgrammeFact::ConventionSigned(_)
            | ProgrammeFact::ConventionRenewed(_)
            | ProgrammeFact::RulesSet(_)
            | ProgrammeFact::OfficeOpened(_)
            | ProgrammeFact::OfficeClosed(_)
            | ProgrammeFact::OfficeAmended(_)
            | ProgrammeFact::CommitmentRecorded(_)
            | ProgrammeFact::CommitmentFulfilled(_)
            | ProgrammeFact::CommitmentReopened(_)
            | ProgrammeFact::CommitmentWithdrawn(_)
            | ProgrammeFact::CallOpened(_)
            | ProgrammeFact::CallClosed(_)
            | ProgrammeFact::ConventionReviewed(_)
            | ProgrammeFact::LotteryDrawn(_)
            | ProgrammeFact::CandidatesRanked(_)
            | ProgrammeFact::StaffPostAdded(_)
            | ProgrammeFact::StaffPostEnded(_)
            | ProgrammeFact::StaffNameErased(_) => {}
        }
    }

    /// The targets that stand after something was taken back, each in the place that it was told in.
    fn set_targets_anew(&mut self, position: Position, changes: &mut Changes) {
        for (place, told) in self.set.clone().iter().enumerate() {
            let standing = self.programme.targets.iter().find(|one| one.is_for_the_same(told));
            match standing.cloned() {
                Some(target) => self.set_target(&target, position, changes),
                None => self.ledger.clear(TableId::Targets, place as Slot, position, changes),
            }
        }
    }

    fn set_target(&mut self, target: &Target, position: Position, changes: &mut Changes) {
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
        let slot = Some(place as Slot);
        let told = ToldRow { table: TableId::Targets, slot, row: row.row() };
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
            renewals: counted(programme.renewals()),
            renewable: convention.renewable,
            offices: counted(programme.offices.values().filter(|office| !office.withdrawn).count()),
            offices_open: counted(programme.offices.values().filter(is_open).count()),
            rules_version: rules,
            parties: serde_json::to_string(&convention.parties).unwrap_or_default().into(),
            version: self.version,
            position: self.position,
        })
    }

    fn offices(&self) -> impl Iterator<Item = OfficeRow> {
        let known = self.programme.offices.values().filter(|state| !state.withdrawn);
        known.map(|state| OfficeRow {
            programme: self.id,
            office: state.office.office.as_str().to_owned().into(),
            name: state.office.name.as_str().to_owned().into(),
            region: state.office.region.code().into(),
            opened_on: state.opened_on,
            closed_on: state.closed_on,
        })
    }

    fn commitments(&self) -> impl Iterator<Item = CommitmentRow> {
        self.programme.commitments.iter().map(|state| {
            let commitment = &state.commitment;
            CommitmentRow {
                programme: self.id,
                commitment: commitment.commitment,
                party: commitment.party.as_str().to_owned().into(),
                what: commitment.what.as_str().to_owned().into(),
                indicator: commitment
                    .indicator
                    .as_ref()
                    .map(|name| name.as_str().to_owned().into()),
                recorded_on: state.recorded_on,
                due_on: commitment.due_on,
                fulfilled_on: state.fulfilled.as_ref().map(|said| said.on),
                withdrawn_on: state.withdrawn.as_ref().map(|said| said.on),
            }
        })
    }
}

impl StreamFold for ProgrammeFold {
    fn version(&self) -> Version {
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
        for table in [TableId::ProgrammeStatus, TableId::Offices, TableId::Commitments] {
            changes.of_mut(table).dropped.push(self.id);
        }
        if let Some(row) = self.row() {
            changes.add(row);
        }
        self.offices().for_each(|row| changes.add(row));
        self.commitments().for_each(|row| changes.add(row));
    }

    fn settle(&mut self) {
        self.ledger.settle();
    }
}
