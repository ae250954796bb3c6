//! A fact of a programme that was recorded in error is taken back, if all that followed in the programme would
//! have been lawful without it. What paths and cohorts rest on it is theirs to know: see decision 24.

use std::collections::BTreeSet;
use std::sync::Arc;

use sira_numbers::Sequence;
use uuid::Uuid;

use super::command::leads_to_itself;
use super::event::{ProgrammeEvent, ProgrammeFact};
use super::{OfficeState, Programme, RuleSet};
use crate::context::Context;
use crate::refusal::Refusal;
use crate::retraction::{check_author, no_event, rests_on};
use crate::values::Slug;

impl Programme {
    /// The events that stand, with their sequences: all but those that were taken back.
    #[must_use]
    pub fn standing(&self) -> impl DoubleEndedIterator<Item = (Sequence, &ProgrammeEvent)> {
        let numbered = self.past.iter().enumerate();
        numbered
            .map(|(index, event)| (Sequence::of_index(index), &**event))
            .filter(|(sequence, _)| !self.retracted.contains(sequence))
    }

    /// Tells whether an event was taken back.
    #[must_use]
    pub fn is_retracted(&self, sequence: Sequence) -> bool {
        self.retracted.contains(&sequence)
    }

    /// Every set of rules that was ever set, those that were taken back behind the others.
    pub fn rule_sets_ever(&self) -> impl Iterator<Item = &RuleSet> {
        self.rule_sets.iter().chain(&self.withdrawn_rules)
    }

    /// Renewals of the convention that stand.
    #[must_use]
    pub fn renewals(&self) -> usize {
        let is_one = |fact: &ProgrammeFact| matches!(fact, ProgrammeFact::ConventionRenewed(_));
        self.standing().filter(|(_, event)| is_one(&event.fact)).count()
    }

    /// The draw or the ranked list of an event that stands, which decisions of selection name: its word, those
    /// on it, and whether it is a draw. None of any other event.
    #[must_use]
    pub fn list_at(&self, sequence: Sequence) -> Option<(&Slug, &[Uuid], bool)> {
        let (_, event) = self.standing().find(|(other, _)| *other == sequence)?;
        match &event.fact {
            ProgrammeFact::LotteryDrawn(draw) => Some((&draw.session, &draw.entries, true)),
            ProgrammeFact::CandidatesRanked(list) => Some((&list.session, &list.ranked, false)),
            _ => None,
        }
    }

    /// The programme folded without these events, beside those that were taken back. Rules that fall away keep
    /// judging what they judged, an office that falls away keeps its region, and a commitment its number.
    pub(super) fn without(&self, left_out: &BTreeSet<Sequence>) -> Self {
        let mut anew = Self::default();
        for (index, event) in self.past.iter().enumerate() {
            let sequence = Sequence::of_index(index);
            if !self.retracted.contains(&sequence) && !left_out.contains(&sequence) {
                anew.fold(event);
            }
        }
        let mut retracted = self.retracted.clone();
        retracted.extend(left_out);
        for sequence in &retracted {
            if let Some(event) = sequence.index().and_then(|index| self.past.get(index)) {
                anew.keep_withdrawn(event);
            }
        }
        Self { past: self.past.clone(), retracted, version: self.version, ..anew }
    }

    fn keep_withdrawn(&mut self, event: &Arc<ProgrammeEvent>) {
        match &event.fact {
            ProgrammeFact::RulesSet(set) => self.withdrawn_rules.push(set.clone()),
            ProgrammeFact::CommitmentRecorded(commitment) => self.note_number(commitment),
            ProgrammeFact::StaffPostAdded(post) => self.note_sealing_key(post),
            ProgrammeFact::OfficeOpened(office) => {
                let (opened_on, closed_on) = (event.occurred_on, event.occurred_on.pred_opt());
                let (office, withdrawn, earlier) = (office.clone(), true, Vec::new());
                let state = OfficeState { office, opened_on, closed_on, withdrawn, earlier };
                self.offices.entry(state.office.office.clone()).or_insert(state);
            }
            _ => {}
        }
    }
}

/// Asks whether everything that followed an event would have been lawful without it, and whether whoever gives
/// the command may take it back.
pub(super) fn check(
    programme: &Programme,
    sequence: Sequence,
    context: &Context,
) -> Result<(), Refusal> {
    let target = programme.standing().find(|(other, _)| *other == sequence);
    let (_, target) = target.ok_or_else(|| no_event(sequence))?;
    let event = target.fact.event_type();
    match &target.fact {
        ProgrammeFact::ConventionSigned(_)
        | ProgrammeFact::StaffNameErased(_)
        | ProgrammeFact::ProgrammeFactRetracted(_) => {
            return Err(Refusal::NotRetractable { sequence, event });
        }
        _ => check_author(&target.by, context)?,
    }
    let mut without = Programme::default();
    for (index, event) in programme.past.iter().enumerate() {
        let other = Sequence::of_index(index);
        // What was taken back before has its place in the order too: the version of a later set of rules
        // counts on from it.
        if other == sequence || programme.is_retracted(other) {
            without.keep_withdrawn(event);
            continue;
        }
        let is_judged =
            other > sequence && !matches!(event.fact, ProgrammeFact::ProgrammeFactRetracted(_));
        if is_judged {
            leads_to_itself(&without, event, context)
                .map_err(|because| rests_on(other, event.fact.event_type(), because))?;
        }
        without.fold(event);
    }
    Ok(())
}
