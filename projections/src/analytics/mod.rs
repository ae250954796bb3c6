//! Figures: indicators, each defined once, computed from the read models' facts.
//!
//! The versioned tables are kept in memory as columns of facts ([`Cube`], [`LiveCube`]); an [`Indicator`] says what
//! one fact contributes, and [`compute`](mod@compute) walks them for any moment, filter and breakdown. The
//! same function says which events are behind a cell ([`why`](mod@why)). Those who must see
//! nobody are told what was published ([`disclosure`]).

mod belongings;
mod columns;
pub mod compute;
mod context;
pub mod cost;
mod counting;
mod cube;
mod dictionary;
pub mod disclosure;
mod facts;
mod indicators;
mod live;
mod load;
#[cfg(test)]
mod oracle;
mod persons;
mod place;
pub mod query;
mod series;
mod sifting;
mod statistics;
mod tally;
pub mod targets;
pub mod why;
mod words;

pub use compute::{
    CellDetail, ComputedFigures, FigureCell, Uncomputed, compute, groups as indicator_groups,
};
pub use cube::Cube;
pub use dictionary::definitions_md;
pub use facts::{Dims, FigureFact, Measure, Tells, day_of, number_of};
pub use indicators::{Family, INDICATORS, Indicator, IndicatorKind, Indicators, Nature, Unit};
pub use live::{CubeState, LiveCube};
pub use load::PROJECTIONS;
pub use query::{AnalyticsQuery, DimensionNotHeld, FigureReach, Moment, PlacedQuery};
pub use series::{compute_series, period_of};
pub use tally::PLACES;
pub use words::Dimension;
