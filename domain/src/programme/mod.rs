//! The programme: the convention with its parties and term, its rules, targets and offices.

mod call;
mod command;
mod commitment;
mod event;
mod gate;
pub mod lottery;
mod plausibility;
pub mod ranking;
mod reporting;
mod retract;
mod rules;
mod selection;
mod staff;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Days, Months, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_numbers::{Sequence, Version, at_most};
use uuid::Uuid;

pub use call::{CallEnd, CallState, OpenCall};
pub use command::{
    PROGRAMME_COMMANDS, ProgrammeCommand, ProgrammeVerb, decide, ground, may_follow,
};
pub use commitment::{
    Commitment, CommitmentChange, CommitmentRequest, CommitmentState, Fulfilment, Review, Said,
};
pub use event::{
    Convention, Lottery, LotteryDraw, Office, OfficeAmendment, OfficeName, PROGRAMME_FACTS, Party,
    ProgrammeEvent, ProgrammeFact, Renewal, RulesRequest, Target,
};
pub use gate::gate;
pub use plausibility::{AmountBounds, CountBounds, Plausibility};
pub use ranking::{RankedList, RankingRequest};
pub use reporting::Reporting;
pub use rules::{AgeRange, Ceilings, PersonCeilings, RuleSet, Rules};
pub use selection::{SelectionQuota, TieBreaker};
pub use staff::{StaffNameErasure, StaffNameRequest, StaffPost, StaffPostEnd};

use crate::reference::RegionCode;
use crate::refusal::{Item, Refusal};
use crate::values::{ActorId, KeyId, OfficeCode, Period, Slug, Text};

/// An office and when it was open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct OfficeState {
    /// The office as it was opened.
    #[serde(flatten)]
    pub office: Office,
    /// First day on which it is open, since it was opened for the last time.
    pub opened_on: NaiveDate,
    /// Last day on which it is open; none while it stays open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_on: Option<NaiveDate>,
    /// True when its only opening was taken back: it was never open, and its code keeps its region.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
    /// The times before in which it was open, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Period>,
}

impl OfficeState {
    /// Tells whether it is open on `day`.
    #[must_use]
    pub fn is_open_on(&self, day: NaiveDate) -> bool {
        let is_now = self.opened_on <= day && self.closed_on.is_none_or(|closed| day <= closed);
        is_now || self.earlier.iter().any(|open| open.holds(day))
    }
}

/// A programme. All of it is derived from its events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(default)]
pub struct Programme {
    /// Sequence of the last event; 0 before the first.
    pub version: Version,
    /// The convention; none before it is signed.
    pub convention: Option<Convention>,
    /// Years added by renewals.
    pub renewed_years: u32,
    /// Terms that were over before the convention was renewed, in order. Nothing is of the days between.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lapsed: Vec<Period>,
    /// The day and the years of the renewal that the present term begins with; none while it is the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Resumption>,
    /// Rules by version, the first being version 1.
    pub rule_sets: Vec<RuleSet>,
    /// Targets; the last one set for the same indicator, period, region and sex stands.
    pub targets: Vec<Target>,
    /// Offices by code.
    pub offices: BTreeMap<OfficeCode, OfficeState>,
    /// The draw of each lottery, with its entries, by the lottery's word.
    pub lotteries: BTreeMap<Slug, Draw>,
    /// The directory of the staff, in the order of its additions. It names people: who may read it asks for
    /// it apart.
    #[serde(skip_serializing)]
    pub staff: Vec<StaffPost>,
    /// The keys that names of the staff are sealed under, by the name in their token.
    #[serde(skip)]
    sealed_names: BTreeMap<ActorId, BTreeSet<KeyId>>,
    /// The keys of names that were erased.
    #[serde(skip)]
    erased_names: BTreeSet<KeyId>,
    /// The last call that was opened; none before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallState>,
    /// What the parties committed themselves to, in the order of its numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commitments: Vec<CommitmentState>,
    /// The number that was given to a commitment last, though it was taken back since: it is not given again.
    #[serde(skip)]
    last_commitment: u32,
    /// The reviews of the convention, in the order of their recording.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<Review>,
    /// The ranked list of each session of selection, by the session's word.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rankings: BTreeMap<Slug, RankedList>,
    /// Rules that were taken back: no fact is judged by them any more, but those that were still are.
    #[serde(skip)]
    withdrawn_rules: Vec<RuleSet>,
    /// Every event so far: the state is folded anew without one that is taken back.
    #[serde(skip)]
    past: Vec<Arc<ProgrammeEvent>>,
    /// The events that were taken back.
    #[serde(skip)]
    retracted: BTreeSet<Sequence>,
}

/// The beginning of a term after a lapse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Resumption {
    /// Day of the renewal.
    pub on: NaiveDate,
    /// Years from that day, with those of later renewals.
    pub years: u32,
}

/// A lottery's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Draw {
    /// Day of the draw.
    pub on: NaiveDate,
    /// The text that was drawn in public.
    pub seed: Text<200>,
    /// Number of places that were drawn.
    pub places: u32,
    /// Everybody who was entered.
    pub entries: BTreeSet<Uuid>,
    /// Those who were drawn.
    pub drawn: BTreeSet<Uuid>,
    /// Everybody who was entered, in the order of the lots.
    pub ranked: Vec<Uuid>,
}

impl Draw {
    /// Tells whether it is the draw of this list, with this seed and these places.
    #[must_use]
    pub fn is_of(&self, lottery: &Lottery) -> bool {
        self.seed == lottery.seed
            && self.places == lottery.places.get()
            && self.ranked == lottery::rank(&lottery.entries, lottery.seed.as_str())
    }

    fn of(lottery: &LotteryDraw, on: NaiveDate) -> Self {
        let places = at_most(lottery.places.get().into(), lottery.ranked.len());
        Self {
            on,
            seed: lottery.seed.clone(),
            places: lottery.places.get(),
            entries: lottery.entries.iter().copied().collect(),
            drawn: lottery.ranked.iter().take(places).copied().collect(),
            ranked: lottery.ranked.clone(),
        }
    }
}

impl Programme {
    /// The type's name in the journal.
    pub const TYPE: &'static str = "programme";

    /// The convention's present term with the renewals that continued it; none before it is signed.
    #[must_use]
    pub fn term(&self) -> Option<Period> {
        let convention = self.convention.as_ref()?;
        let (from, years) = match self.resumed {
            Some(Resumption { on, years }) => (on, years),
            None => (convention.signed_on, convention.term_years.get() + self.renewed_years),
        };
        let end = from.checked_add_months(Months::new(12 * years))?;
        Period::try_new(from, end.checked_sub_days(Days::new(1))?).ok()
    }

    /// Refuses a day of no term of the convention. Before it is signed there is none, which other rules say.
    ///
    /// # Errors
    /// [`Refusal::OutsideTerm`] with the present term.
    pub fn check_term(&self, day: NaiveDate) -> Result<(), Refusal> {
        match self.term() {
            Some(term) if !term.holds(day) && !self.lapsed.iter().any(|one| one.holds(day)) => {
                Err(Refusal::OutsideTerm { term, given: day })
            }
            _ => Ok(()),
        }
    }

    /// A renewal in time, or on the day after, continues the term; a later one begins another.
    fn renew(&mut self, years: u32, on: NaiveDate) {
        let over = self.term().filter(|term| term.to.succ_opt().is_some_and(|next| on > next));
        if let Some(over) = over {
            self.lapsed.push(over);
            self.resumed = Some(Resumption { on, years });
        } else if let Some(resumed) = &mut self.resumed {
            resumed.years += years;
        }
        self.renewed_years += years;
    }

    /// The rules that a fact of `day` is judged by, with their version: the last set that applies
    /// from that day or earlier; version 0, the defaults, before any.
    #[must_use]
    pub fn rules_on(&self, day: NaiveDate) -> (u32, std::borrow::Cow<'_, Rules>) {
        let set = self
            .rule_sets
            .iter()
            .filter(|set| set.effective_from <= day)
            .max_by_key(|set| set.version);
        set.map_or((0, std::borrow::Cow::Owned(Rules::default())), |set| {
            (set.version, std::borrow::Cow::Borrowed(&set.rules))
        })
    }

    /// The rules of a version; the defaults for 0 or a version that is not known.
    #[must_use]
    pub fn rules_of(&self, version: u32) -> std::borrow::Cow<'_, Rules> {
        let mut known = self.rule_sets.iter().chain(&self.withdrawn_rules);
        let set = known.find(|set| set.version == version);
        set.map_or(std::borrow::Cow::Owned(Rules::default()), |set| {
            std::borrow::Cow::Borrowed(&set.rules)
        })
    }

    /// The region that an office stands in; none for one that the programme does not know.
    #[must_use]
    pub fn region_of(&self, office: &OfficeCode) -> Option<RegionCode> {
        self.offices.get(office).map(|known| known.office.region)
    }

    /// An office that was ever open; none whose only opening was taken back.
    #[must_use]
    pub fn office(&self, office: &OfficeCode) -> Option<&OfficeState> {
        self.offices.get(office).filter(|known| !known.withdrawn)
    }

    /// An office that a command names, closed or not.
    fn known_office(&self, office: &OfficeCode) -> Result<&OfficeState, Refusal> {
        self.office(office).ok_or_else(|| Refusal::Unknown {
            item: Item::Office,
            name: office.to_string(),
            field: "office",
        })
    }

    /// Refuses an office that is unknown or not open on `day`.
    ///
    /// # Errors
    /// [`Refusal::OfficeClosed`].
    pub fn check_office(
        &self,
        office: &OfficeCode,
        day: NaiveDate,
    ) -> Result<&OfficeState, Refusal> {
        let state = self.office(office);
        state.filter(|state| state.is_open_on(day)).ok_or_else(|| Refusal::OfficeClosed {
            office: office.clone(),
            open: state.map(|state| Period {
                from: state.opened_on,
                to: state.closed_on.unwrap_or(NaiveDate::MAX),
            }),
            on: day,
        })
    }

    /// Takes the next event in.
    pub fn take(&mut self, event: &ProgrammeEvent) {
        self.past.push(Arc::new(event.clone()));
        if let ProgrammeFact::ProgrammeFactRetracted(retraction) = &event.fact {
            self.retracted.insert(retraction.sequence);
            *self = self.without(&BTreeSet::new());
        } else {
            self.fold(event);
        }
        self.version = Version::of_count(self.past.len() as u64);
    }

    fn fold(&mut self, event: &ProgrammeEvent) {
        match &event.fact {
            ProgrammeFact::ConventionSigned(convention) => {
                self.convention = Some(convention.clone());
            }
            ProgrammeFact::ConventionRenewed(renewal) => {
                self.renew(renewal.term_years.get(), event.occurred_on);
            }
            ProgrammeFact::RulesSet(set) => self.rule_sets.push(set.clone()),
            ProgrammeFact::TargetSet(target) => {
                self.targets.retain(|standing| !target.is_for_the_same(standing));
                self.targets.push(target.clone());
            }
            ProgrammeFact::OfficeOpened(office) => {
                let (opened_on, closed_on) = (event.occurred_on, None);
                let mut earlier = Vec::new();
                if let Some(known) = self.offices.remove(&office.office) {
                    earlier = known.earlier;
                    let until = known.closed_on.unwrap_or(event.occurred_on);
                    earlier.extend(Period::try_new(known.opened_on, until).ok());
                }
                let withdrawn = false;
                let office_state = OfficeState {
                    office: office.clone(),
                    opened_on,
                    closed_on,
                    withdrawn,
                    earlier,
                };
                self.offices.insert(office.office.clone(), office_state);
            }
            ProgrammeFact::OfficeClosed(name) => {
                if let Some(office) = self.offices.get_mut(&name.office) {
                    office.closed_on = Some(event.occurred_on);
                }
            }
            ProgrammeFact::StaffPostAdded(post) => self.add_post(post),
            ProgrammeFact::StaffPostEnded(end) => self.end_post(end),
            ProgrammeFact::StaffNameErased(erasure) => self.erase_name(erasure),
            ProgrammeFact::LotteryDrawn(lottery) => {
                let draw = Draw::of(lottery, event.occurred_on);
                self.lotteries.insert(lottery.session.clone(), draw);
            }
            ProgrammeFact::CandidatesRanked(list) => {
                self.rankings.insert(list.session.clone(), list.clone());
            }
            ProgrammeFact::CallOpened(call) => {
                self.call = Some(CallState::opened(call, event.occurred_on));
            }
            ProgrammeFact::CallClosed(_) => {
                if let Some(call) = &mut self.call {
                    call.closed_on = Some(event.occurred_on);
                }
            }
            ProgrammeFact::CommitmentRecorded(_)
            | ProgrammeFact::CommitmentFulfilled(_)
            | ProgrammeFact::CommitmentReopened(_)
            | ProgrammeFact::CommitmentWithdrawn(_)
            | ProgrammeFact::ConventionReviewed(_) => self.take_commitment(event),
            ProgrammeFact::OfficeAmended(amendment) => {
                if let Some(known) = self.offices.get_mut(&amendment.office) {
                    known.office.name = amendment.name.clone();
                }
            }
            // The state is folded anew without what it takes back.
            ProgrammeFact::ProgrammeFactRetracted(_) => {}
        }
    }
}

impl Target {
    /// Tells whether both are of one indicator, period, region and sex: the later of the two stands.
    #[must_use]
    pub fn is_for_the_same(&self, other: &Self) -> bool {
        (&self.indicator, self.period, self.region, self.sex)
            == (&other.indicator, other.period, other.region, other.sex)
    }
}

crate::aggregate::aggregate!(
    Programme,
    ProgrammeCommand,
    ProgrammeEvent,
    decide,
    |state, event| state.take(&event)
);
