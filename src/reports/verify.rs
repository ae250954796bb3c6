//! Whether a file is what was frozen: what it carries is what is kept, and what it shows is what it carries.
//!
//! Whoever changes a number that is shown leaves the content that the file carries as it was, or changes that too, and
//! then its hash. So a file is written anew out of its own content and compared byte for byte.

use sira_domain::reference::Language;

use super::content::ReportContent;
use super::page::{BEGIN, END, page};
use super::workbook::{CARRIER, workbook};

/// Longest content that is read out of a file: what is kept is shorter.
const CONTENT_MAX_BYTES: usize = 8 * 1024 * 1024;
/// Largest file that is looked at.
const FILE_MAX_BYTES: usize = 64 * 1024 * 1024;

/// What can be said of a file by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportVerdict {
    /// It carries no content of a report.
    NoReport,
    /// It carries a content and shows something else, or was written by another version of the program.
    Differs {
        /// What it carries.
        content: Box<ReportContent>,
    },
    /// It shows what it carries.
    Whole {
        /// What it carries.
        content: Box<ReportContent>,
        /// In which language it is.
        language: Language,
    },
}

/// The content that a page or a workbook carries.
#[must_use]
pub fn extract(bytes: &[u8]) -> Option<ReportContent> {
    let text = if bytes.starts_with(b"PK") { of_workbook(bytes)? } else { of_page(bytes)? };
    let content: ReportContent = serde_json::from_str(&text).ok()?;
    ReportContent::read(&content.text())
}

fn of_page(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let begin = text.rfind(BEGIN)? + BEGIN.len();
    let length = text[begin..].find(END)?;
    Some(text[begin..begin + length].to_owned())
}

fn of_workbook(bytes: &[u8]) -> Option<String> {
    use calamine::{DataRef, Xlsx};
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).ok()?;
    // Cell by cell: a file that nobody vouches for may say that its sheet is as large as any.
    let mut cells = book.worksheet_cells_reader(CARRIER).ok()?;
    let mut text = String::new();
    while let Some(cell) = cells.next_cell().ok()? {
        let piece = match cell.get_value() {
            DataRef::String(piece) => piece.as_str(),
            DataRef::SharedString(piece) => piece,
            _ => return None,
        };
        if cell.get_position().1 != 0 || text.len() + piece.len() > CONTENT_MAX_BYTES {
            return None;
        }
        text.push_str(piece);
    }
    Some(text)
}

/// What can be said of a file by itself.
#[must_use]
pub fn rewrite(bytes: &[u8]) -> ReportVerdict {
    let read = if bytes.len() <= FILE_MAX_BYTES { extract(bytes) } else { None };
    let Some(content) = read else { return ReportVerdict::NoReport };
    let sha256 = ReportContent::hash_of(&content.text());
    for language in [Language::Fr, Language::En] {
        let again = if bytes.starts_with(b"PK") {
            // What cannot be written was not written by this program.
            workbook(&content, &sha256, language).unwrap_or_default()
        } else {
            page(&content, &sha256, language).into_bytes()
        };
        if again == bytes {
            return ReportVerdict::Whole { content: Box::new(content), language };
        }
    }
    ReportVerdict::Differs { content: Box::new(content) }
}

#[cfg(test)]
mod tests {
    use super::super::content::tests::small;
    use super::*;

    fn hash() -> String {
        ReportContent::hash_of(&small().text())
    }

    #[test]
    fn what_was_written_is_whole_in_either_form_and_language() {
        for language in [Language::Fr, Language::En] {
            let page = page(&small(), &hash(), language).into_bytes();
            let book = workbook(&small(), &hash(), language).unwrap();
            for bytes in [page, book] {
                let whole = ReportVerdict::Whole { content: Box::new(small()), language };
                assert_eq!(rewrite(&bytes), whole);
            }
        }
    }

    #[test]
    fn a_number_that_was_changed_where_it_is_shown_is_noticed() {
        let page = page(&small(), &hash(), Language::En);
        let shown = page.replacen("12,345.5", "92,345.5", 1);
        let differs = ReportVerdict::Differs { content: Box::new(small()) };
        assert_eq!(rewrite(shown.as_bytes()), differs);
        // Where both are changed, what it carries is another content: its hash is not the one that is kept.
        let both = shown.replace("12345.50", "92345.50").replace(&hash(), "0");
        let content = extract(both.as_bytes()).unwrap();
        assert_ne!(ReportContent::hash_of(&content.text()), hash());
    }

    #[test]
    fn any_other_file_is_no_report() {
        for bytes in [&b""[..], b"<html></html>", b"PK\x03\x04", &[0xff; 40]] {
            assert_eq!(rewrite(bytes), ReportVerdict::NoReport);
        }
    }
}
