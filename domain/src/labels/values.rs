//! Enumerated types: the lists of coded fields, and the words of the domain's own.

use super::Words;
use crate::reference::{RegionCode, lists};

/// Coded types with their reference list.
pub(super) const LISTS: &[(&str, &str)] = &[
    ("ActionKind", "action_kinds"),
    ("ApplicationRefusal", "application_refusals"),
    ("BackdatingReason", "backdating_reasons"),
    ("BusinessStatus", "business_statuses"),
    ("Channel", "channels"),
    ("ClosureReason", "closure_reasons"),
    ("ConsentMethod", "consent_methods"),
    ("Difficulty", "difficulties"),
    ("EducationLevel", "education"),
    ("EmploymentStatus", "employment_statuses"),
    ("ExitReason", "exit_reasons"),
    ("GrievanceCategory", "grievance_categories"),
    ("GrievanceChannel", "grievance_channels"),
    ("GrievanceOutcome", "grievance_outcomes"),
    ("IncomeSource", "income_sources"),
    ("Instrument", "instruments"),
    ("Intake", "intakes"),
    ("LegalForm", "legal_forms"),
    ("MediaType", "media_types"),
    ("ModuleCode", "modules"),
    ("PaymentMethod", "payment_methods"),
    ("ReferralOutcome", "referral_outcomes"),
    ("ReferralService", "referral_services"),
    ("RefusalReason", "refusal_reasons"),
    ("RegionCode", "regions"),
    ("ReversalGround", "reversal_grounds"),
    ("LoanChangeGround", "loan_change_grounds"),
    ("CancellationGround", "cancellation_grounds"),
    ("SectorCode", "sectors"),
    ("SelectionMethod", "selection_methods"),
    ("SupportKind", "support_kinds"),
    ("SurveyKind", "surveys"),
    ("SuspensionReason", "suspension_reasons"),
    ("WorkChange", "work_changes"),
];

/// Words of the domain's own.
const OWN: &[(&str, &str, Words)] = &[
    ("Sex", "female", ("Femme", "Woman")),
    ("Sex", "male", ("Homme", "Man")),
    ("Decision", "selected", ("Retenu", "Selected")),
    ("Decision", "waitlisted", ("En liste d'attente", "On the waiting list")),
    ("Decision", "not_selected", ("Non retenu", "Not selected")),
    ("PlanConclusion", "validated", ("Validé", "Validated")),
    ("PlanConclusion", "to_revise", ("À revoir", "To be revised")),
    ("TrancheCondition", "agreement_signed", ("Convention signée", "Agreement signed")),
    ("TrancheCondition", "business_started", ("Activité démarrée", "Business started")),
    (
        "TrancheCondition",
        "visit_recorded",
        ("Visite depuis la tranche précédente", "Visit since the tranche before"),
    ),
    (
        "TrancheCondition",
        "document_attached",
        ("Pièce jointe depuis la tranche précédente", "Document since the tranche before"),
    ),
    ("TieBreaker", "women_first", ("Les femmes d'abord", "Women first")),
    ("TieBreaker", "younger_first", ("Les plus jeunes d'abord", "The younger first")),
    ("TieBreaker", "displaced_first", ("Les déplacés d'abord", "Displaced people first")),
    (
        "TieBreaker",
        "earlier_registration",
        ("La première inscription d'abord", "The earlier registration first"),
    ),
    ("ErasureGround", "request", ("Demande de la personne", "The person's request")),
    ("ErasureGround", "retention", ("Durée de conservation écoulée", "Retention period over")),
    ("ErasureGround", "collected_in_error", ("Collecte par erreur", "Collected in error")),
    ("Reporting", "quarter", ("Par trimestre", "By the quarter")),
    ("Reporting", "month", ("Par mois", "By the month")),
    ("Reporting", "week", ("Par semaine", "By the week")),
    ("Role", "adviser", ("Conseiller emploi", "Adviser")),
    ("Role", "trainer", ("Formateur", "Trainer")),
    ("Role", "committee", ("Comité", "Committee")),
    ("Role", "finance", ("Agent financier", "Finance officer")),
    ("Role", "director", ("Directeur régional", "Director")),
    ("Role", "analyst", ("Analyste", "Analyst")),
    ("Role", "auditor", ("Auditeur", "Auditor")),
    ("Role", "donor", ("Bailleur", "Donor")),
    ("Role", "admin", ("Administrateur", "Administrator")),
];

pub(super) fn find(owner: &str, value: &str) -> Option<Words> {
    let own = OWN.iter().find(|(name, word, _)| *name == owner && *word == value);
    if let Some((_, _, words)) = own {
        return Some(*words);
    }
    let (_, name) = LISTS.iter().find(|(coded, _)| *coded == owner)?;
    if *name == "regions" {
        // A region is called by its name in every language.
        let region = RegionCode::all().find(|region| region.code() == value)?;
        return Some((region.name_fr(), region.name_fr()));
    }
    let list = lists().iter().find(|list| list.name == *name)?;
    let entry = list.entries.iter().find(|entry| entry.code == value)?;
    Some((entry.label_fr, entry.label_en))
}

/// The label of a word of the domain's own, of whichever type: no two types give one word two meanings.
pub(super) fn of_any_type(value: &str) -> Option<Words> {
    OWN.iter().find(|(_, word, _)| *word == value).map(|(_, _, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_types_give_one_word_two_meanings() {
        for (owner, word, words) in OWN {
            assert_eq!(of_any_type(word), Some(*words), "{owner} {word}");
        }
    }
}
