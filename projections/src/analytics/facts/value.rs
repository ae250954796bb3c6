//! Values that stand in no other table: incomes, jobs, instalments, people reached.

use sqlx::FromRow;

use super::super::cube::Cube;
use super::measure::Source;
use super::own::{OwnColumns, Tag, Unfit, tag};

/// An income, brought to a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Income {
    /// Whole units of the currency, a year.
    pub yearly: i64,
    /// Place of the currency's word.
    pub currency: Tag,
    /// Whether the person has completed a training.
    pub trained: Option<bool>,
}

/// What a row tells: an income, or a number in its measure's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueTold {
    Income(Income),
    Value(i64),
}

#[derive(FromRow)]
pub(super) struct ValueRow {
    measure: String,
    value: i64,
    currency: Option<String>,
    trained: Option<bool>,
}

impl OwnColumns for ValueRow {
    const SOURCE: Source = Source::IndicatorValues;
    const TABLE: &'static str = "indicator_values";
    const COLUMNS: &'static str = "measure, value, currency, trained";
    type Told = ValueTold;

    fn measure(&self) -> &str {
        &self.measure
    }

    /// Incomes alone have a currency.
    fn tells(&self, cube: &mut Cube) -> Result<Self::Told, Unfit> {
        let Some(currency) = &self.currency else { return Ok(ValueTold::Value(self.value)) };
        let currency = tag(cube, currency)?;
        Ok(ValueTold::Income(Income { yearly: self.value, currency, trained: self.trained }))
    }
}
