//! Loans: their schedules, repayments, reschedulings and write-offs.

use chrono::Months;
use sira_domain::path::facts::{Instalment, Repayment, Rescheduling, WriteOff};
use sira_domain::path::{BeneficiaryCommand, FinancingState};
use sira_domain::role::Role;
use sira_domain::values::{PaymentReference, Xof};

use crate::agenda::Step;
use crate::calendar::{Day, date, day_of};
use crate::case::{Case, Payer};
use crate::error::GenerateError;
use crate::model::PAYMENTS;
use crate::world::World;

/// Interest of a year, in percent of what is owed.
const INTEREST_PERCENT: u64 = 8;
/// In a thousand: loans whose last payment is above what is owed.
const OVERPAID: u64 = 40;
/// In a thousand: loans given up of which something comes in after all.
const RECOVERED: u64 = 250;

impl World {
    /// Plans what happens about an instalment: paid about when it is due, or not at all.
    pub(crate) fn plan_repayment(&mut self, place: u32, case: &mut Case, number: u32) {
        let Some(financing) = case.path.state().financings.last() else { return };
        let Some(due) =
            financing.schedule().get(number as usize).map(|instalment| day_of(instalment.due_on))
        else {
            return;
        };
        let late = match case.payer {
            Payer::Good => case.chance.few(11),
            Payer::Slow => case.chance.days(16),
            Payer::Bad(_) => case.chance.days(22),
        };
        let day = (due + late).saturating_sub(3).max(self.today() + 1);
        self.plan_recorded(place, case, day, day, Step::Repayment(number));
    }

    pub(crate) fn repay(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
        number: u32,
    ) -> Result<(), GenerateError> {
        let Some(financing) = case.path.state().financings.last().cloned() else { return Ok(()) };
        if financing.owed_in_all() == Xof::ZERO {
            return Ok(());
        }
        let stops = matches!(case.payer, Payer::Bad(after) if number >= after && financing.reschedulings() == 0);
        if stops {
            self.plan_trouble(place, case);
            return Ok(());
        }
        let skips = match case.payer {
            Payer::Good => 15,
            Payer::Slow => 290,
            Payer::Bad(_) => 450,
        };
        if !case.chance.in_thousand(skips) {
            self.record_repayment(place, case, &financing, on, number)?;
        }
        self.plan_repayment(place, case, number + 1);
        Ok(())
    }

    fn record_repayment(
        &mut self,
        place: u32,
        case: &mut Case,
        financing: &FinancingState,
        on: Day,
        number: u32,
    ) -> Result<(), GenerateError> {
        let due: Xof =
            financing.schedule().iter().take(number as usize + 1).map(|one| one.principal).sum();
        let principal = due.less(financing.repaid_since_schedule()).min(financing.owed());
        let interest = financing
            .schedule()
            .get(number as usize)
            .map_or(Xof::ZERO, |one| one.interest.min(financing.interest_owed()));
        if principal == Xof::ZERO && interest == Xof::ZERO {
            return Ok(());
        }
        // Whoever pays the last instalment sometimes pays a round sum.
        let left = financing.owed_in_all().less(principal).less(interest);
        let is_round = left == Xof::ZERO && case.chance.in_thousand(OVERPAID);
        let credit = if is_round { Xof::of(2_500) } else { Xof::ZERO };
        let reference = format!("REM-{:08}", self.ledger.payment());
        let repayment = Repayment {
            financing: financing.financing(),
            principal,
            interest,
            credit: Some(credit),
            method: case.chance.weighted(&PAYMENTS).parse()?,
            payment_reference: PaymentReference::try_new(&reference)?,
        };
        let author = self.by(case, Role::Finance, on);
        if self.act(case, &author, BeneficiaryCommand::RecordRepayment(repayment)) {
            if is_round {
                let day = self.today() + 5 + case.chance.few(20);
                self.plan(place, case, day, Step::CreditBack);
            } else {
                self.plan_slip(place, case);
            }
        }
        Ok(())
    }

    /// Somebody has stopped paying: a new schedule is agreed, or the loan is given up, or neither.
    fn plan_trouble(&mut self, place: u32, case: &mut Case) {
        let today = self.today();
        match case.chance.below(100) {
            0..40 => {
                let gap = case.chance.days(100);
                self.plan(place, case, today + gap, Step::Rescheduling);
            }
            40..68 => {
                let gap = 300 + case.chance.few(200);
                self.plan(place, case, today + gap, Step::WriteOff);
            }
            _ => {}
        }
    }

    pub(crate) fn reschedule(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let Some(financing) = case.path.state().financings.last().cloned() else { return Ok(()) };
        if financing.owed() == Xof::ZERO {
            return Ok(());
        }
        let reason = Self::seal(
            case,
            "reason",
            "Mauvaise saison, reprise des ventes attendue après la récolte.",
        )?;
        let schedule = schedule(financing.owed(), on, 12, 1)?;
        let rescheduling = Rescheduling {
            financing: financing.financing(),
            schedule,
            ground: Some("poor_sales".parse()?),
            reason: Some(reason),
        };
        let author = self.by(case, Role::Finance, on);
        if self.act(case, &author, BeneficiaryCommand::RescheduleLoan(rescheduling)) {
            self.plan_repayment(place, case, 0);
        }
        Ok(())
    }

    pub(crate) fn write_off(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let Some(financing) = case.path.state().financings.last().cloned() else { return Ok(()) };
        let owed = financing.owed();
        if owed == Xof::ZERO {
            return Ok(());
        }
        let reason = Self::seal(
            case,
            "reason",
            "Activité cessée, personne introuvable, relances sans suite.",
        )?;
        let write_off = WriteOff {
            financing: financing.financing(),
            amount: owed,
            ground: Some("unreachable".parse()?),
            reason: Some(reason),
        };
        let author = self.by(case, Role::Director, on);
        if self.act(case, &author, BeneficiaryCommand::WriteOffLoan(write_off))
            && case.chance.in_thousand(RECOVERED)
        {
            let day = self.today() + 90 + case.chance.few(300);
            self.plan(place, case, day, Step::Recovery);
        }
        Ok(())
    }
}

/// Equal monthly instalments; the last one takes what is left.
pub(crate) fn schedule(
    amount: Xof,
    on: Day,
    months: u32,
    grace: u32,
) -> Result<Vec<Instalment>, GenerateError> {
    let (whole, count) = (amount.francs(), u64::from(months));
    let each = whole / count;
    let mut instalments = Vec::with_capacity(months as usize);
    for number in 0..months {
        let open = whole - each * u64::from(number);
        let principal = if number + 1 == months { open } else { each };
        let due_on = date(on).checked_add_months(Months::new(grace + 1 + number));
        instalments.push(Instalment {
            due_on: due_on.unwrap_or(chrono::NaiveDate::MAX),
            principal: Xof::try_new(principal)?,
            interest: Xof::try_new(open * INTEREST_PERCENT / 1_200)?,
        });
    }
    Ok(instalments)
}
