//! The formats, and which of them a client asks for.

use std::str::FromStr;

/// A format that a sheet is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON document, a row a line.
    Json,
    /// RFC 4180, UTF-8.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// Office Open XML workbook.
    Xlsx,
}

/// A word that is no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("json, csv, parquet, xlsx")]
pub struct NotAFormat;

impl FromStr for Format {
    type Err = NotAFormat;

    fn from_str(word: &str) -> Result<Self, NotAFormat> {
        Self::ALL.into_iter().find(|format| format.extension() == word).ok_or(NotAFormat)
    }
}

/// How well a range of an `Accept` header names a type: the better one decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Any,
    Family,
    Exact,
}

impl Format {
    /// Every format, the preferred first.
    pub const ALL: [Self; 4] = [Self::Json, Self::Csv, Self::Parquet, Self::Xlsx];

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The value of `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            other => other.media_type(),
        }
    }

    /// What its files end with, without the point; also its word on the command line.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
        }
    }

    /// The name of a sheet's file.
    #[must_use]
    pub fn file_name(self, sheet: &str) -> String {
        format!("{sheet}.{}", self.extension())
    }

    /// The value of `Content-Disposition`: what is for programs is shown, what is for people is saved.
    /// What is not a letter, a digit, `_`, `-` or `.` becomes `_`, so that the header stays one.
    #[must_use]
    pub fn content_disposition(self, sheet: &str) -> String {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
        let name = self.file_name(sheet);
        let name: String =
            name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
        let how = if self == Self::Json { "inline" } else { "attachment" };
        format!("{how}; filename=\"{name}\"")
    }

    /// The format that an `Accept` header asks for (RFC 9110, 12.5.1): of those with the highest
    /// quality the one that is named most closely, then the first of [`Format::ALL`]. JSON without a
    /// header; none when the header takes none of them: answer 406. The answer varies with `Accept`.
    #[must_use]
    pub fn negotiate(accept: Option<&str>) -> Option<Self> {
        let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else {
            return Some(Self::Json);
        };
        let weighed = Self::ALL.into_iter().filter_map(|format| {
            let (closeness, quality) = format.weigh(accept)?;
            (quality > 0).then_some((quality, closeness, format))
        });
        // Of equals, `reduce` keeps the first.
        weighed
            .reduce(|best, next| if (next.0, next.1) > (best.0, best.1) { next } else { best })
            .map(|(_, _, format)| format)
    }

    /// The closest range that takes the format, with its quality in thousandths.
    fn weigh(self, accept: &str) -> Option<(Closeness, u16)> {
        weigh(accept, self.media_type())
    }
}

/// How much an `Accept` header asks for a media type, in thousandths: by the range that names it most
/// closely; 0 when none takes it.
#[must_use]
pub fn asked_for(accept: &str, media_type: &str) -> u16 {
    weigh(accept, media_type).map_or(0, |(_, quality)| quality)
}

fn weigh(accept: &str, media_type: &str) -> Option<(Closeness, u16)> {
    let ranges = accept.split(',').filter_map(|range| match_range(range, media_type));
    ranges.max_by_key(|(closeness, quality)| (*closeness, *quality))
}

fn match_range(range: &str, own: &str) -> Option<(Closeness, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let named = parts.next()?.to_ascii_lowercase();
    let family = own.split_once('/').map_or("", |(family, _)| family);
    let closeness = match named.split_once('/')? {
        _ if named == own => Closeness::Exact,
        ("*", "*") => Closeness::Any,
        (named, "*") if named == family => Closeness::Family,
        _ => return None,
    };
    let weight = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| quality(value.trim()))
    });
    // A quality that is none makes the range none.
    Some((closeness, weight.unwrap_or(Some(1000))?))
}

/// `0` to `1` with at most three digits after the point, in thousandths.
fn quality(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 3 || !part.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{part:0<3}").parse().ok()?;
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Format::{Csv, Json, Parquet, Xlsx};
    use super::*;

    #[test]
    fn a_client_gets_the_format_that_it_asks_for() {
        let cases: [(&str, Option<Format>); 16] = [
            ("application/json", Some(Json)),
            ("text/csv", Some(Csv)),
            ("text/csv; charset=utf-8", Some(Csv)),
            ("Application/VND.Apache.Parquet", Some(Parquet)),
            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Some(Xlsx)),
            ("*/*", Some(Json)),
            ("", Some(Json)),
            ("text/*", Some(Csv)),
            ("application/*", Some(Json)),
            ("application/json;q=0.5, text/csv;q=0.8", Some(Csv)),
            ("text/csv, */*", Some(Csv)),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some(Json)),
            ("application/json;q=0, */*", Some(Csv)),
            ("image/png", None),
            ("application/json;q=0", None),
            ("text/csv;q=2", None),
        ];
        for (accept, format) in cases {
            assert_eq!(Format::negotiate(Some(accept)), format, "{accept}");
        }
        assert_eq!(Format::negotiate(None), Some(Json));
    }

    #[test]
    fn a_file_name_stays_within_its_header() {
        let header = Csv.content_disposition("a\"b\r\nc");
        assert_eq!(header, "attachment; filename=\"a_b__c.csv\"");
    }
}
