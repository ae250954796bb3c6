//! A row: out of a database, as a line of a file, and back. A line is a JSON array of its cells.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{ColumnIndex, Decode, Row, Type};

use super::tables::{CopiedColumn, CopiedKind, CopiedTable};
use crate::journal::Stamp;
use sira_evidence::leaf::time_text;

/// What stands in one column of one row; none is NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CopiedCell {
    Text(Option<String>),
    Integer(Option<i64>),
    Time(Option<DateTime<Utc>>),
    Bytes(Option<Vec<u8>>),
}

/// Reads a row of [`CopiedTable::select`].
pub(super) fn read_row<'r, R>(
    row: &'r R,
    table: &CopiedTable,
) -> Result<Vec<CopiedCell>, sqlx::Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
    Option<Stamp>: Decode<'r, R::Database> + Type<R::Database>,
    Option<Vec<u8>>: Decode<'r, R::Database> + Type<R::Database>,
{
    let cell = |(place, column): (usize, &CopiedColumn)| {
        Ok(match column.kind {
            CopiedKind::Text | CopiedKind::Json => CopiedCell::Text(row.try_get(place)?),
            CopiedKind::Integer => CopiedCell::Integer(row.try_get(place)?),
            CopiedKind::Time => {
                CopiedCell::Time(row.try_get::<Option<Stamp>, _>(place)?.map(|Stamp(time)| time))
            }
            CopiedKind::Bytes => CopiedCell::Bytes(row.try_get(place)?),
        })
    };
    table.columns.iter().enumerate().map(cell).collect()
}

/// A row as a line, with the line's end.
pub(super) fn to_line(cells: &[CopiedCell]) -> Vec<u8> {
    let cells: Vec<Value> = cells.iter().map(to_value).collect();
    let mut line = Value::from(cells).to_string().into_bytes();
    line.push(b'\n');
    line
}

fn to_value(cell: &CopiedCell) -> Value {
    match cell {
        CopiedCell::Text(text) => text.clone().into(),
        CopiedCell::Integer(number) => (*number).into(),
        CopiedCell::Time(time) => time.map(time_text).into(),
        CopiedCell::Bytes(bytes) => bytes.as_ref().map(|bytes| STANDARD.encode(bytes)).into(),
    }
}

/// A line as a row; none when it is not one of these columns.
pub(super) fn from_line(line: &[u8], columns: &[CopiedColumn]) -> Option<Vec<CopiedCell>> {
    let values: Vec<Value> = serde_json::from_slice(line).ok()?;
    if values.len() != columns.len() {
        return None;
    }
    values.into_iter().zip(columns).map(|(value, column)| from_value(value, column.kind)).collect()
}

fn from_value(value: Value, kind: CopiedKind) -> Option<CopiedCell> {
    let text = match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        Value::Number(number) if kind == CopiedKind::Integer => {
            return Some(CopiedCell::Integer(Some(number.as_i64()?)));
        }
        _ => return None,
    };
    Some(match (kind, text) {
        (CopiedKind::Text | CopiedKind::Json, text) => CopiedCell::Text(text),
        (CopiedKind::Integer, None) => CopiedCell::Integer(None),
        (CopiedKind::Integer, Some(_)) => return None,
        (CopiedKind::Time, None) => CopiedCell::Time(None),
        (CopiedKind::Time, Some(text)) => {
            CopiedCell::Time(Some(DateTime::parse_from_rfc3339(&text).ok()?.to_utc()))
        }
        (CopiedKind::Bytes, None) => CopiedCell::Bytes(None),
        (CopiedKind::Bytes, Some(text)) => CopiedCell::Bytes(Some(STANDARD.decode(text).ok()?)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tables::PERSON_KEYS;
    use super::*;

    #[test]
    fn a_row_comes_back_from_its_line_as_it_was() {
        let time = "2026-01-02T03:04:05.000006Z".parse().unwrap();
        for cells in [
            [
                CopiedCell::Text(Some("é\u{2028}\" \\ {\"a\":  1.10}\n".to_owned())),
                CopiedCell::Bytes(Some(vec![0, 255, 7])),
                CopiedCell::Time(Some(time)),
                CopiedCell::Time(None),
            ],
            [
                CopiedCell::Text(None),
                CopiedCell::Bytes(None),
                CopiedCell::Time(None),
                CopiedCell::Time(None),
            ],
        ] {
            let line = to_line(&cells);
            assert_eq!(line.split(|byte| *byte == b'\n').count(), 2);
            assert_eq!(from_line(&line, PERSON_KEYS.columns).as_deref(), Some(cells.as_slice()));
        }
    }

    #[test]
    fn what_is_no_row_is_none() {
        for line in
            ["", "[]", "{}", "[1,2,3,4]", "[\"a\",\"?\",null,null]", "[null,null,\"x\",null]"]
        {
            assert_eq!(from_line(line.as_bytes(), PERSON_KEYS.columns), None, "{line}");
        }
    }
}
