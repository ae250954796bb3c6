//! Figures: indicators, each defined once, computed from the read models' facts.
//!
//! The versioned tables are kept in memory as facts ([`Cube`], [`LiveCube`]); an [`Indicator`] says what
//! one fact contributes, and [`compute`](mod@compute) walks them for any moment, filter and breakdown. The
//! same function says which events are behind a cell ([`why`](mod@why)). Cells of few people are hidden
//! from those who must not see anybody ([`suppress`](mod@suppress)).

mod catalogue;
pub mod compute;
mod context;
mod cube;
mod definitions;
mod facts;
mod indicator;
mod live;
mod load;
mod place;
pub mod query;
mod shares;
pub mod suppress;
mod tally;
pub mod targets;
pub mod why;
mod words;

pub use catalogue::{INDICATORS, Indicators};
pub use compute::{Cell, Figures, Uncomputed, compute};
pub use cube::Cube;
pub use definitions::definitions_md;
pub use facts::{Measure, day_of, number_of};
pub use indicator::{Family, Indicator, Kind, Unit};
pub use live::{LiveCube, Standing};
pub use load::PROJECTIONS;
pub use query::{AnalyticsQuery, Asked, DimensionNotHeld, Moment, Reach};
pub use tally::PLACES;
pub use words::Dimension;
