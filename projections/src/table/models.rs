//! The tables of every read model.

use super::Keeping::{Current, Merged, Versioned};
use super::{Column, Kind, Realm, Table};

/// Which table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described in TABLES")]
pub enum TableId {
    CaseStatus,
    CaseAdvisers,
    CaseMilestones,
    TrainingAttendance,
    TrainingAssessments,
    CohortStatus,
    FinanceLines,
    FundStatus,
    LoanStatus,
    Visits,
    FollowUpSchedule,
    IndicatorValues,
    Targets,
    ActivityLog,
    Grievances,
    ProgrammeStatus,
    Offices,
    Staff,
}

impl TableId {
    /// Its definition.
    #[must_use]
    pub fn table(self) -> &'static Table {
        &TABLES[self as usize]
    }
}

const fn column(name: &'static str, kind: Kind, fr: &'static str, about: &'static str) -> Column {
    Column { name, kind, optional: false, unit: "", fr, about }
}

impl Column {
    const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    const fn of(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }
}

const fn text(name: &'static str, fr: &'static str, about: &'static str) -> Column {
    column(name, Kind::Text, fr, about)
}

const fn number(name: &'static str, fr: &'static str, about: &'static str) -> Column {
    column(name, Kind::Int, fr, about)
}

const fn money(name: &'static str, fr: &'static str, about: &'static str) -> Column {
    column(name, Kind::Int, fr, about).of("XOF")
}

const fn day(name: &'static str, fr: &'static str, about: &'static str) -> Column {
    column(name, Kind::Date, fr, about)
}

const fn flag(name: &'static str, fr: &'static str, about: &'static str) -> Column {
    column(name, Kind::Flag, fr, about)
}

const AGGREGATE: Column =
    column("aggregate_id", Kind::Id, "Parcours", "Id of the beneficiary's path.");
const SEQUENCE: Column =
    number("sequence", "Séquence", "Sequence of the event in its stream, from 1.");
const OCCURRED: Column =
    day("occurred_on", "Jour du fait", "Day on which it happened, in the field.");
const RECORDED: Column =
    column("recorded_at", Kind::Time, "Enregistré à", "When the event was recorded.");
const PROGRAMME: Column = column("programme", Kind::Id, "Programme", "Id of the programme.");
const OFFICE: Column = text("office", "Antenne", "Office in charge when it was recorded.");
const REGION: Column =
    text("region", "Région", "Region of residence when it was recorded; a key of the dated list.");
const SEX: Column = text("sex", "Sexe", "female or male.");
const AGE_BAND: Column = text(
    "age_band",
    "Tranche d'âge",
    "Age reached in the year of registration, by the year of birth as known now: under_18, 18_24, 25_29, 30_35 or over_35.",
);
const DISABILITY: Column = flag(
    "disability",
    "Handicap",
    "Whether an answer of the Washington Group short set is 3 or 4; empty when not asked.",
)
.optional();
const DISPLACED: Column =
    flag("displaced", "Déplacé interne", "Whether internally displaced; empty when not asked.")
        .optional();
const COHORT: Column =
    column("cohort", Kind::Id, "Groupe", "Id of the training group last joined, by then.")
        .optional();
const FUND: Column =
    column("fund", Kind::Id, "Fonds", "Id of the fund: the row's own where it is about money, else that of the last approved financing, by then.")
        .optional();

/// A table's own columns, then those that figures are broken down by.
macro_rules! broken_down {
    ($($own:expr),* $(,)?) => {
        &[$($own,)* PROGRAMME, OFFICE, REGION, SEX, AGE_BAND, DISABILITY, DISPLACED, COHORT, FUND]
    };
}

const CASE_STATUS: &[Column] = &[
    AGGREGATE,
    text("reference", "Référence", "Reference for paper and phone."),
    PROGRAMME,
    text("office", "Antenne", "Office in charge."),
    text("region", "Région", "Region of residence."),
    SEX,
    number("birth_year", "Année de naissance", "Year of birth.").of("year"),
    AGE_BAND,
    text("education", "Niveau d'études", "ISCED 2011 level, 0 to 8.").optional(),
    DISABILITY,
    DISPLACED,
    text("intake", "Mode d'entrée", "How the person came: open_call, facilitator or training_body."),
    text("sector", "Secteur", "Sector of the business, or of the idea before it starts.").optional(),
    text("stage", "Étape", "idea, recruitment, training, financing, follow_up or completed."),
    text("status", "Statut", "active, suspended, exited or completed."),
    text(
        "awaiting",
        "En attente de",
        "The decision that the path waits for: eligibility, interview, selection, plan, financing, agreement; empty when none.",
    )
    .optional(),
    COHORT,
    FUND,
    day("registered_on", "Inscrit le", "Day of registration."),
    day("started_on", "Démarré le", "Day on which the business started.").optional(),
    day("closed_on", "Cessé le", "Day on which the business closed.").optional(),
    day("last_on", "Dernier fait le", "Latest day of any fact of the path."),
    day(
        "path_closed_on",
        "Parcours clos le",
        "Day on which the path closed: left, completed or not selected; empty while it goes on.",
    )
    .optional(),
    flag("duplicate", "Doublon", "Whether the path is frozen, the person continuing under another."),
    flag("erased", "Effacé", "Whether the personal data were erased."),
    number("version", "Version", "Sequence of the last event.").of("events"),
    number("position", "Position", "Position of the last event.").of("position"),
    column("recorded_at", Kind::Time, "Enregistré à", "When the last event was recorded."),
];

/// The days are those of `case_status`, so that an adviser's list is read in its order.
const CASE_ADVISERS: &[Column] = &[
    AGGREGATE,
    text("adviser", "Conseiller", "The adviser in charge."),
    day("registered_on", "Inscrit le", "Day of registration."),
    day("last_on", "Dernier fait le", "Latest day of any fact of the path."),
];

const FOLLOW_UP: &[Column] = &[
    AGGREGATE,
    number("milestone", "Échéance", "Months after the start that the visit is due.").of("months"),
    PROGRAMME,
    text("office", "Antenne", "Office in charge."),
    text("region", "Région", "Region of residence."),
    text("reference", "Référence", "Reference for paper and phone."),
    day("due_on", "Due le", "Day on which the visit is due."),
    day("visited_on", "Faite le", "Day of the visit; empty until it is made.").optional(),
    flag(
        "open",
        "À faire",
        "Whether it is still to be made: not visited, path active, business open.",
    ),
];

const COHORT_STATUS: &[Column] = &[
    column("cohort", Kind::Id, "Groupe", "Id of the cohort."),
    PROGRAMME,
    text("code", "Code", "The cohort's own word."),
    text("office", "Antenne", "Office in charge."),
    text("centre", "Centre", "Where it is held."),
    number("capacity", "Places", "Seats.").of("seats"),
    number("seats_taken", "Places prises", "Seats taken.").of("seats"),
    number("sessions", "Séances", "Sessions scheduled.").of("sessions"),
    number("registers", "Feuilles", "Sessions whose register was recorded.").of("sessions"),
    number("present", "Présences", "Members who were there, over all registers.").of("people"),
    number("absent", "Absences", "Members who were not.").of("people"),
    day("starts_on", "Du", "First day."),
    day("ends_on", "Au", "Last day."),
    day("closed_on", "Clos le", "Day on which it was closed.").optional(),
    number("version", "Version", "Sequence of the last event.").of("events"),
    number("position", "Position", "Position of the last event.").of("position"),
];

const FUND_STATUS: &[Column] = &[
    column("fund", Kind::Id, "Fonds", "Id of the fund."),
    PROGRAMME,
    text("code", "Code", "The fund's own word."),
    text("donor", "Bailleur", "The donor."),
    day("starts_on", "Du", "First day of commitment."),
    day("ends_on", "Au", "Last day of commitment."),
    money("budget", "Budget", "What the donor gives, as it stands."),
    money("committed", "Engagé", "Committed and not given up or paid back."),
    money("disbursed", "Décaissé", "Paid out and not paid back."),
    money("repaid", "Remboursé", "Principal that came back."),
    money("interest", "Intérêts", "Interest that came in."),
    money("free", "Disponible", "What can still be committed."),
    flag("closed", "Clos", "Whether it is closed."),
    number("version", "Version", "Sequence of the last event.").of("events"),
    number("position", "Position", "Position of the last event.").of("position"),
];

const TARGET: &[Column] = &[
    PROGRAMME,
    text("indicator", "Indicateur", "The indicator's word."),
    day("from_on", "Du", "First day of the period."),
    day("to_on", "Au", "Last day of the period."),
    text("region", "Région", "The region; empty for all.").optional(),
    text("sex", "Sexe", "The sex; empty for both.").optional(),
    number("value", "Cible", "The value aimed at, in the indicator's unit."),
];

const PROGRAMME_STATUS: &[Column] = &[
    PROGRAMME,
    text("name", "Nom", "Name of the programme."),
    day("signed_on", "Signé le", "Day of signature, the first of the term."),
    day("ends_on", "Au", "Last day of the term, its renewals included."),
    number("term_years", "Durée", "Term with its renewals.").of("years"),
    number("renewals", "Reconductions", "How often it was renewed.").of("times"),
    flag("renewable", "Reconductible", "Whether the convention may be renewed."),
    number("offices", "Antennes", "Offices that were ever opened.").of("offices"),
    number("offices_open", "Antennes ouvertes", "Offices without a day of closing.").of("offices"),
    number(
        "rules_version",
        "Version des règles",
        "Newest version of its rules; 0 while the defaults apply.",
    ),
    text("parties", "Parties", "Parties to the convention, as a JSON list of name and role."),
    number("version", "Version", "Sequence of the last event.").of("events"),
    number("position", "Position", "Position of the last event.").of("position"),
];

const OFFICES: &[Column] = &[
    PROGRAMME,
    text("office", "Antenne", "The office's code, its own within the programme."),
    text("name", "Nom", "Name of the office."),
    text("region", "Région", "The region that it stands in."),
    day("opened_on", "Ouverte le", "Day on which it was opened, for the last time."),
    day("closed_on", "Fermée le", "Last day; empty while it is open.").optional(),
];

/// A column that is empty is a text without letters here, since it is part of the key.
const STAFF: &[Column] = &[
    text("actor", "Auteur", "Who recorded: the name that the token gives."),
    text("role", "Rôle", "The role that they recorded in."),
    text(
        "office",
        "Antenne",
        "The office that their token named; a text without letters where it did not name just one.",
    ),
    day("first_on", "Premier jour", "First day on which they recorded so."),
    day("last_on", "Dernier jour", "Last day on which they recorded so."),
    number("events", "Événements", "Events that they recorded so.").of("events"),
];

const ACTIVITY: &[Column] = &[
    column("position", Kind::Int, "Position", "Position of the event.").of("position"),
    RECORDED,
    OCCURRED,
    text("aggregate_type", "Objet", "beneficiary, programme, cohort or fund."),
    column("aggregate_id", Kind::Id, "Flux", "Id of the stream."),
    SEQUENCE,
    text("event_type", "Événement", "The event's type."),
    text("actor", "Auteur", "Who recorded it."),
];

/// Every table, in the order of [`TableId`].
pub static TABLES: &[Table] = &[
    Table {
        id: TableId::CaseStatus,
        name: "case_status",
        projection: "case_status",
        realm: Realm::Read,
        keeping: Current,
        key: &["aggregate_id"],
        about: "Where each beneficiary's path stands: one row a path, nothing personal.",
        about_fr: "Où en est chaque parcours : une ligne par parcours, rien de nominatif.",
        columns: CASE_STATUS,
        indexes: &[
            "aggregate_id",
            "reference",
            "position",
            "registered_on, aggregate_id",
            "last_on, aggregate_id",
            // Each office, and each office's list: a region is a few of them.
            "programme, office, registered_on, aggregate_id",
            "programme, office, last_on, aggregate_id",
            "programme, registered_on, aggregate_id",
            "programme, last_on, aggregate_id",
            "region, registered_on, aggregate_id",
            "region, last_on, aggregate_id",
            "stage, registered_on, aggregate_id",
            "stage, last_on, aggregate_id",
            "status, registered_on, aggregate_id",
            "status, last_on, aggregate_id",
            // Most paths have none of these for most of their time.
            "cohort, registered_on, aggregate_id WHERE cohort IS NOT NULL",
            "cohort, last_on, aggregate_id WHERE cohort IS NOT NULL",
            "sector, registered_on, aggregate_id WHERE sector IS NOT NULL",
            "sector, last_on, aggregate_id WHERE sector IS NOT NULL",
            "awaiting, registered_on, aggregate_id WHERE awaiting IS NOT NULL",
            "awaiting, last_on, aggregate_id WHERE awaiting IS NOT NULL",
            "last_on, aggregate_id WHERE awaiting IS NOT NULL",
            "path_closed_on, aggregate_id WHERE path_closed_on IS NOT NULL",
            "programme, office, path_closed_on, aggregate_id WHERE path_closed_on IS NOT NULL",
        ],
    },
    Table {
        id: TableId::CaseAdvisers,
        name: "case_advisers",
        projection: "case_status",
        realm: Realm::Identity,
        keeping: Current,
        key: &["aggregate_id"],
        about: "The adviser in charge of each path; who works where is not for analysts.",
        about_fr: "Le conseiller chargé de chaque parcours.",
        columns: CASE_ADVISERS,
        indexes: &[
            "aggregate_id",
            "adviser, registered_on, aggregate_id",
            "adviser, last_on, aggregate_id",
        ],
    },
    Table {
        id: TableId::CaseMilestones,
        name: "case_milestones",
        projection: "case_milestones",
        realm: Realm::Read,
        keeping: Versioned,
        key: &["since_position", "part"],
        about: "What each path has reached, once: the funnel, with both times.",
        about_fr: "Les étapes atteintes par chaque parcours, une fois chacune, avec les deux dates.",
        columns: broken_down![
            AGGREGATE,
            text(
                "milestone",
                "Étape atteinte",
                "registered, idea_submitted, eligible, interviewed, selected, enrolled, trained, plan_validated, financing_requested, approved, financed, waived, started, closed, completed or exited."
            ),
            SEQUENCE,
            OCCURRED,
            RECORDED,
            number("days", "Jours", "Days since registration; negative when told so.").of("days"),
        ],
        indexes: &["aggregate_id", "milestone, occurred_on"],
    },
    Table {
        id: TableId::TrainingAttendance,
        name: "training_attendance",
        projection: "training_attendance",
        realm: Realm::Read,
        keeping: Versioned,
        key: &["since_position", "part"],
        about: "Attendance: one row a person and session.",
        about_fr: "Assiduité : une ligne par personne et séance.",
        columns: broken_down![
            AGGREGATE,
            SEQUENCE,
            text("session", "Séance", "The session's word."),
            OCCURRED,
            RECORDED,
            number("minutes", "Minutes", "Length of the session.").of("minutes"),
            number("attended_minutes", "Minutes suivies", "Length, if the person was there.")
                .of("minutes"),
            flag("present", "Présent", "Whether the person was there."),
        ],
        indexes: &["aggregate_id", "cohort, session"],
    },
    Table {
        id: TableId::TrainingAssessments,
        name: "training_assessments",
        projection: "training_attendance",
        realm: Realm::Read,
        keeping: Versioned,
        key: &["since_position", "part"],
        about: "The last assessment of each module.",
        about_fr: "La dernière évaluation de chaque module.",
        columns: broken_down![
            AGGREGATE,
            SEQUENCE,
            text("module", "Module", "The module."),
            OCCURRED,
            RECORDED,
            number("score", "Note", "Points out of 100.").of("points"),
            flag("passed", "Validé", "Whether the pass mark was met."),
        ],
        indexes: &["aggregate_id", "cohort, module"],
    },
    Table {
        id: TableId::CohortStatus,
        name: "cohort_status",
        projection: "cohort_status",
        realm: Realm::Read,
        keeping: Current,
        key: &["cohort"],
        about: "Where each training group stands.",
        about_fr: "Où en est chaque groupe de formation.",
        columns: COHORT_STATUS,
        indexes: &[
            "cohort",
            "starts_on, cohort",
            "programme, starts_on, cohort",
            "office, starts_on, cohort",
        ],
    },
    Table {
        id: TableId::FinanceLines,
        name: "finance_lines",
        projection: "finance_lines",
        realm: Realm::Read,
        keeping: Versioned,
        key: &["since_position", "part"],
        about: "Every movement of money: one row an amount.",
        about_fr: "Chaque mouvement d'argent : une ligne par montant.",
        columns: broken_down![
            AGGREGATE,
            SEQUENCE,
            text(
                "line",
                "Mouvement",
                "requested, approved, released, disbursed, principal_repaid, interest_repaid or written_off."
            ),
            number("financing", "Financement", "Number of the financing within the path, from 1."),
            number("tranche", "Tranche", "Number of the tranche, of a disbursement.").optional(),
            text("instrument", "Instrument", "grant, kit, loan or guarantee."),
            text("method", "Mode de paiement", "How it was paid, of a payment.").optional(),
            OCCURRED,
            RECORDED,
            money("amount", "Montant", "The amount."),
        ],
        indexes: &["aggregate_id", "fund, occurred_on", "line, occurred_on"],
    },
    Table {
        id: TableId::FundStatus,
        name: "fund_status",
        projection: "fund_status",
        realm: Realm::Read,
        keeping: Current,
        key: &["fund"],
        about: "Where each donor's fund stands.",
        about_fr: "Où en est chaque fonds.",
        columns: FUND_STATUS,
        indexes: &[
            "fund",
            "starts_on, fund",
            "programme, starts_on, fund",
            "donor, starts_on, fund",
        ],
    },
    Table {
        id: TableId::LoanStatus,
        name: "loan_status",
        projection: "loan_status",
        realm: Realm::Read,
        keeping: Versioned,
        key: &["since_position", "part"],
        about: "Where each loan that was paid out stands.",
        about_fr: "Où en est chaque crédit décaissé.",
        columns: broken_down![
            AGGREGATE,
            text("reference", "Référence", "Reference for paper and phone."),
            SEQUENCE,
            number("financing", "Financement", "Number of the financing within the path, from 1."),
            OCCURRED,
            RECORDED,
            money("disbursed", "Décaissé", "Paid out."),
            money("repaid", "Remboursé", "Principal paid back."),
            money("outstanding", "Encours", "Principal paid out and not back; 0 once written off."),
            day(
                "oldest_unpaid_due_on",
                "Plus ancienne échéance impayée",
                "Day of the oldest instalment that is not wholly paid; empty when none is left."
            )
            .optional(),
            number("reschedulings", "Rééchelonnements", "How often the loan was rescheduled.")
                .of("times"),
            flag("written_off", "Passé en perte", "Whether it was written off."),
        ],
        indexes: &[
            "aggregate_id",
            "fund",
            "oldest_unpaid_due_on, aggregate_id, financing WHERE until_position IS NULL",
        ],
    },
    Table {
        id: TableId::Visits,
        name: "visits",
        projection: "visits",
        realm: Realm::Read,
        keeping: Versioned,
        key: &["since_position", "part"],
        about: "Follow-up visits, with what was seen.",
        about_fr: "Visites de suivi, avec ce qui a été constaté.",
        columns: broken_down![
            AGGREGATE,
            SEQUENCE,
            number(
                "milestone",
                "Échéance",
                "Months after the start that it is made for; empty beside the milestones."
            )
            .of("months")
            .optional(),
            OCCURRED,
            RECORDED,
            day("started_on", "Démarré le", "Day on which the business started.").optional(),
            text("business_status", "État de l'activité", "How the business stood."),
            money("monthly_revenue", "Chiffre d'affaires mensuel", "Turnover of the month before.")
                .optional(),
            money("monthly_profit", "Bénéfice mensuel", "Profit of the month before.").optional(),
            number("jobs_women", "Emplois de femmes", "Jobs held by women.").of("jobs").optional(),
            number("jobs_men", "Emplois d'hommes", "Jobs held by men.").of("jobs").optional(),
            number("jobs_under_35", "Emplois de moins de 35 ans", "Jobs held by people under 35.")
                .of("jobs")
                .optional(),
            number(
                "jobs_full_time_hundredths",
                "Équivalents temps plein (centièmes)",
                "Full-time equivalents, 40 hours a week."
            )
            .of("1/100 FTE")
            .optional(),
        ],
        indexes: &["aggregate_id", "milestone, occurred_on"],
    },
    Table {
        id: TableId::FollowUpSchedule,
        name: "follow_up_schedule",
        projection: "follow_up_schedule",
        realm: Realm::Read,
        keeping: Current,
        key: &["aggregate_id", "milestone"],
        about: "The visits that each started business is due, by the rules it started under.",
        about_fr: "Les visites dues à chaque activité démarrée, selon les règles de son démarrage.",
        columns: FOLLOW_UP,
        indexes: &[
            "aggregate_id",
            "due_on, aggregate_id, milestone WHERE open",
            "programme, office, due_on, aggregate_id, milestone WHERE open",
            "programme, due_on, aggregate_id, milestone WHERE open",
            "region, due_on, aggregate_id, milestone WHERE open",
        ],
    },
    Table {
        id: TableId::IndicatorValues,
        name: "indicator_values",
        projection: "indicator_values",
        realm: Realm::Read,
        keeping: Versioned,
        key: &["since_position", "part"],
        about: "Values that indicators are made of and that stand in no other table.",
        about_fr: "Les valeurs dont les indicateurs sont faits et qu'aucune autre table ne porte.",
        columns: broken_down![
            AGGREGATE,
            SEQUENCE,
            text(
                "measure",
                "Mesure",
                "income_baseline, income_follow_up, income_tracer (what an income comes to in twelve months, its period counted in whole months, one at least, rounded down), revenue_change (monthly revenue, last visit with one less first), jobs_women, jobs_men, jobs_under_35, jobs_full_time_hundredths (at the last visit that told any; none once the business is closed) of the business started last, due (an instalment, principal and interest, of a loan that was paid out; a new schedule replaces all of it but the principal paid back; what is refused before it was paid out or written off before its day is not due), community_action (people reached), support (1 each)."
            ),
            OCCURRED,
            RECORDED,
            number("value", "Valeur", "The value, in the measure's unit."),
            text("currency", "Devise", "Currency of an income.").optional(),
            flag("trained", "Formé", "Whether the person has completed a training; of an income.")
                .optional(),
        ],
        indexes: &["aggregate_id", "measure, occurred_on"],
    },
    Table {
        id: TableId::Targets,
        name: "targets",
        projection: "indicator_values",
        realm: Realm::Read,
        keeping: Versioned,
        key: &["since_position", "part"],
        about: "The targets of each convention.",
        about_fr: "Les cibles de chaque convention.",
        columns: TARGET,
        indexes: &["programme, indicator"],
    },
    Table {
        id: TableId::ActivityLog,
        name: "activity_log",
        projection: "activity_log",
        realm: Realm::Identity,
        keeping: Current,
        key: &["position"],
        about: "Who recorded what, and when: one row an event. It names the staff, so analysts do not see it.",
        about_fr: "Qui a enregistré quoi, et quand : une ligne par événement.",
        columns: ACTIVITY,
        indexes: &["position", "actor, recorded_at", "aggregate_id, sequence"],
    },
    Table {
        id: TableId::Grievances,
        name: "grievances",
        projection: "grievances",
        realm: Realm::Read,
        keeping: Versioned,
        key: &["since_position", "part"],
        about: "Grievances with their outcome.",
        about_fr: "Plaintes et leur issue.",
        columns: broken_down![
            AGGREGATE,
            SEQUENCE,
            number("grievance", "Plainte", "Number within the path, from 1."),
            text("category", "Objet", "What it is about."),
            day("occurred_on", "Reçue le", "Day it was lodged."),
            RECORDED,
            day("resolved_on", "Traitée le", "Day it was resolved.").optional(),
            text("outcome", "Issue", "The outcome.").optional(),
        ],
        indexes: &["aggregate_id", "category, occurred_on"],
    },
    Table {
        id: TableId::ProgrammeStatus,
        name: "programme_status",
        projection: "programme_status",
        realm: Realm::Read,
        keeping: Current,
        key: &["programme"],
        about: "Where each programme stands: its convention, term and offices.",
        about_fr: "Où en est chaque programme : convention, durée et antennes.",
        columns: PROGRAMME_STATUS,
        indexes: &["programme", "signed_on, programme"],
    },
    Table {
        id: TableId::Offices,
        name: "offices",
        projection: "offices",
        realm: Realm::Read,
        keeping: Current,
        key: &["programme", "office"],
        about: "The offices of each programme, and the region that each stands in.",
        about_fr: "Les antennes de chaque programme, et la région de chacune.",
        columns: OFFICES,
        indexes: &["programme, office", "office", "region, programme, office"],
    },
    Table {
        id: TableId::Staff,
        name: "staff",
        projection: "staff",
        realm: Realm::Identity,
        keeping: Merged(crate::staff::MERGE),
        key: &["actor", "role", "office"],
        about: "Who recorded events, in which roles and from which offices. It names the staff, so analysts do not see it.",
        about_fr: "Qui a enregistré, dans quels rôles et depuis quelles antennes.",
        columns: STAFF,
        indexes: &["role, actor", "office, actor"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tables_place_is_its_id_and_its_names_are_its_own() {
        for (place, table) in TABLES.iter().enumerate() {
            assert_eq!(table.id as usize, place, "{}", table.name);
            assert_eq!(table.id.table().name, table.name);
            let mut names: Vec<_> = table.all_columns().map(|column| column.name).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{}", table.name);
            for list in table.indexes {
                let (columns, only) = list.split_once(" WHERE ").unwrap_or((list, ""));
                let only = only.split(' ').next().filter(|name| !name.is_empty());
                for name in columns.split(", ").chain(only) {
                    assert!(names.contains(&name), "{} {name}", table.name);
                }
            }
        }
    }
}
