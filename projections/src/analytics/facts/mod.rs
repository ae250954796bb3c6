//! Facts: rows of the read models as figures are made of them; in memory they are columns of numbers.
//!
//! What every fact has is a [`FigureFact`]; what one of its kind tells beside is a struct of its own, in a
//! file with how it is read. A measure says which dimensions its facts have.

mod assessment;
mod attendance;
mod business;
pub(super) mod cases;
mod day;
mod due;
mod employment;
pub(super) mod fact;
mod grievance;
mod jobs;
mod link;
mod loan;
pub(super) mod measure;
mod milestone;
mod money;
mod own;
mod reading;
pub(super) mod slots;
mod spell;
mod value;
mod visit;
mod visit_due;

pub use day::{DayNumber, day_of, number_of};
pub use employment::Employment;
pub use fact::{Dims, FigureFact, Tells, lasts_on};
pub use jobs::JobCount;
pub use link::Link;
pub use measure::Measure;
pub use reading::read;
pub use visit::Visit;
