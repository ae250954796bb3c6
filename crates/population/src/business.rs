//! The business: its start, visits, support, closure, and the end of the path.

use chrono::{Datelike, Months};
use sira_domain::path::facts::{Closure, Jobs, PathEnd, Sex, Start, Support, Visit};
use sira_domain::path::{BeneficiaryCommand, Stage, Status};
use sira_domain::reference::SectorCode;
use sira_domain::role::Role;
use sira_domain::values::{SignedXof, Within, Xof};
use sira_numbers::at_most;

use crate::agenda::Step;
use crate::calendar::{Day, date, day_of};
use crate::case::Case;
use crate::error::GenerateError;
use crate::model::{CLOSURES, DEATHS, FORMS, IDEAS};
use crate::world::World;

/// Milestones in months after the start, and in a thousand how often nobody is found there.
const MILESTONES: [(u32, u64); 5] = [(1, 10), (3, 20), (6, 35), (12, 60), (24, 120)];
/// In a thousand: visits that are made at all.
const VISITS_MADE: u64 = 860;
/// How often the end of a path waits for a loan.
const DAYS_FOR_A_LOAN: Day = 70;

impl World {
    pub(crate) fn start_business(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let state = case.path.state();
        if state.status != Status::Active || state.business.is_some() {
            return Ok(());
        }
        let sector = state.idea.as_ref().map(|idea| idea.sector.clone());
        let sector = match sector {
            Some(sector) => sector,
            None => SectorCode::try_new(case.chance.weighted(&IDEAS).0)?,
        };
        let locality = case.chance.in_thousand(700).then_some("Marché central");
        let start = Start {
            form: case.chance.weighted(&FORMS).parse()?,
            registration_number: None,
            sector,
            locality: locality.map(|text| Self::seal(case, "locality", text)).transpose()?,
        };
        let author = self.by_adviser(case, on);
        if self.act(case, &author, BeneficiaryCommand::RecordBusinessStart(start)) {
            case.closes_after = draw_closing(case, self.offices[case.office].hardship);
            self.plan_follow_up(place, case, on);
        }
        Ok(())
    }

    fn plan_follow_up(&mut self, place: u32, case: &mut Case, on: Day) {
        for (months, _) in MILESTONES {
            if !case.chance.in_thousand(VISITS_MADE) {
                continue;
            }
            let due = date(on).checked_add_months(Months::new(months)).map_or(Day::MAX, day_of);
            let off = if case.chance.in_thousand(700) {
                case.chance.few(18)
            } else {
                20 + case.chance.few(45)
            };
            self.plan(place, case, (due + off).saturating_sub(8), Step::Visit(months));
        }
        if let Some(months) = case.closes_after {
            let day = on + months * 30 + case.chance.few(30);
            self.plan(place, case, day, Step::Closing);
        }
        if case.chance.in_thousand(350) {
            let gap = case.chance.days(50);
            self.plan(place, case, on + gap, Step::FollowVisit);
        }
        for _ in 0..case.chance.below(4) {
            let gap = 20 + case.chance.few(400);
            self.plan(place, case, on + gap, Step::Support);
        }
        if case.chance.in_thousand(400) {
            let gap = case.chance.days(150);
            self.plan(place, case, on + gap, Step::Action);
        }
        if case.chance.in_thousand(300) {
            let gap = case.chance.days(100);
            self.plan(place, case, on + gap, Step::Paper);
        }
    }

    pub(crate) fn visit(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
        months: Option<u32>,
    ) -> Result<(), GenerateError> {
        let state = case.path.state();
        if (state.stage, state.status) != (Stage::FollowUp, Status::Active) {
            return Ok(());
        }
        let Some(started_on) = state.business.as_ref().map(|business| business.started_on) else {
            return Ok(());
        };
        let closed = state.business.as_ref().is_some_and(|business| business.closed_on.is_some());
        let nobody =
            MILESTONES.iter().find(|(at, _)| Some(*at) == months).map_or(10, |(_, nobody)| *nobody);
        let status = if closed {
            "closed"
        } else if case.chance.in_thousand(nobody) {
            "unreachable"
        } else if case.chance.in_thousand(50) {
            "paused"
        } else {
            "trading"
        };
        let age_months = u64::from(on.saturating_sub(day_of(started_on))) / 30;
        let visit = report(case, months, status, age_months)?;
        let author = self.by_adviser(case, on);
        if self.act(case, &author, BeneficiaryCommand::RecordVisit(visit)) && months == Some(24) {
            let gap = case.chance.days(25);
            self.plan(place, case, self.today() + gap, Step::PathEnd);
        }
        Ok(())
    }

    pub(crate) fn support(&mut self, case: &mut Case, on: Day) -> Result<(), GenerateError> {
        let state = case.path.state();
        if (state.stage, state.status) != (Stage::FollowUp, Status::Active) {
            return Ok(());
        }
        let kind = case
            .chance
            .weighted(&[(60, "coaching"), (25, "market_link"), (15, "retraining")])
            .parse()?;
        let author = self.by_adviser(case, on);
        self.act(case, &author, BeneficiaryCommand::RecordSupport(Support { kind, comment: None }));
        Ok(())
    }

    pub(crate) fn close_business(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let state = case.path.state();
        if (state.stage, state.status) != (Stage::FollowUp, Status::Active) {
            return Ok(());
        }
        let reason = case.chance.weighted(&CLOSURES).parse()?;
        let author = self.by_adviser(case, on);
        if !self.act(
            case,
            &author,
            BeneficiaryCommand::RecordBusinessClosure(Closure { reason, comment: None }),
        ) {
            return Ok(());
        }
        let gap = case.chance.days(60);
        match case.chance.below(100) {
            0..45 => self.plan(place, case, on + gap, Step::PathEnd),
            45..70 => self.plan(place, case, on + gap, Step::Leave),
            _ => {}
        }
        Ok(())
    }

    /// The end: after the last visit and the last repayment, or by a director's word after a closure.
    pub(crate) fn end_path(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let state = case.path.state();
        if (state.stage, state.status) != (Stage::FollowUp, Status::Active) {
            return Ok(());
        }
        let owed: Xof = state.financings.iter().map(sira_domain::path::FinancingState::owed).sum();
        let closed = state.business.as_ref().is_some_and(|business| business.closed_on.is_some());
        if owed > Xof::ZERO {
            self.plan(place, case, self.today() + DAYS_FOR_A_LOAN, Step::PathEnd);
            return Ok(());
        }
        let reason = closed.then_some("Activité cessée, accompagnement terminé.");
        let override_reason =
            reason.map(|text| Self::seal(case, "override_reason", text)).transpose()?;
        let author = self.by(case, Role::Director, on);
        if self.act(case, &author, BeneficiaryCommand::CompletePath(PathEnd { override_reason }))
            && case.chance.in_thousand(10)
        {
            self.plan(place, case, self.today() + 60, Step::Erasure);
        }
        Ok(())
    }
}

/// When the business closes, if within two years.
fn draw_closing(case: &mut Case, hardship: u32) -> Option<u32> {
    let mut drawn = case.chance.below(1_000);
    if hardship > 0 {
        // A hundred more of a thousand by the end.
        drawn = drawn * DEATHS[2].1 / (DEATHS[2].1 + 100);
    }
    let mut from = 0;
    for (months, by_then) in DEATHS {
        if drawn < by_then {
            return Some(from + case.chance.few(months - from));
        }
        from = months;
    }
    None
}

/// What is seen at a visit: sales grow for a year and a half, and jobs with them.
fn report(
    case: &mut Case,
    months: Option<u32>,
    status: &str,
    age_months: u64,
) -> Result<Visit, GenerateError> {
    let milestone = months.map(|months| Within::try_new(u64::from(months))).transpose()?;
    let business_status = status.parse()?;
    let mut visit = Visit {
        milestone,
        business_status,
        monthly_revenue: None,
        monthly_profit: None,
        jobs: None,
        difficulties: Vec::new(),
        next_step: None,
    };
    if status != "trading" {
        return Ok(visit);
    }
    let growth = 100 + 4 * age_months.min(18);
    let revenue = case.chance.about(case.income / 3 + 25_000) * growth / 100 / 1_000 * 1_000;
    let profit = at_most(revenue, i64::MAX) * case.chance.around(24, 9) / 100;
    visit.monthly_revenue = Some(Xof::try_new(revenue)?);
    visit.monthly_profit = Some(SignedXof::try_new(profit)?);
    visit.jobs = Some(jobs(case, age_months)?);
    if case.chance.in_thousand(300) {
        visit.difficulties.push(case.chance.weighted(&CLOSURES).parse()?);
    }
    if case.chance.in_thousand(300) {
        visit.next_step =
            Some(World::seal(case, "next_step", "Tenir le cahier de caisse chaque semaine.")?);
    }
    Ok(visit)
}

/// The owner, and about one more, a little later.
fn jobs(case: &mut Case, age_months: u64) -> Result<Jobs, GenerateError> {
    let others = case.chance.below(2) + u64::from(age_months > 4) * case.chance.below(3);
    let registration = case.path.state().registration.as_ref();
    let is_woman = registration.is_some_and(|registration| registration.sex == Sex::Female);
    let young = registration.is_some_and(|registration| {
        let year =
            case.path.state().business.as_ref().map_or(2025, |business| business.started_on.year());
        year - registration.birth_year.signed() < 35
    });
    let women_among_others = if is_woman {
        case.chance.between(others / 2, others)
    } else {
        case.chance.below(others / 2 + 1)
    };
    let women = women_among_others + u64::from(is_woman);
    let men = others + 1 - women;
    let under_35 = case.chance.between(others / 2, others) + u64::from(young);
    let full_time = (0..=others).map(|_| case.chance.between(60, 100)).sum();
    Ok(Jobs {
        women: Within::try_new(women)?,
        men: Within::try_new(men)?,
        under_35: Within::try_new(under_35)?,
        full_time_hundredths: Within::try_new(full_time)?,
    })
}
