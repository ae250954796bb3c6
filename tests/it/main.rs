//! The integration tests, in one binary: a module a subject, `support` for what they share.

mod across;
mod api;
mod crash;
mod export;
mod generate;
mod import;
mod journal;
mod keys;
mod read_side;
mod support;
