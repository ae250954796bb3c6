//! How a path stood for a time.

use chrono::NaiveDate;
use sqlx::FromRow;

use super::super::cube::Cube;
use super::measure::Source;
use super::own::{OwnColumns, Unfit};

#[derive(FromRow)]
pub(super) struct SpellRow {
    spell: String,
    ended_on: Option<NaiveDate>,
}

impl OwnColumns for SpellRow {
    const SOURCE: Source = Source::CaseSpells;
    const TABLE: &'static str = "case_spells";
    const COLUMNS: &'static str = "spell, ended_on";
    type Told = ();

    fn measure(&self) -> &str {
        &self.spell
    }

    fn ends_on(&self) -> Option<NaiveDate> {
        self.ended_on
    }

    fn tells(&self, _: &mut Cube) -> Result<Self::Told, Unfit> {
        Ok(())
    }
}
