//! That a path is one person's with another.

use sqlx::FromRow;
use uuid::Uuid;

use super::super::cube::Cube;
use super::measure::Source;
use super::own::{OwnColumns, Unfit};

/// The path under which the person of a frozen one continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Place of that path in the cube.
    pub continues_as: u32,
}

#[derive(FromRow)]
pub(super) struct LinkRow {
    continues_as: String,
}

impl OwnColumns for LinkRow {
    const SOURCE: Source = Source::CaseLinks;
    const TABLE: &'static str = "case_links";
    const COLUMNS: &'static str = "continues_as";
    type Told = Link;

    fn measure(&self) -> &'static str {
        "link"
    }

    fn tells(&self, cube: &mut Cube) -> Result<Self::Told, Unfit> {
        let id = Uuid::try_parse(&self.continues_as).map_err(|_| Unfit)?;
        Ok(Link { continues_as: cube.cases.place(id) })
    }
}
