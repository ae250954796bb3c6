//! The first stage: a person registers and tells a project idea.

pub(super) mod correction;
pub(super) mod facts;
mod rules;
mod state;

pub(super) use rules::{check_idea, check_registration, not_registered, register};
pub use state::RegistrationState;
pub(super) use state::{fold_registration, fold_revision, fold_submission};
