//! The domain of Sira: a person's path from a project idea to a business of their own, and the
//! programme that carries it.
//!
//! Pure: no database, no HTTP, no clock, no randomness, no environment. What a decision needs is
//! handed in as a [`context::Context`].
//!
//! Where to begin reading: [`path`] (commands, facts, and the rules on them),
//! [`programme`] (the convention and its rules), [`cohort`] (a training group), [`fund`] (a donor's
//! envelope), [`mod@reference`] (dated and labelled lists),
//! [`values`] (small checked types), [`refusal`] (every rule that can say no).

mod aggregate;
pub mod catalogue;
pub mod cohort;
pub mod context;
pub mod fund;
pub mod identity;
pub mod labels;
pub mod likeness;
pub mod metadata;
pub mod names;
pub mod path;
pub mod programme;
pub mod reference;
pub mod refusal;
pub mod role;
pub mod upcast;
pub mod values;
