//! A report as a page: the same on a screen and on A4, without a script, a font, a picture or a link to anywhere.
//!
//! Its words stand in `templates/report/`, which escapes all that anybody ever typed. The content is in the page, for
//! whoever checks it.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use sira_domain::reference::Language;

use crate::formats::written::grouped;

use super::content::{BothLanguages, ReportCell, ReportColumnKind, ReportContent, ReportPart};

/// Before and after the content in the page. No text of a content ends it: its `<` are written as `\u003c`.
pub(super) const BEGIN: &str = "<script type=\"application/json\" id=\"sira-report\">";
pub(super) const END: &str = "</script>";

#[derive(Template)]
#[template(path = "report/page.html")]
struct ReportPage<'a> {
    content: &'a ReportContent,
    language: Language,
    sha256: &'a str,
    embedded: String,
}

/// A report as one page of HTML.
#[must_use]
pub fn page(content: &ReportContent, sha256: &str, language: Language) -> String {
    let embedded = content.text().replace('<', "\\u003c");
    let page = ReportPage { content, language, sha256, embedded };
    // Into a text it cannot fail: no filter of the templates does.
    format!("{page}\n")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references")]
impl ReportPage<'_> {
    fn pick<'a>(&self, fr: &'a str, en: &'a str) -> &'a str {
        match self.language {
            Language::Fr => fr,
            Language::En => en,
        }
    }

    fn say<'a>(&self, words: &'a BothLanguages) -> &'a str {
        words.get(self.language)
    }

    /// A day as people write it.
    fn day(&self, day: &NaiveDate) -> String {
        self.day_text(&day.to_string())
    }

    fn day_text(&self, day: &str) -> String {
        match (self.language, day.split('-').collect::<Vec<_>>().as_slice()) {
            (Language::Fr, [year, month, day]) => format!("{day}/{month}/{year}"),
            _ => day.to_owned(),
        }
    }

    fn moment(&self, at: &DateTime<Utc>) -> String {
        format!("{} {} UTC", self.day(&at.date_naive()), at.format("%H:%M"))
    }

    fn shown(&self, cell: &ReportCell, kind: &ReportColumnKind) -> String {
        match (cell, kind) {
            (ReportCell::Nothing(()), _) => "–".to_owned(),
            (ReportCell::Words(words), _) => self.say(words).to_owned(),
            (ReportCell::Plain(text), ReportColumnKind::Date) => self.day_text(text),
            (ReportCell::Plain(text), ReportColumnKind::Percent) => {
                format!("{}\u{a0}%", number(text, self.language))
            }
            (ReportCell::Plain(text), _) => number(text, self.language),
        }
    }

    /// Whether a column's values stand to the right.
    fn is_right(kind: &ReportColumnKind) -> bool {
        matches!(kind, ReportColumnKind::Number | ReportColumnKind::Percent)
    }

    /// The paragraphs of a text.
    fn paragraphs(&self, part: &ReportPart) -> Vec<String> {
        let text = self.say(&part.text).replace("\r\n", "\n");
        let all = text.split("\n\n").map(str::trim).filter(|one| !one.is_empty());
        all.map(str::to_owned).collect()
    }
}

/// A number as it is written in a language: thousands apart, a comma in French, no zeros behind it.
fn number(text: &str, language: Language) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("\u{2212}", digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number =
        !whole.is_empty() && whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit());
    if !is_number {
        return text.to_owned();
    }
    let point = match language {
        Language::Fr => ",",
        Language::En => ".",
    };
    let grouped = grouped(whole, language);
    let part = part.trim_end_matches('0');
    if part.is_empty() {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped}{point}{part}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::content::tests::small;
    use super::*;

    #[test]
    fn numbers_are_written_as_their_readers_do() {
        for (text, fr, en) in [
            ("0", "0", "0"),
            ("1234567.50", "1\u{202f}234\u{202f}567,5", "1,234,567.5"),
            ("-66.00", "\u{2212}66", "\u{2212}66"),
            ("100", "100", "100"),
            ("non publié", "non publié", "non publié"),
        ] {
            assert_eq!(number(text, Language::Fr), fr);
            assert_eq!(number(text, Language::En), en);
        }
    }

    #[test]
    fn a_page_shows_what_the_content_says_and_runs_nothing_of_it() {
        let content = small();
        let sha256 = ReportContent::hash_of(&content.text());
        let page = page(&content, &sha256, Language::Fr);
        for text in [
            "Rapport d&#39;essai",
            "12\u{202f}345,5",
            "66,67\u{a0}%",
            "31/12/2024",
            &sha256,
            "Deux alinéas.",
        ] {
            assert!(page.contains(text), "{text} in {page}");
        }
        assert!(!page.contains("<b>") && page.matches("<script").count() == 1, "{page}");
    }
}
