//! Portfolio at risk: one definition, which figures of a programme and whoever asks of one loan share.

use chrono::NaiveDate;

use crate::values::Xof;

/// Days past due of PAR30, the usual measure.
pub const PAR_DAYS: u32 = 30;

/// What decides whether a loan is at risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoanRisk {
    /// Principal paid out and not back; nothing once it is written off.
    pub outstanding: Xof,
    /// Day of the oldest instalment of which any part, principal or interest, is unpaid; none when none is
    /// left.
    pub oldest_unpaid_due_on: Option<NaiveDate>,
    /// Whether the loan was ever rescheduled: a new schedule makes a late loan look on time, so it
    /// stays at risk until it is paid back.
    pub rescheduled: bool,
}

impl LoanRisk {
    /// Whether the whole outstanding balance is at risk on `day`: some part of an instalment, principal or
    /// interest, is unpaid more than `days` days after its day, or the loan was rescheduled.
    ///
    /// After CGAP, Definitions of Selected Financial Terms, Ratios and Adjustments for Microfinance
    /// (2003), where PAR holds the outstanding balance of late and of restructured loans.
    #[must_use]
    pub fn is_at_risk(&self, day: NaiveDate, days: u32) -> bool {
        let is_late = |due: NaiveDate| (day - due).num_days() > i64::from(days);
        self.outstanding > Xof::ZERO
            && (self.rescheduled || self.oldest_unpaid_due_on.is_some_and(is_late))
    }

    /// What of it is at risk: the whole outstanding balance, or nothing. Portfolio at risk is the sum of
    /// these over the sum of what is outstanding.
    #[must_use]
    pub fn amount_at_risk(&self, day: NaiveDate, days: u32) -> Xof {
        if self.is_at_risk(day, days) { self.outstanding } else { Xof::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outstanding, days since the oldest unpaid instalment (none when all are paid), rescheduled, and
    /// whether that is at risk over 30 days.
    const CASES: [(u64, Option<i64>, bool, bool); 9] = [
        (100, None, false, false),
        (200, Some(-5), false, false),
        (400, Some(0), false, false),
        (800, Some(30), false, false),
        (1_600, Some(31), false, true),
        (3_200, Some(400), false, true),
        (6_400, Some(-5), true, true),
        (12_800, None, true, true),
        (0, Some(400), true, false),
    ];

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 12, 31).unwrap()
    }

    fn loans() -> impl Iterator<Item = (LoanRisk, bool)> {
        CASES.into_iter().map(|(outstanding, days, rescheduled, expected)| {
            let oldest_unpaid_due_on = days.map(|days| day() - chrono::Duration::days(days));
            let outstanding = Xof::of(outstanding);
            (LoanRisk { outstanding, oldest_unpaid_due_on, rescheduled }, expected)
        })
    }

    #[test]
    fn a_loan_is_at_risk_once_any_part_of_an_instalment_is_unpaid_for_more_than_thirty_days() {
        for (loan, expected) in loans() {
            assert_eq!(loan.is_at_risk(day(), PAR_DAYS), expected, "{loan:?}");
        }
    }

    #[test]
    fn a_balance_is_at_risk_as_a_whole_or_not_at_all() {
        let at_risk: Xof = loans().map(|(loan, _)| loan.amount_at_risk(day(), PAR_DAYS)).sum();
        assert_eq!(at_risk, Xof::of(1_600 + 3_200 + 6_400 + 12_800));
    }
}
