//! Every indicator, defined once.
//!
//! Sources: the convention and what programmes of its kind report; repayment and portfolio at risk after
//! CGAP (2003); survival, completion and time to closure of grievances as is usual. Where nobody has
//! written a definition down, it is our own and says so.

mod indicator;
mod shares;

pub use indicator::{Family, Finish, Indicator, IndicatorKind, Nature, Need, Publication, Unit};

use super::facts::{Measure, Measure as M};
use super::tally::Share;
use shares::{
    at_risk, better_work, change_by_training, change_of_income, disbursed_of_committed, displaced,
    dropped_out_of_enrolled, in_arrears, income_by_training, jobs_at_12_months, jobs_created,
    jobs_full_time, jobs_held, jobs_net, jobs_of_men, jobs_of_women, jobs_of_young, jobs_sustained,
    mean_score, mean_value, minutes_attended, modules_passed, net_commitment, newly_working, one,
    outstanding, paid_of_due, resolved_in_time, share_of_women, share_of_young,
    trained_of_enrolled, validated_at_first, validated_of_submitted, value, visited_on_time,
    with_disability, working, written_off_of_portfolio,
};

const OWN: &str = "own definition";
const CGAP: &str = "CGAP, Definitions of Selected Financial Terms, Ratios and Adjustments (2003)";
const USUAL: &str = "usual in such programmes";
const ROSENBERG: &str =
    "Rosenberg, Measuring Microcredit Delinquency, CGAP Occasional Paper 3 (1999)";
const KAPLAN_MEIER: &str =
    "Kaplan and Meier, Nonparametric Estimation from Incomplete Observations (1958)";
const ILO: &str = "ILO: 15th and 19th International Conferences of Labour Statisticians";
const DCED: &str =
    "DCED Standard, guidelines on job creation: full-time equivalents, net, sustained";
const JOBS_HELD_FR: &str = "emplois vus à la dernière visite de chaque activité qui n'a pas cessé, faite dans les douze mois avant la fin de la période, celui du porteur compris";
const JOBS_HELD_EN: &str = "jobs seen at the last visit of each business that has not closed, made within the twelve months before the end of the period, the owner's included";
/// What a difference between those trained and the others is not.
const NOT_COMPARABLE: (&str, &str) = (
    "Les personnes formées ont été retenues : elles diffèrent des autres par plus que la formation. L'écart n'est l'effet de la formation que si le sort a décidé de qui l'a suivie.",
    "People who were trained had been selected: they differ from the others by more than the training. The difference is the effect of the training only where a lottery decided who had it.",
);

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
    has_detail: false,
    publication: Publication::OfMany,
    caveat: None,
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
    ($name:literal, $finish:expr, $families:expr, $from:ident, $to:ident, $fr:literal, $en:literal) => {
        Indicator {
            name: $name,
            fr: $fr,
            en: $en,
            formula_fr: "jours entre les deux étapes, des personnes qui ont atteint la seconde dans la période ; médiane usuelle (de deux valeurs du milieu, la moyenne) ; 9e décile : le plus proche rang, la plus petite valeur que 90 % au moins ne dépassent pas",
            formula_en: "days between the two stages, of people who reached the second in the period; the usual median (of two middle values the mean); 90th percentile: the nearest rank, the least value that at least 90 % do not exceed",
            unit: Unit::Days,
            families: $families,
            measures: &[M::$to],
            needs: &[Need::Day(M::$from)],
            share: |_, fact, context| {
                let from = context.day_of(M::$from, fact.case)?;
                Some(Share::of(i64::from(fact.on) - i64::from(from)))
            },
            finish: $finish,
            ..BASE
        }
    };
}

const SURVIVAL: &[Family] = &[Family::Survival];

/// Survival after so many days, by Kaplan and Meier.
macro_rules! survival {
    ($name:literal, $days:literal, $fr:literal, $en:literal) => {
        Indicator {
            name: $name,
            fr: $fr,
            en: $en,
            formula_fr: concat!("produit limite de Kaplan-Meier après ", $days, " jours, des activités démarrées dans la période, chacune pour elle-même ; une activité est suivie jusqu'à sa cessation (dite, ou vue par une visite), sinon jusqu'à la dernière visite qui l'a vue en marche ou en pause ; injoignable n'est pas vu ; intervalle à 95 % par la transformation log(-log)"),
            formula_en: concat!("Kaplan-Meier product limit after ", $days, " days, of businesses started in the period, each by itself; a business is followed until it closes (as was told, or seen by a visit), else until the last visit that saw it trading or paused; unreachable is not seen; 95 % interval by log(-log)"),
            source: KAPLAN_MEIER,
            unit: Unit::Percent,
            families: &[Family::Indicators, Family::Survival],
            measures: &[M::Business],
            share: |_, fact, context| shares::survival(fact, context, $days),
            finish: Finish::Survival { days: $days },
            has_detail: true,
            ..BASE
        }
    };
}

/// Bounds of survival: of all that are old enough, or of those of whom it is known.
macro_rules! survival_bound {
    ($name:literal, $days:literal, $of_all:literal, $fr:literal, $en:literal) => {
        Indicator {
            name: $name,
            fr: $fr,
            en: $en,
            formula_fr: if $of_all {
                concat!("activités dont on sait qu'elles existaient ", $days, " jours après leur démarrage / toutes celles démarrées dans la période depuis au moins autant : ce dont on ne sait rien est compté comme cessé (borne basse)")
            } else {
                concat!("activités dont on sait qu'elles existaient ", $days, " jours après leur démarrage / celles dont on sait si elles existaient ou avaient cessé, démarrées dans la période depuis au moins autant (borne haute)")
            },
            formula_en: if $of_all {
                concat!("businesses known to be there ", $days, " days after their start / all that started in the period at least so long ago: what nobody knows of is counted as closed (lower bound)")
            } else {
                concat!("businesses known to be there ", $days, " days after their start / those known to be there or to have closed, started in the period at least so long ago (upper bound)")
            },
            source: USUAL,
            // A lower bound and an upper one tell how many nobody knows of.
            publication: if $of_all { Publication::Never } else { Publication::OfMany },
            unit: Unit::Percent,
            families: SURVIVAL,
            measures: &[M::Business],
            share: |_, fact, context| shares::alive_after(fact, context, $days, $of_all),
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
    Indicator { unit: Unit::Percent, families: TRAINING, source: USUAL, needs: &[Need::Day(M::DroppedOut)], share: dropped_out_of_enrolled,
        finish: Finish::Percent, of_people: true,
        ..people("drop_out_rate", ("Taux d'abandon", "Drop-out rate"),
        ("personnes retirées de la formation ou sorties avant de l'achever, à ce jour / personnes inscrites en formation dans la période", "people withdrawn from the training, or who left before it was done, by now / people enrolled in the period"), &[M::Enrolled]) },
    Indicator { unit: Unit::Percent, source: "as FACEJ (Mali) reports it", needs: &[Need::Day(M::PlanValidated)], share: validated_of_submitted,
        finish: Finish::Percent, of_people: true,
        ..people("plan_validation_rate", ("Taux de validation des plans", "Plan validation rate"),
        ("personnes dont un plan est validé, à ce jour / personnes qui ont présenté un premier plan dans la période", "people of whom a plan is validated by now / people who presented a first plan in the period"), &[M::PlanSubmitted]) },
    Indicator { unit: Unit::Percent, source: "as FACEJ (Mali) reports it", needs: &[Need::Day(M::PlanValidatedFirst)], share: validated_at_first,
        finish: Finish::Percent, of_people: true,
        ..people("plan_first_passage_rate", ("Plans validés au premier passage", "Plans validated at first passage"),
        ("personnes dont le premier avis a validé le plan / personnes qui ont présenté un premier plan dans la période", "people whose first review validated the plan / people who presented a first plan in the period"), &[M::PlanSubmitted]) },
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
    Indicator { unit: Unit::Percent, source: ROSENBERG, share: paid_of_due, finish: Finish::Percent, of_people: true,
        ..amount("repayment_rate", ("Taux de remboursement", "Repayment rate"),
        ("payé avant la fin de la période, sur les échéances de la période / échéances de la période, sans ce qui en était payé d'avance avant elle ; principal et intérêts de ce qui a été prêté, aux conditions du premier échéancier, jusqu'au jour considéré ; les paiements annulés ne comptent pas, ni ce qui est payé sur d'autres échéances", "paid by the end of the period, of the instalments of the period / instalments of the period, without what of them was paid in advance of it; principal and interest of what was lent, by the first schedule, up to the day asked of; payments that were undone do not count, nor what is paid on other instalments"), &[M::Due]) },
    Indicator { kind: IndicatorKind::Stock, source: CGAP, share: in_arrears, ..amount("arrears", ("Impayés", "Arrears"),
        ("parts d'échéances dues avant la fin de la période selon l'échéancier en vigueur, et non payées alors", "parts of instalments due before the end of the period by the schedule in force, and not paid by then"), &[M::Due]) },
    Indicator { kind: IndicatorKind::Stock, share: outstanding, ..amount("outstanding", ("Encours de crédit", "Outstanding principal"),
        ("principal décaissé et non remboursé à la fin de la période, hors pertes", "principal paid out and not back at the end of the period, less what was written off"), &[M::Loan]) },
    Indicator { unit: Unit::Percent, kind: IndicatorKind::Stock, source: CGAP, share: at_risk, finish: Finish::Percent,
        ..amount("par30", ("Portefeuille à risque à 30 jours (PAR30)", "Portfolio at risk over 30 days (PAR30)"),
        ("encours des crédits dont une part d'échéance a plus de 30 jours de retard, ou rééchelonnés / encours total, à la fin de la période", "outstanding principal of loans with any part of an instalment over 30 days late, or rescheduled / outstanding principal of all loans, at the end of the period"), &[M::Loan]) },
    Indicator { families: &[Family::Finance], ..amount("amount_written_off", ("Montant passé en perte", "Amount written off"),
        ("pertes constatées dans la période", "written off in the period"), &[M::WrittenOff]) },
    Indicator { unit: Unit::Percent, kind: IndicatorKind::Trailing, source: CGAP, share: written_off_of_portfolio, finish: Finish::Percent, of_people: true,
        ..amount("write_off_ratio", ("Taux de passage en perte", "Write-off ratio"),
        ("pertes constatées dans les douze mois jusqu'à la fin de la période / moyenne de l'encours au début et à la fin de ces douze mois", "written off in the twelve months up to the end of the period / mean of what was outstanding at their beginning and at their end"), &[M::WrittenOff, M::Loan]) },
    amount("amount_recovered", ("Montant recouvré", "Amount recovered"),
        ("reçu dans la période après un passage en perte ou l'appel d'une garantie", "received in the period after a write-off or the call of a guarantee"), &[M::Recovered]),
    amount("amount_refunded", ("Montant restitué", "Amount refunded"),
        ("subventions et kits non utilisés, revenus dans la période", "unspent grants and kits that came back in the period"), &[M::Refunded]),
    amount("guarantees_called", ("Garanties appelées", "Guarantees called"),
        ("payé aux prêteurs dans la période", "paid to lenders in the period"), &[M::GuaranteeCalled]),
    people("businesses_started", ("Activités démarrées", "Businesses started"),
        ("activités démarrées dans la période", "businesses started in the period"), &[M::Started]),
    survival!("survival_6", 183, "Survie à 6 mois", "Survival at 6 months"),
    survival!("survival_12", 365, "Survie à 12 mois", "Survival at 12 months"),
    survival!("survival_24", 730, "Survie à 24 mois", "Survival at 24 months"),
    survival_bound!("survival_6_seen", 183, false, "Survie à 6 mois, parmi celles dont on sait", "Survival at 6 months, of those known of"),
    survival_bound!("survival_12_seen", 365, false, "Survie à 12 mois, parmi celles dont on sait", "Survival at 12 months, of those known of"),
    survival_bound!("survival_24_seen", 730, false, "Survie à 24 mois, parmi celles dont on sait", "Survival at 24 months, of those known of"),
    survival_bound!("survival_6_low", 183, true, "Survie à 6 mois, au moins", "Survival at 6 months, at least"),
    survival_bound!("survival_12_low", 365, true, "Survie à 12 mois, au moins", "Survival at 12 months, at least"),
    survival_bound!("survival_24_low", 730, true, "Survie à 24 mois, au moins", "Survival at 24 months, at least"),
    Indicator { unit: Unit::Jobs, share: jobs_created, source: DCED, publication: Publication::Never, ..people("jobs_created", ("Emplois créés", "Jobs created"),
        ("emplois vus par les visites de la période au-delà du plus grand nombre vu avant dans la même activité, celui du porteur compris ; bruts : les pertes sont dans le solde net", "jobs that visits of the period saw above the most that were seen of the same business before, the owner's included; gross: losses are in the net balance"), &[M::Jobs]) },
    Indicator { unit: Unit::Jobs, share: jobs_net, source: DCED, publication: Publication::Never, ..people("jobs_net", ("Emplois nets", "Net jobs"),
        ("emplois de plus ou de moins, d'une visite à l'autre ou à la cessation, dans la période", "jobs more or less, from one visit to the next or to the closure, in the period"), &[M::Jobs]) },
    Indicator { kind: IndicatorKind::Stock, unit: Unit::Jobs, share: jobs_held, ..people("jobs_held", ("Emplois occupés", "Jobs held"),
        (JOBS_HELD_FR, JOBS_HELD_EN), &[M::Jobs]) },
    Indicator { kind: IndicatorKind::Stock, unit: Unit::Jobs, share: jobs_of_women, ..people("jobs_women", ("Emplois occupés par des femmes", "Jobs held by women"),
        (JOBS_HELD_FR, JOBS_HELD_EN), &[M::Jobs]) },
    Indicator { kind: IndicatorKind::Stock, unit: Unit::Jobs, share: jobs_of_men, ..people("jobs_men", ("Emplois occupés par des hommes", "Jobs held by men"),
        (JOBS_HELD_FR, JOBS_HELD_EN), &[M::Jobs]) },
    Indicator { kind: IndicatorKind::Stock, unit: Unit::Jobs, share: jobs_of_young, ..people("jobs_under_35", ("Emplois occupés par des moins de 35 ans", "Jobs held by people under 35"),
        (JOBS_HELD_FR, JOBS_HELD_EN), &[M::Jobs]) },
    Indicator { kind: IndicatorKind::Stock, unit: Unit::FullTime, share: jobs_full_time, finish: Finish::Total { parts: 100 },
        ..people("jobs_full_time", ("Emplois occupés, en équivalent temps plein", "Jobs held, as full-time equivalents"),
        (JOBS_HELD_FR, JOBS_HELD_EN), &[M::Jobs]) },
    Indicator { unit: Unit::Percent, share: visited_on_time, finish: Finish::Percent, of_people: true, source: "follow-up compliance; 15 days: assumption", ..people("visits_on_time", ("Visites faites à temps", "Visits on time"),
        ("visites de suivi dues dans la période et faites au plus tard 15 jours après, même avant l'échéance / visites dues dans la période, faites ou en retard de plus de 15 jours ; due : parcours actif et activité non cessée le jour de l'échéance ; antenne et région du démarrage", "follow-up visits due in the period and made at most 15 days after, or before it / visits due in the period that were made or are more than 15 days late; due: the path active and the business not closed on the day; office and region of the start"), &[M::VisitDue]) },
    Indicator { unit: Unit::Jobs, share: jobs_at_12_months, publication: Publication::Never, ..people("jobs_at_12_months", ("Emplois à 12 mois", "Jobs at 12 months"),
        ("emplois vus à la visite de 12 mois, visites de la période", "jobs seen at the visit of 12 months, visits of the period"), &[M::Visit]) },
    Indicator { unit: Unit::Jobs, share: jobs_sustained, needs: &[Need::JobsAt12Months], publication: Publication::Never, ..people("jobs_sustained", ("Emplois durables", "Jobs sustained"),
        ("emplois vus à la visite de 24 mois, au plus autant qu'à celle de 12 mois : gardés un an, visites de 24 mois de la période", "jobs seen at the visit of 24 months, at most as many as at that of 12 months: kept for a year, visits of 24 months in the period"), &[M::Visit]) },
    Indicator { unit: Unit::Xof, share: mean_value, finish: Finish::Mean, ..people("revenue_change", ("Évolution du chiffre d'affaires mensuel", "Change in monthly revenue"),
        ("moyenne de : chiffre d'affaires de la dernière visite moins celui de la première, dernière visite de la période", "mean of: revenue at the last visit less that at the first, last visit in the period"), &[M::RevenueChange]) },
    Indicator { unit: Unit::CurrencyPerYear, share: mean_value, finish: Finish::Mean, by_category: true, has_detail: true, ..people("mean_income_baseline", ("Revenu moyen au départ", "Mean income at the baseline"),
        ("moyenne des revenus ramenés à l'année, enquête de départ de la période", "mean of incomes brought to a year, baseline survey of the period"), &[M::IncomeBaseline]) },
    Indicator { unit: Unit::CurrencyPerYear, share: mean_value, finish: Finish::Mean, by_category: true, has_detail: true, ..people("mean_income_follow_up", ("Revenu moyen au suivi", "Mean income at follow-up"),
        ("moyenne des revenus ramenés à l'année, enquête de suivi de la période", "mean of incomes brought to a year, follow-up survey of the period"), &[M::IncomeFollowUp]) },
    Indicator { unit: Unit::CurrencyPerYear, share: mean_value, finish: Finish::Mean, by_category: true, has_detail: true, ..people("mean_income_tracer", ("Revenu moyen à l'enquête d'insertion", "Mean income at the tracer survey"),
        ("moyenne des revenus ramenés à l'année, enquête d'insertion de la période", "mean of incomes brought to a year, tracer survey of the period"), &[M::IncomeTracer]) },
    Indicator { unit: Unit::CurrencyPerYear, share: change_of_income, finish: Finish::Mean, by_category: true, needs: &[Need::Baseline], has_detail: true,
        source: "USAID EG.6-11: change in earnings of the same person, not adjusted for prices",
        publication: Publication::Never, ..people("income_change", ("Évolution du revenu", "Change in income"),
        ("moyenne, par personne, du revenu ramené à l'année à l'enquête de suivi de la période moins celui de son enquête de départ, même monnaie, prix courants ; intervalle à 95 %", "mean, person by person, of the income brought to a year at the follow-up survey of the period less that at their own baseline, same currency, current prices; 95 % interval"), &[M::IncomeFollowUp]) },
    Indicator { unit: Unit::CurrencyPerYear, share: change_by_training, finish: Finish::Difference, by_category: true, needs: &[Need::Baseline], has_detail: true,
        caveat: Some(NOT_COMPARABLE), source: "difference in differences of means",
        publication: Publication::Never, ..people("income_change_difference", ("Écart d'évolution du revenu entre formés et non formés", "Difference in the change of income between trained and not trained"),
        ("évolution moyenne du revenu des personnes formées moins celle des autres, de qui a une enquête de départ et de suivi ; intervalle à 95 %", "mean change in income of people trained less that of the others, of those with a baseline and a follow-up; 95 % interval"), &[M::IncomeFollowUp]) },
    Indicator { unit: Unit::CurrencyPerYear, share: income_by_training, finish: Finish::Difference, by_category: true, has_detail: true,
        caveat: Some(NOT_COMPARABLE), source: "difference in means, as in Dehejia and Wahba (1999)",
        ..people("income_difference", ("Écart de revenu entre formés et non formés", "Difference in income between trained and not trained"),
        ("revenu moyen au suivi des personnes formées moins celui des autres ; intervalle à 95 %", "mean income at follow-up of people trained less that of the others; 95 % interval"), &[M::IncomeFollowUp]) },
    Indicator { by_category: true, source: ILO, publication: Publication::Never, ..people("employment_status", ("Situation d'emploi", "Status in employment"),
        ("personnes à l'enquête d'insertion de la période, par situation d'emploi dite en dernier", "people at the tracer survey of the period, by the status in employment told last"), &[M::EmploymentTracer]) },
    Indicator { unit: Unit::Percent, share: working, finish: Finish::Percent, of_people: true, source: ILO, ..people("employed_share", ("Part des personnes en emploi", "Share of people who work"),
        ("personnes en emploi / personnes à l'enquête d'insertion de la période", "people who work / people at the tracer survey of the period"), &[M::EmploymentTracer]) },
    Indicator { unit: Unit::Percent, share: newly_working, finish: Finish::Percent, of_people: true, needs: &[Need::WorkAtBaseline], source: "USAID EG.6-12", ..people("new_employment", ("Nouvel emploi", "New employment"),
        ("personnes en emploi à l'enquête d'insertion de la période qui ne l'étaient pas à leur enquête de départ / personnes à cette enquête dont la situation de départ est connue", "people who work at the tracer survey of the period and did not at their baseline / people at that survey whose baseline is known"), &[M::EmploymentTracer]) },
    Indicator { unit: Unit::Percent, share: better_work, finish: Finish::Percent, of_people: true, source: "USAID EG.6-15", ..people("better_employment", ("Meilleur travail qu'avant", "Better work than before"),
        ("personnes qui disent leur travail meilleur qu'avant / personnes en emploi à l'enquête d'insertion de la période qui ont répondu", "people who say that their work is better than before / people who work at the tracer survey of the period and answered"), &[M::EmploymentTracer]) },
    days!("idea_to_financing", Finish::Median, &[Family::Indicators, Family::Durations], IdeaSubmitted, Financed, "Jours de l'idée au financement (médiane)", "Days from idea to financing (median)"),
    Indicator { unit: Unit::Percent, share: share_of_women, finish: Finish::Percent, of_people: true, ..people("womens_share", ("Part des femmes", "Women's share"),
        ("femmes / personnes inscrites dans la période", "women / people registered in the period"), &[M::Registered]) },
    Indicator { unit: Unit::Percent, share: share_of_young, finish: Finish::Percent, of_people: true, source: "African Youth Charter (2006): up to 35", ..people("young_share", ("Part des jeunes", "Young people's share"),
        ("personnes de 35 ans au plus dans l'année d'inscription / personnes inscrites dans la période", "people of 35 at most in the year of registration / people registered in the period"), &[M::Registered]) },
    Indicator { share: with_disability, source: "Washington Group short set", ..people("people_with_disability", ("Personnes handicapées", "People with disability"),
        ("personnes inscrites dans la période dont une réponse est 3 ou 4", "people registered in the period with an answer of 3 or 4"), &[M::Registered]) },
    Indicator { share: displaced, ..people("displaced_people", ("Personnes déplacées", "Displaced people"),
        ("personnes inscrites dans la période, déplacées internes", "people registered in the period who are internally displaced"), &[M::Registered]) },
    Indicator { kind: IndicatorKind::Stock, ..people("paths_active", ("Parcours actifs", "Active paths"),
        ("parcours actifs à la fin de la période", "paths active at the end of the period"), &[M::Active]) },
    Indicator { kind: IndicatorKind::Stock, ..people("paths_suspended", ("Parcours suspendus", "Suspended paths"),
        ("parcours suspendus à la fin de la période", "paths suspended at the end of the period"), &[M::Suspended]) },
    Indicator { kind: IndicatorKind::Stock, ..people("waiting", ("Personnes en liste d'attente", "People on a waiting list"),
        ("personnes en liste d'attente à la fin de la période", "people on a waiting list at the end of the period"), &[M::Waiting]) },
    people("referrals", ("Orientations vers les partenaires", "Referrals to partners"),
        ("orientations de la période", "referrals of the period"), &[M::Referral]),
    people("community_actions", ("Actions communautaires", "Community actions"),
        ("actions de la période", "actions of the period"), &[M::CommunityAction]),
    Indicator { kind: IndicatorKind::Stock, ..people("grievances_open", ("Plaintes en cours", "Open grievances"),
        ("plaintes reçues et non traitées à la fin de la période", "grievances lodged and not resolved at the end of the period"), &[M::Grievance]) },
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
    days!("registration_to_selection", Finish::Median, DURATIONS, Registered, Selected, "De l'inscription à la sélection (médiane)", "Registration to selection (median)"),
    days!("registration_to_selection_p90", Finish::Quantile(90), DURATIONS, Registered, Selected, "De l'inscription à la sélection (9e décile)", "Registration to selection (90th percentile)"),
    days!("selection_to_enrolment", Finish::Median, DURATIONS, Selected, Enrolled, "De la sélection à la formation (médiane)", "Selection to enrolment (median)"),
    days!("selection_to_enrolment_p90", Finish::Quantile(90), DURATIONS, Selected, Enrolled, "De la sélection à la formation (9e décile)", "Selection to enrolment (90th percentile)"),
    days!("enrolment_to_trained", Finish::Median, DURATIONS, Enrolled, Trained, "De l'entrée à la fin de formation (médiane)", "Enrolment to trained (median)"),
    days!("enrolment_to_trained_p90", Finish::Quantile(90), DURATIONS, Enrolled, Trained, "De l'entrée à la fin de formation (9e décile)", "Enrolment to trained (90th percentile)"),
    days!("trained_to_approved", Finish::Median, DURATIONS, Trained, Approved, "De la formation à l'approbation (médiane)", "Trained to approval (median)"),
    days!("trained_to_approved_p90", Finish::Quantile(90), DURATIONS, Trained, Approved, "De la formation à l'approbation (9e décile)", "Trained to approval (90th percentile)"),
    days!("approved_to_financed", Finish::Median, DURATIONS, Approved, Financed, "De l'approbation au premier décaissement (médiane)", "Approval to first disbursement (median)"),
    days!("approved_to_financed_p90", Finish::Quantile(90), DURATIONS, Approved, Financed, "De l'approbation au premier décaissement (9e décile)", "Approval to first disbursement (90th percentile)"),
    days!("financed_to_started", Finish::Median, DURATIONS, Financed, Started, "Du décaissement au démarrage (médiane)", "Disbursement to start (median)"),
    days!("financed_to_started_p90", Finish::Quantile(90), DURATIONS, Financed, Started, "Du décaissement au démarrage (9e décile)", "Disbursement to start (90th percentile)"),
    days!("idea_to_financing_p90", Finish::Quantile(90), DURATIONS, IdeaSubmitted, Financed, "De l'idée au financement (9e décile)", "Idea to financing (90th percentile)"),
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
            // A walk over a measure counts each fact once.
            let is_again = |at: usize| measures[..at].contains(&measures[at]);
            assert!(!(0..measures.len()).any(is_again), "{name}");
            for text in [fr, en, formula_fr, formula_en, source] {
                assert!(!text.is_empty(), "{name}");
            }
            let divided = matches!(indicator.finish, Finish::Percent | Finish::Survival { .. });
            assert_eq!(divided, indicator.unit == Unit::Percent, "{name}");
            assert!(!indicator.of_people || divided, "{name}");
            let dimensions = indicator.dimensions();
            assert!(!indicator.by_category || dimensions.contains(&Dimension::Tag), "{name}");
        }
    }
}
