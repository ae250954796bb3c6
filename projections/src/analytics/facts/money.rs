//! An amount that was asked for, approved, paid or paid back.

use sqlx::FromRow;

use super::super::cube::Cube;
use super::measure::Source;
use super::own::{OwnColumns, Tag, Unfit, tag};

/// An amount that moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// Whole francs.
    pub amount: i64,
    /// Place of the instrument's word.
    pub instrument: Tag,
}

#[derive(FromRow)]
pub(super) struct MoneyRow {
    line: String,
    amount: i64,
    instrument: String,
}

impl OwnColumns for MoneyRow {
    const SOURCE: Source = Source::FinanceLines;
    const TABLE: &'static str = "finance_lines";
    const COLUMNS: &'static str = "line, amount, instrument";
    type Told = Money;

    fn measure(&self) -> &str {
        &self.line
    }

    fn tells(&self, cube: &mut Cube) -> Result<Self::Told, Unfit> {
        let instrument = tag(cube, &self.instrument)?;
        Ok(Money { amount: self.amount, instrument })
    }
}
