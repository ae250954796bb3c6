//! What was published of some indicators: each base cell with what was told of it, release by release.

use chrono::NaiveDate;

use super::super::indicators::Indicator;
use super::super::tally::Tally;
use super::super::words::Dimension;
use super::Audience;
use super::lattice::SLOTS;

/// What was told of a cell from one reporting moment on.
#[derive(Clone, Debug)]
pub(super) struct Release {
    /// The reporting moment.
    pub on: NaiveDate,
    /// What is told, of each indicator of the table.
    pub tallies: Box<[Tally]>,
}

/// A base cell and its releases, the earliest first.
#[derive(Clone, Debug)]
pub(super) struct Series {
    /// Its words, in the order of the lattice's places.
    pub words: [String; SLOTS.len()],
    /// What was told of it.
    pub releases: Vec<Release>,
}

impl Series {
    /// What stands of it on a day; nothing before its first release.
    pub(super) fn standing(&self, day: NaiveDate) -> Option<&Release> {
        let told = self.releases.partition_point(|release| release.on <= day);
        told.checked_sub(1).and_then(|last| self.releases.get(last))
    }

    /// Its word in a dimension of the lattice.
    pub(super) fn word(&self, dimension: Dimension) -> &str {
        let slot = SLOTS.iter().position(|known| *known == dimension);
        slot.map_or("", |slot| self.words[slot].as_str())
    }
}

/// What was published of some indicators to one audience: a function of the facts and the schedule alone.
#[derive(Clone, Debug)]
pub struct PublishedTable {
    /// The indicators, which move on together.
    pub indicators: Vec<&'static Indicator>,
    /// To whom.
    pub audience: Audience,
    /// The last reporting moment that is in it; none when none is over.
    pub through: Option<NaiveDate>,
    pub(super) cells: Vec<Series>,
    /// The reporting moment from which on somebody was counted under two funds: from then on the people of one
    /// fund and those of another do not add up to the people of both.
    pub(super) shared_since: Option<NaiveDate>,
}

impl PublishedTable {
    /// Bytes that it takes in memory, about.
    #[must_use]
    pub fn weight(&self) -> usize {
        let of_release = |release: &Release| {
            let tallies = release.tallies.iter().map(Tally::weight).sum::<usize>();
            size_of::<Release>() + tallies
        };
        let of_series = |series: &Series| {
            let words = series.words.iter().map(String::len).sum::<usize>();
            size_of::<Series>() + words + series.releases.iter().map(of_release).sum::<usize>()
        };
        size_of::<Self>() + self.cells.iter().map(of_series).sum::<usize>()
    }
}
