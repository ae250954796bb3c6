//! A report as a workbook: a sheet a part, made to be read, printed on A4 and worked with.
//!
//! A hidden sheet carries the content, for whoever checks the file.

use chrono::NaiveDate;
use rust_xlsxwriter::{
    DocProperties, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use sira_domain::reference::Language;

use super::content::{BothLanguages, ReportCell, ReportColumnKind, ReportContent, ReportPart};
use crate::formats::FormatError;

/// The hidden sheet that carries the content.
pub(super) const CARRIER: &str = "sira";
/// Characters of a text in one cell: a cell holds 32,767 units of UTF-16, of which a letter may take two.
const PIECE_CHARS: usize = 16_000;
/// Longest name of a sheet.
const NAME_CHARS: usize = 31;
/// The first row of a part's table: above it stand its title and its note.
const HEAD_ROW: u32 = 3;
/// A4, in the format's own numbering.
const A4: u8 = 9;

struct Styles {
    title: Format,
    note: Format,
    heading: Format,
    heading_right: Format,
    text: Format,
    number: Format,
    percent: Format,
    date: Format,
}

impl Styles {
    fn new() -> Self {
        let cell = || Format::new().set_align(FormatAlign::Top);
        let heading =
            || Format::new().set_bold().set_text_wrap().set_border_bottom(FormatBorder::Thin);
        Self {
            title: Format::new().set_bold().set_font_size(14),
            note: Format::new().set_italic().set_text_wrap(),
            heading: heading(),
            heading_right: heading().set_align(FormatAlign::Right),
            text: cell().set_text_wrap(),
            number: cell().set_num_format("#,##0.##"),
            percent: cell().set_num_format("0.00\" %\""),
            date: cell().set_num_format("dd/mm/yyyy"),
        }
    }
}

/// A report as a workbook.
///
/// # Errors
/// [`FormatError`].
pub fn workbook(
    content: &ReportContent,
    sha256: &str,
    language: Language,
) -> Result<Vec<u8>, FormatError> {
    let mut book = Workbook::new();
    let made = DocProperties::new()
        .set_title(content.title.get(language))
        .set_author(&content.made_by)
        .set_company(&content.programme_name)
        .set_creation_datetime(&content.made_at);
    book.set_properties(&made);
    let styles = Styles::new();
    cover(book.add_worksheet(), content, sha256, language, &styles)?;
    for part in &content.parts {
        let page = book.add_worksheet();
        page.set_name(sheet_name(part.title.get(language)))?;
        write_part(page, part, language, &styles)?;
        print_well(page, content, sha256, language);
    }
    if !content.definitions.is_empty() {
        let page = book.add_worksheet();
        definitions(page, content, language, &styles)?;
        print_well(page, content, sha256, language);
    }
    let page = book.add_worksheet();
    page.set_name(CARRIER)?;
    page.set_very_hidden(true);
    let text: Vec<char> = content.text().chars().collect();
    for (row, piece) in (0..).zip(text.chunks(PIECE_CHARS)) {
        page.write_string(row, 0, piece.iter().collect::<String>())?;
    }
    let mut out = Vec::new();
    book.save_to_writer(&mut out)?;
    Ok(out)
}

/// A name that a sheet may have: without the signs that a formula would read, and short.
fn sheet_name(title: &str) -> String {
    title.chars().filter(|sign| !"[]:*?/\\'".contains(*sign)).take(NAME_CHARS).collect()
}

fn pick<'a>(language: Language, fr: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Fr => fr,
        Language::En => en,
    }
}

fn cover(
    page: &mut Worksheet,
    content: &ReportContent,
    sha256: &str,
    language: Language,
    styles: &Styles,
) -> Result<(), XlsxError> {
    let say = |fr, en| pick(language, fr, en);
    page.set_name(say("Rapport", "Report"))?;
    page.set_column_width(0, 26)?;
    page.set_column_width(1, 66)?;
    page.write_string_with_format(0, 0, content.title.get(language), &styles.title)?;
    let mut lines = vec![
        (say("Programme", "Programme"), content.programme_name.clone()),
        (say("Période", "Period"), format!("{} – {}", content.from, content.to)),
        (say("Tel que connu le", "As known on"), content.as_of.to_string()),
        (say("Destinataires", "For"), content.audience.get(language).to_owned()),
        (say("Établi le", "Made on"), content.made_at.format("%Y-%m-%d %H:%M UTC").to_string()),
        (say("Établi par", "Made by"), content.made_by.clone()),
        (say("Nom du rapport", "Name of the report"), content.name.clone()),
        ("Position", content.anchor.position.to_string()),
        (
            say("Empreinte de l'événement", "Leaf hash of the event"),
            content.anchor.leaf_hash.clone(),
        ),
        ("SHA-256", sha256.to_owned()),
        (say("Pour vérifier ce fichier", "To check this file"), "sira report verify".to_owned()),
    ];
    if let Some(day) = content.published_at {
        lines.insert(3, (say("Publié jusqu'au", "Published up to"), day.to_string()));
    }
    let bold = Format::new().set_bold().set_align(FormatAlign::Top);
    for (row, (name, value)) in (2..).zip(lines) {
        page.write_string_with_format(row, 0, name, &bold)?;
        page.write_string_with_format(row, 1, value, &styles.text)?;
    }
    print_well(page, content, sha256, language);
    Ok(())
}

/// One page wide, with the headings on each, and where it comes from at its foot.
fn print_well(page: &mut Worksheet, content: &ReportContent, sha256: &str, language: Language) {
    let short = sha256.get(..16).unwrap_or(sha256);
    let title: String = content.title.get(language).replace('&', "&&").chars().take(80).collect();
    page.set_paper_size(A4)
        .set_print_fit_to_pages(1, 0)
        .set_margins(0.5, 0.5, 0.7, 0.8, 0.3, 0.3)
        .set_header(format!("&L{title}&R{} – {}", content.from, content.to))
        .set_footer(format!("&L{} {short}…&R&P / &N", content.name));
}

fn write_part(
    page: &mut Worksheet,
    part: &ReportPart,
    language: Language,
    styles: &Styles,
) -> Result<(), XlsxError> {
    page.write_string_with_format(0, 0, part.title.get(language), &styles.title)?;
    page.write_string_with_format(1, 0, part.note.get(language), &styles.note)?;
    if part.columns.is_empty() {
        page.set_column_width(0, 96)?;
        let text = part.text.get(language).replace("\r\n", "\n");
        let paragraphs = text.split("\n\n").map(str::trim).flat_map(|paragraph| {
            let letters: Vec<char> = paragraph.chars().collect();
            let pieces = letters.chunks(PIECE_CHARS).map(|piece| piece.iter().collect::<String>());
            pieces.collect::<Vec<_>>()
        });
        for (row, paragraph) in (HEAD_ROW..).zip(paragraphs) {
            page.write_string_with_format(row, 0, paragraph, &styles.text)?;
        }
        return Ok(());
    }
    for (place, column) in (0_u16..).zip(&part.columns) {
        let (width, heading) = match column.kind {
            ReportColumnKind::Text if place == 0 => (44, &styles.heading),
            ReportColumnKind::Text => (22, &styles.heading),
            ReportColumnKind::Date => (12, &styles.heading),
            ReportColumnKind::Number | ReportColumnKind::Percent => (16, &styles.heading_right),
        };
        page.set_column_width(place, width)?;
        page.write_string_with_format(HEAD_ROW, place, column.heading.get(language), heading)?;
    }
    for (row, cells) in (HEAD_ROW + 1..).zip(&part.rows) {
        for ((place, column), cell) in (0_u16..).zip(&part.columns).zip(cells) {
            write_cell(page, (row, place), (cell, column.kind), language, styles)?;
        }
    }
    page.set_freeze_panes(HEAD_ROW + 1, 1)?;
    page.set_repeat_rows(HEAD_ROW, HEAD_ROW)?;
    let last_row = HEAD_ROW + sira_numbers::counted(part.rows.len());
    let last_column = u16::try_from(part.columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
    page.set_print_area(0, 0, last_row, last_column)?;
    Ok(())
}

fn write_cell(
    page: &mut Worksheet,
    (row, place): (u32, u16),
    (cell, kind): (&ReportCell, ReportColumnKind),
    language: Language,
    styles: &Styles,
) -> Result<(), XlsxError> {
    match (cell, kind) {
        (ReportCell::Nothing(()), _) => {}
        (ReportCell::Words(words), _) => {
            page.write_string_with_format(row, place, words.get(language), &styles.text)?;
        }
        (ReportCell::Plain(text), ReportColumnKind::Date) => match text.parse::<NaiveDate>() {
            Ok(day) => {
                page.write_datetime_with_format(row, place, day, &styles.date)?;
            }
            Err(_) => {
                page.write_string_with_format(row, place, text, &styles.text)?;
            }
        },
        // A workbook counts in binary floating point: a number of more digits is written as text.
        (ReportCell::Plain(text), kind) => {
            match text.parse::<f64>().ok().filter(|_| text.len() <= 15) {
                Some(number) => {
                    let format = if kind == ReportColumnKind::Percent {
                        &styles.percent
                    } else {
                        &styles.number
                    };
                    page.write_number_with_format(row, place, number, format)?;
                }
                None => {
                    page.write_string_with_format(row, place, text, &styles.text)?;
                }
            }
        }
    }
    Ok(())
}

fn definitions(
    page: &mut Worksheet,
    content: &ReportContent,
    language: Language,
    styles: &Styles,
) -> Result<(), XlsxError> {
    let say = |fr, en| pick(language, fr, en);
    page.set_name(say("Définitions", "Definitions"))?;
    let headings = [
        (say("Indicateur", "Indicator"), 34),
        (say("Ce que c'est", "What it is"), 70),
        (say("Nature", "Kind"), 18),
        (say("Unité", "Unit"), 16),
        ("Source", 34),
        (say("À savoir", "To be known"), 50),
    ];
    for (place, (heading, width)) in (0_u16..).zip(headings) {
        page.set_column_width(place, width)?;
        page.write_string_with_format(0, place, heading, &styles.heading)?;
    }
    for (row, one) in (1..).zip(&content.definitions) {
        let source = BothLanguages::same(&one.source);
        let texts = [&one.label, &one.formula, &one.kind, &one.unit, &source, &one.caveat];
        for (place, text) in (0_u16..).zip(texts) {
            page.write_string_with_format(row, place, text.get(language), &styles.text)?;
        }
    }
    page.set_freeze_panes(1, 1)?;
    page.set_repeat_rows(0, 0)?;
    Ok(())
}
