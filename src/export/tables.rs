//! Exports of read models: one table in one format, as it stood at one position.

use std::io::Write;

use sira_domain::reference::Language;
use sira_numbers::Position;
use sira_projections::table::{Cell, Keeping, Realm, Table, TableId};
use sira_projections::{ReadStore, position_in};

use super::rows::Selection;
use super::{ExportError, ExportProgress, Exported, StaffNames, time_of};
use crate::formats::{Format, Sheet, SheetWriter};
use crate::journal::Journal;

/// Rows that are read at once: with the writer's own (see [`crate::formats`]), what memory holds.
pub const PAGE_ROWS: u32 = 2_000;

/// Columns that name the staff: what leaves the house has a name in its place that says nothing.
const STAFF_COLUMNS: &[(TableId, &str)] = &[
    (TableId::CaseAdvisers, "adviser"),
    (TableId::ActivityLog, "actor"),
    (TableId::Staff, "actor"),
];

/// Which rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TableMoment {
    /// Those that stand.
    #[default]
    Now,
    /// Those that stood at a position.
    At(Position),
    /// Every row that a table of versions ever had, with the positions between which it stood.
    EveryVersion,
}

/// What is exported, and how.
#[derive(Clone, Copy, Debug)]
pub struct TableExport {
    /// The table.
    pub table: &'static Table,
    /// Which of its rows.
    pub moment: TableMoment,
    /// The format.
    pub format: Format,
    /// The language of the headings.
    pub language: Language,
    /// Rows that are read at once: [`PAGE_ROWS`], but for tests.
    pub page_rows: u32,
}

/// Whether a table is for Sira alone, so that its export must be asked for in so many words.
#[must_use]
pub fn is_reserved(table: &Table) -> bool {
    table.realm == Realm::Identity
}

impl TableExport {
    /// Writes the table to `out`, and gives it back with what was written.
    ///
    /// All pages are of one moment, whatever is written meanwhile, and the position that the file
    /// tells is that moment's.
    ///
    /// # Errors
    /// [`ExportError`].
    pub async fn write<W: Write + Send>(
        &self,
        store: &ReadStore,
        journal: &Journal,
        staff: &StaffNames,
        out: W,
        progress: ExportProgress<'_>,
    ) -> Result<(W, Exported, Sheet), ExportError> {
        let (table, projection) = (self.table, self.table.projection);
        // Before it is built there is no table to look at.
        let built = store.projections(journal.id()).await?;
        if !built.iter().any(|built| built.name == projection) {
            return Err(ExportError::NotBuilt { projection });
        }
        let mut snapshot = store.snapshot(&[table]).await?;
        let reached = position_in(&mut snapshot, journal.id(), projection).await?;
        let reached = reached.ok_or(ExportError::NotBuilt { projection })?;
        let (selection, position) = self.select(reached)?;
        let as_of = time_of(journal, position).await?;
        let sheet = self.sheet(journal.id(), position, as_of);
        let total = selection.count(snapshot.connection()).await?;
        let mut writer = SheetWriter::begin(self.format, sheet.clone(), self.language, out)?;
        let (mut rows, mut last): (u64, Option<Vec<Cell>>) = (0, None);
        loop {
            let connection = snapshot.connection();
            let page = selection.page(connection, last.as_deref(), self.page_rows).await?;
            let Some(end) = page.last().cloned() else { break };
            rows += page.len() as u64;
            for mut row in page {
                self.mask(&mut row, staff);
                writer.write(&row)?;
            }
            last = Some(end);
            progress(rows, total);
        }
        Ok((writer.finish()?, Exported { rows, position, as_of }, sheet))
    }

    /// The rows asked for, and the position that they show.
    fn select(&self, reached: Position) -> Result<(Selection, Position), ExportError> {
        let table = self.table;
        let at = match self.moment {
            TableMoment::At(asked) if asked > reached => {
                return Err(ExportError::Ahead { asked, reached });
            }
            TableMoment::At(asked) => asked,
            TableMoment::Now | TableMoment::EveryVersion => reached,
        };
        let selection = match (table.keeping, self.moment) {
            (Keeping::Versioned, TableMoment::EveryVersion) => Selection::all(table),
            (Keeping::Versioned, _) => Selection::standing(table, at),
            (Keeping::Current | Keeping::Merged(_), _) if at == reached => Selection::all(table),
            (Keeping::Current, _) if table.id == TableId::ActivityLog => {
                Selection::up_to(table, at)
            }
            (Keeping::Current | Keeping::Merged(_), _) => {
                return Err(ExportError::OnlyNow { table: table.name, position: reached });
            }
        };
        Ok((selection, at))
    }

    fn sheet(
        &self,
        journal: &str,
        position: Position,
        as_of: chrono::DateTime<chrono::Utc>,
    ) -> Sheet {
        let rows = match (self.table.keeping, self.moment) {
            (Keeping::Versioned, TableMoment::EveryVersion) => "every version",
            _ => "as they stood at the position",
        };
        let about =
            if self.language == Language::Fr { self.table.about_fr } else { self.table.about };
        Sheet::of_table(self.table, as_of)
            .about("journal", journal)
            .about("position", position)
            .about("rows", rows)
            .about("about", about)
    }

    /// Nothing that was learnt after the moment shown, and nobody's name.
    fn mask(&self, row: &mut [Cell], staff: &StaffNames) {
        for (cell, column) in row.iter_mut().zip(self.table.all_columns()) {
            if column.name == "until_position" && self.moment != TableMoment::EveryVersion {
                *cell = Cell::Null;
            }
            if let Cell::Text(actor) = &*cell
                && STAFF_COLUMNS.contains(&(self.table.id, column.name))
            {
                *cell = staff.of(actor).into();
            }
        }
    }
}
