//! How far the tables are told that facts are read from.

use sira_numbers::Position;

use crate::{ReadError, ReadStore};

/// The projections that facts are read from: the cube stands where the last of them stands.
pub const PROJECTIONS: [&str; 14] = [
    "case_links",
    "case_milestones",
    "training_attendance",
    "finance_lines",
    "loan_balances",
    "instalments",
    "job_counts",
    "businesses",
    "case_spells",
    "employment",
    "visits",
    "visits_due",
    "indicator_values",
    "grievances",
];

/// The position up to which every table that facts are read from is told, and how often they were put
/// in place; none before all of them were built.
///
/// # Errors
/// [`ReadError`].
pub async fn told(
    store: &ReadStore,
    journal: &str,
) -> Result<Option<(Position, Vec<u64>)>, ReadError> {
    let stored = store.projections(journal).await?;
    let of = |name: &str| stored.iter().find(|one| one.name == name);
    let found: Option<Vec<_>> = PROJECTIONS.into_iter().map(of).collect();
    Ok(found.map(|found| {
        let position = found.iter().map(|one| one.position).min().unwrap_or_default();
        (position, found.iter().map(|one| one.built).collect())
    }))
}
