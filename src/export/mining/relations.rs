//! Which objects an event touches, and which objects belong together.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::mined::Mined;
use super::streams::Stream;

/// An object and what it is to the one that names it.
pub(super) type Relation = (String, &'static str);

/// What a stream's later events rest on.
#[derive(Debug, Default)]
pub(super) struct Links {
    cohort: Option<String>,
    funds: BTreeMap<u64, String>,
}

impl Links {
    /// The objects that the next event touches, its own first.
    pub fn of(&mut self, own: Uuid, event: &Mined) -> Vec<Relation> {
        let named = |name: &str| event.id(name).map(str::to_owned);
        let financing = event.number("financing");
        let mut also = match event.event_type.as_str() {
            "Registered" | "CohortPlanned" | "FundOpened" => {
                named("programme").map(|id| (id, "programme"))
            }
            "TrainingEnrolled" => {
                self.cohort = named("cohort");
                self.cohort.clone().map(|id| (id, "cohort"))
            }
            "TrainingWithdrawn" => {
                self.cohort = None;
                named("cohort").map(|id| (id, "cohort"))
            }
            "AttendanceRecorded" | "ModuleAssessed" => self.cohort.clone().map(|id| (id, "cohort")),
            "TrainingCompleted" if event.id("basis") == Some("attended") => {
                self.cohort.clone().map(|id| (id, "cohort"))
            }
            "FinancingRequested" => {
                if let (Some(number), Some(fund)) = (financing, named("fund")) {
                    self.funds.insert(number, fund);
                }
                named("fund").map(|id| (id, "fund"))
            }
            "DuplicateLinked" | "DuplicateUnlinked" => named("other").map(|id| (id, "same person")),
            "DuplicateDismissed" | "DuplicateReconsidered" => {
                named("other").map(|id| (id, "other person"))
            }
            _ => None,
        };
        if also.is_none() {
            let fund = financing.and_then(|number| self.funds.get(&number));
            also = fund.map(|id| (id.clone(), "fund"));
        }
        std::iter::once((own.to_string(), "subject")).chain(also).collect()
    }
}

/// The objects that a stream's own belongs with, each once.
pub(super) fn of_object(stream: &Stream) -> Vec<Relation> {
    let mut links = Links::default();
    let mut all: Vec<Relation> = Vec::new();
    for event in &stream.events {
        for relation in links.of(stream.id, event) {
            if relation.1 != "subject" && !all.contains(&relation) {
                all.push(relation);
            }
        }
    }
    all
}
