//! The fund's own facts: what it is, and not what paths move in it. They are kept, so that one that is taken
//! back leaves the others as if it had not been; with each is kept what was committed under it, so that this is
//! judged without the thousands of payments.

use chrono::NaiveDate;
use sira_numbers::Sequence;

use super::Fund;
use super::event::{Envelope, FundAmendment, FundEvent, FundFact};
use crate::context::Context;
use crate::refusal::{Amount, Item, Quantity, Refusal};
use crate::retraction::{check_author, no_event, rests_on};
use crate::values::Xof;

/// An event of which money was committed, as a refusal names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cause {
    sequence: Sequence,
    event: &'static str,
}

impl Cause {
    fn forbids(self, because: Refusal) -> Refusal {
        rests_on(self.sequence, self.event, because)
    }
}

/// One of the fund's own facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnFact {
    sequence: Sequence,
    event: FundEvent,
    is_retracted: bool,
    /// The most that was committed between this one and the next, and the first and the last day that anything
    /// was committed to persons, each with the event that says so.
    most: Option<(Cause, Xof)>,
    first: Option<(Cause, NaiveDate)>,
    last: Option<(Cause, NaiveDate)>,
}

/// What the own facts add up to.
#[derive(Default)]
struct Terms {
    envelope: Option<Envelope>,
    budget: Xof,
    closed: bool,
}

impl Terms {
    fn take(&mut self, fact: &FundFact) {
        match fact {
            FundFact::FundOpened(envelope) => {
                self.budget = envelope.budget;
                self.envelope = Some(envelope.clone());
            }
            FundFact::BudgetAdjusted(budget) => self.budget = budget.budget,
            FundFact::FundClosed(_) => self.closed = true,
            FundFact::FundAmended(amendment) => {
                if let Some(envelope) = &mut self.envelope {
                    amendment.apply(envelope);
                }
            }
            _ => {}
        }
    }
}

impl FundAmendment {
    /// Puts what changes in its place.
    pub(super) fn apply(&self, envelope: &mut Envelope) {
        if let Some(donor) = &self.donor {
            envelope.donor.clone_from(donor);
        }
        envelope.period = self.period.unwrap_or(envelope.period);
    }
}

impl Fund {
    /// Takes one of its own facts in.
    pub(super) fn take_own(&mut self, event: &FundEvent) {
        let sequence = self.version.last_sequence();
        if let FundFact::FundFactRetracted(retraction) = &event.fact {
            let target = self.own.iter_mut().find(|own| own.sequence == retraction.sequence);
            if let Some(own) = target {
                own.is_retracted = true;
            }
        }
        let (event, is_retracted) = (event.clone(), false);
        let (most, first, last) = (None, None, None);
        self.own.push(OwnFact { sequence, event, is_retracted, most, first, last });
        let mut terms = Terms::default();
        self.standing().for_each(|own| terms.take(&own.event.fact));
        let Terms { envelope, budget, closed } = terms;
        (self.envelope, self.budget, self.closed) = (envelope, budget, closed);
    }

    /// Remembers what an event leaves committed, the fund's own costs among it. These are of any day: the
    /// period is that of what is committed to persons.
    pub(super) fn note_commitment(&mut self, event: &FundEvent) {
        let sequence = self.version.last_sequence();
        let cause = Cause { sequence, event: event.fact.event_type() };
        let committed = self.committed().plus(self.overheads);
        let Some(own) = self.own.last_mut() else { return };
        if own.most.is_none_or(|(_, most)| committed > most) {
            own.most = Some((cause, committed));
        }
        if !matches!(event.fact, FundFact::Committed(_)) {
            return;
        }
        let on = event.occurred_on;
        if own.first.is_none_or(|(_, first)| on < first) {
            own.first = Some((cause, on));
        }
        if own.last.is_none_or(|(_, last)| on > last) {
            own.last = Some((cause, on));
        }
    }

    fn standing(&self) -> impl DoubleEndedIterator<Item = &OwnFact> {
        self.own.iter().filter(|own| !own.is_retracted)
    }

    /// Tells whether an event was taken back.
    pub(super) fn is_retracted(&self, sequence: Sequence) -> bool {
        self.own.iter().any(|own| own.sequence == sequence && own.is_retracted)
    }

    /// The envelope as it was told at the opening, whatever was amended since.
    pub(super) fn opened_as(&self) -> Option<&Envelope> {
        self.standing().find_map(|own| match &own.event.fact {
            FundFact::FundOpened(envelope) => Some(envelope),
            _ => None,
        })
    }

    /// The amendment that was made last.
    pub(super) fn last_amendment(&self) -> Option<&FundAmendment> {
        self.standing().rev().find_map(|own| match &own.event.fact {
            FundFact::FundAmended(amendment) => Some(amendment),
            _ => None,
        })
    }
}

/// An amendment changes something, and its period holds every commitment so far.
pub(super) fn amended(
    fund: &Fund,
    envelope: &Envelope,
    amendment: &FundAmendment,
) -> Result<(), Refusal> {
    let mut changed = envelope.clone();
    amendment.apply(&mut changed);
    if changed == *envelope {
        return Err(Refusal::Below { what: Quantity::Items, required: 1, given: 0 });
    }
    let days = fund.own.iter().flat_map(|own| [own.first, own.last]).flatten();
    match days.map(|(_, day)| day).find(|day| !changed.period.holds(*day)) {
        Some(given) => {
            Err(Refusal::OutsidePeriod { item: Item::Fund, period: changed.period, given })
        }
        None => Ok(()),
    }
}

/// Asks whether the one who gives a command may take back the event that it names.
///
/// # Errors
/// [`Refusal::NeedsRole`], of whoever neither recorded it nor is a director.
pub fn check_author_of(fund: &Fund, event: &FundEvent, context: &Context) -> Result<(), Refusal> {
    let FundFact::FundFactRetracted(retraction) = &event.fact else { return Ok(()) };
    let target = fund.standing().find(|own| own.sequence == retraction.sequence);
    target.map_or(Ok(()), |own| check_author(&own.event.by, context))
}

/// Asks whether everything that was committed after one of the fund's own facts would have been lawful without
/// it. The other own facts do not rest on each other.
pub(super) fn check_retraction(fund: &Fund, sequence: Sequence) -> Result<(), Refusal> {
    let Some(target) = fund.standing().find(|own| own.sequence == sequence) else {
        // What paths move in a fund is undone by their commands, in both streams.
        return Err(no_event(sequence));
    };
    let event = target.event.fact.event_type();
    // The amounts of lines are adjusted anew instead: what was drawn from each in between is not kept.
    let is_of_lines =
        matches!(&target.event.fact, FundFact::BudgetAdjusted(budget) if !budget.lines.is_empty());
    if is_of_lines
        || matches!(target.event.fact, FundFact::FundOpened(_) | FundFact::FundFactRetracted(_))
    {
        return Err(Refusal::NotRetractable { sequence, event });
    }
    let mut terms = Terms::default();
    for own in &fund.own {
        if !own.is_retracted && own.sequence != sequence {
            terms.take(&own.event.fact);
        }
        if own.sequence >= sequence {
            check_committed(&terms, own)?;
        }
    }
    Ok(())
}

/// What was committed between an own fact and the next is within the budget and the period.
fn check_committed(terms: &Terms, own: &OwnFact) -> Result<(), Refusal> {
    let limit = terms.budget;
    if let Some((cause, given)) = own.most.filter(|(_, most)| *most > limit) {
        return Err(cause.forbids(Refusal::TooMuch { what: Amount::FreeBalance, limit, given }));
    }
    let Some(period) = terms.envelope.as_ref().map(|envelope| envelope.period) else {
        return Ok(());
    };
    let days = [own.first, own.last].into_iter().flatten();
    match days.into_iter().find(|(_, day)| !period.holds(*day)) {
        Some((cause, given)) => {
            Err(cause.forbids(Refusal::OutsidePeriod { item: Item::Fund, period, given }))
        }
        None => Ok(()),
    }
}
