//! What paths are judged by and other streams say: the programmes, and the minutes that a group had planned, as they
//! stood at each place of the journal.

use std::collections::HashMap;
use std::sync::Arc;

use sira_domain::programme::{Programme, ProgrammeEvent};
use sira_numbers::Position;
use uuid::Uuid;

/// What was heard of these streams, and where.
#[derive(Default)]
pub(super) struct Timeline {
    /// By the place from which on they count, in order. The states themselves would be one for every event.
    programmes: Vec<(Position, Uuid, Arc<ProgrammeEvent>)>,
    /// Of each group, from which place on it had planned so many minutes; none while that is not known.
    minutes: HashMap<Uuid, Vec<(Position, Option<u32>)>>,
}

impl Timeline {
    /// A programme has taken in an event.
    pub fn add_event(&mut self, at: Position, programme: Uuid, event: ProgrammeEvent) {
        self.programmes.push((at, programme, Arc::new(event)));
    }

    /// A group has planned so many minutes from here on.
    pub fn add_minutes(&mut self, at: Position, cohort: Uuid, minutes: Option<u32>) {
        let known = self.minutes.entry(cohort).or_default();
        if known.last().is_none_or(|(_, last)| *last != minutes) {
            known.push((at, minutes));
        }
    }

    /// The minutes that a group had planned before a place; none where that is not known.
    pub fn minutes_before(&self, place: Position, cohort: Uuid) -> Option<u32> {
        let known = self.minutes.get(&cohort)?;
        let before = known.partition_point(|(at, _)| *at < place);
        known[..before].last()?.1
    }
}

/// The programmes at a place that moves forward.
pub(super) struct ProgrammesAt<'t> {
    timeline: &'t Timeline,
    /// Events that were taken in.
    taken: usize,
    now: HashMap<Uuid, Arc<Programme>>,
}

impl<'t> ProgrammesAt<'t> {
    /// Before the first event.
    pub fn new(timeline: &'t Timeline) -> Self {
        Self { timeline, taken: 0, now: HashMap::new() }
    }

    /// Comes to a place: what was heard before it counts.
    pub fn reach(&mut self, place: Position) {
        while let Some((at, id, event)) = self.timeline.programmes.get(self.taken)
            && *at < place
        {
            Arc::make_mut(self.now.entry(*id).or_default()).take(event);
            self.taken += 1;
        }
    }

    /// A programme as it stands here.
    pub fn get(&self, id: Option<Uuid>) -> Arc<Programme> {
        id.and_then(|id| self.now.get(&id)).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_those_of_the_last_change_before_a_place() {
        let (mut timeline, cohort) = (Timeline::default(), Uuid::from_u128(1));
        for (at, minutes) in [(3_u32, Some(60)), (5, Some(60)), (9, Some(90)), (12, None)] {
            timeline.add_minutes(at.into(), cohort, minutes);
        }
        let before = |place: u32| timeline.minutes_before(place.into(), cohort);
        assert_eq!(
            [3, 4, 6, 9, 10, 12, 13].map(before),
            [None, Some(60), Some(60), Some(60), Some(90), Some(90), None]
        );
        assert_eq!(timeline.minutes_before(9.into(), Uuid::from_u128(2)), None);
        assert_eq!(timeline.minutes[&cohort].len(), 3);
    }
}
