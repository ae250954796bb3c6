//! What the fields of a path's status are called, for people who read a history.

use sira_domain::reference::Language;

/// A field of the status, with what it is called in French and in English.
const FIELDS: &[(&str, &str, &str)] = &[
    ("stage", "étape", "stage"),
    ("status", "statut", "status"),
    ("registration", "inscription", "registration"),
    ("office", "antenne", "office"),
    ("region", "région", "region"),
    ("adviser", "conseiller", "adviser"),
    ("idea", "idée", "idea"),
    ("eligibility", "éligibilité", "eligibility"),
    ("interview", "entretien", "interview"),
    ("selection", "sélection", "selection"),
    ("enrolment", "place en formation", "training seat"),
    ("sessions", "séances", "sessions"),
    ("assessments", "évaluations", "assessments"),
    ("training", "formation", "training"),
    ("plan", "plan d'affaires", "business plan"),
    ("financings", "financements", "financings"),
    ("financing_waived_on", "démarrage sans financement", "start without money"),
    ("business", "activité", "business"),
    ("visits", "visites", "visits"),
    ("last_visit_on", "dernière visite", "last visit"),
    ("incomes", "revenus", "incomes"),
    ("grievances", "plaintes", "grievances"),
    ("documents", "documents", "documents"),
    ("consents", "consentements", "consents"),
    ("actions", "notes, appuis et actions", "notes, supports and actions"),
    ("continues_as", "se poursuit ailleurs", "continues elsewhere"),
    ("duplicates", "doublons", "duplicates"),
    ("path_closed_on", "clôture du parcours", "close of the path"),
    ("closed_because", "décision de clôture", "closing decision"),
    ("erased_on", "effacement", "erasure"),
];

/// What the field that a pointer begins with is called; the pointer itself when it has no name.
#[must_use]
pub fn field_of(pointer: &str, language: Language) -> &str {
    let name = pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
    let known = FIELDS.iter().find(|(field, ..)| *field == name);
    known.map_or(pointer, |(_, fr, en)| match language {
        Language::Fr => fr,
        Language::En => en,
    })
}

#[cfg(test)]
mod tests {
    use sira_domain::path::Beneficiary;

    use super::*;

    #[test]
    fn every_field_of_a_new_status_has_a_name_in_both_languages() {
        let state = crate::replay::difference::comparable(&Beneficiary::default());
        for name in state.as_object().unwrap().keys() {
            let pointer = format!("/{name}");
            for language in [Language::Fr, Language::En] {
                assert_ne!(field_of(&pointer, language), pointer, "{name}");
            }
        }
        assert_eq!(field_of("/visits/3/on", Language::Fr), "visites");
        assert_eq!(field_of("/unheard", Language::Fr), "/unheard");
    }
}
