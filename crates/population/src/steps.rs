//! From what is due to what is done, and what interrupts a path.

use sira_domain::path::facts::{
    Decision, ExitRequest, Nothing, Reason, Suspension, TransferAcceptance, TransferRefusal,
    TransferRequest,
};
use sira_domain::path::{BeneficiaryCommand, Status};
use sira_domain::role::Role;

use crate::agenda::Step;
use crate::calendar::Day;
use crate::case::Case;
use crate::error::GenerateError;
use crate::model::{EXITS, PAUSES};
use crate::world::World;

impl World {
    /// Does what is due for a person.
    pub fn step(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
        step: Step,
    ) -> Result<(), GenerateError> {
        match step {
            Step::Adviser => self.choose_adviser(case, on),
            Step::Baseline => self.tell_baseline(place, case, on)?,
            Step::Idea => self.submit_idea(place, case, on)?,
            Step::Eligibility => self.assess_eligibility(place, case, on)?,
            Step::Interview => self.interview(place, case, on)?,
            Step::Decision => self.decide_selection(place, case, on)?,
            Step::SecondDecision => self.announce(place, case, on, Decision::Selected)?,
            Step::Drawn { office, year, number } => {
                self.decide_by_lot(place, case, on, (office, year, number))?;
            }
            Step::Recognition => self.recognise(place, case, on)?,
            Step::IdeaAgain => self.revise_idea(case, on)?,
            Step::Identity => self.correct_identity(case, on)?,
            Step::Consent => self.consent(place, case, on)?,
            Step::Withdrawal => self.withdraw_consent(case, on)?,
            Step::JoinPool => self.join_pool(place, case),
            Step::Enrol(group) => self.enrol(place, case, on, group),
            Step::Assess(attempt) => self.assess(place, case, on, attempt)?,
            Step::TrainingEnd(_) => self.end_training(place, case, on),
            Step::Plan => self.submit_plan(place, case, on)?,
            Step::PlanReview => self.review_plan(place, case, on),
            Step::Request => self.request_financing(place, case, on)?,
            Step::Approval => self.approve_financing(place, case, on)?,
            Step::Agreement => self.sign_agreement(place, case, on),
            Step::Payment(attempt) => self.pay(place, case, on, attempt)?,
            Step::Repayment(number) => self.repay(place, case, on, number)?,
            Step::Rescheduling => self.reschedule(place, case, on)?,
            Step::WriteOff => self.write_off(place, case, on)?,
            Step::Recovery => self.recover(case, on)?,
            Step::Reversal(sequence) => self.reverse(place, case, on, sequence)?,
            Step::Unspent | Step::CreditBack => self.refund(case, on)?,
            Step::GuaranteeEnd => self.end_guarantee(case, on)?,
            Step::Cancellation => self.cancel(case, on)?,
            Step::Waiver => self.waive(place, case, on)?,
            Step::Start => self.start_business(place, case, on)?,
            Step::Visit(milestone) => self.visit(place, case, on, Some(milestone))?,
            Step::FollowVisit => self.visit(place, case, on, None)?,
            Step::Support => self.support(case, on)?,
            Step::Closing => self.close_business(place, case, on)?,
            Step::PathEnd => self.end_path(place, case, on)?,
            Step::FollowUpIncome => self.tell_follow_up(place, case, on)?,
            Step::Correction(sequence) => self.correct(case, sequence)?,
            Step::Income { year, amount } => self.tell_again(case, on, year, amount)?,
            Step::Action => self.community_action(case, on)?,
            Step::Note => {
                self.note(case, on)?;
                self.refer(place, case, on)?;
                self.correct_registration(case, on)?;
            }
            Step::Paper => self.attach(case, on)?,
            Step::Grievance => self.complain(place, case, on)?,
            Step::Answer(grievance) => self.answer(case, on, grievance)?,
            Step::ReferralOutcome(referral) => self.settle_referral(case, on, referral)?,
            Step::Leave => self.leave(place, case, on)?,
            Step::SeatBack => self.return_seat(case, on),
            Step::Return => self.come_back(place, case, on)?,
            Step::Pause => self.pause(place, case, on)?,
            Step::Resume => self.resume(place, case, on),
            Step::Move => self.move_away(place, case, on)?,
            Step::Duplicate { of, id } => self.link(case, on, of, id),
            Step::Erasure => self.erase(case, on)?,
        }
        Ok(())
    }

    /// Plans the next step of a path about `median` days on; now and then something comes between.
    pub fn onward(&mut self, place: u32, case: &mut Case, on: Day, median: u32, step: Step) {
        let day = on.max(self.today()) + case.chance.days(median);
        let between = match case.chance.below(1_000) {
            0..9 => Some(Step::Pause),
            9..16 => Some(Step::Move),
            16..21 => Some(Step::Leave),
            _ => None,
        };
        if between.is_some() {
            case.held = Some(step);
        }
        self.plan(place, case, day, between.unwrap_or(step));
    }

    /// Takes up again what was interrupted.
    fn take_up(&mut self, place: u32, case: &mut Case, on: Day) {
        if let Some(step) = case.held.take() {
            let day = on.max(self.today()) + case.chance.days(10);
            self.plan(place, case, day, step);
        }
    }

    fn pause(&mut self, place: u32, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        let reason = case.chance.weighted(&PAUSES).parse()?;
        let author = self.by_adviser(case, on);
        let suspension = Suspension { reason, comment: None };
        if self.act(case, &author, BeneficiaryCommand::Suspend(suspension)) {
            let day = on + case.chance.days(50);
            self.plan(place, case, day.max(self.today() + 1), Step::Resume);
        }
        Ok(())
    }

    fn resume(&mut self, place: u32, case: &mut Case, on: Day) {
        let author = self.by_adviser(case, on);
        if self.act(case, &author, BeneficiaryCommand::Resume(Nothing {})) {
            self.take_up(place, case, on);
        }
    }

    /// Leaves: for good, or until something that was held is taken up.
    fn leave(&mut self, place: u32, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        let status = case.path.state().status;
        if !matches!(status, Status::Active | Status::Suspended | Status::Closed) {
            return Ok(());
        }
        let reason = case.chance.weighted(&EXITS).parse()?;
        let author = self.by_adviser(case, on);
        if !self.act(case, &author, BeneficiaryCommand::Exit(ExitRequest { reason, comment: None }))
        {
            return Ok(());
        }
        let today = self.today();
        if case.path.state().enrolment.is_some() && case.chance.in_thousand(800) {
            let gap = case.chance.days(9);
            self.plan(place, case, today + gap, Step::SeatBack);
        }
        if case.held.is_some() {
            let gap = case.chance.days(90);
            self.plan(place, case, today + gap, Step::Return);
        } else if case.chance.in_thousand(8) {
            let gap = case.chance.days(150);
            self.plan(place, case, today + gap, Step::Erasure);
        }
        Ok(())
    }

    fn come_back(&mut self, place: u32, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        let reason = Self::seal(case, "reason", "De retour dans le cercle, souhaite reprendre.")?;
        let author = self.by_adviser(case, on);
        if self.act(case, &author, BeneficiaryCommand::Reopen(Reason { reason })) {
            self.take_up(place, case, on);
        }
        Ok(())
    }

    /// Goes to another office, whose director accepts it and names an adviser.
    fn move_away(&mut self, place: u32, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        let open: Vec<usize> = (0..self.offices.len())
            .filter(|at| *at != case.office && self.offices[*at].opens <= on)
            .collect();
        let to = *case.chance.pick(&open);
        let office = &self.offices[to];
        let (code, region) = (office.code.clone(), Some(office.region));
        let author = self.by_adviser(case, on);
        let request = TransferRequest { office: code, region, reason: None };
        if self.act(case, &author, BeneficiaryCommand::Transfer(request)) {
            self.answer_transfer(case, on, to)?;
        }
        self.take_up(place, case, on);
        Ok(())
    }

    /// The other office takes over; one in six is sent back, since the person has not moved.
    fn answer_transfer(
        &mut self,
        case: &mut Case,
        on: Day,
        to: usize,
    ) -> Result<(), GenerateError> {
        let from = std::mem::replace(&mut case.office, to);
        let author = self.by(case, Role::Director, on);
        // By the id and not by the dice: all else that is invented stays as it was.
        if case.id.as_u128().is_multiple_of(6) {
            let reason = Self::seal(case, "reason", "Habite toujours au même endroit")?;
            let refusal = TransferRefusal { reason };
            if self.act(case, &author, BeneficiaryCommand::ReturnTransfer(refusal)) {
                case.office = from;
            }
            return Ok(());
        }
        let adviser = self.by_adviser(case, on).actor;
        let acceptance = TransferAcceptance { adviser: Some(adviser) };
        self.act(case, &author, BeneficiaryCommand::AcceptTransfer(acceptance));
        Ok(())
    }
}
