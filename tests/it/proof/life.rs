//! Random histories through the real commands: what a programme goes through in some years, in any
//! order. Commands that a rule forbids are refused, and nothing comes of them.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use sira::commands::{Answer, Call, CommandError, Commands};
use sira_domain::cohort::{Cohort, SessionState};
use sira_domain::fund::Fund;
use sira_domain::path::{FinancingState, Stage, State, Status};
use sira_domain::programme::Programme;
use sira_domain::role::Role;
use uuid::Uuid;

use super::steps;
use crate::support::dice::Dice;

/// People of one history, and how many of them are one person twice.
const PEOPLE: usize = 14;

/// One path.
pub struct Person {
    pub id: Uuid,
    pub home: usize,
    /// The day that their story has come to.
    pub day: NaiveDate,
}

/// A programme with what belongs to it.
pub struct Home {
    pub programme: Uuid,
    pub cohorts: Vec<Uuid>,
    pub funds: Vec<Uuid>,
    /// A fund with lines, which pays costs of its own; nobody asks it for money.
    pub costs: Uuid,
}

/// A history under way.
pub struct Life {
    pub commands: Commands,
    pub dice: Dice,
    pub homes: Vec<Home>,
    pub people: Vec<Person>,
    /// Counts up, for words that must differ.
    pub number: u64,
}

/// A command: by whom, its word, its body.
pub type Step = (Role, &'static str, Value);

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn call(actor: &str, role: Role) -> Call {
    Call::local(actor.parse().unwrap(), role, "proof".to_owned())
}

impl Life {
    /// Two programmes of different rules, with offices, cohorts, funds and people.
    pub async fn begin(commands: Commands, seed: u64) -> Self {
        let dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let (homes, people) = (Vec::new(), Vec::new());
        let mut life = Self { commands, dice, homes, people, number: 0 };
        for home in 0..2 {
            life.begin_home(home).await;
        }
        for _ in 0..PEOPLE {
            life.register().await;
        }
        life
    }

    async fn begin_home(&mut self, home: usize) {
        let convention = json!({ "name": "Essai", "signed_on": "2021-07-06", "term_years": 30,
                                 "renewable": true, "parties": [{ "name": "Agence", "role": "agency" }] });
        let signed = self.begin_own::<Programme>(convention).await.unwrap();
        let (cohorts, funds, costs) = (Vec::new(), Vec::new(), Uuid::nil());
        self.homes.push(Home { programme: signed.id, cohorts, funds, costs });
        for region in ["segou", "mopti", "kayes"] {
            let office = json!({ "office": format!("{region}-1"), "name": "Antenne", "region": region,
                                 "occurred_on": "2021-07-06" });
            self.own::<Programme>(signed.id, "open-office", office).await.unwrap();
        }
        let commit =
            |what: &str| json!({ "party": "agency", "what": what, "due_on": "2022-12-31" });
        for (word, body) in [
            ("record-commitment", commit("Former")),
            ("record-commitment", commit("Suivre")),
            ("record-commitment", commit("Financer")),
            ("fulfil-commitment", json!({ "commitment": 1, "evidence": "Rapport" })),
            ("fulfil-commitment", json!({ "commitment": 2 })),
            ("reopen-commitment", json!({ "commitment": 2, "reason": "Par erreur" })),
            ("withdraw-commitment", json!({ "commitment": 3, "reason": "Abandon" })),
        ] {
            self.own::<Programme>(signed.id, word, body).await.unwrap();
        }
        if home == 0 {
            self.set_rules(signed.id, "2022-01-01", json!([1, 3])).await;
            self.set_rules(signed.id, "2023-06-01", json!([2, 6, 12])).await;
        }
        for _ in 0..2 {
            self.begin_cohort(home).await;
            let fund = self.begin_fund(home, json!([])).await;
            self.homes[home].funds.push(fund);
        }
        let lines = json!([
            { "line": "dons", "label": "Dons", "amount": 2_000_000, "instruments": ["grant"] },
            { "line": "frais", "label": "Frais", "amount": 1_000_000, "overheads": true },
        ]);
        self.homes[home].costs = self.begin_fund(home, lines).await;
        let unused = self.begin_fund(home, json!([])).await;
        self.own::<Fund>(unused, "close-fund", json!({})).await.unwrap();
    }

    async fn set_rules(&mut self, programme: Uuid, from: &str, months: Value) {
        let rules = json!({ "effective_from": from, "rules": {
            "modules": ["leadership", "management"], "attendance_percent": 40, "follow_up_months": months } });
        self.own::<Programme>(programme, "set-rules", rules).await.unwrap();
    }

    async fn begin_cohort(&mut self, home: usize) {
        let code = format!("g{}", self.next());
        let plan = json!({ "occurred_on": "2022-01-15", "programme": self.homes[home].programme,
            "code": code, "office": "segou-1", "centre": "Centre", "capacity": 6,
            "modules": ["leadership"], "trainer": "trainer",
            "period": { "from": "2022-01-20", "to": "2026-06-30" } });
        let begun = self.begin_own::<Cohort>(plan).await.unwrap();
        self.homes[home].cohorts.push(begun.id);
    }

    async fn begin_fund(&mut self, home: usize, lines: Value) -> Uuid {
        let code = format!("f{}", self.next());
        let mut envelope = json!({ "occurred_on": "2022-01-01", "programme": self.homes[home].programme,
            "code": code, "donor": "Bailleur", "budget": 3_000_000,
            "period": { "from": "2022-01-01", "to": "2026-12-31" } });
        if lines.as_array().is_some_and(|lines| !lines.is_empty()) {
            envelope["lines"] = lines;
        }
        self.begin_own::<Fund>(envelope).await.unwrap().id
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// Registers somebody.
    pub async fn register(&mut self) {
        let home = usize::try_from(self.dice.roll(2)).unwrap();
        let on = day("2022-01-05") + Days::new(self.dice.roll(400));
        let body = steps::registration(&mut self.dice, self.homes[home].programme, on);
        let done = self.commands.register(None, body, call("adviser", Role::Adviser)).await;
        if let Ok(answer) = checked(done) {
            self.people.push(Person { id: answer.id, home, day: on });
        }
    }

    /// One command more, to somebody or something.
    pub async fn go_on(&mut self) {
        match self.dice.roll(84) {
            0 if self.dice.roll(4) == 0 => self.register().await,
            1 | 2 | 14 | 15 => self.command_programme().await,
            3..8 => self.command_cohort().await,
            8 => self.command_fund().await,
            9..11 => self.link().await,
            11..14 => self.command_costs().await,
            _ => self.command_person().await,
        }
    }

    async fn command_person(&mut self) {
        let index = usize::try_from(self.dice.roll(self.people.len() as u64)).unwrap();
        let id = self.people[index].id;
        let path = self.commands.current_beneficiary(id).await.unwrap().unwrap();
        let state = path.state.state();
        let (role, word, mut body) = steps::pick(self, index, state, path.state.version());
        // Mostly of a payment, and else of whatever came last.
        let payments: &[&str] = match word {
            "reverse-disbursement" => &["DisbursementRecorded", "GuaranteeCalled"],
            "reverse-repayment" => &["RepaymentRecorded", "RecoveryRecorded"],
            _ => &[],
        };
        let is_payment = |kind: &str| payments.contains(&kind);
        let last = path.state.past().iter().rposition(|event| is_payment(event.fact.event_type()));
        if let Some(last) = last.filter(|_| self.dice.roll(4) > 0) {
            body["sequence"] = json!(last + 1);
        }
        let on = self.day_of(index, word);
        body["occurred_on"] = json!(on);
        let cohort = body["cohort"].as_str().map(|cohort| cohort.parse().unwrap());
        self.command(id, role, word, body).await;
        if let Some(cohort) = cohort {
            self.hold_session(cohort).await;
        }
    }

    /// Mostly the next days; now and then long before, told late.
    fn day_of(&mut self, index: usize, word: &str) -> NaiveDate {
        let person = &mut self.people[index];
        if self.dice.roll(7) == 0 {
            return person.day - Days::new(self.dice.roll(200));
        }
        let days = if word == "record-visit" { 75 } else { 9 };
        let next = person.day + Days::new(self.dice.roll(days));
        person.day = next.min(day("2026-10-01"));
        person.day
    }

    pub async fn command(&mut self, id: Uuid, role: Role, word: &str, body: Value) {
        // Now and then one person holds two roles, and separate duties are refused.
        let actor = match word {
            // Who undoes a payment has not recorded it, but for now and then.
            "reverse-disbursement" | "reverse-repayment" if self.dice.roll(8) > 0 => "comptable",
            _ if self.dice.roll(12) == 0 => "adviser",
            _ => role.word(),
        };
        let body = body.as_object().unwrap().clone();
        let done = self.commands.command_beneficiary(id, word, body, call(actor, role)).await;
        let _ = checked(done);
    }

    async fn begin_own<S: sira::commands::Aggregate>(
        &mut self,
        body: Value,
    ) -> Result<Answer, CommandError> {
        let body = body.as_object().unwrap().clone();
        let done = self.commands.begin::<S>(body, call("director", Role::Director)).await;
        checked(done)
    }

    async fn own<S: sira::commands::Aggregate>(
        &mut self,
        id: Uuid,
        word: &str,
        body: Value,
    ) -> Result<Answer, CommandError> {
        let body = body.as_object().unwrap().clone();
        let done =
            self.commands.command::<S>(id, word, body, call("director", Role::Director)).await;
        checked(done)
    }

    /// Three people at most who may be entered into a lottery.
    async fn entries(&self, programme: Uuid) -> Vec<Uuid> {
        let mut entries = Vec::new();
        for person in &self.people {
            let path = self.commands.current_beneficiary(person.id).await.unwrap().unwrap();
            let state = path.state.state();
            let is_here =
                state.registration.as_ref().is_some_and(|one| one.programme.0 == programme);
            let is_eligible =
                state.eligibility.as_ref().is_some_and(|last| last.assessment.eligible);
            let is_open = (state.stage, state.status) == (Stage::Recruitment, Status::Active);
            if is_here && is_eligible && is_open && entries.len() < 3 {
                entries.push(person.id);
            }
        }
        entries
    }

    async fn command_programme(&mut self) {
        let home = usize::try_from(self.dice.roll(2)).unwrap();
        let entries = self.entries(self.homes[home].programme).await;
        let (word, body) = match self.dice.roll(17) {
            11 | 12 => (
                "amend-office",
                json!({ "office": "mopti-1", "name": format!("Antenne {}", self.dice.roll(3)), "reason": "Nom" }),
            ),
            13 | 14 => {
                let known = self
                    .commands
                    .current::<Programme>(self.homes[home].programme)
                    .await
                    .unwrap()
                    .unwrap();
                // Not the offices that everything else happens at.
                let sequence = 5 + self.dice.roll(known.state.version.get() - 4);
                ("retract", json!({ "sequence": sequence, "reason": "Par erreur" }))
            }
            15 => return self.rank(home).await,
            6 => {
                let actor = *self.dice.pick(&["awa", "oumou", "adviser", "director"]);
                let from = day("2022-01-01") + Days::new(self.dice.roll(900));
                let mut post = json!({ "actor": actor, "role": "adviser", "from": from });
                if self.dice.roll(2) == 0 {
                    post["sealed_name"] = json!("Madame la Conseillère");
                }
                ("add-staff", post)
            }
            16 => {
                let actor = *self.dice.pick(&["awa", "oumou", "adviser", "director"]);
                ("erase-staff-name", json!({ "actor": actor }))
            }
            7 => {
                let to = day("2026-01-01") + Days::new(self.dice.roll(100));
                ("end-staff", json!({ "actor": "awa", "role": "adviser", "to": to }))
            }
            8 => (
                "open-call",
                json!({ "from": "2022-01-01", "to": "2026-12-31", "regions": ["segou"], "keep_days": 30 }),
            ),
            9 => ("close-call", json!({})),
            10 => {
                let on = day("2026-01-01") + Days::new(self.dice.roll(100));
                ("review-convention", json!({ "on": on, "findings": "Vu" }))
            }
            0 => ("renew-convention", json!({ "term_years": 1 })),
            1 | 5 => (
                "record-lottery",
                json!({ "session": format!("l{}", self.next()), "entries": entries,
                                            "seed": "dés", "places": 2 }),
            ),
            2 => ("close-office", json!({ "office": "kayes-1", "occurred_on": "2026-01-01" })),
            3 => (
                "open-office",
                json!({ "office": "kayes-1", "name": "Antenne", "region": "kayes",
                                         "occurred_on": "2026-01-02" }),
            ),
            _ => {
                let target = json!({ "indicator": *self.dice.pick(&["registered", "financed"]),
                    "period": { "from": "2022-01-01", "to": "2022-12-31" },
                    "sex": *self.dice.pick(&[None, Some("female")]),
                    "region": *self.dice.pick(&[None, Some("segou")]), "value": self.dice.roll(3) });
                ("set-target", target)
            }
        };
        let _ = self.own::<Programme>(self.homes[home].programme, word, body).await;
    }

    /// Those who have been interviewed, ranked for a session that few places are in.
    async fn rank(&mut self, home: usize) {
        let mut entries = Vec::new();
        for person in &self.people {
            let path = self.commands.current_beneficiary(person.id).await.unwrap().unwrap();
            let state = path.state.state();
            let is_open = (state.stage, state.status) == (Stage::Recruitment, Status::Active);
            if person.home == home && is_open && state.interview.is_some() {
                entries.push(person.id);
            }
        }
        let list =
            json!({ "session": format!("r{}", self.next()), "seats": 1, "entries": entries });
        let list = list.as_object().unwrap().clone();
        let by = call("committee", Role::Committee);
        let id = self.homes[home].programme;
        let _ = checked(self.commands.command::<Programme>(id, "rank-candidates", list, by).await);
    }

    async fn command_cohort(&mut self) {
        let home = usize::try_from(self.dice.roll(2)).unwrap();
        let id = *self.dice.pick(&self.homes[home].cohorts);
        let cohort = self.commands.current::<Cohort>(id).await.unwrap().unwrap();
        match self.dice.roll(20) {
            12..20 => self.put_right(id, &cohort.state).await,
            0 => {
                let _ = self
                    .own::<Cohort>(id, "close-cohort", json!({ "occurred_on": "2026-07-01" }))
                    .await;
                self.begin_cohort(home).await;
            }
            1..5 => self.hold_session(id).await,
            _ => self.record_register(id, &cohort.state).await,
        }
    }

    /// What was told of a group in error: a line of a register, a day, a session, the plan, any event.
    async fn put_right(&mut self, id: Uuid, cohort: &Cohort) {
        let sessions: Vec<_> = cohort.sessions.values().collect();
        let held: Vec<_> = cohort.sessions.values().filter(|one| one.register.is_some()).collect();
        let reason = "Par erreur";
        let (word, body) = match self.dice.roll(8) {
            4.. if !held.is_empty() => {
                let session = *self.dice.pick(&held);
                return self.correct_register(id, cohort, session).await;
            }
            0 => (
                "amend-cohort",
                json!({ "capacity": 5 + self.dice.roll(4), "centre": format!("Centre {}", self.dice.roll(3)), "reason": reason }),
            ),
            1 => (
                "retract",
                json!({ "sequence": 1 + self.dice.roll(cohort.version.get()), "reason": reason }),
            ),
            chance if !sessions.is_empty() => {
                let session = *self.dice.pick(&sessions);
                let name = &session.plan.session;
                let on = session.plan.on + Days::new(1);
                match chance {
                    2 => ("move-session", json!({ "session": name, "on": on, "reason": reason })),
                    _ => ("cancel-session", json!({ "session": name, "reason": reason })),
                }
            }
            _ => return,
        };
        let _ = self.own::<Cohort>(id, word, body).await;
    }

    async fn correct_register(&mut self, id: Uuid, cohort: &Cohort, session: &SessionState) {
        let members: Vec<_> = cohort.members_on(session.plan.on).collect();
        if members.is_empty() {
            return;
        }
        let who = *self.dice.pick(&members);
        let mut line = json!({ "beneficiary": who, "present": self.dice.roll(2) > 0 });
        if line["present"] == true && self.dice.roll(2) > 0 {
            line["minutes_present"] = json!(30 + self.dice.roll(90));
        }
        let sheet =
            json!({ "session": session.plan.session, "lines": [line], "reason": "Par erreur" });
        let sheet = sheet.as_object().unwrap().clone();
        let call = call("trainer", Role::Trainer);
        let _ = checked(self.commands.record_register(id, "correct-register", sheet, call).await);
    }

    /// A session some days after the last has joined, with its register.
    async fn hold_session(&mut self, id: Uuid) {
        let cohort = self.commands.current::<Cohort>(id).await.unwrap().unwrap();
        let joined = cohort.state.members.values().max().copied();
        let on = joined.unwrap_or(day("2022-02-01")) + Days::new(self.dice.roll(20));
        let session = format!("s{}", self.next());
        let plan = json!({ "session": session, "on": on, "hours": 6, "minutes": 30 });
        let _ = self.own::<Cohort>(id, "schedule-session", plan).await;
        let cohort = self.commands.current::<Cohort>(id).await.unwrap().unwrap();
        self.record_register(id, &cohort.state).await;
    }

    /// The sheet of a session: everybody of the group who is in training.
    async fn record_register(&mut self, id: Uuid, cohort: &Cohort) {
        let open = cohort.sessions.values().filter(|session| session.register.is_none());
        // The one to be held last: whoever joined has joined by then.
        let Some(session) = open.max_by_key(|session| session.plan.on) else { return };
        let mut lines = Vec::new();
        for who in cohort.members_on(session.plan.on) {
            let path = self.commands.current_beneficiary(who.0).await.unwrap().unwrap();
            let state = path.state.state();
            let was_active = state.status_on(session.plan.on) == Status::Active;
            if state.stage == Stage::Training && was_active && state.continues_as.is_none() {
                lines.push(json!({ "beneficiary": who, "present": self.dice.roll(5) > 0 }));
            }
        }
        let sheet = json!({ "session": session.plan.session, "occurred_on": session.plan.on,
                            "lines": lines });
        let sheet = sheet.as_object().unwrap().clone();
        let call = call("trainer", Role::Trainer);
        let _ = checked(self.commands.record_register(id, "record-register", sheet, call).await);
    }

    async fn command_fund(&mut self) {
        let home = usize::try_from(self.dice.roll(2)).unwrap();
        let id = *self.dice.pick(&self.homes[home].funds);
        if self.dice.roll(4) > 0 {
            let budget = json!({ "budget": 2_500_000 + 500_000 * self.dice.roll(4),
                                 "amendment": format!("A{}", self.next()) });
            let _ = self.own::<Fund>(id, "adjust-budget", budget).await;
        } else if self.own::<Fund>(id, "close-fund", json!({})).await.is_ok() {
            let fund = self.begin_fund(home, json!([])).await;
            self.homes[home].funds.push(fund);
        }
    }

    /// Costs of a fund itself, what undoes them, and the lines of statements that they were found on; and what
    /// is amended or taken back in that fund.
    async fn command_costs(&mut self) {
        let home = usize::try_from(self.dice.roll(2)).unwrap();
        let id = self.homes[home].costs;
        let reference = format!("F-{home}-{}", self.dice.roll(9));
        let on = day("2022-03-01") + Days::new(self.dice.roll(30));
        let statement = format!("{:064x}", self.dice.roll(3));
        let line = 2 + self.dice.roll(3);
        let (role, actor, word, body) = match self.dice.roll(10) {
            0..3 => (
                Role::Finance,
                "finance",
                "record-overhead",
                json!({ "occurred_on": on, "line": "frais",
                "amount": 5_000 + 1_000 * self.dice.roll(4), "payment_reference": reference, "what": "Loyer" }),
            ),
            3 => (
                Role::Finance,
                "comptable",
                "reverse-overhead",
                json!({ "occurred_on": "2022-04-10",
                "undone_reference": reference, "ground": "bounced", "payment_reference": format!("R{reference}") }),
            ),
            4..6 => (
                Role::Finance,
                "finance",
                "confirm-reconciliation",
                json!({ "statement": statement,
                "lines": [{ "line": line, "payment_reference": reference }] }),
            ),
            6 => (
                Role::Finance,
                "finance",
                "withdraw-reconciliation",
                json!({ "statement": statement,
                "lines": [line], "ground": "recorded_in_error" }),
            ),
            7 => (
                Role::Director,
                "director",
                "amend-fund",
                json!({ "donor": format!("Bailleur {}", self.dice.roll(3)), "reason": "Nom complet" }),
            ),
            8 => (
                Role::Director,
                "director",
                "adjust-budget",
                json!({ "budget": 3_000_000 + 1_000 * self.dice.roll(9),
                "amendment": format!("A{}", self.next()) }),
            ),
            _ => (
                Role::Director,
                "director",
                "retract",
                json!({ "sequence": 1 + self.dice.roll(30), "reason": "Par erreur" }),
            ),
        };
        let body = body.as_object().unwrap().clone();
        let done = self.commands.command::<Fund>(id, word, body, call(actor, role)).await;
        let _ = checked(done);
    }

    async fn link(&mut self) {
        let frozen = self.dice.pick(&self.people).id;
        let continues = self.dice.pick(&self.people).id;
        let on = json!("2024-01-01");
        let judged = json!({ "other": continues, "reason": "Deux personnes", "occurred_on": on });
        let (word, body) = match self.dice.roll(6) {
            0 | 1 => ("unlink-duplicate", json!({ "reason": "Deux personnes", "occurred_on": on })),
            2 => ("dismiss-duplicate", judged),
            3 => {
                let path = self.commands.current_beneficiary(frozen).await.unwrap().unwrap();
                let told_apart = path.state.state().dismissed.first().map(|other| other.0);
                let other = told_apart.unwrap_or(continues);
                (
                    "reconsider-duplicate",
                    json!({ "other": other, "reason": "Si", "occurred_on": on }),
                )
            }
            _ => ("link-duplicate", json!({ "continues": continues, "occurred_on": on })),
        };
        self.command(frozen, Role::Director, word, body).await;
    }
}

/// What a rule refuses is no matter; a form that is wrong or a database that fails is.
fn checked(done: Result<Answer, CommandError>) -> Result<Answer, CommandError> {
    use CommandError::{Form, Journal, Keys, NoSuchCommand};
    match &done {
        Err(error @ (Journal(_) | Keys(_) | NoSuchCommand | Form(_))) => panic!("{error:?}"),
        _ => done,
    }
}

/// The financing that is spoken of next.
pub fn last_financing(state: &State) -> Option<&FinancingState> {
    state.financings.last()
}

/// Whether a path goes on.
pub fn goes_on(state: &State) -> bool {
    matches!(state.status, Status::Active | Status::Closed) && state.stage != Stage::Completed
}
