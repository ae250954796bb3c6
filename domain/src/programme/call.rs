//! The open call: for how long and in which regions people without an account may apply to the programme.
//! Who applies is told nowhere here: an application is sealed and kept outside the journal until an adviser
//! accepts it.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Programme;
use super::event::ProgrammeFact;
use crate::context::Context;
use crate::reference::RegionCode;
use crate::refusal::{Item, Refusal, check_items};
use crate::values::{Period, Within};

/// Most regions of one call: more than Mali ever had.
const REGIONS_MAX: usize = 40;

/// A call that is opened. There is none until a director opens one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCall {
    /// First day on which an application is taken.
    pub from: NaiveDate,
    /// Last day on which one is taken.
    pub to: NaiveDate,
    /// The regions whose people may apply, 1 to 40.
    pub regions: BTreeSet<RegionCode>,
    /// Days after the last one during which what was not accepted is kept, and then destroyed. A year at
    /// most: whoever was not taken by then is asked again.
    pub keep_days: Within<1, 366>,
}

/// Nothing more to say than the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallEnd {}

/// The last call that was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallState {
    /// What it asked for.
    #[serde(flatten)]
    pub call: OpenCall,
    /// Day on which it was opened.
    pub opened_on: NaiveDate,
    /// Day on which it was closed; none while it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_on: Option<NaiveDate>,
}

impl OpenCall {
    /// The days on which an application is taken.
    #[must_use]
    pub fn period(&self) -> Period {
        Period { from: self.from, to: self.to }
    }

    /// The last day on which what is not accepted is kept.
    #[must_use]
    pub fn kept_until(&self) -> NaiveDate {
        self.kept_from(self.to)
    }

    /// The last day on which what was refused on a day is kept: it is never kept for longer than what
    /// nobody decided on.
    #[must_use]
    pub fn kept_from(&self, day: NaiveDate) -> NaiveDate {
        let from = day.min(self.to);
        from.checked_add_days(Days::new(self.keep_days.get().into())).unwrap_or(NaiveDate::MAX)
    }
}

impl Programme {
    /// The call under which somebody of a region may apply on a day.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when none was ever opened, [`Refusal::CallNotOpen`] and
    /// [`Refusal::NotCalled`].
    pub fn check_call(&self, region: RegionCode, day: NaiveDate) -> Result<&OpenCall, Refusal> {
        let none = || Refusal::none_open(Item::Call, "programme", []);
        let CallState { call, closed_on, .. } = self.call.as_ref().ok_or_else(none)?;
        if closed_on.is_some() || !call.period().holds(day) {
            let (call, closed_on) = (call.period(), *closed_on);
            return Err(Refusal::CallNotOpen { call, closed_on, given: day });
        }
        if !call.regions.contains(&region) {
            return Err(Refusal::NotCalled { region, called: call.regions.clone() });
        }
        Ok(call)
    }

    /// The call under which something was received that is kept until a day. It is looked for among those that
    /// were taken back too: what was received under one is kept for as long as that one said.
    #[must_use]
    pub fn call_of(&self, received: NaiveDate, kept_until: NaiveDate) -> Option<&OpenCall> {
        self.past.iter().rev().find_map(|event| match &event.fact {
            ProgrammeFact::CallOpened(call)
                if call.period().holds(received) && call.kept_until() == kept_until =>
            {
                Some(call)
            }
            _ => None,
        })
    }
}

/// A call is opened when none is open: one that runs is closed first.
pub(super) fn open(
    programme: &Programme,
    call: OpenCall,
    context: &Context,
) -> Result<Option<ProgrammeFact>, Refusal> {
    let on = context.day()?;
    let last = programme.call.as_ref().filter(|last| last.closed_on.is_none());
    if last.is_some_and(|last| last.call == call) {
        return Ok(None);
    }
    if let Some(running) = last.filter(|last| on <= last.call.to) {
        let Period { from, to } = running.call.period();
        return Err(Refusal::Settled { item: Item::Call, name: format!("{from} {to}") });
    }
    check_items(call.regions.len(), REGIONS_MAX)?;
    if call.to < call.from {
        return Err(Refusal::Disagree { field: "to", other: "from" });
    }
    if call.to < on {
        return Err(Refusal::TooEarly { field: "to", given: call.to, earliest: on });
    }
    let first = call.from.max(on);
    if let Some(gone) = call.regions.iter().find(|region| !region.valid_on(first)) {
        let then = gone.on(first);
        return Err(Refusal::RegionNotValid { region: *gone, on: first, then });
    }
    Ok(Some(ProgrammeFact::CallOpened(call)))
}

/// A call is closed no earlier than it was opened; a closed one stays so.
pub(super) fn close(
    programme: &Programme,
    context: &Context,
) -> Result<Option<ProgrammeFact>, Refusal> {
    let on = context.day()?;
    let none = || Refusal::none_open(Item::Call, "call", []);
    let last = programme.call.as_ref().ok_or_else(none)?;
    if last.closed_on.is_some() {
        return Ok(None);
    }
    if on < last.opened_on {
        let earliest = last.opened_on;
        return Err(Refusal::TooEarly { field: "occurred_on", given: on, earliest });
    }
    Ok(Some(ProgrammeFact::CallClosed(CallEnd {})))
}

impl CallState {
    /// A call as it was opened on a day.
    pub(super) fn opened(call: &OpenCall, on: NaiveDate) -> Self {
        Self { call: call.clone(), opened_on: on, closed_on: None }
    }
}
