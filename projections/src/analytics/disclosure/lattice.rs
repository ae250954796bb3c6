//! The base cells: by what figures are cut for those who must see nobody, and by nothing else.

use super::super::facts::FigureFact;
use super::super::words::{Dictionary, Dimension};

/// Who is told published figures. Each audience has base cells of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Analysts: by programme, region, sex and band of age.
    Analyst,
    /// Donors: by fund, region and sex, of facts that are of a fund.
    Donor,
}

/// Places of a base cell: programme, fund, region, sex, band of age, and the measure's own word. What
/// the audience is not told apart by is 0.
pub(super) type CellKey = [u32; SLOTS.len()];

/// The dimension of each place of a [`CellKey`].
pub(super) const SLOTS: [Dimension; 6] = [
    Dimension::Programme,
    Dimension::Fund,
    Dimension::Region,
    Dimension::Sex,
    Dimension::AgeBand,
    Dimension::Tag,
];

/// The place of the fund in a [`CellKey`].
pub(super) const FUND: usize = 1;

impl Audience {
    /// What its figures may be broken down and filtered by.
    #[must_use]
    pub const fn dimensions(self) -> &'static [Dimension] {
        match self {
            Self::Analyst => {
                &[Dimension::Programme, Dimension::Region, Dimension::Sex, Dimension::AgeBand]
            }
            Self::Donor => {
                &[Dimension::Fund, Dimension::Programme, Dimension::Region, Dimension::Sex]
            }
        }
    }

    /// Whether a fact is in its figures at all.
    pub(super) const fn holds(self, fact: &FigureFact) -> bool {
        match self {
            Self::Analyst => true,
            Self::Donor => fact.dims.fund != 0,
        }
    }

    /// Where a fact puts its person, and what the fact itself is told apart by beside.
    pub(super) fn key_of(self, fact: &FigureFact, by_category: bool) -> CellKey {
        let dims = &fact.dims;
        let (fund, age_band) = match self {
            Self::Analyst => (0, dims.age_band.into()),
            Self::Donor => (dims.fund.into(), 0),
        };
        let tag = if by_category { fact.tag().into() } else { 0 };
        [dims.programme.into(), fund, dims.region.into(), dims.sex.into(), age_band, tag]
    }
}

/// The key of a fact whose person was put somewhere before: people stay in the cell in which they were
/// first counted, so that no change of an attribute moves somebody from one cell to another, where the
/// two would be set against each other.
pub(super) const fn at_home(key: CellKey, home: CellKey) -> CellKey {
    [home[0], key[1], home[2], home[3], home[4], key[5]]
}

/// The words of a cell, in the order of [`SLOTS`].
pub(super) fn words(dictionary: &Dictionary, key: &CellKey) -> [String; SLOTS.len()] {
    std::array::from_fn(|slot| dictionary.word(SLOTS[slot], key[slot]))
}
