//! What an operator does with the real binary: stop it, save it, restore it.

mod backup;
mod company;
mod connections;
mod copy;
mod drill;
mod erased;
mod modes;
mod shutdown;
mod telemetry;
