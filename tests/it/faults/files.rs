//! Faults of the disk: a library in C between the real binary and the system, steered through a file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Given, Mode};

/// Bytes of the file that steers: see `struct steering` in `tests/faults/writes.c`.
const STEERING_BYTES: u64 = 200;
const ARMED: u64 = 0;
const MODE: u64 = 4;
const FIRST: u64 = 8;
const LAST: u64 = 16;
const COUNTED: u64 = 24;
const GIVEN: u64 = 32;
const SAID: u64 = 40;

/// The library, and the file by which it is steered.
pub struct FileFaults {
    folder: TempDir,
    watched: PathBuf,
    steering: File,
}

impl FileFaults {
    /// Compiles the library: it will stand before every file below `watched`.
    pub fn before(watched: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("writes.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/writes.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{compiled:?}");
        let mut options = File::options();
        options.create_new(true).read(true).write(true);
        let steering = options.open(folder.path().join("steering")).unwrap();
        steering.set_len(STEERING_BYTES).unwrap();
        // As the system tells the names of open files.
        let watched = watched.canonicalize().unwrap();
        Self { folder, watched, steering }
    }

    /// Puts the library before a process.
    pub fn surround(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", self.folder.path().join("writes.so"))
            .env("SIRA_FAULTS_FOLDER", &self.watched)
            .env("SIRA_FAULTS_STEER", self.folder.path().join("steering"));
    }

    pub fn arm(&self, mode: Mode, first: u64) {
        let number: u32 = match mode {
            Mode::Count => 0,
            Mode::Full | Mode::FullForLong => 1,
            Mode::Broken => 2,
            Mode::DoneAndBroken => 3,
            Mode::Torn => 4,
            Mode::Slow => 5,
            other => panic!("no fault of a disk: {other:?}"),
        };
        let last = if mode.lasts() { u64::MAX } else { first };
        self.put(MODE, &number.to_ne_bytes());
        self.put(FIRST, &if number == 0 { u64::MAX } else { first }.to_ne_bytes());
        self.put(LAST, &last.to_ne_bytes());
        for counter in [COUNTED, GIVEN] {
            self.put(counter, &0_u64.to_ne_bytes());
        }
        self.put(SAID, &[0; 160]);
        self.put(ARMED, &1_u32.to_ne_bytes());
    }

    pub fn disarm(&self) -> Given {
        self.put(ARMED, &0_u32.to_ne_bytes());
        let given = self.counted();
        let mut said = [0; 160];
        self.steering.read_exact_at(&mut said, SAID).unwrap();
        let end = said.iter().position(|byte| *byte == 0).unwrap_or(said.len());
        let at = String::from_utf8_lossy(&said[..end]).into_owned();
        Given { at, ..given }
    }

    pub fn counted(&self) -> Given {
        Given { counted: self.number(COUNTED), faults: self.number(GIVEN), at: String::new() }
    }

    fn number(&self, at: u64) -> u64 {
        let mut bytes = [0; 8];
        self.steering.read_exact_at(&mut bytes, at).unwrap();
        u64::from_ne_bytes(bytes)
    }

    fn put(&self, at: u64, bytes: &[u8]) {
        self.steering.write_all_at(bytes, at).unwrap();
    }
}
