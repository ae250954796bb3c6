//! Refusals in English.

use super::{either, is_open_ended, is_several, period_of};
use crate::path::{FACTS, Stage, Status};
use crate::reference::Language;
use crate::refusal::{Amount, Duty, Item, Quantity, Refusal, Step};
use crate::values::{Period, Xof};

/// What is wrong, as a clause that a sentence or a list can hold: no capital, no full stop.
pub(in crate::refusal) fn detail(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotRegistered => "nothing is registered under this id yet".into(),
        Refusal::WrongStage { stage, allowed } => wrong_stage(*stage, allowed),
        Refusal::WrongStatus { status, allowed } => wrong_status(*status, allowed),
        Refusal::MissingStep { step } => missing(*step).into(),
        Refusal::SameActor { actor, duty, other } => {
            format!("{actor} {} and therefore cannot {}", did(*other), to_do(*duty))
        }
        Refusal::NeedsRole { role } => {
            format!("only the role {} may do this", role.label(Language::En))
        }
        Refusal::Below { what, required, given } => {
            format!("{}: {given}, at least {required} needed", quantity(*what))
        }
        Refusal::Above { what, limit, given } => {
            format!("{}: {given}, at most {limit}", quantity(*what))
        }
        Refusal::TooMuch { what, limit, given } => too_much(*what, *limit, *given),
        Refusal::OtherAmount { what, expected, given } => other_amount(*what, *expected, *given),
        Refusal::TooLittle { what, least, given } => too_little(*what, *least, *given),
        Refusal::Unknown { item, name, .. } if name.is_empty() => none_of(*item),
        Refusal::Unknown { item, name, .. } => unknown(*item, name),
        Refusal::Differs { item, name } => {
            format!("{} was recorded already with other content", the(*item, name))
        }
        Refusal::Settled { item, name } => settled(*item, name),
        Refusal::OtherProgramme { item, name } => {
            format!("{} belongs to another programme", the(*item, name))
        }
        Refusal::Disagree { field, other } => disagree(field, other),
        Refusal::InFuture { field: "birth_year", given, .. } => {
            format!("the year of birth, {}, is still to come", given.format("%Y"))
        }
        Refusal::InFuture { given, today, .. } => {
            format!("{given} is still to come: today is {today}")
        }
        Refusal::TooEarly { given, earliest, .. } => {
            format!("{given} is too early: {earliest} at the earliest")
        }
        Refusal::OutsideTerm { term, given } => {
            format!("{given} is outside the convention, which runs {}", from_to(*term))
        }
        Refusal::OutsidePeriod { item, period, given } => {
            format!("{given} is outside the period of {}, {}", noun(*item), from_to(*period))
        }
        Refusal::RegionNotValid { region, on, then } => format!(
            "region {} does not exist on {on}; this territory is then in {}",
            region.code(),
            then.code()
        ),
        Refusal::OfficeClosed { office, open, on } => office_closed(office.as_str(), *open, *on),
        Refusal::NotEligible => "the person is not eligible by the rules".into(),
        Refusal::Erased => "the person's data are erased: no text can be added any more".into(),
        Refusal::Frozen { continues } => {
            format!("this path is a frozen duplicate; the person continues as {continues}")
        }
        Refusal::NotRetractable { sequence, event } => {
            format!("event {sequence} ({}) is never retracted", fact(event))
        }
        Refusal::RestsOn { sequence, event, because } => format!(
            "event {sequence} ({}) rests on this one: without it, {}",
            fact(event),
            detail(because)
        ),
        Refusal::Line { line, beneficiary, because } => {
            format!("line {line} ({beneficiary}): {}", detail(because))
        }
    }
}

fn wrong_stage(stage: Stage, allowed: &[Stage]) -> String {
    let allowed = allowed.iter().map(|stage| stage.label(Language::En));
    format!(
        "the path is at stage {}; it must be at {}",
        stage.label(Language::En),
        either(allowed, "or")
    )
}

fn wrong_status(status: Status, allowed: &[Status]) -> String {
    let allowed = allowed.iter().map(|status| status.label(Language::En));
    format!("the path is {}; it must be {}", status.label(Language::En), either(allowed, "or"))
}

/// What an event is called in the history.
fn fact(event: &str) -> &str {
    FACTS.iter().find(|(name, ..)| *name == event).map_or(event, |(_, _, _, en)| *en)
}

const fn missing(step: Step) -> &'static str {
    match step {
        Step::Idea => "the project idea must be submitted first",
        Step::Eligibility => "eligibility must be assessed first",
        Step::Interview => "an interview must be recorded first",
        Step::BusinessPlan => "a business plan must be submitted first",
        Step::ValidatedPlan => "a business plan must be validated first",
        Step::Approval => "the financing must be approved first",
        Step::Agreement => "the agreement must be signed first",
        Step::Financing => "a disbursement, or leave to start without money, must come first",
        Step::BusinessStart => "the business must have started first",
        Step::FinalVisit => "the visit of the last milestone must come first",
        Step::Visit => "a visit since the tranche before must come first",
        Step::Document => "a document since the tranche before must come first",
        Step::Consent => "the consent must come first",
        Step::Enrolment => "the person holds no seat in a cohort",
        Step::RegisterLine => "the line of this member, who is in training, is missing",
    }
}

const fn did(duty: Duty) -> &'static str {
    match duty {
        Duty::Interviewer => "held the interview",
        Duty::Decider => "decided the selection",
        Duty::Requester => "requested this financing",
        Duty::Approver => "approved this financing",
        Duty::Payer => "paid this financing",
    }
}

const fn to_do(duty: Duty) -> &'static str {
    match duty {
        Duty::Interviewer => "hold the interview",
        Duty::Decider => "decide the selection",
        Duty::Requester => "request this financing",
        Duty::Approver => "approve it",
        Duty::Payer => "pay it",
    }
}

const fn quantity(what: Quantity) -> &'static str {
    match what {
        Quantity::InterviewTotal => "points of the interview",
        Quantity::Attendance => "attendance in % of planned hours",
        Quantity::ModulesPassed => "modules passed",
        Quantity::Items => "items of the list",
        Quantity::Seats => "seats of the cohort",
    }
}

fn too_much(what: Amount, limit: Xof, given: Xof) -> String {
    let (amount, most) = match what {
        Amount::Ceiling => ("the amount requested", "the instrument's ceiling"),
        Amount::Requested => ("the amount approved", "the amount requested"),
        Amount::Owed => ("the principal paid back", "the principal still owed"),
        Amount::FreeBalance => ("the amount to commit", "the fund's free balance"),
        Amount::OpenCommitments => ("the amount", "the fund's undisbursed commitments"),
        Amount::Committed => ("the amount", "the fund's commitments"),
        Amount::Budget => ("the amount", "the fund's budget"),
        Amount::Tranche => ("the amount", "that of the tranche"),
        Amount::Tranches => ("the amount", "the sum of the tranches"),
        Amount::Schedule => ("the amount", "the principal of the schedule"),
        Amount::Repayment => ("the amount", "that of the repayment"),
        Amount::Approved => {
            return format!(
                "a second approval can only reduce the first: {given}, where at most {limit} is allowed"
            );
        }
        Amount::LeftOwed => {
            return format!("{given} of principal is still owed; nothing may be");
        }
        Amount::LeftCommitted => {
            return format!("{given} is committed and not disbursed; nothing may be left");
        }
    };
    format!("{amount}, {given}, is above {most}, {limit}")
}

fn other_amount(what: Amount, expected: Xof, given: Xof) -> String {
    if given == Xof::ZERO && expected == Xof::of(1) {
        return format!("{} cannot be zero", positive(what));
    }
    let (amount, right) = match what {
        Amount::Tranches => ("the sum of the tranches", "the amount approved"),
        Amount::Tranche => ("the amount paid", "that of the tranche"),
        Amount::Schedule => ("the principal of the schedule", "the amount to be paid back"),
        Amount::Owed | Amount::LeftOwed => ("the amount written off", "the principal still owed"),
        Amount::Ceiling => ("the amount", "the instrument's ceiling"),
        Amount::Requested => ("the amount", "the amount requested"),
        Amount::Approved => ("the amount", "the amount approved"),
        Amount::Repayment => ("the amount", "that of the repayment"),
        Amount::FreeBalance => ("the amount", "the fund's free balance"),
        Amount::OpenCommitments | Amount::LeftCommitted => {
            ("the amount", "that of the fund's undisbursed commitments")
        }
        Amount::Committed => ("the amount", "that of the fund's commitments"),
        Amount::Budget => ("the amount", "the fund's budget"),
    };
    format!("{amount}, {given}, is not {right}, {expected}")
}

const fn positive(what: Amount) -> &'static str {
    match what {
        Amount::Requested => "the amount requested",
        Amount::Approved => "the amount approved",
        Amount::Tranche => "the amount of a tranche",
        Amount::Repayment => "the amount of the repayment",
        Amount::Budget => "the fund's budget",
        _ => "the amount",
    }
}

fn too_little(what: Amount, least: Xof, given: Xof) -> String {
    if given == Xof::ZERO && least == Xof::of(1) {
        return format!("{} cannot be zero", positive(Amount::Budget));
    }
    match what {
        Amount::Committed => {
            format!("the budget, {given}, is below the fund's commitments, {least}")
        }
        _ => format!("the amount, {given}, is below the least, {least}"),
    }
}

const fn noun(item: Item) -> &'static str {
    match item {
        Item::Event => "event",
        Item::Financing => "financing",
        Item::Tranche => "tranche",
        Item::Grievance => "grievance",
        Item::Consent => "the consent",
        Item::BusinessPlan => "business plan",
        Item::Office => "office",
        Item::Programme => "programme",
        Item::Milestone => "the visit",
        Item::Session => "session",
        Item::Lottery => "lottery",
        Item::Sector => "sector",
        Item::Module => "module",
        Item::Schedule => "the schedule",
        Item::Selection => "the selection decision",
        Item::Registration => "registration",
        Item::Training => "the training",
        Item::Convention => "convention",
        Item::PaymentReference => "payment reference",
        Item::Business => "the business",
        Item::Closure => "the closure of the business",
        Item::Income => "the income",
        Item::PersonalData => "the personal data",
        Item::Cohort => "the cohort",
        Item::Seat => "the seat",
        Item::Fund => "the fund",
        Item::Member => "member",
        Item::Duplicate => "duplicate",
        Item::Path => "path",
        Item::Waiver => "the start without money",
        Item::Command => "command",
    }
}

fn the(item: Item, name: &str) -> String {
    match item {
        _ if name.is_empty() => noun(item).to_owned(),
        Item::Income => {
            let (from, to) = period_of(name);
            format!("the income from {from} to {to}")
        }
        Item::Milestone => format!("the visit at {name} months"),
        _ => format!("{} {name}", noun(item)),
    }
}

fn none_of(item: Item) -> String {
    match item {
        Item::Financing => "no financing was requested in this path".into(),
        Item::Grievance => "no grievance was lodged in this path".into(),
        Item::Consent => "no consent stands".into(),
        Item::Session => "no session is scheduled in this cohort".into(),
        Item::Office => "no office of this programme is open".into(),
        Item::Duplicate => "this path is linked to no other".into(),
        _ => format!("{} does not exist here", noun(item)),
    }
}

fn unknown(item: Item, name: &str) -> String {
    match item {
        Item::Event => format!("no event of this path has the number {name}"),
        Item::Financing => format!("no financing of this path has the number {name}"),
        Item::Tranche => format!("no tranche of this financing has the number {name}"),
        Item::Grievance => format!("no grievance of this path has the number {name}"),
        Item::Consent => format!("no consent for {name} stands"),
        Item::BusinessPlan => format!("the last version of the business plan is not {name}"),
        Item::Milestone => format!("the rules have no visit at {name} months"),
        Item::Session => format!("no session of this cohort is called {name}"),
        Item::Lottery => format!("the person was entered in no lottery {name}"),
        Item::Sector => format!("the programme does not know the sector {name}"),
        Item::Module => format!("the module {name} is not part of the training"),
        Item::Member => format!("person {name} holds no seat in the cohort"),
        Item::Path => format!("no path is registered as {name}"),
        Item::Fund => format!("no fund is open as {name}"),
        Item::Cohort => format!("no cohort is planned as {name}"),
        Item::Programme => format!("no programme has a signed convention as {name}"),
        Item::Office => format!("the programme has no office {name}"),
        Item::Duplicate => format!("this path is not linked to {name}"),
        Item::Command => format!("there is no command {name}"),
        _ => format!("{} does not exist here", the(item, name)),
    }
}

fn settled(item: Item, name: &str) -> String {
    match item {
        Item::Financing if is_several(name) => {
            format!("financings {name} are not open to this any more")
        }
        Item::Financing => format!("financing {name} is not open to this any more"),
        Item::Tranche => format!("tranche {name} is paid already"),
        Item::Grievance if is_several(name) => {
            format!("grievances {name} have been answered already")
        }
        Item::Grievance => format!("grievance {name} has been answered already"),
        Item::BusinessPlan => format!("version {name} of the business plan is validated already"),
        Item::Convention => format!("convention {name} is not renewable"),
        Item::PaymentReference => format!("payment reference {name} has been used already"),
        Item::Business => format!("a business is running already (sector {name})"),
        Item::Closure => format!("the business (sector {name}) has closed already"),
        Item::Training => "the training is completed: its seat is not given back any more".into(),
        Item::Seat => format!("the person holds a seat already, in cohort {name}"),
        Item::Cohort => format!("cohort {name} is closed"),
        Item::Fund => format!("fund {name} is closed"),
        Item::Member => format!("person {name} holds a seat in the cohort already"),
        Item::Duplicate => format!(
            "path {name} is linked to this one already, which therefore cannot be linked to another"
        ),
        Item::PersonalData => "the personal data are erased already".into(),
        Item::Waiver => "the start without money is allowed already".into(),
        _ => format!("{} is settled already", the(item, name)),
    }
}

/// Two fields that contradict each other, said as the rule that they break.
fn disagree(field: &str, other: &str) -> String {
    let sentence = match (field, other) {
        ("continues", "id") => "a path is not linked to itself",
        ("schedule", "instrument") => "only a loan has a schedule",
        ("tranches", "tranche") => "the tranches are not numbered 1, 2, 3.. in order",
        ("schedule", "due_on") => "the instalments are not in the order of their days",
        ("cohort", "enrolment") => "the seat to give back is not the one that the person holds",
        ("rules", "eligible") => "the conclusion is not the one that the rules give",
        ("decision", "session") => "the decision is not the lottery's",
        ("hours", "minutes") => "the session cannot last zero minutes",
        ("passed", "score") => "the pass does not follow from the score",
        ("attended_minutes", "planned_minutes") => "the minutes are not those of the sessions",
        ("office", "from_office") => "the path is in the charge of this office already",
        ("to", "from") => "the period ends before it begins",
        ("keys", "identity") => "the keys are not those of the path",
        ("total", "scores") => "the total is not that of the scores",
        ("age_women", _) => "the highest age of women is below the lowest",
        ("age_men", _) => "the highest age of men is below the lowest",
        ("occurred_on", "session") => "the day is not that of the session",
        ("session", "code") => "the names of session and cohort are too long together",
        _ => return format!("the fields {field} and {other} contradict each other"),
    };
    sentence.to_owned()
}

fn from_to(period: Period) -> String {
    format!("{} to {}", period.from, period.to)
}

fn office_closed(office: &str, open: Option<Period>, on: chrono::NaiveDate) -> String {
    match open {
        None => format!("the programme has no office {office}"),
        Some(open) if is_open_ended(open.to) => {
            format!("office {office} is not open on {on}: it is open since {}", open.from)
        }
        Some(open) => {
            format!("office {office} is not open on {on}: it was open {}", from_to(open))
        }
    }
}
