//! What a refusal speaks of: steps, duties, quantities, amounts, things.

/// A step of the path that another one rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A submitted idea.
    Idea,
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
    /// A consent that stands.
    Consent,
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
    /// Pays.
    Payer,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Interview total, out of 100.
    InterviewTotal,
    /// Attendance, in percent of planned hours.
    Attendance,
    /// Modules passed.
    ModulesPassed,
    /// Items of a list.
    Items,
    /// Seats of a cohort.
    Seats,
}

/// What an amount of money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// The ceiling of an instrument.
    Ceiling,
    /// What was asked for.
    Requested,
    /// What was approved.
    Approved,
    /// The sum of the tranches.
    Tranches,
    /// The amount of the tranche.
    Tranche,
    /// Principal still owed.
    Owed,
    /// Principal still owed where nothing may be.
    LeftOwed,
    /// What a repayment is of, principal and interest together.
    Repayment,
    /// The principal of the schedule.
    Schedule,
    /// What a fund has left to commit.
    FreeBalance,
    /// What a fund has committed and not paid out.
    OpenCommitments,
    /// What a fund has committed and not paid out where nothing may be.
    LeftCommitted,
    /// What a fund has committed, paid out or not.
    Committed,
    /// The budget of a fund.
    Budget,
}

/// A thing that a command names by number or code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// An event of the stream.
    Event,
    /// A financing.
    Financing,
    /// A tranche.
    Tranche,
    /// A grievance.
    Grievance,
    /// A consent.
    Consent,
    /// A business plan.
    BusinessPlan,
    /// An office.
    Office,
    /// A programme.
    Programme,
    /// A milestone of the rules.
    Milestone,
    /// A training session.
    Session,
    /// A lottery.
    Lottery,
    /// A sector.
    Sector,
    /// A module.
    Module,
    /// A repayment schedule.
    Schedule,
    /// A selection decision.
    Selection,
    /// A registration.
    Registration,
    /// A completed training.
    Training,
    /// A convention.
    Convention,
    /// A payment reference.
    PaymentReference,
    /// A business.
    Business,
    /// An income.
    Income,
    /// Personal data.
    PersonalData,
    /// A cohort.
    Cohort,
    /// A fund.
    Fund,
    /// A member of a cohort.
    Member,
    /// A linked duplicate.
    Duplicate,
    /// A path.
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
