//! Plans, requests, approvals, payments, repayments.

use sira_domain::path::facts::{
    Approval, Disbursement, FinancingApplication, FinancingNumber, FinancingRefusal,
    PlanConclusion, PlanRequest, PlanReview, Reason, Tranche, TrancheCondition,
};
use sira_domain::path::{BeneficiaryCommand, FinancingState, Stage};
use sira_domain::refusal::{Amount, Refusal};
use sira_domain::role::Role;
use sira_domain::values::{PaymentReference, Xof};

use crate::agenda::Step;
use crate::calendar::Day;
use crate::case::Case;
use crate::error::GenerateError;
use crate::loans::schedule;
use crate::model::{IDEAS, INSTRUMENTS, PAYMENTS};
use crate::world::World;

/// Amounts are rounded to this.
const STEP: u64 = 5_000;
/// Months before the first instalment.
const GRACE_MONTHS: u32 = 3;
/// In a thousand: signed financings that the person gives up.
const RENOUNCED: u64 = 7;
/// How often a payment whose condition is not met is tried.
const PAYMENT_TRIES: u32 = 5;

impl World {
    /// What comes after the training.
    pub fn after_training(&mut self, place: u32, case: &mut Case, on: Day) {
        let today = self.today().max(on);
        if case.chance.in_thousand(830) {
            self.onward(place, case, on, 30, Step::Plan);
        } else if case.chance.in_thousand(120) {
            self.onward(place, case, on, 60, Step::Waiver);
        } else if case.chance.in_thousand(450) {
            let gap = case.chance.days(120);
            self.plan(place, case, today + gap, Step::Leave);
        }
        if case.chance.in_thousand(560) {
            let gap = 340 + case.chance.few(90);
            self.plan(place, case, today + gap, Step::FollowUpIncome);
        }
        if case.chance.in_thousand(330) {
            let gap = case.chance.days(60);
            self.plan(place, case, today + gap, Step::Action);
        }
    }

    pub(crate) fn submit_plan(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let (_, title) = case.chance.weighted(&IDEAS);
        let needed = case.chance.about(600_000).next_multiple_of(STEP);
        let plan = PlanRequest {
            title: Self::seal(case, "title", title)?,
            amount_needed: Xof::try_new(needed)?,
            own_contribution: Xof::try_new((needed / 12).next_multiple_of(STEP))?,
            summary: None,
        };
        let author = self.by_adviser(case, on);
        if self.act(case, &author, BeneficiaryCommand::SubmitBusinessPlan(plan)) {
            self.onward(place, case, on, 20, Step::PlanReview);
        }
        Ok(())
    }

    pub(crate) fn review_plan(&mut self, place: u32, case: &mut Case, on: Day) {
        let version = case.path.state().plan.as_ref().map_or(1, |plan| plan.plan);
        let passes = if version == 1 { 620 } else { 800 };
        let is_valid = case.chance.in_thousand(passes);
        let conclusion =
            if is_valid { PlanConclusion::Validated } else { PlanConclusion::ToRevise };
        let review = PlanReview { plan: None, conclusion, comment: None };
        let author = self.by(case, Role::Committee, on);
        if !self.act(case, &author, BeneficiaryCommand::ValidateBusinessPlan(review)) {
            return;
        }
        if is_valid {
            if case.chance.in_thousand(940) {
                self.onward(place, case, on, 10, Step::Request);
            }
        } else if version < 3 && case.chance.in_thousand(680) {
            self.onward(place, case, on, 30, Step::Plan);
        }
    }

    pub(crate) fn request_financing(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let instrument = case.chance.weighted(&INSTRUMENTS);
        let amount = match instrument {
            "grant" => case.chance.between(40, 60).min(case.chance.between(46, 70)) * STEP,
            "kit" => case.chance.between(50, 100) * STEP,
            _ => case.chance.about(1_300_000).clamp(300_000, 2_000_000),
        };
        let amount =
            (amount / STEP * STEP).min(if instrument == "grant" { 300_000 } else { 2_000_000 });
        let loans = matches!(instrument, "loan" | "guarantee");
        let Some(fund) = self.envelopes.current(loans, case.office) else { return Ok(()) };
        let application = FinancingApplication {
            instrument: instrument.parse()?,
            amount: Xof::try_new(amount)?,
            own_contribution: Xof::try_new((amount / 12).next_multiple_of(STEP))?,
            fund,
            budget_line: None,
            co_finances: None,
        };
        let author = self.by_adviser(case, on);
        if self.act(case, &author, BeneficiaryCommand::RequestFinancing(application)) {
            self.onward(place, case, on, 20, Step::Approval);
        }
        Ok(())
    }

    pub(crate) fn approve_financing(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let Some(financing) = case.path.state().financings.last().cloned() else { return Ok(()) };
        if case.chance.in_thousand(90) {
            let reason = case.chance.weighted(&[
                (45, "not_viable"),
                (35, "incomplete_file"),
                (20, "over_indebted"),
            ]);
            return self.refuse(case, on, financing.financing(), reason);
        }
        let approval = approval(case, &financing, on)?;
        let author = self.by(case, Role::Committee, on);
        match self.try_act(case, &author, BeneficiaryCommand::ApproveFinancing(approval)) {
            None => {
                self.onward(place, case, on, 14, Step::Agreement);
                if case.chance.in_thousand(600) {
                    self.plan(place, case, on + 2, Step::Paper);
                }
                Ok(())
            }
            // The envelope is empty: the donor adds to it, or the person is told.
            Some(Refusal::TooMuch { what: Amount::FreeBalance, .. })
                if case.chance.in_thousand(600) =>
            {
                self.amend_fund(financing.fund())?;
                let day = self.today() + 10;
                self.plan(place, case, day, Step::Approval);
                Ok(())
            }
            Some(_) => self.refuse(case, self.today(), financing.financing(), "over_budget"),
        }
    }

    fn refuse(
        &mut self,
        case: &mut Case,
        on: Day,
        financing: u32,
        reason: &str,
    ) -> Result<(), GenerateError> {
        let author = self.by(case, Role::Committee, on);
        let refusal = FinancingRefusal { financing, reason: reason.parse()?, comment: None };
        self.act(case, &author, BeneficiaryCommand::RefuseFinancing(refusal));
        Ok(())
    }

    pub(crate) fn sign_agreement(&mut self, place: u32, case: &mut Case, on: Day) {
        let Some(state) = case.path.state().financings.last().cloned() else { return };
        let financing = state.financing();
        let author = self.by(case, Role::Director, on);
        if !self.act(
            case,
            &author,
            BeneficiaryCommand::SignAgreement(FinancingNumber { financing }),
        ) {
            return;
        }
        if case.chance.in_thousand(RENOUNCED) {
            self.onward(place, case, on, 15, Step::Cancellation);
        } else if state.is_guarantee() {
            self.plan_guarantee(place, case, on);
        } else {
            self.onward(place, case, on, 24, Step::Payment(1));
        }
    }

    /// Pays the next tranche when its condition is met, else tries again later; in the end what is
    /// left goes back to the fund.
    pub(crate) fn pay(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
        attempt: u32,
    ) -> Result<(), GenerateError> {
        let Some(financing) = case.path.state().financings.last().cloned() else { return Ok(()) };
        let paid = financing.paid().len();
        let is_unpaid = |tranche: &&Tranche| {
            financing.paid().iter().all(|paid| paid.tranche != tranche.tranche)
        };
        let Some(tranche) = financing.tranches().iter().find(is_unpaid).cloned() else {
            return Ok(());
        };
        if !conditions_met(case, &financing, &tranche) {
            if attempt >= PAYMENT_TRIES || !is_underway(case) {
                return self.refuse(case, self.today(), financing.financing(), "other");
            }
            let gap = case.chance.days(35);
            self.plan(place, case, self.today() + gap, Step::Payment(attempt + 1));
            return Ok(());
        }
        let reference = format!("DEC-{:08}", self.ledger.payment());
        let method = if financing.instrument().code() == "kit" {
            "in_kind"
        } else {
            case.chance.weighted(&PAYMENTS)
        };
        let payment = Disbursement {
            financing: financing.financing(),
            tranche: tranche.tranche,
            amount: tranche.amount,
            method: method.parse()?,
            payment_reference: PaymentReference::try_new(&reference)?,
        };
        let author = self.by(case, Role::Finance, on);
        if self.act(case, &author, BeneficiaryCommand::RecordDisbursement(payment)) {
            self.plan_return(place, case, &financing);
            self.after_payment(place, case, on, paid, &financing);
        }
        Ok(())
    }

    fn after_payment(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
        paid: usize,
        financing: &FinancingState,
    ) {
        let today = self.today().max(on);
        if paid == 0 && financing.reversed().is_empty() {
            if case.path.state().business.is_none() && case.chance.in_thousand(930) {
                let gap = case.chance.days(20);
                self.plan(place, case, today + gap, Step::Start);
            }
            if !financing.schedule().is_empty() {
                self.plan_repayment(place, case, 0);
            }
        }
        if financing.tranches().len() > paid + 1 {
            let gap = case.chance.days(75);
            self.plan(place, case, today + gap, Step::Payment(1));
        }
    }

    pub(crate) fn waive(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let reason = Self::seal(case, "reason", "Démarre avec l'épargne de la famille.")?;
        let author = self.by(case, Role::Director, on);
        if self.act(case, &author, BeneficiaryCommand::WaiveFinancing(Reason { reason })) {
            let gap = case.chance.days(30);
            self.plan(place, case, on.max(self.today()) + gap, Step::Start);
        }
        Ok(())
    }
}

fn is_underway(case: &Case) -> bool {
    let state = case.path.state();
    state.status == sira_domain::path::Status::Active
        && matches!(state.stage, Stage::Financing | Stage::FollowUp)
}

fn conditions_met(case: &Case, financing: &FinancingState, tranche: &Tranche) -> bool {
    let state = case.path.state();
    let since = financing.paid().iter().map(|paid| paid.on).max();
    let after = |day: Option<chrono::NaiveDate>| day.is_some() && day >= since;
    is_underway(case)
        && tranche.conditions.iter().all(|condition| match condition {
            TrancheCondition::AgreementSigned => financing.agreement_on().is_some(),
            TrancheCondition::BusinessStarted => state.business.is_some(),
            TrancheCondition::VisitRecorded => after(state.last_visit_on),
            TrancheCondition::DocumentAttached => {
                after(state.documents.iter().map(|document| document.on).max())
            }
        })
}

/// What the committee approves: all, or a little less; large sums in two tranches.
fn approval(
    case: &mut Case,
    financing: &FinancingState,
    on: Day,
) -> Result<Approval, GenerateError> {
    let asked = financing.requested().francs();
    let cut = if case.chance.in_thousand(200) { asked / 8 } else { 0 };
    let amount = ((asked - cut) / STEP * STEP).max(STEP);
    let kind = financing.instrument().code();
    let in_two =
        amount > 250_000 && kind != "kit" && kind != "guarantee" && case.chance.in_thousand(750);
    let first = if in_two { (amount * 6 / 10) / STEP * STEP } else { amount };
    let mut tranches = vec![Tranche {
        tranche: 1,
        amount: Xof::try_new(first)?,
        conditions: vec![TrancheCondition::AgreementSigned],
    }];
    if in_two {
        let condition = case.chance.weighted(&[
            (60, TrancheCondition::VisitRecorded),
            (40, TrancheCondition::BusinessStarted),
        ]);
        let amount = Xof::try_new(amount - first)?;
        tranches.push(Tranche { tranche: 2, amount, conditions: vec![condition] });
    }
    let months = *case.chance.pick(&[12, 12, 18, 24]);
    let amount = Xof::try_new(amount)?;
    let schedule =
        if kind == "loan" { schedule(amount, on, months, GRACE_MONTHS)? } else { Vec::new() };
    Ok(Approval { financing: financing.financing(), amount, tranches, schedule })
}
