//! Whether a closed path's personal data are past the programme's retention period.

use chrono::{Months, NaiveDate};

use super::State;
use crate::programme::Rules;
use crate::reference::Language;
use crate::values::Xof;

/// A reason to keep personal data although time passes.
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
    still_runs(state).map_or(Ok(closed), Err)
}

/// What still runs on a path and keeps the person's data, whether the path is closed or not. It is all that
/// is asked of a path that was frozen as a duplicate: when the person's data are past retention is told by
/// the path that continues.
#[must_use]
pub fn still_runs(state: &State) -> Option<Retained> {
    if state.financings.iter().any(|financing| financing.owed_in_all() > Xof::ZERO) {
        return Some(Retained::LoanOpen);
    }
    if state.grievances.iter().any(|grievance| grievance.resolved.is_none()) {
        return Some(Retained::GrievanceOpen);
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A path that closed on 1 May 2022, with more of its state.
    fn closed(more: &serde_json::Value) -> State {
        let mut state = json!({
            "status": "exited", "path_closed_on": "2022-05-01",
            "registration": {
                "reference": "RRZN-CR20-D", "programme": "0176bb3e-7000-7000-8000-000000000001",
                "on": "2022-01-10", "region": "segou", "sex": "female", "birth_year": 1999,
                "intake": "open_call",
            },
        });
        for (name, value) in more.as_object().unwrap() {
            state[name] = value.clone();
        }
        serde_json::from_value(state).unwrap()
    }

    fn rules(months: u32) -> Rules {
        serde_json::from_value(json!({ "retention_months": months })).unwrap()
    }

    fn loan(back: u32) -> serde_json::Value {
        json!({ "financings": [{
            "financing": 1, "instrument": "loan", "fund": "0176bb3e-7000-7000-8000-000000000002",
            "requested": 100, "request": { "on": "2022-02-01", "by": "conseiller" },
            "approval": { "on": "2022-02-15", "by": "comite" }, "approved": 100,
            "tranches": [], "reschedulings": 0, "repaid_since_schedule": back,
            "schedule": [{ "due_on": "2022-12-01", "principal": 100, "interest": 0 }],
            "paid": [{ "tranche": 1, "on": "2022-03-01", "amount": 100, "payment_reference": "OM-1" }],
            "repaid": [{ "on": "2022-04-01", "principal": back, "interest": 0, "payment_reference": "OM-2" }],
        }] })
    }

    #[test]
    fn the_period_begins_on_the_day_the_path_closed_and_is_over_on_its_last() {
        let state = closed(&json!({}));
        let asked = |today| past_retention(&state, &rules(12), day(today));
        assert_eq!(asked("2023-04-30"), Err(Retained::Within { until: day("2023-05-01") }));
        assert_eq!(asked("2023-05-01"), Ok(day("2022-05-01")));
        let forever = past_retention(&state, &Rules::default(), day("2999-01-01"));
        assert_eq!(forever, Err(Retained::NoPeriod));
    }

    #[test]
    fn what_still_runs_keeps_the_data() {
        let today = day("2030-01-01");
        let asked = |more: serde_json::Value| past_retention(&closed(&more), &rules(12), today);
        assert_eq!(asked(json!({ "path_closed_on": null })), Err(Retained::NotClosed));
        assert_eq!(asked(json!({ "registration": null })), Err(Retained::NotRegistered));
        assert_eq!(asked(loan(99)), Err(Retained::LoanOpen));
        assert_eq!(asked(loan(100)), Ok(day("2022-05-01")));
        let complaint = |resolved: serde_json::Value| {
            let category = crate::reference::lists()
                .iter()
                .find(|list| list.name == "grievance_categories")
                .unwrap()
                .entries[0]
                .code;
            json!({ "grievances": [{ "grievance": 1, "category": category,
                                     "lodged_on": "2022-04-01", "resolved": resolved }] })
        };
        assert_eq!(asked(complaint(json!(null))), Err(Retained::GrievanceOpen));
        for kept in [Retained::NoPeriod, Retained::LoanOpen, Retained::Within { until: today }] {
            assert_ne!(kept.detail(Language::Fr), kept.detail(Language::En));
        }
    }
}
