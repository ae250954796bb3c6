//! The integration tests, in one binary: a module a subject, `support` for what they share.

mod across;
mod api;
mod command_line;
mod contributing;
mod crash;
mod dictionary;
mod evidence;
mod export;
mod faults;
mod figures_again;
mod framework;
mod generate;
mod house;
mod import;
mod journal;
mod keys;
mod operations;
mod parsers;
mod proof;
mod read_side;
mod replay;
mod support;
mod visibility;
