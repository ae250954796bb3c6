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
    /// Principal still owed where nothing may be.
    LeftOwed,
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
    /// A consent, by scope.
    Consent,
    /// A business plan.
    BusinessPlan,
    /// An office, by code.
    Office,
    /// A programme, by id.
    Programme,
    /// A milestone of the rules.
    Milestone,
    /// A training session.
    Session,
    /// A lottery, by its own word.
    Lottery,
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
}
