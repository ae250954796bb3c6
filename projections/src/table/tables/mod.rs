//! The tables of every read model: a file each, and the one list.

pub(crate) mod activity_log;
pub(crate) mod breakdown;
pub(crate) mod businesses;
pub(crate) mod case_advisers;
pub(crate) mod case_links;
pub(crate) mod case_milestones;
pub(crate) mod case_spells;
pub(crate) mod case_status;
pub(crate) mod cohort_status;
pub(crate) mod commitments;
mod common;
pub(crate) mod employment;
pub(crate) mod finance_lines;
pub(crate) mod follow_up_schedule;
pub(crate) mod fund_status;
pub(crate) mod grievances;
pub(crate) mod handovers;
pub(crate) mod indicator_values;
pub(crate) mod instalments;
pub(crate) mod job_counts;
pub(crate) mod loan_balances;
pub(crate) mod loan_status;
pub(crate) mod offices;
pub(crate) mod payments;
pub(crate) mod programme_status;
pub(crate) mod reconciliations;
pub(crate) mod referrals;
pub(crate) mod staff;
pub(crate) mod targets;
pub(crate) mod training_assessments;
pub(crate) mod training_attendance;
pub(crate) mod visits;
pub(crate) mod visits_due;

use super::definition::Table;

macro_rules! tables {
    ($($id:ident in $place:ident;)*) => {
        /// Which table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each is described in its file")]
        pub enum TableId { $($id,)* }

        /// Every table, in the order of [`TableId`].
        pub static TABLES: &[Table] = &[$($place::TABLE,)*];
    };
}

tables! {
    CaseStatus in case_status;
    CaseAdvisers in case_advisers;
    Handovers in handovers;
    CaseLinks in case_links;
    CaseMilestones in case_milestones;
    TrainingAttendance in training_attendance;
    TrainingAssessments in training_assessments;
    CohortStatus in cohort_status;
    FinanceLines in finance_lines;
    FundStatus in fund_status;
    LoanStatus in loan_status;
    Visits in visits;
    FollowUpSchedule in follow_up_schedule;
    IndicatorValues in indicator_values;
    Targets in targets;
    ActivityLog in activity_log;
    Grievances in grievances;
    ProgrammeStatus in programme_status;
    Offices in offices;
    Staff in staff;
    Commitments in commitments;
    Payments in payments;
    Reconciliations in reconciliations;
    Referrals in referrals;
    LoanBalances in loan_balances;
    Instalments in instalments;
    JobCounts in job_counts;
    Businesses in businesses;
    CaseSpells in case_spells;
    Employment in employment;
    VisitsDue in visits_due;
}

impl TableId {
    /// Its definition.
    #[must_use]
    pub fn table(self) -> &'static Table {
        &TABLES[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tables_place_is_its_id_and_its_names_are_its_own() {
        for (place, table) in TABLES.iter().enumerate() {
            assert_eq!(table.id as usize, place, "{}", table.name);
            assert_eq!(table.id.table().name, table.name);
            let mut names: Vec<_> = table.all_columns().map(|column| column.name).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{}", table.name);
            for list in table.indexes {
                let (columns, only) = list.split_once(" WHERE ").unwrap_or((list, ""));
                let only = only.split(' ').next().filter(|name| !name.is_empty());
                for name in columns.split(", ").chain(only) {
                    assert!(names.contains(&name), "{} {name}", table.name);
                }
            }
        }
    }
}
