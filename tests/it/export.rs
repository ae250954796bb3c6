//! Exports: every table, the event log and the paths, read back by readers that are not ours.

mod command;
mod events;
pub mod mining;
mod read_back;
mod tables;
pub mod town;
