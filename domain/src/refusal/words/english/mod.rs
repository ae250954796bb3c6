//! Refusals in English.

mod number;
mod thing;

use super::{either, is_open_ended};
use crate::STREAM_KINDS;
use crate::path::facts::Sex;
use crate::path::{Stage, Status};
use crate::programme::SelectionQuota;
use crate::reference::{Language, RegionCode};
use crate::refusal::{Duty, Item, Refusal, Step};
use crate::values::Period;

/// The refusal as a clause that a sentence or a list can hold: no capital, no full stop.
#[expect(clippy::too_many_lines, reason = "a table: one arm a rule")]
pub(in crate::refusal) fn detail(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotRegistered => "nothing is registered under this id yet".into(),
        Refusal::WrongStage { stage, allowed } => wrong_stage(*stage, allowed),
        Refusal::WrongStatus { status, allowed } => wrong_status(*status, allowed),
        Refusal::StatusThen { status, period, given, allowed } => {
            status_then(*status, *period, *given, allowed)
        }
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
            let hint = match item {
                Item::Session => {
                    "; the command \"correct-register\" corrects a register, \"move-session\" a day"
                }
                _ => "",
            };
            format!("{} was recorded already with other content{hint}", thing::the(*item, name))
        }
        Refusal::Settled { item, name } => thing::settled(*item, name),
        Refusal::OtherProgramme { item, name } => {
            format!("{} belongs to another programme", thing::the(*item, name))
        }
        Refusal::Disagree { field, other } => disagree(field, other),
        Refusal::Unchanged { field } => {
            format!("the field \"{field}\" says what is recorded already: nothing changes")
        }
        Refusal::InFuture { field: "birth_year", given, .. } => {
            format!("the year of birth, {}, is still to come", given.format("%Y"))
        }
        Refusal::InFuture { field: "identity/birth_date", .. } => {
            "the date of birth is still to come".into()
        }
        Refusal::InFuture { given, today, .. } => {
            format!("{given} is still to come: today is {today}")
        }
        Refusal::TooEarly { given, earliest, .. } => {
            format!("{given} is too early: {earliest} at the earliest")
        }
        Refusal::TooFarBack { given, earliest, days } => format!(
            "{given} lies more than {days} days back: {earliest} at the earliest, unless a reason is \
             given; what an adviser or a trainer records, a director then records"
        ),
        Refusal::OutsideTerm { term, given } => {
            format!("{given} is outside the convention, which runs {}", from_to(*term))
        }
        Refusal::OutsidePeriod { item: Item::Member, period, given } => {
            format!("{given} is outside the days of the seat in the cohort, {}", from_to(*period))
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
        Refusal::KeyLost => {
            "the key of this person's data is lost: tell who they are again (`update-identity`), then texts can be added"
                .into()
        }
        Refusal::Erased => "the person's data are erased: no text can be added any more".into(),
        Refusal::Frozen { continues } => {
            format!("this path is a frozen duplicate; the person continues as {continues}")
        }
        Refusal::NotRetractable { sequence, event: event @ "AttendanceRecorded" } => format!(
            "event {sequence} ({}) is of a register: the command \"correct-register\" of the cohort \
             corrects it",
            fact(event)
        ),
        Refusal::NotRetractable { sequence, event } => {
            format!("event {sequence} ({}) is never retracted", fact(event))
        }
        Refusal::RestsOn { sequence, event, because } => format!(
            "event {sequence} ({}) rests on what would be changed; a rule would be broken: {}",
            fact(event),
            detail(because)
        ),
        Refusal::OutsideReach { needs } => format!(
            "it is out of your reach; it needs a scope that holds: {}",
            needs.words(Language::En)
        ),
        Refusal::OfficeElsewhere { office, region, given } => format!(
            "the code \"{office}\" is for ever that of an office in \"{}\", not in \"{}\"",
            region.code(),
            given.code()
        ),
        Refusal::NotServed { fund, region, serves } => format!(
            "the fund \"{fund}\" serves {} alone; {}",
            either(serves.iter().map(RegionCode::code), "and"),
            region.map_or_else(
                || "the region of the path's office is not known".to_owned(),
                |region| format!("the path's office is in \"{}\"", region.code())
            )
        ),
        Refusal::CallNotOpen { closed_on: Some(closed), .. } => {
            format!("the call is closed since {closed}")
        }
        Refusal::CallNotOpen { call, given, .. } => {
            format!("the call is not open on {given}: it runs {}", from_to(*call))
        }
        Refusal::NotCalled { region, called } => format!(
            "the call does not ask people of region \"{}\", but of {}",
            region.code(),
            either(called.iter().map(RegionCode::code), "and")
        ),
        Refusal::Entry { entry, beneficiary, because } => {
            format!("entry {entry} ({beneficiary}): {}", detail(because))
        }
        Refusal::PassedOver { rank, over, waiting } => format!(
            "rank {rank} goes before rank {over}, who still waits ({waiting} waiting before them); a \
             reason is needed"
        ),
        Refusal::QuotaBroken { quota, limit, given } => quota_broken(quota, *limit, *given),
        Refusal::SameList { session } => {
            format!("this list has been drawn already, as {session}: a list is drawn once")
        }
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

/// The days say why a fact of a past day is refused, whatever the path is at its recording.
fn status_then(
    status: Status,
    period: Period,
    given: chrono::NaiveDate,
    allowed: &[Status],
) -> String {
    let allowed = allowed.iter().map(|status| status.label(Language::En));
    let (status, allowed) = (status.label(Language::En), either(allowed, "or"));
    if is_open_ended(period.to) {
        return format!(
            "the path has been {status} since {}; it must be {allowed} on {given}",
            period.from
        );
    }
    format!("the path was {status} {}; it must be {allowed} on {given}", from_to(period))
}

fn quota_broken(quota: &SelectionQuota, limit: u32, given: u32) -> String {
    let mut group = Vec::new();
    group.extend(quota.sex.map(|sex| match sex {
        Sex::Female => "women".to_owned(),
        Sex::Male => "men".to_owned(),
    }));
    group.extend(quota.age_max.map(|most| format!("at most {} years old", most.get())));
    group.extend(quota.region.map(|region| format!("region {}", region.code())));
    let group = if group.is_empty() { "everybody".to_owned() } else { group.join(", ") };
    match quota.min_percent {
        Some(percent) => format!(
            "the quota ({group}: at least {}% of the places) leaves {limit} to the others; they would \
             take {given}",
            percent.get()
        ),
        None => format!("the quota ({group}) is at most {limit} places; it would take {given}"),
    }
}

/// The name of a type of event in the history.
fn fact(event: &str) -> &str {
    let mut all = STREAM_KINDS.iter().flat_map(|kind| kind.facts);
    all.find(|(name, ..)| *name == event).map_or(event, |(_, _, _, en)| *en)
}

const fn missing(step: Step) -> &'static str {
    match step {
        Step::Eligibility => "eligibility must be assessed first",
        Step::Interview => "an interview must be recorded first",
        Step::BusinessPlan => "a business plan must be submitted first",
        Step::ValidatedPlan => "a business plan must be validated first",
        Step::Approval => "the financing must be approved first",
        Step::Agreement => "the agreement must be signed first",
        Step::WriteOff => "the loan must be written off, or the guarantee called, first",
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
        Duty::Recorder => "recorded this payment",
        Duty::Reverser => "reversed this payment",
    }
}

const fn to_do(duty: Duty) -> &'static str {
    match duty {
        Duty::Interviewer => "hold the interview",
        Duty::Decider => "decide the selection",
        Duty::Requester => "request this financing",
        Duty::Approver => "approve it",
        Duty::Payer => "pay it",
        Duty::Recorder => "record this payment",
        Duty::Reverser => "reverse it",
    }
}

/// Two fields that contradict each other, said as the rule that they break.
fn disagree(field: &str, other: &str) -> String {
    let sentence = match (field, other) {
        ("continues", "id") => "a path is not linked to itself",
        ("schedule", "instrument") => "only a loan has a schedule",
        ("financing", "instrument") => "a guarantee is not paid out: it is called or released",
        ("of", "instrument") => "only a loan has a credit balance",
        ("budget_line", "fund") => "this fund has budget lines: the request has to name one",
        ("budget_line", "instrument") => "this budget line is not for this instrument",
        ("instruments", "overheads") => "a line of overheads has no instruments",
        ("line", "overheads") => "only a line of overheads pays the fund's own costs",
        ("fund", "co_finances") => "a part of one need comes from another fund than the rest",
        ("kind", "payment") => "the reversal does not go the payment's way",
        ("age", "birth_year") => "the age is not the one that the year of birth gives",
        ("ground", "reason") => "a reason is needed, by its code or in words",
        ("tranches", "tranche") => "the tranches are not numbered 1, 2, 3… in order",
        ("schedule", "due_on") => "the instalments are not in the order of their days",
        ("cohort", "enrolment") => "the seat to give back is not the one that the person holds",
        ("rules", "eligible") => "the conclusion is not the one that the rules give",
        ("region", "entries") => "the person is not of the region of the list",
        ("warn_above", _) => "the bound that warns is not below the one that refuses",
        ("decision", "session") => "the decision is not the lottery's",
        ("hours", "minutes") => "the session cannot last zero minutes",
        ("minutes_present", "present") => {
            "nobody is there for a part of a session that they were not at"
        }
        ("passed", "score") => "the pass does not follow from the score",
        ("attended_minutes", "planned_minutes") => "the minutes are not those of the sessions",
        ("office", "from_office") => "the path is in the charge of this office already",
        ("to", "from") => "the period ends before it begins",
        ("keys", "identity") => "the keys are not those of the path",
        ("total", "scores") => "the total is not that of the scores",
        ("commitment", "fulfilled") => {
            "the commitment is not called kept: there is nothing to open again"
        }
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
