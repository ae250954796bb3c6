//! Read models: what readers see, computed from events by pure folds.
//!
//! For now there is one, [`case_status`], folded anew from its stream for each version and never
//! stale. Models with tables of their own, fed from the journal's positions, will stand beside it.

pub mod case_status;
