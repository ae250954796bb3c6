//! Reports as documents: made of named parts for one audience, a period and a moment, kept as they were made, and written
//! as a page to print, a workbook or a table.
//!
//! A document is what a director signs and a donor is handed. Its content is kept whole, with the place in the log that
//! it was made of: no later definition, correction or rebuild changes what it says.

mod content;
mod form;
mod page;
mod parts;
mod store;
mod table;
mod verify;
mod workbook;

pub use content::{BothLanguages, ReportContent};
pub use form::{Narrative, ReportPartName, ReportRequest};
pub use page::page;
pub use store::{ReportDocument, ReportDocumentError, ReportDocuments, ReportWithdrawal};
pub use table::table;
pub use verify::{ReportVerdict, extract, rewrite};
pub use workbook::workbook;
