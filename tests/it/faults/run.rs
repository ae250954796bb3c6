//! Fault after fault, and what is looked at after each.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::kinds::{Case, Fact, KINDS, Kind};
use super::world::{Answer, RECOVERS_IN, World};
use super::{Given, Mode};
use crate::support::dice::Dice;

/// Faults of a sample, on one engine: four of a kind.
const SAMPLE: usize = 4 * KINDS.len();
/// An answer that took longer is told.
const SLOW: Duration = Duration::from_secs(2);
/// Faults between two kills of the server.
const BETWEEN_KILLS: usize = 26;
/// How long a fault that is due behind the answer (in what follows an event) is waited for.
const FOLLOWS_IN: Duration = Duration::from_secs(2);
/// How long an answer may take while a fault strikes: callers give up at some time.
const ANSWERED_IN: Duration = Duration::from_secs(20);

/// What a kind comes to when nothing fails.
#[derive(Clone, Copy, Debug, Default)]
struct Learned {
    /// Calls or statements until it was answered.
    answered: u64,
    /// Until all that follows was done too.
    settled: u64,
    /// Events that it records.
    events: i64,
}

/// What became of the faults of a kind.
#[derive(Clone, Debug, Default)]
struct Tally {
    given: u64,
    done: u64,
    refused: u64,
    in_doubt: u64,
    slowest: Duration,
}

/// A world, and what it has said.
pub struct Run {
    world: World,
    modes: &'static [Mode],
    dice: Dice,
    learned: Vec<Learned>,
    tallies: Vec<Tally>,
    facts: Vec<(String, Fact)>,
    wrong: Vec<String>,
}

impl Run {
    /// Learns what each kind comes to.
    pub async fn on(world: World, modes: &'static [Mode]) -> Self {
        let seed = std::env::var("SIRA_FAULTS_SEED").map_or_else(
            |_| u64::from(uuid::Uuid::new_v4().as_fields().0) | 1,
            |seed| seed.parse().unwrap(),
        );
        eprintln!("SIRA_FAULTS_SEED={seed}");
        let (learned, tallies) = (Vec::new(), vec![Tally::default(); KINDS.len()]);
        let (facts, wrong) = (Vec::new(), Vec::new());
        let mut run = Self { world, modes, dice: Dice(seed), learned, tallies, facts, wrong };
        for kind in KINDS {
            let learned = run.learn(*kind).await;
            run.learned.push(learned);
        }
        assert!(run.wrong.is_empty(), "with no fault at all: {}", run.wrong.join("\n"));
        run
    }

    async fn learn(&mut self, kind: Kind) -> Learned {
        let case = (kind.prepare)(&self.world).await;
        self.world.settled().await.unwrap();
        self.world.arm(Mode::Count, 0);
        let answer = case.ask.send(&self.world).await;
        if !answer.is_done() {
            self.is_wrong(format!("{}: {answer:?}", kind.name));
            return Learned::default();
        }
        let answered = self.world.counted().counted;
        self.world.settled().await.unwrap();
        let settled = self.world.disarm().counted;
        let events = self.world.events_of(&case.ask.key).await;
        for fact in (case.facts)(&answer) {
            if let Err(found) = fact.check(&self.world).await {
                self.is_wrong(format!("{}: {found}", kind.name));
            }
        }
        Learned { answered, settled, events }
    }

    /// Gives the faults, and says what came of them.
    pub async fn all(mut self) {
        let plan = self.plan();
        for (number, (kind, mode, place)) in plan.into_iter().enumerate() {
            self.fault(kind, mode, place).await;
            self.world.check_that_it_lives();
            if number % BETWEEN_KILLS == BETWEEN_KILLS - 1 {
                self.kill().await;
            }
        }
        self.kill().await;
        self.wrong.extend(self.world.verified());
        eprintln!("{}", self.table());
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }

    /// Kind, mode and place of each fault.
    fn plan(&mut self) -> Vec<(usize, Mode, u64)> {
        let mut plan = Vec::new();
        let only = std::env::var("SIRA_FAULTS_KIND").ok();
        let kinds: Vec<usize> = (0..KINDS.len())
            .filter(|kind| only.as_deref().is_none_or(|only| KINDS[*kind].name == only))
            .collect();
        if std::env::var("SIRA_FAULTS").is_ok_and(|asked| asked == "all") {
            for kind in kinds {
                for place in 1..=self.learned[kind].settled {
                    plan.extend(self.modes.iter().map(|mode| (kind, *mode, place)));
                }
            }
            return plan;
        }
        let sample = std::env::var("SIRA_FAULTS_SAMPLE");
        let sample = sample.map_or(SAMPLE, |sample| sample.parse().unwrap());
        for number in 0..sample {
            let kind = kinds[number % kinds.len()];
            let learned = self.learned[kind];
            // Mostly before the answer, which is where something could be said that is not so.
            let last = if self.dice.roll(4) == 0 { learned.settled } else { learned.answered };
            let place = 1 + self.dice.roll(last.max(1));
            plan.push((kind, *self.dice.pick(self.modes), place));
        }
        plan
    }

    /// One fault.
    async fn fault(&mut self, kind: usize, mode: Mode, place: u64) {
        let name = KINDS[kind].name;
        let case = (KINDS[kind].prepare)(&self.world).await;
        self.world.arm(mode, place);
        let asked = Instant::now();
        let answer = case.ask.send(&self.world).await;
        let took = asked.elapsed();
        if mode.lasts() {
            self.read_on(mode).await;
        }
        // Handed out while the fault lasts, if at all: kept, and compared with what is stored.
        self.world.checkpoint().await;
        if place > self.learned[kind].answered && answer.is_done() {
            self.follow().await;
        }
        let given = self.world.disarm();
        let label = format!("{name} {mode:?} {place} ({}): {}", given.at, answer.status);
        self.count(kind, &given, &answer, took);
        if took > SLOW {
            eprintln!("{label} after {took:?}");
        }
        if took > ANSWERED_IN {
            self.is_wrong(format!("{label} after {took:?}"));
        }
        let done = if answer.is_done() {
            Some(answer)
        } else {
            self.again(kind, &case, &answer, &label).await
        };
        let Some(done) = done else { return };
        let events = Fact::Events { key: case.ask.key.clone(), count: self.learned[kind].events };
        for fact in (case.facts)(&done).into_iter().chain([events]) {
            if let Err(found) = fact.check(&self.world).await {
                self.is_wrong(format!("{label}: {found}"));
            }
            self.facts.push((label.clone(), fact));
        }
        if place > self.learned[kind].answered || given.faults == 0 || mode.lasts() {
            self.settle(&label).await;
        }
    }

    /// Told at once: a run by hand may be ended early.
    fn is_wrong(&mut self, what: String) {
        eprintln!("wrong: {what}");
        self.wrong.push(what);
    }

    fn count(&mut self, kind: usize, given: &Given, answer: &Answer, took: Duration) {
        let tally = &mut self.tallies[kind];
        tally.given += given.faults;
        tally.slowest = tally.slowest.max(took);
        match answer.status {
            200..300 => tally.done += 1,
            0 => tally.in_doubt += 1,
            _ if answer.text.contains("in-doubt") => tally.in_doubt += 1,
            _ => tally.refused += 1,
        }
    }

    /// What was refused is there whole or not at all, and is done when it is asked again.
    async fn again(
        &mut self,
        kind: usize,
        case: &Case,
        first: &Answer,
        label: &str,
    ) -> Option<Answer> {
        if ![0, 503].contains(&first.status) {
            self.is_wrong(format!("{label}: not an answer to a fault: {}", first.text));
        }
        let left = self.world.events_of(&case.ask.key).await;
        let may_be_in_part = matches!(KINDS[kind].name, "reassign-paths" | "erase-past-retention");
        if left != 0 && left != self.learned[kind].events && !may_be_in_part {
            self.is_wrong(format!("{label}: {left} of its events are there"));
        }
        let until = Instant::now() + RECOVERS_IN;
        loop {
            let answer = case.ask.send(&self.world).await;
            if answer.is_done() || (answer.status == 404 && case.is_gone_when_done) {
                return Some(answer);
            }
            if ![0, 503].contains(&answer.status) || Instant::now() > until {
                self.is_wrong(format!("{label}: asked again: {answer:?}"));
                return None;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A full disk keeps nobody from reading.
    async fn read_on(&mut self, mode: Mode) {
        if mode != Mode::FullForLong {
            return;
        }
        for path in [
            format!("/v1/programmes/{}", self.world.programme),
            format!("/v1/funds/{}", self.world.fund),
            format!("/v1/funds/{}/history", self.world.fund),
            "/v1/funds".to_owned(),
        ] {
            let answer = self.world.get("director", &path).await;
            if answer.status != 200 {
                self.is_wrong(format!("{path} while there is no room: {answer:?}"));
            }
        }
    }

    /// Waits for a fault that is due in what follows an answer.
    async fn follow(&self) {
        let until = Instant::now() + FOLLOWS_IN;
        while self.world.counted().faults == 0 && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn settle(&mut self, label: &str) {
        if let Err(behind) = self.world.settled().await {
            self.is_wrong(format!("{label}: does not go on: {behind}"));
        }
    }

    /// SIGKILL; everything that was said is so still.
    async fn kill(&mut self) {
        self.settle("before a kill").await;
        self.world.restart().await;
        self.settle("after a kill").await;
        for (label, fact) in std::mem::take(&mut self.facts) {
            if let Err(found) = fact.check(&self.world).await {
                self.is_wrong(format!("{label}: after a kill: {found}"));
            }
        }
        let lost = self.world.lost_checkpoints().await;
        self.wrong.extend(lost);
    }

    fn table(&self) -> String {
        let mut table = format!(
            "{:<26}{:>10}{:>10}{:>8}{:>8}{:>9}{:>10}{:>10}\n",
            "request", "calls", "settled", "faults", "done", "refused", "in doubt", "slowest"
        );
        for ((kind, learned), tally) in KINDS.iter().zip(&self.learned).zip(&self.tallies) {
            let _ = writeln!(
                table,
                "{:<26}{:>10}{:>10}{:>8}{:>8}{:>9}{:>10}{:>8}ms",
                kind.name,
                learned.answered,
                learned.settled,
                tally.given,
                tally.done,
                tally.refused,
                tally.in_doubt,
                tally.slowest.as_millis()
            );
        }
        let _ = write!(table, "wrong: {}", self.wrong.len());
        table
    }
}
