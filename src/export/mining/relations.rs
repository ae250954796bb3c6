//! Which objects an event touches, and which objects belong together.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::mined::Mined;
use super::streams::Stream;

/// An object and what it is to the one that names it.
pub(super) type Relation = (String, &'static str);

/// What the path under which somebody continues is to the frozen one.
const CONTINUES_AS: &str = "continues as";

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
            // Whether two paths are one person's is said below: an unlinking names the other path too.
            let is_of_object = !["subject", "same person"].contains(&relation.1);
            if is_of_object && !all.contains(&relation) {
                all.push(relation);
            }
        }
    }
    all.extend(of_person(stream));
    all
}

/// The paths that are the same person's by the links that stand: that under which a frozen one continues, or those
/// that are frozen for it.
fn of_person(stream: &Stream) -> Vec<Relation> {
    let mut told: Vec<&Mined> = stream.events.iter().collect();
    // A link is undone by what was recorded after it, whatever day either names.
    told.sort_by_key(|event| event.position);
    let mut linked: Vec<Relation> = Vec::new();
    for event in told {
        let Some(other) = event.id("other") else { continue };
        match event.event_type.as_str() {
            "DuplicateLinked" if event.id("continues") == Some(other) => {
                linked.push((other.to_owned(), CONTINUES_AS));
            }
            "DuplicateLinked" => linked.push((other.to_owned(), "continues from")),
            "DuplicateUnlinked" => linked.retain(|(id, _)| id != other),
            _ => {}
        }
    }
    linked
}

/// The path under which the person of a frozen one continues.
pub(super) fn continues_as(stream: &Stream) -> Option<String> {
    let linked = of_person(stream).into_iter();
    linked.filter(|(_, relation)| *relation == CONTINUES_AS).map(|(id, _)| id).next_back()
}

/// How a path counts, as it stands: `counted` is one person of the funnel, which a frozen duplicate and a path whose
/// registration was retracted are not; `withdrawn` is who has left and has not come back.
pub(super) fn flags(stream: &Stream) -> [(&'static str, bool); 4] {
    let has = |event_type: &str| stream.events.iter().any(|event| event.event_type == event_type);
    let ends = ["Exited", "Reopened"];
    let ended = stream.events.iter().filter(|event| ends.contains(&event.event_type.as_str()));
    let last = ended.max_by_key(|event| event.position);
    let is_duplicate = continues_as(stream).is_some();
    [
        ("counted", has("Registered") && !is_duplicate),
        ("duplicate", is_duplicate),
        ("erased", has("PersonalDataErased")),
        ("withdrawn", last.is_some_and(|event| event.event_type == "Exited")),
    ]
}
