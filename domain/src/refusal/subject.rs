//! What a refusal speaks of: steps, duties, quantities, amounts, things.

/// A step of the path that another one rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An assessment of eligibility.
    Eligibility,
    /// A recorded interview.
    Interview,
    /// A submitted business plan.
    BusinessPlan,
    /// A validated business plan.
    ValidatedPlan,
    /// An approved financing.
    Approval,
    /// A signed agreement.
    Agreement,
    /// A loan written off, or a guarantee called.
    WriteOff,
    /// Money paid out, or a start without money.
    Financing,
    /// A started business.
    BusinessStart,
    /// The visit of the last milestone.
    FinalVisit,
    /// A visit after the tranche before.
    Visit,
    /// A document attached after the tranche before.
    Document,
    /// A seat in a cohort.
    Enrolment,
    /// A line of the register for every member in training.
    RegisterLine,
}

/// Two duties that one person may not hold in one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Held the interview.
    Interviewer,
    /// Decided the selection.
    Decider,
    /// Requested the financing.
    Requester,
    /// Approved the financing.
    Approver,
    /// Pays the financing out.
    Payer,
    /// Recorded a payment.
    Recorder,
    /// Undoes a payment.
    Reverser,
}

/// A number that rules speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Interview total, out of 100.
    InterviewTotal,
    /// Attendance, in percent of planned hours.
    Attendance,
    /// Number of modules passed.
    ModulesPassed,
    /// Items of a list.
    Items,
    /// Seats of a cohort.
    Seats,
    /// Jobs seen at a visit.
    Jobs,
    /// Jobs of people under 35.
    JobsUnder35,
    /// Full-time equivalents, in hundredths.
    FullTime,
    /// Jobs expected of an idea.
    JobsExpected,
    /// People reached by an action.
    PeopleReached,
    /// Minutes of a session.
    SessionMinutes,
    /// Places of a ranked list.
    Places,
    /// Minutes of a session that somebody was there for.
    MinutesPresent,
}

/// An amount of money that rules speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// The ceiling of an instrument.
    Ceiling,
    /// The amount asked for.
    Requested,
    /// The amount approved.
    Approved,
    /// The sum of the tranches.
    Tranches,
    /// The amount of the tranche.
    Tranche,
    /// Principal still owed.
    Owed,
    /// Principal and interest still owed where nothing may be.
    LeftOwed,
    /// Interest still owed.
    InterestOwed,
    /// What is still owed, where only what goes beyond is credit.
    LeftBeforeCredit,
    /// What may be refunded.
    Refund,
    /// What was given up and is not back.
    Lost,
    /// What is guaranteed and not called.
    Guaranteed,
    /// What was paid out, where nothing may be.
    AlreadyPaid,
    /// What was paid out and did not come back.
    Reversed,
    /// A credit that was not refunded.
    ReversedCredit,
    /// The amount of a repayment, principal and interest together.
    Repayment,
    /// The principal of the schedule.
    Schedule,
    /// The part of a fund's budget that can still be committed.
    FreeBalance,
    /// The part of a fund's commitments that is not paid out.
    OpenCommitments,
    /// The part of a fund's commitments that is not paid out, where nothing may be.
    LeftCommitted,
    /// A fund's commitments, paid out or not.
    Committed,
    /// The budget of a fund.
    Budget,
    /// Turnover of a month.
    MonthlyRevenue,
    /// Profit of a month.
    MonthlyProfit,
    /// Profit of a month, as a part of the turnover.
    ProfitOfRevenue,
    /// Income over thirty days.
    MonthlyIncome,
    /// Cost of starting.
    StartUpCost,
    /// What a person is approved in all of one instrument.
    PersonCeiling,
    /// What a person is approved in all of every instrument.
    PersonCeilingInAll,
    /// What the parts of one need are asked for together, of one instrument.
    NeedCeiling,
    /// The part of a budget line that can still be committed or paid.
    LineBalance,
    /// The commitments of a budget line.
    LineCommitted,
    /// The sum of the budget lines.
    BudgetLines,
    /// A cost of the fund itself.
    Overhead,
    /// What a fund paid out and did not get back.
    FundPaidOut,
    /// What came into a fund of this kind.
    FundReceived,
    /// The credit that a fund holds for the persons.
    FundCredit,
}

impl Amount {
    /// The field of the command that the amount stands in; none where it is no field's.
    pub(super) const fn field(self) -> Option<&'static str> {
        match self {
            Self::Tranches | Self::Tranche => Some("tranches"),
            Self::Schedule => Some("schedule"),
            Self::Repayment => Some("principal"),
            Self::InterestOwed => Some("interest"),
            Self::LeftBeforeCredit => Some("credit"),
            Self::Committed | Self::Budget => Some("budget"),
            Self::LineCommitted | Self::BudgetLines => Some("lines"),
            Self::Reversed | Self::ReversedCredit => Some("sequence"),
            Self::AlreadyPaid => Some("financing"),
            Self::MonthlyRevenue => Some("monthly_revenue"),
            Self::MonthlyProfit | Self::ProfitOfRevenue => Some("monthly_profit"),
            Self::StartUpCost => Some("start_up_cost"),
            Self::LeftOwed | Self::LeftCommitted => None,
            Self::Ceiling
            | Self::Requested
            | Self::Approved
            | Self::Owed
            | Self::Refund
            | Self::Lost
            | Self::Guaranteed
            | Self::FreeBalance
            | Self::OpenCommitments
            | Self::MonthlyIncome
            | Self::PersonCeiling
            | Self::PersonCeilingInAll
            | Self::NeedCeiling
            | Self::LineBalance
            | Self::FundPaidOut
            | Self::FundReceived
            | Self::FundCredit
            | Self::Overhead => Some("amount"),
        }
    }
}

/// A thing that a command names by number or code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// An event of the stream.
    Event,
    /// A financing, by number.
    Financing,
    /// A tranche of a financing, by number.
    Tranche,
    /// A grievance, by number.
    Grievance,
    /// A referral, by number.
    Referral,
    /// A party of the convention, by its name or its part.
    Party,
    /// A commitment of a party, by number.
    Commitment,
    /// A consent, by scope.
    Consent,
    /// A business plan.
    BusinessPlan,
    /// An office, by code.
    Office,
    /// A programme, by id.
    Programme,
    /// An open call, by the two days of its period.
    Call,
    /// An application of somebody without an account, by id.
    Application,
    /// A milestone of the rules.
    Milestone,
    /// A training session.
    Session,
    /// The register of a training session, by the session's word.
    Register,
    /// A lottery, by its own word.
    Lottery,
    /// An indicator of the catalogue, by name.
    Indicator,
    /// A sector, by code.
    Sector,
    /// A module, by code.
    Module,
    /// A registration, by reference.
    Registration,
    /// A completed training.
    Training,
    /// A convention, by the programme's name.
    Convention,
    /// A payment, by the sequence of its event.
    Payment,
    /// A payment reference.
    PaymentReference,
    /// A running business, by sector.
    Business,
    /// An income, by the two days of its period.
    Income,
    /// The personal data of the beneficiary.
    PersonalData,
    /// A training group, by code or id.
    Cohort,
    /// A fund, by code or id.
    Fund,
    /// A member of a cohort.
    Member,
    /// A linked duplicate.
    Duplicate,
    /// A link of two paths, by the other path.
    Link,
    /// A likely duplicate that was dismissed, by the other path.
    Dismissal,
    /// A path, by id or reference.
    Path,
    /// A start without money.
    Waiver,
    /// A seat in a cohort.
    Seat,
    /// The closure of a business.
    Closure,
    /// A command, by its word.
    Command,
    /// An adviser, by the name in their token.
    Adviser,
    /// A post of the directory, by the name in its holder's token.
    Post,
    /// A transfer that waits to be accepted.
    Transfer,
    /// An entry of a list, by its number.
    Entry,
    /// A decision of selection, by its session.
    Selection,
    /// A ranked list, by its session.
    RankedList,
    /// A payment of a fund, by its reference.
    PaymentOfFund,
    /// A line of a statement, by its number.
    StatementLine,
    /// A budget line of a fund, by its word.
    BudgetLine,
    /// A currency, by its letters.
    Currency,
}
