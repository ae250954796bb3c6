//! The one place where the parts are wired: databases, keys, tokens, documents, projections, evidence,
//! figures, the gate. The command line says which; everything else is handed what it needs.

mod evidence;
mod open;
mod server;
mod to_read;

pub use evidence::{keep_evidence, signing_key, warn_of_recovery_key};
pub use open::{
    JOURNAL, Opened, journal_config, make_directory, migrate, open, open_as_it_is, open_at,
    open_journal_alone, open_read, open_read_to_feed, secret, with_open,
};
pub use server::{Parts, Server, renewal_of};
pub use to_read::{open_read_that_is_there, open_to_read, with_read};

/// What could not be opened or started, for whoever runs the program.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct StartError {
    what: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StartError {
    fn new(what: impl Into<String>, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { what: what.into(), source: Some(Box::new(cause)) }
    }

    fn bare(what: &str) -> Self {
        Self { what: what.to_owned(), source: None }
    }

    /// Its sentence and its cause, apart.
    #[must_use]
    pub fn into_parts(self) -> (String, Option<Box<dyn std::error::Error + Send + Sync>>) {
        (self.what, self.source)
    }
}
