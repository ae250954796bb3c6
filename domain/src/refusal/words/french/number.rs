//! Numbers and amounts in French: the number that forbids stands in its place.

use crate::refusal::{Amount, Quantity};
use crate::values::Xof;

/// The plural begins at two in French: « 0 élément », « 1 élément », « 2 éléments ».
fn counted(count: u32, one: &str, several: &str) -> String {
    format!("{count} {}", if count < 2 { one } else { several })
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
        Quantity::Seats => {
            format!(
                "le groupe compte {} ; il en faut {required}",
                counted(given, "place", "places")
            )
        }
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
        Quantity::Seats => format!(
            "le groupe compte {} ; il en faudrait {given}",
            counted(limit, "place", "places")
        ),
    }
}

pub(super) fn too_much(what: Amount, limit: Xof, given: Xof) -> String {
    let (amount, most) = match what {
        Amount::Ceiling => ("le montant demandé", "le plafond de l'instrument"),
        Amount::Requested => ("le montant approuvé", "le montant demandé"),
        Amount::Owed => ("le principal remboursé", "le principal restant dû"),
        Amount::FreeBalance => ("le montant à engager", "le solde libre du fonds"),
        Amount::OpenCommitments => ("le montant", "les engagements non décaissés du fonds"),
        Amount::Approved => {
            return format!(
                "une nouvelle approbation ne peut que réduire la première : au plus {limit}, et non \
                 {given}"
            );
        }
        Amount::LeftOwed => {
            return format!(
                "il reste {given} de principal à rembourser ; il ne doit rien rester dû"
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
        _ => ("le montant", "celui qu'il faut"),
    };
    format!("{amount}, {given}, n'est pas {right}, {expected}")
}

pub(super) fn too_little(what: Amount, least: Xof, given: Xof) -> String {
    match what {
        Amount::Committed => {
            format!("le budget, {given}, est inférieur aux engagements du fonds, {least}")
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
        Amount::Budget => "le budget du fonds",
        _ => "le montant",
    };
    format!("{amount} ne peut pas être nul")
}
