//! The program as it is typed, on a test's own databases.

use std::process::{Command, Output};

use super::Engine;
use crate::api::app::{MASTER, keys_url, read_url};

/// Runs `sira` with these words.
pub fn sira(engine: &Engine, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sira"));
    surround(&mut command, engine);
    command.args(words).output().unwrap()
}

/// Puts a call of the program on a test's databases.
pub fn surround(command: &mut Command, engine: &Engine) {
    for name in ["SIRA_CONFIG", "SIRA_LANG", "SIRA_TOKEN_KEY", "SIRA_LOG", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    command
        .current_dir(engine.folder())
        .env("SIRA_DATA_DIR", engine.folder().join("data"))
        .env("SIRA_DATABASE_URL", engine.url())
        .env("SIRA_KEYS_DATABASE_URL", keys_url(engine))
        .env("SIRA_READ_DATABASE_URL", read_url(engine))
        .env("SIRA_DOCUMENTS_URL", engine.folder().join("documents"))
        .env("SIRA_MASTER_KEY", MASTER);
}
