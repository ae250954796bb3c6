//! The columns of worklists on paper and in sheets.

use sira_projections::table::Kind::{Date, Int, Text};

use crate::paper::{ListColumn, ListForm};

const fn text(name: &'static str) -> ListColumn {
    ListColumn::new(name, Text)
}

const fn day(name: &'static str, fr: &'static str, en: &'static str) -> ListColumn {
    ListColumn::called(name, Date, fr, en)
}

const fn count(name: &'static str, fr: &'static str, en: &'static str) -> ListColumn {
    ListColumn::called(name, Int, fr, en)
}

const OFFICE: ListColumn = text("office");
const ADVISER: ListColumn = text("adviser");

/// Visits to be made: by week, and within it by place.
pub(super) const VISITS: ListForm = ListForm {
    name: "due-visits",
    title: ("Visites de suivi à faire", "Follow-up visits to be made"),
    columns: &[
        ListColumn::called("week", Text, "Semaine", "Week"),
        ListColumn::LOCALITY,
        day("due_on", "Due le", "Due on"),
        count("milestone", "Échéance (mois)", "Milestone (months)"),
        ListColumn::REFERENCE,
        ListColumn::NAME,
        ListColumn::PHONE,
        count("days_late", "Jours de retard", "Days late"),
        OFFICE,
        ListColumn::REGION,
        ADVISER,
    ],
    order: &["week", "office", "locality", "due_on", "reference"],
    parts: Some("week"),
    blank: Some(("Constat", "Seen")),
};

/// Loans that are late.
pub(super) const OVERDUE: ListForm = ListForm {
    name: "overdue-repayments",
    title: ("Remboursements en retard", "Overdue repayments"),
    columns: &[
        ListColumn::REFERENCE,
        ListColumn::NAME,
        ListColumn::PHONE,
        ListColumn::LOCALITY,
        count("amount_past_due", "Impayé (francs CFA)", "Past due (XOF)"),
        count("days_past_due", "Jours de retard", "Days late"),
        day("oldest_unpaid_due_on", "Impayé depuis le", "Unpaid since"),
        count("outstanding", "Encours (francs CFA)", "Outstanding (XOF)"),
        count("interest_owed", "Intérêts restant dus (francs CFA)", "Interest owed (XOF)"),
        count("financing", "N° du financement", "Financing no."),
        OFFICE,
        ListColumn::REGION,
        ADVISER,
    ],
    order: &[],
    parts: None,
    blank: Some(("Suite donnée", "Outcome")),
};

const CASES: &[ListColumn] = &[
    ListColumn::REFERENCE,
    ListColumn::NAME,
    ListColumn::PHONE,
    ListColumn::LOCALITY,
    text("stage"),
    text("status"),
    text("awaiting"),
    day("registered_on", "Inscription", "Registered on"),
    day("last_on", "Dernier fait", "Last fact"),
    OFFICE,
    ListColumn::REGION,
    ADVISER,
];

/// Paths where nothing happens.
pub(super) const STALLED: ListForm = ListForm {
    name: "stalled",
    title: ("Parcours sans activité", "Paths without a fact"),
    columns: CASES,
    order: &[],
    parts: None,
    blank: None,
};

/// Paths that wait for a decision.
pub(super) const AWAITING: ListForm = ListForm {
    name: "awaiting-decision",
    title: ("Parcours en attente d'une décision", "Paths that wait for a decision"),
    columns: CASES,
    order: &["awaiting", "last_on", "reference"],
    parts: Some("awaiting"),
    blank: None,
};

/// Referrals whose outcome is waited for.
pub(super) const REFERRALS: ListForm = ListForm {
    name: "referrals",
    title: ("Orientations sans suite connue", "Referrals without an outcome"),
    columns: &[
        ListColumn::REFERENCE,
        ListColumn::NAME,
        ListColumn::PHONE,
        ListColumn::LOCALITY,
        text("partner"),
        text("service"),
        day("referred_on", "Orienté le", "Referred on"),
        count("days_open", "Jours d'attente", "Days open"),
        OFFICE,
        ListColumn::REGION,
        ADVISER,
    ],
    order: &[],
    parts: None,
    blank: Some(("Suite", "Outcome")),
};

/// Transfers to be accepted.
pub(super) const TRANSFERS: ListForm = ListForm {
    name: "transfers",
    title: ("Transferts à accepter", "Transfers to be accepted"),
    columns: &[
        ListColumn::REFERENCE,
        ListColumn::NAME,
        ListColumn::PHONE,
        ListColumn::LOCALITY,
        ListColumn::called("from_office", Text, "De l'antenne", "From office"),
        ListColumn::called("office", Text, "À l'antenne", "To office"),
        ListColumn::REGION,
        day("handed_over_on", "Transféré le", "Handed over on"),
        ADVISER,
    ],
    order: &[],
    parts: None,
    blank: None,
};

/// Candidates by rank.
pub(super) const CANDIDATES: ListForm = ListForm {
    name: "candidates",
    title: ("Candidats par rang", "Candidates by rank"),
    columns: &[
        count("rank", "Rang", "Rank"),
        ListColumn::REFERENCE,
        ListColumn::NAME,
        ListColumn::PHONE,
        ListColumn::LOCALITY,
        count("score", "Note sur 100", "Score out of 100"),
        text("sex"),
        ListColumn::called("birth_year", Int, "Année de naissance", "Year of birth"),
        ListColumn::REGION,
        text("decision"),
    ],
    order: &[],
    parts: None,
    blank: Some(("Observations", "Remarks")),
};

#[cfg(test)]
mod tests {
    use sira_domain::labels::record_label;
    use sira_domain::reference::Language;

    use super::*;

    #[test]
    fn every_column_and_every_filter_has_its_words_in_both_languages() {
        let forms = [VISITS, OVERDUE, STALLED, AWAITING, REFERRALS, TRANSFERS, CANDIDATES];
        for column in forms.iter().flat_map(|form| form.columns) {
            for language in [Language::Fr, Language::En] {
                assert_ne!(column.label(language), column.name, "{}", column.name);
            }
        }
        for name in [
            "programme",
            "region",
            "office",
            "adviser",
            "until",
            "days",
            "awaiting",
            "partner",
            "service",
            "session",
            "decision",
            "refused",
            "out_of_reach",
            "is_cut",
            "seats",
        ] {
            assert!(record_label(name, Language::Fr).is_some(), "{name}");
        }
    }

    #[test]
    fn a_list_is_ordered_and_parted_by_columns_that_it_has() {
        for form in [VISITS, OVERDUE, STALLED, AWAITING, REFERRALS, TRANSFERS, CANDIDATES] {
            for name in form.order.iter().chain(&form.parts) {
                assert!(form.columns.iter().any(|column| column.name == *name), "{name}");
            }
        }
    }
}
