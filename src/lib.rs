//! Sira: event-sourced case management for self-employment programmes.
//!
//! A person's path, from a project idea through recruitment, training, financing and follow-up, is
//! an append-only stream of events in the [`journal`]. This crate holds the edges; what is right or
//! wrong is said by [`sira_domain`], and read models live in [`sira_projections`].
//!
//! The way of a fact: [`http`] takes a request and checks the caller's [`token`]; [`commands`]
//! seals what is personal with the person's key from [`keys`], loads the stream, lets the domain
//! decide, and appends to the [`journal`], whose answer comes after the commit.

pub mod access_log;
pub mod app;
pub mod at_once;
pub mod backup;
pub mod cli;
pub mod commands;
pub mod config;
pub mod documents;
pub mod evidence;
pub mod export;
pub mod figures;
pub mod files;
pub mod formats;
pub mod generate;
pub mod grant;
pub mod http;
pub mod import;
pub mod keys;
pub mod oidc;
pub mod open_call;
pub mod paper;
pub mod present;
pub mod read_side;
pub mod reassignment;
pub mod reconcile;
pub mod replay;
pub mod reports;
pub mod retention;
pub mod say;
pub mod stored;
pub mod telemetry;
pub mod token;

pub use sira_journal as journal;
pub use sira_journal::clock;
