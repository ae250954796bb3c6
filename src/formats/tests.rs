//! The same rows in every format, read back by readers that are not ours.

use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
use ::parquet::record::{Field, Row, RowAccessor as _};
use calamine::{Data, Reader as _, Xlsx};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use sira_projections::table::Decimal;
use uuid::Uuid;

use super::*;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn sheet() -> Sheet {
    use sira_projections::table::Kind as Of;
    let columns = vec![
        SheetColumn::new("path", Of::Id, "Parcours"),
        SheetColumn::new("sector", Of::Text, "Secteur"),
        SheetColumn::new("amount", Of::Int, "Montant").of("XOF"),
        SheetColumn::new("rate", Of::Decimal(2), "Taux").of("%"),
        SheetColumn::new("occurred_on", Of::Date, "Jour du fait"),
        SheetColumn::new("recorded_at", Of::Time, "Enregistré à"),
        SheetColumn::new("present", Of::Flag, "Présent"),
    ];
    Sheet::new("essay", columns, time("2026-01-01T00:00:00Z")).about("position", 42)
}

fn rows() -> Vec<Vec<Cell>> {
    vec![
        vec![
            Uuid::from_u128(7).into(),
            "=HYPERLINK(\"x\")".into(),
            300_000_i64.into(),
            Decimal::try_new(-1250, 2).unwrap().into(),
            day("2024-02-29").into(),
            time("2024-02-29T23:59:59.123456Z").into(),
            true.into(),
        ],
        vec![Cell::Null; 7],
        vec![
            Uuid::from_u128(8).into(),
            "a, \"b\"\né".into(),
            (-5_i64).into(),
            Decimal::try_new(7, 2).unwrap().into(),
            day("1850-06-01").into(),
            time("1999-12-31T00:00:00Z").into(),
            false.into(),
        ],
    ]
}

fn written(format: Format, language: Language) -> Vec<u8> {
    let rows = rows();
    write_sheet(format, sheet(), language, rows.iter().map(Vec::as_slice)).unwrap()
}

#[test]
fn json_has_every_value_and_says_what_it_is() {
    let document: Value = serde_json::from_slice(&written(Format::Json, Language::Fr)).unwrap();
    assert_eq!(document["about"]["position"], json!("42"));
    assert_eq!(
        document["columns"][2],
        json!({ "name": "amount", "type": "integer", "unit": "XOF", "heading": "Montant" })
    );
    let first = &document["rows"][0];
    assert_eq!(first["path"], json!("00000000-0000-0000-0000-000000000007"));
    assert_eq!(first["sector"], json!("=HYPERLINK(\"x\")"));
    assert_eq!(first["amount"], json!(300_000));
    assert_eq!(first["rate"], json!(-12.5));
    assert_eq!(first["occurred_on"], json!("2024-02-29"));
    assert_eq!(first["recorded_at"], json!("2024-02-29T23:59:59.123456Z"));
    assert_eq!(document["rows"][1]["amount"], Value::Null);
    assert_eq!(document["rows"].as_array().unwrap().len(), 3);
    // Every digit of the scale is on the wire.
    let text = String::from_utf8(written(Format::Json, Language::En)).unwrap();
    assert!(text.contains("\"rate\":-12.50,"), "{text}");
}

#[test]
fn a_sheet_without_rows_is_still_a_document() {
    let empty = |format| write_sheet(format, sheet(), Language::En, []).unwrap();
    let document: Value = serde_json::from_slice(&empty(Format::Json)).unwrap();
    assert_eq!(document["rows"], json!([]));
    let file = SerializedFileReader::new(bytes::Bytes::from(empty(Format::Parquet))).unwrap();
    assert_eq!(file.metadata().file_metadata().num_rows(), 0);
    let text = String::from_utf8(empty(Format::Csv)).unwrap();
    assert_eq!(text, "path,sector,amount,rate,occurred_on,recorded_at,present\r\n");
}

#[test]
fn csv_is_rfc_4180_with_french_headings_and_no_formula() {
    let text = String::from_utf8(written(Format::Csv, Language::Fr)).unwrap();
    assert_eq!(
        text,
        "Parcours,Secteur,Montant,Taux,Jour du fait,Enregistré à,Présent\r\n\
         00000000-0000-0000-0000-000000000007,\"'=HYPERLINK(\"\"x\"\")\",300000,-12.50,2024-02-29,\
         2024-02-29T23:59:59.123456Z,true\r\n\
         ,,,,,,\r\n\
         00000000-0000-0000-0000-000000000008,\"a, \"\"b\"\"\né\",-5,0.07,1850-06-01,\
         1999-12-31T00:00:00.000000Z,false\r\n"
    );
}

#[test]
fn every_beginning_of_a_formula_is_guarded_and_can_be_taken_back() {
    let columns = vec![SheetColumn::new("word", sira_projections::table::Kind::Text, "Mot")];
    let sheet = Sheet::new("words", columns, DateTime::UNIX_EPOCH);
    for text in ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "'x", "\u{ff1d}1", "\u{ff20}x"] {
        let row = [Cell::Text(text.into())];
        let written = write_sheet(Format::Csv, sheet.clone(), Language::En, [&row[..]]).unwrap();
        let mut reader = ::csv::Reader::from_reader(&written[..]);
        let read = reader.records().next().unwrap().unwrap();
        assert_eq!(read[0].strip_prefix('\''), Some(text));
    }
}

#[test]
fn csv_metadata_describes_the_columns_and_the_position() {
    let document = csvw_metadata(&sheet(), Language::Fr, "essay.csv");
    assert_eq!(document["url"], json!("essay.csv"));
    assert_eq!(document["tableSchema"]["columns"][3]["datatype"], json!("decimal"));
    assert_eq!(document["tableSchema"]["columns"][3]["titles"], json!("Taux"));
    let position = json!({ "schema:name": "position", "schema:value": "42" });
    assert_eq!(document["schema:additionalProperty"], json!([position]));
}

/// The days since 1970 in the fifth column.
fn day_of(row: &Row) -> i32 {
    match row.get_column_iter().nth(4) {
        Some((_, Field::Date(days))) => *days,
        other => panic!("{other:?}"),
    }
}

#[test]
fn parquet_has_typed_columns_and_says_what_it_is() {
    let file = bytes::Bytes::from(written(Format::Parquet, Language::Fr));
    let file = SerializedFileReader::new(file).unwrap();
    let about = file.metadata().file_metadata();
    let head = about.key_value_metadata().unwrap();
    let head = head.iter().find(|pair| pair.key == parquet::METADATA_KEY).unwrap();
    let head: Value = serde_json::from_str(head.value.as_deref().unwrap()).unwrap();
    assert_eq!(head["about"]["position"], json!("42"));
    assert_eq!(head["columns"][4]["heading"], json!("Jour du fait"));
    let mut schema = Vec::new();
    ::parquet::schema::printer::print_schema(&mut schema, about.schema());
    assert_eq!(
        String::from_utf8(schema).unwrap(),
        "message essay {\n  \
           OPTIONAL BYTE_ARRAY path (STRING);\n  \
           OPTIONAL BYTE_ARRAY sector (STRING);\n  \
           OPTIONAL INT64 amount;\n  \
           OPTIONAL INT64 rate (DECIMAL(18,2));\n  \
           OPTIONAL INT32 occurred_on (DATE);\n  \
           OPTIONAL INT64 recorded_at (TIMESTAMP(MICROS,true));\n  \
           OPTIONAL BOOLEAN present;\n\
         }\n"
    );
    let rows: Vec<_> = file.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].get_string(0).unwrap(), "00000000-0000-0000-0000-000000000007");
    assert_eq!(rows[0].get_string(1).unwrap(), "=HYPERLINK(\"x\")");
    assert_eq!(rows[0].get_long(2).unwrap(), 300_000);
    let rate = rows[0].get_decimal(3).unwrap();
    let parts =
        rate.data().iter().fold(if rate.data()[0] < 128 { 0 } else { -1_i64 }, |sum, byte| {
            (sum << 8) | i64::from(*byte)
        });
    assert_eq!((parts, rate.scale()), (-1250, 2));
    let day_number = (day("2024-02-29") - NaiveDate::default()).num_days();
    assert_eq!(i64::from(day_of(&rows[0])), day_number);
    let micros = time("2024-02-29T23:59:59.123456Z").timestamp_micros();
    assert_eq!(rows[0].get_timestamp_micros(5).unwrap(), micros);
    assert!(rows[0].get_bool(6).unwrap());
    assert_eq!(rows[1].to_string().matches("null").count(), 7);
    assert!(day_of(&rows[2]) < 0);
}

#[test]
fn xlsx_has_real_days_and_numbers_under_headings_that_stay() {
    let written = written(Format::Xlsx, Language::Fr);
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(written)).unwrap();
    assert_eq!(book.sheet_names(), ["essay", "À propos"]);
    let page = book.worksheet_range("essay").unwrap();
    let cell = |row, place| page.get_value((row, place)).cloned().unwrap_or_default();
    assert_eq!(cell(0, 4), Data::String("Jour du fait".into()));
    assert_eq!(cell(1, 1), Data::String("=HYPERLINK(\"x\")".into()));
    assert_eq!(cell(1, 2), Data::Float(300_000.0));
    assert_eq!(cell(1, 3), Data::Float(-12.5));
    let Data::DateTime(on) = cell(1, 4) else { panic!("{:?}", cell(1, 4)) };
    assert_eq!(on.as_datetime().unwrap().date(), day("2024-02-29"));
    let Data::DateTime(at) = cell(1, 5) else { panic!("{:?}", cell(1, 5)) };
    let expected = time("2024-02-29T23:59:59.123Z").naive_utc();
    let apart = at.as_datetime().unwrap() - expected;
    assert!(apart.num_milliseconds().abs() <= 1, "{apart}");
    assert_eq!(cell(1, 6), Data::Bool(true));
    assert_eq!(cell(2, 2), Data::Empty);
    assert_eq!(cell(3, 4), Data::String("1850-06-01".into()));
    let about = book.worksheet_range("À propos").unwrap();
    let told: Vec<_> = about.rows().map(|row| format!("{} {}", row[0], row[1])).collect();
    assert!(told.contains(&"position 42".to_owned()), "{told:?}");
    assert!(told.contains(&"amount Montant".to_owned()), "{told:?}");
}

#[test]
fn a_number_past_what_excel_shows_is_kept_digit_for_digit() {
    let columns = vec![SheetColumn::new("number", sira_projections::table::Kind::Int, "Nombre")];
    let sheet = Sheet::new("numbers", columns, DateTime::UNIX_EPOCH);
    let row = [Cell::Int(i64::MAX)];
    let written = write_sheet(Format::Xlsx, sheet, Language::En, [&row[..]]).unwrap();
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(written)).unwrap();
    let page = book.worksheet_range("numbers").unwrap();
    assert_eq!(page.get_value((1, 0)), Some(&Data::String(i64::MAX.to_string())));
}

#[test]
fn the_same_rows_make_the_same_file() {
    for format in Format::ALL {
        assert_eq!(written(format, Language::Fr), written(format, Language::Fr), "{format:?}");
    }
}

#[test]
fn a_row_that_does_not_fit_is_refused_in_every_format() {
    for format in Format::ALL {
        let mut writer = SheetWriter::begin(format, sheet(), Language::En, Vec::new()).unwrap();
        let mut row = rows().remove(0);
        row[3] = Decimal::try_new(1, 3).unwrap().into();
        let error = writer.write(&row).unwrap_err();
        assert!(matches!(error, FormatError::Row { column: 4, .. }), "{error:?}");
        let error = writer.write(&row[..3]).unwrap_err();
        assert!(matches!(error, FormatError::Row { column: 4, .. }), "{error:?}");
    }
    let twice = vec![
        SheetColumn::new("a", sira_projections::table::Kind::Int, "A"),
        SheetColumn::new("a", sira_projections::table::Kind::Int, "B"),
    ];
    let sheet = Sheet::new("twice", twice, DateTime::UNIX_EPOCH);
    let refused = SheetWriter::begin(Format::Json, sheet, Language::En, Vec::new());
    assert!(matches!(refused.err(), Some(FormatError::Columns { .. })));
}

#[test]
fn an_output_that_fails_is_told_in_every_format() {
    /// Takes some bytes, then is full.
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if self.0 < bytes.len() {
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            self.0 -= bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in Format::ALL {
        let rows = rows();
        let outcome =
            SheetWriter::begin(format, sheet(), Language::En, Full(10)).and_then(|mut out| {
                for row in &rows {
                    out.write(row)?;
                }
                out.finish()
            });
        assert!(outcome.is_err(), "{format:?}");
    }
}
