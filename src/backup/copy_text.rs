//! Rows as `COPY` of `PostgreSQL` reads them in its text form.

use sira_evidence::leaf::{hex, time_text};

use super::rows::CopiedCell;

/// Adds a row.
pub(super) fn push_row(out: &mut Vec<u8>, row: &[CopiedCell]) {
    for (place, cell) in row.iter().enumerate() {
        if place > 0 {
            out.push(b'\t');
        }
        push_cell(out, cell);
    }
    out.push(b'\n');
}

fn push_cell(out: &mut Vec<u8>, cell: &CopiedCell) {
    match cell {
        CopiedCell::Text(Some(text)) => push_text(out, text),
        CopiedCell::Integer(Some(number)) => out.extend(number.to_string().into_bytes()),
        CopiedCell::Time(Some(time)) => out.extend(time_text(*time).into_bytes()),
        CopiedCell::Bytes(Some(bytes)) => {
            out.extend(b"\\\\x");
            out.extend(hex(bytes).into_bytes());
        }
        CopiedCell::Text(None)
        | CopiedCell::Integer(None)
        | CopiedCell::Time(None)
        | CopiedCell::Bytes(None) => out.extend(b"\\N"),
    }
}

/// What would end a column, a row or the whole, and the character that says so, are written out.
fn push_text(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| b"\\\t\n\r".contains(byte)) {
        out.extend(&rest[..at]);
        out.push(b'\\');
        out.push(match rest[at] {
            b'\t' => b't',
            b'\n' => b'n',
            b'\r' => b'r',
            other => other,
        });
        rest = &rest[at + 1..];
    }
    out.extend(rest);
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_row_is_written_as_copy_reads_it() {
        let time = DateTime::from_timestamp_micros(1_700_000_000_000_001);
        let row = [
            CopiedCell::Text(Some("a\tb\nc\rd\\N\\.é".to_owned())),
            CopiedCell::Text(Some(String::new())),
            CopiedCell::Text(None),
            CopiedCell::Integer(Some(-7)),
            CopiedCell::Time(time),
            CopiedCell::Bytes(Some(vec![0, 0xff])),
            CopiedCell::Bytes(None),
        ];
        let mut out = Vec::new();
        push_row(&mut out, &row);
        let told =
            "a\\tb\\nc\\rd\\\\N\\\\.é\t\t\\N\t-7\t2023-11-14T22:13:20.000001Z\t\\\\x00ff\t\\N\n";
        assert_eq!(String::from_utf8(out).unwrap(), told);
    }
}
