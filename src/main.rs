//! The `sira` binary: reads the command line and hands over.

use std::process::ExitCode;

/// Paths are many small pieces that come and go with the cache; under load a third of the time went
/// to the C library's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sira::cli::run()
}
