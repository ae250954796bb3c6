//! What goes wrong with money and is put right: payments that bounce, credit, unspent grants, recoveries,
//! guarantees at their end, and financings that are given up.

use sira_domain::path::facts::{
    Cancellation, FinancingNumber, GuaranteeCall, Recovery, RefundRequest, ReversalRequest,
};
use sira_domain::path::{BeneficiaryCommand, Fact, FinancingState};
use sira_domain::role::Role;
use sira_domain::values::{PaymentReference, Xof};
use sira_numbers::Sequence;

use crate::agenda::Step;
use crate::calendar::Day;
use crate::case::Case;
use crate::error::GenerateError;
use crate::world::{Attribution, World};

/// In a thousand: payments that bounce.
const BOUNCES: u64 = 12;
/// In a thousand: repayments that are recorded wrongly.
const SLIPS: u64 = 5;
/// In a thousand: grants and kits that are not wholly spent.
const UNSPENT: u64 = 8;
/// In a thousand: guarantees that the lender calls.
const CALLED: u64 = 150;

impl World {
    fn payment_reference(&mut self, kind: &str) -> Result<PaymentReference, GenerateError> {
        Ok(PaymentReference::try_new(&format!("{kind}-{:08}", self.ledger.payment()))?)
    }

    /// A author of whoever checks the office's payments, and makes none.
    fn by_accountant(&self, case: &Case, on: Day) -> Attribution {
        let actor = self.offices[case.office].accountant.clone();
        Attribution { role: Role::Finance, actor, on }
    }

    /// A payment out may bounce, or not be wholly spent. What is lent is left alone: its repayments are
    /// planned.
    pub(crate) fn plan_return(&mut self, place: u32, case: &mut Case, financing: &FinancingState) {
        if !financing.schedule().is_empty() {
            return;
        }
        let sequence = case.path.version().last_sequence();
        if case.chance.in_thousand(BOUNCES) {
            let day = self.today() + 2 + case.chance.few(5);
            self.plan(place, case, day, Step::Reversal(sequence));
        } else if case.chance.in_thousand(UNSPENT) {
            let day = self.today() + 60 + case.chance.few(90);
            self.plan(place, case, day, Step::Unspent);
        }
    }

    /// A repayment may have been recorded wrongly.
    pub(crate) fn plan_slip(&mut self, place: u32, case: &mut Case) {
        if case.chance.in_thousand(SLIPS) {
            let sequence = case.path.version().last_sequence();
            let day = self.today() + 1 + case.chance.few(9);
            self.plan(place, case, day, Step::Reversal(sequence));
        }
    }

    /// Undoes a payment; a tranche is then paid again.
    pub(crate) fn reverse(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
        sequence: Sequence,
    ) -> Result<(), GenerateError> {
        let past = sequence.index().and_then(|index| case.path.past().get(index)).cloned();
        let is_outgoing = match past.as_deref().map(|event| &event.fact) {
            Some(Fact::DisbursementRecorded(_)) => true,
            Some(Fact::RepaymentRecorded(_)) => false,
            _ => return Ok(()),
        };
        let ground = if is_outgoing { "bounced" } else { "wrong_amount" };
        let reference = self.payment_reference("REJ")?;
        let request = ReversalRequest {
            sequence,
            ground: Some(ground.parse()?),
            reason: None,
            payment_reference: is_outgoing.then_some(reference),
        };
        let author = self.by_accountant(case, on);
        if !is_outgoing {
            self.act(case, &author, BeneficiaryCommand::ReverseRepayment(request));
        } else if self.act(case, &author, BeneficiaryCommand::ReverseDisbursement(request)) {
            let day = self.today() + 3 + case.chance.few(10);
            self.plan(place, case, day, Step::Payment(1));
        }
        Ok(())
    }

    /// Gives back what was not spent, or what was paid above all that was owed.
    pub(crate) fn refund(&mut self, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        let Some(financing) = case.path.state().financings.last().cloned() else { return Ok(()) };
        let all = financing.refundable().francs();
        let amount = if financing.loan().is_some() { all } else { all / 10 };
        if amount == 0 {
            return Ok(());
        }
        let request = RefundRequest {
            financing: financing.financing(),
            amount: Xof::try_new(amount)?,
            method: "mobile_money".parse()?,
            payment_reference: self.payment_reference("RST")?,
        };
        let author = self.by(case, Role::Finance, on);
        self.act(case, &author, BeneficiaryCommand::RecordRefund(request));
        Ok(())
    }

    /// Some of what was given up comes in after all.
    pub(crate) fn recover(&mut self, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        let Some(financing) = case.path.state().financings.last().cloned() else { return Ok(()) };
        let amount = Xof::try_new(financing.lost().francs() / 3)?;
        if amount == Xof::ZERO {
            return Ok(());
        }
        let recovery = Recovery {
            financing: financing.financing(),
            amount,
            method: "mobile_money".parse()?,
            payment_reference: self.payment_reference("RCV")?,
        };
        let author = self.by(case, Role::Finance, on);
        self.act(case, &author, BeneficiaryCommand::RecordRecovery(recovery));
        Ok(())
    }

    /// A guarantee that is signed: the business starts on it, and it ends a year or two later.
    pub(crate) fn plan_guarantee(&mut self, place: u32, case: &mut Case, on: Day) {
        let today = self.today().max(on);
        if case.path.state().business.is_none() {
            let gap = case.chance.days(20);
            self.plan(place, case, today + gap, Step::Start);
        }
        let gap = 380 + case.chance.few(300);
        self.plan(place, case, today + gap, Step::GuaranteeEnd);
    }

    pub(crate) fn end_guarantee(&mut self, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        let Some(state) = case.path.state().financings.last().cloned() else { return Ok(()) };
        let financing = state.financing();
        let author = self.by(case, Role::Finance, on);
        if case.chance.in_thousand(CALLED) {
            let call = GuaranteeCall {
                financing,
                amount: Xof::try_new(state.approved().francs() * 6 / 10)?,
                method: "bank_transfer".parse()?,
                payment_reference: self.payment_reference("GAR")?,
            };
            self.act(case, &author, BeneficiaryCommand::CallGuarantee(call));
        }
        let number = FinancingNumber { financing };
        self.act(case, &author, BeneficiaryCommand::ReleaseGuarantee(number));
        Ok(())
    }

    /// A person gives a financing up before anything of it is paid.
    pub(crate) fn cancel(&mut self, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        let Some(state) = case.path.state().financings.last().cloned() else { return Ok(()) };
        let cancellation = Cancellation {
            financing: state.financing(),
            ground: Some("renounced".parse()?),
            reason: None,
        };
        let author = self.by(case, Role::Committee, on);
        self.act(case, &author, BeneficiaryCommand::CancelFinancing(cancellation));
        Ok(())
    }
}
