//! What facts count, where each is read from, and what each can be broken down by.

use super::super::words::Dimension;

/// What facts of people have: who, where, and when.
const OF_PEOPLE: &[Dimension] = &[
    Dimension::Programme,
    Dimension::Region,
    Dimension::Office,
    Dimension::Sex,
    Dimension::AgeBand,
    Dimension::Disability,
    Dimension::Displaced,
    Dimension::Sector,
    Dimension::Education,
    Dimension::Cohort,
    Dimension::Fund,
    Dimension::Year,
    Dimension::Quarter,
    Dimension::Month,
];
/// What facts with a word of their own have beside.
const WITH_CATEGORY: &[Dimension] = &[
    Dimension::Programme,
    Dimension::Region,
    Dimension::Office,
    Dimension::Sex,
    Dimension::AgeBand,
    Dimension::Disability,
    Dimension::Displaced,
    Dimension::Sector,
    Dimension::Education,
    Dimension::Cohort,
    Dimension::Fund,
    Dimension::Tag,
    Dimension::Year,
    Dimension::Quarter,
    Dimension::Month,
];
/// What incomes have: a currency, and whether the person was trained when it was told.
const OF_INCOMES: &[Dimension] = &[
    Dimension::Programme,
    Dimension::Region,
    Dimension::Office,
    Dimension::Sex,
    Dimension::AgeBand,
    Dimension::Disability,
    Dimension::Displaced,
    Dimension::Sector,
    Dimension::Education,
    Dimension::Cohort,
    Dimension::Fund,
    Dimension::Trained,
    Dimension::Tag,
    Dimension::Year,
    Dimension::Quarter,
    Dimension::Month,
];

/// The table that facts are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Which paths are one person's.
    CaseLinks,
    /// What paths have reached.
    CaseMilestones,
    /// Who attended which session.
    TrainingAttendance,
    /// The last assessment of each module.
    TrainingAssessments,
    /// Movements of money.
    FinanceLines,
    /// What was owed of loans.
    LoanBalances,
    /// Instalments, part by part.
    Instalments,
    /// Jobs of businesses.
    JobCounts,
    /// Businesses.
    Businesses,
    /// How paths stood.
    CaseSpells,
    /// What people do for a living.
    Employment,
    /// Follow-up visits.
    Visits,
    /// Follow-up visits as they fall due.
    VisitsDue,
    /// Values that stand in no other table.
    IndicatorValues,
    /// Grievances.
    Grievances,
}

macro_rules! measures {
    ($($name:ident $word:literal $source:ident $dimensions:ident;)*) => {
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

            /// What its facts can be broken down and filtered by. A fact may have an empty word there:
            /// nobody knows it, or there is none yet.
            #[must_use]
            pub const fn dimensions(self) -> &'static [Dimension] {
                match self { $(Self::$name => $dimensions,)* }
            }
        }
    };
}

measures! {
    Link "link" CaseLinks OF_PEOPLE;
    Registered "registered" CaseMilestones OF_PEOPLE;
    IdeaSubmitted "idea_submitted" CaseMilestones OF_PEOPLE;
    Eligible "eligible" CaseMilestones OF_PEOPLE;
    Interviewed "interviewed" CaseMilestones OF_PEOPLE;
    Selected "selected" CaseMilestones OF_PEOPLE;
    Enrolled "enrolled" CaseMilestones OF_PEOPLE;
    Trained "trained" CaseMilestones OF_PEOPLE;
    PlanValidated "plan_validated" CaseMilestones OF_PEOPLE;
    FinancingRequested "financing_requested" CaseMilestones OF_PEOPLE;
    Approved "approved" CaseMilestones OF_PEOPLE;
    Financed "financed" CaseMilestones OF_PEOPLE;
    Waived "waived" CaseMilestones OF_PEOPLE;
    Started "started" CaseMilestones OF_PEOPLE;
    Closed "closed" CaseMilestones OF_PEOPLE;
    Completed "completed" CaseMilestones OF_PEOPLE;
    Exited "exited" CaseMilestones OF_PEOPLE;
    PlanSubmitted "plan_submitted" CaseMilestones OF_PEOPLE;
    PlanValidatedFirst "plan_validated_first" CaseMilestones OF_PEOPLE;
    DroppedOut "dropped_out" CaseMilestones OF_PEOPLE;
    Attendance "attendance" TrainingAttendance OF_PEOPLE;
    Assessment "assessment" TrainingAssessments WITH_CATEGORY;
    RequestedAmount "requested" FinanceLines WITH_CATEGORY;
    ApprovedAmount "approved" FinanceLines WITH_CATEGORY;
    ReleasedAmount "released" FinanceLines WITH_CATEGORY;
    DisbursedAmount "disbursed" FinanceLines WITH_CATEGORY;
    PrincipalRepaid "principal_repaid" FinanceLines WITH_CATEGORY;
    InterestRepaid "interest_repaid" FinanceLines WITH_CATEGORY;
    WrittenOff "written_off" FinanceLines WITH_CATEGORY;
    Recovered "recovered" FinanceLines WITH_CATEGORY;
    Refunded "refunded" FinanceLines WITH_CATEGORY;
    CreditReceived "credit_received" FinanceLines WITH_CATEGORY;
    CreditRefunded "credit_refunded" FinanceLines WITH_CATEGORY;
    GuaranteeCalled "guarantee_called" FinanceLines WITH_CATEGORY;
    Loan "loan" LoanBalances OF_PEOPLE;
    Due "due" Instalments OF_PEOPLE;
    Jobs "jobs" JobCounts OF_PEOPLE;
    Business "business" Businesses OF_PEOPLE;
    Active "active" CaseSpells OF_PEOPLE;
    Suspended "suspended" CaseSpells OF_PEOPLE;
    Waiting "waiting" CaseSpells OF_PEOPLE;
    Visit "visit" Visits WITH_CATEGORY;
    VisitDue "visit_due" VisitsDue OF_PEOPLE;
    IncomeBaseline "income_baseline" IndicatorValues OF_INCOMES;
    IncomeFollowUp "income_follow_up" IndicatorValues OF_INCOMES;
    IncomeTracer "income_tracer" IndicatorValues OF_INCOMES;
    RevenueChange "revenue_change" IndicatorValues OF_PEOPLE;
    CommunityAction "community_action" IndicatorValues OF_PEOPLE;
    Support "support" IndicatorValues OF_PEOPLE;
    Referral "referral" IndicatorValues OF_PEOPLE;
    Grievance "grievance" Grievances WITH_CATEGORY;
    EmploymentBaseline "baseline" Employment WITH_CATEGORY;
    EmploymentFollowUp "follow_up" Employment WITH_CATEGORY;
    EmploymentTracer "tracer" Employment WITH_CATEGORY;
}
