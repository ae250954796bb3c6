//! `sira` as it is typed, on a test's own databases.

use std::process::{Command, Output};

use crate::api::app::{MASTER, keys_url, read_url};
use crate::support::Engine;

/// Runs `sira` with these words.
pub fn sira(engine: &Engine, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sira"));
    for name in ["SIRA_CONFIG", "SIRA_LANG", "SIRA_TOKEN_KEY", "SIRA_LOG"] {
        command.env_remove(name);
    }
    command
        .current_dir(engine.folder())
        .env("SIRA_DATA_DIR", engine.folder().join("data"))
        .env("SIRA_DATABASE_URL", engine.url())
        .env("SIRA_KEYS_DATABASE_URL", keys_url(engine))
        .env("SIRA_READ_DATABASE_URL", read_url(engine))
        .env("SIRA_DOCUMENTS_URL", engine.folder().join("documents"))
        .env("SIRA_MASTER_KEY", MASTER)
        .args(words);
    command.output().unwrap()
}

/// What it printed, when it did what it was asked.
pub fn printed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The exit status and what it said, when it did not.
pub fn refused(output: Output) -> (i32, String) {
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// That every line fits a terminal of a hundred columns.
pub fn fits_a_terminal(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}
