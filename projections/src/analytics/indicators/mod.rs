//! Every indicator, defined once.
//!
//! Sources: the convention and what programmes of its kind report; repayment and portfolio at risk after
//! CGAP (2003); survival, completion and time to closure of grievances as is usual. Where nobody has
//! written a definition down, it is our own and says so.

mod indicator;
mod shares;

pub use indicator::{Family, Finish, Indicator, IndicatorKind, Need, Unit};

use super::facts::{Measure, Measure as M};
use super::tally::Share;
use shares::{
    at_risk, disbursed_of_committed, displaced, income_by_training, is_open, mean_score,
    mean_value, minutes_attended, modules_passed, net_commitment, one, outstanding, paid_of_due,
    resolved_in_time, share_of_women, share_of_young, survived, trained_of_enrolled, value,
    with_disability,
};

const OWN: &str = "own definition";
const CGAP: &str = "CGAP, Definitions of Selected Financial Terms, Ratios and Adjustments (2003)";
const USUAL: &str = "usual in such programmes";

const BASE: Indicator = Indicator {
    name: "",
    fr: "",
    en: "",
    formula_fr: "",
    formula_en: "",
    source: OWN,
    unit: Unit::Count,
    kind: IndicatorKind::Flow,
    families: &[Family::Indicators],
    measures: &[],
    needs: &[],
    share: one,
    finish: Finish::Total { parts: 1 },
    of_people: false,
    by_category: false,
};

/// People who reached a milestone in the period.
const fn people(
    name: &'static str,
    (fr, en): (&'static str, &'static str),
    (formula_fr, formula_en): (&'static str, &'static str),
    measures: &'static [Measure],
) -> Indicator {
    Indicator { name, fr, en, formula_fr, formula_en, measures, ..BASE }
}

/// An amount added up.
const fn amount(
    name: &'static str,
    (fr, en): (&'static str, &'static str),
    (formula_fr, formula_en): (&'static str, &'static str),
    measures: &'static [Measure],
) -> Indicator {
    let families = &[Family::Indicators, Family::Finance];
    let unit = Unit::Xof;
    Indicator {
        name,
        fr,
        en,
        formula_fr,
        formula_en,
        measures,
        families,
        unit,
        share: value,
        ..BASE
    }
}

/// Of the people registered in the period, those who have reached a milestone by now.
macro_rules! funnel {
    ($name:literal, $measure:ident, $fr:literal, $en:literal) => {
        Indicator {
            name: $name,
            fr: $fr,
            en: $en,
            formula_fr: "personnes inscrites dans la période qui ont atteint l'étape, à ce jour / personnes inscrites dans la période",
            formula_en: "people registered in the period who have reached the stage by now / people registered in the period",
            unit: Unit::Percent,
            families: &[Family::Funnel],
            measures: &[M::Registered],
            needs: &[Need::Day(M::$measure)],
            share: |_, fact, context| {
                Some(Share::over(i64::from(context.day_of(M::$measure, fact.case).is_some()), 1))
            },
            finish: Finish::Percent,
            of_people: true,
            ..BASE
        }
    };
}

/// Days between two milestones, of those who reached the second in the period.
macro_rules! days {
    ($name:literal, $percent:literal, $families:expr, $from:ident, $to:ident, $fr:literal, $en:literal) => {
        Indicator {
            name: $name,
            fr: $fr,
            en: $en,
            formula_fr: "jours entre les deux étapes, des personnes qui ont atteint la seconde dans la période ; médiane et 90 % : le plus proche rang, la plus petite valeur que 50 % ou 90 % au moins ne dépassent pas (de deux valeurs du milieu, la plus petite)",
            formula_en: "days between the two stages, of people who reached the second in the period; median and 90 %: the nearest rank, the least value that at least 50 % or 90 % do not exceed (of two middle values the lower)",
            unit: Unit::Days,
            families: $families,
            measures: &[M::$to],
            needs: &[Need::Day(M::$from)],
            share: |_, fact, context| {
                let from = context.day_of(M::$from, fact.case)?;
                Some(Share::of(i64::from(fact.on) - i64::from(from)))
            },
            finish: Finish::Quantile($percent),
            ..BASE
        }
    };
}

/// Survival: `low` counts who was not visited as lost, `high` leaves them out.
macro_rules! survival {
    ($name:literal, $months:literal, $high:literal, $fr:literal, $en:literal) => {
        Indicator {
            name: $name,
            fr: $fr,
            en: $en,
            formula_fr: if $high {
                "activités vues en marche à la visite de l'échéance / activités démarrées dans la période depuis au moins autant de mois et vues à cette visite ou cessées avant"
            } else {
                "activités vues en marche à la visite de l'échéance / activités démarrées dans la période depuis au moins autant de mois, visitées ou non"
            },
            formula_en: if $high {
                "businesses seen trading at the milestone's visit / businesses started in the period at least as many months ago and seen at that visit, or closed before"
            } else {
                "businesses seen trading at the milestone's visit / businesses started in the period at least as many months ago, visited or not"
            },
            source: USUAL,
            unit: Unit::Percent,
            families: if $high { &[Family::Survival] } else { &[Family::Indicators, Family::Survival] },
            measures: &[M::Started],
            needs: &[Need::Visit($months), Need::Day(M::Closed)],
            share: |_, fact, context| survived(fact, context, $months, $high),
            finish: Finish::Percent,
            of_people: true,
            ..BASE
        }
    };
}

const TRAINING: &[Family] = &[Family::Indicators, Family::Training];
const FINANCE: &[Family] = &[Family::Indicators, Family::Finance];
const DURATIONS: &[Family] = &[Family::Durations];

/// Every indicator.
#[rustfmt::skip]
pub const INDICATORS: &[Indicator] = &[
    people("registered", ("Personnes inscrites", "People registered"),
        ("personnes inscrites dans la période", "people registered in the period"), &[M::Registered]),
    people("eligible", ("Personnes éligibles", "People eligible"),
        ("personnes jugées éligibles dans la période, décision en vigueur", "people found eligible in the period, decision standing"), &[M::Eligible]),
    people("selected", ("Personnes retenues", "People selected"),
        ("personnes retenues dans la période, décision en vigueur", "people selected in the period, decision standing"), &[M::Selected]),
    Indicator { families: TRAINING, ..people("enrolled", ("Personnes inscrites en formation", "People enrolled in training"),
        ("personnes entrées pour la première fois dans un groupe dans la période", "people who joined their first training group in the period"), &[M::Enrolled]) },
    Indicator { families: TRAINING, ..people("trained", ("Personnes formées", "People trained"),
        ("formations achevées ou reconnues dans la période", "trainings completed or recognised in the period"), &[M::Trained]) },
    Indicator { unit: Unit::Percent, families: TRAINING, source: USUAL, needs: &[Need::Day(M::Trained)], share: trained_of_enrolled,
        finish: Finish::Percent, of_people: true,
        ..people("completion_rate", ("Taux d'achèvement", "Completion rate"),
        ("personnes formées, à ce jour / personnes inscrites en formation dans la période", "people trained by now / people enrolled in the period"), &[M::Enrolled]) },
    Indicator { unit: Unit::Percent, families: TRAINING, source: USUAL, share: minutes_attended, finish: Finish::Percent,
        ..people("attendance_rate", ("Taux d'assiduité", "Attendance rate"),
        ("minutes suivies / minutes des séances de la période", "minutes attended / minutes of the sessions of the period"), &[M::Attendance]) },
    Indicator { unit: Unit::Percent, families: &[Family::Training], share: modules_passed, finish: Finish::Percent, of_people: true, by_category: true,
        ..people("module_pass_rate", ("Taux de validation des modules", "Module pass rate"),
        ("modules validés / modules évalués dans la période, dernière évaluation", "modules passed / modules assessed in the period, last assessment"), &[M::Assessment]) },
    Indicator { unit: Unit::Points, families: &[Family::Training], share: mean_score, finish: Finish::Mean, by_category: true,
        ..people("module_mean_score", ("Note moyenne des modules", "Mean module score"),
        ("moyenne des notes de la période, dernière évaluation", "mean of the scores of the period, last assessment"), &[M::Assessment]) },
    Indicator { families: FINANCE, ..people("financed", ("Personnes financées", "People financed"),
        ("premiers décaissements de la période", "first disbursements in the period"), &[M::Financed]) },
    amount("amount_requested", ("Montant demandé", "Amount requested"),
        ("somme des demandes de la période", "sum of the requests of the period"), &[M::RequestedAmount]),
    Indicator { share: net_commitment, ..amount("amount_committed", ("Montant engagé", "Amount committed"),
        ("approbations moins dégagements de la période", "approvals less releases of the period"), &[M::ApprovedAmount, M::ReleasedAmount]) },
    amount("amount_disbursed", ("Montant décaissé", "Amount disbursed"),
        ("somme des décaissements de la période", "sum of the disbursements of the period"), &[M::DisbursedAmount]),
    Indicator { unit: Unit::Percent, source: USUAL, share: disbursed_of_committed, finish: Finish::Percent,
        ..amount("disbursement_rate", ("Taux de décaissement", "Disbursement rate"),
        ("montant décaissé / montant engagé, de la période", "amount disbursed / amount committed, of the period"), &[M::DisbursedAmount, M::ApprovedAmount, M::ReleasedAmount]) },
    amount("amount_repaid", ("Montant remboursé", "Amount repaid"),
        ("principal et intérêts reçus dans la période", "principal and interest received in the period"), &[M::PrincipalRepaid, M::InterestRepaid]),
    Indicator { unit: Unit::Percent, source: CGAP, share: paid_of_due, finish: Finish::Percent,
        ..amount("repayment_rate", ("Taux de remboursement", "Repayment rate"),
        ("principal et intérêts reçus / échéances dues, de la période et jusqu'au jour considéré", "principal and interest received / instalments due, of the period and up to the day asked for"), &[M::PrincipalRepaid, M::InterestRepaid, M::Due]) },
    Indicator { kind: IndicatorKind::Stock, share: outstanding, ..amount("outstanding", ("Encours de crédit", "Outstanding principal"),
        ("principal décaissé et non remboursé, hors pertes", "principal paid out and not back, less what was written off"), &[M::Loan]) },
    Indicator { unit: Unit::Percent, kind: IndicatorKind::Stock, source: CGAP, share: at_risk, finish: Finish::Percent,
        ..amount("par30", ("Portefeuille à risque à 30 jours (PAR30)", "Portfolio at risk over 30 days (PAR30)"),
        ("encours des crédits dont une part d'échéance a plus de 30 jours de retard, ou rééchelonnés / encours total", "outstanding principal of loans with any part of an instalment over 30 days late, or rescheduled / outstanding principal of all loans"), &[M::Loan]) },
    Indicator { families: &[Family::Finance], ..amount("amount_written_off", ("Montant passé en perte", "Amount written off"),
        ("pertes constatées dans la période", "written off in the period"), &[M::WrittenOff]) },
    amount("amount_recovered", ("Montant recouvré", "Amount recovered"),
        ("reçu dans la période après un passage en perte ou l'appel d'une garantie", "received in the period after a write-off or the call of a guarantee"), &[M::Recovered]),
    amount("amount_refunded", ("Montant restitué", "Amount refunded"),
        ("subventions et kits non utilisés, revenus dans la période", "unspent grants and kits that came back in the period"), &[M::Refunded]),
    amount("guarantees_called", ("Garanties appelées", "Guarantees called"),
        ("payé aux prêteurs dans la période", "paid to lenders in the period"), &[M::GuaranteeCalled]),
    people("businesses_started", ("Activités démarrées", "Businesses started"),
        ("activités démarrées dans la période", "businesses started in the period"), &[M::Started]),
    survival!("survival_6", 6, false, "Survie à 6 mois", "Survival at 6 months"),
    survival!("survival_12", 12, false, "Survie à 12 mois", "Survival at 12 months"),
    survival!("survival_24", 24, false, "Survie à 24 mois", "Survival at 24 months"),
    survival!("survival_6_seen", 6, true, "Survie à 6 mois, parmi celles vues", "Survival at 6 months, of those seen"),
    survival!("survival_12_seen", 12, true, "Survie à 12 mois, parmi celles vues", "Survival at 12 months, of those seen"),
    survival!("survival_24_seen", 24, true, "Survie à 24 mois, parmi celles vues", "Survival at 24 months, of those seen"),
    Indicator { unit: Unit::Jobs, share: value, ..people("jobs_created", ("Emplois créés", "Jobs created"),
        ("emplois vus à la dernière visite, si elle est de la période", "jobs seen at the last visit, if it is of the period"), &[M::JobsWomen, M::JobsMen]) },
    Indicator { unit: Unit::Jobs, share: value, ..people("jobs_women", ("Emplois de femmes", "Jobs held by women"),
        ("emplois de femmes vus à la dernière visite, si elle est de la période", "jobs of women seen at the last visit, if it is of the period"), &[M::JobsWomen]) },
    Indicator { unit: Unit::Jobs, share: value, ..people("jobs_men", ("Emplois d'hommes", "Jobs held by men"),
        ("emplois d'hommes vus à la dernière visite, si elle est de la période", "jobs of men seen at the last visit, if it is of the period"), &[M::JobsMen]) },
    Indicator { unit: Unit::Jobs, share: value, ..people("jobs_under_35", ("Emplois de moins de 35 ans", "Jobs held by people under 35"),
        ("emplois de moins de 35 ans vus à la dernière visite, si elle est de la période", "jobs of people under 35 seen at the last visit, if it is of the period"), &[M::JobsUnder35]) },
    Indicator { unit: Unit::FullTime, share: value, finish: Finish::Total { parts: 100 },
        ..people("jobs_full_time", ("Emplois en équivalent temps plein", "Jobs as full-time equivalents"),
        ("équivalents temps plein (40 heures par semaine) vus à la dernière visite, si elle est de la période", "full-time equivalents (40 hours a week) seen at the last visit, if it is of the period"), &[M::JobsFullTime]) },
    Indicator { unit: Unit::Xof, share: mean_value, finish: Finish::Mean, ..people("revenue_change", ("Évolution du chiffre d'affaires mensuel", "Change in monthly revenue"),
        ("moyenne de : chiffre d'affaires de la dernière visite moins celui de la première, dernière visite de la période", "mean of: revenue at the last visit less that at the first, last visit in the period"), &[M::RevenueChange]) },
    Indicator { unit: Unit::CurrencyPerYear, share: mean_value, finish: Finish::Mean, by_category: true, ..people("mean_income_baseline", ("Revenu moyen au départ", "Mean income at the baseline"),
        ("moyenne des revenus ramenés à l'année, enquête de départ de la période", "mean of incomes brought to a year, baseline survey of the period"), &[M::IncomeBaseline]) },
    Indicator { unit: Unit::CurrencyPerYear, share: mean_value, finish: Finish::Mean, by_category: true, ..people("mean_income_follow_up", ("Revenu moyen au suivi", "Mean income at follow-up"),
        ("moyenne des revenus ramenés à l'année, enquête de suivi de la période", "mean of incomes brought to a year, follow-up survey of the period"), &[M::IncomeFollowUp]) },
    Indicator { unit: Unit::CurrencyPerYear, share: mean_value, finish: Finish::Mean, by_category: true, ..people("mean_income_tracer", ("Revenu moyen à l'enquête d'insertion", "Mean income at the tracer survey"),
        ("moyenne des revenus ramenés à l'année, enquête d'insertion de la période", "mean of incomes brought to a year, tracer survey of the period"), &[M::IncomeTracer]) },
    Indicator { unit: Unit::CurrencyPerYear, share: income_by_training, finish: Finish::Difference, by_category: true,
        source: "difference in means, as in Dehejia and Wahba (1999)",
        ..people("income_difference", ("Écart de revenu entre formés et non formés", "Difference in income between trained and not trained"),
        ("revenu moyen au suivi des personnes formées moins celui des autres", "mean income at follow-up of people trained less that of the others"), &[M::IncomeFollowUp]) },
    days!("idea_to_financing", 50, &[Family::Indicators, Family::Durations], IdeaSubmitted, Financed, "Jours de l'idée au financement (médiane)", "Days from idea to financing (median)"),
    Indicator { unit: Unit::Percent, share: share_of_women, finish: Finish::Percent, of_people: true, ..people("womens_share", ("Part des femmes", "Women's share"),
        ("femmes / personnes inscrites dans la période", "women / people registered in the period"), &[M::Registered]) },
    Indicator { unit: Unit::Percent, share: share_of_young, finish: Finish::Percent, of_people: true, source: "African Youth Charter (2006): up to 35", ..people("young_share", ("Part des jeunes", "Young people's share"),
        ("personnes de 35 ans au plus dans l'année d'inscription / personnes inscrites dans la période", "people of 35 at most in the year of registration / people registered in the period"), &[M::Registered]) },
    Indicator { share: with_disability, source: "Washington Group short set", ..people("people_with_disability", ("Personnes handicapées", "People with disability"),
        ("personnes inscrites dans la période dont une réponse est 3 ou 4", "people registered in the period with an answer of 3 or 4"), &[M::Registered]) },
    Indicator { share: displaced, ..people("displaced_people", ("Personnes déplacées", "Displaced people"),
        ("personnes inscrites dans la période, déplacées internes", "people registered in the period who are internally displaced"), &[M::Registered]) },
    people("referrals", ("Orientations vers les partenaires", "Referrals to partners"),
        ("orientations de la période", "referrals of the period"), &[M::Referral]),
    people("community_actions", ("Actions communautaires", "Community actions"),
        ("actions de la période", "actions of the period"), &[M::CommunityAction]),
    Indicator { kind: IndicatorKind::Stock, share: is_open, ..people("grievances_open", ("Plaintes en cours", "Open grievances"),
        ("plaintes reçues et non traitées", "grievances lodged and not resolved"), &[M::Grievance]) },
    Indicator { unit: Unit::Percent, share: resolved_in_time, finish: Finish::Percent, of_people: true, source: USUAL, ..people("grievances_resolved_30", ("Plaintes traitées en 30 jours", "Grievances resolved within 30 days"),
        ("plaintes traitées en 30 jours / plaintes de la période traitées ou reçues depuis 30 jours", "grievances resolved within 30 days / grievances of the period resolved, or lodged 30 days ago"), &[M::Grievance]) },
    Indicator { families: &[Family::Funnel], ..people("funnel_registered", ("Inscrits", "Registered"),
        ("personnes inscrites dans la période", "people registered in the period"), &[M::Registered]) },
    funnel!("funnel_idea", IdeaSubmitted, "Idée déposée", "Idea submitted"),
    funnel!("funnel_eligible", Eligible, "Éligibles", "Eligible"),
    funnel!("funnel_interviewed", Interviewed, "Reçus en entretien", "Interviewed"),
    funnel!("funnel_selected", Selected, "Retenus", "Selected"),
    funnel!("funnel_enrolled", Enrolled, "Inscrits en formation", "Enrolled"),
    funnel!("funnel_trained", Trained, "Formés", "Trained"),
    funnel!("funnel_plan", PlanValidated, "Plan validé", "Plan validated"),
    funnel!("funnel_approved", Approved, "Financement approuvé", "Financing approved"),
    funnel!("funnel_financed", Financed, "Financés", "Financed"),
    funnel!("funnel_started", Started, "Activité démarrée", "Business started"),
    funnel!("funnel_completed", Completed, "Parcours achevé", "Path completed"),
    funnel!("funnel_exited", Exited, "Sortis", "Exited"),
    days!("registration_to_selection", 50, DURATIONS, Registered, Selected, "De l'inscription à la sélection (médiane)", "Registration to selection (median)"),
    days!("registration_to_selection_p90", 90, DURATIONS, Registered, Selected, "De l'inscription à la sélection (9e décile)", "Registration to selection (90th percentile)"),
    days!("selection_to_enrolment", 50, DURATIONS, Selected, Enrolled, "De la sélection à la formation (médiane)", "Selection to enrolment (median)"),
    days!("selection_to_enrolment_p90", 90, DURATIONS, Selected, Enrolled, "De la sélection à la formation (9e décile)", "Selection to enrolment (90th percentile)"),
    days!("enrolment_to_trained", 50, DURATIONS, Enrolled, Trained, "De l'entrée à la fin de formation (médiane)", "Enrolment to trained (median)"),
    days!("enrolment_to_trained_p90", 90, DURATIONS, Enrolled, Trained, "De l'entrée à la fin de formation (9e décile)", "Enrolment to trained (90th percentile)"),
    days!("trained_to_approved", 50, DURATIONS, Trained, Approved, "De la formation à l'approbation (médiane)", "Trained to approval (median)"),
    days!("trained_to_approved_p90", 90, DURATIONS, Trained, Approved, "De la formation à l'approbation (9e décile)", "Trained to approval (90th percentile)"),
    days!("approved_to_financed", 50, DURATIONS, Approved, Financed, "De l'approbation au premier décaissement (médiane)", "Approval to first disbursement (median)"),
    days!("approved_to_financed_p90", 90, DURATIONS, Approved, Financed, "De l'approbation au premier décaissement (9e décile)", "Approval to first disbursement (90th percentile)"),
    days!("financed_to_started", 50, DURATIONS, Financed, Started, "Du décaissement au démarrage (médiane)", "Disbursement to start (median)"),
    days!("financed_to_started_p90", 90, DURATIONS, Financed, Started, "Du décaissement au démarrage (9e décile)", "Disbursement to start (90th percentile)"),
    days!("idea_to_financing_p90", 90, DURATIONS, IdeaSubmitted, Financed, "De l'idée au financement (9e décile)", "Idea to financing (90th percentile)"),
];

/// Finding indicators.
pub struct Indicators;

impl Indicators {
    /// The indicator of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Indicator> {
        INDICATORS.iter().find(|indicator| indicator.name == name)
    }

    /// Those that a route answers with.
    #[must_use]
    pub fn of(family: Family) -> Vec<&'static Indicator> {
        INDICATORS.iter().filter(|indicator| indicator.families.contains(&family)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::Dimension;
    use super::*;

    #[test]
    fn names_are_unique_and_every_text_is_there() {
        let mut names: Vec<_> = INDICATORS.iter().map(|indicator| indicator.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), INDICATORS.len());
        for indicator in INDICATORS {
            let Indicator { name, fr, en, formula_fr, formula_en, source, measures, .. } =
                indicator;
            assert!(!measures.is_empty(), "{name}");
            for text in [fr, en, formula_fr, formula_en, source] {
                assert!(!text.is_empty(), "{name}");
            }
            let divided = matches!(indicator.finish, Finish::Percent);
            assert_eq!(divided, indicator.unit == Unit::Percent, "{name}");
            assert!(!indicator.of_people || divided, "{name}");
            let dimensions = indicator.dimensions();
            assert!(!indicator.by_category || dimensions.contains(&Dimension::Tag), "{name}");
        }
    }
}
