//! The journal alone, event by event: what must hold at every position, whatever the servers said.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;
use sira::journal::RecordedEvent;
use sira_domain::cohort::{self, Cohort, CohortEvent};
use sira_domain::fund::{self, Fund, FundEvent, FundFact};
use sira_domain::path::{Beneficiary, BeneficiaryEvent};
use sira_domain::programme::{Programme, ProgrammeEvent};
use sira_domain::values::{BeneficiaryId, CohortId, FundId, Slug, Xof};
use sira_numbers::Position;
use uuid::Uuid;

use super::callers::Callers;
use crate::crash::server::Place;
use crate::crash::stored;

/// Commands carried out and refused, by their word.
pub struct Tally(BTreeMap<&'static str, (usize, BTreeMap<String, usize>)>);

impl Tally {
    /// A run in which nothing was carried out, or nothing refused, proves nothing: what of it is not there yet.
    pub fn lacks(&self) -> Vec<String> {
        let mut lacks = Vec::new();
        let mut needs = |is_there: bool, what: String| {
            if !is_there {
                lacks.push(what);
            }
        };
        let empty = (0, BTreeMap::new());
        let of = |word| self.0.get(word).unwrap_or(&empty);
        for word in [
            "enrol-in-training",
            "approve-financing",
            "record-disbursement",
            "record-register",
            "retract",
        ] {
            let (done, refused) = of(word);
            needs(*done > 0 && !refused.is_empty(), format!("{word}: {done}, {refused:?}"));
        }
        // These are refused more rarely than a run of some seconds shows.
        for word in
            ["correct-register", "correct-registration", "assign-adviser", "reverse-disbursement"]
        {
            needs(of(word).0 > 0, format!("{word}: none done"));
        }
        let short = of("approve-financing").1.contains_key("amount_above_limit");
        needs(short, "no fund was ever short".to_owned());
        let full = of("enrol-in-training").1.contains_key("above_limit");
        needs(full, "no cohort was ever full".to_owned());
        lacks
    }
}

/// The streams as they stand at one position.
#[derive(Default)]
struct World {
    programme: Arc<Programme>,
    paths: BTreeMap<Uuid, Beneficiary>,
    cohorts: BTreeMap<Uuid, Cohort>,
    funds: BTreeMap<Uuid, Fund>,
    /// Payment references by fund, counted here and not by the fund.
    references: BTreeSet<(Uuid, String)>,
}

/// Audits everything.
pub async fn check(place: &Place, callers: &Callers) -> Tally {
    let (events, _) = stored::read(place).await;
    stored::check_order(&events);
    replay(&events);
    check_answers(&events, callers)
}

fn request_of(event: &RecordedEvent) -> String {
    let metadata: Value = serde_json::from_str(&event.metadata).unwrap();
    metadata["request_id"].as_str().unwrap().to_owned()
}

/// Every event allowed after those before it, and the streams agreeing after each append.
pub fn replay(events: &[RecordedEvent]) {
    let mut world = World::default();
    for (index, event) in events.iter().enumerate() {
        world.take(event);
        let is_last =
            events.get(index + 1).is_none_or(|next| request_of(next) != request_of(event));
        if is_last {
            world.check_that_streams_agree(event.position);
        }
    }
}

fn read<E: DeserializeOwned>(event: &RecordedEvent) -> E {
    serde_json::from_str(&event.payload).unwrap()
}

impl World {
    /// Each event must be allowed after those before it, and leave no stream overspent.
    fn take(&mut self, event: &RecordedEvent) {
        let (id, at) = (event.stream.aggregate_id, event.position);
        let allowed = match event.stream.aggregate_type.as_ref() {
            Programme::TYPE => {
                Arc::make_mut(&mut self.programme).take(&read::<ProgrammeEvent>(event));
                Ok(())
            }
            Beneficiary::TYPE => {
                let path = self.paths.entry(id).or_default();
                let fact: BeneficiaryEvent = read(event);
                let allowed = sira_domain::path::lawful(path.state(), &fact, &self.programme, id);
                path.take(fact);
                allowed
            }
            Cohort::TYPE => {
                let cohort = self.cohorts.entry(id).or_default();
                let fact: CohortEvent = read(event);
                let allowed = cohort::lawful(cohort, &fact, &self.programme);
                cohort.take(&fact);
                let seats = cohort.plan.as_ref().map_or(0, |plan| plan.capacity.get());
                assert!(cohort.members.len() <= seats as usize, "{at}: a seat too many");
                allowed
            }
            // The log's own: who signs it.
            "evidence" => Ok(()),
            _ => self.take_money(id, &read(event), at),
        };
        allowed.unwrap_or_else(|refusal| panic!("{at} {}: {refusal}", event.event_type));
    }

    fn take_money(
        &mut self,
        id: Uuid,
        event: &FundEvent,
        at: Position,
    ) -> Result<(), sira_domain::refusal::Refusal> {
        let fund = self.funds.entry(id).or_default();
        let allowed = fund::lawful(fund, event, &self.programme);
        fund.take(event);
        let bounced = fund.repayments_reversed;
        assert!(fund.committed() <= fund.budget.plus(bounced), "{at}: committed above the budget");
        assert!(fund.disbursed() <= fund.committed(), "{at}: disbursed above the commitments");
        let reference = match &event.fact {
            FundFact::Disbursed(outlay) => Some(&outlay.payment_reference),
            FundFact::Repaid(back) => Some(&back.payment_reference),
            FundFact::Refunded(moved)
            | FundFact::Recovered(moved)
            | FundFact::CreditRefunded(moved)
            | FundFact::Called(moved) => Some(&moved.payment_reference),
            _ => None,
        };
        if let Some(reference) = reference {
            assert!(
                self.references.insert((id, reference.form().to_owned())),
                "{at}: {reference} twice"
            );
        }
        allowed
    }

    /// A register counts the attendance that its members' paths tell, however often it was put right.
    fn check_registers(&self, cohort: &Cohort, at: Position) {
        let Some(plan) = &cohort.plan else { return };
        for (word, session) in &cohort.sessions {
            let Some(register) = &session.register else { continue };
            let name: Slug = format!("{}.{word}", plan.code).parse().unwrap();
            let attended = self.paths.values().filter_map(|path| path.state().sessions.get(&name));
            let (present, absent): (Vec<_>, Vec<_>) = attended.partition(|one| one.present);
            let counted = (register.present as usize, register.absent as usize);
            assert_eq!((present.len(), absent.len()), counted, "{at}: the register of {name}");
        }
    }

    /// Between two appends the funds are the sum of their financings, and the cohorts of their members.
    fn check_that_streams_agree(&self, at: Position) {
        let mut sums: BTreeMap<FundId, (Xof, Xof, Xof)> = BTreeMap::new();
        let mut seats: BTreeMap<CohortId, BTreeSet<BeneficiaryId>> = BTreeMap::new();
        for (id, path) in &self.paths {
            for financing in &path.state().financings {
                let (back, paid) = (financing.came_back(), financing.paid_out());
                let promised =
                    if financing.released_on().is_some() { paid } else { financing.approved() };
                let (committed, disbursed, credit) = sums.entry(financing.fund()).or_default();
                *committed = committed.plus(promised.less(back));
                *disbursed = disbursed.plus(paid.less(back));
                *credit = credit.plus(financing.credit());
            }
            if let Some(seat) = &path.state().enrolment {
                seats.entry(seat.cohort).or_default().insert(BeneficiaryId(*id));
            }
        }
        for (id, fund) in &self.funds {
            let told = sums.remove(&FundId(*id)).unwrap_or_default();
            let sums = (fund.committed(), fund.disbursed(), fund.credit);
            assert_eq!(sums, told, "{at}: fund {id} and its paths");
        }
        for (id, cohort) in &self.cohorts {
            let seated = seats.remove(&CohortId(*id)).unwrap_or_default();
            assert!(cohort.members.keys().eq(&seated), "{at}: cohort {id} and its members");
            self.check_registers(cohort, at);
        }
        for (id, path) in &self.paths {
            if let Some(other) = path.state().continues_as {
                let theirs = &self.paths[&other.0].state().duplicates;
                assert!(theirs.contains(&BeneficiaryId(*id)), "{at}: {id} is linked one way");
            }
        }
    }
}

/// What was carried out is there once and whole; what was refused is nowhere.
fn check_answers(events: &[RecordedEvent], callers: &Callers) -> Tally {
    let mut effects: HashMap<String, Vec<&RecordedEvent>> = HashMap::new();
    for event in events {
        effects.entry(request_of(event)).or_default().push(event);
    }
    let mut tally: BTreeMap<&'static str, (usize, BTreeMap<String, usize>)> = BTreeMap::new();
    for answered in &callers.answered {
        let (sent, answer) = (&answered.sent, &answered.answer);
        let found = effects.remove(&sent.key).unwrap_or_default();
        let (done, refused) = tally.entry(sent.word).or_default();
        if answered.status != 200 {
            assert!(
                found.is_empty(),
                "{sent:?} was refused ({answer}) and has an effect: {found:?}"
            );
            let rule = answer["errors"][0]["rule"].as_str().unwrap_or("contended");
            *refused.entry(rule.to_owned()).or_default() += 1;
            continue;
        }
        *done += usize::from(answer["already_done"] == false);
        assert_eq!(found.is_empty(), answer["already_done"] == true, "{sent:?}: {answer}");
        if let (Some(first), Some(last)) = (found.first(), found.last()) {
            let span = last.position.since(first.position) + 1;
            assert_eq!(span, found.len() as u64, "{sent:?} is not one append");
            assert_eq!(answer["position"], last.position.get(), "{sent:?}: {answer}");
        }
    }
    effects.retain(|key, _| key.starts_with("model-"));
    assert!(effects.is_empty(), "effects of requests that were never answered: {effects:?}");
    Tally(tally)
}
