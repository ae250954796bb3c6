//! One table as a file: a line a row, compressed (gzip), hashed as it lies on the disk.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::BackupError;
use super::manifest::FileEntry;
use super::rows::{CopiedCell, from_line, to_line};
use super::tables::{CopiedColumn, CopiedTable};
use sira_evidence::leaf::hex;

/// Longest line: an event's two texts of 1 MiB, every character of them escaped.
const LINE_MAX_BYTES: u64 = 16 << 20;
/// Bytes that are read or written at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Passes bytes on, and hashes and counts them.
struct Hashing<T> {
    inner: T,
    hash: Sha256,
    bytes: u64,
}

impl<T> Hashing<T> {
    fn new(inner: T) -> Self {
        Self { inner, hash: Sha256::new(), bytes: 0 }
    }

    fn saw(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.saw(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.saw(&bytes[..read]);
        Ok(read)
    }
}

/// The name of a table's file.
pub(super) fn name_of(table: &str) -> String {
    format!("{table}.jsonl.gz")
}

/// Writes a table's file.
pub(super) struct RowWriter {
    out: GzEncoder<Hashing<BufWriter<File>>>,
    path: PathBuf,
    table: CopiedTable,
    rows: u64,
}

impl RowWriter {
    /// Begins a new file, readable by its owner alone.
    pub fn begin(folder: &Path, table: CopiedTable) -> Result<Self, BackupError> {
        let path = folder.join(name_of(table.name));
        let file = new_file(&path).map_err(|error| BackupError::file(&path, error))?;
        let file = Hashing::new(BufWriter::with_capacity(BUFFER_BYTES, file));
        Ok(Self { out: GzEncoder::new(file, Compression::fast()), path, table, rows: 0 })
    }

    /// One more row.
    pub fn write(&mut self, cells: &[CopiedCell]) -> Result<(), BackupError> {
        self.rows += 1;
        let written = self.out.write_all(&to_line(cells));
        written.map_err(|error| BackupError::file(&self.path, error))
    }

    /// Makes the file durable; what the manifest says of it.
    pub fn finish(self) -> Result<FileEntry, BackupError> {
        let Self { out, path, table, rows } = self;
        let finished = out.finish().and_then(|hashing| {
            let Hashing { inner, hash, bytes } = hashing;
            let file = inner.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            Ok((hex(&hash.finalize()), bytes))
        });
        let (sha256, bytes) = finished.map_err(|error| BackupError::file(&path, error))?;
        let columns = table.columns.iter().map(|column| column.name.to_owned()).collect();
        let (table, file) = (table.name.to_owned(), name_of(table.name));
        Ok(FileEntry { table, file, columns, rows, bytes, sha256 })
    }
}

/// A new file that its owner alone may read.
pub(super) fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Checks that a file is, byte for byte, what the manifest says.
pub(super) fn check_file(folder: &Path, entry: &FileEntry) -> Result<(), BackupError> {
    let path = folder.join(&entry.file);
    let failed = |error| BackupError::file(&path, error);
    let mut file = Hashing::new(File::open(&path).map_err(failed)?);
    io::copy(&mut file, &mut io::sink()).map_err(failed)?;
    check_hash(&path, entry, file)
}

fn check_hash<T>(path: &Path, entry: &FileEntry, file: Hashing<T>) -> Result<(), BackupError> {
    let is_same = file.bytes == entry.bytes && hex(&file.hash.finalize()) == entry.sha256;
    let problem = || BackupError::damaged(path, "not the bytes that were written (SHA-256)");
    if is_same { Ok(()) } else { Err(problem()) }
}

/// Reads a table's file.
pub(super) struct RowReader {
    lines: BufReader<GzDecoder<Hashing<BufReader<File>>>>,
    path: PathBuf,
    entry: FileEntry,
    columns: Vec<CopiedColumn>,
    rows: u64,
    line: Vec<u8>,
}

impl RowReader {
    /// Opens a file; `columns` are those that the manifest names.
    pub fn open(
        folder: &Path,
        entry: &FileEntry,
        columns: Vec<CopiedColumn>,
    ) -> Result<Self, BackupError> {
        let path = folder.join(&entry.file);
        let file = File::open(&path).map_err(|error| BackupError::file(&path, error))?;
        let file = Hashing::new(BufReader::with_capacity(BUFFER_BYTES, file));
        let lines = BufReader::with_capacity(BUFFER_BYTES, GzDecoder::new(file));
        Ok(Self { lines, path, entry: entry.clone(), columns, rows: 0, line: Vec::new() })
    }

    /// The next row; none at the end, where the whole file is compared with the manifest once more: it
    /// may have changed since it was checked.
    pub fn next(&mut self) -> Result<Option<Vec<CopiedCell>>, BackupError> {
        self.line.clear();
        let read = (&mut self.lines).take(LINE_MAX_BYTES).read_until(b'\n', &mut self.line);
        if read.map_err(|error| BackupError::file(&self.path, error))? == 0 {
            return self.end().map(|()| None);
        }
        self.rows += 1;
        let row = from_line(&self.line, &self.columns).filter(|_| self.line.ends_with(b"\n"));
        let damaged = || BackupError::damaged(&self.path, format!("line {}", self.rows));
        row.ok_or_else(damaged).map(Some)
    }

    fn end(&mut self) -> Result<(), BackupError> {
        let file = self.lines.get_mut().get_mut();
        let rest = io::copy(file, &mut io::sink());
        rest.map_err(|error| BackupError::file(&self.path, error))?;
        let seen = Hashing { inner: (), hash: file.hash.clone(), bytes: file.bytes };
        check_hash(&self.path, &self.entry, seen)?;
        if self.rows == self.entry.rows {
            return Ok(());
        }
        Err(BackupError::damaged(&self.path, "not the number of rows that the manifest says"))
    }
}
