//! The four kinds of stream.

use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::cohort::{COHORT_COMMANDS, Cohort, CohortCommand, CohortEvent};
use sira_domain::context::Context;
use sira_domain::fund::{self, FUND_COMMANDS, Fund, FundCommand, FundEvent};
use sira_domain::jurisdiction::Ground;
use sira_domain::names;
use sira_domain::path::{
    BENEFICIARY_COMMANDS, Beneficiary, BeneficiaryCommand, BeneficiaryEvent, Fact,
};
use sira_domain::programme::{
    self, PROGRAMME_COMMANDS, Programme, ProgrammeCommand, ProgrammeEvent,
};
use sira_domain::refusal::Refusal;
use sira_numbers::Version;
use uuid::Uuid;

use super::super::cache::StreamCache;
use super::super::guards::GuardedStreams;
use super::super::path::SealFault;
use super::super::{Call, CommandError, Commands, Door};
use super::{Aggregate, Parsed};
use crate::grant::Scope;
use crate::journal::Guard;

impl Aggregate for Beneficiary {
    const TYPE: &'static str = Beneficiary::TYPE;
    const COMMANDS: &'static [CommandEntry] = BENEFICIARY_COMMANDS;
    const FIRST: &'static str = "register";
    type Command = BeneficiaryCommand;
    type Event = BeneficiaryEvent;

    fn take(&mut self, event: BeneficiaryEvent) {
        self.take(event);
    }

    fn version(&self) -> Version {
        self.version()
    }

    fn parse(word: &str, body: Value) -> Parsed<BeneficiaryCommand> {
        BeneficiaryCommand::parse(word, body)
    }

    fn decide(
        &self,
        command: BeneficiaryCommand,
        context: &Context,
    ) -> Result<Vec<BeneficiaryEvent>, Refusal> {
        sira_domain::path::decide(self, command, context)
    }

    fn gate(&self, word: &str, context: &Context) -> Result<(), Refusal> {
        sira_domain::path::gate(self, word, context)
    }

    /// A path whose registration was retracted has none until it is registered again.
    fn programme(&self) -> Option<Uuid> {
        self.state().registration.as_ref().map(|registration| registration.programme.0)
    }

    fn named_programme(command: &BeneficiaryCommand) -> Option<Uuid> {
        match command {
            BeneficiaryCommand::Register(registration) => Some(registration.programme.0),
            _ => None,
        }
    }

    fn alias(command: &BeneficiaryCommand) -> Option<String> {
        match command {
            BeneficiaryCommand::Register(registration) => {
                Some(super::super::alias_of(registration.reference))
            }
            _ => None,
        }
    }

    /// One that was registered anew has two, and either leads to it.
    fn bears(&self, alias: &str) -> bool {
        self.past().iter().any(|event| match &event.fact {
            Fact::Registered(registration) => {
                super::super::alias_of(registration.reference) == alias
            }
            _ => false,
        })
    }

    fn is_within(&self, _: Uuid, scope: &Scope, programme: &Programme) -> bool {
        scope.holds_path(self.state(), programme)
    }

    /// The office in charge says it. While a transfer waits to be accepted the office that handed over sees
    /// the path too, and may take its transfer back; anything else is for the office that takes over.
    fn ground(&self, _: Uuid, command: &BeneficiaryCommand, at: &Programme) -> Option<Ground> {
        let state = self.state();
        let (registration, handover) = (state.registration.as_ref()?, state.handover.as_ref()?);
        let takes_back = self.takes_handover_back(command);
        let office = if takes_back { &handover.from_office } else { state.office.as_ref()? };
        let (programme, region) = (registration.programme.0, at.region_of(office));
        Some(Ground::Office { programme, office: office.clone(), region })
    }

    fn standing_ground(&self, entry: &CommandEntry, at: &Programme) -> Option<Ground> {
        let state = self.state();
        let (registration, office) = (state.registration.as_ref()?, state.office.as_ref()?);
        let (programme, region) = (registration.programme.0, at.region_of(office));
        // Which event is to be retracted says whose it is.
        let is_theirs = state.handover.is_some() && entry.word != "retract";
        is_theirs.then(|| Ground::Office { programme, office: office.clone(), region })
    }

    fn cache(door: &Door) -> &StreamCache<Self> {
        &door.beneficiaries
    }

    fn guards(_: &Door) -> Option<&GuardedStreams<Self>> {
        None
    }
}

impl Aggregate for Programme {
    const TYPE: &'static str = Programme::TYPE;
    const COMMANDS: &'static [CommandEntry] = PROGRAMME_COMMANDS;
    const FIRST: &'static str = "sign-convention";
    type Command = ProgrammeCommand;
    type Event = ProgrammeEvent;

    fn take(&mut self, event: ProgrammeEvent) {
        self.take(&event);
    }

    fn version(&self) -> Version {
        self.version
    }

    fn parse(word: &str, body: Value) -> Parsed<ProgrammeCommand> {
        ProgrammeCommand::parse(word, body)
    }

    fn decide(
        &self,
        command: ProgrammeCommand,
        context: &Context,
    ) -> Result<Vec<ProgrammeEvent>, Refusal> {
        sira_domain::programme::decide(self, command, context)
    }

    fn gate(&self, word: &str, context: &Context) -> Result<(), Refusal> {
        sira_domain::programme::gate(self, word, context)
    }

    fn programme(&self) -> Option<Uuid> {
        None
    }

    fn named_programme(_: &ProgrammeCommand) -> Option<Uuid> {
        None
    }

    /// Two conventions of the same parties may have one name.
    fn alias(_: &ProgrammeCommand) -> Option<String> {
        None
    }

    fn bears(&self, _: &str) -> bool {
        false
    }

    fn is_within(&self, _: Uuid, _: &Scope, _: &Programme) -> bool {
        true
    }

    fn ground(&self, id: Uuid, command: &ProgrammeCommand, _: &Programme) -> Option<Ground> {
        Some(programme::ground(id, self, command))
    }

    async fn seal(
        commands: &Commands,
        id: Uuid,
        entry: &CommandEntry,
        body: &mut Map<String, Value>,
    ) -> Result<(), SealFault> {
        commands.seal_staff_name(id, entry, body).await
    }

    async fn complete(
        commands: &Commands,
        id: Uuid,
        entry: &CommandEntry,
    ) -> Result<(), CommandError> {
        commands.complete_staff_erasures(id, entry).await
    }

    async fn know_people(
        commands: &Commands,
        state: &Self,
        (id, command): (Uuid, &mut ProgrammeCommand),
        call: &Call,
    ) -> Result<Vec<Guard>, CommandError> {
        commands.know_people((id, state), command, call).await
    }

    fn cache(door: &Door) -> &StreamCache<Self> {
        &door.programmes
    }

    fn guards(_: &Door) -> Option<&GuardedStreams<Self>> {
        None
    }
}

impl Aggregate for Cohort {
    const TYPE: &'static str = Cohort::TYPE;
    const COMMANDS: &'static [CommandEntry] = COHORT_COMMANDS;
    const FIRST: &'static str = "plan-cohort";
    type Command = CohortCommand;
    type Event = CohortEvent;

    fn take(&mut self, event: CohortEvent) {
        self.take(&event);
    }

    fn version(&self) -> Version {
        self.version
    }

    fn parse(word: &str, body: Value) -> Parsed<CohortCommand> {
        CohortCommand::parse(word, body)
    }

    fn decide(
        &self,
        command: CohortCommand,
        context: &Context,
    ) -> Result<Vec<CohortEvent>, Refusal> {
        sira_domain::cohort::decide(self, command, context)
    }

    fn gate(&self, word: &str, context: &Context) -> Result<(), Refusal> {
        sira_domain::cohort::gate(self, word, context)
    }

    fn programme(&self) -> Option<Uuid> {
        self.plan.as_ref().map(|plan| plan.programme.0)
    }

    fn named_programme(command: &CohortCommand) -> Option<Uuid> {
        match command {
            CohortCommand::PlanCohort(plan) => Some(plan.programme.0),
            _ => None,
        }
    }

    fn alias(command: &CohortCommand) -> Option<String> {
        names::alias_of_cohort(command)
    }

    fn bears(&self, alias: &str) -> bool {
        self.plan.as_ref().is_some_and(|plan| names::alias_of_plan(plan) == alias)
    }

    fn is_within(&self, _: Uuid, scope: &Scope, programme: &Programme) -> bool {
        let plan = self.plan.as_ref();
        plan.is_some_and(|plan| scope.holds_office(plan.programme.0, &plan.office, programme))
    }

    /// The office in charge says it.
    fn ground(&self, _: Uuid, _: &CohortCommand, _: &Programme) -> Option<Ground> {
        None
    }

    fn cache(door: &Door) -> &StreamCache<Self> {
        &door.cohorts
    }

    fn guards(door: &Door) -> Option<&GuardedStreams<Self>> {
        Some(&door.guarded_cohorts)
    }
}

impl Aggregate for Fund {
    const TYPE: &'static str = Fund::TYPE;
    const COMMANDS: &'static [CommandEntry] = FUND_COMMANDS;
    const FIRST: &'static str = "open-fund";
    type Command = FundCommand;
    type Event = FundEvent;

    fn take(&mut self, event: FundEvent) {
        self.take(&event);
    }

    fn version(&self) -> Version {
        self.version
    }

    fn parse(word: &str, body: Value) -> Parsed<FundCommand> {
        FundCommand::parse(word, body)
    }

    fn decide(&self, command: FundCommand, context: &Context) -> Result<Vec<FundEvent>, Refusal> {
        sira_domain::fund::decide(self, command, context)
    }

    fn gate(&self, word: &str, context: &Context) -> Result<(), Refusal> {
        sira_domain::fund::gate(self, word, context)
    }

    fn programme(&self) -> Option<Uuid> {
        self.envelope.as_ref().map(|envelope| envelope.programme.0)
    }

    fn named_programme(command: &FundCommand) -> Option<Uuid> {
        match command {
            FundCommand::OpenFund(envelope) => Some(envelope.programme.0),
            _ => None,
        }
    }

    fn alias(command: &FundCommand) -> Option<String> {
        names::alias_of_fund(command)
    }

    fn bears(&self, alias: &str) -> bool {
        self.envelope.as_ref().is_some_and(|fund| names::alias_of_envelope(fund) == alias)
    }

    /// Whoever deals with money sees what a fund has left; a donor sees its own.
    fn is_within(&self, id: Uuid, scope: &Scope, _: &Programme) -> bool {
        scope.holds_fund(id)
    }

    fn ground(&self, _: Uuid, command: &FundCommand, _: &Programme) -> Option<Ground> {
        Some(fund::ground(self, command))
    }

    fn standing_ground(&self, _: &CommandEntry, _: &Programme) -> Option<Ground> {
        self.envelope.as_ref().map(|envelope| Ground::of_regions(envelope.regions.iter().copied()))
    }

    fn cache(door: &Door) -> &StreamCache<Self> {
        &door.funds
    }

    fn guards(door: &Door) -> Option<&GuardedStreams<Self>> {
        Some(&door.guarded_funds)
    }
}
