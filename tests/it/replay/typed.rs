//! What `sira` said, and how it looks.

use std::process::Output;

pub use crate::support::program::sira;

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
