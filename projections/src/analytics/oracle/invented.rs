//! Invented facts of a programme: people who move, are linked and unlinked, rows that end and are told anew.

use chrono::NaiveDate;
use sira_domain::values::Xof;
use uuid::Uuid;

use super::super::cube::Cube;
use super::super::facts::fact::{Dims, STANDS, Tells};
use super::super::facts::measure::Source;
use super::super::facts::slots::told_by;
use super::super::facts::{DayNumber, FigureFact, Measure, number_of};

/// First day of what is invented, and how many there are: what is told early is of early days, as everywhere, so that
/// whole blocks are of no day that is asked for.
const FIRST: (i32, u32, u32) = (2022, 11, 3);
const DAYS: u32 = 900;
/// People.
const PEOPLE: u32 = 240;

/// Numbers that look random and are the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ (mixed >> 31)) % u64::from(limit.max(1))).unwrap()
    }

    /// One time in so many.
    pub fn one_in(&mut self, count: u32) -> bool {
        self.below(count) == 0
    }

    pub fn day(&mut self) -> NaiveDate {
        self.day_from(0, DAYS)
    }

    /// A day out of so many from one on.
    fn day_from(&mut self, first: u32, days: u32) -> NaiveDate {
        let (year, month, day) = FIRST;
        let begin = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        begin + chrono::Days::new((first + self.below(days)).into())
    }

    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(u32::try_from(all.len()).unwrap()) as usize]
    }
}

pub fn uuid(kind: u128, number: u32) -> Uuid {
    Uuid::from_u128(kind << 64 | u128::from(number))
}

/// A cube and the same facts as rows.
pub struct Invented {
    pub cube: Cube,
    pub rows: Vec<Vec<FigureFact>>,
    dice: Dice,
    people: Vec<Dims>,
    parts: Vec<(Source, u16)>,
    /// The day that has come.
    today: u32,
}

impl Invented {
    /// So many facts, four in five of some measures.
    pub fn new(seed: u64, facts: u32, often: &[Measure]) -> Self {
        let mut own = Self {
            cube: Cube::new(),
            rows: Measure::ALL.iter().map(|_| Vec::new()).collect(),
            dice: Dice::new(seed),
            people: Vec::new(),
            parts: Vec::new(),
            today: 0,
        };
        own.people();
        for fact in 0..facts {
            own.today = fact * DAYS / facts;
            own.step(often);
        }
        own
    }

    fn people(&mut self) {
        for number in 0..PEOPLE {
            self.cube.cases.place(uuid(1, number));
            let dims = self.dims(Dims::default());
            self.people.push(dims);
        }
    }

    /// Somebody's dimensions: anew, or with another place to live, another group and fund.
    fn dims(&mut self, known: Dims) -> Dims {
        let (dice, words) = (&mut self.dice, &mut self.cube.dictionary);
        let mut word = |list: &mut super::super::words::Words, name: &str, count: u32| match dice
            .below(count + 1)
        {
            0 => 0,
            number => list.place(&format!("{name}{number}")),
        };
        let cohort = word(&mut words.cohorts, "cohort", 12);
        let region = u16::try_from(word(&mut words.regions, "region", 4)).unwrap();
        let office = u16::try_from(word(&mut words.offices, "office", 5)).unwrap();
        let sex =
            u8::try_from(words.sexes.place(["female", "male"][usize::from(office % 2)])).unwrap();
        let age_band = u8::try_from(word(&mut words.age_bands, "band", 3)).unwrap();
        let education = u8::try_from(word(&mut words.educations, "level", 3)).unwrap();
        let sector = u8::try_from(word(&mut words.sectors, "sector", 3)).unwrap();
        let over_35 = u8::try_from(words.age_bands.place("over_35")).unwrap();
        let programme = words.programmes.place(&uuid(2, dice.below(2)).to_string());
        let fund = match dice.below(4) {
            0 => 0,
            number => words.funds.place(&uuid(3, number).to_string()),
        };
        Dims {
            cohort,
            programme: u16::try_from(programme).unwrap(),
            office,
            fund: u16::try_from(fund).unwrap(),
            region,
            sex: if known == Dims::default() { sex } else { known.sex },
            age_band: if dice.one_in(3) { over_35 } else { age_band },
            education,
            sector,
            disability: u8::try_from(dice.below(3)).unwrap(),
            displaced: u8::try_from(dice.below(3)).unwrap(),
        }
    }

    fn step(&mut self, often: &[Measure]) {
        if !self.dice.one_in(3) {
            let far = if self.dice.one_in(4_000) { 1 << 33 } else { 1 };
            self.cube.position = self.cube.position.plus(far);
            self.parts.clear();
        }
        if self.dice.one_in(6) {
            self.end();
        }
        let measure = if self.dice.one_in(5) {
            *self.dice.pick(Measure::ALL)
        } else {
            *self.dice.pick(often)
        };
        // Few are linked, as everywhere.
        if measure != Measure::Link || self.dice.one_in(4) {
            self.tell(measure);
        }
    }

    fn tell(&mut self, measure: Measure) {
        let case = self.dice.below(PEOPLE);
        if self.dice.one_in(5) {
            self.people[case as usize] = self.dims(self.people[case as usize]);
        }
        let tells = self.tells(measure);
        let part = self.part_of(measure.source());
        // Of some measures everything ends, of others some, a few before they began.
        let ends = (measure as usize).is_multiple_of(3) || self.dice.one_in(2);
        let ends = ends.then(|| DayNumber::from(self.dice.day_from(self.today, 120)));
        let fact = FigureFact {
            since: self.cube.position,
            until: STANDS,
            tells,
            dims: self.people[case as usize],
            case,
            sequence: self.dice.below(300),
            on: number_of(self.dice.day_from(self.today, 40)),
            ends_on: ends,
            part,
        };
        self.cube.add(measure, fact);
        self.rows[measure as usize].push(fact);
    }

    fn part_of(&mut self, source: Source) -> u16 {
        let known = self.parts.iter_mut().find(|(known, _)| *known == source);
        let Some((_, part)) = known else {
            self.parts.push((source, 0));
            return 0;
        };
        *part += 1;
        *part
    }

    /// Ends a fact that was told before this position.
    fn end(&mut self) {
        let measure = *self.dice.pick(Measure::ALL);
        let rows = &mut self.rows[measure as usize];
        let count = u32::try_from(rows.len()).unwrap();
        let place = self.dice.below(count) as usize;
        let Some(fact) = rows.get_mut(place) else { return };
        if fact.until == STANDS && fact.since < self.cube.position {
            fact.until = self.cube.position;
            self.cube.end(measure.source(), (fact.since, fact.part), self.cube.position);
        }
    }

    fn tells(&mut self, measure: Measure) -> Tells {
        let word = format!("word{}", self.dice.below(4));
        let tag = Some(i64::from(self.cube.dictionary.tags.place(&word)));
        let dice = &mut self.dice;
        let number = Some(i64::from(dice.below(90)));
        let flag = Some(i64::from(dice.below(2)));
        let maybe = flag.filter(|_| dice.one_in(2));
        let day = Some(i64::from(number_of(dice.day()))).filter(|_| dice.one_in(2));
        let amount = Some(i64::from(dice.below(900_000)) * if dice.one_in(9) { 40_000 } else { 1 });
        let path = Some(i64::from(dice.below(PEOPLE)));
        let milestone = Some(*dice.pick(&[0, 6, 12, 24]));
        let (kind, slots) = match measure.source() {
            Source::CaseLinks => (14, vec![path]),
            Source::CaseMilestones | Source::CaseSpells => (0, vec![]),
            Source::TrainingAttendance => (1, vec![flag, number]),
            Source::TrainingAssessments => (2, vec![tag, number, flag]),
            Source::FinanceLines => (3, vec![amount, tag]),
            Source::LoanBalances => (4, vec![amount, day, flag]),
            Source::Instalments => (5, vec![amount, day, flag]),
            Source::JobCounts => (6, vec![number, flag, flag, number, maybe.or(Some(0)), number]),
            Source::Businesses => (7, vec![flag, day, day.filter(|_| dice.one_in(3))]),
            Source::Employment => (8, vec![tag, flag, maybe]),
            Source::Visits => (9, vec![number.filter(|_| dice.one_in(2)), milestone, tag]),
            Source::VisitsDue => (10, vec![day, flag]),
            Source::IndicatorValues
                if measure.dimensions().contains(&super::Dimension::Trained) =>
            {
                (11, vec![amount, tag, maybe])
            }
            Source::IndicatorValues => (12, vec![amount.map(|amount| amount - 450_000)]),
            Source::Grievances => (13, vec![tag, day]),
        };
        // An amount of a loan is at most what one may be.
        let most = i64::try_from(Xof::MAX.francs()).unwrap();
        told_by(kind, |at| slots.get(at).copied().flatten().map(|number| number.min(most)))
    }
}
