//! Numbers and amounts in French: the number that forbids stands in its place.

use crate::refusal::{Amount, Quantity};
use crate::values::Xof;

/// What a bound of the rules is called.
const PLAUSIBLE: &str = "ce que les règles tiennent pour plausible";

/// The plural begins at two in French: « 0 élément », « 1 élément », « 2 éléments ».
fn counted(count: u32, one: &str, several: &str) -> String {
    format!("{count} {}", if count < 2 { one } else { several })
}

/// Places of a list.
pub(super) fn places(count: u32) -> String {
    counted(count, "place", "places")
}

fn items(count: u32) -> String {
    counted(count, "élément", "éléments")
}

pub(super) fn below(what: Quantity, required: u32, given: u32) -> String {
    match what {
        Quantity::InterviewTotal => {
            format!("la note de l'entretien est de {given} sur 100 ; il faut au moins {required}")
        }
        Quantity::Attendance => format!(
            "l'assiduité est de {given} % des heures prévues ; il faut au moins {required} %"
        ),
        Quantity::ModulesPassed => format!(
            "{} sur les {required} à réussir",
            counted(given, "module réussi", "modules réussis")
        ),
        Quantity::Items if given == 0 => {
            format!("la liste est vide ; il faut au moins {}", items(required))
        }
        Quantity::Items => {
            format!("la liste compte {} ; il en faut au moins {required}", items(given))
        }
        Quantity::MinutesPresent => {
            format!("la présence est de {given} min ; il en faut au moins {required}")
        }
        Quantity::Seats => {
            format!(
                "le groupe compte {} ; il en faut {required}",
                counted(given, "place", "places")
            )
        }
        Quantity::Jobs
        | Quantity::JobsUnder35
        | Quantity::FullTime
        | Quantity::JobsExpected
        | Quantity::PeopleReached
        | Quantity::SessionMinutes
        | Quantity::Places => {
            format!("{} ; il en faut au moins {required}", told(what, given))
        }
    }
}

/// A number that somebody tells, with what it counts.
fn told(what: Quantity, number: u32) -> String {
    match what {
        Quantity::JobsUnder35 => {
            counted(number, "emploi de moins de 35 ans", "emplois de moins de 35 ans")
        }
        Quantity::FullTime => format!("{} équivalents temps plein", hundredths(number)),
        Quantity::JobsExpected => counted(number, "emploi prévu", "emplois prévus"),
        Quantity::PeopleReached => counted(number, "personne touchée", "personnes touchées"),
        Quantity::SessionMinutes => counted(number, "minute de séance", "minutes de séance"),
        Quantity::Places => counted(number, "place", "places"),
        _ => counted(number, "emploi", "emplois"),
    }
}

/// Hundredths as a French reader writes them: « 1,5 » is one and a half.
fn hundredths(number: u32) -> String {
    let (whole, rest) = (number / 100, number % 100);
    match rest {
        0 => whole.to_string(),
        _ if rest.is_multiple_of(10) => format!("{whole},{}", rest / 10),
        _ => format!("{whole},{rest:02}"),
    }
}

pub(super) fn above(what: Quantity, limit: u32, given: u32) -> String {
    match what {
        Quantity::InterviewTotal => {
            format!("la note {given} dépasse le maximum du critère, {limit}")
        }
        Quantity::Attendance => format!("l'assiduité, {given} %, dépasse {limit} %"),
        Quantity::ModulesPassed => format!(
            "{}, alors que la formation en compte {limit}",
            counted(given, "module réussi", "modules réussis")
        ),
        Quantity::Items => {
            format!("la liste compte {} ; il en faut au plus {limit}", items(given))
        }
        Quantity::MinutesPresent => {
            format!("la présence, {given} min, dépasse la durée de la séance, {limit} min")
        }
        Quantity::Seats => format!(
            "le groupe compte {} ; il en faudrait {given}",
            counted(limit, "place", "places")
        ),
        Quantity::JobsUnder35 => {
            format!("{}, alors qu'il y en a {limit} en tout", told(what, given))
        }
        Quantity::Places => format!(
            "la liste compte {} ; il en faudrait {given}",
            counted(limit, "place", "places")
        ),
        Quantity::FullTime => format!(
            "{}, alors qu'il y a {} en tout",
            told(what, given),
            told(Quantity::Jobs, limit / 100)
        ),
        Quantity::Jobs
        | Quantity::JobsExpected
        | Quantity::PeopleReached
        | Quantity::SessionMinutes => {
            format!(
                "{}, plus que les {limit} que les règles tiennent pour plausibles",
                told(what, given)
            )
        }
    }
}

pub(super) fn too_much(what: Amount, limit: Xof, given: Xof) -> String {
    let (amount, most) = match what {
        Amount::Ceiling => ("le montant demandé", "le plafond de l'instrument"),
        Amount::Requested => ("le montant approuvé", "le montant demandé"),
        Amount::Owed => ("le principal remboursé", "le principal restant dû"),
        Amount::InterestOwed => ("le montant des intérêts payés", "celui des intérêts restant dus"),
        Amount::Refund => ("le montant restitué", "ce qui peut l'être"),
        Amount::Lost => ("le montant recouvré", "ce qui reste perdu"),
        Amount::Guaranteed => ("le montant appelé", "ce qui reste garanti"),
        Amount::Reversed => ("le montant à annuler", "ce qui est versé et n'est pas revenu"),
        Amount::ReversedCredit => ("le trop-perçu à annuler", "ce qui n'en a pas été remis"),
        Amount::FreeBalance => ("le montant à engager", "le solde libre du fonds"),
        Amount::OpenCommitments => ("le montant", "les engagements non décaissés du fonds"),
        Amount::ProfitOfRevenue => ("le bénéfice mensuel", "le chiffre d'affaires mensuel"),
        Amount::MonthlyRevenue => ("le chiffre d'affaires mensuel", PLAUSIBLE),
        Amount::MonthlyProfit => ("le bénéfice mensuel", PLAUSIBLE),
        Amount::MonthlyIncome => ("le revenu, ramené à trente jours", PLAUSIBLE),
        Amount::StartUpCost => ("le coût de démarrage", PLAUSIBLE),
        Amount::PersonCeiling => (
            "le total approuvé pour la personne avec cet instrument",
            "le plafond par personne de l'instrument",
        ),
        Amount::PersonCeilingInAll => (
            "le total approuvé pour la personne, tous instruments réunis",
            "le plafond par personne",
        ),
        Amount::NeedCeiling => {
            ("le total demandé pour ce besoin, tous fonds réunis", "le plafond de l'instrument")
        }
        Amount::LineBalance => ("le montant", "le solde libre de la ligne budgétaire"),
        Amount::FundPaidOut => {
            ("le montant qui revient au fonds", "ce qu'il a versé et qui n'est pas revenu")
        }
        Amount::FundReceived => ("le montant à annuler", "ce que le fonds a reçu à ce titre"),
        Amount::FundCredit => ("le trop-perçu", "celui que le fonds détient"),
        Amount::Approved => {
            return format!(
                "une nouvelle approbation ne peut que réduire la première : au plus {limit}, et non \
                 {given}"
            );
        }
        Amount::LeftOwed => {
            return format!("il reste {given} à rembourser ; il ne doit rien rester dû");
        }
        Amount::LeftBeforeCredit => {
            return format!(
                "il resterait {given} à rembourser ; seul ce qui dépasse tout ce qui est dû est un \
                 trop-perçu"
            );
        }
        Amount::AlreadyPaid => {
            return format!(
                "{given} sont déjà versés ; seul un financement dont rien n'est versé s'annule"
            );
        }
        Amount::LeftCommitted => {
            return format!(
                "il reste {given} engagés et non décaissés ; il ne doit rien en rester"
            );
        }
        _ => ("le montant", "le maximum"),
    };
    format!("{amount}, {given}, dépasse {most}, {limit}")
}

pub(super) fn other_amount(what: Amount, expected: Xof, given: Xof) -> String {
    if given == Xof::ZERO && expected == Xof::of(1) {
        return nothing(what);
    }
    let (amount, right) = match what {
        Amount::Tranches => ("la somme des tranches", "le montant approuvé"),
        Amount::Tranche => ("le montant payé", "celui de la tranche"),
        Amount::Schedule => ("le principal de l'échéancier", "le montant à rembourser"),
        Amount::Owed => ("le montant passé en perte", "le principal restant dû"),
        Amount::BudgetLines => ("la somme des lignes budgétaires", "le budget du fonds"),
        _ => ("le montant", "celui qu'il faut"),
    };
    format!("{amount}, {given}, n'est pas {right}, {expected}")
}

pub(super) fn too_little(what: Amount, least: Xof, given: Xof) -> String {
    match what {
        Amount::Committed => {
            format!("le budget, {given}, est inférieur aux engagements du fonds, {least}")
        }
        Amount::LineCommitted => {
            format!("la ligne budgétaire, {given}, est inférieure à ses engagements, {least}")
        }
        _ if given == Xof::ZERO && least == Xof::of(1) => nothing(what),
        _ => format!("le montant, {given}, est inférieur au minimum, {least}"),
    }
}

fn nothing(what: Amount) -> String {
    let amount = match what {
        Amount::Requested => "le montant demandé",
        Amount::Approved => "le montant approuvé",
        Amount::Tranche => "le montant d'une tranche",
        Amount::Repayment => "le montant du remboursement",
        Amount::Refund => "le montant restitué",
        Amount::Lost => "le montant recouvré",
        Amount::Guaranteed => "le montant appelé",
        Amount::Budget => "le budget du fonds",
        Amount::Overhead => "le montant des frais",
        _ => "le montant",
    };
    format!("{amount} ne peut pas être nul")
}
