//! Public lotteries: each year some offices draw among the eligible instead of interviewing them.

use chrono::Datelike;
use sira_domain::path::facts::{Decision, Selection};
use sira_domain::path::{BeneficiaryCommand, Status};
use sira_domain::programme::{Lottery, ProgrammeCommand};
use sira_domain::role::Role;
use sira_domain::values::{Slug, Text, Within};
use sira_numbers::{at_most, counted};

use crate::agenda::Step;
use crate::calendar::{Day, date};
use crate::case::Case;
use crate::error::GenerateError;
use crate::world::World;

/// One office in so many draws in a year.
const ONE_IN: u32 = 9;
/// Months in which those who would be interviewed are entered, and the month of the draw.
const ENTERED: std::ops::RangeInclusive<u32> = 2..=4;
const DRAWN: u32 = 5;
/// Most entries of one draw: the programme's own limit.
const ENTRIES_MAX: usize = 5_000;
/// In a hundred entries: places.
const PLACES_PERCENT: usize = 46;

/// The lottery's own word.
fn session(office: &str, year: u16, number: u16) -> Result<Slug, GenerateError> {
    Ok(Slug::try_new(&format!("tirage-{office}-{year}-{number}"))?)
}

impl World {
    /// Whether an office enters people into a lottery on a day.
    pub(crate) fn draws_lots(&self, office: usize, on: Day) -> bool {
        let day = date(on);
        let turn = counted(office) + day.year_ce().1;
        turn.is_multiple_of(ONE_IN)
            && ENTERED.contains(&day.month())
            && self.offices[office].opens <= on
    }

    /// Waits for the draw.
    pub(crate) fn enter_lottery(&mut self, place: u32, case: &mut Case) {
        self.offices[case.office].lottery.push(place);
        case.pending += 1;
    }

    /// Draws in May, where people wait for it.
    pub(crate) fn draw_lotteries(&mut self) -> Result<(), GenerateError> {
        if date(self.today()).month() < DRAWN {
            return Ok(());
        }
        for office in 0..self.offices.len() {
            let mut number = 0;
            while !self.offices[office].lottery.is_empty() {
                number += 1;
                self.draw_one(office, number)?;
            }
        }
        Ok(())
    }

    fn draw_one(&mut self, office: usize, number: u16) -> Result<(), GenerateError> {
        let today = self.today();
        let year = at_most(date(today).year_ce().1.into(), u16::MAX);
        let waiting = &mut self.offices[office].lottery;
        let entered = waiting.len().min(ENTRIES_MAX);
        let places: Vec<u32> = waiting.drain(..entered).collect();
        let entries =
            places.iter().filter_map(|place| self.cases.get(*place)).map(|case| case.id).collect();
        let ball = self.ledger.payment() % 90;
        let lottery = Lottery {
            session: session(self.offices[office].code.as_str(), year, number)?,
            entries,
            seed: Text::try_new(&format!("Tirage public du {}, boule {ball}", date(today)))?,
            places: Within::try_new((entered * PLACES_PERCENT / 100).max(1) as u64)?,
        };
        self.command_programme(ProgrammeCommand::RecordLottery(lottery))?;
        for place in places {
            let Some(mut case) = self.cases.take(place) else { continue };
            let step = Step::Drawn { office: counted(office), year, number };
            self.plan_recorded(place, &mut case, today, today + 1, step);
            // It does not wait for the draw any more.
            case.pending -= 1;
            self.cases.put(place, case);
        }
        Ok(())
    }

    /// The decision that follows from the draw.
    pub(crate) fn decide_by_lot(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
        (office, year, number): (u32, u16, u16),
    ) -> Result<(), GenerateError> {
        if case.path.state().status != Status::Active {
            return Ok(());
        }
        let session = session(self.offices[office as usize].code.as_str(), year, number)?;
        let draw = self.programme.lotteries.get(&session);
        let is_drawn = draw.is_some_and(|draw| draw.drawn.contains(&case.id));
        let decision = if is_drawn { Decision::Selected } else { Decision::NotSelected };
        let method = "lottery".parse()?;
        let selection = Selection { decision, method, session, rank: None, reason: None };
        let author = self.by(case, Role::Committee, on);
        if self.act(case, &author, BeneficiaryCommand::DecideSelection(selection)) && is_drawn {
            self.onward(place, case, on, 7, Step::JoinPool);
        }
        Ok(())
    }
}
