//! What rows of a list must have.

use uuid::Uuid;

use super::statement::Condition;

/// What the paths of a list must have; all that is given at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// The programme.
    pub programme: Option<Uuid>,
    /// The region of residence, a key of the list.
    pub region: Option<String>,
    /// The office in charge.
    pub office: Option<String>,
    /// The stage's word.
    pub stage: Option<String>,
    /// The status's word.
    pub status: Option<String>,
    /// The training group last joined.
    pub cohort: Option<Uuid>,
    /// The sector.
    pub sector: Option<String>,
    /// The decision waited for.
    pub awaiting: Option<String>,
    /// The adviser in charge.
    pub adviser: Option<String>,
}

impl Filters {
    /// The conditions on rows of `c`, a table with these columns; the adviser's is on `a`, the table of
    /// advisers, which is then joined.
    pub(super) fn conditions(&self) -> Vec<Condition> {
        let id = |id: &Option<Uuid>| id.map(|id| id.to_string());
        let wanted = [
            ("a.adviser = ?", self.adviser.clone()),
            ("c.programme = ?", id(&self.programme)),
            ("c.region = ?", self.region.clone()),
            ("c.office = ?", self.office.clone()),
            ("c.stage = ?", self.stage.clone()),
            ("c.status = ?", self.status.clone()),
            ("c.cohort = ?", id(&self.cohort)),
            ("c.sector = ?", self.sector.clone()),
            ("c.awaiting = ?", self.awaiting.clone()),
        ];
        let given = wanted.into_iter().filter_map(|(text, value)| Some((text, value?)));
        given.map(|(text, value)| Condition::of(text, [value.into()])).collect()
    }
}
