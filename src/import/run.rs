//! Running an import: stream the rows, a bounded number of them at once.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use serde_json::{Map as Object, Value};
use sha2::{Digest, Sha256};
use sira_domain::reference::Language;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::map::{FillError, ImportMap, MapStep, SourceRow, fill_text, note};
use super::path_id;
use crate::commands::{Call, CommandError, Commands, FieldError, ImportMark};
use sira_evidence::leaf::hex;

/// Rows on their way at once: enough to fill a group commit, few enough to stay small.
const ROWS_AT_ONCE: usize = 128;

/// An import that is ready to run.
pub struct Import {
    map: Arc<ImportMap>,
    commands: Commands,
    batch: String,
    file: String,
    dry_run: bool,
    language: Language,
}

/// The outcome of an import that ran to its end.
#[derive(Debug, Default)]
pub struct ImportOutcome {
    /// The number of rows read, the header not counted.
    pub rows: u64,
    /// Commands that appended something, or would have.
    pub recorded: u64,
    /// Commands that had already happened.
    pub already_done: u64,
    /// Every wrong column of the rows with a refused command, in the order of the rows: those for which it was
    /// refused, and those that would not have filled a later command of the row.
    pub refused: Vec<RefusedRow>,
}

/// A column for which a row was refused. It never carries a value that may be personal.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RefusedRow {
    /// Number of the row, from 1, the header not counted.
    pub row: u64,
    /// The command that the column fills. The first of a row was refused; those after it were not tried.
    pub command: String,
    /// The column that was wrong; the field, where no one column fills it.
    pub column: String,
    /// The word of the rule that it breaks.
    pub rule: String,
    /// The rule in words: what it asks for.
    pub detail: String,
}

/// An import that could not go on. What was imported before stays; running it again goes on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read as CSV.
    #[error("row {row} of the file cannot be read")]
    Csv {
        /// Number of the row.
        row: u64,
        /// The fault of the CSV reader.
        #[source]
        source: csv::Error,
    },
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Read(#[source] std::io::Error),
    /// The journal or the key store failed.
    #[error("the import stopped at row {row}")]
    Stopped {
        /// Number of the row.
        row: u64,
        /// The error that the command met.
        #[source]
        source: Box<CommandError>,
    },
}

/// One row's columns, by the header's names.
struct CsvRow {
    header: Arc<HashMap<String, usize>>,
    record: csv::StringRecord,
}

impl SourceRow for CsvRow {
    fn column(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(|index| self.record.get(*index))
    }
}

/// Commands of one row that recorded something, and that had already happened.
#[derive(Clone, Copy, Default)]
struct RowCounts {
    recorded: u64,
    already_done: u64,
}

/// The work that one row did, and its end: a refused row has done what came before the refusal.
type RowOutcome = (RowCounts, Result<(), RowError>);

enum RowError {
    Refused(Vec<RefusedRow>),
    Stopped(u64, Box<CommandError>),
}

impl Import {
    /// Prepares an import. The batch's id comes from the file, the map and the source, so that a
    /// run after a kill goes on with the same batch.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn new(
        map: ImportMap,
        map_text: &str,
        mut file: impl Read,
        commands: Commands,
        dry_run: bool,
        language: Language,
    ) -> Result<Self, ImportError> {
        let mut hash = Sha256::new();
        std::io::copy(&mut file, &mut hash).map_err(ImportError::Read)?;
        let file = hex(&hash.finalize());
        let batch =
            Sha256::new().chain_update(&file).chain_update(Sha256::digest(map_text)).finalize();
        let batch = hex(&batch[..8]);
        Ok(Self { map: Arc::new(map), commands, batch, file, dry_run, language })
    }

    /// The batch's id.
    #[must_use]
    pub fn batch(&self) -> &str {
        &self.batch
    }

    /// Runs it. `at` is told the bytes read so far.
    ///
    /// Durable: every command whose row is counted. A kill leaves some rows whole, some begun and
    /// some untouched; running the import again completes them, since what has happened is answered
    /// as already done.
    ///
    /// # Errors
    /// [`ImportError`]; refused rows are no error but part of the outcome.
    pub async fn run(
        &self,
        file: impl Read,
        at: impl Fn(u64),
    ) -> Result<ImportOutcome, ImportError> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.map.delimiter)
            .trim(csv::Trim::All)
            .from_reader(file);
        let header = reader.headers().map_err(|source| ImportError::Csv { row: 0, source })?;
        let header: HashMap<_, _> =
            header.iter().enumerate().map(|(index, name)| (name.to_owned(), index)).collect();
        let header = Arc::new(header);
        let (mut outcome, mut under_way) = (ImportOutcome::default(), JoinSet::new());
        let mut record = csv::StringRecord::new();
        loop {
            let row = outcome.rows + 1;
            let more = reader
                .read_record(&mut record)
                .map_err(|source| ImportError::Csv { row, source })?;
            if !more {
                break;
            }
            outcome.rows = row;
            at(reader.position().byte());
            let columns = CsvRow { header: header.clone(), record: record.clone() };
            let import = self.row_worker();
            under_way.spawn(async move {
                let mut counts = RowCounts::default();
                let ended = import.run_row(row, &columns, &mut counts).await;
                (counts, ended)
            });
            if under_way.len() >= ROWS_AT_ONCE {
                outcome.take(under_way.join_next().await)?;
            }
        }
        while !under_way.is_empty() {
            outcome.take(under_way.join_next().await)?;
        }
        outcome.refused.sort_by_key(|refused| refused.row);
        Ok(outcome)
    }

    fn row_worker(&self) -> Self {
        Self {
            map: self.map.clone(),
            commands: self.commands.clone(),
            batch: self.batch.clone(),
            file: self.file.clone(),
            ..*self
        }
    }

    async fn run_row(
        &self,
        row: u64,
        columns: &CsvRow,
        counts: &mut RowCounts,
    ) -> Result<(), RowError> {
        let (id, key) = self.identify(row, columns)?;
        let mut rehearsal = None;
        for (place, step) in self.map.steps.iter().enumerate() {
            let Some(filled) = self.filled(step, columns) else { continue };
            let later = &self.map.steps[place + 1..];
            let refuse = |errors| self.unfillable(row, (step, errors), (later, columns));
            let mut body = filled.map_err(|errors| RowError::Refused(refuse(errors)))?;
            if step.entry.word == "register" {
                body.insert("origin".to_owned(), self.origin(&key));
            }
            let done = if self.dry_run {
                self.commands
                    .rehearse(id, step.entry, body, &self.call(step, row), &mut rehearsal)
                    .await
            } else {
                self.give(id, step, body, row).await
            };
            match done {
                Ok(true) => counts.recorded += 1,
                Ok(false) => counts.already_done += 1,
                Err(error) => return Err(self.explain(row, step, error, (later, columns))),
            }
        }
        Ok(())
    }

    /// The body of a step for a row, or what does not fill it; none when it is not taken for the row.
    fn filled(
        &self,
        step: &MapStep,
        columns: &CsvRow,
    ) -> Option<Result<Object<String, Value>, Vec<FillError>>> {
        match ImportMap::applies(step, columns) {
            Ok(false) => None,
            Ok(true) => Some(self.map.fill(step, columns)),
            Err(error) => Some(Err(vec![error])),
        }
    }

    fn identify(&self, row: u64, columns: &CsvRow) -> Result<(Uuid, String), RowError> {
        let key = fill_text(&self.map.key, columns);
        let steps = &self.map.steps;
        let refuse = |errors| self.unfillable(row, (&steps[0], errors), (steps, columns));
        let key = key.map_err(|errors| RowError::Refused(refuse(errors)))?;
        Ok((path_id(self.map.source.as_str(), &key), key))
    }

    fn origin(&self, key: &str) -> Value {
        let origin = [("source", self.map.source.to_string()), ("row", key.to_owned())];
        origin
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect::<Object<_, _>>()
            .into()
    }

    /// Gives one command; says whether it recorded something.
    async fn give(
        &self,
        id: Uuid,
        step: &MapStep,
        body: Object<String, Value>,
        row: u64,
    ) -> Result<bool, CommandError> {
        let call = self.call(step, row);
        let answer = match step.entry.word {
            "register" => self.commands.register(Some(id), body, call).await?,
            word => self.commands.command_beneficiary(id, word, body, call).await?,
        };
        Ok(!answer.already_done)
    }

    fn call(&self, step: &MapStep, row: u64) -> Call {
        let request_id = format!("import-{}-{row}", self.batch);
        let import = ImportMark { batch: self.batch.clone(), file: self.file.clone(), row };
        Call { import: Some(import), ..Call::local(self.map.actor.clone(), step.role, request_id) }
    }

    /// A rule's no is the row's, with every wrong column, those of the steps after it too; anything else stops
    /// the import.
    fn explain(
        &self,
        row: u64,
        step: &MapStep,
        error: CommandError,
        (later, columns): (&[MapStep], &CsvRow),
    ) -> RowError {
        let refused = |pointer: &str, rule: &str, detail: String| RefusedRow {
            row,
            command: step.entry.word.to_owned(),
            column: self.map.column_of(step, pointer),
            rule: rule.to_owned(),
            detail,
        };
        let mut told: Vec<RefusedRow> = match &error {
            CommandError::Form(errors) => {
                let fields = errors.fields().iter();
                let told = fields.map(|field| {
                    refused(&field.pointer, field.rule(), field.detail(self.language))
                });
                told.collect()
            }
            CommandError::Refused(refusal) => {
                let detail = refusal.detail(self.language);
                vec![refused(&refusal.pointer(), refusal.rule(), detail)]
            }
            _ => return RowError::Stopped(row, Box::new(error)),
        };
        told.extend(self.unfillable(row, (step, Vec::new()), (later, columns)));
        RowError::Refused(told)
    }

    /// The columns that do not fill a step, then those that would not have filled the steps after it: who
    /// mends a file reads of all of them at once.
    fn unfillable(
        &self,
        row: u64,
        first: (&MapStep, Vec<FillError>),
        (later, columns): (&[MapStep], &CsvRow),
    ) -> Vec<RefusedRow> {
        let after =
            later.iter().filter_map(|step| Some((step, self.filled(step, columns)?.err()?)));
        let (mut known, mut told) = (Vec::new(), Vec::new());
        for (step, errors) in std::iter::once(first).chain(after) {
            let before = known.len();
            note(&mut known, errors);
            told.extend(known[before..].iter().map(|error| self.refused_column(row, step, error)));
        }
        told
    }

    fn refused_column(&self, row: u64, step: &MapStep, error: &FillError) -> RefusedRow {
        let field = FieldError::new("", error.rule.clone());
        RefusedRow {
            row,
            command: step.entry.word.to_owned(),
            column: error.column.clone(),
            rule: field.rule().to_owned(),
            detail: field.detail(self.language),
        }
    }
}

impl ImportOutcome {
    /// Rows with a refused command; several columns of one may be wrong.
    #[must_use]
    pub fn refused_rows(&self) -> usize {
        self.refused.chunk_by(|one, next| one.row == next.row).count()
    }

    fn take(
        &mut self,
        ended: Option<Result<RowOutcome, tokio::task::JoinError>>,
    ) -> Result<(), ImportError> {
        let (counts, ended) = match ended {
            None => return Ok(()),
            Some(Ok(outcome)) => outcome,
            Some(Err(panicked)) => std::panic::resume_unwind(panicked.into_panic()),
        };
        self.recorded += counts.recorded;
        self.already_done += counts.already_done;
        match ended {
            Ok(()) => Ok(()),
            Err(RowError::Refused(refused)) => {
                self.refused.extend(refused);
                Ok(())
            }
            Err(RowError::Stopped(row, source)) => Err(ImportError::Stopped { row, source }),
        }
    }
}
