//! Refusals in French.

use super::{either, is_open_ended, is_several, period_of};
use crate::path::{FACTS, Stage, Status};
use crate::reference::Language;
use crate::refusal::{Amount, Duty, Item, Quantity, Refusal, Step};
use crate::values::{Period, Xof};

/// What is wrong, as a clause that a sentence or a list can hold: no capital, no full stop.
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
        Refusal::Below { what, required, given } => below(*what, *required, *given),
        Refusal::Above { what, limit, given } => above(*what, *limit, *given),
        Refusal::TooMuch { what, limit, given } => too_much(*what, *limit, *given),
        Refusal::OtherAmount { what, expected, given } => other_amount(*what, *expected, *given),
        Refusal::TooLittle { what, least, given } => too_little(*what, *least, *given),
        Refusal::Unknown { item, name, .. } if name.is_empty() => none_of(*item),
        Refusal::Unknown { item, name, .. } => unknown(*item, name),
        Refusal::Differs { item, name } => differs(*item, name),
        Refusal::Settled { item, name } => settled(*item, name),
        Refusal::OtherProgramme { item, name } => {
            format!("{} relève d'un autre programme", the(*item, name))
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
                of_the(*item),
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
            "l'événement {sequence} ({}) repose sur celui-ci : sans lui, {}",
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

/// What an event is called in the history.
fn fact(event: &str) -> &str {
    FACTS.iter().find(|(name, ..)| *name == event).map_or(event, |(_, _, fr, _)| *fr)
}

const fn missing(step: Step) -> &'static str {
    match step {
        Step::Idea => "il faut d'abord déposer l'idée de projet",
        Step::Eligibility => "il faut d'abord examiner l'éligibilité",
        Step::Interview => "il faut d'abord un entretien noté",
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
        Step::Consent => "il faut d'abord le consentement",
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

/// The plural begins at two in French: « 0 élément », « 1 élément », « 2 éléments ».
fn counted(count: u32, one: &str, several: &str) -> String {
    format!("{count} {}", if count < 2 { one } else { several })
}

fn below(what: Quantity, required: u32, given: u32) -> String {
    match what {
        Quantity::InterviewTotal => {
            format!("l'entretien a {given} sur 100 ; il faut au moins {required}")
        }
        Quantity::Attendance => format!(
            "l'assiduité est de {given} % des heures prévues ; il faut au moins {required} %"
        ),
        Quantity::ModulesPassed => format!(
            "{} sur les {required} à réussir",
            counted(given, "module réussi", "modules réussis")
        ),
        Quantity::Items => format!(
            "la liste compte {} ; il en faut au moins {required}",
            counted(given, "élément", "éléments")
        ),
        Quantity::Seats => {
            format!(
                "le groupe a {} ; il en faut au moins {required}",
                counted(given, "place", "places")
            )
        }
    }
}

fn above(what: Quantity, limit: u32, given: u32) -> String {
    match what {
        Quantity::InterviewTotal => {
            format!("la note {given} dépasse le maximum du critère, {limit}")
        }
        Quantity::Attendance => format!("l'assiduité, {given} %, dépasse {limit} %"),
        Quantity::ModulesPassed => format!(
            "{}, alors que la formation en compte {limit}",
            counted(given, "module réussi", "modules réussis")
        ),
        Quantity::Items => format!(
            "la liste compte {} ; il en faut au plus {limit}",
            counted(given, "élément", "éléments")
        ),
        Quantity::Seats => format!(
            "le groupe n'a que {} ; il en faudrait {given}",
            counted(limit, "place", "places")
        ),
    }
}

fn too_much(what: Amount, limit: Xof, given: Xof) -> String {
    let (amount, most) = match what {
        Amount::Ceiling => ("le montant demandé", "le plafond de l'instrument"),
        Amount::Requested => ("le montant approuvé", "le montant demandé"),
        Amount::Owed => ("le principal remboursé", "le principal restant dû"),
        Amount::FreeBalance => ("le montant à engager", "le solde libre du fonds"),
        Amount::OpenCommitments => ("le montant", "les engagements non décaissés du fonds"),
        Amount::Committed => ("le montant", "les engagements du fonds"),
        Amount::Budget => ("le montant", "le budget du fonds"),
        Amount::Tranche => ("le montant", "celui de la tranche"),
        Amount::Tranches => ("le montant", "la somme des tranches"),
        Amount::Schedule => ("le montant", "le principal de l'échéancier"),
        Amount::Repayment => ("le montant", "celui du remboursement"),
        Amount::Approved => {
            return format!(
                "une nouvelle approbation ne peut que réduire la première : {given}, alors qu'il faut \
                 au plus {limit}"
            );
        }
        Amount::LeftOwed => {
            return format!(
                "il reste {given} de principal à rembourser ; il ne doit rien rester dû"
            );
        }
        Amount::LeftCommitted => {
            return format!(
                "il reste {given} engagés et non décaissés ; il ne doit plus rien rester d'engagé"
            );
        }
    };
    format!("{amount}, {given}, dépasse {most}, {limit}")
}

fn other_amount(what: Amount, expected: Xof, given: Xof) -> String {
    if given == Xof::ZERO && expected == Xof::of(1) {
        return format!("{} ne peut pas être nul", positive(what));
    }
    let (amount, right) = match what {
        Amount::Tranches => ("la somme des tranches", "le montant approuvé"),
        Amount::Tranche => ("le montant payé", "celui de la tranche"),
        Amount::Schedule => ("le principal de l'échéancier", "le montant à rembourser"),
        Amount::Owed | Amount::LeftOwed => ("le montant passé en perte", "le principal restant dû"),
        Amount::Ceiling => ("le montant", "le plafond de l'instrument"),
        Amount::Requested => ("le montant", "le montant demandé"),
        Amount::Approved => ("le montant", "le montant approuvé"),
        Amount::Repayment => ("le montant", "celui du remboursement"),
        Amount::FreeBalance => ("le montant", "le solde libre du fonds"),
        Amount::OpenCommitments | Amount::LeftCommitted => {
            ("le montant", "celui des engagements non décaissés du fonds")
        }
        Amount::Committed => ("le montant", "celui des engagements du fonds"),
        Amount::Budget => ("le montant", "le budget du fonds"),
    };
    format!("{amount}, {given}, n'est pas {right}, {expected}")
}

const fn positive(what: Amount) -> &'static str {
    match what {
        Amount::Requested => "le montant demandé",
        Amount::Approved => "le montant approuvé",
        Amount::Tranche => "le montant d'une tranche",
        Amount::Repayment => "le montant du remboursement",
        Amount::Budget => "le budget du fonds",
        _ => "le montant",
    }
}

fn too_little(what: Amount, least: Xof, given: Xof) -> String {
    if given == Xof::ZERO && least == Xof::of(1) {
        return format!("{} ne peut pas être nul", positive(Amount::Budget));
    }
    match what {
        Amount::Committed => {
            format!("le budget, {given}, est inférieur aux engagements du fonds, {least}")
        }
        _ => format!("le montant, {given}, est inférieur au minimum, {least}"),
    }
}

/// How a thing is called with its article, and whether it is feminine and plural.
const fn noun(item: Item) -> (&'static str, bool, bool) {
    match item {
        Item::Event => ("l'événement", false, false),
        Item::Financing => ("le financement", false, false),
        Item::Tranche => ("la tranche", true, false),
        Item::Grievance => ("la plainte", true, false),
        Item::Consent => ("le consentement", false, false),
        Item::BusinessPlan => ("le plan d'affaires", false, false),
        Item::Office => ("l'antenne", true, false),
        Item::Programme => ("le programme", false, false),
        Item::Milestone => ("la visite de suivi", true, false),
        Item::Session => ("la séance", true, false),
        Item::Lottery => ("le tirage au sort", false, false),
        Item::Sector => ("le secteur", false, false),
        Item::Module => ("le module", false, false),
        Item::Schedule => ("l'échéancier", false, false),
        Item::Selection => ("la décision de sélection", true, false),
        Item::Registration => ("l'inscription", true, false),
        Item::Training => ("la formation", true, false),
        Item::Convention => ("la convention", true, false),
        Item::PaymentReference => ("la référence de paiement", true, false),
        Item::Business => ("l'activité", true, false),
        Item::Closure => ("la cessation d'activité", true, false),
        Item::Income => ("le revenu", false, false),
        Item::PersonalData => ("les données personnelles", true, true),
        Item::Cohort => ("le groupe de formation", false, false),
        Item::Seat => ("la place", true, false),
        Item::Fund => ("le fonds", false, false),
        Item::Member => ("le membre du groupe", false, false),
        Item::Duplicate => ("le doublon", false, false),
        Item::Path => ("le parcours", false, false),
        Item::Waiver => ("le démarrage sans financement", false, false),
        Item::Command => ("la commande", true, false),
    }
}

/// A thing by its name: a number as it is, a word of somebody's own between quotation marks.
fn the(item: Item, name: &str) -> String {
    let (noun, ..) = noun(item);
    match item {
        _ if name.is_empty() => noun.to_owned(),
        Item::Income => {
            let (from, to) = period_of(name);
            format!("{noun} du {from} au {to}")
        }
        Item::Milestone => format!("{noun} à {name} mois"),
        _ if name.starts_with(|first: char| first.is_ascii_digit()) => format!("{noun} {name}"),
        _ => format!("{noun} « {name} »"),
    }
}

const fn of_the(item: Item) -> &'static str {
    match item {
        Item::Fund => "du fonds",
        _ => "du groupe de formation",
    }
}

fn agreed(participle: &str, item: Item) -> String {
    let (_, is_feminine, is_plural) = noun(item);
    let (gender, number) = (if is_feminine { "e" } else { "" }, if is_plural { "s" } else { "" });
    format!("{} déjà {participle}{gender}{number}", if is_plural { "sont" } else { "est" })
}

fn none_of(item: Item) -> String {
    match item {
        Item::Financing => "aucun financement n'a été demandé dans ce parcours".into(),
        Item::Grievance => "aucune plainte n'a été reçue dans ce parcours".into(),
        Item::Consent => "aucun consentement n'est en vigueur".into(),
        Item::Session => "aucune séance n'est programmée dans ce groupe".into(),
        Item::Office => "aucune antenne n'est ouverte dans ce programme".into(),
        Item::Duplicate => "ce dossier n'est rattaché à aucun autre".into(),
        _ => format!("{} n'existe pas ici", noun(item).0),
    }
}

fn unknown(item: Item, name: &str) -> String {
    match item {
        Item::Event => format!("aucun événement de ce dossier ne porte le numéro {name}"),
        Item::Financing => format!("aucun financement de ce parcours ne porte le numéro {name}"),
        Item::Tranche => format!("aucune tranche de ce financement ne porte le numéro {name}"),
        Item::Grievance => format!("aucune plainte de ce parcours ne porte le numéro {name}"),
        Item::Consent => format!("aucun consentement « {name} » n'est en vigueur"),
        Item::BusinessPlan => {
            format!("la dernière version du plan d'affaires n'est pas la version {name}")
        }
        Item::Milestone => format!("les règles ne prévoient pas de visite à {name} mois"),
        Item::Session => format!("aucune séance de ce groupe ne s'appelle « {name} »"),
        Item::Lottery => format!("la personne ne figure dans aucun tirage au sort « {name} »"),
        Item::Sector => format!("le programme ne connaît pas le secteur « {name} »"),
        Item::Module => format!("le module « {name} » ne fait pas partie de la formation"),
        Item::Member => format!("la personne {name} n'a pas de place dans le groupe"),
        Item::Path => format!("aucun parcours n'est inscrit sous « {name} »"),
        Item::Fund => format!("aucun fonds n'est ouvert sous {name}"),
        Item::Cohort => format!("aucun groupe de formation n'est planifié sous {name}"),
        Item::Programme => format!("aucun programme n'a de convention signée sous {name}"),
        Item::Office => format!("le programme n'a pas d'antenne « {name} »"),
        Item::Duplicate => format!("ce dossier n'est pas rattaché à {name}"),
        Item::Command => format!("il n'y a pas de commande « {name} »"),
        _ => format!("{} n'existe pas ici", the(item, name)),
    }
}

fn differs(item: Item, name: &str) -> String {
    format!("{} {} avec un autre contenu", the(item, name), agreed("enregistré", item))
}

fn settled(item: Item, name: &str) -> String {
    match item {
        Item::Financing if is_several(name) => {
            format!("les financements {name} ne sont plus ouverts à cette opération")
        }
        Item::Financing => format!("le financement {name} n'est plus ouvert à cette opération"),
        Item::Tranche => format!("la tranche {name} est déjà payée"),
        Item::Grievance if is_several(name) => {
            format!("les plaintes {name} ont déjà reçu leur réponse")
        }
        Item::Grievance => format!("la plainte {name} a déjà reçu sa réponse"),
        Item::BusinessPlan => format!("la version {name} du plan d'affaires est déjà validée"),
        Item::Convention => format!("la convention « {name} » n'est pas renouvelable"),
        Item::PaymentReference => format!("la référence de paiement « {name} » a déjà servi"),
        Item::Business => format!("une activité est déjà en cours (secteur {name})"),
        Item::Closure => format!("l'activité (secteur {name}) a déjà cessé"),
        Item::Training => "la formation est déjà achevée : la place ne se rend plus".into(),
        Item::Seat => format!("la personne a déjà une place, dans le groupe {name}"),
        Item::Cohort => format!("le groupe de formation « {name} » est clos"),
        Item::Fund => format!("le fonds « {name} » est clos"),
        Item::Member => format!("la personne {name} a déjà une place dans le groupe"),
        Item::Duplicate => format!(
            "le dossier {name} est déjà rattaché à celui-ci, qui ne peut donc pas être rattaché à un \
             autre"
        ),
        Item::PersonalData => "les données personnelles sont déjà effacées".into(),
        Item::Waiver => "le démarrage sans financement est déjà autorisé".into(),
        _ => format!("{} {}", the(item, name), agreed("réglé", item)),
    }
}

/// Two fields that contradict each other, said as the rule that they break.
fn disagree(field: &str, other: &str) -> String {
    let sentence = match (field, other) {
        ("continues", "id") => "un dossier ne se rattache pas à lui-même",
        ("schedule", "instrument") => "seul un crédit a un échéancier",
        ("tranches", "tranche") => "les tranches ne sont pas numérotées 1, 2, 3.. dans l'ordre",
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
