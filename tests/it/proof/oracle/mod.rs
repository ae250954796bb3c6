//! A naive computation of every table, from what its definition says and the events' stored texts
//! alone: no fold, no state, no row that is replaced. It looks at all events of a stream up to a
//! position and says which rows stand. Slow, and meant to be.

mod due;
mod milestones;
mod money;
mod own;
mod people;
pub mod persons;
mod present;
mod spans;
mod story;

use std::collections::BTreeMap;

pub use own::{
    cohort_row, commitment_rows, fund_row, fund_rows, office_rows, programme_row, target_rows,
};
pub use present::present_rows;
pub use spans::due_rows;
pub use story::{Entry, Story};

/// One row: its table's own columns as text; nothing for an empty one.
pub type Line = Vec<Option<String>>;
/// Rows by table.
pub type Rows = BTreeMap<&'static str, Vec<Line>>;

/// A cell with something in it.
#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "rows are lists of cells, written out"
)]
pub fn some(value: impl ToString) -> Option<String> {
    Some(value.to_string())
}

/// The rows of the versioned tables that stand, of one path.
pub fn path_rows(story: &Story) -> Rows {
    let mut rows = Rows::new();
    if story.registration().is_none() {
        return rows;
    }
    rows.insert("finance_lines", money::lines(story));
    rows.insert("payments", money::payments(story));
    rows.insert("loan_status", money::loans(story));
    rows.insert("grievances", people::grievances(story));
    rows.insert("loan_balances", due::balances(story));
    rows.insert("instalments", due::instalments(story));
    rows.insert("job_counts", spans::job_rows(story));
    rows.insert("businesses", spans::business_rows(story));
    rows.insert("case_spells", spans::spell_rows(story));
    rows.insert("employment", people::employment(story));
    rows.insert("case_links", persons::links(story));
    rows.insert("case_milestones", milestones::rows(story));
    rows.insert("training_attendance", people::attendance(story));
    rows.insert("training_assessments", people::assessments(story));
    rows.insert("visits", people::visits(story));
    rows.insert("indicator_values", people::values(story));
    rows
}
