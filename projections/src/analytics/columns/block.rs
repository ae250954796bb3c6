//! A block: so many facts of one measure, column by column.

use sira_numbers::Position;

use super::super::facts::fact::{FigureFact, STANDS};
use super::super::facts::slots::{SLOTS, Slots, numbers_of, told_by};
use super::super::facts::{DayNumber, Dims, Tells};
use super::column::{Column, Numbers};
use super::opened::CountedColumns;
use super::{BLOCK, OpenFact, Profiles};

/// So many facts that were told one after the other.
#[derive(Debug)]
pub struct Block {
    /// Position of the first and of the last of them.
    first: Position,
    last: Position,
    /// First and last day of any.
    days: (i32, i32),
    /// Day from which none of them lasts any longer; none while one may.
    over_on: Option<i32>,
    since: Column,
    part: Column,
    until: Column,
    case: Column,
    sequence: Column,
    on: Column,
    ends_on: Column,
    profile: Column,
    cohort: Column,
    fund: Column,
    kind: Column,
    /// What they tell beside; as many columns as any of them has numbers.
    told: Box<[Column]>,
}

impl Block {
    /// Packs as many facts as a block holds; none of another number.
    pub fn pack(facts: &[OpenFact]) -> Option<Self> {
        let (first, last) = (facts.first()?.fact, facts.last()?.fact);
        if facts.len() != BLOCK {
            return None;
        }
        let column = |number: &dyn Fn(&FigureFact) -> Option<i64>| {
            Column::pack(&numbers(facts, |open| number(&open.fact)))
        };
        let until =
            numbers(facts, |open| (open.fact.until != STANDS).then(|| open.fact.until.stored()));
        let told: Vec<(i64, Slots)> =
            facts.iter().map(|open| numbers_of(&open.fact.tells)).collect();
        let used = (0..SLOTS).filter(|slot| told.iter().any(|(_, slots)| slots[*slot].is_some()));
        let used = used.max().map_or(0, |last| last + 1);
        let slot = |slot: usize| {
            let mut all: Numbers = [None; BLOCK];
            all.iter_mut().zip(&told).for_each(|(to, (_, slots))| *to = slots[slot]);
            Column::pack(&all)
        };
        let mut kinds: Numbers = [None; BLOCK];
        kinds.iter_mut().zip(&told).for_each(|(to, (kind, _))| *to = Some(*kind));
        let days = facts.iter().map(|open| open.fact.on);
        let days = (days.clone().min()?, days.max()?);
        let ends = facts.iter().map(|open| open.fact.ends_on.map(DayNumber::number));
        let ends: Option<Vec<i32>> = ends.collect();
        Some(Self {
            first: first.since,
            last: last.since,
            days,
            over_on: ends.and_then(|ends| ends.into_iter().max()),
            since: column(&|fact| Some(fact.since.stored())),
            part: column(&|fact| Some(fact.part.into())),
            until: Column::pack_above(first.since.stored(), &until),
            case: column(&|fact| Some(fact.case.into())),
            sequence: column(&|fact| Some(fact.sequence.into())),
            on: column(&|fact| Some(fact.on.into())),
            ends_on: column(&|fact| fact.ends_on.map(|day| day.number().into())),
            profile: Column::pack(&numbers(facts, |open| Some(open.profile.into()))),
            cohort: column(&|fact| Some(fact.dims.cohort.into())),
            fund: column(&|fact| Some(fact.dims.fund.into())),
            kind: Column::pack(&kinds),
            told: (0..used).map(slot).collect(),
        })
    }

    /// Path, day, day of the end, profile, group, fund and kind.
    pub const fn counted_columns(&self) -> CountedColumns<'_> {
        [&self.case, &self.on, &self.ends_on, &self.profile, &self.cohort, &self.fund, &self.kind]
    }

    /// What they tell beside.
    pub fn told_columns(&self) -> &[Column] {
        &self.told
    }

    /// Position of the first of its facts.
    pub const fn first(&self) -> Position {
        self.first
    }

    /// Position of the last of its facts.
    pub const fn last(&self) -> Position {
        self.last
    }

    /// First and last day of any of its facts.
    pub const fn days(&self) -> (i32, i32) {
        self.days
    }

    /// Whether none of its facts lasts on a day.
    pub fn is_over_on(&self, day: i32) -> bool {
        day < self.days.0 || self.over_on.is_some_and(|over| over <= day)
    }

    /// How many of its facts come before what is told at a position and a number there.
    pub fn place_of(&self, key: (Position, u16)) -> usize {
        let (mut from, mut to) = (0, BLOCK);
        while from < to {
            let middle = usize::midpoint(from, to);
            if (self.since_at(middle), self.part_at(middle)) < key {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        from
    }

    /// How many of its facts were told up to a position.
    pub fn told(&self, position: Position) -> usize {
        if self.last <= position { BLOCK } else { self.place_of((position.next(), 0)) }
    }

    /// Ends a fact.
    pub fn end(&mut self, place: usize, until: Position) {
        self.until.set(place, (until != STANDS).then(|| until.stored()));
    }

    #[inline]
    pub fn until_at(&self, place: usize) -> Position {
        self.until.get(place).map_or(STANDS, position)
    }

    /// Whether no fact of it has ended.
    pub fn is_whole(&self) -> bool {
        self.until.is_empty()
    }

    pub fn since_at(&self, place: usize) -> Position {
        self.since.get(place).map_or(Position::START, position)
    }

    pub fn part_at(&self, place: usize) -> u16 {
        small(self.part.get(place))
    }

    #[inline]
    pub fn case_at(&self, place: usize) -> u32 {
        small(self.case.get(place))
    }

    pub fn sequence_at(&self, place: usize) -> u32 {
        small(self.sequence.get(place))
    }

    #[inline]
    pub fn on_at(&self, place: usize) -> i32 {
        small(self.on.get(place))
    }

    #[inline]
    pub fn ends_on_at(&self, place: usize) -> Option<DayNumber> {
        self.ends_on.get(place).and_then(|number| DayNumber::of_number(small(Some(number))))
    }

    #[inline]
    pub fn profile_at(&self, place: usize) -> u32 {
        small(self.profile.get(place))
    }

    /// What a fact is broken down by.
    #[inline]
    pub fn dims_at(&self, place: usize, profiles: &Profiles) -> Dims {
        Dims {
            cohort: small(self.cohort.get(place)),
            fund: small(self.fund.get(place)),
            ..profiles.dims(self.profile_at(place))
        }
    }

    /// What a fact tells beside that it happened.
    #[inline]
    pub fn tells_at(&self, place: usize) -> Tells {
        let slot = |slot: usize| self.told.get(slot).and_then(|column| column.get(place));
        told_by(self.kind.get(place).unwrap_or_default(), slot)
    }

    /// Bytes of memory that it takes beside itself.
    pub fn heap_bytes(&self) -> usize {
        let own = [
            &self.since,
            &self.part,
            &self.until,
            &self.case,
            &self.sequence,
            &self.on,
            &self.ends_on,
            &self.profile,
            &self.cohort,
            &self.fund,
            &self.kind,
        ];
        let columns = own.into_iter().chain(&self.told).map(Column::heap_bytes).sum::<usize>();
        columns + size_of_val(&*self.told)
    }
}

fn numbers(facts: &[OpenFact], number: impl Fn(&OpenFact) -> Option<i64>) -> Numbers {
    let mut all = [None; BLOCK];
    all.iter_mut().zip(facts).for_each(|(slot, open)| *slot = number(open));
    all
}

/// A number of the type that it was made of.
#[inline]
pub fn small<N: TryFrom<i64> + Default>(number: Option<i64>) -> N {
    number.and_then(|number| N::try_from(number).ok()).unwrap_or_default()
}

/// A position that was one before it was a number.
#[inline]
fn position(number: i64) -> Position {
    Position::of_count(number.unsigned_abs())
}
