//! Refusals in French.

mod number;
mod thing;

use super::{either, is_open_ended};
use crate::STREAM_KINDS;
use crate::path::facts::Sex;
use crate::path::{Stage, Status};
use crate::programme::SelectionQuota;
use crate::reference::{Language, RegionCode};
use crate::refusal::{Duty, Refusal, Step};
use crate::values::Period;

/// The refusal as a clause that a sentence or a list can hold: no capital, no full stop.
#[expect(clippy::too_many_lines, reason = "a table: one arm a rule")]
pub(in crate::refusal) fn detail(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotRegistered => "rien n'est encore enregistré sous cet identifiant".into(),
        Refusal::WrongStage { stage, allowed } => wrong_stage(*stage, allowed),
        Refusal::WrongStatus { status, allowed } => wrong_status(*status, allowed),
        Refusal::StatusThen { status, period, given, allowed } => {
            status_then(*status, *period, *given, allowed)
        }
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
        Refusal::Unchanged { field } => {
            format!("le champ « {field} » dit déjà ce qui est enregistré : rien ne change")
        }
        Refusal::InFuture { field: "birth_year", given, .. } => {
            format!("l'année de naissance, {}, n'est pas encore passée", given.format("%Y"))
        }
        Refusal::InFuture { field: "identity/birth_date", .. } => {
            "la date de naissance n'est pas encore passée".into()
        }
        Refusal::InFuture { given, today, .. } => {
            format!("le {given} n'est pas encore passé : nous sommes le {today}")
        }
        Refusal::TooEarly { given, earliest, .. } => {
            format!("le {given} est trop tôt : au plus tôt le {earliest}")
        }
        Refusal::TooFarBack { given, earliest, days } => format!(
            "le {given} remonte à plus de {days} jours : au plus tôt le {earliest}, sauf motif ; ce que \
             relève un conseiller ou un formateur, un directeur l'enregistre alors"
        ),
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
        Refusal::KeyLost => {
            "la clé des données de cette personne est perdue : redites qui elle est (`update-identity`), puis les \
             textes pourront être ajoutés"
                .into()
        }
        Refusal::Erased => {
            "les données de la personne sont effacées : plus aucun texte ne peut s'y ajouter".into()
        }
        Refusal::Frozen { continues } => format!(
            "ce dossier est un doublon gelé ; la personne continue sous le dossier {continues}"
        ),
        Refusal::NotRetractable { sequence, event: event @ "AttendanceRecorded" } => format!(
            "l'événement {sequence} ({}) est d'une feuille de présence : la commande « correct-register » \
             du groupe le corrige",
            fact(event)
        ),
        Refusal::NotRetractable { sequence, event } => {
            format!("l'événement {sequence} ({}) ne se retire jamais", fact(event))
        }
        Refusal::RestsOn { sequence, event, because } => format!(
            "l'événement {sequence} ({}) repose sur ce qui serait changé ; une règle serait enfreinte : {}",
            fact(event),
            detail(because)
        ),
        Refusal::OutsideReach { needs } => format!(
            "cela n'est pas de votre ressort ; il faut une portée sur : {}",
            needs.words(Language::Fr)
        ),
        Refusal::OfficeElsewhere { office, region, given } => format!(
            "le code « {office} » est pour toujours celui d'une antenne de « {} », et non de « {} »",
            region.code(),
            given.code()
        ),
        Refusal::NotServed { fund, region, serves } => format!(
            "le fonds « {fund} » ne dessert que {} ; {}",
            either(serves.iter().map(RegionCode::code), "et"),
            region.map_or_else(
                || "l'antenne du dossier n'a pas de région connue".to_owned(),
                |region| format!("l'antenne du dossier est dans « {} »", region.code())
            )
        ),
        Refusal::CallNotOpen { call, closed_on, given } => call_not_open(*call, *closed_on, *given),
        Refusal::NotCalled { region, called } => format!(
            "l'appel à candidatures ne concerne pas la région « {} », mais {}",
            region.code(),
            either(called.iter().map(RegionCode::code), "et")
        ),
        Refusal::Entry { entry, beneficiary, because } => {
            format!("entrée {entry} ({beneficiary}) : {}", detail(because))
        }
        Refusal::PassedOver { rank, over, waiting } => format!(
            "le rang {rank} passe avant le rang {over}, qui attend encore ({waiting} en attente avant \
             lui) ; il faut un motif"
        ),
        Refusal::QuotaBroken { quota, limit, given } => quota_broken(quota, *limit, *given),
        Refusal::SameList { session } => {
            format!(
                "cette liste a déjà été tirée au sort, sous « {session} » : une liste se tire une seule fois"
            )
        }
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

/// The days say why a fact of a past day is refused, whatever the path is at its recording.
fn status_then(
    status: Status,
    period: Period,
    given: chrono::NaiveDate,
    allowed: &[Status],
) -> String {
    let allowed = allowed.iter().map(|status| status.label(Language::Fr));
    let (status, allowed) = (status.label(Language::Fr), either(allowed, "ou"));
    if is_open_ended(period.to) {
        return format!(
            "le parcours est {status} depuis le {} ; il doit être {allowed} le {given}",
            period.from
        );
    }
    format!("le parcours a été {status} {} ; il doit être {allowed} le {given}", from_to(period))
}

fn quota_broken(quota: &SelectionQuota, limit: u32, given: u32) -> String {
    let mut group = Vec::new();
    group.extend(quota.sex.map(|sex| match sex {
        Sex::Female => "femmes".to_owned(),
        Sex::Male => "hommes".to_owned(),
    }));
    group.extend(quota.age_max.map(|most| format!("{} ans au plus", most.get())));
    group.extend(quota.region.map(|region| format!("région « {} »", region.code())));
    let group = if group.is_empty() { "toute personne".to_owned() } else { group.join(", ") };
    let limit = number::places(limit);
    match quota.min_percent {
        Some(percent) => format!(
            "le quota ({group} : au moins {} % des places) laisse {limit} aux autres ; il leur en \
             faudrait {given}",
            percent.get()
        ),
        None => format!("le quota ({group}) est de {limit} au plus ; il en faudrait {given}"),
    }
}

/// The name of a type of event in the history.
fn fact(event: &str) -> &str {
    let mut all = STREAM_KINDS.iter().flat_map(|kind| kind.facts);
    all.find(|(name, ..)| *name == event).map_or(event, |(_, _, fr, _)| *fr)
}

const fn missing(step: Step) -> &'static str {
    match step {
        Step::Eligibility => "il faut d'abord examiner l'éligibilité",
        Step::Interview => "il faut d'abord enregistrer l'entretien",
        Step::BusinessPlan => "il faut d'abord déposer le plan d'affaires",
        Step::ValidatedPlan => "il faut d'abord un plan d'affaires validé",
        Step::Approval => "il faut d'abord que le financement soit approuvé",
        Step::Agreement => "il faut d'abord que la convention de financement soit signée",
        Step::WriteOff => {
            "il faut d'abord que le crédit soit passé en perte, ou la garantie appelée"
        }
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
        Duty::Recorder => "enregistré ce paiement",
        Duty::Reverser => "annulé ce paiement",
    }
}

const fn to_do(duty: Duty) -> &'static str {
    match duty {
        Duty::Interviewer => "mener l'entretien",
        Duty::Decider => "décider de la sélection",
        Duty::Requester => "demander ce financement",
        Duty::Approver => "l'approuver",
        Duty::Payer => "le verser",
        Duty::Recorder => "enregistrer ce paiement",
        Duty::Reverser => "l'annuler",
    }
}

/// Two fields that contradict each other, said as the rule that they break.
fn disagree(field: &str, other: &str) -> String {
    let sentence = match (field, other) {
        ("continues", "id") => "un dossier ne se rattache pas à lui-même",
        ("schedule", "instrument") => "seul un crédit a un échéancier",
        ("financing", "instrument") => "une garantie ne se verse pas : elle s'appelle ou se libère",
        ("of", "instrument") => "seul un crédit a un trop-perçu",
        ("budget_line", "fund") => {
            "ce fonds a des lignes budgétaires : la demande doit en nommer une"
        }
        ("budget_line", "instrument") => "cette ligne budgétaire n'est pas pour cet instrument",
        ("instruments", "overheads") => "une ligne de frais généraux n'a pas d'instrument",
        ("line", "overheads") => "seule une ligne de frais généraux paie les frais du fonds",
        ("fund", "co_finances") => "un cofinancement vient d'un autre fonds que le reste",
        ("kind", "payment") => "le sens de l'annulation n'est pas celui du paiement",
        ("age", "birth_year") => "l'âge n'est pas celui que donne l'année de naissance",
        ("ground", "reason") => "il faut un motif, par son code ou en toutes lettres",
        ("tranches", "tranche") => "les tranches ne sont pas numérotées 1, 2, 3… dans l'ordre",
        ("schedule", "due_on") => "les échéances ne sont pas dans l'ordre de leurs dates",
        ("cohort", "enrolment") => "la place à rendre n'est pas celle que la personne occupe",
        ("rules", "eligible") => "la conclusion n'est pas celle que donnent les règles",
        ("region", "entries") => "la personne n'est pas de la région de la liste",
        ("warn_above", _) => "le seuil d'avertissement n'est pas inférieur au seuil de refus",
        ("decision", "session") => "la décision n'est pas celle du tirage au sort",
        ("hours", "minutes") => "la durée de la séance ne peut pas être nulle",
        ("minutes_present", "present") => {
            "on n'est pas présent une partie d'une séance où l'on est absent"
        }
        ("passed", "score") => "la réussite ne correspond pas à la note",
        ("attended_minutes", "planned_minutes") => "les minutes ne sont pas celles des séances",
        ("office", "from_office") => "le parcours relève déjà de cette antenne",
        ("to", "from") => "la période finit avant de commencer",
        ("keys", "identity") => "les clés ne sont pas celles du dossier",
        ("total", "scores") => "le total n'est pas celui des notes",
        ("commitment", "fulfilled") => "l'engagement n'est pas dit tenu : il n'y a rien à rouvrir",
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

fn call_not_open(
    call: Period,
    closed_on: Option<chrono::NaiveDate>,
    given: chrono::NaiveDate,
) -> String {
    match closed_on {
        Some(closed) => format!("l'appel à candidatures est clos depuis le {closed}"),
        None => {
            format!("l'appel à candidatures n'est pas ouvert le {given} : il va {}", from_to(call))
        }
    }
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
