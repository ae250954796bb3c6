//! What fields and codes are called where a stored fact is shown to a person, who sees no form around it.
//!
//! There the body that a field stands in is not known. So the words of the forms are taken, the common one
//! before that of any one body; what stands here is only what they do not say: fields that no command has,
//! names that mean different things in different bodies, and amounts, whose unit a form says elsewhere.

use super::{Words, fields, values};
use crate::reference::{RegionCode, lists};

/// Fields for which the words of the forms do not do.
const FIELDS: &[(&str, Words)] = &[
    ("after", ("Après", "After")),
    ("age", ("Âge", "Age")),
    ("amount", ("Montant (francs CFA)", "Amount (XOF)")),
    ("amount_needed", ("Montant nécessaire (francs CFA)", "Amount needed (XOF)")),
    ("application", ("Candidature", "Application")),
    ("awaiting", ("Décision attendue", "Decision awaited")),
    ("attended_minutes", ("Minutes suivies", "Minutes attended")),
    ("before", ("Avant", "Before")),
    ("basis", ("Fondement", "Basis")),
    ("channel", ("Canal", "Channel")),
    ("days", ("Jours au moins", "Days at least")),
    ("continues_as", ("Se poursuit sous", "Continues as")),
    ("disability", ("Handicap (réponses de 1 à 4)", "Disability (answers from 1 to 4)")),
    ("dismissed", ("Doublons écartés", "Duplicates dismissed")),
    ("duplicates", ("Doublons rattachés", "Duplicates linked")),
    ("eligible", ("Éligible", "Eligible")),
    ("from", ("Du", "From")),
    ("from_office", ("Antenne de départ", "From office")),
    ("interest", ("Intérêts (francs CFA)", "Interest (XOF)")),
    ("is_cut", ("D'autres attendent encore", "More are waiting")),
    ("kind", ("Nature", "Kind")),
    ("method", ("Modalité", "Method")),
    ("monthly_profit", ("Bénéfice mensuel (francs CFA)", "Monthly profit (XOF)")),
    ("monthly_revenue", ("Chiffre d'affaires mensuel (francs CFA)", "Monthly revenue (XOF)")),
    ("name", ("Nom", "Name")),
    ("of", ("Restitution de", "Refund of")),
    ("out_of_reach", ("Hors de votre portée", "Out of your reach")),
    ("own_contribution", ("Apport personnel (francs CFA)", "Own contribution (XOF)")),
    ("passed", ("Réussi", "Passed")),
    ("planned_minutes", ("Minutes prévues", "Minutes planned")),
    ("principal", ("Principal (francs CFA)", "Principal (XOF)")),
    ("recorded_at", ("Enregistré à", "Recorded at")),
    ("reference", ("Référence", "Reference")),
    ("refused", ("Refusées", "Refused")),
    ("retracted", ("Retiré", "Retracted")),
    ("rule", ("Règle", "Rule")),
    ("score", ("Note", "Score")),
    ("seat", ("Place libérée", "Seat given back")),
    ("session", ("Séance", "Session")),
    ("session_on", ("Jour de la séance", "Day of the session")),
    ("source", ("Source", "Source")),
    ("stage", ("Étape", "Stage")),
    ("start_up_cost", ("Coût de démarrage (francs CFA)", "Start-up cost (XOF)")),
    ("status", ("Statut", "Status")),
    ("summary", ("Résumé", "Summary")),
    ("text", ("Texte", "Text")),
    ("title", ("Titre", "Title")),
    ("to", ("Au", "To")),
    ("total", ("Total", "Total")),
    ("until", ("Jusqu'au", "Until")),
    ("undone_reference", ("Référence du paiement annulé", "Reference of the payment reversed")),
    ("years", ("Années révolues", "Completed years")),
];

/// The fields whose codes are words of a reference list, with the lists in the order in which they are
/// looked through.
const CODED: &[(&str, &[&str])] = &[
    ("business_status", &["business_statuses"]),
    ("category", &["grievance_categories"]),
    ("channel", &["channels", "grievance_channels"]),
    ("difficulties", &["difficulties"]),
    ("education", &["education"]),
    ("employment_status", &["employment_statuses"]),
    ("form", &["legal_forms"]),
    ("ground", &["reversal_grounds", "loan_change_grounds", "cancellation_grounds"]),
    ("instrument", &["instruments"]),
    ("intake", &["intakes"]),
    ("kind", &["support_kinds", "action_kinds"]),
    ("media_type", &["media_types"]),
    ("method", &["consent_methods", "payment_methods", "selection_methods"]),
    ("module", &["modules"]),
    ("modules", &["modules"]),
    ("outcome", &["grievance_outcomes", "referral_outcomes"]),
    (
        "reason",
        &[
            "exit_reasons",
            "closure_reasons",
            "suspension_reasons",
            "refusal_reasons",
            "application_refusals",
        ],
    ),
    ("sector", &["sectors"]),
    ("service", &["referral_services"]),
    ("source", &["income_sources"]),
    ("survey", &["surveys"]),
    ("work_since", &["work_changes"]),
];

/// Codes that are in no reference list and that no command takes.
const CODES: &[(&str, Words)] = &[
    ("active", ("Actif", "Active")),
    ("age", ("Âge", "Age")),
    ("attended", ("Formation suivie", "Attended")),
    ("birth_date", ("Date de naissance", "Birth date")),
    ("birth_year", ("Année de naissance", "Year of birth")),
    ("closed", ("Clos", "Closed")),
    ("completed", ("Achevé", "Completed")),
    ("consent", ("Consentement", "Consent")),
    ("credit_refund", ("Remise d'un trop-perçu", "Refund of credit")),
    ("disbursement", ("Versement d'une tranche", "Tranche paid out")),
    ("exited", ("Sorti", "Exited")),
    ("financing", ("Financement", "Financing")),
    ("follow_up", ("Suivi", "Follow-up")),
    ("guarantee_call", ("Appel de garantie", "Call of a guarantee")),
    ("idea", ("Idée de projet", "Idea")),
    ("met", ("Remplie", "Met")),
    ("not_met", ("Non remplie", "Not met")),
    ("programme", ("Programme", "Programme")),
    ("recognised", ("Formation reconnue", "Recognised")),
    ("recovery", ("Recouvrement", "Recovery")),
    ("recruitment", ("Recrutement", "Recruitment")),
    ("rejected", ("Rejeté", "Rejected")),
    ("repayment", ("Remboursement", "Repayment")),
    ("residence", ("Résidence", "Residence")),
    ("suspended", ("Suspendu", "Suspended")),
    ("to_be_proved", ("À prouver", "To be proved")),
    ("training", ("Formation", "Training")),
    ("unknown", ("Inconnu", "Unknown")),
    ("unspent_refund", ("Restitution d'une somme non utilisée", "Refund of what was not spent")),
];

/// Fields that hold what somebody typed, or a name in a token. It may be a word that is a code elsewhere, and is left
/// as it is.
const TEXTS: [&str; 12] = [
    "name", "text", "title", "summary", "comment", "address", "locality", "phone", "centre", "by",
    "adviser", "trainer",
];

pub(super) fn field(name: &str) -> Option<Words> {
    let own = FIELDS.iter().find(|(field, _)| *field == name).map(|(_, words)| *words);
    own.or_else(|| fields::of_any_body(name))
}

/// The decisions that a path waits for. Some of the words mean other things in other fields.
const AWAITED: &[(&str, Words)] = &[
    ("eligibility", ("Éligibilité", "Eligibility")),
    ("interview", ("Entretien", "Interview")),
    ("selection", ("Sélection", "Selection")),
    ("plan", ("Plan d'affaires", "Business plan")),
    ("financing", ("Financement", "Financing")),
    ("agreement", ("Signature de la convention", "Signature of the agreement")),
];

pub(super) fn value(field: &str, code: &str) -> Option<Words> {
    if field == "awaiting" {
        return AWAITED.iter().find(|(word, _)| *word == code).map(|(_, words)| *words);
    }
    if TEXTS.contains(&field) {
        return None;
    }
    if field == "region" {
        let region = code.parse::<RegionCode>().ok()?;
        return Some((region.name_fr(), region.name_fr()));
    }
    let names = CODED.iter().find(|(name, _)| *name == field).map_or(&[][..], |(_, names)| names);
    let listed = names.iter().find_map(|name| {
        let list = lists().iter().find(|list| list.name == *name)?;
        let entry = list.entries.iter().find(|entry| entry.code == code)?;
        Some((entry.label_fr, entry.label_en))
    });
    let known = || CODES.iter().find(|(word, _)| *word == code).map(|(_, words)| *words);
    listed.or_else(|| values::of_any_type(code)).or_else(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_that_is_named_is_there_and_its_field_has_a_name() {
        for (name, names) in CODED {
            assert!(field(name).is_some(), "{name}");
            for list in *names {
                assert!(lists().iter().any(|known| known.name == *list), "{list}");
            }
        }
    }
}
