//! Exports: every table, the event log and the paths, read back by readers that are not ours.

pub mod command;
mod events;
pub mod mining;
mod read_back;
mod tables;
pub mod town;
