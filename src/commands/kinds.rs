//! The kinds of stream beside the path: programme, cohort, fund.

use std::sync::Arc;

use serde_json::Value;
use sira_domain::catalogue::CommandEntry;
use sira_domain::cohort::{COHORT_COMMANDS, Cohort, CohortCommand, CohortEvent};
use sira_domain::context::Context;
use sira_domain::fund::{FUND_COMMANDS, Fund, FundCommand, FundEvent};
use sira_domain::programme::{PROGRAMME_COMMANDS, Programme, ProgrammeCommand, ProgrammeEvent};
use sira_domain::refusal::Refusal;
use uuid::Uuid;

use super::guards::{GuardedStreams, Shared};
use super::own::{Own, Parsed};
use super::cache::{Stream, StreamStore};
use super::{Call, CommandError, Commands, Door};
use crate::grant::Scope;
use crate::journal::ConditionalWrite;

impl Stream for Programme {
    const TYPE: &'static str = Programme::TYPE;
    type Event = ProgrammeEvent;

    fn take(&mut self, event: ProgrammeEvent) {
        self.take(&event);
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl Own for Programme {
    type Command = ProgrammeCommand;
    const COMMANDS: &'static [CommandEntry] = PROGRAMME_COMMANDS;
    const FIRST: &'static str = "sign-convention";

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

    fn programme(&self, _: Option<&ProgrammeCommand>) -> Option<Uuid> {
        None
    }

    /// Two conventions of the same parties may have one name.
    fn alias(_: &ProgrammeCommand) -> Option<String> {
        None
    }

    fn is_within(&self, _: Uuid, _: &Scope, _: &Programme) -> bool {
        true
    }

    fn store(door: &Door) -> &StreamStore<Self> {
        &door.programmes
    }

    async fn refer(
        _: &Commands,
        _: Uuid,
        _: &ProgrammeEvent,
        _: &Call,
        _: &Arc<Programme>,
    ) -> Result<Option<ConditionalWrite>, CommandError> {
        Ok(None)
    }
}

impl Stream for Cohort {
    const TYPE: &'static str = Cohort::TYPE;
    type Event = CohortEvent;

    fn take(&mut self, event: CohortEvent) {
        self.take(&event);
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl Shared for Cohort {
    fn lawful(&self, event: &CohortEvent, programme: &Programme) -> Result<(), Refusal> {
        sira_domain::cohort::lawful(self, event, programme)
    }

    fn programme(&self) -> Option<Uuid> {
        self.plan.as_ref().map(|plan| plan.programme.0)
    }

    fn guarded_streams(door: &Door) -> &GuardedStreams<Self> {
        &door.guarded_cohorts
    }
}

impl Own for Cohort {
    type Command = CohortCommand;
    const COMMANDS: &'static [CommandEntry] = COHORT_COMMANDS;
    const FIRST: &'static str = "plan-cohort";

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

    fn programme(&self, command: Option<&CohortCommand>) -> Option<Uuid> {
        let named = || match command {
            Some(CohortCommand::PlanCohort(plan)) => Some(plan.programme.0),
            _ => None,
        };
        Shared::programme(self).or_else(named)
    }

    fn alias(command: &CohortCommand) -> Option<String> {
        match command {
            CohortCommand::PlanCohort(plan) => {
                Some(format!("cohort/{}/{}", plan.programme, plan.code))
            }
            _ => None,
        }
    }

    fn is_within(&self, _: Uuid, scope: &Scope, programme: &Programme) -> bool {
        let office = self.plan.as_ref().map(|plan| &plan.office);
        scope.holds_office(office, None, programme)
    }

    fn store(door: &Door) -> &StreamStore<Self> {
        &door.cohorts
    }

    async fn refer(
        commands: &Commands,
        id: Uuid,
        event: &CohortEvent,
        call: &Call,
        programme: &Arc<Programme>,
    ) -> Result<Option<ConditionalWrite>, CommandError> {
        commands.refer::<Self>(id, event, call, programme).await
    }
}

impl Stream for Fund {
    const TYPE: &'static str = Fund::TYPE;
    type Event = FundEvent;

    fn take(&mut self, event: FundEvent) {
        self.take(&event);
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl Shared for Fund {
    fn lawful(&self, event: &FundEvent, programme: &Programme) -> Result<(), Refusal> {
        sira_domain::fund::lawful(self, event, programme)
    }

    fn programme(&self) -> Option<Uuid> {
        self.envelope.as_ref().map(|envelope| envelope.programme.0)
    }

    fn guarded_streams(door: &Door) -> &GuardedStreams<Self> {
        &door.guarded_funds
    }
}

impl Own for Fund {
    type Command = FundCommand;
    const COMMANDS: &'static [CommandEntry] = FUND_COMMANDS;
    const FIRST: &'static str = "open-fund";

    fn parse(word: &str, body: Value) -> Parsed<FundCommand> {
        FundCommand::parse(word, body)
    }

    fn decide(&self, command: FundCommand, context: &Context) -> Result<Vec<FundEvent>, Refusal> {
        sira_domain::fund::decide(self, command, context)
    }

    fn programme(&self, command: Option<&FundCommand>) -> Option<Uuid> {
        let named = || match command {
            Some(FundCommand::OpenFund(envelope)) => Some(envelope.programme.0),
            _ => None,
        };
        Shared::programme(self).or_else(named)
    }

    fn alias(command: &FundCommand) -> Option<String> {
        match command {
            FundCommand::OpenFund(envelope) => {
                Some(format!("fund/{}/{}", envelope.programme, envelope.code))
            }
            _ => None,
        }
    }

    /// A fund is the programme's, whatever the office; a donor sees its own.
    fn is_within(&self, id: Uuid, scope: &Scope, _: &Programme) -> bool {
        scope.holds_fund(id)
    }

    fn store(door: &Door) -> &StreamStore<Self> {
        &door.funds
    }

    async fn refer(
        commands: &Commands,
        id: Uuid,
        event: &FundEvent,
        call: &Call,
        programme: &Arc<Programme>,
    ) -> Result<Option<ConditionalWrite>, CommandError> {
        commands.refer::<Self>(id, event, call, programme).await
    }
}
