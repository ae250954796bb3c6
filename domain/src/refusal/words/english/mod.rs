//! Refusals in English.

mod number;
mod thing;

use super::{either, is_open_ended};
use crate::path::{FACTS, Stage, Status};
use crate::reference::Language;
use crate::refusal::{Duty, Refusal, Step};
use crate::values::Period;

/// The refusal as a clause that a sentence or a list can hold: no capital, no full stop.
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
            format!("{}: {given}, at least {required} needed", number::quantity(*what))
        }
        Refusal::Above { what, limit, given } => {
            format!("{}: {given}, at most {limit}", number::quantity(*what))
        }
        Refusal::TooMuch { what, limit, given } => number::too_much(*what, *limit, *given),
        Refusal::OtherAmount { what, expected, given } => {
            number::other_amount(*what, *expected, *given)
        }
        Refusal::TooLittle { what, least, given } => number::too_little(*what, *least, *given),
        Refusal::Unknown { item, name, .. } if name.is_empty() => thing::none_of(*item),
        Refusal::Unknown { item, name, .. } => thing::unknown(*item, name),
        Refusal::Differs { item, name } => {
            format!("{} was recorded already with other content", thing::the(*item, name))
        }
        Refusal::Settled { item, name } => thing::settled(*item, name),
        Refusal::OtherProgramme { item, name } => {
            format!("{} belongs to another programme", thing::the(*item, name))
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
            format!("{given} is outside the period of {}, {}", thing::noun(*item), from_to(*period))
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
            "event {sequence} ({}) rests on this one; without it a rule would be broken: {}",
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

/// The name of a type of event in the history.
fn fact(event: &str) -> &str {
    FACTS.iter().find(|(name, ..)| *name == event).map_or(event, |(_, _, _, en)| *en)
}

const fn missing(step: Step) -> &'static str {
    match step {
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

/// Two fields that contradict each other, said as the rule that they break.
fn disagree(field: &str, other: &str) -> String {
    let sentence = match (field, other) {
        ("continues", "id") => "a path is not linked to itself",
        ("schedule", "instrument") => "only a loan has a schedule",
        ("tranches", "tranche") => "the tranches are not numbered 1, 2, 3… in order",
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
