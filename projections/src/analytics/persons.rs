//! One person over several paths: what counts of the facts of paths that are one person's.
//!
//! Rows are of one path each, whatever is linked with whatever; a link is a row too. So what a link joins is
//! joined here, as of the moment of the question, and an unlinking needs nothing undone. What the person has
//! reached is counted on the first day and in the place in which either path reached it, before anything is
//! filtered: parts add up to the whole, and each figure is that of one path that tells what both told.

use std::cmp::Reverse;
use std::hash::Hash;
use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};
use sira_numbers::Position;

use super::columns::{Block, Row, Seen};
use super::cube::Cube;
use super::facts::{FigureFact, Measure, Measure as M, Tells};

/// Who has several paths at a position, and what counts of them: looked up once a question.
#[derive(Debug)]
pub struct Persons {
    position: Position,
    /// The paths that are linked, each with that which stands for the person: of a frozen path the one that
    /// continues, of that one itself.
    all: FxHashMap<u32, u32>,
    /// A bit for each path that is linked: most are not, and a walk asks of every one.
    linked: Vec<u64>,
    /// What counts of linked paths, by measure, once it was asked for.
    facts: Vec<OnceLock<Vec<LinkedFact>>>,
}

/// A fact of a linked path, with the path that stands for its person.
#[derive(Clone, Copy, Debug)]
pub struct LinkedFact {
    pub person: u32,
    pub fact: FigureFact,
}

/// How often a person counts in a measure that several of their paths tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// As often as it happened: what was paid, attended, provided, told in a survey.
    Each,
    /// Once, as it was reached first.
    First,
    /// Once a business, by its number, as it started first.
    FirstOfEach,
    /// Once a module, and once a visit's milestone, as it was told of the latest day.
    Last,
    /// Once: of the path whose business was heard of last.
    LastBusiness,
    /// As the path that continues says: who left one path and goes on under another has not left.
    Continuing,
}

pub(super) const fn counted(measure: Measure) -> Counted {
    match measure {
        M::Registered
        | M::IdeaSubmitted
        | M::Eligible
        | M::Interviewed
        | M::Selected
        | M::Enrolled
        | M::Trained
        | M::PlanValidated
        | M::FinancingRequested
        | M::Approved
        | M::Financed
        | M::Waived
        | M::Started
        | M::Closed
        | M::PlanSubmitted
        | M::PlanValidatedFirst
        | M::Completed => Counted::First,
        M::Exited | M::DroppedOut | M::Active | M::Suspended | M::Waiting => Counted::Continuing,
        M::Assessment
        | M::Visit
        | M::EmploymentBaseline
        | M::EmploymentFollowUp
        | M::EmploymentTracer => Counted::Last,
        M::Business => Counted::FirstOfEach,
        M::Jobs | M::RevenueChange => Counted::LastBusiness,
        M::Link
        | M::Attendance
        | M::RequestedAmount
        | M::ApprovedAmount
        | M::ReleasedAmount
        | M::DisbursedAmount
        | M::PrincipalRepaid
        | M::InterestRepaid
        | M::WrittenOff
        | M::Recovered
        | M::Refunded
        | M::CreditReceived
        | M::CreditRefunded
        | M::GuaranteeCalled
        | M::Loan
        | M::IncomeBaseline
        | M::IncomeFollowUp
        | M::IncomeTracer
        | M::Due
        | M::VisitDue
        | M::CommunityAction
        | M::Support
        | M::Referral
        | M::Grievance => Counted::Each,
    }
}

impl Persons {
    /// The links that stood at a position.
    pub fn at(cube: &Cube, position: Position) -> Self {
        let mut all = FxHashMap::default();
        cube.columns(M::Link).scan(
            position,
            |_| false,
            |row| {
                if let Tells::Link(link) = row.tells() {
                    all.insert(row.case(), link.continues_as);
                    // A path that others continue as is not frozen itself.
                    all.insert(link.continues_as, link.continues_as);
                }
            },
        );
        let mut linked = Vec::new();
        if !all.is_empty() {
            linked.resize(cube.cases.len().div_ceil(64), 0);
        }
        for path in all.keys() {
            if let Some(word) = linked.get_mut(*path as usize / 64) {
                *word |= 1_u64 << (path % 64);
            }
        }
        let facts = Measure::ALL.iter().map(|_| OnceLock::new()).collect();
        Self { position, all, linked, facts }
    }

    /// The position at which they were so.
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Each linked path, with that which stands for its person.
    pub fn paths(&self) -> impl Iterator<Item = (u32, u32)> {
        self.all.iter().map(|(path, person)| (*path, *person))
    }

    /// Whether a path is linked with another.
    #[inline]
    fn is_linked(&self, path: u32) -> bool {
        self.linked.get(path as usize / 64).is_some_and(|word| word >> (path % 64) & 1 == 1)
    }

    /// The path that stands for the person of one.
    #[inline]
    pub fn person_of(&self, path: u32) -> u32 {
        if self.is_linked(path) { self.all.get(&path).copied().unwrap_or(path) } else { path }
    }

    /// Each fact of a measure that stood, of those who have one path, but for those of blocks that are passed over.
    #[inline]
    pub fn scan<'c>(
        &self,
        cube: &'c Cube,
        measure: Measure,
        is_passed: impl Fn(&Block) -> bool,
        mut take: impl FnMut(Row<'c>),
    ) {
        let columns = cube.columns(measure);
        if self.all.is_empty() {
            return columns.scan(self.position, is_passed, take);
        }
        columns.scan(self.position, is_passed, |row| {
            if !self.is_linked(row.case()) {
                take(row);
            }
        });
    }

    /// The same for counting.
    #[inline]
    pub fn scan_opened(
        &self,
        cube: &Cube,
        measure: Measure,
        is_passed: impl Fn(&Block) -> bool,
        mut take: impl FnMut(Seen<'_>),
    ) {
        let columns = cube.columns(measure);
        let is_of_one_path = self.all.is_empty();
        columns.scan_opened(self.position, is_passed, |seen| {
            if is_of_one_path || !self.is_linked(seen.case()) {
                take(seen);
            }
        });
    }

    /// Every fact of a measure that stood, with the path that stands for its person: also what two paths of one person
    /// both tell.
    pub fn each<'c>(&self, cube: &'c Cube, measure: Measure, mut take: impl FnMut(Row<'c>, u32)) {
        cube.columns(measure).scan(
            self.position,
            |_| false,
            |row| {
                take(row, self.person_of(row.case()));
            },
        );
    }

    /// The facts of a measure that count of those who have several paths: found once, whatever is asked of them.
    pub fn linked(&self, cube: &Cube, measure: Measure) -> &[LinkedFact] {
        if self.all.is_empty() {
            return &[];
        }
        self.facts[measure as usize].get_or_init(|| {
            let mut facts = self.told_by_linked(cube, measure);
            self.count(cube, measure, &mut facts);
            facts
        })
    }

    /// Every fact of a measure that stood, of those who have several paths.
    fn told_by_linked(&self, cube: &Cube, measure: Measure) -> Vec<LinkedFact> {
        let mut facts = Vec::new();
        cube.columns(measure).scan(
            self.position,
            |_| false,
            |row| {
                if self.is_linked(row.case()) {
                    let fact = row.fact(&cube.profiles);
                    facts.push(LinkedFact { person: self.person_of(fact.case), fact });
                }
            },
        );
        facts
    }

    /// Leaves, of the facts of linked paths, those that count.
    fn count(&self, cube: &Cube, measure: Measure, facts: &mut Vec<LinkedFact>) {
        let first = |one: &LinkedFact| Reverse((one.fact.on, !one.goes_on(), one.told()));
        match counted(measure) {
            Counted::Each => {}
            Counted::First => keep_best(facts, |one| Some(one.person), first),
            Counted::FirstOfEach => {
                keep_best(facts, |one| Some((one.person, subject(&one.fact)?)), first);
            }
            Counted::Last => {
                keep_best(
                    facts,
                    |one| Some((one.person, subject(&one.fact)?)),
                    LinkedFact::lateness,
                );
            }
            Counted::LastBusiness => {
                let last = self.last_businesses(cube);
                facts.retain(|one| last.get(&one.person) == Some(&one.fact.case));
            }
            Counted::Continuing => facts.retain(LinkedFact::goes_on),
        }
        if facts.iter().any(|one| matches!(one.fact.tells, Tells::Income(_))) {
            self.tell_trained(cube, facts);
        }
    }

    /// By the person: the path whose business was heard of last, when it started, was visited or closed.
    fn last_businesses(&self, cube: &Cube) -> FxHashMap<u32, u32> {
        let measures = [M::Started, M::Visit, M::Closed].into_iter();
        let mut last: Vec<LinkedFact> =
            measures.flat_map(|measure| self.told_by_linked(cube, measure)).collect();
        keep_best(&mut last, |one| Some(one.person), LinkedFact::lateness);
        last.iter().map(|one| (one.person, one.fact.case)).collect()
    }

    /// An income is that of somebody trained when any of their paths has completed a training.
    fn tell_trained(&self, cube: &Cube, facts: &mut [LinkedFact]) {
        let told = self.told_by_linked(cube, M::Trained);
        let trained: FxHashSet<u32> = told.iter().map(|one| one.person).collect();
        for one in facts.iter_mut().filter(|one| trained.contains(&one.person)) {
            if let Tells::Income(income) = &mut one.fact.tells {
                income.trained = Some(true);
            }
        }
    }
}

impl LinkedFact {
    /// Whether it is of the path that continues.
    fn goes_on(&self) -> bool {
        self.fact.case == self.person
    }

    /// Its place among what was told: no two facts of a measure have the same.
    pub(super) fn told(&self) -> (Position, u16) {
        (self.fact.since, self.fact.part)
    }

    /// The later, the greater: by the day, then on the path that continues, then as it was told.
    pub(super) fn lateness(&self) -> (i32, bool, (Position, u16)) {
        (self.fact.on, self.goes_on(), self.told())
    }
}

/// What is assessed or visited once; nothing of a visit beside the milestones, which is one more each time.
pub(super) fn subject(fact: &FigureFact) -> Option<u32> {
    match fact.tells {
        Tells::Visit(visit) => Some(visit.milestone.into()).filter(|months| *months > 0),
        Tells::Business(business) => Some(business.number),
        // Whatever it is: a person does one thing at a time.
        Tells::Employment(_) => Some(0),
        _ => Some(fact.tag().into()),
    }
}

/// Of facts of one key, keeps the one of the highest rank; what has no key stays.
pub(super) fn keep_best<K: Copy + Eq + Hash, R: Ord>(
    facts: &mut Vec<LinkedFact>,
    key: impl Fn(&LinkedFact) -> Option<K>,
    rank: impl Fn(&LinkedFact) -> R,
) {
    let mut best: FxHashMap<K, R> = FxHashMap::default();
    for one in facts.iter() {
        let Some(key) = key(one) else { continue };
        let rank = rank(one);
        if best.get(&key).is_none_or(|known| *known < rank) {
            best.insert(key, rank);
        }
    }
    facts.retain(|one| key(one).is_none_or(|key| best.get(&key) == Some(&rank(one))));
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::facts::fact::{Dims, STANDS};
    use super::super::facts::{JobCount, Link, Tells};
    use super::*;

    const FROZEN: u128 = 1;
    const GOING_ON: u128 = 2;

    /// Two paths; each fact is told at a position of its own, in the order of the calls.
    struct Paths {
        cube: Cube,
        position: Position,
    }

    impl Paths {
        fn new() -> Self {
            Self { cube: Cube::new(), position: Position::START }
        }

        fn tell(&mut self, path: u128, measure: Measure, on: i32, tells: Tells) {
            self.position = self.position.next();
            let fact = FigureFact {
                since: self.position,
                until: STANDS,
                tells,
                dims: Dims::default(),
                case: self.cube.cases.place(Uuid::from_u128(path)),
                sequence: 1,
                on,
                ends_on: None,
                part: 0,
            };
            self.cube.add(measure, fact);
        }

        fn link(&mut self) {
            let continues_as = self.cube.cases.place(Uuid::from_u128(GOING_ON));
            self.tell(FROZEN, M::Link, 0, Tells::Link(Link { continues_as }));
        }

        fn unlink(&mut self) {
            let since = self.position;
            self.position = self.position.next();
            self.cube.end(M::Link.source(), (since, 0), self.position);
        }

        /// Path and day of each fact that counts now.
        fn counted(&self, measure: Measure) -> Vec<(u128, i32)> {
            let mut found = Vec::new();
            let persons = Persons::at(&self.cube, self.position);
            self.cube.walk(measure, &persons, |fact, path| {
                found.push((self.cube.cases.id(path).unwrap().as_u128(), fact.on));
            });
            found
        }
    }

    #[test]
    fn what_two_paths_of_a_person_have_reached_counts_on_the_first_day_while_they_are_linked() {
        let mut paths = Paths::new();
        for (path, on) in [(GOING_ON, 20), (FROZEN, 10), (3, 5)] {
            paths.tell(path, M::Registered, on, Tells::Nothing);
        }
        let two = [(GOING_ON, 20), (FROZEN, 10), (3, 5)];
        assert_eq!(paths.counted(M::Registered), two);
        paths.link();
        assert_eq!(paths.counted(M::Registered), [(3, 5), (FROZEN, 10)]);
        paths.unlink();
        assert_eq!(paths.counted(M::Registered), two);
    }

    #[test]
    fn who_left_one_path_and_goes_on_under_another_has_not_left() {
        let mut paths = Paths::new();
        paths.tell(FROZEN, M::Exited, 10, Tells::Nothing);
        paths.link();
        assert_eq!(paths.counted(M::Exited), []);
        paths.tell(GOING_ON, M::Exited, 30, Tells::Nothing);
        assert_eq!(paths.counted(M::Exited), [(GOING_ON, 30)]);
    }

    #[test]
    fn jobs_are_those_of_the_business_heard_of_last() {
        let mut paths = Paths::new();
        paths.tell(FROZEN, M::Started, 10, Tells::Nothing);
        let jobs = JobCount {
            full_time_hundredths: 300,
            change: 3,
            women: 3,
            men: 0,
            under_35: 0,
            created: 3,
        };
        paths.tell(FROZEN, M::Jobs, 20, Tells::JobCount(jobs));
        paths.link();
        assert_eq!(paths.counted(M::Jobs), [(FROZEN, 20)]);
        paths.tell(GOING_ON, M::Closed, 30, Tells::Nothing);
        assert_eq!(paths.counted(M::Jobs), []);
    }

    #[test]
    fn money_and_what_happened_counts_as_often_as_it_was() {
        let mut paths = Paths::new();
        for path in [FROZEN, GOING_ON] {
            paths.tell(path, M::Support, 10, Tells::Value(1));
        }
        paths.link();
        assert_eq!(paths.counted(M::Support), [(FROZEN, 10), (GOING_ON, 10)]);
    }
}
