//! A sheet as Apache Parquet, row group by row group, pages compressed with Snappy.
//!
//! Every column may be empty. Ids are texts, as in the other formats and in the read database, since
//! many readers show a Parquet UUID as raw bytes; days are `DATE`, moments `TIMESTAMP(MICROS, UTC)`,
//! decimals `DECIMAL(18, scale)` over 64 bits. The file's metadata has what the sheet is, under
//! [`METADATA_KEY`], as the head of the JSON format.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use sira_domain::reference::Language;
use sira_projections::table::{Cell, Decimal, Kind};

use super::{FormatError, Sheet, SheetColumn, json};

/// Rows of a row group at most.
pub const GROUP_ROWS: usize = 65_536;
/// Bytes of cells that wait for their row group at most, to within a row; what the writer makes of
/// them is less.
pub const GROUP_BYTES: usize = 32 << 20;
/// The key under which the file's metadata has what the sheet is, as JSON.
pub const METADATA_KEY: &str = "sira.sheet";
/// Who wrote it.
const CREATED_BY: &str = concat!("sira version ", env!("CARGO_PKG_VERSION"));
/// Days from the first of January of year 1 to that of 1970.
const EPOCH_DAYS: i32 = 719_163;

pub(super) struct ParquetSheet<W: Write + Send> {
    out: SerializedFileWriter<W>,
    waiting: Vec<Waiting>,
    rows: usize,
    bytes: usize,
    /// Rows of a group at most, and bytes.
    limits: (usize, usize),
}

impl<W: Write + Send> ParquetSheet<W> {
    pub(super) fn begin(sheet: &Sheet, language: Language, out: W) -> Result<Self, FormatError> {
        Self::with_limits(sheet, language, out, (GROUP_ROWS, GROUP_BYTES))
    }

    fn with_limits(
        sheet: &Sheet,
        language: Language,
        out: W,
        limits: (usize, usize),
    ) -> Result<Self, FormatError> {
        let fields = sheet.columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder(&sheet.name).with_fields(fields).build()?;
        let about = KeyValue::new(METADATA_KEY.to_owned(), json::head(sheet, language)?);
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(CREATED_BY.to_owned())
            .set_key_value_metadata(Some(vec![about]))
            .build();
        let out = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?;
        let waiting = sheet.columns.iter().map(|column| Waiting::new(column.kind)).collect();
        Ok(Self { out, waiting, rows: 0, bytes: 0, limits })
    }

    pub(super) fn write(&mut self, row: &[Cell]) -> Result<(), FormatError> {
        for (waiting, cell) in self.waiting.iter_mut().zip(row) {
            self.bytes += waiting.take(cell);
        }
        self.rows += 1;
        let (rows, bytes) = self.limits;
        if self.rows >= rows || self.bytes >= bytes { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<(), FormatError> {
        let mut group = self.out.next_row_group()?;
        for waiting in &mut self.waiting {
            if let Some(column) = group.next_column()? {
                waiting.write(column)?;
            }
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, FormatError> {
        if self.rows > 0 {
            self.write_group()?;
        }
        Ok(self.out.into_inner()?)
    }
}

/// The column in the file's schema.
fn field(column: &SheetColumn) -> Result<TypePtr, FormatError> {
    let (physical, logical) = match column.kind {
        Kind::Id | Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Int => (Physical::INT64, None),
        Kind::Decimal(scale) => {
            let logical = LogicalType::decimal(scale.into(), Decimal::DIGITS_MAX.into());
            (Physical::INT64, Some(logical))
        }
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Time => {
            let logical = LogicalType::timestamp(true, TimeUnit::MICROS);
            (Physical::INT64, Some(logical))
        }
        Kind::Flag => (Physical::BOOLEAN, None),
    };
    let mut field = Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    if let Kind::Decimal(scale) = column.kind {
        field = field.with_precision(Decimal::DIGITS_MAX.into()).with_scale(scale.into());
    }
    Ok(Arc::new(field.build()?))
}

/// The cells of one column that wait for their row group.
struct Waiting {
    /// 1 for a value, 0 for none: the definition levels.
    there: Vec<i16>,
    values: Values,
}

enum Values {
    Text(Vec<ByteArray>),
    Int(Vec<i64>),
    Day(Vec<i32>),
    Flag(Vec<bool>),
}

impl Waiting {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Id | Kind::Text => Values::Text(Vec::new()),
            Kind::Int | Kind::Decimal(_) | Kind::Time => Values::Int(Vec::new()),
            Kind::Date => Values::Day(Vec::new()),
            Kind::Flag => Values::Flag(Vec::new()),
        };
        Self { there: Vec::new(), values }
    }

    /// Keeps a cell, which was seen to fit; the bytes that it holds.
    fn take(&mut self, cell: &Cell) -> usize {
        use chrono::Datelike as _;
        let bytes = match (&mut self.values, cell) {
            (Values::Text(values), Cell::Text(text)) => {
                values.push(ByteArray::from(text.as_bytes().to_vec()));
                size_of::<ByteArray>() + text.len()
            }
            (Values::Text(values), Cell::Id(id)) => {
                values.push(ByteArray::from(id.to_string().into_bytes()));
                size_of::<ByteArray>() + uuid::fmt::Hyphenated::LENGTH
            }
            (Values::Int(values), Cell::Int(number)) => push(values, *number),
            (Values::Int(values), Cell::Decimal(number)) => push(values, number.unscaled()),
            (Values::Int(values), Cell::Time(time)) => push(values, time.timestamp_micros()),
            (Values::Day(values), Cell::Date(day)) => {
                push(values, day.num_days_from_ce() - EPOCH_DAYS)
            }
            (Values::Flag(values), Cell::Flag(flag)) => push(values, *flag),
            _ => {
                self.there.push(0);
                return size_of::<i16>();
            }
        };
        self.there.push(1);
        bytes + size_of::<i16>()
    }

    /// Writes what waits as a chunk of its column, and waits for more.
    fn write(&mut self, column: SerializedColumnWriter<'_>) -> Result<(), FormatError> {
        match &mut self.values {
            Values::Text(values) => chunk::<ByteArrayType>(column, values, &self.there)?,
            Values::Int(values) => chunk::<Int64Type>(column, values, &self.there)?,
            Values::Day(values) => chunk::<Int32Type>(column, values, &self.there)?,
            Values::Flag(values) => chunk::<BoolType>(column, values, &self.there)?,
        }
        self.there.clear();
        Ok(())
    }
}

fn push<T>(values: &mut Vec<T>, value: T) -> usize {
    values.push(value);
    size_of::<T>()
}

fn chunk<T: DataType>(
    mut column: SerializedColumnWriter<'_>,
    values: &mut Vec<T::T>,
    there: &[i16],
) -> Result<(), FormatError> {
    column.typed::<T>().write_batch(values, Some(there), None)?;
    column.close()?;
    values.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};

    use super::*;

    #[test]
    fn a_row_group_ends_at_its_rows_or_its_bytes_and_none_is_empty() {
        let columns = vec![SheetColumn::new("word", Kind::Text, "Mot")];
        let sheet = Sheet::new("words", columns, DateTime::UNIX_EPOCH);
        let groups = |rows: usize, limits: (usize, usize)| -> Vec<i64> {
            let mut out =
                ParquetSheet::with_limits(&sheet, Language::En, Vec::new(), limits).unwrap();
            for _ in 0..rows {
                out.write(&["twelve bytes".into()]).unwrap();
            }
            let file = bytes::Bytes::from(out.finish().unwrap());
            let file = SerializedFileReader::new(file).unwrap();
            let groups = file.metadata().row_groups().iter();
            groups.map(parquet::file::metadata::RowGroupMetaData::num_rows).collect()
        };
        assert_eq!(groups(10, (4, usize::MAX)), [4, 4, 2]);
        assert_eq!(groups(8, (4, usize::MAX)), [4, 4]);
        let row = size_of::<ByteArray>() + "twelve bytes".len() + size_of::<i16>();
        assert_eq!(groups(5, (100, 2 * row)), [2, 2, 1]);
        assert_eq!(groups(0, (4, 4)), Vec::<i64>::new());
    }
}
