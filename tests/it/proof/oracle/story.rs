//! The events of one stream as they were stored, and what is true at one of them.

use std::collections::HashSet;

use chrono::{Datelike, NaiveDate};
use serde_json::Value;
use sira_numbers::{Position, Sequence};
use uuid::Uuid;

use super::{Line, some};

/// One event.
#[derive(Clone, Debug)]
pub struct Entry {
    pub position: Position,
    pub sequence: Sequence,
    /// As the tables show it.
    pub recorded_at: String,
    pub on: NaiveDate,
    pub by: String,
    pub rules: u64,
    /// The event's type.
    pub kind: String,
    /// Its body.
    pub body: Value,
}

/// A stream up to some position.
#[derive(Clone, Debug)]
pub struct Story {
    pub id: Uuid,
    /// Every event, retracted or not.
    pub all: Vec<Entry>,
    /// Those that stand: retracted by none.
    pub events: Vec<Entry>,
}

impl Entry {
    pub fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    /// A whole number of the body.
    pub fn number(&self, field: &str) -> Option<u64> {
        self.body[field].as_u64()
    }

    pub fn word(&self, field: &str) -> Option<&str> {
        self.body[field].as_str()
    }
}

impl Story {
    pub fn new(id: Uuid, all: Vec<Entry>) -> Self {
        let retracted: Vec<Sequence> = all
            .iter()
            .filter(|event| event.is("Retracted") || event.kind.ends_with("FactRetracted"))
            .filter_map(|event| event.number("sequence"))
            .map(|sequence| Sequence::try_new(sequence).unwrap())
            .collect();
        let standing = all.iter().filter(|event| !retracted.contains(&event.sequence));
        let mut events: Vec<Entry> = standing.cloned().collect();
        let copies = copies_of_region(&events);
        for place in 0..events.len() {
            if events[place].is("RegistrationCorrected") {
                let (before, correction) = events.split_at_mut(place);
                correct(before, &correction[0].body, &copies);
            }
            if events[place].is("AttendanceCorrected") {
                let (before, correction) = events.split_at_mut(place);
                let after = &correction[0].body["after"];
                for event in before {
                    if event.is("AttendanceRecorded")
                        && event.body["session"] == correction[0].body["session"]
                    {
                        event.body["present"] = after["present"].clone();
                        event.body["minutes_present"] = after["minutes_present"].clone();
                    }
                }
            }
        }
        Self { id, all, events }
    }

    /// The same stream as it was known at a position.
    pub fn at(&self, position: Position) -> Self {
        let known = self.all.iter().filter(|event| event.position <= position);
        Self::new(self.id, known.cloned().collect())
    }

    pub fn of<'a>(&'a self, kind: &'a str) -> impl DoubleEndedIterator<Item = &'a Entry> {
        self.events.iter().filter(move |event| event.is(kind))
    }

    /// The last of a kind that stands by an event, that one included.
    pub fn last_by<'a>(&'a self, kinds: &[&str], by: &Entry) -> Option<&'a Entry> {
        let is_past = |event: &&Entry| event.sequence <= by.sequence;
        self.events.iter().filter(is_past).rfind(|event| kinds.contains(&event.kind.as_str()))
    }

    /// The event that undoes a payment.
    pub fn reversal_of(&self, payment: &Entry) -> Option<&Entry> {
        let mut reversals = self.of("DisbursementReversed").chain(self.of("RepaymentReversed"));
        reversals.find(|reversal| reversal.number("sequence") == Some(payment.sequence.get()))
    }

    /// Whether an event is a payment that was undone.
    pub fn is_undone(&self, payment: &Entry) -> bool {
        self.reversal_of(payment).is_some()
    }

    pub fn registration(&self) -> Option<&Entry> {
        self.of("Registered").last()
    }

    /// The path under which the person continues, if this one is frozen.
    pub fn frozen_by(&self) -> Option<String> {
        let mut frozen = None;
        for event in &self.events {
            let other = event.word("other").map(str::to_owned);
            if event.is("DuplicateLinked") && event.word("continues") == event.word("other") {
                frozen = other;
            } else if event.is("DuplicateUnlinked") && other == frozen {
                frozen = None;
            }
        }
        frozen
    }

    /// The year of birth as known now.
    pub fn birth_year(&self) -> Option<u64> {
        let told = self
            .events
            .iter()
            .filter(|event| event.is("Registered") || event.is("IdentityUpdated"));
        told.filter_map(|event| event.number("birth_year")).next_back()
    }

    pub fn age_band(&self) -> &'static str {
        let registered = self.registration().unwrap();
        let age =
            i64::from(registered.on.year()) - i64::try_from(self.birth_year().unwrap()).unwrap();
        if age < 18 {
            "under_18"
        } else if age <= 24 {
            "18_24"
        } else if age <= 29 {
            "25_29"
        } else if age <= 35 {
            "30_35"
        } else {
            "over_35"
        }
    }

    pub fn disability(&self) -> Option<String> {
        let answers = self.registration()?.body["disability"].as_object()?;
        some(answers.values().any(|answer| answer.as_u64().unwrap() >= 3))
    }

    pub fn displaced(&self) -> Option<String> {
        self.registration()?.body["displaced"].as_bool().map(|flag| flag.to_string())
    }

    pub fn programme(&self) -> Option<String> {
        self.registration()?.word("programme").map(str::to_owned)
    }

    /// Office and region of residence right after an event.
    pub fn office_and_region(&self, by: &Entry) -> [Option<String>; 2] {
        let place = self.last_by(&["Registered", "Transferred", "TransferReturned"], by).unwrap();
        ["office", "region"].map(|field| place.word(field).map(str::to_owned))
    }

    /// The training group last joined by an event.
    pub fn cohort(&self, by: &Entry) -> Option<String> {
        self.last_by(&["TrainingEnrolled"], by)?.word("cohort").map(str::to_owned)
    }

    /// The sector of the business started last by an event, or else of the idea as told by then.
    fn sector(&self, by: &Entry) -> Option<String> {
        let started = self.last_by(&["BusinessStarted"], by);
        let told = started.or_else(|| self.last_by(&["IdeaSubmitted", "IdeaRevised"], by));
        told.and_then(|event| event.word("sector")).map(str::to_owned)
    }

    /// The fund of a financing.
    pub fn fund_of(&self, financing: u64) -> Option<String> {
        let asked = self
            .of("FinancingRequested")
            .find(|event| event.number("financing") == Some(financing));
        asked?.word("fund").map(str::to_owned)
    }

    /// The fund of the last financing approved by an event.
    pub fn fund(&self, by: &Entry) -> Option<String> {
        self.fund_of(self.last_by(&["FinancingApproved"], by)?.number("financing")?)
    }

    /// What figures are broken down by, of a row told by an event; of a fund of its own, if it has one.
    pub fn broken_down(&self, by: &Entry, own_fund: Option<u64>) -> Line {
        let registered = self.registration().unwrap();
        let [office, region] = self.office_and_region(by);
        let sex = registered.word("sex").map(str::to_owned);
        let fund = own_fund.map_or_else(|| self.fund(by), |financing| self.fund_of(financing));
        vec![
            self.programme(),
            office,
            region,
            sex,
            some(self.age_band()),
            self.disability(),
            self.displaced(),
            self.cohort(by),
            fund,
            self.sector(by),
            registered.word("education").map(str::to_owned),
        ]
    }
}

/// The transfers and returns that tell the region of the registration and none of their own, by what was told of it
/// when each was recorded: a transfer to the region where the person was, or back to where they lived before.
fn copies_of_region(events: &[Entry]) -> HashSet<Sequence> {
    let (mut region, mut left) = (Value::Null, Value::Null);
    let mut copies = HashSet::new();
    for event in events {
        let told = event.body["region"].clone();
        match event.kind.as_str() {
            "Registered" => region = told,
            "RegistrationCorrected" => {
                let after = told.get("after").cloned();
                for known in [&mut region, &mut left].into_iter().filter(|known| !known.is_null()) {
                    *known = after.clone().unwrap_or_else(|| known.clone());
                }
            }
            "Transferred" => {
                left = region.clone();
                if told == region {
                    copies.insert(event.sequence);
                } else {
                    region = Value::Null;
                }
            }
            "TransferReturned" => {
                if told == left {
                    copies.insert(event.sequence);
                }
                region = left.clone();
            }
            _ => {}
        }
    }
    copies
}

/// Rewrites what was told before a correction as if the registration had said what it says.
fn correct(before: &mut [Entry], correction: &Value, copies: &HashSet<Sequence>) {
    let after = |field: &str| correction[field].get("after").cloned();
    let Some(registered) = before.iter().rposition(|event| event.is("Registered")) else { return };
    let fields = [
        "sex",
        "birth_year",
        "region",
        "cercle",
        "education",
        "disability",
        "displaced",
        "intake",
        "consent",
    ];
    for field in fields {
        if let Some(value) = after(field) {
            before[registered].body[field] = value;
        }
    }
    for event in &mut before[registered + 1..] {
        if let Some(year) = after("birth_year")
            && event.is("IdentityUpdated")
            && event.number("birth_year").is_some()
        {
            event.body["birth_year"] = year;
        }
        if copies.contains(&event.sequence)
            && let Some(corrected) = after("region")
        {
            event.body["region"] = corrected;
        }
    }
}
