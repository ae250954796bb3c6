//! The tables of every read model: a file each, and the one list.

pub(crate) mod activity_log;
pub(crate) mod breakdown;
pub(crate) mod case_advisers;
pub(crate) mod case_milestones;
pub(crate) mod case_status;
pub(crate) mod cohort_status;
pub(crate) mod finance_lines;
pub(crate) mod follow_up_schedule;
pub(crate) mod fund_status;
pub(crate) mod grievances;
pub(crate) mod indicator_values;
pub(crate) mod loan_status;
pub(crate) mod offices;
pub(crate) mod programme_status;
pub(crate) mod staff;
pub(crate) mod targets;
pub(crate) mod training_assessments;
pub(crate) mod training_attendance;
pub(crate) mod visits;

use super::Table;
use super::define::{Meaning, means};

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
}

impl TableId {
    /// Its definition.
    #[must_use]
    pub fn table(self) -> &'static Table {
        &TABLES[self as usize]
    }
}

const AGGREGATE: Meaning = means("Parcours", "Id of the beneficiary's path.");
const SEQUENCE: Meaning = means("Séquence", "Sequence of the event in its stream, from 1.");
const OCCURRED: Meaning = means("Jour du fait", "Day on which it happened, in the field.");
const RECORDED: Meaning = means("Enregistré à", "When the event was recorded.");
const VERSION: Meaning = means("Version", "Sequence of the last event.").of("events");
const POSITION: Meaning = means("Position", "Position of the last event.").of("position");
const PROGRAMME: Meaning = means("Programme", "Id of the programme.");
const REFERENCE: Meaning = means("Référence", "Reference for paper and phone.");
const FINANCING: Meaning = means("Financement", "Number of the financing within the path, from 1.");
const OFFICE_NOW: Meaning = means("Antenne", "Office in charge.");
const REGION_NOW: Meaning = means("Région", "Region of residence.");
const REGISTERED_ON: Meaning = means("Inscrit le", "Day of registration.");
const STARTED_ON: Meaning = means("Démarré le", "Day on which the business started.");
const LAST_ON: Meaning = means("Dernier fait le", "Latest day of any fact of the path.");
const SEX: Meaning = means("Sexe", "female or male.");
const AGE_BAND: Meaning = means(
    "Tranche d'âge",
    "Age reached in the year of registration, by the year of birth as known now: under_18, 18_24, 25_29, 30_35 or over_35.",
);
const DISABILITY: Meaning = means(
    "Handicap",
    "Whether an answer of the Washington Group short set is 3 or 4; empty when not asked.",
);
const DISPLACED: Meaning =
    means("Déplacé interne", "Whether internally displaced; empty when not asked.");
const COHORT: Meaning = means("Groupe", "Id of the training group last joined, by then.");
const FUND: Meaning = means(
    "Fonds",
    "Id of the fund: the row's own where it is about money, else that of the last approved financing, by then.",
);

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
