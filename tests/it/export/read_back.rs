//! What a file says, cell by cell, in one form for all formats: empty for nothing, ISO days, moments
//! in microseconds, `true` and `false`.

use calamine::{Data, Reader as _, Xlsx};
use chrono::{DateTime, Days, NaiveDate, SecondsFormat, Utc};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use sira::formats::Format;
use sira::formats::parquet::METADATA_KEY;

/// Headings and rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBack {
    pub headings: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// What the file says of itself, where it has a place for it.
    pub about: Value,
}

pub fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

pub fn read_back(format: Format, file: Vec<u8>) -> ReadBack {
    match format {
        Format::Json => json(&file),
        Format::Csv => csv(&file),
        Format::Parquet => parquet(file),
        Format::Xlsx => xlsx(file),
    }
}

fn json(file: &[u8]) -> ReadBack {
    let document: Value = serde_json::from_slice(file).unwrap();
    let columns = document["columns"].as_array().unwrap();
    let headings: Vec<_> =
        columns.iter().map(|column| column["name"].as_str().unwrap().to_owned()).collect();
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let row = |row: &Value| headings.iter().map(|name| cell(&row[name])).collect();
    let rows = document["rows"].as_array().unwrap().iter().map(row).collect();
    ReadBack { headings, rows, about: document["about"].clone() }
}

fn csv(file: &[u8]) -> ReadBack {
    let mut reader = ::csv::Reader::from_reader(file);
    let line = |line: &::csv::StringRecord| line.iter().map(str::to_owned).collect::<Vec<_>>();
    let headings = line(reader.headers().unwrap());
    let rows = reader.records().map(|row| line(&row.unwrap())).collect();
    ReadBack { headings, rows, about: Value::Null }
}

fn parquet(file: Vec<u8>) -> ReadBack {
    let file = SerializedFileReader::new(bytes::Bytes::from(file)).unwrap();
    let about = file.metadata().file_metadata();
    let pairs = about.key_value_metadata().unwrap();
    let head = pairs.iter().find(|pair| pair.key == METADATA_KEY).unwrap();
    let head: Value = serde_json::from_str(head.value.as_deref().unwrap()).unwrap();
    let columns = about.schema_descr().columns();
    let headings = columns.iter().map(|column| column.name().to_owned()).collect();
    let cell = |field: &Field| match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Long(number) => number.to_string(),
        Field::Bool(flag) => flag.to_string(),
        Field::Date(days) => {
            let days = Days::new(u64::try_from(*days).unwrap());
            (NaiveDate::default() + days).to_string()
        }
        Field::TimestampMicros(micros) => moment(DateTime::from_timestamp_micros(*micros).unwrap()),
        other => panic!("{other:?}"),
    };
    let rows = file.get_row_iter(None).unwrap();
    let rows =
        rows.map(|row| row.unwrap().get_column_iter().map(|(_, field)| cell(field)).collect());
    ReadBack { headings, rows: rows.collect(), about: head["about"].clone() }
}

/// Days and moments come back as such; a moment to the millisecond.
fn xlsx(file: Vec<u8>) -> ReadBack {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(file)).unwrap();
    let page = book.worksheet_range_at(0).unwrap().unwrap();
    let width = page.width();
    let cell = |data: &Data| match data {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Bool(flag) => flag.to_string(),
        Data::Float(number) => number.to_string(),
        Data::Int(number) => number.to_string(),
        Data::DateTime(time) => {
            let time = time.as_datetime().unwrap();
            if time.time() == chrono::NaiveTime::MIN {
                time.date().to_string()
            } else {
                moment(time.and_utc())
            }
        }
        other => panic!("{other:?}"),
    };
    let mut rows = page.rows().map(|row| {
        assert_eq!(row.len(), width);
        row.iter().map(cell).collect::<Vec<_>>()
    });
    let headings = rows.next().unwrap();
    ReadBack { headings, rows: rows.collect(), about: Value::Null }
}
