//! What an operator does with the real binary: stop it, save it, restore it.

mod backup;
mod drill;
mod erased;
mod shutdown;
mod telemetry;
