//! A list as its file gives it.

use super::Language;

/// One entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// The code kept in events.
    pub code: &'static str,
    /// The label in French.
    pub label_fr: &'static str,
    /// The label in English.
    pub label_en: &'static str,
}

impl Entry {
    /// The label in `language`.
    #[must_use]
    pub const fn label(&self, language: Language) -> &'static str {
        match language {
            Language::Fr => self.label_fr,
            Language::En => self.label_en,
        }
    }
}

/// One reference list, as its file gives it.
#[derive(Clone, Debug)]
pub struct List {
    /// The name by which schemas and routes know the list.
    pub name: &'static str,
    /// The label in French.
    pub title_fr: &'static str,
    /// The label in English.
    pub title_en: &'static str,
    /// The source that the list was taken from.
    pub source: &'static str,
    /// Its entries, in the file's order.
    pub entries: Vec<Entry>,
    /// Lines of the file that are no entry; a test keeps it at 0.
    #[cfg_attr(not(test), expect(dead_code, reason = "what a test looks at"))]
    pub(super) unread_lines: usize,
}

impl List {
    /// Reads a file: `# French / English`, `# Source: ...`, a header, then `code;fr;en` lines.
    pub(super) fn parse(name: &'static str, text: &'static str) -> Self {
        let mut comments = text.lines().filter_map(|line| line.strip_prefix("# "));
        let (title_fr, title_en) =
            comments.next().and_then(|line| line.split_once(" / ")).unwrap_or((name, name));
        let source =
            comments.next().and_then(|line| line.strip_prefix("Source: ")).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
        let read: Vec<Option<Entry>> = lines.map(read_entry).collect();
        let unread_lines = read.iter().filter(|entry| entry.is_none()).count();
        Self {
            name,
            title_fr,
            title_en,
            source,
            entries: read.into_iter().flatten().collect(),
            unread_lines,
        }
    }
}

fn read_entry(line: &'static str) -> Option<Entry> {
    let mut parts = line.split(';');
    let (code, label_fr, label_en) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then_some(Entry { code, label_fr, label_en })
}
