//! Numbers and amounts in French: the number that forbids stands in its place.

use crate::refusal::{Amount, Quantity};
use crate::values::Xof;

/// The plural begins at two in French: « 0 élément », « 1 élément », « 2 éléments ».
fn counted(count: u32, one: &str, several: &str) -> String {
    format!("{count} {}", if count < 2 { one } else { several })
}

pub(super) fn below(what: Quantity, required: u32, given: u32) -> String {
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

pub(super) fn too_much(what: Amount, limit: Xof, given: Xof) -> String {
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

pub(super) fn other_amount(what: Amount, expected: Xof, given: Xof) -> String {
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

pub(super) fn too_little(what: Amount, least: Xof, given: Xof) -> String {
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
