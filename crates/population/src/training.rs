//! A person in training: the seat, the modules, the certificate.

use sira_domain::path::facts::{CompletionRequest, Enrolment, ModuleScore, SeatReturn};
use sira_domain::path::{BeneficiaryCommand, Stage, Status};
use sira_domain::reference::ModuleCode;
use sira_domain::role::Role;
use sira_domain::values::{CohortId, Score, Within};

use crate::agenda::Step;
use crate::calendar::Day;
use crate::case::Case;
use crate::error::GenerateError;
use crate::world::World;

impl World {
    /// Takes a seat.
    pub fn enrol(&mut self, place: u32, case: &mut Case, on: Day, group: u32) {
        let Some(id) = self.group(group).map(|group| group.id) else { return };
        let state = case.path.state();
        if (state.stage, state.status) != (Stage::Training, Status::Active)
            || state.enrolment.is_some()
        {
            return;
        }
        let author = self.by_adviser(case, on);
        let command = BeneficiaryCommand::EnrolInTraining(Enrolment { cohort: CohortId(id) });
        if self.act(case, &author, command)
            && let Some(group) = self.groups.get_mut(group as usize).and_then(Option::as_mut)
        {
            group.members.push(place);
            case.pending += 1;
            case.groups += 1;
            if case.chance.in_thousand(25) {
                self.plan(place, case, on + 14 + 7, Step::Leave);
            }
        }
    }

    /// Assesses the modules that are not passed yet.
    pub fn assess(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
        attempt: u32,
    ) -> Result<(), GenerateError> {
        if !is_in_training(case) {
            return Ok(());
        }
        let author = self.by(case, Role::Trainer, on);
        let mut is_through = true;
        for module in ModuleCode::reference() {
            let passed =
                case.path.state().assessments.get(&module).is_some_and(|state| state.passed);
            if passed {
                continue;
            }
            let mean = 58 + 8 * i64::from(attempt);
            let score: Score =
                Within::try_new(case.chance.around(mean, 12).clamp(5, 100).unsigned_abs())?;
            is_through &= score.get() >= 50;
            self.act(
                case,
                &author,
                BeneficiaryCommand::RecordAssessment(ModuleScore { module, score }),
            );
        }
        let later = on.max(self.today());
        if is_through || attempt == 3 {
            let gap = 1 + case.chance.few(5);
            self.plan(place, case, later + gap, Step::TrainingEnd(0));
        } else {
            let gap = case.chance.days(9);
            self.plan(place, case, later + gap, Step::Assess(attempt + 1));
        }
        Ok(())
    }

    /// Completes the training, or draws the consequence when too much was missed.
    pub fn end_training(&mut self, place: u32, case: &mut Case, on: Day) {
        if !is_in_training(case) {
            return;
        }
        let state = case.path.state();
        let attended: u32 = state
            .sessions
            .values()
            .filter(|session| session.present)
            .map(|session| session.minutes)
            .sum();
        let cohort_minutes = state.enrolment.as_ref().and_then(|seat| {
            let at = self.group_places.get(&seat.cohort.0).map(|place| *place as usize)?;
            self.groups.get(at)?.as_ref().map(|group| group.cohort.planned_minutes())
        });
        let planned = cohort_minutes.unwrap_or(0);
        let enough = attended * 100 >= planned * 80 && planned > 0;
        let passed = state.assessments.values().all(|state| state.passed);
        if enough && passed {
            let author = self.by(case, Role::Trainer, on);
            if self.act(
                case,
                &author,
                BeneficiaryCommand::CompleteTraining(CompletionRequest { cohort_minutes }),
            ) {
                self.after_training(place, case, on);
            }
            return;
        }
        self.return_seat(case, on);
        if case.groups < 2 && case.chance.in_thousand(350) {
            case.diligence = 960;
            self.plan(place, case, on + 20, Step::JoinPool);
        } else {
            let gap = case.chance.days(20);
            self.plan(place, case, on + gap, Step::Leave);
        }
    }

    /// Gives the seat back.
    pub fn return_seat(&mut self, case: &mut Case, on: Day) {
        let state = case.path.state();
        if state.enrolment.is_none() || state.training.is_some() {
            return;
        }
        let author = self.by_adviser(case, on);
        self.act(
            case,
            &author,
            BeneficiaryCommand::WithdrawFromTraining(SeatReturn { comment: None }),
        );
    }
}

fn is_in_training(case: &Case) -> bool {
    let state = case.path.state();
    (state.stage, state.status) == (Stage::Training, Status::Active)
}
