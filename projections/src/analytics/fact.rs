//! Facts: rows of the read models as figures are made of them, in memory, a column of structs a measure.

use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

/// A row that stands has this for its end.
pub const STANDS: u64 = u64::MAX;

/// What a fact is broken down by: places in the [`Words`](super::words::Words) of each dimension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dims {
    /// The training group.
    pub cohort: u32,
    /// The programme.
    pub programme: u16,
    /// The office.
    pub office: u16,
    /// The fund.
    pub fund: u16,
    /// A word of the measure's own: an instrument, a module, a currency, a category.
    pub tag: u16,
    /// The region.
    pub region: u16,
    /// The sex.
    pub sex: u8,
    /// The band of age.
    pub age_band: u8,
    /// Disability: 0 unknown, 1 no, 2 yes.
    pub disability: u8,
    /// Displaced: 0 unknown, 1 no, 2 yes.
    pub displaced: u8,
    /// Trained: 0 unknown, 1 no, 2 yes.
    pub trained: u8,
}

/// One row: what it counts, of whom, when, and between which positions it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Position of the event that told it.
    pub since: u64,
    /// Position of the event that took it back; [`STANDS`] while it stands.
    pub until: u64,
    /// The value.
    pub value: i64,
    /// What the value is a part of, or what else the measure needs.
    pub of: i64,
    /// Place of the path in the cube.
    pub case: u32,
    /// Sequence of the event in its stream.
    pub sequence: u32,
    /// Day of the fact, as days from the common era.
    pub on: i32,
    /// Number among the rows of its event.
    pub part: u16,
    /// What it is broken down by.
    pub dims: Dims,
}

/// A day as a number.
#[must_use]
pub fn number_of(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

/// A number as a day.
#[must_use]
pub fn day_of(number: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(number).unwrap_or_default()
}

macro_rules! measures {
    ($($name:ident $word:literal $source:ident;)*) => {
        /// What a fact counts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the words say it")]
        pub enum Measure { $($name,)* }

        impl Measure {
            /// Every measure.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The measure of a word in a source.
            #[must_use]
            pub fn find(source: Source, word: &str) -> Option<Self> {
                match (source, word) {
                    $((Source::$source, $word) => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The table that it is read from.
            #[must_use]
            pub const fn source(self) -> Source {
                match self { $(Self::$name => Source::$source,)* }
            }
        }
    };
}

/// The table that facts are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    CaseMilestones,
    TrainingAttendance,
    TrainingAssessments,
    FinanceLines,
    LoanStatus,
    Visits,
    IndicatorValues,
    Grievances,
}

measures! {
    Registered "registered" CaseMilestones;
    IdeaSubmitted "idea_submitted" CaseMilestones;
    Eligible "eligible" CaseMilestones;
    Interviewed "interviewed" CaseMilestones;
    Selected "selected" CaseMilestones;
    Enrolled "enrolled" CaseMilestones;
    Trained "trained" CaseMilestones;
    PlanValidated "plan_validated" CaseMilestones;
    FinancingRequested "financing_requested" CaseMilestones;
    Approved "approved" CaseMilestones;
    Financed "financed" CaseMilestones;
    Waived "waived" CaseMilestones;
    Started "started" CaseMilestones;
    Closed "closed" CaseMilestones;
    Completed "completed" CaseMilestones;
    Exited "exited" CaseMilestones;
    Attendance "attendance" TrainingAttendance;
    Assessment "assessment" TrainingAssessments;
    RequestedAmount "requested" FinanceLines;
    ApprovedAmount "approved" FinanceLines;
    ReleasedAmount "released" FinanceLines;
    DisbursedAmount "disbursed" FinanceLines;
    PrincipalRepaid "principal_repaid" FinanceLines;
    InterestRepaid "interest_repaid" FinanceLines;
    WrittenOff "written_off" FinanceLines;
    Loan "loan" LoanStatus;
    Visit "visit" Visits;
    IncomeBaseline "income_baseline" IndicatorValues;
    IncomeFollowUp "income_follow_up" IndicatorValues;
    IncomeTracer "income_tracer" IndicatorValues;
    RevenueChange "revenue_change" IndicatorValues;
    JobsWomen "jobs_women" IndicatorValues;
    JobsMen "jobs_men" IndicatorValues;
    JobsUnder35 "jobs_under_35" IndicatorValues;
    JobsFullTime "jobs_full_time_hundredths" IndicatorValues;
    Due "due" IndicatorValues;
    CommunityAction "community_action" IndicatorValues;
    Support "support" IndicatorValues;
    Grievance "grievance" Grievances;
}

/// The paths that facts are of, by place.
#[derive(Debug, Default)]
pub struct Cases {
    ids: Vec<Uuid>,
    places: std::collections::HashMap<Uuid, u32>,
}

impl Cases {
    /// The place of a path, which is given one when it is new.
    pub fn place(&mut self, id: Uuid) -> u32 {
        *self.places.entry(id).or_insert_with(|| {
            self.ids.push(id);
            u32::try_from(self.ids.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// The path at a place.
    #[must_use]
    pub fn id(&self, place: u32) -> Option<Uuid> {
        self.ids.get(place as usize).copied()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }
}
