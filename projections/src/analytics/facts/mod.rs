//! Facts: rows of the read models as figures are made of them, in memory, a column of structs a measure.
//!
//! What every fact has is a [`FigureFact`]; what one of its kind tells beside is a struct of its own, in a
//! file with how it is read. A measure says which dimensions its facts have.

mod assessment;
mod attendance;
pub(super) mod cases;
mod day;
pub(super) mod fact;
mod grievance;
mod link;
mod loan;
pub(super) mod measure;
mod milestone;
mod money;
mod own;
mod reading;
mod value;
mod visit;

pub use day::{day_of, number_of};
pub use fact::{Dims, FigureFact, Tells};
pub use link::Link;
pub use measure::Measure;
pub use reading::read;
