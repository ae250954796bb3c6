//! The donors' envelopes: one for gifts and one for loans each year, apart by zone in a large
//! population, so that no envelope's stream grows without end.

use std::collections::{BTreeSet, HashMap};

use sira_domain::context::Context;
use sira_domain::fund::{Budget, Envelope, Fund, FundCommand, decide};
use sira_domain::names::alias_of_fund;
use sira_domain::role::Role;
use sira_domain::values::{FundId, Period, ProgrammeId, Slug, Text, Xof};
use sira_journal::{Alias, AppendRequest};

use crate::calendar::{Day, date};
use crate::error::GenerateError;
use crate::ledger::write;
use crate::world::{Attribution, World};

/// From so many cases on there is an envelope for each zone.
const ZONED_FROM: u64 = 50_000;
/// Zones of a large population.
pub(crate) const ZONES: usize = 4;
/// Days in which a year's envelope takes commitments.
const OPEN_DAYS: Day = 730;

/// The convention's own donor, and an invented one for the loans.
const DONORS: [&str; 2] = [
    "Fonds d'appui aux moteurs du changement (Ambassade royale du Danemark)",
    "Ligne de crédit (bailleur fictif)",
];

/// All envelopes.
#[derive(Default)]
pub(crate) struct Envelopes {
    funds: HashMap<FundId, Fund>,
    /// Those of this year: gifts by zone, then loans by zone.
    current: Vec<FundId>,
}

impl Envelopes {
    /// A fund that was opened.
    pub fn fund(&mut self, id: FundId) -> Option<&mut Fund> {
        self.funds.get_mut(&id)
    }

    /// The envelope of this year for loans or gifts, for an office.
    pub fn current(&self, loans: bool, office: usize) -> Option<FundId> {
        let zones = self.current.len() / 2;
        let at = if loans { zones } else { 0 };
        self.current.get(at + office % zones.max(1)).copied()
    }
}

impl World {
    /// Opens a year's envelopes, for what `comers` people may need.
    pub fn open_funds(&mut self, year: i32, comers: u64) -> Result<(), GenerateError> {
        let zones = if self.settings.cases < ZONED_FROM { 1 } else { ZONES };
        let mut current = Vec::with_capacity(2 * zones);
        for (kind, donor) in ["dons", "credits"].into_iter().zip(DONORS) {
            // Fourteen in a hundred are financed, two in three of them with gifts.
            let each = if kind == "dons" { 33_000 } else { 76_000 };
            let budget = (comers * each / zones as u64).next_multiple_of(100_000) + 3_000_000;
            for zone in 0..zones {
                let code = if zones == 1 {
                    format!("{kind}-{year}")
                } else {
                    format!("{kind}-{year}-{}", zone + 1)
                };
                current.push(self.open_fund(&code, donor, budget)?);
            }
        }
        self.envelopes.current = current;
        Ok(())
    }

    fn open_fund(&mut self, code: &str, donor: &str, budget: u64) -> Result<FundId, GenerateError> {
        let today = self.today();
        let envelope = Envelope {
            programme: ProgrammeId(self.programme_id),
            code: Slug::try_new(code)?,
            donor: Text::try_new(donor)?,
            period: Period::try_new(date(today), date(today + OPEN_DAYS))?,
            budget: Xof::try_new(budget)?,
            regions: BTreeSet::new(),
            lines: Vec::new(),
            currency: None,
        };
        let now = self.now();
        let id = FundId(self.ledger.id(now));
        self.envelopes.funds.insert(id, Fund::default());
        self.command_fund(id, FundCommand::OpenFund(envelope))?;
        Ok(id)
    }

    /// The donor adds to an envelope that is short.
    pub fn amend_fund(&mut self, id: FundId) -> Result<(), GenerateError> {
        let Some(fund) = self.envelopes.funds.get(&id) else { return Ok(()) };
        let budget = fund.budget.francs() + (fund.budget.francs() / 8).next_multiple_of(100_000);
        let amendment = format!("avenant-{}", fund.version);
        let (budget, amendment) = (Xof::try_new(budget)?, Text::try_new(&amendment)?);
        let command = Budget { budget, amendment, lines: Vec::new() };
        self.command_fund(id, FundCommand::AdjustBudget(command))
    }

    fn command_fund(&mut self, id: FundId, command: FundCommand) -> Result<(), GenerateError> {
        let author = Attribution { on: self.today(), ..self.of_office(0, Role::Director, 0) };
        let context: Context = self.context(id.0, &author);
        let recording = self.recording(None, &author);
        let Some(fund) = self.envelopes.funds.get_mut(&id) else { return Ok(()) };
        let (word, alias) = (command.word(), alias_of_fund(&command));
        let events = decide(fund, command, &context)
            .map_err(|refusal| GenerateError::Refused { word, refusal })?;
        for event in events {
            let own = write::<Fund>(id.0, fund.version, &event, &recording, 0);
            let stream = own.stream.clone();
            let alias = alias.clone().map(|alias| Alias { alias, stream });
            fund.take(&event);
            self.ledger.add(AppendRequest { writes: vec![own], alias, ..AppendRequest::default() });
        }
        Ok(())
    }
}
