//! What fields and codes are called where a person reads them.

use sira_domain::reference::{Language, RegionCode, lists};

/// A field of a fact or an identity, in French and in English.
const FIELDS: &[(&str, &str, &str)] = &[
    ("address", "Adresse", "Address"),
    ("amount", "Montant (francs CFA)", "Amount (XOF)"),
    ("amount_needed", "Montant nécessaire (francs CFA)", "Amount needed (XOF)"),
    ("attended_minutes", "Minutes suivies", "Minutes attended"),
    ("basis", "Fondement", "Basis"),
    ("birth_date", "Date de naissance", "Birth date"),
    ("birth_year", "Année de naissance", "Year of birth"),
    ("business_status", "État de l'activité", "State of the business"),
    ("category", "Objet", "Category"),
    ("cercle", "Cercle", "Cercle"),
    ("channel", "Canal", "Channel"),
    ("cohort", "Groupe", "Cohort"),
    ("comment", "Commentaire", "Comment"),
    ("communicating", "Communiquer (1 à 4)", "Communicating (1 to 4)"),
    ("conclusion", "Conclusion", "Conclusion"),
    ("conditions", "Conditions", "Conditions"),
    ("consent", "Consentement", "Consent"),
    ("continues", "Parcours qui se poursuit", "Path that continues"),
    ("continues_as", "Se poursuit sous", "Continues as"),
    ("criterion", "Critère", "Criterion"),
    ("currency", "Monnaie", "Currency"),
    ("decision", "Décision", "Decision"),
    ("difficulties", "Difficultés", "Difficulties"),
    ("disability", "Handicap (réponses de 1 à 4)", "Disability (answers from 1 to 4)"),
    ("displaced", "Personne déplacée", "Displaced"),
    ("due_on", "Due le", "Due on"),
    ("duplicates", "Doublons rattachés", "Duplicates linked"),
    ("education", "Niveau d'études", "Education"),
    ("eligible", "Éligible", "Eligible"),
    ("financing", "Financement n°", "Financing no."),
    ("form", "Forme juridique", "Legal form"),
    ("from", "Du", "From"),
    ("from_office", "Antenne de départ", "From office"),
    (
        "full_time_hundredths",
        "Équivalents temps plein (centièmes)",
        "Full-time equivalents (hundredths)",
    ),
    ("fund", "Fonds", "Fund"),
    ("grievance", "Plainte n°", "Grievance no."),
    ("ground", "Motif", "Ground"),
    ("hearing", "Entendre (1 à 4)", "Hearing (1 to 4)"),
    ("hours", "Heures", "Hours"),
    ("identity", "Identité", "Identity"),
    ("instrument", "Instrument", "Instrument"),
    ("intake", "Mode d'entrée", "Intake"),
    ("interest", "Intérêts (francs CFA)", "Interest (XOF)"),
    ("jobs", "Emplois", "Jobs"),
    ("jobs_expected", "Emplois attendus", "Jobs expected"),
    ("kind", "Nature", "Kind"),
    ("locality", "Localité", "Locality"),
    ("media_type", "Type de fichier", "File type"),
    ("men", "Hommes", "Men"),
    ("method", "Modalité", "Method"),
    ("milestone", "Échéance (mois)", "Milestone (months)"),
    ("minutes", "Minutes", "Minutes"),
    ("module", "Module", "Module"),
    ("modules", "Modules", "Modules"),
    ("monthly_profit", "Bénéfice mensuel (francs CFA)", "Monthly profit (XOF)"),
    ("monthly_revenue", "Chiffre d'affaires mensuel (francs CFA)", "Monthly revenue (XOF)"),
    ("name", "Nom", "Name"),
    ("next_step", "Étape suivante", "Next step"),
    ("nina", "Numéro NINA", "National id (NINA)"),
    ("occurred_on", "Le", "On"),
    ("office", "Antenne", "Office"),
    ("origin", "Provenance", "Origin"),
    ("other", "Autre parcours", "Other path"),
    ("out_of", "Sur", "Out of"),
    ("outcome", "Issue", "Outcome"),
    ("override_reason", "Motif de la dérogation", "Reason of the override"),
    ("own_contribution", "Apport personnel (francs CFA)", "Own contribution (XOF)"),
    ("passed", "Réussi", "Passed"),
    ("payment_reference", "Référence du paiement", "Payment reference"),
    ("people_reached", "Personnes touchées", "People reached"),
    ("phone", "Téléphone", "Phone"),
    ("plan", "Plan d'affaires n°", "Business plan no."),
    ("planned_minutes", "Minutes prévues", "Minutes planned"),
    ("present", "Présent(e)", "Present"),
    ("principal", "Principal (francs CFA)", "Principal (XOF)"),
    ("programme", "Programme", "Programme"),
    ("proof", "Justificatif", "Proof"),
    ("rank", "Rang", "Rank"),
    ("reason", "Motif", "Reason"),
    ("recorded_at", "Enregistré à", "Recorded at"),
    ("reference", "Référence", "Reference"),
    ("region", "Région", "Region"),
    ("registration_number", "Numéro d'immatriculation", "Registration number"),
    ("remembering", "Se souvenir (1 à 4)", "Remembering (1 to 4)"),
    ("retracted", "Retiré", "Retracted"),
    ("row", "Ligne", "Row"),
    ("rule", "Règle", "Rule"),
    ("rules", "Règles", "Rules"),
    ("schedule", "Échéancier", "Schedule"),
    ("scope", "Portée", "Scope"),
    ("score", "Note", "Score"),
    ("scores", "Notes", "Scores"),
    ("sector", "Secteur", "Sector"),
    ("seeing", "Voir (1 à 4)", "Seeing (1 to 4)"),
    ("self_care", "Prendre soin de soi (1 à 4)", "Self-care (1 to 4)"),
    ("sequence", "Événement n°", "Event no."),
    ("session", "Séance", "Session"),
    ("sex", "Sexe", "Sex"),
    ("sha256", "Empreinte SHA-256", "SHA-256"),
    ("size_bytes", "Taille (octets)", "Size (bytes)"),
    ("source", "Source", "Source"),
    ("stage", "Étape", "Stage"),
    ("start_up_cost", "Coût de démarrage (francs CFA)", "Start-up cost (XOF)"),
    ("status", "Statut", "Status"),
    ("summary", "Résumé", "Summary"),
    ("survey", "Enquête", "Survey"),
    ("text", "Texte", "Text"),
    ("text_version", "Version du texte", "Version of the text"),
    ("title", "Titre", "Title"),
    ("to", "Au", "To"),
    ("total", "Total", "Total"),
    ("tranche", "Tranche", "Tranche"),
    ("tranches", "Tranches", "Tranches"),
    ("under_35", "De moins de 35 ans", "Under 35"),
    ("walking", "Marcher (1 à 4)", "Walking (1 to 4)"),
    ("women", "Femmes", "Women"),
];

/// The fields whose codes are words of a reference list, with the lists in the order in which they are
/// looked through.
const CODED: &[(&str, &[&str])] = &[
    ("business_status", &["business_statuses"]),
    ("category", &["grievance_categories"]),
    ("channel", &["channels", "grievance_channels"]),
    ("difficulties", &["difficulties"]),
    ("education", &["education"]),
    ("form", &["legal_forms"]),
    ("instrument", &["instruments"]),
    ("intake", &["intakes"]),
    ("kind", &["support_kinds", "action_kinds"]),
    ("media_type", &["media_types"]),
    ("method", &["consent_methods", "payment_methods", "selection_methods"]),
    ("module", &["modules"]),
    ("modules", &["modules"]),
    ("outcome", &["grievance_outcomes"]),
    ("reason", &["exit_reasons", "closure_reasons", "suspension_reasons", "refusal_reasons"]),
    ("sector", &["sectors"]),
    ("source", &["income_sources"]),
    ("survey", &["surveys"]),
];

/// Codes that are in no reference list.
const CODES: &[(&str, &str, &str)] = &[
    ("active", "actif", "active"),
    ("age", "âge", "age"),
    ("attended", "formation suivie", "attended"),
    ("collected_in_error", "recueilli par erreur", "collected in error"),
    ("completed", "achevé", "completed"),
    ("consent", "consentement", "consent"),
    ("exited", "sorti", "exited"),
    ("female", "féminin", "female"),
    ("financing", "financement", "financing"),
    ("follow_up", "suivi", "follow-up"),
    ("idea", "idée de projet", "idea"),
    ("male", "masculin", "male"),
    ("met", "remplie", "met"),
    ("not_met", "non remplie", "not met"),
    ("not_selected", "non retenu(e)", "not selected"),
    ("programme", "programme", "programme"),
    ("recognised", "formation reconnue", "recognised"),
    ("recruitment", "recrutement", "recruitment"),
    ("rejected", "rejeté", "rejected"),
    ("request", "demande de la personne", "the person's request"),
    ("residence", "résidence", "residence"),
    ("retention", "fin de la durée de conservation", "end of the retention period"),
    ("selected", "retenu(e)", "selected"),
    ("suspended", "suspendu", "suspended"),
    ("to_revise", "à revoir", "to be revised"),
    ("training", "formation", "training"),
    ("unknown", "inconnu", "unknown"),
    ("validated", "validé", "validated"),
    ("waitlisted", "en liste d'attente", "waitlisted"),
];

fn pick<'a>(language: Language, fr: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Fr => fr,
        Language::En => en,
    }
}

/// What a field is called; its own name when it has no other.
pub(super) fn field(name: &str, language: Language) -> &str {
    let known = FIELDS.iter().find(|(field, ..)| *field == name);
    known.map_or(name, |(_, fr, en)| pick(language, fr, en))
}

/// What a field's code means; none when it is no code.
pub(super) fn meaning(field: &str, code: &str, language: Language) -> Option<&'static str> {
    if field == "region" {
        return code.parse::<RegionCode>().ok().map(|region| region.name_fr());
    }
    let names = CODED.iter().find(|(name, _)| *name == field).map_or(&[][..], |(_, names)| names);
    let listed = names.iter().find_map(|name| {
        let list = lists().iter().find(|list| list.name == *name)?;
        list.entries.iter().find(|entry| entry.code == code)
    });
    if let Some(entry) = listed {
        return Some(pick(language, entry.label_fr, entry.label_en));
    }
    // Texts of people's own may be such a word too; they are left as they are.
    let is_text = ["name", "text", "title", "summary", "comment", "address", "locality"];
    let known = CODES.iter().find(|(word, ..)| *word == code && !is_text.contains(&field));
    known.map(|(_, fr, en)| pick(language, fr, en))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_field_of_a_stored_event_of_a_path_has_a_name_in_both_languages() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/domain/tests/golden");
        let mut seen = 0;
        for (kind, ..) in sira_domain::path::FACTS {
            for version in ["1.0", "2.0"] {
                let file = format!("{folder}/{kind}.{version}.json");
                let Ok(text) = std::fs::read_to_string(file) else { continue };
                let event: Value = serde_json::from_str(&text).unwrap();
                check(&event["fact"][kind], &mut seen);
            }
        }
        assert!(seen > 150, "{seen}");
    }

    fn check(value: &Value, seen: &mut usize) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    // Key ids are not shown, and the staff's logins are taken out before.
                    if ["keys", "adviser"].contains(&name.as_str()) {
                        continue;
                    }
                    assert!(FIELDS.iter().any(|(field, ..)| field == name), "{name}");
                    *seen += 1;
                    check(value, seen);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| check(item, seen)),
            _ => {}
        }
    }

    #[test]
    fn every_list_that_is_named_is_there_and_codes_are_told_by_their_field() {
        for (field, names) in CODED {
            assert!(FIELDS.iter().any(|(name, ..)| name == field), "{field}");
            assert!(names.iter().all(|name| lists().iter().any(|list| list.name == *name)));
        }
        assert_eq!(meaning("reason", "moved", Language::Fr), Some("Déménagement"));
        assert_eq!(meaning("sex", "female", Language::En), Some("female"));
        assert_eq!(meaning("text", "training", Language::Fr), None);
        assert_eq!(meaning("region", "segou", Language::En), Some("Ségou"));
    }
}
