//! Reference lists: dated, labelled in French and English, each a data file with its source.
//!
//! A new value of a list is a line in its file under `domain/data/`, and nothing here: code, French and
//! English. What stands here are the types of the codes, and which file is whose. A programme's own sectors
//! and modules are in no file, but in its rules.
//!
//! Lists only grow: stored events are read back for ever, so a code that was once given out stays.

mod code;
mod language;
mod list;
mod open;
mod region;

use std::sync::LazyLock;

pub use code::UnknownCode;
pub use language::Language;
pub use list::{Entry, List};
pub use open::{ModuleCode, SectorCode};
pub use region::RegionCode;

use code::code_list;

code_list! { #[doc = "Level of education."] EducationLevel, "education" }
code_list! { #[doc = "Reason for leaving."] ExitReason, "exit_reasons" }
code_list! { #[doc = "Reason for closing."] ClosureReason, "closure_reasons" }
code_list! { #[doc = "Financing instrument."] Instrument, "instruments" }
code_list! { #[doc = "Intake."] Intake, "intakes" }
code_list! { #[doc = "Channel."] Channel, "channels" }
code_list! { #[doc = "How consent was given."] ConsentMethod, "consent_methods" }
code_list! { #[doc = "Payment method."] PaymentMethod, "payment_methods" }
code_list! { #[doc = "Selection method."] SelectionMethod, "selection_methods" }
code_list! { #[doc = "Reason for refusal."] RefusalReason, "refusal_reasons" }
code_list! { #[doc = "Source of income."] IncomeSource, "income_sources" }
code_list! { #[doc = "Survey."] SurveyKind, "surveys" }
code_list! { #[doc = "Status in employment."] EmploymentStatus, "employment_statuses" }
code_list! { #[doc = "Work compared with before."] WorkChange, "work_changes" }
code_list! { #[doc = "Legal form."] LegalForm, "legal_forms" }
code_list! { #[doc = "Support."] SupportKind, "support_kinds" }
code_list! { #[doc = "Community action."] ActionKind, "action_kinds" }
code_list! { #[doc = "Grievance category."] GrievanceCategory, "grievance_categories" }
code_list! { #[doc = "Grievance channel."] GrievanceChannel, "grievance_channels" }
code_list! { #[doc = "Grievance outcome."] GrievanceOutcome, "grievance_outcomes" }
code_list! { #[doc = "Service that a person is referred to."] ReferralService, "referral_services" }
code_list! { #[doc = "Outcome of a referral."] ReferralOutcome, "referral_outcomes" }
code_list! { #[doc = "Reason for refusing an application."] ApplicationRefusal, "application_refusals" }
code_list! { #[doc = "Reason for suspension."] SuspensionReason, "suspension_reasons" }
code_list! { #[doc = "Document type."] MediaType, "media_types" }
code_list! { #[doc = "Business status."] BusinessStatus, "business_statuses" }
code_list! { #[doc = "Difficulty."] Difficulty, "difficulties" }
code_list! { #[doc = "Ground for reversing a payment."] ReversalGround, "reversal_grounds" }
code_list! { #[doc = "Ground for changing a loan."] LoanChangeGround, "loan_change_grounds" }
code_list! { #[doc = "Ground for cancelling a financing."] CancellationGround, "cancellation_grounds" }
code_list! { #[doc = "Reason for recording late."] BackdatingReason, "backdating_reasons" }

/// Every list but the regions, which say more.
#[must_use]
pub fn lists() -> &'static [List] {
    static LISTS: LazyLock<Vec<List>> = LazyLock::new(|| {
        [
            ("education", include_str!("../../data/education.csv")),
            ("sectors", include_str!("../../data/sectors.csv")),
            ("modules", include_str!("../../data/modules.csv")),
            ("exit_reasons", include_str!("../../data/exit_reasons.csv")),
            ("closure_reasons", include_str!("../../data/closure_reasons.csv")),
            ("instruments", include_str!("../../data/instruments.csv")),
            ("intakes", include_str!("../../data/intakes.csv")),
            ("channels", include_str!("../../data/channels.csv")),
            ("consent_methods", include_str!("../../data/consent_methods.csv")),
            ("payment_methods", include_str!("../../data/payment_methods.csv")),
            ("selection_methods", include_str!("../../data/selection_methods.csv")),
            ("refusal_reasons", include_str!("../../data/refusal_reasons.csv")),
            ("income_sources", include_str!("../../data/income_sources.csv")),
            ("surveys", include_str!("../../data/surveys.csv")),
            ("employment_statuses", include_str!("../../data/employment_statuses.csv")),
            ("work_changes", include_str!("../../data/work_changes.csv")),
            ("legal_forms", include_str!("../../data/legal_forms.csv")),
            ("support_kinds", include_str!("../../data/support_kinds.csv")),
            ("action_kinds", include_str!("../../data/action_kinds.csv")),
            ("grievance_categories", include_str!("../../data/grievance_categories.csv")),
            ("grievance_channels", include_str!("../../data/grievance_channels.csv")),
            ("grievance_outcomes", include_str!("../../data/grievance_outcomes.csv")),
            ("referral_services", include_str!("../../data/referral_services.csv")),
            ("referral_outcomes", include_str!("../../data/referral_outcomes.csv")),
            ("application_refusals", include_str!("../../data/application_refusals.csv")),
            ("suspension_reasons", include_str!("../../data/suspension_reasons.csv")),
            ("media_types", include_str!("../../data/media_types.csv")),
            ("business_statuses", include_str!("../../data/business_statuses.csv")),
            ("difficulties", include_str!("../../data/difficulties.csv")),
            ("reversal_grounds", include_str!("../../data/reversal_grounds.csv")),
            ("loan_change_grounds", include_str!("../../data/loan_change_grounds.csv")),
            ("cancellation_grounds", include_str!("../../data/cancellation_grounds.csv")),
            ("backdating_reasons", include_str!("../../data/backdating_reasons.csv")),
        ]
        .into_iter()
        .map(|(name, text)| List::parse(name, text))
        .collect()
    });
    &LISTS
}

/// A list by its name; an empty one when there is none, which a test keeps from happening.
fn list(name: &str) -> &'static [Entry] {
    lists().iter().find(|list| list.name == name).map_or(&[], |list| &list.entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_whole_labelled_and_sourced() {
        assert_eq!(lists().len(), 33);
        for list in lists() {
            assert!(!list.entries.is_empty() && !list.source.is_empty(), "{}", list.name);
            assert_eq!(list.unread_lines, 0, "{}", list.name);
            for entry in &list.entries {
                assert!(!entry.label_fr.is_empty() && !entry.label_en.is_empty(), "{}", entry.code);
                assert_eq!(list.entries.iter().filter(|other| other.code == entry.code).count(), 1);
            }
        }
    }

    fn is_slug(code: &str) -> bool {
        (1..=40).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    }

    fn is_media_type(code: &str) -> bool {
        let part = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b"-.+".contains(&b))
        };
        code.split_once('/').is_some_and(|(kind, form)| part(kind) && part(form))
    }

    #[test]
    fn every_code_has_the_form_of_its_list() {
        for list in lists() {
            for code in list.entries.iter().map(|entry| entry.code) {
                let fits = match list.name {
                    "sectors" => matches!(code.as_bytes(), [b'A'..=b'U']),
                    "media_types" => is_media_type(code),
                    _ => is_slug(code),
                };
                assert!(fits, "{}: {code}", list.name);
            }
        }
    }

    #[test]
    fn every_typed_list_reads_back_each_of_its_codes() {
        fn check<T>(all: impl Iterator<Item = T>)
        where
            T: Copy + PartialEq + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
        {
            let codes: Vec<T> = all.collect();
            assert!(!codes.is_empty(), "{}", std::any::type_name::<T>());
            for code in codes {
                let value = serde_json::to_value(code).unwrap();
                assert_eq!(serde_json::from_str::<T>(&value.to_string()).unwrap(), code);
                assert_eq!(serde_json::from_value::<T>(value).unwrap(), code);
            }
        }
        macro_rules! check_all { ($($name:ident),+ $(,)?) => { $( check($name::all()); )+ }; }
        check_all!(
            EducationLevel,
            ExitReason,
            ClosureReason,
            Instrument,
            Intake,
            Channel,
            ConsentMethod,
            PaymentMethod,
            SelectionMethod,
            RefusalReason,
            IncomeSource,
            SurveyKind,
            LegalForm,
            SupportKind,
            ActionKind,
            GrievanceCategory,
            GrievanceChannel,
            GrievanceOutcome,
            ReferralService,
            ReferralOutcome,
            ApplicationRefusal,
            SuspensionReason,
            MediaType,
            BusinessStatus,
            Difficulty,
            ReversalGround,
            LoanChangeGround,
            CancellationGround,
            BackdatingReason,
            RegionCode,
        );
    }

    #[test]
    fn a_code_is_read_from_its_own_list_alone() {
        let level: EducationLevel = serde_json::from_str("\"2\"").unwrap();
        assert_eq!(serde_json::to_string(&level).unwrap(), "\"2\"");
        assert_eq!(level.label(Language::Fr), "Fondamental 2 (DEF)");
        let error = serde_json::from_str::<Instrument>("\"Personne\"").unwrap_err().to_string();
        assert!(error.starts_with("unknown_code(grant, kit, loan, guarantee)"), "{error}");
    }
}
