//! Who is one person, and what is counted of them: from the rows of their paths, one path after the other.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::story::Story;
use super::{Line, Rows, path_rows, some};

/// The link that stands, in the stream of the path that is frozen.
pub fn links(story: &Story) -> Vec<Line> {
    let Some(other) = story.frozen_by() else { return Vec::new() };
    let is_it = |event: &&super::Entry| {
        event.word("other") == Some(&other) && event.word("continues") == Some(&other)
    };
    let Some(event) = story.of("DuplicateLinked").rfind(is_it) else { return Vec::new() };
    let mut row = vec![
        some(story.id),
        some(event.sequence),
        Some(other),
        some(event.on),
        some(&event.recorded_at),
    ];
    row.extend(story.broken_down(event, None));
    vec![row]
}

/// Everything of one person.
struct Person {
    /// The rows of their paths: first those of the path that continues, none where it tells nothing.
    paths: Vec<Rows>,
}

/// Every person of some paths.
fn persons(paths: &[Story]) -> Vec<Person> {
    let registered = || paths.iter().filter(|path| path.registration().is_some());
    let mut own: BTreeMap<String, Vec<&Story>> = BTreeMap::new();
    for path in registered() {
        let stands_for = path.frozen_by().unwrap_or_else(|| path.id.to_string());
        own.entry(stands_for).or_default().push(path);
    }
    let one = |(id, paths): (String, Vec<&Story>)| {
        let (going_on, frozen): (Vec<&Story>, Vec<&Story>) =
            paths.into_iter().partition(|path| path.id.to_string() == id);
        let first = going_on.first().map(|path| path_rows(path)).unwrap_or_default();
        Person { paths: std::iter::once(first).chain(frozen.into_iter().map(path_rows)).collect() }
    };
    own.into_iter().map(one).collect()
}

fn day(cell: Option<&String>) -> NaiveDate {
    cell.unwrap().parse().unwrap()
}

fn number(cell: Option<&String>) -> i128 {
    cell.unwrap().parse().unwrap()
}

fn word(cell: Option<&String>) -> &str {
    cell.map_or("", String::as_str)
}

/// Whether what a row tells lasts on a day: from the day in one column on, before that in the next.
fn lasts(row: &Line, column: usize, on: NaiveDate) -> bool {
    let ends = row[column + 1].as_ref().map(|_| day(row[column + 1].as_ref()));
    day(row[column].as_ref()) <= on && ends.is_none_or(|ends| on < ends)
}

impl Person {
    fn rows<'a>(&'a self, table: &'a str) -> impl Iterator<Item = (usize, &'a Line)> {
        let of = move |(place, rows): (usize, &'a Rows)| {
            rows.get(table).into_iter().flatten().map(move |row| (place, row))
        };
        self.paths.iter().enumerate().flat_map(of)
    }

    /// The first time that any path of theirs reached something; of the same day, on the one that continues.
    fn reached<'a>(&'a self, milestone: &'a str) -> Option<&'a Line> {
        let of_it =
            self.rows("case_milestones").filter(move |(_, row)| word(row[1].as_ref()) == milestone);
        of_it.min_by_key(|(place, row)| (day(row[3].as_ref()), *place)).map(|(_, row)| row)
    }

    /// The last word of something that is seen or assessed again, by what it is of.
    fn latest<'a>(&'a self, table: &'a str) -> BTreeMap<String, &'a Line> {
        let mut latest: BTreeMap<String, (NaiveDate, bool, &'a Line)> = BTreeMap::new();
        for (place, row) in self.rows(table).filter(|(_, row)| row[2].is_some()) {
            let now = (day(row[3].as_ref()), place == 0, row);
            let known = latest.entry(word(row[2].as_ref()).to_owned()).or_insert(now);
            if (known.0, known.1) < (now.0, now.1) {
                *known = now;
            }
        }
        latest.into_iter().map(|(of, (.., row))| (of, row)).collect()
    }

    /// Jobs of the business that was heard of last.
    fn jobs(&self, asked_on: NaiveDate) -> i128 {
        let begun = ["started", "closed"];
        let milestones =
            self.rows("case_milestones").filter(|(_, row)| begun.contains(&word(row[1].as_ref())));
        let heard = milestones.chain(self.rows("visits"));
        let last =
            heard.max_by_key(|(place, row)| (day(row[3].as_ref()), std::cmp::Reverse(*place)));
        let Some((last, _)) = last else { return 0 };
        let of_it = |(place, row): &(usize, &Line)| *place == last && lasts(row, 3, asked_on);
        let jobs = self.rows("job_counts").filter(of_it);
        jobs.map(|(_, row)| number(row[6].as_ref()) + number(row[7].as_ref())).sum()
    }

    /// Their businesses, each number once: as it started first; of one day, on the path that continues.
    fn businesses(&self) -> Vec<&Line> {
        let mut first: BTreeMap<&str, (NaiveDate, usize, &Line)> = BTreeMap::new();
        for (place, row) in self.rows("businesses") {
            let now = (day(row[3].as_ref()), place, row);
            let known = first.entry(word(row[2].as_ref())).or_insert(now);
            if (now.0, now.1) < (known.0, known.1) {
                *known = now;
            }
        }
        first.into_values().map(|(.., row)| row).collect()
    }

    fn sum(&self, table: &str, column: usize, measures: &[&str], value: usize) -> i128 {
        let of_it =
            self.rows(table).filter(|(_, row)| measures.contains(&word(row[column].as_ref())));
        of_it.map(|(_, row)| number(row[value].as_ref())).sum()
    }
}

/// What is above the line of indicators, of all time, asked on a day.
pub fn figures(paths: &[Story], asked_on: NaiveDate) -> BTreeMap<String, i128> {
    let mut figures: BTreeMap<String, i128> = BTreeMap::new();
    let mut add = |name: &str, part: i128| *figures.entry(name.to_owned()).or_default() += part;
    for person in persons(paths) {
        let reached = |milestone| person.reached(milestone);
        for (name, milestone) in [
            ("registered", "registered"),
            ("eligible", "eligible"),
            ("selected", "selected"),
            ("enrolled", "enrolled"),
            ("trained", "trained"),
            ("financed", "financed"),
            ("businesses_started", "started"),
        ] {
            add(name, i128::from(reached(milestone).is_some()));
        }
        if let Some(row) = reached("registered") {
            add(&format!("registered in {}", word(row[8].as_ref())), 1);
            add("womens_share", i128::from(word(row[9].as_ref()) == "female"));
            add("funnel_financed", i128::from(reached("financed").is_some()));
            add("funnel_completed", i128::from(reached("completed").is_some()));
            // Who has left one path and goes on under another has not left.
            let left = person
                .rows("case_milestones")
                .any(|(place, row)| place == 0 && word(row[1].as_ref()) == "exited");
            add("funnel_exited", i128::from(left));
        }
        add("jobs_held", person.jobs(asked_on));
        add("amount_disbursed", person.sum("finance_lines", 2, &["disbursed"], 9));
        add("amount_requested", person.sum("finance_lines", 2, &["requested"], 9));
        add(
            "amount_repaid",
            person.sum("finance_lines", 2, &["principal_repaid", "interest_repaid"], 9),
        );
        let owed = person.rows("loan_balances").filter(|(_, row)| lasts(row, 3, asked_on));
        add("outstanding", owed.map(|(_, row)| number(row[6].as_ref())).sum());
        let minutes =
            person.rows("training_attendance").map(|(_, row)| number(row[6].as_ref())).sum();
        add("attendance_rate", minutes);
        add(
            "module_mean_score",
            person.latest("training_assessments").values().map(|row| number(row[5].as_ref())).sum(),
        );
        for row in person.businesses() {
            let started = day(row[3].as_ref());
            let after = started + chrono::Days::new(183);
            let closed = row[6].as_ref().map(|_| day(row[6].as_ref()));
            let seen = row[5].as_ref().map(|_| day(row[5].as_ref())).max(closed);
            let is_alive = closed.is_none_or(|closed| closed > after)
                && seen.is_some_and(|seen| seen >= after);
            add("survival_6_low", i128::from(after <= asked_on && is_alive));
        }
        let of_follow_up = |(_, row): &(usize, &Line)| word(row[2].as_ref()) == "income_follow_up";
        let incomes = person.rows("indicator_values").filter(of_follow_up);
        let trained = if reached("trained").is_some() { incomes.count() } else { 0 };
        add("income_difference", i128::try_from(trained).unwrap());
    }
    figures
}
