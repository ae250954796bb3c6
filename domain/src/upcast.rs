//! Upcasters: how a stored event of an older version is read as the present one.
//!
//! A stored event is never rewritten. When its form changes, the type gets a new version, the old
//! golden file stays, and an upcaster here turns the old payload into the new one on reading.

use std::sync::LazyLock;

use cqrs_es::persist::{EventUpcaster, SemanticVersionEventUpcaster};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::programme::lottery;

/// Every upcaster, oldest first: they apply one after the other.
pub static UPCASTERS: LazyLock<Vec<Box<dyn EventUpcaster>>> = LazyLock::new(upcasters);

/// The upcasters as the repositories of `cqrs-es` take them.
#[must_use]
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    vec![
        Box::new(SemanticVersionEventUpcaster::new("Registered", "3.0", Box::new(registered_v3))),
        Box::new(SemanticVersionEventUpcaster::new("Transferred", "2.0", Box::new(as_it_is))),
        Box::new(SemanticVersionEventUpcaster::new("LotteryDrawn", "2.0", Box::new(lottery_v2))),
        Box::new(SemanticVersionEventUpcaster::new("RulesSet", "4.0", Box::new(rules_v4))),
        Box::new(SemanticVersionEventUpcaster::new("FundOpened", "3.0", Box::new(fund_v3))),
        Box::new(SemanticVersionEventUpcaster::new("BudgetAdjusted", "2.0", Box::new(as_it_is))),
        Box::new(SemanticVersionEventUpcaster::new("Committed", "2.0", Box::new(as_it_is))),
        Box::new(SemanticVersionEventUpcaster::new(
            "FinancingRequested",
            "2.0",
            Box::new(as_it_is),
        )),
        Box::new(SemanticVersionEventUpcaster::new(
            "EligibilityAssessed",
            "2.0",
            Box::new(as_it_is),
        )),
        Box::new(SemanticVersionEventUpcaster::new(
            "AttendanceRecorded",
            "2.0",
            Box::new(as_it_is),
        )),
        Box::new(SemanticVersionEventUpcaster::new("TrainingCompleted", "2.0", Box::new(as_it_is))),
        Box::new(SemanticVersionEventUpcaster::new("Exited", "2.0", Box::new(as_it_is))),
        Box::new(SemanticVersionEventUpcaster::new("RepaymentRecorded", "2.0", Box::new(as_it_is))),
        Box::new(SemanticVersionEventUpcaster::new("LoanRescheduled", "2.0", Box::new(as_it_is))),
        Box::new(SemanticVersionEventUpcaster::new("LoanWrittenOff", "2.0", Box::new(as_it_is))),
        Box::new(SemanticVersionEventUpcaster::new("Repaid", "2.0", Box::new(as_it_is))),
        Box::new(SemanticVersionEventUpcaster::new("StaffPostAdded", "2.0", Box::new(as_it_is))),
    ]
}

/// `RulesSet` 1.0 came before rules could say how long data are kept, and 2.0 before they could say how
/// often figures are published, and 3.0 before they could limit how far back a fact is recorded, bound the
/// numbers that are told, rank a selection, and set ceilings a person: they said nothing of it, and a rule that is left out keeps
/// data for as long as the programme wants, publishes by the month and limits nothing. So nothing is added;
/// the version tells an older program that it does not know all that newer rules may say.
fn rules_v4(payload: Value) -> Value {
    payload
}

/// Fields that came later and may be left out: the age that an assessment rests on, before which calendar
/// years were counted; the minutes that somebody was there for, before which a session was attended whole or
/// not at all; the training group that a completed training is of, and the seat that an exit gives
/// back; the adviser who takes charge with the registration, and whether a transfer waits to be accepted,
/// before which it was done as soon as it was recorded; a repayment's credit, without which its interest had no
/// ceiling; the budget line and the need that a financing is of, and the lines of a fund, which had none;
/// the code of why a loan was changed, which was told in words alone; the sealed name of a member of the staff. Nothing is added; the
/// version tells an older program that it does not know all that newer events may say.
fn as_it_is(payload: Value) -> Value {
    payload
}

/// `LotteryDrawn` 1.0 left the result to whoever draws again: it follows from the list and the seed.
fn lottery_v2(mut payload: Value) -> Value {
    let drawn = payload.pointer_mut("/fact/LotteryDrawn").and_then(Value::as_object_mut);
    if let Some(body) = drawn {
        let entries = body.get("entries").and_then(Value::as_array);
        let entries: Vec<Uuid> = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| Uuid::try_parse(entry.as_str()?).ok())
            .collect();
        let seed = body.get("seed").and_then(Value::as_str).unwrap_or_default();
        let ranked = lottery::rank(&entries, seed);
        put_if_missing(body, "ranked", json!(ranked));
    }
    payload
}

/// `FundOpened` 1.0 came before a fund could be given to regions: every fund served them all. 2.0 came before
/// it could have budget lines: it had none, and nothing is added.
fn fund_v3(mut payload: Value) -> Value {
    if let Some(body) = payload.pointer_mut("/fact/FundOpened").and_then(Value::as_object_mut) {
        put_if_missing(body, "regions", json!([]));
    }
    payload
}

/// `Registered` 1.0 came before the way of intake was asked: all of those people answered an open
/// call, and had given their consent on paper under the text of the time. 2.0 came before an application
/// could be accepted, and before the idea could be told in the person's own words: nothing is added for it.
fn registered_v3(mut payload: Value) -> Value {
    if let Some(body) = payload.pointer_mut("/fact/Registered").and_then(Value::as_object_mut) {
        put_if_missing(body, "intake", json!("open_call"));
        put_if_missing(body, "channel", json!("office"));
    }
    payload
}

fn put_if_missing(body: &mut Map<String, Value>, field: &str, value: Value) {
    if !body.contains_key(field) {
        body.insert(field.to_owned(), value);
    }
}

/// Says whether a stored event needs an upcaster before it is read.
#[must_use]
pub fn is_outdated(event_type: &str, event_version: &str) -> bool {
    UPCASTERS.iter().any(|upcaster| upcaster.can_upcast(event_type, event_version))
}
