//! What is known of a person beside the path: incomes, notes, papers, grievances, corrections,
//! duplicates, erasure.

use chrono::{Datelike, NaiveDate};
use sira_domain::path::BeneficiaryCommand;
use sira_domain::path::facts::{
    CommunityAction, Document, GrievanceAnswer, GrievanceRequest, Income, Note, ReferralAnswer,
    ReferralRequest, Retraction, Sha256Hex,
};
use sira_domain::role::Role;
use sira_domain::values::{Slug, Within, Xof};
use sira_journal::sha256;
use sira_numbers::{Sequence, at_most};

use crate::agenda::Step;
use crate::calendar::{Day, date};
use crate::case::Case;
use crate::error::GenerateError;
use crate::model::{COMPLAINTS, GRIEVANCES, NOTES};
use crate::world::World;

/// In a thousand: incomes that are entered ten times too high, and corrected.
const SLIPS: u64 = 15;

impl World {
    pub(crate) fn tell_baseline(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let amount = case.income;
        self.tell_income(place, case, on, "baseline", amount)
    }

    /// A year or so later: those who were trained earn more, the others a little.
    pub(crate) fn tell_follow_up(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let is_trained = case.path.state().training.is_some();
        let growth =
            if is_trained { case.chance.around(139, 30) } else { case.chance.around(106, 25) };
        let amount = case.income * growth.max(20).unsigned_abs() / 100;
        self.tell_income(place, case, on, "follow_up", amount)
    }

    fn tell_income(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
        survey: &str,
        amount: u64,
    ) -> Result<(), GenerateError> {
        let year = at_most((date(on).year_ce().1 - 1).into(), u16::MAX);
        let slips = case.chance.in_thousand(SLIPS);
        let told = if slips { amount * 10 } else { amount };
        if self.record_income(case, on, survey, year, told)? && slips {
            let sequence = case.path.version().last_sequence();
            let day = self.today() + 2 + case.chance.days(9);
            self.plan_recorded(place, case, day, day, Step::Correction(sequence));
            let amount = at_most(amount, u32::MAX);
            self.plan_recorded(place, case, day, day + 1, Step::Income { year, amount });
        }
        Ok(())
    }

    fn record_income(
        &mut self,
        case: &mut Case,
        on: Day,
        survey: &str,
        year: u16,
        amount: u64,
    ) -> Result<bool, GenerateError> {
        let day =
            |month, day| NaiveDate::from_ymd_opt(i32::from(year), month, day).unwrap_or_default();
        let income = Income {
            survey: survey.parse()?,
            from: day(1, 1),
            to: day(12, 31),
            amount: Xof::try_new(amount / 1_000 * 1_000)?,
            currency: None,
            source: "declared_total".parse()?,
        };
        let author = self.by_adviser(case, on);
        Ok(self.act(case, &author, BeneficiaryCommand::RecordIncome(income)))
    }

    /// The right figure after a slip.
    pub(crate) fn tell_again(
        &mut self,
        case: &mut Case,
        on: Day,
        year: u16,
        amount: u32,
    ) -> Result<(), GenerateError> {
        let survey = if case.path.state().incomes.is_empty() { "baseline" } else { "follow_up" };
        self.record_income(case, on, survey, year, u64::from(amount))?;
        Ok(())
    }

    /// Takes back what was entered in error.
    pub(crate) fn correct(
        &mut self,
        case: &mut Case,
        sequence: Sequence,
    ) -> Result<(), GenerateError> {
        let reason = Self::seal(case, "reason", "Un zéro de trop.")?;
        let retraction = Retraction { sequence, reason };
        let author = self.by(case, Role::Director, self.today());
        self.act(case, &author, BeneficiaryCommand::Retract(retraction));
        Ok(())
    }

    pub(crate) fn community_action(
        &mut self,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let kind = case.chance.weighted(&[
            (35, "awareness"),
            (25, "dialogue"),
            (20, "mentoring"),
            (12, "volunteering"),
            (8, "mediation"),
        ]);
        let action = CommunityAction {
            kind: kind.parse()?,
            people_reached: Some(Within::try_new(case.chance.about(30))?),
            comment: None,
        };
        let author = self.by_adviser(case, on);
        self.act(case, &author, BeneficiaryCommand::RecordCommunityAction(action));
        Ok(())
    }

    pub(crate) fn note(&mut self, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        let text = *case.chance.pick(&NOTES);
        let text = Self::seal(case, "text", text)?;
        let author = self.by_adviser(case, on);
        self.act(case, &author, BeneficiaryCommand::AddNote(Note { text }));
        Ok(())
    }

    /// One in six of those who are noted is sent to a service of a partner; what came of it is told three weeks
    /// later.
    pub(crate) fn refer(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        // By the id and not by the dice: all else that is invented stays as it was.
        let drawn = case.id.as_u128();
        if !drawn.is_multiple_of(6) {
            return Ok(());
        }
        let partners = [("implementer", "leadership_circle"), ("agency", "microfinance")];
        let (partner, service) = if drawn.is_multiple_of(12) { partners[0] } else { partners[1] };
        let (partner, service) = (Slug::try_new(partner)?, service.parse()?);
        let request = ReferralRequest { partner, service, comment: None };
        let author = self.by_adviser(case, on);
        if self.act(case, &author, BeneficiaryCommand::ReferToPartner(request)) {
            let number = case.path.state().referrals.last().map_or(1, |last| last.referral);
            let day = on.max(self.today()) + 21;
            self.plan_recorded(place, case, day, day, Step::ReferralOutcome(number));
        }
        Ok(())
    }

    /// What came of a referral.
    pub(crate) fn settle_referral(
        &mut self,
        case: &mut Case,
        on: Day,
        referral: u32,
    ) -> Result<(), GenerateError> {
        let answer = ReferralAnswer { referral, outcome: "served".parse()?, comment: None };
        let author = self.by_adviser(case, on);
        self.act(case, &author, BeneficiaryCommand::RecordReferralOutcome(answer));
        Ok(())
    }

    /// A paper by its fingerprint alone: there are no bytes behind it.
    pub(crate) fn attach(&mut self, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        let size = case.chance.about(180_000).max(1_000);
        let digest = sha256(format!("{}/{size}", case.id).as_bytes());
        let digits = sira_evidence::leaf::hex(&digest);
        let document = Document {
            name: Self::seal(case, "name", "facture-pro-forma.pdf")?,
            media_type: "application/pdf".parse()?,
            size_bytes: Within::try_new(size)?,
            sha256: Sha256Hex::try_new(&digits)?,
        };
        let author = self.by_adviser(case, on);
        self.act(case, &author, BeneficiaryCommand::AttachDocument(document));
        Ok(())
    }

    pub(crate) fn complain(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let text = *case.chance.pick(&COMPLAINTS);
        let grievance = GrievanceRequest {
            category: case.chance.weighted(&GRIEVANCES).parse()?,
            channel: case
                .chance
                .weighted(&[
                    (40, "phone"),
                    (30, "office"),
                    (15, "box"),
                    (10, "committee"),
                    (5, "sms"),
                ])
                .parse()?,
            text: Self::seal(case, "text", text)?,
        };
        let author = self.by_adviser(case, on);
        if self.act(case, &author, BeneficiaryCommand::LodgeGrievance(grievance))
            && case.chance.in_thousand(900)
        {
            let number = case.path.state().grievances.last().map_or(1, |last| last.grievance);
            let gap = case.chance.days(19);
            self.plan(place, case, on.max(self.today()) + gap, Step::Answer(number));
        }
        Ok(())
    }

    pub(crate) fn answer(
        &mut self,
        case: &mut Case,
        on: Day,
        grievance: u32,
    ) -> Result<(), GenerateError> {
        let outcome = case.chance.weighted(&[
            (20, "upheld"),
            (25, "partly_upheld"),
            (45, "not_upheld"),
            (6, "referred"),
            (4, "withdrawn"),
        ]);
        let text = Some(Self::seal(
            case,
            "text",
            "La personne a été reçue et la décision lui a été expliquée.",
        )?);
        let answer = GrievanceAnswer { grievance, outcome: outcome.parse()?, text };
        let author = self.by(case, Role::Director, on);
        self.act(case, &author, BeneficiaryCommand::ResolveGrievance(answer));
        Ok(())
    }
}
