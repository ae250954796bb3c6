//! Why a sheet could not be written.

/// Why a sheet could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// Where it was written to failed.
    #[error("the output failed")]
    Output(#[from] std::io::Error),
    /// The columns are none, or two have one name.
    #[error("sheet {sheet}: its columns are none, or two have one name")]
    Columns {
        /// The sheet.
        sheet: String,
    },
    /// A row has another number of cells than there are columns, or a cell of another kind.
    #[error("sheet {sheet}: a row does not fit at column {column}")]
    Row {
        /// The sheet.
        sheet: String,
        /// Place of the first column that does not fit, from 1.
        column: usize,
    },
    /// The format's own library refused.
    #[error("the Parquet file could not be written")]
    Parquet(#[source] parquet::errors::ParquetError),
    /// The format's own library refused.
    #[error("the workbook could not be written")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
}

impl From<parquet::errors::ParquetError> for FormatError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        use parquet::errors::ParquetError;
        match error {
            // What the output said comes wrapped.
            ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
                Ok(error) => Self::Output(*error),
                Err(cause) => Self::Parquet(ParquetError::External(cause)),
            },
            other => Self::Parquet(other),
        }
    }
}
