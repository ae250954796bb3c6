//! Refusals in French.

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
        Refusal::NotRegistered => "rien n'est encore enregistré sous cet identifiant".into(),
        Refusal::WrongStage { stage, allowed } => wrong_stage(*stage, allowed),
        Refusal::WrongStatus { status, allowed } => wrong_status(*status, allowed),
        Refusal::MissingStep { step } => missing(*step).into(),
        Refusal::SameActor { actor, duty, other } => {
            format!("{actor} a {} et ne peut donc pas {}", done(*other), to_do(*duty))
        }
        Refusal::NeedsRole { role } => {
            format!("seul le rôle « {} » peut le faire", role.label(Language::Fr))
        }
        Refusal::Below { what, required, given } => number::below(*what, *required, *given),
        Refusal::Above { what, limit, given } => number::above(*what, *limit, *given),
        Refusal::TooMuch { what, limit, given } => number::too_much(*what, *limit, *given),
        Refusal::OtherAmount { what, expected, given } => {
            number::other_amount(*what, *expected, *given)
        }
        Refusal::TooLittle { what, least, given } => number::too_little(*what, *least, *given),
        Refusal::Unknown { item, name, .. } if name.is_empty() => thing::none_of(*item),
        Refusal::Unknown { item, name, .. } => thing::unknown(*item, name),
        Refusal::Differs { item, name } => thing::differs(*item, name),
        Refusal::Settled { item, name } => thing::settled(*item, name),
        Refusal::OtherProgramme { item, name } => {
            format!("{} relève d'un autre programme", thing::the(*item, name))
        }
        Refusal::Disagree { field, other } => disagree(field, other),
        Refusal::InFuture { field: "birth_year", given, .. } => {
            format!("l'année de naissance, {}, n'est pas encore passée", given.format("%Y"))
        }
        Refusal::InFuture { given, today, .. } => {
            format!("le {given} n'est pas encore passé : nous sommes le {today}")
        }
        Refusal::TooEarly { given, earliest, .. } => {
            format!("le {given} est trop tôt : au plus tôt le {earliest}")
        }
        Refusal::OutsideTerm { term, given } => {
            format!("le {given} est en dehors de la convention, qui va {}", from_to(*term))
        }
        Refusal::OutsidePeriod { item, period, given } => {
            format!(
                "le {given} est en dehors de la période {}, {}",
                thing::of_the(*item),
                from_to(*period)
            )
        }
        Refusal::RegionNotValid { region, on, then } => format!(
            "la région « {} » n'existe pas le {on} ; ce territoire relève alors de « {} »",
            region.code(),
            then.code()
        ),
        Refusal::OfficeClosed { office, open, on } => office_closed(office.as_str(), *open, *on),
        Refusal::NotEligible => "la personne n'est pas éligible selon les règles".into(),
        Refusal::Erased => {
            "les données de la personne sont effacées : plus aucun texte ne peut s'y ajouter".into()
        }
        Refusal::Frozen { continues } => format!(
            "ce dossier est un doublon gelé ; la personne continue sous le dossier {continues}"
        ),
        Refusal::NotRetractable { sequence, event } => {
            format!("l'événement {sequence} ({}) ne se retire jamais", fact(event))
        }
        Refusal::RestsOn { sequence, event, because } => format!(
            "l'événement {sequence} ({}) repose sur celui-ci ; sans lui, la règle serait enfreinte : {}",
            fact(event),
            detail(because)
        ),
        Refusal::Line { line, beneficiary, because } => {
            format!("ligne {line} ({beneficiary}) : {}", detail(because))
        }
    }
}

fn wrong_stage(stage: Stage, allowed: &[Stage]) -> String {
    let quoted: Vec<String> =
        allowed.iter().map(|stage| format!("« {} »", stage.label(Language::Fr))).collect();
    format!(
        "le parcours est à l'étape « {} » ; il doit être à l'étape {}",
        stage.label(Language::Fr),
        either(quoted.iter().map(String::as_str), "ou"),
    )
}

fn wrong_status(status: Status, allowed: &[Status]) -> String {
    let allowed = allowed.iter().map(|status| status.label(Language::Fr));
    format!(
        "le parcours est {} ; il doit être {}",
        status.label(Language::Fr),
        either(allowed, "ou")
    )
}

/// The name of a type of event in the history.
fn fact(event: &str) -> &str {
    FACTS.iter().find(|(name, ..)| *name == event).map_or(event, |(_, _, fr, _)| *fr)
}

const fn missing(step: Step) -> &'static str {
    match step {
        Step::Eligibility => "il faut d'abord examiner l'éligibilité",
        Step::Interview => "il faut d'abord enregistrer l'entretien",
        Step::BusinessPlan => "il faut d'abord déposer le plan d'affaires",
        Step::ValidatedPlan => "il faut d'abord un plan d'affaires validé",
        Step::Approval => "il faut d'abord que le financement soit approuvé",
        Step::Agreement => "il faut d'abord que la convention de financement soit signée",
        Step::Financing => {
            "il faut d'abord un décaissement, ou l'autorisation de démarrer sans financement"
        }
        Step::BusinessStart => "il faut d'abord que l'activité ait démarré",
        Step::FinalVisit => "il faut d'abord la visite de la dernière échéance",
        Step::Visit => "il faut d'abord une visite depuis la tranche précédente",
        Step::Document => "il faut d'abord une pièce jointe depuis la tranche précédente",
        Step::Enrolment => "la personne n'a pas de place dans un groupe de formation",
        Step::RegisterLine => "il manque la ligne de ce membre, qui est en formation",
    }
}

const fn done(duty: Duty) -> &'static str {
    match duty {
        Duty::Interviewer => "mené l'entretien",
        Duty::Decider => "décidé de la sélection",
        Duty::Requester => "demandé ce financement",
        Duty::Approver => "approuvé ce financement",
        Duty::Payer => "versé ce financement",
    }
}

const fn to_do(duty: Duty) -> &'static str {
    match duty {
        Duty::Interviewer => "mener l'entretien",
        Duty::Decider => "décider de la sélection",
        Duty::Requester => "demander ce financement",
        Duty::Approver => "l'approuver",
        Duty::Payer => "le verser",
    }
}

/// Two fields that contradict each other, said as the rule that they break.
fn disagree(field: &str, other: &str) -> String {
    let sentence = match (field, other) {
        ("continues", "id") => "un dossier ne se rattache pas à lui-même",
        ("schedule", "instrument") => "seul un crédit a un échéancier",
        ("tranches", "tranche") => "les tranches ne sont pas numérotées 1, 2, 3… dans l'ordre",
        ("schedule", "due_on") => "les échéances ne sont pas dans l'ordre de leurs dates",
        ("cohort", "enrolment") => "la place à rendre n'est pas celle que la personne occupe",
        ("rules", "eligible") => "la conclusion n'est pas celle que donnent les règles",
        ("decision", "session") => "la décision n'est pas celle du tirage au sort",
        ("hours", "minutes") => "la durée de la séance ne peut pas être nulle",
        ("passed", "score") => "la réussite ne correspond pas à la note",
        ("attended_minutes", "planned_minutes") => "les minutes ne sont pas celles des séances",
        ("office", "from_office") => "le parcours relève déjà de cette antenne",
        ("to", "from") => "la période finit avant de commencer",
        ("keys", "identity") => "les clés ne sont pas celles du dossier",
        ("total", "scores") => "le total n'est pas celui des notes",
        ("age_women", _) => "l'âge maximal des femmes est inférieur à l'âge minimal",
        ("age_men", _) => "l'âge maximal des hommes est inférieur à l'âge minimal",
        ("occurred_on", "session") => "la date n'est pas celle de la séance",
        ("session", "code") => "le nom de la séance et celui du groupe sont trop longs ensemble",
        _ => return format!("les champs « {field} » et « {other} » se contredisent"),
    };
    sentence.to_owned()
}

fn from_to(period: Period) -> String {
    format!("du {} au {}", period.from, period.to)
}

fn office_closed(office: &str, open: Option<Period>, on: chrono::NaiveDate) -> String {
    match open {
        None => format!("le programme n'a pas d'antenne « {office} »"),
        Some(open) if is_open_ended(open.to) => format!(
            "l'antenne « {office} » n'est pas ouverte le {on} : elle l'est depuis le {}",
            open.from
        ),
        Some(open) => format!(
            "l'antenne « {office} » n'est pas ouverte le {on} : elle l'a été {}",
            from_to(open)
        ),
    }
}
