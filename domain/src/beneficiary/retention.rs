//! Whether a closed path's personal data are past the programme's retention period.

use chrono::{Months, NaiveDate};

use super::State;
use crate::programme::Rules;
use crate::reference::Language;
use crate::values::Xof;

/// Why personal data are not to be erased for their age yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retained {
    /// The path is not there, or its registration was retracted.
    NotRegistered,
    /// The programme's rules give no period.
    NoPeriod,
    /// The path goes on, or was reopened.
    NotClosed,
    /// The period is not over.
    Within {
        /// The first day on which it is.
        until: NaiveDate,
    },
    /// Money is still owed.
    LoanOpen,
    /// A grievance is not resolved.
    GrievanceOpen,
}

impl Retained {
    /// The rule's own word.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::NotRegistered => "not_registered",
            Self::NoPeriod => "no_retention_period",
            Self::NotClosed => "path_not_closed",
            Self::Within { .. } => "within_retention",
            Self::LoanOpen => "loan_open",
            Self::GrievanceOpen => "grievance_open",
        }
    }

    /// The rule in words.
    #[must_use]
    pub fn detail(self, language: Language) -> String {
        let (fr, en) = match self {
            Self::NotRegistered => ("aucune inscription", "not registered"),
            Self::NoPeriod => (
                "les règles du programme ne fixent pas de durée de conservation",
                "the programme's rules set no retention period",
            ),
            Self::NotClosed => ("le parcours n'est pas clos", "the path is not closed"),
            Self::Within { until } => {
                return match language {
                    Language::Fr => format!("à conserver jusqu'au {until}"),
                    Language::En => format!("to be kept until {until}"),
                };
            }
            Self::LoanOpen => ("un crédit n'est pas soldé", "a loan is not paid back"),
            Self::GrievanceOpen => ("une plainte n'est pas traitée", "a grievance is not resolved"),
        };
        match language {
            Language::Fr => fr.to_owned(),
            Language::En => en.to_owned(),
        }
    }
}

/// The day on which the path closed, when its personal data are past retention today by these rules.
///
/// What still runs keeps them: the programme needs the person to collect a loan or to answer a
/// grievance. An administrator may still erase on the person's own request.
///
/// # Errors
/// [`Retained`].
pub fn past_retention(
    state: &State,
    rules: &Rules,
    today: NaiveDate,
) -> Result<NaiveDate, Retained> {
    if state.registration.is_none() {
        return Err(Retained::NotRegistered);
    }
    let (Some(months), Some(cutoff)) = (rules.retention_months, rules.retention_cutoff(today))
    else {
        return Err(Retained::NoPeriod);
    };
    let closed = state.path_closed_on.ok_or(Retained::NotClosed)?;
    if closed > cutoff {
        let until = closed.checked_add_months(Months::new(months.get())).unwrap_or(NaiveDate::MAX);
        return Err(Retained::Within { until });
    }
    if state.financings.iter().any(|financing| financing.owed() > Xof::ZERO) {
        return Err(Retained::LoanOpen);
    }
    if state.grievances.iter().any(|grievance| grievance.resolved.is_none()) {
        return Err(Retained::GrievanceOpen);
    }
    Ok(closed)
}
