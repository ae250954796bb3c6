//! A block unpacked for counting: column after column, which is much faster than number after number.

use sira_numbers::Position;

use super::super::facts::fact::{FigureFact, STANDS};
use super::super::facts::slots::{SLOTS, told_by};
use super::super::facts::{DayNumber, Dims};
use super::block::{Block, small};
use super::column::{Column, NONE, Unpacked};
use super::{Profiles, Row};

/// The columns of one block by which facts are counted, unpacked. It is filled anew for each block of a walk.
#[derive(Debug)]
pub struct Opened {
    first: Position,
    case: Box<Unpacked>,
    on: Box<Unpacked>,
    ends_on: Box<Unpacked>,
    profile: Box<Unpacked>,
    cohort: Box<Unpacked>,
    fund: Box<Unpacked>,
    kind: Box<Unpacked>,
    told: [Box<Unpacked>; SLOTS],
    /// How many numbers the facts of the block tell at most.
    used: usize,
}

/// A fact of a walk: of a block that was unpacked, or where it lies.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'s> {
    /// Of a block that was unpacked.
    Opened(&'s Opened, usize),
    /// Where it lies.
    Row(Row<'s>),
}

impl Opened {
    /// Nothing yet.
    pub fn new() -> Self {
        let column = || Box::new([NONE; super::BLOCK]);
        Self {
            first: Position::START,
            case: column(),
            on: column(),
            ends_on: column(),
            profile: column(),
            cohort: column(),
            fund: column(),
            kind: column(),
            told: std::array::from_fn(|_| column()),
            used: 0,
        }
    }

    /// Unpacks a block; not one whose numbers need more room than here is, which is to be read where it lies.
    pub fn open(&mut self, block: &Block) -> bool {
        let columns = block.counted_columns();
        let own = [
            &mut self.case,
            &mut self.on,
            &mut self.ends_on,
            &mut self.profile,
            &mut self.cohort,
            &mut self.fund,
            &mut self.kind,
        ];
        self.first = block.first();
        self.used = block.told_columns().len();
        own.into_iter().zip(columns).all(|(to, column)| column.unpack(to))
            && self.told.iter_mut().zip(block.told_columns()).all(|(to, column)| column.unpack(to))
    }

    #[inline]
    fn counted(&self, place: usize, profiles: &Profiles) -> FigureFact {
        let slot = |slot: usize| {
            let column = self.told.get(slot).filter(|_| slot < self.used);
            column.and_then(|column| number(column, place))
        };
        FigureFact {
            since: self.first,
            until: STANDS,
            tells: told_by(self.kind[place], slot),
            dims: Dims {
                cohort: small(Some(self.cohort[place])),
                fund: small(Some(self.fund[place])),
                ..profiles.dims(small(Some(self.profile[place])))
            },
            case: small(Some(self.case[place])),
            sequence: 0,
            on: small(Some(self.on[place])),
            ends_on: self.ends_on(place),
            part: 0,
        }
    }

    #[inline]
    fn ends_on(&self, place: usize) -> Option<DayNumber> {
        DayNumber::of_number(small(number(&self.ends_on, place)))
    }
}

#[inline]
fn number(column: &Unpacked, place: usize) -> Option<i64> {
    Some(column[place]).filter(|number| *number != NONE)
}

impl Seen<'_> {
    /// The path that told it.
    #[inline]
    pub fn case(self) -> u32 {
        match self {
            Self::Opened(opened, place) => small(Some(opened.case[place])),
            Self::Row(row) => row.case(),
        }
    }

    /// Its day.
    #[inline]
    pub fn on(self) -> i32 {
        match self {
            Self::Opened(opened, place) => small(Some(opened.on[place])),
            Self::Row(row) => row.on(),
        }
    }

    /// The day from which it is so no longer.
    #[inline]
    pub fn ends_on(self) -> Option<DayNumber> {
        match self {
            Self::Opened(opened, place) => opened.ends_on(place),
            Self::Row(row) => row.ends_on(),
        }
    }

    /// The code of what it is broken down by.
    #[inline]
    pub fn profile(self) -> u32 {
        match self {
            Self::Opened(opened, place) => small(Some(opened.profile[place])),
            Self::Row(row) => row.profile(),
        }
    }

    /// The fact without where it stands among events: what decides whether and as what it counts.
    #[inline]
    pub fn counted(self, profiles: &Profiles) -> FigureFact {
        match self {
            Self::Opened(opened, place) => opened.counted(place, profiles),
            Self::Row(row) => row.fact(profiles),
        }
    }
}

/// The columns by which facts are counted, in the order in which they are unpacked.
pub type CountedColumns<'b> = [&'b Column; 7];
