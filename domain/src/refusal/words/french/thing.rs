//! Things in French, with their articles and agreements.

use crate::refusal::Item;
use crate::refusal::words::{is_several, period_of};

/// The name of a thing with its article, and whether it is feminine and plural.
pub(super) const fn noun(item: Item) -> (&'static str, bool, bool) {
    match item {
        Item::Event => ("l'événement", false, false),
        Item::Financing => ("le financement", false, false),
        Item::Tranche => ("la tranche", true, false),
        Item::Grievance => ("la plainte", true, false),
        Item::Referral => ("l'orientation", true, false),
        Item::Party => ("la partie", true, false),
        Item::Commitment => ("l'engagement", false, false),
        Item::Consent => ("le consentement", false, false),
        Item::BusinessPlan => ("le plan d'affaires", false, false),
        Item::Office => ("l'antenne", true, false),
        Item::Programme => ("le programme", false, false),
        Item::Call => ("l'appel à candidatures", false, false),
        Item::Application => ("la candidature", true, false),
        Item::Milestone => ("la visite de suivi", true, false),
        Item::Session => ("la séance", true, false),
        Item::Register => ("la feuille de présence", true, false),
        Item::Lottery => ("le tirage au sort", false, false),
        Item::Indicator => ("l'indicateur", false, false),
        Item::Sector => ("le secteur", false, false),
        Item::Module => ("le module", false, false),
        Item::Registration => ("l'inscription", true, false),
        Item::Training => ("la formation", true, false),
        Item::Convention => ("la convention", true, false),
        Item::Payment | Item::PaymentOfFund => ("le paiement", false, false),
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
        Item::Link => ("le rattachement au dossier", false, false),
        Item::Dismissal => ("le doublon écarté", false, false),
        Item::Path => ("le parcours", false, false),
        Item::Waiver => ("le démarrage sans financement", false, false),
        Item::Command => ("la commande", true, false),
        Item::Adviser => ("le conseiller", false, false),
        Item::Post => ("le poste", false, false),
        Item::Transfer => ("le transfert", false, false),
        Item::Entry => ("l'entrée", true, false),
        Item::Selection => ("la décision de sélection", true, false),
        Item::RankedList => ("la liste classée", true, false),
        Item::StatementLine => ("la ligne du relevé", true, false),
        Item::BudgetLine => ("la ligne budgétaire", true, false),
        Item::Currency => ("la monnaie", true, false),
    }
}

/// A thing by its name: a number as it is, a word of somebody's own between quotation marks.
pub(super) fn the(item: Item, name: &str) -> String {
    let (noun, ..) = noun(item);
    match item {
        _ if name.is_empty() => noun.to_owned(),
        Item::Income | Item::Call => {
            let (from, to) = period_of(name);
            format!("{noun} du {from} au {to}")
        }
        Item::Milestone => format!("{noun} à {name} mois"),
        _ if name.starts_with(|first: char| first.is_ascii_digit()) => format!("{noun} {name}"),
        _ => format!("{noun} « {name} »"),
    }
}

pub(super) const fn of_the(item: Item) -> &'static str {
    match item {
        Item::Fund => "du fonds",
        Item::Member => "où la personne avait une place dans le groupe",
        _ => "du groupe de formation",
    }
}

fn agreed(participle: &str, item: Item) -> String {
    let (_, is_feminine, is_plural) = noun(item);
    let (gender, number) = (if is_feminine { "e" } else { "" }, if is_plural { "s" } else { "" });
    format!("{} déjà {participle}{gender}{number}", if is_plural { "sont" } else { "est" })
}

pub(super) fn none_of(item: Item) -> String {
    match item {
        Item::Financing => "aucun financement n'a été demandé dans ce parcours".into(),
        Item::Grievance => "aucune plainte n'a été reçue dans ce parcours".into(),
        Item::Referral => "aucune orientation n'a été faite dans ce parcours".into(),
        Item::Commitment => "aucun engagement n'est enregistré dans ce programme".into(),
        Item::Consent => "aucun consentement n'est en vigueur".into(),
        Item::Session => "aucune séance n'est programmée dans ce groupe".into(),
        Item::Register => "aucune feuille de présence n'est enregistrée dans ce groupe".into(),
        Item::Office => "aucune antenne n'est ouverte dans ce programme".into(),
        Item::Call => "aucun appel à candidatures n'a été ouvert".into(),
        Item::Duplicate => "ce dossier n'est rattaché à aucun autre".into(),
        Item::Payment => "aucun paiement de ce parcours ne peut être annulé ainsi".into(),
        Item::Post => "l'annuaire du programme n'a aucun poste".into(),
        Item::Transfer => "aucun transfert de ce dossier n'attend d'être accepté".into(),
        _ => format!("{} n'existe pas ici", noun(item).0),
    }
}

pub(super) fn unknown(item: Item, name: &str) -> String {
    match item {
        Item::Event => format!("aucun événement de cet historique ne porte le numéro {name}"),
        Item::Financing => format!("aucun financement de ce parcours ne porte le numéro {name}"),
        Item::Tranche => format!("aucune tranche de ce financement ne porte le numéro {name}"),
        Item::Payment => {
            format!("l'événement {name} n'est pas un paiement qui peut être annulé ainsi")
        }
        Item::Grievance => format!("aucune plainte de ce parcours ne porte le numéro {name}"),
        Item::Referral => format!("aucune orientation de ce parcours ne porte le numéro {name}"),
        Item::Party => format!("aucune partie de la convention ne s'appelle « {name} »"),
        Item::Commitment => format!("aucun engagement de ce programme ne porte le numéro {name}"),
        Item::Consent => format!("aucun consentement « {name} » n'est en vigueur"),
        Item::BusinessPlan => {
            format!("la dernière version du plan d'affaires n'est pas la version {name}")
        }
        Item::Milestone => format!("les règles ne prévoient pas de visite à {name} mois"),
        Item::Session => format!("aucune séance de ce groupe ne s'appelle « {name} »"),
        Item::Register => format!("la séance « {name} » n'a pas de feuille de présence"),
        Item::Indicator => format!("il n'y a pas d'indicateur « {name} »"),
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
        Item::Dismissal => {
            format!("le dossier {name} n'a pas été écarté comme doublon de celui-ci")
        }
        Item::Command => format!("il n'y a pas de commande « {name} »"),
        Item::Adviser => format!(
            "l'annuaire du programme n'a pas, ce jour-là, de conseiller « {name} » dans l'antenne responsable"
        ),
        Item::Post => format!("l'annuaire n'a pas ce poste de « {name} »"),
        Item::RankedList => format!("la personne ne figure sur aucune liste classée « {name} »"),
        Item::PaymentOfFund => format!("aucun paiement du fonds ne porte la référence « {name} »"),
        Item::StatementLine => format!("la ligne {name} de ce relevé n'est pas rapprochée"),
        Item::BudgetLine => format!("le fonds n'a pas de ligne budgétaire « {name} »"),
        Item::Currency => format!("un fonds se tient en XOF, et non en {name}"),
        _ => format!("{} n'existe pas ici", the(item, name)),
    }
}

pub(super) fn differs(item: Item, name: &str) -> String {
    let hint = match item {
        Item::Session => {
            " ; la commande « correct-register » corrige une feuille de présence, « move-session » une date"
        }
        _ => "",
    };
    format!("{} {} avec un autre contenu{hint}", the(item, name), agreed("enregistré", item))
}

pub(super) fn settled(item: Item, name: &str) -> String {
    match item {
        Item::Financing if is_several(name) => {
            format!("les financements {name} ne sont plus ouverts à cette opération")
        }
        Item::Financing => format!("le financement {name} n'est plus ouvert à cette opération"),
        Item::Tranche => format!("la tranche {name} est déjà payée"),
        Item::Session => format!(
            "la séance « {name} » a sa feuille de présence : elle ne se déplace ni ne s'annule plus"
        ),
        Item::Grievance if is_several(name) => {
            format!("les plaintes {name} ont déjà reçu leur réponse")
        }
        Item::Grievance => format!("la plainte {name} a déjà reçu sa réponse"),
        Item::Referral if is_several(name) => {
            format!("la suite des orientations {name} est déjà enregistrée")
        }
        Item::Referral => format!("la suite de l'orientation {name} est déjà enregistrée"),
        Item::Commitment => format!("l'engagement {name} n'est plus ouvert"),
        Item::BusinessPlan => format!("la version {name} du plan d'affaires est déjà validée"),
        Item::Convention => format!("la convention « {name} » n'est pas renouvelable"),
        Item::Call => {
            format!("{} court encore : il faut d'abord le clore", the(item, name))
        }
        Item::PaymentReference => format!("la référence de paiement « {name} » a déjà servi"),
        Item::Payment => format!("le paiement de l'événement {name} est déjà annulé"),
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
        Item::Link => format!(
            "le dossier {name} est rattaché à celui-ci comme étant de la même personne : détachez-le \
             d'abord"
        ),
        Item::Dismissal => {
            format!("le dossier {name} est déjà écarté comme doublon de celui-ci")
        }
        Item::PersonalData => "les données personnelles sont déjà effacées".into(),
        Item::Waiver => "le démarrage sans financement est déjà autorisé".into(),
        Item::Application => format!("la candidature {name} a déjà reçu une autre décision"),
        Item::Entry => format!("la personne figure déjà sur la liste, à l'entrée {name}"),
        Item::Selection => format!("la personne est déjà en liste d'attente (session « {name} »)"),
        Item::Lottery => format!(
            "la personne figure dans le tirage au sort « {name} », dont la décision reste à enregistrer"
        ),
        Item::PaymentOfFund => format!(
            "le paiement « {name} » est déjà rapproché d'une autre ligne ; il faut d'abord la reprendre"
        ),
        Item::StatementLine => format!(
            "la ligne {name} de ce relevé est déjà rapprochée d'un autre paiement ; il faut d'abord la \
             reprendre"
        ),
        _ => format!("{} {}", the(item, name), agreed("réglé", item)),
    }
}
