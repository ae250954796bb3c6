//! What may come next in a path: bodies that are mostly right for where it stands.

use chrono::{Days, NaiveDate};
use serde_json::{Map, Value, json};
use sira_domain::path::{FinancingState, Stage, State, Status};
use sira_domain::role::Role;
use sira_domain::values::Xof;
use sira_numbers::Version;
use uuid::Uuid;

use super::life::{Life, Step, goes_on, last_financing};
use crate::support::dice::Dice;

/// A registration of somebody invented.
pub fn registration(dice: &mut Dice, programme: Uuid, on: NaiveDate) -> Map<String, Value> {
    let region = *dice.pick(&["segou", "mopti"]);
    let mut body = json!({
        "occurred_on": on, "programme": programme, "office": format!("{region}-1"), "region": region,
        "intake": *dice.pick(&["open_call", "facilitator"]), "channel": "office",
        "sex": *dice.pick(&["female", "male"]), "birth_year": 1984 + dice.roll(24),
        "education": *dice.pick(&["0", "3"]),
        "consent": { "scope": "programme", "text_version": "v1", "method": "written" },
        "identity": { "name": format!("Personne {}", dice.roll(1_000)) },
    });
    if dice.roll(2) == 0 {
        body["displaced"] = json!(dice.roll(2) == 0);
        let walking = 1 + dice.roll(4);
        body["disability"] = json!({ "seeing": 1, "hearing": 1, "walking": walking, "remembering": 2,
                                     "self_care": 1, "communicating": 1 });
    }
    body.as_object().unwrap().clone()
}

/// A next step of somebody: of their stage, or one that is possible at any time.
pub fn pick(life: &mut Life, index: usize, state: &State, version: Version) -> Step {
    let may_return = !goes_on(state) || state.status == Status::Closed;
    if may_return && life.dice.roll(3) == 0 {
        let reason = json!({ "reason": "Revient" });
        let back = if state.status == Status::Suspended {
            ("resume", json!({}))
        } else {
            ("reopen", reason)
        };
        return (Role::Adviser, back.0, back.1);
    }
    // Few loans are paid back with more than is owed: what is too much goes back mostly at once.
    let credit = last_financing(state).filter(|last| last.credit() > Xof::ZERO);
    if let Some(last) = credit.filter(|_| life.dice.roll(3) != 0) {
        let body = json!({ "financing": last.financing(), "amount": last.credit(), "method": "bank_transfer",
                           "payment_reference": format!("M{}", life.next()) });
        return (Role::Finance, "record-refund", body);
    }
    if !state.financings.is_empty() && life.dice.roll(7) == 0 {
        return mended(life, state, version);
    }
    if life.dice.roll(4) == 0 || !goes_on(state) {
        return any_time(life, state, version);
    }
    match state.stage {
        Stage::Idea => idea(life),
        Stage::Recruitment => recruitment(life),
        Stage::Training if state.enrolment.is_none() && life.dice.roll(4) == 0 => {
            let cohort = *life.dice.pick(&life.homes[life.people[index].home].cohorts);
            (Role::Adviser, "enrol-in-training", json!({ "cohort": cohort }))
        }
        Stage::Training if state.enrolment.is_some() && life.dice.roll(7) == 0 => {
            (Role::Adviser, "withdraw-from-training", json!({}))
        }
        Stage::Training => training(life, index),
        Stage::Financing if life.dice.roll(5) == 0 => start(life),
        Stage::Financing => money(life, index, state),
        Stage::FollowUp | Stage::Completed if owes(state) && life.dice.roll(2) == 0 => {
            money(life, index, state)
        }
        Stage::FollowUp | Stage::Completed if life.dice.roll(3) == 0 => money(life, index, state),
        Stage::FollowUp | Stage::Completed => follow_up(life),
    }
}

fn owes(state: &State) -> bool {
    state.financings.iter().any(|financing| financing.owed_in_all() > Xof::ZERO)
}

fn idea(life: &mut Life) -> Step {
    if life.dice.roll(5) == 0 {
        return recognise();
    }
    (Role::Adviser, "submit-idea", idea_body(life))
}

fn idea_body(life: &mut Life) -> Value {
    json!({ "title": "Karité", "sector": *life.dice.pick(&["A", "C", "G"]), "start_up_cost": 100_000,
            "jobs_expected": 2 })
}

fn recognise() -> Step {
    let body = json!({ "proof": "Attestation", "reason": "Ailleurs", "modules": ["leadership"] });
    (Role::Director, "recognise-training", body)
}

fn recruitment(life: &mut Life) -> Step {
    match life.dice.roll(10) {
        0 => (Role::Adviser, "revise-idea", idea_body(life)),
        1..3 => {
            let over = life.dice.roll(3) == 0;
            let body = if over { json!({ "override_reason": "Cas social" }) } else { json!({}) };
            (if over { Role::Director } else { Role::Adviser }, "assess-eligibility", body)
        }
        3..5 => {
            let score = 8 + life.dice.roll(12);
            let scores = json!([{ "criterion": "motivation", "score": score, "out_of": 20 }]);
            (Role::Adviser, "record-interview", json!({ "scores": scores }))
        }
        _ => {
            let decision = *life.dice.pick(&["selected", "selected", "waitlisted", "not_selected"]);
            let session = format!("2022-{}", life.dice.roll(3));
            let body = json!({ "decision": decision, "method": "committee", "session": session });
            (Role::Committee, "decide-selection", body)
        }
    }
}

fn training(life: &mut Life, index: usize) -> Step {
    let cohort = *life.dice.pick(&life.homes[life.people[index].home].cohorts);
    match life.dice.roll(14) {
        0 | 1 => (Role::Adviser, "enrol-in-training", json!({ "cohort": cohort })),
        3 => (Role::Adviser, "withdraw-from-training", json!({})),
        4..7 => {
            let body = json!({ "session": format!("own{}", life.next()), "hours": 3, "minutes": 20,
                               "present": life.dice.roll(4) > 0 });
            (Role::Trainer, "record-attendance", body)
        }
        7..11 => {
            let modules = ["leadership", "management", "processing", "social_entrepreneurship"];
            let body =
                json!({ "module": *life.dice.pick(&modules), "score": 30 + life.dice.roll(70) });
            (Role::Trainer, "record-assessment", body)
        }
        2 | 11 => recognise(),
        _ => (Role::Trainer, "complete-training", json!({})),
    }
}

fn schedule(life: &mut Life, on: NaiveDate, principal: u64) -> Value {
    let parts = 1 + life.dice.roll(4).min(principal.saturating_sub(1));
    let mut lines = Vec::new();
    let mut due = on;
    if life.dice.roll(2) == 0 {
        due = due + Days::new(20);
        lines.push(json!({ "due_on": due, "principal": 0, "interest": 900 }));
    }
    for part in 0..parts {
        due = due + Days::new(20 + life.dice.roll(20));
        let share = principal / parts;
        let share = if part + 1 == parts { principal - share * part } else { share };
        lines.push(
            json!({ "due_on": due, "principal": share, "interest": life.dice.roll(2) * 700 }),
        );
    }
    json!(lines)
}

fn money(life: &mut Life, index: usize, state: &State) -> Step {
    let on = life.people[index].day;
    let validated = state
        .plan
        .as_ref()
        .and_then(|plan| plan.conclusion)
        .is_some_and(|end| end == sira_domain::path::facts::PlanConclusion::Validated);
    if !validated && life.dice.roll(4) > 0 {
        return plan(life, state);
    }
    match last_financing(state) {
        Some(financing) if financing.refusal().is_none() && life.dice.roll(9) > 0 => {
            one_financing(life, on, financing)
        }
        _ if life.dice.roll(5) == 0 => {
            (Role::Director, "waive-financing", json!({ "reason": "Avec ses outils" }))
        }
        _ => {
            let fund = *life.dice.pick(&life.homes[life.people[index].home].funds);
            let instrument = *life.dice.pick(&[
                "loan",
                "loan",
                "loan",
                "loan",
                "grant",
                "kit",
                "guarantee",
                "guarantee",
            ]);
            let amount = 60_000 + 10_000 * life.dice.roll(15);
            let body = json!({ "instrument": instrument, "amount": amount, "own_contribution": 5_000, "fund": fund });
            (Role::Adviser, "request-financing", body)
        }
    }
}

fn plan(life: &mut Life, state: &State) -> Step {
    if state.plan.as_ref().is_some_and(|plan| plan.conclusion.is_none()) {
        let conclusion = *life.dice.pick(&["validated", "validated", "to_revise"]);
        return (Role::Committee, "validate-business-plan", json!({ "conclusion": conclusion }));
    }
    let body = json!({ "title": "Plan", "amount_needed": 100_000, "own_contribution": 10_000 });
    (Role::Adviser, "submit-business-plan", body)
}

/// What goes wrong with money, or comes back.
fn mended(life: &mut Life, state: &State, version: Version) -> Step {
    let last = last_financing(state);
    let number = last.map_or(1, FinancingState::financing);
    let given_up = last.map_or(Xof::ZERO, FinancingState::lost).francs();
    let refundable = last.map_or(Xof::ZERO, FinancingState::refundable).francs();
    let guaranteed = last.is_some_and(|last| last.is_guarantee() && last.agreement_on().is_some());
    let of = |life: &mut Life, amount: u64| {
        json!({ "financing": number, "amount": amount, "method": "bank_transfer",
                "payment_reference": format!("M{}", life.next()) })
    };
    match life.dice.roll(4) {
        0 if given_up > 0 => {
            return (Role::Finance, "record-recovery", of(life, given_up.div_ceil(2)));
        }
        0 if guaranteed => return (Role::Finance, "call-guarantee", of(life, 10_000)),
        0 if refundable > 0 => {
            return (Role::Finance, "record-refund", of(life, refundable.div_ceil(3)));
        }
        1 if guaranteed => {
            return (Role::Finance, "release-guarantee", json!({ "financing": number }));
        }
        way @ 2.. => {
            let is_repaid = last.is_some_and(|last| !last.repaid().is_empty());
            let word =
                if is_repaid && way == 2 { "reverse-repayment" } else { "reverse-disbursement" };
            let sequence = version.minus(life.dice.roll(2).min(version.before().get()));
            return (Role::Finance, word, json!({ "sequence": sequence, "ground": "bounced" }));
        }
        _ => {}
    }
    let moved = |life: &mut Life, most: u64| {
        json!({ "financing": number, "amount": 1_000 * (1 + life.dice.roll(most)),
                "method": "bank_transfer", "payment_reference": format!("M{}", life.next()) })
    };
    match life.dice.roll(9) {
        0 => (Role::Finance, "record-recovery", moved(life, 30)),
        1 => (Role::Finance, "record-refund", moved(life, 3)),
        2 => (Role::Finance, "call-guarantee", moved(life, 60)),
        3 => (Role::Finance, "release-guarantee", json!({ "financing": number })),
        4 => {
            let body = json!({ "financing": number, "ground": "renounced" });
            (Role::Committee, "cancel-financing", body)
        }
        way => {
            let sequence = version.minus(life.dice.roll(3).min(version.before().get()));
            let body = json!({ "sequence": sequence, "ground": "bounced" });
            let word = if way < 7 { "reverse-disbursement" } else { "reverse-repayment" };
            (Role::Finance, word, body)
        }
    }
}

fn one_financing(life: &mut Life, on: NaiveDate, financing: &FinancingState) -> Step {
    let number = financing.financing();
    if life.dice.roll(9) == 0 {
        let body = json!({ "financing": number, "reason": "other" });
        return (Role::Committee, "refuse-financing", body);
    }
    if financing.approval().is_none()
        || (financing.agreement_on().is_none() && life.dice.roll(3) == 0)
    {
        return approval(life, on, financing);
    }
    if financing.agreement_on().is_none() {
        return (Role::Director, "sign-agreement", json!({ "financing": number }));
    }
    if financing.is_guarantee() {
        return guaranteed(life, financing);
    }
    let unpaid = financing
        .tranches()
        .iter()
        .find(|tranche| financing.paid().iter().all(|paid| paid.tranche != tranche.tranche));
    let pays = financing.paid().is_empty() || life.dice.roll(3) == 0;
    if let Some(tranche) = unpaid.filter(|_| pays) {
        let body = json!({ "financing": number, "tranche": tranche.tranche, "amount": tranche.amount,
            "method": *life.dice.pick(&["mobile_money", "bank_transfer"]),
            "payment_reference": format!("P{}", life.next()) });
        return (Role::Finance, "record-disbursement", body);
    }
    repayment(life, on, financing)
}

/// A guarantee that is signed is called, mostly, or released.
fn guaranteed(life: &mut Life, financing: &FinancingState) -> Step {
    let number = financing.financing();
    if life.dice.roll(3) == 0 {
        return (Role::Finance, "release-guarantee", json!({ "financing": number }));
    }
    let body = json!({ "financing": number, "amount": 10_000, "method": "bank_transfer",
        "payment_reference": format!("G{}", life.next()) });
    (Role::Finance, "call-guarantee", body)
}

fn approval(life: &mut Life, on: NaiveDate, financing: &FinancingState) -> Step {
    let most = financing.requested().francs();
    let amount = most - 10_000 * life.dice.roll(4);
    let first = amount / 2 + 1_000;
    let tranches =
        json!([{ "tranche": 1, "amount": first }, { "tranche": 2, "amount": amount - first }]);
    let mut body =
        json!({ "financing": financing.financing(), "amount": amount, "tranches": tranches });
    if financing.instrument().code() == "loan" {
        body["schedule"] = schedule(life, on, amount);
    }
    (Role::Committee, "approve-financing", body)
}

fn repayment(life: &mut Life, on: NaiveDate, financing: &FinancingState) -> Step {
    let (number, owed) = (financing.financing(), financing.owed());
    if financing.owed_in_all() == Xof::ZERO {
        return follow_up(life);
    }
    match life.dice.roll(12) {
        0 | 11 => {
            let body = json!({ "financing": number, "amount": owed, "reason": "Perdu" });
            (Role::Director, "write-off-loan", body)
        }
        1..5 => {
            let schedule = schedule(life, on, owed.francs());
            let body = json!({ "financing": number, "schedule": schedule, "reason": "Sécheresse" });
            (Role::Finance, "reschedule-loan", body)
        }
        _ => {
            let (mut principal, mut interest) = (owed.francs(), financing.interest_owed().francs());
            if life.dice.roll(2) != 0 {
                principal = principal.min(7_000 * (1 + life.dice.roll(6)));
                interest = interest.min(life.dice.roll(2) * 500);
            }
            let is_last =
                owed.francs() == principal && financing.interest_owed().francs() == interest;
            let credit = if is_last { (1 + life.dice.roll(3)) * 1_000 } else { 0 };
            let body = json!({ "financing": number, "principal": principal,
                "interest": interest, "credit": credit, "method": "mobile_money",
                "payment_reference": format!("R{}", life.next()) });
            (Role::Finance, "record-repayment", body)
        }
    }
}

fn start(life: &mut Life) -> Step {
    let body = json!({ "form": "individual", "sector": *life.dice.pick(&["A", "C", "G"]) });
    (Role::Adviser, "record-business-start", body)
}

fn follow_up(life: &mut Life) -> Step {
    match life.dice.roll(14) {
        0 => (Role::Adviser, "record-business-closure", json!({ "reason": "no_market" })),
        1 => start(life),
        2 => (Role::Adviser, "record-support", json!({ "kind": "coaching" })),
        3 => {
            let over = life.dice.roll(2) == 0;
            let body = if over { json!({ "override_reason": "Parti loin" }) } else { json!({}) };
            (Role::Director, "complete-path", body)
        }
        _ => (Role::Adviser, "record-visit", visit(life)),
    }
}

fn visit(life: &mut Life) -> Value {
    let status = *life.dice.pick(&["trading", "trading", "trading", "paused", "closed"]);
    let mut body = json!({ "business_status": status });
    let milestone = *life.dice.pick(&[0, 0, 1, 2, 3, 6, 12, 24]);
    if milestone > 0 {
        body["milestone"] = json!(milestone);
    }
    if life.dice.roll(4) > 0 {
        body["monthly_revenue"] = json!(10_000 * life.dice.roll(9));
        body["monthly_profit"] = json!(-2_000);
    }
    if life.dice.roll(3) > 0 {
        body["jobs"] = json!({ "women": life.dice.roll(3), "men": life.dice.roll(3), "under_35": 1,
                               "full_time_hundredths": 50 * life.dice.roll(5) });
    }
    body
}

/// What may come at any time.
fn any_time(life: &mut Life, state: &State, version: Version) -> Step {
    let reason = || json!({ "reason": "Motif" });
    if state.handover.is_some() && life.dice.roll(3) == 0 {
        return match life.dice.roll(3) {
            0 => (Role::Adviser, "return-transfer", reason()),
            1 => (Role::Director, "accept-transfer", json!({})),
            _ => (Role::Director, "accept-transfer", json!({ "adviser": "oumou" })),
        };
    }
    match life.dice.roll(30) {
        0 => (
            Role::Director,
            "assign-adviser",
            json!({ "adviser": *life.dice.pick(&["awa", "oumou"]) }),
        ),
        1 | 2 => {
            let region = *life.dice.pick(&["segou", "mopti", "kayes"]);
            (
                Role::Director,
                "transfer",
                json!({ "office": format!("{region}-1"), "region": region }),
            )
        }
        3 => (Role::Adviser, "suspend", json!({ "reason": "season" })),
        4 => (Role::Adviser, "resume", json!({})),
        5 => (Role::Adviser, "exit", json!({ "reason": "moved" })),
        6 => (Role::Adviser, "reopen", reason()),
        7 | 8 if state.grievances.is_empty() => grievance(),
        9 => (Role::Adviser, "add-note", json!({ "text": "Note" })),
        10 | 11 => income(life),
        12 => employment(life),
        13 => {
            let body = json!({ "kind": "mediation", "people_reached": life.dice.roll(30) });
            (Role::Adviser, "record-community-action", body)
        }
        14 => grievance(),
        15 => {
            let open = state.grievances.iter().find(|grievance| grievance.resolved.is_none());
            let number = open.map_or(1, |grievance| grievance.grievance);
            (
                Role::Director,
                "resolve-grievance",
                json!({ "grievance": number, "outcome": "upheld" }),
            )
        }
        16..19 => {
            let sequence = version.minus(life.dice.roll(6).min(version.before().get()));
            (Role::Director, "retract", json!({ "sequence": sequence, "reason": "Erreur" }))
        }
        19 | 20 => {
            let mut body = json!({ "identity": { "name": format!("Autre {}", life.next()) } });
            if life.dice.roll(3) > 0 {
                body["birth_year"] = json!(1980 + life.dice.roll(26));
            }
            (Role::Adviser, "update-identity", body)
        }
        21 => {
            let body = json!({ "scope": "photo", "text_version": "v1", "method": "written" });
            (Role::Adviser, "record-consent", body)
        }
        22 => (Role::Adviser, "withdraw-consent", json!({ "scope": "photo" })),
        23 if life.dice.roll(6) == 0 => {
            (Role::Admin, "erase-personal-data", json!({ "ground": "request" }))
        }
        26 => {
            let body =
                json!({ "partner": "agency", "service": "microfinance", "comment": "Tontine" });
            (Role::Adviser, "refer-to-partner", body)
        }
        27 => {
            let open = state.referrals.iter().find(|referral| referral.settled.is_none());
            let number = open.map_or(1, |referral| referral.referral);
            let body = json!({ "referral": number, "outcome": "served" });
            (Role::Director, "record-referral-outcome", body)
        }
        24 => recognise(),
        25 | 28 => correction(life),
        _ => {
            let body = json!({ "name": "Pièce.pdf", "media_type": "application/pdf", "size_bytes": 10,
                               "sha256": "ab".repeat(32) });
            (Role::Adviser, "attach-document", body)
        }
    }
}

fn correction(life: &mut Life) -> Step {
    let mut body = json!({ "reason": "Motif" });
    let (field, value) = match life.dice.roll(5) {
        0 => ("sex", json!(*life.dice.pick(&["female", "male"]))),
        1 => ("birth_year", json!(1980 + life.dice.roll(26))),
        2 => ("region", json!(*life.dice.pick(&["segou", "mopti", "kayes"]))),
        3 => ("displaced", json!(life.dice.roll(2) == 0)),
        _ => ("education", json!(*life.dice.pick(&["1", "2", "3"]))),
    };
    body[field] = value;
    (Role::Adviser, "correct-registration", body)
}

fn grievance() -> Step {
    let body = json!({ "category": "training", "channel": "phone", "text": "Plainte" });
    (Role::Adviser, "lodge-grievance", body)
}

fn employment(life: &mut Life) -> Step {
    let status = *life.dice.pick(&["employee", "own_account", "family_worker", "unemployed"]);
    let mut body =
        json!({ "survey": *life.dice.pick(&["baseline", "tracer"]), "employment_status": status });
    if status != "unemployed" {
        body["work_since"] = json!(*life.dice.pick(&["better", "same"]));
    }
    (Role::Adviser, "record-employment", body)
}

fn income(life: &mut Life) -> Step {
    let from = NaiveDate::from_ymd_opt(2019, 1, 1).unwrap() + Days::new(life.dice.roll(700));
    let to = from + Days::new(life.dice.roll(500));
    let mut body = json!({ "survey": *life.dice.pick(&["baseline", "follow_up", "tracer"]),
        "from": from, "to": to, "amount": 1_000 * life.dice.roll(200), "source": "business" });
    if life.dice.roll(4) == 0 {
        body["currency"] = json!("USD");
    }
    (Role::Adviser, "record-income", body)
}
